//! `/components`: one visual language, shown in development. What looks wrong here looks wrong everywhere.

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code, Problem,
    appointments::Status,
    messages::{Direction, MessageView},
};
use domain::consent::State;
use leptos::prelude::*;
use leptos_meta::Title;
use uuid::Uuid;

use crate::{
    components::{
        ConsentBadge, DeliveryMark, Empty, Icon, Loading, Pager, ProblemPage, StatusBadge, Tabs, TimeFormat, Timestamp,
    },
    messages::Bubble,
    session::use_session,
};

#[component]
pub fn ComponentsPage() -> impl IntoView {
    view! {
        <Title text="Components" />
        <div class="grid gap-6 p-4 xl:grid-cols-2">
            <h1 class="text-xl font-semibold xl:col-span-2">"Components"</h1>
            <All theme="light" />
            <All theme="dark" />
        </div>
    }
}

/// Everything once, in the colours of a theme.
#[component]
fn All(theme: &'static str) -> impl IntoView {
    view! {
        <section data-theme=theme aria-label=theme class="panel grid gap-4 bg-base-100 p-4 text-base-content">
            <Words />
            <Buttons />
            <Badges />
            <Fields theme />
            <Notices />
            <Rows />
            <Thread />
            <States />
        </section>
    }
}

#[component]
fn Part(name: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="grid gap-2 border-t border-base-300 pt-3">
            <h2 class="text-sm font-semibold text-muted">{name}</h2>
            {children()}
        </div>
    }
}

#[component]
fn Words() -> impl IntoView {
    let session = use_session();
    let now = session.now.get_untracked();
    view! {
        <Part name="Words and times">
            <p class="text-xl font-semibold">"A page's title"</p>
            <p>"Text, " <a class="link" href="/components">"a link"</a> ", " <span class="text-muted">"and what matters less."</span></p>
            <p class="flex flex-wrap gap-x-4">
                <Timestamp at=now />
                <Timestamp at=now - Duration::days(1) say=TimeFormat::Inline />
                <Timestamp at=now - Duration::days(40) say=TimeFormat::Short />
                <Timestamp at=now say=TimeFormat::Clock />
            </p>
        </Part>
    }
}

#[component]
fn Buttons() -> impl IntoView {
    view! {
        <Part name="Buttons">
            <p class="flex flex-wrap items-center gap-2">
                <button type="button" class="btn btn-primary min-h-11">
                    <Icon icon=icondata::LuSend />
                    "Send"
                </button>
                <button type="button" class="btn min-h-11">"Save"</button>
                <button type="button" class="btn btn-ghost min-h-11">"Cancel"</button>
                <button type="button" class="btn btn-error min-h-11">"Remove"</button>
                <button type="button" class="btn min-h-11" disabled=true>"Not now"</button>
                <button type="button" class="btn btn-sm min-h-11 md:min-h-8" aria-busy="true">"Working"</button>
            </p>
            <Tabs
                label="Tabs"
                tabs=vec![("One", "/components".to_owned()), ("Two", "/components?two".to_owned())]
                current=Signal::derive(|| "One")
            />
            <Pager path="/components".to_owned() filter=Vec::new() cursor=Some("c".to_owned()) next=Some("n".to_owned()) />
        </Part>
    }
}

#[component]
fn Badges() -> impl IntoView {
    let visits = [
        Status::Scheduled,
        Status::Confirmed,
        Status::RescheduleRequested,
        Status::Cancelled,
        Status::Completed,
        Status::NoShow,
    ];
    let consents = [State::OptedIn, State::OptedOut, State::Unknown];
    let deliveries = ["queued", "delivered", "undelivered", "unknown", "cancelled"];
    view! {
        <Part name="States, each with a shape, a colour and a word">
            <p class="flex flex-wrap gap-2">{visits.map(|status| view! { <StatusBadge status /> }).collect_view()}</p>
            <p class="flex flex-wrap gap-2">{consents.map(|state| view! { <ConsentBadge state /> }).collect_view()}</p>
            <p class="flex flex-wrap gap-2">{deliveries.map(|status| view! { <DeliveryMark status /> }).collect_view()}</p>
        </Part>
    }
}

