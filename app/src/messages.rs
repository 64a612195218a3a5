//! Texts: sending a reply, and how a message looks in a thread.

mod later;
mod log;

pub use later::SendLater;
pub use log::LogPage;

use later::Held;

use contract::{
    Code,
    appointments::AppointmentView,
    live::LiveEvent,
    messages::{Direction, MessageView},
};
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use crate::{
    components::{DeliveryMark, Icon, PressButton, TimeFormat, Timestamp},
    conversations::{Outbox, Pending},
    error::AppError,
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// What the button says that takes the time from the field beside it.
pub const PICK: &str = "pick";

/// A reply by the person signed in. The same `correlation_id` twice is one message. `send_at` is a moment, or that the time is in
/// `send_local`, by the clock of the business; at once if both are empty.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn reply(
    conversation_id: Uuid,
    contact_id: Uuid,
    body: String,
    correlation_id: String,
    #[server(default)] after: Option<Uuid>,
    #[server(default)] send_at: String,
    #[server(default)] send_local: String,
) -> Result<MessageView, AppError> {
    let form = ssr::Form::new(reply_form(conversation_id), format!("/inbox/{conversation_id}"))
        .typed("body", &body)
        .typed("send_local", &send_local);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let pick = send_at == PICK;
        if pick && send_local.is_empty() {
            return Err(AppError(contract::Problem::field(
                "send_at",
                "Please choose a date and a time first.",
            )));
        }
        let chosen = if pick || send_at.is_empty() { send_local } else { send_at };
        let command = contract::messages::SendMessage {
            channel: None,
            contact_id,
            body,
            correlation_id: Some(correlation_id),
            after_message_id: after,
            send_at: services::outbox::time_of(&s, &actor, &chosen).await?,
        };
        Ok(services::outbox::send(&s, &actor, command).await?)
    };
    ssr::post_form(form, work, |_| None).await
}

/// Whether a text arrived that Twilio can't tell of. `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn settle_message(message_id: Uuid, arrived: bool, back: String) -> Result<MessageView, AppError> {
    let command = contract::messages::SettleMessage { message_id, arrived };
    let work = async move { Ok(services::delivery::settle(&ssr::services()?, &ssr::actor().await?, command).await?) };
    ssr::button_action(&back, work).await
}

/// The reminder of a visit on WhatsApp, by an approved wording. `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn send_on_whatsapp(appointment_id: Uuid, back: String) -> Result<AppointmentView, AppError> {
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        Ok(services::reminders::send_on_whatsapp(&s, &actor, appointment_id).await?)
    };
    ssr::button_action(&back, work).await
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
        (true, None, "moved") => "New time".to_owned(),
        (true, None, _) => "Automatic".to_owned(),
    };
    let by_mail = message.channel == "email";
    // Texts are what is usual.
    let way = match message.channel.as_str() {
        "email" => Some("E-mail"),
        "whatsapp" => Some("WhatsApp"),
        _ => None,
    };
    let way = way.map(|way| view! { <span>{way}</span> });
    let why = message.chosen_because.clone().map(|why| view! { <span>{why}</span> });
    let held = (message.undo_until.is_some() || message.is_for_later()).then(|| view! { <Held message=message.clone() /> });
    let from = if ours { "You: " } else { "Customer: " };
    let state = ours.then(|| {
        view! {
            <span class="inline-flex items-center gap-1">
                <DeliveryMark status=message.status.clone() />
                {message.status_words}
            </span>
        }
    });
    let task = (!ours).then(|| {
        view! {
            <a class="link link-hover" href=format!("/tasks/new?message={}", message.id)>
                "Make a task"
            </a>
        }
    });
    let question = message
        .to_settle
        .then(|| view! { <Question message_id=message.id back=format!("/inbox/{}", message.conversation_id) /> });
    let error = why_not(message.error, message.error_code.filter(|_| !by_mail))
        .map(|words| view! { <span class="font-medium text-error">{words}</span> });
    view! {
        <div class=class dir="auto">
            <span class="sr-only">{from}</span>
            <span class:italic=message.removed>{message.body}</span>
        </div>
        <p class="bubble-meta flex-wrap" data-status=message.status>
            <Timestamp at=message.created_at say=TimeFormat::Clock />
            <span class="empty:hidden">{who}</span>
            {way}
            {why}
            {state}
            {task}
            {error}
        </p>
        {held}
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
            <p>"Nobody can tell whether this was sent. Please ask the customer."</p>
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
            <Icon icon />
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
    let edited = pending.clone();
    // Somebody else wrote meanwhile: whether it still fits is for a person to say.
    let problem = pending.problem.as_ref();
    let again = if let Some(kept) = problem.and_then(|problem| problem.conflicts_with) {
        view! {
            <a class="btn btn-xs min-h-11 md:min-h-6" href=format!("/contacts/{kept}")>
                "Who they are now"
            </a>
        }
        .into_any()
    } else if problem.is_some_and(|problem| problem.code == Code::Conflict) {
        view! {
            <button type="button" class="btn btn-xs min-h-11 md:min-h-6" on:click=move |_| outbox.send_anyway(retry.clone())>
                "Send anyway"
            </button>
            <button type="button" class="btn btn-xs min-h-11 md:min-h-6" on:click=move |_| outbox.edit(&edited)>
                "Edit"
            </button>
        }
        .into_any()
    } else {
        view! {
            <button type="button" class="btn btn-xs min-h-11 md:min-h-6" on:click=move |_| outbox.send(retry.clone())>
                "Retry"
            </button>
        }
        .into_any()
    };
    let state = match pending.problem {
        None if pending.waits => view! { <span>"Waits for the connection, and leaves by itself then."</span> }.into_any(),
        None => view! { <span>"Sending…"</span> }.into_any(),
        Some(problem) => view! {
            <span class="font-semibold text-error">"Not sent"</span>
            <span>{problem.detail}</span>
            {again}
            <button type="button" class="btn btn-ghost btn-xs min-h-11 md:min-h-6" on:click=move |_| outbox.discard(&discard)>
                "Discard"
            </button>
        }
        .into_any(),
    };
    view! {
        <div class=class dir="auto">{pending.body}</div>
        <p class="bubble-meta flex-wrap items-center">{state}</p>
    }
}
