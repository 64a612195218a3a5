//! Claims without an owner: the process that made them has died, or was told to stop.

use chrono::Duration;
use domain::delivery::Status;
use entity::messages::{message, message_attempt};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::record;
use crate::{
    delivery::{in_state, one_by_one, unknown},
    kernel::{Result, Services},
    messages::locked,
};

/// A claim older than this belongs to a process that is gone: workers drop a job after 45 seconds.
const LEASE: Duration = Duration::seconds(50);

/// Rows taken per tick.
const BATCH: u64 = 200;

/// After a start as the only process: whatever was being sent, nobody is sending any more.
///
/// # Errors
/// When the database does not answer.
pub async fn recover(s: &Services) -> Result<usize> {
    abandoned(s, Duration::zero()).await
}

/// A call of this process that won't be waited for any longer.
pub(super) async fn stop_waiting(s: &Services, business_id: Uuid, id: Uuid) -> Result<()> {
    let mut tx = s.begin().await?;
    if let Some((_, row)) = locked(&tx, business_id, id)
        .await?
        .filter(|(_, m)| m.status == Status::Sending.as_str())
    {
        let attempt = message_attempt::Entity::in_business(row.business_id)
            .filter(message_attempt::Column::MessageId.eq(id))
            .filter(message_attempt::Column::Number.eq(row.attempts))
            .one(&tx.db)
            .await?;
        if attempt.is_some_and(|a| !a.begun) {
            tracing::warn!(message = %id, "the call for this text was never made; it waits again");
            record::not_begun(&mut tx, row).await?;
        } else {
            tracing::warn!(message = %id, "nobody is sending this text any more; looking it up");
            if !record::arrived_before(&mut tx, &row, true).await? {
                unknown::begin(&mut tx, row, true).await?;
            }
        }
    }
    tx.commit().await
}

async fn abandoned(s: &Services, age: Duration) -> Result<usize> {
    let most = if age == Duration::zero() { 100_000 } else { BATCH };
    let rows = in_state(Status::Sending, message::Column::ClaimedAt, s.now() - age).limit(most);
    one_by_one(s, rows, |business_id, id| stop_waiting(s, business_id, id)).await
}

/// Finds claims without an owner.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    abandoned(s, LEASE).await.map(drop)
}
