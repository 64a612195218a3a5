//! Visits that were moved: their customer is told of the time that holds in the end, a few minutes later; and the last change of a visit can
//! be undone.

use std::collections::HashMap;

use contract::{
    Code,
    appointments::{AppointmentView, Status},
    calendar::ChangedVisit,
};
use domain::{
    consent::{Channel, Purpose},
    fallback,
    later::Delay,
    letters,
    moves::{Move, TELL_AFTER},
    origin::Origin,
    templates::{Kind, Which},
    texts,
};
use entity::{
    appointments::{appointment, appointment_change},
    businesses::business,
    contacts::contact,
    messages::message,
    reminders::reminder_request,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use uuid::Uuid;

use crate::{
    appointments::{self, change, clocks, link},
    businesses::{self, locations},
    contacts, conversations, experiments,
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        error::problem,
        events::{Failed, Recorded},
        tx::Objections,
    },
    messages,
    outbox::{
        self,
        ways::{self, Way},
    },
    questions, tasks,
    templates::{self, About},
    twins,
};

/// Why a text about a move is taken back.
const OLD_NEWS: &str = "The visit has another time by now, or is not open any more.";
const REMINDED: &str = "A reminder tells of this time.";
const ANEW: &str = "It is written anew, because the visit was changed.";

/// The last change of a visit is undone: it is as it was, with its reminders, and what was to tell of it is not sent.
///
/// # Errors
/// `NotFound`; `Conflict` when something newer has happened, the customer has been told, or the time is past or taken by now.
pub async fn undo(s: &Services, actor: &Actor, id: Uuid) -> Result<AppointmentView> {
    actor.may(Permission::WriteAppointments)?;
    let mut tx = s.begin().await?;
    let (contact, visit) = appointments::locked(&tx, actor.business_id, id).await?;
    let last = last_of(&tx, &visit).await?;
    let moved = last.as_ref().is_some_and(|last| last.known_at.is_some());
    let newer = visit.arrived_at.is_some() && moved;
    let Some(last) = last.filter(|last| last.revision == visit.revision && !newer) else {
        let words = "There is nothing to undo: something newer has happened to this visit. Change it as it should be.";
        return Err(problem(Code::Conflict, words));
    };
    if let Some(text) = text_of(&tx, &last).await?
        && !matches!(messages::status(&text).as_str(), "queued" | "cancelled")
    {
        let words = "The customer has been told of this time already. Move the visit back instead: then they are told of that.";
        return Err(problem(Code::Conflict, words));
    }
    let (was, at) = (change::status_before(&last)?, last.created_at);
    change::take_back(&mut tx, actor, (&contact, &visit), last).await?;
    if moved && was == Status::RescheduleRequested {
        tx.settle().await?;
        tasks::reopen_settled_at(&mut tx, actor.business_id, contact.id, tasks::Kind::Reschedule, at).await?;
    }
    appointments::finish(tx, actor.business_id, id).await
}

/// The customer is told of the last move after all.
///
/// # Errors
/// `NotFound`; `Conflict` when something newer has happened, or there is nothing to tell.
pub async fn tell_of(s: &Services, actor: &Actor, id: Uuid) -> Result<ChangedVisit> {
    actor.may(Permission::WriteAppointments)?;
    let mut tx = s.begin().await?;
    let (_, visit) = appointments::locked(&tx, actor.business_id, id).await?;
    let last = last_of(&tx, &visit).await?;
    let Some(last) = last.filter(|last| can_be_told(last, &visit)) else {
        let words = "There is no move to tell of: something newer has happened, or they know this time.";
        return Err(problem(Code::Conflict, words));
    };
    if last.tell != Some(true) {
        let mut row = last.into_active_model();
        row.tell = Set(Some(true));
        let last = row.update(&tx.db).await?;
        tell(&mut tx, &visit, last).await?;
    }
    let visit = appointments::finish(tx, actor.business_id, id).await?;
    Ok(ChangedVisit {
        visit,
        tells: true,
        may_tell: true,
    })
}

