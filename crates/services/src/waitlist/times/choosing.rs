//! The customer chooses one of the times, or none.

use chrono::{DateTime, Utc};
use contract::{
    Code,
    waitlist::{OfferStatus, SlotStatus},
};
use domain::{inbound::words, origin::Origin, waitlist::choice, zone::Zone};
use entity::{
    contacts::contact,
    messages::message,
    questions::question,
    waitlist::{offer, slot},
};
use sea_orm::Set;
use uuid::Uuid;

use super::held::{BY, end_offer, key, of, place};
use crate::{
    appointments::{self, filling},
    businesses::{self, locations},
    conversations,
    kernel::{Error, Result, Tx},
    questions, tasks,
    waitlist::{
        offering::{self, become_, wake},
        slots,
        taking::{self, Answers, filled},
    },
};

/// Whether a text that is no yes and no no chooses one of the times that its sender was offered; then it does. Their slots are locked.
pub(crate) async fn chosen(tx: &mut Tx, contact: &contact::Model, inbound: &message::Model) -> Result<bool> {
    let open = questions::waiting(tx, contact, inbound).await?;
    let late = questions::lapsed(tx, contact, inbound, None, None).await?;
    let asked = open.into_iter().rev().chain(late).map(|one| one.question);
    for question in asked.filter(|question| question.origin == Origin::Offer.as_str()) {
        let offers = of(tx, &question).await?;
        if offers.is_empty() || question.answer.is_some() {
            continue;
        }
        let rows = slots::locked_all(tx, contact.business_id, offers.iter().map(|offer| offer.slot_id)).await?;
        let business = businesses::of(tx, contact.business_id).await?;
        let zone = match rows.first() {
            Some(slot) => locations::zone_of(&tx.db, &business, slot.location_id).await?,
            None => businesses::zone(&business),
        };
        let at = |offer: &offer::Model| rows.iter().find(|slot| slot.id == offer.slot_id).map(|slot| slot.starts_at);
        let starts: Vec<DateTime<Utc>> = offers.iter().filter_map(at).collect();
        let Some(place) = choice(words(&inbound.body), &starts, zone) else {
            continue;
        };
        let Some(offer) = offers.get(place).cloned() else { continue };
        let slot = rows.iter().find(|slot| slot.id == offer.slot_id).cloned();
        let slot = slot.ok_or_else(|| Error::broken("an offer without a slot"))?;
        take(tx, contact, (question, offers, offer), (slot, zone), Answers::By(inbound)).await?;
        return Ok(true);
    }
    Ok(false)
}

/// The button of one of the times was tapped; it says by itself which message it is under.
pub(crate) async fn tapped(
    tx: &mut Tx,
    contact: &contact::Model,
    inbound: &message::Model,
    (under, n): (Uuid, u8),
) -> Result<()> {
    let asks = message::Entity::these(contact.business_id, [under]).one(&tx.db).await?;
    let question = match asks.and_then(|m| m.origin_id) {
        Some(id) => questions::of_origin(tx, contact.business_id, id).await?,
        None => None,
    };
    let chosen = match question {
        Some(question) => by_number(tx, contact, question, i32::from(n), Answers::By(inbound)).await?,
        None => false,
    };
    if chosen {
        return Ok(());
    }
    let title = "They tapped the number of a time that was not offered, or have chosen another one before. Please read.";
    tasks::ask_to_read(tx, inbound, title.to_owned()).await
}

/// One of the times was chosen on their page; what can't be chosen any more changes nothing.
pub(in crate::waitlist) async fn chosen_on_page(
    tx: &mut Tx,
    contact: &contact::Model,
    question: question::Model,
    n: i32,
) -> Result<()> {
    by_number(tx, contact, question, n, Answers::OnPage).await.map(drop)
}

/// Whether the time of this number could be chosen, or was by this person before.
async fn by_number(tx: &mut Tx, contact: &contact::Model, question: question::Model, n: i32, said: Answers<'_>) -> Result<bool> {
    let offers = of(tx, &question).await?;
    let rows = slots::locked_all(tx, contact.business_id, offers.iter().map(|offer| offer.slot_id)).await?;
    // As they stand under the locks.
    let offers = of(tx, &question).await?;
    let offer = offers.iter().find(|offer| offer.choice == Some(n)).cloned();
    let slot = offer
        .as_ref()
        .and_then(|offer| rows.iter().find(|slot| slot.id == offer.slot_id).cloned());
    let (Some(offer), Some(slot)) = (offer, slot) else {
        return Ok(false);
    };
    if question.answer.is_some() {
        return Ok(offer.status == OfferStatus::Taken.as_str());
    }
    let business = businesses::of(tx, contact.business_id).await?;
    let zone = locations::zone_of(&tx.db, &business, slot.location_id).await?;
    take(tx, contact, (question, offers, offer), (slot, zone), said).await?;
    Ok(true)
}

