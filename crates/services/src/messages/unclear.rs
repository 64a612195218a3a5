//! Messages whose outcome nobody knows: the call broke off, or the process died in it. They are looked up at the provider, never sent
//! again on a guess (law 2).

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    messages::{MessageView, SettleMessage},
};
use domain::{delivery::Status, phone::mask_all};
use entity::messages::{message, message_attempt, message_event, receipt};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::Expr,
};
use twilio::{ListQuery, ReadError};
use uuid::Uuid;

use super::{locked, one_by_one, opened, outcome, resend, shown, status, told};
use crate::{
    Actor, Permission, Result, Services, Tx, audit,
    error::{not_found, problem},
    numbers::connections::patient,
    queue::Job,
    reminders,
    reports::Counter,
    tasks,
};

/// A claim older than this belongs to a process that is gone: workers drop a job after 45 seconds.
const LEASE: Duration = Duration::seconds(50);

/// Seconds to the next look at the provider's log, by the number of looks so far. The first waits for a call that may still be worked on
/// at the other end; after a death there is none.
const LOOKS: [i64; 4] = [20, 60, 180, 300];

/// A message that is unclear for longer than this is a person's to decide, whether the log could be read or not.
const PATIENCE: Duration = Duration::minutes(14);

/// Most pages of the log read for one message; a phone that gets more than this in a minute is nobody's customer.
const PAGES: usize = 10;

/// Rows taken per tick of each kind.
const BATCH: u64 = 200;

/// The outcome is unclear from now on; the provider's log will be looked at.
pub(super) async fn begin(tx: &mut Tx, m: message::Model, died: bool) -> Result<()> {
    let mut row = m.into_active_model();
    row.status = Set(Status::Unknown.as_str().to_owned());
    row.wait_reason = Set(None);
    row.looks = Set(0);
    let row = row.update(&tx.db).await?;
    told(tx, &row).await?;
    look_in(tx, row, if died { 0 } else { LOOKS[0] }).await
}

/// The next look, as a row first: should the job be lost, the tick finds it there.
async fn look_in(tx: &mut Tx, m: message::Model, seconds: i64) -> Result<()> {
    let mut row = m.into_active_model();
    row.not_before = Set(tx.now + Duration::seconds(seconds));
    let row = row.update(&tx.db).await?;
    let key = format!("resolve:{}:{}", row.id, row.not_before.timestamp_millis());
    tx.enqueue(&Job::Resolve { message_id: row.id }, row.not_before, Some(&key))
        .await
}

/// What a look at the provider's log showed.
enum Look {
    Found(Box<twilio::Message>),
    Absent,
    /// The log can't be read now, or somebody else's equal text is on its way and can't be told from this one yet.
    Undecided,
}

/// Looks for the message in the provider's log. Found: it is bound. Not found for long: a person decides.
pub(crate) async fn resolve(s: &Services, id: Uuid) -> Result<()> {
    let row = message::Entity::find_by_id(id).one(s.read()).await?;
    let Some(m) = row.filter(|m| m.status == Status::Unknown.as_str()) else {
        return Ok(());
    };
    let m = opened(s, m).await?;
    let look = search(s, &m).await?;
    let mut tx = s.begin().await?;
    // Not another try of it, which the log was not searched for.
    let same = |row: &message::Model| row.status == Status::Unknown.as_str() && row.attempts == m.attempts;
    let Some((_, row)) = locked(&tx, id).await?.filter(|(_, row)| same(row)) else {
        return Ok(());
    };
    let waited = row.claimed_at.is_none_or(|at| tx.now - at > PATIENCE);
    match look {
        Look::Found(answer) => {
            tracing::info!(message = %id, sid = %answer.sid, "unclear text found in the provider's log");
            Box::pin(outcome::accepted(&mut tx, row, &answer)).await?;
        }
        Look::Absent if waited => ask_person(&mut tx, row, "Twilio's log does not show it.").await?,
        Look::Undecided if waited => ask_person(&mut tx, row, "Twilio's log could not be read.").await?,
        Look::Absent => {
            let looks = row.looks + 1;
            let mut row = row.into_active_model();
            row.looks = Set(looks);
            let row = row.update(&tx.db).await?;
            look_in(&mut tx, row, LOOKS.get(looks as usize).copied().unwrap_or(300)).await?;
        }
        Look::Undecided => look_in(&mut tx, row, 60).await?,
    }
    tx.commit().await
}

