//! All appointments: by day in a list, or on a calendar.

use contract::{Page, appointments::AppointmentView, calendar::CalendarView, live::LiveEvent};
use domain::when;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

use super::calendar::{self, CalendarBody, CalendarPage, Dragging, Kept, Place};
use crate::{
    appointments::list_appointments,
    components::{Awaited, Empty, Icon, Pager, StatusBadge, Tabs, TimeFormat, Timestamp},
    error::AppError,
    imports::FileLinks,
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

/// What the address asks for.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    List(&'static str, Option<String>),
    /// With the visit that was changed last.
    Calendar(Place, Option<Uuid>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Found {
    List(Page<AppointmentView>),
    Calendar(Box<CalendarPage>),
}

async fn find(asked: Asked) -> Result<Found, AppError> {
    Ok(match asked {
        Asked::List(show, cursor) => Found::List(list_appointments(Some(show.to_owned()), cursor).await?),
        Asked::Calendar(place, changed) => Found::Calendar(Box::new(calendar::read(place.query(), changed).await?)),
    })
}

/// How visits are looked at: words, and what the address calls it.
const VIEWS: [(&str, Option<CalendarView>); 4] = [
    ("List", None),
    ("Day", Some(CalendarView::Day)),
    ("Week", Some(CalendarView::Week)),
    ("Month", Some(CalendarView::Month)),
];

#[component]
pub fn ListPage() -> impl IntoView {
    let session = use_session();
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        let show = query.read().get("show").unwrap_or_default();
        FILTERS.into_iter().find(|(_, name)| *name == show).unwrap_or(FILTERS[0])
    });
    let asked = Memo::new(move |_| {
        let query = query.read();
        match Place::of(&query) {
            Some(place) => Asked::Calendar(place, query.get("moved").and_then(|id| id.parse().ok())),
            None => Asked::List(filter.get().1, query.get("cursor")),
        }
    });
    let found = Resource::new_blocking(move || asked.get(), find);
    let drawn = Dragging::new();
    provide_context(Kept::default());
    let later = RwSignal::new(false);
    let refetch = move || {
        // What is being dragged stays under the hand.
        if untrack(|| drawn.idle()) {
            found.refetch();
        } else {
            later.set(true);
        }
    };
    Effect::new(move |_| {
        if drawn.idle() && later.get_untracked() {
            later.set(false);
            found.refetch();
        }
    });
    // A form that somebody fills in is not drawn anew under their hands: once it is left, the page is read again anyway.
    let when_told = move || {
        if query.read_untracked().get("move").is_none() {
            refetch();
        }
    };
    let concerns = move |event: &LiveEvent| match event {
        LiveEvent::Appointment(_) => true,
        LiveEvent::Slot(_) => asked.with_untracked(|asked| matches!(asked, Asked::Calendar(..))),
        _ => false,
    };
    session.live.refetch_on(concerns, when_told);
    // Of this page and not of what is drawn on it, which a move outlives that is answered late.
    let again = Callback::new(move |()| refetch());
    let view = move |found| match (found, asked.get_untracked()) {
        (Found::List(page), Asked::List(show, cursor)) => view! { <List page show cursor /> }.into_any(),
        (Found::Calendar(page), Asked::Calendar(place, _)) => {
            view! { <CalendarBody page=*page place refetch=again drawn /> }.into_any()
        }
        // The address has changed meanwhile; what it asks for is on its way.
        _ => ().into_any(),
    };
    let listed = move || matches!(*asked.read(), Asked::List(..));
    view! {
        <Title text="Appointments" />
        <div class=move || if listed() { "mx-auto flex max-w-3xl flex-col gap-4 p-4" } else { "flex flex-col gap-4 p-4" }>
            <div class="flex flex-wrap items-center justify-between gap-2 print:hidden">
                <h1>"Appointments"</h1>
                <a class="btn btn-primary btn-sm min-h-11 md:min-h-9" href="/appointments/new">
                    <Icon icon=icondata::LuPlus />
                    "New appointment"
                </a>
            </div>
            <Views asked />
            <Clash drawn />
            <Awaited from=found view />
            <FileLinks kind="appointments" file="/appointments.csv" />
        </div>
    }
}

/// The list or the calendar, and which part of the list.
#[component]
fn Views(asked: Memo<Asked>) -> impl IntoView {
    let now = move || match &*asked.read() {
        Asked::Calendar(place, _) => VIEWS
            .into_iter()
            .find(|(_, view)| *view == Some(place.view))
            .map_or("List", |one| one.0),
        Asked::List(..) => "List",
    };
    let tabs = move || {
        let place = match &*asked.read() {
            Asked::Calendar(place, _) => Some(place.clone()),
            Asked::List(..) => None,
        };
        let links = VIEWS.into_iter().map(|(words, view)| {
            let address = match view {
                None => "/appointments".to_owned(),
                Some(view) => match &place {
                    Some(place) => place.seen_as(view),
                    None => paths::with_query("/appointments", &[("view", Some(view.as_str()))]),
                },
            };
            (words, address)
        });
        view! { <Tabs label="How to look at appointments" tabs=links.collect() current=Signal::derive(now) /> }
    };
    let filters = move || match &*asked.read() {
        Asked::List(show, _) => {
            let here = FILTERS.into_iter().find(|(_, name)| name == show).map_or("", |one| one.0);
            let tabs = FILTERS
                .iter()
                .map(|(words, name)| (*words, paths::with_query("/appointments", &[("show", Some(name))])))
                .collect();
            Some(view! { <Tabs label="Which appointments" tabs current=Signal::stored(here) /> })
        }
        Asked::Calendar(..) => None,
    };
    view! {
        <div class="flex flex-col gap-2 print:hidden">
            {tabs}
            {filters}
        </div>
    }
}

/// Who it is with has another visit at the time it was dragged to: an owner or admin may mean both.
#[component]
fn Clash(drawn: Dragging) -> impl IntoView {
    let shown = move || {
        drawn.clash.get().map(|(_, words)| {
            view! {
                <div class="notice notice-warning flex flex-wrap items-center gap-3" role="alert">
                    <p class="flex-1">{words}</p>
                    <button type="button" class="btn btn-sm min-h-11 md:min-h-8" on:click=move |_| drawn.double_book()>
                        "Double-book"
                    </button>
                    <button type="button" class="btn btn-sm min-h-11 md:min-h-8" on:click=move |_| drawn.clash.set(None)>
                        "Leave it"
                    </button>
                </div>
            }
        })
    };
    view! { <div class="empty:hidden print:hidden">{shown}</div> }
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
