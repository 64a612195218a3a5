//! A breaker that opened because of what the network said later is closed by the network's word, not by Twilio's taking a text.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = "
ALTER TABLE breaker ADD COLUMN by_callback BOOL NOT NULL DEFAULT FALSE;
";

const DOWN: &str = "
ALTER TABLE breaker DROP COLUMN by_callback;
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
