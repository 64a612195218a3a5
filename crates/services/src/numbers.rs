//! Numbers texts leave from and arrive at.

pub mod accounts;

use contract::Code;
use entity::numbers::number;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::Expr,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    businesses,
    kernel::{
        Error, Event, Principal, Result, Services, Tx,
        error::{field, problem},
    },
};

/// Gives a business an active number and makes it the default sender. A number without a country code is one of the business's country;
/// a business whose country is not known is from now on in the number's.
///
/// # Errors
/// `Invalid` if it is no number; `Conflict` if it belongs to a business already.
pub async fn assign(s: &Services, business_id: Uuid, phone: &str) -> Result<String> {
    let mut tx = s.begin().await?;
    let country = businesses::get(&tx.db, business_id).await?.country;
    let phone = read(phone, &country)?;
    insert(&mut tx, &Principal::Operator, business_id, &phone).await?;
    businesses::learn_country(&mut tx, business_id, &phone).await?;
    tx.commit().await?;
    Ok(phone)
}

/// Sets how many segments a second a number may send, where that is not what its kind of number does (docs/twilio.md §8).
///
/// # Errors
/// `Invalid` for a pace that can't be; `NotFound` for a number nobody has.
pub async fn set_rate(s: &Services, phone: &str, per_second: u32) -> Result<String> {
    // Nobody's in particular: only with its country code can it be told.
    let phone = read(phone, "")?;
    if !(1..=1000).contains(&per_second) {
        return Err(field("per_second", "A number sends 1 to 1,000 text parts a second."));
    }
    let mut tx = s.begin().await?;
    let found = number::Entity::find()
        .filter(number::Column::Phone.eq(&phone))
        .one(&tx.db)
        .await?;
    let Some(row) = found else {
        return Err(problem(Code::NotFound, "No business has this number."));
    };
    let (business_id, event, before) = (row.business_id, Event::RateLimitChanged(row.id), row.per_second);
    let mut row = row.into_active_model();
    row.per_second = Set(Some(per_second as i32));
    row.update(&tx.db).await?;
    let facts = |pace: Option<i32>| json!({ "text_parts_a_second": pace });
    tx.record_change(
        business_id,
        &Principal::Operator,
        event,
        Some(facts(before)),
        Some(facts(Some(per_second as i32))),
    );
    tx.commit().await?;
    Ok(phone)
}

/// A number of ours as it was typed, in E.164.
///
/// # Errors
/// `Invalid` if it is none, or has no country code and `country` is not known.
pub(crate) fn read(typed: &str, country: &str) -> Result<String> {
    domain::phone::parse(typed, country).map_err(|e| field("number", e.to_string()))
}

/// Stores an active number (E.164) as the default sender.
pub(crate) async fn insert(tx: &mut Tx, by: &Principal, business_id: Uuid, phone: &str) -> Result<()> {
    number::Entity::update_many()
        .col_expr(number::Column::IsDefault, Expr::value(false))
        .filter(number::Column::BusinessId.eq(business_id))
        .exec(&tx.db)
        .await?;
    let row = number::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        phone: Set(phone.to_owned()),
        status: Set("active".to_owned()),
        is_default: Set(true),
        per_second: Set(None),
        created_at: Set(tx.now),
    };
    let row = row.insert(&tx.db).await.map_err(|e| {
        let e = Error::from(e);
        if e.is_duplicate() {
            problem(Code::Conflict, "This number belongs to a business already.")
        } else {
            e
        }
    })?;
    tx.record_change(business_id, by, Event::NumberAssigned(row.id), None::<()>, Some(row.phone));
    Ok(())
}

/// Numbers of a business that may be sent from, the default first.
pub(crate) async fn active(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<number::Model>> {
    let rows = number::Entity::in_business(business_id)
        .filter(number::Column::Status.eq("active"))
        .order_by_desc(number::Column::IsDefault)
        .order_by_asc(number::Column::CreatedAt)
        .limit(100);
    Ok(rows.all(db).await?)
}

/// Those of these numbers that may be sent from, with whose they are.
pub(crate) async fn active_of(db: &impl ConnectionTrait, phones: impl IntoIterator<Item = &str>) -> Result<Vec<number::Model>> {
    let rows = number::Entity::find()
        .filter(number::Column::Phone.is_in(phones))
        .filter(number::Column::Status.eq("active"));
    Ok(rows.all(db).await?)
}
