//! What the view of the inbox is narrowed by. It stands in the address (`/inbox?show=open&tag=vip`), so it works without a script, can be
//! handed on, and is there after a reload. The form in which it is chosen is a page of its own beside the list (`page`).

mod page;

pub use page::FilterPage;

pub use crate::paths::narrowed as address;

use contract::{
    Page,
    conversations::ConversationRow,
    filters::{FilterTerm, SavedFilter},
    live::LiveEvent,
};
use domain::filters::NAMES;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{hooks::use_query_map, params::ParamsMap};

use super::{list_conversations, views::View};
use crate::{browser::keeping_focus, components::Icon, paths, session::use_session};

/// What a list says that filters leave nothing of, or nothing of what was looked at so far.
pub const NOTHING: (&str, &str) = ("Nothing here fits the filters", "Take one away, or look into another view.");

/// The filters of an address, written as they stand there.
pub fn of(query: &ParamsMap) -> String {
    let given = NAMES.map(|name| query.get(name).filter(|value| !value.trim().is_empty()));
    let pairs: Vec<(&str, Option<&str>)> = NAMES.into_iter().zip(given.iter().map(Option::as_deref)).collect();
    paths::with_query("", &pairs).trim_start_matches('?').to_owned()
}

/// Where the list is that somebody came from.
pub fn back() -> String {
    let query = use_query_map().get_untracked();
    address("/inbox", &[("show", query.get("show").as_deref())], &of(&query))
}

/// The list as it was asked for: with filters only the server knows what belongs into it. When something has changed it is asked for anew.
pub fn follow(
    rows: RwSignal<Vec<ConversationRow>>,
    next: RwSignal<Option<String>>,
    view: View,
    filters: StoredValue<String>,
    cursor: Option<String>,
) {
    let wanted = |event: &LiveEvent| {
        matches!(
            event,
            LiveEvent::Conversation(_) | LiveEvent::Contact(_) | LiveEvent::Appointment(_)
        )
    };
    let again = move || {
        let (show, cursor) = (view.show().map(str::to_owned), cursor.clone());
        spawn_local(async move {
            let Some(filters) = filters.try_get_value() else { return };
            if let Ok(fresh) = list_conversations(show, filters, cursor).await {
                keeping_focus(|| rows.try_update(|rows| next.try_update(|next| take_in(rows, next, fresh, view))));
            }
        });
    };
    use_session().live.refetch_on(wanted, again);
}

/// The page as it is now in place of what was shown; further pages stay where they were.
fn take_in(rows: &mut Vec<ConversationRow>, next: &mut Option<String>, fresh: Page<ConversationRow>, view: View) {
    let mut rest = Vec::new();
    if let (Some(last), Some(_)) = (fresh.data.last(), &fresh.next_cursor) {
        rest = std::mem::take(rows);
        rest.retain(|old| fresh.data.iter().all(|row| row.id != old.id));
        rest.push(last.clone());
        view.sort(&mut rest);
        let end = rest.iter().position(|row| row.id == last.id).map_or(rest.len(), |at| at + 1);
        rest.drain(..end);
    }
    if rest.is_empty() {
        *next = fresh.next_cursor;
    }
    *rows = fresh.data;
    rows.append(&mut rest);
}

/// What was saved, and what the view is narrowed by at the moment, each with a way out.
#[component]
pub fn FilterBar(view: View, filters: String, terms: Vec<FilterTerm>, saved: Vec<SavedFilter>) -> impl IntoView {
    let narrowed = !filters.is_empty();
    let form = address("/inbox/filter", &[("show", view.show())], &filters);
    let saved = saved.into_iter().map(|one| {
        let here = one.show.as_deref() == view.show() && one.filters == filters;
        view! {
            <a class="view-link" href=address("/inbox", &[("show", one.show.as_deref())], &one.filters) aria-current=here.then_some("page")>
                {one.name}
            </a>
        }
    });
    let saved = saved.collect_view();
    let chips = terms.into_iter().map(|term| {
        let label = format!("Without the filter {}", term.words);
        view! {
            <li>
                <a
                    class="btn btn-xs min-h-11 md:min-h-7"
                    href=address("/inbox", &[("show", view.show())], &term.without)
                    aria-label=label
                >
                    {term.words}
                    <Icon icon=icondata::LuX size="1em" />
                </a>
            </li>
        }
    });
    let chips = chips.collect_view();
    let ways = narrowed.then(|| {
        view! {
            <a class="link" href=form>
                "Change or save"
            </a>
            <a class="link" href=paths::with_query("/inbox", &[("show", view.show())])>
                "No filters"
            </a>
        }
    });
    view! {
        <nav aria-label="Saved filters" class="view-links empty:hidden">
            {saved}
        </nav>
        <div class="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-base-300 p-2 text-sm" class:hidden=!narrowed>
            <ul class="flex flex-wrap gap-1.5 empty:hidden" aria-label="Filters">
                {chips}
            </ul>
            {ways}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_filters_in_one_order_and_nothing_else() {
        let mut query = ParamsMap::new();
        for (name, value) in [
            ("visit", "7d"),
            ("show", "open"),
            ("tag", "a&b"),
            ("until", " "),
            ("colour", "red"),
        ] {
            query.insert(name, value.to_owned());
        }
        assert_eq!(of(&query), "tag=a%26b&visit=7d");
        assert_eq!(address("/inbox", &[("show", None)], "tag=vip"), "/inbox?tag=vip");
        assert_eq!(
            address("/inbox", &[("show", Some("open"))], "tag=vip"),
            "/inbox?show=open&tag=vip"
        );
        assert_eq!(address("/inbox", &[("show", Some("open"))], ""), "/inbox?show=open");
    }
}
