//! Rows behind browser sessions. The id itself never reaches the database: who can read the table can't take a session over.

use chrono::{DateTime, Utc};
use entity::accounts::session;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set, sea_query::Expr};
use sha2::{Digest, Sha256};

use crate::kernel::{Result, Services};

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
