//! What staff do with a free time: book it for somebody, ask somebody out of turn, pass somebody over, offer the time of a declined visit.

use contract::{
    Code, Problem,
    appointments::Status,
    waitlist::{OfferStatus, SlotStatus, SlotView},
};
use domain::{calendar::Span, waitlist::Turn, zone::Zone};
use entity::{
    contacts::contact,
    waitlist::{offer, slot, waitlist_entry},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::{
    listen, matching, offering,
    reading::wish,
    slots::{self, NO_SHOW, WAITLIST, finish},
    taking::{self, Taken},
};
use crate::{
    appointments::{
        self,
        change::Facts,
        filling::{self, Place},
    },
    businesses::{self, locations, types},
    contacts,
    kernel::{
        Actor, Permission, Result, Services, Tx,
        error::{not_found, problem},
    },
    tasks,
};

/// Books a free time for somebody; whoever it was promised to gets one kind text. Doing it twice changes nothing.
///
/// # Errors
/// `NotFound`; `Conflict` when somebody else has it, with the id of their visit, when it is over, and when this person has another visit then.
pub async fn book(s: &Services, actor: &Actor, id: Uuid, contact_id: Uuid) -> Result<SlotView> {
    actor.may(Permission::WriteWaitlist)?;
    let mut tx = s.begin().await?;
    let contact = contacts::locked(&tx, actor.business_id, contact_id).await?;
    // In one go with those that this person was offered besides.
    let offered = offering::open_of_contact(actor.business_id, contact.id).all(&tx.db).await?;
    let wanted = offered.iter().map(|offer| offer.slot_id).chain([id]);
    slots::locked_all(&tx, actor.business_id, wanted).await?;
    let row = slots::locked(&tx, actor.business_id, id).await?;
    let late_but_free = slots::status(&row) == SlotStatus::Expired && row.starts_at > tx.now;
    if !(slots::status(&row).is_free() || late_but_free) {
        return taken_already(tx, actor, &contact, &row).await;
    }
    if row.starts_at <= tx.now {
        return Err(problem(Code::Conflict, "This time is not to be booked any more."));
    }
    if late_but_free && is_in_use(&mut tx, &row).await? {
        let words = "This time is not free any more: a visit is at it.";
        return Err(problem(Code::Conflict, words));
    }
    let offer = theirs(&tx, &row, &contact).await?;
    if row.purpose != WAITLIST {
        return book_held(tx, actor, &contact, &row, offer.is_some()).await;
    }
    let entry = entry_for(&tx, &row, &contact, offer.as_ref()).await?;
    match taking::take(&mut tx, &actor.who, &contact, &row, entry.as_ref(), offer.as_ref()).await? {
        Taken::Visit => {
            let key = format!("slot:{id}");
            tasks::settle_key(&mut tx, actor.business_id, &key, tasks::Kind::Waitlist, &actor.author()).await?;
            finish(tx, actor.business_id, id).await
        }
        Taken::Gone => {
            tx.commit().await?;
            Err(problem(
                Code::Conflict,
                "This time is not free any more: another visit is at it.",
            ))
        }
        Taken::Busy => Err(problem(Code::Conflict, "This person has another visit at that time.")),
    }
}

/// Whether a time that the waitlist has given up was taken since: nothing watches over it any more.
async fn is_in_use(tx: &mut Tx, row: &slot::Model) -> Result<bool> {
    let business = businesses::of(tx, row.business_id).await?;
    let place = place_of(row, locations::zone_of(&tx.db, &business, row.location_id).await?);
    let own: Vec<_> = row.from_id.into_iter().collect();
    if filling::is_busy(tx, row.business_id, &place, &own).await? {
        return Ok(true);
    }
    let Some(id) = row.from_id else { return Ok(false) };
    let visit = appointments::find(&tx.db, row.business_id, id).await?;
    let status = appointments::status(&visit)?;
    let is_back = match row.source.as_str() {
        // Such a visit stands, and its time is offered all the same.
        "declined" => status == Status::Confirmed,
        NO_SHOW => visit.arrived_at.is_some(),
        _ => true,
    };
    let kind = match visit.type_id {
        Some(id) => types::find(&tx.db, visit.business_id, id).await?,
        None => None,
    };
    let span = Span::new(visit.starts_at, visit.ends_at, kind.map(|kind| kind.minutes));
    Ok(is_back && (status.is_open() || status == Status::Completed) && span.overlaps(&listen::span_of(row)))
}

fn place_of(row: &slot::Model, zone: Zone) -> Place {
    Place {
        starts_at: row.starts_at,
        ends_at: row.starts_at + chrono::Duration::minutes(row.minutes.into()),
        zone,
        location_id: row.location_id,
        staff_label: row.staff_label.clone(),
        type_id: row.type_id,
    }
}

/// Books one of the times that somebody chooses from; they keep the others. The visit takes the slot, as any visit does that is at its time.
async fn book_held(mut tx: Tx, actor: &Actor, contact: &contact::Model, row: &slot::Model, is_theirs: bool) -> Result<SlotView> {
    if is_theirs {
        let words = "This time is offered to this person for a visit that they have. Please move that visit.";
        return Err(problem(Code::Conflict, words));
    }
    let business = businesses::of(&mut tx, row.business_id).await?;
    let place = place_of(row, locations::zone_of(&tx.db, &business, row.location_id).await?);
    filling::book(&mut tx, &actor.who, contact, None, place).await?;
    finish(tx, row.business_id, row.id).await
}

async fn taken_already(tx: Tx, actor: &Actor, contact: &contact::Model, row: &slot::Model) -> Result<SlotView> {
    let Some(visit) = row.appointment_id else {
        return Err(problem(Code::Conflict, "This time is not to be booked any more."));
    };
    let has = appointments::find(&tx.db, actor.business_id, visit).await?;
    if has.contact_id == contact.id {
        return finish(tx, actor.business_id, row.id).await;
    }
    Err(Problem::with(visit, "Somebody else has this time already.").into())
}

/// This person's offer of this slot that can still be answered with a yes.
async fn theirs(tx: &Tx, slot: &slot::Model, contact: &contact::Model) -> Result<Option<offer::Model>> {
    let open = offering::open_of(&tx.db, slot).await?;
    Ok(open.into_iter().find(|offer| offer.contact_id == contact.id))
}

/// What this person waits for, if it is this: what they were offered it for, else their oldest entry that fits.
async fn entry_for(
    tx: &Tx,
    slot: &slot::Model,
    contact: &contact::Model,
    offer: Option<&offer::Model>,
) -> Result<Option<waitlist_entry::Model>> {
    let entries = entries_of(tx, contact).await?;
    if let Some(id) = offer.and_then(|offer| offer.entry_id) {
        return Ok(entries.into_iter().find(|entry| entry.id == id));
    }
    let business = businesses::get(&tx.db, slot.business_id).await?;
    let zone = locations::zone_of(&tx.db, &business, slot.location_id).await?;
    for entry in entries {
        if wish(&entry)?.fits(&matching::free(slot, zone), tx.now).is_ok() {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// Entries of a person that wait, the oldest first.
async fn entries_of(tx: &Tx, contact: &contact::Model) -> Result<Vec<waitlist_entry::Model>> {
    let rows = waitlist_entry::Entity::narrowed(contact.business_id)
        .filter(waitlist_entry::Column::ContactId.eq(contact.id))
        .filter(waitlist_entry::Column::Status.eq("waiting"))
        .order_by_asc(waitlist_entry::Column::CreatedAt)
        .limit(20);
    Ok(rows.all(&tx.db).await?)
}

/// Asks somebody now, out of turn. Who waits for something else is asked all the same: whoever presses this knows.
///
/// # Errors
/// `NotFound`; `Conflict` when the time is not free, when they are not on the waitlist, and when they can't be asked now, with the reason.
pub async fn add_person(s: &Services, actor: &Actor, id: Uuid, contact_id: Uuid) -> Result<SlotView> {
    actor.may(Permission::WriteWaitlist)?;
    let mut tx = s.begin().await?;
    let contact = contacts::locked(&tx, actor.business_id, contact_id).await?;
    let row = slots::locked(&tx, actor.business_id, id).await?;
    if !slots::status(&row).is_free() || row.purpose != WAITLIST || row.stops_at <= tx.now {
        return Err(problem(Code::Conflict, "Nobody can be asked for this time any more."));
    }
    let business = businesses::get(&tx.db, actor.business_id).await?;
    let zone = locations::zone_of(&tx.db, &business, row.location_id).await?;
    let fitting = entry_for(&tx, &row, &contact, None).await?;
    let entry = match fitting {
        Some(entry) => Some(entry),
        None => entries_of(&tx, &contact).await?.into_iter().next(),
    };
    let Some(entry) = entry else {
        return Err(problem(Code::Conflict, "Please put this person on the waitlist first."));
    };
    let standings = matching::standings(s, &tx.db, &business, &row, zone, std::slice::from_ref(&entry)).await?;
    match standings.get(&contact.id).map(domain::waitlist::Standing::turn) {
        Some(Turn::Now) => {}
        Some(Turn::Later(at)) => {
            let words = format!("They have quiet hours until {}.", domain::when::dated(at, zone));
            return Err(problem(Code::Conflict, words));
        }
        Some(Turn::Never(why)) => return Err(problem(Code::Conflict, why)),
        None => return Err(not_found("contact")),
    }
    let alone = offering::open_of(&tx.db, &row).await?.is_empty();
    let mut candidate = matching::candidate(tx.now, entry)?;
    candidate.reason = format!("asked by {}", actor.author());
    let asked = offering::offer(&mut tx, &business, &row, zone, &contact, candidate, alone).await?;
    asked.map_err(|why| problem(Code::MayNotSend, why))?;
    let until = offering::deadline(&row, tx.now);
    let next = row.next_at.map_or(until, |at| at.min(until));
    let mut row = row.into_active_model();
    row.status = Set(SlotStatus::Offering.as_str().to_owned());
    row.waits_until = Set(None);
    row.wait_reason = Set(None);
    row.next_at = Set(Some(next));
    row.updated_at = Set(tx.now);
    row.update(&tx.db).await?;
    finish(tx, actor.business_id, id).await
}

/// Passes somebody over: their offer is taken back, and the next are asked. Doing it twice changes nothing.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn skip(s: &Services, actor: &Actor, offer_id: Uuid) -> Result<SlotView> {
    actor.may(Permission::WriteWaitlist)?;
    let mut tx = s.begin().await?;
    let seen = offering::find(&tx.db, actor.business_id, offer_id).await?;
    let seen = seen.ok_or_else(|| not_found("offer"))?;
    contacts::locked(&tx, actor.business_id, seen.contact_id).await?;
    let row = slots::locked(&tx, actor.business_id, seen.slot_id).await?;
    let offer = offering::find(&tx.db, actor.business_id, offer_id).await?;
    if let Some(offer) = offer.filter(|offer| offer.status.parse().is_ok_and(OfferStatus::is_open)) {
        listen::withdraw(&mut tx, &row, offer, "Staff passed this person over.").await?;
    }
    finish(tx, actor.business_id, seen.slot_id).await
}

/// Offers the time of a visit to the waitlist whose customer has said that it does not suit.
///
/// # Errors
/// `NotFound`; `Conflict` for a visit that is past or not open, and for one whose time is offered already.
pub async fn offer_time_of(s: &Services, actor: &Actor, appointment_id: Uuid) -> Result<SlotView> {
    actor.may(Permission::WriteWaitlist)?;
    let mut tx = s.begin().await?;
    let (_, visit) = appointments::locked(&tx, actor.business_id, appointment_id).await?;
    if !listen::may_be_offered(&visit, tx.now) {
        return Err(problem(
            Code::Conflict,
            "The time of this visit can't be offered: it is past, or the visit is not open.",
        ));
    }
    let slot = listen::open_time(&mut tx, &actor.who, &visit, &Facts::of(&visit), "declined").await?;
    let Some(slot) = slot else {
        return Err(problem(Code::Conflict, "The time of this visit was offered already."));
    };
    let key = listen::asked_key(visit.id);
    tasks::settle_key(&mut tx, actor.business_id, &key, tasks::Kind::Waitlist, &actor.author()).await?;
    finish(tx, actor.business_id, slot.id).await
}
