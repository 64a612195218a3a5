//! Appointments on a day, in a week or a month: which, is in the address. Links and forms do all of it without a script.

mod drag;
mod free;
mod grid;
mod lines;
mod month;
mod moving;

use contract::calendar::{Calendar, CalendarQuery, CalendarView, ChangedVisit};
use domain::when;
use leptos::prelude::*;
use leptos_router::{components::Form, hooks::use_query_map};
use uuid::Uuid;

use crate::{components::Icon, error::AppError, paths};

use grid::Grid;
use month::Month;
use moving::{ChangedNotice, LastChange, MovePanel};

pub use drag::Dragging;
pub use moving::{Kept, UndoButton};

#[cfg(feature = "ssr")]
use crate::ssr;

/// The name of the form that moves a visit.
const MOVING: &str = "move-visit";

/// What is asked for, as the address says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub view: CalendarView,
    pub date: Option<String>,
    pub staff: Option<String>,
    pub location: Option<Uuid>,
}

impl Place {
    /// As an address says it; none for one that asks for the list.
    pub fn of(query: &leptos_router::params::ParamsMap) -> Option<Self> {
        Some(Self {
            view: query.get("view")?.parse().ok()?,
            date: query.get("date").filter(|date| !date.is_empty()),
            // `none` is who is with nobody; nothing is everybody.
            staff: query.get("staff").filter(|staff| !staff.is_empty()).map(unlabelled),
            location: query.get("location").and_then(|id| id.parse().ok()),
        })
    }

    pub fn query(&self) -> CalendarQuery {
        CalendarQuery {
            view: self.view,
            date: self.date.clone(),
            staff: self.staff.clone(),
            location_id: self.location,
        }
    }

    /// The address of this, with one more pair.
    fn with(&self, more: Option<(&str, &str)>) -> String {
        let location = self.location.map(|id| id.to_string());
        let mut pairs = vec![
            ("view", Some(self.view.as_str())),
            ("date", self.date.as_deref()),
            (
                "staff",
                self.staff
                    .as_deref()
                    .map(|staff| if staff.is_empty() { NOBODY } else { staff }),
            ),
            ("location", location.as_deref()),
        ];
        if let Some((name, value)) = more {
            pairs.push((name, Some(value)));
        }
        paths::with_query("/appointments", &pairs)
    }

    /// The address of the same in another view.
    pub fn seen_as(&self, view: CalendarView) -> String {
        let there = Self { view, ..self.clone() };
        there.with(None)
    }

    fn at(&self, view: CalendarView, date: &str) -> String {
        let there = Self {
            view,
            date: Some(date.to_owned()),
            ..self.clone()
        };
        there.with(None)
    }
}

/// How an address calls visits with nobody in particular.
const NOBODY: &str = "-";

