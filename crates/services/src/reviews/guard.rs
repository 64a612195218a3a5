//! Whether a request for a review that waits to be sent is still wanted.

use std::collections::HashMap;

use contract::{appointments::Status as Visit, reviews::Status};
use entity::{
    appointments::appointment,
    messages::message,
    reviews::{review_platform, review_request},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    rules,
    state::{NO_PLATFORM, NOT_KEPT, STOPPED},
};
use crate::kernel::{Result, tx::Objections};

const GONE: &str = "This request was taken back.";

/// Why these are not wanted any more: asking was stopped, the platform is gone, the visit is not one that was kept.
pub(crate) async fn still_wanted(db: &impl ConnectionTrait, waiting: &[&message::Model]) -> Result<Objections> {
    let ids: Vec<Uuid> = waiting.iter().filter_map(|m| m.origin_id).collect();
    let mut objections = Objections::new();
    if ids.is_empty() {
        objections.extend(waiting.iter().map(|m| (m.id, GONE.to_owned())));
        return Ok(objections);
    }
    let rows = review_request::Entity::find().filter(review_request::Column::Id.is_in(ids));
    let rows: HashMap<Uuid, review_request::Model> = rows.all(db).await?.into_iter().map(|row| (row.id, row)).collect();
    for m in waiting {
        let row = m
            .origin_id
            .and_then(|id| rows.get(&id))
            .filter(|row| row.business_id == m.business_id);
        let why = match row {
            Some(row) => objection(db, row).await?,
            None => Some(GONE),
        };
        if let Some(why) = why {
            objections.insert(m.id, why.to_owned());
        }
    }
    Ok(objections)
}

async fn objection(db: &impl ConnectionTrait, row: &review_request::Model) -> Result<Option<&'static str>> {
    let decided = [Status::Skipped, Status::Planned].map(Status::as_str);
    if decided.contains(&row.status.as_str()) {
        return Ok(Some(GONE));
    }
    if rules::of(db, row.business_id).await?.stopped {
        return Ok(Some(STOPPED));
    }
    let platform = review_platform::Entity::find_by_id(row.platform_id).one(db).await?;
    if platform.is_none_or(|platform| platform.removed_at.is_some()) {
        return Ok(Some(NO_PLATFORM));
    }
    let visit = match row.appointment_id.filter(|_| row.source == "visit") {
        Some(id) => appointment::Entity::find_by_id(id).one(db).await?,
        None => return Ok(None),
    };
    let kept = visit.is_some_and(|visit| visit.status == Visit::Completed.as_str());
    Ok((!kept).then_some(NOT_KEPT))
}
