//! The form on which anybody puts themselves on a business's waitlist: on only where the business wants it, and without an account. What was
//! typed is not kept until the number is known to be whose it is said to be; the page carries it from one step to the next.

pub mod list;
mod typed;

use std::net::IpAddr;

use contract::{businesses::WaitlistForm, waitlist::AddEntry};
use domain::{
    language::Language,
    waitlist_form::{NOTICES, Words},
};
use entity::businesses::business;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use uuid::Uuid;

use crate::{
    businesses::{self, locations, types},
    contacts,
    kernel::{Actor, Event, Permission, Result, Services},
    verification::{self, Checked, Refusal, Request},
    waitlist,
};

pub use typed::{Field, LONGEST_NOTE, MOST_CHOSEN, Typed, Wrong};

/// The form of a business.
#[derive(Debug)]
pub struct FormPage {
    pub words: &'static Words,
    pub slug: String,
    pub business: String,
    /// How to reach the business; may be empty.
    pub contact_line: String,
    /// What one may wait for; empty: the business has no types.
    pub types: Vec<(Uuid, String)>,
    /// Where one may wait for it; empty: there is only one place.
    pub places: Vec<(Uuid, String)>,
}

impl FormPage {
    /// What whoever joins agrees to, word for word.
    #[must_use]
    pub fn agreed(&self) -> String {
        self.words.with(self.words.agree, &self.business)
    }
}

/// What came of asking for a code.
#[derive(Debug)]
pub enum Asked {
    /// The page knows it by this. Whether a text is on its way depends on the number, and is not said.
    Sent(String),
    /// Something has to be put right.
    Wrong(Vec<Wrong>),
}

/// What came of typing a code.
#[derive(Debug)]
pub enum Joined {
    /// They are on the list; the secret part of the link with which they leave it.
    On(String),
    Wrong(Vec<Wrong>),
}

/// How the form of the actor's business stands.
///
/// # Errors
/// `NotAllowed`.
pub async fn setting(s: &Services, actor: &Actor) -> Result<WaitlistForm> {
    actor.may(Permission::ReadAppointments)?;
    let row = businesses::get(s.read(), actor.business_id).await?;
    Ok(shown(s, &row))
}

/// Switches the form on or off. Who is on the list stays there.
///
/// # Errors
/// `NotAllowed` for staff.
pub async fn switch(s: &Services, actor: &Actor, on: bool) -> Result<WaitlistForm> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    let before = businesses::get(&tx.db, actor.business_id).await?;
    let was = before.waitlist_form;
    if was == on {
        return Ok(shown(s, &before));
    }
    let mut row = before.into_active_model();
    row.waitlist_form = Set(on);
    let after = row.update(&tx.db).await?;
    tx.record_change(after.id, &actor.who, Event::WaitlistFormChanged, Some(was), Some(on));
    tx.commit().await?;
    Ok(shown(s, &after))
}

fn shown(s: &Services, b: &business::Model) -> WaitlistForm {
    WaitlistForm {
        on: b.waitlist_form,
        url: format!("{}/w/{}", s.settings().public_url, b.slug),
    }
}

/// The form at an address, in the language that was asked for. None: there is none there.
///
/// # Errors
/// When the database does not answer.
pub async fn open(s: &Services, slug: &str, language: Option<&str>) -> Result<Option<FormPage>> {
    let Some(business) = found(s, slug).await? else {
        return Ok(None);
    };
    Ok(Some(page(s, &business, language).await?))
}

/// Whose form is at an address, if it is on. A business that is suspended texts nobody.
async fn found(s: &Services, slug: &str) -> Result<Option<business::Model>> {
    let row = business::Entity::find()
        .filter(business::Column::Slug.eq(slug))
        .one(s.read())
        .await?;
    Ok(row.filter(|row| row.waitlist_form && row.suspended_at.is_none()))
}

async fn page(s: &Services, business: &business::Model, language: Option<&str>) -> Result<FormPage> {
    let types = types::all(s.read(), business.id).await?;
    let open = types.into_iter().filter(|kind| kind.archived_at.is_none());
    let mut places = locations::in_use(s.read(), business.id).await?;
    places.truncate(MOST_CHOSEN);
    if places.len() < 2 {
        places.clear();
    }
    Ok(FormPage {
        words: Words::of(language, &business.language),
        slug: business.slug.clone(),
        business: business.name.clone(),
        contact_line: business.contact_line.clone(),
        places: places.into_iter().map(|place| (place.id, place.name)).collect(),
        types: open.take(MOST_CHOSEN).map(|kind| (kind.id, kind.name)).collect(),
    })
}