async fn ask_person(tx: &mut Tx, m: message::Model, why: &str) -> Result<()> {
    let task = tasks::New {
        business_id: m.business_id,
        kind: tasks::Kind::UnclearMessage,
        title: format!("It is unclear whether a text was sent: {why} Please ask the customer, and say whether it arrived."),
        key: format!("unclear:{}", m.id),
        contact_id: Some(m.contact_id),
        conversation_id: Some(m.conversation_id),
        appointment_id: m.appointment_id,
        message_id: Some(m.id),
    };
    // It may have been asked about an earlier try.
    tasks::raise_anew(tx, task).await?;
    // A late callback still settles it; the log is looked at once a day for as long as it is unclear.
    let mut row = m.into_active_model();
    row.not_before = Set(tx.now + Duration::days(1));
    row.wait_reason = Set(Some(format!("{}. {why}", Status::Unknown.words())));
    let row = row.update(&tx.db).await?;
    told(tx, &row).await
}

/// A person has been asked what became of it.
pub(super) fn is_asked(m: &message::Model) -> bool {
    m.status == Status::Unknown.as_str() && m.wait_reason.is_some()
}

/// What became of `m`, as it was until now, has become known: nobody needs to be asked any more.
pub(super) async fn known(tx: &mut Tx, m: &message::Model, by: &str) -> Result<()> {
    if is_asked(m) {
        tasks::settle_of_message(tx, m, tasks::Kind::UnclearMessage, by).await?;
    }
    Ok(())
}

/// A member's word on a text whose outcome nobody else can tell. Arrived: it counts as sent, and a reminder can be answered. Not: it has
/// failed, and may be sent again. Should Twilio speak of it after all, that counts.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Conflict` when it is known already, or Twilio's log is still being looked at.
pub async fn settle(s: &Services, actor: &Actor, cmd: SettleMessage) -> Result<MessageView> {
    actor.may(Permission::SendMessages)?;
    let mut tx = s.begin().await?;
    let found = locked(&tx, cmd.message_id).await?;
    let found = found.filter(|(_, m)| m.business_id == actor.business_id && m.direction == "outbound");
    let Some((_, m)) = found else {
        return Err(not_found("message"));
    };
    if m.status != Status::Unknown.as_str() {
        return Err(problem(Code::Conflict, "What became of this text is known already."));
    }
    if !is_asked(&m) {
        let why = "Twilio's log is still being looked at. Should it not tell, you will be asked within 15 minutes.";
        return Err(problem(Code::Conflict, why));
    }
    known(&mut tx, &m, &actor.author()).await?;
    let after = if cmd.arrived { Status::Sent } else { Status::Failed };
    message_event::Entity::insert(status::by_staff(&tx, &m, after))
        .exec_without_returning(&tx.db)
        .await?;
    let change = audit::Change {
        business_id: actor.business_id,
        actor: &actor.label(),
        action: "message.settled",
        entity: "message",
        entity_id: m.id,
        before: Some(Status::Unknown.as_str()),
        after: Some(after.as_str()),
    };
    audit::record(&tx, change).await?;
    let row = if cmd.arrived {
        arrived(&mut tx, m, &actor.author()).await?
    } else {
        let words = format!("{} says that it did not arrive.", actor.author());
        let row = outcome::given_up(&mut tx, m, Status::Failed, None, &words).await?;
        tx.count(row.business_id, Counter::Failed);
        reminders::failed(&mut tx, &row, &words).await?;
        row
    };
    tx.commit().await?;
    Ok(shown(row))
}

