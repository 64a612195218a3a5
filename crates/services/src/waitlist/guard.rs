//! Whether a text of the waitlist that waits to be sent is still wanted.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::waitlist::{EntryStatus, OfferStatus};
use entity::{
    messages::message,
    waitlist::{offer, slot, waitlist_entry},
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::slots;
use crate::kernel::{Result, tx::Objections};

const GONE: &str = "That time is not free any more, or the offer has ended.";
const LEFT: &str = "They are not on the waitlist any more.";

/// Why these are not wanted any more: their slot is gone, their time to answer is over, or their person waits no more.
pub(crate) async fn still_wanted(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    waiting: &[&message::Model],
) -> Result<Objections> {
    let ids: Vec<Uuid> = waiting.iter().filter_map(|m| m.origin_id).collect();
    let mut objections = Objections::new();
    let known = Known::load(db, &ids).await?;
    for m in waiting {
        let why = m.origin_id.map_or(Some(GONE), |id| known.objection(m.business_id, id, now));
        if let Some(why) = why {
            objections.insert(m.id, why.to_owned());
        }
    }
    Ok(objections)
}

/// What the texts came from.
struct Known {
    offers: Vec<offer::Model>,
    slots: HashMap<Uuid, slot::Model>,
    entries: HashMap<Uuid, waitlist_entry::Model>,
}

impl Known {
    async fn load(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Self> {
        if ids.is_empty() {
            return Ok(Self {
                offers: Vec::new(),
                slots: HashMap::new(),
                entries: HashMap::new(),
            });
        }
        let any = Condition::any()
            .add(offer::Column::Id.is_in(ids.iter().copied()))
            .add(offer::Column::TimesId.is_in(ids.iter().copied()));
        let offers = offer::Entity::find().filter(any).all(db).await?;
        let slots = if offers.is_empty() {
            Vec::new()
        } else {
            let rows = slot::Entity::find().filter(slot::Column::Id.is_in(offers.iter().map(|offer| offer.slot_id)));
            rows.all(db).await?
        };
        let entries: Vec<Uuid> = ids
            .iter()
            .copied()
            .chain(offers.iter().filter_map(|offer| offer.entry_id))
            .collect();
        let entries = waitlist_entry::Entity::find().filter(waitlist_entry::Column::Id.is_in(entries));
        Ok(Self {
            slots: slots.into_iter().map(|row| (row.id, row)).collect(),
            entries: entries.all(db).await?.into_iter().map(|row| (row.id, row)).collect(),
            offers,
        })
    }

    fn objection(&self, business_id: Uuid, id: Uuid, now: DateTime<Utc>) -> Option<&'static str> {
        let of_text: Vec<&offer::Model> = self
            .offers
            .iter()
            .filter(|offer| offer.business_id == business_id && (offer.id == id || offer.times_id == Some(id)))
            .collect();
        if of_text.is_empty() {
            // That somebody is on the list, or whether they still wait.
            return match self.waits(business_id, id) {
                true => None,
                false => Some(LEFT),
            };
        }
        let wanted = |offer: &offer::Model| {
            let open = offer.status.parse().is_ok_and(OfferStatus::is_open);
            let free = self
                .slots
                .get(&offer.slot_id)
                .is_some_and(|slot| slots::status(slot).is_free());
            open && free && offer.expires_at.is_none_or(|until| now < until)
        };
        if !of_text.iter().all(|offer| wanted(offer)) {
            Some(GONE)
        } else if of_text
            .iter()
            .any(|offer| offer.entry_id.is_some_and(|id| !self.waits(business_id, id)))
        {
            Some(LEFT)
        } else {
            None
        }
    }

    fn waits(&self, business_id: Uuid, id: Uuid) -> bool {
        let entry = self.entries.get(&id).filter(|entry| entry.business_id == business_id);
        entry.is_some_and(|entry| entry.status == EntryStatus::Waiting.as_str())
    }
}
