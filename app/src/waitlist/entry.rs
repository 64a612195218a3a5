//! The form of somebody who waits: new, and changed.

use contract::{
    Code,
    appointments::AppointmentView,
    waitlist::{EntryStatus, EntryView, Priority},
};
use domain::permissions::Permission;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{
    components::Form,
    hooks::{use_params_map, use_query_map},
};

use super::{AddEntry, Choices, EditEntry, PEOPLE, RemoveEntry, choices, get_entry, words};
use crate::{
    components::{Awaited, Icon, TimeFormat, Timestamp},
    contacts::{get_contact, list_contacts},
    error::AppError,
    forms::{Area, Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

pub(super) const NEW: &str = "entry";
pub(super) const CHANGE: &str = "entry-change";
pub(super) const REMOVE: &str = "entry-remove";

/// Whom a new entry can be of: ids and what they are called.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Found {
    people: Vec<(String, String)>,
    /// The page was opened for this one person; theirs are the visits.
    fixed: bool,
    visits: Vec<AppointmentView>,
    choices: Choices,
}

async fn read(contact: Option<String>, q: Option<String>) -> Result<Found, AppError> {
    if let Some(id) = contact.and_then(|id| id.parse().ok()) {
        let (page, choices) = futures::join!(get_contact(id, None), choices());
        let page = page?;
        let name = format!("{} · {}", page.contact.title(), page.contact.phone_display);
        return Ok(Found {
            people: vec![(page.contact.id.to_string(), name)],
            fixed: true,
            visits: page.appointments,
            choices: choices?,
        });
    }
    let (page, choices) = futures::join!(list_contacts(q, None, None), choices());
    let people = page?.page.data.into_iter();
    Ok(Found {
        people: people
            .map(|one| (one.id.to_string(), format!("{} · {}", one.title(), one.phone_display)))
            .collect(),
        fixed: false,
        visits: Vec::new(),
        choices: choices?,
    })
}

#[component]
pub fn NewEntryPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| (query.get("contact"), query.get("q"))));
    let found = Resource::new_blocking(move || asked.get(), |(contact, q)| read(contact, q));
    let view = move |found: Found| view! { <New found q=asked.get_untracked().1.unwrap_or_default() /> };
    view! {
        <Title text="Put somebody on the waitlist" />
        <div class="mx-auto flex max-w-xl flex-col gap-4 p-4">
            <Back />
            <h1>"Put somebody on the waitlist"</h1>
            <Awaited from=found view />
        </div>
    }
}

#[component]
fn Back() -> impl IntoView {
    view! {
        <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href=PEOPLE>
            <Icon icon=icondata::LuArrowLeft />
            "Who waits"
        </a>
    }
}

#[component]
fn New(found: Found, q: String) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<AddEntry>::new();
    let form = FormState::new(NEW, action, session.flash());
    let search = (!found.fixed).then(|| {
        view! {
            <Form method="GET" action="/waitlist/new" attr:role="search" attr:class="flex flex-wrap items-end gap-2">
                <div class="flex min-w-0 flex-1 flex-col gap-1">
                    <label for="person-search" class="field-label">
                        "Find contact"
                    </label>
                    <input id="person-search" type="search" name="q" class="input w-full" value=q placeholder="Name, phone or e-mail" />
                </div>
                <button type="submit" class="btn min-h-11">
                    <Icon icon=icondata::LuSearch />
                    "Find"
                </button>
            </Form>
        }
    });
    let who = match found.people.as_slice() {
        [(id, name)] if found.fixed => view! {
            <div>
                <p class="field-label">"Contact"</p>
                <p>{name.clone()}</p>
                <input type="hidden" name="contact_id" value=id.clone() />
                <a class="link text-sm" href="/waitlist/new">
                    "Somebody else"
                </a>
            </div>
        }
        .into_any(),
        [] => view! {
            <p class="text-sm text-muted">
                "Nobody was found. " <a class="link" href="/contacts/new">
                    "Add a contact"
                </a>
            </p>
        }
        .into_any(),
        people => {
            let mut options = vec![(String::new(), "Choose a contact".to_owned())];
            options.extend(people.iter().cloned());
            view! { <Choice form name="contact_id" label="Contact" options required=true /> }.into_any()
        }
    };
    let now = session.now.get_untracked();
    let ahead = found
        .visits
        .into_iter()
        .filter(|visit| visit.starts_at > now && visit.status.is_open());
    let zone = session.zone();
    let visits: Vec<(String, String)> = ahead
        .map(|visit| {
            let when = visit.starts_at.with_timezone(&zone).format("%a, %b %-d at %-I:%M %p");
            (visit.id.to_string(), format!("Their visit on {when}"))
        })
        .collect();
    let instead = (!visits.is_empty()).then(|| {
        let mut options = vec![(String::new(), "None: they want one more".to_owned())];
        options.extend(visits);
        view! {
            <Choice form name="instead_of" label="In place of" options hint="When they take a time, this visit is moved there, and its own time comes free." />
        }
    });
    let ways = [("", "The usual way"), ("whatsapp", "On WhatsApp"), ("email", "By e-mail")];
    let ways = ways.map(|(way, label)| (way.to_owned(), label.to_owned())).to_vec();
    view! {
        {search}
        <ActionForm action attr:class="panel flex flex-col gap-4 p-5">
            <FormNote form />
            {who}
            {instead}
            <Wishes form choices=found.choices entry=None />
            <Choice form name="channel" label="How they like to hear of a time" options=ways hint="If that way is not open to them, the next one is." />
            <label class="flex min-h-11 items-center gap-2.5">
                <input type="checkbox" name="tell" value="yes" class="checkbox" checked=!form.value("tell", "").is_empty() />
                "Tell them that they are on the list"
            </label>
            <div>
                <Submit form label="Put them on the list" />
            </div>
        </ActionForm>
    }
}

