//! Visits that fill a time that was free: booked into it, or moved there.

use chrono::{DateTime, Utc};
use contract::appointments::Status;
use domain::zone::Zone;
use entity::{appointments::appointment, contacts::contact};
use sea_orm::{ActiveModelTrait, Set};
use uuid::Uuid;

use super::{
    change::{self, How},
    clocks, not_twice, overlap, record, set_status,
};
use crate::{
    contacts,
    kernel::{Actor, Event, Principal, Result, Tx},
};

/// A time that is free.
#[derive(Clone)]
pub(crate) struct Place {
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// The clock of its place.
    pub zone: Zone,
    pub location_id: Option<Uuid>,
    pub staff_label: String,
    pub type_id: Option<Uuid>,
}

/// Books a visit into it, which counts as confirmed: its customer has just said that they come. The contact is locked by the caller.
///
/// # Errors
/// `Conflict` when they have a visit at that minute already.
pub(crate) async fn book(
    tx: &mut Tx,
    by: &Principal,
    contact: &contact::Model,
    for_name: Option<&str>,
    place: Place,
) -> Result<appointment::Model> {
    not_twice(tx, contact, for_name, place.starts_at, None).await?;
    let mut row = appointment::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(contact.business_id),
        contact_id: Set(contact.id),
        status: Set(Status::Scheduled.as_str().to_owned()),
        staff_label: Set(place.staff_label),
        notes: Set(String::new()),
        for_name: Set(for_name.map(str::to_owned)),
        token: Set(contacts::take_token(tx, contact.clone()).await?),
        location_id: Set(place.location_id),
        type_id: Set(place.type_id),
        ends_at: Set(Some(place.ends_at)),
        source: Set(Some(appointment::Source::Waitlist)),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    clocks::entered(&mut row, place.starts_at, place.zone);
    let row = row.insert(&tx.db).await?;
    record(tx, by, Event::AppointmentBooked, None, &row);
    set_status(tx, by, &row, Status::Confirmed).await
}

/// Moves a visit there, which is confirmed by that; nobody is told of the move but by who calls this. Visit and contact are locked by the
/// caller.
///
/// # Errors
/// `Conflict` when they have another visit at that minute.
pub(crate) async fn move_there(
    tx: &mut Tx,
    by: &Principal,
    contact: &contact::Model,
    before: &appointment::Model,
    place: Place,
) -> Result<appointment::Model> {
    let actor = Actor {
        business_id: contact.business_id,
        who: by.clone(),
    };
    let after = appointment::Model {
        starts_at: place.starts_at,
        ends_at: Some(place.ends_at),
        location_id: place.location_id,
        staff_label: place.staff_label,
        type_id: place.type_id.or(before.type_id),
        ..before.clone()
    };
    // That the time is free is known by the lock of who offers it.
    let how = How {
        tell: Some(false),
        double_book: true,
    };
    change::write(tx, &actor, contact, (before, after), place.zone, how, true).await?;
    let moved = super::find(&tx.db, contact.business_id, before.id).await?;
    set_status(tx, by, &moved, Status::Confirmed).await
}

/// Whether another visit than these has that time with whom it is with; none has where nobody is named.
pub(crate) async fn is_busy(tx: &Tx, business_id: Uuid, place: &Place, but: &[Uuid]) -> Result<bool> {
    if place.staff_label.is_empty() {
        return Ok(false);
    }
    let span = (place.starts_at, place.ends_at);
    overlap::any_other(tx, business_id, &place.staff_label, span, but).await
}
