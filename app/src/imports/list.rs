//! All files that were brought, the latest first.

use contract::{Page, imports::ImportView, live::LiveEvent};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{StateBadge, kind_words, list_imports};
use crate::{
    components::{Awaited, Empty, Icon, Pager, Timestamp},
    session::use_session,
};

#[component]
pub fn ListPage() -> impl IntoView {
    let session = use_session();
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let imports = Resource::new_blocking(move || cursor.get(), list_imports);
    session
        .live
        .refetch_on(|event| matches!(event, LiveEvent::Import(_)), move || imports.refetch());
    let list = move |page| view! { <List page cursor=cursor.get_untracked() /> };
    view! {
        <Title text="Imports" />
        <div class="mx-auto flex max-w-3xl flex-col gap-4 p-4">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h1>"Imports"</h1>
                <a class="btn btn-primary btn-sm min-h-11 md:min-h-9" href="/imports/new">
                    <Icon icon=icondata::LuPlus />
                    "New import"
                </a>
            </div>
            <Awaited from=imports view=list />
        </div>
    }
}

#[component]
fn List(page: Page<ImportView>, cursor: Option<String>) -> impl IntoView {
    let empty = page.data.is_empty().then(|| {
        view! {
            <Empty
                title="No imports yet"
                next_step="Bring your contacts or appointments as a CSV file, from any other system or spreadsheet."
            />
        }
    });
    let rows = page.data.into_iter().map(|import| view! { <Row import /> }).collect_view();
    view! {
        {empty}
        <ul class="panel empty:hidden">{rows}</ul>
        <Pager path="/imports".to_owned() filter=Vec::new() cursor next=page.next_cursor />
    }
}

#[component]
fn Row(import: ImportView) -> impl IntoView {
    let facts = format!("{} · {} rows · {}", kind_words(&import.kind), import.total, import.by);
    view! {
        <li>
            <a class="row flex-wrap" href=format!("/imports/{}", import.id)>
                <span class="min-w-0 flex-1">
                    <span class="block truncate font-medium">{import.file_name}</span>
                    <span class="block truncate text-sm text-muted">{facts}</span>
                </span>
                <span class="text-sm text-muted">
                    <Timestamp at=import.created_at />
                </span>
                <StateBadge status=import.status />
            </a>
        </li>
    }
}
