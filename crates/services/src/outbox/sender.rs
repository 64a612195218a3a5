//! Which of its numbers a business's message leaves from.

use entity::{contacts::contact, messages::message, numbers::number};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    businesses::locations,
    channels::connections::shared,
    contacts, conversations,
    kernel::{Result, Services},
    numbers,
};

/// The number a text to this contact leaves from: that of the location of the appointment it is about, else the one of their last
/// text, else the business's default, else the installation's. None: nothing can be sent.
pub(crate) async fn sender(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    contact: Option<Uuid>,
    location: Option<Uuid>,
) -> Result<Option<String>> {
    let active = numbers::active(db, business_id).await?;
    choose(s, db, business_id, active, contact, location).await
}

/// The WhatsApp sender that writes to this contact, and the address it writes to: those of their last message, else the oldest of the
/// business's senders and the contact's number. None: nothing can be sent there.
pub(crate) async fn whatsapp(s: &Services, db: &impl ConnectionTrait, who: &contact::Model) -> Result<Option<(String, String)>> {
    let senders = numbers::whatsapp::active(db, who.business_id).await?;
    let Some(way) = contacts::whatsapp::way_to(s, db, who).await? else {
        return Ok(None);
    };
    let known = senders.iter().find(|sender| Some(&sender.phone) == way.from.as_ref());
    Ok(known.or(senders.first()).map(|sender| (sender.phone.clone(), way.to)))
}

/// As `sender`, with `active` known.
pub(crate) async fn choose(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
    active: Vec<number::Model>,
    contact: Option<Uuid>,
    location: Option<Uuid>,
) -> Result<Option<String>> {
    if let Some(location) = location
        && let Some(own) = locations::number(db, business_id, location).await?
        && let Some(number) = active.iter().find(|n| n.id == own)
    {
        return Ok(Some(number.phone.clone()));
    }
    if active.len() > 1
        && let Some(contact_id) = contact
    {
        let thread = conversations::of_contact(db, business_id, contact_id).await?;
        let last = message::Entity::in_business(business_id)
            .filter(message::Column::ConversationId.eq(thread.map_or(Uuid::nil(), |c| c.id)))
            .order_by_desc(message::Column::CreatedAt)
            .order_by_desc(message::Column::Id)
            .limit(1)
            .one(db)
            .await?;
        let ours = last.map(|m| m.ours);
        if let Some(number) = active.iter().find(|n| Some(&n.phone) == ours.as_ref()) {
            return Ok(Some(number.phone.clone()));
        }
    }
    let default = active.into_iter().next().map(|n| n.phone);
    Ok(default.or_else(|| shared(s, business_id).map(str::to_owned)))
}
