//! How long what texts say is kept, and what is kept besides.

use contract::businesses::RetentionView;
use domain::retention;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    audit::LastChanged,
    components::Awaited,
    error::AppError,
    forms::{Check, Choice, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// The form's name.
const FORM: &str = "retention";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_retention() -> Result<RetentionView, AppError> {
    Ok(services::retention::view(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Days as typed, empty for ever; `confirm` is there if the box was ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_retention(keep_days: String, confirm: Option<String>) -> Result<RetentionView, AppError> {
    let form = ssr::Form::new(FORM, "/settings/retention").typed("keep_days", &keep_days);
    let command = contract::businesses::UpdateRetention {
        keep_days,
        confirm: confirm.is_some(),
    };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::retention::choose(&s, &actor, command).await?;
        Ok(services::retention::view(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

#[component]
pub fn RetentionPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| get_retention());
    view! {
        <Title text="How long things are kept" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"How long things are kept"</h1>
                <LastChanged what="business.retention_updated" />
            </div>
            <Awaited from=found view=|kept| view! { <Texts kept /> } />
            <Rest />
        </div>
    }
}

#[component]
fn Texts(kept: RetentionView) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UpdateRetention>::new();
    let form = FormState::new(FORM, action, session.flash());
    // What another version has stored is shown as it is.
    let other = Some(kept.keep_days).filter(|days| !retention::CHOICES.contains(days));
    let options = retention::CHOICES
        .into_iter()
        .chain(other)
        .map(|days| (retention::written(days), retention::label(days)))
        .collect();
    view! {
        <section class="panel p-5" aria-labelledby="texts-heading">
            <h2 id="texts-heading" class="pb-3">
                "What texts say"
            </h2>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved="Saved." />
                <Choice
                    form
                    name="keep_days"
                    label="Keep the words of texts"
                    options
                    value=retention::written(kept.keep_days)
                    hint="Of texts to and from customers. Older words are removed for good, within hours, and search does not find them any more. That there was a text, when, what became of it and what it cost stays. Texts that still wait or that somebody has to see to are left alone until that is over."
                />
                <Check form name="confirm" label="Remove the words of texts that are older than that" hint="Nobody can bring them back." />
                <div>
                    <Submit form label="Save" />
                </div>
            </ActionForm>
        </section>
    }
}

/// What nobody chooses.
const REST: [(&str, &str); 7] = [
    (
        "Consent history",
        "For ever, with the words by which somebody agreed or opted out: it shows that you may text them.",
    ),
    ("Audit trail", "For ever."),
    ("Contacts, visits, notes and tasks", "For ever."),
    ("Rows of files you brought in", "30 days; what they became stays."),
    ("Notices to your people", "30 days; e-mails to them 90 days."),
    (
        "Pictures and files that customers text",
        "Not here at all: only that there were some.",
    ),
    (
        "Copies elsewhere",
        "Twilio keeps its own record of each text, and backups keep what was there when they were made.",
    ),
];

#[component]
fn Rest() -> impl IntoView {
    let rows = REST.map(|(what, how_long)| {
        view! {
            <dt class="text-muted">{what}</dt>
            <dd>{how_long}</dd>
        }
    });
    view! {
        <section class="panel p-5" aria-labelledby="rest-heading">
            <h2 id="rest-heading" class="pb-3">
                "Everything else"
            </h2>
            <dl class="grid gap-x-4 gap-y-2 sm:grid-cols-[14rem_1fr]">{rows.collect_view()}</dl>
        </section>
    }
}
