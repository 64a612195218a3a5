//! Appointments keep the clock by which they were entered, so that a change of a zone's rules can be noticed; locations have a zone of
//! their own. What `zone_data` was seen last is kept, too: none yet means the rules of March 2025.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = "
CREATE TABLE zone_data (id integer PRIMARY KEY, version text NOT NULL, seen_at INSTANT NOT NULL);
ALTER TABLE location ADD COLUMN time_zone text;
ALTER TABLE appointment ADD COLUMN time_zone text;
ALTER TABLE appointment ADD COLUMN utc_offset integer;
";

const DOWN: &str = "
ALTER TABLE appointment DROP COLUMN utc_offset;
ALTER TABLE appointment DROP COLUMN time_zone;
ALTER TABLE location DROP COLUMN time_zone;
DROP TABLE zone_data;
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
