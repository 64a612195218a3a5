//! Notes to devices at work: each is a row before anything is sent, claimed in a transaction, called for outside any, and what became of it
//! is written down. Unlike a text it may be handed over twice: a device shows one note of a tag.

use chrono::{DateTime, Duration, Utc};
use contract::notifications::{Kind, PushPayload};
use domain::delivery::Status;
use entity::notifications::{notification, push, push_device};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockBehavior, LockType, OnConflict},
};
use uuid::Uuid;

use super::{
    devices::{self, AUTH, ENDPOINT},
    digest, words,
};
use crate::{
    accounts,
    channels::push::{Answer, Device, Keys, Push, TIMEOUT},
    conversations,
    kernel::{Error, Result, Services, Tx, tx::Changed},
};

/// Handed over at once.
const AT_ONCE: u64 = 16;

/// Notifications that become notes in one go.
const BATCH: u64 = 100;

/// What no device has shown by then is told by mail.
const MISSED: Duration = Duration::minutes(10);

/// A claim older than this belongs to a process that is gone.
const LEASE: Duration = Duration::seconds(TIMEOUT.as_secs() as i64 + 30);

/// Pauses before the next tries, in seconds; after them it is no news any more.
const PAUSES: [i64; 5] = [30, 120, 600, 1_200, 1_800];

const KEPT: Duration = Duration::days(7);

/// A note that is ours to hand over.
struct Claimed {
    row: push::Model,
    endpoint: String,
    p256dh: String,
    auth: String,
    note: Vec<u8>,
    topic: String,
}

/// Hands over some of what is due; how many were seen to. None: nothing is due.
///
/// # Errors
/// When the database does not answer.
pub async fn push_some(s: &Services) -> Result<usize> {
    let spread = spread(s).await?;
    if !due(s).await? {
        return Ok(spread);
    }
    let keys = devices::keys(s).await?;
    let (seen, go) = claim(s).await?;
    futures::future::join_all(go.into_iter().map(|one| send(s, &keys, one))).await;
    Ok(spread + seen)
}

/// Whether a note waits whose time has come.
///
/// # Errors
/// When the database does not answer.
pub async fn due(s: &Services) -> Result<bool> {
    let waiting = in_state(Status::Queued, push::Column::NotBefore, s.now());
    Ok(waiting.limit(1).one(s.read()).await?.is_some())
}

/// The state is a literal, so that SQLite uses the index over these rows alone.
pub(crate) fn in_state(status: Status, due: push::Column, before: DateTime<Utc>) -> Select<push::Entity> {
    push::Entity::find()
        .filter(Expr::cust(format!("\"status\" = '{}'", status.as_str())))
        .filter(due.lte(before))
        .order_by_asc(due)
}

/// Notifications whose time to go to devices has come.
pub(crate) fn to_spread(now: DateTime<Utc>) -> Select<notification::Entity> {
    notification::Entity::find()
        .filter(Expr::cust("\"push_at\" IS NOT NULL"))
        .filter(notification::Column::PushAt.lte(now))
        .order_by_asc(notification::Column::PushAt)
        .limit(BATCH)
}

/// What is still unread becomes a note to each of the person's devices.
async fn spread(s: &Services) -> Result<usize> {
    if to_spread(s.now()).limit(1).one(s.read()).await?.is_none() {
        return Ok(0);
    }
    let tx = s.begin().await?;
    let rows = to_spread(tx.now)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&tx.db)
        .await?;
    let (mut notes, mut fallback) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.read_at.is_none()) {
        let before = notes.len();
        for device in devices::working(row.business_id, row.account_id).all(&tx.db).await? {
            notes.push(devices::note(&device, Some(row.id), tx.now));
        }
        if row.if_missed && notes.len() > before {
            fallback.push(row.id);
        }
    }
    let once = OnConflict::columns([push::Column::DeviceId, push::Column::NotificationId])
        .do_nothing()
        .to_owned();
    for some in notes.chunks(500) {
        push::Entity::insert_many(some.to_vec())
            .on_conflict(once.clone())
            .exec_without_returning(&tx.db)
            .await?;
    }
    let none: Option<DateTime<Utc>> = None;
    notification::Entity::update_many()
        .col_expr(notification::Column::PushAt, Expr::value(none))
        .filter(notification::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(&tx.db)
        .await?;
    if !fallback.is_empty() {
        notification::Entity::update_many()
            .col_expr(notification::Column::MailAt, Expr::value(tx.now + MISSED))
            .filter(notification::Column::Id.is_in(fallback))
            .exec(&tx.db)
            .await?;
    }
    tx.commit().await?;
    Ok(rows.len())
}

