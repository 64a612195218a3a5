//! Tables of the noun `alerts`.

/// Something that has left its usual course.
pub mod alert {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "alert")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// `domain::alerts::Kind`
        pub kind: String,
        /// Which one of its kind: a month, a breaker.
        pub subject: String,
        /// What is the matter, as it was when it was last seen.
        pub words: String,
        pub next_step: String,
        pub began_at: DateTimeUtc,
        /// When it was last seen to be so.
        pub seen_at: DateTimeUtc,
        /// When it is looked at again while it is open.
        pub look_at: DateTimeUtc,
        /// None: people had just been told of another one.
        pub told_at: Option<DateTimeUtc>,
        pub ended_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}
