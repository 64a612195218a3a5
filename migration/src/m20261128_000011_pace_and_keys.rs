//! How fast each Twilio account may be called, once it was too fast; and keys that a business's account signs webhooks with beside its auth
//! token.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = "
CREATE TABLE account_pace (
  account text PRIMARY KEY, per_1000_s integer, threshold integer, refused integer NOT NULL,
  slowed_at INSTANT NOT NULL, changed_at INSTANT NOT NULL, until INSTANT NOT NULL);

CREATE TABLE twilio_shared_key (
  account_sid text NOT NULL, id text NOT NULL, business_id UUID NOT NULL REFERENCES business(id), secret text NOT NULL,
  created_at INSTANT NOT NULL, PRIMARY KEY (account_sid, id));
CREATE INDEX twilio_shared_key_business ON twilio_shared_key (business_id);
";

const DOWN: &str = "
DROP TABLE twilio_shared_key;
DROP TABLE account_pace;
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
