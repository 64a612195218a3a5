//! Visits that repeat: what is asked first, the days it would be, and what is done with those that are there.

use contract::{
    Code,
    appointments::{AppointmentView, RepeatUnit, Scope, SeriesDate, SeriesPreview},
    live::LiveEvent,
};
#[cfg(feature = "ssr")]
use contract::{Problem, appointments::Repeat};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::{
    components::Form,
    hooks::{use_params_map, use_query_map},
};
use uuid::Uuid;

use crate::{
    components::{Awaited, Icon, PressButton, Timestamp},
    error::AppError,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// As typed: `times` and `until` may be empty.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn preview_series(
    id: Uuid,
    every: String,
    unit: RepeatUnit,
    times: String,
    until: String,
) -> Result<SeriesPreview, AppError> {
    let repeat = read(&every, unit, &times, &until, Vec::new())?;
    let found = services::appointments::series::preview(&ssr::services()?, &ssr::actor().await?, id, repeat).await;
    found.map_err(|e| AppError(plain(e.problem())))
}

/// Books what was shown but for the days in `skip`.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn repeat_appointment(
    id: Uuid,
    every: String,
    unit: RepeatUnit,
    #[server(default)] times: String,
    #[server(default)] until: String,
    #[server(default)] skip: Vec<String>,
) -> Result<AppointmentView, AppError> {
    let page = repeat_page(id, &every, unit, &times, &until);
    let work = async move {
        let repeat = read(&every, unit, &times, &until, skip)?;
        let booked = services::appointments::series::repeat(&ssr::services()?, &ssr::actor().await?, id, repeat).await;
        booked.map_err(|e| AppError(plain(e.problem())))
    };
    ssr::post_form(ssr::Form::new("repeat", page), work, |visit: &AppointmentView| {
        Some(format!("/appointments/{}", visit.id))
    })
    .await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn cancel_series(id: Uuid, scope: Scope) -> Result<AppointmentView, AppError> {
    let work =
        async move { Ok(services::appointments::series::cancel(&ssr::services()?, &ssr::actor().await?, id, scope).await?) };
    ssr::button_action(&format!("/appointments/{id}"), work).await
}

#[cfg(feature = "ssr")]
fn read(every: &str, unit: RepeatUnit, times: &str, until: &str, skip: Vec<String>) -> Result<Repeat, AppError> {
    let wrong = |_| {
        AppError::new(
            Code::Invalid,
            "Please give whole numbers: how many weeks or months, and how many visits.",
        )
    };
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(Repeat {
        every: every.trim().parse().map_err(wrong)?,
        unit,
        times: given(times).map(|times| times.parse()).transpose().map_err(wrong)?,
        until: given(until),
        skip,
    })
}

/// The fields are not on the page that shows this: their words are.
#[cfg(feature = "ssr")]
fn plain(problem: Problem) -> Problem {
    match problem.fields.first() {
        Some(field) => Problem::new(Code::Invalid, field.message.clone()),
        None => problem,
    }
}

fn word(unit: RepeatUnit) -> &'static str {
    match unit {
        RepeatUnit::Week => "week",
        RepeatUnit::Month => "month",
    }
}

#[cfg(feature = "ssr")]
fn repeat_page(id: Uuid, every: &str, unit: RepeatUnit, times: &str, until: &str) -> String {
    let query = [
        ("every", Some(every)),
        ("unit", Some(word(unit))),
        ("times", Some(times)),
        ("until", Some(until)),
    ];
    crate::paths::with_query(&format!("/appointments/{id}/repeat"), &query)
}

/// On the page of a visit that does not repeat: how it would.
#[component]
pub fn RepeatForm(id: Uuid) -> impl IntoView {
    view! {
        <details>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Repeat this visit…"</summary>
            <Form method="GET" action=format!("/appointments/{id}/repeat") attr:class="flex flex-col gap-3 pt-2">
                <div class="grid grid-cols-2 gap-3">
                    <Labelled id="repeat-every" label="Every">
                        <input id="repeat-every" name="every" type="number" min="1" max="12" value="1" required class="input w-full" />
                    </Labelled>
                    <Labelled id="repeat-unit" label="Weeks or months">
                        <select id="repeat-unit" name="unit" class="select w-full">
                            <option value="week">"weeks"</option>
                            <option value="month">"months"</option>
                        </select>
                    </Labelled>
                    <Labelled id="repeat-times" label="Visits in all">
                        <input id="repeat-times" name="times" type="number" min="2" max="52" class="input w-full" />
                    </Labelled>
                    <Labelled id="repeat-until" label="Or until">
                        <input id="repeat-until" name="until" type="date" class="input w-full" />
                    </Labelled>
                </div>
                <div>
                    <button type="submit" class="btn min-h-11">
                        <Icon icon=icondata::LuCalendar />
                        "Show the days"
                    </button>
                </div>
            </Form>
        </details>
    }
}

