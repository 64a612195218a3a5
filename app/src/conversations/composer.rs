//! Writing a reply, or why there is nothing to write.

use std::time::Duration;

use chrono::{DateTime, Utc};
use contract::{
    conversations::{Composer as State, DraftKind, ReadyWording},
    live::LiveEvent,
};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
    server_fn::ServerFn,
    task::spawn_local,
};
use uuid::Uuid;
use wasm_bindgen::JsCast;

use super::{
    Outbox, Pending, SaveDraft,
    open::{OpenThread, next_visit},
    quick::{Besides, MoreWays, Picker, QuickReplies, active_line},
    save_draft,
    size::size,
};
use crate::{
    browser,
    components::{Icon, PressButton, TimeFormat, Timestamp},
    contacts::HoldNotice,
    flash::Flash,
    forms::as_text,
    keys,
    messages::{PICK, Reply, SendLater, SendOnWhatsapp, reply_form, send_on_whatsapp},
    session::use_session,
};

/// A draft is kept when nobody has typed for so long.
const PAUSE: Duration = Duration::from_millis(1500);

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
        State::Closed { reason, next_step } => view! { <Closed open reason next_step /> }.into_any(),
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
            <p class="whitespace-pre-wrap" dir="auto">{text}</p>
        }
    })
}

/// Why nothing may be written, and what to do.
#[component]
fn Closed(open: OpenThread, reason: String, next_step: String) -> impl IntoView {
    let id = open.id;
    view! {
        <div role="status" class="border-t border-base-300 p-3">
            <div class="notice notice-warning">
                <p class="font-semibold">{reason}</p>
                <p>{next_step}</p>
                <Unsent id />
                <Ready open />
            </div>
        </div>
    }
}

/// Until when what is typed may be sent on WhatsApp.
#[component]
fn FreeUntil(open: OpenThread) -> impl IntoView {
    let session = use_session();
    let until = move || {
        open.whatsapp
            .with(|whatsapp| whatsapp.as_ref().and_then(|whatsapp| whatsapp.until))
    };
    move || {
        until().map(|until| {
            view! {
                <p class="field-hint tabular truncate" data-free-until=until.to_rfc3339()>
                    "free text until "
                    <Timestamp at=until say=TimeFormat::Short />
                    " · "
                    {move || left(until - session.now.get())}
                </p>
            }
        })
    }
}

/// What is left of the 24 hours: `2 h 4 min left`.
fn left(of: chrono::Duration) -> String {
    match (of.num_hours(), of.num_minutes() % 60) {
        (..=0, ..=0) => "less than a minute left".to_owned(),
        (..=0, minutes) => format!("{minutes} min left"),
        (hours, minutes) => format!("{hours} h {minutes} min left"),
    }
}

/// Approved texts that may be sent at any time.
#[component]
fn Ready(open: OpenThread) -> impl IntoView {
    let ready = move || {
        open.whatsapp
            .with(|whatsapp| whatsapp.as_ref().map(|whatsapp| whatsapp.wordings.clone()))
    };
    move || {
        let one = |wording: ReadyWording| {
            let fields = vec![
                ("appointment_id", wording.appointment_id.to_string()),
                ("back", format!("/inbox/{}", open.id)),
            ];
            let run = move || async move {
                let visit = send_on_whatsapp(wording.appointment_id, String::new()).await?;
                Ok(LiveEvent::Appointment(visit))
            };
            view! {
                <li class="flex flex-col gap-2">
                    <p class="whitespace-pre-wrap" dir="auto">
                        {wording.words}
                    </p>
                    <PressButton url=SendOnWhatsapp::url() fields run>
                        <Icon icon=icondata::LuSend />
                        "Send this reminder"
                    </PressButton>
                </li>
            }
        };
        ready()
            .filter(|all| !all.is_empty())
            .map(|all| view! { <ul class="flex flex-col gap-3 pt-2" aria-label="Approved texts">{all.into_iter().map(one).collect_view()}</ul> })
    }
}

/// What the reply form of this conversation left when it was posted without JavaScript and refused.
fn refused(id: Uuid) -> Option<Flash> {
    use_session()
        .flash()
        .filter(|flash| flash.form == reply_form(id) && flash.problem.is_some())
}

/// What is being written to whom, and the id it is sent under.
#[derive(Clone, Copy)]
struct Draft {
    open: OpenThread,
    contact_id: Uuid,
    correlation: RwSignal<String>,
    text: RwSignal<String>,
    /// What was typed since is in this page only.
    is_unsaved: StoredValue<bool>,
    area: NodeRef<html::Textarea>,
}

