//! A visit as a file says it: booked if it is new, else brought up to date. What follows, reminders above all, is what follows from any booking.

use chrono::{DateTime, Duration, Utc};
use contract::{Code, appointments::Status};
use domain::{imports::Said, zone::Zone};
use entity::{appointments::appointment, contacts::contact};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::{
    HORIZON, LENGTH,
    change::{self, How},
    clocks, external, locked, record, set_status, status,
};
use crate::{
    businesses::staff,
    contacts,
    kernel::{
        Actor, Event, Result, Tx,
        error::{field, long, problem, short},
    },
};

/// A visit as a file says it. What it says nothing of is none.
pub(crate) struct FromFile<'a> {
    pub external_id: Option<&'a str>,
    pub for_name: Option<&'a str>,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    /// The clock of its place.
    pub zone: Zone,
    pub type_id: Option<Uuid>,
    /// How long its type takes.
    pub type_minutes: Option<i32>,
    pub location_id: Option<Uuid>,
    pub staff_label: Option<&'a str>,
    pub notes: Option<&'a str>,
    pub said: Said,
}

/// The visit with this id, if it is one of this business.
pub(crate) async fn with_id(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<Option<appointment::Model>> {
    Ok(appointment::Entity::these(business_id, [id]).one(&tx.db).await?)
}

/// The visit of this person, or of who shares their phone, that begins in this minute; of several one that still stands.
pub(crate) async fn at(
    tx: &Tx,
    contact: &contact::Model,
    for_name: Option<&str>,
    starts_at: DateTime<Utc>,
) -> Result<Option<appointment::Model>> {
    let minute = minute(starts_at);
    let start = appointment::Column::StartsAt;
    let same = match for_name {
        Some(name) => appointment::Column::ForName.eq(name),
        None => appointment::Column::ForName.is_null(),
    };
    let there = appointment::Entity::in_business(contact.business_id)
        .filter(appointment::Column::ContactId.eq(contact.id))
        .filter(same)
        .filter(start.gte(minute))
        .filter(start.lt(minute + Duration::minutes(1)))
        .order_by_asc(appointment::Column::Id)
        .limit(20)
        .all(&tx.db)
        .await?;
    let open = there.iter().position(|row| status(row).is_ok_and(Status::is_open));
    Ok(there.into_iter().nth(open.unwrap_or_default()))
}

fn minute(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(60) * 60, 0).unwrap_or(at)
}

/// # Errors
/// What is wrong with its times.
fn checked(tx: &Tx, visit: &FromFile<'_>) -> Result<()> {
    if visit.starts_at > tx.now + HORIZON {
        return Err(field("starts_at", "This is more than two years away. Please check the year."));
    }
    let length = visit.ends_at.map(|end| end - visit.starts_at);
    let longest = Duration::minutes((*LENGTH.end()).into());
    if length.is_some_and(|length| length <= Duration::zero() || length > longest) {
        return Err(field("ends_at", "A visit ends after it begins, and takes a day at most."));
    }
    Ok(())
}

/// Books it for this person, whose lock the caller holds.
///
/// # Errors
/// `Invalid` for what can't be kept, after which something may have been written.
pub(crate) async fn book(tx: &mut Tx, actor: &Actor, contact: &contact::Model, visit: &FromFile<'_>) -> Result<()> {
    checked(tx, visit)?;
    let notes = long("notes", visit.notes.unwrap_or_default(), 2000)?;
    let for_name = visit.for_name.map(|name| short("for_name", name, 80)).transpose()?;
    let external_id = external::valid(visit.external_id)?;
    let staff_label = staff::chosen(tx, actor.business_id, visit.staff_label.unwrap_or_default()).await?;
    let ends_at = visit.ends_at.or(visit
        .type_minutes
        .map(|minutes| visit.starts_at + Duration::minutes(minutes.into())));
    // Of what is past it may be known how it went.
    let was = match visit.said {
        Said::Expected => Status::Scheduled,
        Said::Cancelled => Status::Cancelled,
        Said::Completed => Status::Completed,
        Said::NoShow => Status::NoShow,
    };
    // Anew: its next token is another one by then.
    let contact = contacts::locked(tx, actor.business_id, contact.id).await?;
    let mut row = appointment::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        contact_id: Set(contact.id),
        status: Set(was.as_str().to_owned()),
        staff_label: Set(staff_label),
        notes: Set(notes),
        for_name: Set(for_name),
        token: Set(contacts::take_token(tx, contact).await?),
        location_id: Set(visit.location_id),
        type_id: Set(visit.type_id),
        ends_at: Set(ends_at),
        source: Set(Some(appointment::Source::Import)),
        external_id: Set(external_id),
        cancelled_at: Set((was == Status::Cancelled).then_some(tx.now)),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    clocks::entered(&mut row, visit.starts_at, visit.zone);
    let row = row.insert(&tx.db).await?;
    // What is over has no reminders to plan.
    let event = if was.is_open() {
        Event::AppointmentBooked
    } else {
        Event::AppointmentEnded
    };
    record(tx, &actor.who, event, None, &row);
    Ok(())
}

