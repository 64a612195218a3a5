//! Writing a reply, or why there is nothing to write.

use contract::conversations::Composer as State;
use domain::segments;
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
    server_fn::ServerFn,
};
use uuid::Uuid;

use super::{Outbox, Pending, open::OpenThread};
use crate::{
    components::Glyph,
    contacts::HoldNotice,
    flash::Flash,
    messages::{Reply, reply_form},
    session::use_session,
};

#[component]
pub fn Composer(open: OpenThread, correlation_id: Uuid) -> impl IntoView {
    move || match open.composer.get() {
        State::Open => view! { <Form open correlation_id /> }.into_any(),
        State::OnHold(hold) => {
            let contact_id = open.contact.with_untracked(|contact| contact.id);
            view! {
                <div class="max-h-[50dvh] overflow-y-auto border-t border-base-300 p-3">
                    <HoldNotice contact_id hold back=format!("/inbox/{}", open.id) />
                    <Unsent id=open.id />
                </div>
            }
            .into_any()
        }
        State::Closed { reason, todo } => view! { <Closed id=open.id reason todo /> }.into_any(),
    }
}

/// What was written before it was known that nothing may be.
#[component]
fn Unsent(id: Uuid) -> impl IntoView {
    let unsent = expect_context::<Outbox>()
        .draft(id)
        .or_else(|| refused(id)?.typed.remove("body"));
    unsent.filter(|text| !text.trim().is_empty()).map(|text| {
        view! {
            <p class="pt-2 text-sm text-muted">"Not sent:"</p>
            <p class="whitespace-pre-wrap">{text}</p>
        }
    })
}

/// Why nothing may be written, and what to do.
#[component]
fn Closed(id: Uuid, reason: String, todo: String) -> impl IntoView {
    view! {
        <div role="status" class="border-t border-base-300 p-3">
            <div class="notice notice-warning">
                <p class="font-semibold">{reason}</p>
                <p>{todo}</p>
                <Unsent id />
            </div>
        </div>
    }
}

/// What the reply form of this conversation left when it was posted without JavaScript and refused.
fn refused(id: Uuid) -> Option<Flash> {
    use_session()
        .flash()
        .filter(|flash| flash.form == reply_form(id) && flash.problem.is_some())
}

#[component]
fn Form(open: OpenThread, correlation_id: Uuid) -> impl IntoView {
    let session = use_session();
    let outbox = expect_context::<Outbox>();
    let contact_id = open.contact.with_untracked(|contact| contact.id);
    let flash = refused(open.id);
    let before = flash.as_ref().and_then(|flash| flash.typed.get("body").cloned());
    let refused = flash.and_then(|flash| flash.problem).map(|problem| problem.detail);
    let text = outbox.draft(open.id).or(before).unwrap_or_default();
    let correlation = RwSignal::new(correlation_id.to_string());
    let draft = RwSignal::new(text.clone());
    let area = NodeRef::<html::Textarea>::new();
    // What was typed before this script came to life.
    Effect::new(move |_| {
        if let Some(area) = area.get() {
            draft.set(area.value());
        }
    });
    let typed = move |text: String| {
        outbox.keep_draft(open.id, text.clone());
        draft.set(text);
    };
    let send = move || {
        let Some(area) = area.get_untracked() else { return };
        let body = area.value();
        if body.trim().is_empty() {
            return;
        }
        area.set_value("");
        typed(String::new());
        let correlation_id = correlation.get_untracked();
        correlation.set(Uuid::now_v7().to_string());
        outbox.send(Pending {
            conversation_id: open.id,
            contact_id,
            correlation_id,
            body,
            at: session.now.get_untracked(),
            problem: None,
        });
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send();
    };
    let key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            send();
        }
    };
    view! {
        <form method="post" action=Reply::url() on:submit=submit class="border-t border-base-300 p-3">
            <input type="hidden" name="conversation_id" value=open.id.to_string() />
            <input type="hidden" name="contact_id" value=contact_id.to_string() />
            <input type="hidden" name="correlation_id" value=correlation autocomplete="off" />
            <p role="alert" class="field-error pb-1 empty:hidden">{refused}</p>
            <div class="flex items-baseline justify-between gap-3">
                <label for="reply-body" class="field-label">
                    "Reply"
                </label>
                <p id="reply-size" class="field-hint tabular text-end" aria-live="polite">
                    {move || size(&draft.read())}
                </p>
            </div>
            <div class="flex items-end gap-2 pt-1">
                <textarea
                    node_ref=area
                    id="reply-body"
                    name="body"
                    rows="2"
                    required=true
                    maxlength="1600"
                    class="textarea min-h-11 w-full flex-1 resize-none"
                    aria-describedby="reply-size"
                    autocomplete="off"
                    on:input:target=move |event| typed(event.target().value())
                    on:keydown=key
                >
                    {text}
                </textarea>
                <button type="submit" class="btn btn-primary min-h-11">
                    <Glyph icon=icondata::LuSend />
                    "Send"
                </button>
            </div>
        </form>
    }
}

/// What a text costs, in words: `38 characters · 1 text`. Nothing while there is none.
fn size(body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    let characters = body.chars().count();
    let segments::Segments { count, encoding, .. } = segments::count(body);
    let letters = if characters == 1 { "character" } else { "characters" };
    let texts = if count == 1 { "text" } else { "texts" };
    let why = if encoding == segments::Encoding::Ucs2 {
        " · emoji or special letters make texts shorter"
    } else {
        ""
    };
    format!("{characters} {letters} · {count} {texts}{why}")
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_text_says_what_it_costs() {
        assert_eq!(size("See you on Tuesday at three. Greetings"), "38 characters · 1 text");
        assert_eq!(size(""), "");
        assert_eq!(
            size("✂"),
            "1 character · 1 text · emoji or special letters make texts shorter"
        );
        assert_eq!(size(&"a".repeat(161)), "161 characters · 2 texts");
    }
}
