//! How long a business keeps what its texts say, and how far the removal of the rest has come.

use chrono::{DateTime, Duration, Utc};
use entity::businesses::business;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::Expr,
};
use serde_json::json;
use uuid::Uuid;

use super::locked;
use crate::kernel::{
    Actor, Event, Result, Tx,
    paging::{Cursor, TimeCursor},
};

/// Between two looks for texts that have become old.
const AGAIN: Duration = Duration::hours(1);

/// Businesses that are looked at in one go.
const AT_ONCE: u64 = 20;

/// The business as it is while its setting is being changed: nobody else changes it meanwhile.
pub(crate) async fn to_change(tx: &Tx, actor: &Actor) -> Result<business::Model> {
    locked(tx, actor.business_id).await
}

/// Keeps what texts say for so many days from now on; none: for ever.
pub(crate) async fn choose(tx: &mut Tx, actor: &Actor, before: business::Model, days: Option<i32>) -> Result<()> {
    let facts = |days: Option<i32>| json!({ "texts_are_kept": domain::retention::label(days) });
    let was = facts(before.keep_days);
    let mut row = before.into_active_model();
    row.keep_days = Set(days);
    row.remove_next_at = Set(days.map(|_| tx.now));
    let after = row.update(&tx.db).await?;
    tx.record_change(
        after.id,
        &actor.who,
        Event::RetentionChanged,
        Some(was),
        Some(facts(after.keep_days)),
    );
    Ok(())
}

/// Up to which message this was done.
pub(crate) fn reached(b: &business::Model) -> Option<TimeCursor> {
    b.removed_at.zip(b.removed_id).map(|(at, id)| Cursor(at, id))
}

/// Businesses that may have texts to remove by now.
pub(crate) fn due(now: DateTime<Utc>) -> Select<business::Entity> {
    business::Entity::find()
        .filter(Expr::cust("\"remove_next_at\" IS NOT NULL"))
        .filter(business::Column::RemoveNextAt.lte(now))
        .order_by_asc(business::Column::RemoveNextAt)
        .limit(AT_ONCE)
}

/// Takes this business's turn, so that no other process does the same now; false if somebody else has it.
pub(crate) async fn take_turn(tx: &Tx, id: Uuid) -> Result<bool> {
    let taken = business::Entity::update_many()
        .col_expr(business::Column::RemoveNextAt, Expr::value(tx.now + AGAIN))
        .filter(business::Column::Id.eq(id))
        .filter(business::Column::RemoveNextAt.lte(tx.now))
        .exec(&tx.db)
        .await?;
    Ok(taken.rows_affected > 0)
}

/// Everything up to here was seen to by the rule of so many days; false if that is not the rule any more.
pub(crate) async fn reach(tx: &Tx, id: Uuid, days: i32, here: &TimeCursor) -> Result<bool> {
    let Cursor(at, last) = here;
    let moved = business::Entity::update_many()
        .col_expr(business::Column::RemovedAt, Expr::value(*at))
        .col_expr(business::Column::RemovedId, Expr::value(*last))
        .filter(business::Column::Id.eq(id))
        .filter(business::Column::KeepDays.eq(days))
        .exec(&tx.db)
        .await?;
    Ok(moved.rows_affected > 0)
}

/// There is more to remove than one turn takes: the next look goes on.
pub(crate) async fn go_on(tx: &Tx, id: Uuid) -> Result<()> {
    business::Entity::update_many()
        .col_expr(business::Column::RemoveNextAt, Expr::value(tx.now))
        .filter(business::Column::Id.eq(id))
        .filter(business::Column::KeepDays.is_not_null())
        .exec(&tx.db)
        .await?;
    Ok(())
}
