//! All contacts, searched by part of a name, number or e-mail.

use contract::{
    contacts::{ContactView, PeoplePage, TagView},
    live::LiveEvent,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{components::Form, hooks::use_query_map};

use crate::{
    components::{Awaited, ConsentBadge, Empty, Icon, Pager, Timestamp},
    contacts::{OnHold, Tags, list_contacts},
    imports::FileLinks,
    paths,
    session::use_session,
};

#[component]
pub fn ListPage() -> impl IntoView {
    let session = use_session();
    let query = use_query_map();
    let q = Memo::new(move |_| query.read().get("q").filter(|q| !q.trim().is_empty()));
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let tag = Memo::new(move |_| query.read().get("tag").filter(|tag| !tag.trim().is_empty()));
    let contacts = Resource::new_blocking(
        move || (q.get(), tag.get(), cursor.get()),
        |(q, tag, cursor)| list_contacts(q, tag, cursor),
    );
    session
        .live
        .refetch_on(|event| matches!(event, LiveEvent::Contact(_)), move || contacts.refetch());
    let list = move |page| view! { <List page q=q.get_untracked() tag=tag.get_untracked() cursor=cursor.get_untracked() /> };
    view! {
        <Title text="Contacts" />
        <div class="mx-auto flex max-w-5xl flex-col gap-4 p-4">
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h1>"Contacts"</h1>
                <a class="btn btn-primary btn-sm min-h-11 md:min-h-9" href="/contacts/new">
                    <Icon icon=icondata::LuPlus />
                    "New contact"
                </a>
            </div>
            <Form method="GET" action="/contacts" attr:role="search" attr:class="flex items-end gap-2">
                <label for="contacts-search" class="sr-only">
                    "Search contacts"
                </label>
                <input
                    dir="auto"
                    id="contacts-search"
                    type="search"
                    name="q"
                    class="input min-h-11 w-full max-w-sm md:min-h-0"
                    placeholder="Name, phone or e-mail"
                    value=q.get_untracked()
                />
                {tag.get_untracked().map(|tag| view! { <input type="hidden" name="tag" value=tag /> })}
                <button type="submit" class="btn min-h-11 md:min-h-0">
                    <Icon icon=icondata::LuSearch />
                    "Search"
                </button>
            </Form>
            <Awaited from=contacts view=list />
            <FileLinks kind="contacts" file="/contacts.csv" />
        </div>
    }
}

#[component]
fn List(page: PeoplePage, q: Option<String>, tag: Option<String>, cursor: Option<String>) -> impl IntoView {
    let PeoplePage { page, tags } = page;
    if page.data.is_empty() {
        return if q.is_some() || tag.is_some() {
            view! {
                <Empty title="Nobody was found" next_step="Try a part of the name, or the last digits of the number.">
                    <a class="btn min-h-11" href="/contacts">
                        "Show all contacts"
                    </a>
                </Empty>
            }
            .into_any()
        } else {
            view! {
                <Empty title="No contacts yet" next_step="Add the first customer; texts and appointments start from there.">
                    <a class="btn btn-primary min-h-11" href="/contacts/new">
                        "Add a contact"
                    </a>
                </Empty>
            }
            .into_any()
        };
    }
    let rows = page
        .data
        .iter()
        .cloned()
        .map(|contact| view! { <TableRow contact /> })
        .collect_view();
    view! {
        <TagFilter tags chosen=tag.clone() q=q.clone() />
        <div class="panel">
            <table class="table max-md:block">
                <thead class="max-md:sr-only">
                    <tr>
                        <th scope="col" class="text-muted">"Name"</th>
                        <th scope="col" class="text-muted">"Phone"</th>
                        <th scope="col" class="text-muted">"E-mail"</th>
                        <th scope="col" class="text-muted">"Texts"</th>
                        <th scope="col" class="text-muted">"Added"</th>
                    </tr>
                </thead>
                <tbody class="max-md:block">{rows}</tbody>
            </table>
        </div>
        <Pager path="/contacts".to_owned() filter=vec![("q", q), ("tag", tag)] cursor next=page.next_cursor />
    }
    .into_any()
}

/// The tags that are used, as links; the chosen one leads back to everybody.
#[component]
fn TagFilter(tags: Vec<TagView>, chosen: Option<String>, q: Option<String>) -> impl IntoView {
    let link = move |one: TagView| {
        let is_chosen = chosen.as_deref() == Some(one.tag.as_str());
        let tag = (!is_chosen).then_some(one.tag.as_str());
        let href = paths::with_query("/contacts", &[("q", q.as_deref()), ("tag", tag)]);
        view! {
            <li>
                <a class="btn btn-sm min-h-11 md:min-h-8" class=("btn-active", is_chosen) aria-current=is_chosen.then_some("true") href=href>
                    {one.tag}
                    <span class="tabular text-muted">{one.people}</span>
                </a>
            </li>
        }
    };
    let links: Vec<_> = tags.into_iter().take(30).map(link).collect();
    (!links.is_empty()).then(|| {
        view! {
            <nav aria-label="Tags">
                <ul class="flex flex-wrap gap-1.5">{links}</ul>
            </nav>
        }
    })
}

/// A line of a table on a desk, a card on a phone.
#[component]
fn TableRow(contact: ContactView) -> impl IntoView {
    let title = contact.title().to_owned();
    let nameless = title == contact.phone_display;
    let blocked = contact
        .blocked
        .then(|| view! { <span class="state badge-declined ms-1.5">"Blocked"</span> });
    let on_hold = contact.held_since.map(|_| view! { <span class="ms-1.5"><OnHold /></span> });
    view! {
        <tr class="hover:bg-base-200 max-md:flex max-md:flex-wrap max-md:items-center max-md:gap-x-3 max-md:border-b max-md:border-base-300 max-md:px-3 max-md:pb-2">
            <td class="max-md:w-full max-md:border-0 max-md:p-0">
                <a class="link link-hover font-medium max-md:inline-flex max-md:min-h-11 max-md:items-center" href=format!("/contacts/{}", contact.id)>
                    <bdi>{title}</bdi>
                </a>
                {blocked} {on_hold} <Tags tags=contact.tags />
            </td>
            <td class="tabular whitespace-nowrap max-md:border-0 max-md:p-0" class=("max-md:hidden", nameless)>
                {contact.phone_display}
            </td>
            <td class="wrap-anywhere max-md:border-0 max-md:p-0">{contact.email}</td>
            <td class="max-md:border-0 max-md:p-0">
                <ConsentBadge state=contact.consent.sms />
            </td>
            <td class="text-muted max-md:hidden">
                <Timestamp at=contact.created_at />
            </td>
        </tr>
    }
}
