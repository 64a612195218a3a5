//! Messages of ours on their way out (law 1): a row first (`enqueue`), which is its own job. Here they are written, taken back, and looked
//! at again; what sends them is `sending`.

mod bulk;
mod enqueue;
pub(crate) mod held;
mod later;
mod respond;
mod sender;
mod trial;
pub(crate) mod ways;
mod write;

use contract::messages::MessageView;
use domain::{consent::Channel, later::Delay};
use entity::messages::message;
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use crate::{
    contacts, conversations,
    delivery::state,
    kernel::{Actor, Event, Result, Services, Tx, error::not_found, events::Recorded, tx::Changed},
    messages::{self, WAITING},
};

pub use bulk::{cancel_many, cancel_one, retry, retry_one};
pub(crate) use enqueue::{New, enqueue};
pub(crate) use held::pause_later;
pub use later::{change, resume, send_now, time_of, undo};
#[cfg(test)]
pub(crate) use respond::answers_since;
pub(crate) use respond::{respond, say_goodbye};
pub(crate) use sender::sender;
pub use trial::{send_connection_test, send_test};
pub use write::send;
pub(crate) use write::{Writing, send_within};

/// A message as it is now.
async fn view(s: &Services, actor: &Actor, id: Uuid) -> Result<MessageView> {
    let shown = messages::views(&s.db().write, actor.business_id, &[id]).await?.pop();
    shown.ok_or_else(|| not_found("message"))
}

/// What waits to be sent to people who want nothing more, or not there.
pub(crate) async fn withdraw_for_contacts(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let (contact, channel, why) = match &one.event {
            Event::ContactOptedOut(contact, channel) => (contact, Some(*channel), "The customer opted out."),
            Event::ContactBlocked(contact) => (contact, None, contacts::BLOCKED),
            Event::PhoneChanged(contact) => (contact, Some(Channel::Sms), contacts::NUMBER_CHANGED),
            _ => continue,
        };
        withdraw_all(tx, one.business_id, contact.id, channel, why).await?;
    }
    Ok(())
}

/// On one channel, or on all.
pub(crate) async fn withdraw_all(
    tx: &mut Tx,
    business_id: Uuid,
    contact_id: Uuid,
    channel: Option<Channel>,
    why: &str,
) -> Result<()> {
    let Some(conversation) = conversations::of_contact(&tx.db, business_id, contact_id).await? else {
        return Ok(());
    };
    let waiting = message::Entity::in_business(business_id)
        .filter(message::Column::ConversationId.eq(conversation.id))
        .filter(Expr::cust(WAITING))
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    for row in waiting
        .into_iter()
        .filter(|row| channel.is_none_or(|of| row.channel == of.as_str()))
    {
        state::withdraw(tx, row, why).await?;
    }
    Ok(())
}

/// Withdraws one message if it still waits; one that is on its way stays.
pub(crate) async fn cancel(tx: &mut Tx, business_id: Uuid, id: Uuid, why: &str) -> Result<()> {
    let row = message::Entity::these(business_id, [id])
        .filter(Expr::cust(WAITING))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    match row {
        Some(row) => state::withdraw(tx, row, why).await,
        None => Ok(()),
    }
}

/// A number is gone: what waits to leave from it leaves from the usual one. Without one it stays as it is, and its claim says why.
pub(crate) async fn leave_from_default(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let Event::NumberReleased { phone, .. } = &one.event else {
            continue;
        };
        let services = tx.services().clone();
        let Some(usual) = sender(&services, &tx.db, one.business_id, None, None).await? else {
            continue;
        };
        let waiting = message::Entity::in_business(one.business_id)
            .filter(Expr::cust(WAITING))
            .filter(message::Column::Ours.eq(phone.as_ref()))
            .filter(message::Column::Channel.eq(Channel::Sms.as_str()))
            .lock(LockType::NoKeyUpdate)
            .all(&tx.db)
            .await?;
        for some in waiting.chunks(500) {
            message::Entity::update_many()
                .col_expr(message::Column::Ours, Expr::value(usual.clone()))
                // Its turn was one at the other number.
                .col_expr(
                    message::Column::SlotAt,
                    Expr::value(Option::<chrono::DateTime<chrono::Utc>>::None),
                )
                .filter(message::Column::Id.is_in(some.iter().map(|m| m.id)))
                .exec(&tx.db)
                .await?;
        }
        if !waiting.is_empty() {
            recheck_of(tx, one.business_id, None).await?;
        }
    }
    Ok(())
}

/// Something that held messages back is over: they are looked at again at once.
pub(crate) async fn recheck(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        match &one.event {
            Event::HoldEnded(contact) => recheck_of(tx, one.business_id, Some(contact.id)).await?,
            Event::SendingChanged { wider: true, .. }
            | Event::AccountChanged
            | Event::NumberAssigned(_)
            | Event::RegistrationChanged { .. }
            | Event::BusinessResumed => recheck_of(tx, one.business_id, None).await?,
            _ => {}
        }
    }
    Ok(())
}

async fn recheck_of(tx: &mut Tx, business_id: Uuid, contact_id: Option<Uuid>) -> Result<()> {
    let mut waiting = message::Entity::in_business(business_id)
        .filter(Expr::cust(WAITING))
        .filter(message::Column::WaitReason.is_not_null())
        // What waits by the will of who wrote it goes on waiting.
        .filter(ExprTrait::or(
            message::Column::Delay.is_null(),
            ExprTrait::and(
                message::Column::Delay.eq(Delay::Later.as_str()),
                message::Column::SendAt.lte(tx.now),
            ),
        ))
        // Who waits for a turn at its sender has it then; who has had it may go.
        .filter(ExprTrait::or(
            message::Column::SlotAt.is_null(),
            message::Column::SlotAt.lte(tx.now),
        ));
    if let Some(contact_id) = contact_id {
        let Some(thread) = conversations::of_contact(&tx.db, business_id, contact_id).await? else {
            return Ok(());
        };
        waiting = waiting.filter(message::Column::ConversationId.eq(thread.id));
    }
    // The rest follows with the hour at the latest.
    let rows = waiting.lock(LockType::NoKeyUpdate).limit(1000).all(&tx.db).await?;
    if rows.is_empty() {
        return Ok(());
    }
    for m in &rows {
        tx.mark_changed(m.business_id, Changed::Message(m.id));
    }
    message::Entity::update_many()
        .col_expr(message::Column::NotBefore, Expr::value(tx.now))
        .filter(message::Column::Id.is_in(rows.iter().map(|m| m.id)))
        .exec(&tx.db)
        .await?;
    tx.send_soon();
    Ok(())
}
