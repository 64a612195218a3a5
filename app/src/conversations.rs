//! The inbox: the list on the left, the thread in the middle, the person on the right.

mod composer;
mod list;
mod open;
mod outbox;
mod person;
mod thread;

pub use outbox::{Outbox, Pending};
pub use thread::ThreadPage;

use contract::{
    Page,
    conversations::{ConversationRow, Thread},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{
    components::Outlet,
    hooks::{use_location, use_query_map},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    components::{Awaited, Empty},
    error::AppError,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn")]
pub async fn list_conversations(cursor: Option<String>) -> Result<Page<ConversationRow>, AppError> {
    Ok(services::conversations::list(&ssr::services()?, &ssr::actor().await?, cursor).await?)
}

/// A thread to look at, and the id that the next reply will carry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadView {
    pub thread: Thread,
    pub correlation_id: Uuid,
}

/// Fetching a thread is not reading it: pages are fetched for previews, too, and into tabs that nobody looks at.
#[server(prefix = "/api/fn")]
pub async fn open_thread(id: Uuid, before: Option<String>) -> Result<ThreadView, AppError> {
    Ok(ThreadView {
        thread: services::pages::thread::thread(&ssr::services()?, &ssr::actor().await?, id, before).await?,
        correlation_id: Uuid::now_v7(),
    })
}

/// Somebody has read what is in a conversation.
#[server(prefix = "/api/fn")]
pub async fn mark_read(id: Uuid) -> Result<(), AppError> {
    let work = async move { Ok(services::conversations::mark_read(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::press(&format!("/inbox/{id}"), work).await
}

/// Leads to the conversation with a contact, which begins if there was none.
#[server(prefix = "/api/fn")]
pub async fn text_contact(contact_id: Uuid) -> Result<Uuid, AppError> {
    let form = ssr::Form::new(crate::flash::Flash::BUTTON, format!("/contacts/{contact_id}"));
    let work = async move { Ok(services::conversations::open_with(&ssr::services()?, &ssr::actor().await?, contact_id).await?) };
    ssr::door(form, work, |id| Some(format!("/inbox/{id}"))).await
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
}

#[component]
pub fn Inbox() -> impl IntoView {
    let session = use_session();
    provide_context(Outbox::new(session.live));
    provide_context(Looking::new());
    let path = use_location().pathname;
    let open = Memo::new(move |_| path.read().strip_prefix("/inbox/").and_then(|id| id.parse::<Uuid>().ok()));
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let page = Resource::new_blocking(move || cursor.get(), list_conversations);
    Effect::watch(move || session.live.resync.get(), move |_, _, _| page.refetch(), false);
    let list_class = move || {
        if open.get().is_some() {
            "hidden h-full w-full shrink-0 flex-col border-e border-base-300 md:flex md:w-80"
        } else {
            "flex h-full w-full shrink-0 flex-col border-e border-base-300 md:w-80"
        }
    };
    let thread_class = move || {
        if open.get().is_some() {
            "flex h-full min-w-0 flex-1"
        } else {
            "hidden h-full min-w-0 flex-1 md:flex"
        }
    };
    let list = move |page| view! { <list::List page cursor=cursor.get_untracked() open /> };
    view! {
        <Title text="Inbox" />
        <h1 class="sr-only">"Inbox"</h1>
        <div class="flex h-full">
            <section class=list_class aria-label="Conversations">
                <h2 class="flex min-h-16 items-center border-b border-base-300 px-3.5">"Inbox"</h2>
                <div class="min-h-0 flex-1 overflow-y-auto">
                    <Awaited from=page view=list />
                </div>
            </section>
            <div class=thread_class>
                <Outlet />
            </div>
        </div>
    }
}

/// The middle while no conversation is open.
#[component]
pub fn NothingOpen() -> impl IntoView {
    view! {
        <div class="m-auto">
            <Empty title="No conversation open" todo="Choose one on the left." />
        </div>
    }
}
