//! Two or three free times that a customer chooses from, for a visit that is to have another one.

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use contract::{
    Code,
    appointments::{AppointmentView, Status},
    calendar::{Calendar, CalendarQuery, CalendarView},
    waitlist::TimesView,
};
use domain::{segments, when, zone::Zone};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

use super::{calendar::get_calendar, get_appointment};
use crate::{
    components::{Awaited, Empty, Icon},
    error::AppError,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FORM: &str = "offer-times";

/// Times of a day that are offered to be ticked.
const MOST_A_DAY: usize = 8;
/// Days that have any.
const MOST_DAYS: usize = 6;
/// The hours that are looked at, in minutes of the day.
const HOURS: (i32, i32) = (8 * 60, 18 * 60);
const STEP: i32 = 30;
/// A customer can choose among so many.
const MOST: usize = 3;

/// `starts` as the page had them, RFC 3339.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn offer_times(id: Uuid, #[server(default)] starts: Vec<String>) -> Result<TimesView, AppError> {
    let form = ssr::Form::new(FORM, format!("/appointments/{id}/offer-times")).typed("starts", &starts.join(" "));
    let work = async move {
        let command = contract::waitlist::OfferTimes { starts };
        Ok(services::waitlist::times::offer(&ssr::services()?, &ssr::actor().await?, id, command).await?)
    };
    ssr::post_form(form, work, move |_| Some(format!("/appointments/{id}"))).await
}

/// What the customer would read of these times.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn preview_times(id: Uuid, #[server(default)] starts: Vec<String>) -> Result<String, AppError> {
    let command = contract::waitlist::OfferTimes { starts };
    Ok(services::waitlist::times::preview(&ssr::services()?, &ssr::actor().await?, id, command).await?)
}

/// A visit, and the days after now.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Found {
    visit: AppointmentView,
    weeks: Vec<Calendar>,
}

async fn read(id: String) -> Result<Found, AppError> {
    let id = id
        .parse()
        .map_err(|_| AppError::new(Code::NotFound, "There is no such appointment."))?;
    let visit = get_appointment(id).await?;
    let week = |date| CalendarQuery {
        view: CalendarView::Week,
        date,
        staff: Some(visit.staff_label.clone()).filter(|label| !label.is_empty()),
        location_id: visit.location.as_ref().map(|place| place.id),
    };
    let this = get_calendar(week(None)).await?;
    let next = get_calendar(week(Some(this.after.clone()))).await?;
    Ok(Found {
        visit,
        weeks: vec![this, next],
    })
}

#[component]
pub fn OfferTimesPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let found = Resource::new_blocking(move || id.get(), read);
    let back = move || format!("/appointments/{}", id.get());
    view! {
        <Title text="Offer times" />
        <div class="mx-auto flex max-w-2xl flex-col gap-4 p-4">
            <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href=back>
                <Icon icon=icondata::LuArrowLeft />
                "The appointment"
            </a>
            <h1>"Offer times"</h1>
            <Awaited from=found view=|found| view! { <Pick found /> } />
        </div>
    }
}

/// Free times of the days to come: as long as the visit takes, beside no other visit that is shown.
fn free(found: &Found, now: DateTime<Utc>, zone: Zone) -> Vec<(NaiveDate, Vec<DateTime<Utc>>)> {
    let length = found.visit.ends_at.map_or(30, |end| {
        i32::try_from((end - found.visit.starts_at).num_minutes()).unwrap_or(30)
    });
    let mut days = Vec::new();
    for week in &found.weeks {
        for day in &week.days {
            let Ok(date) = day.date.parse::<NaiveDate>() else { continue };
            let taken: Vec<(i32, i32)> = week
                .visits
                .iter()
                .filter(|one| one.date == day.date && one.visit.id != found.visit.id && expected(one.visit.status))
                .map(|one| (one.from, one.until))
                .collect();
            let mut times = Vec::new();
            let mut from = HOURS.0;
            while from + length <= HOURS.1 && times.len() < MOST_A_DAY {
                let beside = taken.iter().all(|(begins, ends)| from >= *ends || from + length <= *begins);
                let at = at(date, from, zone).filter(|at| *at > now + Duration::hours(1) && *at != found.visit.starts_at);
                if let Some(at) = at.filter(|_| beside) {
                    times.push(at);
                    from += length.max(STEP);
                } else {
                    from += STEP;
                }
            }
            if !times.is_empty() && !is_weekend(date) {
                days.push((date, times));
            }
        }
    }
    days.truncate(MOST_DAYS);
    days
}

