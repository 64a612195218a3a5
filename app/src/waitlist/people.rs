//! Who waits, with the reason of their place; and what a contact's page says of that.

use contract::{
    Page,
    waitlist::{EntryStatus, EntryView, Priority},
};
use domain::permissions::Permission;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

use super::{Choices, PEOPLE, choices, list_entries, tabs, words};
use crate::{
    components::{Awaited, Empty, Icon, Pager, Tabs, TimeFormat, Timestamp},
    error::AppError,
    paths,
    session::use_session,
};

async fn read(status: Option<String>, cursor: Option<String>) -> Result<(Page<EntryView>, Choices), AppError> {
    let (page, choices) = futures::join!(list_entries(status, None, cursor), choices());
    Ok((page?, choices?))
}

#[component]
pub fn PeoplePage() -> impl IntoView {
    let query = use_query_map();
    let session = use_session();
    let asked = Memo::new(move |_| query.with(|query| (query.get("status"), query.get("cursor"))));
    let found = Resource::new_blocking(move || asked.get(), |(status, cursor)| read(status, cursor));
    session.live.refetch_on(super::board::is_offer, move || found.refetch());
    let add = session.may(Permission::WriteWaitlist).then(|| {
        view! {
            <a class="btn btn-primary btn-sm min-h-11 md:min-h-9" href="/waitlist/new">
                <Icon icon=icondata::LuPlus />
                "Add somebody"
            </a>
        }
    });
    let list = move |(page, choices)| {
        let (status, cursor) = asked.get_untracked();
        view! { <List page choices status cursor /> }
    };
    view! {
        <Title text="Who waits" />
        <div class="mx-auto flex max-w-4xl flex-col gap-4 p-4">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h1>"Waitlist"</h1>
                {add}
            </div>
            <Tabs label="Waitlist" tabs=tabs() current=Signal::stored("Waiting") />
            {move || view! { <Which status=asked.get().0 /> }}
            <Awaited from=found view=list />
        </div>
    }
}

/// Which entries are shown.
#[component]
fn Which(status: Option<String>) -> impl IntoView {
    let now = status.unwrap_or_else(|| EntryStatus::Waiting.to_string());
    let links = [
        (EntryStatus::Waiting, "Waiting"),
        (EntryStatus::Booked, "Got a time"),
        (EntryStatus::Left, "Left"),
        (EntryStatus::Expired, "Expired"),
    ]
    .into_iter()
    .map(|(status, label)| {
        let is_default = status == EntryStatus::Waiting;
        let href = paths::with_query(PEOPLE, &[("status", (!is_default).then_some(status.as_str()))]);
        let here = now == status.as_str();
        view! {
            <a class="link inline-flex min-h-11 items-center" class:font-semibold=here href=href aria-current=here.then_some("true")>
                {label}
            </a>
        }
    })
    .collect_view();
    view! {
        <nav aria-label="Which entries" class="flex flex-wrap gap-x-4 text-sm">
            {links}
        </nav>
    }
}

#[component]
fn List(page: Page<EntryView>, choices: Choices, status: Option<String>, cursor: Option<String>) -> impl IntoView {
    let waiting = status.as_deref().is_none_or(|status| status == EntryStatus::Waiting.as_str());
    let empty = page.data.is_empty().then(|| {
        if waiting {
            view! {
                <Empty
                    title="Nobody waits"
                    next_step="Put customers here who would like an earlier time. When one comes free that suits them, they are asked by text."
                >
                    <p>
                        "They can also join by themselves: "
                        <a class="link" href="/settings/waitlist">
                            "the public form"
                        </a>
                    </p>
                </Empty>
            }
            .into_any()
        } else {
            view! { <Empty title="Nobody here" next_step="Who leaves the list is kept here." /> }.into_any()
        }
    });
    let (types, places) = (choices.types_or_any(), choices.places_or_any());
    let rows = page
        .data
        .into_iter()
        .map(|entry| {
            let wish = words::wish(&entry, &types, &places);
            view! { <Row entry wish named=true /> }
        })
        .collect_view();
    view! {
        {empty}
        <ul class="panel empty:hidden">{rows}</ul>
        <Pager path=PEOPLE.to_owned() filter=vec![("status", status)] cursor next=page.next_cursor />
    }
}

