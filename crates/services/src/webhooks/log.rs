//! What an endpoint was told, what it answered, and telling it once more.

use chrono::{DateTime, Utc};
use contract::{
    Code, Page, Problem,
    webhooks::{ResendWebhooks, Resent, WebhookDeliveryDetail, WebhookDeliveryQuery, WebhookDeliveryView},
};
use domain::webhooks::{EventType, Status};
use entity::webhooks::webhook_delivery;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{ANSWER, BODY, find, locked};
use crate::kernel::{
    Actor, Permission, Result, Services, Tx,
    error::{field, not_found, problem},
    paging::{self, TimeCursor},
};

/// Told once more in one transaction, and at one request.
const CHUNK: u64 = 500;
const MOST: u32 = 5_000;

/// Deliveries of an endpoint, newest first.
///
/// # Errors
/// `NotAllowed`; `NotFound`; `Malformed` for a state that there is not.
pub async fn deliveries(
    s: &Services,
    actor: &Actor,
    endpoint_id: Uuid,
    query: WebhookDeliveryQuery,
) -> Result<Page<WebhookDeliveryView>> {
    actor.may(Permission::ReadWebhooks)?;
    let status = match query.status.as_deref().filter(|word| !word.is_empty()) {
        None => None,
        Some(word) => Some(
            word.parse::<Status>()
                .map_err(|_| Problem::parameter("status", "status is one of: waiting, sending, delivered, failed.".to_owned()))?,
        ),
    };
    let size = paging::size(query.limit)?;
    let before = TimeCursor::decode(query.cursor.as_deref())?;
    find(s.read(), actor.business_id, endpoint_id).await?;
    let rows = rows(actor.business_id, endpoint_id, status, before.as_ref())
        .limit(size + 1)
        .all(s.read())
        .await?;
    let page = paging::page_of(size, rows, |row| paging::Cursor(row.created_at, row.id));
    let mut data = Vec::with_capacity(page.data.len());
    for row in page.data {
        data.push(view(s, row).await?);
    }
    Ok(Page {
        data,
        next_cursor: page.next_cursor,
    })
}

/// A state is a literal, so that SQLite uses the index over such rows.
pub(crate) fn rows(
    business_id: Uuid,
    endpoint_id: Uuid,
    status: Option<Status>,
    before: Option<&TimeCursor>,
) -> Select<webhook_delivery::Entity> {
    let mut rows = webhook_delivery::Entity::narrowed(business_id)
        .filter(webhook_delivery::Column::EndpointId.eq(endpoint_id))
        .order_by_desc(webhook_delivery::Column::CreatedAt)
        .order_by_desc(webhook_delivery::Column::Id);
    if let Some(status) = status {
        rows = rows.filter(Expr::cust(format!("\"status\" = '{}'", status.as_str())));
    }
    if let Some(paging::Cursor(at, id)) = before {
        let (created, key) = (webhook_delivery::Column::CreatedAt, webhook_delivery::Column::Id);
        rows = rows.filter(paging::beyond(created, key, *at, *id, true));
    }
    rows
}

/// One delivery, with what is posted.
///
/// # Errors
/// `NotAllowed`, also for a key that may not read what it is about; `NotFound`.
pub async fn delivery(s: &Services, actor: &Actor, id: Uuid) -> Result<WebhookDeliveryDetail> {
    actor.may(Permission::ReadWebhooks)?;
    let row = one(s.read(), actor.business_id, id).await?;
    find(s.read(), actor.business_id, row.endpoint_id).await?;
    may_hear(actor, &row)?;
    let body = s.vault().open(BODY, &row.body).await?;
    Ok(WebhookDeliveryDetail {
        delivery: view(s, row).await?,
        body,
    })
}

/// What somebody may not read they neither see here nor have posted once more: the endpoint may be told less by now than it was.
fn may_hear(actor: &Actor, row: &webhook_delivery::Model) -> Result<()> {
    match row.event.parse::<EventType>() {
        Ok(event) => super::may_hear(actor, event, true),
        Err(_) => Ok(()),
    }
}

/// Tells it once more, whatever came of it before; a receiver knows it by its id.
///
/// # Errors
/// `NotAllowed`, also for a key that may not read what it is about; `NotFound`; `Conflict` while it is being sent.
pub async fn resend(s: &Services, actor: &Actor, id: Uuid) -> Result<WebhookDeliveryView> {
    actor.may(Permission::WriteWebhooks)?;
    let tx = s.begin().await?;
    let row = webhook_delivery::Entity::these(actor.business_id, [id])
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let row = row.ok_or_else(|| not_found("delivery"))?;
    find(&tx.db, actor.business_id, row.endpoint_id).await?;
    may_hear(actor, &row)?;
    if row.status == Status::Sending.as_str() {
        return Err(problem(Code::Conflict, "It is being sent at this moment."));
    }
    wait_again(&tx, &[id]).await?;
    let row = one(&tx.db, actor.business_id, id).await?;
    tx.commit().await?;
    view(s, row).await
}

