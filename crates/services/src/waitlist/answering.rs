//! Questions of the waitlist that were answered: offers, whether somebody still waits, and times for a visit.

use domain::origin::Origin;
use entity::{messages::message, questions::question, waitlist::waitlist_entry};

use super::{
    asking, offering,
    taking::{self, Answers},
    times,
};
use crate::{
    contacts,
    kernel::{Event, Result, Tx, events::Recorded},
};

/// Whatever of it was answered, in the transaction that heard the answer.
pub(crate) async fn answered(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        if let Event::Answered(question, inbound) = &one.event
            && question.origin == Origin::Offer.as_str()
        {
            apply(tx, question, inbound).await?;
        }
    }
    Ok(())
}

async fn apply(tx: &mut Tx, question: &question::Model, inbound: &message::Model) -> Result<()> {
    let (business_id, yes) = (question.business_id, question.answer == Some(true));
    let contact = contacts::locked(tx, business_id, question.contact_id).await?;
    if let Some(offer) = offering::find(&tx.db, business_id, question.origin_id).await? {
        return taking::answer(tx, &contact, offer, Answers::By(inbound), yes).await;
    }
    let entry = waitlist_entry::Entity::these(business_id, [question.origin_id])
        .one(&tx.db)
        .await?;
    match entry {
        Some(entry) => asking::answered(tx, entry, yes).await,
        None => times::answered(tx, &contact, question, Answers::By(inbound), yes).await,
    }
}