/// What somebody waits for: the fields of both forms.
#[component]
fn Wishes(form: FormState, choices: Choices, entry: Option<EntryView>) -> impl IntoView {
    let changed = entry.is_some();
    let known = entry.clone();
    let text = move |pick: fn(&EntryView) -> String| known.as_ref().map(pick).unwrap_or_default();
    let priorities = [
        (Priority::Normal, "When it suits"),
        (Priority::Soon, "The sooner the better"),
        (Priority::Urgent, "Urgent: before everybody else"),
    ]
    .map(|(priority, label)| (priority.to_string(), label.to_owned()))
    .to_vec();
    let notices = [
        (0, "At once"),
        (60, "1 hour before"),
        (180, "3 hours before"),
        (1440, "A day before"),
    ];
    let mut notices: Vec<(String, String)> = notices.map(|(n, label)| (n.to_string(), label.to_owned())).to_vec();
    let own = text(|entry| entry.notice_minutes.to_string());
    if !own.is_empty() && !notices.iter().any(|(n, _)| *n == own) {
        notices.push((own.clone(), format!("{own} minutes before")));
    }
    let notice = if own.is_empty() { "60".to_owned() } else { own };
    let ids = |ids: &[uuid::Uuid]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let types = text(|entry| entry.type_ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    let places = entry.as_ref().map(|entry| ids(&entry.location_ids)).unwrap_or_default();
    let kinds = (!choices.types.is_empty()).then(|| {
        let all = choices.types.iter().map(|t| (t.id.to_string(), t.name.clone())).collect();
        view! { <Ticks form name="type_ids" label="For what" hint="Nothing ticked: anything." all chosen=types /> }
    });
    let places = (choices.places.len() > 1).then(|| {
        let all = choices.places.iter().map(|l| (l.id.to_string(), l.name.clone())).collect();
        view! { <Ticks form name="location_ids" label="Where" hint="Nothing ticked: anywhere." all chosen=places /> }
    });
    let staff = (!choices.staff.is_empty()).then(|| {
        let value = text(|entry| entry.staff_labels.first().cloned().unwrap_or_default());
        view! { <Choice form name="staff_label" label="With whom" options=choices.staff_or_any() value /> }
    });
    view! {
        <Field form name="for_name" label="For whom (optional)" value=text(|e| e.for_name.clone().unwrap_or_default()) hint="A child, a pet." />
        {kinds}
        {places}
        {staff}
        <Field
            form
            name="minutes"
            label="Minutes needed (optional)"
            kind="number"
            value=text(|e| e.minutes.to_string())
            hint="Empty: as long as its type takes."
        />
        <Times form entry changed />
        <Choice form name="notice_minutes" label="How soon they must be asked" options=notices value=notice />
        <Choice form name="priority" label="How soon they need it" options=priorities value=text(|e| e.priority.to_string()) />
        <Area form name="notes" label="Notes" value=text(|e| e.notes.clone()) hint="Only you see these." />
    }
}

#[component]
fn Ticks(
    form: FormState,
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    all: Vec<(String, String)>,
    chosen: String,
) -> impl IntoView {
    let chosen = form.value(name, chosen);
    let boxes = all
        .into_iter()
        .map(|(value, label)| {
            let ticked = chosen.split(' ').any(|one| one == value);
            view! {
                <label class="inline-flex min-h-11 items-center gap-2">
                    <input type="checkbox" name=format!("{name}[]") value=value class="checkbox" checked=ticked />
                    {label}
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset>
            <legend class="field-label">{label}</legend>
            <div class="flex flex-wrap gap-x-4">{boxes}</div>
            <p class="field-hint">{hint}</p>
        </fieldset>
    }
}

/// The days and hours; on a form that changes an entry they stay unless somebody says that they change.
#[component]
fn Times(form: FormState, entry: Option<EntryView>, changed: bool) -> impl IntoView {
    let one = entry
        .as_ref()
        .and_then(|entry| entry.windows.first().cloned())
        .unwrap_or_default();
    let said = entry.map(|entry| words::windows(&entry.windows));
    let days = words::days()
        .map(|(code, name)| (code.to_owned(), name.to_owned()))
        .collect::<Vec<_>>();
    let keep = changed.then(|| {
        view! {
            <p class="text-sm">"Now: " {said}</p>
            <label class="flex min-h-11 items-center gap-2.5">
                <input type="checkbox" name="times" value="yes" class="checkbox" checked=!form.value("times", "").is_empty() />
                "Change their times to these"
            </label>
        }
    });
    view! {
        <fieldset class="flex flex-col gap-3">
            <legend class="field-label">"When they can come"</legend>
            {keep}
            <Ticks form name="days" label="Days" hint="Nothing ticked: any day." all=days chosen=one.weekdays.join(" ") />
            <div class="grid grid-cols-2 gap-3">
                <Field form name="from" label="Not before" kind="time" value=one.from.unwrap_or_default() />
                <Field form name="to" label="Over by" kind="time" value=one.to.unwrap_or_default() />
                <Field form name="from_date" label="From the day" kind="date" value=one.from_date.unwrap_or_default() />
                <Field form name="to_date" label="Until the day" kind="date" value=one.to_date.unwrap_or_default() />
            </div>
        </fieldset>
    }
}

async fn one(id: String) -> Result<(EntryView, Choices), AppError> {
    let id = id
        .parse()
        .map_err(|_| AppError::new(Code::NotFound, "There is no such entry."))?;
    let (entry, choices) = futures::join!(get_entry(id), choices());
    Ok((entry?, choices?))
}

#[component]
pub fn EditEntryPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let found = Resource::new_blocking(move || id.get(), one);
    view! {
        <Title text="On the waitlist" />
        <div class="mx-auto flex max-w-xl flex-col gap-4 p-4">
            <Back />
            <Awaited from=found view=|(entry, choices)| view! { <Entry entry choices /> } />
        </div>
    }
}

#[component]
fn Entry(entry: EntryView, choices: Choices) -> impl IntoView {
    let session = use_session();
    let waits = entry.status == EntryStatus::Waiting;
    let state = match entry.status {
        EntryStatus::Waiting => "Waits",
        EntryStatus::Booked => "Got a time",
        EntryStatus::Left => "Left the list",
        EntryStatus::Expired => "Waited for as long as entries do",
    };
    let may = waits && session.may(Permission::WriteWaitlist);
    let forms = may.then(|| view! { <Change entry=entry.clone() choices=choices.clone() /> });
    view! {
        <h1>
            <a class="text-inherit" href=format!("/contacts/{}", entry.contact_id)><bdi>{entry.contact_name.clone()}</bdi></a>
        </h1>
        <p class="text-muted">{state} " · " {entry.standing.clone()}</p>
        {forms}
        <section class="panel flex flex-col gap-2 p-5" aria-labelledby="agreed-heading">
            <h2 id="agreed-heading">"What they agreed to"</h2>
            <blockquote class="whitespace-pre-line">{entry.consent}</blockquote>
            <p class="text-sm text-muted">
                <Timestamp at=entry.consented_at say=TimeFormat::Inline />
            </p>
        </section>
    }
}

#[component]
fn Change(entry: EntryView, choices: Choices) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<EditEntry>::new();
    let form = FormState::new(CHANGE, action, session.flash());
    let removing = ServerAction::<RemoveEntry>::new();
    let removal = FormState::new(REMOVE, removing, session.flash());
    let (id, same) = (entry.id.to_string(), entry.id.to_string());
    view! {
        <ActionForm action attr:class="panel flex flex-col gap-4 p-5">
            <FormNote form saved="Saved." />
            <input type="hidden" name="id" value=id />
            <Wishes form choices entry=Some(entry) />
            <div>
                <Submit form label="Save changes" />
            </div>
        </ActionForm>
        <ActionForm action=removing attr:class="panel flex flex-col gap-3 p-5">
            <FormNote form=removal />
            <input type="hidden" name="id" value=same />
            <p class="text-sm text-muted">"Offers that they have not answered are taken back."</p>
            <div>
                <Submit form=removal label="Take off the list" quiet=true />
            </div>
        </ActionForm>
    }
}
