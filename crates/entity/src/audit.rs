//! Tables of the noun `audit`.

/// Who changed what.
pub mod audit_event {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub actor: String,
        /// An account's or a key's id, else `operator`, `customer` or `system`: what is filtered by.
        pub who: String,
        /// `domain::audit::Area`.
        pub area: String,
        pub action: String,
        pub entity: String,
        pub entity_id: Uuid,
        /// The customer it is about, or whose appointment or text.
        pub contact_id: Option<Uuid>,
        pub before: Option<String>,
        pub after: Option<String>,
        pub at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