/// A visit as it is after its last change, with whether its customer is told of that.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn changed(s: &Services, actor: &Actor, id: Uuid) -> Result<ChangedVisit> {
    let visit = appointments::get(s, actor, id).await?;
    let row = appointments::find(s.read(), actor.business_id, id).await?;
    let last = change::standing(actor.business_id, id).one(s.read()).await?;
    let may_tell = last.as_ref().is_some_and(|last| can_be_told(last, &row));
    Ok(ChangedVisit {
        visit,
        tells: may_tell && last.is_some_and(|last| last.tell == Some(true)),
        may_tell,
    })
}

async fn last_of(tx: &Tx, visit: &appointment::Model) -> Result<Option<appointment_change::Model>> {
    Ok(change::standing(visit.business_id, visit.id).one(&tx.db).await?)
}

/// Nothing newer has happened, and the visit has a time that its customer does not know.
fn can_be_told(last: &appointment_change::Model, visit: &appointment::Model) -> bool {
    let moved = last.known_at.is_some_and(|known| known != last.starts_at);
    moved && last.revision == visit.revision && appointments::status(visit).is_ok_and(Status::is_open)
}

async fn text_of(tx: &Tx, change: &appointment_change::Model) -> Result<Option<message::Model>> {
    let Some(id) = change.message_id else { return Ok(None) };
    Ok(message::Entity::these(change.business_id, [id]).one(&tx.db).await?)
}

/// What is about to be told says something that is no longer so.
async fn write_anew(tx: &mut Tx, visit: &appointment::Model) -> Result<()> {
    if take_back(tx, visit, ANEW).await?.is_some() {
        tell_again(tx, visit).await?;
    }
    Ok(())
}

