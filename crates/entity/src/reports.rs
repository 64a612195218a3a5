//! Tables of the noun `reports`.

/// How often something happened on one day of a business's own calendar. Kept as it happens, so reading it costs the same however much
/// there was.
pub mod counter_day {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "counter_day")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        /// `2027-01-04`
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub what: String,
        pub n: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// How much of something there was in a quarter of an hour, of which place, type, channel and kind of text.
pub mod counter_quarter {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "counter_quarter")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        /// Quarters of an hour since 1970.
        #[sea_orm(primary_key, auto_increment = false)]
        pub quarter: i64,
        /// `domain::figures::What`
        #[sea_orm(primary_key, auto_increment = false)]
        pub what: String,
        /// A code, seconds, a step; empty for what comes in one sort.
        #[sea_orm(primary_key, auto_increment = false)]
        pub sort: String,
        /// Nil: none.
        #[sea_orm(primary_key, auto_increment = false)]
        pub place: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub type_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub channel: String,
        /// What made the text.
        #[sea_orm(primary_key, auto_increment = false)]
        pub template: String,
        pub n: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// As what a text or a visit is counted now.
pub mod counted {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "counted")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub quarter: i64,
        pub place: Uuid,
        pub type_id: Uuid,
        pub channel: String,
        pub template: String,
        /// JSON: `[[what, sort, n], …]`
        pub cells: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// A business whose history is being counted; what is newer than `reached` is.
pub mod recount {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recount")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        pub reached: i64,
        pub done_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A business whose owners want the month's report by mail.
pub mod monthly_report {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "monthly_report")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        /// The last that it was written of: `2027-01`.
        pub month: String,
        /// When it is looked next whether a month is over.
        pub look_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
