//! Tables of the noun `accounts`.

/// A person who can sign in.
pub mod account {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Sealed.
        pub email: String,
        /// Blind index of the address; null only until an upgrade has sealed it.
        pub email_key: Option<String>,
        pub name: String,
        pub password_hash: String,
        /// Whether single keys do something.
        pub shortcuts: bool,
        /// So many seconds a reply of theirs can be taken back.
        pub undo_seconds: i32,
        /// Runs the installation; a member of no business by that.
        pub platform_admin: bool,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A person inside a business, with a role.
pub mod member {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "member")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub account_id: Uuid,
        pub role: String,
        /// Up to which message they have seen every conversation that has no `conversation_seen` of theirs; none: those from before they
        /// joined.
        pub seen_message_id: Option<Uuid>,
        /// Since when they get no new conversations; none: they do.
        pub away_since: Option<DateTimeUtc>,
        /// When they were last given one by turns.
        pub assigned_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A signed-in browser. Only the hash of its id is stored.
pub mod session {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id_hash: String,
        pub data: String,
        pub expires_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
