//! What happens elsewhere and concerns the waitlist: visits come and go, texts leave or fail, people say STOP, entries are changed.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use chrono::{DateTime, Duration, Utc};
use contract::{
    Problem,
    appointments::Status,
    waitlist::{EntryStatus, Mode, OfferStatus, SlotStatus},
};
use domain::{calendar::Span, consent::Channel, waitlist::OnDecline, when};
use entity::{
    appointments::appointment,
    waitlist::{offer, slot},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use super::{
    matching::anybody_waits,
    offering::{self, become_, wake},
    rules,
    slots::{self, NO_SHOW, New, WAITLIST},
    taking,
};
use crate::{
    appointments::{self, change::Facts},
    businesses::{self, locations, types},
    contacts, conversations,
    kernel::{Error, Event, Principal, Result, Tx, events::Recorded},
    outbox, questions, tasks,
};

/// What a visit takes where nobody has said.
const USUAL: i64 = 30;
/// Free slots of a business that are looked through.
const MOST_FREE: u64 = 500;
const BY: Principal = Principal::System("the waitlist");

/// Slots of a business that somebody can still have, the soonest first. The states are literals for the sake of SQLite's index.
pub(crate) fn free_in(business_id: Uuid) -> Select<slot::Entity> {
    slot::Entity::in_business(business_id)
        .filter(Expr::cust("\"status\" IN ('open', 'offering')"))
        .order_by_asc(slot::Column::StartsAt)
        .limit(MOST_FREE)
}

/// Times that visits leave come free; times that they take are not free any more.
pub(crate) async fn appointments_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    let mut known: HashMap<Uuid, Vec<slot::Model>> = HashMap::new();
    for one in heard {
        let Some(visit) = visit_of(&one.event) else { continue };
        if let Entry::Vacant(place) = known.entry(one.business_id) {
            place.insert(free_in(one.business_id).all(&tx.db).await?);
        }
        let free = known.get(&one.business_id).map_or(&[][..], Vec::as_slice);
        match &one.event {
            Event::AppointmentCancelled(_) => {
                given_back(tx, visit).await?;
                freed(tx, one, &Facts::of(visit), "cancelled").await?;
            }
            Event::AppointmentMoved(_) => {
                given_back(tx, visit).await?;
                if let Some(before) = facts_before(one) {
                    freed(tx, one, &before, "moved").await?;
                }
                occupied(tx, one, visit, free).await?;
            }
            Event::AppointmentDeclined(_) => declined(tx, one, visit).await?,
            Event::AppointmentConfirmed(_) => {
                given_back(tx, visit).await?;
                comes_after_all(tx, visit, free).await?;
            }
            Event::AppointmentArrived(_) => comes_after_all(tx, visit, free).await?,
            // Who did not come leaves the rest of their time free.
            Event::AppointmentEnded(_) if visit.status == Status::Completed.as_str() => comes_after_all(tx, visit, free).await?,
            Event::AppointmentEnded(_) => {}
            _ => occupied(tx, one, visit, free).await?,
        }
    }
    Ok(())
}

fn visit_of(event: &Event) -> Option<&appointment::Model> {
    match event {
        Event::AppointmentBooked(visit)
        | Event::AppointmentMoved(visit)
        | Event::AppointmentRestored(visit)
        | Event::AppointmentReopened(visit)
        | Event::AppointmentConfirmed(visit)
        | Event::AppointmentDeclined(visit)
        | Event::AppointmentCancelled(visit)
        | Event::AppointmentArrived(visit)
        | Event::AppointmentEnded(visit)
        | Event::AppointmentChanged { visit, .. } => Some(visit),
        _ => None,
    }
}

/// What a visit was before this.
fn facts_before(one: &Recorded) -> Option<Facts> {
    one.before.as_deref().and_then(|json| serde_json::from_str(json).ok())
}

/// A time is free, if it lies ahead and anybody waits for one.
async fn freed(tx: &mut Tx, one: &Recorded, was: &Facts, source: &'static str) -> Result<()> {
    let Some(visit) = visit_of(&one.event) else { return Ok(()) };
    if was.starts_at <= tx.now || !anybody_waits(&tx.db, visit.business_id).await? || is_example(tx, visit).await? {
        return Ok(());
    }
    open_time(tx, &one.by, visit, was, source).await.map(drop)
}

