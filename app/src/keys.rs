//! Single keys for who works without a mouse. One table feeds the handler, the sheet that `?` shows, the tooltips of controls and the command
//! bar; what a key does is always a control that can be seen, too: it carries the key as `aria-keyshortcuts`, and the handler presses it.
//!
//! Nothing happens while somebody types, composes a letter, holds another key down or has a dialog open; and whoever does not want it
//! switches it off (WCAG 2.1.4). The command bar's key is held with Ctrl or ⌘, and works everywhere.

mod bar;
mod sheet;
mod ticks;

pub use ticks::FORM;

pub use bar::Bar;

use leptos::{ev::KeyboardEvent, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use ticks::{Which, tick};

use crate::session::use_session;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Presses, opens or goes into the control with this key. One that is held with Ctrl is pressed where it works: in its field.
    Control,
    /// The next or the previous row of the list.
    Row(i32),
    /// The row of the list that has the focus.
    Open,
    /// To this page; after `g`.
    Go(&'static str),
    /// Into the field of this page, or else to the page that has one.
    Search,
    Commands,
    /// Ticks conversations of the list.
    Tick(Which),
    /// Presses the *Undo* of what was done last.
    Undo,
    Help,
}

/// Where a key works.
const LIST: &str = "In the list";
const THREAD: &str = "In a conversation";
const WRITING: &str = "While you write a reply";
const EVERYWHERE: &str = "Everywhere";
const GO: &str = "To another page";

/// The keys (the first of several is what a control is found by), what they do, in which words, and where.
const KEYS: [(&str, &str, Does, &str); 41] = [
    ("j ArrowDown", "Next conversation", Does::Row(1), LIST),
    ("k ArrowUp", "Previous conversation", Does::Row(-1), LIST),
    ("o Enter", "Open", Does::Open, LIST),
    ("x", "Select the conversation", Does::Tick(Which::Here), LIST),
    ("Shift+X", "Select up to this one", Does::Tick(Which::Range), LIST),
    ("*+a", "Select all", Does::Tick(Which::All), LIST),
    ("*+n", "Select none", Does::Tick(Which::None), LIST),
    ("*+u", "Select the unread ones", Does::Tick(Which::Unread), LIST),
    ("z", "Undo what was done last", Does::Undo, EVERYWHERE),
    ("u", "Back to the list", Does::Control, THREAD),
    ("r", "Write a reply", Does::Control, THREAD),
    ("n", "Write a note; after a search, the next hit", Does::Control, THREAD),
    ("p", "Previous hit of a search", Does::Control, THREAD),
    ("e", "Close, or open again", Does::Control, THREAD),
    ("]", "Close and go to the next", Does::Control, THREAD),
    ("[", "Close and go to the previous", Does::Control, THREAD),
    ("!", "No reply needed", Does::Control, THREAD),
    ("s h", "Snooze", Does::Control, THREAD),
    ("a", "Assign", Does::Control, THREAD),
    ("i", "Assign to me", Does::Control, THREAD),
    ("Shift+I", "Mark as read", Does::Control, THREAD),
    ("Shift+U", "Mark as unread", Does::Control, THREAD),
    (".", "More actions", Does::Control, THREAD),
    ("d v", "Details of the person, and visits", Does::Control, THREAD),
    ("t", "New task", Does::Control, THREAD),
    ("Control+Enter", "Send", Does::Control, WRITING),
    ("Control+Shift+Enter", "Reply and close", Does::Control, WRITING),
    ("Control+/", "Quick replies", Does::Control, WRITING),
    ("Control+k", "Every command, page and contact", Does::Commands, EVERYWHERE),
    ("/", "Search", Does::Search, EVERYWHERE),
    ("?", "This sheet", Does::Help, EVERYWHERE),
    ("g+h", "Go to Today", Does::Go("/today"), GO),
    ("g+i", "Go to the inbox", Does::Go("/inbox"), GO),
    ("g+a", "Go to appointments", Does::Go("/appointments"), GO),
    ("g+c", "Go to contacts", Does::Go("/contacts"), GO),
    ("g+t", "Go to tasks", Does::Go("/tasks"), GO),
    ("g+w", "Go to the waitlist", Does::Go("/waitlist"), GO),
    ("g+l", "Go to the message log", Does::Go("/log"), GO),
    ("g+r", "Go to reports", Does::Go("/reports"), GO),
    ("g+n", "Go to notifications", Does::Go("/notifications"), GO),
    ("g+s", "Go to settings", Does::Go("/settings"), GO),
];

/// The first of several keys.
fn first(keys: &'static str) -> &'static str {
    keys.split(' ').next().unwrap_or(keys)
}

/// What two keys after one another mean, or one.
fn meaning(before: Option<&str>, key: &str) -> Option<(&'static str, Does)> {
    let typed = before.map_or_else(|| key.to_owned(), |before| format!("{before}+{key}"));
    KEYS.into_iter()
        .find(|(keys, ..)| keys.split(' ').any(|one| one == typed))
        .map(|(keys, _, does, _)| (first(keys), does))
}

fn line(key: &str) -> Option<(&'static str, &'static str)> {
    KEYS.into_iter()
        .find(|(keys, ..)| !key.is_empty() && first(keys) == key)
        .map(|(keys, words, ..)| (keys, words))
}

/// What a control with this key of the table says as `aria-keyshortcuts`.
pub fn aria(key: &str) -> Option<&'static str> {
    line(key).map(|(keys, _)| keys)
}

/// What a control with this key says when the mouse rests on it.
pub fn hint(key: &str) -> Option<String> {
    line(key).map(|(keys, words)| format!("{words} ({})", shown(first(keys))))
}

/// A key as it stands on a keyboard.
fn shown(key: &str) -> String {
    match key {
        "ArrowDown" => "↓".to_owned(),
        "ArrowUp" => "↑".to_owned(),
        key => match key.split_once('+') {
            Some((first @ ("g" | "*"), then)) => format!("{first} {then}"),
            _ => key.replace("Control", "Ctrl").replace("+k", "+K"),
        },
    }
}

/// Listens for keys, and holds the sheet that explains them and the command bar.
#[component]
pub fn Keys() -> impl IntoView {
    let session = use_session();
    let bar = expect_context::<Bar>();
    let on = RwSignal::new(session.me.with_value(|me| me.shortcuts));
    let sheet = NodeRef::<html::Dialog>::new();
    bar.explains_keys(sheet);
    let navigate = use_navigate();
    Effect::new(move |_| {
        let navigate = navigate.clone();
        let before = StoredValue::new(None::<String>);
        let listening = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
            if is_held(&event, "k") {
                if bar.toggle() {
                    event.prevent_default();
                }
                return;
            }
            if event.key() == "Escape" && typing(&event) && !event.default_prevented() {
                leave(&event);
                return;
            }
            if !on.get_untracked() || busy(&event) {
                before.set_value(None);
                return;
            }
            let key = name(&event);
            let first = before.try_update_value(Option::take).flatten();
            if first.is_none() && (key == "g" || key == "*") {
                before.set_value(Some(key));
                return;
            }
            let Some((control, does)) = meaning(first.as_deref(), &key) else {
                return;
            };
            let done = match does {
                Does::Control => press(control) || (control == "u" && focus_row(0)),
                Does::Row(step) => (!key.starts_with("Arrow") || is_free()) && focus_row(step),
                // Enter does that by itself.
                Does::Open => key != "Enter" && open_row(),
                Does::Go(path) => {
                    navigate(path, NavigateOptions::default());
                    true
                }
                Does::Search => {
                    if !press(control) {
                        navigate("/search", NavigateOptions::default());
                    }
                    true
                }
                Does::Commands => bar.toggle(),
                Does::Tick(which) => tick(which),
                Does::Undo => press_last(control),
                Does::Help => sheet.get_untracked().is_some_and(|sheet| sheet.show_modal().is_ok()),
            };
            if done {
                event.prevent_default();
            }
        });
        on_cleanup(move || listening.remove());
    });
    view! {
        <sheet::Sheet sheet on />
        <bar::CommandBar bar />
    }
}

