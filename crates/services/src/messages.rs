//! Texts. Outbound: a row first (`enqueue`), which is its own job; then claim (`claim`, within `limits`), call (`dispatch`), record
//! (`outcome`). What the provider says later is in `status`, what nobody knows in `unclear`, what an outage lost in `reconcile`.
//! Inbound: `inbound` stores a text once, `effects` does what it says.

mod backlog;
pub mod breaker;
mod claim;
mod desk;
mod dispatch;
mod effects;
mod inbound;
mod limits;
mod outcome;
mod reconcile;
mod resend;
pub mod spend;
mod status;
mod unclear;

use contract::{
    Code, Page,
    messages::{Direction, LogQuery, MessageView, SendMessage},
};
use domain::{
    consent::{Purpose, Sending, State, may_send},
    delivery::Status,
    phone::mask,
    segments,
};
use entity::{contacts::contact, messages::message};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    Set,
    sea_query::{Expr, LockType},
};
use twilio::errors;
use uuid::Uuid;

use crate::{
    Actor, Permission, Result, Services, Tx, Who,
    contacts::{self, consent},
    conversations,
    error::{field, problem},
    numbers,
    paging::{self, Cursor, PAGE, TimeCursor},
    reminders,
    reports::What,
    tasks,
    tx::Touched,
    vault,
};

pub use backlog::{Backlog, backlog};
#[cfg(test)]
pub(crate) use claim::due;
pub(crate) use desk::look_again;
pub use desk::{cancel_many, log, retry};
pub use dispatch::{dispatch, send_due};
pub(crate) use inbound::Intake;
pub(crate) use inbound::receive_again;
pub use inbound::{Received, receive};
pub(crate) use outcome::Outcomes;
#[cfg(test)]
pub(crate) use reconcile::silent;
pub use reconcile::{Swept, catch_up, reconcile, sweep};
#[cfg(test)]
pub(crate) use resend::to_resend;
pub(crate) use status::News;
pub use status::{About, status_changed};
#[cfg(test)]
pub(crate) use unclear::in_state;
pub(crate) use unclear::resolve;
pub use unclear::{recover, settle, tick};

/// The customer's number, sealed, as `vault::SEALED` calls it.
pub(crate) const THEIRS: &str = "message.theirs";

/// Twilio's own limit (`twilio.md` 3.5).
const LONGEST: usize = 1600;

/// What a text is, which decides the rules it goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Written by a person (or another system) for this customer now; quiet hours do not hold it.
    Reply,
    Reminder,
    /// An answer of ours to what the customer just texted: HELP, a correction.
    Automatic,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Reply => "reply",
            Kind::Reminder => "reminder",
            Kind::Automatic => "automatic",
        }
    }

    /// Whose turn is first: 0 before 1 before 2, each with a share that the others can't take.
    fn priority(self) -> i32 {
        match self {
            Kind::Reply | Kind::Automatic => 0,
            Kind::Reminder => 1,
        }
    }

    /// By which rule of consent a stored message goes: what answers the customer's own text needs no earlier agreement.
    fn sending(stored: &str) -> Sending {
        if stored == Kind::Reminder.as_str() {
            Sending::Automatic
        } else {
            Sending::Reply
        }
    }
}

/// An outbound text to be stored and sent.
pub(crate) struct New {
    pub kind: Kind,
    pub body: String,
    /// The same id in one business is the same message.
    pub correlation_id: Option<String>,
    pub author: Option<String>,
    pub reminder_id: Option<Uuid>,
    pub appointment_id: Option<Uuid>,
    /// Where the visit it is about happens: that decides the number it leaves from.
    pub location_id: Option<Uuid>,
}

