//! Consent to offers. Where their business wants that, a yes that somebody else tells of counts only once its person has confirmed it
//! themselves, on their own page: they are asked once a day at most, and until then nothing changes.

use std::sync::Arc;

use domain::consent::{Purpose, State};

use super::consent::{self, Change};
use crate::{
    businesses,
    kernel::{Event, Result, Tx},
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
