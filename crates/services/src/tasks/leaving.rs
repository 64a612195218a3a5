//! The open tasks of somebody who has left the business are nobody's.

use entity::tasks::task;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::list::{Which, Whose, page};
use crate::{
    accounts,
    kernel::{Event, Principal, Result, Services, tx::Changed},
};

/// In one transaction.
const BATCH: u64 = 100;

const LEFT: Principal = Principal::System("a member has left");

/// Takes from them what is still theirs, if they have not come back.
///
/// # Errors
/// When the database does not answer; the job can be done again.
pub(crate) async fn pass_on(s: &Services, business_id: Uuid, account_id: Uuid) -> Result<()> {
    loop {
        let found = page(business_id, Which::Open, Whose::Of(account_id), None)
            .limit(BATCH)
            .all(s.read())
            .await?;
        if found.is_empty() {
            return Ok(());
        }
        let mut tx = s.begin().await?;
        if accounts::is_member(&tx.db, business_id, account_id).await? {
            return Ok(());
        }
        let nobody: Option<Uuid> = None;
        let passed = task::Entity::update_many()
            .col_expr(task::Column::AssigneeId, Expr::value(nobody))
            .filter(task::Column::BusinessId.eq(business_id))
            .filter(task::Column::Id.is_in(found.iter().map(|row| row.id)))
            .filter(task::Column::AssigneeId.eq(account_id))
            .exec_with_returning(&tx.db)
            .await?;
        for row in passed {
            tx.record_change(
                business_id,
                &LEFT,
                Event::TaskChanged(row.id),
                Some((&row.title, account_id)),
                Some((&row.title, nobody)),
            );
            tx.mark_changed(business_id, Changed::Task(row.id));
        }
        tx.commit().await?;
    }
}
