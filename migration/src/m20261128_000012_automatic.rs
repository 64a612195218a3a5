//! Automatic answers have limits of their own: per person and hour, and a share of the business's hour.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = "
CREATE INDEX message_automatic ON message (business_id, contact_id, created_at) WHERE kind = 'automatic';
UPDATE message SET priority = 2 WHERE status IN ('queued', 'sending', 'unknown', 'undelivered') AND kind = 'automatic';
ALTER TABLE quota_hour ADD COLUMN automatic integer NOT NULL DEFAULT 0;
";

const DOWN: &str = "
ALTER TABLE quota_hour DROP COLUMN automatic;
UPDATE message SET priority = 0 WHERE status IN ('queued', 'sending', 'unknown', 'undelivered') AND kind = 'automatic';
DROP INDEX message_automatic;
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
