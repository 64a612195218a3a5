//! All appointments by day.

use contract::{Page, appointments::AppointmentView, live::LiveEvent};
use domain::when;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    appointments::list_appointments,
    components::{Awaited, Empty, Icon, Pager, StatusBadge, Tabs, TimeFormat, Timestamp},
    paths,
    session::{Session, use_session},
};

/// The tabs: words, and what the service calls it.
const FILTERS: [(&str, &str); 6] = [
    ("Upcoming", "upcoming"),
    ("Past", "past"),
    ("Needs another time", "reschedule_requested"),
    ("Not answered", "unanswered"),
    ("Confirmed", "confirmed"),
    ("To mark", "unmarked"),
];

#[component]
pub fn ListPage() -> impl IntoView {
    let session = use_session();
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        let show = query.read().get("show").unwrap_or_default();
        FILTERS.into_iter().find(|(_, name)| *name == show).unwrap_or(FILTERS[0])
    });
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let appointments = Resource::new_blocking(
        move || (filter.get().1, cursor.get()),
        |(show, cursor)| list_appointments(Some(show.to_owned()), cursor),
    );
    session.live.refetch_on(
        |event| matches!(event, LiveEvent::Appointment(_)),
        move || appointments.refetch(),
    );
    let tabs = FILTERS
        .iter()
        .map(|(words, name)| (*words, paths::with_query("/appointments", &[("show", Some(name))])))
        .collect();
    let current = Signal::derive(move || filter.get().0);
    let list = move |page| view! { <List page show=filter.get_untracked().1 cursor=cursor.get_untracked() /> };
    view! {
        <Title text="Appointments" />
        <div class="mx-auto flex max-w-3xl flex-col gap-4 p-4">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h1>"Appointments"</h1>
                <a class="btn btn-primary btn-sm min-h-11 md:min-h-9" href="/appointments/new">
                    <Icon icon=icondata::LuPlus />
                    "New appointment"
                </a>
            </div>
            <Tabs label="Which appointments" tabs current />
            <Awaited from=appointments view=list />
        </div>
    }
}

#[component]
fn List(page: Page<AppointmentView>, show: &'static str, cursor: Option<String>) -> impl IntoView {
    let empty = page.data.is_empty().then(|| match show {
        "upcoming" => {
            view! { <Empty title="Nothing coming up" next_step="Add an appointment: its reminders plan themselves." /> }
                .into_any()
        }
        "reschedule_requested" => {
            view! { <Empty title="Nobody needs another time" next_step="A customer who answers N to a reminder appears here." /> }
                .into_any()
        }
        "unanswered" => view! {
            <Empty title="Everybody has answered" next_step="Visits whose customer was asked and has not answered appear here." />
        }
        .into_any(),
        "unmarked" => view! { <Empty title="Nothing to mark" next_step="Visits appear here once their time has come, until somebody says how they went." /> }
            .into_any(),
        "confirmed" => {
            view! { <Empty title="Nothing confirmed yet" next_step="A customer who answers Y to a reminder appears here." /> }
                .into_any()
        }
        _ => view! { <Empty title="No past appointments" next_step="Appointments move here once their time has come." /> }
            .into_any(),
    });
    let session = use_session();
    let days = move || {
        let days = by_day(session, page.data.clone()).into_iter();
        days.map(|appointments| view! { <Day appointments /> }).collect_view()
    };
    let filter = vec![("show", Some(show.to_owned()))];
    view! {
        {empty}
        {days}
        <Pager path="/appointments".to_owned() filter cursor next=page.next_cursor />
    }
}

/// Neighbours on the same day of their places' calendars, together.
fn by_day(session: Session, appointments: Vec<AppointmentView>) -> Vec<Vec<AppointmentView>> {
    let day = |appointment: &AppointmentView| {
        appointment
            .starts_at
            .with_timezone(&session.place(&appointment.time_zone))
            .date_naive()
    };
    appointments
        .chunk_by(|a, b| day(a) == day(b))
        .map(<[AppointmentView]>::to_vec)
        .collect()
}

#[component]
fn Day(appointments: Vec<AppointmentView>) -> impl IntoView {
    let session = use_session();
    let first = appointments
        .first()
        .map(|appointment| (appointment.starts_at, appointment.time_zone.clone()));
    let (at, place) = first.unwrap_or_default();
    let rows = appointments
        .into_iter()
        .map(|appointment| view! { <Row appointment /> })
        .collect_view();
    view! {
        <section>
            <h2 class="pb-1.5 text-sm text-muted">{move || when::day(at, session.now.get(), session.place(&place))}</h2>
            <ul class="panel">{rows}</ul>
        </section>
    }
}

#[component]
fn Row(appointment: AppointmentView) -> impl IntoView {
    let who = appointment.who();
    view! {
        <li>
            <a class="row" href=format!("/appointments/{}", appointment.id)>
                <span class="w-20 shrink-0 font-medium">
                    <Timestamp at=appointment.starts_at say=TimeFormat::Clock place=appointment.time_zone />
                </span>
                <span class="min-w-0 flex-1 truncate">
                    <bdi>{who}</bdi>
                    <span class="ps-2 text-sm text-muted">{appointment.staff_label}</span>
                </span>
                <StatusBadge status=appointment.status />
            </a>
        </li>
    }
}
