//! Tables of the noun `businesses`.

/// The tenant everything belongs to.
pub mod business {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "business")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub slug: String,
        pub name: String,
        pub contact_line: String,
        pub time_zone: String,
        pub country: String,
        /// Of those of its contacts who have none: `en`, `es`.
        pub language: String,
        /// Whether texts go without the accents that GSM-7 lacks, where that saves a part.
        pub short_texts: bool,
        pub quiet_start: i32,
        pub quiet_end: i32,
        pub cadence: String,
        pub hourly_limit: i32,
        /// Micro-dollars a month; none means no limit.
        pub monthly_budget: Option<i64>,
        /// Whether US states' stricter hours hold for reminders too.
        pub state_hours: bool,
        /// As `contract::businesses::AssignRule` is written.
        pub assign_rule: String,
        /// Quiet conversations are closed after so many days; none: never by themselves.
        pub close_after_days: Option<i32>,
        /// When they are looked for next.
        pub close_next_at: Option<DateTimeUtc>,
        /// Hours after which a visit that nobody has marked counts as kept; none: somebody is asked.
        pub complete_after: Option<i32>,
        /// Whether customers may cancel on their own page.
        pub customers_cancel: bool,
        /// Whether anybody may put themselves on the waitlist, on a page of its own.
        pub waitlist_form: bool,
        /// Whether reminders carry the link to that page.
        pub text_links: bool,
        /// The ways to its customers that are tried, best first, like `sms,email`.
        pub channels: String,
        /// Whether what worked for somebody before is tried first.
        pub learn_channels: bool,
        /// Whether a yes to offers counts only once its customer has confirmed it.
        pub confirm_offers: bool,
        /// It reminds at other times now: visits to come up to this one are planned anew; none: all are.
        pub replan_at: Option<DateTimeUtc>,
        pub replan_id: Option<Uuid>,
        /// Since when nothing leaves it, by the word of whoever runs the installation, and why.
        pub suspended_at: Option<DateTimeUtc>,
        pub suspended_why: Option<String>,
        /// When its first steps were put away.
        pub guide_hidden_at: Option<DateTimeUtc>,
        /// As `domain::destinations` keeps it.
        pub texts_to: Option<String>,
        /// What messages say is removed after so many days; none: never.
        pub keep_days: Option<i32>,
        /// The last message that this was done to, by its time and id; none: to none yet.
        pub removed_at: Option<DateTimeUtc>,
        pub removed_id: Option<Uuid>,
        /// When there may be more to remove.
        pub remove_next_at: Option<DateTimeUtc>,
        /// Another one with every change of its texts; none: they are the built-in ones.
        pub texts_id: Option<Uuid>,
        pub ledger_seq: i64,
        pub ledger_hash: String,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A place appointments happen at.
pub mod location {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "location")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub name: String,
        pub address: String,
        /// Where its appointments' texts leave from; none means as for everybody.
        pub number_id: Option<Uuid>,
        /// IANA name; none: the business's.
        pub time_zone: Option<String>,
        /// JSON, a text for each day of the week; empty: nobody has said.
        pub opening_hours: String,
        /// Put away: it can't be chosen any more.
        /// Its place in lists.
        pub position: i32,
        pub archived_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// A type of appointment.
pub mod appointment_type {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "appointment_type")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub name: String,
        pub minutes: i32,
        /// Micro-units of the business's currency.
        pub price: Option<i64>,
        /// As the business's; none: the business's.
        pub cadence: Option<String>,
        pub reminders: bool,
        /// After so many months without another one somebody is due again.
        pub recall_months: Option<i32>,
        /// One of `contract::businesses::COLOURS`, or empty.
        pub colour: String,
        /// Its place in lists, from 0.
        pub position: i32,
        /// Put away: it can't be chosen any more.
        pub archived_at: Option<DateTimeUtc>,
        /// It has changed, and reminders of its appointments to come up to this start and id are planned anew; none: all are.
        pub replan_at: Option<DateTimeUtc>,
        pub replan_id: Option<Uuid>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// A label to choose from, for who an appointment is with. Appointments keep theirs as text.
pub mod staff_label {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff_label")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// Unique in a business.
        pub name: String,
        /// One of `contract::businesses::COLOURS`, or empty.
        pub colour: String,
        /// Its place in lists, from 0.
        pub position: i32,
        /// Put away: it can't be chosen any more.
        pub archived_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}
