//! Who an appointment is with that was booked elsewhere.

use contract::contacts::OptIn;
use domain::{
    consent::{Channel, Source, State},
    words,
};
use entity::{businesses::business, contacts::contact};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    New, add, consent, holder, locked,
    rows::{Typed, Valid},
};
use crate::kernel::{Actor, Principal, Result, Tx};

/// Who has this number, locked, or somebody new with this name. That the number was given for the booking at `place` is their consent to
/// texts about it, unless something is known of that already.
///
/// # Errors
/// `Invalid` for a number or a name that can't be one.
pub(crate) async fn booked(
    tx: &mut Tx,
    by: &Principal,
    business: &business::Model,
    (name, phone): (&str, &str),
    place: &str,
) -> Result<contact::Model> {
    let opt_in = OptIn {
        channel: "sms".to_owned(),
        source: place.to_owned(),
    };
    let actor = Actor {
        business_id: business.id,
        who: by.clone(),
    };
    let known = holder(tx, business.id, phone).await?;
    if let Some(known) = &known {
        let row = locked(tx, business.id, known.id).await?;
        if consent::state(&tx.db, row.id).await? == State::Unknown {
            opt_in_at(tx, &actor, &row, &opt_in).await?;
        }
        if !row.name.is_empty() || name.is_empty() {
            return Ok(row);
        }
    }
    let typed = Typed {
        name,
        may_be_nameless: true,
        phone,
        known: Some(phone),
        email: None,
        time_zone: None,
        notes: None,
    };
    let new = New {
        valid: Valid::check(business, typed)?,
        tags: None,
        opt_in: Some(opt_in),
    };
    let id = add(tx, &actor, known, new).await?.id;
    locked(tx, business.id, id).await
}

/// They agreed where they gave their number. Somebody who said STOP, or whom staff must decide about, is not opted in by a form they did
/// not fill in.
pub(super) async fn opt_in_at(tx: &mut Tx, actor: &Actor, row: &contact::Model, opt_in: &OptIn) -> Result<()> {
    let channel: Channel = opt_in.channel.parse().unwrap_or_default();
    if consent::state_on(&tx.db, row.id, channel).await? == State::OptedOut || row.held_since.is_some() {
        return Ok(());
    }
    let source = if matches!(actor.who, Principal::ApiKey { .. }) {
        Source::Api
    } else {
        Source::Booking
    };
    let what = match channel {
        Channel::Sms | Channel::WhatsApp => "Number",
        Channel::Email => "Address",
    };
    let evidence = format!("{what} given at: {}", words::preview(&opt_in.source, 200));
    let change = consent::Change {
        contact: row,
        channel,
        state: State::OptedIn,
        source,
        by: &actor.who,
        evidence: &evidence,
        at: tx.now,
    };
    consent::record(tx, change).await
}

/// The only person of exactly this name, if there is one; capitals don't count.
pub(crate) async fn by_name(db: &impl ConnectionTrait, business_id: Uuid, name: &str) -> Result<Option<Uuid>> {
    if name.trim().is_empty() {
        return Ok(None);
    }
    let found: Vec<Uuid> = contact::Entity::in_business(business_id)
        .filter(contact::Column::Search.eq(name.trim().to_lowercase()))
        .filter(contact::Column::MergedInto.is_null())
        .select_only()
        .column(contact::Column::Id)
        .limit(2)
        .into_tuple()
        .all(db)
        .await?;
    Ok(match found.as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}
