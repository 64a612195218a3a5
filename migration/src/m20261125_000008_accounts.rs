//! Twilio accounts that businesses bring along. An event that came before its message is kept with the account that told of it.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = "
CREATE TABLE twilio_account (
  sid text PRIMARY KEY, business_id UUID NOT NULL UNIQUE REFERENCES business(id), token text NOT NULL, previous_token text,
  created_at INSTANT NOT NULL, updated_at INSTANT NOT NULL);

ALTER TABLE message_event ADD COLUMN account_sid text;
";

const DOWN: &str = "
ALTER TABLE message_event DROP COLUMN account_sid;
DROP TABLE twilio_account;
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
