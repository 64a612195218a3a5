//! Several contacts at once. Locks are taken in order of id, so that two groups never wait for each other.

use std::collections::{BTreeMap, HashMap};

use entity::contacts::contact;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{LockBehavior, LockType},
};
use uuid::Uuid;

use super::{PHONE, Valid, holder, insert, locked, opened, with_keys};
use crate::{Error, Result, Services, Tx, tx::Touched};

fn of(ids: &[Uuid]) -> Select<contact::Entity> {
    contact::Entity::find()
        .filter(contact::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(contact::Column::Id)
}

async fn all_opened(s: &Services, rows: Vec<contact::Model>) -> Result<Vec<contact::Model>> {
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        people.push(opened(s, row).await?);
    }
    Ok(people)
}

/// The rows, locked until the transaction ends.
pub(crate) async fn locked_all(tx: &Tx, ids: &[Uuid]) -> Result<Vec<contact::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = of(ids).lock(LockType::NoKeyUpdate).all(&tx.db).await?;
    all_opened(tx.services(), rows).await
}

/// Those of the rows that nobody else holds, locked until the transaction ends.
pub(crate) async fn locked_if_free(tx: &Tx, ids: &[Uuid]) -> Result<Vec<contact::Model>> {
    let rows = of(ids)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&tx.db)
        .await?;
    all_opened(tx.services(), rows).await
}

/// The contacts texts came from, locked, aligned with `senders` (business, number); unknown senders become contacts with unknown
/// consent (IN3).
pub(crate) async fn known_or_new(tx: &mut Tx, senders: &[(Uuid, &str)]) -> Result<Vec<contact::Model>> {
    let mut of_business: BTreeMap<Uuid, Vec<&str>> = BTreeMap::new();
    for (business_id, phone) in senders {
        of_business.entry(*business_id).or_default().push(phone);
    }
    let vault = tx.services().vault();
    let any = of_business.into_iter().fold(Condition::any(), |any, (business_id, phones)| {
        any.add(with_keys(
            business_id,
            phones.iter().flat_map(|phone| vault.indexes(PHONE, phone)),
        ))
    });
    let rows = contact::Entity::find()
        .filter(any)
        .order_by_asc(contact::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    let rows = all_opened(tx.services(), rows).await?;
    let mut known: HashMap<(Uuid, String), contact::Model> =
        rows.into_iter().map(|c| ((c.business_id, c.phone.clone()), c)).collect();
    let mut people = Vec::with_capacity(senders.len());
    for (business_id, phone) in senders {
        let key = (*business_id, (*phone).to_owned());
        if !known.contains_key(&key) {
            known.insert(key.clone(), stranger(tx, *business_id, phone).await?);
        }
        let person = known.get(&key).cloned();
        people.push(person.ok_or_else(|| Error::broken("a contact that was just made is not there"))?);
    }
    Ok(people)
}

/// Somebody who writes for the first time, unless another process was faster to note them.
async fn stranger(tx: &mut Tx, business_id: Uuid, phone: &str) -> Result<contact::Model> {
    if let Some(row) = holder(tx, business_id, phone).await? {
        return locked(tx, business_id, row.id).await;
    }
    let new = insert(tx, business_id, Valid::stranger(phone)).await?;
    tx.touch(business_id, Touched::Contact(new.id));
    Ok(new)
}