/// Stores an outbound text and the job that will send it (law 1). The caller holds the contact's lock.
///
/// # Errors
/// `MayNotSend` when there is no number to send from.
pub(crate) async fn enqueue(tx: &mut Tx, contact: &contact::Model, new: New) -> Result<message::Model> {
    let business_id = contact.business_id;
    let before = by_correlation(tx, business_id, new.correlation_id.as_deref()).await?;
    if let Some(before) = before.as_ref().filter(|m| !is_withdrawn(m)) {
        return Ok(before.clone());
    }
    let services = tx.services().clone();
    let sender = numbers::sender(&services, &tx.db, business_id, Some(contact.id), new.location_id).await?;
    let from = sender.ok_or_else(|| {
        problem(
            Code::MayNotSend,
            "There is no number to send from. Add a Twilio number first.",
        )
    })?;
    if let Some(before) = before {
        return revive(tx, before, contact, from, new.body).await;
    }
    let conversation = conversations::get_or_begin(tx, business_id, contact.id).await?;
    let id = Uuid::now_v7();
    let segments = segments::count(&new.body).count as i32;
    let row = message::ActiveModel {
        id: Set(id),
        business_id: Set(business_id),
        conversation_id: Set(conversation.id),
        contact_id: Set(contact.id),
        direction: Set("outbound".to_owned()),
        channel: Set("sms".to_owned()),
        kind: Set(new.kind.as_str().to_owned()),
        purpose: Set(Purpose::Transactional.as_str().to_owned()),
        status: Set(Status::Queued.as_str().to_owned()),
        segments: Set(segments),
        body: Set(new.body),
        price: Set(Some(spend::estimate(tx, &contact.phone, segments).await?)),
        price_unit: Set(Some(spend::UNIT.to_owned())),
        price_final: Set(false),
        ours: Set(from),
        theirs_key: Set(Some(services.vault().index(THEIRS, &contact.phone))),
        theirs: Set(services.vault().seal(THEIRS, &contact.phone)),
        account_sid: Set(None),
        provider_sid: Set(None),
        error_code: Set(None),
        error: Set(None),
        correlation_id: Set(Some(new.correlation_id.unwrap_or_else(|| id.to_string()))),
        author: Set(new.author),
        reminder_id: Set(new.reminder_id),
        appointment_id: Set(new.appointment_id),
        attempts: Set(0),
        retries: Set(0),
        resends: Set(0),
        resend_at: Set(None),
        priority: Set(new.kind.priority()),
        slot_at: Set(None),
        looks: Set(0),
        not_before: Set(tx.now),
        wait_reason: Set(None),
        claimed_at: Set(None),
        created_at: Set(tx.now),
        sent_at: Set(None),
        delivered_at: Set(None),
    };
    let row = row.insert(&tx.db).await?;
    conversations::add(tx, conversation, &row).await?;
    tx.touch(row.business_id, Touched::Message(row.id));
    tx.send_soon();
    metrics::counter!("showup_messages_total", "step" => "stored").increment(1);
    tracing::info!(message = %id, step = "stored", to = %mask(&contact.phone), kind = new.kind.as_str(), "text");
    Ok(row)
}

async fn by_correlation(tx: &Tx, business_id: Uuid, id: Option<&str>) -> Result<Option<message::Model>> {
    let Some(id) = id else { return Ok(None) };
    Ok(message::Entity::in_business(business_id)
        .filter(message::Column::CorrelationId.eq(id))
        .one(&tx.db)
        .await?)
}

/// Withdrawn before the provider had it: nobody has seen it.
fn is_withdrawn(m: &message::Model) -> bool {
    m.status == Status::Cancelled.as_str() && m.provider_sid.is_none()
}

/// The same correlation id as a message that was withdrawn: it is taken up again, to today's number, with today's words.
async fn revive(
    tx: &mut Tx,
    before: message::Model,
    contact: &contact::Model,
    from: String,
    body: String,
) -> Result<message::Model> {
    let mut row = before.into_active_model();
    row.status = Set(Status::Queued.as_str().to_owned());
    row.error = Set(None);
    let segments = segments::count(&body).count as i32;
    row.segments = Set(segments);
    row.price = Set(Some(spend::estimate(tx, &contact.phone, segments).await?));
    row.price_final = Set(false);
    row.body = Set(body);
    row.ours = Set(from);
    address_to(tx, &mut row, &contact.phone);
    row.not_before = Set(tx.now);
    row.slot_at = Set(None);
    let row = row.update(&tx.db).await?;
    tx.touch(row.business_id, Touched::Message(row.id));
    tx.send_soon();
    Ok(row)
}

