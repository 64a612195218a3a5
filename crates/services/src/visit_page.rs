//! The page of a visit, which its customer opens by a link without signing in: what it shows, and what can be done there. Looking changes
//! nothing. Whoever has the link sees the page; the link says which visit it is, and no id from outside does.

mod file;

use contract::appointments::Status;
use domain::{
    consent::{Channel, Source, State},
    texts::first_name,
    visit_page::{Standing, Words},
    zone::Zone,
};
use entity::{appointments::appointment, businesses::business, contacts::contact};
use sea_orm::ConnectionTrait;

use crate::{
    appointments::{
        self, clocks,
        link::{self, Found},
    },
    businesses::{self, locations, types},
    channels,
    contacts::{self, consent, wishes},
    kernel::{
        Error, Principal, Result, Services, Tx,
        error::{field, short},
    },
    reminders,
};
use chrono::{DateTime, Utc};

pub use file::{calendar_file, google};

/// Most characters of what somebody writes there.
pub const LONGEST_NOTE: usize = 300;

/// What came of opening a link.
#[derive(Debug)]
pub enum Opened<T> {
    There(T),
    /// It opened something once.
    Gone,
    Nothing,
}

/// A visit as its customer sees it.
#[derive(Debug)]
pub struct VisitPage {
    pub words: &'static Words,
    pub business: String,
    /// How to reach the business; may be empty.
    pub contact_line: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    pub place: Zone,
    /// Name and address; an address may be empty.
    pub location: Option<(String, String)>,
    pub type_name: Option<String>,
    /// Whom it is for, by the first name; empty if that is not known.
    pub whom: String,
    pub status: Status,
    /// Its place's clocks have changed, and it is not decided which time holds.
    pub undecided: bool,
    /// It can be answered: it is open, and lies ahead.
    pub may_answer: bool,
    pub may_cancel: bool,
    pub texts_stopped: bool,
    /// The way they would like best, where there is a choice.
    pub channel: Option<Channel>,
}

/// Something that a customer does on the page.
#[derive(Clone, Debug)]
pub enum Act {
    Confirm,
    /// With what they wrote about it; may be empty.
    AnotherTime(String),
    Cancel,
    /// No more texts from this business.
    StopTexts,
    /// A language as `Words::code` says it, and a way.
    Prefer {
        language: Option<String>,
        channel: Option<String>,
    },
}

/// The page of a link.
///
/// # Errors
/// When the database does not answer.
pub async fn open(s: &Services, token: &str) -> Result<Opened<VisitPage>> {
    let db = s.read();
    let row = match link::open(s, db, token, s.now()).await? {
        Found::Visit(row) => *row,
        Found::Gone => return Ok(Opened::Gone),
        Found::Nothing => return Ok(Opened::Nothing),
    };
    let business = businesses::get(db, row.business_id).await?;
    let people = contacts::many(s, db, row.business_id, vec![row.contact_id]).await?;
    let contact = people.get(&row.contact_id);
    let contact = contact.ok_or_else(|| Error::broken("a visit without a contact"))?;
    Ok(Opened::There(page(s, db, &business, contact, &row).await?))
}

async fn page(
    s: &Services,
    db: &impl ConnectionTrait,
    business: &business::Model,
    contact: &contact::Model,
    row: &appointment::Model,
) -> Result<VisitPage> {
    let places = locations::several(db, business.id, row.location_id.into_iter().collect()).await?;
    let place = row.location_id.and_then(|id| places.get(&id));
    let kind = match row.type_id {
        Some(id) => types::find(db, business.id, id).await?,
        None => None,
    };
    let (may_answer, undecided) = (may_answer(row, s.now())?, clocks::undecided(row));
    let by_email = channels::mail_server(s).is_some() && contact.email.is_some();
    let wish = contact.channels.as_deref().and_then(wishes::stored);
    Ok(VisitPage {
        words: Words::of(contact.language.as_deref(), &business.language),
        business: business.name.clone(),
        contact_line: business.contact_line.clone(),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        place: locations::zone(business, place),
        location: place.map(|place| (place.name.clone(), place.address.clone())),
        type_name: kind.map(|kind| kind.name),
        whom: first_name(row.for_name.as_deref().unwrap_or(&contact.name)).to_owned(),
        status: appointments::status(row)?,
        undecided,
        may_answer: may_answer && !undecided,
        may_cancel: may_answer && business.customers_cancel,
        texts_stopped: consent::state(db, contact.id).await? == State::OptedOut,
        channel: by_email.then(|| wish.and_then(|wish| wish.first().copied()).unwrap_or_default()),
    })
}

