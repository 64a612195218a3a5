//! What happened to a visit: every text about it, every answer and every change, in order, with who did it.

use chrono::{DateTime, Utc};
use contract::{Page, PageQuery, appointments::Status, contacts::TimelineRow};
use domain::{when, zone::Zone};
use entity::{
    appointments::{appointment, appointment_change},
    audit::audit_event,
    messages::message,
    questions::question,
    reminders::reminder_request,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::Deserialize;
use uuid::Uuid;

use super::contact::{of_change, of_message, row};
use crate::{
    appointments::{self, change::Facts},
    businesses::{self, locations},
    kernel::{
        Actor, Permission, Result, Services, audit,
        paging::{self, Cursor, TimeCursor},
    },
    messages,
};

/// Texts of one visit that are looked at; it has a handful.
const TEXTS: u64 = 200;
/// Changes of one moment: of those that a page begins with some may have stood on the page before.
const TIES: u64 = 20;

/// What happened to a visit, the first first.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Malformed` for a cursor or a number of rows that is none.
pub async fn history(s: &Services, actor: &Actor, id: Uuid, query: PageQuery) -> Result<Page<TimelineRow>> {
    actor.may(Permission::ReadAppointments)?;
    actor.may(Permission::ReadMessages)?;
    let size = paging::size(query.limit)?;
    let after = TimeCursor::decode(query.cursor.as_deref())?;
    let visit = appointments::find(s.read(), actor.business_id, id).await?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let zone = locations::zone_of(s.read(), &business, visit.location_id).await?;
    let mut rows = said(s, &visit).await?;
    for change in changes_of(actor.business_id, id, after.as_ref())
        .limit(size + 1 + TIES)
        .all(s.read())
        .await?
    {
        rows.push(changed(s, change, zone).await?);
    }
    if let Some(Cursor(at, id)) = after {
        rows.retain(|row| (row.at, row.id) > (at, id));
    }
    rows.sort_unstable_by_key(|row| (row.at, row.id));
    for row in &mut rows {
        row.appointment_id = None;
    }
    Ok(paging::page_of(size, rows, |row| Cursor(row.at, row.id)))
}

pub(crate) fn changes_of(business_id: Uuid, id: Uuid, after: Option<&TimeCursor>) -> Select<audit_event::Entity> {
    use audit_event::Column;
    let rows = audit_event::Entity::find()
        .filter(Column::EntityId.eq(id))
        .filter(Column::BusinessId.eq(business_id))
        .order_by_asc(Column::At);
    match after {
        Some(Cursor(at, _)) => rows.filter(Column::At.gte(*at)),
        None => rows,
    }
}

/// Its texts, the answers to them, and reminders that never became one.
async fn said(s: &Services, visit: &appointment::Model) -> Result<Vec<TimelineRow>> {
    let business_id = visit.business_id;
    let reminders = reminder_request::Entity::in_business(business_id)
        .filter(reminder_request::Column::AppointmentId.eq(visit.id))
        .order_by_desc(reminder_request::Column::DueAt)
        .limit(TEXTS)
        .all(s.read())
        .await?;
    let moves = appointments::change::of(business_id, visit.id)
        .filter(appointment_change::Column::MessageId.is_not_null())
        .all(s.read())
        .await?;
    let mut rows: Vec<TimelineRow> = reminders.iter().filter_map(left_out).collect();
    let origins: Vec<Uuid> = reminders.iter().map(|r| r.id).chain(moves.iter().map(|m| m.id)).collect();
    if origins.is_empty() {
        return Ok(rows);
    }
    let mut texts: Vec<Uuid> = reminders.iter().filter_map(|r| r.message_id).collect();
    texts.extend(moves.iter().filter_map(|m| m.message_id));
    let answers: Vec<Option<Uuid>> = question::Entity::find()
        .filter(question::Column::OriginId.is_in(origins))
        .filter(question::Column::AnsweredBy.is_not_null())
        .select_only()
        .column(question::Column::AnsweredBy)
        .into_tuple()
        .all(s.read())
        .await?;
    texts.extend(answers.into_iter().flatten());
    texts.sort_unstable();
    texts.dedup();
    if texts.is_empty() {
        return Ok(rows);
    }
    let found = message::Entity::these(business_id, texts).all(s.read()).await?;
    // One of ours stands where it went out, not where it was written.
    rows.extend(found.into_iter().map(|m| {
        let at = m.claimed_at.filter(|_| m.direction == "outbound").unwrap_or(m.created_at);
        TimelineRow {
            at,
            ..of_message(messages::shown(m))
        }
    }));
    Ok(rows)
}

/// A reminder that was not sent, and why.
fn left_out(r: &reminder_request::Model) -> Option<TimelineRow> {
    let title = match r.status.as_str() {
        "skipped" => "A reminder was left out",
        "cancelled" if r.message_id.is_none() => "A reminder was taken back",
        _ => return None,
    };
    let event = format!("reminder.{}", r.status);
    Some(TimelineRow {
        reason: r.reason.clone(),
        status: Some(r.status.clone()),
        ..row(r.id, r.updated_at, "reminder", event, title, "Showup".to_owned())
    })
}

/// What the audit trail has kept of a visit; before more was kept than its time and status, those.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    All(Box<Facts>),
    Few(DateTime<Utc>, String),
}

