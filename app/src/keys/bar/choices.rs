//! What the command bar offers for what is typed.

use std::time::Duration;

use contract::{contacts::ContactView, quick_replies::QuickReplyView};
use leptos::{ev::KeyboardEvent, html, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    super::{Does, KEYS, control, first, press, shown},
    Bar,
};
use crate::{contacts::list_contacts, quick_replies::Quick, session::use_session};

/// Pages that no key leads to.
const PAGES: [(&str, &str); 14] = [
    ("Search everything", "/search"),
    ("New contact", "/contacts/new"),
    ("New appointment", "/appointments/new"),
    ("API keys", "/settings/keys"),
    ("Audit trail", "/settings/audit"),
    ("Business settings", "/settings/business"),
    ("Locations", "/settings/locations"),
    ("Quiet hours", "/settings/hours"),
    ("Reminder times", "/settings/reminders"),
    ("Texts and limits", "/settings/limits"),
    ("Types of visits", "/settings/types"),
    ("Staff labels", "/settings/staff"),
    ("Quick replies of the business", "/settings/quick-replies"),
    ("Inbox settings", "/settings/inbox"),
];

/// People are searched for after a pause in typing.
const PAUSE: Duration = Duration::from_millis(150);
/// Most of them shown, and most lines in all.
const PEOPLE: usize = 8;
const MOST: usize = 60;

