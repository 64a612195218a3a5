//! Writing a note under the thread.

use contract::{
    Code,
    conversations::DraftKind,
    live::LiveEvent,
    notifications::{OfflineKind, WrittenOffline},
};
use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn, task::spawn_local};
use uuid::Uuid;

use super::{
    AddNote, add_note,
    mention::{LIST, MentionList, Mentions},
    open::OpenThread,
};
use crate::{browser::pwa, components::Icon, forms::as_text, session::use_session};

/// The name of the note form in this conversation.
pub fn form(conversation: Uuid) -> String {
    format!("note-{conversation}")
}

/// Folded away until somebody wants one: it looks like no reply, and says so.
#[component]
pub fn NoteForm(open: OpenThread) -> impl IntoView {
    let session = use_session();
    let flash = session
        .flash()
        .filter(|flash| flash.form == form(open.id) && flash.problem.is_some());
    let typed = flash
        .as_ref()
        .and_then(|flash| flash.typed.get("body").cloned())
        .or_else(|| open.draft(DraftKind::Note))
        .unwrap_or_default();
    let wrong = RwSignal::new(flash.and_then(|flash| flash.problem).map(|problem| problem.detail));
    let unfolded = wrong.get_untracked().is_some() || !typed.is_empty();
    let area = NodeRef::<html::Textarea>::new();
    let busy = RwSignal::new(false);
    let mentions = Mentions::new(open, area);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(area) = area.get_untracked() else { return };
        let body = area.value();
        if body.trim().is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        let id = Uuid::now_v7();
        let (account_id, business_id) = session.me.with_value(|me| (me.account_id, me.business.id));
        let written = WrittenOffline {
            id,
            account_id,
            business_id,
            conversation_id: open.id,
            kind: OfflineKind::Note,
            body: body.clone(),
            contact_id: None,
            after: None,
        };
        let kept = pwa::keep(&written);
        spawn_local(async move {
            let added = add_note(open.id, body, Some(id)).await;
            busy.try_set(false);
            match added {
                // It leaves by itself, under the same id.
                Err(error) if kept && error.0.code == Code::Unavailable => {
                    pwa::wait();
                    area.set_value("");
                    wrong.try_set(Some(
                        "There is no connection. The note is kept and leaves by itself when there is one.".to_owned(),
                    ));
                }
                Ok(note) => {
                    pwa::drop(&id.to_string());
                    area.set_value("");
                    wrong.try_set(None);
                    session.live.tell(&LiveEvent::Note(note));
                }
                // What was typed stays.
                Err(error) => {
                    pwa::drop(&id.to_string());
                    wrong.try_set(Some(error.0.detail));
                }
            }
        });
    };
    view! {
        <details class="border-t border-base-300 px-3" open=unfolded>
            <summary aria-keyshortcuts="n" class="flex min-h-11 cursor-pointer items-center gap-1.5 text-sm text-muted md:min-h-9">
                <Icon icon=icondata::LuStickyNote />
                "Add a note for the team"
            </summary>
            <form method="post" action=AddNote::url() on:submit=submit class="note-form">
                <input type="hidden" name="conversation_id" value=open.id.to_string() />
                <p role="alert" class="field-error pb-1 empty:hidden">{move || wrong.get()}</p>
                <MentionList mentions />
                <label for="note-body" class="field-label">
                    "Note, not sent to the customer; @ and a name tells a colleague"
                </label>
                <div class="flex items-end gap-2 py-1">
                    <textarea
                        node_ref=area
                        id="note-body"
                        aria-autocomplete="list"
                        aria-controls=move || mentions.active_line().map(|_| LIST)
                        aria-activedescendant=move || mentions.active_line()
                        on:input=move |_| mentions.typed()
                        on:keydown=move |event| _ = mentions.key(&event)
                        on:blur=move |_| mentions.close()
                        name="body"
                        rows="2"
                        required=true
                        maxlength="10000"
                        class="textarea min-h-11 w-full flex-1 resize-none"
                        dir="auto"
                        autocomplete="off"
                        inner_html=as_text(&typed)
                    ></textarea>
                    <button type="submit" class="btn min-h-11" aria-busy=move || busy.get().to_string()>
                        "Save note"
                    </button>
                </div>
            </form>
        </details>
    }
}