impl Kept {
    fn starts_at(&self) -> DateTime<Utc> {
        match self {
            Self::All(facts) => facts.starts_at,
            Self::Few(at, _) => *at,
        }
    }

    fn status(&self) -> Option<Status> {
        match self {
            Self::All(facts) => facts.status.parse().ok(),
            Self::Few(_, status) => status.parse().ok(),
        }
    }
}

async fn kept(s: &Services, field: &str, sealed: Option<&String>) -> Result<Option<Kept>> {
    let Some(sealed) = sealed else { return Ok(None) };
    Ok(serde_json::from_str(&s.vault().open(field, sealed).await?).ok())
}

async fn changed(s: &Services, change: audit_event::Model, zone: Zone) -> Result<TimelineRow> {
    let before = kept(s, audit::BEFORE, change.before.as_ref()).await?;
    let after = kept(s, audit::AFTER, change.after.as_ref()).await?;
    let action = change.action.clone();
    let mut row = of_change(change);
    // The audit trail names the account, too.
    if let Some((name, _)) = row.by.rsplit_once(" (") {
        row.by = name.to_owned();
    }
    let title = match (action.as_str(), after.as_ref().and_then(Kept::status)) {
        ("appointment.created", _) => "Booked",
        ("appointment.moved", _) => "Moved",
        ("appointment.restored", _) => "The last change was undone",
        ("appointment.updated", _) => "Changed",
        ("appointment.arrived", _) => "Arrived",
        ("appointment.clock_decided", _) => "It was decided which time holds",
        ("appointment.status", Some(Status::Scheduled)) => "Open again",
        ("appointment.status", Some(Status::RescheduleRequested)) => "Another time was asked for",
        ("appointment.status", Some(status)) => status.label(),
        _ => "Changed",
    };
    title.clone_into(&mut row.title);
    row.detail = match (before, after) {
        (Some(before), Some(after)) => words(&before, &after, zone),
        (None, Some(after)) => Some(format!("For {}.", when::dated(after.starts_at(), zone))),
        _ => None,
    };
    Ok(row)
}

/// What changed, a sentence each.
fn words(before: &Kept, after: &Kept, zone: Zone) -> Option<String> {
    let dated = |kept: &Kept| when::dated(kept.starts_at(), zone);
    let mut said = Vec::new();
    if before.starts_at() != after.starts_at() {
        said.push(format!("From {} to {}.", dated(before), dated(after)));
    }
    if let (Kept::All(before), Kept::All(after)) = (before, after) {
        let long = |facts: &Facts| facts.ends_at.map(|end| (end - facts.starts_at).num_minutes());
        if let Some(minutes) = long(after).filter(|_| long(before) != long(after)) {
            said.push(format!("It takes {minutes} minutes."));
        }
        if before.staff_label != after.staff_label {
            said.push(match after.staff_label.as_str() {
                "" => "With nobody in particular.".to_owned(),
                label => format!("With {label}."),
            });
        }
        if before.location_id != after.location_id {
            said.push("At another place.".to_owned());
        }
        if before.type_id != after.type_id {
            said.push("Of another type.".to_owned());
        }
        if before.for_name != after.for_name {
            said.push(match &after.for_name {
                Some(name) => format!("For {name}."),
                None => "For the customer themselves.".to_owned(),
            });
        }
    }
    (!said.is_empty()).then(|| said.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_before_more_was_is_read_as_well() {
        let few: Kept = serde_json::from_str("[\"2027-01-05T20:00:00Z\",\"confirmed\"]").expect("as it was");
        assert_eq!(few.status(), Some(Status::Confirmed));
        let all = "{\"starts_at\":\"2027-01-06T20:00:00Z\",\"ends_at\":null,\"status\":\"scheduled\",\"staff_label\":\"Ana\",\"location_id\":null,\
            \"type_id\":null,\"for_name\":null,\"arrived_at\":null,\"time_zone\":null,\"utc_offset\":null}";
        let all: Kept = serde_json::from_str(all).expect("as it is");
        let zone = Zone::named("America/New_York").expect("a zone");
        assert_eq!(
            words(&few, &all, zone).as_deref(),
            Some("From Tue, Jan 5 at 3:00 PM to Wed, Jan 6 at 3:00 PM.")
        );
    }
}
