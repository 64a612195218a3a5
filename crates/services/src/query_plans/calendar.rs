//! What the calendar and a visit's page ask for.

use entity::appointments::appointment;
use sea_orm::{DbBackend, QuerySelect};
use uuid::Uuid;

use super::{moment, uses};
use crate::{appointments, kernel::Db, pages};

/// Visits of a week: of all, of a staff label and of a place; those that one may collide with, and what was changed of one.
pub(super) async fn queries(db: &Db, b: DbBackend, business: Uuid) {
    let until = moment() + chrono::Duration::days(7);
    let of = |staff: Option<&str>, location_id: Option<Uuid>| {
        let query = contract::calendar::CalendarQuery {
            staff: staff.map(str::to_owned),
            location_id,
            ..Default::default()
        };
        appointments::calendar::between(business, moment(), until, &query).limit(601)
    };
    uses(db, b, "appointment_start", of(None, None)).await;
    // SQLite knows nothing of how many there are, and takes those of the week: bounded as well.
    let narrowed = |index| if b == DbBackend::Sqlite { "appointment_start" } else { index };
    uses(db, b, narrowed("appointment_staff"), of(Some("Ana"), None)).await;
    uses(db, b, narrowed("appointment_place"), of(None, Some(business))).await;
    let visit = appointment::Model {
        id: business,
        business_id: business,
        contact_id: business,
        starts_at: moment(),
        status: "scheduled".to_owned(),
        staff_label: "Ana".to_owned(),
        notes: String::new(),
        token: 101,
        location_id: None,
        time_zone: None,
        utc_offset: None,
        ends_at: None,
        type_id: None,
        for_name: None,
        source: None,
        external_id: None,
        revision: 0,
        link_revision: 0,
        series_id: None,
        series_index: None,
        arrived_at: None,
        cancelled_at: None,
        marked_in: None,
        created_at: moment(),
        updated_at: moment(),
    };
    uses(db, b, narrowed("appointment_staff"), appointments::overlap::around(&visit)).await;
    uses(
        db,
        b,
        "appointment_change_of",
        appointments::change::standing(business, business),
    )
    .await;
    uses(
        db,
        b,
        "audit_event_entity",
        pages::visit::changes_of(business, business, None).limit(51),
    )
    .await;
}
