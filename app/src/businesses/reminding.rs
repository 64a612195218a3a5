//! When customers are reminded, and what would be sent about a visit.

use contract::businesses::{BusinessView, PreviewLine, ReminderPreview};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    audit::LastChanged,
    components::{Awaited, Icon},
    error::AppError,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const PATH: &str = "/settings/reminders";
const FORM: &str = "reminders";

/// Hours before a visit as typed, like `48, 24, 2`.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn update_reminders(cadence: String) -> Result<BusinessView, AppError> {
    let form = ssr::Form::new(FORM, PATH).typed("cadence", &cadence);
    let command = contract::businesses::UpdateReminders { cadence };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::businesses::reminding::update(&s, &actor, command).await?;
        Ok(services::pages::settings::business(&s, &actor).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// What would be sent about a visit at this time of a day to come; `cadence` is empty for what is kept.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn preview_reminders(
    #[server(default)] cadence: String,
    #[server(default)] time: String,
) -> Result<ReminderPreview, AppError> {
    Ok(services::reminders::preview(&ssr::services()?, &ssr::actor().await?, Some(&cadence), Some(&time)).await?)
}

#[component]
pub fn RemindersPage() -> impl IntoView {
    let session = use_session();
    let query = use_query_map();
    let given = move |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
    let asked = Memo::new(move |_| (given("cadence"), given("time")));
    let preview = Resource::new_blocking(move || asked.get(), |(cadence, time)| preview_reminders(cadence, time));
    let again = Callback::new(move |()| preview.refetch());
    let body = if session.may_manage() {
        view! { <CadenceForm again /> }.into_any()
    } else {
        view! { <CadenceFacts /> }.into_any()
    };
    view! {
        <Title text="Reminders" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Reminders"</h1>
                <LastChanged what="business.reminders_updated" />
            </div>
            <section class="panel flex flex-col gap-3 p-5" aria-labelledby="cadence-heading">
                <h2 id="cadence-heading">"When customers are reminded"</h2>
                {body}
            </section>
            <section class="panel flex flex-col gap-4 p-5" aria-labelledby="preview-heading">
                <h2 id="preview-heading">"What would be sent"</h2>
                {move || {
                    let (cadence, time) = asked.get();
                    view! { <Ask cadence time /> }
                }}
                <Awaited from=preview view=|preview| view! { <Preview preview /> } />
            </section>
            <p class="text-sm text-muted">
                "A type of visits can have times of its own, or no reminders: "
                <a class="link" href="/settings/types">"Types of visits"</a>
                ". Nothing goes out in "
                <a class="link" href="/settings/hours">"quiet hours"</a>"."
            </p>
        </div>
    }
}

/// Hours as a form shows them.
fn typed(business: &BusinessView) -> String {
    let hours: Vec<String> = business.cadence.iter().map(u16::to_string).collect();
    hours.join(", ")
}

#[component]
fn CadenceForm(again: Callback<()>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UpdateReminders>::new();
    let form = FormState::new(FORM, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(business)) = action.value().get() {
            session.business.set(business);
            again.run(());
        }
    });
    let value = session.business.with_untracked(typed);
    view! {
        <ActionForm action attr:class="flex flex-col gap-3">
            <FormNote form saved="Saved. Visits to come are planned anew within a few minutes." />
            <Field
                form
                name="cadence"
                label="Hours before a visit"
                value
                required=true
                hint="One to five times, from 1 to 336 hours, like 48, 24, 2. At the beginning it is 48 and 24: two days and one day before. What has gone out stays; a moment that has passed is not made up for."
            />
            <div>
                <Submit form label="Save reminders" />
            </div>
        </ActionForm>
    }
}

#[component]
fn CadenceFacts() -> impl IntoView {
    let session = use_session();
    let hours = move || session.business.with(typed);
    view! {
        <p class="text-sm text-muted">"Only owners and admins change this."</p>
        <p>{hours} " hours before a visit"</p>
    }
}

/// Another time of day, or other hours before it, to try out. Nothing is changed by it.
#[component]
fn Ask(cadence: String, time: String) -> impl IntoView {
    let time = if time.is_empty() { "10:00".to_owned() } else { time };
    view! {
        <form method="get" action=PATH class="flex flex-wrap items-end gap-3">
            <div class="flex flex-col gap-1">
                <label for="preview-time" class="field-label">"A visit at"</label>
                <input id="preview-time" name="time" type="time" class="input w-36" value=time />
            </div>
            <div class="flex min-w-40 flex-1 flex-col gap-1">
                <label for="preview-cadence" class="field-label">"Other hours (to try out)"</label>
                <input id="preview-cadence" name="cadence" class="input w-full" value=cadence autocomplete="off" />
            </div>
            <button type="submit" class="btn min-h-11">
                <Icon icon=icondata::LuEye />
                "Show"
            </button>
        </form>
    }
}

#[component]
fn Preview(preview: ReminderPreview) -> impl IntoView {
    let parts = match preview.segments {
        1 => "1 part".to_owned(),
        n => format!("{n} parts"),
    };
    let lines = preview.lines.into_iter().map(|line| view! { <Line line /> }).collect_view();
    view! {
        <div class="flex flex-col gap-3" data-preview="">
            <p>"A visit on " <strong>{preview.visit}</strong> ":"</p>
            <ol class="flex flex-col gap-2">{lines}</ol>
            <figure>
                <figcaption class="field-label pb-1">{format!("The text, {parts}")}</figcaption>
                <blockquote class="rounded border border-base-300 bg-base-200 p-3 whitespace-pre-wrap break-words" dir="auto">
                    {preview.text}
                </blockquote>
            </figure>
        </div>
    }
}

#[component]
fn Line(line: PreviewLine) -> impl IntoView {
    let (icon, when) = match line.when {
        Some(when) => (icondata::LuSend, when),
        None => (icondata::LuBan, "Not sent".to_owned()),
    };
    view! {
        <li class="flex items-start gap-2">
            <Icon icon />
            <div>
                <p>{line.before} ": " <span class="font-medium tabular">{when}</span></p>
                <p class="text-sm text-muted empty:hidden">{line.why}</p>
            </div>
        </li>
    }
}
