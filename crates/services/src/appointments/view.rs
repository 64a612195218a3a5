//! Appointments as people see them, with their reminders.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::appointments::{AppointmentLocation, AppointmentView, ReminderView, Status};
use entity::{appointments::appointment, reminders::reminder_request};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{clocks, find, status};
use crate::{
    businesses::{self, locations, types},
    contacts,
    kernel::{Result, Services, error::not_found},
};

pub(crate) async fn view(s: &Services, db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<AppointmentView> {
    let row = find(db, business_id, id).await?;
    views(s, db, business_id, vec![row])
        .await?
        .pop()
        .ok_or_else(|| not_found("visit"))
}

/// Whether any visit of the business is still to come.
pub(crate) async fn any_ahead(db: &impl ConnectionTrait, business_id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let open = Status::open().map(Status::as_str);
    let next = appointment::Entity::in_business(business_id)
        .filter(appointment::Column::StartsAt.gt(now))
        .filter(appointment::Column::Status.is_in(open))
        .order_by_asc(appointment::Column::StartsAt)
        .limit(1);
    Ok(next.one(db).await?.is_some())
}

/// When the next visit of a contact begins that is still to come.
pub(crate) async fn next_start(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    contact_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    Ok(next_of(db, business_id, contact_id, now).await?.map(|row| row.starts_at))
}

/// The next visit of a contact that is still to come.
pub(crate) async fn next_of(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    contact_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<appointment::Model>> {
    let open = Status::open().map(Status::as_str);
    let next = appointment::Entity::in_business(business_id)
        .filter(appointment::Column::ContactId.eq(contact_id))
        .filter(appointment::Column::StartsAt.gt(now))
        .filter(appointment::Column::Status.is_in(open))
        .order_by_asc(appointment::Column::StartsAt)
        .limit(1);
    Ok(next.one(db).await?)
}

/// A contact's appointments from 30 days ago on, soonest first, at most 20.
pub(crate) async fn of_contact(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    contact_id: Uuid,
) -> Result<Vec<AppointmentView>> {
    let mut rows = appointment::Entity::in_business(business_id)
        .filter(appointment::Column::ContactId.eq(contact_id))
        .order_by_desc(appointment::Column::StartsAt)
        .limit(20)
        .all(db)
        .await?;
    rows.reverse();
    views(s, db, business_id, rows).await
}

/// Several appointments as they are now, in no particular order.
pub(crate) async fn views_of(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    ids: &[Uuid],
) -> Result<Vec<AppointmentView>> {
    let rows = appointment::Entity::these(business_id, ids.iter().copied()).all(db).await?;
    views(s, db, business_id, rows).await
}

/// Appointments that are loaded already, in their order.
pub(crate) async fn views_in_order(
    s: &Services,
    business_id: Uuid,
    rows: Vec<appointment::Model>,
) -> Result<Vec<AppointmentView>> {
    views(s, s.read(), business_id, rows).await
}

pub(super) async fn views(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    rows: Vec<appointment::Model>,
) -> Result<Vec<AppointmentView>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let mut reminders = reminders_of(db, business_id, &ids).await?;
    let people = contacts::labels(s, db, business_id, rows.iter().map(|r| r.contact_id).collect()).await?;
    let business = businesses::get(db, business_id).await?;
    let types = types::several(db, business_id, rows.iter().filter_map(|r| r.type_id).collect()).await?;
    let places = locations::several(db, business_id, rows.iter().filter_map(|r| r.location_id).collect()).await?;
    rows.into_iter()
        .map(|r| {
            let person = people.get(&r.contact_id);
            let say = |what: fn(&contacts::Label) -> &String| person.map(what).cloned().unwrap_or_default();
            let place = r.location_id.and_then(|id| places.get(&id));
            Ok(AppointmentView {
                time_zone: locations::zone(&business, place).name().to_owned(),
                clock_change: clocks::change(&r).filter(|_| status(&r).is_ok_and(Status::is_open)),
                status: status(&r)?,
                id: r.id,
                contact_name: say(|p| &p.name),
                phone: say(|p| &p.phone),
                phone_display: say(|p| &p.phone_display),
                contact_id: r.contact_id,
                starts_at: r.starts_at,
                ends_at: r.ends_at,
                type_name: r.type_id.and_then(|id| types.get(&id)).map(|kind| kind.name.clone()),
                type_id: r.type_id,
                for_name: r.for_name,
                external_id: r.external_id,
                series_id: r.series_id,
                series_index: r.series_index,
                arrived_at: r.arrived_at,
                source: r.source.as_ref().map(ActiveEnum::to_value),
                staff_label: r.staff_label,
                notes: r.notes,
                revision: r.revision,
                location: place.map(|l| AppointmentLocation {
                    id: l.id,
                    name: l.name.clone(),
                }),
                reminders: reminders.remove(&r.id).unwrap_or_default(),
            })
        })
        .collect()
}

/// Reminders of several appointments, each in order of due time.
async fn reminders_of(db: &impl ConnectionTrait, business_id: Uuid, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<ReminderView>>> {
    let rows = reminder_request::Entity::in_business(business_id)
        .filter(reminder_request::Column::AppointmentId.is_in(ids.iter().copied()))
        .order_by_asc(reminder_request::Column::DueAt)
        .all(db)
        .await?;
    let mut by_appointment: HashMap<Uuid, Vec<ReminderView>> = HashMap::new();
    for r in rows {
        let shown = ReminderView {
            id: r.id,
            kind: r.kind,
            due_at: r.due_at,
            status: r.status,
            reason: r.reason,
        };
        by_appointment.entry(r.appointment_id).or_default().push(shown);
    }
    Ok(by_appointment)
}
