//! Tables of the noun `conversations`.

/// One contact, one thread.
pub mod conversation {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "conversation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub contact_id: Uuid,
        pub last_message_id: Option<Uuid>,
        pub preview: String,
        pub last_at: DateTimeUtc,
        pub last_direction: String,
        pub last_status: String,
        /// When a person wrote last, on either side; none: nobody has.
        pub last_human_at: Option<DateTimeUtc>,
        /// The customer's text that was stored last.
        pub last_inbound_id: Option<Uuid>,
        /// Since when the customer waits for an answer; none: they don't.
        pub waiting_since: Option<DateTimeUtc>,
        pub closed_at: Option<DateTimeUtc>,
        pub snoozed_until: Option<DateTimeUtc>,
        /// The account that looks after it.
        pub assignee_id: Option<Uuid>,
        /// How many texts nobody has read; of one person, `conversation_seen` tells.
        pub unread: i32,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// How much of a conversation somebody has seen.
pub mod conversation_seen {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "conversation_seen")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub conversation_id: Uuid,
        pub business_id: Uuid,
        /// Messages with this id and smaller ones are seen, as ids tell the order in which they were stored; nil: none is.
        pub message_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
