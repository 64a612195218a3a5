//! A text and what is done with the conversation besides, in one transaction: all of it, or nothing.

use contract::{
    Code,
    conversations::ConversationAction,
    messages::SendMessage,
    quick_replies::{Actions, CarriedOut, CarryOut},
    tasks::CreateTask,
};
use domain::{snooze, words};
use entity::{contacts::contact, messages::message};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::{CLOSE, ME, checked};
use crate::{
    appointments, businesses, contacts, conversations,
    conversations::act,
    kernel::{
        Actor, Permission, Result, Services, Tx,
        error::{field, problem},
    },
    messages, outbox, tasks,
};

/// Sends a text in a conversation and does what was chosen besides. Said twice with the same id, it is done once.
///
/// # Errors
/// As `outbox::send` for the text, also where something newer stands in the conversation; `Invalid` for an action that can't be done, as
/// putting aside until a visit that there is none of, and where there is nothing to do; `NotFound`; `NotAllowed`. Then nothing was done.
pub async fn carry_out(s: &Services, actor: &Actor, conversation_id: Uuid, cmd: CarryOut) -> Result<CarriedOut> {
    actor.may(Permission::SendMessages)?;
    let mut tx = s.begin().await?;
    let actions = checked(&tx.db, actor, cmd.actions.clone()).await?;
    let writes = !words::is_blank(&cmd.body);
    if !writes && actions.is_empty() {
        return Err(field("body", "There is nothing to send and nothing to do."));
    }
    let thread = conversations::find(&tx.db, actor.business_id, conversation_id).await?;
    let person = contacts::locked(&tx, actor.business_id, thread.contact_id).await?;
    if person.id != thread.contact_id {
        let words = "This person was merged into another. Please go on in the conversation with that one.";
        return Err(problem(Code::Conflict, words));
    }
    if let Some(before) = stored(&tx, actor, person.id, cmd.correlation_id).await? {
        tx.commit().await?;
        return done(s, actor, conversation_id, Some(before)).await;
    }
    let text = if writes {
        Some(outbox::send_within(&mut tx, actor, &person, text(&cmd, person.id)).await?)
    } else {
        None
    };
    act_besides(&mut tx, actor, conversation_id, &person, &cmd, actions).await?;
    tx.commit().await?;
    done(s, actor, conversation_id, text).await
}

/// The text under this id: with it everything else was done, whatever has become of it since.
async fn stored(tx: &Tx, actor: &Actor, contact_id: Uuid, correlation_id: Uuid) -> Result<Option<message::Model>> {
    let row = message::Entity::in_business(actor.business_id)
        .filter(message::Column::ContactId.eq(contact_id))
        .filter(message::Column::CorrelationId.eq(correlation_id.to_string()));
    Ok(row.one(&tx.db).await?)
}

async fn done(s: &Services, actor: &Actor, id: Uuid, text: Option<message::Model>) -> Result<CarriedOut> {
    let mut row = conversations::row(s, &s.db().write, actor.business_id, id).await?;
    conversations::for_reader(&s.db().write, actor, std::slice::from_mut(&mut row)).await?;
    Ok(CarriedOut {
        message: text.map(messages::shown),
        conversation: row,
    })
}

fn text(cmd: &CarryOut, contact_id: Uuid) -> SendMessage {
    SendMessage {
        channel: None,
        contact_id,
        body: cmd.body.clone(),
        correlation_id: Some(cmd.correlation_id.to_string()),
        after_message_id: cmd.after_message_id,
        send_at: None,
    }
}

/// Closing or putting aside comes last: what was done before would open it again.
async fn act_besides(
    tx: &mut Tx,
    actor: &Actor,
    conversation_id: Uuid,
    person: &contact::Model,
    cmd: &CarryOut,
    actions: Actions,
) -> Result<()> {
    if let Some(tag) = actions.tag {
        actor.may(Permission::WriteContacts)?;
        contacts::tags::change(tx, actor, person, &tag, true).await?;
    }
    if let Some(title) = actions.task {
        let task = CreateTask {
            title,
            contact_id: Some(person.id),
            ..CreateTask::default()
        };
        tasks::create_within(tx, actor, format!("carried_out:{}", cmd.correlation_id), task).await?;
    }
    if let Some(who) = actions.assign {
        let account_id = if who == ME {
            conversations::account(actor)
        } else {
            who.parse().ok()
        };
        if account_id.is_none() {
            return Err(field("assign", "Only a person can look after a conversation."));
        }
        act::act_within(tx, actor, conversation_id, ConversationAction::Assign { account_id }).await?;
    }
    match actions.afterwards.as_deref() {
        None => Ok(()),
        Some(CLOSE) => act::act_within(tx, actor, conversation_id, ConversationAction::Close).await,
        Some(offer) => {
            let until = until(tx, person, offer).await?;
            act::act_within(tx, actor, conversation_id, ConversationAction::Snooze { until }).await
        }
    }
}

async fn until(tx: &mut Tx, person: &contact::Model, offer: &str) -> Result<chrono::DateTime<chrono::Utc>> {
    let business = businesses::of(tx, person.business_id).await?;
    let visit = appointments::next_start(&tx.db, person.business_id, person.id, tx.now).await?;
    let until = snooze::until(offer, tx.now, businesses::zone(&business), visit);
    until.ok_or_else(|| {
        field(
            "afterwards",
            "There is no visit to come, so this can’t be put aside until then. Nothing was sent or done.",
        )
    })
}
