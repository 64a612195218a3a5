//! What the provider says about a message after taking it. Every event is a row; the state only goes forward (law 4). Callbacks that
//! come together share a transaction.

use std::collections::{BTreeSet, HashMap};

use contract::{Code, live::LiveEvent};
use domain::{
    delivery::{Advance, Status, Update, advance},
    outcome::Accepted,
};
use entity::{
    contacts::contact,
    messages::{message, message_attempt, message_event},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::LockType,
};
use uuid::Uuid;

use super::{
    otherwise::may_go_otherwise,
    retry,
    state::{self, Failure},
};
use crate::{
    channels::{self, Report, breakers, connections},
    contacts::{self, consent},
    conversations,
    kernel::{Error, Result, Services, Tx, batcher::Batcher, error::problem},
    messages::{self, all_decrypted, decrypted},
};

/// Most callbacks in one transaction.
const MOST: usize = 64;

/// What the URL of a callback says it is about.
#[derive(Clone, Copy, Default)]
pub struct About {
    pub message_id: Option<Uuid>,
    /// Which try of it; a text that was tried again hears late news of the one before, too.
    pub attempt: Option<i32>,
}

impl From<Option<Uuid>> for About {
    fn from(message_id: Option<Uuid>) -> Self {
        Self {
            message_id,
            attempt: None,
        }
    }
}

/// A callback as it came.
pub(crate) type Call = (About, Report);
pub(crate) type StatusBatch = Batcher<Call, Result<()>>;

/// A status callback. The message's id is ours, from the callback's own URL: it binds the SID even when the answer to our call was lost.
/// A callback for a SID nobody knows yet is kept until the message turns up.
///
/// # Errors
/// `NotFound` when the id is unknown, or belongs to a message with another SID, number or account.
pub async fn status_changed(s: &Services, about: impl Into<About>, report: impl Into<Report>) -> Result<()> {
    let begun = tokio::time::Instant::now();
    let work = |group| async move { Box::pin(hear_group(s, group)).await };
    let done = s.of::<StatusBatch>().run((about.into(), report.into()), MOST, work).await;
    metrics::histogram!("showup_step_seconds", "step" => "status").record(begun.elapsed());
    done.unwrap_or_else(|| Err(Error::broken("the callback's transaction broke off")))
}

async fn hear_group(s: &Services, group: Vec<Call>) -> Vec<Result<()>> {
    match Box::pin(hear(s, &group)).await {
        Ok(results) => results,
        Err(_) => {
            let mut results = Vec::with_capacity(group.len());
            for one in group {
                results.push(Box::pin(hear_alone(s, one)).await);
            }
            results
        }
    }
}

/// Twilio does not say it again by itself, so it must not be lost to a deadlock.
async fn hear_alone(s: &Services, one: Call) -> Result<()> {
    let one = [one];
    let heard = match Box::pin(hear(s, &one)).await {
        Err(cause) => {
            tracing::warn!(%cause, "a status callback could not be written; once more");
            Box::pin(hear(s, &one)).await
        }
        heard => heard,
    };
    heard.and_then(|mut results| results.pop().unwrap_or(Ok(())))
}

fn unknown() -> Error {
    problem(Code::NotFound, "There is no such message.")
}

