//! Whose a text is that came to one of our numbers.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entity::{businesses::business, numbers::number};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, Statement};
use uuid::Uuid;

use crate::{
    kernel::{Result, Services},
    messages::THEIRS,
};

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
