//! Twilio's log against ours, both ways: texts of customers that an outage kept from us are brought in, states and prices that we
//! were not told are taken over, and what we believe to be at Twilio is looked up when it has been silent for long. Each Twilio account
//! has a log of its own.

mod price;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Duration, Utc};
use domain::{
    delivery::Status,
    inbound::{Meaning, parse},
};
use entity::messages::{message, message_attempt, receipt, sync_cursor};
use futures::{FutureExt, StreamExt, stream};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    channels::{
        self, Inbound, Logged, Sent,
        connections::{Connection, Connections},
        sms,
    },
    delivery::{in_state, status, unknown},
    kernel::{Error, Result, Services},
    messages::{self, locked},
    receiving::{self, Received},
    tasks,
};

/// How far a sync reaches back behind the last one: Twilio's list lags a little, and a webhook may be on its way.
const OVERLAP: Duration = Duration::minutes(15);

/// Every six hours it reaches back a day: prices and late states come when nobody looks any more.
const DEEP_EVERY: i64 = 6 * 3600;
const DEEP: Duration = Duration::hours(26);

/// Most accounts whose logs are read at the same time.
const AT_ONCE: usize = 8;

/// Most messages looked up one by one in a sync, because nothing was heard of them.
const SILENT: u64 = 100;

/// Texts wait so long after a start for Twilio's log to be read.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);
const PAUSE: std::time::Duration = std::time::Duration::from_secs(2);

/// A message that nothing more was heard of for so long is left as it is: some carriers never confirm.
const OLD: Duration = Duration::days(3);

/// How long a silent message that was looked up is left alone; the same where its account could not be asked; and when it is given up.
const SILENT_LOOK: Duration = Duration::hours(6);
const AGAIN: Duration = Duration::minutes(30);
const NEVER: Duration = Duration::days(3650);

/// What a sync found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// Records of Twilio's that were read.
    pub read: usize,
    /// Customers' texts that we did not have.
    pub brought_in: usize,
    /// Messages whose state or price was not ours yet.
    pub updated: usize,
    /// Messages with an unclear outcome that were looked up.
    pub looked_up: usize,
    /// Texts in Twilio's log that we do not have: another program's, or of a time that a restored backup does not know.
    pub not_ours: usize,
}

impl std::ops::AddAssign for Synced {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.brought_in += other.brought_in;
        self.updated += other.updated;
        self.looked_up += other.looked_up;
        self.not_ours += other.not_ours;
    }
}

/// Compares the logs from where the last sync ended. The first one of an account begins now.
///
/// # Errors
/// When the database does not answer, or a log can't be read; those of other accounts have been.
pub async fn sync(s: &Services) -> Result<Synced> {
    compare(s, None).await
}

/// Compares every account's log, since then or from where the last sync ended. One that can't be read must not keep the others' from
/// being read.
async fn compare(s: &Services, since: Option<DateTime<Utc>>) -> Result<Synced> {
    let read = |account: Arc<Connection>| async move {
        let read = match since {
            Some(since) => Box::pin(read_log(s, &account, since)).await,
            None => Box::pin(go_on(s, &account)).await,
        };
        read.inspect_err(
            |cause| tracing::warn!(account = account.sid(), %cause, "this account's log could not be compared with ours"),
        )
    };
    // Side by side: an account that is told to read more slowly waits, and keeps no other waiting.
    let all: Vec<_> = s
        .of::<Connections>()
        .all()
        .into_iter()
        .map(|account| read(account).boxed())
        .collect();
    let mut logs = stream::iter(all).buffer_unordered(AT_ONCE);
    let (mut synced, mut failed) = (Synced::default(), None);
    while let Some(log) = logs.next().await {
        match log {
            Ok(read) => synced += read,
            Err(cause) => failed = Some(cause),
        }
    }
    synced += Box::pin(look_up(s)).await?;
    told_of(&synced);
    failed.map_or(Ok(synced), Err)
}

/// Reads an account's log from where the last sync ended.
async fn go_on(s: &Services, account: &Connection) -> Result<Synced> {
    let begun = s.now();
    let read = match reached(s, account).await? {
        Some(reached) => {
            let block = |at: DateTime<Utc>| at.timestamp().div_euclid(DEEP_EVERY);
            let back = if block(reached) == block(begun) { OVERLAP } else { DEEP };
            read_log(s, account, (reached - OVERLAP).min(begun - back)).await?
        }
        None => Synced::default(),
    };
    reach(s, account, begun).await?;
    Ok(read)
}

