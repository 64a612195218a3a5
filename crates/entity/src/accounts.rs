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
        /// Where they worked last; signing in goes there, if they still belong to it.
        pub last_business_id: Option<Uuid>,
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
        /// When they last signed in to work here, or came here from another business.
        pub last_in_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A browser with a session; whose, once somebody has signed in. Only the hash of its id is stored.
pub mod session {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id_hash: String,
        pub data: String,
        pub expires_at: DateTimeUtc,
        /// What its person's list of sessions calls it by.
        pub id: Option<Uuid>,
        /// None: nobody has signed in, or not all the way.
        pub account_id: Option<Uuid>,
        /// What its browser calls itself.
        pub user_agent: String,
        pub created_at: Option<DateTimeUtc>,
        /// To the quarter of an hour.
        pub seen_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A browser in which somebody has signed in. It is known by a cookie of its own, of which the hash is stored.
pub mod device {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "device")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub account_id: Uuid,
        pub hash: String,
        pub user_agent: String,
        pub created_at: DateTimeUtc,
        /// When somebody last signed in there.
        pub seen_at: DateTimeUtc,
        /// Till then it is not asked for the second factor.
        pub trusted_until: Option<DateTimeUtc>,
        /// It is known by a link for a new password alone: nobody has signed in there yet.
        pub by_link: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An authenticator of somebody: an app that tells codes by the time.
pub mod second_factor {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "second_factor")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
        /// Sealed.
        pub secret: String,
        /// The newest time step of which a code was taken: none is taken twice.
        pub last_step: i64,
        pub begun_at: DateTimeUtc,
        /// Since when it is asked for; none: it was never used yet, and is not asked for.
        pub confirmed_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What opens an account in place of a code, once.
pub mod recovery_code {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_code")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub account_id: Uuid,
        pub hash: String,
        pub used_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who an account is at an OpenID Connect issuer.
pub mod identity {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "identity")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub issuer: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub account_id: Uuid,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Somebody who is to join a business, by e-mail. Only the hash of the link's secret is stored.
pub mod invitation {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invitation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// Sealed.
        pub email: String,
        /// Blind index of the address.
        pub email_key: String,
        pub role: String,
        pub token_hash: String,
        /// Who invited, by name.
        pub invited_by: String,
        /// Whose invitation it is; none: not a member's, or one from before that was kept.
        pub invited_by_id: Option<Uuid>,
        /// When its link was last made.
        pub sent_at: DateTimeUtc,
        /// How often it was made.
        pub times_sent: i32,
        pub expires_at: DateTimeUtc,
        pub accepted_at: Option<DateTimeUtc>,
        pub accepted_by: Option<Uuid>,
        pub revoked_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// A password that somebody says they have forgotten. There is a row for addresses that nobody has, too, so that they cost the same.
pub mod password_reset {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "password_reset")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// As it was typed, sealed.
        pub email: String,
        pub email_key: String,
        /// Whose it is, once that has been looked up; none: nobody's, or not looked up yet.
        pub account_id: Option<Uuid>,
        pub token_hash: Option<String>,
        pub expires_at: DateTimeUtc,
        /// When it was used, or something else ended it.
        pub used_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Another address for an account: confirmed by who reads mail there, taken back by who reads mail at the one before.
pub mod email_change {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "email_change")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub account_id: Uuid,
        /// The new address, sealed.
        pub email: String,
        /// The one before, sealed.
        pub before: String,
        /// Blind index of the one before; null for changes from before there was one.
        pub before_key: Option<String>,
        pub token_hash: String,
        pub undo_hash: String,
        pub expires_at: DateTimeUtc,
        pub undo_until: DateTimeUtc,
        pub confirmed_at: Option<DateTimeUtc>,
        /// When it could be confirmed no more: taken back, or another one was asked for.
        pub ended_at: Option<DateTimeUtc>,
        pub undone_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
