//! Calendars of other systems that appointments are read from, every ten minutes. Nothing is booked, and so nobody is texted, before a
//! person has seen what one would bring and has started it. What nobody can tell the owner of waits for a person.

mod deciding;
mod events;
mod fetching;
mod following;
mod reading;
mod view;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    calendars::{AddCalendarSource, CalendarSourceView},
};
use entity::{
    appointments::appointment,
    calendars::{calendar_event, calendar_source},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use crate::{
    appointments::{self, elsewhere},
    businesses::{locations, staff},
    kernel::{
        Actor, Event, Permission, Principal, Result, Services, Tx,
        error::{field, not_found, problem, short},
        queue::Job,
        tx::Changed,
    },
};

pub(crate) use fetching::Fetcher;

pub use deciding::{believe, events, ignore, link, restore};
#[cfg(test)]
pub(crate) use events::ahead;
pub(crate) use following::read;
use view::view;

/// The sealed columns, as `vault::SEALED` calls them.
const URL: &str = "calendar_source.url";
const TITLE: &str = "calendar_event.title";
const PHONE: &str = "calendar_event.phone";

/// Most calendars of one business.
const MOST: u64 = 20;
const LONGEST_NAME: usize = 60;
/// Calendars that one tick asks to be read.
const DUE: u64 = 50;
/// A calendar that can't be read is told of after so long.
const TOLD: Duration = Duration::hours(1);

/// Who does what follows from a calendar.
const BY: Principal = Principal::System("calendar");

/// The calendars of the actor's business, by name.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<CalendarSourceView>> {
    actor.may(Permission::ReadAppointments)?;
    let rows = calendar_source::Entity::in_business(actor.business_id)
        .order_by_asc(calendar_source::Column::Name)
        .order_by_asc(calendar_source::Column::Id)
        .limit(MOST)
        .all(s.read())
        .await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        shown.push(view(s, row).await?);
    }
    Ok(shown)
}

/// One calendar.
///
/// # Errors
/// `NotAllowed`; `NotFound`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<CalendarSourceView> {
    actor.may(Permission::ReadAppointments)?;
    view(s, find(s.read(), actor.business_id, id).await?).await
}

/// Adds a calendar, which is read at once; nothing is booked before it is started.
///
/// # Errors
/// `Invalid` per field, for an address in a private network among others; `Conflict` when there are 20 already.
pub async fn add(s: &Services, actor: &Actor, cmd: AddCalendarSource) -> Result<CalendarSourceView> {
    actor.may(Permission::WriteAppointments)?;
    let name = short("name", &cmd.name, LONGEST_NAME)?;
    if name.is_empty() {
        return Err(field("name", "Please give it a name, like Salon or Ana's calendar."));
    }
    let url = s.of::<Fetcher>().address(&cmd.url).map_err(|why| field("url", why))?;
    let mut tx = s.begin().await?;
    if calendar_source::Entity::in_business(actor.business_id).count(&tx.db).await? >= MOST {
        return Err(problem(Code::Conflict, format!("A business has at most {MOST} calendars.")));
    }
    let location_id = locations::chosen(&tx.db, actor.business_id, cmd.location_id).await?;
    let staff_label = staff::chosen(&tx, actor.business_id, &cmd.staff_label.unwrap_or_default()).await?;
    let row = calendar_source::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        name: Set(name.clone()),
        url: Set(s.vault().seal(URL, url.as_str())),
        location_id: Set(location_id),
        staff_label: Set(staff_label),
        warnings: Set(String::new()),
        visits: Set(0),
        needs_number: Set(0),
        lost: Set(0),
        next_at: Set(tx.now + s.settings().calendars_every),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    let row = row.insert(&tx.db).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::CalendarAdded(row.id),
        None::<()>,
        Some(name),
    );
    tx.enqueue(&Job::ReadCalendar { source_id: row.id }, tx.now, None).await?;
    tx.commit().await?;
    view(s, row).await
}

/// From now on what stands in the calendar is booked, and reminders go out. Doing it twice changes nothing.
///
/// # Errors
/// `NotFound`; `Conflict` for a calendar that was never read: there is nothing yet that somebody could have looked at.
pub async fn start(s: &Services, actor: &Actor, id: Uuid) -> Result<CalendarSourceView> {
    actor.may(Permission::WriteAppointments)?;
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, id).await?;
    if row.started_at.is_some() {
        return view(s, row).await;
    }
    if row.last_good_at.is_none() {
        return Err(problem(
            Code::Conflict,
            "This calendar has not been read yet. Please look at what it would bring first.",
        ));
    }
    let mut row = row.into_active_model();
    row.started_at = Set(Some(tx.now));
    row.updated_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::CalendarStarted(id),
        None::<()>,
        Some(row.name.clone()),
    );
    tx.enqueue(&Job::ReadCalendar { source_id: id }, tx.now, None).await?;
    tx.commit().await?;
    view(s, row).await
}

