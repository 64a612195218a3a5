//! Visits as a day's work looks at them: whose are today, of whom there is no answer yet, and of which nobody has said how they went.

use chrono::{DateTime, Utc};
use contract::appointments::{AppointmentView, Status};
use entity::{appointments::appointment, reminders::reminder_request};
use sea_orm::{
    ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Query},
};
use uuid::Uuid;

use super::view::views;
use crate::kernel::{Result, Services};

/// As in the index; literals, so that SQLite uses it.
const UNMARKED: &str = "\"appointment\".\"status\" IN ('scheduled', 'confirmed')";
const SCHEDULED: &str = "\"appointment\".\"status\" = 'scheduled'";

/// Of these, those to come whose customer was asked and has not answered.
pub(crate) fn unanswered(rows: Select<appointment::Entity>, now: DateTime<Utc>) -> Select<appointment::Entity> {
    use reminder_request::{Column, Entity};
    let asked = Query::select()
        .expr(Expr::value(1))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::BusinessId)).equals((appointment::Entity, appointment::Column::BusinessId)))
        .and_where(Expr::col((Entity, Column::AppointmentId)).equals((appointment::Entity, appointment::Column::Id)))
        .and_where(Expr::col((Entity, Column::Status)).eq("sent"))
        .to_owned();
    rows.filter(Expr::cust(UNMARKED))
        .filter(Expr::cust(SCHEDULED))
        .filter(appointment::Column::StartsAt.gte(now))
        .filter(Expr::exists(asked))
}

/// Of these, those that began before this moment and of which nobody has said how they went.
pub(crate) fn unmarked(rows: Select<appointment::Entity>, before: DateTime<Utc>) -> Select<appointment::Entity> {
    rows.filter(Expr::cust(UNMARKED))
        .filter(appointment::Column::StartsAt.lt(before))
}

/// Those that begin in this time and were not cancelled, by time.
pub(crate) fn between(business_id: Uuid, from: DateTime<Utc>, until: DateTime<Utc>) -> Select<appointment::Entity> {
    let start = appointment::Column::StartsAt;
    let rows = appointment::Entity::in_business(business_id)
        .filter(start.gte(from))
        .filter(start.lt(until))
        .filter(appointment::Column::Status.ne(Status::Cancelled.as_str()));
    soonest_first(rows)
}

pub(crate) fn soonest_first(rows: Select<appointment::Entity>) -> Select<appointment::Entity> {
    rows.order_by_asc(appointment::Column::StartsAt)
        .order_by_asc(appointment::Column::Id)
}

pub(crate) fn latest_first(rows: Select<appointment::Entity>) -> Select<appointment::Entity> {
    rows.order_by_desc(appointment::Column::StartsAt)
        .order_by_desc(appointment::Column::Id)
}

/// The first of them as people see them.
pub(crate) async fn shown(
    s: &Services,
    business_id: Uuid,
    rows: Select<appointment::Entity>,
    most: u64,
) -> Result<Vec<AppointmentView>> {
    views(s, s.read(), business_id, rows.limit(most).all(s.read()).await?).await
}
