//! What whoever runs the installation asks for, and the first steps of a business.

use sea_orm::DbBackend;
use uuid::Uuid;

use super::{moment, uses};
use crate::{contacts, doctor, kernel::Db, pages, platform};

/// When somebody wrote last, what waits or is stuck, examples, and whether anybody was reminded.
pub(super) async fn queries(db: &Db, b: DbBackend, business: Uuid) {
    uses(db, b, "conversation_inbound", platform::latest_inbound(business)).await;
    uses(db, b, "message_waiting", doctor::waiting(1, moment())).await;
    uses(db, b, "message_in_flight", doctor::stuck(moment())).await;
    uses(db, b, "reminder_due", doctor::overdue(moment())).await;
    uses(db, b, "contact_sample", contacts::samples(business)).await;
    uses(db, b, "reminder_sent", pages::guide::reminded(business)).await;
}
