//! Tables of the noun `numbers`.

/// A telephone number texts leave from and arrive at.
pub mod number {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "number")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub phone: String,
        pub status: String,
        pub is_default: bool,
        /// Segments per second, where it is not what its kind of number does.
        pub per_second: Option<i32>,
        pub created_at: DateTimeUtc,
        /// `PN…`, where that is known.
        pub provider_sid: Option<String>,
        /// Who answers HELP, and START, at it: `twilio`, `we` or `both`.
        pub help_by: String,
        pub start_by: String,
        pub released_at: Option<DateTimeUtc>,
        /// Whether it may text the US by what Twilio says, why, and since when; none: not asked yet.
        pub us_answer: Option<String>,
        pub us_reason: Option<String>,
        pub us_since: Option<DateTimeUtc>,
        pub us_checked_at: Option<DateTimeUtc>,
        /// When Twilio is asked again.
        pub us_next_at: Option<DateTimeUtc>,
        /// The last text there that a carrier refused for want of registration, with Twilio's code, and the last that arrived.
        pub us_refused_at: Option<DateTimeUtc>,
        pub us_refused_code: Option<i32>,
        pub us_delivered_at: Option<DateTimeUtc>,
        /// How its address for incoming texts was found at Twilio the last time it was looked at, what stood there, and when.
        pub webhook: Option<String>,
        pub webhook_was: Option<String>,
        pub webhook_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// A business asks for another number.
pub mod number_request {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "number_request")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// ISO alpha-2.
        pub country: String,
        pub area_code: Option<String>,
        /// Which place the number is for.
        pub location_id: Option<Uuid>,
        /// What it is for.
        pub reason: String,
        /// `requested`, `approved`, `active` or `rejected`.
        pub status: String,
        /// The number that was chosen.
        pub phone: Option<String>,
        /// Why it was rejected, or what went wrong the last time.
        pub why: Option<String>,
        pub asked_by: String,
        pub decided_by: Option<String>,
        pub decided_at: Option<DateTimeUtc>,
        /// Where it is bought.
        pub account_sid: Option<String>,
        /// From here on it may have been bought.
        pub called_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// The Twilio account that a business brought along.
pub mod twilio_account {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "twilio_account")]
    pub struct Model {
        /// `AC…`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub sid: String,
        pub business_id: Uuid,
        /// Sealed.
        pub token: String,
        /// Sealed; the token before, which webhooks may still be signed with.
        pub previous_token: Option<String>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
        /// The account that it is a part of; none for one of its own.
        pub parent_sid: Option<String>,
        /// `SK…`: the API key that it is called with in place of its token, if there is one.
        pub key_sid: Option<String>,
        /// Sealed.
        pub key_secret: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A key that Twilio signs webhooks of a business's own account with, beside its auth token.
pub mod twilio_shared_key {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "twilio_shared_key")]
    pub struct Model {
        /// `AC…`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_sid: String,
        /// What Twilio calls it in its webhooks.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub business_id: Uuid,
        /// Sealed.
        pub secret: String,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