async fn claim(s: &Services) -> Result<(usize, Vec<Claimed>)> {
    let tx = s.begin().await?;
    let rows = in_state(Status::Queued, push::Column::NotBefore, tx.now)
        .limit(AT_ONCE)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&tx.db)
        .await?;
    let (seen, mut go) = (rows.len(), Vec::new());
    for row in rows {
        let prepared = match prepared(&tx, &row).await {
            Ok(prepared) => prepared,
            Err(cause) => {
                tracing::error!(push = %row.id, %cause, "a note that waits can't be read");
                settle(&tx, row, Status::Failed, Some("It could not be read.".to_owned())).await?;
                continue;
            }
        };
        let Some((device, payload)) = prepared else {
            settle(&tx, row, Status::Cancelled, Some("It is no news any more.".to_owned())).await?;
            continue;
        };
        let topic = topic(&payload.tag);
        let note = serde_json::to_vec(&payload).map_err(|e| Error::broken(e.to_string()))?;
        let row = begin(&tx, row).await?;
        let (endpoint, auth) = device.1;
        go.push(Claimed {
            row,
            endpoint,
            p256dh: device.0.p256dh,
            auth,
            note,
            topic,
        });
    }
    tx.commit().await?;
    Ok((seen, go))
}

type Opened = (push_device::Model, (String, String));

/// Asked at the last moment (law 3): to whom it goes and what it says; none if it is not wanted any more.
async fn prepared(tx: &Tx, row: &push::Model) -> Result<Option<(Opened, PushPayload)>> {
    let s = tx.services();
    let device = push_device::Entity::in_business(row.business_id)
        .filter(push_device::Column::Id.eq(row.device_id))
        .filter(push_device::Column::AccountId.eq(row.account_id))
        .filter(push_device::Column::GoneAt.is_null())
        .one(&tx.db)
        .await?;
    let Some(device) = device else { return Ok(None) };
    if !accounts::is_member(&tx.db, row.business_id, row.account_id).await? {
        return Ok(None);
    }
    let payload = match row.notification_id {
        None => Some(test()),
        Some(id) => news(tx, row, id).await?,
    };
    let Some(payload) = payload else { return Ok(None) };
    let endpoint = s.vault().open(ENDPOINT, &device.endpoint).await?;
    let auth = s.vault().open(AUTH, &device.auth).await?;
    Ok(Some(((device, (endpoint, auth)), payload)))
}

fn test() -> PushPayload {
    PushPayload {
        title: "This is your test".to_owned(),
        body: "Notifications work on this device.".to_owned(),
        url: "/notifications".to_owned(),
        tag: "test".to_owned(),
        badge: 0,
        id: None,
    }
}

/// What a note says: who, never what they wrote, for it stands on a screen that others may see.
async fn news(tx: &Tx, row: &push::Model, id: Uuid) -> Result<Option<PushPayload>> {
    let found = notification::Entity::in_business(row.business_id)
        .filter(notification::Column::Id.eq(id))
        .filter(notification::Column::ReadAt.is_null())
        .one(&tx.db)
        .await?;
    let Some(found) = found else { return Ok(None) };
    let tag = found.conversation_id.unwrap_or(found.id).to_string();
    let views = words::views(tx.services(), &tx.db, row.business_id, vec![found]).await?;
    let badge = conversations::views::waiting_count(tx.services(), row.business_id).await?;
    Ok(views.into_iter().next().map(|view| PushPayload {
        title: view.title.chars().take(200).collect(),
        body: match view.kind {
            Kind::Mine | Kind::Unassigned | Kind::Others => "Open the conversation to read it.".to_owned(),
            _ => String::new(),
        },
        url: view.href,
        tag,
        badge,
        id: Some(view.id),
    }))
}

/// At most 32 characters of base64url.
fn topic(tag: &str) -> String {
    tag.chars().filter(char::is_ascii_alphanumeric).take(32).collect()
}

async fn begin(tx: &Tx, row: push::Model) -> Result<push::Model> {
    let attempts = row.attempts + 1;
    let mut row = row.into_active_model();
    row.status = Set(Status::Sending.as_str().to_owned());
    row.attempts = Set(attempts);
    row.claimed_at = Set(Some(tx.now));
    row.changed_at = Set(tx.now);
    Ok(row.update(&tx.db).await?)
}

