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
    let business = businesses::of(tx, contact.business_id).await?;
    let language = contacts::language::of(&business, contact);
    let about = About {
        business: &business,
        contact: Some(contact),
        visit: None,
    };
    let said = templates::say(tx, Which::sms(kind, language), about, known).await?;
    outbox::respond(tx, contact, inbound, what, said.body).await
}