#[derive(Clone)]
enum What {
    Press(&'static str),
    Go(String),
    Search,
    Help,
    Quick(QuickReplyView),
}

#[derive(Clone)]
struct Choice {
    words: String,
    /// The key that does it, or what kind of thing it is.
    side: String,
    what: What,
}

/// Whether every word that was typed is in there.
fn fits(words: &str, typed: &str) -> bool {
    let words = words.to_lowercase();
    typed.split_whitespace().all(|word| words.contains(&word.to_lowercase()))
}

/// What this page and the keys offer.
fn commands() -> Vec<Choice> {
    let of_key = |(keys, words, does, _): (&'static str, &str, Does, &str)| {
        let key = first(keys);
        let what = match does {
            Does::Control | Does::Undo => control(key).map(|_| What::Press(key))?,
            Does::Go(path) => What::Go(path.to_owned()),
            Does::Search => What::Search,
            Does::Help => What::Help,
            Does::Row(_) | Does::Open | Does::Tick(_) | Does::Commands => return None,
        };
        Some(Choice {
            words: words.to_owned(),
            side: shown(key),
            what,
        })
    };
    let page = |(words, path): (&str, &str)| Choice {
        words: words.to_owned(),
        side: "Page".to_owned(),
        what: What::Go(path.to_owned()),
    };
    KEYS.into_iter().filter_map(of_key).chain(PAGES.map(page)).collect()
}

fn quick(all: &[QuickReplyView]) -> impl Iterator<Item = Choice> {
    all.iter().map(|one| Choice {
        words: one.name.clone(),
        side: if one.actions.is_empty() { "Quick reply" } else { "Macro" }.to_owned(),
        what: What::Quick(one.clone()),
    })
}

fn person(one: &ContactView) -> Choice {
    Choice {
        words: one.title().to_owned(),
        side: format!("Contact · {}", one.phone_display),
        what: What::Go(format!("/contacts/{}", one.id)),
    }
}

#[component]
pub fn Choices(bar: Bar) -> impl IntoView {
    let quick_replies = expect_context::<Quick>();
    let session = use_session();
    let navigate = use_navigate();
    let field = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(String::new());
    let here = RwSignal::new(Vec::<Choice>::new());
    let people = RwSignal::new(Vec::<ContactView>::new());
    let active = RwSignal::new(0_usize);
    // Anew each time: another page has other actions.
    Effect::new(move |_| {
        bar.opened.track();
        typed.set(String::new());
        people.set(Vec::new());
        active.set(0);
        here.set(commands());
        quick_replies.read();
        if let Some(field) = field.get() {
            field.set_value("");
            _ = field.focus();
        }
    });
    let mut search = debounce(PAUSE, move |text: String| {
        spawn_local(async move {
            let found = list_contacts(Some(text.clone()), None, None).await;
            if typed.try_get_untracked().is_some_and(|typed| typed == text) {
                match found {
                    Ok(found) => _ = people.try_set(found.page.data.into_iter().take(PEOPLE).collect()),
                    Err(error) => _ = session.problem.try_set(Some(error.0)),
                }
            }
        });
    });
    let choices = Memo::new_with_compare(
        move |_| {
            let (typed, people) = (typed.get(), people.get());
            let writes = control("r").is_some();
            let mut all: Vec<Choice> = here.get();
            if writes {
                quick_replies.all.with(|all_quick| all.extend(quick(&all_quick.all)));
            }
            all.retain(|one| fits(&one.words, &typed));
            all.extend(people.iter().map(person));
            all.truncate(MOST);
            all
        },
        |_, _| true,
    );
    let run = StoredValue::new(send_wrapper::SendWrapper::new(move |at: usize| {
        let Some(choice) = choices.with_untracked(|all| all.get(at).cloned()) else {
            return;
        };
        // First of all: what is pressed may want the focus.
        bar.close();
        match choice.what {
            What::Press(key) => _ = press(key),
            What::Go(path) => navigate(&path, NavigateOptions::default()),
            What::Search if press("/") => {}
            What::Search => navigate("/search", NavigateOptions::default()),
            What::Help => bar.show_sheet(),
            What::Quick(one) => quick_replies.chosen.set(Some(one)),
        }
    }));
    let run = move |at| run.with_value(|run| run(at));
    let key = move |event: KeyboardEvent| {
        let count = choices.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => active.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => active.update(|at| *at = (*at + count - 1) % count),
            "Enter" if !event.is_composing() => run(active.get_untracked()),
            _ => return,
        }
        event.prevent_default();
        if let Some(option) = document().get_element_by_id(&id(active.get_untracked())) {
            option.scroll_into_view_with_bool(false);
        }
    };
    let options = move || {
        let all = choices.get();
        all.into_iter()
            .enumerate()
            .map(|(at, one)| view! { <Line at one active run /> })
            .collect_view()
    };
    let count = move || match choices.read().len() {
        0 => "Nothing found".to_owned(),
        1 => "1 command".to_owned(),
        n => format!("{n} commands"),
    };
    view! {
        <label for="commands-field" class="field-label">
            "Do or find something"
        </label>
        <input
            dir="auto"
            node_ref=field
            id="commands-field"
            type="text"
            role="combobox"
            class="input w-full"
            autocomplete="off"
            maxlength="100"
            placeholder="A command, a page, a name or a number"
            aria-expanded="true"
            aria-autocomplete="list"
            aria-controls="commands-list"
            aria-activedescendant=move || id(active.get())
            on:input:target=move |event| {
                let text = event.target().value();
                typed.set(text.clone());
                active.set(0);
                people.set(Vec::new());
                if !text.trim().is_empty() {
                    search(text);
                }
            }
            on:keydown=key
        />
        <p class="field-hint" role="status">{count}</p>
        <ul id="commands-list" role="listbox" aria-label="Commands" class="options">
            {options}
        </ul>
    }
}

fn id(at: usize) -> String {
    format!("command-{at}")
}

#[component]
fn Line<F>(at: usize, one: Choice, active: RwSignal<usize>, run: F) -> impl IntoView
where
    F: Fn(usize) + Copy + 'static,
{
    view! {
        <li id=id(at) role="option" aria-selected=move || (active.get() == at).to_string() on:click=move |_| run(at)>
            <span class="min-w-0 flex-1 truncate">{one.words}</span>
            <span class="text-sm text-muted">{one.side}</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_counts_in_any_order() {
        assert!(fits("Close and go to the next", "next close"));
        assert!(fits("Close", " "));
        assert!(!fits("Close", "close next"));
    }
}
