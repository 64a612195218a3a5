//! Tables of the noun `reviews`.

/// A page on which customers write reviews of a business, or of one of its locations.
pub mod review_platform {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "review_platform")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub kind: String,
        pub name: String,
        /// A link, or the secret mailbox of a platform that invites by its own mail. Sealed.
        pub address: String,
        /// None: of the whole business.
        pub location_id: Option<Uuid>,
        pub created_at: DateTimeUtc,
        /// Nobody is sent there any more.
        pub removed_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// How a business asks for reviews.
pub mod review_rules {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "review_rules")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        /// JSON of `domain::reviews::Rules`.
        pub rules: String,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Somebody who was asked for a review, is to be, or was not, with the reason.
pub mod review_request {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "review_request")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub contact_id: Uuid,
        /// Who has it is not asked again for a while, whoever they are filed under. Sealed.
        pub phone: String,
        pub phone_key: String,
        pub platform_id: Uuid,
        pub appointment_id: Option<Uuid>,
        pub location_id: Option<Uuid>,
        /// What another system calls it; unique in a business.
        pub reference: Option<String>,
        /// `visit` or `api`.
        pub source: String,
        pub status: String,
        /// Why nobody was asked, or what it waits for.
        pub reason: Option<String>,
        pub due_at: DateTimeUtc,
        /// When it is to be looked at; none: it is decided.
        pub next_at: Option<DateTimeUtc>,
        /// The short link.
        pub code: String,
        pub message_id: Option<Uuid>,
        pub channel: Option<String>,
        /// When its message left.
        pub asked_at: Option<DateTimeUtc>,
        /// When it was counted and told of as asked: once, whatever ways it goes.
        pub counted_at: Option<DateTimeUtc>,
        /// When the link ends.
        pub expires_at: Option<DateTimeUtc>,
        /// Visits to the link: all, those of machines most likely, those of people.
        pub hits: i32,
        pub machines: i32,
        pub clicks: i32,
        /// When a person opened it first.
        pub opened_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}
