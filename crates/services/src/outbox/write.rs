//! What staff and programs write to people. Texts that come together share a transaction, and each is answered after it.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    messages::{MessageView, SendMessage},
};
use domain::{
    consent::{Channel, Sending, State, may_send_by},
    later::Delay,
    origin::Origin,
    phone::Address,
    template,
    whatsapp::Go,
    words::is_blank,
};
use entity::{contacts::contact, messages::message};
use sea_orm::{ColumnTrait, Condition, ExprTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    enqueue::{New, enqueue, enqueue_all},
    held,
    sender::whatsapp,
};
use crate::{
    accounts, businesses, channels,
    contacts::{self, consent},
    conversations,
    kernel::{
        Actor, Error, Permission, Principal, Result, Services, Tx,
        batcher::Batcher,
        error::{field, not_found, problem},
        once::{self, Once},
    },
    messages::{self, LATE, shown},
    numbers,
};

/// Most texts in one transaction.
const MOST: usize = 64;

/// Twilio's own limit (docs/twilio.md §5).
const LONGEST: usize = 1600;

/// A text that somebody may write, looked through.
pub(crate) struct Text {
    pub actor: Actor,
    pub contact_id: Uuid,
    /// None: the one on which they wrote last.
    pub channel: Option<Channel>,
    pub body: String,
    pub correlation_id: Option<String>,
    /// The newest message of the thread that its writer has seen.
    pub after: Option<Uuid>,
    /// When it is to go out, if not now.
    pub send_at: Option<DateTime<Utc>>,
    /// The request that asks for it, if it may be repeated.
    pub once: Option<Once>,
}

pub(crate) type Writing = Batcher<Text, Result<MessageView>>;

/// Sends what a member, or another system, wrote to a contact.
///
/// # Errors
/// `Invalid` for an empty or overlong body; `MayNotSend` with the reason (opted out, blocked, no number).
pub async fn send(s: &Services, actor: &Actor, cmd: SendMessage) -> Result<MessageView> {
    store(s, looked_through(s, actor, cmd)?).await
}

/// The same in a transaction that does more than that. The caller holds the contact's lock.
///
/// # Errors
/// As `send`.
pub(crate) async fn send_within(tx: &mut Tx, actor: &Actor, person: &contact::Model, cmd: SendMessage) -> Result<message::Model> {
    let text = looked_through(&tx.services().clone(), actor, cmd)?;
    let channel = channel_to(tx, &text, person).await?;
    let state = consent::state_on(&tx.db, person.id, channel).await?;
    may_write(tx, actor, person, channel, state).await?;
    nothing_newer(tx, &text).await?;
    conversations::notes::sent(tx, [(actor, person.id)]).await?;
    let undo = accounts::undo_seconds(&tx.db, conversations::account(actor)).await?;
    let text = new(tx, &text, channel, &undo);
    let stored = enqueue(tx, person, text).await?;
    conversations::assigning::replied(tx, [(actor, person.id)]).await?;
    Ok(stored)
}

/// Whether it is a text that may be written at all.
fn looked_through(s: &Services, actor: &Actor, cmd: SendMessage) -> Result<Text> {
    actor.may(Permission::SendMessages)?;
    let body = readable(actor, &cmd.body)?;
    if let Some(at) = cmd.send_at {
        domain::later::check(at, s.now()).map_err(|why| field("send_at", why))?;
    }
    let channel = channel(s, actor, cmd.channel.as_deref())?;
    if cmd
        .correlation_id
        .as_ref()
        .is_some_and(|id| is_blank(id) || id.len() > 200 || id.chars().any(char::is_control))
    {
        return Err(field("correlation_id", "A correlation id has 1 to 200 characters."));
    }
    Ok(Text {
        actor: actor.clone(),
        contact_id: cmd.contact_id,
        channel,
        body,
        correlation_id: cmd.correlation_id,
        after: cmd.after_message_id,
        send_at: cmd.send_at,
        once: Once::current(),
    })
}

/// What was typed, as it is sent.
///
/// # Errors
/// `Invalid` for nothing to read, too much of it, or a gap.
pub(super) fn readable(actor: &Actor, typed: &str) -> Result<String> {
    let body = domain::inbound::clean(typed).trim().to_owned();
    if is_blank(&body) {
        return Err(field(
            "body",
            "There is nothing to read in this text. Please write something.",
        ));
    }
    if body.chars().count() > LONGEST {
        return Err(field("body", "A text has 1 to 1,600 characters."));
    }
    // A person has left a gap for what was to stand there; a program means what it writes.
    if let Some(gap) = template::first(&body).filter(|_| matches!(actor.who, Principal::Member { .. })) {
        return Err(field(
            "body",
            format!("{gap} was not filled in. Please write what belongs there."),
        ));
    }
    Ok(body)
}

