//! The one place that writes a message's state (law 4). Each function is one thing that can happen to it; what may follow what is
//! `domain::delivery::next`, and what else follows hears of the event that is recorded here.

mod save;

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use domain::{
    consent::{Channel, Source, State},
    delivery::{Status, Update, next},
    later::Delay,
    outcome::{self, Accepted, Class, Retry, Scope},
    whatsapp::known_by,
};
use entity::{
    contacts::contact,
    messages::{message, message_attempt},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::Expr,
};
use uuid::Uuid;

use super::delay::{Held, hold, undo_is_over};
use crate::{
    channels,
    contacts::{self, consent},
    kernel::{Error, Event, Principal, Result, Tx, events::Failed, tx::Changed},
    messages::{self, address_to, is_asked},
    spend, tasks,
};

pub(crate) use save::{save, save_all};

/// Who waits no longer than this keeps their turn at their sender.
pub(crate) const TURN_KEPT: Duration = Duration::minutes(1);

/// After so long without a word Twilio's log is looked at.
pub(crate) const SILENCE: Duration = Duration::hours(1);

/// Twilio, in whatever way it speaks.
const TWILIO: Principal = Principal::System("Twilio");
const OUTBOX: Principal = Principal::System("outbox");

/// Where `row` is after this.
///
/// # Errors
/// When that can't happen to a message that is there: a fault of ours, and nothing is written.
fn after(row: &message::Model, update: Update) -> Result<Status> {
    let impossible = || {
        Error::broken(format!(
            "message {}: {update:?} can't happen to one that is {}",
            row.id, row.status
        ))
    };
    let current: Status = row.status.parse().map_err(|_| impossible())?;
    next(current, update).ok_or_else(impossible)
}