async fn send(s: &Services, keys: &Keys, claimed: Claimed) {
    let device = Device {
        endpoint: &claimed.endpoint,
        p256dh: &claimed.p256dh,
        auth: &claimed.auth,
    };
    let answer = s
        .of::<Push>()
        .send(keys, &device, &claimed.note, &claimed.topic, s.now())
        .await;
    if let Err(cause) = record(s, &claimed.row, answer).await {
        // After its lease it is tried again, which is harmless.
        tracing::error!(push = %claimed.row.id, %cause, "what became of a note could not be written down");
    }
}

async fn record(s: &Services, claimed: &push::Model, answer: Answer) -> Result<()> {
    let mut tx = s.begin().await?;
    let found = push::Entity::find_by_id(claimed.id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let ours = |row: &push::Model| row.attempts == claimed.attempts && row.status == Status::Sending.as_str();
    let Some(row) = found.filter(ours) else { return Ok(()) };
    let business_id = row.business_id;
    device_stands(&tx, &row, &answer).await?;
    match answer {
        Answer::Taken => settle(&tx, row, Status::Accepted, None).await?,
        Answer::Gone => {
            let why = "The browser no longer takes notifications.";
            settle(&tx, row, Status::Failed, Some(why.to_owned())).await?;
        }
        Answer::Refused(why) => settle(&tx, row, Status::Failed, Some(why)).await?,
        Answer::Later { why, after } => {
            let pause = usize::try_from(row.attempts - 1).ok().and_then(|n| PAUSES.get(n));
            let Some(pause) = pause else {
                settle(&tx, row, Status::Failed, Some(format!("Given up after an hour. {why}"))).await?;
                return tx.commit().await;
            };
            let asked = after.map_or(0, |after| after.as_secs() as i64);
            let mut row = row;
            row.not_before = tx.now + Duration::seconds((*pause).max(asked));
            settle(&tx, row, Status::Queued, Some(why)).await?;
        }
    }
    tx.mark_changed(business_id, Changed::Notices);
    tx.commit().await
}

/// What its push service says of a device stands with it. One that is gone is never called again, and says so.
async fn device_stands(tx: &Tx, row: &push::Model, answer: &Answer) -> Result<()> {
    let device = push_device::Entity::in_business(row.business_id)
        .filter(push_device::Column::Id.eq(row.device_id))
        .one(&tx.db)
        .await?;
    let Some(device) = device else { return Ok(()) };
    let mut device = device.into_active_model();
    match answer {
        Answer::Taken => {
            device.succeeded_at = Set(Some(tx.now));
            (device.failed_at, device.why) = (Set(None), Set(None));
        }
        Answer::Gone => device.gone_at = Set(Some(tx.now)),
        Answer::Refused(why) | Answer::Later { why, .. } => {
            (device.failed_at, device.why) = (Set(Some(tx.now)), Set(Some(why.clone())));
        }
    }
    device.update(&tx.db).await?;
    Ok(())
}

async fn settle(tx: &Tx, row: push::Model, status: Status, why: Option<String>) -> Result<()> {
    metrics::counter!("showup_pushes_total", "to" => status.as_str()).increment(1);
    let not_before = row.not_before;
    let mut row = row.into_active_model();
    row.status = Set(status.as_str().to_owned());
    row.not_before = Set(not_before);
    row.why = Set(why);
    row.changed_at = Set(tx.now);
    row.update(&tx.db).await?;
    Ok(())
}

/// Takes back claims without an owner, and writes digests whose time has come.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub async fn tick(s: &Services) -> Result<()> {
    abandoned(s, LEASE).await?;
    digest::write_due(s).await
}

/// After a start as the only process: whatever was being handed over, nobody is at it any more.
///
/// # Errors
/// When the database does not answer.
pub async fn recover(s: &Services) -> Result<usize> {
    abandoned(s, Duration::zero()).await
}

async fn abandoned(s: &Services, age: Duration) -> Result<usize> {
    let lost = in_state(Status::Sending, push::Column::ClaimedAt, s.now() - age).limit(BATCH);
    if lost.clone().one(s.read()).await?.is_none() {
        return Ok(0);
    }
    let tx = s.begin().await?;
    let rows = lost
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&tx.db)
        .await?;
    let found = rows.len();
    for row in rows {
        let why = "Showup was stopped while it handed this over.";
        settle(&tx, row, Status::Queued, Some(why.to_owned())).await?;
    }
    tx.commit().await?;
    Ok(found)
}

pub(super) async fn prune(s: &Services) -> Result<()> {
    push::Entity::delete_many()
        .filter(push::Column::CreatedAt.lt(s.now() - KEPT))
        .exec(&s.db().write)
        .await?;
    Ok(())
}