fn channel(s: &Services, actor: &Actor, asked: Option<&str>) -> Result<Option<Channel>> {
    let asked = match asked {
        Some(asked) => asked,
        // Who sits before the conversation answers where they were written to; a program says where it writes.
        None if matches!(actor.who, Principal::Member { .. }) => return Ok(None),
        None => Channel::Sms.as_str(),
    };
    let channel = asked.parse();
    let channel = channel.map_err(|_| field("channel", "The channel is \"sms\", \"whatsapp\" or \"email\"."))?;
    if channel == Channel::Email && channels::mail_server(s).is_none() {
        return Err(problem(Code::MayNotSend, "E-mail is not set up on this installation."));
    }
    Ok(Some(channel))
}

/// The channel a text goes by: the one that was asked for, else the one on which they wrote last.
async fn channel_to(tx: &mut Tx, text: &Text, person: &contact::Model) -> Result<Channel> {
    if let Some(channel) = text.channel {
        return Ok(channel);
    }
    if !numbers::whatsapp::any(tx, person.business_id).await? {
        return Ok(Channel::Sms);
    }
    Ok(messages::last_channel(&tx.db, person.business_id, person.id)
        .await?
        .unwrap_or_default())
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
    let undo = accounts::undo_seconds(&tx.db, group.iter().filter_map(|text| conversations::account(&text.actor))).await?;
    let mut more: HashMap<Uuid, usize> = HashMap::new();
    let (mut settled, mut texts) = (Vec::with_capacity(group.len()), Vec::with_capacity(group.len()));
    let mut written = Vec::with_capacity(group.len());
    let mut repeatable = Vec::with_capacity(group.len());
    for text in group {
        let theirs = |person: &&contact::Model| person.business_id == text.actor.business_id;
        let Some(person) = people.get(&text.contact_id).filter(theirs) else {
            settled.push(Some(Err(not_found("contact"))));
            continue;
        };
        if let Err(merged) = contacts::not_merged(person) {
            let before = sent_before(&tx, text, person).await?;
            settled.push(Some(before.map(shown).ok_or(merged)));
            continue;
        }
        let channel = channel_to(&mut tx, text, person).await?;
        let state = states.get(&(person.id, channel)).copied().unwrap_or_default();
        let fits = match may_write(&mut tx, &text.actor, person, channel, state).await {
            Ok(()) => nothing_newer(&tx, text).await,
            no => no,
        };
        let fits = match fits {
            Ok(()) if text.send_at.is_some() => {
                held::has_room(
                    &tx,
                    person,
                    text.correlation_id.as_deref(),
                    more.entry(person.id).or_default(),
                )
                .await
            }
            other => other,
        };
        // Last: what is refused was not done.
        let fits = match (fits, &text.once) {
            (Ok(()), Some(once)) => tx.do_once(once).await,
            (other, _) => other,
        };
        match fits {
            Ok(()) => {
                written.push((&text.actor, person.id));
                settled.push(None);
                repeatable.push(text.once.as_ref());
                texts.push((person, new(&tx, text, channel, &undo)));
            }
            Err(why @ Error::Problem(_)) => settled.push(Some(Err(why))),
            Err(cause) => return Err(cause),
        }
    }
    conversations::notes::sent(&tx, written.iter().copied()).await?;
    let stored = enqueue_all(&mut tx, texts).await?;
    for (once, stored) in repeatable.into_iter().zip(&stored) {
        if let (Some(once), Ok(message)) = (once, stored) {
            once::made(&tx.db, once, message.id).await?;
        }
    }
    let mut stored = stored.into_iter();
    conversations::assigning::replied(&tx, written).await?;
    tx.commit().await?;
    let answer = |settled: Option<Result<MessageView>>| match settled {
        Some(answer) => answer,
        None => stored
            .next()
            .unwrap_or_else(|| Err(Error::broken("a text without an answer")))
            .map(shown),
    };
    Ok(settled.into_iter().map(answer).collect())
}

/// This text as it was stored before its person was merged into another: who asks again has not lost it.
async fn sent_before(tx: &Tx, text: &Text, person: &contact::Model) -> Result<Option<message::Model>> {
    let stored = message::Entity::in_business(text.actor.business_id)
        .filter(message::Column::CorrelationId.eq(text.correlation_id.as_deref().unwrap_or_default()))
        .one(&tx.db)
        .await?;
    Ok(stored.filter(|m| Some(m.contact_id) == person.merged_into))
}

