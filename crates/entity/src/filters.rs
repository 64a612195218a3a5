//! Tables of the noun `filters`.

/// What the inbox is narrowed by, under a name.
pub mod saved_filter {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "saved_filter")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// Whose it is; none: everybody's of the business.
        pub account_id: Option<Uuid>,
        pub name: String,
        /// The name in lower case: each owner has it once.
        pub name_key: String,
        /// As the address names it; none: all conversations.
        pub view: Option<String>,
        /// Pairs as they stand in an address.
        pub filters: String,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}
