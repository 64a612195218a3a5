//! What bounds the texts of a business: how many for how much money, and at what time of day. To which countries: `countries`.

use contract::{
    businesses::{SendingView, StateHoursView},
    live::LiveEvent,
};
use domain::prices::dollars;
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use super::{countries::Countries, day::DayPicture};
use crate::{
    audit::LastChanged,
    components::Awaited,
    error::AppError,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_sending() -> Result<SendingView, AppError> {
    Ok(services::pages::settings::sending(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Amounts as typed.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_limits(monthly_budget: String, hourly_limit: String) -> Result<SendingView, AppError> {
    let form = ssr::Form::new(LIMITS, "/settings/limits")
        .typed("monthly_budget", &monthly_budget)
        .typed("hourly_limit", &hourly_limit);
    let command = contract::businesses::UpdateLimits {
        monthly_budget,
        hourly_limit,
    };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::businesses::sending::update_limits(&s, &actor, command).await?;
        Ok(services::pages::settings::sending(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// Times as typed; `state_hours` is there if the box was ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_quiet_hours(
    quiet_start: String,
    quiet_end: String,
    state_hours: Option<String>,
) -> Result<SendingView, AppError> {
    let form = ssr::Form::new(HOURS, "/settings/hours")
        .typed("quiet_start", &quiet_start)
        .typed("quiet_end", &quiet_end)
        .typed("state_hours", state_hours.as_deref().unwrap_or_default());
    let command = contract::businesses::UpdateQuietHours {
        quiet_start,
        quiet_end,
        state_hours: state_hours.is_some(),
    };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::businesses::sending::update_quiet_hours(&s, &actor, command).await?;
        Ok(services::pages::settings::sending(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// The names of the two forms.
const LIMITS: &str = "limits";
const HOURS: &str = "quiet-hours";

#[component]
pub fn LimitsPage() -> impl IntoView {
    let sending = Resource::new_blocking(|| (), |()| get_sending());
    view! {
        <Title text="Texts and limits" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Texts and limits"</h1>
                <LastChanged what="business.sending_updated" />
            </div>
            <Awaited
                from=sending
                view=|sending| {
                    let countries = sending.countries.clone();
                    view! {
                        <Texts sending />
                        <Countries countries />
                    }
                }
            />
        </div>
    }
}

#[component]
pub fn HoursPage() -> impl IntoView {
    let sending = Resource::new_blocking(|| (), |()| get_sending());
    view! {
        <Title text="Quiet hours" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Quiet hours"</h1>
                <LastChanged what="business.quiet_hours_updated" />
            </div>
            <Awaited from=sending view=|sending| view! { <Hours sending /> } />
        </div>
    }
}

#[component]
fn Texts(sending: SendingView) -> impl IntoView {
    let session = use_session();
    let shown = RwSignal::new(sending.clone());
    // The bounds are told only by this page; what was spent changes by itself.
    session.live.refetch_on(
        |event| matches!(event, LiveEvent::Notices(_)),
        move || {
            spawn_local(async move {
                if let Ok(new) = get_sending().await {
                    shown.try_set(new);
                }
            });
        },
    );
    let body = if session.may_manage() {
        view! { <SendingForm sending shown /> }.into_any()
    } else {
        view! { <SendingFacts sending /> }.into_any()
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="texts-heading">
            <h2 id="texts-heading">"Texts"</h2>
            <Spent shown />
            {body}
        </section>
    }
}

/// This month's spend, beside the budget if there is one.
#[component]
fn Spent(shown: RwSignal<SendingView>) -> impl IntoView {
    let words = move || {
        let SendingView {
            spent, monthly_budget, ..
        } = shown.get();
        match monthly_budget {
            None => format!("{} so far. There is no budget.", dollars(spent)),
            Some(budget) => format!("{} of {}, {} %", dollars(spent), dollars(budget), percent(spent, budget)),
        }
    };
    let bar = move || {
        let SendingView {
            spent, monthly_budget, ..
        } = shown.get();
        monthly_budget.map(|budget| {
            let percent = percent(spent, budget);
            let class = match percent {
                0..80 => "progress progress-primary w-full",
                80..100 => "progress progress-warning w-full",
                _ => "progress progress-error w-full",
            };
            view! { <progress class=class max="100" value=percent.min(100).to_string() aria-labelledby="spent-label"></progress> }
        })
    };
    view! {
        <div>
            <p id="spent-label" class="field-label">
                "Spent this month"
            </p>
            <p class="tabular">{words}</p>
            {bar}
            <p class="field-hint">"Estimated from Twilio’s list prices until Twilio tells the real price of each text."</p>
        </div>
    }
}

fn percent(spent: i64, budget: i64) -> i64 {
    i64::try_from(i128::from(spent) * 100 / i128::from(budget.max(1))).unwrap_or(i64::MAX)
}

#[component]
fn SendingForm(sending: SendingView, shown: RwSignal<SendingView>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UpdateLimits>::new();
    let form = FormState::new(LIMITS, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(sending)) = action.value().get() {
            shown.set(sending);
        }
    });
    // Without the sign, which stands in the label.
    let budget = sending.monthly_budget.map(|micros| dollars(micros).replace('$', ""));
    view! {
        <ActionForm action attr:class="flex flex-col gap-4">
            <FormNote form saved="Saved." />
            <Field
                form
                name="monthly_budget"
                label="Monthly budget in US dollars"
                value=budget.unwrap_or_default()
                hint="You are told at 80 %. At 100 % everything but replies waits for the next month or a higher budget. Empty means no limit, as at the beginning."
            />
            <Field
                form
                name="hourly_limit"
                label="Texts per hour"
                value=sending.hourly_limit.to_string()
                required=true
                hint="What is over it waits for the next hour; replies go first. At the beginning it is 100, which is plenty for most."
            />
            <div>
                <Submit form label="Save limits" />
            </div>
        </ActionForm>
    }
}

#[component]
fn SendingFacts(sending: SendingView) -> impl IntoView {
    let budget = sending.monthly_budget.map_or_else(|| "None".to_owned(), dollars);
    view! {
        <p class="text-sm text-muted">"Only owners and admins change these."</p>
        <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[10rem_1fr]">
            <dt class="text-muted">"Monthly budget"</dt>
            <dd>{budget}</dd>
            <dt class="text-muted">"Texts per hour"</dt>
            <dd>{sending.hourly_limit}</dd>
        </dl>
    }
}

#[component]
fn Hours(sending: SendingView) -> impl IntoView {
    let session = use_session();
    let states = sending.states.clone();
    let shown = RwSignal::new(sending.clone());
    let body = if session.may_manage() {
        view! { <HoursForm sending shown /> }.into_any()
    } else {
        view! { <HoursFacts sending /> }.into_any()
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="hours-heading">
            <h2 id="hours-heading">"When nobody is reminded"</h2>
            {move || {
                let SendingView { quiet_start, quiet_end, .. } = shown.get();
                view! { <DayPicture from=quiet_start until=quiet_end /> }
            }}
            {body}
            <States states />
        </section>
    }
}

#[component]
fn HoursForm(sending: SendingView, shown: RwSignal<SendingView>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UpdateQuietHours>::new();
    let form = FormState::new(HOURS, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(sending)) = action.value().get() {
            shown.set(sending);
        }
    });
    let state_hours = if form.is_shown_again() {
        !form.value("state_hours", "").is_empty()
    } else {
        sending.state_hours
    };
    view! {
        <ActionForm action attr:class="flex flex-col gap-4">
            <FormNote form saved="Saved." />
            <fieldset class="grid gap-x-4 gap-y-2 sm:grid-cols-2">
                <legend class="field-label pb-1">"Quiet hours"</legend>
                <Field form name="quiet_start" label="No reminders from" kind="time" value=sending.quiet_start required=true />
                <Field form name="quiet_end" label="Until" kind="time" value=sending.quiet_end required=true />
                <p class="field-hint sm:col-span-2">
                    "In the customer's own time; at the beginning from 21:00 to 8:00. A reminder that would be late because of it goes out before, or you are asked to call. Your replies go out at any time."
                </p>
            </fieldset>
            <div>
                <label class="flex min-h-11 items-center gap-2.5">
                    <input
                        type="checkbox"
                        name="state_hours"
                        value="yes"
                        class="toggle toggle-primary"
                        checked=state_hours
                        aria-describedby="state-hours-hint"
                    />
                    "Keep to US states' stricter hours for reminders"
                </label>
                <p id="state-hours-hint" class="field-hint">
                    "These laws are about advertising. Reminders need not keep to them, so this is off at the beginning."
                </p>
            </div>
            <div>
                <Submit form label="Save quiet hours" />
            </div>
        </ActionForm>
    }
}

#[component]
fn HoursFacts(sending: SendingView) -> impl IntoView {
    let hours = if sending.state_hours { "Kept to" } else { "Not kept to" };
    view! {
        <p class="text-sm text-muted">"Only owners and admins change these."</p>
        <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[10rem_1fr]">
            <dt class="text-muted">"Quiet hours"</dt>
            <dd class="tabular">{format!("{} to {}", sending.quiet_start, sending.quiet_end)}</dd>
            <dt class="text-muted">"US states' hours"</dt>
            <dd>{hours}</dd>
        </dl>
    }
}

/// States that allow less of the day than the federal rule, each with its hours.
#[component]
fn States(states: Vec<StateHoursView>) -> impl IntoView {
    let rows = states
        .into_iter()
        .map(|one| {
            view! {
                <tr>
                    <th scope="row" class="pe-4 text-start font-medium">{one.state}</th>
                    <td class="pe-4">{one.weekdays}</td>
                    <td class="pe-4">{one.saturday}</td>
                    <td>{one.sunday}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <details>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"US states with hours of their own"</summary>
            <p class="field-hint pb-2">
                "In all others it is 8:00 to 21:00. A customer belongs to the state of their number’s area code."
            </p>
            <div class="overflow-x-auto" tabindex="0" role="group" aria-label="Hours by state">
                <table class="tabular text-sm">
                    <thead>
                        <tr>
                            <th scope="col" class="pe-4 text-start">"State"</th>
                            <th scope="col" class="pe-4 text-start">"Monday to Friday"</th>
                            <th scope="col" class="pe-4 text-start">"Saturday"</th>
                            <th scope="col" class="text-start">"Sunday"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}
