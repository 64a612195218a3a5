//! How a request stands, and why: what all of this noun's files write the same way.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contract::reviews::Status;
use entity::reviews::review_request;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, Set};
use uuid::Uuid;

use crate::kernel::{
    Event, Principal, Result, Tx,
    counters::{Counter, Reviews},
    tx::Changed,
};

/// The sealed column, as `vault::SEALED` calls it.
pub(super) const PHONE: &str = "review_request.phone";

pub(super) const BY: Principal = Principal::System("review requests");
pub(super) const STOPPED: &str = "Asking for reviews was stopped.";
pub(super) const NOT_KEPT: &str = "The visit is not marked as kept any more.";
pub(super) const NO_PLATFORM: &str = "The platform was removed.";

/// The request about a visit, if there is one.
pub(super) async fn of_visit(db: &impl ConnectionTrait, business_id: Uuid, visit: Uuid) -> Result<Option<review_request::Model>> {
    let rows = review_request::Entity::narrowed(business_id).filter(review_request::Column::AppointmentId.eq(visit));
    Ok(rows.one(db).await?)
}

/// One that was given up because its visit was marked otherwise is planned again.
pub(super) async fn revive(
    tx: &mut Tx,
    row: review_request::Model,
    due: std::result::Result<DateTime<Utc>, &'static str>,
) -> Result<()> {
    let given_up = row.status == Status::Skipped.as_str() && row.reason.as_deref() == Some(NOT_KEPT);
    let Ok(at) = due else { return Ok(()) };
    if !given_up {
        return Ok(());
    }
    let mut row = row.into_active_model();
    row.status = Set(Status::Planned.as_str().to_owned());
    row.reason = Set(None);
    row.due_at = Set(at);
    row.next_at = Set(Some(at));
    row.updated_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    tx.mark_changed(row.business_id, Changed::ReviewRequest(row.id));
    Ok(())
}

/// Nobody is asked, for this reason. They don't count as asked.
pub(super) async fn skip(tx: &mut Tx, row: review_request::Model, why: &str) -> Result<()> {
    let mut row = row.into_active_model();
    row.status = Set(Status::Skipped.as_str().to_owned());
    row.reason = Set(Some(why.to_owned()));
    row.next_at = Set(None);
    row.asked_at = Set(None);
    row.expires_at = Set(None);
    row.updated_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    tx.mark_changed(row.business_id, Changed::ReviewRequest(row.id));
    count_skipped(tx, &BY, &row);
    Ok(())
}

pub(super) fn count_skipped(tx: &mut Tx, by: &Principal, row: &review_request::Model) {
    tx.count(row.business_id, Counter::Review(Reviews::Skipped));
    let event = Event::ReviewSkipped(Arc::new(row.clone()));
    tx.record_change(row.business_id, by, event, None::<()>, row.reason.clone());
}
