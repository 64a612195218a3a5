//! Where Twilio posts what comes to the business's numbers.

use contract::numbers::{TwilioView, WebhookView};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::PATH;
use super::put;
use crate::{
    components::{CopyLine, TimeFormat, Timestamp},
    error::AppError,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FORM: &str = "webhooks";

/// `take_over` is there if the box was ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn configure_webhooks(#[server(default)] take_over: Option<String>) -> Result<TwilioView, AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        services::numbers::webhooks::configure(&s, &actor, take_over.is_some()).await?;
        Ok(services::pages::twilio::connection(&s, &actor, None).await?)
    };
    ssr::post_form(ssr::Form::new(FORM, PATH), work, |_| None).await
}

#[component]
pub fn Webhooks(all: RwSignal<TwilioView>) -> impl IntoView {
    let (inbound, status) = all.with_untracked(|all| (all.webhook_inbound.clone(), all.webhook_status.clone()));
    let action = ServerAction::<ConfigureWebhooks>::new();
    let form = FormState::new(FORM, action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    let found = Memo::new(move |_| all.with(|all| all.webhooks.clone()));
    let list = move || found.get().into_iter().map(|one| view! { <Found one /> }).collect_view();
    let button = move || {
        (!found.read().is_empty()).then(|| {
            view! {
                <ActionForm action attr:class="flex flex-col gap-2">
                    <FormNote form saved="Done; see each number below." />
                    <label class="flex min-h-11 items-center gap-2.5">
                        <input type="checkbox" name="take_over" value="yes" class="checkbox" />
                        "Also where another address stands"
                    </label>
                    <div>
                        <Submit form label="Configure at Twilio" />
                    </div>
                </ActionForm>
            }
        })
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="webhooks-heading">
            <h2 id="webhooks-heading">"Webhook addresses"</h2>
            <CopyLine label="Incoming messages" text=inbound />
            <CopyLine label="Delivery status" text=status />
            <p class="text-sm text-muted">
                "Enter the first at each number in Twilio’s console, or let Showup do it for all of them. Every text carries the second by itself."
            </p>
            {button}
            <ul class="flex flex-col gap-2 empty:hidden" aria-live="polite">
                {list}
            </ul>
        </section>
    }
}

#[component]
fn Found(one: WebhookView) -> impl IntoView {
    let class = match one.state.as_deref() {
        Some("here" | "set") => "text-sm text-success",
        None => "text-sm text-muted",
        Some(_) => "text-sm text-error",
    };
    view! {
        <li class="rounded border border-base-300 p-3" data-webhook=one.state>
            <p class="font-medium">
                <span class="tabular">{one.phone_display}</span>
                {one
                    .at
                    .map(|at| {
                        view! {
                            <span class="text-sm font-normal text-muted">" · " <Timestamp at say=TimeFormat::Relative /></span>
                        }
                    })}
            </p>
            <p class=class>{one.words}</p>
            {one
                .was
                .map(|was| {
                    view! {
                        <p class="text-sm break-all text-muted">"Before: " {was}</p>
                    }
                })}
        </li>
    }
}