/// The key as the table names it.
fn name(event: &KeyboardEvent) -> String {
    let key = event.key();
    if key.len() == 1 && key.bytes().all(|b| b.is_ascii_alphabetic()) {
        if event.shift_key() {
            format!("Shift+{}", key.to_uppercase())
        } else {
            key.to_lowercase()
        }
    } else {
        key
    }
}

/// Whether this key is pressed while Ctrl or ⌘ is held, and nothing else.
pub fn is_held(event: &KeyboardEvent, key: &str) -> bool {
    (event.ctrl_key() || event.meta_key())
        && !event.alt_key()
        && !event.shift_key()
        && !event.is_composing()
        && event.key().eq_ignore_ascii_case(key)
}

/// Whether this key is not meant for us: somebody types, composes, holds a modifier, or a dialog is open.
fn busy(event: &KeyboardEvent) -> bool {
    if event.ctrl_key() || event.alt_key() || event.meta_key() || event.is_composing() || event.default_prevented() {
        return true;
    }
    typing(event) || document().query_selector("dialog[open]").ok().flatten().is_some()
}

/// Whether the key was pressed in a field.
fn typing(event: &KeyboardEvent) -> bool {
    let field = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
    event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|target| target.closest(field).ok().flatten().is_some())
}

/// Out of the field; what was typed stays in it, though a browser would empty a field for searching.
fn leave(event: &KeyboardEvent) {
    if let Some(field) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
        if field.get_attribute("type").as_deref() == Some("search") {
            event.prevent_default();
        }
        _ = field.blur();
    }
}

