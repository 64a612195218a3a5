//! The middle column: one conversation as a chat, kept current by the stream.

use chrono::{DateTime, Utc};
use contract::{
    conversations::{NoteView, Place},
    messages::{Direction, MessageView},
    waitlist::Offered,
};
use domain::when;
use leptos::{
    ev::{MouseEvent, SubmitEvent},
    html,
    prelude::*,
    server_fn::ServerFn,
    task::spawn_local,
};
use leptos_router::{
    hooks::{use_params_map, use_query_map},
    params::ParamsMap,
};
use uuid::Uuid;

use super::{
    MarkRead, Outbox, Pending, ThreadView,
    actions::Actions,
    composer::Composer,
    filters,
    note::NoteForm,
    offered::OfferedLine,
    open::{News, OpenThread},
    open_thread,
    person::Person,
    presence::{Attendance, WhoElse},
};
use crate::{
    browser,
    components::{Awaited, ConsentBadge, Empty, Icon, PersonTitle, TimeFormat, Timestamp},
    contacts::LanguageHint,
    error::AppError,
    keys,
    messages::{Bubble, PendingBubble},
    paths,
    session::{Session, use_session},
};

#[component]
pub fn ThreadPage() -> impl IntoView {
    let session = use_session();
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let place = Memo::new(move |_| place(&query.read()));
    let thread = Resource::new_blocking(move || (id.get(), place.get()), |(id, place)| read(id, place));
    Effect::watch(move || session.live.resync.get(), move |_, _, _| thread.refetch(), false);
    let view = move |open: ThreadView| view! { <View open /> };
    view! { <Awaited from=thread view /> }
}

/// Which page of the thread an address means; none if there is no such message.
fn place(query: &ParamsMap) -> Option<Place> {
    let message = |name: &str| query.get(name).map(|id| id.parse::<Uuid>().ok());
    if let Some(at) = message("at") {
        at.map(Place::At)
    } else if let Some(before) = message("before") {
        before.map(Place::Before)
    } else if let Some(after) = message("after") {
        after.map(Place::After)
    } else {
        // A date field that was left empty leads to the newest.
        let day = query.get("on").and_then(|day| day.parse().ok());
        Some(day.map_or(Place::Newest, Place::On))
    }
}

async fn read(id: String, place: Option<Place>) -> Result<ThreadView, AppError> {
    let missing = |words| AppError::new(contract::Code::NotFound, words);
    let id = id.parse().map_err(|_| missing("There is no such conversation."))?;
    open_thread(id, place.ok_or_else(|| missing("There is no such message."))?).await
}

#[component]
fn View(open: ThreadView) -> impl IntoView {
    let session = use_session();
    let ThreadView { thread, correlation_id } = open;
    let first_unread = expect_context::<News>().first(thread.conversation.id, thread.first_unread);
    let state = OpenThread {
        id: thread.conversation.id,
        contact: RwSignal::new(thread.contact),
        appointments: RwSignal::new(thread.appointments),
        tasks: RwSignal::new(thread.tasks),
        composer: RwSignal::new(thread.composer),
        sender: RwSignal::new(thread.sender),
        whatsapp: RwSignal::new(thread.whatsapp),
        unread: RwSignal::new(thread.conversation.unread),
        row: RwSignal::new(thread.conversation),
        members: StoredValue::new(thread.members),
        notes: RwSignal::new(thread.notes),
        offered: RwSignal::new(thread.offered),
        draft: StoredValue::new(thread.draft),
        messages: RwSignal::new(thread.messages),
        older: RwSignal::new(thread.older),
        newer: RwSignal::new(thread.newer),
        first_unread,
    };
    session.live.listen(move |event| state.hear(session, event));
    session
        .live
        .refetch_on(move |event| state.is_about_offers(event), move || state.ask_about_offers());
    state.is_read_by_looking();
    let attendance = Attendance::new(state.id);
    view! {
        <PersonTitle contact=state.contact />
        <section class="flex h-full min-w-0 flex-1 flex-col" aria-label="Conversation" on:input=move |_| attendance.typed()>
            <Head open=state />
            <Actions open=state />
            <Messages open=state at=thread.sought />
            <div class="border-t border-base-300 p-3 empty:hidden">
                <LanguageHint contact=state.contact back=format!("/inbox/{}", state.id) />
            </div>
            <Composer open=state correlation_id />
            <NoteForm open=state />
        </section>
        <Person open=state />
    }
}

