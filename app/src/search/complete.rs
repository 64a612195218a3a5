//! What the search box offers while somebody types: operators, and members, tags and places by name. It comes as a part of the results'
//! file when somebody goes into the box; without a script, and until it is there, the browser completes what it knows.

use contract::filters::FilterChoices;
use domain::search::{Names, Offer, offers};
use leptos::{ev::KeyboardEvent, html, prelude::*, task::spawn_local};
use web_sys::HtmlInputElement;

use super::search_names;

const LIST: &str = "search-offers";

fn id(at: usize) -> String {
    format!("search-offer-{at}")
}

#[component]
pub fn Offers(field: NodeRef<html::Input>) -> impl IntoView {
    let all = RwSignal::new(Vec::<Offer>::new());
    // None: what is typed is what is searched for.
    let active = RwSignal::new(None::<usize>);
    let names = RwSignal::new(Names::default());
    spawn_local(async move {
        if let Ok(choices) = search_names().await {
            names.try_set(named(choices));
        }
    });
    let offer = move |asked: bool| {
        // The box may outlive its list.
        let Some(typed) = field
            .try_get_untracked()
            .map(|field| field.map(|field| field.value()).unwrap_or_default())
        else {
            return;
        };
        let begun = asked || typed.ends_with(|c: char| !c.is_whitespace());
        let offered = if begun {
            names.try_with_untracked(|names| offers(&typed, names))
        } else {
            None
        };
        active.try_set(None);
        all.try_set(offered.unwrap_or_default());
    };
    // Also when the box is taken off the page.
    let close = move || {
        active.try_set(None);
        all.try_set(Vec::new());
    };
    let take = move |at: usize| {
        let Some(typed) = all.with_untracked(|all| all.get(at).map(|offer| offer.typed.clone())) else {
            return;
        };
        if let Some(field) = field.get_untracked() {
            field.set_value(&typed);
            _ = field.focus();
        }
        // An operator goes on with its values.
        offer(false);
    };
    let key = move |event: KeyboardEvent| {
        let Some(count) = all.try_with_untracked(Vec::len) else {
            return;
        };
        match (event.key().as_str(), active.get_untracked()) {
            _ if event.is_composing() => return,
            ("ArrowDown", None) if count == 0 => offer(true),
            ("ArrowDown", at) if count > 0 => active.set(Some(at.map_or(0, |at| (at + 1) % count))),
            ("ArrowUp", at) if count > 0 => active.set(Some(at.map_or(count - 1, |at| (at + count - 1) % count))),
            ("Enter" | "Tab", Some(at)) => take(at),
            ("Escape", _) if count > 0 => close(),
            _ => return,
        }
        event.prevent_default();
    };
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            is_combobox(&field);
            listen(&field, move || offer(false), key, close);
        }
    });
    Effect::new(move |_| {
        let (open, active) = (!all.read().is_empty(), active.get());
        if let Some(field) = field.get() {
            _ = field.set_attribute("aria-expanded", if open { "true" } else { "false" });
            _ = field.set_attribute("aria-activedescendant", &active.map(id).unwrap_or_default());
        }
    });
    let options = move || {
        let lines = all.get().into_iter().enumerate().map(|(at, offer)| {
            view! {
                <li
                    id=id(at)
                    role="option"
                    aria-selected=move || (active.get() == Some(at)).to_string()
                    // The field keeps the focus.
                    on:mousedown=move |event| event.prevent_default()
                    on:click=move |_| take(at)
                >
                    <span class="min-w-0 flex-1 truncate font-medium">{offer.shown}</span>
                    <span class="text-sm text-muted">{offer.words}</span>
                </li>
            }
        });
        lines.collect_view()
    };
    let count = move || match all.read().len() {
        0 => String::new(),
        1 => "1 suggestion".to_owned(),
        n => format!("{n} suggestions"),
    };
    view! {
        <ul id=LIST role="listbox" aria-label="Suggestions" class="options options-under" class:hidden=move || all.read().is_empty()>
            {options}
        </ul>
        <p class="sr-only" role="status">
            {count}
        </p>
    }
}

fn named(choices: FilterChoices) -> Names {
    Names {
        members: choices.members.into_iter().map(|one| one.name).collect(),
        tags: choices.tags.into_iter().map(|one| one.tag).collect(),
        locations: choices.locations.into_iter().map(|one| one.name).collect(),
    }
}

/// Two lists would stand over one another: the browser's goes.
fn is_combobox(field: &HtmlInputElement) {
    _ = field.remove_attribute("list");
    for (name, value) in [
        ("role", "combobox"),
        ("aria-autocomplete", "list"),
        ("aria-controls", LIST),
        ("aria-expanded", "false"),
    ] {
        _ = field.set_attribute(name, value);
    }
}

/// The field was drawn before this came, so its events are listened to from outside.
fn listen(
    field: &HtmlInputElement,
    typed: impl Fn() + 'static,
    key: impl Fn(KeyboardEvent) + 'static,
    left: impl Fn() + 'static,
) {
    use wasm_bindgen::{JsCast, closure::Closure};
    fn on(field: &HtmlInputElement, name: &str, run: impl Fn(web_sys::Event) + 'static) {
        let run = Closure::<dyn Fn(web_sys::Event)>::new(run);
        _ = field.add_event_listener_with_callback(name, run.as_ref().unchecked_ref());
        // As long as the field is.
        run.forget();
    }
    on(field, "input", move |_| typed());
    on(field, "blur", move |_| left());
    on(field, "keydown", move |event| {
        if let Ok(event) = event.dyn_into() {
            key(event);
        }
    });
}
