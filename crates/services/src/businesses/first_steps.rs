//! The first steps of a business, put away before all are done.

use entity::businesses::business;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::kernel::{Actor, Permission, Result, Services};

/// Puts them away, or brings them back.
///
/// # Errors
/// `NotAllowed`.
pub async fn hide(s: &Services, actor: &Actor, hide: bool) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let tx = s.begin().await?;
    business::Entity::update_many()
        .col_expr(business::Column::GuideHiddenAt, Expr::value(hide.then_some(tx.now)))
        .filter(business::Column::Id.eq(actor.business_id))
        .exec(&tx.db)
        .await?;
    tx.commit().await
}
