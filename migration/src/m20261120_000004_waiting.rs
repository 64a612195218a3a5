//! What waits, by time, for the message log: without it SQLite reads a business's whole history to find the few that wait.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = "
CREATE INDEX message_waiting_log ON message (business_id, created_at, id) WHERE status = 'queued';
";

const DOWN: &str = "
DROP INDEX message_waiting_log;
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
