//! The third column: who this is, what they agreed to, their appointments, what is to be done.

use contract::{appointments::AppointmentView, live::LiveEvent, tasks::TaskView};
use leptos::{prelude::*, server_fn::ServerFn};

use super::open::OpenThread;
use crate::{
    appointments::{RemindNow, ReminderLines, remind_now},
    components::{ConsentBadge, Icon, PressButton, StatusBadge, TimeFormat, Timestamp},
    contacts::{BlockButton, OnHold, Tags},
    paths,
    tasks::{DoneButton, KindBadge},
};

/// Beside the thread where there is room; elsewhere it opens over it, by the button in the thread's head, without a script.
#[component]
pub fn Person(open: OpenThread) -> impl IntoView {
    let contact_id = open.contact.with_untracked(|contact| contact.id);
    let back = format!("/inbox/{}", open.id);
    let new_appointment = paths::with_query("/appointments/new", &[("contact", Some(&contact_id.to_string()))]);
    view! {
        <aside
            id="person"
            popover="auto"
            aria-label="Contact details"
            class="fixed inset-y-0 start-auto end-0 m-0 h-dvh max-h-none w-full max-w-sm overflow-y-auto border-s border-base-300 bg-base-100 p-4 text-base-content xl:static xl:block xl:h-full xl:w-80 xl:shrink-0"
        >
            <button type="button" class="btn btn-sm mb-3 min-h-11 xl:hidden" popovertarget="person" popovertargetaction="hide">
                <Icon icon=icondata::LuX />
                "Close"
            </button>
            <Facts open />
            <div class="flex flex-wrap gap-2 py-3">
                <a class="btn btn-sm min-h-11 md:min-h-8" href=format!("/contacts/{contact_id}")>
                    <Icon icon=icondata::LuUser />
                    "Contact"
                </a>
                <a class="btn btn-sm min-h-11 md:min-h-8" href=new_appointment>
                    <Icon icon=icondata::LuCalendarPlus />
                    "New appointment"
                </a>
                {move || view! { <BlockButton id=contact_id blocked=open.contact.read().blocked back=back.clone() /> }}
            </div>
            <Tasks open />
            <Appointments open />
        </aside>
    }
}

#[component]
fn Facts(open: OpenThread) -> impl IntoView {
    let contact = open.contact;
    let blocked = move || {
        contact
            .read()
            .blocked
            .then(|| view! { <span class="state badge-declined">"Blocked"</span> })
    };
    let on_hold = move || contact.read().held_since.map(|_| view! { <OnHold /> });
    view! {
        <h3 class="text-base"><bdi>{move || contact.with(|c| c.title().to_owned())}</bdi></h3>
        <p class="tabular">{move || contact.read().phone_display.clone()}</p>
        <p class="empty:hidden">{move || contact.read().email.clone()}</p>
        <p class="flex flex-wrap gap-1.5 pt-1.5">
            "Texts" {move || view! { <ConsentBadge state=contact.with(|c| c.consent.sms) way_beside=true /> }} "E-mail"
            {move || view! { <ConsentBadge state=contact.with(|c| c.consent.email) way_beside=true /> }} {blocked} {on_hold}
        </p>
        {move || view! { <Tags tags=contact.read().tags.clone() /> }}
        <p class="pt-1.5 text-sm whitespace-pre-line text-muted empty:hidden" dir="auto">{move || contact.read().notes.clone()}</p>
    }
}

#[component]
fn Tasks(open: OpenThread) -> impl IntoView {
    let back = format!("/inbox/{}", open.id);
    view! {
        <section aria-labelledby="person-tasks" class="pb-4" class:hidden=move || open.tasks.read().is_empty()>
            <h3 id="person-tasks" class="pb-1">
                "To do"
            </h3>
            <ul class="flex flex-col gap-2">
                <For each=move || open.tasks.get() key=|task| (task.id, task.title.clone()) let:task>
                    <TaskCard task back=back.clone() />
                </For>
            </ul>
        </section>
    }
}

#[component]
fn TaskCard(task: TaskView, back: String) -> impl IntoView {
    let done = (!task.is_question()).then(|| {
        view! {
            <DoneButton id=task.id done=true back after=|| ()>
                <Icon icon=icondata::LuCheck />
                "Done"
            </DoneButton>
        }
    });
    view! {
        <li class="panel flex items-start gap-2 p-3" data-task=task.kind>
            <div class="min-w-0 flex-1">
                <KindBadge task=task.clone() />
                <p class="pt-1" dir="auto">{task.title}</p>
                <p class="text-sm text-muted">
                    "Since " <Timestamp at=task.created_at say=TimeFormat::Inline />
                </p>
            </div>
            {done}
        </li>
    }
}

#[component]
fn Appointments(open: OpenThread) -> impl IntoView {
    let back = format!("/inbox/{}", open.id);
    view! {
        <section aria-labelledby="person-visits">
            <h3 id="person-visits" class="pb-1">
                "Appointments"
            </h3>
            <p class="text-sm text-muted" class:hidden=move || !open.appointments.read().is_empty()>
                "None yet. A new one plans its reminders by itself."
            </p>
            <ul class="flex flex-col gap-2">
                <For each=move || open.appointments.get() key=appointment_key let:appointment>
                    <AppointmentCard appointment back=back.clone() />
                </For>
            </ul>
        </section>
    }
}

/// Changes whenever the card does.
fn appointment_key(appointment: &AppointmentView) -> String {
    let reminders: String = appointment
        .reminders
        .iter()
        .map(|r| format!(" {} {} {}", r.id, r.due_at, r.status))
        .collect();
    format!(
        "{} {} {} {}{reminders}",
        appointment.id,
        appointment.starts_at,
        appointment.status.as_str(),
        appointment.staff_label
    )
}

#[component]
fn AppointmentCard(appointment: AppointmentView, back: String) -> impl IntoView {
    let id = appointment.id;
    let remind = appointment.status.is_open().then(|| {
        let fields = vec![("id", id.to_string()), ("back", back)];
        let run = move || async move { Ok(LiveEvent::Appointment(remind_now(id, String::new()).await?)) };
        view! {
            <PressButton url=RemindNow::url() fields run>
                <Icon icon=icondata::LuBell />
                "Remind now"
            </PressButton>
        }
    });
    view! {
        <li class="panel flex flex-col gap-1.5 p-3" data-appointment=id.to_string()>
            <p class="flex flex-wrap items-center gap-2">
                <a class="link font-medium" href=format!("/appointments/{id}")>
                    <Timestamp at=appointment.starts_at place=appointment.time_zone />
                </a>
                <StatusBadge status=appointment.status />
            </p>
            <p class="text-sm text-muted empty:hidden">{appointment.staff_label}</p>
            <ReminderLines reminders=appointment.reminders />
            {remind}
        </li>
    }
}
