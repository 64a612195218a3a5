//! Tables of the noun `experiments`.

/// Two texts of a kind that are tried against each other.
pub mod experiment {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "experiment")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// As `domain::templates::Kind`, `Channel` and `domain::language::Language` are written: one of each is planned or running at a time.
        pub kind: String,
        pub channel: String,
        pub language: String,
        /// What they are compared by (`domain::experiments::Measure`).
        pub measure: String,
        /// Of a hundred people, as it is now and as it would be worth it.
        pub usual: i32,
        pub worth: i32,
        /// People that each text takes; never changed.
        pub needed: i32,
        /// People who got such a text in the four weeks before it was planned.
        pub people_before: i32,
        /// `contract::experiments::ExperimentStatus`
        pub status: String,
        /// Whether people come into it who were not in it before.
        pub enrolling: bool,
        /// Why it ended, where it ended before its end.
        pub why: Option<String>,
        /// What is said of it for ever (JSON of `domain::experiments::Standing`), once it has ended.
        pub result: Option<String>,
        /// How often the text had been changed when it began.
        pub version: i32,
        /// When it is looked at again while it runs.
        pub look_at: DateTimeUtc,
        /// The version of the text that took the better words over.
        pub adopted_version: Option<i32>,
        /// Who planned it, by name.
        pub author: String,
        pub created_at: DateTimeUtc,
        pub started_at: Option<DateTimeUtc>,
        pub ended_at: Option<DateTimeUtc>,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// One of the two texts, word for word, and what is counted of it.
pub mod experiment_arm {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "experiment_arm")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub experiment_id: Uuid,
        /// `domain::experiments::Arm`
        pub arm: String,
        pub subject: Option<String>,
        pub body: String,
        /// Of its people: all, whose outcome is known, for whom it is what is measured, for whom it will never be known, who opted out.
        pub people: i64,
        pub known: i64,
        pub hits: i64,
        pub out: i64,
        pub opted_out: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// Somebody who is given one of them, and keeps it.
pub mod experiment_person {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "experiment_person")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub experiment_id: Uuid,
        pub contact_id: Uuid,
        pub arm: String,
        /// `domain::experiments::State`
        pub state: String,
        /// The first text of theirs that left, and what it was about: later ones count for nothing.
        pub message_id: Uuid,
        pub subject_id: Uuid,
        /// When nothing more is waited for.
        pub due_at: DateTimeUtc,
        pub opted_out_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
