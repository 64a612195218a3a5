//! Times by text: staff tick two or three that are free, the customer answers with a number, and their visit moves there.

mod words;

pub use words::preview;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    waitlist::{OfferStatus, OfferTimes, SlotStatus, TimesView},
};
use domain::{
    consent::{Channel, Sending, may_send},
    inbound,
    origin::Origin,
    texts,
    waitlist::{Mode, Plan, choice},
    when,
    zone::Zone,
};
use entity::{
    appointments::appointment,
    businesses::business,
    contacts::contact,
    messages::message,
    questions::question,
    waitlist::{offer, slot},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::{
    offering::{self, become_, start, wake},
    slots::{self, New},
    taking::{self, filled},
    telling,
    view::views_of,
};
use crate::{
    appointments::{
        self, clocks,
        filling::{self, Place},
    },
    businesses::{self, locations, types},
    contacts::{self, consent},
    conversations, delivery,
    kernel::{
        Actor, Error, Permission, Principal, Result, Services, Tx,
        error::{field, problem},
    },
    outbox, questions, tasks, templates,
};

/// How long they are held, in minutes.
const HOLD: i32 = 30;
/// So many are offered at once.
const FEW: std::ops::RangeInclusive<usize> = 2..=3;
const PURPOSE: &str = "times";
const BY: Principal = Principal::System("the waitlist");

/// Offers a customer two or three times for a visit of theirs, each held for half an hour from when the text leaves. Times that were offered
/// for it before are given back.
///
/// # Errors
/// `NotFound`; `Invalid` for times that can't be read or are past; `Conflict` for a visit that is over or kept elsewhere, and for a time that
/// is not free; `MayNotSend` with the reason.
pub async fn offer(s: &Services, actor: &Actor, appointment_id: Uuid, cmd: OfferTimes) -> Result<TimesView> {
    actor.may(Permission::WriteAppointments)?;
    if !FEW.contains(&cmd.starts.len()) {
        return Err(field("starts", "Please give two or three times."));
    }
    let mut tx = s.begin().await?;
    let business = businesses::get(&tx.db, actor.business_id).await?;
    let (contact, visit) = appointments::locked(&tx, actor.business_id, appointment_id).await?;
    may_move(&visit)?;
    let zone = locations::zone_of(&tx.db, &business, visit.location_id).await?;
    let starts = read(&tx, zone, &visit, &cmd.starts)?;
    if let Some(why) = obstacle(s, &tx, &contact, &visit).await? {
        return Err(problem(Code::MayNotSend, why));
    }
    give_back(&mut tx, &actor.who, &visit).await?;
    tx.settle().await?;
    let minutes = length(&tx, &visit).await?;
    for at in &starts {
        is_free(&tx, &visit, zone, *at, minutes).await?;
    }
    let id = Uuid::now_v7();
    let all = hold(&mut tx, actor, &visit, (id, &starts, minutes)).await?;
    let text = ask(&mut tx, actor, &business, (&contact, &visit), zone, (id, &starts)).await?;
    for (place, slot) in all.iter().enumerate() {
        let choice = i32::try_from(place + 1).unwrap_or(1);
        insert(&tx, slot, &contact, (id, choice), text.id).await?;
    }
    tx.settle().await?;
    let ids: Vec<Uuid> = all.iter().map(|slot| slot.id).collect();
    let mut slots = views_of(s, &tx.db, actor.business_id, &ids).await?;
    slots.sort_by_key(|slot| slot.starts_at);
    tx.commit().await?;
    Ok(TimesView {
        id,
        appointment_id,
        message_id: Some(text.id),
        slots,
    })
}

fn may_move(visit: &appointment::Model) -> Result<()> {
    if visit.source == Some(appointment::Source::Calendar) {
        let words = "Another calendar keeps this visit. Please move it there.";
        return Err(problem(Code::Conflict, words));
    }
    if !appointments::status(visit)?.is_open() {
        let words = "This visit is over or cancelled. Undo that first, or make a new visit.";
        return Err(problem(Code::Conflict, words));
    }
    if clocks::undecided(visit) {
        return Err(problem(Code::Conflict, clocks::UNDECIDED));
    }
    Ok(())
}

fn read(tx: &Tx, zone: Zone, visit: &appointment::Model, typed: &[String]) -> Result<Vec<DateTime<Utc>>> {
    let mut starts = Vec::with_capacity(typed.len());
    for text in typed {
        let at = appointments::time_ahead(tx, zone, text).map_err(|e| field("starts", e.problem().detail))?;
        if at == visit.starts_at {
            return Err(field("starts", "The visit has one of these times already."));
        }
        if starts.contains(&at) {
            return Err(field("starts", "Please give each time once."));
        }
        starts.push(at);
    }
    starts.sort_unstable();
    Ok(starts)
}

async fn length(tx: &Tx, visit: &appointment::Model) -> Result<i32> {
    let minutes = match (visit.ends_at, visit.type_id) {
        (Some(end), _) => (end - visit.starts_at).num_minutes(),
        (None, Some(id)) => types::find(&tx.db, visit.business_id, id)
            .await?
            .map_or(30, |kind| kind.minutes.into()),
        (None, None) => 30,
    };
    Ok(i32::try_from(minutes).unwrap_or(1440).clamp(5, 1440))
}

/// Why this customer can't be asked by text, if so. The claim asks all of this again.
async fn obstacle(s: &Services, tx: &Tx, contact: &contact::Model, visit: &appointment::Model) -> Result<Option<String>> {
    if contact.blocked {
        return Ok(Some(contacts::BLOCKED.to_owned()));
    }
    if let Err(why) = may_send(consent::state(&tx.db, contact.id).await?, Sending::Automatic) {
        return Ok(Some(why.to_owned()));
    }
    if let Some(why) = delivery::unreachable(tx, contact).await? {
        return Ok(Some(why));
    }
    let sender = outbox::sender(s, &tx.db, contact.business_id, Some(contact.id), visit.location_id).await?;
    Ok(sender.is_none().then(|| "There is no number to send from.".to_owned()))
}

/// Whom it is with has no other visit then, and nobody else is offered that time.
async fn is_free(tx: &Tx, visit: &appointment::Model, zone: Zone, at: DateTime<Utc>, minutes: i32) -> Result<()> {
    let place = place(visit, zone, at, minutes);
    if filling::is_busy(tx, visit.business_id, &place, &[visit.id]).await? {
        let words = format!("{} has another visit on {}.", visit.staff_label, when::dated(at, zone));
        return Err(problem(Code::Conflict, words));
    }
    let held = slot::Entity::in_business(visit.business_id)
        .filter(sea_orm::sea_query::Expr::cust("\"status\" IN ('open', 'offering')"))
        .filter(slot::Column::StartsAt.eq(at))
        .filter(slot::Column::StaffLabel.eq(&visit.staff_label))
        .limit(1)
        .one(&tx.db)
        .await?;
    match held.filter(|slot| !slot.staff_label.is_empty() && slot.location_id == visit.location_id) {
        Some(_) => {
            let words = format!(
                "The time on {} is offered to somebody else at the moment.",
                when::dated(at, zone)
            );
            Err(problem(Code::Conflict, words))
        }
        None => Ok(()),
    }
}

fn place(visit: &appointment::Model, zone: Zone, at: DateTime<Utc>, minutes: i32) -> Place {
    Place {
        starts_at: at,
        ends_at: at + Duration::minutes(minutes.into()),
        zone,
        location_id: visit.location_id,
        staff_label: visit.staff_label.clone(),
        type_id: visit.type_id,
    }
}

async fn hold(
    tx: &mut Tx,
    actor: &Actor,
    visit: &appointment::Model,
    (id, starts, minutes): (Uuid, &[DateTime<Utc>], i32),
) -> Result<Vec<slot::Model>> {
    let mut all = Vec::with_capacity(starts.len());
    for at in starts {
        let new = New {
            business_id: visit.business_id,
            purpose: PURPOSE,
            starts_at: *at,
            minutes,
            type_id: visit.type_id,
            location_id: visit.location_id,
            staff_label: visit.staff_label.clone(),
            plan: Plan {
                mode: Mode::OneByOne,
                hold_minutes: HOLD,
                group_size: 1,
            },
            lead: Duration::zero(),
            source: PURPOSE,
            from_id: Some(visit.id),
            chain_id: None,
            key: format!("times:{id}:{}", at.timestamp()),
        };
        let Some(slot) = slots::open(tx, &actor.who, new).await? else {
            return Err(Error::broken("a time that is held already"));
        };
        let until = offering::deadline(&slot, tx.now);
        let mut row = slot.into_active_model();
        row.status = Set(SlotStatus::Offering.as_str().to_owned());
        row.next_at = Set(Some(until));
        all.push(row.update(&tx.db).await?);
    }
    Ok(all)
}

async fn ask(
    tx: &mut Tx,
    actor: &Actor,
    business: &business::Model,
    (contact, visit): (&contact::Model, &appointment::Model),
    zone: Zone,
    (id, starts): (Uuid, &[DateTime<Utc>]),
) -> Result<message::Model> {
    let until = tx.now + Duration::minutes(HOLD.into());
    let known = words::known(business, (contact, visit), zone, starts, tx.now);
    let about = words::about(business, contact, visit);
    let said = templates::say(tx, words::which(business, contact), about, known).await?;
    let new = outbox::New {
        origin: Origin::Offer,
        origin_id: Some(id),
        channel: Channel::Sms,
        subject: None,
        body: said.body,
        correlation_id: Some(format!("times:{id}")),
        author: Some(actor.author()),
        appointment_id: Some(visit.id),
        useful_until: Some(tx.now + Duration::minutes(i64::from(HOLD) / 2)),
        time_zone: visit.time_zone.clone(),
        location_id: visit.location_id,
        delay: None,
    };
    let text = outbox::enqueue(tx, contact, new).await?;
    let question = questions::New {
        business_id: visit.business_id,
        contact_id: contact.id,
        origin: Origin::Offer,
        origin_id: id,
        subject_id: visit.id,
        token: visit.token,
        at: starts.first().copied().unwrap_or(visit.starts_at),
        time_zone: Some(zone.name()),
        name: visit.for_name.as_deref(),
        message_id: text.id,
        expires_at: until,
    };
    questions::ask(tx, question).await?;
    Ok(text)
}

async fn insert(tx: &Tx, slot: &slot::Model, contact: &contact::Model, (id, choice): (Uuid, i32), text: Uuid) -> Result<()> {
    let row = offer::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(slot.business_id),
        slot_id: Set(slot.id),
        entry_id: Set(None),
        contact_id: Set(contact.id),
        times_id: Set(Some(id)),
        choice: Set(Some(choice)),
        status: Set(OfferStatus::Waiting.as_str().to_owned()),
        channel: Set(Channel::Sms.as_str().to_owned()),
        reason: Set("a time for their visit".to_owned()),
        message_id: Set(Some(text)),
        expires_at: Set(Some(offering::deadline(slot, tx.now))),
        sent_at: Set(None),
        answered_at: Set(None),
        owes: Set(None),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    Ok(())
}

/// Times that were offered for this visit and not answered are free again.
async fn give_back(tx: &mut Tx, by: &Principal, visit: &appointment::Model) -> Result<()> {
    let rows = slot::Entity::find()
        .filter(slot::Column::FromId.eq(visit.id))
        .filter(slot::Column::Purpose.eq(PURPOSE))
        .filter(slot::Column::Status.is_in([SlotStatus::Open, SlotStatus::Offering].map(SlotStatus::as_str)))
        .order_by_asc(slot::Column::Id)
        .limit(20)
        .all(&tx.db)
        .await?;
    for slot in slots::locked_all(tx, visit.business_id, rows.iter().map(|slot| slot.id)).await? {
        for offer in offering::open_of(&tx.db, &slot).await? {
            end_offer(tx, offer, OfferStatus::Withdrawn).await?;
        }
        slots::end(tx, by, slot, SlotStatus::Closed).await?;
    }
    Ok(())
}

/// The offer of one of the times is over, and with it, as they end together, what asked about them.
async fn end_offer(tx: &mut Tx, offer: offer::Model, becomes: OfferStatus) -> Result<()> {
    let (business_id, asked, text) = (offer.business_id, offer.times_id, offer.message_id);
    become_(tx, offer, becomes, |_| {}).await?;
    if let Some(asked) = asked {
        questions::set_expiry(tx, business_id, &[asked], tx.now).await?;
    }
    match text {
        Some(text) => outbox::cancel(tx, business_id, text, "These times are not offered any more.").await,
        None => Ok(()),
    }
}

/// The times of one text, by their numbers.
async fn of(tx: &Tx, question: &question::Model) -> Result<Vec<offer::Model>> {
    let rows = offer::Entity::find()
        .filter(offer::Column::BusinessId.eq(question.business_id))
        .filter(offer::Column::TimesId.eq(question.origin_id))
        .order_by_asc(offer::Column::Choice)
        .limit(3);
    Ok(rows.all(&tx.db).await?)
}

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
        let Some(place) = choice(inbound::words(&inbound.body), &starts, zone) else {
            continue;
        };
        let Some(offer) = offers.get(place).cloned() else { continue };
        let slot = rows.iter().find(|slot| slot.id == offer.slot_id).cloned();
        let slot = slot.ok_or_else(|| Error::broken("an offer without a slot"))?;
        take(tx, &business, contact, (question, offers, offer), slot, zone, inbound).await?;
        return Ok(true);
    }
    Ok(false)
}

