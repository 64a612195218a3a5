//! Encryption at rest: keys, and a blind index beside each sealed column that is searched by. What the columns hold is sealed by the
//! first process that starts on these tables; a database with rows in it gets the mark for that here: the data key "plain".

use sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Blind indexes may be null, because rows from before have none until they are sealed.
const UP: &str = "
CREATE TABLE data_key (
  id text PRIMARY KEY, wrapped text NOT NULL, state text NOT NULL, since INSTANT NOT NULL, created_at INSTANT NOT NULL);
CREATE UNIQUE INDEX data_key_primary ON data_key (state) WHERE state = 'primary';
CREATE UNIQUE INDEX data_key_next ON data_key (state) WHERE state = 'next';
INSERT INTO data_key (id, wrapped, state, since, created_at)
  SELECT 'plain', '', 'old', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP WHERE EXISTS (SELECT 1 FROM business) OR EXISTS (SELECT 1 FROM account);

ALTER TABLE contact ADD COLUMN phone_key text;
DROP INDEX contact_phone;
CREATE UNIQUE INDEX contact_phone_key ON contact (business_id, phone_key);
CREATE INDEX contact_changed ON contact (business_id, updated_at, id);

ALTER TABLE account ADD COLUMN email_key text;
CREATE UNIQUE INDEX account_email_blind ON account (email_key);

ALTER TABLE suppression ADD COLUMN phone_key text;
CREATE UNIQUE INDEX suppression_phone_key ON suppression (business_id, phone_key);
";

/// `search` held the number and the address too, each on a line after the name's.
const NAMES_ONLY: [&str; 2] = [
    "UPDATE contact SET search = substr(search, 1, instr(search || char(10), char(10)) - 1)",
    "UPDATE contact SET search = split_part(search, chr(10), 1)",
];

/// Only tables and columns go back: what was sealed stays sealed.
const DOWN: &str = "
DROP INDEX suppression_phone_key;
ALTER TABLE suppression DROP COLUMN phone_key;
DROP INDEX account_email_blind;
ALTER TABLE account DROP COLUMN email_key;
DROP INDEX contact_changed;
DROP INDEX contact_phone_key;
ALTER TABLE contact DROP COLUMN phone_key;
CREATE UNIQUE INDEX contact_phone ON contact (business_id, phone);
DROP TABLE data_key;
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await?;
        let postgres = manager.get_connection().get_database_backend() == DbBackend::Postgres;
        ddl::run(manager, NAMES_ONLY[usize::from(postgres)]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
