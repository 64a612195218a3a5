//! What can be done with the open conversation as a whole: give it to somebody, close it, put it aside. Each is a form, so that it works
//! without a script.

use contract::{conversations::ConversationRow, live::LiveEvent};
use domain::snooze;
use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use uuid::Uuid;

use super::{
    ActOnConversation, act_on_conversation,
    bulk::Ticked,
    filters,
    open::{OpenThread, next_visit},
    presets::PresetWords,
};
use crate::{
    components::{Icon, PressButton, TimeFormat, Timestamp},
    keys,
    session::use_session,
};

const QUIET: &str = "btn btn-ghost btn-sm min-h-11 w-full justify-start md:min-h-9";
const PLAIN: &str = "btn btn-ghost btn-sm min-h-11 md:min-h-9";

/// One of them as a button.
#[component]
fn Act(
    id: Uuid,
    action: &'static str,
    #[prop(optional, into)] account_id: String,
    #[prop(optional, into)] until: String,
    #[prop(default = PLAIN)] class: &'static str,
    #[prop(optional)] key: &'static str,
    children: Children,
) -> impl IntoView {
    let fields = vec![
        ("id", id.to_string()),
        ("action", action.to_owned()),
        ("account_id", account_id.clone()),
        ("until", until.clone()),
    ];
    let ticked = use_context::<Ticked>();
    let run = move || {
        let done = act_on_conversation(id, action.to_owned(), account_id.clone(), until.clone(), String::new());
        async move {
            let row = done.await?;
            // It can be undone.
            ticked.inspect(|ticked| ticked.acted());
            Ok(LiveEvent::Conversation(row))
        }
    };
    view! {
        <PressButton url=ActOnConversation::url() fields run class key>
            {children()}
        </PressButton>
    }
}

/// Who looks after it, and what can be done with it.
#[component]
pub fn Actions(open: OpenThread) -> impl IntoView {
    let id = open.id;
    let new_task = format!("/tasks/new?contact={}", open.contact.with_untracked(|contact| contact.id));
    let needs_answer = move || open.row.with(|row| row.needs_answer);
    let is_open = move || open.row.with(|row| row.status == "open");
    let no_reply = move || {
        needs_answer().then(|| {
            view! {
                <Act id action="no_reply_needed" key="!">
                    <Icon icon=icondata::LuMessageSquareOff />
                    "No reply needed"
                </Act>
            }
        })
    };
    let close = move || {
        if is_open() {
            view! {
                <Act id action="close" key="e">
                    <Icon icon=icondata::LuCheck />
                    "Close"
                </Act>
            }
            .into_any()
        } else {
            view! {
                <Act id action="reopen" key="e">
                    <Icon icon=icondata::LuUndo2 />
                    "Reopen"
                </Act>
            }
            .into_any()
        }
    };
    view! {
        <div role="group" aria-label="This conversation" class="flex flex-wrap items-center gap-1 border-b border-base-300 px-2 py-1">
            <Assign open />
            <Snooze open />
            {no_reply} {close}
            <a class=PLAIN href=new_task aria-keyshortcuts=keys::aria("t") title=keys::hint("t")>
                <Icon icon=icondata::LuListPlus />
                "Task"
            </a>
            <More id />
            <State open />
        </div>
    }
}

/// Whether it is put aside or closed, in words.
#[component]
fn State(open: OpenThread) -> impl IntoView {
    let words = move || {
        let ConversationRow {
            status,
            snoozed_until,
            waiting_since,
            ..
        } = open.row.get();
        match (status.as_str(), snoozed_until, waiting_since) {
            ("closed", ..) => view! { <span>"Closed"</span> }.into_any(),
            (_, Some(at), _) if at == snooze::UNTIL_THEY_ANSWER => view! { <span>"Snoozed until they answer"</span> }.into_any(),
            (_, Some(at), _) => view! {
                <span>
                    "Snoozed until " <Timestamp at say=TimeFormat::Inline />
                </span>
            }
            .into_any(),
            (_, None, Some(at)) => view! {
                <span>
                    "Waits since " <Timestamp at say=TimeFormat::Inline />
                </span>
            }
            .into_any(),
            _ => ().into_any(),
        }
    };
    view! {
        <p class="ms-auto px-2 text-sm text-muted" role="status">
            {words}
        </p>
    }
}

