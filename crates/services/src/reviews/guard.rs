//! Whether a request for a review that waits to be sent is still wanted.

use std::collections::{HashMap, HashSet};

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
    let known = Known::of(db, rows.values()).await?;
    for m in waiting {
        let row = m
            .origin_id
            .and_then(|id| rows.get(&id))
            .filter(|row| row.business_id == m.business_id);
        if let Some(why) = row.map_or(Some(GONE), |row| known.objection(row)) {
            objections.insert(m.id, why.to_owned());
        }
    }
    Ok(objections)
}

/// What all of these are judged by, read at once.
struct Known {
    /// Businesses that ask nobody any more.
    stopped: HashSet<Uuid>,
    platforms: HashSet<Uuid>,
    /// Visits that were kept.
    kept: HashSet<Uuid>,
}

impl Known {
    async fn of(db: &impl ConnectionTrait, rows: impl Iterator<Item = &review_request::Model> + Clone) -> Result<Self> {
        let businesses: HashSet<Uuid> = rows.clone().map(|row| row.business_id).collect();
        let mut stopped = HashSet::new();
        for id in businesses {
            if rules::of(db, id).await?.stopped {
                stopped.insert(id);
            }
        }
        let (mut platforms, mut kept) = (HashSet::new(), HashSet::new());
        let ids: HashSet<Uuid> = rows.clone().map(|row| row.platform_id).collect();
        if !ids.is_empty() {
            let used = review_platform::Entity::find()
                .filter(review_platform::Column::Id.is_in(ids))
                .filter(review_platform::Column::RemovedAt.is_null());
            platforms.extend(used.all(db).await?.into_iter().map(|row| row.id));
        }
        let ids: HashSet<Uuid> = rows.filter_map(|row| row.appointment_id).collect();
        if !ids.is_empty() {
            let visits = appointment::Entity::find()
                .filter(appointment::Column::Id.is_in(ids))
                .filter(appointment::Column::Status.eq(Visit::Completed.as_str()));
            kept.extend(visits.all(db).await?.into_iter().map(|visit| visit.id));
        }
        Ok(Self {
            stopped,
            platforms,
            kept,
        })
    }

    fn objection(&self, row: &review_request::Model) -> Option<&'static str> {
        let decided = [Status::Skipped, Status::Planned].map(Status::as_str);
        let of_visit = row.appointment_id.filter(|_| row.source == "visit");
        if decided.contains(&row.status.as_str()) {
            Some(GONE)
        } else if self.stopped.contains(&row.business_id) {
            Some(STOPPED)
        } else if !self.platforms.contains(&row.platform_id) {
            Some(NO_PLATFORM)
        } else if of_visit.is_some_and(|id| !self.kept.contains(&id)) {
            Some(NOT_KEPT)
        } else {
            None
        }
    }
}
