//! WEBHOOKS: programs of others are told what happens, by Standard Webhooks. What is told is a row in the transaction in which it has
//! happened (law 1), posted outside any, and what came of it is written down. Unlike a text it may be posted twice: it keeps its
//! `webhook-id`, by which a receiver knows it. What is about one thing arrives in order. Each endpoint has a queue of its own, so that one
//! that is slow or dead keeps nobody waiting but itself.

mod calling;
mod collect;
mod delivering;
mod log;
mod payload;
mod signing;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    webhooks::{AddWebhookEndpoint, EditWebhookEndpoint, WebhookDeliveryView, WebhookEndpointView, WebhookSecret},
};
use domain::webhooks::{Choice, EventType, Status};
use entity::webhooks::{webhook_delivery, webhook_endpoint};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use crate::kernel::{
    Actor, Error, Event, Permission, Result, Services, Tx,
    error::{field, not_found, problem},
};

pub(crate) use calling::Caller;
pub(crate) use collect::collect;
pub use delivering::{deliver_due, prune, recover, run, tick};
pub use log::{deliveries, delivery, resend, resend_since};

/// The sealed columns, as `vault::SEALED` calls them.
const URL: &str = "webhook_endpoint.url";
const SECRET: &str = "webhook_endpoint.secret";
const PREVIOUS_SECRET: &str = "webhook_endpoint.previous_secret";
const BODY: &str = "webhook_delivery.body";
const ANSWER: &str = "webhook_delivery.answer_body";

/// Most endpoints of one business.
const MOST: u64 = 20;
/// So long is signed with the secret before, too.
const BOTH_SECRETS: Duration = Duration::hours(24);
/// The type of what is told to try an endpoint.
pub const TEST: &str = "webhook.test";

/// The endpoints of the actor's business, the oldest first.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<WebhookEndpointView>> {
    actor.may(Permission::ReadWebhooks)?;
    let rows = all(actor.business_id)
        .order_by_asc(webhook_endpoint::Column::CreatedAt)
        .order_by_asc(webhook_endpoint::Column::Id)
        .limit(MOST)
        .all(s.read())
        .await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        shown.push(view(s, row).await?);
    }
    Ok(shown)
}

/// One endpoint.
///
/// # Errors
/// `NotAllowed`; `NotFound`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<WebhookEndpointView> {
    actor.may(Permission::ReadWebhooks)?;
    view(s, find(s.read(), actor.business_id, id).await?).await
}

/// Tells a program from now on, and returns the secret that its receiver checks signatures with.
///
/// # Errors
/// `NotAllowed`, also for a key that may not read what it would be told of; `Invalid` per field, for an address in a private network among
/// others; `Conflict` when there are 20 already.
pub async fn add(s: &Services, actor: &Actor, cmd: AddWebhookEndpoint) -> Result<WebhookSecret> {
    actor.may(Permission::WriteWebhooks)?;
    let url = address(s, &cmd.url)?;
    let choice = chosen(&cmd.events)?;
    allowed(actor, &choice, cmd.full)?;
    let mut tx = s.begin().await?;
    if all(actor.business_id).count(&tx.db).await? >= MOST {
        let why = format!("A business has at most {MOST} webhooks. Please remove one that nothing uses any more.");
        return Err(problem(Code::Conflict, why));
    }
    let secret = signing::new_secret();
    let row = webhook_endpoint::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        url: Set(s.vault().seal(URL, url.as_str())),
        events: Set(choice.stored()),
        is_full: Set(cmd.full),
        secret: Set(s.vault().seal(SECRET, secret.expose_secret())),
        failures: Set(0),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    let row = row.insert(&tx.db).await?;
    let is = facts(s, &row).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::WebhookAdded(row.id),
        None::<()>,
        Some(is),
    );
    tx.commit().await?;
    Ok(WebhookSecret {
        id: row.id,
        secret: secret.expose_secret().to_owned(),
        previous_secret_until: None,
    })
}

