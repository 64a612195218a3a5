//! TABLES. One module per table, grouped by noun. Where a table belongs to a business, `Entity::in_business(id)` is how a query
//! starts (law 6). Ids are UUIDv7, times UTC.

/// Gives the table of the surrounding module its tenant-bound finders.
macro_rules! in_business {
    () => {
        impl Entity {
            /// The rows of one business: the only way to start a query on behalf of somebody.
            pub fn in_business(business_id: Uuid) -> sea_orm::Select<Entity> {
                Self::find().filter(Column::BusinessId.eq(business_id))
            }
        }
    };
    (with ids) => {
        $crate::in_business!();

        impl Entity {
            /// The rows of one business, for a query that something else narrows more: asked in a way that no index over the business
            /// serves. SQLite, which keeps no statistics here, takes "all of a business" for fewer rows than "these three ids", and would
            /// read a whole history.
            pub fn narrowed(business_id: Uuid) -> sea_orm::Select<Entity> {
                let in_business = Column::BusinessId.eq(business_id);
                Self::find().filter(sea_orm::ExprTrait::is(
                    in_business,
                    sea_orm::sea_query::Expr::Constant(true.into()),
                ))
            }

            /// Rows of one business by their ids.
            pub fn these(business_id: Uuid, ids: impl IntoIterator<Item = Uuid>) -> sea_orm::Select<Entity> {
                Self::narrowed(business_id).filter(Column::Id.is_in(ids))
            }
        }
    };
}
pub(crate) use in_business;

pub mod accounts;
pub mod alerts;
pub mod appointments;
pub mod attendance;
pub mod audit;
pub mod businesses;
pub mod calendars;
pub mod contacts;
pub mod conversations;
pub mod experiments;
pub mod feeds;
pub mod filters;
pub mod imports;
pub mod integrations;
pub mod live;
pub mod mails;
pub mod messages;
pub mod notifications;
pub mod numbers;
pub mod platform;
pub mod questions;
pub mod quick_replies;
pub mod reminders;
pub mod reports;
pub mod reviews;
pub mod selftest;
pub mod tasks;
pub mod templates;
pub mod triggers;
pub mod vault;
pub mod verifications;
pub mod waitlist;
pub mod webhooks;
pub mod whatsapp;
