//! What happens to a business's conversations by itself: who gets them, and when they are closed.

use contract::{
    Code, FieldError, Problem,
    businesses::{AssignRule, UpdateInbox},
};
use entity::businesses::business;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::Expr,
};
use serde_json::json;
use uuid::Uuid;

use crate::kernel::{Actor, Event, Permission, Result, Services, Tx};

/// After so many days a new business's quiet conversations are closed. Closing loses nothing, since whatever a customer writes opens it
/// again, and without it the list of what is open becomes that of everybody who was ever reminded.
pub(super) const CLOSE_AFTER_DAYS: i32 = 14;

/// What can be asked for.
const DAYS: std::ops::RangeInclusive<i32> = 1..=365;

/// Between two looks for conversations to close.
const AGAIN: chrono::Duration = chrono::Duration::hours(1);

/// Businesses that are looked at in one go.
const AT_ONCE: u64 = 20;

/// What another version wrote and this one does not know assigns nobody.
pub(crate) fn assign(b: &business::Model) -> AssignRule {
    AssignRule::find(&b.assign_rule).unwrap_or_default()
}

/// Changes what happens to conversations by itself.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field.
pub async fn update(s: &Services, actor: &Actor, cmd: UpdateInbox) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let (assign, days) = valid(&cmd)?;
    let mut tx = s.begin().await?;
    let before = super::locked(&tx, actor.business_id).await?;
    let rules = |b: &business::Model| json!({ "given_to": b.assign_rule, "closed_after_days": b.close_after_days });
    let was = rules(&before);
    let mut row = before.into_active_model();
    row.assign_rule = Set(assign.as_str().to_owned());
    row.close_after_days = Set(days);
    row.close_next_at = Set(days.map(|_| tx.now));
    let after = row.update(&tx.db).await?;
    tx.record_change(after.id, &actor.who, Event::InboxRulesChanged, Some(was), Some(rules(&after)));
    tx.commit().await
}

fn valid(cmd: &UpdateInbox) -> Result<(AssignRule, Option<i32>)> {
    let mut wrong = Problem::new(Code::Invalid, "Some fields need another look.");
    let mut mark = |field: &str, message: &str| {
        wrong.fields.push(FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        });
    };
    let assign = AssignRule::find(&cmd.assign);
    if assign.is_none() {
        mark("assign", "Please choose one of the three.");
    }
    let typed = cmd.close_after_days.trim();
    let days = typed.parse::<i32>().ok().filter(|days| DAYS.contains(days));
    if days.is_none() && !typed.is_empty() {
        mark(
            "close_after_days",
            "Please give a whole number of days from 1 to 365, or nothing for never.",
        );
    }
    match assign {
        Some(assign) if wrong.fields.is_empty() => Ok((assign, days)),
        _ => Err(wrong.into()),
    }
}

/// Businesses in which quiet conversations are to be looked for by now.
pub(crate) fn closing_due(now: chrono::DateTime<chrono::Utc>) -> Select<business::Entity> {
    business::Entity::find()
        .filter(Expr::cust("\"close_next_at\" IS NOT NULL"))
        .filter(business::Column::CloseNextAt.lte(now))
        .order_by_asc(business::Column::CloseNextAt)
        .limit(AT_ONCE)
}

/// Takes this business's turn, so that no other process does the same now; after how many days of quiet to close, if it is ours.
pub(crate) async fn take_closing(tx: &Tx, id: Uuid) -> Result<Option<i32>> {
    let taken = business::Entity::update_many()
        .col_expr(business::Column::CloseNextAt, Expr::value(tx.now + AGAIN))
        .filter(business::Column::Id.eq(id))
        .filter(business::Column::CloseNextAt.lte(tx.now))
        .exec_with_returning(&tx.db)
        .await?;
    Ok(taken.into_iter().next().and_then(|b| b.close_after_days))
}
