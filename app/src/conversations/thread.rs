//! The middle column: one conversation as a chat, kept current by the stream.

use chrono::{DateTime, Utc};
use contract::messages::{Direction, MessageView};
use domain::when;
use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
    server_fn::ServerFn,
    task::spawn_local,
};
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    MarkRead, Outbox, Pending, ThreadView,
    composer::Composer,
    open::{OpenThread, upsert},
    open_thread,
    person::Person,
};
use crate::{
    components::{Awaited, ConsentBadge, Empty, Glyph, PersonTitle},
    error::AppError,
    messages::{Bubble, PendingBubble},
    paths,
    session::use_session,
};

#[component]
pub fn ThreadPage() -> impl IntoView {
    let session = use_session();
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let before = Memo::new(move |_| query.read().get("before"));
    let thread = Resource::new_blocking(move || (id.get(), before.get()), |(id, before)| read(id, before));
    Effect::watch(move || session.live.resync.get(), move |_, _, _| thread.refetch(), false);
    let view = move |open: ThreadView| view! { <View open before=before.get_untracked() /> };
    view! { <Awaited from=thread view /> }
}

async fn read(id: String, before: Option<String>) -> Result<ThreadView, AppError> {
    let id = id
        .parse()
        .map_err(|_| AppError::new(contract::Code::NotFound, "There is no such conversation."))?;
    open_thread(id, before).await
}

#[component]
fn View(open: ThreadView, before: Option<String>) -> impl IntoView {
    let session = use_session();
    let ThreadView { thread, correlation_id } = open;
    let state = OpenThread {
        id: thread.conversation.id,
        contact: RwSignal::new(thread.contact),
        appointments: RwSignal::new(thread.appointments),
        tasks: RwSignal::new(thread.tasks),
        composer: RwSignal::new(thread.composer),
        unread: RwSignal::new(thread.conversation.unread),
        messages: RwSignal::new(thread.messages),
        older: RwSignal::new(thread.older),
    };
    session.live.listen(move |event| state.hear(session, event));
    if before.is_none() {
        state.is_read_by_looking();
    }
    view! {
        <PersonTitle contact=state.contact />
        <section class="flex h-full min-w-0 flex-1 flex-col" aria-label="Conversation">
            <Head open=state />
            <Messages open=state earlier=before.is_some() />
            <Composer open=state correlation_id />
        </section>
        <Person open=state />
    }
}

#[component]
fn Head(open: OpenThread) -> impl IntoView {
    view! {
        <header class="flex min-h-16 items-center gap-2 border-b border-base-300 px-3 py-1 md:px-4">
            <a class="btn btn-ghost btn-sm min-h-11 md:hidden" href="/inbox">
                <Glyph icon=icondata::LuArrowLeft />
                "Inbox"
            </a>
            <div class="min-w-0 flex-1">
                <h2 class="truncate leading-tight">{move || open.contact.with(|c| c.title().to_owned())}</h2>
                <p class="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-sm text-muted">
                    <span class="tabular">{move || open.contact.with(|c| c.phone_display.clone())}</span>
                    {move || view! { <ConsentBadge state=open.contact.with(|c| c.consent.sms) /> }}
                </p>
            </div>
            <MarkAsRead open />
            <button type="button" class="btn btn-ghost btn-sm min-h-11 xl:hidden" popovertarget="person">
                <Glyph icon=icondata::LuCircleUser />
                "Details"
            </button>
        </header>
    }
}

/// For whoever reads without a script, or another page of the thread than its newest.
#[component]
fn MarkAsRead(open: OpenThread) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        open.mark_read();
    };
    view! {
        <form method="post" action=MarkRead::url() on:submit=submit class:hidden=move || open.unread.get() == 0>
            <input type="hidden" name="id" value=open.id.to_string() />
            <button type="submit" class="btn btn-ghost btn-sm min-h-11">
                <Glyph icon=icondata::LuMailCheck />
                <span class="max-md:sr-only">"Mark as read"</span>
            </button>
        </form>
    }
}

