//! Texts from customers: stored before they are acknowledged, once per MessageSid, and never lost to an error of ours.

use std::{
    collections::{BTreeMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use chrono::{DateTime, Duration, Utc};
use contract::{Code, live::LiveEvent};
use domain::{
    consent::{Channel, Purpose, State},
    delivery::Status,
    inbound::{Meaning, clean, with_attachments, words},
    phone::mask,
};
use entity::{
    contacts::contact,
    messages::{message, receipt},
};
use futures::FutureExt;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, QueryTrait, Select,
    Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    handle::{self, Heard},
    route::routes,
};
use crate::{
    channels::{Inbound, connections, sms},
    contacts::{self, consent, hold, whatsapp::From},
    conversations,
    kernel::{Error, Event, Principal, Result, Services, Tx, batcher::Batcher, error::problem, queue::Job},
    messages::{THEIRS, shown},
    questions, tasks, waitlist,
};

/// What was handed to us, sealed whole, as `vault::SEALED` calls it.
const RAW: &str = "receipt.raw";

/// The origin of what we did not write.
const CUSTOMER: &str = "customer";

/// After so many tries at acting on a text a person gets it as a task.
const TRIES: i32 = 5;

/// What became of a text that a provider handed us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Stored and acted on.
    Done,
    /// Stored; acting on it failed and will be tried again.
    Kept,
    /// It was here before.
    Repeat,
}

/// A text as it came.
pub(crate) struct Item {
    text: Inbound,
    raw: String,
    /// When the customer sent it, for one that an outage kept from us.
    sent_at: Option<DateTime<Utc>>,
}

/// A text, and whose it is.
#[derive(Clone, Copy)]
struct Routed<'a> {
    business_id: Uuid,
    item: &'a Item,
}

pub(crate) type InboundBatch = Batcher<Item, Result<Received>>;

/// Most texts in one transaction.
const MOST: usize = 128;

/// Takes an inbound text; `raw` is what came. Texts that come together share a transaction, and each is answered after it.
///
/// # Errors
/// `NotFound` when the number is nobody's; anything else means nothing was stored and Twilio should ask again.
pub async fn receive(s: &Services, text: impl Into<Inbound>, raw: &str) -> Result<Received> {
    take(s, text.into(), raw, None).await
}

pub(crate) async fn take(s: &Services, text: Inbound, raw: &str, sent_at: Option<DateTime<Utc>>) -> Result<Received> {
    let begun = tokio::time::Instant::now();
    let item = Item {
        text,
        raw: raw.to_owned(),
        sent_at,
    };
    let work = |group| async move { Box::pin(receive_group(s, group)).await };
    let done = s.of::<InboundBatch>().run(item, MOST, work).await;
    metrics::histogram!("showup_step_seconds", "step" => "inbound").record(begun.elapsed());
    done.unwrap_or_else(|| Err(Error::broken("the transaction of this text broke off")))
}

async fn receive_group(s: &Services, group: Vec<Item>) -> Vec<Result<Received>> {
    let texts: Vec<(&str, &str)> = group.iter().map(|i| (i.text.to.as_str(), i.text.from.as_str())).collect();
    let owners = match routes(s, s.read(), &texts).await {
        Ok(owners) => owners
            .into_iter()
            .zip(&group)
            .map(|(owner, item)| owner.filter(|id| connections::speaks_for(s, &item.text.account, *id, &item.text.to)))
            .collect::<Vec<_>>(),
        Err(cause) => {
            let cause = cause.to_string();
            return group.iter().map(|_| Err(Error::Broken(cause.clone()))).collect();
        }
    };
    let routed = owners.iter().zip(&group);
    let ours: Vec<Routed<'_>> = routed
        .filter_map(|(owner, item)| owner.map(|business_id| Routed { business_id, item }))
        .collect();
    let mut stored = match caught(store_group(s, &ours)).await {
        Ok(stored) => stored.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(cause) => each_alone(s, &ours, cause).await,
    }
    .into_iter();
    let answers = owners.iter().zip(&group).map(|(owner, item)| match owner {
        Some(_) => stored
            .next()
            .unwrap_or_else(|| Err(Error::broken("a text without an answer"))),
        None => {
            tracing::warn!(to = %mask(&item.text.to), "a text came to a number that belongs to no business");
            Err(problem(Code::NotFound, "This number belongs to no business here."))
        }
    });
    answers.collect()
}

