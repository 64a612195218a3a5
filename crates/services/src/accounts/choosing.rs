//! The businesses that somebody works in, and which of them just now.

use std::collections::HashMap;

use contract::{
    Code,
    accounts::{BusinessChoice, Role},
};
use entity::{
    accounts::{account, member},
    businesses::business,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::kernel::{Result, Services, Tx, error::problem};

/// Most businesses of one person that are shown.
const SHOWN: u64 = 100;

/// Where somebody works, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn businesses(s: &Services, account_id: Uuid) -> Result<Vec<BusinessChoice>> {
    of_account(s.read(), account_id).await
}

async fn of_account(db: &impl ConnectionTrait, account_id: Uuid) -> Result<Vec<BusinessChoice>> {
    let members = memberships(db, account_id).await?;
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let ids = members.iter().map(|one| one.business_id);
    let found = business::Entity::find()
        .filter(business::Column::Id.is_in(ids))
        .all(db)
        .await?;
    let mut names: HashMap<Uuid, String> = found.into_iter().map(|one| (one.id, one.name)).collect();
    let choice = |one: member::Model| {
        Some(BusinessChoice {
            id: one.business_id,
            name: names.remove(&one.business_id)?,
            role: one.role.parse().unwrap_or(Role::Staff),
        })
    };
    let mut all: Vec<BusinessChoice> = members.into_iter().filter_map(choice).collect();
    all.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(all)
}

/// The memberships of somebody, the first one first.
pub(super) async fn memberships(db: &impl ConnectionTrait, account_id: Uuid) -> Result<Vec<member::Model>> {
    let found = member::Entity::find()
        .filter(member::Column::AccountId.eq(account_id))
        .order_by_asc(member::Column::CreatedAt)
        .limit(SHOWN);
    Ok(found.all(db).await?)
}

/// Where somebody who signs in goes.
pub(super) async fn last_used(s: &Services, account: &account::Model) -> Result<Option<Uuid>> {
    let all = memberships(s.read(), account.id).await?;
    let last = account
        .last_business_id
        .filter(|last| all.iter().any(|one| one.business_id == *last));
    Ok(last.or_else(|| all.first().map(|one| one.business_id)))
}

/// From now on this person works in this business.
///
/// # Errors
/// `NotFound` for one that they do not belong to.
pub async fn choose(s: &Services, account_id: Uuid, business_id: Uuid) -> Result<()> {
    let tx = s.begin().await?;
    mark(&tx, account_id, business_id).await?;
    tx.commit().await
}

/// The same as part of something larger.
pub(super) async fn mark(tx: &Tx, account_id: Uuid, business_id: Uuid) -> Result<()> {
    let found = member::Entity::update_many()
        .col_expr(member::Column::LastInAt, Expr::value(tx.now))
        .filter(member::Column::BusinessId.eq(business_id))
        .filter(member::Column::AccountId.eq(account_id))
        .exec(&tx.db)
        .await?;
    if found.rows_affected == 0 {
        return Err(problem(Code::NotFound, "You do not belong to this business."));
    }
    account::Entity::update_many()
        .col_expr(account::Column::LastBusinessId, Expr::value(business_id))
        .filter(account::Column::Id.eq(account_id))
        .exec(&tx.db)
        .await?;
    Ok(())
}
