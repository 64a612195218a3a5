//! Tables of the noun `messages`.

/// A text, either way.
pub mod message {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub conversation_id: Uuid,
        pub contact_id: Uuid,
        pub direction: String,
        pub channel: String,
        /// What made it (`domain::origin`); of a customer's own text `customer`.
        pub origin: String,
        /// Which one of that: the reminder, say.
        pub origin_id: Option<Uuid>,
        pub purpose: String,
        pub status: String,
        /// Of an e-mail.
        pub subject: Option<String>,
        pub body: String,
        pub segments: i32,
        /// The business's number.
        pub ours: String,
        /// The customer's number.
        pub theirs: String,
        /// What `theirs` is found by.
        pub theirs_key: Option<String>,
        pub account_sid: Option<String>,
        pub provider_sid: Option<String>,
        pub error_code: Option<i32>,
        pub error: Option<String>,
        pub correlation_id: Option<String>,
        pub author: Option<String>,
        pub appointment_id: Option<Uuid>,
        /// Not to be delivered after this: what it speaks of has begun.
        pub useful_until: Option<DateTimeUtc>,
        /// Where who reads it is taken to be, unless a zone of their own is known.
        pub time_zone: Option<String>,
        /// Calls to the provider so far, whatever came of them.
        pub attempts: i32,
        /// Further tries used up because it was taken and then not delivered.
        pub retries: i32,
        /// When it is tried again, having been taken and not delivered.
        pub retry_at: Option<DateTimeUtc>,
        /// 0 replies, 1 reminders, 2 the rest.
        pub priority: i32,
        /// Its turn at its sender's pace, once it was given one.
        pub slot_at: Option<DateTimeUtc>,
        /// Micro-units of `price_unit`; an estimate until `price_final`.
        pub price: Option<i64>,
        pub price_unit: Option<String>,
        pub price_final: bool,
        /// How often the provider's log was searched for it.
        pub lookups: i32,
        pub not_before: DateTimeUtc,
        pub wait_reason: Option<String>,
        /// What it waits for by the will of who wrote it (`domain::later`).
        pub delay: Option<String>,
        /// When it was asked to go out, of one that was written for later.
        pub send_at: Option<DateTimeUtc>,
        /// From when on its customer waited when it was written; they do again if it is taken back.
        pub waited_since: Option<DateTimeUtc>,
        pub claimed_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub sent_at: Option<DateTimeUtc>,
        pub delivered_at: Option<DateTimeUtc>,
        /// Its words were removed after so many days, by its business's choice.
        pub removed_after: Option<i32>,
        /// The one in whose place this goes another way, because that is known to have failed.
        pub fallback_of: Option<Uuid>,
        /// Why it goes this way, where that was learned from what they answered before.
        pub chosen_because: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// A message whose words were to be removed while something was still open.
pub mod message_kept {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message_kept")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub message_id: Uuid,
        pub business_id: Uuid,
        /// When it is looked at again.
        pub look_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// One try at handing a message to the provider.
pub mod message_attempt {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message_attempt")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub message_id: Uuid,
        pub number: i32,
        pub started_at: DateTimeUtc,
        pub finished_at: Option<DateTimeUtc>,
        pub outcome: Option<String>,
        pub http_status: Option<i32>,
        pub error_code: Option<i32>,
        pub detail: Option<String>,
        /// The SID of a text that was taken, not delivered, and then sent again.
        pub provider_sid: Option<String>,
        /// Whether the call may have been made. Texts to one person are claimed together and called for one after another.
        pub begun: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// One thing the provider said about a message. Without `message_id`: we do not know the message yet.
pub mod message_event {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message_event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Option<Uuid>,
        pub message_id: Option<Uuid>,
        /// The account that told of it.
        pub account_sid: Option<String>,
        pub provider_sid: String,
        pub status: String,
        pub error_code: Option<i32>,
        pub source: String,
        pub at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One inbound webhook as it came; its key makes a repeat harmless.
pub mod receipt {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "receipt")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub provider_sid: String,
        pub business_id: Uuid,
        pub raw: String,
        /// When the customer sent it, for one that an outage kept from us.
        pub sent_at: Option<DateTimeUtc>,
        pub received_at: DateTimeUtc,
        pub processed_at: Option<DateTimeUtc>,
        pub tries: i32,
        pub last_error: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// How many messages a business handed over in one clock hour (UTC).
pub mod quota_hour {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "quota_hour")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hour: DateTimeUtc,
        pub used: i32,
        /// Those among them that were answers of ours to what customers texted.
        pub automatic: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// When a sender is free again under its rate limit. `class` is a message's priority; -1 is the whole account's row.
pub mod sender_rate_limit {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sender_rate_limit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub sender: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub class: i32,
        pub free_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How fast an account may be called, once Twilio has said that it was too fast. Without a rate, or a row, it is free.
pub mod account_rate_limit {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_rate_limit")]
    pub struct Model {
        /// As its breaker is called: `account:AC…`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub account: String,
        /// Calls in a thousand seconds.
        pub per_1000_s: Option<i32>,
        /// The rate from which on it grows by steps.
        pub threshold: Option<i32>,
        /// 429s in a row.
        pub refused: i32,
        pub slowed_at: DateTimeUtc,
        pub changed_at: DateTimeUtc,
        /// No call before this time.
        pub until: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The circuit breaker of an account or of one sender.
pub mod breaker {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "breaker")]
    pub struct Model {
        /// `account:AC…` or `sender:+1…`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub scope: String,
        /// Whose sender it is.
        pub business_id: Option<Uuid>,
        pub state: String,
        pub failures: i32,
        pub opened: i32,
        pub until: Option<DateTimeUtc>,
        /// What went wrong, in plain words.
        pub why: String,
        /// It was learned after Twilio took the text, so only a later word closes it again, not Twilio's taking another.
        pub by_callback: bool,
        pub changed_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a business spent on texts in a month of its own calendar, in micro-units.
pub mod spend_month {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "spend_month")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: Uuid,
        /// `2027-01`
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: String,
        pub spent: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// This installation's own price of a segment to a country, in micro-dollars.
pub mod price {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "price")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub country: String,
        pub micros: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Up to when the provider's log was compared with ours.
pub mod sync_cursor {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sync_cursor")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_sid: String,
        pub reached: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
