//! What a customer was offered, as their thread tells it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::waitlist::{Offered, OfferedTime};
use entity::waitlist::{offer, slot};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::{
    businesses::{self, locations},
    kernel::{Error, Result},
};

/// Offers between the messages of one page.
const MOST: u64 = 100;

/// What they were offered in this time, the first first.
pub(crate) async fn offered(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    contact_id: Uuid,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<Offered>> {
    let mut rows = between(business_id, contact_id, since, until).all(db).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    rows.sort_by_key(|row| (row.created_at, row.choice, row.id));
    let free = slot::Entity::these(business_id, rows.iter().map(|row| row.slot_id))
        .all(db)
        .await?;
    let business = businesses::get(db, business_id).await?;
    let places = locations::several(db, business_id, free.iter().filter_map(|slot| slot.location_id).collect()).await?;
    let free: HashMap<Uuid, slot::Model> = free.into_iter().map(|slot| (slot.id, slot)).collect();
    let mut all: Vec<Offered> = Vec::new();
    for row in rows {
        let slot = free
            .get(&row.slot_id)
            .ok_or_else(|| Error::broken("an offer without a slot"))?;
        let place = slot.location_id.and_then(|id| places.get(&id));
        let time = OfferedTime {
            slot_id: slot.id,
            starts_at: slot.starts_at,
            time_zone: locations::zone(&business, place).name().to_owned(),
            status: row
                .status
                .parse()
                .map_err(|_| Error::broken("an offer of an unknown status"))?,
            expires_at: row.expires_at.filter(|_| row.sent_at.is_some()),
        };
        let id = row.times_id.unwrap_or(row.id);
        match all.iter_mut().find(|one| one.id == id) {
            Some(one) => one.times.push(time),
            None => all.push(Offered {
                id,
                at: row.created_at,
                times: vec![time],
            }),
        }
    }
    Ok(all)
}

pub(crate) fn between(
    business_id: Uuid,
    contact_id: Uuid,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> Select<offer::Entity> {
    let mut rows = offer::Entity::in_business(business_id)
        .filter(offer::Column::ContactId.eq(contact_id))
        .order_by_desc(offer::Column::CreatedAt)
        .limit(MOST);
    if let Some(since) = since {
        rows = rows.filter(offer::Column::CreatedAt.gte(since));
    }
    if let Some(until) = until {
        rows = rows.filter(offer::Column::CreatedAt.lt(until));
    }
    rows
}
