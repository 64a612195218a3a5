//! Deliveries at work: an endpoint's own are claimed, posted outside any transaction, and what came of them is written down. What nobody
//! has written down is posted again with the same id: a receiver knows it by that.

use std::{collections::HashMap, time::Duration as StdDuration};

use chrono::{DateTime, Duration, Utc};
use domain::webhooks::{Answer, Next, Status, at_once, is_hopeless, next, rest};
use entity::webhooks::{webhook_delivery, webhook_endpoint};
use futures::StreamExt;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockBehavior, LockType},
};
use secrecy::SecretString;
use tokio::task::{Id, JoinSet};
use uuid::Uuid;

use super::{
    ANSWER, BODY, PREVIOUS_SECRET, SECRET, TEST, URL,
    calling::{Call, Called, Caller, TIMEOUT},
    host, signing, too_old,
};
use crate::kernel::{Event, Principal, Result, Services, Tx, tx::Changed};

/// Endpoints that are called at the same time; more than are ever slow together.
const ENDPOINTS: u64 = 200;
/// What is due is looked for so often.
const PAUSE: StdDuration = StdDuration::from_secs(1);
/// A claim older than this belongs to a process that is gone.
const LEASE: Duration = Duration::seconds(TIMEOUT.as_secs() as i64 + 40);
/// Rows that are removed or taken back in one go.
const BATCH: u64 = 500;

/// Rounds of that at a time: others wait for their turn, too.
const ROUNDS: usize = 20;
/// A transaction that has seen an endpoint before it was removed has ended by then.
const SEEN: Duration = Duration::minutes(10);

/// Who does what follows from an answer.
const BY: Principal = Principal::System("webhooks");

/// A delivery that is ours to post.
struct Claimed {
    row: webhook_delivery::Model,
    call: Call,
}

