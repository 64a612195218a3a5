//! Tables of the noun `calendars`.

/// A calendar of another system that appointments are read from.
pub mod calendar_source {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "calendar_source")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub name: String,
        /// Sealed: who knows it reads the calendar.
        pub url: String,
        /// What the calendar says its zone is.
        pub time_zone: Option<String>,
        /// `ETag` of the last answer.
        pub etag: Option<String>,
        /// `Last-Modified` of the last answer.
        pub modified: Option<String>,
        /// When it is read next.
        pub next_at: DateTimeUtc,
        /// Since when texts are sent for its appointments; none: it is only looked at.
        pub started_at: Option<DateTimeUtc>,
        pub last_good_at: Option<DateTimeUtc>,
        pub failing_since: Option<DateTimeUtc>,
        /// Why, in plain words.
        pub problem: Option<String>,
        /// What its appointments get.
        pub location_id: Option<Uuid>,
        pub staff_label: String,
        /// What of the last reading a person should know, a line each.
        pub warnings: String,
        /// Events to come that may be appointments.
        pub visits: i32,
        /// Those of them of which nobody knows whose they are.
        pub needs_number: i32,
        /// So many events were gone at once that a person has to say whether that is meant; 0: no such question.
        pub lost: i32,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// An event of such a calendar, or one time of an event that repeats.
pub mod calendar_event {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "calendar_event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub source_id: Uuid,
        pub uid: String,
        /// Which time of an event that repeats; empty: it does not.
        pub recurrence: String,
        /// Sealed.
        pub title: String,
        /// Blind index of the title.
        pub title_key: Option<String>,
        pub starts_at: DateTimeUtc,
        pub ends_at: Option<DateTimeUtc>,
        pub state: State,
        pub contact_id: Option<Uuid>,
        pub appointment_id: Option<Uuid>,
        /// Sealed: the number found in it, or said by a person.
        pub phone: Option<String>,
        /// A person has said whose it is; that holds for the same words from then on.
        pub chosen: bool,
        /// Since when the calendar does not hold it any more.
        pub missing_since: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    /// What is known of whose it is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub enum State {
        /// A person has to say.
        NeedsNumber,
        Linked,
        /// No appointment of anybody's.
        Ignored,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}
