//! Tables of the noun `questions`.

/// Something a customer was asked and can answer by text.
pub mod question {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "question")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub contact_id: Uuid,
        /// What asks (`domain::origin`), and which one of that.
        pub origin: String,
        pub origin_id: Uuid,
        /// What it is about; of several questions about one thing the newest counts.
        pub subject_id: Uuid,
        /// The number behind the letter. One row of numbers for everything a contact is asked.
        pub token: i32,
        /// The moment it is about, which lists of several are sorted by.
        pub at: DateTimeUtc,
        /// Where that is: by the clock there its time is told.
        pub time_zone: Option<String>,
        /// Whom it is about, where that is not the contact.
        pub name: Option<String>,
        /// The text that asks.
        pub message_id: Uuid,
        /// No answer is taken any more from then on.
        pub expires_at: DateTimeUtc,
        pub answer: Option<bool>,
        pub answered_at: Option<DateTimeUtc>,
        /// The text that answered it.
        pub answered_by: Option<Uuid>,
        /// When they were told that they were not understood; once.
        pub corrected_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
