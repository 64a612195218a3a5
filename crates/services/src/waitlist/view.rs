//! Entries, slots and offers as screens and programs see them.

use std::collections::HashMap;

use contract::waitlist::{EntryView, OfferView, SlotView};
use domain::waitlist::reason;
use entity::{
    messages::message,
    waitlist::{offer, slot, waitlist_entry},
};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::reading::{priority, read_ids, read_names, shown_windows};
use crate::{
    businesses::{self, locations, types},
    contacts::{self, Label},
    kernel::{Error, Result, Services},
};

/// Most offers of one slot that are shown, the latest; of a time that nobody wants there are hundreds.
const MOST_OFFERS: u64 = 300;

pub(super) async fn entry_views(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    rows: Vec<waitlist_entry::Model>,
) -> Result<Vec<EntryView>> {
    let people = contacts::labels(s, db, business_id, rows.iter().map(|row| row.contact_id).collect()).await?;
    let shown = rows.into_iter().map(|row| {
        let person = people.get(&row.contact_id);
        let say = |what: fn(&Label) -> &String| person.map(what).cloned().unwrap_or_default();
        let priority = priority(&row)?;
        Ok(EntryView {
            standing: reason(priority, row.silences, row.last_offered_at, row.created_at, s.now()),
            priority,
            status: row
                .status
                .parse()
                .map_err(|_| Error::broken("an entry of an unknown status"))?,
            contact_name: say(|p| &p.name),
            phone: say(|p| &p.phone),
            phone_display: say(|p| &p.phone_display),
            type_ids: read_ids(&row.types),
            location_ids: read_ids(&row.locations),
            staff_labels: read_names(&row.staff),
            windows: shown_windows(&row.windows)?,
            id: row.id,
            contact_id: row.contact_id,
            for_name: row.for_name,
            minutes: row.minutes,
            notice_minutes: row.notice_minutes,
            instead_of: row.instead_of,
            notes: row.notes,
            channel: row.channel,
            source: row.source,
            consent: row.consent,
            consented_at: row.consented_at,
            last_offered_at: row.last_offered_at,
            offers: row.offers,
            answers: row.answers,
            silences: row.silences,
            expires_at: row.expires_at,
            created_at: row.created_at,
        })
    });
    shown.collect()
}

/// Several slots as they are now, in no particular order.
pub(crate) async fn views_of(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, ids: &[Uuid]) -> Result<Vec<SlotView>> {
    let rows = slot::Entity::these(business_id, ids.iter().copied()).all(db).await?;
    slot_views(s, db, business_id, rows).await
}

pub(super) async fn slot_views(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    rows: Vec<slot::Model>,
) -> Result<Vec<SlotView>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let business = businesses::get(db, business_id).await?;
    let types = types::several(db, business_id, rows.iter().filter_map(|row| row.type_id).collect()).await?;
    let places = locations::several(db, business_id, rows.iter().filter_map(|row| row.location_id).collect()).await?;
    let mut offers = offers_of(s, db, business_id, &rows).await?;
    let shown = rows.into_iter().map(|row| {
        let place = row.location_id.and_then(|id| places.get(&id));
        Ok(SlotView {
            status: row.status.parse().map_err(|_| Error::broken("a slot of an unknown status"))?,
            mode: row.mode.parse().map_err(|_| Error::broken("a slot of an unknown mode"))?,
            time_zone: locations::zone(&business, place).name().to_owned(),
            type_name: row.type_id.and_then(|id| types.get(&id)).map(|kind| kind.name.clone()),
            location_name: place.map(|place| place.name.clone()),
            offers: offers.remove(&row.id).unwrap_or_default(),
            id: row.id,
            purpose: row.purpose,
            starts_at: row.starts_at,
            minutes: row.minutes,
            type_id: row.type_id,
            location_id: row.location_id,
            staff_label: row.staff_label,
            hold_minutes: row.hold_minutes,
            group_size: row.group_size,
            source: row.source,
            from_appointment_id: row.from_id,
            chain_of: row.chain_id,
            appointment_id: row.appointment_id,
            taken_at: row.taken_at,
            taken_by: row.taken_by,
            stops_at: row.stops_at,
            waits_until: row.waits_until,
            wait_reason: row.wait_reason,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    });
    shown.collect()
}

/// Offers by their slot, each slot's in the order in which they were made.
async fn offers_of(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    slots: &[slot::Model],
) -> Result<HashMap<Uuid, Vec<OfferView>>> {
    let mut rows = offer::Entity::narrowed(business_id)
        .filter(offer::Column::SlotId.is_in(slots.iter().map(|slot| slot.id)))
        .order_by_desc(offer::Column::CreatedAt)
        .order_by_desc(offer::Column::Id)
        .limit(MOST_OFFERS * slots.len() as u64)
        .all(db)
        .await?;
    rows.reverse();
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let people = contacts::labels(s, db, business_id, rows.iter().map(|row| row.contact_id).collect()).await?;
    let entries: Vec<Uuid> = rows.iter().filter_map(|row| row.entry_id).collect();
    let names: HashMap<Uuid, Option<String>> = if entries.is_empty() {
        HashMap::new()
    } else {
        let rows = waitlist_entry::Entity::these(business_id, entries).all(db).await?;
        rows.into_iter().map(|row| (row.id, row.for_name)).collect()
    };
    let texts: Vec<Uuid> = rows.iter().filter_map(|row| row.message_id).collect();
    let delivered: HashMap<Uuid, _> = if texts.is_empty() {
        HashMap::new()
    } else {
        let texts = message::Entity::these(business_id, texts).all(db).await?;
        texts.into_iter().map(|m| (m.id, m.delivered_at)).collect()
    };
    let mut by_slot: HashMap<Uuid, Vec<OfferView>> = HashMap::new();
    for row in rows {
        let person = people.get(&row.contact_id);
        let say = |what: fn(&Label) -> &String| person.map(what).cloned().unwrap_or_default();
        let shown = OfferView {
            status: row
                .status
                .parse()
                .map_err(|_| Error::broken("an offer of an unknown status"))?,
            contact_name: say(|p| &p.name),
            phone_display: say(|p| &p.phone_display),
            for_name: row.entry_id.and_then(|id| names.get(&id).cloned().flatten()),
            delivered_at: row.message_id.and_then(|id| delivered.get(&id).copied().flatten()),
            expires_at: row.expires_at.filter(|_| row.sent_at.is_some()),
            id: row.id,
            contact_id: row.contact_id,
            entry_id: row.entry_id,
            channel: row.channel,
            choice: row.choice,
            reason: row.reason,
            message_id: row.message_id,
            sent_at: row.sent_at,
            answered_at: row.answered_at,
        };
        by_slot.entry(row.slot_id).or_default().push(shown);
    }
    Ok(by_slot)
}
