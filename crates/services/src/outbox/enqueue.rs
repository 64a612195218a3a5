//! Texts of ours on their way into the outbox (law 1): a row first, which is its own job.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use chrono::{DateTime, Duration, Utc};
use contract::{Code, live::LiveEvent};
use domain::{consent::Channel, delivery::Status, later::Delay, origin::Origin, phone::mask, segments};
use entity::{contacts::contact, messages::message, numbers::number};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::{
    held::{held, is},
    sender::{choose, whatsapp},
};
use crate::{
    businesses,
    channels::{self, email::Email},
    contacts, conversations,
    delivery::{
        delay::Held,
        state::{self, Again},
    },
    kernel::{Error, Result, Tx, error::problem},
    messages::{THEIRS, shown},
    numbers, spend, tasks,
};

/// What Twilio takes for a message on WhatsApp, in micro-dollars.
const WHATSAPP_MICROS: i64 = 5_000;

/// An outbound text to be stored and sent.
pub(crate) struct New {
    pub origin: Origin,
    /// Which one of these it comes from: the row that its owner keeps.
    pub origin_id: Option<Uuid>,
    pub channel: Channel,
    /// Of an e-mail; none: that it is from this business.
    pub subject: Option<String>,
    pub body: String,
    /// The same id in one business is the same message.
    pub correlation_id: Option<String>,
    pub author: Option<String>,
    pub appointment_id: Option<Uuid>,
    /// Not to be sent after this; none where the origin's own time counts.
    pub useful_until: Option<DateTime<Utc>>,
    /// Where the customer is taken to be, unless a zone of their own is known.
    pub time_zone: Option<String>,
    /// Where the appointment it is about happens: that decides the number it leaves from.
    pub location_id: Option<Uuid>,
    /// What it waits for by the will of who wrote it, and until when.
    pub delay: Option<(Delay, DateTime<Utc>)>,
}

/// Stores an outbound text and the job that will send it. The caller holds the contact's lock.
///
/// # Errors
/// `MayNotSend` when there is no number to send from; `Conflict` when its correlation id is that of a text to somebody else.
pub(crate) async fn enqueue(tx: &mut Tx, contact: &contact::Model, new: New) -> Result<message::Model> {
    let mut done = enqueue_all(tx, vec![(contact, new)]).await?;
    done.pop().unwrap_or_else(|| Err(Error::broken("a text without an answer")))
}

/// The same for several texts, aligned: one that is refused leaves nothing behind. What they need is read and written at once.
pub(super) async fn enqueue_all(tx: &mut Tx, texts: Vec<(&contact::Model, New)>) -> Result<Vec<Result<message::Model>>> {
    let mut known = by_correlation(tx, &texts).await?;
    let (mut terms, mut fresh) = (Terms::default(), Vec::new());
    let mut answers: Vec<Result<Uuid>> = Vec::with_capacity(texts.len());
    for (contact, mut new) in texts {
        let key = new.correlation_id.clone().map(|id| (contact.business_id, id));
        let before = key.as_ref().and_then(|key| known.get(key)).cloned();
        if let Some(before) = before.as_ref().filter(|m| m.contact_id != contact.id || !may_return(m)) {
            answers.push(if before.contact_id == contact.id {
                Ok(before.id)
            } else {
                Err(anothers())
            });
            continue;
        }
        let (from, address) = match terms.way(tx, contact, &new).await? {
            Ok(way) => way,
            Err(none) => {
                answers.push(Err(none));
                continue;
            }
        };
        if new.channel == Channel::Sms && segments::shortened(&new.body).is_some() {
            let business = businesses::of(tx, contact.business_id).await?;
            new.body = businesses::language::as_sent(&business, new.body);
        }
        let (segments, price) = terms.cost(tx, new.channel, &new.body, &address).await?;
        if new.channel == Channel::Email && new.subject.is_none() {
            let business = businesses::of(tx, contact.business_id).await?;
            new.subject = Some(format!("A message from {}", business.name));
        }
        let row = match before {
            Some(before) => {
                let again = Again::Revived {
                    from,
                    phone: &address,
                    body: std::mem::take(&mut new.body),
                    segments,
                    price,
                    useful_until: until(tx, &new),
                    held: held(tx, contact.business_id, new.delay).await?,
                };
                state::requeue(tx, before, again).await?
            }
            None => {
                let kept = held(tx, contact.business_id, new.delay).await?;
                let row = row(tx, contact, new, (from, address), (segments, price), kept);
                fresh.push((contact, row.clone()));
                row
            }
        };
        answers.push(Ok(row.id));
        let key = key.unwrap_or_else(|| (row.business_id, row.id.to_string()));
        known.insert(key, row);
    }
    let mut stored: HashMap<Uuid, message::Model> = known.into_values().map(|row| (row.id, row)).collect();
    stored.extend(store(tx, fresh).await?.into_iter().map(|row| (row.id, row)));
    let answer = |id: Uuid| {
        stored
            .get(&id)
            .cloned()
            .ok_or_else(|| Error::broken("a text that was not stored"))
    };
    Ok(answers.into_iter().map(|id| id.and_then(answer)).collect())
}