/// Opens the time that a visit had, or has.
pub(super) async fn open_time(
    tx: &mut Tx,
    by: &Principal,
    visit: &appointment::Model,
    was: &Facts,
    source: &'static str,
) -> Result<Option<slot::Model>> {
    let minutes = match (was.ends_at, was.type_id) {
        (Some(end), _) => (end - was.starts_at).num_minutes(),
        (None, Some(id)) => types::find(&tx.db, visit.business_id, id)
            .await?
            .map_or(USUAL, |kind| kind.minutes.into()),
        (None, None) => USUAL,
    };
    let rules = rules::of(&tx.db, visit.business_id).await?;
    let plan = rules.plan(was.starts_at - tx.now);
    // Who left it has taken another slot at this moment.
    let chain = taken_now(tx, visit).one(&tx.db).await?;
    let new = New {
        business_id: visit.business_id,
        purpose: WAITLIST,
        starts_at: was.starts_at,
        minutes: i32::try_from(minutes).unwrap_or(1440).clamp(5, 1440),
        type_id: was.type_id,
        location_id: was.location_id,
        staff_label: was.staff_label.clone(),
        plan,
        lead: Duration::minutes(rules.lead.into()),
        source,
        from_id: Some(visit.id),
        chain_id: chain.map(|slot| slot.id),
        key: format!("visit:{}:{}", visit.id, visit.revision),
    };
    let slot = slots::open(tx, by, new).await?;
    if let Some(slot) = slot.as_ref().filter(|_| plan.mode == Mode::StaffOnly) {
        too_near(tx, slot).await?;
    }
    Ok(slot)
}

/// Nobody can be texted in time: somebody may still be called.
async fn too_near(tx: &mut Tx, slot: &slot::Model) -> Result<()> {
    let business = businesses::of(tx, slot.business_id).await?;
    let zone = locations::zone_of(&tx.db, &business, slot.location_id).await?;
    let when = when::dated(slot.starts_at, zone);
    let task = tasks::New {
        business_id: slot.business_id,
        kind: tasks::Kind::Waitlist,
        title: format!("Free at short notice: {when}. It is too near to text anybody. Please call somebody who waits."),
        key: format!("slot:{}", slot.id),
        contact_id: None,
        conversation_id: None,
        appointment_id: None,
        message_id: None,
    };
    tasks::raise(tx, task).await
}

/// A visit is at this time now: what was free there is not any more, nor is it a time for its person.
async fn occupied(tx: &mut Tx, one: &Recorded, visit: &appointment::Model, free: &[slot::Model]) -> Result<()> {
    if visit.starts_at <= tx.now || free.is_empty() || !appointments::status(visit)?.is_open() {
        return Ok(());
    }
    let kind = match visit.type_id {
        Some(id) => types::find(&tx.db, visit.business_id, id).await?,
        None => None,
    };
    let span = Span::new(visit.starts_at, visit.ends_at, kind.map(|kind| kind.minutes));
    let overlapping = |slot: &&slot::Model| span.overlaps(&span_of(slot));
    let there: Vec<&slot::Model> = free.iter().filter(overlapping).collect();
    if there.is_empty() || is_example(tx, visit).await? {
        return Ok(());
    }
    let theirs = its_place(tx, visit, &there).await?;
    // Of the others only those that this person was offered: nobody waits for the lock of a time that is nothing to them.
    let offered = offering::open_of_contact(visit.business_id, visit.contact_id)
        .all(&tx.db)
        .await?;
    let offered = offered.iter().map(|offer| offer.slot_id);
    let elsewhere = offered.filter(|id| there.iter().any(|slot| slot.id == *id));
    let all: BTreeSet<Uuid> = theirs.iter().copied().chain(elsewhere).collect();
    for row in slots::locked_all(tx, visit.business_id, all).await? {
        if !theirs.contains(&row.id) {
            not_both(tx, visit, &row).await?;
        } else if !slots::status(&row).is_free() {
            just_taken(one, visit, &row)?;
        } else if row.from_id == Some(visit.id) {
            slots::end(tx, &one.by, row.clone(), SlotStatus::Closed).await?;
            taking::lose_others(tx, &row, None).await?;
        } else {
            taking::filled_by(tx, &one.by, &row, visit).await?;
        }
    }
    Ok(())
}