async fn arrived(tx: &mut Tx, m: message::Model, by: &str) -> Result<message::Model> {
    // An earlier try may have been counted and told of as failed.
    if m.sent_at.is_none() {
        tx.count(m.business_id, Counter::Sent);
    }
    tasks::settle_of_message(tx, &m, tasks::Kind::StuckMessage, by).await?;
    let sent_at = m.claimed_at.unwrap_or(tx.now);
    let mut row = m.into_active_model();
    row.status = Set(Status::Sent.as_str().to_owned());
    row.wait_reason = Set(None);
    row.sent_at = Set(Some(sent_at));
    // Without a SID Twilio can't be asked about it.
    row.not_before = Set(tx.now + Duration::days(3650));
    let row = row.update(&tx.db).await?;
    reminders::arrived(tx, &row, by).await?;
    told(tx, &row).await?;
    Ok(row)
}

/// The provider's record of this message: same addresses and text, made after the claim, and nobody else's.
async fn search(s: &Services, m: &message::Model) -> Result<Look> {
    let (Some(account), Some(claimed_at)) = (s.connections().that_has(m), m.claimed_at) else {
        return Ok(Look::Undecided);
    };
    // Not by date: a message that has not left yet has no date sent.
    let query = ListQuery {
        to: Some(m.theirs.clone()),
        from: Some(m.ours.clone()),
        sent_after: None,
        sent_before: None,
        page_size: 100,
    };
    let since = claimed_at - Duration::minutes(1);
    let listed = match list_since(account.client(), &query, since).await {
        Ok(listed) => listed,
        Err(error) => {
            let error = mask_all(&error.to_string());
            tracing::warn!(message = %m.id, %error, "the provider's log can't be read now");
            return Ok(Look::Undecided);
        }
    };
    if twin_in_the_air(s, m).await? {
        return Ok(Look::Undecided);
    }
    let mut candidates: Vec<twilio::Message> = listed
        .into_iter()
        .filter(|c| !c.direction.starts_with("inbound") && c.body.trim() == m.body.trim())
        .filter(|c| c.date_created.is_none_or(|at| at >= since))
        .collect();
    candidates.sort_by_key(|c| c.date_created);
    for candidate in candidates {
        if !taken(s, &candidate.sid).await? {
            return Ok(Look::Found(Box::new(candidate)));
        }
    }
    Ok(Look::Absent)
}

/// The list's pages, newest first, down to `since`.
async fn list_since(
    client: &twilio::Client,
    query: &ListQuery,
    since: DateTime<Utc>,
) -> std::result::Result<Vec<twilio::Message>, ReadError> {
    let mut page = patient(|| client.list(query)).await?;
    let mut all = Vec::new();
    for _ in 0..PAGES {
        let reached = page.messages.last().and_then(|m| m.date_created).is_some_and(|at| at < since);
        all.append(&mut page.messages);
        match page.next.take().filter(|_| !reached) {
            Some(next) => page = patient(|| client.next(&next)).await?,
            None => break,
        }
    }
    Ok(all)
}

/// Whether a record of the provider's belongs to another message of ours, or to an earlier try.
async fn taken(s: &Services, sid: &str) -> Result<bool> {
    let message = message::Entity::find()
        .filter(message::Column::ProviderSid.eq(sid))
        .one(s.read())
        .await?;
    let attempt = message_attempt::Entity::find()
        .filter(message_attempt::Column::ProviderSid.eq(sid))
        .one(s.read())
        .await?;
    Ok(message.is_some() || attempt.is_some())
}