async fn take(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    (question, offers, offer): (question::Model, Vec<offer::Model>, offer::Model),
    slot: slot::Model,
    zone: Zone,
    inbound: &message::Model,
) -> Result<()> {
    let (_, visit) = appointments::locked(tx, contact.business_id, question.subject_id).await?;
    let place = place(&visit, zone, slot.starts_at, slot.minutes);
    let stands = offer.status.parse().is_ok_and(OfferStatus::is_open)
        && slots::status(&slot).is_free()
        && offer.expires_at.is_none_or(|until| tx.now < until)
        && appointments::status(&visit)?.is_open()
        && !filling::is_busy(tx, visit.business_id, &place, &[visit.id]).await?;
    let moved = if stands {
        match filling::move_there(tx, &Principal::Customer, contact, &visit, place).await {
            Ok(moved) => Some(moved),
            Err(Error::Problem(p)) if p.code == Code::Conflict => None,
            Err(e) => return Err(e),
        }
    } else {
        None
    };
    if moved.is_none() {
        return gone(tx, &slot, offer, inbound).await;
    }
    let (id, business_id) = (question.origin_id, question.business_id);
    questions::answer(tx, question, Some(inbound), true).await?;
    filled(tx, &Principal::Customer, &slot, visit.id).await?;
    let answered_at = tx.now;
    for other in offers.into_iter().filter(|other| other.id != offer.id) {
        let rest = slots::locked(tx, business_id, other.slot_id).await?;
        if other.status.parse().is_ok_and(OfferStatus::is_open) {
            become_(tx, other, OfferStatus::Lost, |_| {}).await?;
        }
        slots::end(tx, &BY, rest, SlotStatus::Closed).await?;
    }
    become_(tx, offer, OfferStatus::Taken, |row| row.answered_at = Set(Some(answered_at))).await?;
    questions::set_expiry(tx, business_id, &[id], tx.now).await?;
    let by = "the customer's choice";
    tasks::settle(tx, business_id, visit.id, tasks::Kind::Reschedule, by).await?;
    tasks::settle_key(tx, business_id, &key(id), tasks::Kind::Reschedule, by).await?;
    won(tx, business, contact, &slot, id, zone, inbound).await
}

