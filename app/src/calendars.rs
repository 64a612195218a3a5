//! Calendars of other systems that visits are read from: a list, and a page for each with what it brings.

mod detail;
mod events;

pub use detail::DetailPage;

use contract::{
    Page,
    appointment_types::StaffLabelView,
    businesses::LocationView,
    calendars::{CalendarEventView, CalendarSourceView},
};
use leptos::prelude::*;
use leptos_meta::Title;
use uuid::Uuid;

use crate::{
    businesses::{list_locations, list_staff},
    components::{Awaited, Empty, Icon, Timestamp},
    error::AppError,
    forms::{Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const PATH: &str = "/calendars";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_calendars() -> Result<Vec<CalendarSourceView>, AppError> {
    Ok(services::calendars::list(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Afterwards a browser is at the new calendar's page.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn add_calendar(
    name: String,
    url: String,
    #[server(default)] location_id: String,
    #[server(default)] staff_label: String,
) -> Result<CalendarSourceView, AppError> {
    // The address is a secret: it is not kept for the form to show again.
    let form = ssr::Form::new("calendar", PATH)
        .typed("name", &name)
        .typed("location_id", &location_id)
        .typed("staff_label", &staff_label);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let missing = |_| AppError::new(contract::Code::Invalid, "There is no such location.");
        let location_id = (!location_id.is_empty())
            .then(|| location_id.parse().map_err(missing))
            .transpose()?;
        let command = contract::calendars::AddCalendarSource {
            url,
            name,
            location_id,
            staff_label: Some(staff_label),
        };
        Ok(services::calendars::add(&s, &actor, command).await?)
    };
    ssr::post_form(form, work, |calendar| Some(page_of(calendar.id))).await
}

/// A calendar, and the events of it that are asked for.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_calendar(
    id: Uuid,
    state: Option<String>,
    cursor: Option<String>,
) -> Result<(CalendarSourceView, Page<CalendarEventView>), AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let query = contract::calendars::CalendarEventQuery { state, cursor };
    let calendar = services::calendars::get(&s, &actor, id).await?;
    Ok((calendar, services::calendars::events(&s, &actor, id, query).await?))
}

/// Books what stands in it from now on, and sends reminders.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn start_calendar(id: Uuid) -> Result<CalendarSourceView, AppError> {
    let work = async move { Ok(services::calendars::start(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&page_of(id), work).await
}

/// What is gone from it is meant to be gone.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn cancel_lost(id: Uuid) -> Result<CalendarSourceView, AppError> {
    let work = async move { Ok(services::calendars::believe(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&page_of(id), work).await
}

/// `visits` is `cancel` or anything else: they are kept.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn remove_calendar(id: Uuid, #[server(default)] visits: String) -> Result<(), AppError> {
    let form = ssr::Form::new("remove-calendar", page_of(id)).typed("visits", &visits);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        Ok(services::calendars::remove(&s, &actor, id, visits == "cancel").await?)
    };
    ssr::post_form(form, work, |()| Some(PATH.to_owned())).await
}

/// Who comes to an event: a number as typed.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn link_event(calendar: Uuid, id: Uuid, phone: String) -> Result<(), AppError> {
    let form = ssr::Form::new(format!("event-{id}"), format!("{}?state=needs_number", page_of(calendar))).typed("phone", &phone);
    let work = async move {
        let command = contract::calendars::LinkCalendarEvent {
            contact_id: None,
            phone: Some(phone),
            name: None,
        };
        Ok(services::calendars::link(&ssr::services()?, &ssr::actor().await?, id, command).await?)
    };
    ssr::post_form(form, work, |()| None).await
}

/// Nobody comes to an event, nor to others of its title; `undo` asks again.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn ignore_event(calendar: Uuid, id: Uuid, #[server(default)] undo: String) -> Result<(), AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        if undo.is_empty() {
            Ok(services::calendars::ignore(&s, &actor, id, true).await?)
        } else {
            Ok(services::calendars::restore(&s, &actor, id).await?)
        }
    };
    ssr::button_action(&page_of(calendar), work).await
}

fn page_of(id: Uuid) -> String {
    format!("{PATH}/{id}")
}

/// How a calendar stands, in words.
fn status_words(calendar: &CalendarSourceView) -> &'static str {
    match calendar.status.as_str() {
        "reading" => "being read for the first time",
        "preview" => "not started: nobody is texted",
        "failing" => "can’t be read just now",
        _ => "read every ten minutes",
    }
}

/// What a calendar brings, in words: `37 visits, 29 linked, 8 need a number`.
fn counts(calendar: &CalendarSourceView) -> String {
    let visits = match calendar.visits {
        1 => "1 visit".to_owned(),
        n => format!("{n} visits"),
    };
    let linked = calendar.visits.saturating_sub(calendar.needs_number);
    let needs = match calendar.needs_number {
        1 => "1 needs a number".to_owned(),
        n => format!("{n} need a number"),
    };
    format!("{visits} in the next 60 days, {linked} linked, {needs}")
}

