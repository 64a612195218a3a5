//! Two contacts that turn out to be one person: who it could be, what would become of them, and the way back.

use contract::{
    Code,
    contacts::{ContactView, Merged},
    merging::{MergePage as Page, MergePreview, MergeSide},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use uuid::Uuid;

use super::{MergeContacts, Tags, UndoMerge, get_merge};
use crate::{
    components::{Awaited, ConsentBadge, Empty, Icon, TimeFormat, Timestamp},
    error::AppError,
};

#[component]
pub fn MergePage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let q = Memo::new(move |_| query.read().get("q").filter(|q| !q.trim().is_empty()));
    let other = Memo::new(move |_| query.read().get("other"));
    let page = Resource::new_blocking(move || (id.get(), q.get(), other.get()), |(id, q, other)| read(id, q, other));
    view! {
        <Title text="Merge contacts" />
        <div class="mx-auto flex max-w-5xl flex-col gap-4 p-4">
            <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href=move || format!("/contacts/{}", id.get())>
                <Icon icon=icondata::LuArrowLeft />
                "Back to the contact"
            </a>
            <Awaited from=page view=move |page| view! { <Merge page q=q.get_untracked() /> } />
        </div>
    }
}

async fn read(id: String, q: Option<String>, other: Option<String>) -> Result<Page, AppError> {
    let missing = || AppError::new(Code::NotFound, "There is no such contact.");
    let id = id.parse().map_err(|_| missing())?;
    let other = other.map(|other| other.parse()).transpose().map_err(|_| missing())?;
    get_merge(id, q, other).await
}

#[component]
fn Merge(page: Page, q: Option<String>) -> impl IntoView {
    let Page {
        contact,
        candidates,
        preview,
    } = page;
    view! {
        <h1>{format!("Merge {} with…", contact.title())}</h1>
        {match preview {
            Some(preview) => view! { <Preview preview /> }.into_any(),
            None => view! { <Choose id=contact.id candidates q /> }.into_any(),
        }}
    }
}

/// Who it could be: those of the same name at first.
#[component]
fn Choose(id: Uuid, candidates: Vec<ContactView>, q: Option<String>) -> impl IntoView {
    let none = candidates.is_empty().then(|| {
        view! {
            <Empty
                title="Nobody else was found"
                next_step="Search for the other entry of this person by a part of the name, or the last digits of the number."
            />
        }
    });
    let rows: Vec<_> = candidates
        .into_iter()
        .map(|one| {
            let nameless = one.name.is_empty();
            view! {
                <li>
                    <a class="row px-5" href=format!("/contacts/{id}/merge?other={}", one.id)>
                        <span class="min-w-0 flex-1 truncate font-medium"><bdi>{one.title().to_owned()}</bdi></span>
                        <span class="tabular text-muted" class:hidden=nameless>
                            {one.phone_display.clone()}
                        </span>
                    </a>
                </li>
            }
        })
        .collect();
    view! {
        <p>"Choose the other entry of this person. You see what becomes of both before anything is done."</p>
        <form method="get" action=format!("/contacts/{id}/merge") role="search" class="flex items-end gap-2">
            <label for="merge-search" class="sr-only">
                "Search the other contact"
            </label>
            <input
                dir="auto"
                id="merge-search"
                type="search"
                name="q"
                class="input min-h-11 w-full max-w-sm md:min-h-0"
                placeholder="Name, phone or e-mail"
                value=q
            />
            <button type="submit" class="btn min-h-11 md:min-h-0">
                <Icon icon=icondata::LuSearch />
                "Search"
            </button>
        </form>
        {none}
        <ul class="panel empty:hidden" aria-label="Contacts">
            {rows}
        </ul>
    }
}

