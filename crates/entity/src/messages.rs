//! Tables of the noun `messages`.

/// A text, either way.
pub mod message {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub conversation_id: Uuid,
        pub contact_id: Uuid,
        pub direction: String,
        pub channel: String,
        pub kind: String,
        pub purpose: String,
        pub status: String,
        pub body: String,
        pub segments: i32,
        pub from_addr: String,
        pub to_addr: String,
        pub account_sid: Option<String>,
        pub provider_sid: Option<String>,
        pub error_code: Option<i32>,
        pub error: Option<String>,
        pub correlation_id: Option<String>,
        pub author: Option<String>,
        pub reminder_id: Option<Uuid>,
        pub appointment_id: Option<Uuid>,
        pub attempts: i32,
        /// How often the provider's log was searched for it.
        pub looks: i32,
        pub not_before: DateTimeUtc,
        pub wait_reason: Option<String>,
        pub claimed_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub sent_at: Option<DateTimeUtc>,
        pub delivered_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// One try at handing a message to the provider.
pub mod message_attempt {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message_attempt")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub message_id: Uuid,
        pub number: i32,
        pub started_at: DateTimeUtc,
        pub finished_at: Option<DateTimeUtc>,
        pub outcome: Option<String>,
        pub http_status: Option<i32>,
        pub error_code: Option<i32>,
        pub detail: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// One thing the provider said about a message. Without `message_id`: we do not know the message yet.
pub mod message_event {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message_event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Option<Uuid>,
        pub message_id: Option<Uuid>,
        pub provider_sid: String,
        pub status: String,
        pub error_code: Option<i32>,
        pub source: String,
        pub at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One inbound webhook as it came; its key makes a repeat harmless.
pub mod receipt {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "receipt")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub provider_sid: String,
        pub business_id: Uuid,
        pub raw: String,
        pub received_at: DateTimeUtc,
        pub processed_at: Option<DateTimeUtc>,
        pub tries: i32,
        pub last_error: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// How many messages a business handed over in one clock hour (UTC).
pub mod quota_hour {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "quota_hour")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hour: DateTimeUtc,
        pub used: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
