//! How much waits and for how long, for operators' gauges.

use chrono::{DateTime, Utc};
use domain::delivery::Status;
use entity::{
    messages::{message, receipt},
    reminders::reminder_request,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};

use super::breaker;
use crate::{Result, Services};

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
    let mut queues = Vec::new();
    for (name, status, column) in [
        ("outbox", Status::Queued, message::Column::NotBefore),
        ("in_flight", Status::Sending, message::Column::ClaimedAt),
        ("unclear", Status::Unknown, message::Column::NotBefore),
    ] {
        let (depth, oldest): (i64, Option<DateTime<Utc>>) = message::Entity::find()
            .filter(Expr::cust(format!("\"status\" = '{}'", status.as_str())))
            .select_only()
            .column_as(message::Column::Id.count(), "depth")
            .column_as(column.min(), "oldest")
            .into_tuple()
            .one(s.read())
            .await?
            .unwrap_or_default();
        queues.push((name, depth, late(s, oldest)));
    }
    let (depth, oldest): (i64, Option<DateTime<Utc>>) = receipt::Entity::find()
        .filter(receipt::Column::ProcessedAt.is_null())
        .select_only()
        .column_as(receipt::Column::ProviderSid.count(), "depth")
        .column_as(receipt::Column::ReceivedAt.min(), "oldest")
        .into_tuple()
        .one(s.read())
        .await?
        .unwrap_or_default();
    queues.push(("receipts", depth, late(s, oldest)));
    let (depth, oldest) = due_reminders(s).await?;
    queues.push(("reminders", depth, late(s, oldest)));
    let (depth, oldest): (i64, Option<DateTime<Utc>>) = message::Entity::find()
        .filter(message::Column::ResendAt.lte(s.now()))
        .select_only()
        .column_as(message::Column::Id.count(), "depth")
        .column_as(message::Column::ResendAt.min(), "oldest")
        .into_tuple()
        .one(s.read())
        .await?
        .unwrap_or_default();
    queues.push(("resends", depth, late(s, oldest)));
    let breakers_open = breaker::open_count(s.read()).await?;
    Ok(Backlog { queues, breakers_open })
}

async fn due_reminders(s: &Services) -> Result<(i64, Option<DateTime<Utc>>)> {
    let due = reminder_request::Entity::find()
        .filter(Expr::cust("\"status\" = 'planned'"))
        .filter(reminder_request::Column::DueAt.lte(s.now()))
        .select_only()
        .column_as(reminder_request::Column::Id.count(), "depth")
        .column_as(reminder_request::Column::DueAt.min(), "oldest");
    Ok(due.into_tuple().one(s.read()).await?.unwrap_or_default())
}

fn late(s: &Services, since: Option<DateTime<Utc>>) -> f64 {
    since.map_or(0.0, |at| ((s.now() - at).num_milliseconds().max(0) as f64) / 1000.0)
}