fn no_number(channel: Channel) -> Error {
    let why = match channel {
        Channel::WhatsApp => "There is no WhatsApp sender to send from.",
        Channel::Sms | Channel::Email => "There is no number to send from. Add a Twilio number first.",
    };
    problem(Code::MayNotSend, why)
}

fn no_address() -> Error {
    problem(Code::MayNotSend, "No e-mail address of this person is known.")
}

fn anothers() -> Error {
    let why = "This correlation id was used for a message to somebody else.";
    problem(Code::Conflict, why)
}

/// What a group of texts leaves from and costs, each thing read once.
#[derive(Default)]
struct Terms {
    active: HashMap<Uuid, Vec<number::Model>>,
    prices: HashMap<String, Option<i64>>,
}

impl Terms {
    /// Where a message leaves from, and where it goes to; or why it can't.
    async fn way(
        &mut self,
        tx: &Tx,
        contact: &contact::Model,
        new: &New,
    ) -> Result<std::result::Result<(String, String), Error>> {
        if new.channel == Channel::WhatsApp {
            let way = whatsapp(tx.services(), &tx.db, contact).await?;
            return Ok(way.ok_or_else(|| no_number(new.channel)));
        }
        let Some(from) = self.sender(tx, contact, new).await? else {
            return Ok(Err(no_number(new.channel)));
        };
        let address = contacts::address(contact, new.channel);
        Ok(address.map(|address| (from, address.into_owned())).ok_or_else(no_address))
    }

    async fn sender(&mut self, tx: &Tx, contact: &contact::Model, new: &New) -> Result<Option<String>> {
        if new.channel == Channel::Email {
            return Ok(channels::mail_server(tx.services()).map(Email::from));
        }
        let business_id = contact.business_id;
        let active = match self.active.entry(business_id) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(free) => free.insert(numbers::active(&tx.db, business_id).await?).clone(),
        };
        choose(tx.services(), &tx.db, business_id, active, Some(contact.id), new.location_id).await
    }

    /// Parts, and what they cost in micro-dollars; a mail is one, and costs nothing.
    async fn cost(&mut self, tx: &Tx, channel: Channel, body: &str, address: &str) -> Result<(i32, i64)> {
        match channel {
            Channel::Sms => {
                let segments = segments::count(body).count as i32;
                Ok((segments, self.price(tx, address, segments).await?))
            }
            // Twilio's part; WhatsApp's own is known afterwards.
            Channel::WhatsApp => Ok((1, WHATSAPP_MICROS)),
            Channel::Email => Ok((1, 0)),
        }
    }

    async fn price(&mut self, tx: &Tx, phone: &str, segments: i32) -> Result<i64> {
        let country = domain::phone::country_of(phone);
        if let Some(country) = country.as_ref().filter(|country| !self.prices.contains_key(*country)) {
            self.prices.insert(country.clone(), spend::own(&tx.db, country).await?);
        }
        let own = country
            .as_ref()
            .and_then(|country| self.prices.get(country).copied().flatten());
        Ok(spend::cost(own, country.as_deref(), u32::try_from(segments).unwrap_or(1)))
    }
}

/// Messages that texts with these correlation ids are already.
async fn by_correlation(tx: &Tx, texts: &[(&contact::Model, New)]) -> Result<HashMap<(Uuid, String), message::Model>> {
    let mut of_business: HashMap<Uuid, Vec<&str>> = HashMap::new();
    for (contact, new) in texts {
        if let Some(id) = &new.correlation_id {
            of_business.entry(contact.business_id).or_default().push(id);
        }
    }
    let mut known = HashMap::new();
    for (business_id, ids) in of_business {
        let rows = message::Entity::in_business(business_id)
            .filter(message::Column::CorrelationId.is_in(ids))
            .all(&tx.db)
            .await?;
        known.extend(
            rows.into_iter()
                .filter_map(|m| Some(((business_id, m.correlation_id.clone()?), m))),
        );
    }
    Ok(known)
}

