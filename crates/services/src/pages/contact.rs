//! A contact's page.

use contract::contacts::ContactPage;
use uuid::Uuid;

use crate::{
    appointments, contacts, conversations,
    kernel::{Actor, Permission, Result, Services},
    tasks,
};

/// A contact's page.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn page(s: &Services, actor: &Actor, id: Uuid) -> Result<ContactPage> {
    actor.may(Permission::ReadContacts)?;
    let contact = contacts::view(s, s.read(), actor.business_id, id).await?;
    Ok(ContactPage {
        hold: tasks::hold::of(s.read(), actor.business_id, &contact).await?,
        ledger: contacts::consent::ledger(s.read(), actor.business_id, id).await?,
        appointments: appointments::of_contact(s, s.read(), actor.business_id, id).await?,
        conversation_id: conversations::of_contact(s.read(), actor.business_id, id)
            .await?
            .map(|c| c.id),
        contact,
    })
}
