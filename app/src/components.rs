//! Small pieces that many pages use.

use chrono::{DateTime, Utc};
use contract::{Code, Problem, appointments::Status, contacts::ContactView, live::LiveEvent};
use domain::{consent::State, when};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local, text_prop::TextProp};
use leptos_meta::Title;
use leptos_router::{components::Redirect, hooks::use_location};

use crate::{browser, error::AppError, keys, paths, session::use_session};

/// An icon that stands beside words and says nothing by itself.
#[component]
pub fn Icon(icon: icondata::Icon, #[prop(default = "1.125em")] size: &'static str) -> impl IntoView {
    view! {
        <span aria-hidden="true" class="inline-flex shrink-0">
            <leptos_icons::Icon icon=icon width=size height=size />
        </span>
    }
}

/// A person's name as the page's title; in the browser it follows the signal. The server writes titles last of all, when signals of
/// another request may be the current ones of its thread, so there it is the name that was known first and no signal.
#[component]
pub fn PersonTitle(contact: RwSignal<ContactView>) -> impl IntoView {
    let first = contact.with_untracked(|contact| contact.title().to_owned());
    let text: TextProp = if cfg!(feature = "ssr") {
        first.into()
    } else {
        // The next page's title is taken while this one's is still asked, though its person is gone.
        (move || {
            contact
                .try_with(|contact| contact.title().to_owned())
                .unwrap_or_else(|| first.clone())
        })
        .into()
    };
    view! { <Title text /> }
}

/// How a time is said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TimeFormat {
    /// Today at 2:30 PM
    Relative,
    /// The same inside a sentence: today at 2:30 PM
    Inline,
    /// 2:30 PM, Yesterday, Jan 5
    Short,
    /// 2:30 PM
    Clock,
}

/// A time by the business's clock, with the exact one on hover. What happens in another `place` (a zone's name) is told by the clock there;
/// where that shows another time, the zone is named.
#[component]
pub fn Timestamp(
    at: DateTime<Utc>,
    #[prop(default = TimeFormat::Relative)] say: TimeFormat,
    #[prop(optional, into)] place: Option<String>,
) -> impl IntoView {
    let session = use_session();
    let zone = move || place.as_deref().map_or_else(|| session.zone(), |name| session.place(name));
    let exact = zone.clone();
    let words = move || {
        let (now, zone) = (session.now.get(), zone());
        let words = match say {
            TimeFormat::Relative => when::relative(at, now, zone),
            TimeFormat::Inline => when::inline(at, now, zone),
            TimeFormat::Short => when::short(at, now, zone),
            TimeFormat::Clock => at.with_timezone(&zone).format("%-I:%M %p").to_string(),
        };
        if zone.offset_at(at) == session.zone().offset_at(at) {
            words
        } else {
            format!("{words} {}", at.with_timezone(&zone).format("%Z"))
        }
    };
    view! {
        <time datetime=at.to_rfc3339() title=move || when::exact(at, exact())>
            {words}
        </time>
    }
}

/// While a page is being read.
#[component]
pub fn Loading() -> impl IntoView {
    view! {
        <p role="status" class="empty">
            <span class="loading loading-dots" aria-hidden="true"></span>
            "Loading…"
        </p>
    }
}

/// Draws what a resource brings, or says that it is on its way (unless it is `quiet`) or what went wrong.
#[component]
pub fn Awaited<T, V>(
    from: Resource<Result<T, AppError>>,
    view: impl Fn(T) -> V + Clone + Send + Sync + 'static,
    #[prop(optional)] quiet: bool,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let body = move || {
        let view = view.clone();
        Suspend::new(async move {
            let found = from.await;
            #[cfg(feature = "ssr")]
            crate::ssr::later().await;
            match found {
                Ok(value) => view(value).into_any(),
                Err(AppError(problem)) => view! { <ProblemPage problem /> }.into_any(),
            }
        })
    };
    let fallback = move || (!quiet).then(Loading);
    view! { <Transition fallback>{body}</Transition> }
}

