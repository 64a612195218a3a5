//! What lists of the settings have in common: colours, and buttons that put a row away or move it.

use contract::appointment_types::Arrange;
use leptos::prelude::*;
use uuid::Uuid;

use crate::components::Icon;

/// Colours to choose from, in words.
pub const COLOUR_OPTIONS: [(&str, &str); 9] = [
    ("", "None"),
    ("blue", "Blue"),
    ("green", "Green"),
    ("amber", "Amber"),
    ("red", "Red"),
    ("violet", "Violet"),
    ("teal", "Teal"),
    ("pink", "Pink"),
    ("grey", "Grey"),
];

/// A colour as a dot; its name is for who can't see it.
#[component]
pub fn Dot(colour: String) -> impl IntoView {
    let class = match colour.as_str() {
        "blue" => "bg-blue-500",
        "green" => "bg-green-600",
        "amber" => "bg-amber-500",
        "red" => "bg-red-500",
        "violet" => "bg-violet-500",
        "teal" => "bg-teal-500",
        "pink" => "bg-pink-500",
        "grey" => "bg-gray-500",
        _ => return None,
    };
    Some(view! {
        <span class=format!("size-3 shrink-0 rounded-full {class}")>
            <span class="sr-only">{colour}</span>
        </span>
    })
}

/// Moves a row up or down, puts it away or brings it back; a browser without JavaScript posts to `url`.
#[component]
pub fn ArrangeButtons(url: &'static str, id: Uuid, name: String, archived: bool, arrange: Callback<Arrange>) -> impl IntoView {
    let button = |what: Arrange, word: &'static str, words: &'static str, icon: Option<icondata::Icon>| {
        let label = format!("{words} {name}");
        view! {
            <form
                method="post"
                action=url
                on:submit=move |event| {
                    event.prevent_default();
                    arrange.run(what);
                }
            >
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="what" value=word />
                <button type="submit" class="btn btn-ghost btn-sm min-h-11 md:min-h-8" aria-label=label>
                    {icon.map_or_else(|| words.into_any(), |icon| view! { <Icon icon /> }.into_any())}
                </button>
            </form>
        }
    };
    let move_it = view! {
        {button(Arrange::Up, "up", "Move up", Some(icondata::LuArrowUp))}
        {button(Arrange::Down, "down", "Move down", Some(icondata::LuArrowDown))}
    };
    let put_away = if archived {
        button(Arrange::Unarchive, "unarchive", "Bring back", None)
    } else {
        button(Arrange::Archive, "archive", "Archive", None)
    };
    view! { <div class="flex flex-wrap items-center gap-1">{move_it} {put_away}</div> }
}
