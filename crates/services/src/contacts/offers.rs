//! Consent to offers, asked once more before anything leaves that is one. Where their business wants that, a yes that somebody else tells of counts only once its person has confirmed it
//! themselves, on their own page: they are asked once a day at most, and until then nothing changes.

use std::sync::Arc;

use domain::consent::{Channel, Purpose, State, may_offer_by};
use entity::messages::message;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::consent::{self, Change};
use crate::{
    businesses,
    kernel::{Event, Result, Tx, tx::Objections},
};

/// What staff, a program or a file say that somebody said of offers. A no counts at once.
pub(super) async fn said(tx: &mut Tx, change: Change<'_>) -> Result<()> {
    let business = businesses::of(tx, change.contact.business_id).await?;
    if change.state != State::OptedIn || !business.confirm_offers {
        return consent::record_offers(tx, change).await;
    }
    let known = consent::all_of(&tx.db, &[change.contact.id]).await?;
    let before = known.get(&(change.contact.id, change.channel, Purpose::Promotional)).copied();
    match before {
        Some(State::OptedIn) => return Ok(()),
        // What was told is kept, as what it is: nothing that anything may be sent by.
        None | Some(State::Unknown) => {
            let told = Change {
                state: State::Unknown,
                ..change.clone()
            };
            consent::record_offers(tx, told).await?;
        }
        // Their no stands until they take it back.
        Some(State::OptedOut) => {}
    }
    let event = Event::OffersToConfirm(Arc::new(change.contact.clone()), change.channel);
    tx.record(change.contact.business_id, change.by, event);
    Ok(())
}

/// Why these are not sent, which their people need not get: who has not said yes to offers on that channel, or not any more.
pub(crate) async fn objections(db: &impl ConnectionTrait, waiting: &[&message::Model]) -> Result<Objections> {
    let mut objections = Objections::new();
    if waiting.is_empty() {
        return Ok(objections);
    }
    let people: Vec<Uuid> = waiting.iter().map(|m| m.contact_id).collect();
    let known = consent::all_of(db, &people).await?;
    for m in waiting {
        // What goes by a way that this version does not know does not go.
        let channel = m.channel.parse::<Channel>().ok();
        let stands = |purpose| {
            channel
                .and_then(|channel| known.get(&(m.contact_id, channel, purpose)).copied())
                .unwrap_or_default()
        };
        let offers = stands(Purpose::Promotional);
        if let Err(why) = may_offer_by(channel.unwrap_or_default(), stands(Purpose::Transactional), offers) {
            objections.insert(m.id, why.to_owned());
        }
    }
    Ok(objections)
}

/// Where a contact stands on offers on one channel.
pub(crate) async fn on(db: &impl ConnectionTrait, contact_id: Uuid, channel: Channel) -> Result<State> {
    let known = consent::all_of(db, &[contact_id]).await?;
    let stands = known.get(&(contact_id, channel, Purpose::Promotional)).copied();
    Ok(stands.unwrap_or_default())
}