/// Looks through what was typed, and texts a code to the number. Whether the number is known, and whether its owner wants texts, makes no
/// difference to the answer. None: there is no form there.
///
/// # Errors
/// When the database does not answer.
pub async fn ask(s: &Services, slug: &str, typed: &Typed, address: Option<IpAddr>) -> Result<Option<(FormPage, Asked)>> {
    let Some(business) = found(s, slug).await? else {
        return Ok(None);
    };
    let page = page(s, &business, Some(&typed.language)).await?;
    let valid = match typed.valid(&page, &business.country) {
        Ok(valid) => valid,
        Err(wrong) => return Ok(Some((page, Asked::Wrong(wrong)))),
    };
    let request = Request {
        business: &business,
        phone: &valid.phone,
        language: Language::of(Some(page.words.code), &business.language),
        said: &page.agreed(),
        address,
    };
    let asked = match verification::begin(s, request).await? {
        Ok(ticket) => Asked::Sent(ticket),
        Err(refusal) => Asked::Wrong(vec![refused(page.words, refusal)]),
    };
    Ok(Some((page, asked)))
}

fn refused(words: &'static Words, refusal: Refusal) -> Wrong {
    let (field, says) = match refusal {
        Refusal::Number => (Field::Phone, words.phone_not_here),
        Refusal::NoSender => (Field::Phone, words.cannot_text),
        Refusal::Wait(wait) if wait.num_seconds() <= 90 => (Field::Phone, words.wait_minute),
        Refusal::Wait(wait) if wait.num_hours() < 1 => (Field::Phone, words.wait_longer),
        Refusal::Wait(_) => (Field::Phone, words.wait_tomorrow),
    };
    Wrong { field, says }
}

/// Tries a code; with the right one whoever typed it is on the list. The same code again finds them there already. None: there is no form
/// there.
///
/// # Errors
/// When the database does not answer.
pub async fn join(
    s: &Services,
    slug: &str,
    typed: &Typed,
    (ticket, code): (&str, &str),
    address: Option<IpAddr>,
) -> Result<Option<(FormPage, Joined)>> {
    let Some(business) = found(s, slug).await? else {
        return Ok(None);
    };
    let page = page(s, &business, Some(&typed.language)).await?;
    // The page sends again what was looked through already.
    let valid = match typed.valid(&page, &business.country) {
        Ok(valid) => valid,
        Err(wrong) => return Ok(Some((page, Joined::Wrong(wrong)))),
    };
    let words = page.words;
    let wrong = |says| {
        Joined::Wrong(vec![Wrong {
            field: Field::Code,
            says,
        }])
    };
    let mut tx = s.begin().await?;
    let joined = match verification::check(&mut tx, business.id, (ticket, code), address).await? {
        Checked::Over => wrong(words.code_over),
        Checked::Spent => wrong(words.code_spent),
        Checked::Wrong(1) => wrong(words.code_wrong_one_left),
        Checked::Wrong(_) => wrong(words.code_wrong),
        // Links of an entry that was just made were not revoked.
        Checked::Again(entry) => Joined::On(waitlist::link::token(s, entry, 0).await?),
        // The code was for another number than the one that stands in the form by now.
        Checked::Right(proved) if proved.phone != valid.phone => wrong(words.code_over),
        Checked::Right(proved) => {
            let said = contacts::Said {
                phone: &proved.phone,
                name: &valid.name,
                language: Language::of(Some(words.code), &business.language),
                agreed: &proved.said,
            };
            let contact = contacts::proved(&mut tx, &business, proved.contact.clone(), &said).await?;
            if contacts::consent::state(&tx.db, contact.id).await? == domain::consent::State::OptedOut {
                wrong(words.stopped)
            } else {
                let wish = AddEntry {
                    contact_id: contact.id,
                    for_name: (contact.name != valid.name).then(|| valid.name.clone()),
                    type_ids: valid.type_ids,
                    location_ids: valid.location_ids,
                    windows: valid.windows,
                    notice_minutes: i32::try_from(valid.notice).ok(),
                    notes: Some(valid.notes).filter(|notes| !notes.is_empty()),
                    consent: Some(proved.said.clone()),
                    tell: true,
                    ..AddEntry::default()
                };
                let entry = waitlist::joined(&mut tx, &contact, wish).await?;
                let token = waitlist::link::token(s, entry.id, entry.link_revision).await?;
                verification::used(&tx, *proved, entry.id).await?;
                Joined::On(token)
            }
        }
    };
    tx.commit().await?;
    Ok(Some((page, joined)))
}

/// What a form starts with.
#[must_use]
pub fn untouched() -> Typed {
    Typed {
        notice: NOTICES[0].to_string(),
        ..Typed::default()
    }
}