/// Reads no more from a calendar. Its visits to come stay, and are kept here from now on, or are cancelled with it.
///
/// # Errors
/// `NotFound`.
pub async fn remove(s: &Services, actor: &Actor, id: Uuid, cancel: bool) -> Result<()> {
    actor.may(Permission::WriteAppointments)?;
    find(s.read(), actor.business_id, id).await?;
    if cancel {
        let open = booked(actor.business_id, id).filter(calendar_event::Column::StartsAt.gt(s.now()));
        for event in open.all(s.read()).await? {
            let Some(appointment_id) = event.appointment_id else {
                continue;
            };
            let mut tx = s.begin().await?;
            let (_, row) = appointments::locked(&tx, actor.business_id, appointment_id).await?;
            elsewhere::cancel(&mut tx, &actor.who, &row).await?;
            tx.commit().await?;
        }
    }
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, id).await?;
    let kept: Vec<Uuid> = booked(actor.business_id, id)
        .all(&tx.db)
        .await?
        .iter()
        .filter_map(|e| e.appointment_id)
        .collect();
    for some in kept.chunks(200) {
        elsewhere::keep_here(&tx, actor.business_id, some).await?;
    }
    calendar_event::Entity::delete_many()
        .filter(calendar_event::Column::BusinessId.eq(actor.business_id))
        .filter(calendar_event::Column::SourceId.eq(id))
        .exec(&tx.db)
        .await?;
    calendar_source::Entity::delete_many()
        .filter(calendar_source::Column::BusinessId.eq(actor.business_id))
        .filter(calendar_source::Column::Id.eq(id))
        .exec(&tx.db)
        .await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::CalendarRemoved(id),
        Some(row.name),
        None::<()>,
    );
    tx.mark_changed(actor.business_id, Changed::Notices);
    tx.commit().await
}

/// Asks for those calendars to be read whose time has come.
///
/// # Errors
/// When the database does not answer; the next tick asks again.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    let now = s.now();
    for one in due(now).all(s.read()).await? {
        let mut tx = s.begin().await?;
        let taken = calendar_source::Entity::update_many()
            .col_expr(calendar_source::Column::NextAt, Expr::value(next(s, one.id, now)))
            .filter(calendar_source::Column::Id.eq(one.id))
            .filter(calendar_source::Column::NextAt.eq(one.next_at))
            .exec(&tx.db)
            .await?;
        if taken.rows_affected == 1 {
            tx.enqueue(&Job::ReadCalendar { source_id: one.id }, now, None).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

pub(crate) fn due(now: DateTime<Utc>) -> Select<calendar_source::Entity> {
    calendar_source::Entity::find()
        .filter(calendar_source::Column::NextAt.lte(now))
        .order_by_asc(calendar_source::Column::NextAt)
        .limit(DUE)
}

/// Up to a tenth earlier, by the calendar's id, so that all of an hour are not asked in the same second.
fn next(s: &Services, id: Uuid, now: DateTime<Utc>) -> DateTime<Utc> {
    let every = s.settings().calendars_every;
    let tenths = i32::from(id.as_bytes()[15] % 11);
    now + every - every * tenths / 100
}

/// Calendars of a business that could not be read for an hour and longer, with why.
pub(crate) async fn failing(s: &Services, db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<(String, String)>> {
    let rows = calendar_source::Entity::in_business(business_id)
        .filter(calendar_source::Column::FailingSince.lte(s.now() - TOLD))
        .limit(3)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.name, row.problem.unwrap_or_default()))
        .collect())
}

/// How many events of a business's calendars wait for somebody to say who comes.
pub(crate) async fn waiting(db: &impl ConnectionTrait, business_id: Uuid) -> Result<u32> {
    let rows: Vec<i32> = calendar_source::Entity::in_business(business_id)
        .select_only()
        .column(calendar_source::Column::NeedsNumber)
        .limit(MOST)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|n| u32::try_from(n).ok()).sum())
}

async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<calendar_source::Model> {
    let row = calendar_source::Entity::these(business_id, [id]).one(db).await?;
    row.ok_or_else(|| not_found("calendar"))
}

async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<calendar_source::Model> {
    let row = calendar_source::Entity::these(business_id, [id])
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    row.ok_or_else(|| not_found("calendar"))
}

/// Events of a calendar that are appointments here.
fn booked(business_id: Uuid, source_id: Uuid) -> Select<calendar_event::Entity> {
    calendar_event::Entity::in_business(business_id)
        .filter(calendar_event::Column::SourceId.eq(source_id))
        .filter(calendar_event::Column::AppointmentId.is_not_null())
}

/// The appointment of an event, with its contact, both locked.
async fn appointment_of(tx: &Tx, event: &calendar_event::Model) -> Result<Option<appointment::Model>> {
    match event.appointment_id {
        Some(id) => Ok(Some(appointments::locked(tx, event.business_id, id).await?.1)),
        None => Ok(None),
    }
}
