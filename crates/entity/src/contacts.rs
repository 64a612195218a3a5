//! Tables of the noun `contacts`.

/// A customer: who owns a phone. Appointments of others on that phone are theirs too, and say whom they are for.
pub mod contact {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "contact")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub name: String,
        /// Sealed; `services::contacts` opens it when it loads a row, so elsewhere this is the number, E.164.
        pub phone: String,
        /// Blind index of the number; null only until an upgrade has sealed it.
        pub phone_key: Option<String>,
        /// Sealed, like `phone`.
        pub email: Option<String>,
        pub time_zone: Option<String>,
        /// `en`, `es`; none: the business's.
        pub language: Option<String>,
        /// How they would like to be reached, best first, like `email,sms`; none: nobody has said.
        pub channels: Option<String>,
        /// What they seem to write, where that is not their language, until staff decide.
        pub language_hint: Option<String>,
        /// Staff know that, and leave it.
        pub language_hint_dismissed: bool,
        pub notes: String,
        pub blocked: bool,
        /// Since when nothing is sent because they seem to have asked for that; staff decide.
        pub held_since: Option<DateTimeUtc>,
        /// The name in lower case, which lists are sorted by.
        pub search: String,
        pub next_token: i32,
        /// The person this one turned out to be; their rows were moved there, and this number is a further one of theirs.
        pub merged_into: Option<Uuid>,
        /// An example: never texted, and taken out with the other examples.
        pub sample: bool,
        /// Since when it is proved that the number is theirs.
        pub phone_verified_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// A word that staff know a person by.
pub mod contact_tag {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "contact_tag")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub contact_id: Uuid,
        /// In lower case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub tag: String,
        pub business_id: Uuid,
        /// The contact's, which lists are sorted by.
        pub search: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A tag that a business uses.
pub mod tag {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tag")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub tag: String,
        /// How many contacts have it.
        pub people: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// Two contacts that became one.
pub mod contact_merge {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "contact_merge")]
    pub struct Model {
        /// Made while both were locked: messages with greater ids came after it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub kept_id: Uuid,
        pub other_id: Uuid,
        /// What the undoing needs, as JSON without numbers and addresses.
        pub before: String,
        pub merged_by: String,
        pub merged_at: DateTimeUtc,
        pub undone_at: Option<DateTimeUtc>,
        /// The thread that is gone, as the other's had one.
        pub conversation_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A row that a merge has moved.
pub mod contact_merge_row {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "contact_merge_row")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub merge_id: Uuid,
        /// Its table.
        #[sea_orm(primary_key, auto_increment = false)]
        pub place: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub row_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Where somebody is reached on a channel beside their number and mail address.
pub mod contact_address {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "contact_address")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub contact_id: Uuid,
        pub channel: String,
        /// Sealed; as the provider writes it.
        pub address: String,
        pub address_key: String,
        pub created_at: DateTimeUtc,
        /// When they wrote from it last.
        pub seen_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// Where a contact stands on one channel for one purpose.
pub mod consent {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "consent")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub contact_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub channel: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub purpose: String,
        pub business_id: Uuid,
        pub state: String,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A row of the consent ledger: append only, chained by hash.
pub mod consent_event {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "consent_event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub seq: i64,
        pub contact_id: Uuid,
        pub channel: String,
        pub purpose: String,
        pub state: String,
        pub source: String,
        pub actor: String,
        pub evidence: String,
        pub at: DateTimeUtc,
        pub prev_hash: String,
        pub hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A number that said STOP. It outlives the contact it belonged to: numbers are mistyped, corrected and given to others.
pub mod suppression {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "suppression")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        /// Blind index of the number.
        #[sea_orm(primary_key, auto_increment = false)]
        pub phone_key: String,
        /// Sealed; only read to make the blind index anew with another key.
        pub phone: String,
        pub since: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// Where mail comes back from: it is nobody's any more, or never was.
pub mod dead_address {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "dead_address")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        /// Blind index of the address.
        #[sea_orm(primary_key, auto_increment = false)]
        pub address_key: String,
        /// Sealed; only read to make the blind index anew with another key.
        pub address: String,
        /// What the mail server said, like `5.1.1`.
        pub status: String,
        /// The mail that came back.
        pub message_id: Uuid,
        pub since: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// How often somebody was asked something by one way, and has answered.
pub mod contact_answers {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "contact_answers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub contact_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub channel: String,
        pub business_id: Uuid,
        pub asked: i32,
        pub answered: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
