//! Appointments. What follows from a change, its reminders above all, hears of it in the same transaction.

pub(crate) mod arrival;
pub mod calendar;
pub(crate) mod change;
pub mod clocks;
pub(crate) mod day;
pub(crate) mod elsewhere;
mod example;
pub mod external;
pub(crate) mod filling;
pub(crate) mod import;
pub(crate) mod in_calendars;
pub mod link;
pub(crate) mod overlap;
pub mod page;
pub mod past;
pub mod series;
mod view;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code, Page, Problem,
    appointments::{
        AppointmentAction, AppointmentQuery, AppointmentView, CreateAppointment, EditAppointment, MoveAppointment, Scope, Status,
    },
};
use domain::{when, zone::Zone};
use entity::{appointments::appointment, contacts::contact};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::LockType,
};
use uuid::Uuid;

use crate::{
    businesses::{self, locations, staff, types},
    contacts,
    kernel::{
        Actor, Error, Event, Permission, Principal, Result, Services, Tx,
        error::{field, long, not_found, problem, short},
        paging::{self, Cursor, PAGE, TimeCursor},
        tx::Changed,
    },
};

pub(crate) use example::book_example;
use view::views;
pub(crate) use view::{any_ahead, next_of, next_start, of_contact, view, views_in_order, views_of};

/// Minutes that an appointment takes.
const LENGTH: std::ops::RangeInclusive<i32> = 5..=24 * 60;

/// An appointment further away than this is a slip of the keyboard.
const HORIZON: Duration = Duration::days(2 * 366);

/// Creates an appointment and plans its reminders.
///
/// # Errors
/// `Invalid` for a time that can't be read, is past, or is over two years away, and for a location that is none; `NotFound` for the
/// contact; `Conflict` with the id of the appointment that the contact has at that time already.
pub async fn create(s: &Services, actor: &Actor, cmd: CreateAppointment) -> Result<AppointmentView> {
    actor.may(Permission::WriteAppointments)?;
    let notes = long("notes", &cmd.notes.unwrap_or_default(), 2000)?;
    let for_name = short("for_name", &cmd.for_name.unwrap_or_default(), 80)?;
    let for_name = Some(for_name).filter(|name| !name.is_empty());
    let external_id = external::valid(cmd.external_id.as_deref())?;
    let mut tx = s.begin().await?;
    let business = businesses::get(&tx.db, actor.business_id).await?;
    let location_id = locations::chosen(&tx.db, actor.business_id, cmd.location_id).await?;
    let kind = types::chosen(&tx.db, actor.business_id, cmd.type_id).await?;
    let staff_label = staff::chosen(&tx, actor.business_id, &cmd.staff_label.unwrap_or_default()).await?;
    let zone = locations::zone_of(&tx.db, &business, location_id).await?;
    let starts_at = time_ahead(&tx, zone, &cmd.starts_at)?;
    let minutes = kind.as_ref().map(|kind| kind.minutes);
    let ends_at = end(zone, starts_at, cmd.ends_at.as_deref(), cmd.minutes)?
        .or(minutes.map(|minutes| starts_at + Duration::minutes(minutes.into())));
    let contact = contacts::locked(&tx, actor.business_id, cmd.contact_id).await?;
    not_twice(&tx, &contact, for_name.as_deref(), starts_at, None).await?;
    let mut row = appointment::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        contact_id: Set(contact.id),
        status: Set(Status::Scheduled.as_str().to_owned()),
        staff_label: Set(staff_label),
        notes: Set(notes),
        for_name: Set(for_name),
        token: Set(contacts::take_token(&tx, contact.clone()).await?),
        location_id: Set(location_id),
        type_id: Set(kind.map(|kind| kind.id)),
        ends_at: Set(ends_at),
        source: Set(source(&actor.who)),
        external_id: Set(external_id),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    clocks::entered(&mut row, starts_at, zone);
    let row = row.insert(&tx.db).await?;
    record(&mut tx, &actor.who, Event::AppointmentBooked, None, &row);
    if let Some(repeat) = cmd.repeat {
        series::extend(&mut tx, actor, &row, &repeat).await?;
    }
    finish(tx, actor.business_id, row.id).await
}

