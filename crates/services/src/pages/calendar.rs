//! The calendar: visits, and between them the times that are free, with who is asked for each.

use chrono::{DateTime, NaiveTime, Utc};
use contract::{
    calendar::{Calendar, CalendarQuery, CalendarSlot, CalendarView},
    waitlist::SlotView,
};
use domain::{when, zone::Zone};
use entity::waitlist::slot;
use sea_orm::{ColumnTrait, QueryFilter};

use crate::{
    appointments::calendar::{self, next, wall},
    kernel::{Actor, Error, Permission, Result, Services},
    waitlist,
};

/// What the calendar shows of these days. Who may not see the waitlist sees the visits.
///
/// # Errors
/// `NotAllowed`; `Malformed` for a day that is none, and a location that is none.
pub async fn calendar(s: &Services, actor: &Actor, query: CalendarQuery) -> Result<Calendar> {
    let asked = query.clone();
    let mut shown = calendar::calendar(s, actor, query).await?;
    if shown.view == CalendarView::Month || actor.may(Permission::ReadWaitlist).is_err() {
        return Ok(shown);
    }
    let zone = Zone::named(&shown.time_zone).ok_or_else(|| Error::broken("a calendar of an unknown zone"))?;
    let Some((from, until)) = span(&shown, zone) else {
        return Ok(shown);
    };
    let mut rows = waitlist::free_between(actor.business_id, from, until);
    if let Some(label) = &asked.staff {
        rows = rows.filter(slot::Column::StaffLabel.eq(label));
    }
    if let Some(id) = asked.location_id {
        rows = rows.filter(slot::Column::LocationId.eq(id));
    }
    let mut free = waitlist::views(s, s.read(), actor.business_id, rows).await?;
    free.sort_by_key(|slot| (slot.starts_at, slot.id));
    for slot in &free {
        if !slot.staff_label.is_empty() && !shown.staff.contains(&slot.staff_label) {
            shown.staff.push(slot.staff_label.clone());
        }
    }
    shown.slots = free.into_iter().map(|slot| placed(slot, zone)).collect();
    Ok(shown)
}

/// From the first midnight to the last.
fn span(shown: &Calendar, zone: Zone) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let (first, last) = (when::date(&shown.days.first()?.date)?, when::date(&shown.days.last()?.date)?);
    let midnight = |day: chrono::NaiveDate| when::local_to_utc(day.and_time(NaiveTime::MIN), zone);
    Some((midnight(first), midnight(next(last))))
}

fn placed(free: SlotView, zone: Zone) -> CalendarSlot {
    let (date, from) = wall(free.starts_at, zone);
    CalendarSlot {
        date: date.to_string(),
        from,
        until: from + free.minutes,
        free,
    }
}
