//! What becomes of appointments when a law, or the business, changes the clocks of their place. We keep moments, people mean what the clock
//! on the wall shows: an appointment whose two have come apart waits for somebody to say which of them holds. Until then no reminder of it
//! leaves, and nothing is moved.

use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use contract::{
    Code,
    appointments::{AppointmentView, ClockChange, Keep, Status},
};
use domain::{
    when,
    zone::{self, Zone},
};
use entity::{
    appointments::{appointment, zone_data},
    businesses::business,
};
use sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{finish, locked, not_twice, record, status};
use crate::{
    businesses::{self, locations},
    kernel::{
        Actor, Event, Permission, Principal, Result, Services, Tx,
        error::problem,
        events::Recorded,
        paging::{self, Cursor, TimeCursor},
        tx::Changed,
    },
};

/// Appointments looked at in one transaction.
const BATCH: u64 = 100;

/// Why a reminder of such an appointment does not leave.
pub(crate) const UNDECIDED: &str = "The clocks there have changed; somebody has to decide which time holds.";

/// The clock by which an appointment is entered.
pub(crate) fn entered(row: &mut appointment::ActiveModel, starts_at: DateTime<Utc>, zone: Zone) {
    row.starts_at = Set(starts_at);
    row.time_zone = Set(Some(zone.name().to_owned()));
    row.utc_offset = Set(Some(zone.offset_at(starts_at)));
}

/// An appointment's zone, what its clocks were to show when it begins, and what they will show; none if that is the same.
fn apart(row: &appointment::Model) -> Option<(Zone, NaiveDateTime, NaiveDateTime)> {
    let zone = Zone::named(row.time_zone.as_deref()?)?;
    let shown = |offset: i32| row.starts_at.naive_utc().checked_add_signed(Duration::seconds(offset.into()));
    let (was, is) = (row.utc_offset?, zone.offset_at(row.starts_at));
    (was != is).then_some((zone, shown(was)?, shown(is)?))
}

/// Whether somebody has to decide which time of this appointment holds. By a clock that nobody knows none does.
pub(crate) fn undecided(row: &appointment::Model) -> bool {
    apart(row).is_some() || is_unknown(row)
}

/// Whether the zone it was entered by is not in this program's table: a newer table may call it otherwise.
fn is_unknown(row: &appointment::Model) -> bool {
    row.time_zone.as_deref().is_some_and(|name| Zone::named(name).is_none())
}

/// The same for people.
pub(crate) fn change(row: &appointment::Model) -> Option<ClockChange> {
    let (zone, entered, now) = apart(row)?;
    let text = |local: NaiveDateTime| local.format("%Y-%m-%dT%H:%M").to_string();
    Some(ClockChange {
        time_zone: zone.name().to_owned(),
        entered: text(entered),
        now: text(now),
    })
}

/// Compares all appointments to come with the zone data that this program has, if the database saw another version last; how many
/// appointments somebody has to decide about. To be called at a start, before anything is sent. Breaking it off and repeating it is
/// harmless.
///
/// # Errors
/// When the database does not answer; then the next start does it.
pub async fn check(s: &Services) -> Result<usize> {
    let seen = zone_data::Entity::find_by_id(1).one(&s.db().write).await?;
    if seen.is_some_and(|seen| seen.version == zone::VERSION) {
        return Ok(0);
    }
    let mut found = 0;
    let all: Vec<Uuid> = business::Entity::find()
        .select_only()
        .column(business::Column::Id)
        .into_tuple()
        .all(s.read())
        .await?;
    for business_id in all {
        let mut after: TimeCursor = Cursor(s.now(), Uuid::nil());
        loop {
            let rows = to_come(business_id, &after).all(&s.db().write).await?;
            let Some(last) = rows.last() else { break };
            after = Cursor(last.starts_at, last.id);
            found += compare(s, business_id, rows).await?;
        }
    }
    let row = zone_data::ActiveModel {
        id: Set(1),
        version: Set(zone::VERSION.to_owned()),
        seen_at: Set(s.now()),
    };
    let replace = OnConflict::column(zone_data::Column::Id)
        .update_columns([zone_data::Column::Version, zone_data::Column::SeenAt])
        .to_owned();
    zone_data::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(&s.db().write)
        .await?;
    Ok(found)
}

/// Appointments of a business after one of them, soonest first.
pub(crate) fn to_come(business_id: Uuid, after: &TimeCursor) -> Select<appointment::Entity> {
    let (start, id) = (appointment::Column::StartsAt, appointment::Column::Id);
    appointment::Entity::in_business(business_id)
        .filter(paging::beyond(start, id, after.0, after.1, false))
        .order_by_asc(start)
        .order_by_asc(id)
        .limit(BATCH)
}

/// Notes the clock of those that were entered before it was kept, and asks about those that have come apart from theirs.
async fn compare(s: &Services, business_id: Uuid, rows: Vec<appointment::Model>) -> Result<usize> {
    let mut tx = s.begin().await?;
    let business = businesses::of(&mut tx, business_id).await?;
    let places = rows.iter().filter_map(|row| row.location_id).collect();
    let places = locations::several(&tx.db, business_id, places).await?;
    let rows = rows.into_iter().filter(|row| row.utc_offset.is_none() || undecided(row));
    let mut found = 0;
    for id in in_order(rows) {
        let (_, mut row) = locked(&tx, business_id, id).await?;
        if row.utc_offset.is_none() || is_unknown(&row) {
            let zone = locations::zone(&business, row.location_id.and_then(|id| places.get(&id)));
            let offset = row.utc_offset.unwrap_or_else(|| zone::before(zone, row.starts_at));
            let mut noted = row.into_active_model();
            noted.time_zone = Set(Some(zone.name().to_owned()));
            noted.utc_offset = Set(Some(offset));
            row = noted.update(&tx.db).await?;
        }
        found += usize::from(ask(&mut tx, &Principal::System("the clocks"), &row));
    }
    tx.commit().await?;
    Ok(found)
}