/// These are being sent from now on, each through the account that it names.
pub(crate) async fn claim(tx: &Tx, go: &mut [message::Model]) -> Result<()> {
    let mut accounts: HashMap<Option<String>, Vec<Uuid>> = HashMap::new();
    for m in go.iter_mut() {
        m.status = after(m, Update::Claim)?.as_str().to_owned();
        m.attempts += 1;
        m.claimed_at = Some(tx.now);
        m.wait_reason = None;
        m.slot_at = None;
        m.delay = m.delay.take().filter(|delay| delay != Delay::Undo.as_str());
        accounts.entry(m.account_sid.clone()).or_default().push(m.id);
    }
    for (account, ids) in accounts {
        message::Entity::update_many()
            .col_expr(message::Column::Status, Expr::value(Status::Sending.as_str()))
            .col_expr(message::Column::Attempts, Expr::col(message::Column::Attempts).add(1))
            .col_expr(message::Column::AccountSid, Expr::value(account))
            .col_expr(message::Column::ClaimedAt, Expr::value(tx.now))
            .col_expr(message::Column::WaitReason, Expr::value(Option::<String>::None))
            .col_expr(message::Column::Delay, undo_is_over())
            .col_expr(message::Column::SlotAt, Expr::value(Option::<DateTime<Utc>>::None))
            .filter(message::Column::Id.is_in(ids))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

/// It was not taken, so it is not charged: what its claim added to the month is taken back.
pub(crate) async fn refund(tx: &mut Tx, m: &message::Model) -> Result<()> {
    let at = m.claimed_at.unwrap_or(tx.now);
    spend::add(tx, m.business_id, at, -m.price.unwrap_or(0)).await
}

/// Twilio has it after all, though it was taken for never sent: what that took back from the month's costs counts again.
pub(crate) async fn charge(tx: &mut Tx, m: &message::Model) -> Result<()> {
    let status = messages::status(m);
    let refunded = m.provider_sid.is_none() && (status.is_failure() || matches!(status, Status::Queued | Status::Cancelled));
    if refunded {
        let at = m.claimed_at.unwrap_or(tx.now);
        spend::add(tx, m.business_id, at, m.price.unwrap_or(0)).await?;
    }
    Ok(())
}

/// Back into the outbox until then: provably not sent. Who opted out while the call was in the air waits for no next one.
pub(crate) async fn defer(tx: &mut Tx, row: message::Model, until: DateTime<Utc>, why: &str) -> Result<()> {
    refund(tx, &row).await?;
    let channel = channels::of(&row).unwrap_or_default();
    if consent::state_on(&tx.db, row.contact_id, channel).await? == State::OptedOut {
        return withdraw(tx, row, "The customer opted out.").await;
    }
    let status = after(&row, Update::Defer)?;
    let mut row = row.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.not_before = Set(until);
    row.wait_reason = Set(Some(why.to_owned()));
    // It had its turn at its sender, and keeps it for a moment.
    row.slot_at = Set((until - tx.now <= TURN_KEPT).then_some(tx.now));
    let row = row.update(&tx.db).await?;
    messages::changed(tx, &row).await
}

/// Its outcome is not known from now on.
pub(crate) async fn lose(tx: &mut Tx, row: message::Model) -> Result<message::Model> {
    let status = after(&row, Update::Lose)?;
    let mut row = row.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.wait_reason = Set(None);
    row.lookups = Set(0);
    let row = row.update(&tx.db).await?;
    messages::changed(tx, &row).await?;
    Ok(row)
}

/// It is taken back. One that waited for another try is left as it ended the last time.
pub(crate) async fn withdraw(tx: &mut Tx, row: message::Model, why: &str) -> Result<()> {
    if row.retries > 0 && row.provider_sid.is_none() {
        return restore(tx, row, why).await;
    }
    let status = after(&row, Update::Withdraw)?;
    let mut row = row.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.error = Set(Some(why.to_owned()));
    row.wait_reason = Set(None);
    row.slot_at = Set(None);
    let row = row.update(&tx.db).await?;
    metrics::counter!("showup_messages_total", "step" => "withdrawn").increment(1);
    tracing::info!(message = %row.id, step = "withdrawn", why, "text");
    messages::changed(tx, &row).await?;
    tx.record(row.business_id, &OUTBOX, Event::MessageWithdrawn(Arc::new(row)));
    Ok(())
}

async fn restore(tx: &mut Tx, row: message::Model, why: &str) -> Result<()> {
    let last = message_attempt::Entity::in_business(row.business_id)
        .filter(message_attempt::Column::MessageId.eq(row.id))
        .filter(message_attempt::Column::ProviderSid.is_not_null())
        .order_by_desc(message_attempt::Column::Number)
        .limit(1)
        .one(&tx.db)
        .await?;
    let status = after(&row, Update::Restore)?;
    // Without one a person asked for this try, and the failure before it has been counted.
    let unexplained = row.error.is_none();
    let mut row = row.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.provider_sid = Set(last.and_then(|a| a.provider_sid));
    row.wait_reason = Set(None);
    row.slot_at = Set(None);
    if unexplained {
        row.error = Set(Some(why.to_owned()));
    }
    let row = row.update(&tx.db).await?;
    messages::changed(tx, &row).await?;
    if !unexplained {
        tx.record(row.business_id, &OUTBOX, Event::RetryEnded(Arc::new(row)));
    }
    Ok(())
}

/// Another try is not made: what became of it stands.
pub(crate) async fn end_retry(tx: &mut Tx, row: message::Model) -> Result<()> {
    tx.record(row.business_id, &OUTBOX, Event::RetryEnded(Arc::new(row.clone())));
    end_planned(tx, row).await
}

/// Another try was planned, and there is nothing to try any more.
pub(crate) async fn end_planned(tx: &mut Tx, row: message::Model) -> Result<()> {
    let mut row = row.into_active_model();
    row.retry_at = Set(None);
    row.wait_reason = Set(None);
    let row = row.update(&tx.db).await?;
    messages::changed(tx, &row).await
}

/// How a message goes out once more.
pub(crate) enum Again<'a> {
    /// By itself, what was not delivered.
    Retry,
    /// A person asked for it: from this number, to the customer's number of today.
    Asked { from: String, phone: &'a str },
    /// What was withdrawn before anybody saw it is wanted again, with today's words; its parts, and their price.
    Revived {
        from: String,
        phone: &'a str,
        body: String,
        segments: i32,
        price: i64,
        useful_until: Option<DateTime<Utc>>,
        held: Held,
    },
}

/// Back into the outbox, as if new. The SID of the try before stays with its attempt.
pub(crate) async fn requeue(tx: &mut Tx, m: message::Model, how: Again<'_>) -> Result<message::Model> {
    let status = after(&m, Update::Requeue)?;
    let (retries, taken) = (m.retries, m.provider_sid.is_some());
    let mut row = m.into_active_model();
    row.status = Set(status.as_str().to_owned());
    hold(&mut row, Held::not(tx.now));
    match how {
        Again::Retry => {
            row.provider_sid = Set(None);
            row.retry_at = Set(None);
            row.wait_reason = Set(None);
            row.retries = Set(retries + 1);
        }
        Again::Asked { from, phone } => {
            row.ours = Set(from);
            row.provider_sid = Set(None);
            row.error = Set(None);
            row.error_code = Set(None);
            row.retry_at = Set(None);
            row.retries = Set(if taken { Ord::max(retries, 1) } else { retries });
            row.wait_reason = Set(None);
            address_to(tx, &mut row, phone);
        }
        Again::Revived {
            from,
            phone,
            body,
            segments,
            price,
            useful_until,
            held,
        } => {
            hold(&mut row, held);
            row.ours = Set(from);
            row.error = Set(None);
            row.segments = Set(segments);
            row.price = Set(Some(price));
            row.price_final = Set(false);
            row.body = Set(body);
            row.removed_after = Set(None);
            row.useful_until = Set(useful_until);
            row.slot_at = Set(None);
            address_to(tx, &mut row, phone);
        }
    }
    let row = row.update(&tx.db).await?;
    messages::changed(tx, &row).await?;
    tx.send_soon();
    Ok(row)
}

/// The provider's word on a message moves it forward, or not at all; with it what the same word brought along: SID, account, times. The
/// caller writes it, by `save` or `save_all`, before the transaction settles.
pub(crate) async fn move_on(tx: &mut Tx, mut row: message::Model, said: Status) -> Result<message::Model> {
    let current = messages::status(&row);
    let next = after(&row, Update::Provider(said))?;
    metrics::counter!("showup_messages_total", "step" => next.as_str()).increment(1);
    tracing::info!(message = %row.id, step = "status", status = next.as_str(), "text");
    row.status = next.as_str().to_owned();
    row.wait_reason = None;
    row.retry_at = None;
    row.error_code = None;
    row.error = None;
    row.not_before = tx.now + SILENCE;
    let arrives = matches!(next, Status::Delivered | Status::Read) && row.delivered_at.is_none();
    if arrives {
        row.delivered_at = Some(tx.now);
        if row.retries > 0 || current.is_failure() {
            tasks::settle_of_message(tx, &row, tasks::Kind::StuckMessage, "the network").await?;
        }
    }
    tx.mark_changed(row.business_id, Changed::Message(row.id));
    if next == Status::Sent && current != next {
        tx.record(row.business_id, &TWILIO, Event::MessageOnItsWay(Arc::new(row.clone())));
    }
    if arrives {
        tx.record(row.business_id, &TWILIO, Event::MessageDelivered(Arc::new(row.clone())));
    }
    Ok(row)
}

/// It has left, if nobody has said so before.
pub(crate) fn sent(tx: &mut Tx, row: &mut message::Model) {
    if row.sent_at.is_none() {
        row.sent_at = Some(tx.now);
        tx.record(row.business_id, &TWILIO, Event::MessageSent(Arc::new(row.clone())));
    }
}

/// Twilio has taken these, with SIDs, parts and states of theirs: one statement for all.
pub(crate) async fn accept(tx: &mut Tx, taken: Vec<(message::Model, &Accepted)>) -> Result<Vec<message::Model>> {
    let mut rows = Vec::with_capacity(taken.len());
    for (mut m, answer) in taken {
        // What more follows from than a state is heard as a callback would be.
        let said = answer.status.filter(|said| !is_last_word(*said));
        // A mail server says nothing more: it has left, and that is the last that is heard.
        let silent = if channels::of(&m) == Some(Channel::Email) {
            Status::Sent
        } else {
            Status::Accepted
        };
        m.status = after(&m, Update::Provider(said.unwrap_or(silent)))?.as_str().to_owned();
        m.provider_sid = answer.provider_id.clone();
        m.account_sid = answer.account.clone();
        m.segments = answer.segments.map_or(m.segments, |n| n as i32);
        m.not_before = tx.now + SILENCE;
        let again = m.sent_at.is_some();
        sent(tx, &mut m);
        if again {
            m.sent_at = Some(tx.now);
        }
        if m.status == Status::Sent.as_str() {
            tx.record(m.business_id, &TWILIO, Event::MessageOnItsWay(Arc::new(m.clone())));
        }
        rows.push(m);
    }
    save::accepted(tx, &rows).await?;
    Ok(rows)
}

/// What more follows from than a state: counters, tasks, another try.
pub(crate) fn is_last_word(said: Status) -> bool {
    said.is_failure() || matches!(said, Status::Delivered | Status::Read)
}

/// Why a message did not arrive.
pub(crate) struct Failure {
    /// What it is now: refused by us or Twilio, or given up by the network.
    pub update: Update,
    pub failure: outcome::Failure,
    /// It will be tried again by itself.
    pub retrying: bool,
}

/// It did not arrive: the state and plain words, and consent where the provider says so. Whoever made it hears of it, or a person (law 5).
pub(crate) async fn fail(tx: &mut Tx, contact: &contact::Model, m: message::Model, how: Failure) -> Result<message::Model> {
    let channel = channels::of(&m).unwrap_or_default();
    let number = known_by(&m.theirs).to_owned();
    let row = mark_failed(tx, m, &how).await?;
    let why = &how.failure;
    if why.class == Class::OptedOut && has_to_be_noted(tx, contact, channel, &number).await? {
        let sid = row.provider_sid.as_deref().unwrap_or("not taken");
        let evidence = format!("Twilio error {} ({sid})", why.code.unwrap_or_default());
        let change = consent::Change {
            contact,
            channel,
            state: State::OptedOut,
            source: Source::ProviderBlock,
            by: &TWILIO,
            evidence: &evidence,
            at: tx.now,
        };
        consent::record_of(tx, &change, &number).await?;
    }
    let next_step = if !how.retrying && why.retry != Retry::Never {
        "Send it again from the log, or call."
    } else {
        &why.next_step
    };
    tell_failed(tx, &row, &TWILIO, &how, next_step);
    Ok(row)
}

/// Whether it is news that this number of theirs has opted out.
async fn has_to_be_noted(tx: &Tx, contact: &contact::Model, channel: Channel, number: &str) -> Result<bool> {
    if !contacts::has_number(tx, contact, number).await? {
        return Ok(false);
    }
    let known = consent::state_on(&tx.db, contact.id, channel).await? == State::OptedOut;
    let further = channel == Channel::Sms && contact.phone != number;
    Ok(!known || (further && consent::suppressed_since(tx, contact.business_id, number).await?.is_none()))
}

fn tell_failed(tx: &mut Tx, row: &message::Model, by: &Principal, how: &Failure, next_step: &str) {
    let failed = Failed {
        why: how.failure.words.clone(),
        next_step: next_step.to_owned(),
        retrying: how.retrying,
    };
    tx.record(row.business_id, by, Event::MessageFailed(Arc::new(row.clone()), failed));
}

async fn mark_failed(tx: &mut Tx, m: message::Model, how: &Failure) -> Result<message::Model> {
    if m.provider_sid.is_none() {
        // Never taken, so never charged; what was never claimed has cost nothing yet.
        if messages::status(&m) != Status::Queued {
            refund(tx, &m).await?;
        }
    }
    let status = after(&m, how.update)?;
    let mut row = m.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.error_code = Set(how.failure.code);
    row.error = Set(Some(how.failure.words.clone()));
    let row = row.update(&tx.db).await?;
    messages::changed(tx, &row).await?;
    Ok(row)
}

/// What became of `m`, as it was until now, has become known: nobody needs to be asked any more.
pub(crate) async fn known(tx: &mut Tx, m: &message::Model, by: &str) -> Result<()> {
    if is_asked(m) {
        tasks::settle_of_message(tx, m, tasks::Kind::UnclearMessage, by).await?;
    }
    Ok(())
}

/// A person's word on a text whose outcome nobody else can tell.
pub(crate) async fn settle(tx: &mut Tx, by: &Principal, m: message::Model, arrived: bool) -> Result<message::Model> {
    let update = Update::Settle { arrived };
    known(tx, &m, &by.author()).await?;
    if !arrived {
        let failure = outcome::Failure {
            code: None,
            detail: String::new(),
            words: format!("{} says that it did not arrive.", by.author()),
            next_step: String::new(),
            class: Class::Other,
            scope: Scope::Message,
            retry: Retry::Never,
        };
        let how = Failure {
            update,
            failure,
            retrying: false,
        };
        let row = mark_failed(tx, m, &how).await?;
        // Who was told to look has looked: only what made it needs to hear.
        if messages::origin(&row).is_some_and(|o| o.policy().owned) {
            tell_failed(tx, &row, by, &how, "");
        } else {
            tx.record(row.business_id, by, Event::RetryEnded(Arc::new(row.clone())));
        }
        return Ok(row);
    }
    tasks::settle_of_message(tx, &m, tasks::Kind::StuckMessage, &by.author()).await?;
    let status = after(&m, update)?;
    let (first, sent_at) = (m.sent_at.is_none(), m.claimed_at.unwrap_or(tx.now));
    let mut row = m.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.wait_reason = Set(None);
    row.sent_at = Set(Some(sent_at));
    // Without a SID Twilio can't be asked about it.
    row.not_before = Set(tx.now + Duration::days(3650));
    let row = row.update(&tx.db).await?;
    messages::changed(tx, &row).await?;
    if first {
        // An earlier try may have been counted and told of as failed.
        tx.record(row.business_id, by, Event::MessageSent(Arc::new(row.clone())));
    }
    tx.record(row.business_id, by, Event::MessageArrived(Arc::new(row.clone())));
    Ok(row)
}
