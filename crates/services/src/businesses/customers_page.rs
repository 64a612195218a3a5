//! What customers may do on the page of their visit, and whether reminders carry its link.

use contract::businesses::CustomersPage;
use entity::businesses::business;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

use crate::kernel::{Actor, Event, Permission, Result, Services};

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
    let before = super::locked(&tx, actor.business_id).await?;
    let was = of(&before);
    if was == wanted {
        return Ok(was);
    }
    let mut row = before.into_active_model();
    row.customers_cancel = Set(wanted.may_cancel);
    row.text_links = Set(wanted.text_links);
    let is = of(&row.update(&tx.db).await?);
    tx.record_change(actor.business_id, &actor.who, Event::VisitRulesChanged, Some(was), Some(is));
    tx.commit().await?;
    Ok(is)
}

fn of(b: &business::Model) -> CustomersPage {
    CustomersPage {
        may_cancel: b.customers_cancel,
        text_links: b.text_links,
    }
}
