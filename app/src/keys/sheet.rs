//! The sheet that `?` shows, with the switch.

use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn, task::spawn_local};

use super::{EVERYWHERE, GO, KEYS, LIST, THREAD, WRITING, shown};
use crate::{
    accounts::{SetShortcuts, set_shortcuts},
    session::use_session,
};

/// The table by where its keys work, and the switch.
#[component]
pub fn Sheet(sheet: NodeRef<html::Dialog>, on: RwSignal<bool>) -> impl IntoView {
    let session = use_session();
    let group = |place: &'static str| {
        let rows = KEYS
            .into_iter()
            .filter(|(.., where_)| *where_ == place)
            .map(|(keys, words, ..)| view! { <Line keys words /> })
            .collect_view();
        view! {
            <section class="pb-2">
                <h3 class="pb-1 text-sm font-semibold">{place}</h3>
                <dl class="grid gap-x-8 gap-y-1 text-sm md:grid-cols-2">{rows}</dl>
            </section>
        }
    };
    let groups = [LIST, THREAD, WRITING, EVERYWHERE, GO].map(group).collect_view();
    let switch = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = !on.get_untracked();
        spawn_local(async move {
            match set_shortcuts(wanted).await {
                Ok(()) => _ = on.try_set(wanted),
                Err(error) => _ = session.problem.try_set(Some(error.0)),
            }
        });
    };
    view! {
        <dialog node_ref=sheet id="keys" class="sheet" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <p class="pb-2 text-sm text-muted">"Single keys do nothing while you type. " <kbd class="kbd kbd-sm">"Enter"</kbd>" sends a reply, "
                <kbd class="kbd kbd-sm">"Shift"</kbd>" and " <kbd class="kbd kbd-sm">"Enter"</kbd>" begin a line."</p>
            {groups}
            <div class="flex flex-wrap justify-end gap-2 pt-4">
                <form method="post" action=SetShortcuts::url() on:submit=switch>
                    <input type="hidden" name="on" value=move || (!on.get()).to_string() />
                    <button type="submit" class="btn btn-ghost min-h-11">
                        {move || if on.get() { "Switch single keys off" } else { "Switch single keys on" }}
                    </button>
                </form>
                <form method="dialog">
                    <button type="submit" class="btn min-h-11">"Close"</button>
                </form>
            </div>
        </dialog>
    }
}

#[component]
fn Line(keys: &'static str, words: &'static str) -> impl IntoView {
    let keys = keys
        .split(' ')
        .map(|key| view! { <kbd class="kbd kbd-sm">{shown(key)}</kbd>" " })
        .collect_view();
    view! {
        <div class="flex items-baseline justify-between gap-4">
            <dt>{words}</dt>
            <dd class="whitespace-nowrap">{keys}</dd>
        </div>
    }
}
