//! Kind texts to who answered too late or was not the first, once for each offer.

use std::collections::HashMap;

use domain::{
    consent::{Channel, State},
    origin::Origin,
    templates::{Kind, Which},
    texts,
    zone::Zone,
};
use entity::{
    businesses::business,
    contacts::contact,
    waitlist::{offer, slot},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use super::{
    offering::{about, start},
    slots,
};
use crate::{
    contacts::{self, consent},
    kernel::{Error, Result, Services, Tx},
    outbox, templates,
};

/// Texts in one transaction.
const AT_ONCE: u64 = 50;

/// Offers of a slot whose people have still to be told.
pub(crate) fn owed(business_id: Uuid, slot_id: Uuid) -> Select<offer::Entity> {
    offer::Entity::narrowed(business_id)
        .filter(offer::Column::SlotId.eq(slot_id))
        .filter(Expr::cust("\"owes\" IS NOT NULL"))
        .limit(AT_ONCE)
}

/// Whether anybody is owed a text about this slot. The caller holds its lock.
pub(super) async fn is_owed(tx: &Tx, slot: &slot::Model) -> Result<bool> {
    Ok(owed(slot.business_id, slot.id).one(&tx.db).await?.is_some())
}

/// Tells whoever is owed a text about this slot.
pub(super) async fn tell(s: &Services, business: &business::Model, slot: &slot::Model, zone: Zone) -> Result<()> {
    loop {
        let rows = owed(slot.business_id, slot.id).all(s.read()).await?;
        if rows.is_empty() {
            return Ok(());
        }
        tell_some(s, business, slot, zone, rows).await?;
    }
}

async fn tell_some(
    s: &Services,
    business: &business::Model,
    slot: &slot::Model,
    zone: Zone,
    rows: Vec<offer::Model>,
) -> Result<()> {
    let mut tx = s.begin().await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.contact_id).collect();
    let people = contacts::locked_led(&tx, &ids).await?;
    slots::locked(&tx, slot.business_id, slot.id).await?;
    // Somebody else may have told them meanwhile: what is still owed under the lock is ours to say.
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let still = offer::Entity::these(slot.business_id, ids).filter(Expr::cust("\"owes\" IS NOT NULL"));
    let still: Vec<offer::Model> = still.all(&tx.db).await?;
    let consents = consent::states_of(&tx.db, &people.values().map(|person| person.id).collect::<Vec<_>>()).await?;
    for row in &still {
        if let Some(person) = people.get(&row.contact_id)
            && may_hear(person, &consents)
        {
            text(&mut tx, business, slot, zone, person, row).await?;
        }
    }
    offer::Entity::update_many()
        .col_expr(offer::Column::Owes, Expr::value(Option::<String>::None))
        .filter(offer::Column::BusinessId.eq(slot.business_id))
        .filter(offer::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(&tx.db)
        .await?;
    tx.commit().await
}

fn may_hear(person: &contact::Model, consents: &HashMap<Uuid, State>) -> bool {
    let state = consents.get(&person.id).copied().unwrap_or_default();
    !person.blocked && !person.sample && person.held_since.is_none() && state != State::OptedOut
}

async fn text(
    tx: &mut Tx,
    business: &business::Model,
    slot: &slot::Model,
    zone: Zone,
    person: &contact::Model,
    row: &offer::Model,
) -> Result<()> {
    let language = contacts::language::of(business, person);
    let begins = start(slot.starts_at, zone, person);
    let (kind, known) = match (row.owes.as_deref(), row.expires_at) {
        _ if row.times_id.is_some() => (Kind::TimesGone, texts::plain(&business.name)),
        (Some("late"), Some(until)) => {
            let known = texts::late(language, &business.name, begins, start(until, zone, person));
            (Kind::OfferLate, known)
        }
        _ => (Kind::OfferLost, texts::one(language, &business.name, None, begins, None)),
    };
    let said = templates::say(tx, Which::sms(kind, language), about(business, person, slot), known).await?;
    let new = outbox::New {
        origin: Origin::Automatic,
        origin_id: None,
        channel: Channel::Sms,
        subject: None,
        body: said.body,
        // Whatever they are told of it: once.
        correlation_id: Some(format!("offer_told:{}", row.id)),
        author: None,
        appointment_id: None,
        useful_until: None,
        time_zone: None,
        location_id: slot.location_id,
        delay: None,
    };
    match outbox::enqueue(tx, person, new).await {
        // Without a number to send from nobody can be told.
        Ok(_) | Err(Error::Problem(_)) => Ok(()),
        Err(e) => Err(e),
    }
}
