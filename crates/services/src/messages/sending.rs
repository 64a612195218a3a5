//! Claim, call, record (law 2). The call is made outside any transaction; what it says decides what is written.

use chrono::{DateTime, Duration, DurationRound, Utc};
use domain::{
    consent::{Source, State, may_send},
    delivery::{Advance, Status, advance},
    phone::mask,
};
use entity::{
    businesses::business,
    contacts::contact,
    messages::{message, message_attempt, quota_hour},
    numbers::number,
    reminders::reminder_request,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use twilio::{NewMessage, Outcome, errors};
use uuid::Uuid;

use super::{Kind, locked, schedule, status, told, unclear, withdraw};
use crate::{Error, Result, Services, Tx, appointments, businesses, contacts::consent, reminders, tasks};

/// Tries after the first one, for what was provably not sent (SE2).
const RETRIES: i32 = 3;

/// How far the clocks of two machines may be apart.
const CLOCKS: Duration = Duration::seconds(2);

/// Hands one queued message to the provider, at most once; does nothing if it does not wait any more.
///
/// # Errors
/// When the database does not answer. Before the claim the message still waits; after it, it is found as unclear.
pub async fn deliver(s: &Services, id: Uuid) -> Result<()> {
    let Some(m) = claim(s, id).await? else { return Ok(()) };
    // The one moment a STOP could slip through is between the claim and this line; after it the request is open.
    if consent::state(s.read(), m.contact_id).await? == State::OptedOut {
        return release(s, &m).await;
    }
    let outcome = call(s, &m).await;
    record(s, &m, outcome).await
}

async fn call(s: &Services, m: &message::Model) -> Outcome {
    let Some(client) = s.twilio() else {
        return Outcome::TryLater {
            http: None,
            code: None,
            retry_after: None,
            message: "no Twilio account is connected".to_owned(),
        };
    };
    let callback = format!("{}/webhooks/twilio/status?message_id={}", s.settings().public_url, m.id);
    let new = NewMessage {
        to: &m.to_addr,
        from: &m.from_addr,
        body: &m.body,
        status_callback: Some(&callback),
        validity_period: None,
    };
    client.create(&new).await
}

enum Verdict {
    Go,
    Hold(DateTime<Utc>, String),
    Withdraw(String),
}

/// Takes a message for sending, if everything that must hold holds now (law 3).
pub(super) async fn claim(s: &Services, id: Uuid) -> Result<Option<message::Model>> {
    let mut tx = s.begin().await?;
    let Some((contact, m)) = locked(&tx, id).await? else {
        return Ok(None);
    };
    // Clocks of several machines differ a little; a first try need not wait for that, a retry waits its time out.
    let early = if m.attempts == 0 { CLOCKS } else { Duration::zero() };
    if m.status != Status::Queued.as_str() || m.not_before > tx.now + early {
        return Ok(None);
    }
    let claimed = match verdict(s, &tx, &contact, &m).await? {
        Verdict::Go => Some(begin_attempt(&mut tx, m).await?),
        Verdict::Hold(until, why) => {
            hold(&mut tx, m, until, &why).await?;
            None
        }
        Verdict::Withdraw(why) => {
            withdraw(&mut tx, m, &why).await?;
            None
        }
    };
    tx.commit().await?;
    Ok(claimed)
}

async fn verdict(s: &Services, tx: &Tx, contact: &contact::Model, m: &message::Model) -> Result<Verdict> {
    let withdraw = |why: &str| Ok(Verdict::Withdraw(why.to_owned()));
    if contact.blocked {
        return withdraw("This contact is blocked.");
    }
    if m.to_addr != contact.phone {
        return withdraw("The phone number was changed.");
    }
    if let Err(reason) = may_send(consent::state(&tx.db, contact.id).await?, Kind::sending(&m.kind)) {
        return withdraw(reason);
    }
    if !number_is_active(s, tx, m).await? {
        return withdraw("The number this was to be sent from is not active any more.");
    }
    let business = businesses::get(&tx.db, m.business_id).await?;
    if m.kind == Kind::Reminder.as_str()
        && let Some(verdict) = reminder_verdict(tx, &business, contact, m).await?
    {
        return Ok(verdict);
    }
    within_limit(tx, &business).await
}

async fn number_is_active(s: &Services, tx: &Tx, m: &message::Model) -> Result<bool> {
    if s.settings().default_from.as_ref() == Some(&m.from_addr) {
        return Ok(true);
    }
    let number = number::Entity::in_business(m.business_id)
        .filter(number::Column::Phone.eq(&m.from_addr))
        .one(&tx.db)
        .await?;
    Ok(number.is_some_and(|n| n.status == "active"))
}

/// The visit a reminder speaks of must still be what it says, and the customer awake.
async fn reminder_verdict(
    tx: &Tx,
    business: &business::Model,
    contact: &contact::Model,
    m: &message::Model,
) -> Result<Option<Verdict>> {
    let gone = || Ok(Some(Verdict::Withdraw("The visit is not open any more.".to_owned())));
    let (Some(reminder), Some(visit)) = (m.reminder_id, m.appointment_id) else {
        return Ok(None);
    };
    let visit = appointments::find(&tx.db, m.business_id, visit).await?;
    let requests = reminder_request::Entity::in_business(m.business_id);
    let request = requests.filter(reminder_request::Column::Id.eq(reminder)).one(&tx.db).await?;
    let Some(request) = request.filter(|r| r.status == "queued") else {
        return gone();
    };
    if !appointments::status(&visit)?.is_open() {
        return gone();
    }
    if request.kind == domain::reminders::Kind::Manual.to_string() && visit.starts_at > tx.now {
        return Ok(None);
    }
    let zone = reminders::zone(business, contact);
    Ok(
        match domain::reminders::at_send(tx.now, visit.starts_at, zone, businesses::quiet(business)) {
            domain::reminders::AtSend::Send => None,
            domain::reminders::AtSend::HoldUntil(at) => {
                let until = domain::when::relative(at, tx.now, zone);
                Some(Verdict::Hold(at, format!("Waits for the end of quiet hours: {until}.")))
            }
            domain::reminders::AtSend::Skip(why) => Some(Verdict::Withdraw(why.words().to_owned())),
        },
    )
}

/// SE3: over its hourly limit a business waits for the next hour; nothing is dropped.
async fn within_limit(tx: &Tx, business: &business::Model) -> Result<Verdict> {
    let hour = tx
        .now
        .duration_trunc(Duration::hours(1))
        .map_err(|e| Error::broken(e.to_string()))?;
    let row = quota_hour::ActiveModel {
        business_id: Set(business.id),
        hour: Set(hour),
        used: Set(1),
    };
    // Counted and checked in one statement: many workers at once can't all see the last free place.
    let used = || Expr::col((quota_hour::Entity, quota_hour::Column::Used));
    let one_more = OnConflict::columns([quota_hour::Column::BusinessId, quota_hour::Column::Hour])
        .value(quota_hour::Column::Used, ExprTrait::add(used(), 1))
        .action_and_where(ExprTrait::lt(used(), business.hourly_limit))
        .to_owned();
    let counted = quota_hour::Entity::insert(row)
        .on_conflict(one_more)
        .exec_without_returning(&tx.db)
        .await?;
    if counted > 0 && business.hourly_limit > 0 {
        return Ok(Verdict::Go);
    }
    let next = hour + Duration::hours(1);
    let until = domain::when::relative(next, tx.now, businesses::zone(business));
    let why = format!(
        "Waits until {until}: {} texts an hour is this business's limit.",
        business.hourly_limit
    );
    Ok(Verdict::Hold(next, why))
}

async fn hold(tx: &mut Tx, m: message::Model, until: DateTime<Utc>, why: &str) -> Result<()> {
    let mut row = m.into_active_model();
    row.not_before = Set(until);
    row.wait_reason = Set(Some(why.to_owned()));
    let row = row.update(&tx.db).await?;
    schedule(tx, &row).await
}

async fn begin_attempt(tx: &mut Tx, m: message::Model) -> Result<message::Model> {
    let number = m.attempts + 1;
    let mut row = m.into_active_model();
    row.status = Set(Status::Sending.as_str().to_owned());
    row.attempts = Set(number);
    row.claimed_at = Set(Some(tx.now));
    row.wait_reason = Set(None);
    let row = row.update(&tx.db).await?;
    let attempt = message_attempt::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(row.business_id),
        message_id: Set(row.id),
        number: Set(number),
        started_at: Set(tx.now),
        finished_at: Set(None),
        outcome: Set(None),
        http_status: Set(None),
        error_code: Set(None),
        detail: Set(None),
    };
    attempt.insert(&tx.db).await?;
    told(tx, &row).await?;
    Ok(row)
}