async fn reach(s: &Services, account: &Connection, reached: DateTime<Utc>) -> Result<()> {
    let row = sync_cursor::ActiveModel {
        account_sid: Set(account.sid().to_owned()),
        reached: Set(reached),
    };
    let later = OnConflict::column(sync_cursor::Column::AccountSid)
        .update_column(sync_cursor::Column::Reached)
        .to_owned();
    sync_cursor::Entity::insert(row)
        .on_conflict(later)
        .exec_without_returning(&s.db().write)
        .await?;
    Ok(())
}

/// How far the last sync of an account came.
async fn reached(s: &Services, account: &Connection) -> Result<Option<DateTime<Utc>>> {
    let row = sync_cursor::Entity::find_by_id(account.sid()).one(s.read()).await?;
    Ok(row.map(|row| row.reached))
}

/// Compares everything Twilio has since `since`. Harmless to repeat.
///
/// # Errors
/// When the database does not answer, or a log can't be read; those of other accounts have been.
pub async fn reconcile(s: &Services, since: DateTime<Utc>) -> Result<Synced> {
    compare(s, Some(since)).await
}

/// What can only be found out message by message.
async fn look_up(s: &Services) -> Result<Synced> {
    Ok(Synced {
        looked_up: look_up_unclear(s).await?,
        updated: ask_after_silent(s).await?,
        ..Synced::default()
    })
}

fn told_of(synced: &Synced) {
    metrics::counter!("showup_reconciled_total", "what" => "updated").increment(synced.updated as u64);
    if synced.brought_in + synced.updated + synced.looked_up + synced.not_ours > 0 {
        tracing::info!(?synced, "Twilio's log compared with ours");
    }
}

/// What an account's log has that we do not.
async fn read_log(s: &Services, account: &Connection, since: DateTime<Utc>) -> Result<Synced> {
    let (mut synced, mut lost) = (Synced::default(), Vec::new());
    let mut pages = sms::log::Pages::since(account, since);
    while let Some(page) = pages.next().await? {
        synced.read += page.len();
        let (mut received, mut sent) = (Vec::new(), Vec::new());
        for one in page {
            match one {
                Logged::Received(text, at) => received.push((text, at)),
                Logged::Sent(record) => sent.push(record),
            }
        }
        lost.extend(missing(s, received).await?);
        synced += take_over(s, &sent).await?;
    }
    synced.brought_in = bring_in(s, lost).await?;
    metrics::counter!("showup_reconciled_total", "what" => "brought_in").increment(synced.brought_in as u64);
    Ok(synced)
}

/// A customer's text in the log, and when it was written.
type Lost = (Inbound, Option<DateTime<Utc>>);

/// Those of a page of customers' texts that we do not have.
async fn missing(s: &Services, received: Vec<Lost>) -> Result<Vec<Lost>> {
    if received.is_empty() {
        return Ok(received);
    }
    let known: Vec<String> = receipt::Entity::find()
        .filter(receipt::Column::ProviderSid.is_in(received.iter().map(|(text, _)| text.provider_id.as_str())))
        .select_only()
        .column(receipt::Column::ProviderSid)
        .into_tuple()
        .all(s.read())
        .await?;
    let known: HashSet<String> = known.into_iter().collect();
    Ok(received
        .into_iter()
        .filter(|(text, _)| !known.contains(&text.provider_id))
        .collect())
}

/// Brings in texts that were lost, each person's in the order they were sent. People who said STOP come first of all: until that is
/// applied, something might be sent to them.
async fn bring_in(s: &Services, mut lost: Vec<Lost>) -> Result<usize> {
    let stopped: HashSet<String> = lost
        .iter()
        .filter(|(text, _)| parse(&text.body, false) == Meaning::Stop)
        .map(|(text, _)| text.from.clone())
        .collect();
    // The list is newest first; two of one second keep Twilio's order, turned round.
    lost.reverse();
    lost.sort_by_key(|(text, at)| (!stopped.contains(&text.from), *at));
    let (mut brought_in, mut failed) = (0, None);
    for (text, at) in lost.into_iter().filter(|(text, _)| !text.from.is_empty()) {
        let raw = sms::webhooks::write(&text);
        match receiving::take(s, text, &raw, at).await {
            Ok(Received::Repeat) => {}
            Ok(_) => brought_in += 1,
            // Another software's number on the same account.
            Err(Error::Problem(_)) => {}
            // The next sync tries again; the others are brought in all the same.
            Err(e) => failed = Some(e),
        }
    }
    failed.map_or(Ok(brought_in), Err)
}

