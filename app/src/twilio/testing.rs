//! A test message, and what Twilio says of it while one watches.

use contract::numbers::{TestView, TwilioView};
use leptos::prelude::*;
use uuid::Uuid;

#[cfg(feature = "ssr")]
use super::PATH;
use super::put;
use crate::{
    components::{TimeFormat, Timestamp},
    error::AppError,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FORM: &str = "twilio-test";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn send_connection_test(phone: String, #[server(default)] correlation_id: String) -> Result<TwilioView, AppError> {
    let form = ssr::Form::new(FORM, PATH).typed("phone", &phone);
    let test = contract::messages::SendTest {
        phone,
        correlation_id: Some(correlation_id).filter(|id| !id.is_empty()),
    };
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let sent = services::outbox::send_connection_test(&s, &actor, test).await?;
        Ok(services::pages::twilio::connection(&s, &actor, Some(sent.id)).await?)
    };
    let shown = |view: &TwilioView| view.test.as_ref().map(|test| format!("{PATH}?test={}", test.message_id));
    ssr::post_form(form, work, shown).await
}

#[component]
pub fn Testing(all: RwSignal<TwilioView>) -> impl IntoView {
    let action = ServerAction::<SendConnectionTest>::new();
    let form = FormState::new(FORM, action, use_session().flash());
    put(Signal::derive(move || action.value().get()), all);
    // Pressed twice it is one text; another try is another one.
    let correlation_id = RwSignal::new(Uuid::now_v7().to_string());
    Effect::new(move |_| {
        action.version().get();
        correlation_id.set(Uuid::now_v7().to_string());
    });
    let test = Memo::new(move |_| all.with(|all| all.test.clone()));
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="test-heading">
            <h2 id="test-heading">"Test message"</h2>
            <ActionForm action attr:class="flex flex-col gap-3">
                <input type="hidden" name="correlation_id" value=correlation_id autocomplete="off" />
                <FormNote form />
                <Field form name="phone" label="Your own mobile number" kind="tel" required=true hint="It costs as much as any text." />
                <div>
                    <Submit form label="Send a test" />
                </div>
            </ActionForm>
            <div aria-live="polite">{move || test.get().map(|test| view! { <Heard test /> })}</div>
        </section>
    }
}

#[component]
fn Heard(test: TestView) -> impl IntoView {
    let nothing = test.heard.is_empty().then(|| {
        view! { <li class="text-sm text-muted">"Twilio has said nothing yet. If it stays so, it can’t reach the address for delivery status."</li> }
    });
    let list = test
        .heard
        .into_iter()
        .map(|one| {
            let said = one.status.clone();
            view! {
                <li class="text-sm" data-heard=said>
                    <span class="font-medium">{one.status}</span>
                    {one.error_code.map(|code| format!(" (error {code})"))}
                    <span class="text-muted">" · " <Timestamp at=one.at say=TimeFormat::Clock /></span>
                </li>
            }
        })
        .collect_view();
    let (status, words) = (test.status.clone(), format!("To {}: {}", test.to, test.status));
    view! {
        <p class="font-medium" data-test=status>
            {words}
        </p>
        {test.why.map(|why| view! { <p class="text-sm text-error">{why}</p> })}
        <h3 class="field-label pt-2">"Heard from Twilio"</h3>
        <ol class="flex flex-col gap-1">{nothing} {list}</ol>
    }
}
