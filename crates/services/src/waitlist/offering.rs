//! A time is offered to somebody: the offer, its text, and what that asks.

use chrono::{DateTime, Duration, Utc};
use contract::waitlist::{Mode, OfferStatus};
use domain::{
    consent::Channel,
    origin::Origin,
    templates::{Kind, Which},
    texts::{self, Start},
    zone::Zone,
};
use entity::{
    businesses::business,
    contacts::contact,
    waitlist::{offer, slot, waitlist_entry},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QuerySelect, Select, Set};
use uuid::Uuid;

use super::{
    matching::Candidate,
    reading::read_ids,
    slots::{self, mode},
};
use crate::{
    businesses::types,
    contacts, experiments,
    kernel::{Result, Tx, tx::Changed},
    outbox, questions,
    templates::{self, About},
};

/// Offers this slot to somebody. The caller holds the locks of the person and the slot, and has seen that it can be sent.
pub(super) async fn offer(
    tx: &mut Tx,
    business: &business::Model,
    slot: &slot::Model,
    zone: Zone,
    contact: &contact::Model,
    candidate: Candidate,
    alone: bool,
) -> Result<()> {
    let Candidate { entry, reason } = candidate;
    let id = Uuid::now_v7();
    let until = deadline(slot, tx.now);
    let row = offer::ActiveModel {
        id: Set(id),
        business_id: Set(slot.business_id),
        slot_id: Set(slot.id),
        entry_id: Set(Some(entry.id)),
        contact_id: Set(contact.id),
        times_id: Set(None),
        choice: Set(None),
        status: Set(OfferStatus::Waiting.as_str().to_owned()),
        channel: Set(Channel::Sms.as_str().to_owned()),
        reason: Set(reason),
        message_id: Set(None),
        expires_at: Set(Some(until)),
        sent_at: Set(None),
        answered_at: Set(None),
        owes: Set(None),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    let row = row.insert(&tx.db).await?;
    let token = contacts::take_token(tx, contact.clone()).await?;
    let asks_more = questions::others_open(tx, business.id, contact.id, &[slot.id]).await?;
    let shown = u16::try_from(token).ok().filter(|_| asks_more);
    let kind = kind_of(&tx.db, slot, &entry).await?;
    let language = contacts::language::of(business, contact);
    let what = texts::Offer {
        kind: kind.as_deref(),
        name: entry.for_name.as_deref(),
        start: start(slot.starts_at, zone, contact),
        token: shown,
    };
    let (text, held) = if mode(slot).holds() && alone {
        (Kind::OfferHeld, Some(start(until, zone, contact)))
    } else {
        (Kind::OfferRace, None)
    };
    let known = texts::offer(language, &business.name, &what, held);
    let said = templates::say(tx, Which::sms(text, language), about(business, contact, slot), known).await?;
    // Half of the time that it names is left for an answer, at least.
    let useful_until = tx.now + (until - tx.now) / 2;
    let new = outbox::New {
        origin: Origin::Offer,
        origin_id: Some(id),
        channel: Channel::Sms,
        subject: None,
        body: said.body,
        correlation_id: Some(format!("offer:{id}")),
        author: None,
        appointment_id: None,
        useful_until: Some(useful_until),
        time_zone: Some(zone.name().to_owned()),
        location_id: slot.location_id,
        delay: None,
    };
    let text = outbox::enqueue(tx, contact, new).await?;
    let subject = experiments::About {
        subject_id: slot.id,
        over_at: until,
    };
    experiments::given(tx, said.tried, &text, subject).await?;
    let question = questions::New {
        business_id: slot.business_id,
        contact_id: contact.id,
        origin: Origin::Offer,
        origin_id: id,
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
    row.update(&tx.db).await?;
    let (offers, asked_at) = (entry.offers + 1, tx.now);
    let mut entry = entry.into_active_model();
    entry.offers = Set(offers);
    entry.last_offered_at = Set(Some(asked_at));
    entry.turn_at = Set(asked_at);
    entry.update(&tx.db).await?;
    tx.mark_changed(slot.business_id, Changed::Slot(slot.id));
    Ok(())
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
