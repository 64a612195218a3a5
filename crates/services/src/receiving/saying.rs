//! What a customer's text is answered by itself, in the words of the business and their language.

use domain::{
    consent::Channel,
    templates::{Kind, Values, Which},
};
use entity::{contacts::contact, messages::message};

use crate::{
    businesses, channels, contacts,
    kernel::{Result, Tx},
    outbox,
    templates::{self, About},
};

/// Answers `inbound` once; `what` is the answer's name.
pub(super) async fn in_own_words(
    tx: &mut Tx,
    contact: &contact::Model,
    inbound: &message::Model,
    what: &str,
    kind: Kind,
    known: Values,
) -> Result<()> {
    let body = worded(tx, contact, inbound, kind, known).await?;
    outbox::respond(tx, contact, inbound, what, body).await
}

/// Tells who has opted out that they have.
pub(super) async fn goodbye(tx: &mut Tx, contact: &contact::Model, inbound: &message::Model) -> Result<()> {
    let body = worded(tx, contact, inbound, Kind::OptedOut, Values::default()).await?;
    outbox::say_goodbye(tx, contact, inbound, body).await
}

async fn worded(tx: &mut Tx, contact: &contact::Model, inbound: &message::Model, kind: Kind, known: Values) -> Result<String> {
    let business = businesses::of(tx, contact.business_id).await?;
    let (language, about) = (contacts::language::of(&business, contact), About::to(&business, contact));
    let said = match channels::of(inbound) {
        Some(Channel::WhatsApp) => templates::say_on_whatsapp(tx, kind, language, about, known).await?,
        _ => templates::say(tx, Which::sms(kind, language), about, known).await?,
    };
    Ok(said.body)
}
