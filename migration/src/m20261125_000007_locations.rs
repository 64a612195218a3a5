//! Places appointments happen at, each with a number of its own for its appointments' texts if the business wants that.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = "
CREATE TABLE location (
  id UUID PRIMARY KEY, business_id UUID NOT NULL REFERENCES business(id), name text NOT NULL, address text NOT NULL,
  number_id UUID REFERENCES number(id), created_at INSTANT NOT NULL, updated_at INSTANT NOT NULL);
CREATE UNIQUE INDEX location_name ON location (business_id, name);

ALTER TABLE appointment ADD COLUMN location_id UUID REFERENCES location(id);
";

const DOWN: &str = "
ALTER TABLE appointment DROP COLUMN location_id;
DROP TABLE location;
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