#[component]
fn Labelled(id: &'static str, label: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="flex flex-col gap-1">
            <label for=id class="field-label">
                {label}
            </label>
            {children()}
        </div>
    }
}

/// What was asked, as it stands in the address.
#[derive(Clone, PartialEq, Default)]
struct Asked {
    id: String,
    every: String,
    unit: RepeatUnit,
    times: String,
    until: String,
}

#[component]
pub fn RepeatPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| {
        let query = query.read();
        let text = |name: &str| query.get(name).unwrap_or_default();
        Asked {
            id: params.read().get("id").unwrap_or_default(),
            every: text("every"),
            unit: if text("unit") == "month" {
                RepeatUnit::Month
            } else {
                RepeatUnit::Week
            },
            times: text("times"),
            until: text("until"),
        }
    });
    let found = Resource::new_blocking(move || asked.get(), days);
    view! {
        <Title text="Repeat a visit" />
        <div class="mx-auto flex max-w-xl flex-col gap-4 p-4">
            <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href=move || format!("/appointments/{}", asked.get().id)>
                <Icon icon=icondata::LuArrowLeft />
                "Back to the visit"
            </a>
            <h1>"Repeat a visit"</h1>
            <Awaited from=found view=move |found| view! { <Days found asked=asked.get_untracked() /> } />
        </div>
    }
}

async fn days(asked: Asked) -> Result<SeriesPreview, AppError> {
    let id = asked
        .id
        .parse()
        .map_err(|_| AppError::new(Code::NotFound, "There is no such appointment."))?;
    preview_series(id, asked.every, asked.unit, asked.times, asked.until).await
}

#[component]
fn Days(found: SeriesPreview, asked: Asked) -> impl IntoView {
    let action = ServerAction::<RepeatAppointment>::new();
    let form = FormState::new("repeat", action, use_session().flash());
    let place = found.time_zone;
    let short = (!found.short_months.is_empty()).then(|| {
        let words = format!(
            "Left out, because they do not have that day: {}.",
            found.short_months.join(", ")
        );
        view! { <p class="notice">{words}</p> }
    });
    let days = found
        .dates
        .into_iter()
        .map(|day| view! { <Day day place=place.clone() /> })
        .collect_view();
    view! {
        <ActionForm action attr:class="panel flex flex-col gap-4 p-5">
            <FormNote form />
            <p class="text-muted">"Besides the first visit there will be one on each of these days, each with reminders of its own."</p>
            {short}
            <input type="hidden" name="id" value=asked.id />
            <input type="hidden" name="every" value=asked.every />
            <input type="hidden" name="unit" value=word(asked.unit) />
            <input type="hidden" name="times" value=asked.times />
            <input type="hidden" name="until" value=asked.until />
            <ul class="flex flex-col">{days}</ul>
            <div>
                <Submit form label="Book these visits" />
            </div>
        </ActionForm>
    }
}

/// A day, with a box to leave it out; ticked already where it collides.
#[component]
fn Day(day: SeriesDate, place: String) -> impl IntoView {
    let collides = day.collides.is_some();
    view! {
        <li class="flex min-h-11 flex-wrap items-center gap-x-3">
            <span class="flex-1">
                <Timestamp at=day.starts_at place />
            </span>
            <label class="flex min-h-11 items-center gap-2 text-sm">
                <input type="checkbox" name="skip[]" value=day.date class="checkbox" checked=collides />
                "Leave out"
            </label>
            <span class="w-full text-sm text-error empty:hidden">{day.collides}</span>
        </li>
    }
}

/// On the page of a visit that repeats: cancels those after it, or all.
#[component]
pub fn SeriesActs(id: Uuid) -> impl IntoView {
    let button = move |scope: Scope, name: &'static str, words: &'static str| {
        let fields = vec![("id", id.to_string()), ("scope", name.to_owned())];
        let run = move || async move { Ok(LiveEvent::Appointment(cancel_series(id, scope).await?)) };
        view! {
            <PressButton url=CancelSeries::url() fields run>
                {words}
            </PressButton>
        }
    };
    view! {
        <details>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Cancel several…"</summary>
            <p class="py-1 text-sm text-muted">
                "Reminders of the visits that are cancelled are taken back. Customers are not told by themselves; each can be undone on its page."
            </p>
            <div class="flex flex-wrap gap-2">
                {button(Scope::Following, "following", "Cancel this and those after it")}
                {button(Scope::All, "all", "Cancel all to come")}
            </div>
        </details>
    }
}