/// Which of the free times a visit takes the place of. Where nobody is named there may be several chairs, and it sits on one of them.
async fn its_place(tx: &Tx, visit: &appointment::Model, there: &[&slot::Model]) -> Result<BTreeSet<Uuid>> {
    let was_its_own = |slot: &&&slot::Model| slot.from_id == Some(visit.id);
    let mut theirs: BTreeSet<Uuid> = there.iter().filter(was_its_own).map(|slot| slot.id).collect();
    let mut same = there.iter().filter(|slot| is_same_place(slot, visit)).map(|slot| slot.id);
    if !visit.staff_label.is_empty() {
        theirs.extend(same);
    } else if theirs.is_empty()
        && let Some(one) = same.next()
        && !has_taken(tx, visit).await?
    {
        theirs.insert(one);
    }
    Ok(theirs)
}

/// Whether a free time became this visit in this very transaction.
async fn has_taken(tx: &Tx, visit: &appointment::Model) -> Result<bool> {
    let taken = taken_now(tx, visit).one(&tx.db).await?;
    Ok(taken.is_some())
}

fn taken_now(tx: &Tx, visit: &appointment::Model) -> Select<slot::Entity> {
    slot::Entity::find()
        .filter(slot::Column::AppointmentId.eq(visit.id))
        .filter(slot::Column::TakenAt.eq(tx.now))
        .limit(1)
}

/// Nothing is free, and nothing taken, by people who are examples.
pub(super) async fn is_example(tx: &Tx, visit: &appointment::Model) -> Result<bool> {
    Ok(contacts::locked(tx, visit.business_id, visit.contact_id).await?.sample)
}

pub(super) fn span_of(slot: &slot::Model) -> Span {
    let ends_at = slot.starts_at + Duration::minutes(slot.minutes.into());
    Span::new(slot.starts_at, Some(ends_at), None)
}

/// Whether a visit takes this slot's place. Where nobody is named there may be several chairs: then it is the same minute that tells.
fn is_same_place(slot: &slot::Model, visit: &appointment::Model) -> bool {
    slot.staff_label == visit.staff_label
        && slot.location_id == visit.location_id
        && (!slot.staff_label.is_empty() || slot.starts_at == visit.starts_at)
}

/// Somebody of the waitlist took it while staff were about to.
fn just_taken(one: &Recorded, visit: &appointment::Model, slot: &slot::Model) -> Result<()> {
    let by_hand = matches!(one.by, Principal::Member { .. } | Principal::ApiKey { .. });
    match slot.appointment_id {
        Some(other) if by_hand && other != visit.id => {
            let words = "Somebody of the waitlist has just taken that time. Choose another time, or change that visit.";
            Err(Error::from(Problem::with(other, words)))
        }
        _ => Ok(()),
    }
}

/// Who has a visit at that time is not asked for it.
async fn not_both(tx: &mut Tx, visit: &appointment::Model, slot: &slot::Model) -> Result<()> {
    let offers = offering::open_of(&tx.db, slot).await?;
    let theirs = offers
        .into_iter()
        .find(|offer| offer.contact_id == visit.contact_id && offer.times_id.is_none());
    match theirs {
        Some(offer) => withdraw(tx, slot, offer, "They have another visit at that time.").await,
        None => Ok(()),
    }
}

/// Its time does not suit: by the rule that is nothing to the waitlist, or a question to staff, or a free time.
async fn declined(tx: &mut Tx, one: &Recorded, visit: &appointment::Model) -> Result<()> {
    if visit.starts_at <= tx.now || !anybody_waits(&tx.db, visit.business_id).await? {
        return Ok(());
    }
    match rules::of(&tx.db, visit.business_id).await?.on_decline {
        OnDecline::Never => Ok(()),
        OnDecline::AtOnce => freed(tx, one, &Facts::of(visit), "declined").await,
        OnDecline::Ask => {
            let business = businesses::of(tx, visit.business_id).await?;
            let zone = locations::zone_of(&tx.db, &business, visit.location_id).await?;
            let conversation = conversations::of_contact(&tx.db, visit.business_id, visit.contact_id).await?;
            let when = when::dated(visit.starts_at, zone);
            let task = tasks::New {
                business_id: visit.business_id,
                kind: tasks::Kind::Waitlist,
                title: format!("They can't come on {when}. Offer that time to the waitlist?"),
                key: asked_key(visit.id),
                contact_id: Some(visit.contact_id),
                conversation_id: conversation.map(|thread| thread.id),
                appointment_id: Some(visit.id),
                message_id: None,
            };
            tasks::raise_anew(tx, task).await
        }
    }
}

pub(super) fn asked_key(visit: Uuid) -> String {
    format!("offer_time:{visit}")
}

