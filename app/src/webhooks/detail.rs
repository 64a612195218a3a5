//! One webhook: how it stands, its secret, and what it was told.

use contract::{
    Page,
    live::LiveEvent,
    webhooks::{Resent, WebhookDeliveryView, WebhookEndpointView, WebhookSecret},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use uuid::Uuid;

use super::{
    PATH, RESEND, RemoveWebhook, ResendWebhooks, SECRET, ShowSecret, ShowWebhookSecret as AskSecret, SwitchWebhook, TestWebhook,
    form::Change, get_webhook, hears, log::Log, state_of,
};
use crate::{
    components::{Awaited, Icon, TimeFormat, Timestamp},
    error::AppError,
    flash::{Flash, OUTCOME},
    forms::{Choice, FormNote, FormState, Submit},
    session::use_session,
};

/// What the page asks for: which webhook, deliveries of which state, from where on.
type Asked = (Option<Uuid>, Option<String>, Option<String>);

#[component]
pub fn DetailPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| -> Asked {
        let id = params.read().get("id").and_then(|id| id.parse().ok());
        query.with(|query| {
            let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
            (id, given("status"), given("cursor"))
        })
    });
    let found = Resource::new_blocking(
        move || asked.get(),
        |(id, status, cursor)| async move {
            match id {
                Some(id) => get_webhook(id, status, cursor).await,
                None => Err(AppError::new(contract::Code::NotFound, "There is no such webhook.")),
            }
        },
    );
    use_session()
        .live
        .refetch_on(|event| matches!(event, LiveEvent::Notices(_)), move || found.refetch());
    let again = Callback::new(move |()| found.refetch());
    let body = move |(webhook, page): (WebhookEndpointView, Page<WebhookDeliveryView>)| {
        let (_, status, cursor) = asked.get_untracked();
        view! { <Body webhook page status cursor again /> }
    };
    view! {
        <div class="flex max-w-3xl flex-col gap-4 p-4">
            <Awaited from=found view=body />
        </div>
    }
}

#[component]
fn Body(
    webhook: WebhookEndpointView,
    page: Page<WebhookDeliveryView>,
    status: Option<String>,
    cursor: Option<String>,
    again: Callback<()>,
) -> impl IntoView {
    let id = webhook.id;
    let (icon, state) = state_of(&webhook);
    let what = if webhook.full {
        "with names, numbers and texts"
    } else {
        "ids and states alone"
    };
    let about = format!("{state} · hears of {}, {what}", hears(&webhook));
    view! {
        <Title text="Webhook" />
        <div class="flex flex-wrap items-start justify-between gap-2">
            <h1 class="min-w-0 break-all">{webhook.url.clone()}</h1>
            <a class="link flex min-h-11 items-center text-sm md:min-h-8" href=PATH>"All webhooks"</a>
        </div>
        <p class="flex items-center gap-2 text-sm text-muted"><Icon icon size="1em" /> {about}</p>
        <Trouble webhook=webhook.clone() again />
        <section class="panel flex flex-col gap-2 p-5" aria-labelledby="use-heading">
            <h2 id="use-heading">"This webhook"</h2>
            <div class="flex flex-wrap gap-2">
                {(!webhook.disabled).then(|| view! { <Test id again /> })}
                {(!webhook.disabled).then(|| view! { <Switch id on=false again /> })}
            </div>
            <Secret id />
            <Change webhook=webhook.clone() again />
            <Resend id again />
            <Remove id />
        </section>
        <Log endpoint=id page status cursor />
    }
}

/// Why nothing arrives, and what can be done.
#[component]
fn Trouble(webhook: WebhookEndpointView, again: Callback<()>) -> impl IntoView {
    let id = webhook.id;
    if webhook.disabled {
        let since = webhook
            .disabled_at
            .map(|at| view! { " Since " <Timestamp at say=TimeFormat::Inline /> "." });
        return view! {
            <div class="notice notice-warning flex flex-wrap items-center gap-3" role="status">
                <p class="flex-1">
                    "It is switched off. " {webhook.why.unwrap_or_default()} {since}
                    " What happens meanwhile waits for 30 days and goes out when it is on again."
                </p>
                <Switch id on=true again />
            </div>
        }
        .into_any();
    }
    webhook
        .failing_since
        .map(|at| {
            view! {
                <div class="notice notice-warning" role="status">
                    <p>
                        "Nothing has arrived since " <Timestamp at say=TimeFormat::Inline />
                        ". It is tried again and again; after three days without success it is switched off, and you are told by mail."
                    </p>
                </div>
            }
        })
        .into_any()
}

