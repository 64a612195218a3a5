//! What staff and programs write to people. Texts that come together share a transaction, and each is answered after it.

use std::collections::HashMap;

use contract::{
    Code,
    messages::{MessageView, SendMessage},
};
use domain::{
    consent::{Channel, Sending, State, may_send},
    phone::Address,
    words::is_blank,
};
use entity::{contacts::contact, messages::message};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::enqueue::{New, Origin, enqueue_all};
use crate::{
    channels,
    contacts::{self, consent},
    conversations,
    kernel::{
        Actor, Error, Permission, Principal, Result, Services, Tx,
        batcher::Batcher,
        error::{field, not_found, problem},
    },
    messages::shown,
};

/// Most texts in one transaction.
const MOST: usize = 64;

/// Twilio's own limit (docs/twilio.md §5).
const LONGEST: usize = 1600;

/// A text that somebody may write, looked through.
pub(crate) struct Text {
    pub actor: Actor,
    pub contact_id: Uuid,
    pub channel: Channel,
    pub body: String,
    pub correlation_id: Option<String>,
}

pub(crate) type Writing = Batcher<Text, Result<MessageView>>;

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
    let channel = channel(s, cmd.channel.as_deref())?;
    if cmd
        .correlation_id
        .as_ref()
        .is_some_and(|id| is_blank(id) || id.len() > 200 || id.chars().any(char::is_control))
    {
        return Err(field("correlation_id", "A correlation id has 1 to 200 characters."));
    }
    store(
        s,
        Text {
            actor: actor.clone(),
            contact_id: cmd.contact_id,
            channel,
            body,
            correlation_id: cmd.correlation_id,
        },
    )
    .await
}

fn channel(s: &Services, asked: Option<&str>) -> Result<Channel> {
    let channel = asked.unwrap_or(Channel::Sms.as_str()).parse();
    let channel = channel.map_err(|_| field("channel", "The channel is \"sms\" or \"email\"."))?;
    if channel == Channel::Email && channels::mail_server(s).is_none() {
        return Err(problem(Code::MayNotSend, "E-mail is not set up on this installation."));
    }
    Ok(channel)
}

/// Stores a text and the job that will send it.
///
/// # Errors
/// `NotFound`, `MayNotSend` with the reason, `Conflict` for another's correlation id.
async fn store(s: &Services, mut text: Text) -> Result<MessageView> {
    // A commit may have worked though its answer was lost: who is stored once more then is found by this.
    text.correlation_id.get_or_insert_with(|| Uuid::now_v7().to_string());
    // In a task of its own: whoever works for the others must not stop because its own caller has hung up.
    let s = s.clone();
    let stored = tokio::spawn(async move {
        let work = |group| async { Box::pin(store_group(&s, group)).await };
        s.of::<Writing>().run(text, MOST, work).await
    });
    let stored = stored.await.map_err(|e| Error::broken(e.to_string()))?;
    stored.unwrap_or_else(|| Err(Error::broken("the transaction of this text broke off")))
}

async fn store_group(s: &Services, group: Vec<Text>) -> Vec<Result<MessageView>> {
    match store_all(s, &group).await {
        Ok(answers) => answers,
        Err(cause) if group.len() == 1 => vec![Err(cause)],
        // One of them is in the way of the others: each by itself.
        Err(_) => {
            let mut answers = Vec::with_capacity(group.len());
            for text in &group {
                let alone = store_all(s, std::slice::from_ref(text)).await;
                answers
                    .push(alone.and_then(|mut one| one.pop().unwrap_or_else(|| Err(Error::broken("a text without an answer")))));
            }
            answers
        }
    }
}

/// All of a group in one transaction; who may not be written to is refused and leaves nothing behind.
async fn store_all(s: &Services, group: &[Text]) -> Result<Vec<Result<MessageView>>> {
    let mut tx = s.begin().await?;
    let ids: Vec<Uuid> = group.iter().map(|text| text.contact_id).collect();
    let people = contacts::locked_all(&tx, &ids).await?;
    let people: HashMap<Uuid, contact::Model> = people.into_iter().map(|person| (person.id, person)).collect();
    let states = consent::on_channels(&tx.db, &ids).await?;
    let (mut refused, mut texts) = (Vec::with_capacity(group.len()), Vec::with_capacity(group.len()));
    for text in group {
        let theirs = |person: &&contact::Model| person.business_id == text.actor.business_id;
        let Some(person) = people.get(&text.contact_id).filter(theirs) else {
            refused.push(Some(not_found("contact")));
            continue;
        };
        let state = states.get(&(person.id, text.channel)).copied().unwrap_or_default();
        match may_write(&tx, &text.actor, person, text.channel, state).await {
            Ok(()) => {
                refused.push(None);
                texts.push((person, new(text)));
            }
            Err(why @ Error::Problem(_)) => refused.push(Some(why)),
            Err(cause) => return Err(cause),
        }
    }
    let mut stored = enqueue_all(&mut tx, texts).await?.into_iter();
    tx.commit().await?;
    let answer = |refused: Option<Error>| match refused {
        Some(why) => Err(why),
        None => stored
            .next()
            .unwrap_or_else(|| Err(Error::broken("a text without an answer")))
            .map(shown),
    };
    Ok(refused.into_iter().map(answer).collect())
}

fn new(text: &Text) -> New {
    New {
        origin: Origin::Reply,
        channel: text.channel,
        subject: None,
        body: text.body.clone(),
        correlation_id: text.correlation_id.clone(),
        author: Some(text.actor.author()),
        appointment_id: None,
        useful_until: None,
        time_zone: None,
        location_id: None,
    }
}

/// `state`: where the contact stands.
pub(super) async fn may_write(tx: &Tx, actor: &Actor, contact: &contact::Model, channel: Channel, state: State) -> Result<()> {
    if contact.blocked {
        return Err(problem(
            Code::MayNotSend,
            "This contact is blocked. Unblock them to write again.",
        ));
    }
    if contact.held_since.is_some() {
        return Err(problem(Code::MayNotSend, contacts::hold::REASON));
    }
    let objection = match channel {
        Channel::Sms => Address::of(&contact.phone).objection(),
        Channel::Email => contact
            .email
            .is_none()
            .then_some("No e-mail address of this person is known."),
    };
    if let Some(why) = objection {
        return Err(problem(Code::MayNotSend, why));
    }
    may_send(state, Sending::Reply).map_err(|reason| problem(Code::MayNotSend, reason))?;
    // A program may answer somebody who wrote, but must not begin a conversation nobody agreed to.
    let program = matches!(actor.who, Principal::ApiKey { .. });
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
