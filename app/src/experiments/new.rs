//! A test is planned: the other text, what both are compared by, and the smallest difference that is worth it.

use contract::experiments::ExperimentForm;
use domain::{experiments::Measure, permissions::Permission, templates::Kind};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{FORM, PATH, PlanExperiment, open_experiment_form, page_of};
use crate::{
    components::{Awaited, Empty, Icon},
    forms::{Area, Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[component]
pub fn NewPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let given = |name: &str, usual: &str| query.get(name).unwrap_or_else(|| usual.to_owned());
            (given("kind", "reminder"), given("channel", "sms"), given("language", "en"))
        })
    });
    let found = Resource::new_blocking(
        move || asked.get(),
        |(kind, channel, language)| open_experiment_form(kind, channel, language),
    );
    view! {
        <Title text="Try another text" />
        <div class="flex max-w-3xl flex-col gap-4 p-4">
            <div>
                <a class="link inline-flex min-h-11 items-center gap-1 md:min-h-8" href=PATH>
                    <Icon icon=icondata::LuChevronLeft />
                    "All tests"
                </a>
                <h1>"Try another text"</h1>
            </div>
            <Awaited from=found view=|open| view! { <Plan open /> } />
        </div>
    }
}

#[component]
fn Plan(open: ExperimentForm) -> impl IntoView {
    if !use_session().may(Permission::WriteTemplates) {
        return view! { <Empty title="Only owners and admins try texts" /> }.into_any();
    }
    if let Some(id) = open.open {
        return view! {
            <Empty title="This text is being tried already" next_step="One test of a text at a time: end that one first.">
                <a class="btn min-h-11" href=page_of(id)>
                    "To that test"
                </a>
            </Empty>
        }
        .into_any();
    }
    if open.measures.is_empty() {
        return view! {
            <Empty
                title="This text can’t be tried"
                next_step="Nothing that can be counted follows from it. Reminders, texts about a new time and offers can be tried, as text message or e-mail."
            />
        }
        .into_any();
    }
    view! { <Form open /> }.into_any()
}

#[component]
fn Form(open: ExperimentForm) -> impl IntoView {
    let action = ServerAction::<PlanExperiment>::new();
    let form = FormState::new(FORM, action, use_session().flash());
    let now = open.template;
    let title = now
        .kind
        .parse::<Kind>()
        .map_or_else(|_| now.kind.clone(), |kind| kind.label().to_owned());
    let subject = (now.channel == "email").then(|| {
        let value = now.subject.clone().unwrap_or_default();
        view! { <Field form name="subject" label="Subject of the other e-mail" value /> }
    });
    let measures = open
        .measures
        .into_iter()
        .map(|word| {
            let label = word
                .parse::<Measure>()
                .map_or(word.clone(), |measure| measure.label().to_owned());
            (word, label)
        })
        .collect();
    view! {
        <section class="panel flex flex-col gap-2 p-5" aria-labelledby="now-heading">
            <h2 id="now-heading">{format!("{title}: what customers get now (A)")}</h2>
            <p class="font-semibold wrap-anywhere empty:hidden" dir="auto">{now.subject.clone()}</p>
            <p class="whitespace-pre-wrap wrap-anywhere" dir="auto">{now.body.clone()}</p>
        </section>
        <ActionForm action attr:class="panel flex flex-col gap-4 p-5">
            <FormNote form />
            <input type="hidden" name="kind" value=now.kind />
            <input type="hidden" name="channel" value=now.channel />
            <input type="hidden" name="language" value=now.language />
            {subject}
            <Area form name="body" label="The other text (B)" value=now.body required=true hint="With the same variables in double braces. Change one thing, so that you know what made the difference." />
            <Choice form name="measure" label="Compared by" options=measures />
            <div class="grid gap-4 sm:grid-cols-2">
                <Field form name="usual_percent" label="Of 100 people, how many is it now?" kind="number" required=true />
                <Field
                    form
                    name="worth_percent"
                    label="How many would be worth it?"
                    kind="number"
                    required=true
                    hint="The closer to now, the more people it takes: from 60 to 70 it is 353 for each text, from 60 to 65 it is 1,468."
                />
            </div>
            <p class="text-sm text-muted">"Next you see how many people that takes and how long. Nobody gets the other text before you start the test."</p>
            <div>
                <Submit form label="Plan the test" />
            </div>
        </ActionForm>
    }
}
