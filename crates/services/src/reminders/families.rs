//! Appointments on one phone that are close together: their reminders of one kind go out in one text, with the first that is due.

use contract::appointments::Status;
use domain::reminders::{Kind, MOST_TOGETHER, are_together};
use entity::{appointments::appointment, businesses::business, reminders::reminder_request};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType};

use super::siblings::{later_kind_due, replace_waiting, siblings};
use crate::{
    appointments::{self, clocks},
    businesses::locations,
    kernel::{Result, Tx},
};

/// Half a day: what is due after that is of another one.
const SOON: chrono::Duration = chrono::Duration::hours(12);

/// What a text tells of: an appointment and the reminder of it that is due.
pub(super) type Told = (appointment::Model, reminder_request::Model);

/// A due reminder with those that go out in its text, the soonest appointment first. The contact is locked by the caller. One that a member
/// asked for goes out alone: they meant this appointment.
pub(super) async fn with_companions(tx: &mut Tx, business: &business::Model, due: Told) -> Result<Vec<Told>> {
    let (appointment, request) = &due;
    if request.kind == Kind::Manual.to_string() {
        return Ok(vec![due]);
    }
    let place = locations::zone_of(&tx.db, business, appointment.location_id).await?;
    let near = reminder_request::Entity::in_business(request.business_id)
        .filter(reminder_request::Column::ContactId.eq(request.contact_id))
        .filter(reminder_request::Column::Kind.eq(&request.kind))
        .filter(reminder_request::Column::Status.eq("planned"))
        .filter(reminder_request::Column::DueAt.lte(tx.now + SOON))
        .filter(reminder_request::Column::Id.ne(request.id))
        .order_by_asc(reminder_request::Column::DueAt)
        .limit(50)
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    if near.is_empty() {
        return Ok(vec![due]);
    }
    let ids = near.iter().map(|r| r.appointment_id);
    let found = appointment::Entity::these(request.business_id, ids).all(&tx.db).await?;
    let mut told = Vec::new();
    for other in near {
        let about = found.iter().find(|a| a.id == other.appointment_id);
        let Some(about) = about.filter(|a| goes_with(a, appointment)) else {
            continue;
        };
        if told.len() + 1 >= MOST_TOGETHER
            || !are_together(about.starts_at, appointment.starts_at, place)
            || appointments::status(about)? != Status::Scheduled
            || about.starts_at <= tx.now
            || clocks::undecided(about)
        {
            continue;
        }
        let others = siblings(&tx.db, &other).await?;
        if !later_kind_due(tx.now, &other, &others) {
            replace_waiting(tx, others).await?;
            told.push((about.clone(), other));
        }
    }
    told.insert(0, due);
    Ok(told)
}

/// Its text would leave from the same number and tell the time of the same clock.
fn goes_with(one: &appointment::Model, other: &appointment::Model) -> bool {
    one.contact_id == other.contact_id && one.location_id == other.location_id && one.time_zone == other.time_zone
}
