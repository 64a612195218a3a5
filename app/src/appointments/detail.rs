//! One appointment: what it is, its reminders, and what can be done with it.

use contract::{
    Code, Page,
    appointments::{AppointmentAction, AppointmentView, ClockChange, Keep, Status},
    contacts::TimelineRow,
    live::LiveEvent,
};
use domain::when;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use uuid::Uuid;

use super::{
    ActOnAppointment, DecideClock, MoveAppointment, RemindNow, ReminderLines, act_on_appointment,
    calendar::UndoButton,
    decide_clock, get_appointment,
    history::History,
    link::CustomersLink,
    remind_now,
    repeat::{RepeatForm, SeriesActs},
    telling, visit_history,
};
use crate::{
    attendance::OfVisit,
    components::{Awaited, Icon, PressButton, StatusBadge, Timestamp},
    contacts::TextThem,
    error::AppError,
    forms::{Choice, Collision, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[component]
pub fn DetailPage() -> impl IntoView {
    let session = use_session();
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let query = use_query_map();
    let after = Memo::new(move |_| query.read().get("after"));
    let appointment = Resource::new_blocking(move || (id.get(), after.get()), read);
    Effect::watch(move || session.live.resync.get(), move |_, _, _| appointment.refetch(), false);
    view! {
        <Title text="Appointment" />
        <div class="mx-auto flex max-w-2xl flex-col gap-4 p-4">
            <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href="/appointments">
                <Icon icon=icondata::LuArrowLeft />
                "All appointments"
            </a>
            <Awaited
                from=appointment
                view=move |shown: Shown| {
                    let (visit, later) = (shown.visit.id, after.get_untracked().is_some());
                    view! {
                        <Appointment appointment=shown.visit />
                        <History id=visit first=shown.history later />
                    }
                }
            />
            <OfVisit id />
            <CustomersLink id />
        </div>
    }
}

/// A visit, and what happened to it from some moment on.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Shown {
    visit: AppointmentView,
    history: Page<TimelineRow>,
}

async fn read((id, after): (String, Option<String>)) -> Result<Shown, AppError> {
    let id = id
        .parse()
        .map_err(|_| AppError::new(Code::NotFound, "There is no such appointment."))?;
    let (visit, history) = futures::join!(get_appointment(id), visit_history(id, after));
    Ok(Shown {
        visit: visit?,
        history: history?,
    })
}

#[component]
fn Appointment(appointment: AppointmentView) -> impl IntoView {
    let session = use_session();
    let id = appointment.id;
    let appointment = RwSignal::new(appointment);
    session.live.listen(move |event| {
        if let LiveEvent::Appointment(new) = event
            && new.id == id
        {
            appointment.set(new.clone());
        }
    });
    let status = Memo::new(move |_| appointment.read().status);
    let arrived = Memo::new(move |_| appointment.read().arrived_at);
    view! {
        {move || appointment.with(|v| v.clock_change.clone()).map(|change| view! { <Clocks id change /> })}
        <Facts appointment />
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="reminders-heading">
            <h2 id="reminders-heading">"Reminders"</h2>
            {move || view! { <ReminderLines reminders=appointment.read().reminders.clone() /> }}
            {move || status.get().is_open().then(|| view! { <Remind appointment /> })}
        </section>
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="change-heading">
            <h2 id="change-heading">"Change"</h2>
            {move || {
                arrived.track();
                view! { <Acts appointment status=status.get() /> }
            }}
            {move || status.get().is_open().then(|| view! {
                <a class="btn w-fit min-h-11" href=format!("/appointments/{id}/offer-times")>
                    <Icon icon=icondata::LuCalendarClock />
                    "Offer times to choose from"
                </a>
            })}
            {move || status.get().is_open().then(|| view! { <MoveForm appointment /> })}
            {move || status.get().is_open().then(|| match appointment.read_untracked().series_id {
                Some(_) => view! { <SeriesActs id /> }.into_any(),
                None => view! { <RepeatForm id /> }.into_any(),
            })}
        </section>
    }
}

/// The clocks of its place have changed since this appointment was entered: which time holds?
#[component]
fn Clocks(id: Uuid, change: ClockChange) -> impl IntoView {
    let (entered, now) = (clock(&change.entered), clock(&change.now));
    let words = format!(
        "This visit was entered as {entered}. The clocks of {} have changed since, and it would now begin at {now}. \
         No reminder goes out until you decide; whoever was told a time already is not told again by itself.",
        change.time_zone
    );
    let button = move |keep: Keep, name: &'static str, words: String| {
        let fields = vec![("id", id.to_string()), ("keep", name.to_owned())];
        let run = move || async move { Ok(LiveEvent::Appointment(decide_clock(id, keep).await?)) };
        view! {
            <PressButton url=DecideClock::url() fields run>
                {words}
            </PressButton>
        }
    };
    view! {
        <section class="notice notice-warning flex flex-col gap-3" aria-labelledby="clocks-heading">
            <h2 id="clocks-heading">"Which time holds?"</h2>
            <p>{words}</p>
            <div class="flex flex-wrap gap-2">
                {button(Keep::Entered, "entered", format!("Keep {entered}"))}
                {button(Keep::Moment, "moment", format!("Change to {now}"))}
            </div>
        </section>
    }
}