/// A single button: what it answers is told to the page, which then looks anew.
fn press<S>(action: ServerAction<S>, again: Callback<()>)
where
    S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    let session = use_session();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(_)) => again.run(()),
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
}

#[component]
fn Test(id: Uuid, again: Callback<()>) -> impl IntoView {
    let action = ServerAction::<TestWebhook>::new();
    press(action, again);
    view! {
        <form method="post" action=TestWebhook::url() on:submit=move |event| {
            event.prevent_default();
            action.dispatch(TestWebhook { id });
        }>
            <input type="hidden" name="id" value=id.to_string() />
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=move || action.pending().get().to_string()>
                <Icon icon=icondata::LuSend />
                "Send a test"
            </button>
        </form>
    }
}

#[component]
fn Switch(id: Uuid, on: bool, again: Callback<()>) -> impl IntoView {
    let action = ServerAction::<SwitchWebhook>::new();
    press(action, again);
    let (value, words) = if on { ("yes", "Switch on") } else { ("", "Switch off") };
    view! {
        <form method="post" action=SwitchWebhook::url() on:submit=move |event| {
            event.prevent_default();
            action.dispatch(SwitchWebhook { id, on: value.to_owned() });
        }>
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="on" value=value />
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=move || action.pending().get().to_string()>
                {words}
            </button>
        </form>
    }
}

/// What came of a form without a script, if it is of this form.
fn left<T: serde::de::DeserializeOwned>(flash: Option<&Flash>, form: &str) -> Option<T> {
    let flash = flash.filter(|flash| flash.form == form)?;
    serde_json::from_str(flash.typed.get(OUTCOME)?).ok()
}

#[component]
fn Secret(id: Uuid) -> impl IntoView {
    let session = use_session();
    let before = left::<WebhookSecret>(session.flash().as_ref(), SECRET).filter(|secret| secret.id == id);
    let shown = RwSignal::new(before);
    let action = ServerAction::<AskSecret>::new();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(secret)) => shown.set(Some(secret)),
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
    let button = move |renew: &'static str, words: &'static str| {
        view! {
            <form method="post" action=AskSecret::url() on:submit=move |event| {
                event.prevent_default();
                action.dispatch(AskSecret { id, renew: renew.to_owned() });
            }>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="renew" value=renew />
                <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">{words}</button>
            </form>
        }
    };
    view! {
        <div class="flex flex-wrap gap-2">{button("", "Show the secret")} {button("yes", "Renew the secret")}</div>
        <div role="status">{move || shown.get().map(|secret| view! { <ShowSecret secret /> })}</div>
    }
}

#[component]
fn Resend(id: Uuid, again: Callback<()>) -> impl IntoView {
    let flash = use_session().flash();
    let before = left::<Resent>(flash.as_ref(), RESEND);
    let action = ServerAction::<ResendWebhooks>::new();
    let form = FormState::new(RESEND, action, flash);
    let came = Signal::derive(move || action.value().get().and_then(Result::ok).or(before.clone()));
    Effect::new(move |_| {
        if let Some(Ok(_)) = action.value().get() {
            again.run(());
        }
    });
    let open = form.is_shown_again();
    let hours = [
        ("1", "the last hour"),
        ("24", "the last day"),
        ("168", "the last week"),
        ("720", "the last 30 days"),
    ];
    let hours = hours.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    let said = move || {
        came.get().map(|came| match (came.resent, came.more) {
            (0, _) => "There is nothing to post again.".to_owned(),
            (n, false) => format!("Posted again: {n}."),
            (n, true) => format!("Posted again: {n}, the oldest of them. There are more."),
        })
    };
    view! {
        <details open=open>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Post again what was given up"</summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-2">
                <FormNote form />
                <p role="status" class="text-sm font-semibold empty:hidden">{said}</p>
                <input type="hidden" name="id" value=id.to_string() />
                <Choice form name="hours" label="What happened in" options=hours value="24" />
                <label class="flex min-h-11 items-center gap-2.5">
                    <input type="checkbox" name="delivered" value="yes" class="checkbox" />
                    "Also what has arrived"
                </label>
                <div>
                    <Submit form label="Post again" />
                </div>
            </ActionForm>
        </details>
    }
}

/// Asks first: it can't be undone.
#[component]
fn Remove(id: Uuid) -> impl IntoView {
    let action = ServerAction::<RemoveWebhook>::new();
    let form = FormState::new("remove-webhook", action, use_session().flash());
    view! {
        <details>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Remove…"</summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-2">
                <FormNote form />
                <input type="hidden" name="id" value=id.to_string() />
                <p>"Remove this webhook? What it was told is forgotten with it."</p>
                <div>
                    <Submit form label="Remove it" quiet=true />
                </div>
            </ActionForm>
        </details>
    }
}
