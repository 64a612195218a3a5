//! Tables of WhatsApp: how its senders stand, what it has approved, and what messages say by way of that.

/// How a WhatsApp sender stands at Twilio; its number is in `number`.
pub mod whatsapp_sender {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "whatsapp_sender")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number_id: Uuid,
        pub business_id: Uuid,
        /// `XE…`, where that is known.
        pub provider_sid: Option<String>,
        /// Twilio's own word, `ONLINE`; none: not asked yet.
        pub status: Option<String>,
        /// Why it is not, in Twilio's words.
        pub reason: Option<String>,
        pub quality: Option<String>,
        pub messaging_limit: Option<String>,
        pub profile_name: Option<String>,
        pub profile_about: Option<String>,
        pub profile_logo: Option<String>,
        /// Where Twilio posts what comes to it, and what becomes of what it sends.
        pub callback_url: Option<String>,
        pub status_url: Option<String>,
        /// What setting these came to the last time: `here`, `set`, `foreign`, `missing` or `failed`.
        pub found: Option<String>,
        pub checked_at: Option<DateTimeUtc>,
        /// When Twilio is asked again.
        pub next_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A wording that was handed in for approval, or is about to be.
pub mod whatsapp_template {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "whatsapp_template")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// The account that it is in; another one can't send it.
        pub account_sid: String,
        pub kind: String,
        pub language: String,
        /// Counts up; a wording that was handed in never changes.
        pub revision: i32,
        /// What WhatsApp knows it by.
        pub name: String,
        /// With the names of its values.
        pub body: String,
        /// Titles of the buttons, those that mean yes with a `+` before them, one a line.
        pub buttons: String,
        /// `domain::whatsapp::Approval`.
        pub status: String,
        /// Twilio's own word.
        pub said: Option<String>,
        /// As WhatsApp sorts it.
        pub category: Option<String>,
        /// Why it was rejected.
        pub rejection: Option<String>,
        /// `HX…`, once Twilio has it.
        pub content_sid: Option<String>,
        /// From here on Twilio may have it.
        pub called_at: Option<DateTimeUtc>,
        pub submitted_at: Option<DateTimeUtc>,
        pub checked_at: Option<DateTimeUtc>,
        /// Looks since its state changed.
        pub checks: i32,
        /// When it is looked at again.
        pub next_at: Option<DateTimeUtc>,
        pub created_by: String,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}

/// What a message says where free text may not go: its kind and its values, and by which wording it went out.
pub mod whatsapp_message {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "whatsapp_message")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub message_id: Uuid,
        pub business_id: Uuid,
        pub kind: String,
        pub language: String,
        /// Values by their names, as JSON.
        pub named: String,
        /// Decided anew with each claim; none: the message's own words.
        pub template_id: Option<Uuid>,
        pub content_sid: Option<String>,
        /// Values by their numbers, as JSON; what the buttons carry among them.
        pub variables: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// A button under a message of ours.
pub mod message_button {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message_button")]
    pub struct Model {
        /// The hash of what a tap tells; nobody can guess that.
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub business_id: Uuid,
        pub contact_id: Uuid,
        pub message_id: Uuid,
        /// The answer that it gives.
        pub yes: bool,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// Until when a sender may write freely to an address.
pub mod whatsapp_window {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "whatsapp_window")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub address_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub sender: String,
        pub business_id: Uuid,
        pub until: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
