//! What a webhook was told, and what became of it.

use contract::{
    Page,
    live::LiveEvent,
    webhooks::{WebhookDeliveryDetail, WebhookDeliveryView},
};
use domain::webhooks::Status;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

use super::{ResendWebhook, delivery_page, get_webhook_delivery, page_of};
use crate::{
    components::{Awaited, Empty, Icon, Pager, Tabs, TimeFormat, Timestamp},
    error::AppError,
    session::use_session,
};

#[component]
pub(super) fn Log(
    endpoint: Uuid,
    page: Page<WebhookDeliveryView>,
    status: Option<String>,
    cursor: Option<String>,
) -> impl IntoView {
    let chosen = status.as_deref().and_then(|word| word.parse::<Status>().ok());
    let shown = chosen.map_or("All", Status::label);
    let of = |status: Status| (status.label(), format!("{}?status={}", page_of(endpoint), status.as_str()));
    let tabs = vec![
        ("All", page_of(endpoint)),
        of(Status::Waiting),
        of(Status::Delivered),
        of(Status::Failed),
    ];
    let none = page.data.is_empty().then(
        || view! { <Empty title="Nothing here" next_step="What it is told stands here for 30 days. A test is the first." /> },
    );
    let rows = page.data.into_iter().map(|one| view! { <Row one /> }).collect_view();
    view! {
        <section class="flex flex-col gap-2" aria-labelledby="log-heading">
            <h2 id="log-heading">"What it was told"</h2>
            <Tabs label="Which of it" tabs current=Signal::stored(shown) />
            {none}
            <ul class="panel empty:hidden">{rows}</ul>
            <Pager path=page_of(endpoint) filter=vec![("status", status)] cursor next=page.next_cursor />
        </section>
    }
}

#[component]
fn Row(one: WebhookDeliveryView) -> impl IntoView {
    let (icon, state) = state_of(&one.status);
    view! {
        <li class="border-b border-base-300 last:border-b-0" data-testid="webhook-delivery">
            <a class="flex min-h-11 flex-wrap items-center gap-x-4 gap-y-1 p-3 hover:bg-base-200" href=delivery_page(one.id)>
                <code class="min-w-0 flex-1 font-medium">{one.event.clone()}</code>
                <span class="flex items-center gap-2 text-sm">
                    <Icon icon size="1em" />
                    {state} {tries(&one)}
                </span>
                <span class="text-sm text-muted"><Timestamp at=one.created_at /></span>
                <span class="w-full text-sm text-muted empty:hidden">{one.why.clone()}</span>
            </a>
        </li>
    }
}

fn state_of(word: &str) -> (icondata::Icon, &'static str) {
    let status = word.parse::<Status>().unwrap_or(Status::Waiting);
    let icon = match status {
        Status::Waiting => icondata::LuClock,
        Status::Sending => icondata::LuSend,
        Status::Delivered => icondata::LuCircleCheck,
        Status::Failed => icondata::LuCircleX,
    };
    (icon, status.label())
}

fn tries(one: &WebhookDeliveryView) -> String {
    match one.attempts {
        0 | 1 => String::new(),
        n => format!(" · {n} tries"),
    }
}

#[component]
pub fn DeliveryPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").and_then(|id| id.parse::<Uuid>().ok()));
    let found = Resource::new_blocking(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => get_webhook_delivery(id).await,
                None => Err(AppError::new(contract::Code::NotFound, "There is no such delivery.")),
            }
        },
    );
    use_session()
        .live
        .refetch_on(|event| matches!(event, LiveEvent::Notices(_)), move || found.refetch());
    let again = Callback::new(move |()| found.refetch());
    view! {
        <Title text="What a webhook was told" />
        <div class="flex max-w-3xl flex-col gap-4 p-4">
            <Awaited from=found view=move |found| view! { <One found again /> } />
        </div>
    }
}

#[component]
fn One(found: WebhookDeliveryDetail, again: Callback<()>) -> impl IntoView {
    let WebhookDeliveryDetail { delivery: one, body } = found;
    let (icon, state) = state_of(&one.status);
    let next = one
        .next_at
        .map(|at| view! { " · next try " <Timestamp at say=TimeFormat::Inline /> });
    let answer = match (one.answer_status, one.took_ms) {
        (Some(code), Some(took)) => format!("{code}, after {took} ms"),
        (Some(code), None) => code.to_string(),
        (None, _) if one.attempts == 0 => "None yet.".to_owned(),
        (None, _) => "None.".to_owned(),
    };
    let said = one.answer_body.clone().filter(|said| !said.is_empty());
    let (endpoint, id) = (one.endpoint_id, one.id);
    let sending = one.status == Status::Sending.as_str();
    view! {
        <div class="flex flex-wrap items-start justify-between gap-2">
            <h1><code>{one.event.clone()}</code></h1>
            <a class="link flex min-h-11 items-center text-sm md:min-h-8" href=page_of(endpoint)>"Its webhook"</a>
        </div>
        <p class="flex flex-wrap items-center gap-2 text-sm">
            <Icon icon size="1em" />
            <span>
                {state} {tries(&one)} {next} " · happened " <Timestamp at=one.created_at say=TimeFormat::Inline />
            </span>
        </p>
        <p class="text-sm text-muted empty:hidden">{one.why.clone()}</p>
        {(!sending).then(|| view! { <Again id again /> })}
        <section class="panel flex flex-col gap-2 p-5" aria-labelledby="sent-heading">
            <h2 id="sent-heading">"What is posted"</h2>
            <p class="text-sm text-muted">"webhook-id: " <code>{id.to_string()}</code></p>
            <pre class="overflow-x-auto rounded bg-base-200 p-3 text-sm whitespace-pre-wrap wrap-anywhere" tabindex="0" role="region" aria-label="Its body">{body}</pre>
        </section>
        <section class="panel flex flex-col gap-2 p-5" aria-labelledby="answer-heading">
            <h2 id="answer-heading">"The last answer"</h2>
            <p class="text-sm">{answer}</p>
            {said.map(|said| view! {
                <pre class="overflow-x-auto rounded bg-base-200 p-3 text-sm whitespace-pre-wrap wrap-anywhere" tabindex="0" role="region" aria-label="The last answer">{said}</pre>
            })}
        </section>
    }
}

#[component]
fn Again(id: Uuid, again: Callback<()>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<ResendWebhook>::new();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(_)) => again.run(()),
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
    view! {
        <form method="post" action=ResendWebhook::url() on:submit=move |event| {
            event.prevent_default();
            action.dispatch(ResendWebhook { id });
        }>
            <input type="hidden" name="id" value=id.to_string() />
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=move || action.pending().get().to_string()>
                <Icon icon=icondata::LuRotateCcw />
                "Post it again"
            </button>
        </form>
    }
}
