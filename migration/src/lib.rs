//! HISTORY. How the tables came to be, for both databases. Table names are strings: entities change, history does not.
//! Our own tables are recorded in `seaql_migrations`, the queue's in `_sqlx_migrations`.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod ddl;
mod m20261120_000001_foundation;
mod m20261120_000002_engine;
mod m20261120_000003_sealed;
mod m20261120_000004_waiting;
mod m20261120_000005_late;
mod m20261121_000006_confirmed;
mod m20261125_000007_locations;
mod m20261125_000008_accounts;
mod m20261128_000009_country;
mod m20261128_000010_zones;
mod m20261128_000011_pace_and_keys;
mod m20261128_000012_automatic;
mod m20261128_000013_route;
mod m20261128_000014_retries;
mod queue;

pub use queue::QueueError;

/// Our own tables.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_foundation::Migration),
            Box::new(m20261120_000002_engine::Migration),
            Box::new(m20261120_000003_sealed::Migration),
            Box::new(m20261120_000004_waiting::Migration),
            Box::new(m20261120_000005_late::Migration),
            Box::new(m20261121_000006_confirmed::Migration),
            Box::new(m20261125_000007_locations::Migration),
            Box::new(m20261125_000008_accounts::Migration),
            Box::new(m20261128_000009_country::Migration),
            Box::new(m20261128_000010_zones::Migration),
            Box::new(m20261128_000011_pace_and_keys::Migration),
            Box::new(m20261128_000012_automatic::Migration),
            Box::new(m20261128_000013_route::Migration),
            Box::new(m20261128_000014_retries::Migration),
        ]
    }
}

/// How many of our migrations a database lacks; all of them where it has none. Changes nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn missing(db: &sea_orm::DatabaseConnection) -> Result<usize, DbErr> {
    let all = Migrator::migrations();
    if !SchemaManager::new(db).has_table("seaql_migrations").await? {
        return Ok(all.len());
    }
    let done = Migrator::get_migration_models(db).await?;
    let lacks = |m: &dyn MigrationTrait| done.iter().all(|row| row.version != m.name());
    Ok(all.iter().filter(|m| lacks(m.as_ref())).count())
}

/// Brings a database to the newest state: our tables, then the queue's.
///
/// Several processes may start at once on PostgreSQL: an advisory lock lets one of them work and the others wait.
///
/// # Errors
/// When a statement fails; on both databases a failed migration leaves nothing half done.
pub async fn up(db: &sea_orm::DatabaseConnection) -> Result<(), QueueError> {
    queue::locked(db, async {
        Migrator::up(db, None).await?;
        queue::up(db).await
    })
    .await
}
