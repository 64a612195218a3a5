//! Programs of others that are told what happens: a list, a page for each with what it was told, and a page for each of that.

mod detail;
mod form;
mod log;

pub use detail::DetailPage;
pub use log::DeliveryPage;

use contract::{
    Page,
    webhooks::{Resent, WebhookDeliveryDetail, WebhookDeliveryView, WebhookEndpointView, WebhookSecret},
};
use leptos::prelude::*;
use leptos_meta::Title;
use uuid::Uuid;

use crate::{
    components::{Awaited, CopyLine, Icon, TimeFormat, Timestamp},
    error::AppError,
    flash::OUTCOME,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const PATH: &str = "/settings/webhooks";
const NEW: &str = "webhook";
const SECRET: &str = "webhook-secret";
const RESEND: &str = "webhook-resend";

/// A webhook that was just made, and all of them.
type Made = (WebhookSecret, Vec<WebhookEndpointView>);

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_webhooks() -> Result<Vec<WebhookEndpointView>, AppError> {
    Ok(services::webhooks::list(&ssr::services()?, &ssr::actor().await?).await?)
}

/// `events` are types, or `*`; `full` is `yes` or nothing. A browser without a script gets the secret by way of its session, which the next
/// page empties.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn add_webhook(
    url: String,
    #[server(default)] events: Vec<String>,
    #[server(default)] full: String,
) -> Result<Made, AppError> {
    let form = ssr::Form::new(NEW, PATH)
        .typed("url", &url)
        .typed("events", &events.join(" "))
        .typed("full", &full);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let command = contract::webhooks::AddWebhookEndpoint {
            url,
            events,
            full: full == "yes",
        };
        let secret = services::webhooks::add(&s, &actor, command).await?;
        let all = services::webhooks::list(&s, &actor).await?;
        Ok((secret, all))
    };
    ssr::post_bulk_form(form, work).await
}