/// It is somebody else's by now, or was held no longer: they are told once, and a person looks for another one.
async fn gone(tx: &mut Tx, slot: &slot::Model, offer: offer::Model, inbound: &message::Model) -> Result<()> {
    let status: OfferStatus = offer
        .status
        .parse()
        .map_err(|_| Error::broken("an offer of an unknown status"))?;
    let status = if status.is_open() { OfferStatus::Expired } else { status };
    let answered_at = tx.now;
    become_(tx, offer, status, |row| {
        row.answered_at = Set(Some(answered_at));
        row.owes = Set(Some("lost".to_owned()));
    })
    .await?;
    wake(tx, slot).await?;
    let title = "They chose a time that is not free any more. Please offer them others.";
    tasks::ask_to_read(tx, inbound, title.to_owned()).await
}

async fn won(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    slot: &slot::Model,
    id: Uuid,
    zone: Zone,
    inbound: &message::Model,
) -> Result<()> {
    let language = contacts::language::of(business, contact);
    let known = texts::taken(language, &business.name, start(slot.starts_at, zone, contact), None);
    let told = taking::tell_won(tx, business, contact, slot, format!("times_won:{id}"), known).await?;
    if told {
        return Ok(());
    }
    let title = "They chose a time, and could not be told that it is theirs. Please call.";
    tasks::ask_to_read(tx, inbound, title.to_owned()).await
}

