//! Tasks: all, one's own, those over their time, and what was done. Which of them stands in the address.

use contract::{Page, live::LiveEvent, tasks::TaskView};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

use super::{DoneButton, KindBadge, TakeButton, list_tasks};
use crate::{
    components::{Awaited, Empty, Icon, Pager, Tabs, TimeFormat, Timestamp},
    paths,
    session::use_session,
};

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq)]
struct Filter {
    status: Option<String>,
    assignee: Option<String>,
    overdue: Option<bool>,
    kind: Option<String>,
}

impl Filter {
    fn pairs(&self) -> Vec<(&'static str, Option<String>)> {
        vec![
            ("status", self.status.clone()),
            ("assignee", self.assignee.clone()),
            ("overdue", self.overdue.map(|late| late.to_string())),
            ("kind", self.kind.clone()),
        ]
    }

    fn address(&self) -> String {
        let pairs = self.pairs();
        let pairs: Vec<(&str, Option<&str>)> = pairs.iter().map(|(name, value)| (*name, value.as_deref())).collect();
        paths::with_query("/tasks", &pairs)
    }

    /// The tab that shows just this.
    fn tab(&self) -> &'static str {
        match (
            self.status.as_deref(),
            self.assignee.as_deref(),
            self.overdue,
            self.kind.as_deref(),
        ) {
            (Some("done"), ..) => "Done",
            (_, Some("me"), None, None) => "Mine",
            (_, None, Some(true), None) => "Overdue",
            (_, None, None, None) => "Open",
            _ => "",
        }
    }

    /// What is said when there is nothing.
    fn nothing(&self) -> (&'static str, &'static str) {
        match self.tab() {
            "Done" => ("Nothing done yet", "Tasks you finish are kept here, and can be taken back."),
            "Mine" => (
                "Nothing to do for you",
                "Take a task among the open ones, and it stands here.",
            ),
            "Overdue" => ("Nothing is late", "A task whose time has passed appears here."),
            _ => (
                "Nothing to do",
                "When a customer needs a person, a task appears here by itself.",
            ),
        }
    }
}

#[component]
pub fn ListPage() -> impl IntoView {
    let query = use_query_map();
    let session = use_session();
    let filter = Memo::new(move |_| {
        query.with(|query| {
            let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
            Filter {
                status: given("status"),
                assignee: given("assignee"),
                overdue: given("overdue").and_then(|late| late.parse().ok()).filter(|late| *late),
                kind: given("kind"),
            }
        })
    });
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let tasks = Resource::new_blocking(
        move || (filter.get(), cursor.get()),
        |(filter, cursor)| list_tasks(filter.status, filter.assignee, filter.overdue, filter.kind, cursor),
    );
    session
        .live
        .refetch_on(|event| matches!(event, LiveEvent::Task(_)), move || tasks.refetch());
    // Without JavaScript the address says what was just done.
    let undoable = RwSignal::new(query.get_untracked().get("done").and_then(|id| id.parse::<Uuid>().ok()));
    let current = Signal::derive(move || filter.read().tab());
    let list =
        move |page: Page<TaskView>| view! { <List page filter=filter.get_untracked() cursor=cursor.get_untracked() undoable /> };
    let tabs = vec![
        ("Open", "/tasks".to_owned()),
        ("Mine", "/tasks?assignee=me".to_owned()),
        ("Overdue", "/tasks?overdue=true".to_owned()),
        ("Done", "/tasks?status=done".to_owned()),
    ];
    view! {
        <Title text="Tasks" />
        <div class="mx-auto flex max-w-3xl flex-col gap-4 p-4">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h1>"Tasks"</h1>
                <a class="btn btn-primary btn-sm min-h-11 md:min-h-9" href="/tasks/new" aria-keyshortcuts="t">
                    <Icon icon=icondata::LuPlus />
                    "New task"
                </a>
            </div>
            <Tabs label="Which tasks" tabs current />
            {move || view! { <UndoNotice undoable back=filter.read().address() /> }}
            <Awaited from=tasks view=list />
        </div>
    }
}

/// What was just done can be taken back.
#[component]
pub fn UndoNotice(undoable: RwSignal<Option<Uuid>>, back: String) -> impl IntoView {
    let undo = move || {
        let back = back.clone();
        undoable.get().map(|id| {
            view! {
                <div class="notice notice-success flex items-center gap-3">
                    <p class="flex-1">"Task done."</p>
                    <DoneButton id done=false back after=move || undoable.set(None)>
                        "Undo"
                    </DoneButton>
                </div>
            }
        })
    };
    view! { <div role="status">{undo}</div> }
}

