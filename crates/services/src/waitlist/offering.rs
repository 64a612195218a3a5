//! A time is offered to somebody: the offer, its text, and what that asks.

use chrono::{DateTime, Duration, Utc};
use contract::waitlist::{Mode, OfferStatus};
use domain::{
    consent::Purpose,
    letters,
    origin::Origin,
    templates::Kind,
    texts::{self, Start},
    zone::Zone,
};
use entity::{
    businesses::business,
    contacts::contact,
    messages::message,
    waitlist::{offer, slot, waitlist_entry},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QuerySelect, Select, Set};
use uuid::Uuid;

use super::{
    link,
    matching::Candidate,
    reading::{read_ids, waiting_one, wished_way},
    saying::{self, Going, Page, Saying},
    slots::{self, mode},
};
use crate::{
    businesses::{self, locations, types},
    contacts, experiments,
    kernel::{Result, Tx, tx::Changed},
    outbox::ways,
    questions,
    templates::About,
};

/// Offers this slot to somebody, by the best of their ways that is open; or why by none. The caller holds the locks of the person and the
/// slot.
pub(super) async fn offer(
    tx: &mut Tx,
    business: &business::Model,
    slot: &slot::Model,
    zone: Zone,
    contact: &contact::Model,
    candidate: Candidate,
    alone: bool,
) -> Result<std::result::Result<(), String>> {
    let Candidate { entry, reason } = candidate;
    let id = Uuid::now_v7();
    let way = match ways::wished(
        tx,
        contact,
        &intent(id),
        slot.location_id,
        Purpose::Transactional,
        wished_way(&entry),
    )
    .await?
    {
        Ok(way) => way,
        Err(why) => return Ok(Err(why)),
    };
    let row = offer::ActiveModel {
        id: Set(id),
        business_id: Set(slot.business_id),
        slot_id: Set(slot.id),
        entry_id: Set(Some(entry.id)),
        contact_id: Set(contact.id),
        times_id: Set(None),
        choice: Set(None),
        status: Set(OfferStatus::Waiting.as_str().to_owned()),
        channel: Set(way.channel.as_str().to_owned()),
        reason: Set(reason),
        message_id: Set(None),
        expires_at: Set(Some(deadline(slot, tx.now))),
        sent_at: Set(None),
        answered_at: Set(None),
        owes: Set(None),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    let row = row.insert(&tx.db).await?;
    let asked = Asked {
        business,
        slot,
        zone,
        entry: &entry,
        alone,
    };
    ask_by(tx, contact, asked, row, (way, None)).await?;
    let (offers, asked_at) = (entry.offers + 1, tx.now);
    let mut entry = entry.into_active_model();
    entry.offers = Set(offers);
    entry.last_offered_at = Set(Some(asked_at));
    entry.turn_at = Set(asked_at);
    entry.update(&tx.db).await?;
    tx.mark_changed(slot.business_id, Changed::Slot(slot.id));
    Ok(Ok(()))
}

/// What all ways of offering it have in common.
fn intent(offer: Uuid) -> String {
    format!("offer:{offer}")
}

/// What is offered, and of what somebody waits for.
struct Asked<'a> {
    business: &'a business::Model,
    slot: &'a slot::Model,
    zone: Zone,
    entry: &'a waitlist_entry::Model,
    /// Nobody else is asked.
    alone: bool,
}

/// Asks by one way. Until when the time is held stays as it is.
async fn ask_by(tx: &mut Tx, contact: &contact::Model, of: Asked<'_>, row: offer::Model, going: Going) -> Result<()> {
    let Asked {
        business,
        slot,
        zone,
        entry,
        alone,
    } = of;
    let until = row.expires_at.unwrap_or_else(|| deadline(slot, tx.now));
    let token = match questions::token_of(tx, business.id, row.id).await? {
        Some(known) => known,
        None => contacts::take_token(tx, contact.clone()).await?,
    };
    let asks_more = questions::others_open(tx, business.id, contact.id, &[slot.id]).await?;
    let shown = u16::try_from(token).ok().filter(|_| asks_more);
    let named = kind_of(&tx.db, slot, entry).await?;
    let language = contacts::language::of(business, contact);
    let what = texts::Offer {
        kind: named.as_deref(),
        name: entry.for_name.as_deref(),
        start: start(slot.starts_at, zone, contact),
        token: shown,
    };
    let (kind, held) = if mode(slot).holds() && alone {
        (Kind::OfferHeld, Some(start(until, zone, contact)))
    } else {
        (Kind::OfferRace, None)
    };
    let channel = going.0.channel;
    let saying = Saying {
        kind,
        about: about(business, contact, slot),
        known: texts::offer(language, &business.name, &what, held),
        page: Some(Page {
            words: letters::offer_button(language),
            url: link::offer_url(tx.services(), row.id).await?,
            in_texts: false,
        }),
        origin: Origin::Offer,
        origin_id: row.id,
        intent: intent(row.id),
        author: None,
        appointment_id: None,
        // Half of the time that it names is left for an answer, at least.
        useful_until: Some(tx.now + (until - tx.now) / 2),
        time_zone: Some(zone.name().to_owned()),
        location_id: slot.location_id,
        tried: Some(experiments::About {
            subject_id: slot.id,
            over_at: until,
        }),
    };
    let text = saying::say(tx, contact, saying, going).await?;
    let question = questions::New {
        business_id: slot.business_id,
        contact_id: contact.id,
        origin: Origin::Offer,
        origin_id: row.id,
        subject_id: slot.id,
        token,
        at: slot.starts_at,
        time_zone: Some(zone.name()),
        name: entry.for_name.as_deref(),
        message_id: text.id,
        expires_at: until,
    };
    questions::ask(tx, question).await?;
    let mut row = row.into_active_model();
    row.message_id = Set(Some(text.id));
    row.channel = Set(channel.as_str().to_owned());
    row.update(&tx.db).await?;
    Ok(())
}

