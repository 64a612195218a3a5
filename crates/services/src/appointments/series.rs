//! Visits that repeat: a row each, with reminders, a token and a fate of its own. The rule itself is not kept: what is changed later is one
//! visit, it and those that follow, or all that are to come.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDateTime, Utc};
use contract::{
    Code, Problem,
    appointments::{AppointmentView, MoveAppointment, Repeat, RepeatUnit, Scope, SeriesDate, SeriesPreview, Status},
};
use domain::{
    series::{self, Ends, MOST, Repeats, Step, WIDEST},
    when,
    zone::Zone,
};
use entity::{appointments::appointment, contacts::contact};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::{
    HORIZON,
    change::{self, How, by_its_clock},
    clocks, find, finish, locked, not_twice, overlap, record, set_status, status, time_ahead,
};
use crate::{
    businesses::{self, locations},
    contacts,
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        error::{field, problem},
    },
};

/// When a visit would be again, and what is there already.
///
/// # Errors
/// `Invalid` per field; `NotFound`.
pub async fn preview(s: &Services, actor: &Actor, id: Uuid, repeat: Repeat) -> Result<SeriesPreview> {
    actor.may(Permission::ReadAppointments)?;
    let row = find(s.read(), actor.business_id, id).await?;
    let zone = zone_of(s.read(), &row).await?;
    let found = repeats(&row, zone, &repeat)?;
    let mut dates = Vec::with_capacity(found.at.len());
    for local in &found.at {
        let starts_at = when::local_to_utc(*local, zone);
        dates.push(SeriesDate {
            date: local.date().to_string(),
            starts_at,
            collides: collision(s.read(), &row, starts_at).await?,
        });
    }
    Ok(SeriesPreview {
        dates,
        short_months: found
            .short_months
            .iter()
            .map(|month| month.format("%B %Y").to_string())
            .collect(),
        time_zone: zone.name().to_owned(),
    })
}

/// Repeats a visit: the others are booked in one go, all or none of them.
///
/// # Errors
/// As `preview`; `Conflict` for a visit that is over or repeats already, and where its customer has another one at one of the times.
pub async fn repeat(s: &Services, actor: &Actor, id: Uuid, repeat: Repeat) -> Result<AppointmentView> {
    actor.may(Permission::WriteAppointments)?;
    let mut tx = s.begin().await?;
    let (_, row) = locked(&tx, actor.business_id, id).await?;
    extend(&mut tx, actor, &row, &repeat).await?;
    finish(tx, actor.business_id, id).await
}

/// The same within the caller's transaction, which holds the visit's lock and its contact's.
pub(super) async fn extend(tx: &mut Tx, actor: &Actor, first: &appointment::Model, repeat: &Repeat) -> Result<()> {
    if first.series_id.is_some() {
        return Err(problem(
            Code::Conflict,
            "This visit repeats already. Change that, or make a new visit.",
        ));
    }
    if !status(first)?.is_open() || first.starts_at <= tx.now {
        return Err(problem(
            Code::Conflict,
            "This visit has begun, is over or cancelled; it can't be repeated.",
        ));
    }
    let zone = zone_of(&tx.db, first).await?;
    let found = repeats(first, zone, repeat)?;
    let (series, mut index) = (Uuid::now_v7(), 1);
    let mut row = first.clone().into_active_model();
    row.series_id = Set(Some(series));
    row.series_index = Set(Some(index));
    row.update(&tx.db).await?;
    let is_none = |day: &&String| !found.at.iter().any(|local| local.date().to_string() == **day);
    if let Some(day) = repeat.skip.iter().find(is_none) {
        let words = format!("{day} is none of these days, so it can't be left out. Please look at them again.");
        return Err(field("repeat.skip", words));
    }
    let left_out = |local: &&NaiveDateTime| !repeat.skip.contains(&local.date().to_string());
    for local in found.at.iter().filter(left_out) {
        index += 1;
        let starts_at = when::local_to_utc(*local, zone);
        if starts_at > tx.now + HORIZON {
            return Err(field(
                "repeat",
                "The last of them would be more than two years away. Please choose fewer.",
            ));
        }
        // Anew each time: its next token is another one by then.
        let contact = contacts::locked(tx, first.business_id, first.contact_id).await?;
        free(tx, &contact, first.for_name.as_deref(), *local, starts_at).await?;
        let mut row = first.clone().into_active_model().reset_all();
        row.id = Set(Uuid::now_v7());
        row.status = Set(Status::Scheduled.as_str().to_owned());
        row.token = Set(contacts::take_token(tx, contact).await?);
        row.ends_at = Set(first.ends_at.map(|end| starts_at + (end - first.starts_at)));
        row.external_id = Set(None);
        row.revision = Set(0);
        row.series_id = Set(Some(series));
        row.series_index = Set(Some(index));
        row.arrived_at = Set(None);
        row.created_at = Set(tx.now);
        row.updated_at = Set(tx.now);
        clocks::entered(&mut row, starts_at, zone);
        let row = row.insert(&tx.db).await?;
        record(tx, &actor.who, Event::AppointmentBooked, None, &row);
    }
    tx.mark_changed(first.business_id, crate::kernel::tx::Changed::Appointment(first.id));
    Ok(())
}

