//! Work for a person.

mod form;
mod list;

pub use form::{DetailPage, NewPage};
pub use list::{ListPage, Row, UndoNotice};

use contract::{
    Page,
    live::LiveEvent,
    task_form::{TaskAbout, TaskForm},
    tasks::TaskView,
};
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use crate::{
    components::{Icon, PressButton},
    error::AppError,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// The parameters are those of the list's address.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_tasks(
    status: Option<String>,
    assignee: Option<String>,
    overdue: Option<bool>,
    kind: Option<String>,
    cursor: Option<String>,
) -> Result<Page<TaskView>, AppError> {
    let query = contract::tasks::TaskQuery {
        status,
        assignee,
        overdue,
        kind,
        cursor,
        ..Default::default()
    };
    Ok(services::tasks::list(&ssr::services()?, &ssr::actor().await?, query).await?)
}

/// `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_task_done(id: Uuid, done: bool, back: String) -> Result<TaskView, AppError> {
    let work = async move { Ok(services::tasks::set_done(&ssr::services()?, &ssr::actor().await?, id, done).await?) };
    ssr::button_action(&back, work).await
}

/// Whoever presses the button looks after it.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn take_task(id: Uuid, back: String) -> Result<TaskView, AppError> {
    let work = async move { Ok(services::tasks::take(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&back, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn begin_task(about: TaskAbout) -> Result<TaskForm, AppError> {
    Ok(services::pages::task::blank(&ssr::services()?, &ssr::actor().await?, about).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn open_task(id: Uuid) -> Result<TaskForm, AppError> {
    Ok(services::pages::task::of(&ssr::services()?, &ssr::actor().await?, id).await?)
}

/// A task by hand. What it is not about, whom nobody chose and when it is not due is empty; `due_at` is by the clock of the business.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn create_task(
    title: String,
    #[server(default)] contact_id: String,
    #[server(default)] appointment_id: String,
    #[server(default)] message_id: String,
    due_at: String,
    assignee_id: String,
    notes: String,
) -> Result<TaskView, AppError> {
    let about = [
        ("contact", &contact_id),
        ("appointment", &appointment_id),
        ("message", &message_id),
    ];
    let about = about.map(|(name, id)| (name, Some(id.as_str()).filter(|id| !id.is_empty())));
    let form = ssr::Form::new(form::NEW, crate::paths::with_query("/tasks/new", &about))
        .typed("title", &title)
        .typed("due_at", &due_at)
        .typed("assignee_id", &assignee_id)
        .typed("notes", &notes);
    let work = async move {
        let command = contract::tasks::CreateTask {
            title,
            contact_id: form::id_of("contact_id", &contact_id)?,
            appointment_id: form::id_of("appointment_id", &appointment_id)?,
            message_id: form::id_of("message_id", &message_id)?,
            due_at: Some(due_at),
            assignee_id: form::id_of("assignee_id", &assignee_id)?,
            notes: Some(notes),
        };
        Ok(services::tasks::create(&ssr::services()?, &ssr::actor().await?, command).await?)
    };
    ssr::post_form(form, work, |_| Some("/tasks".to_owned())).await
}

/// What the form of a task says is so from now on; what is empty is taken away.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn edit_task(
    id: Uuid,
    title: String,
    due_at: String,
    assignee_id: String,
    notes: String,
) -> Result<TaskView, AppError> {
    let form = ssr::Form::new(form::CHANGE, format!("/tasks/{id}"))
        .typed("title", &title)
        .typed("due_at", &due_at)
        .typed("assignee_id", &assignee_id)
        .typed("notes", &notes);
    let work = async move {
        let command = contract::tasks::EditTask {
            title: Some(title),
            due_at: Some(Some(due_at).filter(|at| !at.is_empty())),
            assignee_id: Some(form::id_of("assignee_id", &assignee_id)?),
            notes: Some(notes),
        };
        Ok(services::tasks::edit(&ssr::services()?, &ssr::actor().await?, id, command).await?)
    };
    ssr::post_form(form, work, |_| None).await
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

/// Gives a task to whoever presses it.
#[component]
fn TakeButton(id: Uuid, back: String) -> impl IntoView {
    let fields = vec![("id", id.to_string()), ("back", back)];
    let run = move || async move { Ok(LiveEvent::Task(take_task(id, String::new()).await?)) };
    view! {
        <PressButton url=TakeTask::url() fields run class="btn btn-ghost btn-sm min-h-11 md:min-h-8">
            "Take it"
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
        "template" => icondata::LuTextCursorInput,
        "calendar" => icondata::LuCalendarSync,
        _ => icondata::LuListChecks,
    };
    view! {
        <span class="state badge-waiting">
            <Icon icon size="1em" />
            {task.kind_words()}
        </span>
    }
}
