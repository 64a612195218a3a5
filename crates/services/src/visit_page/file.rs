//! A customer's visit in a calendar of their own.

use domain::{ics, visit_page::Words};
use url::Url;

use super::{Opened, VisitPage};
use crate::{
    appointments::{
        in_calendars,
        link::{self, Found},
    },
    businesses, contacts,
    kernel::{Error, Result, Services},
};

/// The calendar file of a link's visit.
///
/// # Errors
/// When the database does not answer.
pub async fn calendar_file(s: &Services, token: &str) -> Result<Opened<String>> {
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
    let words = Words::of(contact.language.as_deref(), &business.language);
    let entry = in_calendars::of_customer(s, db, &business, contact, &row, words).await?;
    Ok(Opened::There(ics::single(&entry)))
}

fn place(page: &VisitPage) -> String {
    let place = page.location.as_ref();
    place
        .map(|(name, address)| in_calendars::place_words(name, address))
        .unwrap_or_default()
}

/// Where Google's calendar takes it over. The page's own address is not told.
#[must_use]
pub fn google(page: &VisitPage) -> String {
    let end = page.ends_at.unwrap_or(page.starts_at + chrono::Duration::minutes(30));
    let dates = format!("{}/{}", ics::moment(page.starts_at), ics::moment(end));
    let place = place(page);
    let mut pairs = vec![
        ("action", "TEMPLATE".to_owned()),
        ("text", in_calendars::title(page.words, &page.business, &page.whom)),
        ("dates", dates),
        ("details", page.contact_line.clone()),
        ("location", place),
    ];
    pairs.retain(|(_, value)| !value.is_empty());
    Url::parse_with_params("https://calendar.google.com/calendar/render", pairs)
        .map(String::from)
        .unwrap_or_default()
}
