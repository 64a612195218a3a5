//! Tables of the noun `mails`.

/// A mail to somebody who works in a business, is to join it, or has an account.
pub mod mail {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mail")]
    pub struct Model {
        /// Its name in the Message-ID, too.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// None: it is about an account, wherever its person works.
        pub business_id: Option<Uuid>,
        /// Whom it is for; none: somebody who has no account yet.
        pub account_id: Option<Uuid>,
        /// What it tells.
        pub kind: String,
        /// What it is about, so that its end finds whom its beginning was told.
        pub about: String,
        /// One cause is one mail.
        pub dedupe_key: String,
        /// Sealed.
        pub address: String,
        /// Subject and letter, sealed.
        pub content: String,
        pub status: String,
        pub attempts: i32,
        /// When it is to be tried next.
        pub not_before: DateTimeUtc,
        /// When the last try began.
        pub claimed_at: Option<DateTimeUtc>,
        /// What became of the last try, in plain words, where it did not go well. Sealed: mail servers repeat addresses.
        pub why: Option<String>,
        pub created_at: DateTimeUtc,
        pub changed_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
