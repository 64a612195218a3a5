//! Rows behind browser sessions. The id itself never reaches the database: who can read the table can't take a session over.

use chrono::{DateTime, Utc};
use entity::accounts::{account, session};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set, sea_query::Expr};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::kernel::{Actor, Result, Services, Tx};

fn key(id: &[u8]) -> String {
    hex::encode(Sha256::digest(id))
}

/// A new session.
pub async fn create(s: &Services, id: &[u8], data: String, expires_at: DateTime<Utc>) -> Result<()> {
    let row = session::ActiveModel {
        id_hash: Set(key(id)),
        data: Set(data),
        expires_at: Set(expires_at),
    };
    session::Entity::insert(row).exec_without_returning(&s.db().write).await?;
    Ok(())
}

/// Changes a session. One that is gone stays gone: a page still loading must not bring a signed-out session back.
pub async fn save(s: &Services, id: &[u8], data: String, expires_at: DateTime<Utc>) -> Result<()> {
    session::Entity::update_many()
        .col_expr(session::Column::Data, Expr::value(data))
        .col_expr(session::Column::ExpiresAt, Expr::value(expires_at))
        .filter(session::Column::IdHash.eq(key(id)))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// The data of a session that has not expired, and when it will.
pub async fn load(s: &Services, id: &[u8]) -> Result<Option<(String, DateTime<Utc>)>> {
    let row = session::Entity::find_by_id(key(id))
        .filter(session::Column::ExpiresAt.gt(s.now()))
        .one(s.read())
        .await?;
    Ok(row.map(|r| (r.data, r.expires_at)))
}

pub async fn delete(s: &Services, id: &[u8]) -> Result<()> {
    session::Entity::delete_by_id(key(id)).exec(&s.db().write).await?;
    Ok(())
}

/// Removes what has expired.
pub async fn prune(s: &Services) -> Result<()> {
    session::Entity::delete_many()
        .filter(session::Column::ExpiresAt.lte(s.now()))
        .exec(&s.db().write)
        .await?;
    Ok(())
}

/// What a session says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub account_id: Uuid,
    /// None: whoever it is has no business to work in.
    pub business_id: Option<Uuid>,
    /// When it began; none: before that was written down.
    pub since: Option<DateTime<Utc>>,
}

/// The account of a session, unless that was ended from elsewhere. Asked on every request.
pub async fn account(s: &Services, claim: Claim) -> Result<Option<account::Model>> {
    let found = account::Entity::find_by_id(claim.account_id).one(s.read()).await?;
    Ok(found.filter(|account| counts(account, claim.since)))
}

/// The actor of a session: somebody who has not been signed out and still works in its business.
pub async fn actor(s: &Services, claim: Claim) -> Result<Option<Actor>> {
    match (claim.business_id, account(s, claim).await?) {
        (Some(business_id), Some(account)) => super::actor(s, account.id, business_id).await,
        _ => Ok(None),
    }
}

fn counts(account: &account::Model, since: Option<DateTime<Utc>>) -> bool {
    match (account.signed_out_at, since) {
        (None, _) => true,
        (Some(ended), Some(since)) => since >= ended,
        (Some(_), None) => false,
    }
}

/// Ends every session of an account. Those that begin at the moment that is returned, or later, count: the door says so of the one that is
/// to stay.
pub(crate) async fn end_all(tx: &Tx, account_id: Uuid) -> Result<DateTime<Utc>> {
    account::Entity::update_many()
        .col_expr(account::Column::SignedOutAt, Expr::value(tx.now))
        .filter(account::Column::Id.eq(account_id))
        .exec(&tx.db)
        .await?;
    Ok(tx.now)
}
