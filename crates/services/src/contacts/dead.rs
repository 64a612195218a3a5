//! Addresses that mail comes back from. What is known of an address is known of whoever it is filed under, and forgotten when mail to it
//! arrives nowhere else: another address is another key.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entity::{
    contacts::{contact, dead_address},
    messages::message,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set, sea_query::OnConflict};
use uuid::Uuid;

use crate::kernel::{Result, Services, Tx};

/// The sealed column, as `vault::SEALED` calls it.
const ADDRESS: &str = "dead_address.address";

/// What is known of an address of this business's customers: since when mail comes back from it.
pub(crate) async fn find(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    address: &str,
) -> Result<Option<dead_address::Model>> {
    let these = dead_address::Column::AddressKey.is_in(s.vault().indexes(ADDRESS, address));
    Ok(dead_address::Entity::in_business(business_id).filter(these).one(db).await?)
}

/// Since when mail to these people comes back, by person; who has an address that is in order is left out.
pub(super) async fn of(
    s: &Services,
    db: &impl ConnectionTrait,
    people: &[contact::Model],
) -> Result<HashMap<Uuid, DateTime<Utc>>> {
    let mut by_key: HashMap<(Uuid, String), Vec<Uuid>> = HashMap::new();
    for person in people {
        for key in person.email.iter().flat_map(|email| s.vault().indexes(ADDRESS, email)) {
            by_key.entry((person.business_id, key)).or_default().push(person.id);
        }
    }
    if by_key.is_empty() {
        return Ok(HashMap::new());
    }
    let businesses: BTreeSet<Uuid> = by_key.keys().map(|(business, _)| *business).collect();
    let rows = dead_address::Entity::find()
        .filter(dead_address::Column::BusinessId.is_in(businesses))
        .filter(dead_address::Column::AddressKey.is_in(by_key.keys().map(|(_, key)| key.as_str())))
        .all(db)
        .await?;
    let mut since = HashMap::new();
    for row in rows {
        let theirs = by_key.get(&(row.business_id, row.address_key)).map_or(&[][..], Vec::as_slice);
        since.extend(theirs.iter().map(|id| (*id, row.since)));
    }
    Ok(since)
}

/// Mail came back from there: nobody has this address. True if that is news.
pub(crate) async fn mark(tx: &Tx, m: &message::Model, status: &str) -> Result<bool> {
    if find(tx.services(), &tx.db, m.business_id, &m.theirs).await?.is_some() {
        return Ok(false);
    }
    let vault = tx.services().vault();
    let row = dead_address::ActiveModel {
        business_id: Set(m.business_id),
        address_key: Set(vault.index(ADDRESS, &m.theirs)),
        address: Set(vault.seal(ADDRESS, &m.theirs)),
        status: Set(status.to_owned()),
        message_id: Set(m.id),
        since: Set(tx.now),
    };
    let once = OnConflict::columns([dead_address::Column::BusinessId, dead_address::Column::AddressKey])
        .do_nothing()
        .to_owned();
    dead_address::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(true)
}