/// A webhook, and what it was told of the state that is asked for.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_webhook(
    id: Uuid,
    status: Option<String>,
    cursor: Option<String>,
) -> Result<(WebhookEndpointView, Page<WebhookDeliveryView>), AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let query = contract::webhooks::WebhookDeliveryQuery {
        status,
        cursor,
        limit: None,
    };
    let webhook = services::webhooks::get(&s, &actor, id).await?;
    Ok((webhook, services::webhooks::deliveries(&s, &actor, id, query).await?))
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn edit_webhook(
    id: Uuid,
    url: String,
    #[server(default)] events: Vec<String>,
    #[server(default)] full: String,
) -> Result<WebhookEndpointView, AppError> {
    let form = ssr::Form::new(form_name(id), page_of(id))
        .typed("url", &url)
        .typed("events", &events.join(" "))
        .typed("full", &full);
    let work = async move {
        let command = contract::webhooks::EditWebhookEndpoint {
            url: Some(url),
            events: Some(events),
            full: Some(full == "yes"),
            disabled: None,
        };
        Ok(services::webhooks::edit(&ssr::services()?, &ssr::actor().await?, id, command).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// `on` is `yes`, or anything else: it is told nothing for now.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn switch_webhook(id: Uuid, #[server(default)] on: String) -> Result<WebhookEndpointView, AppError> {
    let work = async move {
        let command = contract::webhooks::EditWebhookEndpoint {
            disabled: Some(on != "yes"),
            ..Default::default()
        };
        Ok(services::webhooks::edit(&ssr::services()?, &ssr::actor().await?, id, command).await?)
    };
    ssr::button_action(&page_of(id), work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn remove_webhook(id: Uuid) -> Result<(), AppError> {
    let form = ssr::Form::new("remove-webhook", page_of(id));
    let work = async move { Ok(services::webhooks::remove(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::post_form(form, work, |()| Some(PATH.to_owned())).await
}

/// `renew` is `yes`, or anything else: the one that there is.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn show_webhook_secret(id: Uuid, #[server(default)] renew: String) -> Result<WebhookSecret, AppError> {
    let form = ssr::Form::new(SECRET, page_of(id));
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        if renew == "yes" {
            return Ok(services::webhooks::rotate_secret(&s, &actor, id).await?);
        }
        Ok(services::webhooks::secret(&s, &actor, id).await?)
    };
    ssr::post_bulk_form(form, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn test_webhook(id: Uuid) -> Result<WebhookDeliveryView, AppError> {
    let work = async move { Ok(services::webhooks::test(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&page_of(id), work).await
}

/// What happened in the last `hours`; `delivered` is `yes` if what has arrived is told once more, too.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn resend_webhooks(id: Uuid, hours: u32, #[server(default)] delivered: String) -> Result<Resent, AppError> {
    let form = ssr::Form::new(RESEND, page_of(id)).typed("hours", &hours.to_string());
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let command = contract::webhooks::ResendWebhooks {
            since: s.now() - chrono::Duration::hours(i64::from(hours)),
            until: None,
            delivered: delivered == "yes",
        };
        Ok(services::webhooks::resend_since(&s, &actor, id, command).await?)
    };
    ssr::post_bulk_form(form, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_webhook_delivery(id: Uuid) -> Result<WebhookDeliveryDetail, AppError> {
    Ok(services::webhooks::delivery(&ssr::services()?, &ssr::actor().await?, id).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn resend_webhook(id: Uuid) -> Result<WebhookDeliveryView, AppError> {
    let work = async move { Ok(services::webhooks::resend(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(&delivery_page(id), work).await
}

fn page_of(id: Uuid) -> String {
    format!("{PATH}/{id}")
}

fn delivery_page(id: Uuid) -> String {
    format!("{PATH}/deliveries/{id}")
}

/// Each has a form of its own.
fn form_name(id: Uuid) -> String {
    format!("{NEW}-{id}")
}

/// What it hears of, in a few words.
fn hears(webhook: &WebhookEndpointView) -> String {
    match webhook.events.as_slice() {
        [one] if one == "*" => "everything".to_owned(),
        [one] => one.clone(),
        many => format!("{} types of events", many.len()),
    }
}

#[component]
pub fn ListPage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| list_webhooks());
    view! {
        <Title text="Webhooks" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"Webhooks"</h1>
                <p class="text-muted">
                    "Another program is called when something happens here: a visit is booked, a customer writes, a text fails. It gets ids and states; names, numbers and texts only if you say so. Calls are signed by "
                    <a class="link" href="https://www.standardwebhooks.com" rel="external">"Standard Webhooks"</a>
                    ", and what does not arrive is tried again for three days."
                </p>
            </div>
            <Awaited from=found view=|webhooks| view! { <All webhooks /> } />
        </div>
    }
}

#[component]
fn All(webhooks: Vec<WebhookEndpointView>) -> impl IntoView {
    let flash = use_session().flash();
    let made = flash.as_ref().filter(|flash| flash.form == NEW).and_then(|flash| {
        let outcome = flash.typed.get(OUTCOME)?;
        serde_json::from_str::<Made>(outcome).ok().map(|(secret, _)| secret)
    });
    let (all, made) = (RwSignal::new(webhooks), RwSignal::new(made));
    let list = move || all.get().into_iter().map(|one| view! { <One one /> }).collect_view();
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="webhooks-heading">
            <h2 id="webhooks-heading">"Programs that are called"</h2>
            <p class="text-muted" class:hidden=move || !all.read().is_empty()>
                "There is none."
            </p>
            <ul class="flex flex-col gap-2 empty:hidden">{list}</ul>
        </section>
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="new-heading">
            <h2 id="new-heading">"New webhook"</h2>
            <div role="status">{move || made.get().map(|secret| view! { <ShowSecret secret /> })}</div>
            // Anew after each change, so that its fields are empty again.
            {move || {
                all.track();
                view! { <form::New all made /> }
            }}
        </section>
    }
}

#[component]
fn One(one: WebhookEndpointView) -> impl IntoView {
    let (icon, state) = state_of(&one);
    view! {
        <li>
            <a class="flex min-h-11 flex-col gap-1 rounded border border-base-300 p-3 hover:bg-base-200" href=page_of(one.id)>
                <span class="font-medium break-all">{one.url.clone()}</span>
                <span class="flex flex-wrap items-center gap-2 text-sm text-muted">
                    <Icon icon size="1em" />
                    {state} " · hears of " {hears(&one)} " · made " <Timestamp at=one.created_at say=TimeFormat::Inline />
                </span>
            </a>
        </li>
    }
}

/// How it stands: a sign, and words for who does not see it.
fn state_of(one: &WebhookEndpointView) -> (icondata::Icon, &'static str) {
    if one.disabled {
        (icondata::LuBan, "switched off")
    } else if one.failing_since.is_some() {
        (icondata::LuTriangleAlert, "nothing arrives just now")
    } else {
        (icondata::LuCheck, "on")
    }
}

#[component]
fn ShowSecret(secret: WebhookSecret) -> impl IntoView {
    let both = secret.previous_secret_until.map(|at| {
        view! {
            <p>
                "Until " <Timestamp at say=TimeFormat::Inline />
                " calls are signed with the one before, too: change it at the receiver by then."
            </p>
        }
    });
    view! {
        <div class="notice notice-success flex flex-col gap-2" data-secret="">
            <p>"The receiver checks with this secret that a call is from here. Keep it where nobody else reads it."</p>
            <CopyLine label="The secret" text=secret.secret button="Copy secret" />
            {both}
        </div>
    }
}