/// Changes an appointment. At another time reminders of the old one die, those of the new one are planned, and the answer is open again.
///
/// # Errors
/// `NotFound`; `Invalid` per field; `Conflict` for one that is cancelled or over, that has changed since it was read, that another calendar
/// keeps, or whose time somebody has already: the contact, or who it is with.
pub async fn edit(s: &Services, actor: &Actor, id: Uuid, cmd: EditAppointment) -> Result<AppointmentView> {
    actor.may(Permission::WriteAppointments)?;
    match cmd.scope {
        Scope::This => change::one(s, actor, id, cmd).await,
        scope => series::shift(s, actor, id, change::only_time(&cmd)?, scope).await,
    }
}

/// Moves an appointment: reminders of the old time die, those of the new one are planned, and the answer is open again.
///
/// # Errors
/// As `edit`.
pub async fn reschedule(s: &Services, actor: &Actor, id: Uuid, cmd: MoveAppointment) -> Result<AppointmentView> {
    edit(s, actor, id, cmd.into()).await
}

/// Confirms, cancels, completes or reopens an appointment, or marks a no-show or an arrival. Doing it twice changes nothing.
///
/// # Errors
/// `Invalid` for how a visit went before it has begun, and for an arrival on another day;
/// `NotFound`; `Conflict` where the act makes no sense (confirming a cancelled appointment, say), or where another appointment has the time
/// of one that is reopened.
pub async fn act(s: &Services, actor: &Actor, id: Uuid, act: AppointmentAction) -> Result<AppointmentView> {
    actor.may(Permission::WriteAppointments)?;
    let mut tx = s.begin().await?;
    let (contact, before) = locked(&tx, actor.business_id, id).await?;
    let was = status(&before)?;
    let becomes = match act {
        AppointmentAction::Confirm => Status::Confirmed,
        AppointmentAction::Cancel => Status::Cancelled,
        AppointmentAction::Complete => Status::Completed,
        AppointmentAction::NoShow => Status::NoShow,
        AppointmentAction::Arrive => {
            if before.arrived_at.is_none() {
                not_closed(was)?;
                arrival::mark(&mut tx, &actor.who, &before).await?;
            }
            return finish(tx, actor.business_id, id).await;
        }
        AppointmentAction::Reopen if was.is_open() => {
            arrival::take_back(&mut tx, &actor.who, &before).await?;
            return finish(tx, actor.business_id, id).await;
        }
        AppointmentAction::Reopen => Status::Scheduled,
    };
    if was == becomes {
        return view(s, &tx.db, actor.business_id, id).await;
    }
    if act != AppointmentAction::Reopen {
        not_closed(was)?;
    }
    if matches!(becomes, Status::Completed | Status::NoShow) && before.starts_at > tx.now {
        return Err(problem(
            Code::Invalid,
            "This visit has not begun yet. How it went can be said once its time has come.",
        ));
    }
    if act == AppointmentAction::Reopen {
        not_twice(&tx, &contact, before.for_name.as_deref(), before.starts_at, Some(id)).await?;
    }
    let after = set_status(&mut tx, &actor.who, &before, becomes).await?;
    if act == AppointmentAction::Reopen {
        clocks::ask(&mut tx, &actor.who, &after);
    }
    finish(tx, actor.business_id, id).await
}

/// Where an appointment comes from that this one makes.
fn source(who: &Principal) -> Option<appointment::Source> {
    match who {
        Principal::Member { .. } | Principal::Operator => Some(appointment::Source::Staff),
        Principal::ApiKey { .. } => Some(appointment::Source::Api),
        Principal::Customer | Principal::CustomerPage | Principal::Platform { .. } | Principal::System(_) => None,
    }
}

