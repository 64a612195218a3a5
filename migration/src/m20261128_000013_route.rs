//! Who texted a customer last is looked up among texts of ours alone: the index holds no others, and so costs nothing when one comes in.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = "
DROP INDEX message_route;
CREATE INDEX message_route ON message (theirs_key, ours, created_at) WHERE direction = 'outbound';
";

const DOWN: &str = "
DROP INDEX message_route;
CREATE INDEX message_route ON message (theirs_key, ours, created_at);
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
