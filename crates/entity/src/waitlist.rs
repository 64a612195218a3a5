//! Tables of the noun `waitlist`.

/// Somebody who waits for a time to come free.
pub mod waitlist_entry {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "waitlist_entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub contact_id: Uuid,
        /// Whom it is for, if that is not the contact.
        pub for_name: Option<String>,
        /// Ids of types that would do, a space around each; empty: any.
        pub types: String,
        /// The same of locations.
        pub locations: String,
        /// Names of staff labels, a bar around each; empty: anybody.
        pub staff: String,
        /// How long the visit takes.
        pub minutes: i32,
        /// JSON of `domain::waitlist::Window`s; none: any time.
        pub windows: String,
        /// How long before it begins a time must be offered.
        pub notice_minutes: i32,
        pub priority: String,
        /// The visit that a time would take the place of.
        pub instead_of: Option<Uuid>,
        pub notes: String,
        pub channel: String,
        /// `staff`, `api` or `form`.
        pub source: String,
        /// What they agreed to, word for word, and when.
        pub consent: String,
        pub consented_at: DateTimeUtc,
        pub status: String,
        /// Whose turn is first, as `domain::waitlist::place` says.
        pub place: i32,
        /// When they were offered a time last; the first second of 1970 for who never was.
        pub turn_at: DateTimeUtc,
        pub last_offered_at: Option<DateTimeUtc>,
        /// Offers in a row that they did not answer.
        pub silences: i32,
        pub offers: i32,
        pub answers: i32,
        pub expires_at: DateTimeUtc,
        /// When they were asked whether they still wait.
        pub asked_at: Option<DateTimeUtc>,
        /// When it is to be asked about, or ends.
        pub look_at: Option<DateTimeUtc>,
        /// Grows when links to leave the list are revoked.
        pub link_revision: i32,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// A time that is free, or was.
pub mod slot {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "slot")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// `waitlist`, or `times`: one of several that one person chooses from.
        pub purpose: String,
        pub starts_at: DateTimeUtc,
        pub minutes: i32,
        pub type_id: Option<Uuid>,
        pub location_id: Option<Uuid>,
        pub staff_label: String,
        pub mode: String,
        /// How long one person has to answer, or until the next group is asked.
        pub hold_minutes: i32,
        /// How many are asked at once.
        pub group_size: i32,
        pub status: String,
        /// `hand`, `cancelled`, `moved`, `declined`, `no_show` or `times`.
        pub source: String,
        /// The visit whose time it was; of `times`, the visit that is to move.
        pub from_id: Option<Uuid>,
        /// The slot that was taken by who left this time.
        pub chain_id: Option<Uuid>,
        pub dedupe_key: String,
        /// The visit that filled it.
        pub appointment_id: Option<Uuid>,
        pub taken_at: Option<DateTimeUtc>,
        pub taken_by: Option<String>,
        /// Nobody is asked any more from then on.
        pub stops_at: DateTimeUtc,
        /// When there is something to do about it.
        pub next_at: Option<DateTimeUtc>,
        /// Nobody can be asked until then, and why.
        pub waits_until: Option<DateTimeUtc>,
        pub wait_reason: Option<String>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// A slot, offered to one person.
pub mod offer {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "offer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub slot_id: Uuid,
        /// None of times that were offered for a visit.
        pub entry_id: Option<Uuid>,
        pub contact_id: Uuid,
        /// Shared by the times of one text.
        pub times_id: Option<Uuid>,
        /// Its number in that text.
        pub choice: Option<i32>,
        pub status: String,
        pub channel: String,
        /// Why this person, in words.
        pub reason: String,
        pub message_id: Option<Uuid>,
        /// Until when it is held; before its text has left, when that must have happened.
        pub expires_at: Option<DateTimeUtc>,
        pub sent_at: Option<DateTimeUtc>,
        pub answered_at: Option<DateTimeUtc>,
        /// The kind text that they have still to get: `lost` or `late`.
        pub owes: Option<String>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// How a business offers times.
pub mod waitlist_rules {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "waitlist_rules")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        /// JSON of `domain::waitlist::Rules`.
        pub rules: String,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