/// States and prices of a page of our own messages, where Twilio knows more.
async fn take_over(s: &Services, sent: &[Sent]) -> Result<Synced> {
    let mut synced = Synced::default();
    let said: HashMap<&str, &Sent> = sent
        .iter()
        .filter_map(|one| Some((one.record.provider_id.as_deref()?, one)))
        .collect();
    if said.is_empty() {
        return Ok(synced);
    }
    let rows = message::Entity::find()
        .filter(message::Column::ProviderSid.is_in(said.keys().copied()))
        .all(s.read())
        .await?;
    let earlier = earlier_tries(s, &said).await?;
    synced.not_ours = said.len().saturating_sub(rows.len() + earlier);
    metrics::counter!("showup_reconciled_total", "what" => "not_ours").increment(synced.not_ours as u64);
    for row in rows {
        let Some(said) = row.provider_sid.as_deref().and_then(|sid| said.get(sid)) else {
            continue;
        };
        // One that can't be written must not keep customers' texts from being brought in.
        match Box::pin(take_over_one(s, &row, said)).await {
            Ok(moved) => synced.updated += usize::from(moved),
            Err(cause) => {
                tracing::error!(message = %row.id, %cause, "what Twilio's log says of a text could not be written down")
            }
        }
    }
    Ok(synced)
}

/// How many of these SIDs belong to tries before the present one.
async fn earlier_tries(s: &Services, said: &HashMap<&str, &Sent>) -> Result<usize> {
    let tries = message_attempt::Entity::find().filter(message_attempt::Column::ProviderSid.is_in(said.keys().copied()));
    Ok(tries.count(s.read()).await? as usize)
}

/// Whether Twilio knows more of a message than its row: a state further on, a price.
fn statuses(row: &message::Model, said: &Sent) -> (bool, bool) {
    let current = messages::status(row);
    let moves = said
        .record
        .status
        .is_some_and(|event| domain::delivery::advance(current, event).after(current) != current);
    (moves, said.price.is_some() && !row.price_final)
}