#[component]
fn Row(entry: EntryView, wish: String, named: bool) -> impl IntoView {
    let badge = match entry.priority {
        Priority::Normal => None,
        Priority::Soon => Some(("state badge-waiting", "Soon")),
        Priority::Urgent => Some(("state badge-declined", "Urgent")),
    };
    let badge = badge.map(|(class, label)| view! { <span class=class>{label}</span> });
    let is_waiting = entry.status == EntryStatus::Waiting;
    let whom = entry.for_name.clone().map(|name| format!(" for {name}"));
    let name = if named { entry.contact_name.clone() } else { wish.clone() };
    let wish = if named { wish } else { String::new() };
    let source = if entry.source == "form" { "by the public form, " } else { "" };
    view! {
        <li class="row flex-wrap items-start py-3 sm:flex-nowrap" data-entry=entry.id.to_string()>
            <div class="min-w-0 flex-1 basis-60">
                <p class="flex flex-wrap items-center gap-2">
                    <a class="font-medium text-inherit no-underline hover:underline" href=format!("{PEOPLE}/{}", entry.id)>
                        <bdi>{name}</bdi>
                        {whom}
                    </a>
                    {badge}
                </p>
                <p class="text-sm empty:hidden">{wish}</p>
                <p class="text-sm whitespace-pre-line text-muted empty:hidden">{entry.notes}</p>
                <p class="text-sm text-muted" data-standing="">
                    {entry.standing}
                </p>
            </div>
            <p class="text-sm text-muted">
                {source} "since " <Timestamp at=entry.created_at say=TimeFormat::Inline />
                <span class="block" class:hidden=!is_waiting>
                    "until " <Timestamp at=entry.expires_at say=TimeFormat::Inline />
                </span>
            </p>
        </li>
    }
}

/// What a contact waits for, on their page.
#[component]
pub fn OfContact(id: Uuid) -> impl IntoView {
    let session = use_session();
    if !session.may(Permission::ReadWaitlist) {
        return ().into_any();
    }
    let found = Resource::new_blocking(
        || (),
        move |()| async move {
            let (page, choices) = futures::join!(
                list_entries(Some(EntryStatus::Waiting.to_string()), Some(id), None),
                choices()
            );
            Ok::<_, AppError>((page?, choices?))
        },
    );
    let list = move |(page, choices): (Page<EntryView>, Choices)| {
        let (types, places) = (choices.types_or_any(), choices.places_or_any());
        let nothing = page.data.is_empty();
        let rows = page
            .data
            .into_iter()
            .map(|entry| {
                let wish = words::wish(&entry, &types, &places);
                view! { <Row entry wish named=false /> }
            })
            .collect_view();
        view! {
            <p class="px-5 pb-4 text-sm text-muted" class:hidden=!nothing>
                "Not on the waitlist. If they would like an earlier time, put them there: they are asked by text when one comes free."
            </p>
            <ul class="px-5 empty:hidden">{rows}</ul>
        }
    };
    let add = paths::with_query("/waitlist/new", &[("contact", Some(&id.to_string()))]);
    view! {
        <section class="panel" aria-labelledby="waitlist-heading">
            <div class="flex flex-wrap items-center justify-between gap-2 px-5 pt-4 pb-3">
                <h2 id="waitlist-heading">"Waitlist"</h2>
                <a class="btn btn-sm min-h-11 md:min-h-8" href=add>
                    <Icon icon=icondata::LuListPlus />
                    "Put on the waitlist"
                </a>
            </div>
            <Awaited from=found view=list quiet=true />
        </section>
    }
    .into_any()
}
