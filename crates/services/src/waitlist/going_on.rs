//! What there is to do about a slot when its moment has come: holds end, the next are asked, texts that are owed are written, the slot ends.
//! A job looks at once when something has happened, a tick whenever a slot's own clock says so; looking twice does nothing.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use contract::waitlist::{Mode, OfferStatus, SlotStatus};
use domain::{
    waitlist::{Turn, place},
    when,
    zone::Zone,
};
use entity::{
    businesses::business,
    contacts::contact,
    waitlist::{offer, slot, waitlist_entry},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    asking,
    matching::{self, Candidate, Found},
    offering::{self, become_},
    reading::priority,
    slots::{self, WAITLIST, mode},
    taking, telling, times,
};
use crate::{
    businesses::{self, locations},
    contacts,
    kernel::{Principal, Result, Services, Tx, counters::Free, tx::Changed},
    outbox::{self, ways},
    tasks,
};

/// Slots looked at in one go.
const AT_ONCE: u64 = 50;
/// Rounds of one look: each asks a group, or finds that somebody of it can't be asked after all.
const ROUNDS: usize = 6;
/// A slot that nobody fits is looked at again after so long, besides whenever somebody is put on the list.
const AGAIN: Duration = Duration::minutes(10);
const BY: &str = "the waitlist";

/// Slots whose moment has come, the longest overdue first.
pub(crate) fn due(now: DateTime<Utc>) -> Select<slot::Entity> {
    slot::Entity::find()
        .filter(Expr::cust("\"next_at\" IS NOT NULL"))
        .filter(slot::Column::NextAt.lte(now))
        .order_by_asc(slot::Column::NextAt)
        .limit(AT_ONCE)
}

/// Looks at every slot whose moment has come, and at entries that have waited long.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub async fn tick(s: &Services) -> Result<()> {
    let ids: Vec<Uuid> = due(s.now())
        .select_only()
        .column(slot::Column::Id)
        .into_tuple()
        .all(s.read())
        .await?;
    for id in ids {
        // One that can't be looked at must not keep the others waiting.
        if let Err(cause) = go_on(s, id).await {
            tracing::error!(slot = %id, %cause, "a free time could not be looked at; it is in a minute");
            put_off(s, id).await?;
        }
    }
    asking::tick(s).await
}