/// An offer's message is known to have failed: the same goes another way, if one is left before half of its time is over. Its hold does not
/// begin anew. The caller holds the locks of the person and the slot.
pub(super) async fn again(
    tx: &mut Tx,
    contact: &contact::Model,
    failed: &message::Model,
    offer: &offer::Model,
    slot: &slot::Model,
) -> Result<bool> {
    let Some(entry) = offer.entry_id else { return Ok(false) };
    let Some(entry) = waiting_one(tx, offer.business_id, entry).await? else {
        return Ok(false);
    };
    let Some(way) = ways::instead(tx, contact, failed, slot.location_id).await? else {
        return Ok(false);
    };
    let business = businesses::of(tx, offer.business_id).await?;
    let zone = locations::zone_of(&tx.db, &business, slot.location_id).await?;
    let others = open_of(&tx.db, slot).await?;
    let asked = Asked {
        business: &business,
        slot,
        zone,
        entry: &entry,
        alone: others.iter().all(|other| other.id == offer.id),
    };
    ask_by(tx, contact, asked, offer.clone(), (way, Some(failed.id))).await?;
    tx.mark_changed(slot.business_id, Changed::Slot(slot.id));
    Ok(true)
}

/// Until when somebody who is asked now can answer.
pub(super) fn deadline(slot: &slot::Model, now: DateTime<Utc>) -> DateTime<Utc> {
    match mode(slot) {
        // Nobody is held to a time; it is over when somebody has it.
        Mode::Race => slot.stops_at,
        _ => (now + Duration::minutes(slot.hold_minutes.into())).min(slot.stops_at),
    }
}

/// A moment as its text tells it.
pub(super) fn start(at: DateTime<Utc>, zone: Zone, contact: &contact::Model) -> Start {
    Start {
        at,
        place: zone,
        customer: contacts::own_zone(contact).unwrap_or(zone),
    }
}

/// What texts to somebody about a time are about.
pub(super) fn about<'a>(business: &'a business::Model, contact: &'a contact::Model, slot: &'a slot::Model) -> About<'a> {
    About {
        slot: Some(slot),
        ..About::to(business, contact)
    }
}

/// What kind of visit it is for: the slot's, else the only one they wait for.
async fn kind_of(db: &impl ConnectionTrait, slot: &slot::Model, entry: &waitlist_entry::Model) -> Result<Option<String>> {
    let Some(id) = type_of(slot, entry) else { return Ok(None) };
    Ok(types::find(db, slot.business_id, id).await?.map(|kind| kind.name))
}

pub(super) fn type_of(slot: &slot::Model, entry: &waitlist_entry::Model) -> Option<Uuid> {
    slot.type_id.or_else(|| match read_ids(&entry.types).as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}

pub(super) async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<Option<offer::Model>> {
    Ok(offer::Entity::these(business_id, [id]).one(db).await?)
}

/// Offers of a slot that can still be answered with a yes.
pub(super) async fn open_of(db: &impl ConnectionTrait, slot: &slot::Model) -> Result<Vec<offer::Model>> {
    let rows = open_in(slot.business_id).filter(offer::Column::SlotId.eq(slot.id));
    Ok(rows.all(db).await?)
}

/// More people than this are never asked for one slot at once.
const MOST_OPEN: u64 = 1000;

/// An offer stands otherwise now; from then on a yes to it comes too late. The caller holds its slot's lock.
pub(super) async fn become_(
    tx: &mut Tx,
    offer: offer::Model,
    status: OfferStatus,
    change: impl FnOnce(&mut offer::ActiveModel),
) -> Result<()> {
    let (id, business_id, slot_id) = (offer.id, offer.business_id, offer.slot_id);
    let alone = offer.times_id.is_none();
    let mut row = offer.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.updated_at = Set(tx.now);
    change(&mut row);
    row.update(&tx.db).await?;
    // What asks about several times is open as long as one of them is.
    if !status.is_open() && alone {
        questions::set_expiry(tx, business_id, &[id], tx.now).await?;
    }
    tx.mark_changed(business_id, Changed::Slot(slot_id));
    Ok(())
}

/// There is something to do about this slot at once.
pub(super) async fn wake(tx: &mut Tx, slot: &slot::Model) -> Result<()> {
    let (id, now) = (slot.id, tx.now);
    let mut row = slot.clone().into_active_model();
    row.next_at = Set(Some(now));
    row.update(&tx.db).await?;
    slots::look_soon(tx, id).await
}

/// Offers of a business that can still be answered with a yes; whose, the caller says.
pub(super) fn open_in(business_id: Uuid) -> Select<offer::Entity> {
    let open = [OfferStatus::Waiting, OfferStatus::Sent].map(OfferStatus::as_str);
    offer::Entity::narrowed(business_id)
        .filter(offer::Column::Status.is_in(open))
        .limit(MOST_OPEN)
}

/// A person's.
pub(crate) fn open_of_contact(business_id: Uuid, contact_id: Uuid) -> Select<offer::Entity> {
    let open = [OfferStatus::Waiting, OfferStatus::Sent].map(OfferStatus::as_str);
    offer::Entity::in_business(business_id)
        .filter(offer::Column::ContactId.eq(contact_id))
        .filter(offer::Column::Status.is_in(open))
        .limit(MOST_OPEN)
}