/// The customer opted out after the claim and before the call: nothing was sent, and nothing will be.
async fn release(s: &Services, m: &message::Model) -> Result<()> {
    let mut tx = s.begin().await?;
    if let Some((_, row)) = locked(&tx, m.id).await? {
        close_attempt(&tx, &row, "withdrawn", None, None, "the customer opted out").await?;
        withdraw(&mut tx, row, "The customer opted out.").await?;
    }
    tx.commit().await
}

/// Writes down what the call said.
pub(super) async fn record(s: &Services, m: &message::Model, outcome: Outcome) -> Result<()> {
    let mut tx = s.begin().await?;
    let Some((contact, row)) = locked(&tx, m.id).await? else {
        return Ok(());
    };
    let to = mask(&row.to_addr);
    // Still ours to settle, even if another process has given us up meanwhile.
    let open = row.attempts == m.attempts && [Status::Sending.as_str(), Status::Unknown.as_str()].contains(&row.status.as_str());
    match outcome {
        Outcome::Accepted(answer) => {
            tracing::info!(message = %row.id, %to, sid = %answer.sid, "text accepted");
            close_attempt(&tx, &row, "accepted", Some(201), None, "").await?;
            accepted(&mut tx, row, &answer).await?;
        }
        Outcome::Refused { http, code, message } => {
            tracing::warn!(message = %row.id, %to, http, ?code, "text refused");
            close_attempt(&tx, &row, "refused", Some(http), code, &message).await?;
            if open {
                let words = code.map_or(message, errors::describe);
                failed(&mut tx, &contact, row, Status::Failed, code, &words).await?;
            }
        }
        Outcome::TryLater {
            http,
            code,
            retry_after,
            message,
        } => {
            tracing::warn!(message = %row.id, %to, ?http, ?code, "text not taken, will try again");
            close_attempt(&tx, &row, "try_later", http, code, &message).await?;
            if open {
                try_later(&mut tx, &contact, row, code, retry_after, &message).await?;
            }
        }
        Outcome::Unknown { http, message } => {
            tracing::warn!(message = %row.id, %to, ?http, "outcome of a text is unclear");
            close_attempt(&tx, &row, "unknown", http, None, &message).await?;
            if row.status == Status::Sending.as_str() {
                unclear::begin(&mut tx, row, false).await?;
            }
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
    let attempt = message_attempt::Entity::in_business(m.business_id)
        .filter(message_attempt::Column::MessageId.eq(m.id))
        .filter(message_attempt::Column::Number.eq(m.attempts))
        .one(&tx.db)
        .await?;
    let Some(attempt) = attempt else { return Ok(()) };
    let mut attempt = attempt.into_active_model();
    attempt.finished_at = Set(Some(tx.now));
    attempt.outcome = Set(Some(outcome.to_owned()));
    attempt.http_status = Set(http.map(i32::from));
    attempt.error_code = Set(code);
    attempt.detail = Set(Some(detail.chars().take(500).collect()));
    attempt.update(&tx.db).await?;
    Ok(())
}

/// The provider has the message: its SID is ours now, and callbacks that came too early are heard.
pub(super) async fn accepted(tx: &mut Tx, m: message::Model, answer: &twilio::Message) -> Result<()> {
    let current: Status = m.status.parse().unwrap_or(Status::Sending);
    let said = Status::from_twilio(&answer.status).unwrap_or(Status::Accepted);
    let next = match advance(current, said) {
        Advance::Moves(next) => next,
        _ => current,
    };
    let (id, segments) = (m.id, m.segments);
    let mut row = m.into_active_model();
    row.provider_sid = Set(Some(answer.sid.clone()));
    row.account_sid = Set(Some(answer.account_sid.clone()).filter(|sid| !sid.is_empty()));
    row.status = Set(next.as_str().to_owned());
    row.sent_at = Set(Some(tx.now));
    if answer.num_segments > 0 && answer.num_segments as i32 != segments {
        row.segments = Set(answer.num_segments as i32);
    }
    let row = row.update(&tx.db).await?;
    reminders::sent(tx, &row).await?;
    told(tx, &row).await?;
    status::adopt(tx, id, &answer.sid).await
}

async fn try_later(
    tx: &mut Tx,
    contact: &contact::Model,
    m: message::Model,
    code: Option<i32>,
    retry_after: Option<std::time::Duration>,
    message: &str,
) -> Result<()> {
    if m.attempts > RETRIES {
        let words = format!("Not sent after {} tries: {message}", m.attempts);
        return failed(tx, contact, m, Status::Failed, code, &words).await;
    }
    let asked = retry_after.and_then(|d| Duration::from_std(d).ok()).unwrap_or_default();
    let wait = backoff(m.attempts, rand::random::<f64>()).max(asked.min(Duration::hours(1)));
    let mut row = m.into_active_model();
    row.status = Set(Status::Queued.as_str().to_owned());
    row.not_before = Set(tx.now + wait);
    row.wait_reason = Set(Some("Twilio did not take it; it will be tried again shortly.".to_owned()));
    let row = row.update(&tx.db).await?;
    super::conversations::follow(tx, &row).await?;
    schedule(tx, &row).await
}

/// 5 s, 20 s, 80 s, each ±20 % (`chance` from 0 to 1), so that what failed together does not come back together.
fn backoff(attempt: i32, chance: f64) -> Duration {
    let base = 5_000.0 * 4f64.powi(attempt.clamp(1, 6) - 1);
    Duration::milliseconds((base * (0.8 + 0.4 * chance)) as i64)
}

/// It did not arrive and won't: the state, plain words, consent where the provider says so, and a task for a person (law 5).
pub(super) async fn failed(
    tx: &mut Tx,
    contact: &contact::Model,
    m: message::Model,
    status: Status,
    code: Option<i32>,
    words: &str,
) -> Result<()> {
    let mut row = m.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.error_code = Set(code);
    row.error = Set(Some(words.to_owned()));
    let row = row.update(&tx.db).await?;
    told(tx, &row).await?;
    let entry = code.and_then(errors::lookup);
    if entry.is_some_and(|e| e.class == errors::Class::OptedOut) && row.to_addr == contact.phone {
        let evidence = format!("Twilio error {}", code.unwrap_or_default());
        let change = consent::Change {
            contact,
            state: State::OptedOut,
            source: Source::ProviderBlock,
            actor: "Twilio",
            evidence: &evidence,
        };
        consent::record(tx, change).await?;
    }
    if row.reminder_id.is_some() {
        return reminders::failed(tx, &row, words).await;
    }
    let todo = entry.map_or("Check the number, or call.", |e| e.todo);
    let task = tasks::New {
        business_id: row.business_id,
        kind: tasks::Kind::StuckMessage,
        title: format!("A text did not arrive: {words} {todo}"),
        key: format!("failed:{}", row.id),
        contact_id: Some(row.contact_id),
        conversation_id: Some(row.conversation_id),
        appointment_id: row.appointment_id,
        message_id: Some(row.id),
    };
    tasks::raise(tx, task).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_four_times_as_long_give_or_take_a_fifth() {
        for (attempt, seconds) in [(1, 5), (2, 20), (3, 80)] {
            assert_eq!(backoff(attempt, 0.5), Duration::seconds(seconds));
            assert!(backoff(attempt, 0.0) >= Duration::seconds(seconds) * 8 / 10);
            assert!(backoff(attempt, 1.0) <= Duration::seconds(seconds) * 12 / 10);
        }
    }
}