/// Delivers until told to stop, each endpoint apart from all others; what is in the air then is heard out.
pub async fn run(s: &Services, stopping: impl Future<Output = ()>) {
    let mut stopping = std::pin::pin!(stopping);
    let (mut at_work, mut busy) = (JoinSet::new(), HashMap::<Id, Uuid>::new());
    loop {
        let found = due(s, busy.values().copied().collect()).await;
        let found = found.inspect_err(|cause| tracing::error!(%cause, "webhooks that are due: failed; looked for again"));
        for id in found.unwrap_or_default() {
            let s = s.clone();
            let task = at_work.spawn(async move {
                match deliver_some(&s, id).await {
                    // What is due waits for what comes before it, which somebody else posts or which has its own time.
                    Ok(0) => tokio::time::sleep(PAUSE).await,
                    Ok(_) => {}
                    Err(cause) => {
                        tracing::error!(endpoint = %id, %cause, "webhooks of an endpoint: failed; tried again");
                        // A fault of ours is not tried over and over in the same second.
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            });
            busy.insert(task.id(), id);
        }
        tokio::select! {
            biased;
            () = &mut stopping => break,
            Some(ended) = at_work.join_next_with_id() => forget(&mut busy, ended),
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    while at_work.join_next().await.is_some() {}
}

fn forget(busy: &mut HashMap<Id, Uuid>, ended: std::result::Result<(Id, ()), tokio::task::JoinError>) {
    let id = match ended {
        Ok((id, ())) => id,
        Err(cause) => {
            tracing::error!(%cause, "webhooks of an endpoint: panicked; after their lease they are tried again");
            cause.id()
        }
    };
    busy.remove(&id);
}

/// Everything that is due now, and what may follow it; how many were posted.
///
/// # Errors
/// When the database does not answer.
pub async fn deliver_due(s: &Services) -> Result<usize> {
    let mut posted = 0;
    loop {
        let found = due(s, Vec::new()).await?;
        let all = futures::future::try_join_all(found.into_iter().map(|id| deliver_some(s, id))).await?;
        match all.into_iter().sum::<usize>() {
            0 => return Ok(posted),
            some => posted += some,
        }
    }
}

/// Endpoints for which something is due, but for these.
async fn due(s: &Services, busy: Vec<Uuid>) -> Result<Vec<Uuid>> {
    let room = ENDPOINTS.saturating_sub(busy.len() as u64);
    if room == 0 {
        return Ok(Vec::new());
    }
    let mut rows = endpoints_due(s.now());
    if !busy.is_empty() {
        rows = rows.filter(webhook_endpoint::Column::Id.is_not_in(busy));
    }
    Ok(rows.limit(room).into_tuple().all(s.read()).await?)
}

/// Their ids. Each is looked at by an index, whatever waits for it.
pub(crate) fn endpoints_due(now: DateTime<Utc>) -> Select<webhook_endpoint::Entity> {
    let waits = webhook_delivery::Entity::find()
        .select_only()
        .expr(Expr::value(1))
        .filter(Expr::cust(
            "\"webhook_delivery\".\"endpoint_id\" = \"webhook_endpoint\".\"id\"",
        ))
        .filter(Expr::cust("\"webhook_delivery\".\"status\" = 'waiting'"))
        .filter(webhook_delivery::Column::NextAt.lte(now));
    webhook_endpoint::Entity::find()
        .select_only()
        .column(webhook_endpoint::Column::Id)
        .filter(webhook_endpoint::Column::DisabledAt.is_null())
        .filter(
            webhook_endpoint::Column::RestUntil
                .is_null()
                .or(webhook_endpoint::Column::RestUntil.lte(now)),
        )
        .filter(Expr::exists(sea_orm::QueryTrait::into_query(waits)))
}

/// What is due for an endpoint and has nothing of the same thing before it.
pub(crate) fn deliveries_due(endpoint_id: Uuid, now: DateTime<Utc>) -> Select<webhook_delivery::Entity> {
    webhook_delivery::Entity::find()
        .filter(webhook_delivery::Column::EndpointId.eq(endpoint_id))
        .filter(Expr::cust("\"webhook_delivery\".\"status\" = 'waiting'"))
        .filter(webhook_delivery::Column::NextAt.lte(now))
        .filter(Expr::cust(
            "NOT EXISTS (SELECT 1 FROM \"webhook_delivery\" AS \"before\" WHERE \"before\".\"endpoint_id\" = \
             \"webhook_delivery\".\"endpoint_id\" AND \"before\".\"about\" = \"webhook_delivery\".\"about\" AND \
             \"before\".\"done_at\" IS NULL AND \"before\".\"id\" < \"webhook_delivery\".\"id\")",
        ))
        .order_by_asc(webhook_delivery::Column::NextAt)
        .order_by_asc(webhook_delivery::Column::Id)
}

/// Posts some of what is due for one endpoint; how many.
async fn deliver_some(s: &Services, endpoint_id: Uuid) -> Result<usize> {
    let Some((endpoint, claimed)) = claim(s, endpoint_id).await? else {
        return Ok(0);
    };
    let (posted, mut tried) = (claimed.len(), 0);
    let calls = claimed.into_iter().map(|one| async move {
        let called = s.of::<Caller>().post(&one.call, s.now()).await;
        (one.row, called)
    });
    let mut answers = futures::stream::iter(calls)
        .buffer_unordered(posted.max(1))
        .ready_chunks(posted.max(1));
    while let Some(some) = answers.next().await {
        tried += some.len();
        record(s, endpoint.id, some).await?;
    }
    debug_assert_eq!(posted, tried);
    Ok(posted)
}

/// Takes what is due into our hands; none: nothing is, or somebody else was faster.
async fn claim(s: &Services, endpoint_id: Uuid) -> Result<Option<(webhook_endpoint::Model, Vec<Claimed>)>> {
    let endpoint = webhook_endpoint::Entity::find_by_id(endpoint_id).one(s.read()).await?;
    let Some(endpoint) = endpoint.filter(|endpoint| endpoint.disabled_at.is_none()) else {
        return Ok(None);
    };
    // Looked for by one who only reads: whoever writes waits for nobody's search.
    let most = at_once(u32::try_from(endpoint.failures).unwrap_or_default());
    let found: Vec<Uuid> = deliveries_due(endpoint_id, s.now())
        .select_only()
        .column(webhook_delivery::Column::Id)
        .limit(most)
        .into_tuple()
        .all(s.read())
        .await?;
    if found.is_empty() {
        return Ok(None);
    }
    let tx = s.begin().await?;
    let rows = webhook_delivery::Entity::update_many()
        .col_expr(webhook_delivery::Column::Status, Expr::value(Status::Sending.as_str()))
        .col_expr(
            webhook_delivery::Column::Tries,
            Expr::col(webhook_delivery::Column::Tries).add(1),
        )
        .col_expr(
            webhook_delivery::Column::Attempts,
            Expr::col(webhook_delivery::Column::Attempts).add(1),
        )
        .col_expr(webhook_delivery::Column::Claim, Expr::value(Uuid::now_v7()))
        .col_expr(webhook_delivery::Column::ClaimedAt, Expr::value(tx.now))
        .filter(webhook_delivery::Column::Id.is_in(found))
        .filter(webhook_delivery::Column::Status.eq(Status::Waiting.as_str()))
        .exec_with_returning(&tx.db)
        .await?;
    let url = s.vault().open(URL, &endpoint.url).await?;
    let secrets = secrets(s, &endpoint, tx.now).await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, timestamp) = (row.id.to_string(), tx.now.timestamp());
        let body = s.vault().open(BODY, &row.body).await?;
        let call = Call {
            url: url.clone(),
            signature: signing::signatures(&secrets, &id, timestamp, &body)?,
            id,
            timestamp,
            body,
        };
        claimed.push(Claimed { row, call });
    }
    tx.commit().await?;
    Ok(Some((endpoint, claimed)))
}

/// What is signed with: the secret, and for a day the one before.
async fn secrets(s: &Services, endpoint: &webhook_endpoint::Model, now: DateTime<Utc>) -> Result<Vec<SecretString>> {
    let mut secrets = vec![s.vault().open(SECRET, &endpoint.secret).await?.into()];
    let holds = endpoint.previous_until.is_some_and(|until| now < until);
    if let Some(before) = endpoint.previous_secret.as_ref().filter(|_| holds) {
        secrets.push(s.vault().open(PREVIOUS_SECRET, before).await?.into());
    }
    Ok(secrets)
}

/// Writes down what came of these, which were claimed together.
async fn record(s: &Services, endpoint_id: Uuid, answers: Vec<(webhook_delivery::Model, Called)>) -> Result<()> {
    let mut tx = s.begin().await?;
    let endpoint = webhook_endpoint::Entity::find_by_id(endpoint_id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    // Who was removed meanwhile took its deliveries along.
    let Some(mut endpoint) = endpoint else { return Ok(()) };
    let before = endpoint.clone();
    for (row, called) in answers {
        let ours = webhook_delivery::Entity::find_by_id(row.id)
            .filter(webhook_delivery::Column::Claim.eq(row.claim))
            .lock(LockType::NoKeyUpdate)
            .one(&tx.db)
            .await?;
        let Some(row) = ours else { continue };
        let follows = next(
            u32::try_from(row.tries).unwrap_or(u32::MAX),
            called.answer,
            rand::random::<f64>(),
        );
        if row.event == TEST {
            tx.mark_changed(row.business_id, Changed::Notices);
        }
        settle(&tx, row, &called, follows).await?;
        follow(&mut endpoint, called.answer, follows, tx.now);
    }
    if endpoint != before {
        stand(&mut tx, &before, endpoint).await?;
    }
    tx.commit().await
}

/// How a delivery stands after an answer.
async fn settle(tx: &Tx, row: webhook_delivery::Model, called: &Called, follows: Next) -> Result<()> {
    let (status, next_at) = match follows {
        Next::Delivered => (Status::Delivered, None),
        Next::Again(pause) => (Status::Waiting, Some(later(tx.now, pause))),
        Next::GivenUp | Next::Gone => (Status::Failed, None),
    };
    metrics::counter!("showup_webhooks_total", "to" => status.as_str()).increment(1);
    let vault = tx.services().vault();
    let mut row = row.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.next_at = Set(next_at);
    row.done_at = Set(next_at.is_none().then_some(tx.now));
    (row.claim, row.claimed_at) = (Set(None), Set(None));
    row.answer_status = Set(match called.answer {
        Answer::Status { code, .. } => Some(i32::from(code)),
        Answer::Nothing => None,
    });
    row.answer_body = Set(called.body.as_ref().map(|body| vault.seal(ANSWER, body)));
    row.took_ms = Set(i32::try_from(called.took.as_millis()).ok());
    row.why = Set(called.why.clone());
    row.update(&tx.db).await?;
    Ok(())
}

/// How an endpoint stands after an answer.
fn follow(endpoint: &mut webhook_endpoint::Model, answer: Answer, follows: Next, now: DateTime<Utc>) {
    if follows == Next::Delivered {
        (endpoint.failures, endpoint.failing_since, endpoint.rest_until) = (0, None, None);
        return;
    }
    endpoint.failures = endpoint.failures.saturating_add(1);
    let since = *endpoint.failing_since.get_or_insert(now);
    let failures = u32::try_from(endpoint.failures).unwrap_or_default();
    let rest = rest(failures, answer);
    if !rest.is_zero() {
        endpoint.rest_until = Ord::max(Some(later(now, rest)), endpoint.rest_until);
    }
    if endpoint.disabled_at.is_some() {
        return;
    }
    let why = if follows == Next::Gone {
        "It answered 410: it is gone for ever."
    } else if is_hopeless(failures, since, now) {
        "Nothing has arrived for three days, though it was tried again and again."
    } else {
        return;
    };
    endpoint.disabled_at = Some(now);
    endpoint.why = Some(why.to_owned());
}

/// Writes it down, and tells of it if that is the end.
async fn stand(tx: &mut Tx, before: &webhook_endpoint::Model, now: webhook_endpoint::Model) -> Result<()> {
    if now.disabled_at.is_some() && before.disabled_at.is_none() {
        let url = tx.services().vault().open(URL, &now.url).await?;
        let event = Event::WebhookDisabled {
            id: now.id,
            host: host(&url).into(),
            why: now.why.clone().unwrap_or_default().into(),
        };
        tx.record(now.business_id, &BY, event);
    }
    if now.failing_since.is_some() != before.failing_since.is_some() {
        tx.mark_changed(now.business_id, Changed::Notices);
    }
    let mut row = before.clone().into_active_model();
    row.failures = Set(now.failures);
    row.failing_since = Set(now.failing_since);
    row.rest_until = Set(now.rest_until);
    row.disabled_at = Set(now.disabled_at);
    row.why = Set(now.why);
    row.update(&tx.db).await?;
    Ok(())
}

fn later(now: DateTime<Utc>, pause: StdDuration) -> DateTime<Utc> {
    now + Duration::from_std(pause).unwrap_or_else(|_| Duration::days(1))
}

/// Takes back claims without an owner.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub async fn tick(s: &Services) -> Result<()> {
    abandoned(s, LEASE).await.map(drop)
}

/// After a start as the only process: whatever was being posted, nobody is at it any more.
///
/// # Errors
/// When the database does not answer.
pub async fn recover(s: &Services) -> Result<usize> {
    abandoned(s, Duration::zero()).await
}

pub(crate) fn in_flight(before: DateTime<Utc>) -> Select<webhook_delivery::Entity> {
    webhook_delivery::Entity::find()
        .filter(Expr::cust("\"status\" = 'sending'"))
        .filter(webhook_delivery::Column::ClaimedAt.lte(before))
        .order_by_asc(webhook_delivery::Column::ClaimedAt)
}

async fn abandoned(s: &Services, age: Duration) -> Result<usize> {
    let mut all = 0;
    loop {
        let lost = in_flight(s.now() - age).limit(BATCH);
        if lost.clone().one(s.read()).await?.is_none() {
            return Ok(all);
        }
        let tx = s.begin().await?;
        let rows = lost
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            .all(&tx.db)
            .await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        webhook_delivery::Entity::update_many()
            .col_expr(webhook_delivery::Column::Status, Expr::value(Status::Waiting.as_str()))
            .col_expr(webhook_delivery::Column::Claim, Expr::value(Option::<Uuid>::None))
            .col_expr(
                webhook_delivery::Column::Why,
                Expr::value("Showup was stopped while it posted this; it is posted again."),
            )
            .filter(webhook_delivery::Column::Id.is_in(ids))
            .exec(&tx.db)
            .await?;
        tx.commit().await?;
        if rows.is_empty() {
            return Ok(all);
        }
        all += rows.len();
    }
}

/// Forgets what is older than 30 days, whatever became of it, and all of endpoints that were removed.
///
/// # Errors
/// When the database does not answer; the next time goes on.
pub async fn prune(s: &Services) -> Result<()> {
    forget_removed(s).await?;
    for _ in 0..ROUNDS {
        let old: Vec<Uuid> = old(s.now())
            .select_only()
            .column(webhook_delivery::Column::Id)
            .limit(BATCH)
            .into_tuple()
            .all(s.read())
            .await?;
        if old.is_empty() {
            return Ok(());
        }
        webhook_delivery::Entity::delete_many()
            .filter(webhook_delivery::Column::Id.is_in(old))
            .exec(&s.db().write)
            .await?;
    }
    Ok(())
}

pub(crate) fn old(now: DateTime<Utc>) -> Select<webhook_delivery::Entity> {
    webhook_delivery::Entity::find().filter(webhook_delivery::Column::CreatedAt.lt(too_old(now)))
}

/// Deliveries first, some at a time: one statement for all would hold up everything that the business tells.
async fn forget_removed(s: &Services) -> Result<()> {
    let removed = webhook_endpoint::Entity::find()
        .filter(Expr::cust("\"removed_at\" IS NOT NULL"))
        .filter(webhook_endpoint::Column::RemovedAt.lte(s.now() - SEEN))
        .limit(BATCH)
        .all(s.read())
        .await?;
    for endpoint in removed {
        for _ in 0..ROUNDS {
            let some: Vec<Uuid> = webhook_delivery::Entity::find()
                .filter(webhook_delivery::Column::EndpointId.eq(endpoint.id))
                .select_only()
                .column(webhook_delivery::Column::Id)
                .limit(BATCH)
                .into_tuple()
                .all(s.read())
                .await?;
            if some.is_empty() {
                webhook_endpoint::Entity::delete_by_id(endpoint.id)
                    .exec(&s.db().write)
                    .await?;
                break;
            }
            webhook_delivery::Entity::delete_many()
                .filter(webhook_delivery::Column::Id.is_in(some))
                .exec(&s.db().write)
                .await?;
        }
    }
    Ok(())
}
