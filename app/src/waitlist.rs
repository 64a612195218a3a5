//! The waitlist: times that came free and who is offered them, on a board; and who waits for one.

#![expect(
    clippy::too_many_arguments,
    reason = "the fields of a form are the arguments of its server function"
)]

mod board;
mod entry;
mod opening;
mod people;
mod settings;
mod slot;
pub(crate) mod words;

pub use board::BoardPage;
pub(crate) use board::seconds;
pub use entry::{EditEntryPage, NewEntryPage};
pub use opening::OpenSlotPage;
pub use people::{OfContact, PeoplePage};
pub use settings::WaitlistSettingsPage;
pub use slot::SlotPage;

use contract::{
    Page,
    appointment_types::{AppointmentTypeView, StaffLabelView},
    businesses::LocationView,
    waitlist::{Board, EntryView, SlotView},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    businesses::{list_locations, list_staff, list_types},
    error::AppError,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// Where a browser without JavaScript returns to.
const BOARD: &str = "/waitlist";
const PEOPLE: &str = "/waitlist/people";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn waitlist_board() -> Result<Board, AppError> {
    Ok(services::waitlist::board(&ssr::services()?, &ssr::actor().await?).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_slot(id: Uuid) -> Result<SlotView, AppError> {
    Ok(services::waitlist::get_slot(&ssr::services()?, &ssr::actor().await?, id).await?)
}

/// `status` as in the list's address; of one person, if one is asked about.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_entries(
    status: Option<String>,
    contact_id: Option<Uuid>,
    cursor: Option<String>,
) -> Result<Page<EntryView>, AppError> {
    let query = contract::waitlist::EntryQuery {
        status,
        contact_id,
        cursor,
        ..Default::default()
    };
    Ok(services::waitlist::list(&ssr::services()?, &ssr::actor().await?, query).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_entry(id: Uuid) -> Result<EntryView, AppError> {
    Ok(services::waitlist::get(&ssr::services()?, &ssr::actor().await?, id).await?)
}

/// Opens a time by hand. What is not said is empty.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn open_slot(
    starts_at: String,
    minutes: String,
    #[server(default)] type_id: String,
    #[server(default)] location_id: String,
    #[server(default)] staff_label: String,
    #[server(default)] mode: String,
) -> Result<SlotView, AppError> {
    let form = ssr::Form::new(opening::FORM, "/waitlist/open")
        .typed("starts_at", &starts_at)
        .typed("minutes", &minutes)
        .typed("type_id", &type_id)
        .typed("location_id", &location_id)
        .typed("staff_label", &staff_label)
        .typed("mode", &mode);
    let work = async move {
        let command = contract::waitlist::CreateSlot {
            starts_at,
            minutes: number("minutes", &minutes)?.unwrap_or_default(),
            type_id: chosen("type_id", &type_id)?,
            location_id: chosen("location_id", &location_id)?,
            staff_label: Some(staff_label).filter(|label| !label.is_empty()),
            mode: one_of("mode", &mode)?,
            ..contract::waitlist::CreateSlot::default()
        };
        Ok(services::waitlist::create(&ssr::services()?, &ssr::actor().await?, command).await?)
    };
    ssr::post_form(form, work, |slot| Some(format!("/waitlist/slots/{}", slot.id))).await
}

/// Nobody is asked any more. `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn close_slot(id: Uuid, back: String) -> Result<SlotView, AppError> {
    let work = async move { Ok(services::waitlist::close(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&back, work).await
}

/// Somebody who was asked is passed over, and the next is.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn skip_offer(id: Uuid, back: String) -> Result<SlotView, AppError> {
    let work = async move { Ok(services::waitlist::skip(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&back, work).await
}

/// Asks somebody now, out of turn.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn ask_for_slot(id: Uuid, contact_id: String) -> Result<SlotView, AppError> {
    let form = ssr::Form::new(slot::ASK, format!("/waitlist/slots/{id}")).typed("contact_id", &contact_id);
    let work = async move {
        let contact = needed("contact_id", &contact_id)?;
        Ok(services::waitlist::add_person(&ssr::services()?, &ssr::actor().await?, id, contact).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// Gives a time to somebody, whoever was asked for it.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn book_slot(id: Uuid, contact_id: String) -> Result<SlotView, AppError> {
    let form = ssr::Form::new(slot::BOOK, format!("/waitlist/slots/{id}")).typed("contact_id", &contact_id);
    let work = async move {
        let contact = needed("contact_id", &contact_id)?;
        Ok(services::waitlist::book(&ssr::services()?, &ssr::actor().await?, id, contact).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// What a form says about an entry. Everything is as it was typed; what is not said is empty.
#[cfg(feature = "ssr")]
struct Wish {
    for_name: String,
    type_ids: Vec<String>,
    location_ids: Vec<String>,
    staff_label: String,
    minutes: String,
    /// Whether the times below are said: on a form that changes an entry they may be left as they are.
    times: String,
    days: Vec<String>,
    from: String,
    to: String,
    from_date: String,
    to_date: String,
    notice_minutes: String,
    priority: String,
    notes: String,
}

#[cfg(feature = "ssr")]
impl Wish {
    fn given(text: &str) -> Option<String> {
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn windows(&self) -> Vec<contract::waitlist::Window> {
        let window = contract::waitlist::Window {
            weekdays: self.days.clone(),
            from_date: Self::given(&self.from_date),
            to_date: Self::given(&self.to_date),
            from: Self::given(&self.from),
            to: Self::given(&self.to),
        };
        if window == contract::waitlist::Window::default() {
            Vec::new()
        } else {
            vec![window]
        }
    }

    fn form(&self, name: &str, page: String) -> ssr::Form {
        let (types, places, days) = (self.type_ids.join(" "), self.location_ids.join(" "), self.days.join(" "));
        let typed = [
            ("for_name", &self.for_name),
            ("type_ids", &types),
            ("location_ids", &places),
            ("staff_label", &self.staff_label),
            ("minutes", &self.minutes),
            ("times", &self.times),
            ("days", &days),
            ("from", &self.from),
            ("to", &self.to),
            ("from_date", &self.from_date),
            ("to_date", &self.to_date),
            ("notice_minutes", &self.notice_minutes),
            ("priority", &self.priority),
            ("notes", &self.notes),
        ];
        typed
            .into_iter()
            .fold(ssr::Form::new(name, page), |form, (field, value)| form.typed(field, value))
    }
}

/// Puts somebody on the waitlist; `tell`: by text, too.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn add_entry(
    contact_id: String,
    #[server(default)] for_name: String,
    #[server(default)] type_ids: Vec<String>,
    #[server(default)] location_ids: Vec<String>,
    #[server(default)] staff_label: String,
    #[server(default)] minutes: String,
    #[server(default)] days: Vec<String>,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] from_date: String,
    #[server(default)] to_date: String,
    #[server(default)] notice_minutes: String,
    #[server(default)] priority: String,
    #[server(default)] notes: String,
    #[server(default)] instead_of: String,
    #[server(default)] channel: String,
    #[server(default)] tell: String,
) -> Result<EntryView, AppError> {
    let wish = Wish {
        for_name,
        type_ids,
        location_ids,
        staff_label,
        minutes,
        times: String::new(),
        days,
        from,
        to,
        from_date,
        to_date,
        notice_minutes,
        priority,
        notes,
    };
    let page = crate::paths::with_query("/waitlist/new", &[("contact", Some(&contact_id))]);
    let form = wish
        .form(entry::NEW, page)
        .typed("contact_id", &contact_id)
        .typed("instead_of", &instead_of)
        .typed("channel", &channel)
        .typed("tell", &tell);
    let work = async move {
        let command = contract::waitlist::AddEntry {
            contact_id: needed("contact_id", &contact_id)?,
            for_name: Wish::given(&wish.for_name),
            type_ids: ids("type_ids", &wish.type_ids)?,
            location_ids: ids("location_ids", &wish.location_ids)?,
            staff_labels: Wish::given(&wish.staff_label).into_iter().collect(),
            minutes: number("minutes", &wish.minutes)?,
            windows: wish.windows(),
            notice_minutes: number("notice_minutes", &wish.notice_minutes)?,
            priority: one_of("priority", &wish.priority)?,
            instead_of: chosen("instead_of", &instead_of)?,
            channel: Wish::given(&channel),
            notes: Some(wish.notes),
            tell: tell == "yes",
            ..contract::waitlist::AddEntry::default()
        };
        Ok(services::waitlist::add(&ssr::services()?, &ssr::actor().await?, command).await?)
    };
    ssr::post_form(form, work, |_| Some(PEOPLE.to_owned())).await
}

/// Changes what somebody waits for.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn edit_entry(
    id: Uuid,
    #[server(default)] for_name: String,
    #[server(default)] type_ids: Vec<String>,
    #[server(default)] location_ids: Vec<String>,
    #[server(default)] staff_label: String,
    #[server(default)] minutes: String,
    #[server(default)] times: String,
    #[server(default)] days: Vec<String>,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] from_date: String,
    #[server(default)] to_date: String,
    #[server(default)] notice_minutes: String,
    #[server(default)] priority: String,
    #[server(default)] notes: String,
) -> Result<EntryView, AppError> {
    let wish = Wish {
        for_name,
        type_ids,
        location_ids,
        staff_label,
        minutes,
        times,
        days,
        from,
        to,
        from_date,
        to_date,
        notice_minutes,
        priority,
        notes,
    };
    let form = wish.form(entry::CHANGE, format!("/waitlist/people/{id}"));
    let work = async move {
        let command = contract::waitlist::EditEntry {
            for_name: Some(wish.for_name.trim().to_owned()),
            type_ids: Some(ids("type_ids", &wish.type_ids)?),
            location_ids: Some(ids("location_ids", &wish.location_ids)?),
            staff_labels: Some(Wish::given(&wish.staff_label).into_iter().collect()),
            minutes: number("minutes", &wish.minutes)?,
            windows: (wish.times == "yes").then(|| wish.windows()),
            notice_minutes: number("notice_minutes", &wish.notice_minutes)?,
            priority: one_of("priority", &wish.priority)?,
            notes: Some(wish.notes),
        };
        Ok(services::waitlist::edit(&ssr::services()?, &ssr::actor().await?, id, command).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// Takes somebody off the list.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn remove_entry(id: Uuid) -> Result<(), AppError> {
    let form = ssr::Form::new(entry::REMOVE, format!("/waitlist/people/{id}"));
    let work = async move { Ok(services::waitlist::remove(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::post_form(form, work, |()| Some(PEOPLE.to_owned())).await
}

#[cfg(feature = "ssr")]
fn wrong(field: &str, words: &str) -> AppError {
    let mut error = AppError::new(contract::Code::Invalid, "Some fields need another look.");
    error.0.fields.push(contract::FieldError {
        field: field.to_owned(),
        message: words.to_owned(),
    });
    error
}

#[cfg(feature = "ssr")]
fn chosen(field: &str, typed: &str) -> Result<Option<Uuid>, AppError> {
    match typed.trim() {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| wrong(field, "This can’t be chosen.")),
    }
}

#[cfg(feature = "ssr")]
fn needed(field: &str, typed: &str) -> Result<Uuid, AppError> {
    chosen(field, typed)?.ok_or_else(|| wrong(field, "Please choose somebody."))
}

#[cfg(feature = "ssr")]
fn ids(field: &str, typed: &[String]) -> Result<Vec<Uuid>, AppError> {
    typed.iter().filter_map(|one| chosen(field, one).transpose()).collect()
}

#[cfg(feature = "ssr")]
fn number(field: &str, typed: &str) -> Result<Option<i32>, AppError> {
    match typed.trim() {
        "" => Ok(None),
        n => n.parse().map(Some).map_err(|_| wrong(field, "Please give a whole number.")),
    }
}

#[cfg(feature = "ssr")]
fn one_of<T: std::str::FromStr>(field: &str, typed: &str) -> Result<Option<T>, AppError> {
    match typed.trim() {
        "" => Ok(None),
        word => word.parse().map(Some).map_err(|_| wrong(field, "This can’t be chosen.")),
    }
}

/// What slots and entries can be about, as far as it is in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choices {
    types: Vec<AppointmentTypeView>,
    places: Vec<LocationView>,
    staff: Vec<StaffLabelView>,
}

async fn choices() -> Result<Choices, AppError> {
    let (types, places, staff) = futures::join!(list_types(), list_locations(), list_staff());
    let (mut types, mut places, mut staff) = (types?, places?, staff?);
    types.retain(|one| !one.archived);
    places.retain(|one| !one.archived);
    staff.retain(|one| !one.archived);
    Ok(Choices { types, places, staff })
}

impl Choices {
    /// Of a choice that may be left open.
    fn types_or_any(&self) -> Vec<(String, String)> {
        or_any(
            self.types
                .iter()
                .map(|t| (t.id.to_string(), format!("{} · {} min", t.name, t.minutes))),
        )
    }

    fn places_or_any(&self) -> Vec<(String, String)> {
        or_any(self.places.iter().map(|l| (l.id.to_string(), l.name.clone())))
    }

    fn staff_or_any(&self) -> Vec<(String, String)> {
        or_any(self.staff.iter().map(|l| (l.name.clone(), l.name.clone())))
    }
}

fn or_any(all: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    std::iter::once((String::new(), "Any".to_owned())).chain(all).collect()
}

/// The board and the list are two sides of one thing.
fn tabs() -> Vec<(&'static str, String)> {
    vec![("Times", BOARD.to_owned()), ("Waiting", PEOPLE.to_owned())]
}
