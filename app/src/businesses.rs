//! Settings of the business.

mod customers_page;
mod email;
mod inbox;
mod language;
mod lists;
mod locations;
mod own;
mod past;
mod staff;
mod types;

pub use inbox::InboxRulesPage;
pub use locations::list_locations;
pub use staff::{StaffPage, list_staff};
pub use types::{TypesPage, list_types};

use contract::{
    businesses::{BusinessView, CountryView, SendingView},
    live::LiveEvent,
};
use domain::prices::dollars;
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use crate::{
    components::{Awaited, CopyLine, Icon},
    error::AppError,
    forms::{Choice, Field, FormNote, FormState, Submit},
    session::use_session,
    zones::ZoneNames,
};
use customers_page::CustomersPageSettings;
use email::EmailSettings;
use language::TextLanguage;
use locations::Locations;
use own::OwnSettings;
use past::PastVisits;

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_business(
    name: String,
    contact_line: String,
    time_zone: String,
    country: Option<String>,
) -> Result<BusinessView, AppError> {
    let country = country.unwrap_or_default();
    let form = ssr::Form::new("settings", "/settings")
        .typed("name", &name)
        .typed("contact_line", &contact_line)
        .typed("time_zone", &time_zone)
        .typed("country", &country);
    let command = contract::businesses::UpdateBusiness {
        name,
        contact_line,
        time_zone,
        country,
    };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::businesses::update(&s, &actor, command).await?;
        Ok(services::pages::settings::business(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// Countries to choose from, by name. The table stays on the server.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_countries() -> Result<Vec<CountryView>, AppError> {
    Ok(std::future::ready(services::businesses::all_countries()).await)
}

/// The choice of a country: how numbers without a country code are read.
pub fn country_options(countries: &[CountryView], chosen: &str) -> Vec<(String, String)> {
    let nothing = chosen.is_empty().then(|| (String::new(), "Choose your country".to_owned()));
    let all = countries.iter().map(|c| (c.code.clone(), c.name.clone()));
    nothing.into_iter().chain(all).collect()
}

/// Said wherever a country is chosen.
pub const COUNTRY_HINT: &str = "Phone numbers that are typed without a country code are read as numbers of this country.";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_sending() -> Result<SendingView, AppError> {
    Ok(services::pages::settings::sending(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Amounts as typed; `state_hours` is there if the box was ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_sending(
    monthly_budget: String,
    hourly_limit: String,
    quiet_start: String,
    quiet_end: String,
    state_hours: Option<String>,
) -> Result<SendingView, AppError> {
    let form = ssr::Form::new("sending", "/settings")
        .typed("monthly_budget", &monthly_budget)
        .typed("hourly_limit", &hourly_limit)
        .typed("quiet_start", &quiet_start)
        .typed("quiet_end", &quiet_end)
        .typed("state_hours", state_hours.as_deref().unwrap_or_default());
    let command = contract::businesses::UpdateSending {
        monthly_budget,
        hourly_limit,
        quiet_start,
        quiet_end,
        state_hours: state_hours.is_some(),
    };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::businesses::update_sending(&s, &actor, command).await?;
        Ok(services::pages::settings::sending(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[component]
pub fn SettingsPage() -> impl IntoView {
    let session = use_session();
    let sending = Resource::new_blocking(|| (), |()| get_sending());
    let countries = Resource::new_blocking(|| (), |()| list_countries());
    let business = session.business.get_untracked();
    let body = {
        let business = business.clone();
        move |countries: Vec<CountryView>| {
            let business = business.clone();
            if session.may_manage() {
                view! { <SettingsForm business countries /> }.into_any()
            } else {
                view! { <SettingsFacts business countries /> }.into_any()
            }
        }
    };
    view! {
        <Title text="Settings" />
        <div class="mx-auto flex max-w-2xl flex-col gap-6 p-4">
            <h1>"Settings"</h1>
            <OwnSettings />
            <Awaited from=countries view=body />
            <TextLanguage business=business.clone() />
            <Awaited from=sending view=|sending| view! { <Texts sending /> } />
            <Locations />
            <PastVisits />
            <CustomersPageSettings />
            <p class="flex flex-wrap gap-2">
                <a class="btn min-h-11" href="/settings/self-test">
                    "Self-test"
                </a>
                <a class="btn min-h-11" href="/settings/inbox">
                    <Icon icon=icondata::LuInbox />
                    "Inbox"
                </a>
                <a class="btn min-h-11" href="/settings/types">
                    <Icon icon=icondata::LuClock />
                    "Types of visits"
                </a>
                <a class="btn min-h-11" href="/settings/staff">
                    <Icon icon=icondata::LuUsers />
                    "Staff labels"
                </a>
                <a class="btn min-h-11" href="/calendars">
                    <Icon icon=icondata::LuCalendarSync />
                    "Calendars"
                </a>
                <a class="btn min-h-11" href="/settings/calendar">
                    <Icon icon=icondata::LuCalendar />
                    "Visits in your calendar"
                </a>
                <a class="btn min-h-11" href="/settings/quick-replies">
                    <Icon icon=icondata::LuMessageSquareText />
                    "Quick replies"
                </a>
            </p>
            <Connection business />
            {session.may_manage().then(|| view! { <EmailSettings /> })}
        </div>
    }
}

#[component]
fn SettingsForm(business: BusinessView, countries: Vec<CountryView>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UpdateBusiness>::new();
    let form = FormState::new("settings", action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(business)) = action.value().get() {
            session.business.set(business);
            session.refetch_zones();
        }
    });
    let options = country_options(&countries, &business.country);
    view! {
        <section class="panel p-5" aria-labelledby="business-heading">
            <h2 id="business-heading" class="pb-3">
                "Business"
            </h2>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved="Saved." />
                <Field form name="name" label="Business name" value=business.name required=true hint="Stands in every text you send." />
                <Field
                    form
                    name="contact_line"
                    label="Contact line"
                    value=business.contact_line
                    hint="A phone number, an e-mail address or a sentence. Customers who text HELP get it as the answer."
                />
                <Field
                    form
                    name="time_zone"
                    label="Time zone"
                    value=business.time_zone
                    list="zones"
                    required=true
                    hint="Appointments are entered and shown in it."
                />
                <ZoneNames />
                <Choice form name="country" label="Country" options value=business.country hint=COUNTRY_HINT required=true />
                <div>
                    <Submit form label="Save settings" />
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn SettingsFacts(business: BusinessView, countries: Vec<CountryView>) -> impl IntoView {
    let country = countries.into_iter().find(|c| c.code == business.country);
    let country = country.map_or_else(|| "Not known: numbers need a + and a country code.".to_owned(), |c| c.name);
    view! {
        <section class="panel p-5" aria-labelledby="business-heading">
            <h2 id="business-heading" class="pb-1">
                "Business"
            </h2>
            <p class="pb-3 text-sm text-muted">"Only owners and admins change these, because they appear in every text."</p>
            <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[10rem_1fr]">
                <dt class="text-muted">"Business name"</dt>
                <dd>{business.name}</dd>
                <dt class="text-muted">"Contact line"</dt>
                <dd>{business.contact_line}</dd>
                <dt class="text-muted">"Time zone"</dt>
                <dd>{business.time_zone}</dd>
                <dt class="text-muted">"Country"</dt>
                <dd>{country}</dd>
            </dl>
        </section>
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
    let action = ServerAction::<UpdateSending>::new();
    let form = FormState::new("sending", action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(sending)) = action.value().get() {
            shown.set(sending);
        }
    });
    // Without the sign, which stands in the label.
    let budget = sending.monthly_budget.map(|micros| dollars(micros).replace('$', ""));
    let state_hours = if form.is_shown_again() {
        !form.value("state_hours", "").is_empty()
    } else {
        sending.state_hours
    };
    view! {
        <ActionForm action attr:class="flex flex-col gap-4">
            <FormNote form saved="Saved." />
            <Field
                form
                name="monthly_budget"
                label="Monthly budget in US dollars"
                value=budget.unwrap_or_default()
                hint="You are told at 80 %. At 100 % everything but replies waits for the next month or a higher budget. Empty means no limit."
            />
            <Field
                form
                name="hourly_limit"
                label="Texts per hour"
                value=sending.hourly_limit.to_string()
                required=true
                hint="What is over it waits for the next hour; replies go first."
            />
            <fieldset class="grid gap-x-4 gap-y-2 sm:grid-cols-2">
                <legend class="field-label pb-1">"Quiet hours"</legend>
                <Field form name="quiet_start" label="No reminders from" kind="time" value=sending.quiet_start required=true />
                <Field form name="quiet_end" label="Until" kind="time" value=sending.quiet_end required=true />
                <p class="field-hint sm:col-span-2">
                    "In the customer's own time. A reminder that would be late because of it goes out before, or you are asked to call. Your replies go out at any time."
                </p>
            </fieldset>
            <label class="flex min-h-11 items-center gap-2.5">
                <input type="checkbox" name="state_hours" value="yes" class="toggle toggle-primary" checked=state_hours />
                "Keep to US states' stricter hours for reminders"
            </label>
            <div>
                <Submit form label="Save limits" />
            </div>
        </ActionForm>
    }
}

#[component]
fn SendingFacts(sending: SendingView) -> impl IntoView {
    let budget = sending.monthly_budget.map_or_else(|| "None".to_owned(), dollars);
    let hours = if sending.state_hours { "Kept to" } else { "Not kept to" };
    view! {
        <p class="text-sm text-muted">"Only owners and admins change these."</p>
        <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[10rem_1fr]">
            <dt class="text-muted">"Monthly budget"</dt>
            <dd>{budget}</dd>
            <dt class="text-muted">"Texts per hour"</dt>
            <dd>{sending.hourly_limit}</dd>
            <dt class="text-muted">"Quiet hours"</dt>
            <dd class="tabular">{format!("{} to {}", sending.quiet_start, sending.quiet_end)}</dd>
            <dt class="text-muted">"US states' hours"</dt>
            <dd>{hours}</dd>
        </dl>
    }
}

#[component]
fn Connection(business: BusinessView) -> impl IntoView {
    let sender = business
        .sender_display
        .unwrap_or_else(|| "No number yet: texts cannot leave until one is connected.".to_owned());
    let account = business
        .own_account
        .map_or_else(|| "This installation’s".to_owned(), |sid| format!("Your own, {sid}"));
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="connection-heading">
            <h2 id="connection-heading">"Twilio"</h2>
            <div>
                <p class="field-label">"Texts leave from"</p>
                <p class="tabular">{sender}</p>
            </div>
            <div>
                <p class="field-label">"Account"</p>
                <p class="break-all">{account}</p>
            </div>
            <p class="text-sm text-muted">"Enter these two addresses in Twilio's console, at your number and at its status callback."</p>
            <CopyLine label="Incoming messages" text=business.webhook_inbound />
            <CopyLine label="Delivery status" text=business.webhook_status />
        </section>
    }
}