/// A yes says nothing about which; a no says that none suits.
pub(super) async fn answered(
    tx: &mut Tx,
    contact: &contact::Model,
    question: &question::Model,
    inbound: &message::Model,
    yes: bool,
) -> Result<()> {
    let offers = of(tx, question).await?;
    if offers.is_empty() {
        return Ok(());
    }
    if yes {
        let title = "They answered yes to several times. Please ask which one they mean.";
        return tasks::ask_to_read(tx, inbound, title.to_owned()).await;
    }
    for slot in slots::locked_all(tx, question.business_id, offers.iter().map(|offer| offer.slot_id)).await? {
        for offer in offering::open_of(&tx.db, &slot).await? {
            end_offer(tx, offer, OfferStatus::Declined).await?;
        }
        slots::end(tx, &Principal::Customer, slot, SlotStatus::Closed).await?;
    }
    let task = tasks::New {
        business_id: question.business_id,
        kind: tasks::Kind::Reschedule,
        title: "Find another time: none of the times that were offered suits them.".to_owned(),
        key: format!("reschedule:{}:{}", question.subject_id, inbound.id),
        contact_id: Some(contact.id),
        conversation_id: Some(inbound.conversation_id),
        appointment_id: Some(question.subject_id),
        message_id: Some(inbound.id),
    };
    tasks::raise(tx, task).await
}

