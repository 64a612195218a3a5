//! One text for both databases: the types that differ are written in capitals and replaced.

use sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::prelude::*;

/// Runs each statement of `sql` (separated by `;`), with `UUID`, `INSTANT`, `SERIAL` and `BOOL` replaced by what the database calls them.
pub(crate) async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let types: [(&str, &str); 4] = match db.get_database_backend() {
        DbBackend::Postgres => [
            ("UUID", "uuid"),
            ("INSTANT", "timestamp with time zone"),
            ("SERIAL", "bigserial PRIMARY KEY"),
            ("BOOL", "boolean"),
        ],
        _ => [
            ("UUID", "blob"),
            ("INSTANT", "text"),
            ("SERIAL", "integer PRIMARY KEY AUTOINCREMENT"),
            ("BOOL", "boolean"),
        ],
    };
    for statement in sql.split(';').map(str::trim).filter(|s| !s.is_empty()) {
        let text = types
            .iter()
            .fold(statement.to_owned(), |text, (from, to)| text.replace(from, to));
        db.execute_unprepared(&text).await?;
    }
    Ok(())
}
