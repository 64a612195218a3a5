//! What happened to a visit, in order: every text, every answer and every change, with who did it.

use contract::{Page, contacts::TimelineRow, live::LiveEvent};
use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};
use uuid::Uuid;

use super::visit_history;
use crate::{components::Timestamp, paths, session::use_session};

/// `later`: what is shown does not begin with the first; then there is a way back to it.
#[component]
pub fn History(id: Uuid, first: Page<TimelineRow>, later: bool) -> impl IntoView {
    let session = use_session();
    let shown = RwSignal::new(first);
    session.live.listen(move |event| {
        let about = matches!(event, LiveEvent::Appointment(visit) if visit.id == id);
        // What comes next stands on the page only where its end does.
        if about && !later && shown.read_untracked().next_cursor.is_none() {
            spawn_local(async move {
                if let Ok(page) = visit_history(id, None).await {
                    _ = shown.try_set(page);
                }
            });
        }
    });
    let rows = move || shown.get().data.into_iter().map(|row| view! { <Line row /> }).collect_view();
    let more = move || {
        shown.get().next_cursor.map(|cursor| {
            let href = format!(
                "{}#history",
                paths::with_query(&format!("/appointments/{id}"), &[("after", Some(&cursor))])
            );
            let show = move |event: MouseEvent| {
                event.prevent_default();
                let cursor = cursor.clone();
                spawn_local(async move {
                    if let Ok(page) = visit_history(id, Some(cursor)).await {
                        shown.try_update(|shown| {
                            shown.data.extend(page.data);
                            shown.next_cursor = page.next_cursor;
                        });
                    }
                });
            };
            view! {
                <a class="btn btn-sm m-3 min-h-11 md:min-h-8" href=href on:click=show>
                    "Show later"
                </a>
            }
        })
    };
    view! {
        <section id="history" class="panel" aria-labelledby="history-heading">
            <h2 id="history-heading" class="px-5 pt-4 pb-2">
                "What happened"
            </h2>
            {later
                .then(|| {
                    view! {
                        <a class="link px-5 text-sm" href=format!("/appointments/{id}#history")>
                            "From the beginning"
                        </a>
                    }
                })}
            <ol class="divide-y divide-base-300" data-history="">
                {rows}
            </ol>
            {more}
        </section>
    }
}

#[component]
fn Line(row: TimelineRow) -> impl IntoView {
    view! {
        <li class="px-5 py-2" data-event=row.event>
            <p class="flex flex-wrap items-baseline gap-x-2">
                <span class="font-medium">{row.title}</span>
                <span class="text-sm text-muted">
                    <Timestamp at=row.at />
                </span>
                <span class="text-sm text-muted">{row.by}</span>
            </p>
            <p class="line-clamp-3 text-sm whitespace-pre-line empty:hidden" dir="auto">
                {row.detail}
            </p>
            <p class="text-sm text-muted empty:hidden">{row.reason}</p>
        </li>
    }
}
