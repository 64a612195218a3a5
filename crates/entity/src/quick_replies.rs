//! Tables of the noun `quick_replies`.

/// A text that staff send with a few keys.
pub mod quick_reply {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "quick_reply")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub name: String,
        /// The name in lower case: one business has each once.
        pub name_key: String,
        /// With variables in braces; empty where only something is done.
        pub body: String,
        /// `contract::quick_replies::Actions` as JSON
        pub actions: String,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}
