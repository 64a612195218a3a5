//! Several contacts at once. Locks are taken in order of id, so that two groups never wait for each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contract::{contacts::ConsentView, live::LiveEvent};
use entity::contacts::contact;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{LockBehavior, LockType},
};
use uuid::Uuid;

use super::{
    MOST_LED, PHONE, decrypted, query,
    rows::{Valid, fresh, sealed, stopped_before, taken},
    turn, with_keys,
};
use crate::{
    businesses,
    kernel::{Error, Result, Services, Tx},
};

fn of(ids: &[Uuid]) -> Select<contact::Entity> {
    contact::Entity::find()
        .filter(contact::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(contact::Column::Id)
}

async fn all_decrypted(s: &Services, rows: Vec<contact::Model>) -> Result<Vec<contact::Model>> {
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        people.push(decrypted(s, row).await?);
    }
    Ok(people)
}

/// The rows, locked until the transaction ends.
pub(crate) async fn locked_all(tx: &Tx, ids: &[Uuid]) -> Result<Vec<contact::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = of(ids).lock(LockType::NoKeyUpdate).all(&tx.db).await?;
    all_decrypted(tx.services(), rows).await
}

/// Whoever these are now, by the id that was asked for, locked until the transaction ends.
pub(crate) async fn locked_led(tx: &Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, contact::Model>> {
    let mut led: HashMap<Uuid, contact::Model> = locked_all(tx, ids).await?.into_iter().map(|c| (c.id, c)).collect();
    for _ in 0..MOST_LED {
        let kept: BTreeSet<Uuid> = led.values().filter_map(|c| c.merged_into).collect();
        if kept.is_empty() {
            break;
        }
        let kept: Vec<Uuid> = kept.into_iter().collect();
        let people: HashMap<Uuid, contact::Model> = locked_all(tx, &kept).await?.into_iter().map(|c| (c.id, c)).collect();
        for person in led.values_mut() {
            if let Some(now) = person.merged_into.and_then(|id| people.get(&id)) {
                *person = now.clone();
            }
        }
    }
    Ok(led)
}

/// Those of the rows that nobody else holds, locked until the transaction ends.
pub(crate) async fn locked_if_free(tx: &Tx, ids: &[Uuid]) -> Result<Vec<contact::Model>> {
    let rows = of(ids)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&tx.db)
        .await?;
    all_decrypted(tx.services(), rows).await
}

/// The contacts texts came from, locked, aligned with `senders` (business, number); unknown senders become contacts with unknown
/// consent. As many statements for a hundred of them as for one.
pub(crate) async fn known_or_new(tx: &mut Tx, senders: &[(Uuid, &str)]) -> Result<Vec<contact::Model>> {
    let all: BTreeSet<(Uuid, &str)> = senders.iter().copied().collect();
    let mut known = of_numbers(tx, &all).await?;
    let unknown: BTreeSet<(Uuid, &str)> = all.into_iter().filter(|one| !known.contains_key(&owned(*one))).collect();
    if !unknown.is_empty() {
        known.extend(strangers(tx, unknown).await?);
    }
    let person = |one: &(Uuid, &str)| {
        let person = known.get(&owned(*one)).cloned();
        person.ok_or_else(|| Error::broken("a contact that was just made is not there"))
    };
    senders.iter().map(person).collect()
}

/// People by their business and number.
pub(super) type People = HashMap<(Uuid, String), contact::Model>;

fn owned((business_id, phone): (Uuid, &str)) -> (Uuid, String) {
    (business_id, phone.to_owned())
}

/// Those of these numbers that somebody has, locked.
pub(super) async fn of_numbers(tx: &Tx, numbers: &BTreeSet<(Uuid, &str)>) -> Result<People> {
    let mut of_business: BTreeMap<Uuid, Vec<&str>> = BTreeMap::new();
    for (business_id, phone) in numbers {
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
    let mut of_number = People::new();
    let mut kept: Vec<((Uuid, String), Uuid)> = Vec::new();
    for c in all_decrypted(tx.services(), rows).await? {
        let number = (c.business_id, c.phone.clone());
        match c.merged_into {
            Some(id) => kept.push((number, id)),
            None => drop(of_number.insert(number, c)),
        }
    }
    // A further number of somebody: they are who wrote.
    let ids: BTreeSet<Uuid> = kept.iter().map(|(_, id)| *id).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let people = locked_led(tx, &ids).await?;
    of_number.extend(
        kept.into_iter()
            .filter_map(|(number, id)| Some((number, people.get(&id)?.clone()))),
    );
    Ok(of_number)
}

/// People who write for the first time, unless another process was faster to note them.
async fn strangers(tx: &mut Tx, mut unknown: BTreeSet<(Uuid, &str)>) -> Result<People> {
    let turns = unknown.iter().map(|(business_id, phone)| turn(*business_id, phone));
    tx.take_turns(PHONE, turns).await?;
    let mut known = of_numbers(tx, &unknown).await?;
    unknown.retain(|one| !known.contains_key(&owned(*one)));
    let new: Vec<contact::Model> = unknown
        .into_iter()
        .map(|(business_id, phone)| fresh(tx, business_id, Valid::stranger(phone)))
        .collect();
    if new.is_empty() {
        return Ok(known);
    }
    let vault = tx.services().vault();
    contact::Entity::insert_many(new.iter().map(|row| sealed(vault, row)))
        .exec_without_returning(&tx.db)
        .await
        .map_err(taken)?;
    for row in &new {
        let country = businesses::of(tx, row.business_id).await?.country;
        let shown = query::shown(row.clone(), ConsentView::default(), &country);
        tx.publish(row.business_id, LiveEvent::Contact(shown));
    }
    // After they were shown, for whom that concerns is shown anew.
    stopped_before(tx, &new).await?;
    known.extend(new.into_iter().map(|row| ((row.business_id, row.phone.clone()), row)));
    Ok(known)
}
