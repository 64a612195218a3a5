//! What each person chooses for themselves.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    error::AppError,
    forms::{Choice, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// For how long a reply of this person can be taken back: 0, 5 or 10 seconds.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_undo_seconds(undo_seconds: String) -> Result<(), AppError> {
    let form = ssr::Form::new(UNDO, "/settings/own").typed("undo_seconds", &undo_seconds);
    let work = async move {
        // What is no number is none of those that are offered.
        let seconds = undo_seconds.trim().parse().unwrap_or(-1);
        Ok(services::accounts::set_undo_seconds(&ssr::services()?, &ssr::actor().await?, seconds).await?)
    };
    ssr::post_form(form, work, |()| None).await
}

/// The form about the person's own replies.
const UNDO: &str = "undo";

/// What is each person's own choice.
#[component]
pub fn OwnPage() -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SetUndoSeconds>::new();
    let form = FormState::new(UNDO, action, session.flash());
    let options = [(0, "Not at all"), (5, "5 seconds"), (10, "10 seconds")].map(|(n, words)| (n.to_string(), words.to_owned()));
    let value = session.me.with_value(|me| me.undo_seconds.to_string());
    view! {
        <Title text="Your replies" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <h1 id="own-heading">"Your replies"</h1>
            <section class="panel p-5" aria-labelledby="own-heading">
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved="Saved." />
                <Choice
                    form
                    name="undo_seconds"
                    label="Hold my replies"
                    options=options.to_vec()
                    value
                    hint="So long a reply waits with an Undo button before it goes out. It counts for you alone."
                />
                <div>
                    <Submit form label="Save" />
                </div>
            </ActionForm>
            </section>
        </div>
    }
}
