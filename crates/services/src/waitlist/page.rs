//! The page on which somebody answers what they were offered, opened by a link without signing in. Looking changes nothing. The link says
//! which offer it is, and no id from outside does.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contract::waitlist::OfferStatus;
use domain::{
    offer_page::Words,
    texts::{Start, first_name},
    visit_page::is_over,
    zone::Zone,
};
use entity::{
    businesses::business,
    contacts::contact,
    questions::question,
    waitlist::{offer, slot, waitlist_entry},
};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    link,
    offering::{self, start},
    slots::{self, mode},
    taking::{self, Answers},
    times,
};
use crate::{
    appointments,
    businesses::{self, locations, types},
    contacts,
    kernel::{Error, Event, Principal, Result, Services, Tx},
    questions,
};

/// What somebody was offered, as they see it.
#[derive(Debug)]
pub struct OfferPage {
    pub words: &'static Words,
    pub business: String,
    /// How to reach the business; may be empty.
    pub contact_line: String,
    /// Several times for a visit of theirs.
    pub is_times: bool,
    pub stands: Stands,
}

/// How it stands.
#[derive(Debug)]
pub enum Stands {
    /// It can be answered.
    Open(Open),
    /// It is theirs, then; with the address of the visit's page.
    Taken { when: String, visit: Option<String> },
    /// They have said no.
    Declined,
    /// Somebody else has it, or it was held no longer.
    Over,
}

/// What can be answered.
#[derive(Debug)]
pub struct Open {
    /// The number of each time, and when that is; a time that comes alone has number 1.
    pub times: Vec<(i32, String)>,
    /// Until when it is kept for them; none: whoever answers first has it.
    pub until: Option<String>,
    pub type_name: Option<String>,
    pub staff: String,
    /// Name and address; an address may be empty.
    pub location: Option<(String, String)>,
    /// Whom it is for, where that is not who was asked.
    pub for_name: Option<String>,
    /// When the visit is that is given up for it.
    pub instead_of: Option<String>,
}

/// What somebody answers there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    Yes,
    No,
    /// The time of this number.
    Choice(i32),
}

/// The page of a link; none where it opens nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn open(s: &Services, token: &str) -> Result<Option<OfferPage>> {
    let db = s.read();
    let Some(row) = link::find_offer(s, db, token).await? else {
        return Ok(None);
    };
    let business = businesses::get(db, row.business_id).await?;
    let people = contacts::many(s, db, business.id, vec![row.contact_id]).await?;
    let contact = people.get(&row.contact_id);
    let contact = contact.ok_or_else(|| Error::broken("an offer to nobody"))?;
    let stands = stands(s, db, &business, contact, &row).await?;
    Ok(Some(OfferPage {
        words: Words::of(Some(contacts::language::of(&business, contact).as_str()), &business.language),
        is_times: row.times_id.is_some(),
        business: business.name,
        contact_line: business.contact_line,
        stands,
    }))
}

/// The offer of a link, or all that came in one message with it.
async fn together(db: &impl ConnectionTrait, row: &offer::Model) -> Result<Vec<offer::Model>> {
    let Some(times) = row.times_id else {
        return Ok(vec![row.clone()]);
    };
    let rows = offer::Entity::narrowed(row.business_id)
        .filter(offer::Column::TimesId.eq(times))
        .order_by_asc(offer::Column::Choice)
        .limit(3);
    Ok(rows.all(db).await?)
}

fn status(row: &offer::Model) -> Result<OfferStatus> {
    let read = row.status.parse();
    read.map_err(|_| Error::broken("an offer of an unknown status"))
}

async fn stands(
    s: &Services,
    db: &impl ConnectionTrait,
    business: &business::Model,
    contact: &contact::Model,
    row: &offer::Model,
) -> Result<Stands> {
    let all = together(db, row).await?;
    let ids: Vec<_> = all.iter().map(|one| one.slot_id).collect();
    let found = slot::Entity::these(business.id, ids).all(db).await?;
    let mut open = Vec::new();
    let mut declined = false;
    for one in all {
        let Some(slot) = found.iter().find(|slot| slot.id == one.slot_id) else {
            continue;
        };
        match status(&one)? {
            OfferStatus::Taken => return taken(s, db, business, contact, slot).await,
            OfferStatus::Declined => declined = true,
            status if status.is_open() && slots::status(slot).is_free() && in_time(&one, s.now()) => open.push((one, slot)),
            _ => {}
        }
    }
    match open.as_slice() {
        [] if declined => Ok(Stands::Declined),
        [] => Ok(Stands::Over),
        open => Ok(Stands::Open(shown(db, business, contact, open).await?)),
    }
}

fn in_time(row: &offer::Model, now: DateTime<Utc>) -> bool {
    row.expires_at.is_none_or(|until| now < until)
}

