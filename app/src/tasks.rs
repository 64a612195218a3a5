//! Work for a person.

use contract::{Page, live::LiveEvent, tasks::TaskView};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

use crate::{
    components::{Awaited, Empty, Glyph, Pager, PressButton, Tabs, TimeFormat, Timestamp},
    error::AppError,
    paths,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn")]
pub async fn list_tasks(status: Option<String>, cursor: Option<String>) -> Result<Page<TaskView>, AppError> {
    let query = contract::tasks::TaskQuery {
        status,
        cursor,
        limit: None,
    };
    Ok(services::tasks::list(&ssr::services()?, &ssr::actor().await?, query).await?)
}

/// `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn")]
pub async fn set_task_done(id: Uuid, done: bool, back: String) -> Result<TaskView, AppError> {
    let work = async move { Ok(services::tasks::set_done(&ssr::services()?, &ssr::actor().await?, id, done).await?) };
    ssr::press(&back, work).await
}

#[component]
pub fn ListPage() -> impl IntoView {
    let query = use_query_map();
    let session = use_session();
    let show_done = Memo::new(move |_| query.read().get("status").as_deref() == Some("done"));
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let tasks = Resource::new_blocking(
        move || (show_done.get(), cursor.get()),
        |(done, cursor)| list_tasks(done.then(|| "done".to_owned()), cursor),
    );
    session
        .live
        .refetch_on(|event| matches!(event, LiveEvent::Task(_)), move || tasks.refetch());
    // Without JavaScript the address says what was just done.
    let undoable = RwSignal::new(query.get_untracked().get("done").and_then(|id| id.parse::<Uuid>().ok()));
    let current = Signal::derive(move || if show_done.get() { "Done" } else { "Open" });
    let list =
        move |page: Page<TaskView>| view! { <List page done=show_done.get_untracked() cursor=cursor.get_untracked() undoable /> };
    view! {
        <Title text="Tasks" />
        <div class="mx-auto flex max-w-3xl flex-col gap-4 p-4">
            <h1>"Tasks"</h1>
            <Tabs label="Which tasks" tabs=vec![("Open", "/tasks".to_owned()), ("Done", "/tasks?status=done".to_owned())] current />
            <UndoNotice undoable />
            <Awaited from=tasks view=list />
        </div>
    }
}

#[component]
fn UndoNotice(undoable: RwSignal<Option<Uuid>>) -> impl IntoView {
    let undo = move || {
        undoable.get().map(|id| {
            view! {
                <div class="notice notice-success flex items-center gap-3">
                    <p class="flex-1">"Task done."</p>
                    <DoneButton id done=false back="/tasks".to_owned() after=move || undoable.set(None)>
                        "Undo"
                    </DoneButton>
                </div>
            }
        })
    };
    view! { <div role="status">{undo}</div> }
}

/// Marks a task done, or not done any more.
#[component]
pub fn DoneButton<F>(id: Uuid, done: bool, back: String, after: F, children: Children) -> impl IntoView
where
    F: Fn() + Clone + 'static,
{
    let fields = vec![("id", id.to_string()), ("done", done.to_string()), ("back", back)];
    let run = move || {
        let after = after.clone();
        async move {
            let task = set_task_done(id, done, String::new()).await?;
            after();
            Ok(LiveEvent::Task(task))
        }
    };
    view! {
        <PressButton url=SetTaskDone::url() fields run>
            {children()}
        </PressButton>
    }
}

/// What kind of work it is.
#[component]
pub fn KindBadge(task: TaskView) -> impl IntoView {
    let icon = match task.kind.as_str() {
        "reschedule" => icondata::LuCalendarClock,
        "call" => icondata::LuPhone,
        "clarify" => icondata::LuMessageCircleQuestion,
        "opt_out" => icondata::LuHand,
        "stuck_message" => icondata::LuTriangleAlert,
        "unclear_message" => icondata::LuCircleHelp,
        "clock_change" => icondata::LuClock,
        _ => icondata::LuListChecks,
    };
    view! {
        <span class="state badge-waiting">
            <Glyph icon size="1em" />
            {task.kind_words()}
        </span>
    }
}

#[component]
fn List(page: Page<TaskView>, done: bool, cursor: Option<String>, undoable: RwSignal<Option<Uuid>>) -> impl IntoView {
    let empty = page.data.is_empty().then(|| {
        if done {
            view! { <Empty title="Nothing done yet" todo="Tasks you finish are kept here, and can be taken back." /> }.into_any()
        } else {
            view! { <Empty title="Nothing to do" todo="When a customer needs a person, a task appears here by itself." /> }
                .into_any()
        }
    });
    let rows = page
        .data
        .into_iter()
        .map(|task| view! { <Row task undoable /> })
        .collect_view();
    let filter = vec![("status", done.then(|| "done".to_owned()))];
    view! {
        {empty}
        <ul class="panel empty:hidden">{rows}</ul>
        <Pager path="/tasks".to_owned() filter cursor next=page.next_cursor />
    }
}

#[component]
fn Row(task: TaskView, undoable: RwSignal<Option<Uuid>>) -> impl IntoView {
    let id = task.id;
    let is_done = task.status == "done";
    let badge = view! { <KindBadge task=task.clone() /> };
    let contact = task.contact_id.map(|contact| {
        let name = task.contact_name.clone().unwrap_or_else(|| "Contact".to_owned());
        view! { <a class="link" href=format!("/contacts/{contact}")>{name}</a> }
    });
    let conversation = task
        .conversation_id
        .map(|id| view! { <a class="link" href=format!("/inbox/{id}")>"Open conversation"</a> });
    let appointment = task
        .appointment_id
        .map(|id| view! { <a class="link" href=format!("/appointments/{id}")>"Open appointment"</a> });
    let since = task.done_at.unwrap_or(task.created_at);
    let by = task.done_by.clone().map(|name| format!(" by {name}"));
    let button = if task.is_question() {
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
        let back = "/tasks?status=done".to_owned();
        view! { <DoneButton id done=false back after=|| ()>"Undo"</DoneButton> }.into_any()
    } else {
        let back = paths::with_query("/tasks", &[("done", Some(&id.to_string()))]);
        view! {
            <DoneButton id done=true back after=move || undoable.set(Some(id))>
                <Glyph icon=icondata::LuCheck />
                "Done"
            </DoneButton>
        }
        .into_any()
    };
    view! {
        <li class="row items-start py-3" data-task=task.kind>
            <div class="min-w-0 flex-1">
                <p class="flex flex-wrap items-center gap-2">
                    {badge}
                    <span class="font-medium">{task.title}</span>
                </p>
                <p class="text-sm text-muted empty:hidden">{task.notes}</p>
                <p class="flex flex-wrap gap-x-3 text-sm text-muted">
                    {contact} {conversation} {appointment}
                    <span>{if is_done { "Done " } else { "Since " }} <Timestamp at=since say=TimeFormat::Inline /> {by}</span>
                </p>
            </div>
            {button}
        </li>
    }
}
