//! What customers may do on the page of their visit, and whether reminders carry its link.

use contract::{Code, businesses::CustomersPage};
use entity::businesses::business;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set, sea_query::LockType};

use crate::kernel::{Actor, Event, Permission, Result, Services, error::problem};

/// How that stands.
///
/// # Errors
/// `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor) -> Result<CustomersPage> {
    actor.may(Permission::ReadAppointments)?;
    Ok(of(&super::get(s.read(), actor.business_id).await?))
}

/// Changes that; texts that are stored already stay as they are.
///
/// # Errors
/// `NotAllowed` for staff.
pub async fn set(s: &Services, actor: &Actor, wanted: CustomersPage) -> Result<CustomersPage> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    let before = business::Entity::find_by_id(actor.business_id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let before = before.ok_or_else(|| problem(Code::NotFound, "This business does not exist any more."))?;
    let was = of(&before);
    if was == wanted {
        return Ok(was);
    }
    let mut row = before.into_active_model();
    row.customers_cancel = Set(wanted.may_cancel);
    row.text_links = Set(wanted.text_links);
    let is = of(&row.update(&tx.db).await?);
    tx.record_change(actor.business_id, &actor.who, Event::BusinessChanged, Some(was), Some(is));
    tx.commit().await?;
    Ok(is)
}

fn of(b: &business::Model) -> CustomersPage {
    CustomersPage {
        may_cancel: b.customers_cancel,
        text_links: b.text_links,
    }
}