/// One line of the thread.
#[derive(Clone, PartialEq)]
enum Item {
    Day(String),
    Message(Box<MessageView>),
    Pending(Box<Pending>),
}

impl Item {
    fn key(&self) -> String {
        match self {
            Item::Day(words) => words.clone(),
            Item::Message(m) => format!("{} {} {}", m.id, m.status, m.status_words),
            Item::Pending(p) => format!("{} {}", p.correlation_id, p.problem.is_some()),
        }
    }
}

/// The messages with a divider before the first of each day, then what is on its way.
fn items(messages: &[MessageView], pending: Vec<Pending>, day: impl Fn(DateTime<Utc>) -> String) -> Vec<Item> {
    let mut items = Vec::with_capacity(messages.len() + pending.len() + 8);
    let mut shown = None;
    for message in messages {
        let today = day(message.created_at);
        if shown.as_ref() != Some(&today) {
            items.push(Item::Day(today.clone()));
            shown = Some(today);
        }
        items.push(Item::Message(Box::new(message.clone())));
    }
    for pending in pending {
        let today = day(pending.at);
        if shown.as_ref() != Some(&today) {
            items.push(Item::Day(today.clone()));
            shown = Some(today);
        }
        items.push(Item::Pending(Box::new(pending)));
    }
    items
}

/// The list starts at its end and stays there: its box is turned upside down, which takes no script.
#[component]
fn Messages(open: OpenThread, earlier: bool) -> impl IntoView {
    let session = use_session();
    let outbox = expect_context::<Outbox>();
    let lines = move || {
        let (now, zone) = (session.now.get(), session.zone());
        open.messages
            .with(|messages| items(messages, outbox.waiting(open.id), |at| when::day(at, now, zone)))
    };
    let newest = earlier.then(|| {
        view! {
            <p class="pt-3 text-center">
                <a class="link" href=format!("/inbox/{}", open.id)>
                    "Show newest messages"
                </a>
            </p>
        }
    });
    view! {
        <div class="flex min-h-0 flex-1 flex-col-reverse overflow-y-auto bg-base-200" tabindex="0" role="group" aria-label="Messages">
            <div class="mx-auto w-full max-w-3xl px-4 py-3">
                <Earlier open />
                <div class:hidden=move || !open.messages.read().is_empty()>
                    <Empty title="No messages yet" todo="Write the first one below." />
                </div>
                <ol>
                    <For each=lines key=Item::key let:item>
                        <Line item outbox />
                    </For>
                </ol>
                {newest}
            </div>
        </div>
    }
}

#[component]
fn Line(item: Item, outbox: Outbox) -> impl IntoView {
    match item {
        Item::Day(words) => view! { <li class="divider text-xs text-muted">{words}</li> }.into_any(),
        Item::Message(message) => {
            let side = if message.direction == Direction::Inbound {
                "in"
            } else {
                "out"
            };
            view! { <li data-direction=side><Bubble message=*message /></li> }.into_any()
        }
        Item::Pending(pending) => view! { <li data-direction="out"><PendingBubble pending=*pending outbox /></li> }.into_any(),
    }
}

#[component]
fn Earlier(open: OpenThread) -> impl IntoView {
    let session = use_session();
    let href = move || paths::with_query(&format!("/inbox/{}", open.id), &[("before", open.older.read().as_deref())]);
    let load = move |event: MouseEvent| {
        event.prevent_default();
        spawn_local(async move {
            match open_thread(open.id, open.older.get_untracked()).await {
                Ok(more) => {
                    open.messages.try_update(|all| {
                        for message in more.thread.messages {
                            upsert(all, message);
                        }
                    });
                    open.older.try_set(more.thread.older);
                }
                Err(error) => {
                    session.problem.try_set(Some(error.0));
                }
            }
        });
    };
    view! {
        <p class="pb-2 text-center" class:hidden=move || open.older.read().is_none()>
            <a class="btn btn-sm min-h-11 md:min-h-8" href=href on:click=load>
                "Show earlier messages"
            </a>
        </p>
    }
}