#[component]
fn Head(open: OpenThread) -> impl IntoView {
    view! {
        <header class="flex min-h-16 items-center gap-1 border-b border-base-300 px-2 py-1 md:gap-2 md:px-4">
            <a class="btn btn-ghost btn-sm min-h-11 min-w-11 md:hidden" href=filters::back() aria-keyshortcuts="u">
                <Icon icon=icondata::LuArrowLeft />
                <span class="max-md:sr-only">"Inbox"</span>
            </a>
            <div class="min-w-0 flex-1">
                <h2 class="truncate leading-tight"><bdi>{move || open.contact.with(|c| c.title().to_owned())}</bdi></h2>
                <p class="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-sm text-muted">
                    <span class="tabular whitespace-nowrap">{move || open.contact.with(|c| c.phone_display.clone())}</span>
                    {move || view! { <ConsentBadge state=open.contact.with(|c| c.consent.sms) /> }}
                    <WhoElse id=open.id />
                </p>
            </div>
            <ToUnread open />
            <MarkAsRead open />
            <button type="button" class="btn btn-ghost btn-sm min-h-11 min-w-11 xl:hidden" popovertarget="person" aria-keyshortcuts=keys::aria("d")>
                <Icon icon=icondata::LuCircleUser />
                <span class="max-md:sr-only">"Details"</span>
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
            <button type="submit" class="btn btn-ghost btn-sm min-h-11" aria-keyshortcuts=keys::aria("Shift+I") title=keys::hint("Shift+I")>
                <Icon icon=icondata::LuMailCheck />
                <span class="max-md:sr-only">"Mark as read"</span>
            </button>
        </form>
    }
}

/// One line of the thread.
#[derive(Clone, PartialEq)]
enum Item {
    Day(String),
    /// What follows is new to the reader.
    New,
    Message(Box<MessageView>),
    Note(Box<NoteView>),
    Offered(Box<Offered>),
    Pending(Box<Pending>),
}

impl Item {
    fn key(&self) -> String {
        match self {
            Item::Day(words) => words.clone(),
            Item::New => "new".to_owned(),
            Item::Message(m) => {
                let changeable = if m.is_for_later() { m.body.as_str() } else { "" };
                format!("{} {} {} {changeable}", m.id, m.status, m.status_words)
            }
            Item::Note(n) => n.id.to_string(),
            Item::Offered(one) => {
                let stand: Vec<&str> = one.times.iter().map(|time| time.status.as_str()).collect();
                format!("{} {} {:?}", one.id, stand.join(" "), one.open_until())
            }
            Item::Pending(p) => format!("{} {} {}", p.correlation_id, p.waits, p.problem.is_some()),
        }
    }
}

/// Messages, notes and what was offered in their order, with a divider before the first of each day, then what is on its way.
fn items(
    messages: &[MessageView],
    notes: &[NoteView],
    offered: &[Offered],
    pending: Vec<Pending>,
    first_unread: Option<Uuid>,
    day: impl Fn(DateTime<Utc>) -> String,
) -> Vec<Item> {
    let mut lines: Vec<(DateTime<Utc>, Item)> = Vec::with_capacity(messages.len() + notes.len() + pending.len());
    let (mut later, said): (Vec<&MessageView>, Vec<&MessageView>) = messages.iter().partition(|m| m.is_for_later());
    lines.extend(said.into_iter().map(|m| (m.at(), Item::Message(Box::new(m.clone())))));
    lines.extend(notes.iter().map(|n| (n.created_at, Item::Note(Box::new(n.clone())))));
    // Behind the text that told of it, which is of the same moment.
    lines.extend(offered.iter().map(|one| (one.at, Item::Offered(Box::new(one.clone())))));
    lines.sort_by_key(|(at, _)| *at);
    lines.extend(pending.into_iter().map(|p| (p.at, Item::Pending(Box::new(p)))));
    let mut items = Vec::with_capacity(lines.len() + 8);
    let mut shown = None;
    for (at, item) in lines {
        let today = day(at);
        if shown.as_ref() != Some(&today) {
            items.push(Item::Day(today.clone()));
            shown = Some(today);
        }
        if matches!(&item, Item::Message(m) if Some(m.id) == first_unread) {
            items.push(Item::New);
        }
        items.push(item);
    }
    // What is not said yet comes last, whenever it was written.
    if !later.is_empty() {
        later.sort_by_key(|m| m.send_at);
        items.push(Item::Day("Scheduled".to_owned()));
        items.extend(later.into_iter().map(|m| Item::Message(Box::new(m.clone()))));
    }
    items
}