/// Names the date where it is one of many.
async fn free(
    tx: &Tx,
    contact: &contact::Model,
    for_name: Option<&str>,
    local: NaiveDateTime,
    starts_at: DateTime<Utc>,
) -> Result<()> {
    let taken = not_twice(tx, contact, for_name, starts_at, None).await;
    taken.map_err(|e| match &e {
        Error::Problem(p) => {
            let detail = format!(
                "On {} this person already has an appointment at that time. Leave that day out.",
                local.date()
            );
            p.conflicts_with.map_or(e, |id| Problem::with(id, detail).into())
        }
        _ => e,
    })
}

async fn zone_of(db: &impl ConnectionTrait, row: &appointment::Model) -> Result<Zone> {
    let business = businesses::get(db, row.business_id).await?;
    locations::zone_of(db, &business, row.location_id).await
}

fn repeats(first: &appointment::Model, zone: Zone, repeat: &Repeat) -> Result<Repeats> {
    let wrong = |name: &str, words: &str| Err(field(&format!("repeat.{name}"), words));
    if !(1..=WIDEST).contains(&repeat.every) {
        return wrong("every", "Please give a number from 1 to 12.");
    }
    let ends = match (repeat.times, repeat.until.as_deref()) {
        (Some(times), None) if (2..=MOST).contains(&(times as usize)) => Ends::After(times as usize),
        (Some(_), None) => return wrong("times", "Please give how many visits there are in all, from 2 to 52."),
        (None, Some(day)) => match when::date(day) {
            Some(day) => Ends::On(day),
            None => return wrong("until", "Please give a day like 2027-06-30."),
        },
        _ => return wrong("times", "Please give either how many visits there are, or a last day."),
    };
    let step = match repeat.unit {
        RepeatUnit::Week => Step::Weeks(repeat.every),
        RepeatUnit::Month => Step::Months(repeat.every),
    };
    let found = series::repeats(first.starts_at.with_timezone(&zone).naive_local(), step, ends);
    if found.too_many {
        return wrong("until", "These are more than 52 visits. Please choose an earlier day.");
    }
    if found.at.is_empty() {
        return wrong("until", "With this there is no second visit. Please choose a later day.");
    }
    Ok(found)
}

/// What is there already: a visit of the same person, or one with the same staff label.
async fn collision(db: &impl ConnectionTrait, row: &appointment::Model, starts_at: DateTime<Utc>) -> Result<Option<String>> {
    let ends_at = row.ends_at.map_or(starts_at + chrono::Duration::minutes(1), |end| {
        starts_at + (end - row.starts_at)
    });
    let open = Status::open().map(Status::as_str);
    let around = appointment::Entity::in_business(row.business_id)
        .filter(appointment::Column::StartsAt.gt(starts_at - chrono::Duration::days(1)))
        .filter(appointment::Column::StartsAt.lt(ends_at))
        .filter(appointment::Column::Status.is_in(open))
        .order_by_asc(appointment::Column::StartsAt)
        .limit(1000)
        .all(db)
        .await?;
    let overlaps = |other: &&appointment::Model| {
        let end = other.ends_at.unwrap_or(other.starts_at + chrono::Duration::minutes(1));
        other.id != row.id && other.starts_at < ends_at && end > starts_at
    };
    let mut found: Option<String> = None;
    for other in around.iter().filter(overlaps) {
        if other.contact_id == row.contact_id {
            return Ok(Some("This person has another visit then.".to_owned()));
        }
        if !row.staff_label.is_empty() && other.staff_label == row.staff_label {
            found = Some(format!("{} has another visit then.", row.staff_label));
        }
    }
    Ok(found)
}