/// Answers a customer's text by itself (HELP, a correction). Where that may not be or can't be, a person is asked to.
pub(crate) async fn respond(
    tx: &mut Tx,
    contact: &contact::Model,
    inbound: &message::Model,
    what: &str,
    body: String,
) -> Result<()> {
    let allowed =
        !contact.blocked && contact.held_since.is_none() && consent::state(&tx.db, contact.id).await? != State::OptedOut;
    let services = tx.services().clone();
    if !allowed
        || numbers::sender(&services, &tx.db, contact.business_id, Some(contact.id), None)
            .await?
            .is_none()
    {
        let title = "A customer wrote and could not be answered automatically. Please read and call.".to_owned();
        return tasks::raise(tx, tasks::clarify(inbound, title)).await;
    }
    let new = New {
        kind: Kind::Automatic,
        body,
        correlation_id: Some(format!("{what}:{}", inbound.id)),
        author: None,
        reminder_id: None,
        appointment_id: None,
        location_id: None,
    };
    enqueue(tx, contact, new).await?;
    Ok(())
}

/// Sends what a member, or another system, wrote to a contact.
///
/// # Errors
/// `Invalid` for an empty or overlong body; `MayNotSend` with the reason (opted out, blocked, no number).
pub async fn send(s: &Services, actor: &Actor, cmd: SendMessage) -> Result<MessageView> {
    actor.may(Permission::SendMessages)?;
    let body = domain::inbound::clean(&cmd.body).trim().to_owned();
    if body.is_empty() || body.chars().count() > LONGEST {
        return Err(field("body", "A text has 1 to 1,600 characters."));
    }
    if cmd
        .correlation_id
        .as_ref()
        .is_some_and(|id| id.is_empty() || id.len() > 200 || id.chars().any(char::is_control))
    {
        return Err(field("correlation_id", "A correlation id has 1 to 200 characters."));
    }
    let mut tx = s.begin().await?;
    let contact = contacts::locked(&tx, actor.business_id, cmd.contact_id).await?;
    may_write(&tx, actor, &contact).await?;
    let new = New {
        kind: Kind::Reply,
        body,
        correlation_id: cmd.correlation_id,
        author: Some(actor.author()),
        reminder_id: None,
        appointment_id: None,
        location_id: None,
    };
    let row = enqueue(&mut tx, &contact, new).await?;
    if row.contact_id != contact.id {
        return Err(problem(
            Code::Conflict,
            "This correlation id was used for a message to somebody else.",
        ));
    }
    tx.commit().await?;
    Ok(shown(row))
}

async fn may_write(tx: &Tx, actor: &Actor, contact: &contact::Model) -> Result<()> {
    if contact.blocked {
        return Err(problem(
            Code::MayNotSend,
            "This contact is blocked. Unblock them to write again.",
        ));
    }
    if contact.held_since.is_some() {
        return Err(problem(Code::MayNotSend, contacts::hold::REASON));
    }
    let state = consent::state(&tx.db, contact.id).await?;
    may_send(state, Sending::Reply).map_err(|reason| problem(Code::MayNotSend, reason))?;
    // A program may answer somebody who wrote, but must not begin a conversation nobody agreed to.
    let program = matches!(actor.who, Who::ApiKey { .. });
    if program && state == State::Unknown && !has_written(tx, contact).await? {
        return Err(problem(
            Code::MayNotSend,
            "This person has not agreed to text messages. Record their consent first (opt_in).",
        ));
    }
    Ok(())
}

async fn has_written(tx: &Tx, contact: &contact::Model) -> Result<bool> {
    let Some(conversation) = conversations::of_contact(&tx.db, contact.business_id, contact.id).await? else {
        return Ok(false);
    };
    let inbound = message::Entity::in_business(contact.business_id)
        .filter(message::Column::ConversationId.eq(conversation.id))
        .filter(message::Column::Direction.eq("inbound"))
        .limit(1)
        .one(&tx.db)
        .await?;
    Ok(inbound.is_some())
}

/// Why texts can't reach this number at all, if the last one showed that and nothing has come from there since: a landline, say.
pub(crate) async fn unreachable(tx: &Tx, contact: &contact::Model) -> Result<Option<String>> {
    let thread = conversations::of_contact(&tx.db, contact.business_id, contact.id).await?;
    let Some(last) = thread.and_then(|thread| thread.last_message_id) else {
        return Ok(None);
    };
    let last = message::Entity::in_business(contact.business_id).filter(message::Column::Id.eq(last));
    let Some(last) = last.one(&tx.db).await? else {
        return Ok(None);
    };
    let same = tx.services().vault().indexes(THEIRS, &contact.phone);
    let same_number = last.theirs_key.is_some_and(|key| same.contains(&key));
    let bad = last
        .error_code
        .and_then(errors::lookup)
        .filter(|e| e.class == errors::Class::BadAddress);
    Ok(bad
        .filter(|_| same_number)
        .map(|e| format!("The last text could not reach this number: {}", e.words)))
}

