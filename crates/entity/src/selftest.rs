//! Tables of the noun `selftest`.

/// The last go-live test of a business.
pub mod self_test {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "self_test")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        /// `idle` or `running`.
        pub state: String,
        /// Parts of the running one that are over.
        pub done: i32,
        /// JSON: the lines of the last one that came to its end.
        pub lines: String,
        /// How many of them fail, and how many warn.
        pub failing: i32,
        pub warnings: i32,
        pub begun_at: Option<DateTimeUtc>,
        pub finished_at: Option<DateTimeUtc>,
        /// When it is to run next by itself.
        pub next_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
