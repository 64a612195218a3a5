//! Tables of the noun `attendance`.

/// What a marked visit was counted as.
pub mod marked_visit {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attendance")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub appointment_id: Uuid,
        pub business_id: Uuid,
        pub contact_id: Uuid,
        pub type_id: Option<Uuid>,
        pub month: String,
        /// The day on which it was marked.
        pub day: String,
        /// How long ahead it was booked.
        pub lead: String,
        /// It was asked about and not confirmed.
        pub unanswered: bool,
        pub missed: bool,
        /// In millionths, by what was known before; none where the end was known when it came.
        pub guess: Option<i32>,
        pub average: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// Visits of a month, and how many of them were missed: of a contact, of a type, of a circumstance, of all.
pub mod attendance_sum {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attendance_sum")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub about: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub part: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: String,
        pub visits: i32,
        pub missed: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// How far the guess was off on a day, and how far the average was.
pub mod attendance_day {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attendance_day")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: String,
        pub visits: i64,
        pub missed: i64,
        /// Sums of squared errors, in millionths.
        pub ours: i64,
        pub average: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