#[component]
fn List(page: Page<TaskView>, filter: Filter, cursor: Option<String>, undoable: RwSignal<Option<Uuid>>) -> impl IntoView {
    let empty = page.data.is_empty().then(|| {
        let (title, next_step) = filter.nothing();
        view! { <Empty title next_step /> }
    });
    let rows = page
        .data
        .into_iter()
        .map(|task| {
            view! { <Row task undoable here=filter.address() /> }
        })
        .collect_view();
    view! {
        {empty}
        <ul class="panel empty:hidden">{rows}</ul>
        <Pager path="/tasks".to_owned() filter=filter.pairs() cursor next=page.next_cursor />
    }
}

/// `here` with what was just done in it, so that the page offers to take that back.
fn having_done(here: &str, id: Uuid) -> String {
    let join = if here.contains('?') { '&' } else { '?' };
    format!("{here}{join}done={id}")
}

/// One task on the page `here`.
#[component]
pub fn Row(task: TaskView, undoable: RwSignal<Option<Uuid>>, here: String) -> impl IntoView {
    let badge = view! { <KindBadge task=task.clone() /> };
    let facts = view! { <Facts task=task.clone() /> };
    let free = task.status == "open" && task.assignee_id.is_none() && !task.is_question();
    let take = free.then(|| view! { <TakeButton id=task.id back=here.clone() /> });
    let button = view! { <Settle task=task.clone() undoable here /> };
    view! {
        <li class="row flex-wrap items-start py-3 sm:flex-nowrap" data-task=task.kind>
            <div class="min-w-0 flex-1 basis-60">
                <p class="flex flex-wrap items-center gap-2">
                    {badge}
                    <a class="font-medium text-inherit no-underline hover:underline" href=format!("/tasks/{}", task.id)><bdi>{task.title}</bdi></a>
                </p>
                <p class="text-sm whitespace-pre-line text-muted empty:hidden">{task.notes}</p>
                {facts}
            </div>
            {take} {button}
        </li>
    }
}

/// Whom it is about, who looks after it, and since or by when.
#[component]
fn Facts(task: TaskView) -> impl IntoView {
    let session = use_session();
    let is_done = task.status == "done";
    let contact = task.contact_id.map(|contact| {
        let name = task.contact_name.clone().unwrap_or_else(|| "Contact".to_owned());
        view! { <a class="link" href=format!("/contacts/{contact}")><bdi>{name}</bdi></a> }
    });
    let conversation = task
        .conversation_id
        .map(|id| view! { <a class="link" href=format!("/inbox/{id}")>"Open conversation"</a> });
    let appointment = task
        .appointment_id
        .map(|id| view! { <a class="link" href=format!("/appointments/{id}")>"Open appointment"</a> });
    let assignee = task
        .assignee_name
        .clone()
        .map(|name| view! { <span data-assignee="">{name} " looks after it"</span> });
    let late = task.clone();
    let due = task.due_at.filter(|_| !is_done).map(|at| {
        let words = move || {
            if late.is_overdue(session.now.get()) {
                "Overdue since "
            } else {
                "Due "
            }
        };
        view! {
            <span class="font-medium" class:text-error=move || at < session.now.get()>
                {words}
                <Timestamp at say=TimeFormat::Inline />
            </span>
        }
    });
    let since = task.done_at.unwrap_or(task.created_at);
    let by = task.done_by.map(|name| format!(" by {name}"));
    view! {
        <p class="flex flex-wrap gap-x-3 text-sm text-muted">
            {contact} {conversation} {appointment} {due} {assignee}
            <span>{if is_done { "Done " } else { "Since " }} <Timestamp at=since say=TimeFormat::Inline /> {by}</span>
        </p>
    }
}

/// What ends it: a button, or for a question the place where it is decided.
#[component]
fn Settle(task: TaskView, undoable: RwSignal<Option<Uuid>>, here: String) -> impl IntoView {
    let id = task.id;
    let is_done = task.status == "done";
    if task.is_question() {
        // Where it can be seen what there is to decide.
        let page = match task.appointment_id {
            Some(id) if task.kind == "clock_change" => Some(format!("/appointments/{id}")),
            _ => task.conversation_id.map(|id| format!("/inbox/{id}")),
        };
        page.filter(|_| !is_done)
            .map(|page| {
                view! {
                    <a class="btn btn-sm min-h-11 md:min-h-8" href=page>
                        "Decide"
                    </a>
                }
            })
            .into_any()
    } else if is_done {
        view! { <DoneButton id done=false back=here after=|| ()>"Undo"</DoneButton> }.into_any()
    } else {
        let back = having_done(&here, id);
        view! {
            <DoneButton id done=true back after=move || undoable.set(Some(id))>
                <Icon icon=icondata::LuCheck />
                "Done"
            </DoneButton>
        }
        .into_any()
    }
}