#[component]
pub fn ListPage() -> impl IntoView {
    let found = Resource::new_blocking(
        || (),
        |()| async {
            let (calendars, locations, staff) = futures::join!(list_calendars(), list_locations(), list_staff());
            Ok::<_, AppError>((calendars?, locations?, staff?))
        },
    );
    let session = use_session();
    session.live.refetch_on(
        |event| matches!(event, contract::live::LiveEvent::Notices(_)),
        move || found.refetch(),
    );
    view! {
        <Title text="Calendars" />
        <div class="mx-auto flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Calendars"</h1>
                <p class="text-muted">
                    "Visits can come from a calendar you keep elsewhere: Google, Outlook, Apple and others. Showup reads it every ten minutes. Nothing is sent before you have seen what it brings and have started it."
                </p>
            </div>
            <Awaited
                from=found
                view=|(calendars, locations, staff)| view! { <All calendars locations staff /> }
            />
        </div>
    }
}

#[component]
fn All(calendars: Vec<CalendarSourceView>, locations: Vec<LocationView>, staff: Vec<StaffLabelView>) -> impl IntoView {
    let none = calendars.is_empty().then(|| {
        view! { <Empty title="No calendar yet" next_step="Add one by its secret address; the form says where to find it." /> }
    });
    let rows = calendars.into_iter().map(|one| view! { <Calendar one /> }).collect_view();
    view! {
        {none}
        <ul class="panel empty:hidden">{rows}</ul>
        <New locations staff />
    }
}

#[component]
fn Calendar(one: CalendarSourceView) -> impl IntoView {
    let (status, counts) = (status_words(&one), counts(&one));
    let failing = one.status == "failing";
    view! {
        <li class="border-b border-base-300 last:border-b-0">
            <a class="flex flex-col gap-1 p-3 hover:bg-base-200" href=page_of(one.id)>
                <span class="flex items-center gap-2 font-medium">
                    <Icon icon=if failing { icondata::LuTriangleAlert } else { icondata::LuCalendarSync } />
                    <bdi>{one.name}</bdi>
                    <span class="text-sm font-normal text-muted">{status}</span>
                </span>
                <span class="text-sm">{counts}</span>
                <span class="text-sm text-muted">
                    {one.host} {one.last_good_at.map(|at| view! { " · last read " <Timestamp at say=crate::components::TimeFormat::Inline /> })}
                </span>
            </a>
        </li>
    }
}

#[component]
fn New(locations: Vec<LocationView>, staff: Vec<StaffLabelView>) -> impl IntoView {
    let action = ServerAction::<AddCalendar>::new();
    let form = FormState::new("calendar", action, use_session().flash());
    let nowhere = std::iter::once((String::new(), "No location".to_owned()));
    let places = locations.into_iter().filter(|place| !place.archived);
    let places: Vec<_> = nowhere
        .chain(places.map(|place| (place.id.to_string(), place.name)))
        .collect();
    let nobody = std::iter::once((String::new(), "Nobody in particular".to_owned()));
    let people = staff.into_iter().filter(|one| !one.archived);
    let people: Vec<_> = nobody.chain(people.map(|one| (one.name.clone(), one.name))).collect();
    let open = form.is_shown_again();
    view! {
        <details class="panel p-3" open=open>
            <summary class="btn btn-sm min-h-11 w-fit md:min-h-8">
                <Icon icon=icondata::LuPlus />
                "Add a calendar"
            </summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-3">
                <FormNote form />
                <Field form name="name" label="Name" required=true hint="How you call it here, like Salon or Ana." />
                <Field
                    form
                    name="url"
                    label="Secret address in iCal format"
                    required=true
                    hint="Google: Settings, your calendar, Integrate calendar, Secret address in iCal format. Outlook: Settings, Calendar, Shared calendars, Publish, ICS. Apple: share the calendar as public. It is kept encrypted and never shown again."
                />
                <Choice form name="location_id" label="Where its visits are" options=places />
                <Choice form name="staff_label" label="Whom its visits are with" options=people />
                <div>
                    <Submit form label="Add calendar" />
                </div>
            </ActionForm>
        </details>
    }
}

/// What a button's answer says if it was refused.
#[component]
fn Refused(answer: Signal<Option<AppError>>) -> impl IntoView {
    view! { <p role="alert" class="field-error empty:hidden">{move || answer.get().map(|AppError(problem)| problem.detail)}</p> }
}

/// The page shows what is so now.
fn done(is: Signal<bool>, again: Callback<()>) {
    Effect::new(move |_| {
        if is.get() {
            again.run(());
        }
    });
}

/// The address of a page with events of one state.
fn filtered(calendar: Uuid, state: &str) -> String {
    if state.is_empty() {
        page_of(calendar)
    } else {
        format!("{}?state={state}", page_of(calendar))
    }
}
