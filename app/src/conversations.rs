//! The inbox: the list on the left, the thread in the middle, the person on the right.

mod actions;
mod bulk;
mod composer;
mod filters;
mod list;
mod mention;
mod note;
mod offered;
mod open;
mod outbox;
mod person;
mod presence;
mod presets;
mod quick;
mod row_menu;
mod size;
mod thread;
mod views;

pub use filters::FilterPage;
pub use outbox::{Outbox, Pending};
pub use presets::PresetWords;
pub use thread::ThreadPage;

use contract::{
    Page,
    conversations::{ConversationRow, NoteView, Place, Thread},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{
    components::Outlet,
    hooks::{use_location, use_query_map},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use views::{View, Views};

use crate::{
    components::{Awaited, Empty, Icon},
    error::AppError,
    search::{HitBar, SearchBox},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::{paths, ssr};

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_conversations(
    show: Option<String>,
    #[server(default)] filters: String,
    cursor: Option<String>,
) -> Result<Page<ConversationRow>, AppError> {
    let query = contract::conversations::ConversationQuery {
        show,
        cursor,
        ..Default::default()
    };
    Ok(services::filters::page(&ssr::services()?, &ssr::actor().await?, query, &filters).await?)
}

/// `action` is assign, close, reopen, snooze, no_reply_needed, needs_reply, mark_read or mark_unread; `account_id` is for the first of
/// them, `until` for snooze. `back` is the page a browser without JavaScript returns to; the thread if it is empty.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn act_on_conversation(
    id: Uuid,
    action: String,
    account_id: String,
    until: String,
    #[server(default)] back: String,
) -> Result<ConversationRow, AppError> {
    let page = if back.is_empty() { format!("/inbox/{id}") } else { back };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let action = action_of(&action, &account_id, &until)?;
        Ok(services::conversations::act(&s, &actor, id, action).await?)
    };
    ssr::button_action(&page, work).await
}

#[cfg(feature = "ssr")]
fn action_of(action: &str, account_id: &str, until: &str) -> Result<contract::conversations::ConversationAction, AppError> {
    use contract::{Code, conversations::ConversationAction as A};
    let unclear = || {
        AppError::new(
            Code::Invalid,
            "This button said something that was not understood. Please load the page again.",
        )
    };
    Ok(match action {
        "assign" if account_id.is_empty() => A::Assign { account_id: None },
        "assign" => A::Assign {
            account_id: Some(account_id.parse().map_err(|_| unclear())?),
        },
        "close" => A::Close,
        "reopen" => A::Reopen,
        "snooze" => A::Snooze {
            until: until.parse().map_err(|_| unclear())?,
        },
        "no_reply_needed" => A::NoReplyNeeded,
        "needs_reply" => A::NeedsReply,
        "mark_read" => A::MarkRead,
        "mark_unread" => A::MarkUnread,
        _ => return Err(unclear()),
    })
}

/// Writes a note that the customer never sees.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn add_note(conversation_id: Uuid, body: String, #[server(default)] id: Option<Uuid>) -> Result<NoteView, AppError> {
    let form = ssr::Form::new(note::form(conversation_id), format!("/inbox/{conversation_id}")).typed("body", &body);
    let new = contract::conversations::AddNote { body, id };
    let work = async move {
        Ok(services::conversations::notes::add(&ssr::services()?, &ssr::actor().await?, conversation_id, new).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// Keeps what was typed, so that it is there on the next page and on another device.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn save_draft(conversation_id: Uuid, note: bool, body: String) -> Result<(), AppError> {
    use contract::conversations::{Draft, DraftKind};
    let kind = if note { DraftKind::Note } else { DraftKind::Reply };
    let draft = Draft { kind, body };
    Ok(services::conversations::notes::save_draft(&ssr::services()?, &ssr::actor().await?, conversation_id, draft).await?)
}

/// A thread to look at, and the id that the next reply will carry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadView {
    pub thread: Thread,
    pub correlation_id: Uuid,
}

/// A page of a thread. Fetching it is not reading it: pages are fetched for previews, too, and into tabs that nobody looks at.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn open_thread(id: Uuid, place: Place) -> Result<ThreadView, AppError> {
    let page = ssr::Page::asked_for();
    let thread = services::pages::thread::thread(&ssr::services()?, &ssr::actor().await?, id, place).await?;
    match (place, thread.sought) {
        _ if thread.conversation.id != id => page.is_now_at(&format!("/inbox/{}", thread.conversation.id)),
        // The fragment leads there without a script, and a form can't name it.
        (Place::On(_), Some(sought)) => page.is_now_at(&paths::thread_at(id, sought)),
        _ => {}
    }
    Ok(ThreadView {
        thread,
        correlation_id: Uuid::now_v7(),
    })
}

