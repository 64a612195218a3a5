//! How much waits and for how long, for operators' gauges.

use chrono::{DateTime, Utc};
use domain::delivery::Status;
use entity::{
    messages::{message, receipt},
    reminders::reminder_request,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select, sea_query::Expr};

use crate::{
    channels::breakers,
    kernel::{Result, Services},
};

/// What waits, for operators: name of the queue, rows, and for how many seconds the first has been due.
pub struct Backlog {
    pub queues: Vec<(&'static str, i64, f64)>,
    pub breakers_open: i64,
}

/// Counts what waits; the cost is that of what waits, not of history.
///
/// # Errors
/// When the database does not answer.
pub async fn backlog(s: &Services) -> Result<Backlog> {
    let texts = |status: Status| message::Entity::find().filter(Expr::cust(format!("\"status\" = '{}'", status.as_str())));
    let receipts = receipt::Entity::find().filter(receipt::Column::ProcessedAt.is_null());
    let reminders = reminder_request::Entity::find()
        .filter(Expr::cust("\"status\" = 'planned'"))
        .filter(reminder_request::Column::DueAt.lte(s.now()));
    let retries = message::Entity::find().filter(message::Column::RetryAt.lte(s.now()));
    let queues = vec![
        waiting(s, "outbox", texts(Status::Queued), message::Column::NotBefore).await?,
        waiting(s, "in_flight", texts(Status::Sending), message::Column::ClaimedAt).await?,
        waiting(s, "unclear", texts(Status::Unknown), message::Column::NotBefore).await?,
        waiting(s, "receipts", receipts, receipt::Column::ReceivedAt).await?,
        waiting(s, "reminders", reminders, reminder_request::Column::DueAt).await?,
        waiting(s, "retries", retries, message::Column::RetryAt).await?,
    ];
    let breakers_open = breakers::open_count(s.read()).await?;
    Ok(Backlog { queues, breakers_open })
}

/// One queue: its rows, and how long the first of them has been due since `since`.
async fn waiting<E: EntityTrait>(
    s: &Services,
    name: &'static str,
    rows: Select<E>,
    since: impl ColumnTrait,
) -> Result<(&'static str, i64, f64)> {
    let (depth, oldest): (i64, Option<DateTime<Utc>>) = rows
        .select_only()
        .column_as(Expr::cust("COUNT(*)"), "depth")
        .column_as(since.min(), "oldest")
        .into_tuple()
        .one(s.read())
        .await?
        .unwrap_or_default();
    Ok((name, depth, late(s, oldest)))
}

fn late(s: &Services, since: Option<DateTime<Utc>>) -> f64 {
    since.map_or(0.0, |at| ((s.now() - at).num_milliseconds().max(0) as f64) / 1000.0)
}
