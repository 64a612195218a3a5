//! A text to one's own phone, to see whether texts arrive.

use contract::messages::MessageView;
use leptos::prelude::*;
use uuid::Uuid;

use super::Here;
use crate::{
    components::Icon,
    error::AppError,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const FORM: &str = "test-text";

/// `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn send_test_text(phone: String, correlation_id: String, back: String) -> Result<MessageView, AppError> {
    let form = ssr::Form::new(FORM, back).typed("phone", &phone);
    let test = contract::messages::SendTest {
        phone,
        correlation_id: Some(correlation_id).filter(|id| !id.is_empty()),
    };
    let work = async move { Ok(services::outbox::send_test(&ssr::services()?, &ssr::actor().await?, test).await?) };
    ssr::post_form(form, work, |_| None).await
}

#[component]
pub fn Trial(here: Memo<Here>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SendTestText>::new();
    let form = FormState::new(FORM, action, session.flash());
    // Pressed twice it is one text; another try is another one.
    let correlation_id = RwSignal::new(Uuid::now_v7().to_string());
    Effect::new(move |_| {
        action.version().get();
        correlation_id.set(Uuid::now_v7().to_string());
    });
    let open = form.is_shown_again();
    view! {
        <details id="trial" class="panel p-3" open=open>
            <summary class="flex min-h-11 w-fit cursor-pointer items-center gap-2 font-medium md:min-h-8">
                <Icon icon=icondata::LuSend />
                "Send a test message"
            </summary>
            <ActionForm action attr:class="flex max-w-md flex-col gap-3 pt-3">
                <input type="hidden" name="back" value=move || here.read().address() />
                <input type="hidden" name="correlation_id" value=correlation_id />
                <Field
                    form
                    name="phone"
                    label="To this phone"
                    kind="tel"
                    autocomplete="tel"
                    hint="Your own, for example. It costs what any text costs; the log says what becomes of it."
                    required=true
                />
                <FormNote form saved="It is on its way, and stands in the log." />
                <div>
                    <Submit form label="Send the test" />
                </div>
            </ActionForm>
        </details>
    }
}
