//! One calendar: how it stands, what it brings, and starting it.

use contract::{
    Page,
    calendars::{CalendarEventView, CalendarSourceView},
    live::LiveEvent,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use uuid::Uuid;

use super::{CancelLost, Refused, RemoveCalendar, StartCalendar, counts, done, events::Events, get_calendar, status_words};
use crate::{
    components::{Awaited, Icon, TimeFormat, Timestamp},
    error::AppError,
    forms::{Choice, FormNote, FormState, Submit},
    session::use_session,
};

/// What the page asks for: which calendar, which of its events, from where on.
type Asked = (Option<Uuid>, Option<String>, Option<String>);

#[component]
pub fn DetailPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| -> Asked {
        let id = params.read().get("id").and_then(|id| id.parse().ok());
        query.with(|query| {
            let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
            (id, given("state"), given("cursor"))
        })
    });
    let found = Resource::new_blocking(
        move || asked.get(),
        |(id, state, cursor)| async move {
            match id {
                Some(id) => get_calendar(id, state, cursor).await,
                None => Err(AppError::new(contract::Code::NotFound, "There is no such calendar.")),
            }
        },
    );
    let session = use_session();
    session
        .live
        .refetch_on(|event| matches!(event, LiveEvent::Notices(_)), move || found.refetch());
    let again = Callback::new(move |()| found.refetch());
    let body = move |(calendar, events): (CalendarSourceView, Page<CalendarEventView>)| {
        let (_, state, cursor) = asked.get_untracked();
        view! { <Body calendar events state cursor again /> }
    };
    view! {
        <div class="mx-auto flex max-w-3xl flex-col gap-4 p-4">
            <Awaited from=found view=body />
        </div>
    }
}

#[component]
fn Body(
    calendar: CalendarSourceView,
    events: Page<CalendarEventView>,
    state: Option<String>,
    cursor: Option<String>,
    again: Callback<()>,
) -> impl IntoView {
    let id = calendar.id;
    let status = status_words(&calendar);
    let told = counts(&calendar);
    let warnings = calendar
        .warnings
        .iter()
        .map(|words| view! { <li>{words.clone()}</li> })
        .collect_view();
    let problem = calendar.problem.clone().map(|words| {
        let since = calendar
            .failing_since
            .map(|at| view! { " Since " <Timestamp at say=TimeFormat::Inline /> "." });
        view! {
            <div class="notice notice-warning" role="status">
                <p>{words} {since} " Its visits stay as they were until it can be read again."</p>
            </div>
        }
    });
    let last = calendar
        .last_good_at
        .map(|at| view! { "Last read " <Timestamp at say=TimeFormat::Inline /> });
    let waits = calendar.started_at.is_none() && calendar.last_good_at.is_some();
    view! {
        <Title text=calendar.name.clone() />
        <div class="flex flex-wrap items-center justify-between gap-2">
            <h1 class="flex items-center gap-2">
                <Icon icon=icondata::LuCalendarSync />
                <bdi>{calendar.name.clone()}</bdi>
            </h1>
            <a class="link flex min-h-11 items-center text-sm md:min-h-8" href="/calendars">"All calendars"</a>
        </div>
        <div class="panel flex flex-col gap-2 p-3">
            <p class="font-medium" data-testid="counts">{told}</p>
            <p class="text-sm text-muted">
                {status} " · " {calendar.host.clone()} " · " {last}
            </p>
            <ul class="list-disc pl-5 text-sm empty:hidden">{warnings}</ul>
            {waits.then(|| view! { <Start id again /> })}
        </div>
        {problem}
        {(calendar.lost > 0).then(|| view! { <Lost id lost=calendar.lost again /> })}
        <Events calendar=id page=events state cursor again />
        <Remove id />
    }
}

#[component]
fn Start(id: Uuid, again: Callback<()>) -> impl IntoView {
    let action = ServerAction::<StartCalendar>::new();
    done(
        Signal::derive(move || action.value().get().is_some_and(|answer| answer.is_ok())),
        again,
    );
    view! {
        <form method="post" action=StartCalendar::url() on:submit=move |event| {
            event.prevent_default();
            action.dispatch(StartCalendar { id });
        }>
            <input type="hidden" name="id" value=id.to_string() />
            <p class="pb-2 text-sm">
                "Please look at the events below first. Once started, those with a number become visits and get reminders; the others wait here."
            </p>
            <button type="submit" class="btn btn-primary min-h-11" aria-busy=move || action.pending().get().to_string()>
                "Start reminders"
            </button>
            <Refused answer=Signal::derive(move || action.value().get().and_then(Result::err)) />
        </form>
    }
}

#[component]
fn Lost(id: Uuid, lost: u32, again: Callback<()>) -> impl IntoView {
    let action = ServerAction::<CancelLost>::new();
    done(
        Signal::derive(move || action.value().get().is_some_and(|answer| answer.is_ok())),
        again,
    );
    view! {
        <form class="notice notice-warning flex flex-wrap items-center gap-3" method="post" action=CancelLost::url() on:submit=move |event| {
            event.prevent_default();
            action.dispatch(CancelLost { id });
        }>
            <input type="hidden" name="id" value=id.to_string() />
            <p class="flex-1">
                {lost} " visits are suddenly gone from this calendar. They stay, with their reminders, until you say that this is meant or they are back."
            </p>
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">"Cancel these visits"</button>
        </form>
    }
}

#[component]
fn Remove(id: Uuid) -> impl IntoView {
    let action = ServerAction::<RemoveCalendar>::new();
    let form = FormState::new("remove-calendar", action, use_session().flash());
    let options = vec![
        (
            "keep".to_owned(),
            "Keep its visits to come; they are moved here from then on".to_owned(),
        ),
        ("cancel".to_owned(), "Cancel its visits to come".to_owned()),
    ];
    view! {
        <details>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Remove this calendar"</summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-2">
                <FormNote form />
                <input type="hidden" name="id" value=id.to_string() />
                <Choice form name="visits" label="What becomes of its visits" options value="keep" />
                <div>
                    <Submit form label="Remove calendar" />
                </div>
            </ActionForm>
        </details>
    }
}
