//! Tells somebody that they are on the list, and how they leave it.

use domain::{
    consent::{Channel, State},
    origin::Origin,
    templates::{Kind, Variable, Which},
    texts,
};
use entity::{contacts::contact, waitlist::waitlist_entry};

use super::link;
use crate::{
    businesses,
    contacts::{self, consent},
    kernel::{Error, Principal, Result, Tx},
    outbox,
    templates::{self, About},
};

/// An answer to what they, or a member in front of them, have just done. Who wants no texts, or can't be texted at all, is on the list all
/// the same. The caller holds the contact's lock.
pub(super) async fn tell(tx: &mut Tx, by: &Principal, contact: &contact::Model, entry: &waitlist_entry::Model) -> Result<()> {
    let s = tx.services().clone();
    let silent = contact.blocked || contact.sample || contact.held_since.is_some();
    if silent || consent::state(&tx.db, contact.id).await? == State::OptedOut {
        return Ok(());
    }
    let from = outbox::sender(&s, &tx.db, contact.business_id, Some(contact.id), None).await?;
    if from.is_none() {
        return Ok(());
    }
    let business = businesses::of(tx, contact.business_id).await?;
    let language = contacts::language::of(&business, contact);
    let url = format!(
        "{}/l/{}",
        s.settings().public_url,
        link::token(&s, entry.id, entry.link_revision).await?
    );
    let known = texts::plain(&business.name).with(Variable::Link, &url);
    let which = Which::sms(Kind::WaitlistJoined, language);
    let said = templates::say(tx, which, About::to(&business, contact), known).await?;
    let body = if said.has_link {
        said.body
    } else {
        texts::with_link(&said.body, &url)
    };
    let new = outbox::New {
        origin: Origin::Automatic,
        origin_id: Some(entry.id),
        channel: Channel::Sms,
        subject: None,
        body,
        correlation_id: Some(format!("joined:{}", entry.id)),
        author: matches!(by, Principal::Member { .. } | Principal::ApiKey { .. }).then(|| by.author()),
        appointment_id: None,
        useful_until: None,
        time_zone: None,
        location_id: None,
        delay: None,
    };
    match outbox::enqueue(tx, contact, new).await {
        Ok(_) | Err(Error::Problem(_)) => Ok(()),
        Err(e) => Err(e),
    }
}
