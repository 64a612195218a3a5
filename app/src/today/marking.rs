//! Marks a day's visits as kept in one go, and takes that back.

use contract::appointments::{MarkDay, Marked};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

use crate::{components::Icon, error::AppError, session::use_session};

#[cfg(feature = "ssr")]
use super::HERE;
#[cfg(feature = "ssr")]
use crate::{flash::Flash, ssr};

/// Marks the visits of a day that are over and unmarked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn mark_visits(day: MarkDay) -> Result<Marked, AppError> {
    let work = async move { Ok(services::appointments::past::mark_day(&ssr::services()?, &ssr::actor().await?, day).await?) };
    let back = |done: &Marked| Some(format!("{HERE}?marked={}&count={}", done.batch_id, done.marked));
    ssr::post_form(ssr::Form::new(Flash::BUTTON, HERE), work, back).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn unmark_visits(batch_id: Uuid) -> Result<u32, AppError> {
    let work = async move { Ok(services::appointments::past::undo(&ssr::services()?, &ssr::actor().await?, batch_id).await?) };
    ssr::button_action(HERE, work).await
}

/// What was marked last and can be undone, with how many.
#[derive(Clone, Copy)]
pub struct LastMarked(RwSignal<Option<(Uuid, u32)>>);

impl LastMarked {
    /// As the address says it, for a browser without JavaScript.
    pub fn new() -> Self {
        let query = use_query_map().get_untracked();
        let batch = query.get("marked").and_then(|id| id.parse().ok());
        let count = query.get("count").and_then(|n| n.parse().ok()).unwrap_or_default();
        Self(RwSignal::new(batch.map(|batch| (batch, count))))
    }
}

/// "Mark all as attended" for a day.
#[component]
pub fn MarkAll(day: MarkDay, words: &'static str, last: LastMarked) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<MarkVisits>::new();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(done)) => last.0.set(Some((done.batch_id, done.marked))),
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
    let name = match day {
        MarkDay::Yesterday => "yesterday",
        MarkDay::Today => "today",
    };
    view! {
        <form
            method="post"
            action=MarkVisits::url()
            on:submit=move |event| {
                event.prevent_default();
                action.dispatch(MarkVisits { day });
            }
        >
            <input type="hidden" name="day" value=name />
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=move || action.pending().get().to_string()>
                <Icon icon=icondata::LuCheckCheck />
                {words}
            </button>
        </form>
    }
}

/// Says how many were marked, and takes it back.
#[component]
pub fn MarkedNotice(last: LastMarked) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UnmarkVisits>::new();
    Effect::new(move |_| match action.value().get() {
        Some(Ok(_)) => last.0.set(None),
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
    let shown = move || {
        last.0.get().map(|(batch_id, count)| {
            let words = match count {
                0 => "There was nothing left to mark.".to_owned(),
                1 => "1 visit marked as attended.".to_owned(),
                n => format!("{n} visits marked as attended."),
            };
            let undo = (count > 0).then(|| {
                view! {
                    <form
                        method="post"
                        action=UnmarkVisits::url()
                        on:submit=move |event| {
                            event.prevent_default();
                            action.dispatch(UnmarkVisits { batch_id });
                        }
                    >
                        <input type="hidden" name="batch_id" value=batch_id.to_string() />
                        <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">
                            "Undo marking"
                        </button>
                    </form>
                }
            });
            view! {
                <div class="notice notice-success flex items-center gap-3">
                    <p class="flex-1">{words}</p>
                    {undo}
                </div>
            }
        })
    };
    view! { <div role="status">{shown}</div> }
}
