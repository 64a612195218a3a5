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
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
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
