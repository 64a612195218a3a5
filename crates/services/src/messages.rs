//! Texts. Outbound: a row first (`enqueue`), which is its own job; then claim (`claim`, within `limits`), call (`dispatch`), record
//! (`outcome`). What the provider says later is in `status`, what nobody knows in `unclear`, what an outage lost in `reconcile`.
//! Inbound: `inbound` stores a text once, `effects` does what it says.

mod allowance;
mod backlog;
pub mod breaker;
mod claim;
mod desk;
mod dispatch;
mod effects;
mod enqueue;
mod inbound;
mod limits;
mod outcome;
mod reconcile;
mod resend;
pub mod spend;
mod status;
mod unclear;
mod write;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code, Page,
    messages::{Direction, LogQuery, MessageView, SendMessage},
};
use domain::{
    consent::{Sending, State},
    delivery::Status,
    phone::Address,
    words::{self, is_blank},
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
    Actor, Permission, Result, Services, Tx,
    contacts::{self, consent},
    conversations,
    error::{field, problem},
    numbers,
    paging::{self, Cursor, PAGE, TimeCursor},
    reminders,
    reports::Counter,
    tasks,
    tx::Changed,
    vault,
};

pub use backlog::{Backlog, backlog};
#[cfg(test)]
pub(crate) use claim::due;
pub(crate) use desk::look_again;
pub use desk::{cancel_many, log, retry};
pub use dispatch::{dispatch, send_due};
pub(crate) use enqueue::{New, enqueue};
pub(crate) use inbound::InboundBatch;
pub(crate) use inbound::receive_again;
pub use inbound::{Received, receive};
pub(crate) use outcome::ResultBatch;
#[cfg(test)]
pub(crate) use reconcile::silent;
pub use reconcile::{Swept, catch_up, reconcile, sweep};
#[cfg(test)]
pub(crate) use resend::to_resend;
pub(crate) use status::StatusBatch;
pub use status::{About, status_changed};
#[cfg(test)]
pub(crate) use unclear::in_state;
pub(crate) use unclear::resolve;
pub use unclear::{recover, settle, tick};
pub(crate) use write::Writing;

/// The customer's number, sealed, as `vault::SEALED` calls it.
pub(crate) const THEIRS: &str = "message.theirs";

/// Twilio's own limit (docs/twilio.md §5).
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
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Reply => "reply",
            Kind::Reminder => "reminder",
            Kind::Automatic => "automatic",
        }
    }

    /// Whose turn is first: 0 before 1 before 2, each with a share that the others can't take.
    pub(crate) fn priority(self) -> i32 {
        match self {
            Kind::Reply => 0,
            Kind::Reminder => 1,
            Kind::Automatic => 2,
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

/// Most automatic answers to one person within [`ANSWERS_WITHIN`], of whatever kind. Twilio confirms a STOP by itself, so no answer that
/// the law asks for is among them but the first to a HELP.
const MOST_ANSWERS: u64 = 3;
const ANSWERS_WITHIN: Duration = Duration::hours(1);

/// The latest automatic answers to one person, up to as many as they get. The kind is a literal, so that SQLite uses the index over them.
pub(crate) fn answers_since(business_id: Uuid, contact_id: Uuid, since: DateTime<Utc>) -> Select<message::Entity> {
    message::Entity::in_business(business_id)
        .filter(Expr::cust("\"kind\" = 'automatic'"))
        .filter(message::Column::ContactId.eq(contact_id))
        .filter(message::Column::CreatedAt.gt(since))
        .limit(MOST_ANSWERS)
}

/// A phone that goes on asking (a machine, perhaps, that answers our answers) gets no more of them; a person looks, once.
async fn enough(tx: &mut Tx, contact: &contact::Model, inbound: &message::Model) -> Result<()> {
    let task = tasks::New {
        title: format!(
            "This number was answered automatically {MOST_ANSWERS} times within an hour and goes on. It gets no more such answers for now: \
             please read, and call if somebody needs you."
        ),
        key: format!("answers:{}", contact.id),
        ..tasks::clarify(inbound, String::new())
    };
    tasks::raise_unless_done_since(tx, task, tx.now - ANSWERS_WITHIN).await
}

/// Answers a customer's text by itself (HELP, a correction). Where that may not be or can't be, a person is asked to.
pub(crate) async fn respond(
    tx: &mut Tx,
    contact: &contact::Model,
    inbound: &message::Model,
    what: &str,
    body: String,
) -> Result<()> {
    let allowed = !contact.blocked
        && contact.held_since.is_none()
        && Address::of(&contact.phone).objection().is_none()
        && consent::state(&tx.db, contact.id).await? != State::OptedOut;
    let services = tx.services().clone();
    if !allowed
        || numbers::sender(&services, &tx.db, contact.business_id, Some(contact.id), None)
            .await?
            .is_none()
    {
        let title = "A customer wrote and could not be answered automatically. Please read and call.".to_owned();
        return tasks::ask_to_read(tx, inbound, title).await;
    }
    let answered = answers_since(contact.business_id, contact.id, tx.now - ANSWERS_WITHIN);
    let answered: Vec<Uuid> = answered
        .select_only()
        .column(message::Column::Id)
        .into_tuple()
        .all(&tx.db)
        .await?;
    if answered.len() as u64 >= MOST_ANSWERS {
        return enough(tx, contact, inbound).await;
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
    if is_blank(&body) {
        return Err(field(
            "body",
            "There is nothing to read in this text. Please write something.",
        ));
    }
    if body.chars().count() > LONGEST {
        return Err(field("body", "A text has 1 to 1,600 characters."));
    }
    if cmd
        .correlation_id
        .as_ref()
        .is_some_and(|id| is_blank(id) || id.len() > 200 || id.chars().any(char::is_control))
    {
        return Err(field("correlation_id", "A correlation id has 1 to 200 characters."));
    }
    write::store(
        s,
        write::Text {
            actor: actor.clone(),
            contact_id: cmd.contact_id,
            body,
            correlation_id: cmd.correlation_id,
        },
    )
    .await
}

/// Why texts can't reach this contact at all: they have no number, or the last text showed it and nothing has come from there since (a
/// landline, say).
pub(crate) async fn unreachable(tx: &Tx, contact: &contact::Model) -> Result<Option<String>> {
    if let Some(why) = Address::of(&contact.phone).objection() {
        return Ok(Some(why.to_owned()));
    }
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
    tx.count(row.business_id, Counter::Cancelled);
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
    tx.mark_changed(row.business_id, Changed::Message(row.id));
    conversations::follow(tx, std::slice::from_ref(row)).await.map(drop)
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
    let size = paging::size(query.limit)?;
    let mut rows = newest(actor.business_id, TimeCursor::decode(query.cursor.as_deref())?).limit(size + 1);
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
    let page = paging::page_of(size, rows.all(s.read()).await?, |row| Cursor(row.created_at, row.id));
    Ok(Page {
        data: page.data.into_iter().map(shown).collect(),
        next_cursor: page.next_cursor,
    })
}

/// As in the indexes over a part of the rows; literals, so that SQLite uses them.
pub(crate) const WAITING: &str = "\"status\" = 'queued'";
pub(crate) const OUTBOUND: &str = "\"direction\" = 'outbound'";
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
        body: if inbound {
            words::shown(&row.body).to_owned()
        } else {
            row.body
        },
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
