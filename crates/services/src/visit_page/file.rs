//! A customer's visit in a calendar of their own.

use domain::{
    ics::{self, Entry},
    texts::first_name,
    visit_page::Words,
};
use entity::appointments::appointment;
use url::Url;

use super::{Opened, VisitPage, open};
use crate::{
    appointments::{
        in_calendars,
        link::{self, Found},
    },
    kernel::{Result, Services},
};

/// The calendar file of a link's visit.
///
/// # Errors
/// When the database does not answer.
pub async fn calendar_file(s: &Services, token: &str) -> Result<Opened<String>> {
    let page = match open(s, token).await? {
        Opened::There(page) => page,
        Opened::Gone => return Ok(Opened::Gone),
        Opened::Nothing => return Ok(Opened::Nothing),
    };
    match link::open(s, s.read(), token, s.now()).await? {
        Found::Visit(row) => Ok(Opened::There(ics::single(&entry(s, &page, &row).await?))),
        Found::Gone => Ok(Opened::Gone),
        Found::Nothing => Ok(Opened::Nothing),
    }
}

async fn entry(s: &Services, page: &VisitPage, row: &appointment::Model) -> Result<Entry> {
    let words = page.words;
    Ok(Entry {
        uid: in_calendars::uid(s, row.id),
        revised_at: row.updated_at,
        revision: u32::try_from(row.revision).unwrap_or_default(),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        sure: in_calendars::sure(page.status),
        title: title(page, words),
        place: place(page),
        description: page.contact_line.clone(),
        url: Some(link::url(s, row).await?),
        alarm: Some(words.with(words.calendar_alarm, &page.business)),
    })
}

fn title(page: &VisitPage, words: &Words) -> String {
    let title = words.with(words.calendar_title, &page.business);
    match first_name(&page.whom) {
        "" => title,
        whom => format!("{title} ({whom})"),
    }
}

fn place(page: &VisitPage) -> String {
    match &page.location {
        None => String::new(),
        Some((name, address)) if address.is_empty() => name.clone(),
        Some((name, address)) => format!("{name}, {address}"),
    }
}

/// Where Google's calendar takes it over. The page's own address is not told.
#[must_use]
pub fn google(page: &VisitPage) -> String {
    let end = page.ends_at.unwrap_or(page.starts_at + chrono::Duration::minutes(30));
    let dates = format!("{}/{}", ics::moment(page.starts_at), ics::moment(end));
    let place = place(page);
    let mut pairs = vec![
        ("action", "TEMPLATE".to_owned()),
        ("text", title(page, page.words)),
        ("dates", dates),
        ("details", page.contact_line.clone()),
        ("location", place),
    ];
    pairs.retain(|(_, value)| !value.is_empty());
    Url::parse_with_params("https://calendar.google.com/calendar/render", pairs)
        .map(String::from)
        .unwrap_or_default()
}
