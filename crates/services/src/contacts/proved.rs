//! What is known of somebody who has proved that a phone is theirs.

use domain::{
    consent::{Channel, Source, State},
    language::Language,
};
use entity::{businesses::business, contacts::contact};
use sea_orm::{ActiveModelTrait, Set};

use super::{
    New, add, consent, decrypted, locked,
    rows::{Typed, Valid},
};
use crate::kernel::{Actor, Event, Principal, Result, Tx, tx::Changed};

/// What they said of themselves, and what they agreed to.
pub(crate) struct Said<'a> {
    /// The number that is proved to be theirs.
    pub phone: &'a str,
    pub name: &'a str,
    pub language: Language,
    /// What they agreed to, word for word.
    pub agreed: &'a str,
}

/// Notes that a number of theirs is theirs. Who was known by number only gets the name they gave; of others nothing is changed by whoever
/// filled in a form. They agree to texts, unless they have said anything about that before: none is opted in again by this.
///
/// # Errors
/// `Invalid` for a name that is none.
pub(crate) async fn proved(
    tx: &mut Tx,
    business: &business::Model,
    row: contact::Model,
    said: &Said<'_>,
) -> Result<contact::Model> {
    let (by, id) = (Principal::CustomerPage, row.id);
    let mut row = if row.name.is_empty() {
        let typed = Typed {
            name: said.name,
            may_be_nameless: false,
            phone: &row.phone,
            known: Some(&row.phone),
            email: row.email.as_deref(),
            time_zone: row.time_zone.as_deref(),
            notes: Some(&row.notes),
        };
        let other = said.language.as_str() != business.language && row.language.is_none();
        let mut valid = Valid::check(business, typed)?;
        if other {
            valid = valid.speaking(Some(said.language.as_str()))?;
        }
        let actor = Actor {
            business_id: business.id,
            who: by.clone(),
        };
        let new = New {
            valid,
            tags: None,
            opt_in: None,
        };
        add(tx, &actor, Some(row), new).await?
    } else {
        row
    };
    if row.phone == said.phone && row.phone_verified_at.is_none() {
        row = note(tx, row).await?;
        tx.record(business.id, &by, Event::PhoneVerified(id));
    }
    if consent::state(&tx.db, id).await? == State::Unknown && row.held_since.is_none() {
        let change = consent::Change {
            contact: &row,
            channel: Channel::Sms,
            state: State::OptedIn,
            source: Source::WaitlistForm,
            by: &by,
            evidence: said.agreed,
            at: tx.now,
        };
        consent::record(tx, change).await?;
    }
    locked(tx, business.id, id).await
}

async fn note(tx: &mut Tx, row: contact::Model) -> Result<contact::Model> {
    let now = tx.now;
    let mut active = contact::ActiveModel {
        id: sea_orm::Unchanged(row.id),
        ..Default::default()
    };
    active.phone_verified_at = Set(Some(now));
    active.updated_at = Set(now);
    let row = active.update(&tx.db).await?;
    tx.mark_changed(row.business_id, Changed::Contact(row.id));
    decrypted(tx.services(), row).await
}
