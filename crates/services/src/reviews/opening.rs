//! A short link is opened. Where it leads is the same for everybody who was at the same place; who it was, a person or a machine, is counted.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contract::reviews::Status;
use domain::reviews::{Hit, Visitor, is_code, visitor};
use entity::reviews::review_request;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::{Expr, LockType},
};

use super::state::BY;
use crate::{
    businesses,
    kernel::{
        Event, Result, Services,
        counters::{Counter, Reviews},
        tx::Changed,
    },
    review_platforms,
};

/// What came of opening a link.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// It leads there.
    To(String),
    /// It has ended, or its page is gone: the business, and how to reach it.
    Ended { business: String, contact_line: String },
    /// Nobody was sent this.
    Nothing,
}

/// Opens a link. `head`, `ahead`, `agent`: as `domain::reviews::Hit` says.
///
/// # Errors
/// When the database does not answer.
pub async fn open(s: &Services, code: &str, head: bool, ahead: bool, agent: Option<&str>) -> Result<Opened> {
    if !is_code(code) {
        return Ok(Opened::Nothing);
    }
    let row = review_request::Entity::find()
        .filter(review_request::Column::Code.eq(code))
        .one(s.read())
        .await?;
    let Some(row) = row else { return Ok(Opened::Nothing) };
    let platform = review_platforms::find(s.read(), row.business_id, row.platform_id).await?;
    let link = match &platform {
        Some(platform) => review_platforms::link(s, platform).await?,
        None => None,
    };
    let Some(link) = link.filter(|_| opens(&row, s.now())) else {
        let business = businesses::get(s.read(), row.business_id).await?;
        return Ok(Opened::Ended {
            business: business.name,
            contact_line: business.contact_line,
        });
    };
    let hit = Hit {
        head,
        ahead,
        agent,
        since_sent: row
            .asked_at
            .filter(|_| row.status != Status::Queued.as_str())
            .map(|at| s.now() - at),
    };
    // Whoever opened it gets there, even if nobody can count that now.
    if let Err(cause) = count(s, &row, visitor(&hit)).await {
        tracing::warn!(%cause, "a visit to a review link could not be counted");
    }
    Ok(Opened::To(link))
}

/// Its message is under way or was, and not too long ago. One that was never sent is nobody's.
fn opens(row: &review_request::Model, now: DateTime<Utc>) -> bool {
    row.expires_at.is_some_and(|until| now < until)
}

async fn count(s: &Services, row: &review_request::Model, who: Visitor) -> Result<()> {
    use review_request::Column;
    let mut tx = s.begin().await?;
    let business_id = row.business_id;
    tx.mark_changed(row.business_id, Changed::ReviewRequest(row.id));
    if who == Visitor::Machine {
        review_request::Entity::update_many()
            .col_expr(Column::Hits, Expr::col(Column::Hits).add(1))
            .col_expr(Column::Machines, Expr::col(Column::Machines).add(1))
            .filter(Column::Id.eq(row.id))
            .exec(&tx.db)
            .await?;
        tx.count(business_id, Counter::Review(Reviews::Machines));
        return tx.commit().await;
    }
    let row = review_request::Entity::these(business_id, [row.id])
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let Some(row) = row else { return Ok(()) };
    let (first, now) = (row.opened_at.is_none(), tx.now);
    let (hits, clicks) = (row.hits + 1, row.clicks + 1);
    let reached = [Status::Sent, Status::Failed]
        .map(Status::as_str)
        .contains(&row.status.as_str());
    let mut row = row.into_active_model();
    row.hits = Set(hits);
    row.clicks = Set(clicks);
    if first {
        row.opened_at = Set(Some(now));
    }
    if reached {
        row.status = Set(Status::Clicked.as_str().to_owned());
        row.updated_at = Set(now);
    }
    let row = row.update(&tx.db).await?;
    tx.count(business_id, Counter::Review(Reviews::People));
    if first {
        tx.record(business_id, &BY, Event::ReviewOpened(Arc::new(row)));
        tx.count(business_id, Counter::Review(Reviews::Opened));
    }
    tx.commit().await
}
