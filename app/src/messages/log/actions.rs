//! What is done with the rows that are ticked.

use std::collections::BTreeSet;

use contract::messages::LogRow;
use leptos::{ev::MouseEvent, prelude::*, server_fn::ServerFn};
use uuid::Uuid;

use super::{BulkAction, CancelMessages, Choice, acts};
use crate::{browser, components::Icon};

/// The question before cancelling.
const QUESTION: &str = "cancel-question";

#[component]
pub fn Actions<F>(choice: Choice, rows: RwSignal<Vec<LogRow>>, read: F) -> impl IntoView
where
    F: Fn() + Copy + Send + Sync + 'static,
{
    // Counting and choosing all take JavaScript, so they are there once it is.
    let scripted = RwSignal::new(false);
    Effect::new(move |_| scripted.set(true));
    // On a phone the number must do: another line would push the rows away under the finger.
    let said = move || {
        let n = Some(choice.count()).filter(|n| *n > 0)?;
        Some(view! {
            {n}
            <span class="max-md:sr-only">" chosen"</span>
        })
    };
    let all = move |_| {
        let everything: BTreeSet<Uuid> = rows.with_untracked(|rows| {
            rows.iter()
                .filter(|row| acts(row).is_some())
                .map(|row| row.message.id)
                .collect()
        });
        let none = choice.ids.with_untracked(|ids| *ids == everything);
        choice.ids.set(if none { BTreeSet::new() } else { everything });
        choice.round.update(|n| *n += 1);
    };
    let retry = move |event: MouseEvent| {
        event.prevent_default();
        choice.run(BulkAction::Retry, read);
    };
    view! {
        <div class="flex flex-wrap items-center gap-2">
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=move || choice.aria_busy() on:click=retry>
                <Icon icon=icondata::LuRotateCcw />
                "Send again"
            </button>
            <button type="button" class="btn btn-sm min-h-11 text-error md:min-h-8" popovertarget=QUESTION>
                <Icon icon=icondata::LuX />
                "Cancel"
            </button>
            <button type="button" class="btn btn-ghost btn-sm min-h-11 px-2 md:min-h-8" class:hidden=move || !scripted.get() on:click=all>
                "Choose all"
            </button>
            <p class="tabular text-sm text-muted" aria-live="polite">
                {said}
            </p>
        </div>
        <CancelQuestion choice scripted read />
    }
}

/// What was ticked is taken back only after this was answered.
#[component]
fn CancelQuestion<F>(choice: Choice, scripted: RwSignal<bool>, read: F) -> impl IntoView
where
    F: Fn() + Copy + Send + Sync + 'static,
{
    let cancel = move |event: MouseEvent| {
        event.prevent_default();
        browser::close_popover(QUESTION);
        choice.run(BulkAction::Cancel, read);
    };
    let question = move || match (scripted.get(), choice.count()) {
        (false, _) | (true, 0) => "Cancel the texts you have ticked?".to_owned(),
        (true, 1) => "Cancel 1 text?".to_owned(),
        (true, n) => format!("Cancel {n} texts?"),
    };
    view! {
        <div
            id=QUESTION
            popover="auto"
            role="dialog"
            aria-labelledby="cancel-words"
            class="panel fixed inset-0 m-auto h-fit w-full max-w-sm p-5 text-base-content shadow-xl"
        >
            <p id="cancel-words" class="pb-1 font-semibold">
                {question}
            </p>
            <p class="pb-4 text-sm text-muted">"What still waits is not sent. What is on its way already can't be stopped."</p>
            <div class="flex flex-wrap gap-2">
                <button
                    type="submit"
                    formaction=CancelMessages::url()
                    class="btn btn-sm min-h-11 md:min-h-8"
                    aria-busy=move || choice.aria_busy()
                    on:click=cancel
                >
                    <Icon icon=icondata::LuX />
                    "Yes, cancel them"
                </button>
                <button type="button" class="btn btn-sm min-h-11 md:min-h-8" popovertarget=QUESTION popovertargetaction="hide">
                    "Keep them"
                </button>
            </div>
        </div>
    }
}
