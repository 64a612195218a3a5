//! Somebody answers an offer. A yes in time takes the slot, in the transaction that heard it; everything else is told kindly.

use std::sync::Arc;

use chrono::Duration;
use contract::{
    Code,
    waitlist::{EntryStatus, OfferStatus, SlotStatus},
};
use domain::{consent::Channel, waitlist::place};
use entity::{
    appointments::appointment,
    contacts::contact,
    messages::message,
    questions::question,
    waitlist::{offer, slot, waitlist_entry},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{
    entries,
    offering::{self, become_, type_of, wake},
    reading::priority,
    slots::{self, facts, mode},
    telling,
};
use crate::{
    appointments::{
        self,
        filling::{self, Place},
    },
    businesses::{self, locations},
    conversations,
    kernel::{
        Error, Event, Principal, Result, Tx,
        counters::{Counter, Free},
        tx::Changed,
    },
    questions, tasks,
};

/// Locks the slots that these questions offer, in the order of their ids: whatever is answered in this transaction, two of them never wait
/// for each other.
pub(crate) async fn lock_asked(tx: &Tx, questions: &[question::Model]) -> Result<()> {
    if questions.is_empty() {
        return Ok(());
    }
    let offers = offer::Entity::find()
        .filter(
            Condition::any()
                .add(offer::Column::Id.is_in(questions.iter().map(|q| q.origin_id)))
                .add(offer::Column::TimesId.is_in(questions.iter().map(|q| q.origin_id))),
        )
        .select_only()
        .column(offer::Column::SlotId)
        .into_query();
    slot::Entity::find()
        .filter(slot::Column::Id.in_subquery(offers))
        .order_by_asc(slot::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    Ok(())
}

/// How somebody answers.
#[derive(Clone, Copy)]
pub(super) enum Answers<'a> {
    /// By a text or a tap.
    By(&'a message::Model),
    OnPage,
}

impl Answers<'_> {
    pub(super) const fn who(self) -> Principal {
        match self {
            Self::By(_) => Principal::Customer,
            Self::OnPage => Principal::CustomerPage,
        }
    }

    pub(super) const fn text(&self) -> Option<&message::Model> {
        match self {
            Self::By(inbound) => Some(inbound),
            Self::OnPage => None,
        }
    }

    /// The way that they answered by, on which they are told what came of it.
    fn channel(self, offer: &offer::Model) -> Option<Channel> {
        match self {
            Self::By(inbound) => inbound.channel.parse().ok(),
            Self::OnPage => offer.channel.parse().ok(),
        }
    }

    /// Whoever says yes too late, or after another, is told in words; a page says it by itself.
    pub(super) fn owes(self, what: &str) -> Option<String> {
        matches!(self, Self::By(_)).then(|| what.to_owned())
    }

    /// A person has to see to what they answered.
    pub(super) async fn ask_to_read(self, tx: &mut Tx, offer: &offer::Model, title: &str) -> Result<()> {
        if let Self::By(inbound) = self {
            return tasks::ask_to_read(tx, inbound, title.to_owned()).await;
        }
        let conversation = conversations::of_contact(&tx.db, offer.business_id, offer.contact_id).await?;
        let task = tasks::New {
            business_id: offer.business_id,
            kind: tasks::Kind::Call,
            title: title.to_owned(),
            key: format!("offer:{}", offer.id),
            contact_id: Some(offer.contact_id),
            conversation_id: conversation.map(|thread| thread.id),
            appointment_id: None,
            message_id: offer.message_id,
        };
        tasks::raise(tx, task).await
    }
}

/// An offer is answered. The contact's lock is held.
pub(super) async fn answer(
    tx: &mut Tx,
    contact: &contact::Model,
    offer: offer::Model,
    said: Answers<'_>,
    yes: bool,
) -> Result<()> {
    let slot = slots::locked(tx, offer.business_id, offer.slot_id).await?;
    // As it stands under the slot's lock.
    let Some(offer) = offering::find(&tx.db, offer.business_id, offer.id).await? else {
        return Ok(());
    };
    let status: OfferStatus = offer
        .status
        .parse()
        .map_err(|_| Error::broken("an offer of an unknown status"))?;
    let in_time = offer.expires_at.is_none_or(|until| tx.now < until);
    let stands = status.is_open() && slots::status(&slot).is_free();
    let entry = entry_of(tx, &offer).await?;
    let answered_at = tx.now;
    match (yes, stands && in_time) {
        (true, true) => yes_in_time(tx, contact, slot, offer, entry, said).await,
        (false, true) => {
            count(tx, &slot, Free::Answers);
            count(tx, &slot, Free::Declined);
            answers(tx, entry).await?;
            become_(tx, offer, OfferStatus::Declined, |row| {
                row.answered_at = Set(Some(answered_at))
            })
            .await?;
            wake(tx, &slot).await
        }
        (true, false) => {
            let status = match (status.is_open(), stands) {
                (true, true) => OfferStatus::Expired,
                (true, false) => OfferStatus::Lost,
                (false, _) => status,
            };
            let owes = if status == OfferStatus::Expired { "late" } else { "lost" };
            become_(tx, offer, status, |row| {
                row.answered_at = Set(Some(answered_at));
                row.owes = Set(said.owes(owes));
            })
            .await?;
            wake(tx, &slot).await
        }
        (false, false) => {
            let status = if status.is_open() { OfferStatus::Declined } else { status };
            become_(tx, offer, status, |row| row.answered_at = Set(Some(answered_at))).await
        }
    }
}

async fn entry_of(tx: &Tx, offer: &offer::Model) -> Result<Option<waitlist_entry::Model>> {
    let Some(id) = offer.entry_id else { return Ok(None) };
    Ok(waitlist_entry::Entity::these(offer.business_id, [id]).one(&tx.db).await?)
}

/// Who answers does not stand behind any more.
async fn answers(tx: &Tx, entry: Option<waitlist_entry::Model>) -> Result<()> {
    let Some(entry) = entry else { return Ok(()) };
    let (answers, priority) = (entry.answers + 1, priority(&entry)?);
    let mut row = entry.into_active_model();
    row.answers = Set(answers);
    row.silences = Set(0);
    row.place = Set(place(priority, 0));
    row.update(&tx.db).await?;
    Ok(())
}

async fn yes_in_time(
    tx: &mut Tx,
    contact: &contact::Model,
    slot: slot::Model,
    offer: offer::Model,
    entry: Option<waitlist_entry::Model>,
    said: Answers<'_>,
) -> Result<()> {
    let answered_at = tx.now;
    count(tx, &slot, Free::Answers);
    let waits = entry
        .as_ref()
        .is_some_and(|entry| entry.status == EntryStatus::Waiting.as_str());
    let taken = if waits {
        answers(tx, entry.clone()).await?;
        take(tx, &said.who(), contact, &slot, entry.as_ref(), Some(&offer)).await?
    } else {
        Taken::Gone
    };
    match taken {
        Taken::Visit => won(tx, contact, &offer, said).await,
        Taken::Gone => {
            become_(tx, offer, OfferStatus::Lost, |row| {
                row.answered_at = Set(Some(answered_at));
                row.owes = Set(said.owes("lost"));
            })
            .await?;
            wake(tx, &slots::locked(tx, slot.business_id, slot.id).await?).await
        }
        Taken::Busy => {
            let title = "They took a time that was offered to them, but have another visit then. Please read and call.";
            said.ask_to_read(tx, &offer, title).await?;
            become_(tx, offer, OfferStatus::Withdrawn, |row| {
                row.answered_at = Set(Some(answered_at))
            })
            .await?;
            wake(tx, &slot).await
        }
    }
}

/// What became of a wish to have a slot.
pub(super) enum Taken {
    /// There is a visit.
    Visit,
    /// It is not free after all.
    Gone,
    /// They have another visit at that minute.
    Busy,
}

/// Somebody gets a slot that is free: their visit is booked or moved, everybody else's offers are over. The caller holds the locks of the
/// person and the slot.
pub(super) async fn take(
    tx: &mut Tx,
    by: &Principal,
    contact: &contact::Model,
    slot: &slot::Model,
    entry: Option<&waitlist_entry::Model>,
    offer: Option<&offer::Model>,
) -> Result<Taken> {
    let business = businesses::of(tx, slot.business_id).await?;
    let zone = locations::zone_of(&tx.db, &business, slot.location_id).await?;
    let minutes = entry.map_or(slot.minutes, |entry| entry.minutes.min(slot.minutes));
    let place = Place {
        starts_at: slot.starts_at,
        ends_at: slot.starts_at + Duration::minutes(minutes.into()),
        zone,
        location_id: slot.location_id,
        staff_label: slot.staff_label.clone(),
        type_id: entry.map_or(slot.type_id, |entry| type_of(slot, entry)),
    };
    // What staff have opened by hand is free because they say so; of a visit that was declined the time is still its own.
    let came_free = matches!(slot.source.as_str(), "cancelled" | "moved");
    let own: Vec<Uuid> = slot
        .from_id
        .into_iter()
        .chain(entry.and_then(|entry| entry.instead_of))
        .collect();
    if came_free && filling::is_busy(tx, slot.business_id, &place, &own).await? {
        slots::end(tx, &Principal::System("the waitlist"), slot.clone(), SlotStatus::Closed).await?;
        return Ok(Taken::Gone);
    }
    let visit = match fill(tx, by, contact, entry, place).await {
        Ok(filled) => filled,
        Err(Error::Problem(p)) if p.code == Code::Conflict => return Ok(Taken::Busy),
        Err(e) => return Err(e),
    };
    filled(tx, by, slot, visit).await?;
    lose_others(tx, slot, offer.map(|offer| offer.id)).await?;
    if let Some(offer) = offer {
        let answered_at = tx.now;
        become_(tx, offer.clone(), OfferStatus::Taken, |row| {
            row.answered_at = Set(Some(answered_at))
        })
        .await?;
    }
    if let Some(entry) = entry {
        let (_, entry) = entries::locked(tx, entry.business_id, entry.id).await?;
        entries::end(tx, by, entry, EntryStatus::Booked).await?;
    }
    count(tx, slot, Free::Filled);
    let seconds = (tx.now - slot.created_at).num_seconds().max(0);
    tx.count_more(slot.business_id, Counter::Waitlist(mode(slot), Free::Seconds), seconds);
    Ok(Taken::Visit)
}

/// Moves the visit that they want to give up, if it can still be, or books one.
async fn fill(
    tx: &mut Tx,
    by: &Principal,
    contact: &contact::Model,
    entry: Option<&waitlist_entry::Model>,
    place: Place,
) -> Result<Uuid> {
    if let Some(instead_of) = entry.and_then(|entry| entry.instead_of) {
        let (_, visit) = appointments::locked(tx, contact.business_id, instead_of).await?;
        let ahead = visit.starts_at > tx.now && appointments::status(&visit)?.is_open();
        if ahead && visit.contact_id == contact.id {
            let moved = filling::move_there(tx, by, contact, &visit, place).await?;
            return Ok(moved.id);
        }
    }
    let for_name = entry.and_then(|entry| entry.for_name.as_deref());
    Ok(filling::book(tx, by, contact, for_name, place).await?.id)
}

/// The slot is this visit's. The caller holds its lock and has seen that it is free.
pub(super) async fn filled(tx: &mut Tx, by: &Principal, slot: &slot::Model, visit: Uuid) -> Result<()> {
    let was = facts(slot);
    let mut row = slot.clone().into_active_model();
    row.status = Set(SlotStatus::Taken.as_str().to_owned());
    row.appointment_id = Set(Some(visit));
    row.taken_at = Set(Some(tx.now));
    row.taken_by = Set(Some(by.author()));
    row.next_at = Set(Some(tx.now));
    row.waits_until = Set(None);
    row.wait_reason = Set(None);
    row.updated_at = Set(tx.now);
    let after = row.update(&tx.db).await?;
    tx.mark_changed(after.business_id, Changed::Slot(after.id));
    let event = Event::SlotTaken(Arc::new(after.clone()));
    tx.record_change(after.business_id, by, event, Some(was), Some(facts(&after)));
    slots::look_soon(tx, slot.id).await
}

/// Staff have booked a visit into it without asking for the slot. If it is of somebody who was offered it, they have it by that.
pub(super) async fn filled_by(tx: &mut Tx, by: &Principal, slot: &slot::Model, visit: &appointment::Model) -> Result<()> {
    filled(tx, by, slot, visit.id).await?;
    let offers = offering::open_of(&tx.db, slot).await?;
    let theirs = offers.into_iter().find(|offer| offer.contact_id == visit.contact_id);
    lose_others(tx, slot, theirs.as_ref().map(|offer| offer.id)).await?;
    let Some(offer) = theirs else { return Ok(()) };
    let entry = entry_of(tx, &offer).await?;
    become_(tx, offer, OfferStatus::Taken, |_| {}).await?;
    match entry {
        Some(entry) => entries::end(tx, by, entry, EntryStatus::Booked).await,
        None => Ok(()),
    }
}

/// Everybody else's offers of this slot are over. Whom it was promised to is told; the others are if they answer.
pub(super) async fn lose_others(tx: &Tx, slot: &slot::Model, but: Option<Uuid>) -> Result<()> {
    let mut others = offering::open_of(&tx.db, slot).await?;
    others.retain(|offer| Some(offer.id) != but);
    if others.is_empty() {
        return Ok(());
    }
    let lost = |ids: Vec<Uuid>, owes: Option<&str>| {
        let mut rows = offer::Entity::update_many()
            .col_expr(offer::Column::Status, Expr::value(OfferStatus::Lost.as_str()))
            .col_expr(offer::Column::UpdatedAt, Expr::value(tx.now))
            .filter(offer::Column::BusinessId.eq(slot.business_id))
            .filter(offer::Column::Id.is_in(ids));
        if let Some(owes) = owes {
            rows = rows.col_expr(offer::Column::Owes, Expr::value(owes));
        }
        rows
    };
    let promised =
        |offer: &offer::Model| mode(slot).holds() && offer.times_id.is_none() && offer.status == OfferStatus::Sent.as_str();
    let (held, raced): (Vec<_>, Vec<_>) = others.iter().partition(|offer| promised(offer));
    for (some, owes) in [(held, Some("lost")), (raced, None)] {
        let ids: Vec<Uuid> = some.iter().map(|offer| offer.id).collect();
        if !ids.is_empty() {
            lost(ids, owes).exec(&tx.db).await?;
        }
    }
    let asked: Vec<Uuid> = others
        .iter()
        .filter(|offer| offer.times_id.is_none())
        .map(|offer| offer.id)
        .collect();
    questions::set_expiry(tx, slot.business_id, &asked, tx.now).await
}

/// They have it, and are told so.
pub(super) async fn won(tx: &mut Tx, contact: &contact::Model, offer: &offer::Model, said: Answers<'_>) -> Result<()> {
    let business = businesses::of(tx, offer.business_id).await?;
    let slot = slots::locked(tx, offer.business_id, offer.slot_id).await?;
    if telling::won(tx, &business, contact, &slot, offer, said.channel(offer)).await? {
        return Ok(());
    }
    // They have the time all the same.
    said.ask_to_read(tx, offer, telling::NOT_TOLD).await
}

pub(super) fn count(tx: &mut Tx, slot: &slot::Model, what: Free) {
    tx.count(slot.business_id, Counter::Waitlist(mode(slot), what));
}