/// What was done with a visit that is here already.
#[derive(Default)]
pub(crate) struct Brought {
    pub changed: Vec<&'static str>,
    /// What the file says otherwise, and was left.
    pub left: Option<&'static str>,
}

/// Makes the visit what the file says. One that is over or cancelled here stays so, and type and place are its own page's to change.
///
/// # Errors
/// `Conflict` where the visit is another person's.
pub(crate) async fn bring_up_to_date(
    tx: &mut Tx,
    actor: &Actor,
    id: Uuid,
    number: Option<&str>,
    visit: &FromFile<'_>,
) -> Result<Brought> {
    let (contact, mut row) = locked(tx, actor.business_id, id).await?;
    if let Some(number) = number
        && !contacts::has_number(tx, &contact, number).await?
    {
        return Err(problem(Code::Conflict, "This visit is another person's here."));
    }
    if !status(&row)?.is_open() {
        return Ok(Brought::default());
    }
    let over = matches!(visit.said, Said::Completed | Said::NoShow) && row.starts_at <= tx.now;
    if over || visit.said == Said::Cancelled {
        let becomes = match visit.said {
            Said::Completed => Status::Completed,
            Said::NoShow => Status::NoShow,
            Said::Expected | Said::Cancelled => Status::Cancelled,
        };
        set_status(tx, &actor.who, &row, becomes).await?;
        return Ok(Brought {
            changed: vec!["status"],
            left: None,
        });
    }
    checked(tx, visit)?;
    let other = |said: Option<Uuid>, is: Option<Uuid>| said.is_some() && said != is;
    let differs = other(visit.type_id, row.type_id) || other(visit.location_id, row.location_id);
    let left = differs.then_some("Another type or place is known here, and was left.");
    let mut changed = Vec::new();
    if minute(visit.starts_at) != minute(row.starts_at) {
        // Another system has moved it, and the next reminder says so: a file is no reason to write to hundreds at once.
        let how = How {
            tell: Some(false),
            double_book: true,
        };
        change::move_to(tx, actor, &contact, &row, visit.zone, visit.starts_at, how).await?;
        changed.push("starts_at");
        row = super::find(&tx.db, actor.business_id, id).await?;
    }
    edit(tx, actor, row, visit, &mut changed).await?;
    Ok(Brought { changed, left })
}

/// What reminders need not hear of.
async fn edit(
    tx: &mut Tx,
    actor: &Actor,
    before: appointment::Model,
    visit: &FromFile<'_>,
    changed: &mut Vec<&'static str>,
) -> Result<()> {
    let known = changed.len();
    let mut row = before.clone().into_active_model();
    if let Some(notes) = visit.notes.filter(|notes| *notes != before.notes) {
        row.notes = Set(long("notes", notes, 2000)?);
        changed.push("notes");
    }
    if let Some(label) = visit.staff_label.filter(|label| *label != before.staff_label) {
        row.staff_label = Set(staff::chosen(tx, actor.business_id, label).await?);
        changed.push("staff_label");
    }
    if visit.ends_at.is_some() && visit.ends_at != before.ends_at {
        row.ends_at = Set(visit.ends_at);
        changed.push("ends_at");
    }
    if let (Some(id), None) = (external::valid(visit.external_id)?, &before.external_id) {
        row.external_id = Set(Some(id));
        changed.push("external_id");
    }
    if changed.len() == known {
        return Ok(());
    }
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    record(tx, &actor.who, Event::AppointmentEdited, Some(&before), &after);
    Ok(())
}
