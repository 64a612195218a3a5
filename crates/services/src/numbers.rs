//! Numbers texts leave from and arrive at.

pub mod accounts;
pub mod choosing;
mod page;
pub mod registration;
pub mod release;
pub mod requests;
pub mod webhooks;
pub mod whatsapp;

use contract::{Code, numbers::Answers};
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

pub use page::{list, page};

/// States of a number.
pub(crate) const ACTIVE: &str = "active";
pub(crate) const RELEASED: &str = "released";

/// What a WhatsApp sender's address begins with.
const WHATSAPP: &str = "whatsapp:";

/// Most numbers of one business that are shown, and looked at.
const MOST: u64 = 100;

/// Gives a business an active number and makes it the default sender. A number without a country code is one of the business's country;
/// a business whose country is not known is from now on in the number's. `whatsapp:` before it makes it a WhatsApp sender, which no text
/// leaves from.
///
/// # Errors
/// `Invalid` if it is no number; `Conflict` if it belongs to a business already.
pub async fn assign(s: &Services, business_id: Uuid, phone: &str) -> Result<String> {
    let mut tx = s.begin().await?;
    let country = businesses::get(&tx.db, business_id).await?.country;
    let phone = read_sender(phone, &country)?;
    insert(&mut tx, &Principal::Operator, business_id, &phone).await?;
    businesses::learn_country(&mut tx, business_id, phone.trim_start_matches(WHATSAPP)).await?;
    tx.commit().await?;
    Ok(phone)
}

/// Sets how many segments a second a number may send, where that is not what its kind of number does (docs/twilio.md §8).
///
/// # Errors
/// `Invalid` for a pace that can't be; `NotFound` for a number nobody has.
pub async fn set_rate(s: &Services, phone: &str, per_second: u32) -> Result<String> {
    // Nobody's in particular: only with its country code can it be told.
    let phone = read_sender(phone, "")?;
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

/// The same, or a WhatsApp sender: `whatsapp:` before a number.
fn read_sender(typed: &str, country: &str) -> Result<String> {
    let typed = typed.trim();
    match typed
        .get(..WHATSAPP.len())
        .filter(|start| start.eq_ignore_ascii_case(WHATSAPP))
    {
        Some(_) => Ok(format!("{WHATSAPP}{}", read(&typed[WHATSAPP.len()..], country)?)),
        None => read(typed, country),
    }
}

/// A sender as people of this country write it.
fn shown(phone: &str, country: &str) -> String {
    match phone.strip_prefix(WHATSAPP) {
        Some(number) => format!("WhatsApp {}", domain::phone::display(number, country)),
        None => domain::phone::display(phone, country),
    }
}

/// Stores an active number (E.164) as the default sender.
pub(crate) async fn insert(tx: &mut Tx, by: &Principal, business_id: Uuid, phone: &str) -> Result<()> {
    add(tx, by, business_id, phone, Place::First).await.map(drop)
}

/// Where a new number stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the default sender from now on.
    First,
    /// It is if there is none.
    IfNone,
}

async fn add(tx: &mut Tx, by: &Principal, business_id: Uuid, phone: &str, place: Place) -> Result<number::Model> {
    let is_text = !phone.starts_with(WHATSAPP);
    let is_default = is_text && (place == Place::First || active(&tx.db, business_id).await?.is_empty());
    free_of_who_released_it(tx, phone).await?;
    if is_default {
        no_default(tx, business_id).await?;
    }
    let row = number::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        phone: Set(phone.to_owned()),
        status: Set(ACTIVE.to_owned()),
        is_default: Set(is_default),
        per_second: Set(None),
        created_at: Set(tx.now),
        provider_sid: Set(None),
        help_by: Set(Answers::Both.as_str().to_owned()),
        start_by: Set(Answers::Twilio.as_str().to_owned()),
        us_next_at: Set(Some(tx.now)),
        ..Default::default()
    };
    let row = row.insert(&tx.db).await.map_err(|e| match Error::from(e) {
        e if e.is_duplicate() => taken(),
        e => e,
    })?;
    tx.record_change(
        business_id,
        by,
        Event::NumberAssigned(row.id),
        None::<()>,
        Some(row.phone.clone()),
    );
    if !is_text {
        whatsapp::added(tx, &row).await?;
    }
    Ok(row)
}

fn taken() -> Error {
    problem(Code::Conflict, "This number belongs to a business already.")
}

/// A number that was released can be anybody's: its row goes, what was said in its time names it by its digits.
async fn free_of_who_released_it(tx: &Tx, phone: &str) -> Result<()> {
    number::Entity::delete_many()
        .filter(number::Column::Phone.eq(phone))
        .filter(number::Column::Status.eq(RELEASED))
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn no_default(tx: &Tx, business_id: Uuid) -> Result<()> {
    number::Entity::update_many()
        .col_expr(number::Column::IsDefault, Expr::value(false))
        .filter(number::Column::BusinessId.eq(business_id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Numbers of a business that texts may be sent from, the default first.
pub(crate) async fn active(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<number::Model>> {
    let rows = number::Entity::in_business(business_id)
        .filter(number::Column::Status.eq(ACTIVE))
        .filter(number::Column::Phone.not_like("whatsapp:%"))
        .order_by_desc(number::Column::IsDefault)
        .order_by_asc(number::Column::CreatedAt)
        .limit(MOST);
    Ok(rows.all(db).await?)
}

/// Those of these numbers that may be sent from, with whose they are.
pub(crate) async fn active_of(db: &impl ConnectionTrait, phones: impl IntoIterator<Item = &str>) -> Result<Vec<number::Model>> {
    let rows = number::Entity::find()
        .filter(number::Column::Phone.is_in(phones))
        .filter(number::Column::Status.eq(ACTIVE));
    Ok(rows.all(db).await?)
}

/// One of the business's numbers, by its digits.
pub(crate) async fn by_phone(db: &impl ConnectionTrait, business_id: Uuid, phone: &str) -> Result<Option<number::Model>> {
    let row = number::Entity::in_business(business_id).filter(number::Column::Phone.eq(phone));
    Ok(row.one(db).await?)
}

/// Who answers HELP, and who START, at this number of the business. Of the installation's number: Twilio, and we a HELP.
///
/// # Errors
/// `Broken` for a word that this version does not know.
pub(crate) async fn answers(db: &impl ConnectionTrait, business_id: Uuid, phone: &str) -> Result<(Answers, Answers)> {
    let Some(row) = by_phone(db, business_id, phone).await? else {
        return Ok((Answers::Both, Answers::Twilio));
    };
    let known = |word: &str| Answers::find(word).ok_or_else(|| Error::broken(format!("{word:?} answers at a number")));
    Ok((known(&row.help_by)?, known(&row.start_by)?))
}
