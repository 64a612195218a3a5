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
        /// The account that replied last.
        pub replied_by: Option<Uuid>,
        /// When somebody last did something with it that is no text or note, or when it came back from being put aside.
        pub touched_at: Option<DateTimeUtc>,
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

/// What staff write to each other in a thread; never sent to the customer.
pub mod note {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub conversation_id: Uuid,
        pub contact_id: Uuid,
        /// The account of who wrote it; none: an API key.
        pub author_id: Option<Uuid>,
        pub author: String,
        pub body: String,
        /// By which whoever wrote it knows it.
        pub client_id: Option<Uuid>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// What somebody has typed and not sent yet.
pub mod draft {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "draft")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub conversation_id: Uuid,
        pub business_id: Uuid,
        /// `reply` or `note`
        pub kind: String,
        pub body: String,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// Who has a conversation before their eyes; worth nothing after some seconds of silence.
pub mod presence {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "presence")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub conversation_id: Uuid,
        pub business_id: Uuid,
        /// The last heartbeat.
        pub seen_at: DateTimeUtc,
        /// When they last pressed a key, if they are writing.
        pub writing_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// What somebody did to conversations, to be undone once.
pub mod conversation_batch {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "conversation_batch")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub account_id: Uuid,
        /// JSON of `contract::conversations::BulkAction`.
        pub action: String,
        /// What customers have written since is not dealt with by it.
        pub as_of: Option<DateTimeUtc>,
        /// running, done, undoing or undone
        pub state: String,
        pub created_at: DateTimeUtc,
        pub changed_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// One conversation of a batch, as it was before and after.
pub mod conversation_batch_row {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "conversation_batch_row")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub batch_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub conversation_id: Uuid,
        pub business_id: Uuid,
        /// todo, done, not, undone or kept
        pub state: String,
        /// Why not, or why it was kept.
        pub reason: Option<String>,
        /// JSON.
        pub before: Option<String>,
        pub after: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
