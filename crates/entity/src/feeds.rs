//! Tables of the noun `feeds`.

/// An address at which somebody's own calendar reads the visits of a business.
pub mod feed {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "feed")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// Whose it is: it ends with their membership.
        pub account_id: Uuid,
        /// Visits with this label alone; none: all.
        pub staff_label_id: Option<Uuid>,
        /// How much it tells of customers, as `contract::feeds::Detail` is written.
        pub detail: String,
        /// Of the secret part of the address, which is shown once.
        pub hash: String,
        pub created_at: DateTimeUtc,
        pub revoked_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}
