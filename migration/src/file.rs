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
    pub down_sqlite: &'static str,
    pub down_postgres: &'static str,
}

/// `both "name"`: one text does for both databases, `name.up.sql`. `each "name"`: the types that differ make two of it,
/// `name.up.sqlite.sql` and `name.up.pg.sql`. The way back is `name.down.sql`; `each_way "name"` has two of that as well, for what one of
/// them alone knows.
macro_rules! file {
    (both $name:literal $(was $before:literal)?) => {
        file!(@ $name, ".up.sql", ".up.sql", ".down.sql", ".down.sql", [$($before)?])
    };
    (each $name:literal $(was $before:literal)?) => {
        file!(@ $name, ".up.sqlite.sql", ".up.pg.sql", ".down.sql", ".down.sql", [$($before)?])
    };
    (each_way $name:literal) => {
        file!(@ $name, ".up.sqlite.sql", ".up.pg.sql", ".down.sqlite.sql", ".down.pg.sql", [])
    };
    (@ $name:literal, $sqlite:literal, $postgres:literal, $back_sqlite:literal, $back_postgres:literal, [$($before:literal)?]) => {
        $crate::file::File {
            name: $name,
            before: &[$($before)?],
            up_sqlite: include_str!(concat!("../sql/", $name, $sqlite)),
            up_postgres: include_str!(concat!("../sql/", $name, $postgres)),
            down_sqlite: include_str!(concat!("../sql/", $name, $back_sqlite)),
            down_postgres: include_str!(concat!("../sql/", $name, $back_postgres)),
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
        let sql = match manager.get_database_backend() {
            DbBackend::Postgres => self.down_postgres,
            _ => self.down_sqlite,
        };
        run(manager, sql).await
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
