//! Tables of the noun `imports`.

/// A file of contacts or appointments.
pub mod import {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "import")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// `domain::imports::Kind`.
        pub kind: String,
        pub file_name: String,
        /// Who brought it: a member, else a key, else the command line.
        pub account_id: Option<Uuid>,
        pub api_key_id: Option<Uuid>,
        pub by_name: String,
        /// `contract::imports::ImportStatus`.
        pub status: String,
        pub encoding: String,
        pub delimiter: String,
        pub has_header: bool,
        /// What files with the same headings have in common.
        pub fingerprint: String,
        /// Sealed JSON: `domain::imports::Column` for each.
        pub columns: String,
        /// JSON: a field for each column, empty for none.
        pub mapping: String,
        /// None: nobody has said.
        pub date_order: Option<String>,
        pub consent: Option<String>,
        pub include_past: bool,
        pub dry_run: bool,
        /// Sealed JSON: `contract::imports::Preview`.
        pub preview: Option<String>,
        pub total: i32,
        pub next_block: i32,
        pub done: i32,
        pub created: i32,
        pub updated: i32,
        pub unchanged: i32,
        pub duplicate: i32,
        pub skipped: i32,
        pub refused: i32,
        /// JSON: how often each field was changed.
        pub changed: String,
        pub problem: Option<String>,
        pub created_at: DateTimeUtc,
        pub changed_at: DateTimeUtc,
        pub finished_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// Some rows of it.
pub mod import_block {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "import_block")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub import_id: Uuid,
        /// From 0.
        pub seq: i32,
        /// Sealed JSON: the rows as they came.
        pub rows: String,
        /// Sealed JSON: what became of them; none: not done.
        pub outcome: Option<String>,
        /// How many of them were refused.
        pub refused: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a row is known by.
pub mod import_key {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "import_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub import_id: Uuid,
        /// A hash.
        #[sea_orm(primary_key, auto_increment = false)]
        pub row_key: String,
        pub row_number: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How files with these headings were read the last time.
pub mod import_mapping {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "import_mapping")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub fingerprint: String,
        pub mapping: String,
        pub date_order: Option<String>,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
