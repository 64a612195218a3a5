//! A new appointment.

use contract::{
    appointment_types::{AppointmentTypeView, StaffLabelView},
    businesses::LocationView,
    contacts::ContactView,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{components::Form, hooks::use_query_map};

use crate::{
    appointments::CreateAppointment,
    businesses::{list_locations, list_staff, list_types},
    components::{Awaited, Icon},
    contacts::{get_contact, list_contacts},
    error::AppError,
    forms::{Area, Choice, Collision, Field, FormNote, FormState, Submit},
    session::use_session,
};

/// Whom the appointment can be for.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Candidates {
    contacts: Vec<ContactView>,
    /// The page was opened for this one contact.
    fixed: bool,
    /// There are more than are shown.
    more: bool,
    /// Where it can be.
    locations: Vec<LocationView>,
    types: Vec<AppointmentTypeView>,
    staff: Vec<StaffLabelView>,
}

async fn candidates(contact: Option<String>, q: Option<String>) -> Result<Candidates, AppError> {
    if let Some(id) = contact.and_then(|id| id.parse().ok()) {
        let (page, locations, types, staff) = futures::join!(get_contact(id, None), list_locations(), list_types(), list_staff());
        return Ok(Candidates {
            contacts: vec![page?.contact],
            fixed: true,
            more: false,
            locations: in_use(locations?, |l| l.archived),
            types: in_use(types?, |t| t.archived),
            staff: in_use(staff?, |l| l.archived),
        });
    }
    let (page, locations, types, staff) =
        futures::join!(list_contacts(q, None, None), list_locations(), list_types(), list_staff());
    let page = page?;
    Ok(Candidates {
        contacts: page.page.data,
        fixed: false,
        more: page.page.next_cursor.is_some(),
        locations: in_use(locations?, |l| l.archived),
        types: in_use(types?, |t| t.archived),
        staff: in_use(staff?, |l| l.archived),
    })
}

/// What can still be chosen.
fn in_use<T>(mut all: Vec<T>, archived: fn(&T) -> bool) -> Vec<T> {
    all.retain(|one| !archived(one));
    all
}

#[component]
pub fn NewPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| (query.get("contact"), query.get("q"))));
    let found = Resource::new_blocking(move || asked.get(), |(contact, q)| candidates(contact, q));
    let view = move |found: Candidates| view! { <Body found q=asked.get_untracked().1 /> };
    view! {
        <Title text="New appointment" />
        <div class="mx-auto flex max-w-xl flex-col gap-4 p-4">
            <h1>"New appointment"</h1>
            <Awaited from=found view />
        </div>
    }
}

#[component]
fn Body(found: Candidates, q: Option<String>) -> impl IntoView {
    let search = (!found.fixed).then(|| view! { <Search q=q.clone().unwrap_or_default() more=found.more /> });
    view! {
        {search}
        <NewForm found q />
    }
}

#[component]
fn Search(q: String, more: bool) -> impl IntoView {
    let note = if more {
        "Only the first contacts are offered below; search to find others."
    } else {
        ""
    };
    view! {
        <Form method="GET" action="/appointments/new" attr:role="search" attr:class="flex flex-wrap items-end gap-2">
            <div class="flex min-w-0 flex-1 flex-col gap-1">
                <label for="contact-search" class="field-label">
                    "Find contact"
                </label>
                <input id="contact-search" type="search" name="q" class="input w-full" value=q placeholder="Name, phone or e-mail" />
            </div>
            <button type="submit" class="btn min-h-11">
                <Icon icon=icondata::LuSearch />
                "Find"
            </button>
            <p class="field-hint w-full empty:hidden">{note}</p>
        </Form>
    }
}

#[component]
fn NewForm(found: Candidates, q: Option<String>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<CreateAppointment>::new();
    let form = FormState::new("appointment", action, session.flash());
    let who = match found.contacts.as_slice() {
        [contact] if found.fixed => view! { <Fixed contact=contact.clone() /> }.into_any(),
        [] => view! { <Nobody searched=q.is_some_and(|q| !q.is_empty()) /> }.into_any(),
        contacts => {
            let mut options = vec![(String::new(), "Choose a contact".to_owned())];
            options.extend(
                contacts
                    .iter()
                    .map(|c| (c.id.to_string(), format!("{} · {}", c.title(), c.phone_display))),
            );
            let only = if let [one] = contacts {
                one.id.to_string()
            } else {
                String::new()
            };
            view! { <Choice form name="contact_id" label="Contact" options value=only required=true /> }.into_any()
        }
    };
    let place = (!found.locations.is_empty()).then(|| {
        let mut options = vec![(String::new(), "Not said".to_owned())];
        options.extend(found.locations.iter().map(|l| (l.id.to_string(), l.name.clone())));
        view! { <Choice form name="location_id" label="Location" options hint="Its number sends the reminders, if it has one." /> }
    });
    let kind = (!found.types.is_empty()).then(|| {
        let mut options = vec![(String::new(), "Not said".to_owned())];
        options.extend(found.types.iter().map(|t| (t.id.to_string(), format!("{} · {} min", t.name, t.minutes))));
        view! { <Choice form name="type_id" label="Type" options hint="It says how long it takes, and when the customer is reminded." /> }
    });
    let names = found
        .staff
        .iter()
        .map(|label| view! { <option value=label.name.clone()></option> })
        .collect_view();
    let zone = session.business.with_untracked(|business| business.time_zone.clone());
    let elsewhere = found
        .locations
        .iter()
        .any(|l| l.time_zone.as_ref().is_some_and(|own| *own != zone));
    let zone = if elsewhere {
        format!("By the clock of the location; {zone} if it has none of its own.")
    } else {
        format!("In {zone} time.")
    };
    view! {
        <ActionForm action attr:class="panel flex flex-col gap-4 p-5">
            <FormNote form />
            <Collision form path="/appointments" words="Open that appointment" />
            {who}
            <Field form name="for_name" label="For whom (optional)" hint="A child, a pet. Texts say the first name." />
            <Field form name="starts_at" label="Date and time" kind="datetime-local" hint=zone required=true />
            {kind}
            <Field form name="minutes" label="Minutes (optional)" kind="number" hint="Empty: as long as its type says; the calendar shows 30 minutes without one." />
            {place}
            <datalist id="staff-labels">{names}</datalist>
            <Field form name="staff_label" label="Staff (optional)" list="staff-labels" hint="Who the customer will see." />
            <Area form name="notes" label="Notes" hint="Only you see these." />
            <div>
                <Submit form label="Save appointment" />
            </div>
        </ActionForm>
    }
}

#[component]
fn Fixed(contact: ContactView) -> impl IntoView {
    let words = format!("{} · {}", contact.title(), contact.phone_display);
    view! {
        <div>
            <p class="field-label">"Contact"</p>
            <p>{words}</p>
            <input type="hidden" name="contact_id" value=contact.id.to_string() />
            <a class="link text-sm" href="/appointments/new">
                "Somebody else"
            </a>
        </div>
    }
}

#[component]
fn Nobody(searched: bool) -> impl IntoView {
    let words = if searched {
        "Nobody was found. "
    } else {
        "There are no contacts yet. "
    };
    view! {
        <p class="notice notice-warning">
            {words}
            <a class="link" href="/contacts/new">
                "Add a contact"
            </a>
            " first."
            <input type="hidden" name="contact_id" value="" />
        </p>
    }
}
