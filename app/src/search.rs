//! The search box, and what it finds.

mod complete;

use contract::{
    appointments::AppointmentView,
    filters::FilterChoices,
    messages::Direction,
    search::{HitAt, HitPlace, MessageHit, PersonHit, SearchPage, SearchTerm, Snippet},
};
use leptos::{html, prelude::*};
use leptos_meta::Title;
use leptos_router::{components::Form, hooks::use_query_map, params::ParamsMap};
use uuid::Uuid;

use crate::{
    components::{Awaited, ConsentBadge, DeliveryMark, Empty, Icon, StatusBadge, TimeFormat, Timestamp},
    error::AppError,
    keys, paths,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// Searches to begin with, and what they find.
const EXAMPLES: [(&str, &str); 5] = [
    ("is:waiting", "customers who wait for an answer"),
    ("from:customer on:today", "what came in today"),
    ("\"running late\"", "these words in a row"),
    ("is:failed after:7d", "texts that did not arrive this week"),
    ("parking -cancel", "the first word without the second"),
];

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn run_search(
    q: String,
    #[server(default)] within: Option<Uuid>,
    cursor: Option<String>,
) -> Result<SearchPage, AppError> {
    let query = contract::search::SearchQuery {
        q: Some(q),
        within,
        cursor,
    };
    Ok(services::search::all(&ssr::services()?, &ssr::actor().await?, query).await?)
}

/// Names that can stand in a search or filter, and what was saved.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn search_names() -> Result<FilterChoices, AppError> {
    Ok(services::filters::choices(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Where a hit stands in its search; nothing where none was come for.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn place_of_hit(q: String, #[server(default)] within: Option<Uuid>, at: Uuid) -> Result<HitPlace, AppError> {
    Ok(services::search::place(&ssr::services()?, &ssr::actor().await?, &q, within, at).await?)
}

/// A form that leads to what is found at `action`; `/` puts the cursor into it.
#[component]
pub fn SearchBox(
    #[prop(default = "/search")] action: &'static str,
    label: &'static str,
    #[prop(optional, into)] q: Signal<String>,
    /// Whoever comes to the page has come to type.
    #[prop(optional)]
    focus: bool,
    /// What else the address says, and keeps.
    #[prop(optional)]
    keep: Vec<(&'static str, Option<String>)>,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get().filter(|_| focus) {
            _ = field.focus();
        }
    });
    let entered = RwSignal::new(false);
    let offers = move || {
        let offers = entered.get().then(|| send_wrapper::SendWrapper::new(load_offers(field)));
        offers.map(|offers| Suspend::new(Box::pin(offers)))
    };
    let keep = keep
        .into_iter()
        .filter_map(|(name, value)| Some(view! { <input type="hidden" name=name value=value? /> }))
        .collect_view();
    let words = domain::search::examples()
        .into_iter()
        .map(|words| view! { <option value=words></option> })
        .collect_view();
    view! {
        <Form method="GET" action attr:role="search" attr:class="relative flex min-w-0 flex-1 items-end gap-2">
            {keep}
            <label for="search-box" class="sr-only">
                {label}
            </label>
            <input
                dir="auto"
                node_ref=field
                id="search-box"
                type="search"
                name="q"
                maxlength="300"
                list="search-words"
                autocomplete="off"
                class="input min-h-11 w-full md:min-h-0"
                placeholder=label
                aria-keyshortcuts="/"
                on:focus=move |_| entered.set(true)
                value=q.get_untracked()
                prop:value=move || q.get()
            />
            <datalist id="search-words">{words}</datalist>
            <button type="submit" class="btn min-h-11 md:min-h-0">
                <Icon icon=icondata::LuSearch />
                <span class="sr-only">"Search"</span>
            </button>
            {offers}
        </Form>
    }
}

/// Above a thread that a search has led to: which hit this is, and the ways to the others and back.
#[component]
pub fn HitBar() -> impl IntoView {
    let query = use_query_map();
    let sought = Memo::new(move |_| {
        let query = query.read();
        let at: Uuid = query.get("at")?.parse().ok()?;
        let within = within(&query);
        let q = query.get("q").filter(|q| within.is_some() || !q.trim().is_empty());
        q.map(|q| (q, within, at))
    });
    let place = Resource::new_blocking(
        move || sought.get(),
        |sought| async move {
            match sought {
                Some((q, within, at)) => {
                    let place = place_of_hit(q.clone(), within, at).await?;
                    Ok(Some((q, within, place)))
                }
                None => Ok(None),
            }
        },
    );
    let draw =
        |found: Option<(String, Option<Uuid>, HitPlace)>| found.map(|(q, within, place)| view! { <Place q within place /> });
    view! { <Awaited from=place view=draw quiet=true /> }
}

#[component]
fn Place(q: String, within: Option<Uuid>, place: HitPlace) -> impl IntoView {
    let words = match place.number {
        Some((n, of)) => format!("Hit {n} of {of}{}", if place.more { "+" } else { "" }),
        None => "A hit further back".to_owned(),
    };
    let link = |to: Option<HitAt>, key: &'static str, words: &'static str| {
        to.map(|to| {
            view! {
                <a
                    class="btn btn-sm min-h-11 md:min-h-8"
                    href=paths::hit(to.conversation_id, to.message_id, &q, within)
                    aria-keyshortcuts=key
                    title=keys::hint(key)
                >
                    {words}
                </a>
            }
        })
    };
    let (previous, next) = (link(place.previous, "p", "Previous"), link(place.next, "n", "Next"));
    view! {
        <nav aria-label="Hits of the search" class="flex flex-wrap items-center gap-2 border-b border-base-300 px-3 py-1 text-sm">
            <p role="status" class="tabular flex-1">
                {words}
            </p>
            {previous}
            {next}
            <a class="btn btn-ghost btn-sm min-h-11 md:min-h-8" href=address(&q, within)>
                "All hits"
            </a>
        </nav>
    }
}

#[cfg(feature = "hydrate")]
#[leptos::wasm_split::wasm_split(desk, wasm_split_path = ::leptos::wasm_split, fallible)]
fn draw_offers(field: NodeRef<html::Input>) -> Result<AnyView, leptos::wasm_split::SplitLoaderError> {
    Ok(complete::Offers(complete::OffersProps { field }).into_any())
}

/// Without its file the browser goes on completing what it knows.
#[cfg(feature = "hydrate")]
async fn load_offers(field: NodeRef<html::Input>) -> Option<AnyView> {
    draw_offers(field).await.ok()
}

/// The server draws none: nobody is in the box before a script runs.
#[cfg(not(feature = "hydrate"))]
#[expect(clippy::unused_async, reason = "in the browser it waits for its file")]
async fn load_offers(field: NodeRef<html::Input>) -> Option<AnyView> {
    Some(complete::Offers(complete::OffersProps { field }).into_any())
}

/// The words and operators of a search, each with a way to take it out, and what was not understood.
#[component]
pub fn Terms<F>(terms: Vec<SearchTerm>, notes: Vec<String>, address: F) -> impl IntoView
where
    F: Fn(&str) -> String,
{
    let chips = terms
        .into_iter()
        .map(|term| {
            let label = format!("Search without {}", term.written);
            view! {
                <li>
                    <a class="btn btn-sm min-h-11 md:min-h-8" href=address(&term.without) aria-label=label>
                        {term.written}
                        <Icon icon=icondata::LuX />
                    </a>
                </li>
            }
        })
        .collect_view();
    let notes = notes.into_iter().map(|note| view! { <p>{note}</p> }).collect_view();
    view! {
        <ul class="flex flex-wrap gap-1.5 empty:hidden" aria-label="Searched for">
            {chips}
        </ul>
        <div class="notice notice-warning text-sm empty:hidden" role="status">
            {notes}
        </div>
    }
}

#[component]
pub fn ResultsPage() -> impl IntoView {
    let query = use_query_map();
    let q = Memo::new(move |_| query.read().get("q").unwrap_or_default());
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let within = Memo::new(move |_| within(&query.read()));
    let found = Resource::new_blocking(
        move || (q.get(), within.get(), cursor.get()),
        |(q, within, cursor)| async move {
            if q.trim().is_empty() && within.is_none() {
                return Ok(None);
            }
            run_search(q, within, cursor).await.map(Some)
        },
    );
    let view = move |page: Option<SearchPage>| match page {
        None => view! { <Examples title="Search people, texts, notes and visits" /> }.into_any(),
        Some(page) => {
            view! { <Results page q=q.get_untracked() within=within.get_untracked() later=cursor.get_untracked().is_some() /> }
                .into_any()
        }
    };
    view! {
        <Title text="Search" />
        <div class="mx-auto flex max-w-3xl flex-col gap-4 p-4">
            <h1>"Search"</h1>
            <div class="flex">
                {move || {
                    let within = within.get();
                    let label = if within.is_some() { "Search in this conversation" } else { "Search people, texts, notes and visits" };
                    let keep = vec![("within", within.map(|id| id.to_string()))];
                    view! { <SearchBox label q=q focus=q.get_untracked().is_empty() keep /> }
                }}
            </div>
            <Awaited from=found view />
        </div>
    }
}

/// The conversation in which an address searches, if it is one.
fn within(query: &ParamsMap) -> Option<Uuid> {
    query.get("within")?.parse().ok()
}

fn address(q: &str, within: Option<Uuid>) -> String {
    let within = within.map(|id| id.to_string());
    paths::with_query(
        "/search",
        &[("q", Some(q).filter(|q| !q.is_empty())), ("within", within.as_deref())],
    )
}

#[component]
fn Examples(title: &'static str) -> impl IntoView {
    let examples = EXAMPLES
        .into_iter()
        .map(|(q, finds)| {
            view! {
                <li>
                    <a class="link inline-flex min-h-11 items-center font-medium md:min-h-0" href=address(q, None)>
                        {q}
                    </a>
                    " finds "
                    {finds}
                </li>
            }
        })
        .collect_view();
    view! {
        <Empty title next_step="A part of a name or number, words of a text, or one of these:">
            <ul class="flex flex-col gap-1 text-start">{examples}</ul>
        </Empty>
    }
}

/// `later`: this is a further page of messages, which alone are paged.
#[component]
fn Results(page: SearchPage, q: String, within: Option<Uuid>, later: bool) -> impl IntoView {
    let SearchPage {
        terms,
        notes,
        people,
        more_people,
        messages,
        visits,
        more_visits,
        within: with_whom,
    } = page;
    let nothing = people.is_empty() && visits.is_empty() && messages.data.is_empty();
    // What was looked through so far held nothing, but there is more.
    let unfinished = nothing && messages.next_cursor.is_some();
    let older = messages.next_cursor.as_deref().map(|cursor| {
        let within = within.map(|id| id.to_string());
        let pairs = [
            ("q", Some(q.as_str())),
            ("within", within.as_deref()),
            ("cursor", Some(cursor)),
        ];
        let href = paths::with_query("/search", &pairs);
        view! {
            <a class="btn btn-sm min-h-11 md:min-h-8" href=href>
                "Older messages"
            </a>
        }
    });
    let newest =
        later.then(|| view! { <a class="btn btn-sm min-h-11 md:min-h-8" href=address(&q, within)>"Back to the start"</a> });
    let more_messages = messages.next_cursor.is_some();
    let people_count = count(people.len(), more_people);
    let messages_count = count(messages.data.len(), more_messages);
    let visits_count = count(visits.len(), more_visits);
    let people = people.into_iter().map(|hit| view! { <Person hit /> }).collect_view();
    let messages = messages
        .data
        .into_iter()
        .map(|hit| view! { <Message hit q=q.clone() within /> })
        .collect_view();
    let visits = visits.into_iter().map(|visit| view! { <Visit visit /> }).collect_view();
    view! {
        {with_whom
            .map(|name| {
                view! {
                    <p>
                        <a class="btn btn-sm min-h-11 md:min-h-8" href=address(&q, None) aria-label="Search everywhere">
                            {format!("In the conversation with {name}")}
                            <Icon icon=icondata::LuX />
                        </a>
                    </p>
                }
            })}
        <Terms terms notes address=move |q: &str| address(q, within) />
        {(nothing && !unfinished).then(|| view! { <Examples title="Nothing was found" /> })}
        {unfinished.then(|| view! { <Empty title="Nothing yet" next_step="The newest texts were looked through; older ones were not." /> })}
        <Group title="People" count=people_count>{people}</Group>
        <Group title="Messages" count=messages_count>{messages}</Group>
        <p class="flex justify-center gap-2 empty:hidden">{newest} {older}</p>
        <Group title="Visits" count=visits_count>{visits}</Group>
    }
}

/// `20+` where there are more than are shown; empty: none.
fn count(shown: usize, more: bool) -> String {
    match (shown, more) {
        (0, _) => String::new(),
        (n, false) => n.to_string(),
        (n, true) => format!("{n}+"),
    }
}

#[component]
fn Group(title: &'static str, count: String, children: Children) -> impl IntoView {
    let hidden = count.is_empty();
    view! {
        <section class:hidden=hidden aria-label=title>
            <h2 class="flex items-baseline gap-2 pb-1.5">
                {title}
                <span class="tabular text-sm font-normal text-muted">{count}</span>
            </h2>
            <ul class="panel">{children()}</ul>
        </section>
    }
}

#[component]
fn Person(hit: PersonHit) -> impl IntoView {
    let title = hit.contact.title().to_owned();
    let href = hit
        .conversation_id
        .map_or_else(|| format!("/contacts/{}", hit.contact.id), |id| format!("/inbox/{id}"));
    view! {
        <li>
            <a class="row" href=href>
                <span class="row-name min-w-0 flex-1 truncate"><bdi>{title}</bdi></span>
                <span class="tabular text-sm text-muted">{hit.contact.phone_display}</span>
                <ConsentBadge state=hit.contact.consent.sms />
            </a>
        </li>
    }
}

#[component]
fn Message(hit: MessageHit, q: String, within: Option<Uuid>) -> impl IntoView {
    let href = paths::hit(hit.conversation_id, hit.message_id, &q, within);
    let ours = hit.direction == Direction::Outbound && hit.note_by.is_none();
    let mark = ours.then(|| view! { <DeliveryMark status=hit.status.clone() /> });
    let who = match hit.note_by {
        Some(author) => format!("Note by {author}: "),
        None if ours => "You: ".to_owned(),
        None => String::new(),
    };
    view! {
        <li>
            <a class="row items-start" href=href>
                <span class="min-w-0 flex-1">
                    <span class="flex items-baseline gap-2">
                        <span class="row-name min-w-0 flex-1 truncate"><bdi>{hit.contact_name}</bdi></span>
                        <span class="text-xs text-muted">
                            <Timestamp at=hit.created_at say=TimeFormat::Short />
                        </span>
                    </span>
                    <span class="flex items-baseline gap-1.5 text-sm text-muted">
                        {mark} <span class="min-w-0 flex-1 break-words" dir="auto">{who} <Marked snippet=hit.snippet /></span>
                    </span>
                </span>
            </a>
        </li>
    }
}

#[component]
fn Marked(snippet: Snippet) -> impl IntoView {
    let parts = snippet.parts().into_iter().map(|(marked, text)| {
        if marked {
            view! { <mark class="rounded bg-warning/30 text-base-content">{text}</mark> }.into_any()
        } else {
            text.into_any()
        }
    });
    parts.collect_view()
}

#[component]
fn Visit(visit: AppointmentView) -> impl IntoView {
    let who = visit.who();
    view! {
        <li>
            <a class="row" href=format!("/appointments/{}", visit.id)>
                <span class="row-name min-w-0 flex-1 truncate">{who}</span>
                <span class="text-sm text-muted">
                    <Timestamp at=visit.starts_at place=visit.time_zone />
                </span>
                <StatusBadge status=visit.status />
            </a>
        </li>
    }
}
