//! What customers know a business by: its name, its contact line, its clock, its country, its language; and how it is connected.

use contract::businesses::{BusinessView, CountryView};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{COUNTRY_HINT, country_options, language::TextLanguage, list_countries};
use crate::{
    audit::LastChanged,
    components::Awaited,
    error::AppError,
    forms::{Choice, Field, FormNote, FormState, Submit},
    session::use_session,
    zones::ZoneNames,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/settings/business";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_business(
    name: String,
    contact_line: String,
    time_zone: String,
    country: Option<String>,
) -> Result<BusinessView, AppError> {
    let country = country.unwrap_or_default();
    let form = ssr::Form::new("settings", PATH)
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

#[component]
pub fn ProfilePage() -> impl IntoView {
    let session = use_session();
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
        <Title text="Business" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Business"</h1>
                <LastChanged what="business.updated" />
            </div>
            <Awaited from=countries view=body />
            <TextLanguage business=business.clone() />
            <Connection business />
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
                "What customers see"
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
                "What customers see"
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
fn Connection(business: BusinessView) -> impl IntoView {
    let sender = business
        .sender_display
        .unwrap_or_else(|| "No number yet: texts cannot leave until one is connected.".to_owned());
    let account = business
        .own_account
        .map_or_else(|| "This installation’s".to_owned(), |sid| format!("Your own, {sid}"));
    let addresses = use_session().may_manage().then(|| {
        view! {
            <p class="text-sm text-muted">
                "The addresses to enter in Twilio’s console, and whether they stand there, are in "
                <a class="link" href="/settings/twilio">
                    "Settings, Twilio"
                </a> "."
            </p>
        }
    });
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
            {addresses}
        </section>
    }
}
