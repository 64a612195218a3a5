//! Tables of the noun `vault`.

/// A key that data is sealed with, itself sealed by the installation's secret.
pub mod data_key {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "data_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub wrapped: String,
        /// next, primary, old or spent; `services::vault::rotation` says what they mean.
        pub state: String,
        /// When it came into this state.
        pub since: DateTimeUtc,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