/// Tells an endpoint once more what happened within a time, oldest first; at most 5,000 at once, and of what the actor may read.
///
/// # Errors
/// `NotAllowed`; `NotFound`; `Invalid` for a time that ends before it begins.
pub async fn resend_since(s: &Services, actor: &Actor, endpoint_id: Uuid, cmd: ResendWebhooks) -> Result<Resent> {
    actor.may(Permission::WriteWebhooks)?;
    let until = cmd.until.unwrap_or_else(|| s.now());
    if until < cmd.since {
        return Err(field("until", "This is before its beginning."));
    }
    let mut states = vec![Status::Failed];
    if cmd.delivered {
        states.push(Status::Delivered);
    }
    let mut resent = 0;
    for status in states {
        let mut from = (cmd.since, Uuid::nil());
        while resent < MOST {
            let tx = s.begin().await?;
            locked(&tx, actor.business_id, endpoint_id).await?;
            let some = within(endpoint_id, status, from, until).limit(CHUNK).all(&tx.db).await?;
            let Some(last) = some.last() else { break };
            from = (last.created_at, last.id);
            let ids: Vec<Uuid> = some
                .iter()
                .filter(|row| may_hear(actor, row).is_ok())
                .map(|row| row.id)
                .collect();
            wait_again(&tx, &ids).await?;
            tx.commit().await?;
            resent += u32::try_from(ids.len()).unwrap_or_default();
        }
    }
    Ok(Resent {
        resent,
        more: resent >= MOST,
    })
}

/// Deliveries that ended so, the oldest first, after `from` (which is the last that was seen).
pub(crate) fn within(
    endpoint_id: Uuid,
    status: Status,
    from: (DateTime<Utc>, Uuid),
    until: DateTime<Utc>,
) -> Select<webhook_delivery::Entity> {
    let (created, key) = (webhook_delivery::Column::CreatedAt, webhook_delivery::Column::Id);
    webhook_delivery::Entity::find()
        .filter(webhook_delivery::Column::EndpointId.eq(endpoint_id))
        .filter(Expr::cust(format!("\"status\" = '{}'", status.as_str())))
        .filter(paging::beyond(created, key, from.0, from.1, false))
        .filter(created.lte(until))
        .order_by_asc(created)
        .order_by_asc(key)
}

/// As if new, but for the log of what came of it before.
async fn wait_again(tx: &Tx, ids: &[Uuid]) -> Result<()> {
    webhook_delivery::Entity::update_many()
        .col_expr(webhook_delivery::Column::Status, Expr::value(Status::Waiting.as_str()))
        .col_expr(webhook_delivery::Column::Tries, Expr::value(0))
        .col_expr(webhook_delivery::Column::NextAt, Expr::value(tx.now))
        .col_expr(webhook_delivery::Column::DoneAt, Expr::value(Option::<DateTime<Utc>>::None))
        .filter(webhook_delivery::Column::Id.is_in(ids.iter().copied()))
        .filter(webhook_delivery::Column::Status.ne(Status::Sending.as_str()))
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn one(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<webhook_delivery::Model> {
    let row = webhook_delivery::Entity::these(business_id, [id]).one(db).await?;
    row.ok_or_else(|| not_found("delivery"))
}

pub(super) async fn view(s: &Services, row: webhook_delivery::Model) -> Result<WebhookDeliveryView> {
    let status = super::status(&row)?;
    let answer_body = match &row.answer_body {
        Some(body) => Some(s.vault().open(ANSWER, body).await?),
        None => None,
    };
    Ok(WebhookDeliveryView {
        id: row.id,
        endpoint_id: row.endpoint_id,
        event: row.event,
        about: row.about,
        status: status.as_str().to_owned(),
        attempts: u32::try_from(row.attempts).unwrap_or_default(),
        answer_status: row.answer_status.and_then(|code| u16::try_from(code).ok()),
        answer_body,
        took_ms: row.took_ms.and_then(|took| u32::try_from(took).ok()),
        why: row.why,
        next_at: row
            .next_at
            .map(|at| at.max(row.created_at))
            .filter(|_| status == Status::Waiting),
        created_at: row.created_at,
        done_at: row.done_at,
    })
}
