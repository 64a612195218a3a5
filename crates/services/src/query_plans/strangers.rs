//! Codes for people without an account, and the places on a list that their links open.

use sea_orm::DbBackend;
use uuid::Uuid;

use super::{moment, uses};
use crate::{kernel::Db, verification};

/// How many codes a number, and a business, has had of late.
pub(super) async fn queries(db: &Db, b: DbBackend, business: Uuid) {
    let since = moment() - domain::verification::DAY;
    uses(
        db,
        b,
        "verification_of_phone",
        verification::of_phone(vec!["7".to_owned()], since),
    )
    .await;
    uses(db, b, "verification_of_business", verification::of_business(business, since)).await;
}
