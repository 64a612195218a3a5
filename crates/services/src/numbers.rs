//! Numbers texts leave from and arrive at.

pub mod connections;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use contract::Code;
use entity::{businesses::business, messages::message, numbers::number};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, Statement,
};
use uuid::Uuid;

use crate::{
    Error, Result, Services, Tx,
    businesses::{self, locations},
    conversations,
    error::{field, problem},
    messages::THEIRS,
};

/// Gives a business an active number and makes it the default sender. A number without a country code is one of the business's country;
/// a business whose country is not known is from now on in the number's.
///
/// # Errors
/// `Invalid` if it is no number; `Conflict` if it belongs to a business already.
pub async fn assign(s: &Services, business_id: Uuid, phone: &str) -> Result<String> {
    let tx = s.begin().await?;
    let country = businesses::get(&tx.db, business_id).await?.country;
    let phone = read(phone, &country)?;
    insert(&tx, business_id, &phone).await?;
    businesses::learn_country(&tx, business_id, &phone).await?;
    tx.commit().await?;
    Ok(phone)
}

/// Sets how many segments a second a number may send, where that is not what its kind of number does (docs/twilio.md §8).
///
/// # Errors
/// `Invalid` for a pace that can't be; `NotFound` for a number nobody has.
pub async fn set_pace(s: &Services, phone: &str, per_second: u32) -> Result<String> {
    // Nobody's in particular: only with its country code can it be told.
    let phone = read(phone, "")?;
    if !(1..=1000).contains(&per_second) {
        return Err(field("per_second", "A number sends 1 to 1,000 text parts a second."));
    }
    let changed = number::Entity::update_many()
        .col_expr(number::Column::PerSecond, sea_orm::sea_query::Expr::value(per_second as i32))
        .filter(number::Column::Phone.eq(&phone))
        .exec(&s.db().write)
        .await?;
    if changed.rows_affected == 0 {
        return Err(problem(Code::NotFound, "No business has this number."));
    }
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
pub(crate) async fn insert(tx: &Tx, business_id: Uuid, phone: &str) -> Result<()> {
    number::Entity::update_many()
        .col_expr(number::Column::IsDefault, sea_orm::sea_query::Expr::value(false))
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
    row.insert(&tx.db).await.map_err(|e| {
        let e = Error::from(e);
        if e.is_duplicate() {
            problem(Code::Conflict, "This number belongs to a business already.")
        } else {
            e
        }
    })?;
    Ok(())
}

/// The number that businesses without one send from; none for a business with a Twilio account of its own, in which that number is not.
pub(crate) fn shared(s: &Services, business_id: Uuid) -> Option<&str> {
    let own = s.connections().own_of(business_id).is_some();
    s.settings().default_from.as_deref().filter(|_| !own)
}

/// Whether a text to this number, which is the business's, comes from the account that the number is in: nobody's account speaks for
/// another's number. The shared number is in the installation's, also for a business that has its own by now.
pub(crate) fn speaks_for(s: &Services, account_sid: &str, business_id: Uuid, number: &str) -> bool {
    let shared = s.settings().default_from.as_deref() == Some(number);
    let account = if shared {
        s.connections().common()
    } else {
        s.connections().of(business_id)
    };
    // Without an account nothing comes from one: the demo's texts name none.
    account.map_or(account_sid.is_empty(), |account| account.sid() == account_sid)
}

/// The number a text to this contact leaves from: that of the location of the appointment it is about, else the one of their last
/// text, else the business's default, else the installation's. None: nothing can be sent.
pub(crate) async fn sender(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    contact: Option<Uuid>,
    location: Option<Uuid>,
) -> Result<Option<String>> {
    let active = active(db, business_id).await?;
    choose(s, db, business_id, active, contact, location).await
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

/// As `sender`, with `active` known.
pub(crate) async fn choose(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    active: Vec<number::Model>,
    contact: Option<Uuid>,
    location: Option<Uuid>,
) -> Result<Option<String>> {
    if let Some(location) = location
        && let Some(own) = locations::number(db, business_id, location).await?
        && let Some(number) = active.iter().find(|n| n.id == own)
    {
        return Ok(Some(number.phone.clone()));
    }
    if active.len() > 1
        && let Some(contact_id) = contact
    {
        let thread = conversations::of_contact(db, business_id, contact_id).await?;
        let last = message::Entity::in_business(business_id)
            .filter(message::Column::ConversationId.eq(thread.map_or(Uuid::nil(), |c| c.id)))
            .order_by_desc(message::Column::CreatedAt)
            .order_by_desc(message::Column::Id)
            .limit(1)
            .one(db)
            .await?;
        let ours = last.map(|m| m.ours);
        if let Some(number) = active.iter().find(|n| Some(&n.phone) == ours.as_ref()) {
            return Ok(Some(number.phone.clone()));
        }
    }
    let default = active.into_iter().next().map(|n| n.phone);
    Ok(default.or_else(|| shared(s, business_id).map(str::to_owned)))
}

/// The businesses texts (`to`, `from`) are for, aligned: each number's owner. A number that several businesses send from (the
/// installation's default) goes by who texted this person from it last. However many texts: at most three statements.
pub(crate) async fn routes(s: &Services, db: &impl ConnectionTrait, texts: &[(&str, &str)]) -> Result<Vec<Option<Uuid>>> {
    let numbers: BTreeSet<&str> = texts.iter().map(|(to, _)| *to).collect();
    let rows = number::Entity::find()
        .filter(number::Column::Phone.is_in(numbers))
        .all(db)
        .await?;
    let owners: HashMap<String, Uuid> = rows.into_iter().map(|row| (row.phone, row.business_id)).collect();
    let shared = s.settings().default_from.as_deref();
    let by_sender = match shared {
        Some(number) => shared_routes(s, db, number, texts).await?,
        None => HashMap::new(),
    };
    let route = |(to, from): &(&str, &str)| {
        let last = by_sender.get(from).filter(|_| shared == Some(*to));
        last.or_else(|| owners.get(*to)).copied()
    };
    Ok(texts.iter().map(route).collect())
}

/// Whose those are who wrote to the shared number. Where there is one business only, it is that one's.
async fn shared_routes<'a>(
    s: &Services,
    db: &impl ConnectionTrait,
    number: &str,
    texts: &[(&str, &'a str)],
) -> Result<HashMap<&'a str, Uuid>> {
    let senders: BTreeSet<&str> = texts.iter().filter(|(to, _)| *to == number).map(|(_, from)| *from).collect();
    if senders.is_empty() {
        return Ok(HashMap::new());
    }
    let businesses = business::Entity::find().limit(2).all(db).await?;
    if let [only] = businesses.as_slice() {
        return Ok(senders.into_iter().map(|from| (from, only.id)).collect());
    }
    // While keys change a sender may be found by either.
    let senders = senders.into_iter();
    let keys: HashMap<String, &str> = senders
        .flat_map(|from| s.vault().indexes(THEIRS, from).into_iter().map(move |key| (key, from)))
        .collect();
    let mut last: HashMap<&str, (DateTime<Utc>, Uuid)> = HashMap::new();
    for row in db
        .query_all_raw(last_senders(db.get_database_backend(), number, keys.keys()))
        .await?
    {
        let (key, at, business_id): (String, DateTime<Utc>, Uuid) = (
            row.try_get("", "asked")?,
            row.try_get("", "created_at")?,
            row.try_get("", "business_id")?,
        );
        let Some(from) = keys.get(&key) else { continue };
        let one = last.entry(from).or_insert((at, business_id));
        *one = (*one).max((at, business_id));
    }
    Ok(last.into_iter().map(|(from, (_, business_id))| (from, business_id)).collect())
}

/// For each key of a customer's the last text that went to them from `number`: one step down an index each, whatever was written.
pub(crate) fn last_senders<'a>(backend: DbBackend, number: &str, keys: impl Iterator<Item = &'a String>) -> Statement {
    let mut values: Vec<sea_orm::Value> = vec![number.into()];
    values.extend(keys.map(|key| key.clone().into()));
    let places: Vec<String> = (2..=values.len()).map(|n| format!("(${n})")).collect();
    let sql = format!(
        "WITH news (asked) AS (VALUES {}) SELECT news.asked, message.business_id, message.created_at FROM news \
         JOIN message ON message.id = (SELECT sent.id FROM message AS sent WHERE sent.theirs_key = news.asked AND sent.ours = $1 \
         AND sent.direction = 'outbound' ORDER BY sent.created_at DESC LIMIT 1)",
        places.join(", ")
    );
    Statement::from_sql_and_values(backend, sql, values)
}