async fn taken(
    s: &Services,
    db: &impl ConnectionTrait,
    business: &business::Model,
    contact: &contact::Model,
    slot: &slot::Model,
) -> Result<Stands> {
    let zone = locations::zone_of(db, business, slot.location_id).await?;
    let language = contacts::language::of(business, contact);
    let visit = match slot.appointment_id {
        Some(id) => Some(appointments::find(db, business.id, id).await?),
        None => None,
    };
    let theirs =
        visit.filter(|visit| visit.contact_id == contact.id && !is_over(visit.ends_at.unwrap_or(visit.starts_at), s.now()));
    // This link has no end of its own: where staff have taken back links to the visit, it leads to it no more.
    let theirs = theirs.filter(|visit| visit.link_revision == 0);
    Ok(Stands::Taken {
        when: start(slot.starts_at, zone, contact).short(language),
        visit: match theirs {
            Some(visit) => Some(appointments::link::url(s, &visit).await?),
            None => None,
        },
    })
}

async fn shown(
    db: &impl ConnectionTrait,
    business: &business::Model,
    contact: &contact::Model,
    open: &[(offer::Model, &slot::Model)],
) -> Result<Open> {
    let (first, slot) = open.first().ok_or_else(|| Error::broken("nothing is offered"))?;
    let language = contacts::language::of(business, contact);
    let places = locations::several(db, business.id, slot.location_id.into_iter().collect()).await?;
    let place = slot.location_id.and_then(|id| places.get(&id));
    let zone: Zone = locations::zone(business, place);
    let tell = |at: DateTime<Utc>| -> Start { start(at, zone, contact) };
    let entry = match first.entry_id {
        Some(id) => waitlist_entry::Entity::these(business.id, [id]).one(db).await?,
        None => None,
    };
    let kind = match entry.as_ref().map_or(slot.type_id, |entry| offering::type_of(slot, entry)) {
        Some(id) => types::find(db, business.id, id).await?,
        None => None,
    };
    // Times for a visit are always kept for one person; a free time is where nobody else is asked.
    let held = first.times_id.is_some() || (mode(slot).holds() && offering::open_of(db, slot).await?.len() == 1);
    let instead_of = match entry.as_ref().and_then(|entry| entry.instead_of) {
        Some(id) => Some(appointments::find(db, business.id, id).await?.starts_at),
        None => None,
    };
    Ok(Open {
        times: open
            .iter()
            .map(|(one, slot)| (one.choice.unwrap_or(1), tell(slot.starts_at).short(language)))
            .collect(),
        until: first.expires_at.filter(|_| held).map(|at| tell(at).until(language)),
        type_name: kind.map(|kind| kind.name),
        staff: slot.staff_label.clone(),
        location: place.map(|place| (place.name.clone(), place.address.clone())),
        for_name: entry
            .and_then(|entry| entry.for_name)
            .map(|name| first_name(&name).to_owned()),
        instead_of: instead_of.map(|at| tell(at).short(language)),
    })
}

fn on_page(tx: &mut Tx, question: question::Model) {
    tx.record(
        question.business_id,
        &Principal::CustomerPage,
        Event::AnsweredOnPage(Arc::new(question)),
    );
}

/// Answers what a link offers, in the same transaction in which a text would. What can't be answered any more, or was already, changes
/// nothing: the page then shows how it stands. False where the link opens nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn answer(s: &Services, token: &str, given: Given) -> Result<bool> {
    let Some(seen) = link::find_offer(s, s.read(), token).await? else {
        return Ok(false);
    };
    let mut tx = s.begin().await?;
    let contact = contacts::locked(&tx, seen.business_id, seen.contact_id).await?;
    // Whatever follows, it finds the slots locked that this person was offered.
    let offered = offering::open_of_contact(seen.business_id, contact.id).all(&tx.db).await?;
    slots::locked_all(&tx, seen.business_id, offered.iter().map(|offer| offer.slot_id)).await?;
    let asks = seen.times_id.unwrap_or(seen.id);
    let Some(question) = questions::of_origin(&tx, seen.business_id, asks).await? else {
        return Ok(true);
    };
    if question.answer.is_some() {
        return Ok(true);
    }
    match (seen.times_id, given) {
        (Some(_), Given::Choice(n)) => Box::pin(times::chosen_on_page(&mut tx, &contact, question, n)).await?,
        (Some(_), Given::No) => {
            let question = questions::answer(&tx, question, None, false).await?;
            on_page(&mut tx, question.clone());
            Box::pin(times::answered(&mut tx, &contact, &question, Answers::OnPage, false)).await?;
        }
        (None, Given::Yes | Given::No) => {
            let yes = given == Given::Yes;
            let slot = slots::locked(&tx, seen.business_id, seen.slot_id).await?;
            let now = offering::find(&tx.db, seen.business_id, seen.id).await?;
            // What is over is told by the page; it needs no word behind it.
            if let Some(offer) = now.filter(|offer| offer.status.parse().is_ok_and(OfferStatus::is_open))
                && slots::status(&slot).is_free()
            {
                let question = questions::answer(&tx, question, None, yes).await?;
                on_page(&mut tx, question);
                Box::pin(taking::answer(&mut tx, &contact, offer, Answers::OnPage, yes)).await?;
            }
        }
        // A yes to several times says nothing about which, and one time has no number.
        (Some(_), Given::Yes) | (None, Given::Choice(_)) => {}
    }
    tx.commit().await?;
    Ok(true)
}
