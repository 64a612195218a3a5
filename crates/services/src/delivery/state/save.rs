//! A message's state as rows: many at once cost one statement.

use entity::messages::message;
use sea_orm::{ConnectionTrait, Statement};

use crate::kernel::{Result, Tx, db::places};

/// Writes what the provider's word has changed.
pub(crate) async fn save(tx: &Tx, row: &message::Model) -> Result<()> {
    save_all(tx, &[row]).await
}

/// The same of several, in one statement.
pub(crate) async fn save_all(tx: &Tx, rows: &[&message::Model]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let backend = tx.db.get_database_backend();
    const TYPES: [&str; 11] = [
        "uuid",
        "text",
        "text",
        "timestamptz",
        "timestamptz",
        "text",
        "text",
        "int",
        "text",
        "timestamptz",
        "timestamptz",
    ];
    let values = rows.iter().flat_map(|m| -> [sea_orm::Value; 11] {
        [
            m.id.into(),
            m.provider_sid.clone().into(),
            m.account_sid.clone().into(),
            m.sent_at.into(),
            m.delivered_at.into(),
            m.status.clone().into(),
            m.wait_reason.clone().into(),
            m.error_code.into(),
            m.error.clone().into(),
            m.not_before.into(),
            m.retry_at.into(),
        ]
    });
    let sql = format!(
        "WITH news (id, sid, account, sent_at, delivered_at, status, wait_reason, code, error, not_before, retry_at) AS (VALUES {}) \
         UPDATE message SET provider_sid = news.sid, account_sid = news.account, sent_at = news.sent_at, \
         delivered_at = news.delivered_at, status = news.status, wait_reason = news.wait_reason, error_code = news.code, \
         error = news.error, not_before = news.not_before, retry_at = news.retry_at FROM news WHERE message.id = news.id",
        places(backend, &TYPES, rows.len())
    );
    tx.db
        .execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    Ok(())
}

/// What Twilio has taken.
pub(super) async fn accepted(tx: &Tx, rows: &[message::Model]) -> Result<()> {
    let backend = tx.db.get_database_backend();
    const TYPES: [&str; 7] = ["uuid", "text", "text", "text", "timestamptz", "int", "timestamptz"];
    let values = rows.iter().flat_map(|m| -> [sea_orm::Value; 7] {
        [
            m.id.into(),
            m.provider_sid.clone().into(),
            m.account_sid.clone().into(),
            m.status.clone().into(),
            m.sent_at.into(),
            m.segments.into(),
            m.not_before.into(),
        ]
    });
    let sql = format!(
        "WITH news (id, sid, account, status, sent_at, segments, not_before) AS (VALUES {}) \
         UPDATE message SET provider_sid = news.sid, account_sid = news.account, status = news.status, sent_at = news.sent_at, \
         segments = news.segments, not_before = news.not_before FROM news WHERE message.id = news.id",
        places(backend, &TYPES, rows.len())
    );
    tx.db
        .execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    Ok(())
}