fn is_weekend(date: NaiveDate) -> bool {
    date.weekday().number_from_monday() > 5
}

fn expected(status: Status) -> bool {
    !matches!(status, Status::Cancelled | Status::NoShow)
}

fn at(date: NaiveDate, minutes: i32, zone: Zone) -> Option<DateTime<Utc>> {
    let clock = date.and_hms_opt(u32::try_from(minutes / 60).ok()?, u32::try_from(minutes % 60).ok()?, 0)?;
    Some(when::local_to_utc(clock, zone))
}

#[component]
fn Pick(found: Found) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<OfferTimes>::new();
    let form = FormState::new(FORM, action, session.flash());
    let visit = found.visit.clone();
    let zone = session.place(&visit.time_zone);
    let days = free(&found, session.now.get_untracked(), zone);
    if days.is_empty() {
        return view! {
            <Empty
                title="No free time in the next days"
                next_step="Nothing of the next two weeks is free by the calendar. Move the visit by hand, or write to them."
            />
        }
        .into_any();
    }
    let before = form.value("starts", "");
    let ticked = RwSignal::new(
        before
            .split(' ')
            .filter_map(|at| at.parse::<DateTime<Utc>>().ok())
            .collect::<Vec<_>>(),
    );
    let lists = days
        .into_iter()
        .map(|(date, times)| {
            let boxes = times.into_iter().map(|at| view! { <Tick at zone ticked /> }).collect_view();
            view! {
                <fieldset>
                    <legend class="field-label">{date.format("%A, %B %-d").to_string()}</legend>
                    <div class="flex flex-wrap gap-2">{boxes}</div>
                </fieldset>
            }
        })
        .collect_view();
    let who = visit.who();
    view! {
        <p>
            "Tick two or three times for " <bdi>{who}</bdi> ". They are kept for half an hour from when the text leaves; an answer of 1, 2 or 3 \
             moves the visit."
        </p>
        <ActionForm action attr:class="panel flex flex-col gap-4 p-5">
            <FormNote form />
            <input type="hidden" name="id" value=visit.id.to_string() />
            {lists}
            <Preview id=visit.id ticked />
            <div>
                <Submit form label="Send these times" />
            </div>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Tick(at: DateTime<Utc>, zone: Zone, ticked: RwSignal<Vec<DateTime<Utc>>>) -> impl IntoView {
    let change = move |event| {
        let on = event_target_checked(&event);
        ticked.update(|all| {
            all.retain(|one| *one != at);
            if on {
                all.push(at);
                all.sort_unstable();
            }
        });
    };
    let checked = ticked.with_untracked(|all| all.contains(&at));
    // Three are enough: the others wait until one is taken back.
    let full = move || ticked.with(|all| all.len() >= MOST && !all.contains(&at));
    view! {
        <label class="inline-flex min-h-11 items-center gap-2 rounded-full border border-base-300 px-3">
            <input
                type="checkbox"
                name="starts[]"
                value=at.to_rfc3339()
                class="checkbox checkbox-sm"
                checked=checked
                disabled=full
                on:change=change
            />
            {at.with_timezone(&zone).format("%-I:%M %p").to_string()}
        </label>
    }
}

/// What they will read; with a script it follows the ticks.
#[component]
fn Preview(id: Uuid, ticked: RwSignal<Vec<DateTime<Utc>>>) -> impl IntoView {
    let text = Resource::new_blocking(
        move || ticked.get(),
        move |starts| async move {
            if starts.len() < 2 {
                return Ok(None);
            }
            let starts = starts.iter().map(DateTime::to_rfc3339).collect();
            preview_times(id, starts).await.map(Some)
        },
    );
    view! {
        <div class="rounded-box bg-base-200 p-3" aria-live="polite">
            <p class="field-label">"What they will read"</p>
            <Awaited from=text view=|text| view! { <Words text /> } />
        </div>
    }
}

#[component]
fn Words(text: Option<String>) -> impl IntoView {
    let size = text.as_deref().map(|text| {
        let parts = segments::count(text).count;
        let letters = text.chars().count();
        let parts = if parts == 1 {
            "1 part".to_owned()
        } else {
            format!("{parts} parts")
        };
        format!("{letters} characters, {parts}")
    });
    let words = text.unwrap_or_else(|| "Tick two or three times to see the text.".to_owned());
    view! {
        <p data-preview="">{words}</p>
        <p class="field-hint empty:hidden">{size}</p>
    }
}
