//! Visits that another system names: the same name again is the same visit.

use contract::{
    Problem,
    appointments::{AppointmentView, CreateAppointment, EditAppointment},
};
use entity::appointments::appointment;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, Select, sea_query::Expr};
use uuid::Uuid;

use super::{create, edit};
use crate::kernel::{
    Actor, Permission, Result, Services,
    error::{field, short},
};

/// A name that another system can give.
pub(super) fn valid(text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    let id = short("external_id", text, 200)?;
    if id.is_empty() {
        return Err(field("external_id", "Please give the other system's id, or leave this out."));
    }
    Ok(Some(id))
}

/// Books a visit, or brings the one that has its `external_id` up to date: what is not given stays as it is. True where it is new.
///
/// # Errors
/// As `create` and `edit`; `Conflict` with its id where the name is that of another person's visit; `Invalid` where a visit that is known is
/// to repeat.
pub async fn put(s: &Services, actor: &Actor, cmd: CreateAppointment) -> Result<(AppointmentView, bool)> {
    actor.may(Permission::WriteAppointments)?;
    let Some(id) = valid(cmd.external_id.as_deref())? else {
        return Ok((create(s, actor, cmd).await?, true));
    };
    let known = async || called(s.read(), actor.business_id, &id).await;
    if let Some(row) = known().await? {
        return Ok((update(s, actor, &row, cmd).await?, false));
    }
    match create(s, actor, cmd.clone()).await {
        Ok(view) => Ok((view, true)),
        // Somebody else was a moment earlier; if it is this one, it is known now.
        Err(cause) => match known().await? {
            Some(row) => Ok((update(s, actor, &row, cmd).await?, false)),
            None => Err(cause),
        },
    }
}

/// The visit that another system calls this.
pub(crate) async fn called(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    external_id: &str,
) -> Result<Option<appointment::Model>> {
    Ok(by_external_id(business_id, external_id).one(db).await?)
}

/// The state is a literal: SQLite uses an index over a part of the rows only if it can see that the query asks for no others.
pub(crate) fn by_external_id(business_id: Uuid, external_id: &str) -> Select<appointment::Entity> {
    appointment::Entity::in_business(business_id)
        .filter(appointment::Column::ExternalId.eq(external_id))
        .filter(Expr::cust("\"external_id\" IS NOT NULL"))
}

async fn update(s: &Services, actor: &Actor, row: &appointment::Model, cmd: CreateAppointment) -> Result<AppointmentView> {
    if row.contact_id != cmd.contact_id {
        let words = "This external_id is the visit of another contact. Cancel that one first, or use another id.";
        return Err(Problem::with(row.id, words.to_owned()).into());
    }
    if cmd.repeat.is_some() {
        let words = "This visit is known already; only a new one can repeat. Leave this out to bring it up to date.";
        return Err(field("repeat", words));
    }
    let change = EditAppointment {
        starts_at: Some(cmd.starts_at),
        ends_at: cmd.ends_at.map(Some),
        minutes: cmd.minutes,
        staff_label: cmd.staff_label,
        location_id: cmd.location_id.map(Some),
        type_id: cmd.type_id.map(Some),
        notes: cmd.notes,
        for_name: cmd.for_name.map(Some),
        ..EditAppointment::default()
    };
    edit(s, actor, row.id, change).await
}
