//! A type of visit, or a business, is reminded of otherwise from now on: reminders of its visits to come that have not left are planned anew,
//! some visits at a time. What has gone out stays; a moment that has passed is not made up for, so nobody gets two texts at once because of a setting.

use chrono::{DateTime, Utc};
use contract::appointments::Status;
use domain::reminders::{Kind, correlation_id};
use entity::{
    appointments::appointment,
    businesses::{appointment_type, business},
    reminders::reminder_request,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{planned, save_planned, take_back};
use crate::{
    appointments::{self, clocks},
    businesses,
    kernel::{
        Result, Services, Tx,
        paging::{self, Cursor},
        tx::Changed,
    },
};

/// Visits in one transaction.
const BATCH: u64 = 50;
/// Most transactions per tick, so that everything else that the tick does has its turn.
const GROUPS: usize = 10;

/// Whoever books at this moment may still go by what was before, and is done by then.
const BOOKINGS: chrono::Duration = chrono::Duration::minutes(1);

const OTHERWISE: &str = "Visits like this are reminded of at other times now.";
/// As versions said it in which only types could change.
const OTHERWISE_BEFORE: &str = "This type of visit is reminded of at other times now.";

/// Goes on with what changes of types and of businesses ask for; how many visits were looked at. Breaking it off and repeating it is harmless.
///
/// # Errors
/// When the database does not answer; the next tick goes on.
pub async fn tick(s: &Services) -> Result<usize> {
    let mut looked_at = 0;
    for _ in 0..GROUPS {
        if let Some(kind) = waiting().one(s.read()).await? {
            looked_at += some(s, kind.id).await?;
        } else if let Some(business) = waiting_businesses(s.now()).one(s.read()).await? {
            looked_at += some_of_business(s, &business).await?;
        } else {
            break;
        }
    }
    Ok(looked_at)
}

/// The business whose change waits longest, but for those that have changed just now.
pub(crate) fn waiting_businesses(now: DateTime<Utc>) -> Select<business::Entity> {
    let at = business::Column::ReplanAt;
    business::Entity::find()
        .filter(Expr::cust("\"replan_at\" IS NOT NULL"))
        .filter(Condition::all().not().add(at.gt(now - BOOKINGS)).add(at.lte(now)))
        .order_by_asc(at)
        .limit(1)
}

/// Goes on with a business. Its row is written last, after people are locked, here as everywhere: two who do the same at once do nothing twice,
/// and where it has changed again meanwhile it begins anew.
async fn some_of_business(s: &Services, business: &business::Model) -> Result<usize> {
    let (Some(at), id) = (business.replan_at, business.replan_id.unwrap_or_default()) else {
        return Ok(0);
    };
    let mut tx = s.begin().await?;
    let rows = clocks::to_come(business.id, &Cursor(at.max(tx.now), id))
        .limit(BATCH)
        .all(&tx.db)
        .await?;
    let (looked_at, next) = (rows.len(), rows.last().map(|row| (row.starts_at, row.id)));
    all_anew(&mut tx, business.id, rows).await?;
    let more = next.filter(|_| looked_at as u64 == BATCH);
    business::Entity::update_many()
        .col_expr(business::Column::ReplanAt, Expr::value(more.map(|(at, _)| at)))
        .col_expr(business::Column::ReplanId, Expr::value(more.map(|(_, id)| id)))
        .filter(business::Column::Id.eq(business.id))
        .filter(business::Column::ReplanAt.eq(at))
        .filter(business::Column::ReplanId.eq(id))
        .exec(&tx.db)
        .await?;
    tx.commit().await?;
    Ok(looked_at)
}

/// People are locked in order of their ids, here as everywhere.
async fn all_anew(tx: &mut Tx, business_id: Uuid, rows: Vec<appointment::Model>) -> Result<()> {
    let mut visits: Vec<(Uuid, Uuid)> = rows.into_iter().map(|row| (row.contact_id, row.id)).collect();
    visits.sort_unstable();
    for (_, visit) in visits {
        anew(tx, business_id, visit).await?;
    }
    Ok(())
}

/// The type whose change waits longest. The state is a literal: SQLite uses an index over a part of the rows only if it can see that the
/// query asks for no others.
pub(crate) fn waiting() -> Select<appointment_type::Entity> {
    appointment_type::Entity::find()
        .filter(Expr::cust("\"replan_at\" IS NOT NULL"))
        .order_by_asc(appointment_type::Column::ReplanAt)
        .limit(1)
}

/// Visits of a type after one of them, soonest first.
pub(crate) fn to_come(business_id: Uuid, kind: Uuid, at: DateTime<Utc>, id: Uuid) -> Select<appointment::Entity> {
    let (start, key) = (appointment::Column::StartsAt, appointment::Column::Id);
    appointment::Entity::narrowed(business_id)
        .filter(appointment::Column::TypeId.eq(kind))
        .filter(paging::beyond(start, key, at, id, false))
        .order_by_asc(start)
        .order_by_asc(key)
        .limit(BATCH)
}

async fn some(s: &Services, id: Uuid) -> Result<usize> {
    let mut tx = s.begin().await?;
    // Whoever else looks at this moment waits, and finds where we have come to.
    let kind = appointment_type::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let Some((kind, at)) = kind.and_then(|kind| kind.replan_at.map(|at| (kind, at))) else {
        return Ok(0);
    };
    let from = at.max(tx.now);
    let rows = to_come(kind.business_id, kind.id, from, kind.replan_id.unwrap_or_default())
        .all(&tx.db)
        .await?;
    let (looked_at, next) = (rows.len(), rows.last().map(|row| (row.starts_at, row.id)));
    all_anew(&mut tx, kind.business_id, rows).await?;
    let more = next.filter(|_| looked_at as u64 == BATCH);
    let mut kind = kind.into_active_model();
    kind.replan_at = Set(more.map(|(at, _)| at));
    kind.replan_id = Set(more.map(|(_, id)| id));
    kind.update(&tx.db).await?;
    tx.commit().await?;
    Ok(looked_at)
}

/// Who has answered, or whose visit is over, is not reminded of it any more.
async fn anew(tx: &mut Tx, business_id: Uuid, id: Uuid) -> Result<()> {
    let (contact, visit) = appointments::locked(tx, business_id, id).await?;
    if appointments::status(&visit)? != Status::Scheduled || visit.starts_at <= tx.now || clocks::undecided(&visit) {
        return Ok(());
    }
    let business = businesses::of(tx, business_id).await?;
    let mut wanted = planned(tx, &business, &contact, &visit).await?;
    let now = tx.now;
    wanted.retain(|item| item.nominal > now);
    let key = |kind: Kind, nominal: DateTime<Utc>| correlation_id(&visit.id.to_string(), kind, nominal);
    let there = reminder_request::Entity::in_business(business_id)
        .filter(reminder_request::Column::AppointmentId.eq(visit.id))
        .all(&tx.db)
        .await?;
    let is_wanted = |row: &reminder_request::Model| {
        row.kind == Kind::Manual.to_string() || wanted.iter().any(|item| key(item.kind, item.nominal) == row.correlation_id)
    };
    for row in there.iter().filter(|row| !is_wanted(row)) {
        if matches!(row.status.as_str(), "planned" | "queued") {
            take_back(tx, row.clone(), OTHERWISE).await?;
        }
    }
    for item in wanted {
        let correlation = key(item.kind, item.nominal);
        let before = there.iter().find(|row| row.correlation_id == correlation);
        // Only what was taken back because of a setting is taken up again: all else has its reasons, or has left.
        let free = before.is_none_or(|row| {
            row.status == "cancelled"
                && row.sent_at.is_none()
                && row.message_id.is_none()
                && matches!(row.reason.as_deref(), Some(OTHERWISE | OTHERWISE_BEFORE))
        });
        if free {
            save_planned(tx, &visit, item).await?;
        }
    }
    tx.mark_changed(business_id, Changed::Appointment(visit.id));
    Ok(())
}