async fn put_off(s: &Services, id: Uuid) -> Result<()> {
    slot::Entity::update_many()
        .col_expr(slot::Column::NextAt, Expr::value(s.now() + Duration::minutes(1)))
        .filter(slot::Column::Id.eq(id))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// Does what there is to do about a slot.
pub(crate) async fn go_on(s: &Services, id: Uuid) -> Result<()> {
    for _ in 0..ROUNDS {
        let Some(slot) = slot::Entity::find_by_id(id).one(s.read()).await? else {
            return Ok(());
        };
        if slot.next_at.is_none_or(|at| at > s.now()) {
            return Ok(());
        }
        let business = businesses::get(s.read(), slot.business_id).await?;
        let zone = locations::zone_of(s.read(), &business, slot.location_id).await?;
        telling::tell(s, &business, &slot, zone).await?;
        if !slots::status(&slot).is_free() {
            return clear(s, &slot).await;
        }
        if slot.purpose != WAITLIST {
            return times::go_on(s, &slot).await;
        }
        Box::pin(step(s, &business, slot, zone)).await?;
    }
    Ok(())
}

/// Texts about a slot that nobody can have any more are taken back.
async fn clear(s: &Services, slot: &slot::Model) -> Result<()> {
    let offers = still_queued(s, slot).await?;
    let mut tx = s.begin().await?;
    let ids: Vec<Uuid> = offers.iter().map(|offer| offer.contact_id).collect();
    contacts::locked_led(&tx, &ids).await?;
    let row = slots::locked(&tx, slot.business_id, slot.id).await?;
    for offer in offers {
        if let Some(text) = offer.message_id {
            outbox::cancel(&mut tx, slot.business_id, text, "That time is not free any more.").await?;
        }
        if offer.status.parse().is_ok_and(OfferStatus::is_open) {
            let becomes = if offer.sent_at.is_some() {
                OfferStatus::Lost
            } else {
                OfferStatus::Withdrawn
            };
            let promised = offer.sent_at.is_some() && mode(&row).holds();
            become_(&mut tx, offer, becomes, |row| {
                if promised {
                    row.owes = Set(Some("lost".to_owned()));
                }
            })
            .await?;
        }
    }
    let owes = telling::is_owed(&tx, slot).await?;
    let now = tx.now;
    let mut row = row.into_active_model();
    row.next_at = Set(owes.then_some(now));
    row.update(&tx.db).await?;
    tx.commit().await
}

/// Offers of a slot that are open, or whose text has not left.
async fn still_queued(s: &Services, slot: &slot::Model) -> Result<Vec<offer::Model>> {
    let rows = offer::Entity::narrowed(slot.business_id)
        .filter(offer::Column::SlotId.eq(slot.id))
        .filter(
            sea_orm::Condition::any()
                .add(offer::Column::Status.is_in([OfferStatus::Waiting, OfferStatus::Sent].map(OfferStatus::as_str)))
                .add(offer::Column::SentAt.is_null()),
        )
        .limit(1000);
    Ok(rows.all(s.read()).await?)
}

/// Holds end and the next are asked, or the slot ends.
async fn step(s: &Services, business: &business::Model, slot: slot::Model, zone: Zone) -> Result<()> {
    let over = slot.stops_at <= s.now();
    let open = offering::open_of(s.read(), &slot).await?;
    let ending = |offer: &offer::Model| over || offer.expires_at.is_some_and(|until| until <= s.now());
    let left = open.iter().filter(|offer| !ending(offer)).count();
    let wants = !over && asks_more(&slot, &open, left, s.now());
    let found = if wants {
        matching::candidates(s, business, &slot, zone, usize::try_from(slot.group_size).unwrap_or(1)).await?
    } else {
        Found {
            now: Vec::new(),
            later: None,
        }
    };
    let mut tx = s.begin().await?;
    let ends = open.iter().filter(|offer| ending(offer)).map(|offer| offer.contact_id);
    let ids: Vec<Uuid> = ends.chain(found.now.iter().map(|one| one.entry.contact_id)).collect();
    let people = contacts::locked_led(&tx, &ids).await?;
    let slot = slots::locked(&tx, slot.business_id, slot.id).await?;
    if !slots::status(&slot).is_free() || slot.next_at.is_none_or(|at| at > tx.now) {
        // Somebody was faster.
        return Ok(());
    }
    end_holds(&mut tx, &slot, over).await?;
    if over {
        return end(tx, business, slot, zone).await;
    }
    let open = offering::open_of(&tx.db, &slot).await?;
    let passed_over = if asks_more(&slot, &open, open.len(), tx.now) {
        ask(s, &mut tx, business, &slot, zone, &people, &found).await?
    } else {
        0
    };
    rest(&mut tx, business, slot, found, passed_over, wants).await?;
    tx.commit().await
}

/// Whether it is time to ask somebody else.
fn asks_more(slot: &slot::Model, open: &[offer::Model], left: usize, now: DateTime<Utc>) -> bool {
    match mode(slot) {
        Mode::StaffOnly => false,
        Mode::OneByOne | Mode::Groups => left == 0,
        Mode::Race => {
            let last = open.iter().map(|offer| offer.created_at).max();
            left == 0 || last.is_none_or(|at| at + Duration::minutes(slot.hold_minutes.into()) <= now)
        }
    }
}

/// Who said nothing in time had their chance; whose text has not even left gets none. People and slot are locked by the caller.
async fn end_holds(tx: &mut Tx, slot: &slot::Model, all: bool) -> Result<()> {
    for offer in offering::open_of(&tx.db, slot).await? {
        if !(all || offer.expires_at.is_some_and(|until| until <= tx.now)) {
            continue;
        }
        let (sent, entry, text) = (offer.sent_at.is_some(), offer.entry_id, offer.message_id);
        if sent {
            become_(tx, offer, OfferStatus::Expired, |_| {}).await?;
            taking::count(tx, slot, Free::Silent);
            silent(tx, slot, entry).await?;
        } else {
            become_(tx, offer, OfferStatus::Withdrawn, |_| {}).await?;
            if let Some(text) = text {
                outbox::cancel(tx, slot.business_id, text, "It could not leave in time.").await?;
            }
        }
    }
    Ok(())
}

/// Two silences in a row, and others are asked first.
async fn silent(tx: &Tx, slot: &slot::Model, entry: Option<Uuid>) -> Result<()> {
    // In a race nobody was asked alone: to be slow there is no silence.
    let Some(id) = entry.filter(|_| mode(slot) != Mode::Race) else {
        return Ok(());
    };
    let Some(entry) = waitlist_entry::Entity::these(slot.business_id, [id]).one(&tx.db).await? else {
        return Ok(());
    };
    let (silences, priority) = (entry.silences + 1, priority(&entry)?);
    let mut row = entry.into_active_model();
    row.silences = Set(silences);
    row.place = Set(place(priority, silences));
    row.update(&tx.db).await?;
    Ok(())
}

/// Asks those of them who can still be asked; how many were passed over, because there is no way to them.
async fn ask(
    s: &Services,
    tx: &mut Tx,
    business: &business::Model,
    slot: &slot::Model,
    zone: Zone,
    people: &HashMap<Uuid, contact::Model>,
    found: &Found,
) -> Result<usize> {
    if !ways::any(tx, slot.business_id, slot.location_id).await? {
        return Ok(0);
    }
    let ids: Vec<Uuid> = found.now.iter().map(|one| one.entry.id).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    // As they stand under the locks.
    let entries = waitlist_entry::Entity::these(slot.business_id, ids).all(&tx.db).await?;
    let standings = matching::standings(s, &tx.db, business, slot, zone, &entries).await?;
    let alone = found.now.len() == 1;
    let mut passed_over = 0;
    for Candidate { entry, reason } in &found.now {
        let Some(entry) = entries.iter().find(|row| row.id == entry.id && row.status == "waiting") else {
            continue;
        };
        let turn = standings.get(&entry.contact_id).map(|standing| standing.turn());
        let Some(person) = people.get(&entry.contact_id).filter(|_| turn == Some(Turn::Now)) else {
            continue;
        };
        let candidate = Candidate {
            entry: entry.clone(),
            reason: reason.clone(),
        };
        if let Err(why) = offering::offer(tx, business, slot, zone, person, candidate, alone).await? {
            unreachable(tx, slot, entry, &why).await?;
            passed_over += 1;
        }
    }
    Ok(passed_over)
}

/// There is no way to them: they are passed over, and the board says so.
async fn unreachable(tx: &Tx, slot: &slot::Model, entry: &waitlist_entry::Model, why: &str) -> Result<()> {
    let row = offer::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(slot.business_id),
        slot_id: Set(slot.id),
        entry_id: Set(Some(entry.id)),
        contact_id: Set(entry.contact_id),
        times_id: Set(None),
        choice: Set(None),
        status: Set(OfferStatus::Withdrawn.as_str().to_owned()),
        channel: Set(entry.channel.clone()),
        reason: Set(format!("{why} Please call.")),
        message_id: Set(None),
        expires_at: Set(None),
        sent_at: Set(None),
        answered_at: Set(None),
        owes: Set(None),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    Ok(())
}

/// Until when nothing is to be done about it, and why nobody is asked, if so.
async fn rest(
    tx: &mut Tx,
    business: &business::Model,
    slot: slot::Model,
    found: Found,
    passed_over: usize,
    wanted: bool,
) -> Result<()> {
    let open = offering::open_of(&tx.db, &slot).await?;
    let ends = open.iter().filter_map(|offer| offer.expires_at).min();
    let no_number = !found.now.is_empty() && passed_over == 0 && open.is_empty();
    let wave = next_wave(&slot, &open, tx.now);
    let zone = businesses::zone(business);
    let (waits_until, why) = match (open.is_empty(), found.later) {
        (false, _) => (None, None),
        (true, Some(at)) => (
            Some(at),
            Some(format!("Who fits has quiet hours until {}.", when::dated(at, zone))),
        ),
        (true, None) if mode(&slot) == Mode::StaffOnly => (
            None,
            Some("It is too near to text anybody. Please call somebody who waits.".to_owned()),
        ),
        (true, None) if no_number => (None, Some("There is no number to send from.".to_owned())),
        (true, None) if wanted => (None, Some("Nobody who fits can be asked at the moment.".to_owned())),
        (true, None) => (None, None),
    };
    let next = [ends, wave, waits_until, Some(slot.stops_at)].into_iter().flatten().min();
    let idle = open.is_empty() && mode(&slot) != Mode::StaffOnly;
    let again = tx.now + AGAIN;
    let next = match next {
        // Whoever is next is asked at once, and who has answered meanwhile is told.
        Some(_) if idle && passed_over > 0 => Some(tx.now),
        Some(_) if telling::is_owed(tx, &slot).await? => Some(tx.now),
        Some(at) if idle => Some(at.min(again)),
        next => next,
    };
    let status = if open.is_empty() {
        SlotStatus::Open
    } else {
        SlotStatus::Offering
    };
    let (id, business_id, now) = (slot.id, slot.business_id, tx.now);
    let same = slot.status == status.as_str() && slot.wait_reason == why && slot.waits_until == waits_until;
    let mut row = slot.into_active_model();
    row.next_at = Set(next);
    if !same {
        row.status = Set(status.as_str().to_owned());
        row.waits_until = Set(waits_until);
        row.wait_reason = Set(why);
        row.updated_at = Set(now);
        tx.mark_changed(business_id, Changed::Slot(id));
    }
    row.update(&tx.db).await?;
    Ok(())
}

/// When more people are asked in a race.
fn next_wave(slot: &slot::Model, open: &[offer::Model], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let pause = Duration::minutes(slot.hold_minutes.into());
    let last = open.iter().map(|offer| offer.created_at).max();
    let next = last.filter(|_| mode(slot) == Mode::Race)? + pause;
    // Nobody else was left to ask.
    Some(if next <= now { now + pause } else { next })
}

/// Nobody took it in time: staff are told that it is still free.
async fn end(mut tx: Tx, business: &business::Model, slot: slot::Model, zone: Zone) -> Result<()> {
    let starts_at = slot.starts_at;
    if starts_at > tx.now {
        let who = match slot.staff_label.as_str() {
            "" => String::new(),
            name => format!(" with {name}"),
        };
        let task = tasks::New {
            business_id: business.id,
            kind: tasks::Kind::Waitlist,
            title: format!(
                "Still free: {}{who}, {} minutes. Nobody on the waitlist took it.",
                when::dated(starts_at, zone),
                slot.minutes
            ),
            key: format!("slot:{}", slot.id),
            contact_id: None,
            conversation_id: None,
            appointment_id: None,
            message_id: None,
        };
        tasks::raise(&mut tx, task).await?;
    }
    slots::end(&mut tx, &Principal::System(BY), slot, SlotStatus::Expired).await?;
    tx.commit().await
}