/// Somebody has read what is in a conversation.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn mark_read(id: Uuid) -> Result<(), AppError> {
    let work = async move { Ok(services::notifications::look_at(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&format!("/inbox/{id}"), work).await
}

/// Leads to the conversation with a contact, which begins if there was none.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn text_contact(contact_id: Uuid) -> Result<Uuid, AppError> {
    let form = ssr::Form::new(crate::flash::Flash::BUTTON, format!("/contacts/{contact_id}"));
    let work = async move { Ok(services::conversations::open_with(&ssr::services()?, &ssr::actor().await?, contact_id).await?) };
    ssr::post_form(form, work, |id| Some(format!("/inbox/{id}"))).await
}

/// Whether somebody has the page before their eyes: not until a script runs in it, and not while it is hidden.
#[derive(Clone, Copy)]
pub struct Looking(RwSignal<bool>);

impl Looking {
    fn new() -> Self {
        let looking = RwSignal::new(false);
        Effect::new(move |_| {
            let look = move || _ = looking.try_set(document().visibility_state() == web_sys::VisibilityState::Visible);
            look();
            let changed = window_event_listener_untyped("visibilitychange", move |_| look());
            on_cleanup(move || changed.remove());
        });
        Self(looking)
    }

    pub fn get(self) -> bool {
        self.0.get()
    }

    /// At this moment; false where the page has been left.
    pub fn now(self) -> bool {
        self.0.try_get_untracked().unwrap_or_default()
    }
}

#[component]
pub fn Inbox() -> impl IntoView {
    let session = use_session();
    let whose = session.me.with_value(|me| (me.account_id, me.business.id));
    provide_context(Outbox::new(session.live, whose));
    provide_context(Looking::new());
    provide_context(open::News::new());
    provide_context(presence::Colleagues::new(session));
    provide_context(bulk::Ticked::new());
    provide_context(row_menu::RowMenu::new());
    let path = use_location().pathname;
    let beside = Memo::new(move |_| path.read().starts_with("/inbox/"));
    let open = Memo::new(move |_| path.read().strip_prefix("/inbox/").and_then(|id| id.parse::<Uuid>().ok()));
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let all = Memo::new(move |_| query.read().get("all").is_some());
    let view = Memo::new(move |_| View::of(query.read().get("show").as_deref()));
    let filters = Memo::new(move |_| filters::of(&query.read()));
    let page = Resource::new_blocking(
        move || (view.get(), filters.get(), cursor.get()),
        |(view, filters, cursor)| list_conversations(view.show().map(str::to_owned), filters, cursor),
    );
    Effect::watch(move || session.live.resync.get(), move |_, _, _| page.refetch(), false);
    let list_class = move || {
        if beside.get() {
            "hidden h-full w-full shrink-0 flex-col border-e border-base-300 md:flex md:w-80"
        } else {
            "flex h-full w-full shrink-0 flex-col border-e border-base-300 md:w-80"
        }
    };
    let thread_class = move || {
        if beside.get() {
            "flex h-full min-w-0 flex-1 flex-col"
        } else {
            "hidden h-full min-w-0 flex-1 flex-col md:flex"
        }
    };
    let filter_form = move || filters::address("/inbox/filter", &[("show", view.get().show())], &filters.read());
    let list = move |page| view! { <list::List page view=view.get_untracked() filters=filters.get_untracked() cursor=cursor.get_untracked() open /> };
    view! {
        <Title text="Inbox" />
        <h1 class="sr-only">"Inbox"</h1>
        <div class="flex h-full">
            <section class=list_class aria-label="Conversations">
                <h2 class="sr-only">"Inbox"</h2>
                <div class="flex gap-2 border-b border-base-300 p-2">
                    <SearchBox label="Search people, texts, notes and visits" />
                    <a class="btn min-h-11 md:min-h-0" href=filter_form title="Filter">
                        <Icon icon=icondata::LuListFilter />
                        <span class="sr-only">"Filter"</span>
                    </a>
                </div>
                <Views current=view filters />
                <bulk::Bulk view filters all />
                <div id=list::BOX class="min-h-0 flex-1 overflow-y-auto">
                    <Awaited from=page view=list />
                </div>
                <row_menu::RowSheet />
            </section>
            <div class=thread_class>
                <HitBar />
                // The third column has its room before it is read: what is in the middle does not move.
                <div class="flex min-h-0 flex-1 xl:grid xl:grid-cols-[minmax(0,1fr)_20rem] xl:grid-rows-[minmax(0,1fr)]">
                    <Outlet />
                </div>
            </div>
        </div>
    }
}

/// The middle while no conversation is open.
#[component]
pub fn NothingOpen() -> impl IntoView {
    view! {
        <div class="m-auto xl:col-span-2">
            <Empty title="No conversation open" next_step="Choose one on the left." />
        </div>
    }
}
