//! Visits in order of time, as a program reads them: those of a time, a person, a staff label, a place or a status.

use chrono::{DateTime, Days, NaiveTime, Utc};
use contract::{
    Page, Problem,
    appointments::{AppointmentView, Status, VisitsQuery},
};
use domain::{when, zone::Zone};
use entity::appointments::appointment;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};

use super::{
    day::soonest_first,
    view::{views, views_of},
};
use crate::{
    businesses, contacts,
    kernel::{
        Actor, Permission, Result, Services, changes,
        paging::{self, Cursor, TimeCursor},
    },
};

/// Visits of every status unless one is asked for, soonest first; with `updated_since` in the order in which they, or what is sent about
/// them, changed.
///
/// # Errors
/// `Malformed` for a parameter that can't be read, and for `updated_since` together with another filter; `NotFound` for a contact of somebody else.
pub async fn page(s: &Services, actor: &Actor, query: VisitsQuery) -> Result<Page<AppointmentView>> {
    actor.may(Permission::ReadAppointments)?;
    if let Some(since) = changes::since(query.updated_since.as_deref(), &filters(&query))? {
        let (kind, cursor) = (changes::Kind::Appointment, query.cursor.as_deref());
        let ids = changes::page(s, actor.business_id, kind, since, query.limit, cursor).await?;
        let shown = views_of(s, s.read(), actor.business_id, &ids.data).await?;
        return Ok(changes::shown(ids, shown, |visit| visit.id));
    }
    let size = paging::size(query.limit)?;
    let zone = businesses::zone(&businesses::get(s.read(), actor.business_id).await?);
    let start = appointment::Column::StartsAt;
    let mut rows = appointment::Entity::in_business(actor.business_id).limit(size + 1);
    if let Some(from) = query.from.as_deref().filter(|text| !text.is_empty()) {
        rows = rows.filter(start.gte(moment("from", from, zone, 0)?));
    }
    if let Some(to) = query.to.as_deref().filter(|text| !text.is_empty()) {
        rows = rows.filter(start.lt(moment("to", to, zone, 1)?));
    }
    if let Some(word) = query.status.as_deref().filter(|word| !word.is_empty()) {
        let status: Status = word.parse().map_err(|()| {
            let all: Vec<&str> = Status::ALL.into_iter().map(Status::as_str).collect();
            Problem::parameter("status", format!("status is one of {}.", all.join(", ")))
        })?;
        rows = rows.filter(appointment::Column::Status.eq(status.as_str()));
    }
    if let Some(id) = query.contact_id {
        let id = contacts::view(s, s.read(), actor.business_id, id).await?.id;
        rows = rows.filter(appointment::Column::ContactId.eq(id));
    }
    if let Some(label) = &query.staff_label {
        rows = rows.filter(appointment::Column::StaffLabel.eq(label.trim()));
    }
    if let Some(id) = query.location_id {
        rows = rows.filter(appointment::Column::LocationId.eq(id));
    }
    if let Some(Cursor(at, id)) = TimeCursor::decode(query.cursor.as_deref())? {
        rows = rows.filter(paging::beyond(start, appointment::Column::Id, at, id, false));
    }
    let found = soonest_first(rows).all(s.read()).await?;
    let page = paging::page_of(size, found, |row| Cursor(row.starts_at, row.id));
    Ok(Page {
        data: views(s, s.read(), actor.business_id, page.data).await?,
        next_cursor: page.next_cursor,
    })
}

/// Each filter, and whether it is given.
fn filters(query: &VisitsQuery) -> [(&'static str, bool); 6] {
    let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    [
        ("from", given(&query.from)),
        ("to", given(&query.to)),
        ("status", given(&query.status)),
        ("contact_id", query.contact_id.is_some()),
        ("staff_label", query.staff_label.is_some()),
        ("location_id", query.location_id.is_some()),
    ]
}

/// A moment as it was asked for: RFC 3339, or the beginning of a day, so many days on.
fn moment(name: &str, text: &str, zone: Zone, days: u64) -> Result<DateTime<Utc>> {
    let midnight = || {
        let day = when::date(text)?.checked_add_days(Days::new(days))?;
        Some(when::local_to_utc(day.and_time(NaiveTime::MIN), zone))
    };
    when::instant(text).or_else(midnight).ok_or_else(|| {
        let words = format!("{name} is a time like 2027-01-05T15:00:00Z, or a day like 2027-01-05.");
        Problem::parameter(name, words).into()
    })
}
