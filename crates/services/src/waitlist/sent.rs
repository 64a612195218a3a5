//! What became of the waitlist's messages. The time to answer runs from when one is handed over; of one that is known to have failed the same
//! goes another way while that leaves time for an answer, else the next in line are asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contract::waitlist::{Mode, OfferStatus};
use domain::origin::Origin;
use entity::{
    contacts::contact,
    messages::message,
    waitlist::{offer, slot},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set, sea_query::Expr};
use uuid::Uuid;

use super::{
    asking, entries,
    offering::{self, become_, wake},
    reading::waiting_one,
    slots, taking, telling, times,
};
use crate::{
    contacts,
    kernel::{Event, Result, Tx, counters::Free, events::Recorded},
    messages,
    outbox::ways,
    questions,
};

enum Fate {
    Left,
    Failed { retrying: bool },
    Withdrawn,
}

/// What is heard of messages, in the order in which it has happened. People are locked before slots, each in the order of their ids.
pub(crate) async fn messages_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    let mut news: Vec<(&message::Model, Fate)> = Vec::new();
    for one in heard {
        let (m, fate) = match &one.event {
            Event::MessageSent(m) | Event::MessageDelivered(m) | Event::MessageArrived(m) => (m, Fate::Left),
            Event::MessageFailed(m, how) => (m, Fate::Failed { retrying: how.retrying }),
            Event::MessageWithdrawn(m) => (m, Fate::Withdrawn),
            _ => continue,
        };
        if messages::is_of(m, Origin::Offer) || telling::is_news(m) {
            news.push((m, fate));
        }
    }
    if news.is_empty() {
        return Ok(());
    }
    let failed = news.iter().filter(|(_, fate)| matches!(fate, Fate::Failed { .. }));
    let ids: Vec<Uuid> = failed.map(|(m, _)| m.contact_id).collect();
    let people = if ids.is_empty() {
        HashMap::new()
    } else {
        contacts::locked_led(tx, &ids).await?
    };
    lock_slots(tx, news.iter().map(|(m, _)| m.id)).await?;
    for (m, fate) in news {
        match fate {
            Fate::Left => left(tx, m).await?,
            Fate::Withdrawn => withdrawn(tx, m).await?,
            Fate::Failed { retrying } => {
                if let Some(person) = people.get(&m.contact_id) {
                    failed_(tx, m, person, retrying).await?;
                }
            }
        }
    }
    Ok(())
}

async fn lock_slots(tx: &Tx, texts: impl Iterator<Item = Uuid>) -> Result<()> {
    let offers = offer::Entity::find().filter(offer::Column::MessageId.is_in(texts));
    let mut of_business: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    for offer in offers.all(&tx.db).await? {
        of_business.entry(offer.business_id).or_default().insert(offer.slot_id);
    }
    for (business_id, ids) in of_business {
        slots::locked_all(tx, business_id, ids).await?;
    }
    Ok(())
}

/// What a message offers, as it stands under the locks, with the slots: one, or several times by their numbers.
async fn offered_by(tx: &Tx, m: &message::Model) -> Result<Vec<(offer::Model, slot::Model)>> {
    let rows = offer::Entity::in_business(m.business_id)
        .filter(offer::Column::MessageId.eq(m.id))
        .order_by_asc(offer::Column::Choice)
        .all(&tx.db)
        .await?;
    let slots = slots::locked_all(tx, m.business_id, rows.iter().map(|row| row.slot_id)).await?;
    let slot = |row: &offer::Model| slots.iter().find(|slot| slot.id == row.slot_id).cloned();
    Ok(rows
        .into_iter()
        .filter_map(|row| slot(&row).map(|slot| (row, slot)))
        .collect())
}

async fn left(tx: &mut Tx, m: &message::Model) -> Result<()> {
    for (offer, slot) in offered_by(tx, m).await? {
        asked(tx, &slot, offer).await?;
    }
    Ok(())
}