/// Takes a group of callbacks; an error of the whole group means that nothing was written.
async fn hear(s: &Services, group: &[Call]) -> Result<Vec<Result<()>>> {
    let mut tx = s.begin().await?;
    let (people, mut rows) = lock_rows(&tx, group).await?;
    let mut results = Vec::with_capacity(group.len());
    let mut events = Vec::new();
    let (mut changed, mut to_write) = (BTreeSet::new(), BTreeSet::new());
    for (about, report) in group {
        let Some(row) = find(&rows, about.message_id, report) else {
            results.push(if about.message_id.is_some() {
                Err(unknown())
            } else {
                events.push(event(&tx, None, report, "callback"));
                Ok(())
            });
            continue;
        };
        let known = belongs(&tx, row, about.attempt, report).await?;
        if matches!(known, Belongs::No) {
            tracing::warn!(message = %row.id, sid = %report.provider_id, "status callback does not fit the message it names");
            results.push(Err(unknown()));
            continue;
        }
        events.push(event(&tx, Some(row), report, "callback"));
        let row = row.clone();
        let id = row.id;
        let after = match known {
            Belongs::Earlier => earlier(&mut tx, row, about.attempt, report).await?,
            _ => {
                state::charge(&mut tx, &row).await?;
                let new_sid = row.provider_sid.is_none();
                let row = set_sid(&mut tx, row, report);
                match apply(&mut tx, row, &report.said, report.error_code).await? {
                    // The next callback of the group may ask whose SID that is.
                    Applied::ToWrite(row) | Applied::Unmoved(row) if new_sid => written(&tx, row).await?,
                    Applied::ToWrite(row) => {
                        to_write.insert(id);
                        row
                    }
                    Applied::Unmoved(row) => row,
                    Applied::Written(row) => {
                        to_write.remove(&id);
                        row
                    }
                }
            }
        };
        changed.insert(id);
        rows.insert(id, after);
        results.push(Ok(()));
    }
    if !events.is_empty() {
        message_event::Entity::insert_many(events)
            .exec_without_returning(&tx.db)
            .await?;
    }
    let moved: Vec<&message::Model> = to_write.iter().filter_map(|id| rows.get(id)).collect();
    state::save_all(&tx, &moved).await?;
    for row in moved {
        tx.publish(row.business_id, LiveEvent::Message(messages::shown(row.clone())));
    }
    let changed: Vec<message::Model> = changed.into_iter().filter_map(|id| rows.remove(&id)).collect();
    let threads = conversations::update_previews(&mut tx, &changed).await?;
    let ids: Vec<Uuid> = threads.iter().map(|thread| thread.contact_id).collect();
    let states = consent::states_of(&tx.db, &ids).await?;
    conversations::show_all(&mut tx, threads, people.values(), &states).await?;
    breakers::confirmed(&mut tx, &breakers::calls(s, &changed)).await?;
    tx.commit().await?;
    Ok(results)
}

type ById<T> = HashMap<Uuid, T>;

/// The messages that are spoken of, locked after their people, both in order of id.
async fn lock_rows(tx: &Tx, group: &[Call]) -> Result<(ById<contact::Model>, ById<message::Model>)> {
    let ids: BTreeSet<Uuid> = group.iter().filter_map(|(about, _)| about.message_id).collect();
    let sids: BTreeSet<&str> = group
        .iter()
        .filter(|(about, _)| about.message_id.is_none())
        .map(|(_, report)| report.provider_id.as_str())
        .collect();
    let mut seen: Vec<(Uuid, Uuid)> = Vec::new();
    let pairs = || {
        message::Entity::find()
            .select_only()
            .columns([message::Column::Id, message::Column::ContactId])
    };
    if !ids.is_empty() {
        seen.extend(
            pairs()
                .filter(message::Column::Id.is_in(ids))
                .into_tuple::<(Uuid, Uuid)>()
                .all(&tx.db)
                .await?,
        );
    }
    if !sids.is_empty() {
        let by_sid = pairs().filter(message::Column::ProviderSid.is_in(sids.iter().copied()));
        seen.extend(by_sid.into_tuple::<(Uuid, Uuid)>().all(&tx.db).await?);
        seen.extend(by_earlier_sid(tx, &sids).await?);
    }
    if seen.is_empty() {
        return Ok((HashMap::new(), HashMap::new()));
    }
    let people: Vec<Uuid> = seen.iter().map(|(_, contact)| *contact).collect();
    let people = contacts::locked_led(tx, &people).await?;
    let rows = message::Entity::find()
        .filter(message::Column::Id.is_in(seen.into_iter().map(|(id, _)| id)))
        .order_by_asc(message::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    let rows = all_decrypted(tx.services(), rows).await?;
    Ok((people, rows.into_iter().map(|m| (m.id, m)).collect()))
}

/// Messages that had one of these SIDs before they were sent again.
async fn by_earlier_sid(tx: &Tx, sids: &BTreeSet<&str>) -> Result<Vec<(Uuid, Uuid)>> {
    let ids: Vec<Uuid> = message_attempt::Entity::find()
        .filter(message_attempt::Column::ProviderSid.is_in(sids.iter().copied()))
        .select_only()
        .column(message_attempt::Column::MessageId)
        .into_tuple()
        .all(&tx.db)
        .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = message::Entity::find()
        .filter(message::Column::Id.is_in(ids))
        .select_only()
        .columns([message::Column::Id, message::Column::ContactId]);
    Ok(rows.into_tuple().all(&tx.db).await?)
}

fn find<'a>(rows: &'a HashMap<Uuid, message::Model>, id: Option<Uuid>, report: &Report) -> Option<&'a message::Model> {
    match id {
        Some(id) => rows.get(&id),
        None => rows.values().find(|m| m.provider_sid.as_ref() == Some(&report.provider_id)),
    }
}

