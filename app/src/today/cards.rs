//! The rows of *Today*: what it is about, since when, and one tap for what comes next.

use chrono::{DateTime, Utc};
use contract::{
    appointments::{AppointmentAction, AppointmentView, Status},
    conversations::ConversationRow,
    live::LiveEvent,
    today::{Reschedule, Trouble},
};
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use super::{HERE, SendAgain, age, send_again};
use crate::{
    appointments::{ActOnAppointment, RemindNow, act_on_appointment, remind_now},
    components::{Icon, PressButton, StatusBadge, TimeFormat, Timestamp},
    conversations::{ActOnConversation, act_on_conversation},
    session::use_session,
    tasks::DoneButton,
};

const BUTTON: &str = "btn btn-sm min-h-11 md:min-h-8";

/// A row: what it is about on the left, what can be done on the right, below it where there is no room.
#[component]
fn Card(children: Children, acts: AnyView) -> impl IntoView {
    view! {
        <li class="row flex-wrap items-start py-2.5 sm:flex-nowrap">
            <div class="min-w-0 flex-1 basis-48">{children()}</div>
            <div class="flex flex-wrap justify-end gap-1.5 print:hidden">{acts}</div>
        </li>
    }
}

/// How long ago that was; the moment on hover.
#[component]
fn Age(since: DateTime<Utc>, before: &'static str, #[prop(optional)] after: &'static str) -> impl IntoView {
    let session = use_session();
    view! {
        <time class="tabular whitespace-nowrap" datetime=since.to_rfc3339()>
            {before}
            {move || age((session.now.get() - since).num_minutes())}
            {after}
        </time>
    }
}

/// Calls their number.
#[component]
fn Call(phone: Option<String>) -> impl IntoView {
    phone.filter(|phone| !phone.is_empty()).map(|phone| {
        view! {
            <a class=BUTTON href=format!("tel:{phone}")>
                <Icon icon=icondata::LuPhone />
                "Call"
            </a>
        }
    })
}

#[component]
pub fn WaitingCard(row: ConversationRow) -> impl IntoView {
    let id = row.id;
    let thread = format!("/inbox/{id}");
    let fields = vec![
        ("id", id.to_string()),
        ("action", "no_reply_needed".to_owned()),
        ("account_id", String::new()),
        ("until", String::new()),
        ("back", HERE.to_owned()),
    ];
    let run = move || {
        let done = act_on_conversation(id, "no_reply_needed".to_owned(), String::new(), String::new(), String::new());
        async move { done.await.map(LiveEvent::Conversation) }
    };
    let acts = view! {
        <a class=BUTTON href=thread.clone()>
            <Icon icon=icondata::LuReply />
            "Reply"
        </a>
        <PressButton url=ActOnConversation::url() fields run class="btn btn-ghost btn-sm min-h-11 md:min-h-8">
            "No reply needed"
        </PressButton>
    };
    view! {
        <Card acts=acts.into_any()>
            <p class="flex items-baseline gap-2">
                <a class="min-w-0 truncate font-medium text-inherit no-underline hover:underline" href=thread><bdi>{row.name}</bdi></a>
                <span class="text-sm text-muted">{row.waiting_since.map(|since| view! { <Age since before="waits " /> })}</span>
            </p>
            <p class="truncate text-sm text-muted"><bdi>{row.preview}</bdi></p>
        </Card>
    }
}

#[component]
pub fn FailedCard(trouble: Trouble, undoable: RwSignal<Option<Uuid>>) -> impl IntoView {
    let again = trouble.can_be_sent_again();
    let Trouble { task, message } = trouble;
    let again = message.as_ref().filter(|_| again).map(|text| {
        let id = text.id;
        let run = move || async move { Ok(LiveEvent::Message(send_again(id).await?)) };
        view! {
            <PressButton url=SendAgain::url() fields=vec![("id", id.to_string())] run>
                <Icon icon=icondata::LuRotateCw />
                "Send again"
            </PressButton>
        }
    });
    let thread = task.conversation_id.map(|id| format!("/inbox/{id}"));
    let end = if task.is_question() {
        thread
            .clone()
            .map(|href| view! { <a class=BUTTON href=href>"Decide"</a> })
            .into_any()
    } else {
        view! { <Done task=task.id undoable /> }.into_any()
    };
    let name = task.contact_name.clone().unwrap_or_else(|| "Somebody".to_owned());
    let name = match thread.or_else(|| task.contact_id.map(|id| format!("/contacts/{id}"))) {
        Some(href) => {
            view! { <a class="font-medium text-inherit no-underline hover:underline" href=href><bdi>{name}</bdi></a> }.into_any()
        }
        None => view! { <span class="font-medium"><bdi>{name}</bdi></span> }.into_any(),
    };
    let quote = message.map(|text| view! { <p class="truncate text-sm text-muted">"“" <bdi>{text.body}</bdi> "”"</p> });
    let acts = view! { {again} <Call phone=task.phone.clone() /> {end} };
    view! {
        <Card acts=acts.into_any()>
            <p class="flex flex-wrap items-baseline gap-x-2">
                {name}
                <span class="text-sm text-muted">
                    <Age since=task.created_at before="" />
                </span>
            </p>
            <p class="text-sm">{task.title}</p>
            {quote}
        </Card>
    }
}

