//! Changes of an appointment: its time above all. Each is kept with what was before, so that it can be undone while nothing newer has
//! happened.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contract::{
    Code,
    appointments::{AppointmentView, EditAppointment, MoveAppointment, Status},
};
use domain::zone::Zone;
use entity::{
    appointments::{
        appointment::{self, Source},
        appointment_change,
    },
    businesses::appointment_type,
    contacts::contact,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ahead, clocks, end, find, finish, locked, not_twice, overlap, record, start, status, view};
use crate::{
    businesses::{self, locations, staff, types},
    kernel::{
        Actor, Error, Event, Result, Services, Tx,
        error::{field, long, problem, short},
    },
};

/// What the audit trail keeps of a visit, and what a change is undone to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    pub status: String,
    pub staff_label: String,
    pub location_id: Option<Uuid>,
    pub type_id: Option<Uuid>,
    pub for_name: Option<String>,
    pub arrived_at: Option<DateTime<Utc>>,
    pub time_zone: Option<String>,
    pub utc_offset: Option<i32>,
}

impl Facts {
    pub(crate) fn of(row: &appointment::Model) -> Self {
        Self {
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            status: row.status.clone(),
            staff_label: row.staff_label.clone(),
            location_id: row.location_id,
            type_id: row.type_id,
            for_name: row.for_name.clone(),
            arrived_at: row.arrived_at,
            time_zone: row.time_zone.clone(),
            utc_offset: row.utc_offset,
        }
    }
}

/// How a visit is moved.
#[derive(Clone, Copy, Default)]
pub(super) struct How {
    /// Whether its customer is told; none: by the rule.
    pub tell: Option<bool>,
    pub double_book: bool,
}

/// Changes one appointment.
pub(super) async fn one(s: &Services, actor: &Actor, id: Uuid, cmd: EditAppointment) -> Result<AppointmentView> {
    let mut tx = s.begin().await?;
    let business = businesses::get(&tx.db, actor.business_id).await?;
    let choice = chosen(&tx, actor, id, &cmd).await?;
    let (contact, before) = locked(&tx, actor.business_id, id).await?;
    may_change(&before, cmd.revision)?;
    let location_id = choice.location_id.unwrap_or(before.location_id);
    let zone = locations::zone_of(&tx.db, &business, location_id).await?;
    let mut after = before.clone();
    after.location_id = location_id;
    if let Some(label) = choice.staff_label {
        after.staff_label = label;
    }
    if let Some(notes) = &cmd.notes {
        after.notes = long("notes", notes, 2000)?;
    }
    if let Some(name) = &cmd.for_name {
        let name = short("for_name", name.as_deref().unwrap_or_default(), 80)?;
        after.for_name = Some(name).filter(|name| !name.is_empty());
    }
    times(&tx, zone, &cmd, &before, &mut after)?;
    if let Some(kind) = choice.kind {
        let minutes = kind.as_ref().map(|kind| chrono::Duration::minutes(kind.minutes.into()));
        after.type_id = kind.map(|kind| kind.id);
        let said = cmd.minutes.is_some() || cmd.ends_at.is_some();
        if let Some(minutes) = minutes.filter(|_| !said && after.type_id != before.type_id) {
            after.ends_at = Some(after.starts_at + minutes);
        }
    }
    let moves = after.starts_at != before.starts_at || (cmd.starts_at.is_some() && clocks::undecided(&before));
    if after == before && !moves {
        return view(s, &tx.db, actor.business_id, id).await;
    }
    if moves || after.ends_at != before.ends_at || after.location_id != before.location_id {
        is_open(&before)?;
    }
    let how = How {
        tell: cmd.tell,
        double_book: cmd.double_book,
    };
    write(&mut tx, actor, &contact, (&before, after), zone, how, moves).await?;
    finish(tx, actor.business_id, id).await
}

/// Of several visits the time alone changes.
pub(super) fn only_time(cmd: &EditAppointment) -> Result<MoveAppointment> {
    let other = cmd.ends_at.is_some()
        || cmd.minutes.is_some()
        || cmd.staff_label.is_some()
        || cmd.location_id.is_some()
        || cmd.type_id.is_some()
        || cmd.notes.is_some()
        || cmd.for_name.is_some();
    let (false, Some(starts_at)) = (other, cmd.starts_at.clone()) else {
        let words = "Of several visits at once only the time can be changed. Please change the rest one by one.";
        return Err(field("scope", words));
    };
    Ok(MoveAppointment {
        starts_at,
        time_zone: cmd.time_zone.clone(),
        scope: cmd.scope,
        tell: cmd.tell,
        double_book: cmd.double_book,
    })
}

