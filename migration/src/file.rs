//! A migration is two files of SQL in `sql/`: what it does, and how to take that back.

use sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::prelude::*;

/// A migration, as its files in `sql/` have it.
#[derive(Clone, Copy)]
pub(crate) struct File {
    /// What its files are called, and what it is recorded as.
    pub name: &'static str,
    /// What earlier versions recorded it as.
    pub before: &'static [&'static str],
    pub up_sqlite: &'static str,
    pub up_postgres: &'static str,
    pub down: &'static str,
}

/// `both "name"`: one text does for both databases, `name.up.sql`. `each "name"`: the types that differ make two of it,
/// `name.up.sqlite.sql` and `name.up.pg.sql`. The way back is `name.down.sql`.
macro_rules! file {
    (both $name:literal $(was $before:literal)?) => {
        file!(@ $name, concat!($name, ".up.sql"), concat!($name, ".up.sql"), [$($before)?])
    };
    (each $name:literal $(was $before:literal)?) => {
        file!(@ $name, concat!($name, ".up.sqlite.sql"), concat!($name, ".up.pg.sql"), [$($before)?])
    };
    (@ $name:literal, $sqlite:expr, $postgres:expr, [$($before:literal)?]) => {
        $crate::file::File {
            name: $name,
            before: &[$($before)?],
            up_sqlite: include_str!(concat!("../sql/", $sqlite)),
            up_postgres: include_str!(concat!("../sql/", $postgres)),
            down: include_str!(concat!("../sql/", $name, ".down.sql")),
        }
    };
}
pub(crate) use file;

impl MigrationName for File {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for File {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = match manager.get_database_backend() {
            DbBackend::Postgres => self.up_postgres,
            _ => self.up_sqlite,
        };
        run(manager, sql).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.down).await
    }

    /// Without this SQLite would keep the half of a migration that failed, and the next start would stumble over it.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Both databases take a whole file at once, comments and all.
async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(sql).await?;
    Ok(())
}