/// Whether its time is offered is no question any more.
async fn given_back(tx: &mut Tx, visit: &appointment::Model) -> Result<()> {
    let key = asked_key(visit.id);
    tasks::settle_key(tx, visit.business_id, &key, tasks::Kind::Waitlist, "a change of the visit").await
}

/// Who had declined, or was late, comes after all: their time is not free, if nobody has it yet.
async fn comes_after_all(tx: &mut Tx, visit: &appointment::Model, free: &[slot::Model]) -> Result<()> {
    let own = free
        .iter()
        .filter(|slot| slot.from_id == Some(visit.id) && slot.purpose == WAITLIST);
    for row in slots::locked_all(tx, visit.business_id, own.map(|slot| slot.id)).await? {
        let is_theirs = row.starts_at == visit.starts_at || row.source == NO_SHOW;
        if slots::status(&row).is_free() && is_theirs {
            slots::end(tx, &BY, row.clone(), SlotStatus::Closed).await?;
            taking::lose_others(tx, &row, None).await?;
        }
    }
    Ok(())
}

/// An offer is taken back, with its text if that has not left. The caller holds the slot's lock.
pub(super) async fn withdraw(tx: &mut Tx, slot: &slot::Model, offer: offer::Model, why: &str) -> Result<()> {
    let text = offer.message_id;
    become_(tx, offer, OfferStatus::Withdrawn, |_| {}).await?;
    if let Some(text) = text {
        outbox::cancel(tx, slot.business_id, text, why).await?;
    }
    wake(tx, slot).await
}

async fn withdraw_all(tx: &mut Tx, business_id: Uuid, offers: Vec<offer::Model>, why: &str) -> Result<()> {
    let rows = slots::locked_all(tx, business_id, offers.iter().map(|offer| offer.slot_id)).await?;
    for offer in offers {
        let Some(slot) = rows.iter().find(|slot| slot.id == offer.slot_id) else {
            continue;
        };
        // As it stands under the lock.
        match offering::find(&tx.db, business_id, offer.id).await? {
            Some(offer) if offer.status.parse().is_ok_and(OfferStatus::is_open) => withdraw(tx, slot, offer, why).await?,
            _ => {}
        }
    }
    Ok(())
}

/// Offers die with what their person says.
pub(crate) async fn contacts_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let (contact, channel, why) = match &one.event {
            Event::ContactOptedOut(contact, channel) => (contact.id, Some(*channel), "The customer opted out."),
            Event::ContactBlocked(contact) => (contact.id, None, "This contact is blocked."),
            Event::PhoneChanged(contact) => (contact.id, Some(Channel::Sms), "The phone number was changed."),
            Event::HoldBegan(text) => (text.contact_id, None, "They may have asked for no more texts."),
            _ => continue,
        };
        let mut offers = offering::open_of_contact(one.business_id, contact).all(&tx.db).await?;
        offers.retain(|offer| channel.is_none_or(|way| offer.channel == way.as_str()));
        withdraw_all(tx, one.business_id, offers, why).await?;
    }
    Ok(())
}

/// Who leaves the list is not asked any more; who joins it may be whom a free time waits for.
pub(crate) async fn entries_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    let mut look: BTreeSet<Uuid> = BTreeSet::new();
    for one in heard {
        match &one.event {
            Event::WaitlistEntryEnded(entry) => {
                let offers = offering::open_in(one.business_id).filter(offer::Column::EntryId.eq(entry.id));
                let offers = offers.all(&tx.db).await?;
                let why = if entry.status == EntryStatus::Booked.as_str() {
                    "They have a time."
                } else {
                    "They are not on the waitlist any more."
                };
                withdraw_all(tx, one.business_id, offers, why).await?;
                questions::set_expiry(tx, one.business_id, &[entry.id], tx.now).await?;
            }
            Event::WaitlistEntryAdded(_) | Event::WaitlistEntryChanged(_) => {
                look.insert(one.business_id);
            }
            _ => {}
        }
    }
    for business_id in look {
        let idle = free_in(business_id).all(&tx.db).await?;
        let idle = idle.into_iter().filter(|slot| slot.status == SlotStatus::Open.as_str());
        for row in slots::locked_all(tx, business_id, idle.map(|slot| slot.id)).await? {
            if slots::status(&row).is_free() {
                wake(tx, &row).await?;
            }
        }
    }
    Ok(())
}

/// Whether a visit is one whose time can be offered: open, and still to come.
pub(super) fn may_be_offered(visit: &appointment::Model, now: DateTime<Utc>) -> bool {
    visit.starts_at > now && appointments::status(visit).is_ok_and(Status::is_open)
}