fn unlabelled(staff: String) -> String {
    if staff == NOBODY { String::new() } else { staff }
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_calendar(query: CalendarQuery) -> Result<Calendar, AppError> {
    Ok(services::pages::calendar::calendar(&ssr::services()?, &ssr::actor().await?, query).await?)
}

/// `starts_at` is a local time by the clock of `time_zone`, which is the calendar's. What is empty stays as it is; `staff_label` is `-` for
/// nobody. `tell`: `yes`, `no`, or nothing for the rule. `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn move_visit(
    id: Uuid,
    starts_at: String,
    time_zone: String,
    #[server(default)] minutes: String,
    #[server(default)] staff_label: String,
    #[server(default)] tell: String,
    #[server(default)] double_book: bool,
    #[server(default)] back: String,
) -> Result<ChangedVisit, AppError> {
    let page = if back.is_empty() { "/appointments".to_owned() } else { back };
    let form = ssr::Form::new(MOVING, page)
        .typed("starts_at", &starts_at)
        .typed("minutes", &minutes)
        .typed("staff_label", &staff_label)
        .typed("tell", &tell);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let command = contract::appointments::EditAppointment {
            starts_at: Some(by_clock(&starts_at, &time_zone)),
            minutes: super::chosen("minutes", minutes.trim(), "Please give a whole number of minutes.")?,
            staff_label: Some(staff_label).filter(|label| !label.is_empty()).map(unlabelled),
            tell: super::yes_or_no(&tell),
            double_book,
            ..Default::default()
        };
        services::appointments::edit(&s, &actor, id, command).await?;
        Ok(services::moves::changed(&s, &actor, id).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// The moment that this clock shows so. What can't be read is refused as it was typed.
#[cfg(feature = "ssr")]
fn by_clock(local: &str, time_zone: &str) -> String {
    let at = when::local(local).zip(domain::zone::Zone::named(time_zone));
    at.map_or_else(
        || local.to_owned(),
        |(local, zone)| when::local_to_utc(local, zone).to_rfc3339(),
    )
}

/// Takes the last change of a visit back. `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn undo_change(id: Uuid, #[server(default)] back: String) -> Result<contract::appointments::AppointmentView, AppError> {
    let page = if back.is_empty() {
        format!("/appointments/{id}")
    } else {
        back
    };
    let work = async move { Ok(services::moves::undo(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&page, work).await
}

/// The customer is told of the last move after all.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn tell_of_move(id: Uuid, #[server(default)] back: String) -> Result<ChangedVisit, AppError> {
    let page = if back.is_empty() {
        format!("/appointments/{id}")
    } else {
        back
    };
    let work = async move { Ok(services::moves::tell_of(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&page, work).await
}

/// What was changed last on this page, for a browser that has loaded it anew.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn what_changed(id: Uuid) -> Result<ChangedVisit, AppError> {
    Ok(services::moves::changed(&ssr::services()?, &ssr::actor().await?, id).await?)
}

/// What is shown, and what was changed last as the address says it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CalendarPage {
    pub calendar: Calendar,
    pub changed: Option<ChangedVisit>,
}

pub async fn read(query: CalendarQuery, changed: Option<Uuid>) -> Result<CalendarPage, AppError> {
    let calendar = get_calendar(query);
    let Some(id) = changed else {
        return Ok(CalendarPage {
            calendar: calendar.await?,
            changed: None,
        });
    };
    let (calendar, changed) = futures::join!(calendar, what_changed(id));
    Ok(CalendarPage {
        calendar: calendar?,
        // Somebody else's, or gone: nothing is said of it.
        changed: changed.ok(),
    })
}

#[component]
pub fn CalendarBody(page: CalendarPage, place: Place, refetch: Callback<()>, drawn: Dragging) -> impl IntoView {
    let CalendarPage { calendar, changed } = page;
    let last = LastChange::new(changed, refetch);
    let query = use_query_map();
    let moving = Memo::new(move |_| query.read().get("move").and_then(|id| id.parse::<Uuid>().ok()));
    let more = calendar.more.then(|| {
        view! {
            <p class="notice notice-warning">"There are more visits than are shown here. Choose a staff label or a location to see all of them."</p>
        }
    });
    let panel = {
        let (calendar, place) = (calendar.clone(), place.clone());
        move || {
            let id = moving.get()?;
            let found = calendar.visits.iter().find(|one| one.visit.id == id).cloned()?;
            Some(view! { <MovePanel found calendar=calendar.clone() place=place.clone() last /> })
        }
    };
    let body = match calendar.view {
        CalendarView::Month => view! { <Month calendar=calendar.clone() place=place.clone() /> }.into_any(),
        _ => view! { <Grid calendar=calendar.clone() place=place.clone() last drawn /> }.into_any(),
    };
    view! {
        <Toolbar calendar=calendar.clone() place=place.clone() />
        <ChangedNotice last place />
        {more}
        {panel}
        {body}
    }
}

#[component]
fn Toolbar(calendar: Calendar, place: Place) -> impl IntoView {
    let title = title(&calendar);
    let step = |date: &str, words: &'static str, icon: icondata::Icon| {
        view! {
            <a class="btn btn-sm btn-square min-h-11 min-w-11 md:min-h-9 md:min-w-9" href=place.at(calendar.view, date) title=words>
                <Icon icon />
                <span class="sr-only">{words}</span>
            </a>
        }
    };
    let (before, after) = match calendar.view {
        CalendarView::Day => ("Day before", "Day after"),
        CalendarView::Week => ("Week before", "Week after"),
        CalendarView::Month => ("Month before", "Month after"),
    };
    view! {
        <div class="flex flex-wrap items-center gap-2 print:hidden">
            {step(&calendar.before, before, icondata::LuChevronLeft)}
            <a class="btn btn-sm min-h-11 md:min-h-9" href=place.at(calendar.view, &calendar.today)>
                "Today"
            </a>
            {step(&calendar.after, after, icondata::LuChevronRight)}
            <h2 class="px-2">{title.clone()}</h2>
            <Narrowing calendar=calendar.clone() place=place.clone() />
        </div>
        <h2 class="hidden print:block" aria-hidden="true">{title}</h2>
    }
}

/// The day, week or month in words.
fn title(calendar: &Calendar) -> String {
    let day = |text: &str, how: &str| when::date(text).map_or_else(|| text.to_owned(), |day| day.format(how).to_string());
    match calendar.view {
        CalendarView::Day => day(&calendar.date, "%A, %B %-d, %Y"),
        CalendarView::Week => {
            let end = |day: Option<&contract::calendar::CalendarDay>| day.map(|day| day.date.clone()).unwrap_or_default();
            let (first, last) = (end(calendar.days.first()), end(calendar.days.last()));
            format!("{} to {}", day(&first, "%b %-d"), day(&last, "%b %-d, %Y"))
        }
        CalendarView::Month => day(&calendar.date, "%B %Y"),
    }
}

/// A day to go to, and whose visits and where.
#[component]
fn Narrowing(calendar: Calendar, place: Place) -> impl IntoView {
    let chosen = place.staff.clone();
    let option = move |value: String, words: String, selected: bool| {
        view! {
            <option value=value selected=selected>
                {words}
            </option>
        }
    };
    let staff = (!calendar.staff.is_empty()).then(|| {
        let labels = calendar
            .staff
            .iter()
            .map(|label| option(label.clone(), label.clone(), chosen.as_deref() == Some(label.as_str())))
            .collect_view();
        view! {
            <label class="sr-only" for="calendar-staff">
                "Staff"
            </label>
            <select id="calendar-staff" name="staff" class="select select-sm min-h-11 w-36 md:min-h-9">
                <option value="">"All staff"</option>
                {labels}
                {option(NOBODY.to_owned(), "Unassigned".to_owned(), chosen.as_deref() == Some(""))}
            </select>
        }
    });
    let locations = (!calendar.locations.is_empty()).then(|| {
        let all = calendar
            .locations
            .iter()
            .map(|(id, name)| option(id.to_string(), name.clone(), place.location == Some(*id)))
            .collect_view();
        view! {
            <label class="sr-only" for="calendar-location">
                "Location"
            </label>
            <select id="calendar-location" name="location" class="select select-sm min-h-11 w-36 md:min-h-9">
                <option value="">"All locations"</option>
                {all}
            </select>
        }
    });
    view! {
        <Form method="GET" action="/appointments" attr:class="ms-auto flex flex-wrap items-center gap-2">
            <input type="hidden" name="view" value=calendar.view.as_str() />
            <label class="sr-only" for="calendar-date">
                "Date"
            </label>
            <input id="calendar-date" type="date" name="date" class="input input-sm min-h-11 w-40 md:min-h-9" value=calendar.date.clone() />
            {staff}
            {locations}
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-9">
                "Show"
            </button>
        </Form>
    }
}
