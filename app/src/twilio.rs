//! The Twilio account the business texts through: connecting one, its keys, its numbers' addresses, and a test message.

mod account;
mod keys;
mod testing;
mod webhooks;

use contract::{live::LiveEvent, numbers::TwilioView};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

use crate::{components::Awaited, error::AppError, session::use_session};
use account::Account;
use keys::Keys;
use testing::Testing;
use webhooks::Webhooks;

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/settings/twilio";

/// `test`: a message whose callbacks are shown.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_twilio(#[server(default)] test: Option<Uuid>) -> Result<TwilioView, AppError> {
    Ok(services::pages::twilio::connection(&ssr::services()?, &ssr::actor().await?, test).await?)
}

/// A server function's answer, if there is one yet.
type Answer = Option<Result<TwilioView, AppError>>;

/// What was changed is shown; the test message stays.
fn put(answer: Signal<Answer>, all: RwSignal<TwilioView>) {
    Effect::new(move |_| {
        if let Some(Ok(new)) = answer.get() {
            all.update(|all| {
                let test = all.test.take();
                *all = new;
                all.test = all.test.take().or(test);
            });
        }
    });
}

#[component]
pub fn TwilioPage() -> impl IntoView {
    let query = use_query_map();
    let test = move || query.read().get("test").and_then(|id| id.parse::<Uuid>().ok());
    let found = Resource::new_blocking(test, get_twilio);
    view! {
        <Title text="Twilio" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div class="flex flex-wrap items-baseline justify-between gap-2">
                <h1>"Twilio"</h1>
                <a class="link flex min-h-11 items-center text-sm md:min-h-8" href="/settings/numbers">
                    "Numbers"
                </a>
            </div>
            <Awaited from=found view=|found| view! { <All found /> } />
        </div>
    }
}

#[component]
fn All(found: TwilioView) -> impl IntoView {
    let session = use_session();
    let all = RwSignal::new(found);
    let again = move || {
        let test = all
            .try_with_untracked(|all| all.test.as_ref().map(|test| test.message_id))
            .flatten();
        spawn_local(async move {
            if let Ok(new) = get_twilio(test).await {
                all.try_set(new);
            }
        });
    };
    // What is heard of the test message changes nothing else here.
    let is_test = move |event: &LiveEvent| match event {
        LiveEvent::Message(m) => all
            .try_with_untracked(|all| all.test.as_ref().is_some_and(|test| test.message_id == m.id))
            .unwrap_or_default(),
        LiveEvent::Notices(_) => true,
        _ => false,
    };
    session.live.refetch_on(is_test, again);
    view! {
        <Account all />
        <Webhooks all />
        <Testing all />
        <Keys all />
    }
}
