//! Everything that happened to a person, the latest first.

use contract::{Page, contacts::TimelineRow};
use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};
use uuid::Uuid;

use crate::{
    components::{Empty, Timestamp},
    paths,
};

/// Words that staff know somebody by; each leads to all who have it.
#[component]
pub fn Tags(tags: Vec<String>) -> impl IntoView {
    let shown = tags.into_iter().map(|tag| {
        let href = paths::with_query("/contacts", &[("tag", Some(&tag))]);
        view! {
            <li>
                <a class="badge badge-ghost link-hover" href=href>
                    {tag}
                </a>
            </li>
        }
    });
    let shown: Vec<_> = shown.collect();
    (!shown.is_empty()).then(|| {
        view! {
            <ul class="flex flex-wrap gap-1.5 pt-1.5" aria-label="Tags">
                {shown}
            </ul>
        }
    })
}

/// `earlier`: what is shown is not the latest; then there is a way back to it.
#[component]
pub fn Timeline(id: Uuid, timeline: RwSignal<Page<TimelineRow>>, earlier: bool) -> impl IntoView {
    let rows = move || {
        timeline
            .get()
            .data
            .into_iter()
            .map(|row| view! { <Line row /> })
            .collect_view()
    };
    let more = move || {
        timeline.get().next_cursor.map(|cursor| {
            // Without a script it is a page of its own.
            let href = format!(
                "{}#timeline",
                paths::with_query(&format!("/contacts/{id}"), &[("before", Some(&cursor))])
            );
            let show = move |event: MouseEvent| {
                event.prevent_default();
                let cursor = cursor.clone();
                spawn_local(async move {
                    if let Ok(page) = super::earlier(id, cursor).await {
                        timeline.try_update(|shown| {
                            shown.data.extend(page.data);
                            shown.next_cursor = page.next_cursor;
                        });
                    }
                });
            };
            view! {
                <a class="btn btn-sm m-3 min-h-11 md:min-h-8" href=href on:click=show>
                    "Show earlier"
                </a>
            }
        })
    };
    view! {
        <section id="timeline" class="panel" aria-labelledby="timeline-heading">
            <h2 id="timeline-heading" class="px-5 pt-4 pb-2">
                "What happened"
            </h2>
            {earlier
                .then(|| {
                    view! {
                        <a class="link px-5 text-sm" href=format!("/contacts/{id}#timeline")>
                            "To the latest"
                        </a>
                    }
                })}
            <div class:hidden=move || !timeline.read().data.is_empty()>
                <Empty title="Nothing yet" next_step="Texts, appointments, notes and what they agreed to will stand here." />
            </div>
            <ol class="divide-y divide-base-300" data-timeline="">
                {rows}
            </ol>
            {more}
        </section>
    }
}

#[component]
fn Line(row: TimelineRow) -> impl IntoView {
    let title = match row.appointment_id {
        Some(id) => view! {
            <a class="link link-hover font-medium" href=format!("/appointments/{id}")>
                {row.title}
            </a>
        }
        .into_any(),
        None => view! { <span class="font-medium">{row.title}</span> }.into_any(),
    };
    view! {
        <li class="px-5 py-2" data-event=row.event>
            <p class="flex flex-wrap items-baseline gap-x-2">
                {title} <span class="text-sm text-muted">
                    <Timestamp at=row.at />
                </span> <span class="text-sm text-muted">{row.by}</span>
            </p>
            <p class="line-clamp-3 text-sm whitespace-pre-line empty:hidden" dir="auto">
                {row.detail}
            </p>
            <p class="text-sm text-muted empty:hidden">{row.reason}</p>
        </li>
    }
}
