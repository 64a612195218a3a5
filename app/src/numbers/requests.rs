//! Asking for another number, and what became of that.

use contract::{
    businesses::CountryView,
    numbers::{NumberRequestView, NumbersView},
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::PATH;
use super::put;
use crate::{
    businesses::country_options,
    components::{TimeFormat, Timestamp},
    error::AppError,
    forms::{Area, Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FORM: &str = "number-request";

/// `location_id` is empty for none.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn ask_for_number(
    #[server(default)] country: String,
    #[server(default)] area_code: String,
    reason: String,
    #[server(default)] location_id: String,
) -> Result<NumbersView, AppError> {
    let form = ssr::Form::new(FORM, PATH)
        .typed("country", &country)
        .typed("area_code", &area_code)
        .typed("reason", &reason)
        .typed("location_id", &location_id);
    let work = async move {
        let missing = |_| AppError::new(contract::Code::NotFound, "There is no such location.");
        let command = contract::numbers::RequestNumber {
            country,
            area_code: Some(area_code),
            reason,
            location_id: (!location_id.is_empty())
                .then(|| location_id.parse().map_err(missing))
                .transpose()?,
        };
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::requests::ask(&s, &actor, command).await?;
        Ok(services::numbers::page(&s, &actor, None).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[component]
pub fn Requests(all: RwSignal<NumbersView>, countries: Vec<CountryView>, may_manage: bool) -> impl IntoView {
    let requests = Memo::new(move |_| all.with(|all| all.requests.clone()));
    let list = move || requests.get().into_iter().map(|one| view! { <One one /> }).collect_view();
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="requests-heading">
            <h2 id="requests-heading">"Another number"</h2>
            <ul class="flex flex-col gap-2 empty:hidden" aria-live="polite">
                {list}
            </ul>
            {may_manage.then(|| view! { <Ask all countries /> })}
        </section>
    }
}

#[component]
fn One(one: NumberRequestView) -> impl IntoView {
    let (class, words) = match one.status.as_str() {
        "requested" => ("state badge-waiting", "Requested"),
        "approved" => ("state badge-waiting", "Being bought"),
        "active" => ("state badge-confirmed", "Granted"),
        "rejected" => ("state badge-declined", "Turned down"),
        _ => ("state badge-cancelled", "Not known"),
    };
    let place = one
        .area_code
        .map_or_else(|| one.country.clone(), |code| format!("{} {code}", one.country));
    view! {
        <li class="rounded border border-base-300 p-3" data-request=one.id.to_string() data-state=one.status>
            <p class="flex flex-wrap items-center gap-2">
                <span class="font-medium">{one.phone_display.unwrap_or(place)}</span>
                <span class=class>{words}</span>
            </p>
            <p class="text-sm">{one.wish}</p>
            {one.reason.map(|why| view! { <p class="text-sm text-error">{why}</p> })}
            <p class="text-sm text-muted">
                {format!("Asked for by {}, ", one.asked_by)} <Timestamp at=one.created_at say=TimeFormat::Inline />
            </p>
        </li>
    }
}

#[component]
fn Ask(all: RwSignal<NumbersView>, countries: Vec<CountryView>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<AskForNumber>::new();
    let form = FormState::new(FORM, action, session.flash());
    put(Signal::derive(move || action.value().get()), all);
    let here = session.business.with_untracked(|business| business.country.clone());
    let options = country_options(&countries, &here);
    let places = all.with_untracked(|all| all.places.clone());
    let none = [(String::new(), "None in particular".to_owned())];
    let places: Vec<_> = none
        .into_iter()
        .chain(places.into_iter().map(|p| (p.id.to_string(), p.name)))
        .collect();
    let several = places.len() > 1;
    // Anew after each request, so that they are empty again.
    let round = form.round();
    let fields = move || {
        let place = several.then(|| {
            view! {
                <Choice
                    form
                    name="location_id"
                    label="For the location"
                    options=places.clone()
                    hint="Texts about its visits leave from the new number then."
                />
            }
        });
        view! {
            <Choice form name="country" label="Country of the number" options=options.clone() value=here.clone() required=true />
            <Field form name="area_code" label="Area code (optional)" hint="Digits, like 415." />
            {place}
            <Area form name="reason" label="What it is for" required=true />
        }
    };
    view! {
        <ActionForm action attr:class="flex flex-col gap-3">
            <p class="text-sm text-muted">"Whoever runs this installation buys it, or says why not. You get a mail and a notification."</p>
            <FormNote form saved="Asked. You will hear of it." />
            <For each=move || [round.get()] key=|round| *round children=move |_| fields() />
            <div>
                <Submit form label="Ask for a number" />
            </div>
        </ActionForm>
    }
}