#[component]
fn Preview(preview: MergePreview) -> impl IntoView {
    let MergePreview {
        kept,
        other,
        result,
        warnings,
        refused,
    } = preview;
    let (id, other_id) = (kept.contact.id, other.contact.id);
    let warnings: Vec<_> = warnings.into_iter().map(|words| view! { <li>{words}</li> }).collect();
    let act = match refused {
        Some(why) => view! {
            <div class="notice notice-error" role="alert">
                <p class="font-semibold">"They can’t be merged yet."</p>
                <p>{why}</p>
            </div>
        }
        .into_any(),
        None => view! {
            <form method="post" action=MergeContacts::url()>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="other_id" value=other_id.to_string() />
                <button type="submit" class="btn btn-primary min-h-11">
                    <Icon icon=icondata::LuMerge />
                    "Merge"
                </button>
            </form>
        }
        .into_any(),
    };
    view! {
        <div class="grid items-start gap-4 md:grid-cols-3">
            <Side title="Stays" side=kept />
            <Side title="Moves over" side=other />
            <section class="panel flex flex-col gap-2 p-5" aria-labelledby="merge-after">
                <h2 id="merge-after">"Afterwards"</h2>
                <Facts contact=result />
            </section>
        </div>
        <ul class="list-disc ps-5 text-sm">{warnings}</ul>
        <p class="text-sm text-muted">"It can be undone once: for 30 days, until one of them is merged again."</p>
        <div class="flex flex-wrap items-center gap-2">
            {act}
            <a class="btn min-h-11" href=format!("/contacts/{other_id}/merge?other={id}")>
                "Keep the other one instead"
            </a>
            <a class="btn btn-ghost min-h-11" href=format!("/contacts/{id}/merge")>
                "Choose somebody else"
            </a>
        </div>
    }
}

#[component]
fn Side(title: &'static str, side: MergeSide) -> impl IntoView {
    let counts = [
        (side.appointments, "visits"),
        (side.messages, "messages"),
        (side.notes, "notes"),
        (side.open_tasks, "open tasks"),
        (side.waiting, "texts that wait"),
    ];
    let counts = counts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{what}: {n}"));
    let counts: Vec<String> = counts.collect();
    let heading = format!("merge-{}", side.contact.id);
    let labelled_by = heading.clone();
    view! {
        <section class="panel flex flex-col gap-2 p-5" aria-labelledby=labelled_by>
            <h2 id=heading>{title}</h2>
            <Facts contact=side.contact />
            <p class="text-sm text-muted empty:hidden">{counts.join(" · ")}</p>
        </section>
    }
}

#[component]
fn Facts(contact: ContactView) -> impl IntoView {
    let numbers: Vec<_> = std::iter::once(contact.phone_display.clone())
        .chain(contact.other_phones.iter().map(|other| other.phone_display.clone()))
        .map(|number| view! { <li>{number}</li> })
        .collect();
    let state = [(contact.blocked, "Blocked"), (contact.held_since.is_some(), "On hold")];
    let state: Vec<&str> = state.into_iter().filter(|(is, _)| *is).map(|(_, words)| words).collect();
    view! {
        <p class="font-medium"><bdi>{contact.title().to_owned()}</bdi></p>
        <ul class="tabular">{numbers}</ul>
        <p class="break-all empty:hidden">{contact.email}</p>
        <p class="flex flex-wrap items-center gap-2">
            <ConsentBadge state=contact.consent.sms />
            <span class="text-sm empty:hidden">{state.join(" · ")}</span>
        </p>
        <Tags tags=contact.tags />
        <p class="text-sm whitespace-pre-line empty:hidden" dir="auto">
            {contact.notes}
        </p>
    }
}

/// They were merged, and can be two again.
#[component]
pub fn MergedNotice(id: Uuid, merged: Merged) -> impl IntoView {
    view! {
        <div class="notice notice-success flex flex-wrap items-center gap-x-3 gap-y-1" role="status">
            <p class="min-w-0 flex-1">
                {format!("Merged with {}. Undo is there until ", merged.with)} <Timestamp at=merged.until say=TimeFormat::Inline />
                ", or the next merge."
            </p>
            <form method="post" action=UndoMerge::url()>
                <input type="hidden" name="id" value=id.to_string() />
                <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">
                    <Icon icon=icondata::LuUndo2 />
                    "Undo"
                </button>
            </form>
        </div>
    }
}