/// What a visit is to have that it has not; none where it stays.
struct Choice {
    location_id: Option<Option<Uuid>>,
    kind: Option<Option<appointment_type::Model>>,
    staff_label: Option<String>,
}

/// Before the visit is locked, as when one is booked. What is put away stays with who has it, and is chosen by nobody new.
async fn chosen(tx: &Tx, actor: &Actor, id: Uuid, cmd: &EditAppointment) -> Result<Choice> {
    let seen = find(&tx.db, actor.business_id, id).await?;
    let location_id = match cmd.location_id {
        Some(other) if other != seen.location_id => Some(locations::chosen(&tx.db, actor.business_id, other).await?),
        _ => None,
    };
    let kind = match cmd.type_id {
        Some(other) if other != seen.type_id => Some(types::chosen(&tx.db, actor.business_id, other).await?),
        _ => None,
    };
    let staff_label = match &cmd.staff_label {
        Some(other) if other.trim() != seen.staff_label => Some(staff::chosen(tx, actor.business_id, other).await?),
        _ => None,
    };
    Ok(Choice {
        location_id,
        kind,
        staff_label,
    })
}

fn may_change(before: &appointment::Model, seen: Option<i32>) -> Result<()> {
    if before.source == Some(Source::Calendar) {
        let words = "Another calendar keeps this visit. Please change it there; it is read again within minutes.";
        return Err(problem(Code::Conflict, words));
    }
    if seen.is_some_and(|seen| seen != before.revision) {
        let words = "This visit has changed since you read it. Load it again, then change what still fits.";
        return Err(problem(Code::Conflict, words));
    }
    Ok(())
}

fn is_open(before: &appointment::Model) -> Result<()> {
    if status(before)?.is_open() {
        return Ok(());
    }
    let words = "This visit is over or cancelled. Undo that first, or make a new visit.";
    Err(problem(Code::Conflict, words))
}

/// When it begins and ends: as was asked for, else as it was, and as long.
fn times(tx: &Tx, zone: Zone, cmd: &EditAppointment, before: &appointment::Model, after: &mut appointment::Model) -> Result<()> {
    by_its_clock(cmd.time_zone.as_deref(), zone)?;
    if let Some(text) = &cmd.starts_at {
        let at = start(zone, text)?;
        // As it was: a form sends all that it shows.
        after.starts_at = if at == before.starts_at { at } else { ahead(tx, at)? };
    }
    let asked = end(zone, after.starts_at, cmd.ends_at.clone().flatten().as_deref(), cmd.minutes)?;
    after.ends_at = match (&cmd.ends_at, asked) {
        (_, Some(asked)) => Some(asked),
        (Some(None), None) => None,
        _ => before.ends_at.map(|end| after.starts_at + (end - before.starts_at)),
    };
    Ok(())
}

/// A time that was read from another clock than the place's would be another time.
pub(super) fn by_its_clock(read: Option<&str>, zone: Zone) -> Result<()> {
    if read.is_none_or(|read| read == zone.name()) {
        return Ok(());
    }
    let place = zone.name();
    let words = format!("This visit's time is now told by the clock of {place}. Load this page again, then choose the time.");
    Err(field("starts_at", words))
}

/// Gives an open appointment, which is locked with its contact, another time.
pub(super) async fn move_to(
    tx: &mut Tx,
    actor: &Actor,
    contact: &contact::Model,
    before: &appointment::Model,
    zone: Zone,
    starts_at: DateTime<Utc>,
    how: How,
) -> Result<()> {
    // It takes as long as before.
    let after = appointment::Model {
        starts_at,
        ends_at: before.ends_at.map(|end| starts_at + (end - before.starts_at)),
        ..before.clone()
    };
    write(tx, actor, contact, (before, after), zone, how, true).await
}

pub(super) async fn write(
    tx: &mut Tx,
    actor: &Actor,
    contact: &contact::Model,
    (before, mut after): (&appointment::Model, appointment::Model),
    zone: Zone,
    how: How,
    moves: bool,
) -> Result<()> {
    let busy = |row: &appointment::Model| (row.starts_at, row.ends_at, row.staff_label.clone(), row.type_id);
    let open = status(before)?.is_open();
    if open && (moves || after.for_name != before.for_name) {
        not_twice(tx, contact, after.for_name.as_deref(), after.starts_at, Some(before.id)).await?;
    }
    if open && busy(&after) != busy(before) {
        overlap::check(tx, actor, &after, zone, how.double_book).await?;
    }
    if moves {
        after.arrived_at = None;
        Status::Scheduled.as_str().clone_into(&mut after.status);
    }
    let told_otherwise =
        after.location_id != before.location_id || after.type_id != before.type_id || after.for_name != before.for_name;
    let after_place = after.location_id;
    let mut row = after.into_active_model().reset_all();
    if moves || after_place != before.location_id {
        let starts_at = row.starts_at.clone().take().unwrap_or(before.starts_at);
        clocks::entered(&mut row, starts_at, zone);
    }
    row.revision = Set(before.revision + 1);
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    keep(tx, before, &after, how.tell.filter(|_| moves), moves).await?;
    if moves {
        record(tx, &actor.who, Event::AppointmentMoved, Some(before), &after);
    } else {
        let event = |visit: Arc<appointment::Model>| Event::AppointmentChanged { visit, told_otherwise };
        record(tx, &actor.who, event, Some(before), &after);
    }
    Ok(())
}