/// A message to be, not yet in a conversation; what it costs is in segments and micro-dollars.
fn row(
    tx: &Tx,
    contact: &contact::Model,
    new: New,
    (from, to): (String, String),
    (segments, price): (i32, i64),
    held: Held,
) -> message::Model {
    let (id, vault) = (Uuid::now_v7(), tx.services().vault());
    let (policy, useful_until) = (new.origin.policy(), until(tx, &new));
    message::Model {
        id,
        business_id: contact.business_id,
        conversation_id: Uuid::nil(),
        contact_id: contact.id,
        direction: "outbound".to_owned(),
        channel: new.channel.as_str().to_owned(),
        origin: new.origin.as_str().to_owned(),
        origin_id: new.origin_id,
        purpose: policy.purpose.as_str().to_owned(),
        status: Status::Queued.as_str().to_owned(),
        segments,
        subject: new.subject,
        body: new.body,
        price: Some(price),
        price_unit: Some(spend::UNIT.to_owned()),
        price_final: false,
        ours: from,
        theirs_key: Some(vault.index(THEIRS, &to)),
        theirs: vault.seal(THEIRS, &to),
        account_sid: None,
        provider_sid: None,
        error_code: None,
        error: None,
        correlation_id: Some(new.correlation_id.unwrap_or_else(|| id.to_string())),
        author: new.author,
        appointment_id: new.appointment_id,
        useful_until,
        time_zone: new.time_zone,
        attempts: 0,
        retries: 0,
        retry_at: None,
        priority: policy.priority.into(),
        slot_at: None,
        lookups: 0,
        not_before: held.not_before,
        wait_reason: held.why,
        delay: held.delay.map(|delay| delay.as_str().to_owned()),
        send_at: held.send_at,
        waited_since: None,
        claimed_at: None,
        created_at: tx.now,
        sent_at: None,
        delivered_at: None,
        removed_after: None,
        fallback_of: None,
        chosen_because: None,
    }
}

/// How long it is of use: what its owner says, else what its origin does.
fn until(tx: &Tx, new: &New) -> Option<DateTime<Utc>> {
    let of_origin = new.origin.policy().useful_s;
    new.useful_until.or_else(|| Some(tx.now + Duration::seconds(of_origin?)))
}

/// Writes new messages, each into the conversation with its contact.
async fn store(tx: &mut Tx, fresh: Vec<(&contact::Model, message::Model)>) -> Result<Vec<message::Model>> {
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let (people, mut rows): (Vec<&contact::Model>, Vec<message::Model>) = fresh.into_iter().unzip();
    let threads = conversations::get_or_begin_all(tx, people.iter().copied()).await?;
    for (row, thread) in rows.iter_mut().zip(&threads) {
        row.conversation_id = thread.id;
        row.waited_since = thread.waiting_since.filter(|_| row.origin == Origin::Reply.as_str());
    }
    let new = rows.iter().map(|row| row.clone().into_active_model().reset_all());
    message::Entity::insert_many(new).exec_without_returning(&tx.db).await?;
    conversations::add_all(tx, &threads, &rows, &HashSet::new()).await?;
    for (row, thread) in rows.iter().zip(&threads) {
        // Who is answered has been read.
        if thread.waiting_since.is_some() && row.origin == Origin::Reply.as_str() {
            let by = row.author.clone().unwrap_or_default();
            tasks::settle_of_contact(tx, row.business_id, row.contact_id, tasks::Kind::Clarify, &by).await?;
        }
    }
    for (row, contact) in rows.iter().zip(&people) {
        tx.publish(row.business_id, LiveEvent::Message(shown(row.clone())));
        metrics::counter!("showup_messages_total", "step" => "stored").increment(1);
        tracing::info!(message = %row.id, step = "stored", to = %mask(&contact.phone), channel = row.channel, origin = row.origin, "text");
    }
    tx.send_soon();
    Ok(rows)
}

/// Withdrawn before the provider had it: nobody has seen it, and what made it may want it again; what a person has taken back they do not.
fn may_return(m: &message::Model) -> bool {
    m.status == Status::Cancelled.as_str() && m.provider_sid.is_none() && !is(m, Delay::TakenBack)
}

/// Other words for a text that waits: its parts, and what they cost.
pub(super) async fn cost_of(tx: &Tx, channel: Channel, body: &str, address: &str) -> Result<(i32, i64)> {
    Terms::default().cost(tx, channel, body, address).await
}
