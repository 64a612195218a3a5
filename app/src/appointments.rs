//! Appointments and their reminders.

#![expect(
    clippy::too_many_arguments,
    reason = "the fields of a form are the arguments of its server function"
)]

mod calendar;
mod detail;
mod edit;
mod history;
mod link;
mod list;
mod new;
mod offering;
mod repeat;

pub use detail::DetailPage;
pub use edit::EditPage;
pub use list::ListPage;
pub use new::NewPage;
pub use offering::OfferTimesPage;
pub use repeat::RepeatPage;

use contract::{
    Page,
    appointments::{AppointmentAction, AppointmentView, Keep, ReminderView, Scope},
    contacts::TimelineRow,
};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    components::{Icon, TimeFormat, Timestamp},
    error::AppError,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_appointments(show: Option<String>, cursor: Option<String>) -> Result<Page<AppointmentView>, AppError> {
    let query = contract::appointments::AppointmentQuery { show, cursor };
    Ok(services::appointments::list(&ssr::services()?, &ssr::actor().await?, query).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_appointment(id: Uuid) -> Result<AppointmentView, AppError> {
    Ok(services::appointments::get(&ssr::services()?, &ssr::actor().await?, id).await?)
}

/// `starts_at` is a local time by the clock of the place, as a datetime-local input gives it; `contact_id` and `location_id` are empty when
/// none was chosen.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn create_appointment(
    contact_id: String,
    starts_at: String,
    location_id: Option<String>,
    staff_label: String,
    notes: String,
    #[server(default)] type_id: String,
    #[server(default)] minutes: String,
    #[server(default)] for_name: String,
) -> Result<AppointmentView, AppError> {
    let location_id = location_id.unwrap_or_default();
    let page = crate::paths::with_query("/appointments/new", &[("contact", Some(&contact_id))]);
    let form = ssr::Form::new("appointment", page)
        .typed("contact_id", &contact_id)
        .typed("starts_at", &starts_at)
        .typed("location_id", &location_id)
        .typed("staff_label", &staff_label)
        .typed("type_id", &type_id)
        .typed("minutes", &minutes)
        .typed("for_name", &for_name)
        .typed("notes", &notes);
    let work = async move {
        let actor = ssr::actor().await?;
        let contact_id = contact_id
            .parse()
            .map_err(|_| AppError(contract::Problem::field("contact_id", "Choose a contact.")))?;
        let command = contract::appointments::CreateAppointment {
            location_id: chosen("location_id", &location_id, "Choose a location.")?,
            type_id: chosen("type_id", &type_id, "Choose a type.")?,
            minutes: chosen("minutes", minutes.trim(), "Please give a whole number of minutes.")?,
            ends_at: None,
            for_name: Some(for_name),
            repeat: None,
            external_id: None,
            contact_id,
            starts_at,
            notes: Some(notes),
            staff_label: Some(staff_label),
        };
        Ok(services::appointments::create(&ssr::services()?, &actor, command).await?)
    };
    ssr::post_form(form, work, |appointment: &AppointmentView| {
        Some(format!("/appointments/{}", appointment.id))
    })
    .await
}

/// Whether a customer is told, as a form says it; none: by the rule.
#[cfg(feature = "ssr")]
fn yes_or_no(tell: &str) -> Option<bool> {
    match tell {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// The choices for it.
fn telling() -> Vec<(String, String)> {
    [
        ("", "If they confirmed, or it is within 24 hours"),
        ("yes", "Yes"),
        ("no", "No"),
    ]
    .map(|(value, words)| (value.to_owned(), words.to_owned()))
    .to_vec()
}

/// What was chosen in a field that may be left empty.
#[cfg(feature = "ssr")]
fn chosen<T: std::str::FromStr>(field: &str, typed: &str, otherwise: &str) -> Result<Option<T>, AppError> {
    let wrong = |_| AppError(contract::Problem::field(field, otherwise));
    (!typed.is_empty()).then(|| typed.parse().map_err(wrong)).transpose()
}

/// `time_zone` is the zone that the form said its time is in: meant by another clock than the place's, it would be another time.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn move_appointment(
    id: Uuid,
    starts_at: String,
    time_zone: String,
    #[server(default)] scope: Scope,
    #[server(default)] tell: String,
    #[server(default)] double_book: bool,
) -> Result<AppointmentView, AppError> {
    let form = ssr::Form::new("move", format!("/appointments/{id}"))
        .typed("starts_at", &starts_at)
        .typed("tell", &tell);
    let command = contract::appointments::MoveAppointment {
        starts_at,
        time_zone: Some(time_zone),
        scope,
        tell: yes_or_no(&tell),
        double_book,
    };
    let work = async move { Ok(services::appointments::reschedule(&ssr::services()?, &ssr::actor().await?, id, command).await?) };
    ssr::post_form(form, work, |_| None).await
}

/// What happened to a visit, after a moment in it.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn visit_history(id: Uuid, after: Option<String>) -> Result<Page<TimelineRow>, AppError> {
    let query = contract::PageQuery {
        cursor: after,
        limit: Some(50),
    };
    Ok(services::pages::visit::history(&ssr::services()?, &ssr::actor().await?, id, query).await?)
}

/// `back` is the page a browser without JavaScript returns to; the appointment's own if it is empty.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn act_on_appointment(
    id: Uuid,
    act: AppointmentAction,
    #[server(default)] back: String,
) -> Result<AppointmentView, AppError> {
    let page = if back.is_empty() {
        format!("/appointments/{id}")
    } else {
        back
    };
    let work = async move { Ok(services::appointments::act(&ssr::services()?, &ssr::actor().await?, id, act).await?) };
    ssr::button_action(&page, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn decide_clock(id: Uuid, keep: Keep) -> Result<AppointmentView, AppError> {
    let work =
        async move { Ok(services::appointments::clocks::decide(&ssr::services()?, &ssr::actor().await?, id, keep).await?) };
    ssr::button_action(&format!("/appointments/{id}"), work).await
}

/// `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn remind_now(id: Uuid, back: String) -> Result<AppointmentView, AppError> {
    let work = async move { Ok(services::reminders::send_now(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&back, work).await
}

/// The reminders of an appointment, each with its state in plain words.
#[component]
pub fn ReminderLines(reminders: Vec<ReminderView>) -> impl IntoView {
    let lines = reminders
        .into_iter()
        .map(|reminder| {
            let (icon, words) = state_words(&reminder.status);
            let due = matches!(reminder.status.as_str(), "planned" | "queued")
                .then(|| view! { " " <Timestamp at=reminder.due_at say=TimeFormat::Inline /> });
            let reason = reminder
                .reason
                .map(|reason| view! { <span class="text-muted">": " {reason}</span> });
            view! {
                <li class="flex items-start gap-1.5 text-sm" data-reminder=reminder.status>
                    <span class="pt-0.5">
                        <Icon icon size="0.9375em" />
                    </span>
                    <span>{kind_words(&reminder.kind)} " – " {words} {due} {reason}</span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="flex flex-col gap-0.5 empty:hidden">{lines}</ul> }
}

/// When a reminder goes out, in words: `24h` is one day before.
fn kind_words(kind: &str) -> String {
    let hours = kind.strip_suffix('h').and_then(|hours| hours.parse::<u16>().ok());
    match hours {
        None if kind == "manual" => "Sent by hand".to_owned(),
        None => "Reminder".to_owned(),
        Some(1) => "1 hour before".to_owned(),
        Some(24) => "1 day before".to_owned(),
        Some(hours) if hours % 24 == 0 => format!("{} days before", hours / 24),
        Some(hours) => format!("{hours} hours before"),
    }
}

fn state_words(status: &str) -> (icondata::Icon, &'static str) {
    match status {
        "planned" => (icondata::LuClock, "planned for"),
        "queued" => (icondata::LuClock, "about to go out, due"),
        "sent" => (icondata::LuSend, "sent, no answer yet"),
        "yes" => (icondata::LuCircleCheck, "answered yes"),
        "no" => (icondata::LuCalendarClock, "answered no"),
        "expired" => (icondata::LuClock, "sent, never answered"),
        "skipped" => (icondata::LuBan, "skipped"),
        "cancelled" => (icondata::LuX, "cancelled"),
        _ => (icondata::LuCircleX, "not sent"),
    }
}

#[cfg(test)]
mod tests {
    use super::kind_words;

    #[test]
    fn a_reminders_kind_reads_like_a_time() {
        assert_eq!(kind_words("48h"), "2 days before");
        assert_eq!(kind_words("24h"), "1 day before");
        assert_eq!(kind_words("2h"), "2 hours before");
        assert_eq!(kind_words("1h"), "1 hour before");
        assert_eq!(kind_words("manual"), "Sent by hand");
        assert_eq!(kind_words("followup"), "Reminder");
    }
}
