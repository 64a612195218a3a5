//! Messages: their rows, and how they are shown. What becomes of them is in `outbox`, `sending`, `delivery` and `receiving`.

pub(crate) mod buttons;

use chrono::Duration;
use contract::{
    Code, Page,
    messages::{Direction, LogQuery, MessageView},
};
use domain::{consent::Channel, delivery::Status, later::Delay, origin::Origin, retention, words};
use entity::{contacts::contact, messages::message};
use sea_orm::{
    ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use crate::{
    contacts, conversations,
    kernel::{
        Actor, Permission, Result, Services, Tx,
        error::{not_found, problem},
        paging::{self, Cursor, PAGE, TimeCursor},
        tx::Changed,
    },
};

/// The customer's number, sealed, as `vault::SEALED` calls it.
pub(crate) const THEIRS: &str = "message.theirs";

/// The number it goes to, sealed, and what it is found by.
pub(crate) fn address_to(tx: &Tx, row: &mut message::ActiveModel, phone: &str) {
    let vault = tx.services().vault();
    row.theirs_key = Set(Some(vault.index(THEIRS, phone)));
    row.theirs = Set(vault.seal(THEIRS, phone));
}

/// A row as it is stored, made readable. Written back by way of `into_active_model` it stays as it was: only what is `Set` is written.
pub(crate) async fn decrypted(s: &Services, mut row: message::Model) -> Result<message::Model> {
    row.theirs = s.vault().open(THEIRS, &row.theirs).await?;
    Ok(row)
}

pub(crate) async fn all_decrypted(s: &Services, rows: Vec<message::Model>) -> Result<Vec<message::Model>> {
    let mut readable = Vec::with_capacity(rows.len());
    for row in rows {
        readable.push(decrypted(s, row).await?);
    }
    Ok(readable)
}

/// The origin of a stored message; none for a customer's own, and for what this version does not know.
pub(crate) fn origin(row: &message::Model) -> Option<Origin> {
    row.origin.parse().ok()
}

/// A message that is read as being about one thing of this origin.
pub(crate) fn is_of(row: &message::Model, origin: Origin) -> bool {
    row.origin == origin.as_str()
}

/// Where a message is. A state that this version does not know is one that nobody acts on.
pub(crate) fn status(row: &message::Model) -> Status {
    row.status.parse().unwrap_or_else(|_| {
        tracing::error!(message = %row.id, status = row.status, "a state of a message that this version does not know");
        Status::Unknown
    })
}

/// The channel on which somebody wrote last; none if they never did. Of e-mail nothing comes in.
pub(crate) async fn last_channel(db: &impl ConnectionTrait, business_id: Uuid, contact_id: Uuid) -> Result<Option<Channel>> {
    let Some(thread) = conversations::of_contact(db, business_id, contact_id).await? else {
        return Ok(None);
    };
    let last = message::Entity::in_business(business_id)
        .filter(message::Column::ConversationId.eq(thread.id))
        .filter(message::Column::Direction.eq("inbound"))
        .order_by_desc(message::Column::CreatedAt)
        .order_by_desc(message::Column::Id)
        .limit(1)
        .one(db)
        .await?;
    Ok(last.and_then(|m| m.channel.parse().ok()))
}

/// Whether a provider has it, or had: mail servers give it no name that could tell.
pub(crate) fn has_left(row: &message::Model) -> bool {
    row.provider_sid.is_some() || (row.channel == Channel::Email.as_str() && row.sent_at.is_some())
}

/// Its state changed: its bubble and its conversation's row show it.
pub(crate) async fn changed(tx: &mut Tx, row: &message::Model) -> Result<()> {
    tx.mark_changed(row.business_id, Changed::Message(row.id));
    conversations::update_previews(tx, std::slice::from_ref(row)).await.map(drop)
}

/// A message of this business and its contact's lock, the contact first as everywhere.
pub(crate) async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<Option<(contact::Model, message::Model)>> {
    let of = || message::Entity::these(business_id, [id]);
    let Some(seen) = of().one(&tx.db).await? else {
        return Ok(None);
    };
    let contact = contacts::locked(tx, business_id, seen.contact_id).await?;
    match of().lock(LockType::NoKeyUpdate).one(&tx.db).await? {
        Some(row) => Ok(Some((contact, decrypted(tx.services(), row).await?))),
        None => Ok(None),
    }
}

/// Whether what became of a text of this business is not known yet: it is being sent, or was and nobody knows.
pub(crate) async fn any_in_the_air(tx: &Tx, business_id: Uuid) -> Result<bool> {
    for status in [Status::Sending, Status::Unknown] {
        let found = message::Entity::narrowed(business_id)
            .filter(Expr::cust(format!("\"status\" = '{}'", status.as_str())))
            .limit(1)
            .one(&tx.db)
            .await?;
        if found.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
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
        let contact_id = contacts::view(s, s.read(), actor.business_id, contact_id).await?.id;
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

/// How late a text may be brought in: with a greater id than another it may be that much older.
pub(crate) const LATE: Duration = Duration::days(3);

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

/// What came in a thread after something, oldest first.
pub(crate) fn after(business_id: Uuid, conversation_id: Uuid, Cursor(t, i): TimeCursor) -> Select<message::Entity> {
    let (at, id) = (message::Column::CreatedAt, message::Column::Id);
    message::Entity::in_business(business_id)
        .filter(message::Column::ConversationId.eq(conversation_id))
        .filter(paging::beyond(at, id, t, i, false))
        .order_by_asc(at)
        .order_by_asc(id)
}

/// Several messages as they are now, in no particular order.
/// One message as it is now.
///
/// # Errors
/// `NotAllowed`, `NotFound`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<MessageView> {
    actor.may(Permission::ReadMessages)?;
    let shown = views(s.read(), actor.business_id, &[id]).await?.pop();
    shown.ok_or_else(|| not_found("message"))
}

pub(crate) async fn views(db: &impl ConnectionTrait, business_id: Uuid, ids: &[Uuid]) -> Result<Vec<MessageView>> {
    let rows = message::Entity::these(business_id, ids.iter().copied()).all(db).await?;
    Ok(rows.into_iter().map(shown).collect())
}

/// What it says, as it is shown; where its words were removed, that they were.
pub(crate) fn said(row: &message::Model) -> String {
    match row.removed_after {
        Some(days) => retention::in_its_place(days),
        None if row.direction == "inbound" => words::shown(&row.body).to_owned(),
        None => row.body.clone(),
    }
}

pub(crate) fn shown(row: message::Model) -> MessageView {
    let status = status(&row);
    let inbound = row.direction == "inbound";
    let to_settle = is_asked(&row);
    let taken = row.provider_sid.is_some() && !inbound;
    // What went wrong with an earlier try is over once it is on its way again.
    let ended = status.is_failure() || status == Status::Cancelled;
    let waits_for = row.delay.as_deref().filter(|_| status == Status::Queued);
    let undo_until = (waits_for == Some(Delay::Undo.as_str())).then_some(row.not_before);
    let paused = waits_for == Some(Delay::Paused.as_str());
    MessageView {
        removed: row.removed_after.is_some(),
        body: said(&row),
        id: row.id,
        conversation_id: row.conversation_id,
        contact_id: row.contact_id,
        direction: if inbound { Direction::Inbound } else { Direction::Outbound },
        channel: row.channel,
        kind: row.origin,
        status: status.public().to_owned(),
        status_words: row
            .wait_reason
            .filter(|_| matches!(status, Status::Queued | Status::Unknown) || row.retry_at.is_some())
            .unwrap_or_else(|| status.label().to_owned()),
        segments: row.segments.max(0) as u32,
        author: row.author,
        provider_sid: row.provider_sid,
        error_code: row.error_code.filter(|_| ended),
        error: row.error.filter(|_| ended),
        correlation_id: row.correlation_id,
        cost: row.price.filter(|_| taken).map(domain::prices::exact_dollars),
        cost_is_final: row.price_final,
        retry_at: row.retry_at,
        to_settle,
        undo_until,
        send_at: row.send_at,
        fallback_of: row.fallback_of,
        chosen_because: row.chosen_because,
        paused,
        created_at: row.created_at,
    }
}

/// A person has been asked what became of it.
pub(crate) fn is_asked(m: &message::Model) -> bool {
    m.status == Status::Unknown.as_str() && m.wait_reason.is_some()
}