#[component]
fn Assign(open: OpenThread) -> impl IntoView {
    let session = use_session();
    let id = open.id;
    let me = session.me.with_value(|me| me.account_id);
    let members = open.members;
    let name = move || {
        let assignee = open.row.with(|row| row.assignee);
        let found = members.with_value(|all| all.iter().find(|m| Some(m.account_id) == assignee).map(|m| m.name.clone()));
        found.unwrap_or_else(|| "Nobody".to_owned())
    };
    let choices = move || {
        let mut all = members.get_value();
        // Oneself first: that is what is chosen most.
        all.sort_by_key(|m| m.account_id != me);
        all.into_iter()
            .map(|m| {
                view! {
                    <Act id action="assign" account_id=m.account_id.to_string() class=QUIET key=if m.account_id == me { "i" } else { "" }>
                        {if m.account_id == me { format!("{} (me)", m.name) } else { m.name }}
                    </Act>
                }
            })
            .collect_view()
    };
    view! {
        <details class="menu-box" name="conversation-menu">
            <summary class=PLAIN aria-keyshortcuts=keys::aria("a") title=keys::hint("a")>
                <Icon icon=icondata::LuUser />
                <span class="sr-only">"Looked after by "</span>
                {name}
            </summary>
            <div>
                {choices}
                <Act id action="assign" class=QUIET>
                    "Nobody"
                </Act>
            </div>
        </details>
    }
}

#[component]
fn Snooze(open: OpenThread) -> impl IntoView {
    let session = use_session();
    let id = open.id;
    let choices = move || {
        let now = session.now.get();
        let next = open
            .appointments
            .with(|all| next_visit(all, now).map(|visit| visit.starts_at));
        snooze::presets(now, session.zone(), next)
            .into_iter()
            .map(|(words, at)| {
                view! {
                    <Act id action="snooze" until=at.to_rfc3339() class=QUIET>
                        <PresetWords words at />
                    </Act>
                }
            })
            .collect_view()
    };
    view! {
        <details class="menu-box" name="conversation-menu">
            <summary class=PLAIN aria-keyshortcuts=keys::aria("s") title=keys::hint("s")>
                <Icon icon=icondata::LuClock />
                "Snooze"
            </summary>
            <div class="w-72">{choices}</div>
        </details>
    }
}

/// What is wanted less often.
#[component]
fn More(id: Uuid) -> impl IntoView {
    view! {
        <details class="menu-box" name="conversation-menu">
            <summary class=PLAIN aria-keyshortcuts=keys::aria(".") title=keys::hint(".")>
                <Icon icon=icondata::LuEllipsis />
                "More"
            </summary>
            <div class="w-64">
                <ActAndGo id action="close" key="]" step=1>
                    "Close, then the next"
                </ActAndGo>
                <ActAndGo id action="close" key="[" step=-1>
                    "Close, then the previous"
                </ActAndGo>
                <ActAndGo id action="mark_unread" key="Shift+U" step=0>
                    "Mark as unread"
                </ActAndGo>
                <a class=QUIET href=format!("/search?within={id}")>
                    "Search in this conversation"
                </a>
                // It would move away at the top of the thread, where one looks for it: more comes in there.
                <form method="get" action=format!("/inbox/{id}") class="flex flex-wrap items-center gap-1 px-3 py-1">
                    <label class="field-label" for="on-day">
                        "Messages of"
                    </label>
                    <input id="on-day" type="date" name="on" required=true class="input input-sm min-h-11 md:min-h-8" />
                    <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">
                        "Go to date"
                    </button>
                </form>
            </div>
        </details>
    }
}

/// Leaves the conversation and does something with it: to its neighbour in the list, or back to the list. First it is left, because what is
/// before somebody's eyes is read.
#[component]
fn ActAndGo(id: Uuid, action: &'static str, key: &'static str, step: i32, children: Children) -> impl IntoView {
    let session = use_session();
    let (navigate, ticked) = (use_navigate(), use_context::<Ticked>());
    let list = filters::back();
    let back = list.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let next = if step == 0 { None } else { keys::neighbour(step) };
        navigate(next.as_deref().unwrap_or(&list), NavigateOptions::default());
        spawn_local(async move {
            let done = act_on_conversation(id, action.to_owned(), String::new(), String::new(), String::new()).await;
            if done.is_ok() {
                // It can be undone.
                ticked.inspect(|ticked| ticked.acted());
            }
            session.settle(done.map(LiveEvent::Conversation));
        });
    };
    view! {
        <form method="post" action=ActOnConversation::url() on:submit=submit>
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="action" value=action />
            <input type="hidden" name="account_id" value="" />
            <input type="hidden" name="until" value="" />
            <input type="hidden" name="back" value=back />
            <button type="submit" class=QUIET aria-keyshortcuts=keys::aria(key) title=keys::hint(key)>
                {children()}
            </button>
        </form>
    }
}
