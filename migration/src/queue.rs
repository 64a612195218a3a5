//! The queue's own tables (apalis), and what we change about them.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};

/// What can go wrong while migrating.
#[derive(Debug)]
pub enum QueueError {
    Db(DbErr),
    Sqlx(sqlx::Error),
    Migrate(sqlx::migrate::MigrateError),
}

impl std::fmt::Display for QueueError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            QueueError::Db(e) => write!(f, "{e}"),
            QueueError::Sqlx(e) => write!(f, "{e}"),
            QueueError::Migrate(e) => write!(f, "{e}"),
        }
    }
}

impl std::error::Error for QueueError {}

impl From<DbErr> for QueueError {
    fn from(e: DbErr) -> Self {
        QueueError::Db(e)
    }
}
impl From<sqlx::Error> for QueueError {
    fn from(e: sqlx::Error) -> Self {
        QueueError::Sqlx(e)
    }
}
impl From<sqlx::migrate::MigrateError> for QueueError {
    fn from(e: sqlx::migrate::MigrateError) -> Self {
        QueueError::Migrate(e)
    }
}

/// "showup" as a number; any constant does, as long as every version uses the same.
const LOCK: i64 = 0x7368_6f77_7570;

/// Runs `work` while holding the migration lock (PostgreSQL; a SQLite file has one writer anyway).
pub(crate) async fn locked<T>(
    db: &DatabaseConnection,
    work: impl Future<Output = Result<T, QueueError>>,
) -> Result<T, QueueError> {
    if db.get_database_backend() != DbBackend::Postgres {
        return work.await;
    }
    let mut guard = db.get_postgres_connection_pool().acquire().await?;
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut *guard)
        .await?;
    let done = work.await;
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(LOCK)
        .execute(&mut *guard)
        .await?;
    done
}

/// apalis' tables. Not by its `setup`, which would switch SQLite's `synchronous` off on a pooled connection.
pub(crate) async fn up(db: &DatabaseConnection) -> Result<(), QueueError> {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            apalis_postgres::PostgresStorage::migrations()
                .set_ignore_missing(true)
                .run(db.get_postgres_connection_pool())
                .await?;
        }
        _ => {
            apalis_sqlite::SqliteStorage::migrations()
                .set_ignore_missing(true)
                .run(db.get_sqlite_connection_pool())
                .await?;
            // With this index SQLite acknowledges a job by scanning all the worker ever did: quadratic.
            db.execute_unprepared("DROP INDEX IF EXISTS LIdx").await?;
        }
    }
    Ok(())
}