impl Draft {
    fn typed(self, outbox: Outbox, text: String) {
        outbox.keep_draft(self.open.id, text.clone());
        self.is_unsaved.set_value(true);
        self.text.set(text);
    }

    /// What was stopped because something newer had come, to be changed.
    fn takes_back(self, outbox: Outbox) {
        Effect::new(move |_| {
            if let (Some(text), Some(area)) = (outbox.edited.get(), self.area.get()) {
                outbox.edited.set(None);
                let since = area.value();
                let text = if since.trim().is_empty() || since == text {
                    text
                } else {
                    format!("{text}\n{since}")
                };
                area.set_value(&text);
                self.typed(outbox, text);
                _ = area.focus();
            }
        });
    }

    /// `chosen`: what the pressed button says of the time.
    fn send(self, outbox: Outbox, at: DateTime<Utc>, chosen: &str) {
        let Some(area) = self.area.get_untracked() else { return };
        let body = area.value();
        let picked = if chosen == PICK { self.picked() } else { Some(String::new()) };
        let Some(picked) = picked else { return };
        if body.trim().is_empty() {
            return;
        }
        area.set_value("");
        self.typed(outbox, String::new());
        let correlation_id = self.correlation.get_untracked();
        self.correlation.set(Uuid::now_v7().to_string());
        outbox.send(Pending {
            conversation_id: self.open.id,
            contact_id: self.contact_id,
            correlation_id,
            body,
            after: self.open.newest_shown(),
            at,
            send_at: (chosen.to_owned(), picked),
            problem: None,
            waits: false,
        });
    }

    /// The time in the field beside the button; without one the browser says that it is missing.
    fn picked(self) -> Option<String> {
        let form = self.area.get_untracked()?.form()?;
        let field = form.query_selector("[name=send_local]").ok()??;
        let field: web_sys::HtmlInputElement = field.dyn_into().ok()?;
        if field.value().is_empty() {
            _ = field.focus();
            return None;
        }
        let value = field.value();
        field.set_value("");
        Some(value)
    }
}

/// Kept on the server after a pause in typing: it is there on the next page, and on another device.
fn keep_after_pause(draft: Draft) -> impl FnMut(()) {
    let conversation_id = draft.open.id;
    debounce(PAUSE, move |()| {
        // As it is by now: what has been sent meanwhile is no draft.
        let Some(text) = draft.text.try_get_untracked() else { return };
        draft.is_unsaved.set_value(false);
        spawn_local(async move {
            // If it fails, it is still in this page.
            _ = save_draft(conversation_id, false, text).await;
        });
    })
}

/// The menu of times has been chosen from.
fn close_menu(event: &SubmitEvent) {
    let menu = event.submitter().and_then(|button| button.closest("details").ok().flatten());
    if let Some(menu) = menu {
        _ = menu.remove_attribute("open");
    }
}

/// Without a script the page's own newest message counts; a new thread has none.
fn written_after(open: OpenThread) -> impl IntoView {
    open.newest_shown()
        .map(|id| view! { <input type="hidden" name="after" value=id.to_string() autocomplete="off" /> })
}

