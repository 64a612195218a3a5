//! TABLES. One module per table, grouped by noun. Where a table belongs to a business, `Entity::in_business(id)` is how a query
//! starts (law 6). Ids are UUIDv7, times UTC.

/// Gives the table of the surrounding module its tenant-bound finder.
macro_rules! in_business {
    () => {
        impl Entity {
            /// The rows of one business: the only way to start a query on behalf of somebody.
            pub fn in_business(business_id: Uuid) -> sea_orm::Select<Entity> {
                Self::find().filter(Column::BusinessId.eq(business_id))
            }
        }
    };
}
pub(crate) use in_business;

pub mod accounts;
pub mod appointments;
pub mod audit;
pub mod businesses;
pub mod contacts;
pub mod conversations;
pub mod integrations;
pub mod live;
pub mod messages;
pub mod numbers;
pub mod reminders;
pub mod reports;
pub mod tasks;
pub mod vault;
