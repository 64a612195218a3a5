//! Somebody's place on a waitlist, as they see it by their link: looking changes nothing, buttons say that they wait on, or take them off it.

use contract::waitlist::EntryStatus;
use domain::waitlist_form::Words;

use crate::{
    businesses, contacts,
    kernel::{Error, Result, Services},
    waitlist::{self, link},
};

/// What their page shows.
#[derive(Debug)]
pub struct ListPage {
    pub words: &'static Words,
    pub business: String,
    /// How to reach the business; may be empty.
    pub contact_line: String,
    /// They are on the list.
    pub waits: bool,
    /// They were asked whether they still wait, and have not said.
    pub asked: bool,
    /// Where they can join again, if that is open.
    pub slug: Option<String>,
}

/// The page of a link; none where it opens nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn open(s: &Services, token: &str) -> Result<Option<ListPage>> {
    let db = s.read();
    let Some(entry) = link::find(s, db, token).await? else {
        return Ok(None);
    };
    let business = businesses::get(db, entry.business_id).await?;
    let people = contacts::many(s, db, business.id, vec![entry.contact_id]).await?;
    let contact = people.get(&entry.contact_id);
    let contact = contact.ok_or_else(|| Error::broken("an entry of nobody"))?;
    Ok(Some(ListPage {
        words: Words::of(contact.language.as_deref(), &business.language),
        business: business.name,
        contact_line: business.contact_line,
        waits: entry.status == EntryStatus::Waiting.as_str(),
        asked: entry.asked_at.is_some(),
        slug: Some(business.slug).filter(|_| business.waitlist_form && business.suspended_at.is_none()),
    }))
}

/// Takes them off the list; who is not on it any more stays as they are. False where the link opens nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn leave(s: &Services, token: &str) -> Result<bool> {
    match link::find(s, s.read(), token).await? {
        Some(entry) => {
            waitlist::leave(s, entry.business_id, entry.id).await?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// They wait on; who is not on the list any more stays as they are. False where the link opens nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn stay(s: &Services, token: &str) -> Result<bool> {
    match link::find(s, s.read(), token).await? {
        Some(entry) => {
            waitlist::stay(s, entry.business_id, entry.id).await?;
            Ok(true)
        }
        None => Ok(false),
    }
}
