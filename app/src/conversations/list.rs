//! The left column.

use contract::{Page, conversations::ConversationRow, live::LiveEvent, messages::Direction};
use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};
use uuid::Uuid;

use super::Looking;
use crate::{
    components::{DeliveryMark, Empty, Glyph, TimeFormat, Timestamp},
    contacts::OnHold,
    paths,
    session::use_session,
};

/// `cursor` is the one this page was asked with; `open` the conversation in the middle.
#[component]
pub fn List(page: Page<ConversationRow>, cursor: Option<String>, open: Memo<Option<Uuid>>) -> impl IntoView {
    let session = use_session();
    let rows = RwSignal::new(page.data);
    let next = RwSignal::new(page.next_cursor);
    let from_the_top = cursor.is_none();
    session.live.listen(move |event| {
        if let LiveEvent::Conversation(row) = event {
            rows.try_update(|rows| upsert(rows, row.clone(), from_the_top));
        }
    });
    let start = (!from_the_top).then(|| view! { <a class="link block p-3 text-center" href="/inbox">"Newest conversations"</a> });
    let shown_cursor = StoredValue::new(cursor);
    view! {
        {start}
        <div class:hidden=move || !rows.read().is_empty()>
            <Empty title="No conversations yet" todo="Add a customer and an appointment: the reminder starts the conversation.">
                <a class="btn btn-primary min-h-11" href="/contacts/new">
                    <Glyph icon=icondata::LuPlus />
                    "Add a contact"
                </a>
            </Empty>
        </div>
        <ul>
            <For each=move || rows.get() key=key let:row>
                <Row row open cursor=shown_cursor />
            </For>
        </ul>
        <Older rows next />
    }
}

fn key(row: &ConversationRow) -> String {
    let ConversationRow {
        id,
        name,
        preview,
        last_at,
        last_status,
        unread,
        opted_out,
        on_hold,
        ..
    } = row;
    format!("{id} {last_at} {last_status} {unread} {opted_out} {on_hold} {name} {preview}")
}

/// Takes in a row as it is now, newest first. Further down the list only rows that are there change.
fn upsert(rows: &mut Vec<ConversationRow>, row: ConversationRow, from_the_top: bool) {
    let before = rows.len();
    rows.retain(|old| old.id != row.id);
    if from_the_top || rows.len() < before {
        rows.push(row);
        rows.sort_by(|a, b| b.last_at.cmp(&a.last_at).then(b.id.cmp(&a.id)));
    }
}

#[component]
fn Older(rows: RwSignal<Vec<ConversationRow>>, next: RwSignal<Option<String>>) -> impl IntoView {
    let session = use_session();
    let href = move || paths::with_query("/inbox", &[("cursor", next.read().as_deref())]);
    let load = move |event: MouseEvent| {
        event.prevent_default();
        spawn_local(async move {
            match super::list_conversations(next.get_untracked()).await {
                Ok(page) => {
                    rows.try_update(|rows| {
                        for row in page.data {
                            if rows.iter().all(|old| old.id != row.id) {
                                rows.push(row);
                            }
                        }
                    });
                    next.try_set(page.next_cursor);
                }
                Err(error) => {
                    session.problem.try_set(Some(error.0));
                }
            }
        });
    };
    view! {
        <div class="p-3 text-center" class:hidden=move || next.read().is_none()>
            <a class="btn btn-sm min-h-11 md:min-h-8" href=href on:click=load>
                "Load more"
            </a>
        </div>
    }
}

#[component]
fn Row(row: ConversationRow, open: Memo<Option<Uuid>>, cursor: StoredValue<Option<String>>) -> impl IntoView {
    let id = row.id;
    let is_open = move || open.get() == Some(id);
    let looking = expect_context::<Looking>();
    // What somebody has before their eyes is being read.
    let unread = move || if is_open() && looking.get() { 0 } else { row.unread };
    let href = cursor.with_value(|cursor| paths::with_query(&format!("/inbox/{id}"), &[("cursor", cursor.as_deref())]));
    let ours = row.last_direction == Direction::Outbound;
    let mark = ours.then(|| view! { <DeliveryMark status=row.last_status.clone() /> });
    let opted_out = row
        .opted_out
        .then(|| view! { <span class="state badge-optedout">"Opted out"</span> });
    let on_hold = row.on_hold.then(|| view! { <OnHold /> });
    let initial = row
        .name
        .chars()
        .find(|c| c.is_alphanumeric())
        .map_or_else(|| "#".to_owned(), |c| c.to_uppercase().to_string());
    view! {
        <li>
            <a
                class="row items-start"
                class:row-unread=move || unread() != 0
                href=href
                aria-current=move || is_open().then_some("page")
                data-unread=move || unread().to_string()
            >
                <span class="avatar-letter" aria-hidden="true">
                    {initial}
                </span>
                <span class="min-w-0 flex-1">
                    <span class="flex items-baseline gap-2">
                        <span class="row-name min-w-0 flex-1 truncate">{row.name}</span>
                        <span class="text-xs text-muted">
                            <Timestamp at=row.last_at say=TimeFormat::Short />
                        </span>
                    </span>
                    <span class="flex items-center gap-1.5 text-sm">
                        {mark}
                        <span class="min-w-0 flex-1 truncate text-muted">{row.preview}</span>
                        {opted_out} {on_hold}
                        <span class="badge badge-primary badge-sm" class:hidden=move || unread() == 0>
                            {move || unread().to_string()}
                            <span class="sr-only">" unread"</span>
                        </span>
                    </span>
                </span>
            </a>
        </li>
    }
}
