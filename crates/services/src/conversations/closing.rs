//! Conversations that are quiet are closed by themselves, after as many days as their business has chosen: in which nobody waits, nothing of
//! ours is on its way or to be done, and no visit is to come. Whatever the customer writes opens one again.
//!
//! Each business is looked at once an hour, quietest first, so many at a time; what was looked at and may not be closed is passed over until
//! the next hour. Doing it twice closes nothing twice.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use contract::appointments::Status as Visit;
use domain::delivery::Status;
use entity::{appointments::appointment, conversations::conversation, messages::message, tasks::task};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    businesses::rules,
    contacts,
    kernel::{Event, Principal, Result, Services, queue::Job, tx::Changed},
};

/// As the timeline and the audit trail call who did it.
const RULE: Principal = Principal::System("automatic closing");

/// Looked at in one go, and closed in one transaction.
const BATCH: u64 = 100;

/// So many goes before others have a turn.
const GOES: usize = 10;

/// What a provider has is as good as sent after so long; it is not asked any more then.
const HEARD_OF: Duration = Duration::days(3);

/// Since when nobody has said anything; as the index has it.
const QUIET: &str = "coalesce(\"last_human_at\", \"created_at\")";

/// Where a look at a business's conversations goes on.
pub(crate) type Place = (DateTime<Utc>, Uuid);

/// Looks at every business whose hour is over.
///
/// # Errors
/// When the database does not answer; the next hour looks again.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    for business in rules::closing_due(s.now()).all(s.read()).await? {
        let tx = s.begin().await?;
        let days = rules::take_closing(&tx, business.id).await?;
        tx.commit().await?;
        if let Some(days) = days {
            go_on(s, business.id, days, None).await?;
        }
    }
    Ok(())
}

/// Goes on from this place, until all were looked at or others should have a turn.
///
/// # Errors
/// As `tick`.
pub(crate) async fn go_on(s: &Services, business_id: Uuid, days: i32, mut from: Option<Place>) -> Result<()> {
    let bound = s.now() - Duration::days(i64::from(days));
    for _ in 0..GOES {
        let found = quiet(business_id, bound, from).all(s.read()).await?;
        let Some(last) = found.last() else { return Ok(()) };
        let more = found.len() as u64 == BATCH;
        from = Some((last.last_human_at.unwrap_or(last.created_at), last.id));
        close(s, business_id, bound, found).await?;
        if !more {
            return Ok(());
        }
    }
    let mut tx = s.begin().await?;
    let job = Job::CloseQuiet { business_id, days, from };
    tx.enqueue(&job, tx.now, None).await?;
    tx.commit().await
}

/// What has been quiet for so long, the quietest first.
pub(crate) fn quiet(business_id: Uuid, bound: DateTime<Utc>, from: Option<Place>) -> Select<conversation::Entity> {
    let rows = still(conversation::Entity::in_business(business_id), bound);
    let rows = match from {
        Some((at, id)) => {
            let here = Expr::tuple([Expr::cust(QUIET), Expr::col(conversation::Column::Id)]);
            rows.filter(here.gt(Expr::tuple([Expr::value(at), Expr::value(id)])))
        }
        None => rows,
    };
    rows.order_by_asc(Expr::cust(QUIET))
        .order_by_asc(conversation::Column::Id)
        .limit(BATCH)
}

/// Those of them in which nothing waits and nobody has done anything since.
fn still(rows: Select<conversation::Entity>, bound: DateTime<Utc>) -> Select<conversation::Entity> {
    rows.filter(Expr::cust("\"closed_at\" IS NULL"))
        .filter(Expr::cust("\"snoozed_until\" IS NULL"))
        .filter(Expr::cust("\"waiting_since\" IS NULL"))
        .filter(Expr::cust(QUIET).lte(bound))
}

/// Closes what may be closed of these. They are looked at before anybody is locked, and once more under the locks.
async fn close(s: &Services, business_id: Uuid, bound: DateTime<Utc>, found: Vec<conversation::Model>) -> Result<()> {
    let free = unencumbered(s.read(), business_id, s.now(), found, bound).await?;
    if free.is_empty() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    let people: Vec<Uuid> = free.iter().map(|row| row.contact_id).collect();
    contacts::locked_all(&tx, &people).await?;
    let ids = free.iter().map(|row| row.id);
    let now = still(conversation::Entity::these(business_id, ids), bound)
        .all(&tx.db)
        .await?;
    let now = unencumbered(&tx.db, business_id, tx.now, now, bound).await?;
    let closed = conversation::Entity::update_many()
        .col_expr(conversation::Column::ClosedAt, Expr::value(tx.now))
        .filter(conversation::Column::BusinessId.eq(business_id))
        .filter(conversation::Column::Id.is_in(now.iter().map(|row| row.id)))
        .exec_with_returning(&tx.db)
        .await?;
    for row in closed {
        tx.mark_changed(business_id, Changed::Conversation(row.id));
        tx.record(business_id, &RULE, Event::ConversationClosed(Arc::new(row)));
    }
    tx.commit().await
}

/// Whether nobody has to look at the last text, and nothing more is to be heard of it. Carriers need not confirm.
fn is_settled(row: &conversation::Model, now: DateTime<Utc>) -> bool {
    use Status as S;
    match row.last_status.parse() {
        Ok(S::Queued | S::Sending | S::Unknown | S::Undelivered | S::Failed) => false,
        Ok(S::Accepted | S::Scheduled | S::ProviderQueued | S::ProviderSending) => row.last_at + HEARD_OF <= now,
        Ok(S::Sent | S::Delivered | S::Read | S::Cancelled | S::PartiallyDelivered | S::Received) => true,
        // Nothing was said in it yet; what another version wrote is left alone.
        Err(_) => row.last_status.is_empty(),
    }
}

/// Without those that wait for a visit, for a text of ours or for somebody to do something, or that somebody has touched since.
async fn unencumbered(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    now: DateTime<Utc>,
    mut rows: Vec<conversation::Model>,
    bound: DateTime<Utc>,
) -> Result<Vec<conversation::Model>> {
    rows.retain(|row| row.touched_at.is_none_or(|at| at <= bound));
    // What did not arrive, or may not have, is a person's to look at.
    rows.retain(|row| is_settled(row, now));
    if rows.is_empty() {
        return Ok(rows);
    }
    let people = || rows.iter().map(|row| row.contact_id);
    let visits = appointment::Entity::in_business(business_id)
        .filter(appointment::Column::ContactId.is_in(people()))
        .filter(appointment::Column::StartsAt.gt(now))
        .filter(appointment::Column::Status.is_in(Visit::open().map(Visit::as_str)))
        .select_only()
        .column(appointment::Column::ContactId);
    let tasks = task::Entity::in_business(business_id)
        .filter(task::Column::ContactId.is_in(people()))
        .filter(task::Column::Status.eq("open"))
        .select_only()
        .column(task::Column::ContactId);
    let mut busy: HashSet<Uuid> = visits.into_tuple().all(db).await?.into_iter().collect();
    busy.extend(tasks.into_tuple::<Uuid>().all(db).await?);
    let texts = message::Entity::in_business(business_id)
        // A literal, so that SQLite sees that its index over these rows will do.
        .filter(Expr::cust("\"status\" = 'queued'"))
        .filter(message::Column::ConversationId.is_in(rows.iter().map(|row| row.id)))
        .select_only()
        .column(message::Column::ConversationId);
    busy.extend(texts.into_tuple::<Uuid>().all(db).await?);
    rows.retain(|row| !busy.contains(&row.contact_id) && !busy.contains(&row.id));
    Ok(rows)
}