/// Withdraws everything that waits to be sent to a contact.
pub(crate) async fn cancel_waiting(tx: &mut Tx, business_id: Uuid, contact_id: Uuid, reason: &str) -> Result<()> {
    let Some(conversation) = conversations::of_contact(&tx.db, business_id, contact_id).await? else {
        return Ok(());
    };
    let waiting = message::Entity::in_business(business_id)
        .filter(message::Column::ConversationId.eq(conversation.id))
        .filter(Expr::cust(WAITING))
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    for row in waiting {
        withdraw(tx, row, reason).await?;
    }
    Ok(())
}

/// Withdraws one message if it still waits; one that is on its way stays.
pub(crate) async fn cancel(tx: &mut Tx, business_id: Uuid, id: Uuid, reason: &str) -> Result<()> {
    let row = message::Entity::in_business(business_id)
        .filter(message::Column::Id.eq(id))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    match row {
        Some(row) if row.status == Status::Queued.as_str() => withdraw(tx, row, reason).await,
        _ => Ok(()),
    }
}

async fn withdraw(tx: &mut Tx, row: message::Model, reason: &str) -> Result<()> {
    if row.resends > 0 && row.provider_sid.is_none() {
        // It waited for another try: what became of the one before stands.
        return resend::not_again(tx, row, reason).await;
    }
    let mut row = row.into_active_model();
    row.status = Set(Status::Cancelled.as_str().to_owned());
    row.error = Set(Some(reason.to_owned()));
    row.wait_reason = Set(None);
    row.slot_at = Set(None);
    let row = row.update(&tx.db).await?;
    tx.count(row.business_id, What::Cancelled);
    metrics::counter!("showup_messages_total", "step" => "withdrawn").increment(1);
    tracing::info!(message = %row.id, step = "withdrawn", why = reason, "text");
    reminders::withdrawn(tx, &row, reason).await?;
    told(tx, &row).await
}

/// Does one thing to each of several messages. One that can't be done must not keep the others waiting; where nothing works, it ends.
async fn one_by_one<W: Future<Output = Result<()>>>(ids: Vec<Uuid>, work: impl Fn(Uuid) -> W) -> Result<()> {
    let mut failed = 0;
    for id in ids {
        if let Err(cause) = Box::pin(work(id)).await {
            tracing::error!(message = %id, %cause, "a message could not be seen to; it is looked at again");
            failed += 1;
            if failed == MOST_FAILURES {
                return Err(cause);
            }
        }
    }
    Ok(())
}

/// After so many the fault is not in the message.
const MOST_FAILURES: usize = 10;

/// A message's state changed: its bubble and its conversation's row show it.
async fn told(tx: &mut Tx, row: &message::Model) -> Result<()> {
    tx.touch(row.business_id, Touched::Message(row.id));
    conversations::follow(tx, std::slice::from_ref(row)).await
}

/// The number it goes to, sealed, and what it is found by.
fn address_to(tx: &Tx, row: &mut message::ActiveModel, phone: &str) {
    let vault = tx.services().vault();
    row.theirs_key = Set(Some(vault.index(THEIRS, phone)));
    row.theirs = Set(vault.seal(THEIRS, phone));
}

/// A row as it is stored, made readable. Written back by way of `into_active_model` it stays as it was: only what is `Set` is written.
async fn opened(s: &Services, mut row: message::Model) -> Result<message::Model> {
    row.theirs = vault::open(s, THEIRS, &row.theirs).await?;
    Ok(row)
}

async fn all_opened(s: &Services, rows: Vec<message::Model>) -> Result<Vec<message::Model>> {
    let mut readable = Vec::with_capacity(rows.len());
    for row in rows {
        readable.push(opened(s, row).await?);
    }
    Ok(readable)
}