async fn take(
    tx: &mut Tx,
    contact: &contact::Model,
    (question, offers, offer): (question::Model, Vec<offer::Model>, offer::Model),
    (slot, zone): (slot::Model, Zone),
    said: Answers<'_>,
) -> Result<()> {
    let (_, visit) = appointments::locked(tx, contact.business_id, question.subject_id).await?;
    let place = place(&visit, zone, slot.starts_at, slot.minutes);
    let stands = offer.status.parse().is_ok_and(OfferStatus::is_open)
        && slots::status(&slot).is_free()
        && offer.expires_at.is_none_or(|until| tx.now < until)
        && appointments::status(&visit)?.is_open()
        && !filling::is_busy(tx, visit.business_id, &place, &[visit.id]).await?;
    let moved = if stands {
        match filling::move_there(tx, &said.who(), contact, &visit, place).await {
            Ok(moved) => Some(moved),
            Err(Error::Problem(p)) if p.code == Code::Conflict => None,
            Err(e) => return Err(e),
        }
    } else {
        None
    };
    if moved.is_none() {
        return gone(tx, &slot, offer, said).await;
    }
    let (id, business_id) = (question.origin_id, question.business_id);
    questions::answer(tx, question, said.text(), true).await?;
    filled(tx, &said.who(), &slot, visit.id).await?;
    let answered_at = tx.now;
    for other in offers.into_iter().filter(|other| other.id != offer.id) {
        let rest = slots::locked(tx, business_id, other.slot_id).await?;
        if other.status.parse().is_ok_and(OfferStatus::is_open) {
            become_(tx, other, OfferStatus::Lost, |_| {}).await?;
        }
        slots::end(tx, &BY, rest, SlotStatus::Closed).await?;
    }
    become_(tx, offer.clone(), OfferStatus::Taken, |row| {
        row.answered_at = Set(Some(answered_at))
    })
    .await?;
    questions::set_expiry(tx, business_id, &[id], tx.now).await?;
    let by = "the customer's choice";
    tasks::settle(tx, business_id, visit.id, tasks::Kind::Reschedule, by).await?;
    tasks::settle_key(tx, business_id, &key(id), tasks::Kind::Reschedule, by).await?;
    taking::won(tx, contact, &offer, said).await
}

/// It is somebody else's by now, or was held no longer: they are told once, and a person looks for another one.
async fn gone(tx: &mut Tx, slot: &slot::Model, offer: offer::Model, said: Answers<'_>) -> Result<()> {
    let status: OfferStatus = offer
        .status
        .parse()
        .map_err(|_| Error::broken("an offer of an unknown status"))?;
    let status = if status.is_open() { OfferStatus::Expired } else { status };
    let answered_at = tx.now;
    become_(tx, offer.clone(), status, |row| {
        row.answered_at = Set(Some(answered_at));
        row.owes = Set(said.owes("lost"));
    })
    .await?;
    wake(tx, slot).await?;
    let title = "They chose a time that is not free any more. Please offer them others.";
    said.ask_to_read(tx, &offer, title).await
}

/// A yes says nothing about which; a no says that none suits.
pub(in crate::waitlist) async fn answered(
    tx: &mut Tx,
    contact: &contact::Model,
    question: &question::Model,
    said: Answers<'_>,
    yes: bool,
) -> Result<()> {
    let offers = of(tx, question).await?;
    let Some(first) = offers.first() else { return Ok(()) };
    if yes {
        let title = "They answered yes to several times. Please ask which one they mean.";
        return said.ask_to_read(tx, first, title).await;
    }
    for slot in slots::locked_all(tx, question.business_id, offers.iter().map(|offer| offer.slot_id)).await? {
        for offer in offering::open_of(&tx.db, &slot).await? {
            end_offer(tx, offer, OfferStatus::Declined).await?;
        }
        slots::end(tx, &said.who(), slot, SlotStatus::Closed).await?;
    }
    let conversation = conversations::of_contact(&tx.db, question.business_id, contact.id).await?;
    let task = tasks::New {
        business_id: question.business_id,
        kind: tasks::Kind::Reschedule,
        title: "Find another time: none of the times that were offered suits them.".to_owned(),
        key: format!(
            "reschedule:{}:{}",
            question.subject_id,
            said.text().map_or(question.origin_id, |m| m.id)
        ),
        contact_id: Some(contact.id),
        conversation_id: conversation.map(|thread| thread.id),
        appointment_id: Some(question.subject_id),
        message_id: said.text().map(|m| m.id).or(first.message_id),
    };
    tasks::raise(tx, task).await
}