/// What scrolls.
const BOX: &str = "messages";

/// The list starts at its end and stays there: its box is turned upside down, which takes no script. `at` is what somebody has come for: the
/// address's fragment leads there without a script, and a script does where the page came later than its address.
#[component]
fn Messages(open: OpenThread, #[prop(name = "at")] sought: Option<Uuid>) -> impl IntoView {
    let session = use_session();
    let outbox = expect_context::<Outbox>();
    // Once it stands in the page: it is drawn before the page before it is gone.
    Effect::new(move |_| {
        request_animation_frame(move || {
            if let Some(there) = sought.and_then(|id| document().get_element_by_id(&paths::anchor(id))) {
                there.scroll_into_view();
            }
        });
    });
    let lines = move || {
        let (now, zone) = (session.now.get(), session.zone());
        let (notes, offered) = (open.notes.read(), open.offered.read());
        open.messages.with(|messages| {
            items(messages, &notes, &offered, outbox.waiting(open.id), open.first_unread, |at| {
                when::day(at, now, zone)
            })
        })
    };
    view! {
        <div
            id=BOX
            class="flex min-h-0 flex-1 flex-col-reverse overflow-y-auto bg-base-200"
            tabindex="0"
            role="group"
            aria-label="Messages"
        >
            <div class="mx-auto w-full max-w-3xl px-4 py-3">
                <Earlier open />
                <div class:hidden=move || !open.messages.read().is_empty()>
                    <Empty title="No messages yet" next_step="Write the first one below." />
                </div>
                <ol>
                    <For each=lines key=Item::key let:item>
                        <Line item outbox at=sought />
                    </For>
                </ol>
                <Later open />
            </div>
        </div>
    }
}

#[component]
fn Line(item: Item, outbox: Outbox, at: Option<Uuid>) -> impl IntoView {
    let sought = |id: Uuid| (at == Some(id)).then_some("");
    match item {
        Item::Day(words) => view! { <li class="divider text-xs text-muted">{words}</li> }.into_any(),
        Item::New => view! { <li class="divider divider-new text-xs font-semibold">"New"</li> }.into_any(),
        Item::Message(message) => {
            let side = if message.direction == Direction::Inbound {
                "in"
            } else {
                "out"
            };
            let (id, sought) = (paths::anchor(message.id), sought(message.id));
            view! { <li id=id data-direction=side data-sought=sought><Bubble message=*message /></li> }.into_any()
        }
        Item::Note(note) => {
            let (id, sought) = (paths::anchor(note.id), sought(note.id));
            view! { <li id=id data-note="" data-sought=sought><Note note=*note /></li> }.into_any()
        }
        Item::Offered(one) => {
            let became = one.status().to_string();
            view! { <li data-offered=became><OfferedLine one=*one /></li> }.into_any()
        }
        Item::Pending(pending) => view! { <li data-direction="out"><PendingBubble pending=*pending outbox /></li> }.into_any(),
    }
}

/// It looks like no text, and says that it is none.
#[component]
fn Note(note: NoteView) -> impl IntoView {
    view! {
        <div class="note-line">
            <p class="text-xs font-semibold">
                <Icon icon=icondata::LuStickyNote size="0.875em" />
                {format!("Note by {}, not sent to the customer", note.author)}
                " · "
                <Timestamp at=note.created_at say=TimeFormat::Clock />
            </p>
            <p class="whitespace-pre-wrap wrap-anywhere" dir="auto">{note.body}</p>
        </div>
    }
}

