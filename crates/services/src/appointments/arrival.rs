//! Who is there: staff see it, or the customer texts it on the day.

use chrono::{DateTime, Days, NaiveTime, Utc};
use contract::{Code, appointments::Status};
use domain::{when, zone::Zone};
use entity::{appointments::appointment, contacts::contact};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};

use super::{record, status};
use crate::{
    businesses::{self, locations},
    kernel::{Event, Principal, Result, Tx, error::problem},
};

/// Notes that the customer of a visit of today is there. The caller holds the visit's lock.
///
/// # Errors
/// `Invalid` on any other day of its place's calendar.
pub(super) async fn mark(tx: &mut Tx, by: &Principal, before: &appointment::Model) -> Result<()> {
    let business = businesses::of(tx, before.business_id).await?;
    let zone = locations::zone_of(&tx.db, &business, before.location_id).await?;
    if day(before.starts_at, zone) != day(tx.now, zone) {
        return Err(problem(Code::Invalid, "A visit is marked as arrived on its own day."));
    }
    let mut row = before.clone().into_active_model();
    row.arrived_at = Set(Some(tx.now));
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    record(tx, by, Event::AppointmentArrived, Some(before), &after);
    Ok(())
}

/// It was not so. The caller holds the visit's lock.
pub(super) async fn take_back(tx: &mut Tx, by: &Principal, before: &appointment::Model) -> Result<()> {
    if before.arrived_at.is_none() {
        return Ok(());
    }
    let mut row = before.clone().into_active_model();
    row.arrived_at = Set(None);
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    record(tx, by, Event::AppointmentReopened, Some(before), &after);
    Ok(())
}

fn day(at: DateTime<Utc>, zone: Zone) -> chrono::NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// What a customer's HERE was about.
pub(crate) enum Here {
    /// The one visit they have on the day they wrote is marked.
    Marked,
    /// They have several: nothing is guessed.
    Several,
    /// They have none, or it is over.
    Nothing,
}

/// A customer wrote that they are there. The caller holds the contact's lock.
pub(crate) async fn said(tx: &mut Tx, contact: &contact::Model, at: DateTime<Utc>) -> Result<Here> {
    let business = businesses::of(tx, contact.business_id).await?;
    // Places may have other clocks than the business: looked at are those around the day, few of one person.
    let zone = businesses::zone(&business);
    let midnight = |day: chrono::NaiveDate| when::local_to_utc(day.and_time(NaiveTime::MIN), zone);
    let today = day(at, zone);
    let from = midnight(today.checked_sub_days(Days::new(1)).unwrap_or(today));
    let until = midnight(today.checked_add_days(Days::new(2)).unwrap_or(today));
    let open = Status::open().map(Status::as_str);
    let rows = appointment::Entity::in_business(contact.business_id)
        .filter(appointment::Column::ContactId.eq(contact.id))
        .filter(appointment::Column::StartsAt.gte(from))
        .filter(appointment::Column::StartsAt.lt(until))
        .filter(appointment::Column::Status.is_in(open))
        .order_by_asc(appointment::Column::StartsAt)
        .limit(50)
        .all(&tx.db)
        .await?;
    let mut here = Vec::new();
    for row in rows {
        let zone = locations::zone_of(&tx.db, &business, row.location_id).await?;
        if day(row.starts_at, zone) == day(at, zone) && day(at, zone) == day(tx.now, zone) {
            here.push(row);
        }
    }
    match here.as_slice() {
        [] => Ok(Here::Nothing),
        [one] if one.arrived_at.is_some() => Ok(Here::Marked),
        [one] => {
            status(one)?;
            mark(tx, &Principal::Customer, one).await?;
            Ok(Here::Marked)
        }
        _ => Ok(Here::Several),
    }
}