/// A local time for people, as it is should it be none.
fn clock(local: &str) -> String {
    when::local(local).map_or_else(|| local.to_owned(), |t| t.format("%a, %b %-d at %-I:%M %p").to_string())
}

#[component]
fn Facts(appointment: RwSignal<AppointmentView>) -> impl IntoView {
    let (id, contact_id) = appointment.with_untracked(|appointment| (appointment.id, appointment.contact_id));
    let new_task = format!("/tasks/new?appointment={id}");
    view! {
        <section class="panel flex flex-col gap-3 p-5">
            <h1 class="flex flex-wrap items-center gap-2">
                <bdi>{move || appointment.read().contact_name.clone()}</bdi>
                {move || view! { <StatusBadge status=appointment.read().status /> }}
            </h1>
            <dl class="grid grid-cols-[4.5rem_1fr] gap-x-4 gap-y-1.5 sm:grid-cols-[8rem_1fr]">
                {move || appointment.with(|v| v.for_name.clone()).map(|name| view! {
                    <dt class="text-muted">"For"</dt>
                    <dd><bdi>{name}</bdi></dd>
                })}
                <dt class="text-muted">"When"</dt>
                <dd>{move || appointment.with(|v| view! { <Timestamp at=v.starts_at place=v.time_zone.clone() /> })}</dd>
                {move || appointment.with(lasts).map(|words| view! {
                    <dt class="text-muted">"Takes"</dt>
                    <dd>{words}</dd>
                })}
                {move || appointment.with(|v| v.arrived_at.map(|at| (at, v.time_zone.clone()))).map(|(at, place)| view! {
                    <dt class="text-muted">"Arrived"</dt>
                    <dd><Timestamp at place /></dd>
                })}
                {move || appointment.with(|v| v.type_name.clone()).map(|name| view! {
                    <dt class="text-muted">"Type"</dt>
                    <dd>{name}</dd>
                })}
                {move || appointment.with(|v| v.location.clone()).map(|place| view! {
                    <dt class="text-muted">"Where"</dt>
                    <dd>{place.name}</dd>
                })}
                {move || appointment.with(|v| v.series_index).map(|index| view! {
                    <dt class="text-muted">"Repeats"</dt>
                    <dd>{format!("Visit {index} of a series")}</dd>
                })}
                <dt class="text-muted">"Staff"</dt>
                <dd>{move || appointment.with(|v| or_dash(&v.staff_label))}</dd>
                <dt class="text-muted">"Notes"</dt>
                <dd class="whitespace-pre-line">{move || appointment.with(|v| or_dash(&v.notes))}</dd>
            </dl>
            <div class="flex flex-wrap gap-2">
                <a class="btn btn-sm min-h-11 md:min-h-8" href=format!("/contacts/{contact_id}")>
                    "Contact page"
                </a>
                <TextThem contact_id />
                <a class="btn btn-sm min-h-11 md:min-h-8" href=format!("/appointments/{id}/edit")>
                    <Icon icon=icondata::LuPencil />
                    "Edit details"
                </a>
                <a class="btn btn-sm min-h-11 md:min-h-8" href=new_task aria-keyshortcuts="t">
                    <Icon icon=icondata::LuListPlus />
                    "New task"
                </a>
            </div>
        </section>
    }
}