/// What is told of visits that were changed: one text with the time that holds, or none.
pub(crate) async fn appointments_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        match &one.event {
            Event::AppointmentMoved(visit) => moved(tx, visit).await?,
            Event::AppointmentChanged {
                visit,
                told_otherwise: true,
            } => write_anew(tx, visit).await?,
            Event::AppointmentRestored(visit) | Event::AppointmentReopened(visit) => {
                take_back(tx, visit, OLD_NEWS).await?;
                tell_again(tx, visit).await?;
            }
            Event::AppointmentCancelled(visit) | Event::AppointmentEnded(visit) => {
                take_back(tx, visit, OLD_NEWS).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Several moves are one text: what waited of an earlier one is taken back, and what its customer knows stays what they knew before that.
async fn moved(tx: &mut Tx, visit: &appointment::Model) -> Result<()> {
    let taken_back = take_back(tx, visit, OLD_NEWS).await?;
    let all = change::standing(visit.business_id, visit.id).all(&tx.db).await?;
    let Some(last) = all.iter().find(|change| change.revision == visit.revision) else {
        return Ok(());
    };
    let from = last.known_at.unwrap_or(last.starts_at);
    let told_before = match all.iter().find(|change| change.id != last.id && change.message_id.is_some()) {
        Some(earlier) => earlier.starts_at == from && text_of(tx, earlier).await?.is_some_and(|text| messages::has_left(&text)),
        None => false,
    };
    let one = Move {
        now: tx.now,
        from,
        to: visit.starts_at,
        known: taken_back.as_ref().and_then(|earlier| earlier.known_at).unwrap_or(from),
        confirmed: change::status_before(last)? == Status::Confirmed,
        told_before: told_before || taken_back.is_some(),
        tell: last.tell,
    };
    let mut row = last.clone().into_active_model();
    row.known_at = Set(Some(one.known));
    row.tell = Set(Some(one.tells()));
    let last = row.update(&tx.db).await?;
    if one.tells() { tell(tx, visit, last).await } else { Ok(()) }
}

/// What still waits to be told of this visit is not sent; the change that it told of, the latest of them. Nor are answers to what was told
/// before answers to how it stands now.
async fn take_back(tx: &mut Tx, visit: &appointment::Model, why: &str) -> Result<Option<appointment_change::Model>> {
    use appointment_change::Column;
    let told = change::of(visit.business_id, visit.id)
        .filter(Column::MessageId.is_not_null())
        .all(&tx.db)
        .await?;
    let asked: Vec<Uuid> = told.iter().map(|change| change.id).collect();
    questions::set_expiry(tx, visit.business_id, &asked, tx.now).await?;
    let mut latest = None;
    for change in told {
        let Some(text) = text_of(tx, &change).await? else { continue };
        if messages::status(&text).as_str() == "queued" {
            outbox::cancel(tx, visit.business_id, text.id, why).await?;
            latest = latest.or(Some(change));
        }
    }
    Ok(latest)
}

/// The visit has the time again that an earlier move gave it, of which its customer was not told yet.
async fn tell_again(tx: &mut Tx, visit: &appointment::Model) -> Result<()> {
    let all = change::standing(visit.business_id, visit.id).all(&tx.db).await?;
    let Some(last) = all.into_iter().find(|change| change.known_at.is_some()) else {
        return Ok(());
    };
    let holds = last.starts_at == visit.starts_at && last.known_at != Some(visit.starts_at);
    if !(holds && last.tell == Some(true) && appointments::status(visit)?.is_open()) {
        return Ok(());
    }
    match text_of(tx, &last).await? {
        Some(text) if !messages::has_left(&text) && messages::status(&text).as_str() == "cancelled" => {
            tell(tx, visit, last).await
        }
        // It has been told, and what was asked then can be answered again.
        Some(_) => questions::set_expiry(tx, visit.business_id, &[last.id], visit.starts_at).await,
        None => Ok(()),
    }
}

/// Writes the text of a move, which waits for as long as the move may have been a slip.
async fn tell(tx: &mut Tx, visit: &appointment::Model, change: appointment_change::Model) -> Result<()> {
    if clocks::undecided(visit) || visit.starts_at <= tx.now {
        return Ok(());
    }
    let business = businesses::of(tx, visit.business_id).await?;
    let contact = contacts::locked(tx, visit.business_id, visit.contact_id).await?;
    if contact.blocked {
        return needs_call(tx, visit, contacts::BLOCKED).await;
    }
    let way = match ways::choose(tx, &contact, &intent(&change), visit.location_id, Purpose::Transactional).await? {
        Ok(way) => way,
        Err(why) => return needs_call(tx, visit, &why).await,
    };
    tell_by(tx, &business, &contact, (visit, change), (way, None)).await
}

/// What all ways of telling of a change have in common.
fn intent(change: &appointment_change::Model) -> String {
    format!("moved:{}", change.id)
}

/// The same by one way; perhaps in the place of a message that failed, and then at once.
async fn tell_by(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    (visit, change): (&appointment::Model, appointment_change::Model),
    (way, instead_of): (Way, Option<Uuid>),
) -> Result<()> {
    let place = locations::zone_of(&tx.db, business, visit.location_id).await?;
    let start = texts::Start {
        at: visit.starts_at,
        place,
        customer: contacts::own_zone(contact).unwrap_or(place),
    };
    let other = questions::others_open(tx, business.id, contact.id, &[visit.id]).await?;
    let token = u16::try_from(visit.token).ok().filter(|_| other);
    let about = About {
        visit: Some(visit),
        ..About::to(business, contact)
    };
    let (subject, body, tried) = words(tx, way.channel, about, start, token).await?;
    let new = outbox::New {
        origin: Origin::Moved,
        origin_id: Some(change.id),
        channel: way.channel,
        subject,
        body,
        correlation_id: Some(fallback::correlation(&intent(&change), way.channel)),
        author: None,
        appointment_id: Some(visit.id),
        useful_until: Some(visit.starts_at),
        time_zone: visit.time_zone.clone(),
        location_id: visit.location_id,
        delay: instead_of.is_none().then(|| (Delay::Moved, tx.now + TELL_AFTER)),
    };
    let text = outbox::enqueue(tx, contact, new).await?;
    ways::note(tx, &text, &way, instead_of).await?;
    let subject = experiments::About {
        subject_id: visit.id,
        over_at: visit.starts_at,
    };
    experiments::given(tx, tried, &text, subject).await?;
    if way.channel == Channel::WhatsApp {
        twins::tell_of_visit(tx, &text, Kind::Moved, about, start).await?;
    }
    let question = questions::New {
        business_id: visit.business_id,
        contact_id: visit.contact_id,
        origin: Origin::Moved,
        origin_id: change.id,
        subject_id: visit.id,
        token: visit.token,
        at: visit.starts_at,
        time_zone: Some(place.name()),
        name: visit.for_name.as_deref(),
        message_id: text.id,
        expires_at: visit.starts_at,
    };
    questions::ask(tx, question).await?;
    let mut row = change.into_active_model();
    row.message_id = Set(Some(text.id));
    row.update(&tx.db).await?;
    Ok(())
}

/// What a visit's customer is told of its new time, this way.
async fn words(
    tx: &mut Tx,
    channel: Channel,
    about: About<'_>,
    start: texts::Start,
    token: Option<u16>,
) -> Result<(Option<String>, String, Option<templates::Chosen>)> {
    let (Some(contact), Some(visit)) = (about.contact, about.visit) else {
        return Err(Error::broken("a move of no visit"));
    };
    let language = contacts::language::of(about.business, contact);
    let known = texts::one(language, &about.business.name, visit.for_name.as_deref(), start, token);
    match channel {
        Channel::Sms | Channel::WhatsApp => {
            let said = templates::say(tx, Which::sms(Kind::Moved, language), about, known).await?;
            Ok((None, said.body, said.tried))
        }
        Channel::Email => {
            let said = templates::say(tx, Which::mail(Kind::Moved, language), about, known).await?;
            let url = link::url(tx.services(), visit).await?;
            let letter = said.letter().button(letters::button(language), url);
            Ok((said.subject, letter.text(), said.tried))
        }
    }
}

/// What became of texts about moves: who was not reached is for a person.
pub(crate) async fn messages_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        match &one.event {
            Event::MessageFailed(m, how) => failed(tx, m, how).await?,
            Event::MessageWithdrawn(m) => not_told(tx, m, m.error.as_deref().unwrap_or_default()).await?,
            _ => {}
        }
    }
    Ok(())
}

