//! Visits as a calendar shows them: a day by who they are with, a week by days, a month by how many there are.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Timelike, Utc};
use contract::{
    Problem,
    appointments::{AppointmentView, Status},
    calendar::{Calendar, CalendarDay, CalendarQuery, CalendarView, CalendarVisit},
};
use domain::{calendar::Span, when, zone::Zone};
use entity::{appointments::appointment, businesses::location};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use super::{day, view::views};
use crate::{
    businesses::{self, locations, staff, types},
    kernel::{Actor, Permission, Result, Services},
};

/// Most visits on one page: more can't be looked at anyhow, and it says so.
const DAY: u64 = 300;
const WEEK: u64 = 600;
/// Most that are counted of a month.
const MONTH: u64 = 5000;

/// What the calendar shows of these days.
///
/// # Errors
/// `NotAllowed`; `Malformed` for a day that is none, and a location that is none.
pub async fn calendar(s: &Services, actor: &Actor, query: CalendarQuery) -> Result<Calendar> {
    actor.may(Permission::ReadAppointments)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let places: Vec<(Uuid, String)> = locations::list(s, actor).await?.into_iter().map(|l| (l.id, l.name)).collect();
    let place: Option<location::Model> = match query.location_id {
        Some(id) => {
            let found = locations::several(s.read(), actor.business_id, vec![id]).await?.remove(&id);
            Some(found.ok_or_else(|| Problem::parameter("location", "There is no such location."))?)
        }
        None => None,
    };
    let zone = locations::zone(&business, place.as_ref());
    let (today, now) = wall(s.now(), zone);
    let date = match query.date.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => when::date(text).ok_or_else(|| Problem::parameter("date", "date is a day like 2027-01-05."))?,
        None => today,
    };
    let days = shown(query.view, date);
    let (Some(first), Some(last)) = (days.first().copied(), days.last().copied()) else {
        return Err(Problem::parameter("date", "date is a day like 2027-01-05.").into());
    };
    let midnight = |day: NaiveDate| when::local_to_utc(day.and_time(NaiveTime::MIN), zone);
    let rows = between(actor.business_id, midnight(first), midnight(next(last)), &query);
    let (before, after) = neighbours(query.view, date);
    let mut shown = Calendar {
        view: query.view,
        date: date.to_string(),
        today: today.to_string(),
        now,
        time_zone: zone.name().to_owned(),
        days: Vec::new(),
        visits: Vec::new(),
        slots: Vec::new(),
        staff: staff::list(s, actor)
            .await?
            .into_iter()
            .filter(|label| !label.archived)
            .map(|label| label.name)
            .collect(),
        locations: places,
        more: false,
        before: before.to_string(),
        after: after.to_string(),
    };
    if query.view == CalendarView::Month {
        let mut found = counted(s, rows).await?;
        shown.more = found.len() as u64 > MONTH;
        found.truncate(MONTH as usize);
        shown.days = counts(&days, found.iter().map(|(at, status)| (wall(*at, zone).0, status.as_str())));
        return Ok(shown);
    }
    let most = if query.view == CalendarView::Day { DAY } else { WEEK };
    let mut found = rows.limit(most + 1).all(s.read()).await?;
    shown.more = found.len() as u64 > most;
    found.truncate(most as usize);
    shown.days = counts(
        &days,
        found.iter().map(|row| (wall(row.starts_at, zone).0, row.status.as_str())),
    );
    let seen = views(s, s.read(), actor.business_id, found).await?;
    for visit in &seen {
        if !visit.staff_label.is_empty() && !shown.staff.contains(&visit.staff_label) {
            shown.staff.push(visit.staff_label.clone());
        }
    }
    shown.visits = placed(s, actor, zone, seen).await?;
    Ok(shown)
}

/// Visits of a time that were not cancelled.
pub(crate) fn between(
    business_id: Uuid,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    query: &CalendarQuery,
) -> Select<appointment::Entity> {
    let mut rows = day::between(business_id, from, until);
    if let Some(label) = &query.staff {
        rows = rows.filter(appointment::Column::StaffLabel.eq(label));
    }
    if let Some(id) = query.location_id {
        rows = rows.filter(appointment::Column::LocationId.eq(id));
    }
    rows
}

async fn counted(s: &Services, rows: Select<appointment::Entity>) -> Result<Vec<(DateTime<Utc>, String)>> {
    let few = rows
        .limit(MONTH + 1)
        .select_only()
        .column(appointment::Column::StartsAt)
        .column(appointment::Column::Status);
    Ok(few.into_tuple().all(s.read()).await?)
}

