//! Types of visits, in the settings.

#![expect(
    clippy::too_many_arguments,
    reason = "the fields of a form are the arguments of its server function"
)]

use contract::appointment_types::{AppointmentTypeView, Arrange};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use uuid::Uuid;

use super::lists::{ArrangeButtons, COLOUR_OPTIONS, Dot};
use crate::{
    components::{Awaited, Empty, Icon},
    error::AppError,
    forms::{Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/settings/types";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_types() -> Result<Vec<AppointmentTypeView>, AppError> {
    Ok(services::businesses::types::list(&ssr::services()?, &ssr::actor().await?).await?)
}

/// `id` is empty for a new one; the rest is as typed. All types as they are then.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn save_type(
    #[server(default)] id: String,
    name: String,
    minutes: String,
    #[server(default)] price: String,
    #[server(default)] colour: String,
    reminders: String,
    #[server(default)] cadence: String,
    #[server(default)] recall_months: String,
) -> Result<Vec<AppointmentTypeView>, AppError> {
    let form = ssr::Form::new(form_name(&id), PATH)
        .typed("name", &name)
        .typed("minutes", &minutes)
        .typed("price", &price)
        .typed("colour", &colour)
        .typed("reminders", &reminders)
        .typed("cadence", &cadence)
        .typed("recall_months", &recall_months);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let command = contract::appointment_types::SaveAppointmentType {
            name,
            minutes: number("minutes", &minutes)?.unwrap_or_default(),
            price: amount(&price)?,
            colour: Some(colour),
            reminders: reminders != "off",
            cadence: times(&cadence),
            recall_months: number("recall_months", &recall_months)?,
        };
        if id.is_empty() {
            services::businesses::types::create(&s, &actor, command).await?;
        } else {
            let id = id
                .parse()
                .map_err(|_| AppError::new(contract::Code::NotFound, "There is no such type of visit."))?;
            let command = contract::appointment_types::EditAppointmentType {
                name: Some(command.name),
                minutes: Some(command.minutes),
                price: Some(command.price),
                colour: command.colour,
                reminders: Some(command.reminders),
                cadence: Some(command.cadence),
                recall_months: Some(command.recall_months),
                archived: None,
            };
            services::businesses::types::edit(&s, &actor, id, command).await?;
        }
        Ok(services::businesses::types::list(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[cfg(feature = "ssr")]
fn number(name: &str, typed: &str) -> Result<Option<i32>, AppError> {
    let typed = typed.trim();
    let wrong = |_| AppError(contract::Problem::field(name, "Please give a whole number."));
    (!typed.is_empty()).then(|| typed.parse().map_err(wrong)).transpose()
}

#[cfg(feature = "ssr")]
fn amount(typed: &str) -> Result<Option<serde_json::Number>, AppError> {
    let plain = typed.trim().trim_start_matches('$').replace(',', "");
    let wrong = |_| AppError(contract::Problem::field("price", "Please give a price like 80 or 79.50."));
    (!plain.is_empty()).then(|| plain.parse().map_err(wrong)).transpose()
}

/// `48h, 24h`, or hours alone; none if nothing was typed.
#[cfg(feature = "ssr")]
fn times(typed: &str) -> Option<Vec<String>> {
    let parts = typed.split([',', ' ', ';']).map(str::trim).filter(|part| !part.is_empty());
    let all: Vec<String> = parts.map(|part| format!("{}h", part.trim_end_matches('h'))).collect();
    (!all.is_empty()).then_some(all)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn arrange_type(id: Uuid, what: Arrange) -> Result<Vec<AppointmentTypeView>, AppError> {
    let work = async move { Ok(services::businesses::types::arrange(&ssr::services()?, &ssr::actor().await?, id, what).await?) };
    ssr::button_action(PATH, work).await
}

/// Each has a form of its own on the page.
fn form_name(id: &str) -> String {
    format!("type-{id}")
}

#[component]
pub fn TypesPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| list_types());
    view! {
        <Title text="Types of visits" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Types of visits"</h1>
                <p class="text-muted">
                    "A type says how long a visit takes, what it costs, and when its customers are reminded."
                </p>
            </div>
            <Awaited from=found view=|found| view! { <All found /> } />
        </div>
    }
}

#[component]
fn All(found: Vec<AppointmentTypeView>) -> impl IntoView {
    let may_manage = use_session().may_manage();
    let all = RwSignal::new(found);
    let list = move || {
        all.get()
            .into_iter()
            .map(|one| view! { <One one all may_manage /> })
            .collect_view()
    };
    let next_step = if may_manage {
        "Add what you do most often, like Cleaning, 45 minutes."
    } else {
        "Owners and admins add them."
    };
    view! {
        <div class:hidden=move || !all.read().is_empty()>
            <Empty title="No types yet" next_step />
        </div>
        <ul class="flex flex-col gap-2 empty:hidden">{list}</ul>
        // Anew after each change, so that its fields are empty again.
        {move || {
            all.track();
            may_manage.then(|| view! { <New all /> })
        }}
    }
}

fn facts(one: &AppointmentTypeView) -> String {
    let reminders = match (&one.cadence, one.reminders) {
        (_, false) => "no reminders".to_owned(),
        (None, true) => "reminders as usual".to_owned(),
        (Some(times), true) => format!("reminders {} before", times.join(", ")),
    };
    let mut parts = vec![format!("{} min", one.minutes)];
    parts.extend(one.price.as_ref().map(ToString::to_string));
    parts.push(reminders);
    parts.extend(one.recall_months.map(|months| format!("again after {months} months")));
    parts.extend(one.archived.then(|| "archived".to_owned()));
    parts.join(" · ")
}

#[component]
fn One(one: AppointmentTypeView, all: RwSignal<Vec<AppointmentTypeView>>, may_manage: bool) -> impl IntoView {
    let (words, name, colour, archived) = (facts(&one), one.name.clone(), one.colour.clone(), one.archived);
    let change = may_manage.then(|| {
        let action = ServerAction::<ArrangeType>::new();
        put(Signal::derive(move || action.value().get()), all);
        let id = one.id;
        let arrange = Callback::new(move |what| {
            action.dispatch(ArrangeType { id, what });
        });
        view! {
            <Change one=one.clone() all />
            <ArrangeButtons url=ArrangeType::url() id name=one.name archived arrange />
        }
    });
    view! {
        <li class="rounded border border-base-300 p-3" class:opacity-70=archived>
            <h2 class="flex items-center gap-2 text-base font-medium">
                <Dot colour />
                {name}
            </h2>
            <p class="text-sm text-muted">{words}</p>
            {change}
        </li>
    }
}

#[component]
fn Change(one: AppointmentTypeView, all: RwSignal<Vec<AppointmentTypeView>>) -> impl IntoView {
    let action = ServerAction::<SaveType>::new();
    let form = FormState::new(&form_name(&one.id.to_string()), action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    let open = form.is_shown_again();
    view! {
        <details class="pt-1" open=open>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                "Change"
                <span class="sr-only">{format!(" {}", one.name)}</span>
            </summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-2">
                <input type="hidden" name="id" value=one.id.to_string() />
                <Fields form one=Some(one) />
            </ActionForm>
        </details>
    }
}

#[component]
fn New(all: RwSignal<Vec<AppointmentTypeView>>) -> impl IntoView {
    let action = ServerAction::<SaveType>::new();
    let form = FormState::new(&form_name(""), action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    let open = form.is_shown_again();
    view! {
        <details open=open>
            <summary class="btn btn-sm min-h-11 w-fit md:min-h-8">
                <Icon icon=icondata::LuPlus />
                "Add a type"
            </summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-3">
                <Fields form one=None />
            </ActionForm>
        </details>
    }
}

#[component]
fn Fields(form: FormState, one: Option<AppointmentTypeView>) -> impl IntoView {
    let adds = one.is_none();
    let text = |value: Option<String>| value.unwrap_or_default();
    let name = text(one.as_ref().map(|t| t.name.clone()));
    let minutes = one.as_ref().map_or_else(|| "30".to_owned(), |t| t.minutes.to_string());
    let price = text(one.as_ref().and_then(|t| t.price.as_ref().map(ToString::to_string)));
    let colour = text(one.as_ref().map(|t| t.colour.clone()));
    let cadence = text(one.as_ref().and_then(|t| t.cadence.as_ref().map(|all| all.join(", "))));
    let recall = text(one.as_ref().and_then(|t| t.recall_months.map(|n| n.to_string())));
    let reminders = if one.as_ref().is_none_or(|t| t.reminders) {
        "on"
    } else {
        "off"
    };
    let pair = |value: &str, words: &str| (value.to_owned(), words.to_owned());
    let switch = vec![
        pair("on", "Customers are reminded"),
        pair("off", "No reminders for this type"),
    ];
    let colours = COLOUR_OPTIONS.iter().map(|(value, words)| pair(value, words)).collect();
    let note = if adds {
        ""
    } else {
        "A change of reminders counts for visits to come whose reminders have not gone out."
    };
    view! {
        <FormNote form saved="Saved." />
        <Field form name="name" label="Name of the type" value=name required=true />
        <div class="grid gap-3 sm:grid-cols-2">
            <Field form name="minutes" label="Minutes" kind="number" value=minutes required=true />
            <Field form name="price" label="Price (optional)" value=price />
            <Choice form name="colour" label="Colour" options=colours value=colour />
            <Field form name="recall_months" label="Due again after months (optional)" kind="number" value=recall />
            <Choice form name="reminders" label="Reminders" options=switch value=reminders hint=note />
            <Field form name="cadence" label="Hours before (optional)" value=cadence hint="Like 48, 24. Empty: as usual in your business." />
        </div>
        <div>
            <Submit form label="Save type" />
        </div>
    }
}

/// What was saved or arranged stands in the list.
fn put(answer: Signal<Option<Result<Vec<AppointmentTypeView>, AppError>>>, all: RwSignal<Vec<AppointmentTypeView>>) {
    Effect::new(move |_| {
        if let Some(Ok(new)) = answer.get() {
            all.set(new);
        }
    });
}