async fn take_over_one(s: &Services, row: &message::Model, said: &Sent) -> Result<bool> {
    if statuses(row, said) == (false, false) {
        return Ok(false);
    }
    let mut tx = s.begin().await?;
    let found = locked(&tx, row.business_id, row.id).await?;
    // The log was read a while ago: since then the text may have failed and be on its way again, which this is not about.
    let Some((_, row)) = found.filter(|(_, row)| row.provider_sid.as_deref() == said.record.provider_id.as_deref()) else {
        return Ok(false);
    };
    let (moves, priced) = statuses(&row, said);
    if priced {
        price::settle(&mut tx, &row, said.price.as_ref()).await?;
    }
    if moves {
        status::apply_accepted(&mut tx, row, &said.record).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Messages whose outcome has not been unclear for long, each looked for as `unclear` does; the others have their day.
async fn look_up_unclear(s: &Services) -> Result<usize> {
    let unclear: Vec<Uuid> = in_state(Status::Unknown, message::Column::NotBefore, s.now() + Duration::hours(1))
        .limit(SILENT)
        .select_only()
        .column(message::Column::Id)
        .into_tuple()
        .all(s.read())
        .await?;
    for id in &unclear {
        unknown::resolve(s, *id).await?;
    }
    Ok(unclear.len())
}

/// Messages Twilio has taken and that nothing was heard of since, the longest first. The states are a literal, as in the index.
pub(crate) fn silent(now: DateTime<Utc>) -> sea_orm::Select<message::Entity> {
    message::Entity::find()
        .filter(Expr::cust(
            "\"status\" IN ('accepted', 'scheduled', 'provider_queued', 'provider_sending', 'sent')",
        ))
        .filter(message::Column::NotBefore.lte(now))
        .order_by_asc(message::Column::NotBefore)
        .limit(SILENT)
}

async fn ask_after_silent(s: &Services) -> Result<usize> {
    let rows = silent(s.now()).all(s.read()).await?;
    let (mut changed, mut out_of_reach) = (0, HashSet::new());
    for row in rows {
        if !channels::is_twilio(&row) {
            ask_later(s, &row, NEVER).await?;
            continue;
        }
        // One that was disconnected since can't be asked any more.
        if let (Some(account), Some(sid)) = (s.of::<Connections>().that_has(&row), &row.provider_sid) {
            if out_of_reach.contains(account.sid()) {
                ask_later(s, &row, AGAIN).await?;
                continue;
            }
            match sms::log::fetch(&account, sid).await {
                Ok(Some(said)) => changed += usize::from(Box::pin(take_over_one(s, &row, &said)).await?),
                Ok(None) => {
                    vanished(s, &row).await?;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(message = %row.id, %error, "a silent text could not be looked up");
                    out_of_reach.insert(account.sid().to_owned());
                    // Not first in line again: texts of other accounts wait behind it.
                    ask_later(s, &row, AGAIN).await?;
                    continue;
                }
            }
        }
        let old = row.sent_at.is_none_or(|at| s.now() - at > OLD);
        ask_later(s, &row, if old { NEVER } else { SILENT_LOOK }).await?;
    }
    Ok(changed)
}

async fn ask_later(s: &Services, row: &message::Model, after: Duration) -> Result<()> {
    let next = s.now() + after;
    message::Entity::update_many()
        .col_expr(message::Column::NotBefore, Expr::value(next))
        .filter(message::Column::Id.eq(row.id))
        .filter(message::Column::Status.eq(&row.status))
        .filter(message::Column::ProviderSid.eq(row.provider_sid.as_deref()))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// Twilio does not have what it once took (a log that was redacted or deleted, or another account): a person should know.
async fn vanished(s: &Services, row: &message::Model) -> Result<()> {
    let mut tx = s.begin().await?;
    let found = locked(&tx, row.business_id, row.id).await?;
    let same = |now: &message::Model| now.provider_sid == row.provider_sid && now.status == row.status;
    let Some((_, row)) = found.filter(|(_, now)| same(now)) else {
        return Ok(());
    };
    let task = tasks::New {
        business_id: row.business_id,
        kind: tasks::Kind::StuckMessage,
        title: "Twilio does not know this text any more, so nobody can tell whether it arrived. Please check with the customer."
            .to_owned(),
        key: format!("vanished:{}", row.id),
        contact_id: Some(row.contact_id),
        conversation_id: Some(row.conversation_id),
        appointment_id: row.appointment_id,
        message_id: Some(row.id),
    };
    tasks::raise(&mut tx, task).await?;
    message::Entity::update_many()
        .col_expr(message::Column::NotBefore, Expr::value(tx.now + NEVER))
        .filter(message::Column::Id.eq(row.id))
        .exec(&tx.db)
        .await?;
    tx.commit().await
}

/// Before the first text goes out after a start: what was missed meanwhile comes first, a STOP above all. Where Twilio's log can't be
/// read for two minutes, texts go their way: for some nobody will read it, and appointments do not wait. Nobody waits for an account whose
/// token Twilio refuses: nothing can be sent through it either.
pub async fn catch_up(s: &Services) {
    let accounts = s.of::<Connections>().all();
    let all = futures::future::join_all(accounts.iter().map(|account| caught_up(s, account)));
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        tracing::error!("what was missed could not be looked up; texts go out all the same");
    }
}

async fn caught_up(s: &Services, account: &Connection) {
    while let Err(cause) = missed(s, account).await {
        tracing::warn!(account = account.sid(), %cause, "texts wait: what was missed could not be looked up yet");
        if matches!(cause, Error::Problem(_)) {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn missed(s: &Services, account: &Connection) -> Result<()> {
    match reached(s, account).await? {
        Some(reached) => Box::pin(read_log(s, account, reached - OVERLAP)).await.map(drop),
        None => reach(s, account, s.now()).await,
    }
}
