//! How offers ended: kind words to who answered too late or was not the first, once for each offer, and to who has the time that it is theirs.

use chrono::{DateTime, Utc};
use contract::waitlist::OfferStatus;
use domain::{consent::Channel, letters, origin::Origin, templates::Kind, texts, zone::Zone};
use entity::{
    appointments::{appointment, appointment_change},
    businesses::business,
    contacts::contact,
    messages::message,
    waitlist::{offer, slot},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select, sea_query::Expr};
use uuid::Uuid;

use super::{
    offering::{self, about, start},
    saying::{self, Page, Saying},
    slots,
};
use crate::{
    appointments::{self, change},
    businesses::{self, locations},
    contacts,
    kernel::{Result, Services, Tx},
    messages,
    outbox::ways,
    tasks,
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
    for row in &still {
        if let Some(person) = people.get(&row.contact_id) {
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

/// Tells somebody how their offer ended, by the way that they were asked if that is still open; whom nothing reaches is not told.
async fn text(
    tx: &mut Tx,
    business: &business::Model,
    slot: &slot::Model,
    zone: Zone,
    person: &contact::Model,
    row: &offer::Model,
) -> Result<()> {
    let late = row.owes.as_deref() == Some("late");
    let saying = ended(business, slot, zone, person, row, late);
    saying::tell(tx, person, saying, row.channel.parse().ok()).await.map(drop)
}

/// That an offer ended before it was answered, or that somebody else was faster.
fn ended<'a>(
    business: &'a business::Model,
    slot: &'a slot::Model,
    zone: Zone,
    person: &'a contact::Model,
    row: &offer::Model,
    late: bool,
) -> Saying<'a> {
    let language = contacts::language::of(business, person);
    let begins = start(slot.starts_at, zone, person);
    let (kind, known) = match row.expires_at.filter(|_| late) {
        _ if row.times_id.is_some() => (Kind::TimesGone, texts::plain(&business.name)),
        Some(until) => {
            let known = texts::late(language, &business.name, begins, start(until, zone, person));
            (Kind::OfferLate, known)
        }
        None => (Kind::OfferLost, texts::one(language, &business.name, None, begins, None)),
    };
    Saying {
        kind,
        about: about(business, person, slot),
        known,
        page: None,
        origin: if row.answered_at.is_some() {
            Origin::OfferNews
        } else {
            Origin::OfferOver
        },
        origin_id: row.id,
        // Whatever they are told of it: once.
        intent: format!("{TOLD}{}", row.id),
        author: None,
        appointment_id: None,
        useful_until: None,
        time_zone: None,
        location_id: slot.location_id,
        tried: None,
    }
}

/// Whether a message tells how an offer ended.
pub(super) fn is_news(m: &message::Model) -> bool {
    messages::is_of(m, Origin::OfferNews) || messages::is_of(m, Origin::OfferOver)
}

const TOLD: &str = "offer_told:";

/// Tells somebody that a time is theirs; false where nothing can be sent.
pub(super) async fn won(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    slot: &slot::Model,
    offer: &offer::Model,
    wish: Option<Channel>,
) -> Result<bool> {
    let saying = yours(tx, business, contact, slot, offer).await?;
    saying::tell(tx, contact, saying, wish).await
}

async fn yours<'a>(
    tx: &Tx,
    business: &'a business::Model,
    contact: &'a contact::Model,
    slot: &'a slot::Model,
    offer: &offer::Model,
) -> Result<Saying<'a>> {
    let zone = locations::zone_of(&tx.db, business, slot.location_id).await?;
    let language = contacts::language::of(business, contact);
    let visit = match slot.appointment_id {
        Some(id) => Some(appointments::find(&tx.db, business.id, id).await?),
        None => None,
    };
    // Who chose one of several times knows that their visit moves.
    let released = match &visit {
        Some(visit) if offer.times_id.is_none() => released(tx, slot, visit).await?,
        _ => None,
    };
    let page = match &visit {
        Some(visit) => Some(Page {
            words: letters::button(language),
            url: appointments::link::url(tx.services(), visit).await?,
            in_texts: false,
        }),
        None => None,
    };
    let released = released.map(|at| start(at, zone, contact));
    Ok(Saying {
        kind: Kind::OfferWon,
        about: about(business, contact, slot),
        known: texts::taken(language, &business.name, start(slot.starts_at, zone, contact), released),
        page,
        origin: Origin::OfferNews,
        origin_id: offer.id,
        intent: match offer.times_id {
            Some(times) => format!("times_won:{times}"),
            None => format!("offer_won:{}", offer.id),
        },
        author: None,
        appointment_id: slot.appointment_id,
        useful_until: Some(slot.starts_at),
        time_zone: None,
        location_id: slot.location_id,
        tried: None,
    })
}

/// When the visit was that was given up for this time.
async fn released(tx: &Tx, slot: &slot::Model, visit: &appointment::Model) -> Result<Option<DateTime<Utc>>> {
    let Some(at) = slot.taken_at else { return Ok(None) };
    let moved = change::of(visit.business_id, visit.id).filter(appointment_change::Column::CreatedAt.eq(at));
    Ok(moved.one(&tx.db).await?.and_then(|change| change.known_at))
}

/// What tells of an offer's end did not arrive: it goes another way, if one is left. Of a time that is theirs somebody tells them, then.
pub(super) async fn failed(tx: &mut Tx, m: &message::Model, person: &contact::Model, retrying: bool) -> Result<()> {
    let Some(id) = m.origin_id else { return Ok(()) };
    let Some(offer) = offering::find(&tx.db, m.business_id, id).await? else {
        return Ok(());
    };
    let slot = slots::locked(tx, offer.business_id, offer.slot_id).await?;
    let business = businesses::of(tx, offer.business_id).await?;
    let is_end = m.correlation_id.as_deref().is_some_and(|id| id.starts_with(TOLD));
    if let Some(way) = ways::instead(tx, person, m, slot.location_id).await? {
        let zone = locations::zone_of(&tx.db, &business, slot.location_id).await?;
        let saying = if is_end {
            let late = offer.status == OfferStatus::Expired.as_str();
            ended(&business, &slot, zone, person, &offer, late)
        } else {
            yours(tx, &business, person, &slot, &offer).await?
        };
        return saying::say(tx, person, saying, (way, Some(m.id))).await.map(drop);
    }
    if is_end || retrying || slot.starts_at <= tx.now {
        return Ok(());
    }
    let task = tasks::New {
        business_id: m.business_id,
        kind: tasks::Kind::Call,
        title: NOT_TOLD.to_owned(),
        key: format!("offer_won:{}", offer.id),
        contact_id: Some(person.id),
        conversation_id: Some(m.conversation_id),
        appointment_id: slot.appointment_id,
        message_id: Some(m.id),
    };
    tasks::raise(tx, task).await
}

pub(super) const NOT_TOLD: &str =
    "They took a time that was offered to them, and could not be told that it is theirs. Please call.";
