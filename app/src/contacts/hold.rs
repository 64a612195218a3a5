//! Somebody who seems to have asked for no more texts, until staff decide.

use contract::{
    contacts::{ContactView, Hold},
    live::LiveEvent,
};
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use crate::{
    components::{Icon, PressButton, TimeFormat, Timestamp},
    error::AppError,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn decide_hold(contact_id: Uuid, opt_out: bool, back: String) -> Result<ContactView, AppError> {
    let command = contract::contacts::DecideHold { contact_id, opt_out };
    let work = async move { Ok(services::tasks::decide_hold(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::button_action(&back, work).await
}

/// What they said, and the two answers.
#[component]
pub fn HoldNotice(contact_id: Uuid, hold: Hold, back: String) -> impl IntoView {
    let said = hold.said.map(
        |said| view! { <blockquote class="my-1.5 border-s-2 border-base-300 ps-2.5 whitespace-pre-wrap">{said}</blockquote> },
    );
    view! {
        <section class="notice notice-warning" aria-labelledby="hold-heading" data-hold="">
            <h2 id="hold-heading" class="text-base">
                "This person seems to have asked for no more texts."
            </h2>
            {said}
            <p class="text-sm">
                "On hold since " <Timestamp at=hold.since say=TimeFormat::Inline /> ": nothing goes out to them until you decide. Then what waits is sent, or taken back."
            </p>
            <div class="flex flex-wrap gap-2 pt-2.5">
                <Decide contact_id opt_out=false back=back.clone() words="Keep texting" icon=icondata::LuMessageSquare />
                <Decide contact_id opt_out=true back words="Opt them out" icon=icondata::LuBan />
            </div>
        </section>
    }
}

#[component]
fn Decide(contact_id: Uuid, opt_out: bool, back: String, words: &'static str, icon: icondata::Icon) -> impl IntoView {
    let fields = vec![
        ("contact_id", contact_id.to_string()),
        ("opt_out", opt_out.to_string()),
        ("back", back),
    ];
    let run = move || async move { Ok(LiveEvent::Contact(decide_hold(contact_id, opt_out, String::new()).await?)) };
    view! {
        <PressButton url=DecideHold::url() fields run>
            <Icon icon />
            {words}
        </PressButton>
    }
}

/// Beside a name.
#[component]
pub fn OnHold() -> impl IntoView {
    view! {
        <span class="state badge-waiting">
            <Icon icon=icondata::LuHand size="1em" />
            "On hold"
        </span>
    }
}
