//! Tables of the noun `webhooks`.

/// A program that is told what happens in a business.
pub mod webhook_endpoint {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_endpoint")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// Sealed: an address may hold a password.
        pub url: String,
        /// Types with a space between, or `*`.
        pub events: String,
        /// Whether it is told what the things look like, and not only which they are.
        pub is_full: bool,
        /// Sealed.
        pub secret: String,
        /// The one before, with which is signed, too, for a day.
        pub previous_secret: Option<String>,
        pub previous_until: Option<DateTimeUtc>,
        pub disabled_at: Option<DateTimeUtc>,
        /// It is gone for everybody; its rows still go.
        pub removed_at: Option<DateTimeUtc>,
        /// Why it is switched off, in a sentence.
        pub why: Option<String>,
        /// Tries in a row that did not arrive.
        pub failures: i32,
        pub failing_since: Option<DateTimeUtc>,
        /// It is left alone until then.
        pub rest_until: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// Something that an endpoint is told.
pub mod webhook_delivery {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_delivery")]
    pub struct Model {
        /// What the endpoint knows it by, however often it comes: its `webhook-id`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub endpoint_id: Uuid,
        /// Its type.
        pub event: String,
        /// The thing it is of: what is about one thing is told in order.
        pub about: Uuid,
        /// Sealed: what is posted, to the letter.
        pub body: String,
        /// `waiting`, `sending`, `delivered` or `failed`.
        pub status: String,
        /// Tries since it began to wait.
        pub tries: i32,
        /// All tries.
        pub attempts: i32,
        pub next_at: Option<DateTimeUtc>,
        pub claim: Option<Uuid>,
        pub claimed_at: Option<DateTimeUtc>,
        pub answer_status: Option<i32>,
        /// Sealed: the beginning of what was answered.
        pub answer_body: Option<String>,
        pub took_ms: Option<i32>,
        /// Why the last try did not arrive, in a sentence.
        pub why: Option<String>,
        pub created_at: DateTimeUtc,
        pub done_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}