/// In place of a page that could not be read. Somebody who is not signed in is led to the door and back.
#[component]
pub fn ProblemPage(problem: Problem) -> impl IntoView {
    if problem.code == Code::SignInNeeded {
        return view! { <ToSignIn /> }.into_any();
    }
    view! {
        <Title text=problem.title.clone() />
        <div role="alert" class="empty">
            <h1 class="text-base-content">{problem.title}</h1>
            <p>{problem.detail}</p>
            <a class="btn min-h-11" href="" rel="external">
                "Try again"
            </a>
        </div>
    }
    .into_any()
}

/// Leads to the sign-in page, which leads back here.
#[component]
pub fn ToSignIn() -> impl IntoView {
    let location = use_location();
    let query = location.search.get_untracked();
    let path = location.pathname.get_untracked();
    let here = if query.is_empty() { path } else { format!("{path}?{query}") };
    let next = (here != "/").then_some(here);
    view! { <RedirectTo path=paths::with_query("/signin", &[("next", next.as_deref())]) /> }
}

/// Leads to another page of this site: on the server by a redirect, in the browser by going there.
#[component]
pub fn RedirectTo(path: String) -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::error::set_status(302);
    view! { <Redirect path /> }
}

/// Nothing in a list yet, and what to do about it.
#[component]
pub fn Empty(
    title: &'static str,
    #[prop(optional, into)] next_step: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <p class="font-semibold text-base-content">{title}</p>
            <p class="empty:hidden">{next_step}</p>
            {children.map(|children| children())}
        </div>
    }
}

/// Consent in words, with a mark whose colour is not needed to understand it: to texts, unless the way that it is for stands beside it.
#[component]
pub fn ConsentBadge(state: State, #[prop(optional)] way_beside: bool) -> impl IntoView {
    let (class, icon, words) = match state {
        State::OptedIn => ("state badge-confirmed", icondata::LuCheck, "Agreed to texts"),
        State::OptedOut => ("state badge-optedout", icondata::LuBan, "Opted out"),
        State::Unknown => ("state badge-cancelled", icondata::LuCircleHelp, "Not asked"),
    };
    let shown = match state {
        State::OptedIn if way_beside => "Agreed",
        _ => words,
    };
    view! {
        <span class=class data-consent=words>
            <Icon icon />
            {shown}
        </span>
    }
}

/// An appointment's status.
#[component]
pub fn StatusBadge(status: Status) -> impl IntoView {
    let (class, icon) = match status {
        Status::Scheduled => ("state badge-sent", icondata::LuCalendar),
        Status::Confirmed => ("state badge-confirmed just-changed", icondata::LuCheck),
        Status::RescheduleRequested => ("state badge-waiting", icondata::LuCalendarClock),
        Status::Cancelled => ("state badge-cancelled", icondata::LuX),
        Status::Completed => ("state badge-cancelled", icondata::LuCheck),
        Status::NoShow => ("state badge-declined", icondata::LuCircleX),
    };
    view! {
        <span class=class data-status=status.as_str()>
            <Icon icon />
            {status.label()}
        </span>
    }
}

/// How far an outbound message got, as a shape with a colour and a word for those who see neither.
#[component]
pub fn DeliveryMark(#[prop(into)] status: String) -> impl IntoView {
    let (class, icon, words) = match status.as_str() {
        "delivered" | "read" => ("inline-flex text-success", icondata::LuCircleCheck, "Delivered"),
        "failed" | "undelivered" => ("inline-flex text-error", icondata::LuCircleX, "Not delivered"),
        "cancelled" => ("inline-flex text-muted", icondata::LuBan, "Cancelled"),
        "unknown" => ("inline-flex text-warning", icondata::LuCircleHelp, "Delivery not known"),
        _ => ("inline-flex text-muted", icondata::LuClock, "Waiting for delivery"),
    };
    view! {
        <span class=class title=words data-delivery=status>
            <Icon icon size="1em" />
            <span class="sr-only">{words}</span>
        </span>
    }
}

