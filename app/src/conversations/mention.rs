//! Naming a colleague in a note: behind an `@`, those who work here are offered. Any `@Name` that is typed without it names them as well.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::open::OpenThread;
use crate::browser;

/// Names that are offered at most.
const MOST: usize = 8;
/// The list, as the field says it.
pub const LIST: &str = "mention-list";

#[derive(Clone, Copy)]
pub struct Mentions {
    open: OpenThread,
    area: NodeRef<html::Textarea>,
    /// What was typed behind the `@`, while somebody is being chosen.
    typed: RwSignal<Option<String>>,
    active: RwSignal<usize>,
}

impl Mentions {
    pub fn new(open: OpenThread, area: NodeRef<html::Textarea>) -> Self {
        Self {
            open,
            area,
            typed: RwSignal::new(None),
            active: RwSignal::new(0),
        }
    }

    /// Something was typed: an `@` at the start of a word opens the list.
    pub fn typed(self) {
        let Some(area) = self.area.get_untracked() else { return };
        let (before, _) = browser::around_cursor(&area);
        let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        self.active.set(0);
        self.typed.set(word.strip_prefix('@').map(str::to_lowercase));
    }

    pub fn close(self) {
        self.typed.set(None);
    }

    fn hits(self) -> Vec<String> {
        let Some(typed) = self.typed.get() else { return Vec::new() };
        let fits = |name: &str| name.to_lowercase().split_whitespace().any(|word| word.starts_with(&typed));
        self.open.members.with_value(|members| {
            let names = members.iter().map(|member| member.name.clone());
            names.filter(|name| fits(name)).take(MOST).collect()
        })
    }

    /// Whether this key was for the list.
    pub fn key(self, event: &KeyboardEvent) -> bool {
        let hits = untrack(|| self.hits());
        if hits.is_empty() || event.is_composing() {
            return false;
        }
        let count = hits.len();
        match event.key().as_str() {
            "Escape" => {
                // The field keeps the focus.
                event.stop_propagation();
                self.close();
            }
            "ArrowDown" => self.active.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => self.active.update(|at| *at = (*at + count - 1) % count),
            "Enter" | "Tab" if !event.shift_key() => match hits.get(self.active.get_untracked()) {
                Some(name) => self.insert(name),
                None => return false,
            },
            _ => return false,
        }
        event.prevent_default();
        true
    }

    fn insert(self, name: &str) {
        let Some(area) = self.area.get_untracked() else { return };
        let (mut before, after) = browser::around_cursor(&area);
        before.truncate(before.rfind('@').unwrap_or(before.len()));
        before.push_str(&format!("@{name} "));
        let at = before.encode_utf16().count() as u32;
        area.set_value(&(before + &after));
        _ = area.focus();
        _ = area.set_selection_range(at, at);
        self.close();
    }

    /// What the field says of the list: the line that is chosen, while there is one.
    pub fn active_line(self) -> Option<String> {
        (!self.hits().is_empty()).then(|| line(self.active.get()))
    }
}

fn line(at: usize) -> String {
    format!("mention-{at}")
}

/// The list above the field.
#[component]
pub fn MentionList(mentions: Mentions) -> impl IntoView {
    let list = move || {
        let hits = mentions.hits();
        let lines = hits.iter().enumerate().map(|(at, name)| {
            let (shown, chosen) = (name.clone(), name.clone());
            view! {
                <li
                    id=line(at)
                    role="option"
                    aria-selected=move || (mentions.active.get() == at).to_string()
                    on:click=move |_| mentions.insert(&chosen)
                >
                    {shown}
                </li>
            }
        });
        (!hits.is_empty()).then(|| {
            view! {
                // The field keeps the focus.
                <div class="options-over" on:mousedown=move |event| event.prevent_default()>
                    <ul id=LIST role="listbox" aria-label="Colleagues" class="options">
                        {lines.collect_view()}
                    </ul>
                </div>
            }
        })
    };
    view! { <div class="relative">{list}</div> }
}
