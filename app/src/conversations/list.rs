//! The left column.

use contract::{Page, conversations::ConversationRow, live::LiveEvent, messages::Direction};
use leptos::{ev::MouseEvent, html, prelude::*, task::spawn_local};
use uuid::Uuid;

use super::{
    Looking, bulk, filters,
    presence::RowMarks,
    row_menu::{RowMenuButton, Swipes},
    views::View,
};
use crate::{
    browser::{keeping_focus, keeping_place, next_frame, when_near},
    components::{DeliveryMark, Empty, Icon, TimeFormat, Timestamp},
    contacts::OnHold,
    session::use_session,
};

/// `view`, `filters` and `cursor` are what this page was asked with; `open` is the conversation in the middle.
#[component]
pub fn List(
    page: Page<ConversationRow>,
    view: View,
    #[prop(name = "filters")] narrowed: String,
    cursor: Option<String>,
    open: Memo<Option<Uuid>>,
) -> impl IntoView {
    let session = use_session();
    let rows = RwSignal::new(page.data);
    let next = RwSignal::new(page.next_cursor);
    let from_the_top = RwSignal::new(cursor.is_none());
    let top = filters::address("/inbox", &[("show", view.show())], &narrowed);
    let (title, next_step) = if narrowed.is_empty() { view.empty() } else { filters::NOTHING };
    let is_narrowed = !narrowed.is_empty();
    let narrowed = StoredValue::new(narrowed);
    if is_narrowed {
        filters::follow(rows, next, view, narrowed, cursor.clone());
    }
    session.live.listen(move |event| {
        let me = session.me.with_value(|me| me.account_id);
        match event {
            LiveEvent::Conversation(row) => {
                let takes_new = from_the_top.get_untracked() && !is_narrowed;
                keeping_focus(|| rows.try_update(|rows| upsert(rows, row.clone(), view, me, takes_new)));
            }
            LiveEvent::Seen(seen) if seen.account_id == me => {
                keeping_focus(|| {
                    rows.try_update(|rows| {
                        if let Some(row) = rows.iter_mut().find(|row| row.id == seen.conversation_id) {
                            row.unread = seen.unread;
                        }
                    })
                });
            }
            LiveEvent::Contact(contact) if contact.merged_into.is_some() => {
                keeping_focus(|| rows.try_update(|rows| rows.retain(|row| row.contact_id != contact.id)));
            }
            _ => {}
        }
    });
    let swipes = Swipes::new();
    // Loaded anew: it may be the address of this page.
    let start = view! {
        <a class="link block p-3 text-center" class:hidden=from_the_top href=top rel="external">
            "To the top of the list"
        </a>
    };
    let shown_cursor = StoredValue::new(cursor);
    let begin = (view == View::All && !is_narrowed).then(|| {
        view! {
            <a class="btn btn-primary min-h-11" href="/contacts/new">
                <Icon icon=icondata::LuPlus />
                "Add a contact"
            </a>
        }
    });
    view! {
        {start}
        <div class:hidden=move || !rows.read().is_empty()>
            <Empty title next_step>
                {begin}
            </Empty>
        </div>
        <ul
            on:touchstart=move |event| swipes.begin(&event)
            on:touchmove=move |event| swipes.go_on(&event)
            on:touchend=move |_| swipes.end(true)
            on:touchcancel=move |_| swipes.end(false)
        >
            <For each=move || rows.get() key=key let:row>
                <Row row open view narrowed cursor=shown_cursor />
            </For>
        </ul>
        <Older rows next view narrowed from_the_top />
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
        waiting_since,
        status,
        ..
    } = row;
    format!("{id} {last_at} {last_status} {unread} {opted_out} {on_hold} {waiting_since:?} {status} {name} {preview}")
}

/// Takes in a row as it is now, where it belongs into the view. Further down the list only rows that are there change.
fn upsert(rows: &mut Vec<ConversationRow>, mut row: ConversationRow, view: View, me: Uuid, from_the_top: bool) {
    let old = rows.iter().position(|old| old.id == row.id).map(|at| rows.remove(at));
    let was_here = old.is_some();
    row.unread = unread(&row, old.as_ref());
    if view.holds(&row, me) && (from_the_top || was_here) {
        rows.insert(0, row);
        view.sort(rows);
    }
}

/// Whether this reader has seen it: the stream tells everybody the same, so what they had opened stays read until something new comes.
fn unread(row: &ConversationRow, old: Option<&ConversationRow>) -> u32 {
    match old {
        Some(old) if old.last_inbound_id == row.last_inbound_id => old.unread.min(row.unread.max(old.unread)),
        _ => row.unread,
    }
}

/// What scrolls.
pub const BOX: &str = "conversations";

/// Rows that are in the page at most; what is above them is let go.
const MOST: usize = 500;

/// Rows that are drawn in one frame.
const A_FRAME: usize = 10;