#[component]
fn Form(open: OpenThread, correlation_id: Uuid) -> impl IntoView {
    let session = use_session();
    let outbox = expect_context::<Outbox>();
    let contact_id = open.contact.with_untracked(|contact| contact.id);
    let flash = refused(open.id);
    let typed = |field: &str| flash.as_ref().and_then(|flash| flash.typed.get(field).cloned());
    let (before, time) = (typed("body"), typed("send_local").unwrap_or_default());
    let refused = flash.and_then(|flash| flash.problem).map(|problem| problem.detail);
    let kept = || open.draft(DraftKind::Reply);
    let text = outbox.draft(open.id).or(before).or_else(kept).unwrap_or_default();
    let draft = Draft {
        open,
        contact_id,
        correlation: RwSignal::new(correlation_id.to_string()),
        text: RwSignal::new(text.clone()),
        is_unsaved: StoredValue::new(false),
        area: NodeRef::new(),
    };
    browser::when_leaving(move || {
        if draft.is_unsaved.get_value() {
            let (id, text) = (open.id.to_string(), draft.text.get_untracked());
            browser::beacon(
                SaveDraft::url(),
                &[("conversation_id", &id), ("note", "false"), ("body", &text)],
            );
        }
    });
    // What was typed before this script came to life.
    Effect::new(move |_| {
        if let Some(area) = draft.area.get() {
            draft.text.set(area.value());
        }
    });
    draft.takes_back(outbox);
    let mut keep = keep_after_pause(draft);
    let changes = RwSignal::new(0_u32);
    Effect::watch(move || changes.get(), move |_, _, _| keep(()), false);
    let put = Callback::new(move |text| {
        draft.typed(outbox, text);
        changes.update(|n| *n = n.wrapping_add(1));
    });
    let quick = QuickReplies::new(open, draft.area, draft.text, put);
    let send = move |chosen: &str| {
        quick.close();
        if quick.has_more() {
            quick.send();
        } else if !quick.mark_gap() {
            draft.send(outbox, session.now.get_untracked(), chosen);
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let pressed = event.submitter().and_then(|button| button.get_attribute("value"));
        close_menu(&event);
        send(&pressed.unwrap_or_default());
    };
    let key = move |event: KeyboardEvent| {
        let held = event.ctrl_key() || event.meta_key();
        if quick.key(&event) || event.key() != "Enter" || event.is_composing() {
            return;
        }
        if !event.shift_key() {
            event.prevent_default();
            send("");
        } else if held {
            event.prevent_default();
            quick.send_and_close();
        }
    };
    // Looked at with the page's clock, and never before there is one in the browser.
    Effect::new(move |_| {
        let now = session.now.get();
        let until = open
            .whatsapp
            .with(|whatsapp| whatsapp.as_ref().map(|whatsapp| whatsapp.until));
        if until.is_some_and(|until| until.is_none_or(|until| until <= now)) {
            outbox.keep_draft(open.id, draft.text.get_untracked());
            open.window_has_closed();
        }
    });
    let visit = Signal::derive(move || {
        let now = session.now.get();
        open.appointments
            .with(|all| next_visit(all, now).map(|visit| visit.starts_at))
    });
    view! {
        <form method="post" action=Reply::url() on:submit=submit class="border-t border-base-300 p-3">
            <input type="hidden" name="conversation_id" value=open.id.to_string() />
            <input type="hidden" name="contact_id" value=contact_id.to_string() />
            <input type="hidden" name="correlation_id" value=draft.correlation autocomplete="off" />
            {written_after(open)}
            <p role="alert" class="field-error pb-1 empty:hidden">{refused}</p>
            <Besides quick />
            <Picker quick />
            <div class="flex items-center gap-1">
                <label for="reply-body" class="field-label">
                    "Reply"
                </label>
                <MoreWays quick />
                <p id="reply-from" class="field-hint tabular truncate empty:hidden">
                    {move || open.sender.get().map(|from| format!("from {from}"))}
                </p>
                <FreeUntil open />
                <p id="reply-size" class="field-hint tabular ms-auto text-end" aria-live="polite">
                    {move || size(&draft.text.read(), session.business.with(|business| business.short_texts))}
                </p>
            </div>
            <div class="flex items-end gap-2 pt-1">
                <textarea
                    node_ref=draft.area
                    id="reply-body"
                    aria-keyshortcuts="r"
                    name="body"
                    rows="2"
                    required=true
                    maxlength="1600"
                    class="textarea min-h-11 w-full flex-1 resize-none"
                    aria-describedby="reply-from reply-size"
                    aria-autocomplete="list"
                    aria-controls=move || active_line(quick).map(|_| "quick-list")
                    aria-activedescendant=move || active_line(quick)
                    autocomplete="off"
                    on:input:target=move |event| {
                        put.run(event.target().value());
                        quick.typed();
                    }
                    on:keydown=key
                    on:blur=move |_| quick.close()
                    dir="auto"
                    inner_html=as_text(&text)
                ></textarea>
                <button type="submit" class="btn btn-primary min-h-11" aria-keyshortcuts=keys::aria("Control+Enter") title=keys::hint("Control+Enter")>
                    <Icon icon=icondata::LuSend />
                    "Send"
                </button>
                <SendLater visit typed=time pick=move || send(PICK) />
            </div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::left;
    use chrono::Duration;

    #[test]
    fn what_is_left_is_said_in_hours_and_minutes() {
        for (seconds, words) in [
            (86_399, "23 h 59 min left"),
            (3_600, "1 h 0 min left"),
            (3_599, "59 min left"),
            (59, "less than a minute left"),
            (-5, "less than a minute left"),
        ] {
            assert_eq!(left(Duration::seconds(seconds)), words);
        }
    }
}