enum Belongs {
    Yes,
    /// To a try before the present one.
    Earlier,
    No,
}

/// The callback is about this message: same SID where we know it, same account, same addresses, and ours to send.
async fn belongs(tx: &Tx, row: &message::Model, attempt: Option<i32>, report: &Report) -> Result<Belongs> {
    let fits = row.direction == "outbound"
        && channels::is_twilio(row)
        && row.attempts > 0
        && match &row.account_sid {
            Some(account) => *account == report.account,
            // Handed over by an earlier version.
            None => connections::speaks_for(tx.services(), &report.account, row.business_id, &row.ours),
        }
        && report.to.as_ref().is_none_or(|to| to == &row.theirs);
    if !fits {
        return Ok(Belongs::No);
    }
    let other = row.provider_sid.as_ref() != Some(&report.provider_id);
    if other && attempt.is_some_and(|n| n < row.attempts) && !is_anothers(tx, &report.provider_id).await? {
        return Ok(Belongs::Earlier);
    }
    if other && row.retries > 0 {
        let earlier = message_attempt::Entity::in_business(row.business_id)
            .filter(message_attempt::Column::MessageId.eq(row.id))
            .filter(message_attempt::Column::ProviderSid.eq(&report.provider_id))
            .one(&tx.db)
            .await?;
        if earlier.is_some() {
            return Ok(Belongs::Earlier);
        }
    }
    let ours = match &row.provider_sid {
        Some(known) => known == &report.provider_id,
        // Its own SID is not known yet; one that another message has can't be it.
        None => !is_anothers(tx, &report.provider_id).await?,
    };
    Ok(if ours { Belongs::Yes } else { Belongs::No })
}

async fn is_anothers(tx: &Tx, sid: &str) -> Result<bool> {
    let taken = message::Entity::find()
        .filter(message::Column::ProviderSid.eq(sid))
        .one(&tx.db)
        .await?;
    Ok(taken.is_some())
}

pub(crate) fn event(tx: &Tx, row: Option<&message::Model>, report: &Report, source: &str) -> message_event::ActiveModel {
    message_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(row.map(|r| r.business_id)),
        message_id: Set(row.map(|r| r.id)),
        provider_sid: Set(report.provider_id.clone()),
        account_sid: Set(Some(report.account.clone())),
        status: Set(report.said.chars().take(40).collect()),
        error_code: Set(report.error_code),
        source: Set(source.to_owned()),
        at: Set(tx.now),
    }
}

/// What a member said of a message that Twilio says nothing about.
pub(crate) fn by_staff(tx: &Tx, m: &message::Model, said: Status) -> message_event::ActiveModel {
    message_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(Some(m.business_id)),
        message_id: Set(Some(m.id)),
        provider_sid: Set(String::new()),
        account_sid: Set(None),
        status: Set(said.as_str().to_owned()),
        error_code: Set(None),
        source: Set("staff".to_owned()),
        at: Set(tx.now),
    }
}