/// Two people answer one customer, or the customer writes meanwhile: who has not seen the newest is asked first. The contact is locked. A
/// repeat of what was stored is no news.
async fn nothing_newer(tx: &Tx, text: &Text) -> Result<()> {
    let Some(after) = text.after else { return Ok(()) };
    let in_thread =
        || message::Entity::in_business(text.actor.business_id).filter(message::Column::ContactId.eq(text.contact_id));
    let correlation = text.correlation_id.as_deref().unwrap_or_default();
    let stored = in_thread()
        .filter(message::Column::CorrelationId.eq(correlation))
        .one(&tx.db)
        .await?;
    if stored.is_some() {
        return Ok(());
    }
    let seen = in_thread().filter(message::Column::Id.eq(after)).one(&tx.db).await?;
    let seen = match seen {
        Some(m) => Some((m.conversation_id, m.created_at)),
        None => conversations::notes::place(&tx.db, text.contact_id, after).await?,
    };
    let Some((conversation_id, at)) = seen else {
        return Err(field("after_message_id", "There is no such message in this conversation."));
    };
    let others = Condition::any().add(message::Column::Direction.eq("inbound")).add(
        message::Column::Origin
            .eq(Origin::Reply.as_str())
            .and(message::Column::Author.ne(text.actor.author())),
    );
    // Ids tell the order in which messages were stored; what an outage kept from us is news, though it was written before.
    let newer = in_thread()
        .filter(message::Column::ConversationId.eq(conversation_id))
        .filter(message::Column::CreatedAt.gte(at - LATE))
        .filter(message::Column::Id.gt(after))
        .filter(others)
        .limit(1)
        .one(&tx.db)
        .await?;
    if newer.is_some() || conversations::notes::newer_than(&tx.db, &text.actor, conversation_id, after).await? {
        return Err(problem(
            Code::Conflict,
            "Something newer stands in this conversation: a text, a reply or a note. Please read it, then send yours if it still fits.",
        ));
    }
    Ok(())
}

fn new(tx: &Tx, text: &Text, channel: Channel, undo: &HashMap<Uuid, i32>) -> New {
    // Who presses a button may have pressed too soon; a program has not.
    let seconds = conversations::account(&text.actor).and_then(|account| undo.get(&account));
    let until = seconds.filter(|seconds| **seconds > 0);
    let until = until.map(|seconds| (Delay::Undo, tx.now + Duration::seconds(i64::from(*seconds))));
    New {
        origin: Origin::Reply,
        origin_id: None,
        channel,
        subject: None,
        body: text.body.clone(),
        correlation_id: text.correlation_id.clone(),
        author: Some(text.actor.author()),
        appointment_id: None,
        useful_until: None,
        time_zone: None,
        location_id: None,
        delay: text.send_at.map(|at| (Delay::Later, at)).or(until),
    }
}

/// `state`: where the contact stands.
pub(super) async fn may_write(
    tx: &mut Tx,
    actor: &Actor,
    contact: &contact::Model,
    channel: Channel,
    state: State,
) -> Result<()> {
    if contact.blocked {
        return Err(problem(
            Code::MayNotSend,
            "This contact is blocked. Unblock them to write again.",
        ));
    }
    if contact.sample {
        return Err(problem(Code::MayNotSend, contacts::SAMPLE));
    }
    let business = businesses::of(tx, contact.business_id).await?;
    if business.suspended_at.is_some() {
        return Err(problem(Code::MayNotSend, businesses::SUSPENDED));
    }
    if contact.held_since.is_some() {
        return Err(problem(Code::MayNotSend, contacts::hold::REASON));
    }
    let objection = match channel {
        Channel::Sms => Address::of(&contact.phone).objection(),
        Channel::WhatsApp => return may_write_on_whatsapp(tx, actor, contact, state).await,
        Channel::Email => contact
            .email
            .is_none()
            .then_some("No e-mail address of this person is known."),
    };
    if let Some(why) = objection {
        return Err(problem(Code::MayNotSend, why));
    }
    if channel == Channel::Sms
        && let Some(why) = businesses::sending::not_texted_there(&business, &contact.phone)
    {
        return Err(problem(Code::MayNotSend, why));
    }
    may_send_by(channel, state, Sending::Reply).map_err(|reason| problem(Code::MayNotSend, reason))?;
    // A program may answer somebody who wrote, but must not begin a conversation nobody agreed to.
    let program = matches!(actor.who, Principal::ApiKey { .. });
    if program && state == State::Unknown && !has_written(tx, contact).await? {
        let why = match channel {
            Channel::Sms | Channel::WhatsApp => {
                "This person has not agreed to text messages. Record their consent first (opt_in)."
            }
            Channel::Email => "This person has not agreed to e-mails. Record their consent first.",
        };
        return Err(problem(Code::MayNotSend, why));
    }
    Ok(())
}

/// Free text goes to who wrote there within a day, and only from a sender that is there.
async fn may_write_on_whatsapp(tx: &Tx, actor: &Actor, contact: &contact::Model, state: State) -> Result<()> {
    may_send_by(Channel::WhatsApp, state, Sending::Reply).map_err(|reason| problem(Code::MayNotSend, reason))?;
    let services = tx.services();
    if whatsapp(services, &tx.db, contact).await?.is_none() {
        let why = "There is no way to this person on WhatsApp: no sender is set up, or they have no number.";
        return Err(problem(Code::MayNotSend, why));
    }
    let way = contacts::whatsapp::way_to(services, &tx.db, contact).await?;
    let until = way.and_then(|way| way.until);
    match domain::whatsapp::what_may_go(tx.now, until, None) {
        Go::Text | Go::Template => {}
        Go::Nothing(why) => return Err(problem(Code::MayNotSend, why)),
    }
    let program = matches!(actor.who, Principal::ApiKey { .. });
    if program && state == State::Unknown {
        return Err(problem(
            Code::MayNotSend,
            "This person has not agreed to messages on WhatsApp.",
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
