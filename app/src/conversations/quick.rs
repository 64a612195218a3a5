//! Quick replies in the composer: `/` at the start of a line opens the list, variables are filled, and what a macro does besides is shown
//! before it is sent.

use contract::{
    Code,
    appointments::AppointmentView,
    live::LiveEvent,
    quick_replies::{Actions, QuickReplyView},
};
use domain::template;
use leptos::{ev::KeyboardEvent, html, prelude::*, task::spawn_local};
use uuid::Uuid;

use super::{
    open::{OpenThread, next_visit},
    size::size,
};
use crate::{
    browser, keys,
    quick_replies::{Quick, besides, carry_out},
    session::{Session, use_session},
};

/// Most lines of the list.
const MOST: usize = 8;
/// A longer beginning of a line is no name of a quick reply.
const LONGEST: usize = 40;

/// What stands in the place of a variable for this person; none where it is not known.
fn value(open: OpenThread, session: Session, name: &str) -> Option<String> {
    let (full, now) = (
        open.contact.with_untracked(|contact| contact.name.clone()),
        session.now.get_untracked(),
    );
    let text = match name {
        "name" => full,
        "first_name" => full.split_whitespace().next().unwrap_or_default().to_owned(),
        "business" => session.business.with_untracked(|business| business.name.clone()),
        "me" => session.me.with_value(|me| me.name.clone()),
        visit => open
            .appointments
            .with_untracked(|all| of_visit(session, next_visit(all, now)?, visit))?,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// By the clock of the place where it is.
fn of_visit(session: Session, visit: &AppointmentView, name: &str) -> Option<String> {
    let at = |format: &str| {
        let zone = session.known_place(&visit.time_zone)?;
        Some(visit.starts_at.with_timezone(&zone).format(format).to_string())
    };
    match name {
        "date" => at("%A, %B %-d"),
        "time" => at("%-I:%M %p"),
        "staff" => Some(visit.staff_label.clone()),
        "location" => visit.location.as_ref().map(|place| place.name.clone()),
        _ => None,
    }
}

/// The quick replies of one composer.
#[derive(Clone, Copy)]
pub struct QuickReplies {
    open: OpenThread,
    session: Session,
    quick: Quick,
    area: NodeRef<html::Textarea>,
    /// What the composer holds.
    text: RwSignal<String>,
    /// What was typed behind the slash, while one is being chosen.
    typed: RwSignal<Option<String>>,
    active: RwSignal<usize>,
    /// What is done besides sending, and by which name.
    besides: RwSignal<Option<(String, Actions)>>,
    problem: RwSignal<Option<String>>,
    /// Something newer stands in the conversation: it is sent only if somebody says so.
    stopped: RwSignal<bool>,
    busy: RwSignal<bool>,
    /// What was tried last, and its id: tried again it is the same, should its answer have been lost.
    tried: StoredValue<Option<(String, Actions, Uuid)>>,
    /// A signal each time the text in the field was changed here.
    changed: Callback<String>,
}

impl QuickReplies {
    /// `changed` is told of text that was put into `area`.
    pub fn new(open: OpenThread, area: NodeRef<html::Textarea>, text: RwSignal<String>, changed: Callback<String>) -> Self {
        let all = Self {
            open,
            session: use_session(),
            quick: expect_context::<Quick>(),
            area,
            text,
            typed: RwSignal::new(None),
            active: RwSignal::new(0),
            besides: RwSignal::new(None),
            problem: RwSignal::new(None),
            stopped: RwSignal::new(false),
            busy: RwSignal::new(false),
            tried: StoredValue::new(None),
            changed,
        };
        // Chosen in the command bar.
        Effect::new(move |_| {
            if let (Some(one), Some(_)) = (all.quick.chosen.get(), all.area.get()) {
                all.quick.chosen.set(None);
                all.insert(one);
            }
        });
        all
    }

    /// What stands before the cursor and behind it.
    fn around(self) -> Option<(String, String)> {
        Some(browser::around_cursor(&self.area.get_untracked()?))
    }

    /// Something was typed: a slash at the start of a line opens the list.
    pub fn typed(self) {
        let Some((before, _)) = self.around() else { return };
        let line = before.rsplit('\n').next().unwrap_or_default();
        let name = line.strip_prefix('/').filter(|name| name.len() <= LONGEST);
        if name.is_some() && self.typed.with_untracked(Option::is_none) {
            self.quick.read();
        }
        self.active.set(0);
        self.typed.set(name.map(str::to_owned));
    }

    /// Nothing is chosen any more.
    pub fn close(self) {
        self.typed.set(None);
    }

    /// The button: as if a slash had been typed.
    fn begin(self) {
        let (Some((before, after)), Some(area)) = (self.around(), self.area.get_untracked()) else {
            return;
        };
        let slash = if before.is_empty() || before.ends_with('\n') {
            "/"
        } else {
            "\n/"
        };
        self.put(before + slash, &after, None);
        _ = area.focus();
        self.typed();
    }

    fn hits(self) -> Vec<QuickReplyView> {
        let Some(typed) = self.typed.get().map(|typed| typed.trim().to_lowercase()) else {
            return Vec::new();
        };
        self.quick.all.with(|all| {
            let (mut first, mut rest) = (Vec::new(), Vec::new());
            for one in &all.all {
                let name = one.name.to_lowercase();
                if name.starts_with(&typed) {
                    first.push(one.clone());
                } else if name.contains(&typed) || one.body.to_lowercase().contains(&typed) {
                    rest.push(one.clone());
                }
            }
            first.append(&mut rest);
            first.truncate(MOST);
            first
        })
    }

    /// Whether this key was for the list.
    pub fn key(self, event: &KeyboardEvent) -> bool {
        if keys::is_held(event, "/") {
            event.prevent_default();
            self.begin();
            return true;
        }
        if self.typed.with_untracked(Option::is_none) || event.is_composing() {
            return false;
        }
        let hits = untrack(|| self.hits());
        let count = hits.len().max(1);
        match event.key().as_str() {
            "Escape" => {
                // The field keeps the focus.
                event.stop_propagation();
                self.typed.set(None);
            }
            "ArrowDown" => self.active.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => self.active.update(|at| *at = (*at + count - 1) % count),
            "Enter" | "Tab" if !event.shift_key() => match hits.into_iter().nth(self.active.get_untracked()) {
                Some(one) => self.insert(one),
                // Nobody is sent the name of a quick reply because the list was slow.
                None if self.quick.reading.get_untracked() => {}
                // There is none of that name: it is text.
                None => return false,
            },
            _ => return false,
        }
        event.prevent_default();
        true
    }

    /// Puts a text in the place of what was typed behind the slash.
    fn insert(self, one: QuickReplyView) {
        let Some((mut before, after)) = self.around() else { return };
        if self.typed.with_untracked(Option::is_some) {
            let line = before.rfind('\n').map_or(0, |at| at + 1);
            before.truncate(line);
        } else if !before.is_empty() && !before.ends_with('\n') && !one.body.is_empty() {
            before.push('\n');
        }
        self.typed.set(None);
        let filled = template::fill(&one.body, &|name| value(self.open, self.session, name));
        let from = before.encode_utf16().count();
        self.put(before + &filled, &after, Some(from));
        if !one.actions.is_empty() {
            self.stopped.set(false);
            self.besides.set(Some((one.name, one.actions)));
        }
    }

    /// Sets the field to this, with the cursor between both; the first gap after `from` is marked instead.
    fn put(self, before: String, after: &str, from: Option<usize>) {
        let Some(area) = self.area.get_untracked() else { return };
        let at = before.encode_utf16().count() as u32;
        let text = before + after;
        area.set_value(&text);
        self.changed.run(text);
        _ = area.focus();
        if from.is_none() || !self.mark_gap() {
            _ = area.set_selection_range(at, at);
        }
    }

    /// Marks the first variable that has no value, if there is one: nothing is sent until something else stands there.
    pub fn mark_gap(self) -> bool {
        let Some(area) = self.area.get_untracked() else { return false };
        let text = area.value();
        let Some(gap) = template::first(&text) else { return false };
        let start = gap.as_ptr() as usize - text.as_ptr() as usize;
        let from = text[..start].encode_utf16().count() as u32;
        _ = area.focus();
        _ = area.set_selection_range(from, from + gap.len() as u32);
        true
    }

    /// Whether something is to be done besides sending.
    pub fn has_more(self) -> bool {
        self.besides.with_untracked(Option::is_some)
    }

    /// Sends what is there and closes the conversation; what a macro does else stays.
    pub fn send_and_close(self) {
        let actions = self.besides.get_untracked().map(|(_, actions)| actions).unwrap_or_default();
        let afterwards = Some("close".to_owned());
        self.carry_out(Actions { afterwards, ..actions });
    }

    pub fn send(self) {
        if let Some((_, actions)) = self.besides.get_untracked() {
            self.carry_out(actions);
        }
    }

    fn correlation(self, body: &str, actions: &Actions) -> Uuid {
        let last = self
            .tried
            .get_value()
            .filter(|(text, does, _)| text == body && does == actions);
        let id = last.map_or_else(Uuid::now_v7, |(.., id)| id);
        self.tried.set_value(Some((body.to_owned(), actions.clone(), id)));
        id
    }

    fn carry_out(self, actions: Actions) {
        let Some(area) = self.area.get_untracked() else { return };
        if self.busy.get_untracked() || self.mark_gap() {
            return;
        }
        let body = area.value();
        let id = self.open.id;
        let after = self.open.newest_shown().filter(|_| !self.stopped.get_untracked());
        let live = self.session.live;
        self.busy.set(true);
        self.problem.set(None);
        let correlation = self.correlation(&body, &actions);
        spawn_local(async move {
            let done = carry_out(id, body.clone(), correlation, after, actions).await;
            self.busy.try_set(false);
            match done {
                Ok(done) => {
                    self.tried.try_set_value(None);
                    if area.value() == body {
                        area.set_value("");
                        self.changed.run(String::new());
                    }
                    self.besides.try_set(None);
                    self.stopped.try_set(false);
                    live.answered(&LiveEvent::Conversation(done.conversation));
                    if let Some(message) = done.message {
                        live.tell(&LiveEvent::Message(message));
                    }
                }
                // What was typed stays.
                Err(error) => {
                    self.stopped.try_set(error.0.code == Code::Conflict);
                    let words = error.0.fields.first().map(|field| field.message.clone());
                    self.problem.try_set(Some(words.unwrap_or(error.0.detail)));
                }
            }
        });
    }
}

/// The list above the field; it is there for who hears the page, too: the field names the line that is chosen.
#[component]
pub fn Picker(quick: QuickReplies) -> impl IntoView {
    let list = move || {
        let chosen = quick.typed.read().is_some();
        chosen.then(|| {
            let hits = quick.hits();
            let empty = hits.is_empty().then(|| {
                view! {
                    <p class="p-2 text-sm text-muted">
                        "No quick reply is called that. " <a class="link" href="/settings/quick-replies">"All quick replies"</a>
                    </p>
                }
            });
            let lines = hits
                .into_iter()
                .enumerate()
                .map(|(at, one)| view! { <Line at one quick /> })
                .collect_view();
            view! {
                // The field keeps the focus.
                <div class="options-over" on:mousedown=move |event| event.prevent_default()>
                    {empty}
                    <ul id="quick-list" role="listbox" aria-label="Quick replies" class="options">
                        {lines}
                    </ul>
                </div>
            }
        })
    };
    view! { <div class="relative">{list}</div> }
}

fn line_id(at: usize) -> String {
    format!("quick-{at}")
}

/// What the field says of the list: the line that is chosen, while there is one.
pub fn active_line(quick: QuickReplies) -> Option<String> {
    let chooses = quick.typed.read().is_some() && !quick.hits().is_empty();
    chooses.then(|| line_id(quick.active.get()))
}

#[component]
fn Line(at: usize, one: QuickReplyView, quick: QuickReplies) -> impl IntoView {
    let filled = template::fill(&one.body, &|name| value(quick.open, quick.session, name));
    let does = quick
        .quick
        .all
        .with_untracked(|all| besides(&one.actions, &all.members))
        .join(" · ");
    let short = quick.session.business.with_untracked(|business| business.short_texts);
    let (name, cost) = (one.name.clone(), size(&filled, short));
    view! {
        <li
            id=line_id(at)
            role="option"
            aria-selected=move || (quick.active.get() == at).to_string()
            on:click=move |_| quick.insert(one.clone())
        >
            <span class="min-w-0 flex-1">
                <span class="block font-medium">{name}</span>
                <span class="block truncate text-sm">{filled}</span>
                <span class="block text-sm text-muted empty:hidden">{does}</span>
            </span>
            <span class="text-sm text-muted">{cost}</span>
        </li>
    }
}

/// What a macro will do, before it does; and what is still missing.
#[component]
pub fn Besides(quick: QuickReplies) -> impl IntoView {
    let gap = move || {
        let text = quick.text.read();
        template::first(&text)
            .map(|gap| format!("{gap} has no value here, so this can’t be sent yet. Please write what belongs there."))
    };
    let shown = move || {
        let (name, actions) = quick.besides.get()?;
        let does = quick.quick.all.with(|all| besides(&actions, &all.members)).join(" · ");
        let label = move || if quick.stopped.get() { "Do it anyway" } else { "Do it" };
        Some(view! {
            <div class="notice mb-2 flex flex-wrap items-center gap-2" role="group" aria-label="What this macro does">
                <p class="min-w-0 flex-1">
                    <strong>{name}</strong>
                    " will "
                    {move || if quick.text.read().trim().is_empty() { "" } else { "send the text below · " }}
                    {does}
                </p>
                <button type="button" class="btn btn-primary btn-sm min-h-11 md:min-h-8" aria-busy=move || quick.busy.get().to_string() on:click=move |_| quick.send()>
                    {label}
                </button>
                <button type="button" class="btn btn-ghost btn-sm min-h-11 md:min-h-8" on:click=move |_| quick.besides.set(None)>
                    "Only the text"
                </button>
            </div>
        })
    };
    view! {
        {shown}
        <p role="alert" id="reply-gap" class="field-error pb-1 empty:hidden">{gap}</p>
        <p role="alert" class="field-error pb-1 empty:hidden">{move || quick.problem.get()}</p>
    }
}

/// What the keys do, for who does not use them; there once a script runs.
#[component]
pub fn MoreWays(quick: QuickReplies) -> impl IntoView {
    let scripted = RwSignal::new(false);
    Effect::new(move |_| scripted.set(true));
    view! {
        <div class="flex flex-1 flex-wrap gap-1" class:invisible=move || !scripted.get()>
            <button
                type="button"
                class="btn btn-ghost btn-sm min-h-11 md:min-h-8"
                aria-keyshortcuts=keys::aria("Control+/")
                title=keys::hint("Control+/")
                on:click=move |_| quick.begin()
            >
                "Quick replies"
            </button>
            <button
                type="button"
                class="btn btn-ghost btn-sm min-h-11 max-md:hidden md:min-h-8"
                aria-keyshortcuts=keys::aria("Control+Shift+Enter")
                title=keys::hint("Control+Shift+Enter")
                aria-busy=move || quick.busy.get().to_string()
                on:click=move |_| quick.send_and_close()
            >
                "Reply and close"
            </button>
        </div>
    }
}