/// The SID, if the answer to our call has not brought it yet; written with the state it comes with.
fn set_sid(tx: &mut Tx, mut row: message::Model, report: &Report) -> message::Model {
    if row.provider_sid.is_none() {
        row = settled(tx, row, &report.provider_id, &report.account, false);
        row.sent_at = Some(tx.now);
    }
    row
}

fn has_arrived(m: &message::Model, said: &str) -> bool {
    matches!(channels::status(m, said), Some(Status::Delivered | Status::Read))
}

/// News of a try that was given up and is being repeated. Only one thing matters: it arrived after all, so it need not be sent again.
/// While the next try is in the air its answer decides (`arrived_before`).
async fn earlier(tx: &mut Tx, row: message::Model, attempt: Option<i32>, report: &Report) -> Result<message::Model> {
    if let Some(number) = attempt {
        retry::remember_sid(tx, row.id, number, &report.provider_id).await?;
    }
    if !has_arrived(&row, &report.said) || row.status == Status::Sending.as_str() {
        return Ok(row);
    }
    tracing::warn!(message = %row.id, "delivered after all; it is not sent again");
    if row.retries == 0 {
        // That try had been taken for never sent.
        state::charge(tx, &row).await?;
    }
    let perhaps_taken = row.status == Status::Unknown.as_str();
    let row = settled(tx, row, &report.provider_id, &report.account, perhaps_taken);
    apply_status(tx, row, &report.said, None).await
}

/// A message of which an earlier try has arrived. Where the present one was `perhaps_taken`, it may yet be heard of by a SID of its own.
fn settled(tx: &mut Tx, mut row: message::Model, sid: &str, account: &str, perhaps_taken: bool) -> message::Model {
    state::sent(tx, &mut row);
    if row.provider_sid.is_none() && !perhaps_taken {
        row.provider_sid = Some(sid.to_owned());
        row.account_sid = Some(account.to_owned());
    }
    row
}

/// What was heard of a try of this message having arrived.
pub(crate) async fn arrival(db: &impl ConnectionTrait, m: &message::Model) -> Result<Option<message_event::Model>> {
    let heard = message_event::Entity::find()
        .filter(message_event::Column::MessageId.eq(m.id))
        .filter(message_event::Column::Status.is_in(["delivered", "read"]));
    Ok(heard.limit(1).one(db).await?)
}

/// The present try of `m` was not taken. If an earlier one turned out to have arrived while this one was in the air, it need not be sent
/// again: then `m` is done, and true.
pub(crate) async fn arrived_before(tx: &mut Tx, m: &message::Model, perhaps_taken: bool) -> Result<bool> {
    let Some(heard) = arrival(&tx.db, m).await? else {
        return Ok(false);
    };
    tracing::warn!(message = %m.id, "an earlier try was delivered after all; it is not sent again");
    let account = heard.account_sid.unwrap_or_default();
    let row = settled(tx, m.clone(), &heard.provider_sid, &account, perhaps_taken);
    let row = apply_status(tx, row, &heard.status, None).await?;
    conversations::update_previews(tx, &[row]).await?;
    Ok(true)
}

/// A message after a word of the provider's.
enum Applied {
    Written(message::Model),
    /// By `state::save` or `save_all`, before the transaction settles.
    ToWrite(message::Model),
    /// It is where it was; only its SID may be new.
    Unmoved(message::Model),
}

async fn written(tx: &Tx, row: message::Model) -> Result<message::Model> {
    state::save(tx, &row).await?;
    Ok(row)
}

/// Moves a message forward by what was said, and lets the rest of the house know. The conversation's row is the caller's to update.
pub(crate) async fn apply_status(tx: &mut Tx, row: message::Model, said: &str, code: Option<i32>) -> Result<message::Model> {
    match apply(tx, row, said, code).await? {
        Applied::Written(row) => Ok(row),
        Applied::ToWrite(row) | Applied::Unmoved(row) => written(tx, row).await,
    }
}

