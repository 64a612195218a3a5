//! What the audit trail is asked for.

use domain::audit::Area;
use sea_orm::{DbBackend, QuerySelect};
use uuid::Uuid;

use super::{moment, somewhere, uses};
use crate::{
    audit::{self, Wanted},
    kernel::Db,
};

/// The audit trail, narrowed by each of its filters and by several.
pub(super) async fn queries(db: &Db, b: DbBackend, business: Uuid, somebody: Uuid) {
    let who = Some(somebody.to_string());
    let (area, contact) = (Some(Area::Settings), Some(somebody));
    let cases = [
        ("audit_event_business", Wanted::default()),
        (
            "audit_event_who",
            Wanted {
                who: who.clone(),
                ..Wanted::default()
            },
        ),
        (
            "audit_event_area",
            Wanted {
                area,
                ..Wanted::default()
            },
        ),
        (
            "audit_event_contact",
            Wanted {
                contact,
                ..Wanted::default()
            },
        ),
        (
            "audit_event_who_area",
            Wanted {
                who,
                area,
                ..Wanted::default()
            },
        ),
    ];
    for (index, wanted) in cases {
        let some_days = Wanted {
            from: Some(moment() - chrono::Duration::days(7)),
            until: Some(moment()),
            ..wanted.clone()
        };
        for before in [None, somewhere()] {
            uses(db, b, index, audit::rows(business, &wanted, before.as_ref()).limit(51)).await;
            // SQLite, which knows nothing of what a table holds, may read the days instead: they are what was asked for.
            let of_days = if b == DbBackend::Sqlite { "audit_event_" } else { index };
            uses(db, b, of_days, audit::rows(business, &some_days, before.as_ref()).limit(51)).await;
        }
    }
}