fn may_answer(row: &appointment::Model, now: DateTime<Utc>) -> Result<bool> {
    Ok(appointments::status(row)?.is_open() && row.starts_at > now)
}

/// Does what a customer wants. What can't be done any more (the visit is over, or cancelled meanwhile) or is done already changes nothing:
/// the page then shows how it stands. False where the business does not allow it.
///
/// # Errors
/// `Invalid` for a note that is too long, and for a language or a way that is none.
pub async fn act(s: &Services, token: &str, act: Act) -> Result<Opened<bool>> {
    let found = match link::open(s, s.read(), token, s.now()).await? {
        Found::Visit(row) => row,
        Found::Gone => return Ok(Opened::Gone),
        Found::Nothing => return Ok(Opened::Nothing),
    };
    let mut tx = s.begin().await?;
    let (contact, row) = appointments::locked(&tx, found.business_id, found.id).await?;
    // It may have been revoked at this moment.
    if link::recheck(s, token, &row, tx.now).await? != Standing::Good {
        return Ok(Opened::Gone);
    }
    let answerable = may_answer(&row, tx.now)?;
    let allowed = match act {
        Act::Confirm => {
            if answerable && !clocks::undecided(&row) {
                answer(&mut tx, &contact, &row, true, "").await?;
            }
            true
        }
        Act::AnotherTime(note) => {
            let note = short("note", &note, LONGEST_NOTE)?;
            if answerable && !clocks::undecided(&row) {
                answer(&mut tx, &contact, &row, false, &note).await?;
            }
            true
        }
        Act::Cancel => cancel(&mut tx, &row, answerable).await?,
        Act::StopTexts => {
            stop_texts(&mut tx, &contact).await?;
            true
        }
        Act::Prefer { language, channel } => {
            let wish = wish(language, channel, &contact)?;
            wishes::note(&mut tx, &Principal::CustomerPage, contact, wish).await?;
            true
        }
    };
    tx.commit().await?;
    Ok(Opened::There(allowed))
}

/// What they say twice is said once.
async fn answer(tx: &mut Tx, contact: &contact::Model, row: &appointment::Model, yes: bool, note: &str) -> Result<()> {
    let becomes = if yes { Status::Confirmed } else { Status::RescheduleRequested };
    if appointments::status(row)? == becomes {
        return Ok(());
    }
    reminders::answered_on_page(tx, contact, row, yes, note).await
}

async fn cancel(tx: &mut Tx, row: &appointment::Model, answerable: bool) -> Result<bool> {
    let business = businesses::of(tx, row.business_id).await?;
    if !business.customers_cancel {
        return Ok(false);
    }
    if answerable {
        appointments::set_status(tx, &Principal::CustomerPage, row, Status::Cancelled).await?;
    }
    Ok(true)
}

/// The same as a STOP by text, but said once.
async fn stop_texts(tx: &mut Tx, contact: &contact::Model) -> Result<()> {
    if consent::state(&tx.db, contact.id).await? == State::OptedOut {
        return Ok(());
    }
    let change = consent::Change {
        contact,
        channel: Channel::Sms,
        state: State::OptedOut,
        source: Source::PreferencePage,
        by: &Principal::CustomerPage,
        evidence: "They pressed \"Stop texts\" on the page of their visit",
        at: tx.now,
    };
    consent::record(tx, change).await
}

fn wish(language: Option<String>, channel: Option<String>, contact: &contact::Model) -> Result<wishes::Wish> {
    let language = match language {
        Some(code) if domain::visit_page::ALL.iter().any(|words| words.code == code) => Some(code),
        Some(_) => return Err(field("language", "This language is not known here.")),
        None => None,
    };
    let channels = match channel.as_deref().map(str::parse::<Channel>) {
        None => None,
        Some(Ok(Channel::Sms)) if contact.email.is_some() => Some(vec![Channel::Sms, Channel::Email]),
        Some(Ok(Channel::Sms)) => Some(vec![Channel::Sms]),
        Some(Ok(Channel::Email)) if contact.email.is_some() => Some(vec![Channel::Email, Channel::Sms]),
        Some(_) => return Err(field("channel", "There is no way to you like that.")),
    };
    Ok(wishes::Wish { channels, language })
}
