//! Visits that are over and that nobody has marked: many in one go, which is undone in one go, and by the clock where the business chose
//! that.

use chrono::{DateTime, Days, Duration, NaiveTime, Utc};
use contract::{
    Code,
    appointments::{MarkDay, Marked, Status},
};
use domain::when;
use entity::{appointments::appointment, businesses::business};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use super::{day, locked, set_status, status};
use crate::{
    businesses,
    kernel::{Actor, Permission, Principal, Result, Services, error::problem},
};

/// Visits marked by one tap.
const MOST: u64 = 200;
/// Visits in one transaction: few, because SQLite's only writer waits for all of them.
const GROUP: usize = 20;
/// Businesses, and visits of each, that the clock looks at in one tick.
const BUSINESSES: u64 = 50;
const EACH: u64 = 40;
/// Visits that are longer ago are left to people: who switches this on does not mean years of them.
const REACH: Duration = Duration::days(7);
/// How long a visit takes of which nobody has said it.
pub(crate) const UNSAID: Duration = Duration::minutes(60);

/// Marks those of yesterday, or of today, that are over and that nobody has marked as kept; at most 200 at once.
///
/// # Errors
/// `NotAllowed`.
pub async fn mark_day(s: &Services, actor: &Actor, which: MarkDay) -> Result<Marked> {
    actor.may(Permission::WriteAppointments)?;
    let zone = businesses::zone(&businesses::get(s.read(), actor.business_id).await?);
    let now = s.now();
    let today = now.with_timezone(&zone).date_naive();
    let midnight = |day: chrono::NaiveDate| when::local_to_utc(day.and_time(NaiveTime::MIN), zone);
    let (from, until) = match which {
        MarkDay::Yesterday => (
            midnight(today.checked_sub_days(Days::new(1)).unwrap_or(today)),
            midnight(today),
        ),
        MarkDay::Today => (midnight(today), now),
    };
    let rows = over(actor.business_id, from, until, now, Duration::zero()).limit(MOST + 1);
    let mut ids = pairs(s, rows).await?;
    let more = ids.len() as u64 > MOST;
    ids.truncate(MOST as usize);
    let batch = Uuid::now_v7();
    let marked = complete(s, &actor.who, actor.business_id, ids, Some(batch)).await?;
    Ok(Marked {
        batch_id: batch,
        marked,
        more,
    })
}

/// Takes back what was marked in one go, but for what was changed since; how many were taken back.
///
/// # Errors
/// `NotAllowed`; `NotFound`.
pub async fn undo(s: &Services, actor: &Actor, batch: Uuid) -> Result<u32> {
    actor.may(Permission::WriteAppointments)?;
    let ids = pairs(s, marked_in(actor.business_id, batch)).await?;
    if ids.is_empty() {
        return Err(problem(Code::NotFound, "There is nothing left to undo."));
    }
    let mut undone = 0;
    for group in ids.chunks(GROUP) {
        let mut tx = s.begin().await?;
        for (_, id) in group {
            let (_, row) = locked(&tx, actor.business_id, *id).await?;
            if row.marked_in == Some(batch) && status(&row)? == Status::Completed {
                set_status(&mut tx, &actor.who, &row, Status::Scheduled).await?;
                undone += 1;
            }
        }
        tx.commit().await?;
    }
    Ok(undone)
}

/// Marks visits as kept of businesses that chose that, so many hours after their end; how many.
///
/// # Errors
/// When the database does not answer; the next tick goes on.
pub async fn tick(s: &Services) -> Result<u32> {
    let all = automatic().all(s.read()).await?;
    let (now, by, mut marked) = (s.now(), Principal::System("automatic completion"), 0);
    for one in all {
        let Some(hours) = one.complete_after else { continue };
        let rows = over(one.id, now - REACH, now, now, Duration::hours(hours.into())).limit(EACH);
        let ids = pairs(s, rows).await?;
        marked += complete(s, &by, one.id, ids, None).await?;
    }
    Ok(marked)
}

/// Businesses that want it. The state is a literal: SQLite uses an index over a part of the rows only if it can see that the query asks for
/// no others.
pub(crate) fn automatic() -> Select<business::Entity> {
    business::Entity::find()
        .filter(Expr::cust("\"complete_after\" IS NOT NULL"))
        .limit(BUSINESSES)
}

/// Unmarked visits that began in this time and were over so long ago, the first first.
pub(crate) fn over(
    business_id: Uuid,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
    since: Duration,
) -> Select<appointment::Entity> {
    let (start, end) = (appointment::Column::StartsAt, appointment::Column::EndsAt);
    let said = Condition::all().add(end.is_not_null()).add(end.lte(now - since));
    let unsaid = Condition::all().add(end.is_null()).add(start.lte(now - since - UNSAID));
    let rows = day::unmarked(appointment::Entity::in_business(business_id), until)
        .filter(start.gte(from))
        .filter(Condition::any().add(said).add(unsaid));
    day::soonest_first(rows)
}

pub(crate) fn marked_in(business_id: Uuid, batch: Uuid) -> Select<appointment::Entity> {
    appointment::Entity::narrowed(business_id)
        .filter(appointment::Column::MarkedIn.eq(batch))
        .limit(MOST)
}

/// Contacts and ids. People are locked in order of their ids, here as everywhere.
async fn pairs(s: &Services, rows: Select<appointment::Entity>) -> Result<Vec<(Uuid, Uuid)>> {
    let rows: Vec<appointment::Model> = rows.all(&s.db().write).await?;
    let mut ids: Vec<(Uuid, Uuid)> = rows.into_iter().map(|row| (row.contact_id, row.id)).collect();
    ids.sort_unstable();
    Ok(ids)
}

async fn complete(s: &Services, by: &Principal, business_id: Uuid, ids: Vec<(Uuid, Uuid)>, batch: Option<Uuid>) -> Result<u32> {
    let mut marked = 0;
    for group in ids.chunks(GROUP) {
        let mut tx = s.begin().await?;
        for (_, id) in group {
            let (_, row) = locked(&tx, business_id, *id).await?;
            // Somebody may have marked it at this moment.
            if matches!(status(&row)?, Status::Scheduled | Status::Confirmed) && row.starts_at <= tx.now {
                set_status(&mut tx, by, &row, Status::Completed).await?;
                marked += 1;
            }
        }
        if let Some(batch) = batch {
            appointment::Entity::update_many()
                .col_expr(appointment::Column::MarkedIn, Expr::value(batch))
                .filter(appointment::Column::BusinessId.eq(business_id))
                .filter(appointment::Column::Id.is_in(group.iter().map(|(_, id)| *id)))
                .filter(appointment::Column::Status.eq(Status::Completed.as_str()))
                .filter(appointment::Column::UpdatedAt.eq(tx.now))
                .exec(&tx.db)
                .await?;
        }
        tx.commit().await?;
    }
    Ok(marked)
}
