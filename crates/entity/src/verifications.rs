//! Tables of the noun `verification`.

/// A code that was texted to a phone, to be typed by whoever has it.
pub mod verification {
    use sea_orm::entity::prelude::*;
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "verification")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub business_id: Uuid,
        /// Who had the number when the code was asked for.
        pub contact_id: Uuid,
        /// Sealed.
        pub phone: String,
        /// Blind index of the number.
        pub phone_key: String,
        /// Hash of what the page knows it by.
        pub ticket: String,
        /// Keyed hash of the code.
        pub code: String,
        /// What they agree to by typing it, word for word.
        pub said: String,
        pub tries: i32,
        /// What came of it; none: it was not typed yet.
        pub used_for: Option<Uuid>,
        pub created_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
    crate::in_business!();
}