/// A single button that posts `fields` to the server function at `url`. With JavaScript `run` does the same in place, and what it answers
/// is told to the whole page.
#[component]
pub fn PressButton<F, Fut>(
    url: &'static str,
    fields: Vec<(&'static str, String)>,
    run: F,
    #[prop(default = "btn btn-sm min-h-11 md:min-h-8")] class: &'static str,
    /// The key that presses it, of the table in `keys`.
    #[prop(optional)]
    key: &'static str,
    children: Children,
) -> impl IntoView
where
    F: Fn() -> Fut + 'static,
    Fut: Future<Output = Result<LiveEvent, AppError>> + 'static,
{
    let session = use_session();
    let busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let answer = run();
        spawn_local(async move {
            let answer = answer.await;
            busy.try_set(false);
            session.settle(answer);
        });
    };
    let fields = fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    view! {
        <form method="post" action=url on:submit=submit class="inline-block">
            {fields}
            <button type="submit" class=class aria-keyshortcuts=keys::aria(key) title=keys::hint(key) aria-busy=move || busy.get().to_string()>
                {children()}
            </button>
        </form>
    }
}

/// Tabs that are links; `current` is the one shown.
#[component]
pub fn Tabs(label: &'static str, tabs: Vec<(&'static str, String)>, current: Signal<&'static str>) -> impl IntoView {
    let tabs = tabs
        .into_iter()
        .map(|(words, href)| {
            let here = move || current.get() == words;
            view! {
                <a href=href aria-current=move || here().then_some("page")>
                    {words}
                </a>
            }
        })
        .collect_view();
    view! {
        <nav aria-label=label class="tab-line">
            {tabs}
        </nav>
    }
}

/// Links to the next page of a list and back to its start.
#[component]
pub fn Pager(
    path: String,
    filter: Vec<(&'static str, Option<String>)>,
    cursor: Option<String>,
    next: Option<String>,
) -> impl IntoView {
    let link = |cursor: Option<&str>| {
        let mut pairs: Vec<(&str, Option<&str>)> = filter.iter().map(|(name, value)| (*name, value.as_deref())).collect();
        pairs.push(("cursor", cursor));
        paths::with_query(&path, &pairs)
    };
    let start = cursor
        .is_some()
        .then(|| view! { <a class="btn btn-sm min-h-11" href=link(None)>"Back to the start"</a> });
    let more = next
        .as_deref()
        .map(|next| view! { <a class="btn btn-sm min-h-11" href=link(Some(next))>"Load more"</a> });
    view! { <div class="flex justify-center gap-2 p-3 empty:hidden">{start} {more}</div> }
}

/// An address to take away.
#[component]
pub fn CopyLine(label: &'static str, text: String, #[prop(optional)] button: Option<&'static str>) -> impl IntoView {
    let what = button.is_none().then(|| format!(" the address for {}", label.to_lowercase()));
    let words = button.unwrap_or("Copy");
    view! {
        <div>
            <p class="field-label">{label}</p>
            <div class="flex flex-wrap items-center gap-2">
                <code class="min-w-0 flex-1 rounded bg-base-200 px-2 py-1.5 text-sm break-all">{text.clone()}</code>
                <CopyButton text words what=what.unwrap_or_default() />
            </div>
        </div>
    }
}

/// Puts `text` on the clipboard. `what` is what screen readers are told beside the words.
#[component]
pub fn CopyButton(text: String, words: &'static str, #[prop(optional, into)] what: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    // Copying takes JavaScript, so the button is there once it is.
    let can_copy = RwSignal::new(false);
    Effect::new(move |_| can_copy.set(true));
    let words = move || if copied.get() { "Copied" } else { words };
    let copy = move |_| copied.set(browser::copy(&text));
    view! {
        <button type="button" class="btn btn-sm min-h-11 md:min-h-8" class:hidden=move || !can_copy.get() on:click=copy>
            <Icon icon=icondata::LuCopy />
            <span aria-live="polite">{words}</span>
            <span class="sr-only">{what}</span>
        </button>
    }
}