/// What a visit was, for whoever takes the change back, and for who tells its customer.
#[derive(Serialize, Deserialize)]
struct Before {
    #[serde(flatten)]
    facts: Facts,
    notes: String,
}

async fn keep(tx: &Tx, before: &appointment::Model, after: &appointment::Model, tell: Option<bool>, moves: bool) -> Result<()> {
    let was = Before {
        facts: Facts::of(before),
        notes: before.notes.clone(),
    };
    let row = appointment_change::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(after.business_id),
        appointment_id: Set(after.id),
        revision: Set(after.revision),
        before: Set(serde_json::to_string(&was).map_err(|e| Error::broken(e.to_string()))?),
        starts_at: Set(after.starts_at),
        known_at: Set(moves.then_some(before.starts_at)),
        tell: Set(tell),
        message_id: Set(None),
        undone_at: Set(None),
        created_at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    Ok(())
}

/// The status that it had before this change.
pub(crate) fn status_before(change: &appointment_change::Model) -> Result<Status> {
    let was: Before = serde_json::from_str(&change.before).map_err(|e| Error::broken(e.to_string()))?;
    was.facts
        .status
        .parse()
        .map_err(|()| Error::broken("a visit with an unknown status"))
}

/// Changes of a visit, the newest first.
pub(crate) fn of(business_id: Uuid, id: Uuid) -> Select<appointment_change::Entity> {
    use appointment_change::Column;
    appointment_change::Entity::in_business(business_id)
        .filter(Column::AppointmentId.eq(id))
        .order_by_desc(Column::Revision)
        .limit(20)
}

/// Those of them that stand.
pub(crate) fn standing(business_id: Uuid, id: Uuid) -> Select<appointment_change::Entity> {
    of(business_id, id).filter(appointment_change::Column::UndoneAt.is_null())
}

/// Whether the customer is told of the time that this visit has, by a text about its move.
pub(crate) async fn is_told(db: &impl ConnectionTrait, visit: &appointment::Model) -> Result<bool> {
    let all = standing(visit.business_id, visit.id).all(db).await?;
    let last = all.into_iter().find(|change| change.known_at.is_some());
    Ok(last.is_some_and(|change| change.tell == Some(true) && change.starts_at == visit.starts_at))
}

/// Puts a visit back as it was before its last change. The caller holds its lock and knows that nothing newer has happened.
///
/// # Errors
/// `Conflict` where the time is past or somebody else's by now.
pub(crate) async fn take_back(
    tx: &mut Tx,
    actor: &Actor,
    (contact, visit): (&contact::Model, &appointment::Model),
    change: appointment_change::Model,
) -> Result<()> {
    let Before { facts, notes } = serde_json::from_str(&change.before).map_err(|e| Error::broken(e.to_string()))?;
    let moved = facts.starts_at != visit.starts_at;
    if moved && facts.starts_at <= tx.now {
        return Err(problem(
            Code::Conflict,
            "The time that this visit had has passed. Please choose another one.",
        ));
    }
    let before = appointment::Model {
        starts_at: facts.starts_at,
        ends_at: facts.ends_at,
        status: facts.status,
        staff_label: facts.staff_label,
        location_id: facts.location_id,
        type_id: facts.type_id,
        for_name: facts.for_name,
        arrived_at: if moved { facts.arrived_at } else { visit.arrived_at },
        time_zone: facts.time_zone,
        utc_offset: facts.utc_offset,
        notes,
        ..visit.clone()
    };
    if moved {
        not_twice(tx, contact, before.for_name.as_deref(), before.starts_at, Some(visit.id)).await?;
        let business = businesses::of(tx, visit.business_id).await?;
        let zone = locations::zone_of(&tx.db, &business, before.location_id).await?;
        overlap::check(tx, actor, &before, zone, false).await?;
    }
    let mut row = before.into_active_model().reset_all();
    row.revision = Set(visit.revision + 1);
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    let mut change = change.into_active_model();
    change.undone_at = Set(Some(tx.now));
    change.update(&tx.db).await?;
    record(tx, &actor.who, Event::AppointmentRestored, Some(visit), &after);
    Ok(())
}
