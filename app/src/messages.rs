//! Texts: sending a reply, and how a message looks in a thread.

mod log;

pub use log::LogPage;

use contract::{
    live::LiveEvent,
    messages::{Direction, MessageView},
};
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use crate::{
    components::{DeliveryMark, Glyph, PressButton, TimeFormat, Timestamp},
    conversations::{Outbox, Pending},
    error::AppError,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// A reply by the person signed in. The same `correlation_id` twice is one message.
#[server(prefix = "/api/fn")]
pub async fn reply(
    conversation_id: Uuid,
    contact_id: Uuid,
    body: String,
    correlation_id: String,
) -> Result<MessageView, AppError> {
    let form = ssr::Form::new(reply_form(conversation_id), format!("/inbox/{conversation_id}")).typed("body", &body);
    let command = contract::messages::SendMessage {
        channel: None,
        contact_id,
        body,
        correlation_id: Some(correlation_id),
    };
    let work = async move { Ok(services::outbox::send(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::door(form, work, |_| None).await
}

/// Whether a text arrived that Twilio can't tell of. `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn")]
pub async fn settle_message(message_id: Uuid, arrived: bool, back: String) -> Result<MessageView, AppError> {
    let command = contract::messages::SettleMessage { message_id, arrived };
    let work = async move { Ok(services::delivery::settle(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::press(&back, work).await
}

/// The name of the reply form in this conversation.
pub fn reply_form(conversation: Uuid) -> String {
    format!("reply-{conversation}")
}

#[component]
pub fn Bubble(message: MessageView) -> impl IntoView {
    let ours = message.direction == Direction::Outbound;
    let failed = matches!(message.status.as_str(), "failed" | "undelivered");
    let class = match (ours, failed) {
        (false, _) => "bubble bubble-in",
        (true, false) => "bubble bubble-out",
        (true, true) => "bubble bubble-out bubble-failed",
    };
    let who = match (ours, message.author.clone(), message.kind.as_str()) {
        (false, ..) => String::new(),
        (true, Some(author), _) => author,
        (true, None, "reminder") => "Reminder".to_owned(),
        (true, None, _) => "Automatic".to_owned(),
    };
    let from = if ours { "You: " } else { "Customer: " };
    let state = ours.then(|| {
        view! {
            <span class="inline-flex items-center gap-1">
                <DeliveryMark status=message.status.clone() />
                {message.status_words}
            </span>
        }
    });
    let question = message
        .to_settle
        .then(|| view! { <Question message_id=message.id back=format!("/inbox/{}", message.conversation_id) /> });
    let error =
        why_not(message.error, message.error_code).map(|words| view! { <span class="font-medium text-error">{words}</span> });
    view! {
        <div class=class dir="auto">
            <span class="sr-only">{from}</span>
            {message.body}
        </div>
        <p class="bubble-meta flex-wrap" data-status=message.status>
            <Timestamp at=message.created_at say=TimeFormat::Clock />
            <span class="empty:hidden">{who}</span>
            {state}
            {error}
        </p>
        {question}
    }
}

/// What went wrong, in words and with Twilio's code for those who look it up.
fn why_not(words: Option<String>, code: Option<i32>) -> Option<String> {
    let words = words?;
    Some(match code {
        Some(code) if !words.contains(&code.to_string()) => format!("{words} (Twilio {code})"),
        _ => words,
    })
}

/// Nobody but the customer can tell whether they got it.
#[component]
fn Question(message_id: Uuid, back: String) -> impl IntoView {
    view! {
        <section class="notice notice-warning mb-2.5" aria-label="Did it arrive?" data-settle="">
            <p>"Twilio can't tell whether this text was sent. Please ask the customer."</p>
            <div class="flex flex-wrap gap-2 pt-2.5">
                <Settle message_id arrived=true back=back.clone() words="It arrived" icon=icondata::LuCheck />
                <Settle message_id arrived=false back words="It did not arrive" icon=icondata::LuX />
            </div>
        </section>
    }
}

#[component]
fn Settle(message_id: Uuid, arrived: bool, back: String, words: &'static str, icon: icondata::Icon) -> impl IntoView {
    let fields = vec![
        ("message_id", message_id.to_string()),
        ("arrived", arrived.to_string()),
        ("back", back),
    ];
    let run = move || async move { Ok(LiveEvent::Message(settle_message(message_id, arrived, String::new()).await?)) };
    view! {
        <PressButton url=SettleMessage::url() fields run>
            <Glyph icon />
            {words}
        </PressButton>
    }
}

/// A reply that is on its way to the server, or did not get there.
#[component]
pub fn PendingBubble(pending: Pending, outbox: Outbox) -> impl IntoView {
    let (retry, discard) = (pending.clone(), pending.correlation_id.clone());
    let class = if pending.problem.is_some() {
        "bubble bubble-out bubble-failed"
    } else {
        "bubble bubble-out bubble-pending"
    };
    let state = match pending.problem {
        None => view! { <span>"Sending…"</span> }.into_any(),
        Some(problem) => view! {
            <span class="font-semibold text-error">"Not sent"</span>
            <span>{problem.detail}</span>
            <button type="button" class="btn btn-xs min-h-11 md:min-h-6" on:click=move |_| outbox.send(retry.clone())>
                "Retry"
            </button>
            <button type="button" class="btn btn-ghost btn-xs min-h-11 md:min-h-6" on:click=move |_| outbox.remove(&discard)>
                "Discard"
            </button>
        }
        .into_any(),
    };
    view! {
        <div class=class>{pending.body}</div>
        <p class="bubble-meta flex-wrap items-center">{state}</p>
    }
}
