//! What the waitlist says to somebody, worded for the way that it goes: letters to answer with in a text, buttons on WhatsApp, and in a mail a
//! button that leads to a page.

use chrono::{DateTime, Utc};
use domain::{
    consent::{Channel, Purpose},
    fallback, letters,
    origin::Origin,
    templates::{Kind, Values, Which},
    texts,
};
use entity::{businesses::business, contacts::contact, messages::message, waitlist::waitlist_entry};
use uuid::Uuid;

use super::link;
use crate::{
    contacts, experiments,
    kernel::{Error, Result, Tx},
    outbox::{
        self,
        ways::{self, Way},
    },
    templates::{self, About, Chosen},
    twins,
};

/// Something that is to be said to somebody.
pub(super) struct Saying<'a> {
    pub kind: Kind,
    pub about: About<'a>,
    pub known: Values,
    pub page: Option<Page>,
    pub origin: Origin,
    pub origin_id: Uuid,
    /// What all ways of saying it have in common.
    pub intent: String,
    pub author: Option<String>,
    pub appointment_id: Option<Uuid>,
    pub useful_until: Option<DateTime<Utc>>,
    pub time_zone: Option<String>,
    pub location_id: Option<Uuid>,
    /// What it is about where two texts of its kind are tried against each other.
    pub tried: Option<experiments::About>,
}

/// Where a mail's button leads.
pub(super) struct Page {
    pub words: &'static str,
    pub url: String,
    /// Its address stands behind texts, too.
    pub in_texts: bool,
}

/// How something goes: by which way, and in whose place if that has failed.
pub(super) type Going = (Way, Option<Uuid>);

/// Says it. The caller holds the contact's lock, and has chosen the way.
pub(super) async fn say(
    tx: &mut Tx,
    contact: &contact::Model,
    what: Saying<'_>,
    (way, instead_of): Going,
) -> Result<message::Model> {
    let (subject, body, chosen) = words(tx, contact, &what, way.channel).await?;
    let new = outbox::New {
        origin: what.origin,
        origin_id: Some(what.origin_id),
        channel: way.channel,
        subject,
        body,
        correlation_id: Some(fallback::correlation(&what.intent, way.channel)),
        author: what.author,
        appointment_id: what.appointment_id,
        useful_until: what.useful_until,
        time_zone: what.time_zone,
        location_id: what.location_id,
        delay: None,
    };
    let message = outbox::enqueue(tx, contact, new).await?;
    ways::note(tx, &message, &way, instead_of).await?;
    if let Some(about) = what.tried {
        experiments::given(tx, chosen, &message, about).await?;
    }
    if way.channel == Channel::WhatsApp {
        twins::tell(tx, &message, what.kind, what.about, what.known).await?;
    }
    Ok(message)
}

/// The same by whichever way is open, the one that is wished first; false if none is. It is nothing that anybody waits for.
pub(super) async fn tell(tx: &mut Tx, contact: &contact::Model, what: Saying<'_>, wish: Option<Channel>) -> Result<bool> {
    if contact.blocked || contact.sample || contact.held_since.is_some() {
        return Ok(false);
    }
    let Ok(way) = ways::wished(tx, contact, &what.intent, what.location_id, Purpose::Transactional, wish).await? else {
        return Ok(false);
    };
    match say(tx, contact, what, (way, None)).await {
        Ok(_) => Ok(true),
        Err(Error::Problem(_)) => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// Subject and words, and which of two texts that are tried they are.
async fn words(
    tx: &mut Tx,
    contact: &contact::Model,
    what: &Saying<'_>,
    channel: Channel,
) -> Result<(Option<String>, String, Option<Chosen>)> {
    let language = contacts::language::of(what.about.business, contact);
    if channel == Channel::Email {
        let said = templates::say(tx, Which::mail(what.kind, language), what.about, what.known.clone()).await?;
        let letter = match &what.page {
            Some(page) => said.letter().button(page.words, page.url.clone()),
            None => said.letter(),
        };
        return Ok((said.subject, letter.text(), said.tried));
    }
    let said = templates::say(tx, Which::sms(what.kind, language), what.about, what.known.clone()).await?;
    let body = match what.page.as_ref().filter(|page| page.in_texts && !said.has_link) {
        Some(page) => texts::with_link(&said.body, &page.url),
        None => said.body,
    };
    Ok((None, body, said.tried))
}

/// Where somebody sees their place on the list.
pub(super) async fn list_page(
    tx: &Tx,
    business: &business::Model,
    contact: &contact::Model,
    entry: &waitlist_entry::Model,
    in_texts: bool,
) -> Result<Page> {
    Ok(Page {
        words: letters::list_button(contacts::language::of(business, contact)),
        url: link::url(tx.services(), entry.id, entry.link_revision).await?,
        in_texts,
    })
}