/// Whether arrows are nobody else's: nothing has the focus, or a row of the list has it.
fn is_free() -> bool {
    document()
        .active_element()
        .is_none_or(|active| active.tag_name() == "BODY" || active.class_list().contains("row"))
}

/// The controls with this key.
fn controls(key: &str) -> Vec<HtmlElement> {
    let all = document().query_selector_all(&format!("[aria-keyshortcuts~=\"{key}\"]"));
    let Ok(all) = all else { return Vec::new() };
    (0..all.length())
        .filter_map(|n| all.get(n)?.dyn_into::<HtmlElement>().ok())
        .collect()
}

/// Presses the last control with this key that can be seen: a reply that can be taken back stands below everything else.
fn press_last(key: &str) -> bool {
    let shown = controls(key).into_iter().rfind(|control| control.offset_width() > 0);
    shown.inspect(HtmlElement::click).is_some()
}

/// The control with this key that can be seen, or is in a menu.
fn control(key: &str) -> Option<HtmlElement> {
    let all = controls(key);
    let shown = all.iter().find(|control| control.offset_width() > 0);
    // A button in a menu need not be unfolded first.
    let in_menu = || all.iter().find(|control| control.closest("details").ok().flatten().is_some());
    shown.or_else(in_menu).cloned()
}

/// Presses the first control with this key that can be seen; goes into it where it is a field.
fn press(key: &str) -> bool {
    let Some(control) = control(key) else { return false };
    let field = matches!(control.tag_name().as_str(), "TEXTAREA" | "INPUT");
    if !field {
        control.click();
    }
    if field || control.tag_name() == "SUMMARY" {
        _ = control.focus();
    }
    true
}

/// The rows of the list on this page, and which of them one is at: that with the focus, or the one that is open.
fn rows() -> (Vec<HtmlElement>, Option<usize>) {
    let Ok(rows) = document().query_selector_all("main a.row") else {
        return (Vec::new(), None);
    };
    let rows: Vec<HtmlElement> = (0..rows.length())
        .filter_map(|n| rows.get(n)?.dyn_into::<HtmlElement>().ok())
        .filter(|row| row.offset_width() > 0)
        .collect();
    let active = document().active_element();
    let here = rows
        .iter()
        .position(|row| active.as_ref().is_some_and(|active| row.is_same_node(Some(active))))
        .or_else(|| rows.iter().position(|row| row.get_attribute("aria-current").is_some()));
    (rows, here)
}

/// Moves the focus along the rows of the list; from anywhere else into it.
fn focus_row(step: i32) -> bool {
    let (rows, here) = rows();
    let next = match here {
        Some(at) if step < 0 => at.saturating_sub(1),
        Some(at) => at + usize::from(step > 0),
        None => 0,
    };
    rows.get(next).is_some_and(|row| row.focus().is_ok())
}

fn open_row() -> bool {
    let focused = document()
        .active_element()
        .filter(|active| active.class_list().contains("row"));
    let row = focused.and_then(|row| row.dyn_into::<HtmlElement>().ok());
    row.inspect(HtmlElement::click).is_some()
}

/// The address of the row after the open one, or before it; of the one on its other side where there is none.
pub fn neighbour(step: i32) -> Option<String> {
    let (rows, _) = rows();
    let at = rows.iter().position(|row| row.get_attribute("aria-current").is_some())?;
    let (after, before) = (rows.get(at + 1), at.checked_sub(1).and_then(|at| rows.get(at)));
    let row = if step > 0 { after.or(before) } else { before.or(after) };
    row?.get_attribute("href")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_means_one_thing() {
        let all: Vec<&str> = KEYS.iter().flat_map(|(keys, ..)| keys.split(' ')).collect();
        for (n, key) in all.iter().enumerate() {
            assert!(!all[n + 1..].contains(key), "{key} twice");
        }
        assert_eq!(meaning(Some("g"), "i"), Some(("g+i", Does::Go("/inbox"))));
        assert_eq!(meaning(None, "i"), Some(("i", Does::Control)));
        assert_eq!(meaning(None, "h"), Some(("s", Does::Control)));
        assert_eq!(meaning(Some("g"), "x"), None);
        assert_eq!(meaning(Some("*"), "a"), Some(("*+a", Does::Tick(Which::All))));
    }

    #[test]
    fn a_control_says_its_keys() {
        assert_eq!(aria("s"), Some("s h"));
        assert_eq!(hint("s").as_deref(), Some("Snooze (s)"));
        assert_eq!(
            hint("Control+Shift+Enter").as_deref(),
            Some("Reply and close (Ctrl+Shift+Enter)")
        );
        assert_eq!((aria(""), hint("")), (None, None));
    }
}
