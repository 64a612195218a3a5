//! A visit of somebody who is nobody.

use chrono::{DateTime, Utc};
use contract::appointments::Status;
use domain::zone::Zone;
use entity::{appointments::appointment, contacts::contact};
use sea_orm::{ActiveModelTrait, Set};
use uuid::Uuid;

use super::{clocks, record};
use crate::{
    contacts,
    kernel::{Event, Principal, Result, Tx},
};

/// Books one that reminds nobody; its contact is new in this transaction.
pub(crate) async fn book_example(
    tx: &mut Tx,
    by: &Principal,
    contact: &contact::Model,
    (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    zone: Zone,
) -> Result<appointment::Model> {
    let mut row = appointment::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(contact.business_id),
        contact_id: Set(contact.id),
        status: Set(Status::Scheduled.as_str().to_owned()),
        staff_label: Set(String::new()),
        notes: Set(String::new()),
        token: Set(contacts::take_token(tx, contact.clone()).await?),
        ends_at: Set(Some(ends_at)),
        source: Set(Some(appointment::Source::Staff)),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    clocks::entered(&mut row, starts_at, zone);
    let row = row.insert(&tx.db).await?;
    record(tx, by, Event::AppointmentBooked, None, &row);
    Ok(row)
}
