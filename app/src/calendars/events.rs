//! The events of a calendar, and who comes to them.

use contract::{Page, calendars::CalendarEventView};
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use super::{IgnoreEvent, LinkEvent, Refused, done, filtered, page_of};
use crate::{
    components::{Empty, Icon, Pager, Tabs, Timestamp},
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[component]
pub(super) fn Events(
    calendar: Uuid,
    page: Page<CalendarEventView>,
    state: Option<String>,
    cursor: Option<String>,
    again: Callback<()>,
) -> impl IntoView {
    let shown = match state.as_deref() {
        Some("needs_number") => "Need a number",
        Some("linked") => "Linked",
        Some("ignored") => "Ignored",
        _ => "All",
    };
    let tabs = [
        ("All", ""),
        ("Need a number", "needs_number"),
        ("Linked", "linked"),
        ("Ignored", "ignored"),
    ];
    let tabs = tabs
        .iter()
        .map(|(words, state)| (*words, filtered(calendar, state)))
        .collect();
    let none = page.data.is_empty().then(|| {
        let next_step = match shown {
            "Need a number" => "Every event that may be a visit has somebody who comes.",
            "Ignored" => "Events that are nobody’s visit, like lunch, stand here.",
            _ => "Events of the next 60 days appear here once the calendar is read.",
        };
        view! { <Empty title="No events" next_step /> }
    });
    let rows = page
        .data
        .into_iter()
        .map(|event| view! { <Row calendar event again /> })
        .collect_view();
    let filter = vec![("state", state)];
    view! {
        <Tabs label="Which events" tabs current=Signal::stored(shown) />
        {none}
        <ul class="panel empty:hidden">{rows}</ul>
        <Pager path=page_of(calendar) filter cursor next=page.next_cursor />
    }
}

#[component]
fn Row(calendar: Uuid, event: CalendarEventView, again: Callback<()>) -> impl IntoView {
    let id = event.id;
    let who = match (event.state.as_str(), event.contact_id, event.appointment_id) {
        ("linked", _, Some(visit)) => {
            view! { <a class="link" href=format!("/appointments/{visit}")><bdi>{event.who}</bdi></a> }.into_any()
        }
        ("linked", Some(contact), None) => {
            view! { <a class="link" href=format!("/contacts/{contact}")><bdi>{event.who}</bdi></a> }.into_any()
        }
        ("linked", None, None) => view! { <bdi>{event.who}</bdi> }.into_any(),
        ("ignored", ..) => view! { <span class="text-muted">"nobody’s visit"</span> }.into_any(),
        _ => view! { <span class="font-medium">"Who comes?"</span> }.into_any(),
    };
    let asks = event.state == "needs_number";
    let ignored = event.state == "ignored";
    let title = event.title.clone();
    view! {
        <li class="flex flex-col gap-2 border-b border-base-300 p-3 last:border-b-0" data-testid="calendar-event">
            <div class="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
                <span class="min-w-0 font-medium" dir="auto">
                    {if event.title.is_empty() { "(no title)".to_owned() } else { event.title }}
                </span>
                <span class="text-sm text-muted"><Timestamp at=event.starts_at /></span>
            </div>
            <div class="flex items-center gap-2 text-sm">
                <Icon icon=icondata::LuUser size="1em" />
                {who}
                {event.missing.then(|| view! { <span class="text-muted">"· gone from the calendar"</span> })}
            </div>
            {asks.then(|| view! { <Ask calendar id title=title.clone() again /> })}
            {ignored.then(|| view! { <Ignore calendar id undo=true title again /> })}
        </li>
    }
}

#[component]
fn Ask(calendar: Uuid, id: Uuid, title: String, again: Callback<()>) -> impl IntoView {
    let action = ServerAction::<LinkEvent>::new();
    let form = FormState::new(&format!("event-{id}"), action, use_session().flash());
    done(
        Signal::derive(move || action.value().get().is_some_and(|answer| answer.is_ok())),
        again,
    );
    view! {
        <div class="flex flex-wrap items-end gap-2">
            <ActionForm action attr:class="flex flex-wrap items-end gap-2">
                <FormNote form />
                <input type="hidden" name="calendar" value=calendar.to_string() />
                <input type="hidden" name="id" value=id.to_string() />
                <Field form name="phone" label="Phone number" kind="tel" required=true />
                <Submit form label="Link" />
            </ActionForm>
            <Ignore calendar id undo=false title again />
        </div>
    }
}

#[component]
fn Ignore(calendar: Uuid, id: Uuid, undo: bool, title: String, again: Callback<()>) -> impl IntoView {
    let action = ServerAction::<IgnoreEvent>::new();
    done(
        Signal::derive(move || action.value().get().is_some_and(|answer| answer.is_ok())),
        again,
    );
    let undo_word = if undo { "yes" } else { "" };
    let words = if undo { "Ask again" } else { "Ignore always" };
    view! {
        <form class="flex items-center gap-2" method="post" action=IgnoreEvent::url() on:submit=move |event| {
            event.prevent_default();
            action.dispatch(IgnoreEvent { calendar, id, undo: undo_word.to_owned() });
        }>
            <input type="hidden" name="calendar" value=calendar.to_string() />
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="undo" value=undo_word />
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" title="Nobody comes to events of this title">
                {words}
                <span class="sr-only">{format!(": {title}")}</span>
            </button>
            <Refused answer=Signal::derive(move || action.value().get().and_then(Result::err)) />
        </form>
    }
}
