//! A text that shows whether texts arrive.

use contract::messages::{MessageView, SendMessage, SendTest};

use super::send_within;
use crate::{
    businesses, contacts,
    kernel::{Actor, Permission, Result, Services, error::field},
    messages::shown,
};

/// The test of the business's connection, by whoever sees to that.
///
/// # Errors
/// `NotAllowed` for staff; else as `send_test`.
pub async fn send_connection_test(s: &Services, actor: &Actor, cmd: SendTest) -> Result<MessageView> {
    actor.may(Permission::ManageBusiness)?;
    send_test(s, actor, cmd).await
}

/// Sends a text that says it is a test, to any number: who has it is added as somebody known by number only, if nobody has. It goes out as
/// a reply does, and is refused as one is.
///
/// # Errors
/// `Invalid` for a number that is none, or has no mobile phone behind it; `MayNotSend` with the reason: then nobody is added.
pub async fn send_test(s: &Services, actor: &Actor, cmd: SendTest) -> Result<MessageView> {
    actor.may(Permission::SendMessages)?;
    actor.may(Permission::WriteContacts)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let phone = domain::phone::parse(&cmd.phone, &business.country).map_err(|why| field("phone", why.to_string()))?;
    let mut tx = s.begin().await?;
    let somebody = contacts::known_or_new(&mut tx, &[(business.id, &phone)]).await?;
    let Some(contact) = somebody.first() else {
        return Err(field("phone", "Nobody was found at this number."));
    };
    let text = SendMessage {
        contact_id: contact.id,
        body: format!("This is a test by {}. If you can read it, texts arrive here.", business.name),
        channel: None,
        correlation_id: cmd.correlation_id,
        after_message_id: None,
        send_at: None,
    };
    // In one transaction: where the text is refused, nobody is left behind whom nothing was sent to.
    let stored = Box::pin(send_within(&mut tx, actor, contact, text)).await?;
    tx.commit().await?;
    Ok(shown(stored))
}
