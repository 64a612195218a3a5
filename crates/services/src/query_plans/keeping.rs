//! What texts said that are kept no longer.

use sea_orm::{DbBackend, QuerySelect};
use uuid::Uuid;

use super::{moment, somewhere, uses};
use crate::{businesses::keeping, kernel::Db, retention};

/// Whose turn it is, what has become old since the last time, and what was passed over.
pub(super) async fn queries(db: &Db, b: DbBackend, business: Uuid) {
    uses(db, b, "business_removing", keeping::due(moment())).await;
    let bound = moment() + chrono::Duration::days(1);
    uses(db, b, "message_business", retention::older(business, bound, None).limit(500)).await;
    uses(
        db,
        b,
        "message_business",
        retention::older(business, bound, somewhere()).limit(500),
    )
    .await;
    uses(
        db,
        b,
        "message_kept_due",
        retention::passed_over(business, moment()).limit(500),
    )
    .await;
}
