//! Tables of the noun `integrations`.

/// A key of the REST door. Only its hash is stored.
pub mod api_key {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub name: String,
        pub hash: String,
        pub scopes: String,
        pub created_at: DateTimeUtc,
        pub last_used_at: Option<DateTimeUtc>,
        pub revoked_at: Option<DateTimeUtc>,
        /// What is shown of it.
        pub hint: String,
        pub created_by: String,
        pub expires_at: Option<DateTimeUtc>,
        /// Addresses and networks where it opens, separated by spaces; empty: everywhere.
        pub addresses: String,
        pub last_used_from: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A request that came with an `Idempotency-Key`, and what it was answered.
pub mod api_repeat {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_repeat")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub api_key_id: Uuid,
        /// A hash of the key, the method and the path.
        pub name: String,
        /// The id of what came of it.
        pub made: Option<Uuid>,
        /// A hash of what was sent.
        pub body: Option<String>,
        pub status: Option<i32>,
        pub content_type: Option<String>,
        /// Sealed.
        pub answer: Option<String>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A line of the API's log.
pub mod api_request {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_request")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub api_key_id: Uuid,
        pub at: DateTimeUtc,
        pub request_id: String,
        pub method: String,
        pub path: String,
        /// Sealed: the query string, numbers masked.
        pub query: Option<String>,
        pub status: i32,
        pub ms: i32,
        pub ip: String,
        pub content_type: String,
        /// Sealed: the beginning of what was sent, numbers masked.
        pub body: Option<String>,
        /// Sealed: what it was told, if it did not work.
        pub answer: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