/// The visits of a series that a change is about, of which there is one at least: open and to come, soonest first. One that does not repeat
/// is a series of its own. The contact is locked by the caller.
async fn concerned(tx: &Tx, row: &appointment::Model, scope: Scope) -> Result<Vec<appointment::Model>> {
    let rows = match row.series_id.filter(|_| scope != Scope::This) {
        Some(series) => of_series(row.business_id, series).all(&tx.db).await?,
        None => vec![row.clone()],
    };
    let after = |other: &appointment::Model| match scope {
        Scope::All => true,
        _ => other.series_index >= row.series_index,
    };
    let open = |other: &appointment::Model| status(other).is_ok_and(Status::is_open) && other.starts_at > tx.now;
    let rows: Vec<appointment::Model> = rows.into_iter().filter(|other| after(other) && open(other)).collect();
    if rows.is_empty() {
        return Err(problem(Code::Conflict, "No visit of this series is still to come."));
    }
    Ok(rows)
}

pub(crate) fn of_series(business_id: Uuid, series: Uuid) -> sea_orm::Select<appointment::Entity> {
    appointment::Entity::in_business(business_id)
        .filter(appointment::Column::SeriesId.eq(series))
        .order_by_asc(appointment::Column::StartsAt)
        .limit(MOST as u64)
}

/// Cancels a visit and those of its series that follow, or all that are to come.
///
/// # Errors
/// `NotFound`; `Conflict` where there is none to cancel.
pub async fn cancel(s: &Services, actor: &Actor, id: Uuid, scope: Scope) -> Result<AppointmentView> {
    actor.may(Permission::WriteAppointments)?;
    let mut tx = s.begin().await?;
    let (_, row) = locked(&tx, actor.business_id, id).await?;
    let rows = concerned(&tx, &row, scope).await?;
    for one in rows {
        set_status(&mut tx, &actor.who, &one, Status::Cancelled).await?;
    }
    finish(tx, actor.business_id, id).await
}

/// Moves a visit and, by as much on the wall's clock, those of its series that follow, or all that are to come; all or none of them.
///
/// # Errors
/// As for one; `Conflict` where there is none to move.
pub async fn shift(s: &Services, actor: &Actor, id: Uuid, cmd: MoveAppointment, scope: Scope) -> Result<AppointmentView> {
    actor.may(Permission::WriteAppointments)?;
    let mut tx = s.begin().await?;
    let (contact, row) = locked(&tx, actor.business_id, id).await?;
    let zone = zone_of(&tx.db, &row).await?;
    by_its_clock(cmd.time_zone.as_deref(), zone)?;
    let local = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
    let by = local(time_ahead(&tx, zone, &cmd.starts_at)?) - local(row.starts_at);
    let mut rows = concerned(&tx, &row, scope).await?;
    overlap::take_turns(&tx, actor.business_id, rows.iter().map(|one| one.staff_label.as_str())).await?;
    let soonest = rows.first().map(|one| one.id);
    // Each into the gap that the one before has left.
    if by > chrono::Duration::zero() {
        rows.sort_by_key(|one| Reverse(one.starts_at));
    }
    for one in rows {
        let starts_at = when::local_to_utc(local(one.starts_at) + by, zone);
        if starts_at <= tx.now || starts_at > tx.now + HORIZON {
            return Err(field(
                "starts_at",
                "One of these visits would be in the past, or more than two years away.",
            ));
        }
        if starts_at != one.starts_at {
            // Asked to tell of it, we tell of the soonest: many texts at once would tell nothing. Each reminder tells its own time.
            let how = How {
                tell: cmd.tell.filter(|tell| !*tell || Some(one.id) == soonest),
                double_book: cmd.double_book,
            };
            change::move_to(&mut tx, actor, &contact, &one, zone, starts_at, how).await?;
        }
    }
    finish(tx, actor.business_id, id).await
}
