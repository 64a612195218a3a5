//! Tables of the noun `appointments`.

/// An appointment.
pub mod appointment {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "appointment")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub contact_id: Uuid,
        pub starts_at: DateTimeUtc,
        pub status: String,
        pub staff_label: String,
        pub notes: String,
        pub token: i32,
        pub location_id: Option<Uuid>,
        /// IANA name of the place's zone when `starts_at` was entered; none for those of before this was kept.
        pub time_zone: Option<String>,
        /// Seconds east of UTC that its clocks were to show at `starts_at`, by the rules of then.
        pub utc_offset: Option<i32>,
        /// None: not known.
        pub ends_at: Option<DateTimeUtc>,
        pub type_id: Option<Uuid>,
        /// Whom it is for, if that is not the contact: the phone is the contact's, and a family shares it.
        pub for_name: Option<String>,
        /// None: from before this was kept.
        pub source: Option<Source>,
        /// What another system calls it; unique in a business.
        pub external_id: Option<String>,
        /// Grows with every change of time or status.
        pub revision: i32,
        /// Shared by those that were made as one series.
        pub series_id: Option<Uuid>,
        /// Its place in the series, from 1.
        pub series_index: Option<i32>,
        pub arrived_at: Option<DateTimeUtc>,
        pub cancelled_at: Option<DateTimeUtc>,
        /// Shared by those that were marked in one go, which is undone in one go.
        pub marked_in: Option<Uuid>,
        /// Grows when the links to its customer's page are revoked.
        pub link_revision: i32,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    /// Where an appointment came from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub enum Source {
        Staff,
        Api,
        /// A file.
        Import,
        /// A calendar of another system, which keeps it.
        Calendar,
        Waitlist,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// What links to customers' pages are signed with; one row.
pub mod link_key {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "link_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// Sealed.
        pub secret: String,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A change of an appointment that can be undone while nothing newer has happened, and what its customer is told of it.
pub mod appointment_change {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "appointment_change")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub appointment_id: Uuid,
        /// The appointment's, after it.
        pub revision: i32,
        /// JSON of what the appointment was.
        pub before: String,
        /// When the appointment begins since.
        pub starts_at: DateTimeUtc,
        /// When it began before, as far as its customer knows; none if it begins at the same time as before.
        pub known_at: Option<DateTimeUtc>,
        /// Whether the customer is told; none until that is decided.
        pub tell: Option<bool>,
        /// The text that tells them.
        pub message_id: Option<Uuid>,
        pub undone_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// Which rules of time zones appointments were last compared with; one row.
pub mod zone_data {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "zone_data")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// Like `2026f`.
        pub version: String,
        pub seen_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