/// The same goes another way, if one is left; else, if it is not tried again by itself, somebody should call.
async fn failed(tx: &mut Tx, m: &message::Model, how: &Failed) -> Result<()> {
    if !messages::is_of(m, Origin::Moved) {
        return Ok(());
    }
    if !still_wanted(&tx.db, &[m]).await?.contains_key(&m.id)
        && let Some(change) = m.origin_id
        && let Some(change) = appointment_change::Entity::find_by_id(change).one(&tx.db).await?
    {
        let visit = appointments::find(&tx.db, m.business_id, change.appointment_id).await?;
        let contact = contacts::locked(tx, m.business_id, m.contact_id).await?;
        if visit.starts_at > tx.now
            && let Some(way) = ways::instead(tx, &contact, m, visit.location_id).await?
        {
            let business = businesses::of(tx, m.business_id).await?;
            return tell_by(tx, &business, &contact, (&visit, change), (way, Some(m.id))).await;
        }
    }
    if how.retrying {
        return Ok(());
    }
    not_told(tx, m, &how.why).await
}

/// Whoever should know of the time that the visit has, and does not.
async fn not_told(tx: &mut Tx, m: &message::Model, why: &str) -> Result<()> {
    if !messages::is_of(m, Origin::Moved) {
        return Ok(());
    }
    let now = message::Entity::these(m.business_id, [m.id]).one(&tx.db).await?;
    let waits_again = now.is_some_and(|now| messages::status(&now).as_str() == "queued");
    let told_before = ways::arrived_before(&tx.db, m).await?.is_some();
    if waits_again || told_before || still_wanted(&tx.db, &[m]).await?.contains_key(&m.id) {
        return Ok(());
    }
    let Some(id) = m.appointment_id else { return Ok(()) };
    let visit = appointments::find(&tx.db, m.business_id, id).await?;
    if visit.starts_at <= tx.now {
        return Ok(());
    }
    needs_call(tx, &visit, why).await
}

