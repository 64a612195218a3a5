//! What a customer's text is answered by itself, in the words of the business and their language.

use domain::templates::{Kind, Values, Which};
use entity::{contacts::contact, messages::message};

use crate::{
    businesses, contacts,
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
    let body = worded(tx, contact, kind, known).await?;
    outbox::respond(tx, contact, inbound, what, body).await
}

/// Tells who has opted out that they have.
pub(super) async fn goodbye(tx: &mut Tx, contact: &contact::Model, inbound: &message::Model) -> Result<()> {
    let body = worded(tx, contact, Kind::OptedOut, Values::default()).await?;
    outbox::say_goodbye(tx, contact, inbound, body).await
}

async fn worded(tx: &mut Tx, contact: &contact::Model, kind: Kind, known: Values) -> Result<String> {
    let business = businesses::of(tx, contact.business_id).await?;
    let which = Which::sms(kind, contacts::language::of(&business, contact));
    let said = templates::say(tx, which, About::to(&business, contact), known).await?;
    Ok(said.body)
}