/// Nobody is at two appointments in the same minute, which is as far as texts tell times apart: a second one is a double click, or a
/// program that asked again. The caller holds the contact's lock, so two at the same moment find each other, too.
///
/// # Errors
/// `Conflict` with the id of the first.
async fn not_twice(
    tx: &Tx,
    contact: &contact::Model,
    for_name: Option<&str>,
    starts_at: DateTime<Utc>,
    but: Option<Uuid>,
) -> Result<()> {
    let minute = DateTime::from_timestamp(starts_at.timestamp().div_euclid(60) * 60, 0).unwrap_or(starts_at);
    let start = appointment::Column::StartsAt;
    let open = Status::open().map(Status::as_str);
    let same = match for_name {
        Some(name) => appointment::Column::ForName.eq(name),
        None => appointment::Column::ForName.is_null(),
    };
    let first = appointment::Entity::in_business(contact.business_id)
        .filter(appointment::Column::ContactId.eq(contact.id))
        .filter(same)
        .filter(start.gte(minute))
        .filter(start.lt(minute + Duration::minutes(1)))
        .filter(appointment::Column::Status.is_in(open))
        .filter(appointment::Column::Id.ne(but.unwrap_or_default()))
        .one(&tx.db)
        .await?;
    let Some(first) = first else { return Ok(()) };
    let who = for_name.or(Some(contact.name.as_str()).filter(|name| !name.is_empty()));
    let who = who.unwrap_or("This person");
    let detail = format!("{who} already has an appointment at that time. Choose another time, or change that one.");
    Err(Problem::with(first.id, detail).into())
}

/// Gives an appointment another state, and says so.
pub(crate) async fn set_status(
    tx: &mut Tx,
    by: &Principal,
    before: &appointment::Model,
    status: Status,
) -> Result<appointment::Model> {
    let mut row = before.clone().into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.cancelled_at = Set((status == Status::Cancelled).then_some(tx.now));
    row.marked_in = Set(None);
    row.revision = Set(before.revision + 1);
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    let event = match status {
        Status::Scheduled => Event::AppointmentReopened,
        Status::Confirmed => Event::AppointmentConfirmed,
        Status::RescheduleRequested => Event::AppointmentDeclined,
        Status::Cancelled => Event::AppointmentCancelled,
        Status::Completed | Status::NoShow => Event::AppointmentEnded,
    };
    record(tx, by, event, Some(before), &after);
    Ok(after)
}

/// One appointment.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<AppointmentView> {
    actor.may(Permission::ReadAppointments)?;
    view(s, s.read(), actor.business_id, id).await
}

/// Appointments: `upcoming` (soonest first), `past` (latest first), `unanswered` (to come, asked about and not answered; soonest first),
/// `unmarked` (past, and nobody has said how they went; latest first), or those with one status (latest first).
///
/// # Errors
/// `Malformed` for a filter or cursor that is none.
pub async fn list(s: &Services, actor: &Actor, query: AppointmentQuery) -> Result<Page<AppointmentView>> {
    actor.may(Permission::ReadAppointments)?;
    let start = appointment::Column::StartsAt;
    let rows = appointment::Entity::in_business(actor.business_id).limit(PAGE + 1);
    let (mut rows, newest_first) = match query.show.as_deref().unwrap_or("upcoming") {
        "" | "upcoming" => (rows.filter(start.gte(s.now() - Duration::hours(1))), false),
        "unanswered" => (day::unanswered(rows, s.now()), false),
        "unmarked" => (day::unmarked(rows, s.now()), true),
        "past" => (rows.filter(start.lt(s.now())), true),
        other => {
            let status: Status = other.parse().map_err(|()| {
                problem(
                    Code::Malformed,
                    "show is \"upcoming\", \"past\", \"unanswered\", \"unmarked\" or a status.",
                )
            })?;
            (rows.filter(appointment::Column::Status.eq(status.as_str())), true)
        }
    };
    if let Some(Cursor(at, id)) = TimeCursor::decode(query.cursor.as_deref())? {
        rows = rows.filter(paging::beyond(start, appointment::Column::Id, at, id, newest_first));
    }
    let order = if newest_first {
        sea_orm::Order::Desc
    } else {
        sea_orm::Order::Asc
    };
    let rows = rows.order_by(start, order.clone()).order_by(appointment::Column::Id, order);
    let page = paging::page(rows.all(s.read()).await?, |row| Cursor(row.starts_at, row.id));
    Ok(Page {
        data: views(s, s.read(), actor.business_id, page.data).await?,
        next_cursor: page.next_cursor,
    })
}

pub(crate) async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<appointment::Model> {
    let row = appointment::Entity::in_business(business_id)
        .filter(appointment::Column::Id.eq(id))
        .one(db)
        .await?;
    row.ok_or_else(|| not_found("visit"))
}

pub(crate) fn status(row: &appointment::Model) -> Result<Status> {
    row.status
        .parse()
        .map_err(|()| Error::broken("a visit with an unknown status"))
}

