//! Which countries are texted.

use contract::businesses::{CountriesView, CountryRule, SendingView};
use leptos::prelude::*;

use crate::{
    error::AppError,
    forms::{Area, Choice, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// The form's name.
const FORM: &str = "countries";

/// `countries`: names or codes as typed.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_countries(rule: String, countries: String) -> Result<SendingView, AppError> {
    let form = ssr::Form::new(FORM, "/settings/limits")
        .typed("rule", &rule)
        .typed("countries", &countries);
    let command = contract::businesses::UpdateCountries { rule, countries };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::businesses::sending::update_countries(&s, &actor, command).await?;
        Ok(services::pages::settings::sending(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[component]
pub fn Countries(countries: CountriesView) -> impl IntoView {
    let session = use_session();
    let body = if session.may_manage() {
        view! { <CountriesForm countries /> }.into_any()
    } else {
        view! { <CountriesFacts countries /> }.into_any()
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="countries-heading">
            <h2 id="countries-heading">"Countries"</h2>
            {body}
        </section>
    }
}

#[component]
fn CountriesForm(countries: CountriesView) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UpdateCountries>::new();
    let form = FormState::new(FORM, action, session.flash());
    let options = CountryRule::ALL.map(|rule| (rule.as_str().to_owned(), rule.words().to_owned()));
    let hint = home(&countries);
    view! {
        <ActionForm action attr:class="flex flex-col gap-4">
            <FormNote form saved="Saved." />
            <Choice form name="rule" label="Texts may go to" options=options.to_vec() value=countries.rule.as_str() hint />
            <Area
                form
                name="countries"
                label="Countries"
                value=listed(&countries)
                hint="Only for a list: names like Italy or codes like IT, with commas between. Texts to other countries are not sent, and say why."
            />
            <div>
                <Submit form label="Save countries" />
            </div>
        </ActionForm>
    }
}

#[component]
fn CountriesFacts(countries: CountriesView) -> impl IntoView {
    let which = match countries.rule {
        CountryRule::Listed => listed(&countries),
        rule => rule.words().to_owned(),
    };
    let hint = home(&countries);
    view! {
        <p class="text-sm text-muted">"Only owners and admins change these."</p>
        <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[10rem_1fr]">
            <dt class="text-muted">"Texts may go to"</dt>
            <dd>{which}</dd>
        </dl>
        <p class="field-hint">{hint}</p>
    }
}

fn listed(countries: &CountriesView) -> String {
    let names: Vec<&str> = countries.listed.iter().map(|country| country.name.as_str()).collect();
    names.join(", ")
}

/// Which country is the own one.
fn home(countries: &CountriesView) -> String {
    match (&countries.home, countries.shared_code) {
        (None, _) => "Your own country is not known yet: choose it under “Business”.".to_owned(),
        (Some(home), None) => format!("Your own country is {home}, as “Business” says."),
        (Some(home), Some(code)) => {
            format!(
                "Your own country is {home}, as “Business” says. The other countries whose numbers begin with +{code} belong to it here."
            )
        }
    }
}
