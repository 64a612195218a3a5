//! Tables of the noun `notifications`.

/// Something that a person should know.
pub mod notification {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notification")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// Whom it is for.
        pub account_id: Uuid,
        /// As `contract::notifications::Kind` is written.
        pub kind: String,
        /// One cause is one notification.
        pub dedupe_key: String,
        /// What it opens.
        pub conversation_id: Option<Uuid>,
        /// Whom it is about.
        pub contact_id: Option<Uuid>,
        /// What is the matter, where its kind does not say so.
        pub body: String,
        /// It stands in the person's list.
        pub in_app: bool,
        pub created_at: DateTimeUtc,
        pub read_at: Option<DateTimeUtc>,
        /// When it goes to the person's devices, unless it has been read by then.
        pub push_at: Option<DateTimeUtc>,
        /// The same by e-mail.
        pub mail_at: Option<DateTimeUtc>,
        /// A mail follows where it went to devices and none of them showed it.
        pub if_missed: bool,
        /// When a device said that it was shown.
        pub shown_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// How a member wants to hear of things; without a row as everybody does.
pub mod notification_choice {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notification_choice")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
        /// `contract::notifications::Choices` as JSON.
        pub choices: String,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// The keys by which push services know this installation.
pub mod push_key {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "push_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// Sealed.
        pub secret: String,
        /// An uncompressed point, in base64url.
        pub public: String,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A browser that takes notifications for somebody.
pub mod push_device {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "push_device")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub account_id: Uuid,
        /// What the person would call it.
        pub name: String,
        /// Whoever has this can send to it: sealed.
        pub endpoint: String,
        pub endpoint_key: String,
        /// Its public key, in base64url.
        pub p256dh: String,
        /// What it and we share, sealed.
        pub auth: String,
        pub created_at: DateTimeUtc,
        /// When its push service last took something.
        pub succeeded_at: Option<DateTimeUtc>,
        pub failed_at: Option<DateTimeUtc>,
        /// What was wrong the last time, in plain words.
        pub why: Option<String>,
        /// Since when its push service knows it no more.
        pub gone_at: Option<DateTimeUtc>,
        /// In which session it was told to take them, as `session.id_hash` is written.
        pub session_hash: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A notification on its way to one device.
pub mod push {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "push")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub account_id: Uuid,
        pub device_id: Uuid,
        /// None: a test.
        pub notification_id: Option<Uuid>,
        pub status: String,
        pub attempts: i32,
        /// When it is to be tried next.
        pub not_before: DateTimeUtc,
        /// When the last try began.
        pub claimed_at: Option<DateTimeUtc>,
        /// What was wrong with the last try, in plain words.
        pub why: Option<String>,
        pub created_at: DateTimeUtc,
        pub changed_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
