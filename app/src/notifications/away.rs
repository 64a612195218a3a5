//! Whether this person gets new conversations.

use leptos::prelude::*;

use crate::{
    accounts::SetAway,
    forms::{FormNote, FormState, Submit},
    session::use_session,
};

#[component]
pub fn Availability() -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<SetAway>::new();
    let form = FormState::new(SetAway::FORM, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(now)) = action.value().get() {
            session.away.set(now);
        }
    });
    let words = move || {
        if session.away.get() {
            "You are away: new conversations go to others. Those that are yours stay yours."
        } else {
            "You are available: new conversations may be given to you, if your business gives them out by itself."
        }
    };
    let button = move || {
        if session.away.get() {
            view! { <Submit form label="I’m back" /> }
        } else {
            view! { <Submit form label="I’m away" /> }
        }
    };
    view! {
        <section id="availability" class="panel flex flex-col gap-4 p-5" aria-labelledby="availability-heading">
            <h2 id="availability-heading">"Availability"</h2>
            <p role="status">{words}</p>
            <ActionForm action attr:class="flex flex-col gap-2">
                <FormNote form />
                <input type="hidden" name="away" value=move || (!session.away.get()).to_string() />
                <div>{button}</div>
            </ActionForm>
        </section>
    }
}
