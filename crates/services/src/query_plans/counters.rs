//! What figures are read from, and what keeps them.

use domain::figures::{Part, What, quarter};
use sea_orm::DbBackend;
use uuid::Uuid;

use super::{moment, plan};
use crate::{
    figures::{self, Filter},
    kernel::Db,
};
use sea_orm::QueryTrait;

/// A stretch of days is read by the days: of a month one reads a month, however long the history is.
pub(super) async fn queries(db: &Db, b: DbBackend, business: Uuid) {
    let now = quarter(moment());
    let month = Part {
        from: now - 30 * 96,
        to: now,
        offset: 0,
    };
    let narrow = Filter {
        place: Some(Uuid::nil()),
        type_id: Some(Uuid::nil()),
        channel: Some("sms".to_owned()),
    };
    let index = if b == DbBackend::Sqlite {
        "(business_id=? AND quarter>? AND quarter<?"
    } else {
        "counter_quarter_pkey"
    };
    for filter in [Filter::default(), narrow] {
        let read = figures::rows(business, month, &filter, &[What::Sent, What::Open]);
        let plan = plan(db, read.build(b)).await;
        assert!(
            plan.contains(index) && !plan.contains("Seq Scan"),
            "not read by its days:\n{plan}"
        );
        let bounded = b == DbBackend::Sqlite || (plan.contains("quarter >=") && plan.contains("Index Cond"));
        assert!(bounded, "all days are read:\n{plan}");
    }
}