#[component]
fn Fields(theme: &'static str) -> impl IntoView {
    let (name, wrong) = (format!("{theme}-name"), format!("{theme}-wrong"));
    view! {
        <Part name="Fields">
            <label class="field">
                <span>"Name"</span>
                <input class="input" name=name value="Ada Sommer" />
                <small class="field-hint">"As they are called."</small>
            </label>
            <label class="field">
                <span>"Phone"</span>
                <input class="input" name=wrong.clone() value="12" aria-invalid="true" aria-describedby=wrong.clone() />
                <small id=wrong class="field-error">"This is no phone number."</small>
            </label>
            <label class="flex min-h-11 items-center gap-2">
                <input type="checkbox" class="checkbox" checked=true />
                "A choice"
            </label>
        </Part>
    }
}

#[component]
fn Notices() -> impl IntoView {
    let all = [
        "notice",
        "notice notice-success",
        "notice notice-warning",
        "notice notice-error",
    ];
    let shown = all.map(|class| view! { <p class=class>"What happened, and what to do next."</p> });
    view! { <Part name="Notices">{shown.into_iter().collect_view()}</Part> }
}

#[component]
fn Rows() -> impl IntoView {
    let now = use_session().now.get_untracked();
    let row = move |open: bool, unread: bool| {
        view! {
            <li>
                <a class="row" class:row-unread=unread href="/components" aria-current=open.then_some("true")>
                    <span class="avatar-letter" aria-hidden="true">
                        "A"
                    </span>
                    <span class="row-name min-w-0 flex-1 truncate">"Ada Sommer"</span>
                    <span class="text-xs text-muted">
                        <Timestamp at=now say=TimeFormat::Short />
                    </span>
                </a>
            </li>
        }
    };
    view! {
        <Part name="Rows: plain, unread, open">
            <ul>{row(false, false)} {row(false, true)} {row(true, false)}</ul>
        </Part>
    }
}

#[component]
fn Thread() -> impl IntoView {
    let now = use_session().now.get_untracked();
    let failed = MessageView {
        error_code: Some(30003),
        error: Some("The phone could not be reached.".to_owned()),
        ..message(Direction::Outbound, "undelivered", "Not delivered", now)
    };
    let all = [
        message(Direction::Inbound, "received", "Received", now),
        message(Direction::Outbound, "delivered", "Delivered", now),
        message(Direction::Outbound, "queued", "Waits for the end of quiet hours", now),
        failed,
    ];
    view! {
        <Part name="Thread">
            <ol class="bg-base-200 p-3">{all.map(|message| view! { <li><Bubble message /></li> }).collect_view()}</ol>
        </Part>
    }
}

fn message(direction: Direction, status: &str, words: &str, at: DateTime<Utc>) -> MessageView {
    MessageView {
        removed: false,
        id: Uuid::nil(),
        conversation_id: Uuid::nil(),
        contact_id: Uuid::nil(),
        direction,
        channel: "sms".to_owned(),
        kind: "reply".to_owned(),
        status: status.to_owned(),
        status_words: words.to_owned(),
        body: "See you on Thursday at nine.".to_owned(),
        segments: 1,
        author: None,
        provider_sid: None,
        error_code: None,
        error: None,
        correlation_id: None,
        cost: None,
        cost_is_final: false,
        retry_at: None,
        to_settle: false,
        undo_until: None,
        send_at: None,
        fallback_of: None,
        chosen_because: None,
        paused: false,
        created_at: at,
    }
}

#[component]
fn States() -> impl IntoView {
    let problem = Problem::new(Code::Unavailable, "The server did not answer.");
    view! {
        <Part name="Empty, loading, gone wrong">
            <Empty title="Nothing here yet" next_step="What to do next." />
            <Loading />
            <ProblemPage problem />
        </Part>
    }
}
