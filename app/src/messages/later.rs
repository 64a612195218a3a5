//! Replies that can still be taken back, and texts that were written for later.

use chrono::{DateTime, Utc};
use contract::{live::LiveEvent, messages::MessageView};
use domain::later;
use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn, task::spawn_local};
use uuid::Uuid;

use super::PICK;
use crate::{
    components::{Icon, PressButton},
    conversations::{Outbox, PresetWords},
    error::AppError,
    forms::as_text,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const SMALL: &str = "btn btn-xs min-h-11 md:min-h-7";

/// `action` is undo, cancel, send_now or resume. `back` is the page a browser without JavaScript returns to.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn act_on_held(id: Uuid, action: String, back: String) -> Result<MessageView, AppError> {
    use services::outbox;
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        Ok(match action.as_str() {
            "undo" => outbox::undo(&s, &actor, id).await?,
            "cancel" => outbox::cancel_one(&s, &actor, id).await?,
            "send_now" => outbox::send_now(&s, &actor, id).await?,
            "resume" => outbox::resume(&s, &actor, id).await?,
            _ => {
                let words = "This button said something that was not understood. Please load the page again.";
                return Err(AppError::new(contract::Code::Invalid, words));
            }
        })
    };
    ssr::button_action(&back, work).await
}

/// `send_at` is by the clock of the business.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn change_later(id: Uuid, body: String, send_at: String, back: String) -> Result<MessageView, AppError> {
    use services::outbox;
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let missing = || AppError(contract::Problem::field("send_at", "Please choose a date and a time."));
        let send_at = outbox::time_of(&s, &actor, &send_at).await?.ok_or_else(missing)?;
        let new = contract::messages::ChangeLater { body, send_at };
        Ok(outbox::change(&s, &actor, id, new).await?)
    };
    ssr::button_action(&back, work).await
}

/// What can be done with it while it waits.
#[component]
pub fn Held(message: MessageView) -> impl IntoView {
    let (id, conversation) = (message.id, message.conversation_id);
    let press = move |action, words, icon, key| view! { <Press id conversation action words icon key /> };
    let buttons = if message.undo_until.is_some() {
        press("undo", "Undo", icondata::LuUndo2, "z").into_any()
    } else {
        let go = if message.paused {
            press("resume", "Send anyway", icondata::LuSend, "")
        } else {
            press("send_now", "Send now", icondata::LuSend, "")
        };
        view! {
            {go}
            <Change message />
            {press("cancel", "Cancel", icondata::LuX, "")}
        }
        .into_any()
    };
    view! { <div class="flex flex-wrap items-start justify-end gap-2 pb-2.5" data-held="">{buttons}</div> }
}

#[component]
fn Press(
    id: Uuid,
    conversation: Uuid,
    action: &'static str,
    words: &'static str,
    icon: icondata::Icon,
    key: &'static str,
) -> impl IntoView {
    let outbox = use_context::<Outbox>();
    let fields = vec![
        ("id", id.to_string()),
        ("action", action.to_owned()),
        ("back", format!("/inbox/{conversation}")),
    ];
    let run = move || async move {
        let done = act_on_held(id, action.to_owned(), String::new()).await?;
        if let Some(outbox) = outbox.filter(|_| action == "undo") {
            outbox.put_back(conversation, done.body.clone());
        }
        Ok(LiveEvent::Message(done))
    };
    view! {
        <PressButton url=ActOnHeld::url() fields run class=SMALL key>
            <Icon icon size="1em" />
            {words}
        </PressButton>
    }
}

/// Other words, another time.
#[component]
fn Change(message: MessageView) -> impl IntoView {
    let session = use_session();
    let MessageView {
        id,
        conversation_id,
        body,
        send_at,
        ..
    } = message;
    let (area, time) = (NodeRef::<html::Textarea>::new(), NodeRef::<html::Input>::new());
    let zone = session.business.with_untracked(|business| business.time_zone.clone());
    let local = send_at.map(|at| at.with_timezone(&session.zone()).format("%Y-%m-%dT%H:%M").to_string());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(area), Some(time)) = (area.get_untracked(), time.get_untracked()) else {
            return;
        };
        let answer = change_later(id, area.value(), time.value(), String::new());
        spawn_local(async move { session.settle(answer.await.map(LiveEvent::Message)) });
    };
    view! {
        <details class="w-full max-w-md text-start">
            <summary class=SMALL>
                <Icon icon=icondata::LuPencil size="1em" />
                "Change"
            </summary>
            <form method="post" action=ChangeLater::url() on:submit=submit class="panel mt-2 flex flex-col gap-2 p-3">
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="back" value=format!("/inbox/{conversation_id}") />
                <label class="field-label">
                    "Text"
                    <textarea
                        node_ref=area
                        name="body"
                        rows="3"
                        required=true
                        maxlength="1600"
                        class="textarea w-full"
                        dir="auto"
                        inner_html=as_text(&body)
                    ></textarea>
                </label>
                <label class="field-label">
                    {format!("Time, by the clock of {zone}")}
                    <input node_ref=time type="datetime-local" name="send_at" value=local required=true class="input w-full" />
                </label>
                <div>
                    <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">
                        "Save"
                    </button>
                </div>
            </form>
        </details>
    }
}

/// Beside *Send*, in its form: times to send it at. `visit` is the customer's next appointment; `pick` sends what was typed at the time
/// that the field says.
#[component]
pub fn SendLater(visit: Signal<Option<DateTime<Utc>>>, typed: String, pick: impl Fn() + 'static) -> impl IntoView {
    let session = use_session();
    let zone = session.business.with_untracked(|business| business.time_zone.clone());
    let presets = move || {
        later::presets(session.now.get(), session.zone(), visit.get())
            .into_iter()
            .map(|(words, at)| {
                view! {
                    <button
                        type="submit"
                        name="send_at"
                        value=at.to_rfc3339()
                        class="btn btn-ghost btn-sm min-h-11 w-full justify-start md:min-h-9"
                    >
                        <PresetWords words at />
                    </button>
                }
            })
            .collect_view()
    };
    let open = !typed.is_empty();
    // Otherwise it would press the form's first button, which sends at once.
    let enter = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            pick();
        }
    };
    view! {
        <details class="menu-box" name="conversation-menu" open=open>
            <summary class="btn min-h-11">
                <Icon icon=icondata::LuCalendarClock />
                <span class="max-md:sr-only">"Later"</span>
            </summary>
            <div class="bottom-full mb-1 flex w-72 flex-col gap-1">
                <p class="px-2 text-sm text-muted">{format!("By the clock of {zone}")}</p>
                {presets}
                <div class="flex items-end gap-2 p-2">
                    <label class="field-label min-w-0 flex-1">
                        "Another time"
                        <input type="datetime-local" name="send_local" value=typed autocomplete="off" class="input w-full" on:keydown=enter />
                    </label>
                    <button type="submit" name="send_at" value=PICK class="btn min-h-11">
                        "Send then"
                    </button>
                </div>
            </div>
        </details>
    }
}
