//! Tables of the noun `reminders`.

/// A reminder that is planned, or was sent and waits for its answer.
pub mod reminder_request {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reminder_request")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub appointment_id: Uuid,
        pub contact_id: Uuid,
        pub kind: String,
        pub due_at: DateTimeUtc,
        pub status: String,
        pub reason: Option<String>,
        pub correlation_id: String,
        pub message_id: Option<Uuid>,
        pub sent_at: Option<DateTimeUtc>,
        pub expires_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