/// The message and its contact's lock, the contact first as everywhere.
async fn locked(tx: &Tx, id: Uuid) -> Result<Option<(contact::Model, message::Model)>> {
    let Some(seen) = message::Entity::find_by_id(id).one(&tx.db).await? else {
        return Ok(None);
    };
    let contact = contacts::locked(tx, seen.business_id, seen.contact_id).await?;
    let row = message::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    match row {
        Some(row) => Ok(Some((contact, opened(tx.services(), row).await?))),
        None => Ok(None),
    }
}

/// The message log, newest first: all of it, one contact's, what waits, or what is in trouble.
///
/// # Errors
/// `Malformed` for a cursor or view that is none; `NotFound` for a contact of somebody else.
pub async fn list(s: &Services, actor: &Actor, query: LogQuery) -> Result<Page<MessageView>> {
    actor.may(Permission::ReadMessages)?;
    let mut rows = newest(actor.business_id, TimeCursor::decode(query.cursor.as_deref())?);
    if let Some(contact_id) = query.contact_id {
        contacts::view(s, s.read(), actor.business_id, contact_id).await?;
        // One contact has one conversation, and that is what the index is over.
        let thread = conversations::of_contact(s.read(), actor.business_id, contact_id).await?;
        rows = rows.filter(message::Column::ConversationId.eq(thread.map_or(Uuid::nil(), |c| c.id)));
    }
    rows = match query.show.as_deref() {
        None | Some("" | "all") => rows,
        Some("waiting") => rows.filter(Expr::cust(WAITING)),
        Some("trouble") => rows.filter(Expr::cust(TROUBLE)),
        Some(_) => return Err(problem(Code::Malformed, "show is \"waiting\", \"trouble\" or nothing.")),
    };
    let page = paging::page(rows.all(s.read()).await?, |row| Cursor(row.created_at, row.id));
    Ok(Page {
        data: page.data.into_iter().map(shown).collect(),
        next_cursor: page.next_cursor,
    })
}

/// As in the indexes over a part of the rows; literals, so that SQLite uses them.
pub(crate) const WAITING: &str = "\"status\" = 'queued'";
pub(crate) const TROUBLE: &str = "\"status\" IN ('unknown', 'undelivered', 'failed')";

/// A page of messages, newest first; the caller says whose.
pub(crate) fn newest(business_id: Uuid, before: Option<TimeCursor>) -> Select<message::Entity> {
    let (at, id) = (message::Column::CreatedAt, message::Column::Id);
    let rows = message::Entity::in_business(business_id)
        .order_by_desc(at)
        .order_by_desc(id)
        .limit(PAGE + 1);
    match before {
        Some(Cursor(t, i)) => rows.filter(paging::beyond(at, id, t, i, true)),
        None => rows,
    }
}

/// Several messages as they are now, in no particular order.
pub(crate) async fn views(db: &impl ConnectionTrait, business_id: Uuid, ids: &[Uuid]) -> Result<Vec<MessageView>> {
    let rows = message::Entity::these(business_id, ids.iter().copied()).all(db).await?;
    Ok(rows.into_iter().map(shown).collect())
}

pub(crate) fn shown(row: message::Model) -> MessageView {
    let status: Status = row.status.parse().unwrap_or(Status::Unknown);
    let inbound = row.direction == "inbound";
    let to_settle = unclear::is_asked(&row);
    let taken = row.provider_sid.is_some() && !inbound;
    // What went wrong with an earlier try is over once it is on its way again.
    let ended = status.is_failure() || status == Status::Cancelled;
    MessageView {
        id: row.id,
        conversation_id: row.conversation_id,
        contact_id: row.contact_id,
        direction: if inbound { Direction::Inbound } else { Direction::Outbound },
        channel: row.channel,
        kind: row.kind,
        status: status.public().to_owned(),
        status_words: row
            .wait_reason
            .filter(|_| matches!(status, Status::Queued | Status::Unknown) || row.resend_at.is_some())
            .unwrap_or_else(|| status.words().to_owned()),
        body: row.body,
        segments: row.segments.max(0) as u32,
        author: row.author,
        provider_sid: row.provider_sid,
        error_code: row.error_code.filter(|_| ended),
        error: row.error.filter(|_| ended),
        correlation_id: row.correlation_id,
        cost: row.price.filter(|_| taken).map(domain::prices::exact_dollars),
        cost_is_final: row.price_final,
        resend_at: row.resend_at,
        to_settle,
        created_at: row.created_at,
    }
}