/// They have been asked: from now on the time to answer runs.
async fn asked(tx: &mut Tx, slot: &slot::Model, offer: offer::Model) -> Result<()> {
    if offer.status != OfferStatus::Waiting.as_str() || !slots::status(slot).is_free() {
        return Ok(());
    }
    let (now, until) = (tx.now, offering::deadline(slot, tx.now));
    let asks = offer.times_id.unwrap_or(offer.id);
    if offer.times_id.is_none() {
        taking::count(tx, slot, Free::Offers);
    }
    become_(tx, offer, OfferStatus::Sent, |row| {
        row.sent_at = Set(Some(now));
        row.expires_at = Set(Some(until));
    })
    .await?;
    questions::set_expiry(tx, slot.business_id, &[asks], until).await?;
    // A race asks more people before that.
    if slot.mode != Mode::Race.as_str() {
        // What is due already stays due.
        let next = slot.next_at.map_or(until, |at| at.min(until));
        let mut row = slot.clone().into_active_model();
        row.next_at = Set(Some(next));
        row.update(&tx.db).await?;
    }
    Ok(())
}

/// It does not go out. If that is because the one in whose place it goes has arrived after all, that one asks.
async fn withdrawn(tx: &mut Tx, m: &message::Model) -> Result<()> {
    let all = offered_by(tx, m).await?;
    if all.is_empty() {
        return Ok(());
    }
    let Some(first) = ways::arrived_before(&tx.db, m).await? else {
        return nobody_is_asked(tx, all).await;
    };
    offer::Entity::update_many()
        .col_expr(offer::Column::MessageId, Expr::value(first.id))
        .col_expr(offer::Column::Channel, Expr::value(&first.channel))
        .filter(offer::Column::BusinessId.eq(m.business_id))
        .filter(offer::Column::MessageId.eq(m.id))
        .exec(&tx.db)
        .await?;
    questions::asked_instead(tx, m, &first).await?;
    left(tx, &first).await
}

async fn nobody_is_asked(tx: &mut Tx, all: Vec<(offer::Model, slot::Model)>) -> Result<()> {
    for (offer, slot) in all {
        if offer.status.parse().is_ok_and(OfferStatus::is_open) {
            become_(tx, offer, OfferStatus::Withdrawn, |_| {}).await?;
            wake(tx, &slot).await?;
        }
    }
    Ok(())
}

/// The same goes another way, if one is left that is of use; else, if it is not tried again by itself, the next in line are asked.
async fn failed_(tx: &mut Tx, m: &message::Model, person: &contact::Model, retrying: bool) -> Result<()> {
    if telling::is_news(m) {
        return telling::failed(tx, m, person, retrying).await;
    }
    let all = offered_by(tx, m).await?;
    let Some((offer, slot)) = all.first() else {
        return not_of_an_offer(tx, m, person).await;
    };
    let open = |offer: &offer::Model| offer.status.parse().is_ok_and(OfferStatus::is_open);
    let stands = all.iter().all(|(offer, slot)| {
        let in_time = offer.expires_at.is_none_or(|until| tx.now < until);
        open(offer) && in_time && slots::status(slot).is_free()
    });
    if stands {
        let goes = match offer.times_id {
            Some(_) => times::again(tx, person, m, &all).await?,
            None => offering::again(tx, person, m, offer, slot).await?,
        };
        if goes {
            return Ok(());
        }
    }
    if retrying { Ok(()) } else { nobody_is_asked(tx, all).await }
}

/// What tells somebody that they are on the list, or asks whether they still wait.
async fn not_of_an_offer(tx: &mut Tx, m: &message::Model, person: &contact::Model) -> Result<()> {
    let Some(id) = m.origin_id else { return Ok(()) };
    let Some(entry) = waiting_one(tx, m.business_id, id).await? else {
        return Ok(());
    };
    if let Some(way) = ways::instead(tx, person, m, None).await? {
        let going = (way, Some(m.id));
        if asking::is_asked_by(m) {
            asking::ask_by(tx, person, &entry, going).await?;
        } else {
            entries::greet_by(tx, person, &entry, going).await?;
        }
    }
    Ok(())
}