/// Changes what is given. Switched on again, it is told what has happened meanwhile.
///
/// # Errors
/// As `add`; `NotFound`.
pub async fn edit(s: &Services, actor: &Actor, id: Uuid, cmd: EditWebhookEndpoint) -> Result<WebhookEndpointView> {
    actor.may(Permission::WriteWebhooks)?;
    let url = cmd.url.as_deref().map(|url| address(s, url)).transpose()?;
    let events = cmd.events.as_deref().map(chosen).transpose()?;
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, id).await?;
    // Who may not read what it is told of can't send that elsewhere either.
    allowed(actor, &choice(&row)?, row.is_full)?;
    allowed(
        actor,
        events.as_ref().unwrap_or(&choice(&row)?),
        cmd.full.unwrap_or(row.is_full),
    )?;
    if url.is_some() {
        may_hear_what_waits(&tx, actor, id).await?;
    }
    let (was, was_off) = (facts(s, &row).await?, row.disabled_at.is_some());
    let moves = url.is_some();
    let mut new = row.into_active_model();
    if let Some(url) = url {
        new.url = Set(s.vault().seal(URL, url.as_str()));
        // What went wrong elsewhere does not count here.
        (new.failures, new.failing_since, new.rest_until) = (Set(0), Set(None), Set(None));
    }
    if let Some(events) = events {
        new.events = Set(events.stored());
    }
    if let Some(full) = cmd.full {
        new.is_full = Set(full);
    }
    match cmd.disabled {
        Some(true) if !was_off => {
            new.disabled_at = Set(Some(tx.now));
            new.why = Set(Some(format!("{} switched it off.", actor.author())));
            new.failing_since = Set(None);
        }
        Some(false) if was_off => {
            (new.disabled_at, new.why) = (Set(None), Set(None));
            (new.failures, new.failing_since, new.rest_until) = (Set(0), Set(None), Set(None));
        }
        _ => {}
    }
    new.updated_at = Set(tx.now);
    let row = new.update(&tx.db).await?;
    let is = facts(s, &row).await?;
    if moves || is != was {
        tx.record_change(actor.business_id, &actor.who, Event::WebhookChanged(id), Some(was), Some(is));
    }
    tx.commit().await?;
    view(s, row).await
}

/// Tells it nothing any more; what it was told is forgotten with it.
///
/// # Errors
/// `NotAllowed`; `NotFound`.
pub async fn remove(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    actor.may(Permission::WriteWebhooks)?;
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, id).await?;
    let was = facts(s, &row).await?;
    let removed_at = Some(tx.now);
    let mut row = row.into_active_model();
    // It is gone for everybody from now on; its rows go one by one (`prune`).
    (row.removed_at, row.disabled_at) = (Set(removed_at), Set(removed_at));
    row.update(&tx.db).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::WebhookRemoved(id),
        Some(was),
        None::<()>,
    );
    tx.commit().await
}

/// A new secret. For a day is signed with the one before, too, so that its receiver can change in peace.
///
/// # Errors
/// `NotAllowed`; `NotFound`.
pub async fn rotate_secret(s: &Services, actor: &Actor, id: Uuid) -> Result<WebhookSecret> {
    actor.may(Permission::WriteWebhooks)?;
    let mut tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, id).await?;
    allowed(actor, &choice(&row)?, row.is_full)?;
    let before = s.vault().open(SECRET, &row.secret).await?;
    let secret = signing::new_secret();
    let until = tx.now + BOTH_SECRETS;
    let mut row = row.into_active_model();
    row.previous_secret = Set(Some(s.vault().seal(PREVIOUS_SECRET, &before)));
    row.previous_until = Set(Some(until));
    row.secret = Set(s.vault().seal(SECRET, secret.expose_secret()));
    row.updated_at = Set(tx.now);
    row.update(&tx.db).await?;
    tx.record(actor.business_id, &actor.who, Event::WebhookSecretRotated(id));
    tx.commit().await?;
    Ok(WebhookSecret {
        id,
        secret: secret.expose_secret().to_owned(),
        previous_secret_until: Some(until),
    })
}

/// Shows the secret once more; the audit trail says to whom.
///
/// # Errors
/// `NotAllowed`; `NotFound`.
pub async fn secret(s: &Services, actor: &Actor, id: Uuid) -> Result<WebhookSecret> {
    actor.may(Permission::WriteWebhooks)?;
    let mut tx = s.begin().await?;
    let row = find(&tx.db, actor.business_id, id).await?;
    allowed(actor, &choice(&row)?, row.is_full)?;
    let secret = s.vault().open(SECRET, &row.secret).await?;
    tx.record(actor.business_id, &actor.who, Event::WebhookSecretShown(id));
    tx.commit().await?;
    Ok(WebhookSecret {
        id,
        secret,
        previous_secret_until: row.previous_until.filter(|until| *until > s.now()),
    })
}

/// Tells it something that has not happened, to see whether it arrives.
///
/// # Errors
/// `NotAllowed`; `NotFound`; `Conflict` for one that is switched off.
pub async fn test(s: &Services, actor: &Actor, id: Uuid) -> Result<WebhookDeliveryView> {
    actor.may(Permission::WriteWebhooks)?;
    let tx = s.begin().await?;
    let endpoint = locked(&tx, actor.business_id, id).await?;
    if endpoint.disabled_at.is_some() {
        return Err(problem(
            Code::Conflict,
            "This webhook is switched off. Please switch it on first.",
        ));
    }
    let mut data = Map::new();
    data.insert("endpoint_id".to_owned(), json!(id));
    data.insert("message".to_owned(), json!("This is a test. Nothing has happened."));
    let body = payload::body(TEST, tx.now, &data);
    let mut row = collect::row(&tx, &endpoint, TEST, None, &body);
    // Before everything that waits, however long: somebody sits there to see it.
    row.next_at = Set(Some(too_old(tx.now)));
    let row = row.insert(&tx.db).await?;
    let mut endpoint = endpoint.into_active_model();
    endpoint.rest_until = Set(None);
    endpoint.update(&tx.db).await?;
    tx.commit().await?;
    log::view(s, row).await
}

