//! Several contacts at once. Locks are taken in order of id, so that two groups never wait for each other.

use std::collections::HashMap;

use entity::contacts::contact;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{LockBehavior, LockType},
};
use uuid::Uuid;

use super::{Valid, insert};
use crate::{Error, Result, Tx, tx::Touched};

fn of(ids: &[Uuid]) -> Select<contact::Entity> {
    contact::Entity::find()
        .filter(contact::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(contact::Column::Id)
}

/// The rows, locked until the transaction ends.
pub(crate) async fn locked_all(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<contact::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(of(ids).lock(LockType::NoKeyUpdate).all(db).await?)
}

/// Those of the rows that nobody else holds, locked until the transaction ends.
pub(crate) async fn locked_if_free(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<contact::Model>> {
    Ok(of(ids)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(db)
        .await?)
}

/// The contacts texts came from, locked, aligned with `senders` (business, number); unknown senders become contacts with unknown
/// consent (IN3).
pub(crate) async fn known_or_new(tx: &mut Tx, senders: &[(Uuid, &str)]) -> Result<Vec<contact::Model>> {
    let mut ids = Vec::with_capacity(senders.len());
    let mut businesses: Vec<Uuid> = senders.iter().map(|(b, _)| *b).collect();
    businesses.sort();
    businesses.dedup();
    for business_id in businesses {
        let phones = senders.iter().filter(|(b, _)| *b == business_id).map(|(_, phone)| *phone);
        let rows = contact::Entity::in_business(business_id)
            .filter(contact::Column::Phone.is_in(phones))
            .all(&tx.db)
            .await?;
        ids.extend(rows.into_iter().map(|c| c.id));
    }
    let rows = locked_all(&tx.db, &ids).await?;
    let mut known: HashMap<(Uuid, String), contact::Model> =
        rows.into_iter().map(|c| ((c.business_id, c.phone.clone()), c)).collect();
    let mut people = Vec::with_capacity(senders.len());
    for (business_id, phone) in senders {
        let key = (*business_id, (*phone).to_owned());
        if !known.contains_key(&key) {
            let new = insert(tx, *business_id, Valid::stranger(phone)).await?;
            tx.touch(*business_id, Touched::Contact(new.id));
            known.insert(key.clone(), new);
        }
        let person = known.get(&key).cloned();
        people.push(person.ok_or_else(|| Error::broken("a contact that was just made is not there"))?);
    }
    Ok(people)
}
