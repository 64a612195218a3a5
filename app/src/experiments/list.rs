//! All tests, the newest first.

use contract::{Page, experiments::ExperimentView};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{PATH, StateBadge, list_experiments, page_of, text_of};
use crate::components::{Awaited, Empty, Icon, Pager, Timestamp};

#[component]
pub fn ListPage() -> impl IntoView {
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let tests = Resource::new_blocking(move || cursor.get(), list_experiments);
    view! {
        <Title text="Tests of texts" />
        <div class="flex max-w-3xl flex-col gap-4 p-4">
            <div>
                <a class="link inline-flex min-h-11 items-center gap-1 md:min-h-8" href="/settings/templates">
                    <Icon icon=icondata::LuChevronLeft />
                    "All texts"
                </a>
                <h1>"Tests of texts"</h1>
                <p class="text-muted">
                    "Two texts tried against each other: half of your customers get the one, half the other, and each keeps theirs. How many people it takes is fixed before it begins, and who is better is told when everybody is counted."
                </p>
            </div>
            <Awaited from=tests view=move |page| view! { <List page cursor=cursor.get_untracked() /> } />
        </div>
    }
}

#[component]
fn List(page: Page<ExperimentView>, cursor: Option<String>) -> impl IntoView {
    let empty = page.data.is_empty().then(|| {
        view! {
            <Empty
                title="No tests yet"
                next_step="Open a text that asks for an answer, like the reminder, and choose “Try another text”. Most single clinics need months for one: you are told how long before it begins."
            />
        }
    });
    let rows = page.data.into_iter().map(|test| view! { <Row test /> }).collect_view();
    view! {
        {empty}
        <ul class="panel empty:hidden">{rows}</ul>
        <Pager path=PATH.to_owned() filter=Vec::new() cursor next=page.next_cursor />
    }
}

#[component]
fn Row(test: ExperimentView) -> impl IntoView {
    view! {
        <li>
            <a class="row flex-wrap" href=page_of(test.id)>
                <span class="min-w-0 flex-1">
                    <span class="block font-medium wrap-anywhere">{text_of(&test)}</span>
                    <span class="block text-sm text-muted">{test.standing}</span>
                </span>
                <span class="text-sm text-muted">
                    <Timestamp at=test.created_at />
                </span>
                <StateBadge status=test.status />
            </a>
        </li>
    }
}
