//! Appointments as calendar programs know them.

use contract::appointments::Status;
use domain::{
    ics::{Entry, Sure},
    texts::first_name,
    visit_page::Words,
};
use entity::{appointments::appointment, businesses::business, contacts::contact};
use sea_orm::ConnectionTrait;
use url::Url;
use uuid::Uuid;

use super::link;
use crate::{
    businesses::locations,
    kernel::{Result, Services},
};

/// What calendars call an appointment: never another one, and like none of another installation.
pub(crate) fn uid(s: &Services, id: Uuid) -> String {
    let url = Url::parse(&s.settings().public_url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or("showup");
    format!("{id}@{host}")
}

pub(crate) fn sure(status: Status) -> Sure {
    match status {
        Status::Scheduled | Status::RescheduleRequested => Sure::Tentative,
        Status::Confirmed | Status::Completed | Status::NoShow => Sure::Confirmed,
        Status::Cancelled => Sure::Cancelled,
    }
}

/// A visit for its customer's own calendar.
pub(crate) async fn of_customer(
    s: &Services,
    db: &impl ConnectionTrait,
    business: &business::Model,
    contact: &contact::Model,
    row: &appointment::Model,
    words: &Words,
) -> Result<Entry> {
    let places = locations::several(db, business.id, row.location_id.into_iter().collect()).await?;
    let place = row.location_id.and_then(|id| places.get(&id));
    Ok(Entry {
        uid: uid(s, row.id),
        revised_at: row.updated_at,
        revision: u32::try_from(row.revision).unwrap_or_default(),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        sure: sure(super::status(row)?),
        title: title(words, &business.name, row.for_name.as_deref().unwrap_or(&contact.name)),
        place: place
            .map(|place| place_words(&place.name, &place.address))
            .unwrap_or_default(),
        description: business.contact_line.clone(),
        url: Some(link::url(s, row).await?),
        alarm: Some(words.with(words.calendar_alarm, &business.name)),
    })
}

/// What calendars show; `whom`: whom it is for.
pub(crate) fn title(words: &Words, business: &str, whom: &str) -> String {
    let title = words.with(words.calendar_title, business);
    match first_name(whom) {
        "" => title,
        whom => format!("{title} ({whom})"),
    }
}

/// Name and address of a place; the address may be empty.
pub(crate) fn place_words(name: &str, address: &str) -> String {
    if address.is_empty() {
        name.to_owned()
    } else {
        format!("{name}, {address}")
    }
}