fn key(times_id: Uuid) -> String {
    format!("times:{times_id}")
}

/// One of the times is held no longer, or its text never left: it is free again, and somebody looks after the customer.
pub(super) async fn go_on(s: &Services, slot: &slot::Model) -> Result<()> {
    let offers = offering::open_of(s.read(), slot).await?;
    let all = offer::Entity::narrowed(slot.business_id).filter(offer::Column::SlotId.eq(slot.id));
    let Some(one) = all.limit(1).one(s.read()).await? else {
        return Ok(());
    };
    let mut tx = s.begin().await?;
    contacts::locked(&tx, slot.business_id, one.contact_id).await?;
    let row = slots::locked(&tx, slot.business_id, slot.id).await?;
    if !slots::status(&row).is_free() {
        return Ok(());
    }
    let ended = |offer: &offer::Model| offer.expires_at.is_some_and(|until| until <= s.now());
    if let Some(next) = offers
        .iter()
        .filter(|offer| !ended(offer))
        .filter_map(|offer| offer.expires_at)
        .max()
    {
        let next = if telling::is_owed(&tx, &row).await? { tx.now } else { next };
        let mut row = row.into_active_model();
        row.next_at = Set(Some(next));
        row.update(&tx.db).await?;
        return tx.commit().await;
    }
    for offer in offering::open_of(&tx.db, &row).await? {
        let becomes = if offer.sent_at.is_some() {
            OfferStatus::Expired
        } else {
            OfferStatus::Withdrawn
        };
        end_offer(&mut tx, offer, becomes).await?;
    }
    if let (Some(times), Some(visit)) = (one.times_id, row.from_id) {
        let conversation = conversations::of_contact(&tx.db, slot.business_id, one.contact_id).await?;
        let task = tasks::New {
            business_id: slot.business_id,
            kind: tasks::Kind::Reschedule,
            title: "Find another time: they have not chosen one of those that were offered.".to_owned(),
            key: key(times),
            contact_id: Some(one.contact_id),
            conversation_id: conversation.map(|thread| thread.id),
            appointment_id: Some(visit),
            message_id: None,
        };
        tasks::raise(&mut tx, task).await?;
    }
    slots::end(&mut tx, &BY, row, SlotStatus::Expired).await?;
    tx.commit().await
}