async fn apply(tx: &mut Tx, row: message::Model, said: &str, code: Option<i32>) -> Result<Applied> {
    let current = messages::status(&row);
    let Some(event) = channels::status(&row, said) else {
        tracing::warn!(message = %row.id, status = said, "unknown status from the provider; kept, not acted on");
        return Ok(Applied::Unmoved(row));
    };
    let step = advance(current, event);
    let next = step.after(current);
    if let Advance::Anomaly(next) = step {
        tracing::warn!(message = %row.id, from = %current.as_str(), to = %next.as_str(), "the provider changed its mind");
    }
    if next == current {
        return Ok(Applied::Unmoved(row));
    }
    state::known(tx, &row, "the network").await?;
    if next.is_failure() {
        return not_delivered(tx, row, event, code).await.map(Applied::Written);
    }
    state::move_on(tx, row, event).await.map(Applied::ToWrite)
}

/// The provider had it and could not deliver it. What may go through later is tried again, the rest is for a person.
async fn not_delivered(tx: &mut Tx, row: message::Model, said: Status, code: Option<i32>) -> Result<message::Model> {
    state::save(tx, &row).await?;
    let why = channels::failure(&row, code, "The network did not deliver it.");
    metrics::counter!("showup_messages_total", "step" => said.as_str()).increment(1);
    tracing::info!(message = %row.id, step = "status", status = said.as_str(), code, "text");
    let again = if may_go_otherwise(tx, &row, &why).await? {
        Some(tx.now)
    } else {
        retry::retry_at(tx.now, why.retry, row.retries, rand::random::<f64>())
    };
    let contact = contacts::locked(tx, row.business_id, row.contact_id).await?;
    breakers::concerns_others(tx, &row, &why, true).await?;
    // A person hears of it at once, whether or not it is tried again: they may know a better way.
    let failure = Failure {
        update: Update::Provider(said),
        failure: why,
        retrying: again.is_some(),
    };
    let mut row = state::fail(tx, &contact, row, failure).await?;
    if let Some(at) = again {
        row = retry::plan(tx, &contact, row, at).await?;
    }
    decrypted(tx.services(), row).await
}

/// A provider's log, or its answer to our call, says more than its callbacks did.
pub(crate) async fn apply_accepted(tx: &mut Tx, row: message::Model, said: &Accepted) -> Result<()> {
    let report = Report {
        provider_id: said.provider_id.clone().unwrap_or_default(),
        account: said.account.clone().unwrap_or_default(),
        said: said.said.clone(),
        error_code: said.error_code,
        to: None,
    };
    event(tx, Some(&row), &report, "log").insert(&tx.db).await?;
    let rows = [apply_status(tx, row, &said.said, said.error_code).await?];
    let calls = breakers::calls(tx.services(), &rows);
    breakers::confirmed(tx, &calls).await?;
    conversations::update_previews(tx, &rows).await.map(drop)
}

/// Events that came before we knew whose SIDs these are.
pub(crate) async fn apply_early_statuses(tx: &mut Tx, rows: &[message::Model]) -> Result<()> {
    let sids = rows.iter().filter_map(|m| m.provider_sid.clone());
    let early = message_event::Entity::find()
        .filter(message_event::Column::ProviderSid.is_in(sids))
        .filter(message_event::Column::MessageId.is_null())
        .limit(500)
        .all(&tx.db)
        .await?;
    for event in early {
        // One that another account told of is not about this message, whatever SID it names.
        let told_by = |m: &message::Model| match (&m.account_sid, &event.account_sid) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        let of = rows
            .iter()
            .find(|m| m.provider_sid.as_ref() == Some(&event.provider_sid) && told_by(m));
        let Some(id) = of.map(|m| m.id) else { continue };
        let Some(row) = message::Entity::find_by_id(id).one(&tx.db).await? else {
            continue;
        };
        let row = decrypted(tx.services(), row).await?;
        let (said, code) = (event.status.clone(), event.error_code);
        let mut event = event.into_active_model();
        event.message_id = Set(Some(id));
        event.business_id = Set(Some(row.business_id));
        event.update(&tx.db).await?;
        let row = apply_status(tx, row, &said, code).await?;
        conversations::update_previews(tx, &[row]).await?;
    }
    Ok(())
}