#[component]
pub fn RescheduleCard(wish: Reschedule, undoable: RwSignal<Option<Uuid>>) -> impl IntoView {
    let Reschedule { task, appointment } = wish;
    let name = task.contact_name.clone().unwrap_or_else(|| "Somebody".to_owned());
    let visit = task.appointment_id.map(|id| format!("/appointments/{id}"));
    let find = visit.clone().map(|href| {
        view! {
            <a class=BUTTON href=href>
                <Icon icon=icondata::LuCalendarClock />
                "Find a time"
            </a>
        }
    });
    let text = task
        .conversation_id
        .map(|id| view! { <a class=BUTTON href=format!("/inbox/{id}")>"Text"</a> });
    let acts = view! { {find} {text} <Call phone=task.phone.clone() /> <Done task=task.id undoable /> };
    let when = appointment.map(|visit| {
        view! {
            <p class="text-sm">
                "Visit " <Timestamp at=visit.starts_at say=TimeFormat::Inline place=visit.time_zone />
            </p>
        }
    });
    view! {
        <Card acts=acts.into_any()>
            <p class="flex flex-wrap items-baseline gap-x-2">
                <a class="font-medium text-inherit no-underline hover:underline" href=visit.unwrap_or_else(|| format!("/tasks/{}", task.id))>{name}</a>
                <span class="text-sm text-muted">
                    <Age since=task.created_at before="asked " after=" ago" />
                </span>
            </p>
            {when}
        </Card>
    }
}

#[component]
fn Done(task: Uuid, undoable: RwSignal<Option<Uuid>>) -> impl IntoView {
    view! {
        <DoneButton id=task done=true back=format!("{HERE}?done={task}") after=move || undoable.set(Some(task))>
            <Icon icon=icondata::LuCheck />
            "Done"
        </DoneButton>
    }
}

/// Something done to a visit.
#[component]
fn Act(id: Uuid, act: AppointmentAction, name: &'static str, children: Children) -> impl IntoView {
    let fields = vec![("id", id.to_string()), ("act", name.to_owned()), ("back", HERE.to_owned())];
    let run = move || async move { Ok(LiveEvent::Appointment(act_on_appointment(id, act, String::new()).await?)) };
    view! {
        <PressButton url=ActOnAppointment::url() fields run>
            {children()}
        </PressButton>
    }
}

#[component]
pub fn UnansweredCard(visit: AppointmentView) -> impl IntoView {
    let (id, who) = (visit.id, visit.who());
    let asked = visit.reminders.iter().filter(|r| r.status == "sent").map(|r| r.due_at).min();
    let fields = vec![("id", id.to_string()), ("back", HERE.to_owned())];
    let run = move || async move { Ok(LiveEvent::Appointment(remind_now(id, String::new()).await?)) };
    let acts = view! {
        <Act id act=AppointmentAction::Confirm name="confirm">
            <Icon icon=icondata::LuCheck />
            "Confirm"
        </Act>
        <Call phone=Some(visit.phone) />
        <PressButton url=RemindNow::url() fields run class="btn btn-ghost btn-sm min-h-11 md:min-h-8">
            "Remind now"
        </PressButton>
    };
    view! {
        <Card acts=acts.into_any()>
            <p class="flex flex-wrap items-baseline gap-x-2">
                <a class="font-medium text-inherit no-underline hover:underline" href=format!("/appointments/{id}")><bdi>{who}</bdi></a>
                <span class="text-sm text-muted">{asked.map(|since| view! { <Age since before="asked " after=" ago" /> })}</span>
            </p>
            <p class="text-sm">
                <Timestamp at=visit.starts_at place=visit.time_zone />
            </p>
        </Card>
    }
}

/// A visit of the day; once it has begun, how it went is one tap. `dated`: of another day.
#[component]
pub fn VisitRow(visit: AppointmentView, #[prop(optional)] dated: bool) -> impl IntoView {
    let session = use_session();
    let AppointmentView {
        id,
        status,
        starts_at,
        arrived_at: arrived,
        ..
    } = visit;
    let has_begun = move || starts_at <= session.now.get();
    let acts = move || match status {
        Status::Completed | Status::NoShow => view! {
            <Act id act=AppointmentAction::Reopen name="reopen">
                "Undo"
            </Act>
        }
        .into_any(),
        Status::Cancelled => ().into_any(),
        _ if has_begun() => view! {
            <Act id act=AppointmentAction::Complete name="complete">
                <Icon icon=icondata::LuCircleCheck />
                "Came"
            </Act>
            <Act id act=AppointmentAction::NoShow name="no_show">
                <Icon icon=icondata::LuCircleX />
                "No-show"
            </Act>
            <Act id act=AppointmentAction::Cancel name="cancel">
                "Cancelled late"
            </Act>
        }
        .into_any(),
        _ if arrived.is_none() => view! {
            <Act id act=AppointmentAction::Arrive name="arrive">
                <Icon icon=icondata::LuMapPin />
                "Is here"
            </Act>
        }
        .into_any(),
        _ => ().into_any(),
    };
    let here = arrived.filter(|_| status.is_open()).map(|at| {
        view! {
            <span class="badge badge-sm badge-info">
                "here since " <Timestamp at say=TimeFormat::Clock place=visit.time_zone.clone() />
            </span>
        }
    });
    let say = if dated { TimeFormat::Relative } else { TimeFormat::Clock };
    let who = visit.who();
    let place = visit.location.map(|place| place.name);
    view! {
        <Card acts=view! { {acts} }.into_any()>
            <p class="flex flex-wrap items-baseline gap-x-2" data-visit=status.as_str()>
                <span class="tabular font-medium">
                    <Timestamp at=starts_at say place=visit.time_zone />
                </span>
                <a class="font-medium text-inherit no-underline hover:underline" href=format!("/appointments/{id}")><bdi>{who}</bdi></a>
                <span class="text-sm text-muted empty:hidden">{visit.staff_label}</span>
                <span class="text-sm text-muted empty:hidden">{place}</span>
                <StatusBadge status />
                {here}
            </p>
            <p class="hidden text-sm print:block">{visit.phone_display} " " {visit.notes}</p>
        </Card>
    }
}