/// The way on: a link, and with a script by scrolling there.
#[component]
fn Older(
    rows: RwSignal<Vec<ConversationRow>>,
    next: RwSignal<Option<String>>,
    view: View,
    narrowed: StoredValue<String>,
    from_the_top: RwSignal<bool>,
) -> impl IntoView {
    let session = use_session();
    let href = move || {
        let next = next.read();
        let pairs = [("show", view.show()), ("cursor", next.as_deref())];
        narrowed.with_value(|narrowed| filters::address("/inbox", &pairs, narrowed))
    };
    let busy = StoredValue::new(false);
    let take_in = move |some: &[ConversationRow]| {
        rows.try_update(|rows| {
            let new = some.iter().filter(|row| rows.iter().all(|old| old.id != row.id));
            let new: Vec<ConversationRow> = new.cloned().collect();
            rows.extend(new);
            if rows.len() > MOST {
                rows.drain(..rows.len() - MOST);
                from_the_top.try_set(false);
            }
        });
    };
    let load = move || {
        let Some(cursor) = next.try_get_untracked().flatten().filter(|_| !busy.get_value()) else {
            return;
        };
        busy.set_value(true);
        spawn_local(async move {
            match super::list_conversations(view.show().map(str::to_owned), narrowed.get_value(), Some(cursor)).await {
                Ok(page) => {
                    // All at once would be more than there is time for from one frame to the next.
                    for some in page.data.chunks(A_FRAME) {
                        next_frame().await;
                        keeping_place(BOX, || take_in(some));
                    }
                    next.try_set(page.next_cursor);
                }
                Err(error) => _ = session.problem.try_set(Some(error.0)),
            }
            busy.try_set_value(false);
        });
    };
    let here = NodeRef::<html::Div>::new();
    when_near(here, BOX, move || next.track(), load);
    let press = move |event: MouseEvent| {
        event.prevent_default();
        load();
    };
    view! {
        <div node_ref=here class="p-3 text-center" class:hidden=move || next.read().is_none()>
            <a class="btn btn-sm min-h-11 md:min-h-8" href=href on:click=press>
                "Load more"
            </a>
        </div>
    }
}

#[component]
fn Row(
    row: ConversationRow,
    open: Memo<Option<Uuid>>,
    view: View,
    narrowed: StoredValue<String>,
    cursor: StoredValue<Option<String>>,
) -> impl IntoView {
    let id = row.id;
    let is_open = move || open.get() == Some(id);
    let looking = expect_context::<Looking>();
    // What somebody has before their eyes is being read.
    let unread = move || if is_open() && looking.get() { 0 } else { row.unread };
    let href = cursor.with_value(|cursor| {
        let pairs = [("show", view.show()), ("cursor", cursor.as_deref())];
        narrowed.with_value(|narrowed| filters::address(&format!("/inbox/{id}"), &pairs, narrowed))
    });
    let ours = row.last_direction == Direction::Outbound;
    let mark = ours.then(|| view! { <DeliveryMark status=row.last_status.clone() /> });
    let opted_out = row
        .opted_out
        .then(|| view! { <span class="state badge-optedout">"Opted out"</span> });
    let on_hold = row.on_hold.then(|| view! { <OnHold /> });
    let waits = row.waiting_since.map(|at| {
        view! {
            <span class="badge-waiting" title="Waits for an answer">
                <Icon icon=icondata::LuClock size="0.875em" />
                <span class="sr-only">"Waits for an answer since "</span>
                <Timestamp at say=TimeFormat::Short />
            </span>
        }
    });
    let aside = match row.status.as_str() {
        "snoozed" => Some(view! { <span class="badge-cancelled">"Snoozed"</span> }),
        "closed" => Some(view! { <span class="badge-cancelled">"Closed"</span> }),
        _ => None,
    };
    let name = row.name.clone();
    let initial = row
        .name
        .chars()
        .find(|c| c.is_alphanumeric())
        .map_or_else(|| "#".to_owned(), |c| c.to_uppercase().to_string());
    view! {
        <li class="ticked-row" data-focus=id.to_string()>
            <bulk::Tick id name=row.name.clone() />
            <a
                class="row min-w-0 flex-1 items-start"
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
                        <span class="row-name min-w-0 flex-1 truncate"><bdi>{row.name}</bdi></span>
                        <RowMarks id />
                        <span class="text-xs text-muted">
                            <Timestamp at=row.last_at say=TimeFormat::Short />
                        </span>
                    </span>
                    <span class="flex items-center gap-1.5 text-sm">
                        {mark}
                        <span class="min-w-0 flex-1 truncate text-muted"><bdi>{row.preview}</bdi></span>
                        {opted_out} {on_hold} {aside} {waits}
                        <span class="badge badge-primary badge-sm" class:hidden=move || unread() == 0>
                            {move || unread().to_string()}
                            <span class="sr-only">" unread"</span>
                        </span>
                    </span>
                </span>
            </a>
            <RowMenuButton id name />
        </li>
    }
}
