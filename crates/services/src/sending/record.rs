//! What a call to the provider said, written down: the attempt, the message, and whatever follows. Calls that end together share a
//! transaction.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use domain::{
    delivery::{Status, Update},
    outcome::{Failure, Outcome, Retry, Scope},
    phone::{mask, mask_all},
};
use entity::{
    contacts::contact,
    messages::{message, message_attempt},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{
    allowance::{self, Heard},
    limits,
};
use crate::{
    channels::{self, breakers},
    contacts,
    delivery::{
        accepted::all_accepted,
        otherwise::may_go_otherwise,
        retry,
        state::{self, Failure as Failed},
        status, unknown,
    },
    kernel::{Error, Result, Services, Tx, batcher::Batcher},
    messages::{all_decrypted, locked},
};

/// Seconds between tries to reach Twilio at all, each ±20 %, so that what failed together does not come back together.
const UNREACHED: &[u64] = &[5, 20, 80, 300];

/// Not being reached, or being told that it was too fast, is no refusal: a text is not given up for it before so long. A reminder waits as
/// long as it makes sense, which a claim says.
const LONGEST_WAIT: Duration = Duration::hours(24);

/// Most outcomes in one transaction.
const MOST: usize = 64;

pub(crate) type ResultBatch = Batcher<(message::Model, Outcome), Result<()>>;

/// Writes down what the call for a claimed message said.
pub(super) async fn record(s: &Services, m: message::Model, said: Outcome) -> Result<()> {
    let work = |group| async move { Box::pin(record_group(s, group)).await };
    let done = s.of::<ResultBatch>().run((m, said), MOST, work).await;
    done.unwrap_or_else(|| Err(Error::broken("the outcome's transaction broke off")))
}

async fn record_group(s: &Services, group: Vec<(message::Model, Outcome)>) -> Vec<Result<()>> {
    if write(s, &group).await.is_ok() {
        return group.iter().map(|_| Ok(())).collect();
    }
    // One of them is in the way of the others: each by itself.
    let mut results = Vec::with_capacity(group.len());
    for one in group {
        results.push(write_alone(s, &[one]).await);
    }
    results
}

/// What a call said is heard only once, so it must not be lost to a deadlock.
async fn write_alone(s: &Services, one: &[(message::Model, Outcome)]) -> Result<()> {
    for _ in 0..2 {
        match write(s, one).await {
            Ok(()) => return Ok(()),
            Err(cause) => tracing::warn!(%cause, "an outcome could not be written; once more"),
        }
    }
    write(s, one).await
}

/// The rows of a group, people first and both in order of id, so that two groups never wait for each other.
async fn lock_rows(
    tx: &Tx,
    group: &[(message::Model, Outcome)],
) -> Result<(HashMap<Uuid, contact::Model>, HashMap<Uuid, message::Model>)> {
    let people: Vec<Uuid> = group.iter().map(|(m, _)| m.contact_id).collect();
    let people = contacts::locked_led(tx, &people).await?;
    let rows = message::Entity::find()
        .filter(message::Column::Id.is_in(group.iter().map(|(m, _)| m.id)))
        .order_by_asc(message::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    let rows = all_decrypted(tx.services(), rows).await?;
    Ok((people, rows.into_iter().map(|m| (m.id, m)).collect()))
}

async fn write(s: &Services, group: &[(message::Model, Outcome)]) -> Result<()> {
    let begun = tokio::time::Instant::now();
    let mut tx = s.begin().await?;
    let (people, mut rows) = lock_rows(&tx, group).await?;
    let rests = allowance::learn(&tx, group.iter().map(|(m, said)| (m, Heard::of(said)))).await?;
    let declined = group.iter().filter(|(_, said)| matches!(said, Outcome::TryLater { .. }));
    limits::give_back(&tx, declined.map(|(m, _)| m)).await?;
    let mut taken = Vec::new();
    for (m, said) in group {
        let (Some(row), Some(person)) = (rows.remove(&m.id), people.get(&m.contact_id)) else {
            continue;
        };
        match said {
            Outcome::Accepted(answer) => taken.push((row, answer)),
            _ => not_taken(s, &mut tx, person, m, row, said, &rests).await?,
        }
    }
    if !taken.is_empty() {
        let calls: Vec<_> = taken.iter().flat_map(|(row, _)| breakers::of_call(s, row)).collect();
        breakers::success(&mut tx, &calls).await?;
        all_accepted(&mut tx, taken, people.values()).await?;
    }
    tx.commit().await?;
    metrics::histogram!("showup_step_seconds", "step" => "record").record(begun.elapsed());
    Ok(())
}

fn step(m: &message::Model, step: &'static str, http: Option<u16>, code: Option<i32>) {
    metrics::counter!("showup_messages_total", "step" => step).increment(1);
    tracing::info!(message = %m.id, step, to = %mask(&m.theirs), attempt = m.attempts, http, code, "text");
}

async fn not_taken(
    s: &Services,
    tx: &mut Tx,
    person: &contact::Model,
    m: &message::Model,
    row: message::Model,
    said: &Outcome,
    rests: &BTreeMap<String, DateTime<Utc>>,
) -> Result<()> {
    // Still ours to settle, even if another process has given us up meanwhile.
    let open = row.attempts == m.attempts && [Status::Sending.as_str(), Status::Unknown.as_str()].contains(&row.status.as_str());
    let open = open && !arrived_before(tx, &row, matches!(said, Outcome::Unknown { .. })).await?;
    match said {
        Outcome::Accepted(_) => Ok(()),
        Outcome::Refused { reply, failure } => {
            step(&row, "refused", *reply, failure.code);
            close_attempt(tx, &row, "refused", *reply, failure.code, &failure.detail).await?;
            if open {
                refused(s, tx, person, row, failure).await
            } else {
                Ok(())
            }
        }
        Outcome::TryLater { reply, failure, .. } => {
            step(&row, "try_later", *reply, failure.code);
            close_attempt(tx, &row, "try_later", *reply, failure.code, &failure.detail).await?;
            if reply.is_none() {
                let why = format!("{} can't be reached.", channels::provider(&row));
                breakers::transient(tx, &row, &why).await?;
            }
            if open {
                let rest = rests.get(&breakers::account_of(s, m).0).copied();
                try_later(tx, person, row, *reply, failure, rest).await
            } else {
                Ok(())
            }
        }
        Outcome::Unknown { reply, detail } => {
            step(&row, "unknown", *reply, None);
            close_attempt(tx, &row, "unknown", *reply, None, detail).await?;
            let why = format!("{} does not answer as it should.", channels::provider(&row));
            breakers::transient(tx, &row, &why).await?;
            if open && row.status == Status::Sending.as_str() {
                unknown::begin(tx, row, false).await
            } else {
                Ok(())
            }
        }
    }
}

/// Whether an earlier try turned out to have arrived while the present one was under way: then the text is done. `perhaps_taken`: the
/// present one may have been taken, too.
pub(super) async fn arrived_before(tx: &mut Tx, row: &message::Model, perhaps_taken: bool) -> Result<bool> {
    // Boxed, for it is rare and would make every future larger that settles a text.
    let arrived = row.attempts > 1 && Box::pin(status::arrived_before(tx, row, perhaps_taken)).await?;
    if arrived && row.retries > 0 && !perhaps_taken {
        // The try that arrived is charged already.
        state::refund(tx, row).await?;
    }
    Ok(arrived)
}

/// It was declined. If everything else would be, too, the text waits with the others until that is put right; else it has failed.
async fn refused(s: &Services, tx: &mut Tx, person: &contact::Model, row: message::Model, why: &Failure) -> Result<()> {
    breakers::concerns_others(tx, &row, why, false).await?;
    if why.scope == Scope::Account {
        return defer(tx, row, Duration::seconds(5), &why.words).await;
    }
    if why.scope == Scope::Message {
        // An answer about this one text shows that the way to the provider is open.
        breakers::success(tx, &breakers::of_call(s, &row)).await?;
    }
    if may_go_otherwise(tx, &row, why).await? {
        let failed = Failed {
            update: Update::Fail,
            failure: why.clone(),
            retrying: true,
        };
        let now = tx.now;
        let row = state::fail(tx, person, row, failed).await?;
        return retry::plan(tx, person, row, now).await.map(drop);
    }
    stop_trying(tx, person, row, why.clone()).await
}

/// It is not tried any more.
async fn stop_trying(tx: &mut Tx, person: &contact::Model, row: message::Model, failure: Failure) -> Result<()> {
    let failed = Failed {
        update: Update::Fail,
        failure,
        retrying: false,
    };
    state::fail(tx, person, row, failed).await.map(drop)
}

/// Back into the outbox: the reason lies elsewhere.
async fn defer(tx: &mut Tx, row: message::Model, by: Duration, why: &str) -> Result<()> {
    let until = tx.now + by;
    state::defer(tx, row, until, &format!("Waits: {why}")).await
}

/// Claimed, and then its process ended before the call: it was provably not sent.
pub(super) async fn not_begun(tx: &mut Tx, row: message::Model) -> Result<()> {
    close_attempt(tx, &row, "not_begun", None, None, "").await?;
    not_called(tx, &row).await?;
    if arrived_before(tx, &row, false).await? {
        return Ok(());
    }
    tx.send_soon();
    defer(tx, row, Duration::zero(), "it is sent again; nothing had left yet.").await
}

/// A claim without a call: another may show whether the account may go on, and its place in the hour is free again.
async fn not_called(tx: &Tx, m: &message::Model) -> Result<()> {
    allowance::learn(tx, std::iter::once((m, Heard::Nothing))).await?;
    limits::give_back(tx, std::iter::once(m)).await
}

/// Provably not taken, for a reason that says nothing against this text: it uses up no try, and waits as long as it is useful. `rest`:
/// until when its account rests, if that was too fast.
async fn try_later(
    tx: &mut Tx,
    person: &contact::Model,
    m: message::Model,
    reply: Option<u16>,
    why: &Failure,
    rest: Option<DateTime<Utc>>,
) -> Result<()> {
    let declined = declined(tx, &m).await?;
    if m.useful_until.is_none() && tx.now - declined.since >= LONGEST_WAIT {
        // Should a person ask for another try, the day of tries begins anew.
        close_attempt(tx, &m, "given_up", reply, why.code, &why.detail).await?;
        let failure = Failure {
            words: format!("Not sent in a day, after {} tries: {}", m.attempts, why.words),
            ..why.clone()
        };
        return stop_trying(tx, person, m, failure).await;
    }
    if let Some(rest) = rest {
        return state::defer(tx, m, rest, limits::ACCOUNT_FULL).await;
    }
    let chance = rand::random::<f64>();
    match why.retry {
        // The sender's own queue or pace, which other senders of the account do not share.
        Retry::After(pauses) if reply.is_some() => {
            let words = format!("{} It is tried again by itself.", why.words);
            defer(tx, m, spread(pauses[0], chance), &words).await
        }
        _ => {
            let pause = UNREACHED.get(declined.unreached.max(1) - 1).or(UNREACHED.last());
            let by = spread(pause.copied().unwrap_or_default(), chance);
            let words = format!("{} did not take it; it will be tried again shortly.", channels::provider(&m));
            defer(tx, m, by, &words).await
        }
    }
}

/// The tries that Twilio has not taken since it last looked at one.
struct Declined {
    /// When the first of them was made.
    since: DateTime<Utc>,
    /// Those of them that did not reach it: being too fast before that says nothing about the way.
    unreached: usize,
}

async fn declined(tx: &Tx, m: &message::Model) -> Result<Declined> {
    let tries = || message_attempt::Entity::in_business(m.business_id).filter(message_attempt::Column::MessageId.eq(m.id));
    // A try that nobody has written an outcome of may have been taken.
    let other = Condition::any()
        .add(message_attempt::Column::Outcome.ne("try_later"))
        .add(message_attempt::Column::Outcome.is_null());
    let before: Option<Option<i32>> = tries()
        .filter(other)
        .select_only()
        .column_as(message_attempt::Column::Number.max(), "number")
        .into_tuple()
        .one(&tx.db)
        .await?;
    let found: Option<(Option<DateTime<Utc>>, i64, i64)> = tries()
        .filter(message_attempt::Column::Number.gt(before.flatten().unwrap_or(0)))
        .select_only()
        .column_as(message_attempt::Column::StartedAt.min(), "since")
        .column_as(message_attempt::Column::Number.count(), "tries")
        .column_as(message_attempt::Column::HttpStatus.count(), "answered")
        .into_tuple()
        .one(&tx.db)
        .await?;
    let (since, tries, answered) = found.unwrap_or_default();
    Ok(Declined {
        since: since.unwrap_or(tx.now),
        unreached: usize::try_from(tries - answered).unwrap_or_default(),
    })
}

/// ±20 %, `chance` from 0 to 1.
fn spread(seconds: u64, chance: f64) -> Duration {
    Duration::milliseconds((seconds as f64 * 1000.0 * (0.8 + 0.4 * chance)) as i64)
}

/// Something came in between the claim and the call: nothing was sent, and the next claim says what becomes of it.
pub(super) async fn put_back(s: &Services, m: &message::Model, why: &str) -> Result<()> {
    let mut tx = s.begin().await?;
    let ours = |row: &message::Model| row.status == Status::Sending.as_str() && row.attempts == m.attempts;
    if let Some((_, row)) = locked(&tx, m.business_id, m.id).await?.filter(|(_, row)| ours(row)) {
        close_attempt(&tx, &row, "withdrawn", None, None, why).await?;
        not_called(&tx, m).await?;
        if !arrived_before(&mut tx, &row, false).await? {
            tx.send_soon();
            defer(&mut tx, row, Duration::zero(), why).await?;
        }
    }
    tx.commit().await
}

async fn close_attempt(
    tx: &Tx,
    m: &message::Model,
    outcome: &str,
    http: Option<u16>,
    code: Option<i32>,
    detail: &str,
) -> Result<()> {
    let detail: String = mask_all(detail).chars().take(500).collect();
    message_attempt::Entity::update_many()
        .col_expr(message_attempt::Column::FinishedAt, Expr::value(tx.now))
        .col_expr(message_attempt::Column::Outcome, Expr::value(outcome))
        .col_expr(message_attempt::Column::HttpStatus, Expr::value(http.map(i32::from)))
        .col_expr(message_attempt::Column::ErrorCode, Expr::value(code))
        .col_expr(message_attempt::Column::Detail, Expr::value(detail))
        .filter(message_attempt::Column::MessageId.eq(m.id))
        .filter(message_attempt::Column::Number.eq(m.attempts))
        .exec(&tx.db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        assert_eq!(spread(100, 0.0), Duration::seconds(80));
        assert_eq!(spread(100, 0.5), Duration::seconds(100));
        assert_eq!(spread(100, 1.0), Duration::seconds(120));
    }
}