/// An equal text to the same number whose answer we have not heard yet: its record could be taken for ours.
async fn twin_in_the_air(s: &Services, m: &message::Model) -> Result<bool> {
    let twin = message::Entity::narrowed(m.business_id)
        .filter(Expr::cust("\"status\" = 'sending'"))
        .filter(message::Column::ContactId.eq(m.contact_id))
        .filter(message::Column::Body.eq(&m.body))
        .filter(message::Column::Id.ne(m.id))
        .limit(1)
        .one(s.read())
        .await?;
    Ok(twin.is_some())
}

/// After a start as the only process: whatever was being sent, nobody is sending any more.
///
/// # Errors
/// When the database does not answer.
pub async fn recover(s: &Services) -> Result<usize> {
    abandoned(s, Duration::zero()).await
}

/// A call of this process that won't be waited for any longer.
pub(super) async fn give_up(s: &Services, id: Uuid) -> Result<()> {
    let mut tx = s.begin().await?;
    if let Some((_, row)) = locked(&tx, id).await?.filter(|(_, m)| m.status == Status::Sending.as_str()) {
        let attempt = message_attempt::Entity::in_business(row.business_id)
            .filter(message_attempt::Column::MessageId.eq(id))
            .filter(message_attempt::Column::Number.eq(row.attempts))
            .one(&tx.db)
            .await?;
        if attempt.is_some_and(|a| !a.begun) {
            tracing::warn!(message = %id, "the call for this text was never made; it waits again");
            outcome::not_begun(&mut tx, row).await?;
        } else {
            tracing::warn!(message = %id, "nobody is sending this text any more; looking it up");
            if !outcome::arrived_before(&mut tx, &row, true).await? {
                begin(&mut tx, row, true).await?;
            }
        }
    }
    tx.commit().await
}

async fn abandoned(s: &Services, age: Duration) -> Result<usize> {
    let rows: Vec<Uuid> = in_state(Status::Sending, message::Column::ClaimedAt, s.now() - age)
        .limit(if age == Duration::zero() { 100_000 } else { BATCH })
        .select_only()
        .column(message::Column::Id)
        .into_tuple()
        .all(s.read())
        .await?;
    let found = rows.len();
    one_by_one(rows, |id| give_up(s, id)).await?;
    Ok(found)
}

/// Messages in one state that have been due since `before`, oldest first. The state is a literal: SQLite uses an index over a part of
/// the rows only if it can see that the query asks for no others.
pub(crate) fn in_state(status: Status, due: message::Column, before: DateTime<Utc>) -> Select<message::Entity> {
    message::Entity::find()
        .filter(Expr::cust(format!("\"status\" = '{}'", status.as_str())))
        .filter(due.lte(before))
        .order_by_asc(due)
}

/// Finds what fell between chairs: claims without an owner, and rows whose job was lost.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub async fn tick(s: &Services) -> Result<()> {
    Box::pin(abandoned(s, LEASE)).await?;
    Box::pin(resend::all_due(s)).await?;
    let late = s.now() - Duration::seconds(20);
    let unclear = in_state(Status::Unknown, message::Column::NotBefore, late)
        .limit(BATCH)
        .all(s.read())
        .await?;
    let receipts = receipt::Entity::find()
        .filter(receipt::Column::ProcessedAt.is_null())
        .filter(receipt::Column::Tries.lt(super::inbound::TRIES))
        .filter(receipt::Column::ReceivedAt.lte(s.now() - Duration::minutes(2)))
        .limit(BATCH)
        .all(s.read())
        .await?;
    if unclear.is_empty() && receipts.is_empty() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    let minute = tx.now.timestamp() / 60;
    for row in unclear {
        let key = format!("again:{}:{minute}", row.id);
        tx.enqueue(&Job::Resolve { message_id: row.id }, tx.now, Some(&key)).await?;
    }
    for row in receipts {
        let key = format!("again:{}:{minute}", row.provider_sid);
        tx.enqueue(
            &Job::Receive {
                provider_sid: row.provider_sid,
            },
            tx.now,
            Some(&key),
        )
        .await?;
    }
    tx.commit().await
}