/// The appointment and its contact, both locked, the contact first as everywhere.
pub(crate) async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<(contact::Model, appointment::Model)> {
    let contact_id = find(&tx.db, business_id, id).await?.contact_id;
    let contact = contacts::locked(tx, business_id, contact_id).await?;
    let row = appointment::Entity::in_business(business_id)
        .filter(appointment::Column::Id.eq(id))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    Ok((contact, row.ok_or_else(|| not_found("visit"))?))
}

pub(crate) async fn finish(mut tx: Tx, business_id: Uuid, id: Uuid) -> Result<AppointmentView> {
    tx.settle().await?;
    let shown = view(tx.services(), &tx.db, business_id, id).await?;
    tx.commit().await?;
    Ok(shown)
}

fn record(
    tx: &mut Tx,
    by: &Principal,
    event: impl FnOnce(Arc<appointment::Model>) -> Event,
    before: Option<&appointment::Model>,
    after: &appointment::Model,
) {
    let facts = change::Facts::of;
    tx.mark_changed(after.business_id, Changed::Appointment(after.id));
    let event = event(Arc::new(after.clone()));
    tx.record_change(after.business_id, by, event, before.map(facts), Some(facts(after)));
}

fn not_closed(was: Status) -> Result<()> {
    if was.is_open() {
        return Ok(());
    }
    let words = format!("This visit is already marked \"{}\". Undo that first.", was.label());
    Err(problem(Code::Conflict, words))
}

/// Where somebody is seen: at their next visit that is still expected, else where they were last; none: nowhere that is known.
pub(crate) async fn place_of(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    contact_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let start = appointment::Column::StartsAt;
    let visits = || {
        appointment::Entity::in_business(business_id)
            .filter(appointment::Column::ContactId.eq(contact_id))
            .limit(1)
    };
    let open = Status::open().map(Status::as_str);
    let next = visits()
        .filter(start.gte(now))
        .filter(appointment::Column::Status.is_in(open))
        .order_by_asc(start);
    let visit = match next.one(db).await? {
        Some(next) => Some(next),
        None => visits().filter(start.lt(now)).order_by_desc(start).one(db).await?,
    };
    Ok(visit.and_then(|visit| visit.location_id))
}

/// When an appointment ends, if that was said: at a time, or after some minutes.
fn end(zone: Zone, starts_at: DateTime<Utc>, ends_at: Option<&str>, minutes: Option<i32>) -> Result<Option<DateTime<Utc>>> {
    if ends_at.is_some() && minutes.is_some() {
        return Err(field("minutes", "Please give ends_at or minutes, not both."));
    }
    if let Some(minutes) = minutes {
        if !LENGTH.contains(&minutes) {
            return Err(field("minutes", "Please give how long it takes in minutes, from 5 to 1440."));
        }
        return Ok(Some(starts_at + Duration::minutes(minutes.into())));
    }
    let Some(text) = ends_at else { return Ok(None) };
    let local = || when::local(text).map(|local| when::local_to_utc(local, zone));
    let at = when::instant(text).or_else(local);
    let at = at.ok_or_else(|| field("ends_at", "Please give a date and a time, for example 2027-01-05T15:45."))?;
    if at <= starts_at || at - starts_at > Duration::days(1) {
        return Err(field("ends_at", "A visit ends after it begins, and takes a day at most."));
    }
    Ok(Some(at))
}

/// Reads a start: RFC 3339, or a local time in the zone of its place; it must lie ahead.
pub(crate) fn time_ahead(tx: &Tx, zone: Zone, text: &str) -> Result<DateTime<Utc>> {
    ahead(tx, start(zone, text)?)
}

fn start(zone: Zone, text: &str) -> Result<DateTime<Utc>> {
    let local = || when::local(text).map(|local| when::local_to_utc(local, zone));
    let at = when::instant(text).or_else(local);
    let at = at.ok_or_else(|| field("starts_at", "Please give a date and a time, for example 2027-01-05T15:00."))?;
    // Whole seconds: texts name minutes, and correlation ids must not differ by fractions.
    Ok(DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at))
}

fn ahead(tx: &Tx, at: DateTime<Utc>) -> Result<DateTime<Utc>> {
    if at <= tx.now {
        return Err(field("starts_at", "This time has passed. Please choose one that lies ahead."));
    }
    if at > tx.now + HORIZON {
        return Err(field("starts_at", "This is more than two years away. Please check the year."));
    }
    Ok(at)
}