async fn needs_call(tx: &mut Tx, visit: &appointment::Model, why: &str) -> Result<()> {
    let conversation = conversations::of_contact(&tx.db, visit.business_id, visit.contact_id).await?;
    let task = tasks::New {
        business_id: visit.business_id,
        kind: tasks::Kind::Call,
        title: format!("Call about the visit: it was moved, and the customer was not told by text. {why}"),
        key: format!("moved:{}:{}", visit.id, visit.starts_at.timestamp()),
        contact_id: Some(visit.contact_id),
        conversation_id: conversation.map(|c| c.id),
        appointment_id: Some(visit.id),
        message_id: None,
    };
    tasks::raise_anew(tx, task).await
}

/// Why texts about moves that wait, or are about to leave, are not wanted any more: their visit has another time, or is not open.
pub(crate) async fn still_wanted(db: &impl ConnectionTrait, waiting: &[&message::Model]) -> Result<Objections> {
    let ids: Vec<Uuid> = waiting.iter().filter_map(|m| m.origin_id).collect();
    let mut objections = Objections::new();
    let changes: HashMap<Uuid, appointment_change::Model> = if ids.is_empty() {
        HashMap::new()
    } else {
        let rows = appointment_change::Entity::find().filter(appointment_change::Column::Id.is_in(ids));
        rows.all(db).await?.into_iter().map(|row| (row.id, row)).collect()
    };
    let ids: Vec<Uuid> = changes.values().map(|change| change.appointment_id).collect();
    let visits: HashMap<Uuid, appointment::Model> = if ids.is_empty() {
        HashMap::new()
    } else {
        let rows = appointment::Entity::find().filter(appointment::Column::Id.is_in(ids));
        rows.all(db).await?.into_iter().map(|row| (row.id, row)).collect()
    };
    for m in waiting {
        let change = m.origin_id.and_then(|id| changes.get(&id));
        let visit = change.and_then(|change| visits.get(&change.appointment_id));
        let why = match (change, visit) {
            (Some(change), Some(visit)) => match objection(m, change, visit) {
                None if reminded_since(db, change).await? => Some(REMINDED),
                why => why,
            },
            _ => Some(OLD_NEWS),
        };
        if let Some(why) = why {
            objections.insert(m.id, why.to_owned());
        }
    }
    Ok(objections)
}

/// Whether a reminder has told of the new time, or is about to: one text says it.
async fn reminded_since(db: &impl ConnectionTrait, change: &appointment_change::Model) -> Result<bool> {
    use reminder_request::Column;
    let rows = reminder_request::Entity::in_business(change.business_id)
        .filter(Column::AppointmentId.eq(change.appointment_id))
        .filter(Column::Status.is_in(["queued", "sent", "yes", "no"]))
        .all(db)
        .await?;
    let tells = |row: &reminder_request::Model| row.status == "queued" || row.sent_at.is_some_and(|at| at >= change.created_at);
    Ok(rows.iter().any(tells))
}

fn objection(m: &message::Model, change: &appointment_change::Model, visit: &appointment::Model) -> Option<&'static str> {
    let open = appointments::status(visit).is_ok_and(Status::is_open);
    let same = visit.business_id == m.business_id && visit.starts_at == change.starts_at && change.undone_at.is_none();
    if !(open && same && change.tell == Some(true)) {
        Some(OLD_NEWS)
    } else if clocks::undecided(visit) {
        Some(clocks::UNDECIDED)
    } else {
        None
    }
}
