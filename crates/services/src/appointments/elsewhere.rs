//! Appointments that another system's calendar keeps: when and with whom they are is decided there, how they went is said here.

use chrono::{DateTime, Utc};
use contract::appointments::Status;
use entity::{appointments::appointment, contacts::contact};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set, sea_query::Expr};
use uuid::Uuid;

use super::{clocks, not_twice, record, set_status, status};
use crate::{
    contacts,
    kernel::{Event, Principal, Result, Tx},
};
use domain::zone::Zone;

/// What a calendar says of an appointment.
pub(crate) struct Entry {
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    /// The clock of its place.
    pub zone: Zone,
    pub location_id: Option<Uuid>,
    pub staff_label: String,
}

/// Books what stands in a calendar; the contact is locked by the caller.
///
/// # Errors
/// `Conflict` when they have an appointment at that minute already.
pub(crate) async fn book(tx: &mut Tx, by: &Principal, contact: &contact::Model, entry: Entry) -> Result<appointment::Model> {
    not_twice(tx, contact, None, entry.starts_at, None).await?;
    let mut row = appointment::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(contact.business_id),
        contact_id: Set(contact.id),
        status: Set(Status::Scheduled.as_str().to_owned()),
        staff_label: Set(entry.staff_label),
        notes: Set(String::new()),
        token: Set(contacts::take_token(tx, contact.clone()).await?),
        location_id: Set(entry.location_id),
        ends_at: Set(entry.ends_at),
        source: Set(Some(appointment::Source::Calendar)),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    clocks::entered(&mut row, entry.starts_at, entry.zone);
    let row = row.insert(&tx.db).await?;
    record(tx, by, Event::AppointmentBooked, None, &row);
    Ok(row)
}

/// Gives an open appointment, which is locked with its contact, the time that its calendar says now.
pub(crate) async fn follow(
    tx: &mut Tx,
    by: &Principal,
    before: &appointment::Model,
    zone: Zone,
    starts_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
) -> Result<()> {
    if !status(before)?.is_open() {
        return Ok(());
    }
    if before.starts_at != starts_at {
        let mut row = before.clone().into_active_model();
        clocks::entered(&mut row, starts_at, zone);
        row.ends_at = Set(ends_at);
        row.arrived_at = Set(None);
        row.status = Set(Status::Scheduled.as_str().to_owned());
        row.revision = Set(before.revision + 1);
        row.updated_at = Set(tx.now);
        let after = row.update(&tx.db).await?;
        record(tx, by, Event::AppointmentMoved, Some(before), &after);
    } else if before.ends_at != ends_at {
        let mut row = before.clone().into_active_model();
        row.ends_at = Set(ends_at);
        row.updated_at = Set(tx.now);
        row.update(&tx.db).await?;
    }
    Ok(())
}

/// Its calendar does not hold it any more.
pub(crate) async fn cancel(tx: &mut Tx, by: &Principal, before: &appointment::Model) -> Result<()> {
    if status(before)?.is_open() {
        set_status(tx, by, before, Status::Cancelled).await?;
    }
    Ok(())
}

/// The calendar is not read any more: what it booked is kept here from now on.
pub(crate) async fn keep_here(tx: &Tx, business_id: Uuid, ids: &[Uuid]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    appointment::Entity::update_many()
        .col_expr(appointment::Column::Source, Expr::value("import"))
        .filter(appointment::Column::BusinessId.eq(business_id))
        .filter(appointment::Column::Id.is_in(ids.iter().copied()))
        .exec(&tx.db)
        .await?;
    Ok(())
}