/// How long it takes, if that is known.
fn lasts(visit: &AppointmentView) -> Option<String> {
    let minutes = (visit.ends_at? - visit.starts_at).num_minutes();
    Some(match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    })
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { text.to_owned() }
}

#[component]
fn Remind(appointment: RwSignal<AppointmentView>) -> impl IntoView {
    let id = appointment.with_untracked(|appointment| appointment.id);
    let fields = vec![("id", id.to_string()), ("back", format!("/appointments/{id}"))];
    let run = move || async move { Ok(LiveEvent::Appointment(remind_now(id, String::new()).await?)) };
    view! {
        <div>
            <PressButton url=RemindNow::url() fields run>
                <Icon icon=icondata::LuBell />
                "Remind now"
            </PressButton>
        </div>
    }
}

#[component]
fn Acts(appointment: RwSignal<AppointmentView>, status: Status) -> impl IntoView {
    let button = move |act, words, icon| view! { <ActButton appointment act words icon /> };
    let confirm = matches!(status, Status::Scheduled | Status::RescheduleRequested)
        .then(|| button(AppointmentAction::Confirm, "Confirm", icondata::LuCheck));
    let (starts_at, arrived) = appointment.with_untracked(|v| (v.starts_at, v.arrived_at.is_some()));
    let session = use_session();
    // How it went is asked once it has begun; an arrival only on its day, which the server knows by the clock of its place.
    let past = move || {
        let begun = starts_at <= session.now.get();
        let near = starts_at - session.now.get() < chrono::Duration::hours(24);
        (status.is_open() && begun)
            .then(|| {
                view! {
                    {button(AppointmentAction::Complete, "Completed", icondata::LuCircleCheck)}
                    {button(AppointmentAction::NoShow, "No-show", icondata::LuCircleX)}
                }
                .into_any()
            })
            .or_else(|| {
                (status.is_open() && near && !arrived)
                    .then(|| button(AppointmentAction::Arrive, "Is here", icondata::LuMapPin).into_any())
            })
    };
    let not_here = (status.is_open() && arrived).then(|| button(AppointmentAction::Reopen, "Not here yet", icondata::LuUndo2));
    let open = status.is_open().then(|| {
        view! {
            {past}
            {not_here}
            <CancelButton appointment />
        }
    });
    let undo = (!status.is_open()).then(|| {
        view! {
            <p class="w-full text-sm text-muted">"Undo puts it back on the calendar and plans its reminders anew."</p>
            {button(AppointmentAction::Reopen, "Undo", icondata::LuUndo2)}
        }
    });
    view! { <div class="flex flex-wrap gap-2">{confirm} {open} {undo}</div> }
}

#[component]
fn ActButton(
    appointment: RwSignal<AppointmentView>,
    act: AppointmentAction,
    words: &'static str,
    icon: icondata::Icon,
) -> impl IntoView {
    let id = appointment.with_untracked(|appointment| appointment.id);
    let name = match act {
        AppointmentAction::Confirm => "confirm",
        AppointmentAction::Cancel => "cancel",
        AppointmentAction::Complete => "complete",
        AppointmentAction::NoShow => "no_show",
        AppointmentAction::Reopen => "reopen",
        AppointmentAction::Arrive => "arrive",
    };
    let fields = vec![("id", id.to_string()), ("act", name.to_owned())];
    let run = move || async move { Ok(LiveEvent::Appointment(act_on_appointment(id, act, String::new()).await?)) };
    view! {
        <PressButton url=ActOnAppointment::url() fields run>
            <Icon icon />
            {words}
        </PressButton>
    }
}

