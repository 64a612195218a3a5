//! Tables of the noun `tasks`.

/// Work for a person.
pub mod task {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "task")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub kind: String,
        pub title: String,
        pub contact_id: Option<Uuid>,
        pub conversation_id: Option<Uuid>,
        pub appointment_id: Option<Uuid>,
        pub message_id: Option<Uuid>,
        pub assignee_id: Option<Uuid>,
        pub dedupe_key: String,
        pub notes: String,
        pub status: String,
        pub due_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub done_at: Option<DateTimeUtc>,
        pub done_by: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}