/// What the clock shows there: the day, and minutes since midnight.
pub(crate) fn wall(at: DateTime<Utc>, zone: Zone) -> (NaiveDate, i32) {
    let local = at.with_timezone(&zone);
    (local.date_naive(), (local.hour() * 60 + local.minute()) as i32)
}

pub(crate) fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

fn monday(day: NaiveDate) -> NaiveDate {
    let since = day.weekday().num_days_from_monday();
    day.checked_sub_days(Days::new(since.into())).unwrap_or(day)
}

/// Days that are shown together with this one; of a month whole weeks.
fn shown(view: CalendarView, date: NaiveDate) -> Vec<NaiveDate> {
    let (first, count) = match view {
        CalendarView::Day => (date, 1),
        CalendarView::Week => (monday(date), 7),
        CalendarView::Month => {
            let first = monday(date.with_day(1).unwrap_or(date));
            let end = date
                .with_day(1)
                .and_then(|day| day.checked_add_months(Months::new(1)))
                .unwrap_or(date);
            (first, ((end - first).num_days() + 6) / 7 * 7)
        }
    };
    first.iter_days().take(usize::try_from(count).unwrap_or_default()).collect()
}

fn neighbours(view: CalendarView, date: NaiveDate) -> (NaiveDate, NaiveDate) {
    let days = |n: u64| (date.checked_sub_days(Days::new(n)), date.checked_add_days(Days::new(n)));
    let (before, after) = match view {
        CalendarView::Day => days(1),
        CalendarView::Week => days(7),
        CalendarView::Month => {
            let one = Months::new(1);
            (date.checked_sub_months(one), date.checked_add_months(one))
        }
    };
    (before.unwrap_or(date), after.unwrap_or(date))
}

fn counts<'a>(days: &[NaiveDate], visits: impl Iterator<Item = (NaiveDate, &'a str)>) -> Vec<CalendarDay> {
    let mut by_day: HashMap<NaiveDate, CalendarDay> = HashMap::new();
    for (day, status) in visits {
        let Ok(status) = status.parse::<Status>() else { continue };
        let of_day = by_day.entry(day).or_default();
        of_day.visits += 1;
        of_day.confirmed += u32::from(status == Status::Confirmed);
        of_day.asked += u32::from(status == Status::RescheduleRequested);
    }
    let day = |day: &NaiveDate| CalendarDay {
        date: day.to_string(),
        ..by_day.remove(day).unwrap_or_default()
    };
    days.iter().map(day).collect()
}

async fn placed(s: &Services, actor: &Actor, zone: Zone, seen: Vec<AppointmentView>) -> Result<Vec<CalendarVisit>> {
    let kinds = seen.iter().filter_map(|visit| visit.type_id).collect();
    let kinds = types::several(s.read(), actor.business_id, kinds).await?;
    let place = |visit: AppointmentView| {
        let usual = visit.type_id.and_then(|id| kinds.get(&id)).map(|kind| kind.minutes);
        let span = Span::new(visit.starts_at, visit.ends_at, usual);
        let (date, from) = wall(visit.starts_at, zone);
        let long = (span.until - span.from).num_minutes();
        CalendarVisit {
            date: date.to_string(),
            from,
            until: from + i32::try_from(long).unwrap_or(domain::calendar::USUAL),
            guessed: span.guessed,
            visit,
        }
    };
    Ok(seen.into_iter().map(place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        when::date(text).expect("a day")
    }

    #[test]
    fn a_month_is_whole_weeks_and_a_week_begins_on_monday() {
        let span = |view, date| {
            let days = shown(view, day(date));
            (days[0].to_string(), days.len())
        };
        for (view, date, first, count) in [
            (CalendarView::Day, "2027-01-06", "2027-01-06", 1),
            (CalendarView::Week, "2027-01-06", "2027-01-04", 7),
            (CalendarView::Week, "2027-01-04", "2027-01-04", 7),
            (CalendarView::Week, "2027-01-10", "2027-01-04", 7),
            (CalendarView::Month, "2027-01-31", "2026-12-28", 35),
            (CalendarView::Month, "2027-02-10", "2027-02-01", 28),
            (CalendarView::Month, "2027-08-10", "2027-07-26", 42),
        ] {
            assert_eq!(span(view, date), (first.to_owned(), count), "{date}");
        }
    }

    #[test]
    fn the_month_after_the_thirty_first_is_the_next_one() {
        let (before, after) = neighbours(CalendarView::Month, day("2027-01-31"));
        assert_eq!((before, after), (day("2026-12-31"), day("2027-02-28")));
    }
}