/// Appointments by their ids. People are locked in order of theirs, here as everywhere.
fn in_order(rows: impl Iterator<Item = appointment::Model>) -> Vec<Uuid> {
    let mut ids: Vec<(Uuid, Uuid)> = rows.map(|row| (row.contact_id, row.id)).collect();
    ids.sort_unstable();
    ids.into_iter().map(|(_, id)| id).collect()
}

/// A place's clock is another one from now on: those of its appointments to come that it would tell at another hour than they were entered
/// at wait for somebody to say which holds.
pub(crate) async fn zone_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let Event::ZoneChanged { location } = one.event else {
            continue;
        };
        let business = businesses::get(&tx.db, one.business_id).await?;
        let zone = locations::zone_of(&tx.db, &business, location).await?;
        // Locations that have a zone of their own keep it.
        let own = locations::with_zones(&tx.db, business.id).await?;
        let here = |appointment: &appointment::Model| match location {
            Some(_) => appointment.location_id == location,
            None => appointment.location_id.is_none_or(|id| !own.contains(&id)),
        };
        place_moved(tx, &one.by, business.id, zone, here).await?;
    }
    Ok(())
}

async fn place_moved(
    tx: &mut Tx,
    by: &Principal,
    business_id: Uuid,
    zone: Zone,
    concerns: impl Fn(&appointment::Model) -> bool,
) -> Result<()> {
    let (mut after, mut there): (TimeCursor, _) = (Cursor(tx.now, Uuid::nil()), Vec::new());
    loop {
        let rows = to_come(business_id, &after).all(&tx.db).await?;
        let Some(last) = rows.last() else { break };
        after = Cursor(last.starts_at, last.id);
        there.extend(rows.into_iter().filter(&concerns));
    }
    for id in in_order(there.into_iter()) {
        let (_, row) = locked(tx, business_id, id).await?;
        let asked = undecided(&row);
        let mut moved = row.clone().into_active_model();
        // What was entered stays: the offset by which it was.
        let entered_by = row.time_zone.as_deref().and_then(Zone::named);
        moved.utc_offset = Set(row.utc_offset.or(entered_by.map(|zone| zone.offset_at(row.starts_at))));
        moved.time_zone = Set(Some(zone.name().to_owned()));
        let row = moved.update(&tx.db).await?;
        if !ask(tx, by, &row) && asked {
            // As it was entered once more: there is nothing left to decide.
            record(tx, by, Event::ClockDecided, None, &row);
        }
    }
    Ok(())
}

/// Says that somebody has to decide, if there is something to decide: reminders that wait are taken back, and a task asks. The caller
/// holds the appointment's lock.
pub(super) fn ask(tx: &mut Tx, by: &Principal, row: &appointment::Model) -> bool {
    let apart = apart(row).is_some() && status(row).is_ok_and(Status::is_open);
    if apart {
        tx.mark_changed(row.business_id, Changed::Appointment(row.id));
        tx.record(row.business_id, by, Event::ClockChanged(Arc::new(row.clone())));
    }
    apart
}

/// What somebody has to decide about an appointment, in a sentence and in a word that is another one for another question.
pub(crate) fn question(row: &appointment::Model) -> Option<(String, String)> {
    let (zone, entered, now) = apart(row)?;
    let clock = |local: NaiveDateTime| local.format("%a, %b %-d at %-I:%M %p").to_string();
    let words = format!(
        "Decide which time holds. This visit was entered as {}, and by the clocks of {}, which have changed, it would begin at {}.",
        clock(entered),
        zone.name(),
        clock(now)
    );
    Some((words, format!("clock:{}:{}:{now}", row.id, row.starts_at.timestamp())))
}

/// Decides which time of an appointment holds: what was entered, or the moment. Its reminders are planned anew. What customers were told is
/// not told again by itself.
///
/// # Errors
/// `NotFound`; `Conflict` if there is nothing to decide, or if another appointment has the time.
pub async fn decide(s: &Services, actor: &Actor, id: Uuid, keep: Keep) -> Result<AppointmentView> {
    actor.may(Permission::WriteAppointments)?;
    let mut tx = s.begin().await?;
    let (contact, before) = locked(&tx, actor.business_id, id).await?;
    let Some((zone, local, _)) = apart(&before) else {
        return Err(problem(Code::Conflict, "This was decided; there is nothing left to do."));
    };
    let starts_at = match keep {
        Keep::Entered => when::local_to_utc(local, zone),
        Keep::Moment => before.starts_at,
    };
    if status(&before)?.is_open() {
        not_twice(&tx, &contact, before.for_name.as_deref(), starts_at, Some(id)).await?;
    }
    let mut row = before.clone().into_active_model();
    entered(&mut row, starts_at, zone);
    row.ends_at = Set(before.ends_at.map(|end| starts_at + (end - before.starts_at)));
    row.revision = Set(before.revision + 1);
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    record(&mut tx, &actor.who, Event::ClockDecided, Some(&before), &after);
    finish(tx, actor.business_id, id).await
}
