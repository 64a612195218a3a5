//! Who was asked, who was not and why, and what came of it.

use std::collections::HashMap;

use contract::{
    Page, Problem,
    reviews::{Figures, Overview, RequestQuery, RequestView, Status},
};
use entity::reviews::review_request;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::rules::of;
use crate::{
    businesses, contacts,
    kernel::{
        Actor, Error, Permission, Result, Services,
        counters::{Counter, Reviews},
        error::not_found,
        paging::{self, Cursor, TimeCursor},
    },
    reports, review_platforms,
};

/// What the figures are of.
const DAYS: i64 = 30;

/// What came of asking in the last 30 days, and whether anybody is asked.
///
/// # Errors
/// `NotAllowed`.
pub async fn overview(s: &Services, actor: &Actor) -> Result<Overview> {
    actor.may(Permission::ReadReviews)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let all = Reviews::ALL.map(Counter::Review);
    let sums = reports::sums(s.read(), &business, s.now(), &all, DAYS).await?;
    let sum = |what: Reviews| sums.get(&Counter::Review(what)).copied().unwrap_or_default();
    Ok(Overview {
        figures: Figures {
            days: DAYS,
            asked: sum(Reviews::Asked),
            skipped: sum(Reviews::Skipped),
            opened: sum(Reviews::Opened),
            people: sum(Reviews::People),
            machines: sum(Reviews::Machines),
        },
        stopped: of(s.read(), actor.business_id).await?.stopped,
        has_platform: !review_platforms::list(s, actor).await?.is_empty(),
    })
}

/// Requests, the newest first.
///
/// # Errors
/// `NotAllowed`; `Malformed` for a status, a cursor or a limit that can't be.
pub async fn list(s: &Services, actor: &Actor, query: RequestQuery) -> Result<Page<RequestView>> {
    use review_request::Column;
    actor.may(Permission::ReadReviews)?;
    let size = paging::size(query.limit)?;
    let mut rows = review_request::Entity::in_business(actor.business_id)
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(size + 1);
    if let Some(word) = query.status.as_deref().filter(|word| !word.is_empty()) {
        let status = word.parse::<Status>().ok().filter(|status| *status != Status::Queued);
        let status = status.ok_or_else(|| {
            let words = "status is \"planned\", \"sent\", \"clicked\", \"skipped\" or \"failed\".";
            Problem::parameter("status", words)
        })?;
        rows = match status {
            Status::Planned => rows.filter(Column::Status.is_in([Status::Planned, Status::Queued].map(Status::as_str))),
            other => rows.filter(Column::Status.eq(other.as_str())),
        };
    }
    if let Some(Cursor(at, id)) = TimeCursor::decode(query.cursor.as_deref())? {
        rows = rows.filter(paging::beyond(Column::CreatedAt, Column::Id, at, id, true));
    }
    let page = paging::page_of(size, rows.all(s.read()).await?, |row| Cursor(row.created_at, row.id));
    Ok(Page {
        data: views(s, s.read(), actor.business_id, page.data).await?,
        next_cursor: page.next_cursor,
    })
}

pub(super) async fn one(s: &Services, db: &impl ConnectionTrait, row: review_request::Model) -> Result<RequestView> {
    let shown = views(s, db, row.business_id, vec![row]).await?.pop();
    shown.ok_or_else(|| not_found("review request"))
}

async fn views(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    rows: Vec<review_request::Model>,
) -> Result<Vec<RequestView>> {
    let people = contacts::labels(s, db, business_id, rows.iter().map(|row| row.contact_id).collect()).await?;
    let platforms = review_platforms::several(db, business_id, rows.iter().map(|row| row.platform_id).collect()).await?;
    let names: HashMap<Uuid, String> = platforms.into_iter().map(|row| (row.id, row.name)).collect();
    let shown = rows.into_iter().map(|row| {
        let person = people.get(&row.contact_id);
        let status: Status = row
            .status
            .parse()
            .map_err(|_| Error::broken("a review request of an unknown status"))?;
        let left = matches!(status, Status::Sent | Status::Clicked | Status::Failed);
        Ok(RequestView {
            id: row.id,
            contact_id: row.contact_id,
            contact_name: person.map(|p| p.name.clone()).unwrap_or_default(),
            phone: person.map(|p| p.phone.clone()).unwrap_or_default(),
            phone_display: person.map(|p| p.phone_display.clone()).unwrap_or_default(),
            platform_name: names.get(&row.platform_id).cloned().unwrap_or_default(),
            platform_id: row.platform_id,
            appointment_id: row.appointment_id,
            location_id: row.location_id,
            reference: row.reference,
            source: row.source,
            // That its message is written is no news to anybody.
            status: if status == Status::Queued { Status::Planned } else { status },
            reason: row.reason,
            due_at: row.next_at.unwrap_or(row.due_at),
            channel: row.channel,
            asked_at: row.asked_at.filter(|_| left),
            clicks: row.clicks,
            machines: row.machines,
            opened_at: row.opened_at,
            created_at: row.created_at,
        })
    });
    shown.collect()
}
