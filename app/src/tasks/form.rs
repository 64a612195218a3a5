//! A task by hand, and what changes about one.

use contract::{
    Code, Problem,
    conversations::MemberName,
    live::LiveEvent,
    task_form::{TaskAbout, TaskForm},
    tasks::TaskView,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use uuid::Uuid;

use super::{CreateTask, EditTask, KindBadge, begin_task, open_task};
use crate::{
    components::{Awaited, Icon, TimeFormat, Timestamp},
    error::AppError,
    forms::{Area, Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

/// The names of the two forms.
pub const NEW: &str = "task";
pub const CHANGE: &str = "change-task";

/// An id that may be left away.
#[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "read on the server"))]
pub fn id_of(field: &str, text: &str) -> Result<Option<Uuid>, AppError> {
    let id = Some(text).filter(|id| !id.is_empty()).map(str::parse).transpose();
    id.map_err(|_| AppError(Problem::field(field, "This was not understood. Please load the page again.")))
}

#[component]
pub fn NewPage() -> impl IntoView {
    let query = use_query_map();
    let about = Memo::new(move |_| {
        query.with(|query| {
            let id = |name: &str| query.get(name).and_then(|id| id.parse().ok());
            TaskAbout {
                contact_id: id("contact"),
                appointment_id: id("appointment"),
                message_id: id("message"),
            }
        })
    });
    let form = Resource::new_blocking(move || about.get(), begin_task);
    view! {
        <Title text="New task" />
        <div class="mx-auto flex max-w-xl flex-col gap-4 p-4">
            <h1>"New task"</h1>
            <Awaited from=form view=|form| view! { <New form /> } />
        </div>
    }
}

#[component]
fn New(form: TaskForm) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<CreateTask>::new();
    let state = FormState::new(NEW, action, session.flash());
    let TaskForm {
        members,
        contact,
        visit,
        message,
        ..
    } = form;
    let hidden = [
        ("contact_id", contact.as_ref().map(|(id, _)| *id)),
        ("appointment_id", visit.map(|(id, _)| id)),
        ("message_id", message.as_ref().map(|(id, _)| *id)),
    ]
    .map(|(name, id)| id.map(|id| view! { <input type="hidden" name=name value=id.to_string() /> }))
    .collect_view();
    let whom = contact.map(|(_, name)| {
        view! {
            <p>
                "About " <span class="font-medium">{name}</span>
                {visit.map(|(_, at)| view! { ", visit " <Timestamp at say=TimeFormat::Inline /> })}
            </p>
        }
    });
    let text = message.map(
        |(_, body)| view! { <blockquote class="border-s-2 border-base-300 ps-3 text-muted wrap-anywhere">{body}</blockquote> },
    );
    view! {
        <ActionForm action attr:class="panel flex flex-col gap-4 p-5">
            <FormNote form=state />
            {whom} {text} {hidden}
            <Field form=state name="title" label="What is to be done" required=true />
            <WhoAndWhen state members />
            <Area form=state name="notes" label="Notes" />
            <div>
                <Submit form=state label="Save task" />
            </div>
        </ActionForm>
    }
}

/// By when, and who looks after it.
#[component]
fn WhoAndWhen(
    state: FormState,
    members: Vec<MemberName>,
    #[prop(optional, into)] due_at: String,
    #[prop(optional, into)] assignee: String,
) -> impl IntoView {
    let session = use_session();
    let me = session.me.with_value(|me| me.account_id);
    let zone = session.business.with_untracked(|business| business.time_zone.clone());
    let mut options = vec![(String::new(), "Nobody yet".to_owned())];
    options.extend(members.into_iter().map(|member| {
        let words = if member.account_id == me {
            format!("{} (me)", member.name)
        } else {
            member.name
        };
        (member.account_id.to_string(), words)
    }));
    let hint = format!("In {zone} time. Without one it is due at once.");
    view! {
        <Field form=state name="due_at" label="Due (optional)" kind="datetime-local" value=due_at hint />
        <Choice form=state name="assignee_id" label="Who looks after it" options value=assignee />
    }
}

#[component]
pub fn DetailPage() -> impl IntoView {
    let session = use_session();
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let form = Resource::new_blocking(move || id.get(), read);
    Effect::watch(move || session.live.resync.get(), move |_, _, _| form.refetch(), false);
    view! {
        <Title text="Task" />
        <div class="mx-auto flex max-w-xl flex-col gap-4 p-4">
            <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href="/tasks">
                <Icon icon=icondata::LuArrowLeft />
                "All tasks"
            </a>
            <Awaited from=form view=|form| view! { <Detail form /> } />
        </div>
    }
}

async fn read(id: String) -> Result<TaskForm, AppError> {
    let id = id
        .parse()
        .map_err(|_| AppError::new(Code::NotFound, "There is no such task."))?;
    open_task(id).await
}

#[component]
fn Detail(form: TaskForm) -> impl IntoView {
    let TaskForm { members, task, .. } = form;
    task.map(|task| view! { <Change task members /> })
}

#[component]
fn Change(task: TaskView, members: Vec<MemberName>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<EditTask>::new();
    let state = FormState::new(CHANGE, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(changed)) = action.value().get() {
            session.live.answered(&LiveEvent::Task(changed));
        }
    });
    let zone = session.zone();
    let local = task
        .due_at
        .map(|at| at.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string());
    let assignee = task.assignee_id.map(|id| id.to_string()).unwrap_or_default();
    let badge = view! { <KindBadge task=task.clone() /> };
    let about = task.contact_id.map(|id| {
        let name = task.contact_name.clone().unwrap_or_else(|| "Contact".to_owned());
        view! { <p>"About " <a class="link" href=format!("/contacts/{id}")><bdi>{name}</bdi></a></p> }
    });
    let done = task.status == "done";
    let form = move || {
        view! {
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form=state saved="Saved." />
                <input type="hidden" name="id" value=task.id.to_string() />
                <Field form=state name="title" label="What is to be done" value=task.title required=true />
                <WhoAndWhen state members due_at=local.unwrap_or_default() assignee />
                <Area form=state name="notes" label="Notes" value=task.notes />
                <div>
                    <Submit form=state label="Save task" />
                </div>
            </ActionForm>
        }
    };
    let body = if done {
        view! { <p class="text-muted">"This task is done. Undo that in the list of done tasks to change it."</p> }.into_any()
    } else {
        form().into_any()
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5">
            <h1 class="flex flex-wrap items-center gap-2">"Task " {badge}</h1>
            {about} {body}
        </section>
    }
}