/// A fault of ours that ends in a panic must lose no text either.
async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let done = AssertUnwindSafe(Box::pin(work)).catch_unwind().await;
    done.unwrap_or_else(|_| Err(Error::broken("a panic, told of above")))
}

/// One of them is in the way of the others.
async fn each_alone(s: &Services, group: &[Routed<'_>], cause: Error) -> Vec<Result<Received>> {
    let mut first = (group.len() == 1).then_some(cause);
    let mut results = Vec::with_capacity(group.len());
    for text in group {
        results.push(receive_alone(s, *text, first.take()).await);
    }
    results
}

/// Two first texts of a new number at once: one of them finds the contact made by the other when it tries again. What can't be acted on
/// is kept.
async fn receive_alone(s: &Services, text: Routed<'_>, failed_before: Option<Error>) -> Result<Received> {
    let (mut cause, mut once_more) = (failed_before, true);
    for _ in 0..4 {
        match cause.take() {
            None => match caught(store_group(s, &[text])).await {
                Ok(results) => return Ok(results.first().copied().unwrap_or(Received::Done)),
                Err(e) => cause = Some(e),
            },
            Some(e) if e.is_duplicate() || is_conflict(&e) => {
                if seen(s, &text.item.text.provider_id).await? {
                    return Ok(Received::Repeat);
                }
            }
            // Perhaps it only lost a deadlock: a STOP must not wait for that.
            Some(_) if once_more => once_more = false,
            Some(e) => return keep(s, text, &e).await,
        }
    }
    let cause = cause.unwrap_or_else(|| Error::broken("the contact could not be told apart"));
    keep(s, text, &cause).await
}

/// The contact was made by another text at the same moment.
fn is_conflict(e: &Error) -> bool {
    matches!(e, Error::Problem(p) if p.code == Code::Conflict)
}

async fn seen(s: &Services, sid: &str) -> Result<bool> {
    Ok(receipt::Entity::find_by_id(sid.to_owned())
        .one(&s.db().write)
        .await?
        .is_some())
}

/// Stores a group of texts and acts on them, in the order they came, all in one transaction.
async fn store_group(s: &Services, group: &[Routed<'_>]) -> Result<Vec<Received>> {
    if group.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = s.begin().await?;
    let mut new = take_receipts(&tx, group).await?;
    let mut results = Vec::with_capacity(group.len());
    let mut fresh = Vec::with_capacity(group.len());
    for text in group {
        if new.remove(&text.item.text.provider_id) {
            results.push(Received::Done);
            fresh.push(text);
        } else {
            results.push(Received::Repeat);
        }
    }
    if fresh.is_empty() {
        return Ok(results);
    }
    let texts: Vec<Text<'_>> = fresh
        .iter()
        .map(|Routed { business_id, item }| Text {
            business_id: *business_id,
            inbound: &item.text,
            at: item.sent_at.unwrap_or(tx.now),
        })
        .collect();
    Box::pin(apply(&mut tx, &texts)).await?;
    tx.commit().await?;
    for Routed { item, .. } in fresh {
        metrics::counter!("showup_messages_total", "step" => "received").increment(1);
        tracing::info!(sid = %item.text.provider_id, step = "received", from = %mask(&item.text.from), "text");
    }
    Ok(results)
}

/// Stores the receipts of a group; the SIDs of those that were not here before. Another process may be storing the same one: then this
/// waits for it.
async fn take_receipts(tx: &Tx, group: &[Routed<'_>]) -> Result<HashSet<String>> {
    // In one order, so that two groups never wait for each other.
    let by_sid: BTreeMap<&str, &Routed<'_>> = group
        .iter()
        .rev()
        .map(|text| (text.item.text.provider_id.as_str(), text))
        .collect();
    let mut insert = receipt::Entity::insert_many(by_sid.into_values().map(|text| row(tx, *text, None)))
        .on_conflict(OnConflict::column(receipt::Column::ProviderSid).do_nothing().to_owned())
        .into_query();
    insert.returning_col(receipt::Column::ProviderSid);
    let rows = tx.db.query_all(&insert).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// Our own logic failed: the receipt alone is kept, with a job to try again.
async fn keep(s: &Services, text: Routed<'_>, cause: &Error) -> Result<Received> {
    let sid = &text.item.text.provider_id;
    tracing::error!(%sid, %cause, "a text could not be acted on; kept for another try");
    let mut tx = s.begin().await?;
    if let Err(e) = row(&tx, text, Some(cause)).insert(&tx.db).await.map_err(Error::from) {
        return if e.is_duplicate() { Ok(Received::Repeat) } else { Err(e) };
    }
    if handle::meaning(&text.item.text, State::Unknown) == Meaning::Stop {
        // It is acknowledged, so it counts from now on, even though it could not be acted on.
        hold::meanwhile(&mut tx, text.business_id, text.item.text.known_by()).await?;
    }
    try_again(&mut tx, sid, 1).await?;
    tx.commit().await?;
    Ok(Received::Kept)
}

async fn try_again(tx: &mut Tx, sid: &str, tries: i32) -> Result<()> {
    let wait = Duration::seconds(5 * i64::from(tries * tries));
    let job = Job::Receive {
        provider_sid: sid.to_owned(),
    };
    tx.enqueue(&job, tx.now + wait, Some(&format!("receive:{sid}:{tries}"))).await
}

fn row(tx: &Tx, Routed { business_id, item }: Routed<'_>, error: Option<&Error>) -> receipt::ActiveModel {
    receipt::ActiveModel {
        provider_sid: Set(item.text.provider_id.clone()),
        business_id: Set(business_id),
        raw: Set(tx.services().vault().seal(RAW, &item.raw)),
        sent_at: Set(item.sent_at),
        received_at: Set(tx.now),
        processed_at: Set(error.is_none().then_some(tx.now)),
        tries: Set(i32::from(error.is_some())),
        last_error: Set(error.map(|e| e.to_string().chars().take(500).collect())),
    }
}

/// What these texts came in is kept no longer; that they came is.
pub(crate) async fn forget(tx: &Tx, business_id: Uuid, sids: impl Iterator<Item = &str>) -> Result<()> {
    let nothing = tx.services().vault().seal(RAW, "");
    receipt::Entity::update_many()
        .col_expr(receipt::Column::Raw, Expr::value(nothing))
        .filter(receipt::Column::BusinessId.eq(business_id))
        .filter(receipt::Column::ProviderSid.is_in(sids))
        .filter(receipt::Column::ProcessedAt.is_not_null())
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Texts that nobody has acted on for two minutes and that may be tried again.
pub(crate) fn unprocessed(now: DateTime<Utc>, most: u64) -> Select<receipt::Entity> {
    receipt::Entity::find()
        .filter(receipt::Column::ProcessedAt.is_null())
        .filter(receipt::Column::Tries.lt(TRIES))
        .filter(receipt::Column::ReceivedAt.lte(now - Duration::minutes(2)))
        .limit(most)
}

/// Acts on a kept text again; after the last try it becomes a task.
pub(crate) async fn receive_again(s: &Services, sid: &str) -> Result<()> {
    let waiting = receipt::Entity::find_by_id(sid.to_owned()).one(s.read()).await?;
    let Some(row) = waiting.filter(|r| r.processed_at.is_none() && r.tries < TRIES) else {
        return Ok(());
    };
    let text = match s.vault().open(RAW, &row.raw).await {
        Ok(raw) => sms::webhooks::read(&raw),
        Err(e) => Err(e),
    };
    let tried = match text {
        Ok(text) => apply_kept(s, &row, &text).await,
        Err(e) => Err(e),
    };
    let Err(cause) = tried else { return Ok(()) };
    tracing::error!(%sid, %cause, tries = row.tries, "a kept text could not be acted on again");
    let (business_id, tries) = (row.business_id, row.tries + 1);
    let mut tx = s.begin().await?;
    let mut row = row.into_active_model();
    row.tries = Set(tries);
    row.last_error = Set(Some(cause.to_string().chars().take(500).collect()));
    row.update(&tx.db).await?;
    if tries < TRIES {
        try_again(&mut tx, sid, tries).await?;
    } else {
        tasks::raise(&mut tx, stuck(business_id, sid)).await?;
    }
    tx.commit().await
}

fn stuck(business_id: Uuid, sid: &str) -> tasks::New {
    tasks::New {
        business_id,
        kind: tasks::Kind::StuckMessage,
        title: format!("A customer's text is stored but could not be shown. Look it up at Twilio as {sid}."),
        key: format!("stuck:{sid}"),
        contact_id: None,
        conversation_id: None,
        appointment_id: None,
        message_id: None,
    }
}

async fn apply_kept(s: &Services, row: &receipt::Model, inbound: &Inbound) -> Result<()> {
    let mut tx = s.begin().await?;
    let mut done = row.clone().into_active_model();
    done.processed_at = Set(Some(tx.now));
    done.update(&tx.db).await?;
    let text = Text {
        business_id: row.business_id,
        inbound,
        at: row.sent_at.unwrap_or(row.received_at),
    };
    Box::pin(apply(&mut tx, &[text])).await?;
    tx.commit().await
}

/// A text to be shown and acted on.
struct Text<'a> {
    business_id: Uuid,
    inbound: &'a Inbound,
    at: DateTime<Utc>,
}

/// Contacts, conversations, messages and effects of a group of texts, in the caller's transaction. What is the same for all is read and
/// written at once; effects come one after another, in the order of the texts.
async fn apply(tx: &mut Tx, texts: &[Text<'_>]) -> Result<()> {
    let known_by = known_by(tx, texts).await?;
    let senders = texts.iter().zip(&known_by);
    let senders: Vec<(Uuid, &str)> = senders.map(|(t, known)| (t.business_id, known.as_str())).collect();
    let people = contacts::known_or_new(tx, &senders).await?;
    let threads = conversations::get_or_begin_all(tx, people.iter()).await?;
    conversations::assigning::expect(tx, &threads).await?;
    let mut rows = Vec::with_capacity(texts.len());
    for ((text, person), thread) in texts.iter().zip(&people).zip(&threads) {
        rows.push(message_row(tx, text, person, thread.id));
    }
    let new: Vec<message::ActiveModel> = rows
        .iter()
        .cloned()
        .map(IntoActiveModel::into_active_model)
        .map(ActiveModelTrait::reset_all)
        .collect();
    for some in new.chunks(MOST) {
        message::Entity::insert_many(some.to_vec())
            .exec_without_returning(&tx.db)
            .await?;
    }
    wrote_on_whatsapp(tx, texts, &people).await?;
    let ids: Vec<Uuid> = people.iter().map(|p| p.id).collect();
    let stands = consent::on_channels(&tx.db, &ids).await?;
    let of_texts = stands.iter().filter(|((_, channel), _)| *channel == Channel::Sms);
    let consents = of_texts.map(|((id, _), state)| (*id, *state)).collect();
    let asked = questions::asked(tx, &people).await?;
    waitlist::lock_asked(tx, &asked.heard_late).await?;
    let of = texts.iter().zip(&people).zip(&rows);
    let understood = of.filter(|((text, person), _)| {
        let state = stands.get(&(person.id, text.inbound.channel)).copied().unwrap_or_default();
        handle::is_for_the_machine(text.inbound, state, asked.people.contains(&person.id))
    });
    let understood = understood.map(|(_, row)| row.id).collect();
    let threads = conversations::add_all(tx, &threads, &rows, &understood).await?;
    conversations::show_all(tx, threads, &people, &consents).await?;
    let mut changed = HashSet::new();
    for ((text, person), inbound) in texts.iter().zip(&people).zip(&rows) {
        let received = Event::MessageReceived(Arc::new(inbound.clone()));
        tx.record(text.business_id, &Principal::Customer, received);
        tx.publish(text.business_id, LiveEvent::Message(shown(inbound.clone())));
        // An earlier text of the group may have changed where this person stands.
        let (person, state) = if changed.contains(&person.id) {
            let again = contacts::locked(tx, person.business_id, person.id).await?;
            (again, consent::state_on(&tx.db, person.id, text.inbound.channel).await?)
        } else {
            let state = stands.get(&(person.id, text.inbound.channel)).copied();
            (person.clone(), state.unwrap_or_default())
        };
        let heard = Heard {
            text: text.inbound,
            inbound,
            contact: &person,
            state,
            asked: asked.people.contains(&person.id),
        };
        let touched = handle::act(tx, &heard).await?;
        contacts::language::heard(tx, &person, words(&inbound.body)).await?;
        if !touched.is_empty() {
            // What their next text means may depend on what follows from this one.
            tx.settle().await?;
        }
        changed.extend(touched);
    }
    Ok(())
}

/// What each of these is known by who wrote.
async fn known_by(tx: &mut Tx, texts: &[Text<'_>]) -> Result<Vec<String>> {
    let mut known = Vec::with_capacity(texts.len());
    for text in texts {
        known.push(match text.inbound.channel {
            Channel::WhatsApp => contacts::whatsapp::person(tx, from(text)).await?,
            Channel::Sms | Channel::Email => text.inbound.from.clone(),
        });
    }
    Ok(known)
}

fn from<'a>(text: &Text<'a>) -> From<'a> {
    From {
        business_id: text.business_id,
        address: &text.inbound.from,
        other: text.inbound.also.as_deref(),
    }
}

/// Who writes on WhatsApp may be written to freely there for a day from the moment they wrote, and two whose addresses one message tells are
/// one person.
async fn wrote_on_whatsapp(tx: &mut Tx, texts: &[Text<'_>], people: &[contact::Model]) -> Result<()> {
    for (text, person) in texts.iter().zip(people) {
        if text.inbound.channel != Channel::WhatsApp {
            continue;
        }
        let same = contacts::whatsapp::wrote(tx, person, from(text), &text.inbound.to, text.at).await?;
        if let Some(other) = same {
            tx.record(text.business_id, &Principal::Customer, Event::SamePerson(person.id, other));
        }
    }
    Ok(())
}

fn message_row(tx: &Tx, text: &Text<'_>, contact: &contact::Model, conversation_id: Uuid) -> message::Model {
    let said = text.inbound;
    let vault = tx.services().vault();
    message::Model {
        id: Uuid::now_v7(),
        business_id: contact.business_id,
        conversation_id,
        contact_id: contact.id,
        direction: "inbound".to_owned(),
        channel: said.channel.as_str().to_owned(),
        origin: CUSTOMER.to_owned(),
        origin_id: None,
        purpose: Purpose::Transactional.as_str().to_owned(),
        status: Status::Received.as_str().to_owned(),
        segments: said.segments as i32,
        subject: None,
        body: with_attachments(clean(&said.body), said.attachments),
        ours: said.to.clone(),
        theirs_key: Some(vault.index(THEIRS, &said.from)),
        theirs: vault.seal(THEIRS, &said.from),
        account_sid: Some(said.account.clone()),
        provider_sid: Some(said.provider_id.clone()),
        error_code: None,
        error: None,
        correlation_id: None,
        author: None,
        appointment_id: None,
        useful_until: None,
        time_zone: None,
        attempts: 0,
        retries: 0,
        retry_at: None,
        priority: 0,
        slot_at: None,
        price: None,
        price_unit: None,
        price_final: false,
        lookups: 0,
        not_before: tx.now,
        wait_reason: None,
        delay: None,
        send_at: None,
        waited_since: None,
        claimed_at: None,
        created_at: text.at,
        sent_at: None,
        delivered_at: None,
        removed_after: None,
        fallback_of: None,
        chosen_because: None,
    }
}
