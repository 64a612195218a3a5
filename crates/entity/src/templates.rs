//! Tables of the noun `templates`.

/// A text that a business has written in the place of a built-in one.
pub mod template {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "template")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// As `domain::templates::Kind`, `Channel` and `domain::language::Language` are written: a business has each once.
        pub kind: String,
        pub channel: String,
        pub language: String,
        /// The newest one, which is sent.
        pub version_id: Uuid,
        /// How many there have been.
        pub versions: i32,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::template_version::Entity",
            from = "Column::VersionId",
            to = "super::template_version::Column::Id"
        )]
        Newest,
    }

    impl Related<super::template_version::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Newest.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}

/// What such a text said from then on; never changed.
pub mod template_version {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "template_version")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        pub template_id: Uuid,
        /// From 1.
        pub number: i32,
        /// Of an e-mail.
        pub subject: Option<String>,
        /// None: the built-in text again.
        pub body: Option<String>,
        /// Who wrote it, by name.
        pub author: String,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!(with ids);
}
