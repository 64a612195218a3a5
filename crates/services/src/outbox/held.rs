//! How a text waits by the will of who wrote it: what is stored of it, and what ends the wait otherwise than its time.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use domain::{
    later::{Delay, MOST},
    when,
};
use entity::{contacts::contact, messages::message};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use crate::{
    businesses, conversations,
    delivery::{delay::Held, state},
    kernel::{Event, Result, Tx, error::field, events::Recorded, tx::Changed},
    messages::WAITING,
    tasks,
};

/// Until a person decides.
const UNDECIDED: Duration = Duration::days(3650);

const PAUSED: &str = "Paused, because the customer wrote. Please decide whether it still fits.";

/// Whether it waits for this by the will of who wrote it.
pub(crate) fn is(m: &message::Model, delay: Delay) -> bool {
    m.delay.as_deref() == Some(delay.as_str())
}

/// How a text is kept back, in words by the business's clock.
pub(super) async fn held(tx: &mut Tx, business_id: Uuid, delay: Option<(Delay, DateTime<Utc>)>) -> Result<Held> {
    let Some((delay, until)) = delay else {
        return Ok(Held::not(tx.now));
    };
    let later = delay == Delay::Later;
    let why = match delay {
        Delay::Later => {
            let zone = businesses::zone(&businesses::of(tx, business_id).await?);
            format!("Scheduled for {}.", when::dated(until, zone))
        }
        Delay::Moved => "Goes out within three minutes, unless the visit is moved back.".to_owned(),
        Delay::Undo | Delay::Paused | Delay::TakenBack => "Goes out in a few seconds: it can still be taken back.".to_owned(),
    };
    Ok(Held {
        delay: Some(delay),
        send_at: later.then_some(until),
        not_before: until,
        why: Some(why),
    })
}

/// It is not sent, whatever asks for it again. The customer waits for an answer as before, if nobody has answered since.
pub(super) async fn take_back(tx: &mut Tx, row: message::Model, why: &str) -> Result<()> {
    state::withdraw(tx, row.clone(), why).await?;
    message::Entity::update_many()
        .col_expr(message::Column::Delay, Expr::value(Delay::TakenBack.as_str()))
        .filter(message::Column::Id.eq(row.id))
        .exec(&tx.db)
        .await?;
    conversations::waits_again(tx, &row).await?;
    tasks::reopen_settled(tx, &row, tasks::Kind::Clarify).await
}

/// Texts of a conversation that were written for later, whatever has become of them.
pub(crate) fn of_conversation(business_id: Uuid, conversation_id: Uuid) -> Select<message::Entity> {
    message::Entity::in_business(business_id)
        .filter(message::Column::ConversationId.eq(conversation_id))
        .filter(Expr::cust("\"send_at\" IS NOT NULL"))
}

/// Whether one more may be written for later to this person, whose lock the caller holds; `more` are of the same transaction.
pub(super) async fn has_room(tx: &Tx, person: &contact::Model, correlation: Option<&str>, more: &mut usize) -> Result<()> {
    let Some(thread) = conversations::of_contact(&tx.db, person.business_id, person.id).await? else {
        return Ok(());
    };
    let waiting = || of_conversation(person.business_id, thread.id).filter(Expr::cust(WAITING));
    let here = waiting().count(&tx.db).await? as usize;
    if here + *more < MOST {
        *more += 1;
        return Ok(());
    }
    // The same once more is no one more.
    let known = waiting()
        .filter(message::Column::CorrelationId.eq(correlation.unwrap_or_default()))
        .limit(1);
    if known.one(&tx.db).await?.is_some() {
        return Ok(());
    }
    let words =
        format!("{MOST} texts wait in this conversation for their time. Please cancel one, or wait until one has gone out.");
    Err(field("send_at", words))
}

/// Who writes may have made what was written for them before beside the point: it waits for a person, who is asked.
pub(crate) async fn pause_later(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    let mut texts: HashMap<Uuid, &message::Model> = HashMap::new();
    for one in heard {
        if let Event::MessageReceived(text) = &one.event {
            texts.insert(text.conversation_id, text);
        }
    }
    let paused = message::Entity::update_many()
        .col_expr(message::Column::Delay, Expr::value(Delay::Paused.as_str()))
        .col_expr(message::Column::NotBefore, Expr::value(tx.now + UNDECIDED))
        .col_expr(message::Column::WaitReason, Expr::value(PAUSED))
        .filter(message::Column::ConversationId.is_in(texts.keys().copied()))
        .filter(Expr::cust(format!("{WAITING} AND \"send_at\" IS NOT NULL")))
        .filter(message::Column::Delay.eq(Delay::Later.as_str()))
        .exec_with_returning(&tx.db)
        .await?;
    for row in paused {
        tx.mark_changed(row.business_id, Changed::Message(row.id));
        if let Some(text) = texts.get(&row.conversation_id) {
            conversations::begin_waiting(tx, text).await?;
        }
    }
    Ok(())
}

/// What was written for later stands in its thread where it went out: these are going out now. The caller holds their contacts' locks.
pub(crate) async fn set_out(tx: &mut Tx, go: &[message::Model]) -> Result<()> {
    let first = |m: &&message::Model| m.send_at.is_some() && m.attempts == 1;
    let now = tx.now;
    let rows: Vec<message::Model> = go
        .iter()
        .filter(first)
        .map(|m| message::Model {
            created_at: now,
            ..m.clone()
        })
        .collect();
    let ids = rows.iter().map(|m| m.conversation_id);
    let threads = conversations::these(tx, ids).await?;
    let aligned: Vec<_> = rows.iter().filter_map(|m| threads.get(&m.conversation_id).cloned()).collect();
    if aligned.len() == rows.len() && !rows.is_empty() {
        conversations::add_all(tx, &aligned, &rows, &Default::default()).await?;
    }
    Ok(())
}