/// Asks first; the question is a popover, which needs no script.
#[component]
fn CancelButton(appointment: RwSignal<AppointmentView>) -> impl IntoView {
    view! {
        <button type="button" class="btn btn-sm min-h-11 text-error md:min-h-8" popovertarget="cancel-question">
            <Icon icon=icondata::LuX />
            "Cancel"
        </button>
        <div
            id="cancel-question"
            popover="auto"
            role="dialog"
            aria-labelledby="cancel-words"
            class="panel fixed inset-0 m-auto h-fit w-full max-w-sm p-5 text-base-content shadow-xl"
        >
            <p id="cancel-words" class="pb-1 font-semibold">
                "Cancel this appointment?"
            </p>
            <p class="pb-4 text-sm text-muted">"Its reminders are taken back. The customer is not told by itself; you can undo this."</p>
            <div class="flex flex-wrap gap-2">
                <ActButton appointment act=AppointmentAction::Cancel words="Yes, cancel it" icon=icondata::LuX />
                <button type="button" class="btn btn-sm min-h-11 md:min-h-8" popovertarget="cancel-question" popovertargetaction="hide">
                    "Keep it"
                </button>
            </div>
        </div>
    }
}

#[component]
fn MoveForm(appointment: RwSignal<AppointmentView>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<MoveAppointment>::new();
    let form = FormState::new("move", action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(moved)) = action.value().get() {
            session.live.answered(&LiveEvent::Appointment(moved));
        }
    });
    let (id, starts_at, place) =
        appointment.with_untracked(|appointment| (appointment.id, appointment.starts_at, appointment.time_zone.clone()));
    let zone = format!("In {place} time. Reminders that have not gone out move with it.");
    // By the place's clock or not at all: what is read here as one clock's time is sent as the other's.
    let clock = place.clone();
    let local = Memo::new(move |_| {
        let zone = session.known_place(&clock)?;
        Some(starts_at.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string())
    });
    let repeats = appointment.with_untracked(|appointment| appointment.series_id.is_some());
    let scope = repeats.then(|| {
        let pair = |value: &str, words: &str| (value.to_owned(), words.to_owned());
        let options = vec![
            pair("this", "Only this visit"),
            pair("following", "This and those after it, by as much"),
            pair("all", "All to come, by as much"),
        ];
        view! { <Choice form name="scope" label="This visit repeats: move" options /> }
    });
    let double = move || {
        session.may_manage().then(|| {
            view! {
                <label class="flex min-h-11 items-center gap-2 md:min-h-8">
                    <input type="checkbox" name="double_book" value="true" class="checkbox checkbox-sm" />
                    "Double-book: the time may be taken"
                </label>
            }
        })
    };
    let undo = move || form.saved.get().then(|| view! { <UndoButton id /> });
    let field = move || {
        match local.get() {
        Some(value) => view! {
            <Field form name="starts_at" label="New date and time" kind="datetime-local" value hint=zone.clone() required=true />
            <Choice form name="tell" label="Text the customer the new time" options=telling() hint="Three minutes later, so that a slip tells nobody." />
            {double()}
            <div>
                <Submit form label="Move appointment" />
            </div>
        }
        .into_any(),
        None => view! { <p class="text-sm text-muted">"Asking for this place's clock…"</p> }.into_any(),
    }
    };
    view! {
        <ActionForm action attr:class="flex flex-col gap-3">
            <FormNote form saved="Moved." />
            <Collision form path="/appointments" words="Open that appointment" />
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="time_zone" value=place />
            {scope}
            {field}
        </ActionForm>
        {undo}
    }
}
