//! Where a webhook goes, and what it hears of.

use contract::webhooks::{WebhookEndpointView, WebhookSecret};
use domain::webhooks::EventType;
use leptos::prelude::*;

use super::{AddWebhook, EditWebhook, NEW, form_name};
use crate::{
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[component]
pub(super) fn New(all: RwSignal<Vec<WebhookEndpointView>>, made: RwSignal<Option<WebhookSecret>>) -> impl IntoView {
    let action = ServerAction::<AddWebhook>::new();
    let form = FormState::new(NEW, action, use_session().flash());
    Effect::new(move |_| {
        if let Some(Ok((secret, webhooks))) = action.value().get() {
            made.set(Some(secret));
            all.set(webhooks);
        }
    });
    view! {
        <ActionForm action attr:class="flex flex-col gap-4">
            <FormNote form />
            <Fields form url=String::new() events=vec!["*".to_owned()] full=false />
            <div>
                <Submit form label="Make a webhook" />
            </div>
        </ActionForm>
    }
}

#[component]
pub(super) fn Change(webhook: WebhookEndpointView, again: Callback<()>) -> impl IntoView {
    let action = ServerAction::<EditWebhook>::new();
    let form = FormState::new(&form_name(webhook.id), action, use_session().flash());
    Effect::new(move |_| {
        if let Some(Ok(_)) = action.value().get() {
            again.run(());
        }
    });
    let open = form.is_shown_again();
    view! {
        <details open=open>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Change where it goes and what it hears of"</summary>
            <ActionForm action attr:class="flex flex-col gap-4 pt-2">
                <FormNote form saved="Saved." />
                <input type="hidden" name="id" value=webhook.id.to_string() />
                <Fields form url=webhook.url events=webhook.events full=webhook.full />
                <div>
                    <Submit form label="Save" />
                </div>
            </ActionForm>
        </details>
    }
}

#[component]
fn Fields(form: FormState, url: String, events: Vec<String>, full: bool) -> impl IntoView {
    let ticked = form.value("events", events.join(" "));
    let is_full = form.value("full", if full { "yes" } else { "" }) == "yes";
    let wrong = move || {
        form.problem
            .with(|p| p.as_ref().and_then(|p| p.for_field("events").map(str::to_owned)))
    };
    let one = |value: &'static str, words: &'static str| {
        let checked = ticked.split(' ').any(|one| one == value);
        view! {
            <label class="flex min-h-11 items-center gap-2.5 md:min-h-8">
                <input type="checkbox" name="events[]" value=value class="checkbox checkbox-sm" checked=checked />
                <span>
                    {words} " " <code class="text-sm text-muted">{value}</code>
                </span>
            </label>
        }
    };
    let everything = one("*", "Everything, also what is new later");
    let each = EventType::ALL
        .iter()
        .map(|kind| one(kind.as_str(), kind.label()))
        .collect_view();
    view! {
        <Field form name="url" label="Address" kind="url" value=url required=true hint="It begins with https:// and is called by POST." />
        <fieldset aria-describedby="events-note">
            <legend class="field-label pb-1">"What it hears of"</legend>
            {everything}
            <details open=move || !ticked_all(&ticked)>
                <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Choose types of events"</summary>
                <div class="grid gap-x-4">{each}</div>
            </details>
            <p id="events-note" class="field-error empty:hidden">{wrong}</p>
        </fieldset>
        <label class="flex min-h-11 items-center gap-2.5">
            <input type="checkbox" name="full" value="yes" class="checkbox" checked=is_full aria-describedby="full-note" />
            "With names, numbers and texts"
        </label>
        <p id="full-note" class="field-hint">"Without, it gets ids and states alone, and reads the rest with an API key if it may."</p>
    }
}

fn ticked_all(ticked: &str) -> bool {
    ticked.split(' ').any(|one| one == "*")
}