/// Endpoints of a business that were switched off because nothing arrived, with why.
pub(crate) async fn switched_off(s: &Services, db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<(String, String)>> {
    let rows = all(business_id)
        .filter(webhook_endpoint::Column::DisabledAt.is_not_null())
        .filter(webhook_endpoint::Column::FailingSince.is_not_null())
        .limit(3)
        .all(db)
        .await?;
    let mut off = Vec::with_capacity(rows.len());
    for row in rows {
        let host = host(&s.vault().open(URL, &row.url).await?);
        off.push((host, row.why.unwrap_or_default()));
    }
    Ok(off)
}

fn address(s: &Services, typed: &str) -> Result<Url> {
    s.of::<Caller>().address(typed).map_err(|why| field("url", why))
}

fn chosen(events: &[String]) -> Result<Choice> {
    Choice::of(events.iter().map(String::as_str)).map_err(|why| field("events", why))
}

/// What somebody may not read, nobody is told at their wish.
fn allowed(actor: &Actor, choice: &Choice, full: bool) -> Result<()> {
    choice.types().iter().try_for_each(|one| may_hear(actor, *one, full))
}

fn may_hear(actor: &Actor, event: EventType, full: bool) -> Result<()> {
    actor.may(event.needs())?;
    if full { actor.may(event.shows()) } else { Ok(()) }
}

/// What waits to be posted was chosen before: who has it go elsewhere must be allowed to read that, too.
async fn may_hear_what_waits(tx: &Tx, actor: &Actor, endpoint_id: Uuid) -> Result<()> {
    let waiting: Vec<String> = webhook_delivery::Entity::find()
        .filter(webhook_delivery::Column::EndpointId.eq(endpoint_id))
        .filter(Expr::cust("\"status\" = 'waiting'"))
        .select_only()
        .column(webhook_delivery::Column::Event)
        .distinct()
        .into_tuple()
        .all(&tx.db)
        .await?;
    let known = waiting.iter().filter_map(|event| event.parse().ok());
    known.into_iter().try_for_each(|event| may_hear(actor, event, true))
}

/// Those that were not removed.
fn all(business_id: Uuid) -> Select<webhook_endpoint::Entity> {
    webhook_endpoint::Entity::in_business(business_id).filter(webhook_endpoint::Column::RemovedAt.is_null())
}

/// # Errors
/// When a row holds a type that this version does not know: better nothing than half of it.
fn choice(row: &webhook_endpoint::Model) -> Result<Choice> {
    Choice::of(row.events.split(' ')).map_err(|why| Error::broken(format!("webhook {}: {why}", row.id)))
}

async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<webhook_endpoint::Model> {
    let row = all(business_id).filter(webhook_endpoint::Column::Id.eq(id)).one(db).await?;
    row.ok_or_else(|| not_found("webhook"))
}

async fn locked(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<webhook_endpoint::Model> {
    let row = all(business_id)
        .filter(webhook_endpoint::Column::Id.eq(id))
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    row.ok_or_else(|| not_found("webhook"))
}

/// What the audit trail keeps of it: never a secret, nor an address whole, which may hold one.
async fn facts(s: &Services, row: &webhook_endpoint::Model) -> Result<Value> {
    let url = s.vault().open(URL, &row.url).await?;
    Ok(json!({
        "host": host(&url),
        "events": row.events,
        "full": row.is_full,
        "disabled": row.disabled_at.is_some(),
    }))
}

fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

async fn view(s: &Services, row: webhook_endpoint::Model) -> Result<WebhookEndpointView> {
    let url = s.vault().open(URL, &row.url).await?;
    let events = choice(&row)?.words().into_iter().map(str::to_owned).collect();
    Ok(WebhookEndpointView {
        id: row.id,
        url,
        events,
        full: row.is_full,
        disabled: row.disabled_at.is_some(),
        why: row.why,
        disabled_at: row.disabled_at,
        failing_since: row.failing_since,
        previous_secret_until: row.previous_until.filter(|until| *until > s.now()),
        created_at: row.created_at,
    })
}

/// How a delivery stands.
///
/// # Errors
/// When a row holds a word that this version does not know.
fn status(row: &webhook_delivery::Model) -> Result<Status> {
    row.status
        .parse()
        .map_err(|_| Error::broken(format!("delivery {}: {} is no state of one", row.id, row.status)))
}

/// Kept so long, whatever became of it.
fn too_old(now: DateTime<Utc>) -> DateTime<Utc> {
    now - Duration::days(30)
}