/// Leads to the first text that is new, where that is not in sight.
#[component]
fn ToUnread(open: OpenThread) -> impl IntoView {
    let at = open.first_unread.filter(|first| {
        let after = |all: &Vec<MessageView>| all.iter().position(|m| m.id == *first).map(|at| all.len() - at);
        open.messages.with_untracked(after).is_none_or(|after| after > IN_SIGHT)
    });
    at.map(|first| {
        view! {
            <a class="btn btn-sm min-h-11 max-md:min-w-11 md:min-h-8" href=paths::thread_at(open.id, first)>
                <Icon icon=icondata::LuArrowUp />
                <span class="max-md:sr-only">"First unread"</span>
            </a>
        }
    })
}

/// Texts that can be taken for being in sight at the end of a thread.
const IN_SIGHT: usize = 4;

/// One end of what is shown, and the way on: a link, and with a script by scrolling there.
#[derive(Clone, Copy)]
struct Way {
    open: OpenThread,
    session: Session,
    is_older: bool,
    busy: StoredValue<bool>,
}

impl Way {
    fn new(open: OpenThread, is_older: bool) -> Self {
        Self {
            open,
            session: use_session(),
            is_older,
            busy: StoredValue::new(false),
        }
    }

    fn end(self) -> RwSignal<Option<Uuid>> {
        if self.is_older { self.open.older } else { self.open.newer }
    }

    fn place(self) -> Option<Place> {
        let end = self.end().try_get_untracked().flatten()?;
        Some(if self.is_older {
            Place::Before(end)
        } else {
            Place::After(end)
        })
    }

    fn href(self) -> String {
        let end = self.end().get().map(|id| id.to_string());
        let name = if self.is_older { "before" } else { "after" };
        paths::with_query(&format!("/inbox/{}", self.open.id), &[(name, end.as_deref())])
    }

    fn load(self) {
        if let Some(place) = self.place()
            && !self.busy.get_value()
        {
            self.busy.set_value(true);
            spawn_local(async move {
                match open_thread(self.open.id, place).await {
                    Ok(more) => browser::keeping_place(BOX, || self.open.take_in(more.thread, self.is_older)),
                    Err(error) => _ = self.session.problem.try_set(Some(error.0)),
                }
                self.busy.try_set_value(false);
            });
        }
    }
}

#[component]
fn Earlier(open: OpenThread) -> impl IntoView {
    let way = Way::new(open, true);
    let here = NodeRef::<html::Div>::new();
    browser::when_near(here, BOX, move || open.older.track(), move || way.load());
    let load = move |event: MouseEvent| {
        event.prevent_default();
        way.load();
    };
    view! {
        <div node_ref=here class="flex flex-wrap justify-center gap-2 pb-2" class:hidden=move || open.older.read().is_none()>
            <a class="btn btn-sm min-h-11 md:min-h-8" href=move || way.href() on:click=load>
                "Show earlier messages"
            </a>
        </div>
    }
}

#[component]
fn Later(open: OpenThread) -> impl IntoView {
    let way = Way::new(open, false);
    let here = NodeRef::<html::Div>::new();
    browser::when_near(here, BOX, move || open.newer.track(), move || way.load());
    let load = move |event: MouseEvent| {
        event.prevent_default();
        way.load();
    };
    let newest = move |event: MouseEvent| {
        event.prevent_default();
        spawn_local(async move {
            match open_thread(open.id, Place::Newest).await {
                Ok(newest) => {
                    open.go_to_newest(newest.thread);
                    browser::to_the_end(BOX);
                }
                Err(error) => _ = way.session.problem.try_set(Some(error.0)),
            }
        });
    };
    view! {
        <div node_ref=here class="flex flex-wrap justify-center gap-2 pt-3" class:hidden=move || open.newer.read().is_none()>
            <a class="btn btn-sm min-h-11 md:min-h-8" href=move || way.href() on:click=load>
                "Show later messages"
            </a>
            <a class="btn btn-sm min-h-11 md:min-h-8" href=format!("/inbox/{}", open.id) on:click=newest>
                "Show newest messages"
            </a>
        </div>
    }
}
