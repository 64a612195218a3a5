//! What a text said before, and the way back: to the built-in text, or to an earlier one.

use contract::templates::{TemplateVersionView, TemplateView};
use leptos::prelude::*;

use super::{ResetTemplate, RestoreTemplate, writing::Writing};
use crate::{
    components::{TimeFormat, Timestamp},
    error::AppError,
    session::use_session,
};

/// What an act answers is what the text says now; a problem stands at the top of the page.
fn follow(writing: Writing, answer: impl Fn() -> Option<Result<TemplateView, AppError>> + 'static) {
    let session = use_session();
    Effect::new(move |_| match answer() {
        Some(Ok(now)) => writing.became(now),
        Some(Err(error)) => session.problem.set(Some(error.0)),
        None => {}
    });
}

/// The words of an address, as a form posts them.
#[component]
fn Hidden(writing: Writing) -> impl IntoView {
    let (kind, channel, language) = writing.which();
    view! {
        <input type="hidden" name="kind" value=kind />
        <input type="hidden" name="channel" value=channel />
        <input type="hidden" name="language" value=language />
    }
}

#[component]
pub fn Reset(writing: Writing) -> impl IntoView {
    let action = ServerAction::<ResetTemplate>::new();
    follow(writing, move || action.value().get());
    let built_in = writing.template.with_untracked(|one| one.built_in.body.clone());
    view! {
        <details>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">"Back to the built-in text…"</summary>
            <ActionForm action attr:class="flex flex-col gap-2 pt-2">
                <Hidden writing />
                <blockquote class="rounded border border-base-300 bg-base-200 p-3 text-sm whitespace-pre-wrap wrap-anywhere" dir="auto">
                    {built_in}
                </blockquote>
                <p class="text-sm text-muted">"What you wrote stays below, and can be brought back."</p>
                <div>
                    <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">"Use the built-in text"</button>
                </div>
            </ActionForm>
        </details>
    }
}

#[component]
pub fn History(writing: Writing, may_write: bool) -> impl IntoView {
    let action = ServerAction::<RestoreTemplate>::new();
    follow(writing, move || action.value().get());
    let rows = move || {
        let all = writing.versions.get();
        let newest = all.first().map(|one| one.version);
        all.into_iter()
            .map(|version| {
                let can_restore = may_write && Some(version.version) != newest;
                view! { <Version writing version action can_restore /> }
            })
            .collect_view()
    };
    view! {
        <section class="panel p-5" aria-labelledby="history-heading" class:hidden=move || writing.versions.read().is_empty()>
            <h2 id="history-heading" class="pb-3">"What it said before"</h2>
            <ol class="flex flex-col gap-3">{rows}</ol>
        </section>
    }
}

#[component]
fn Version(
    writing: Writing,
    version: TemplateVersionView,
    action: ServerAction<RestoreTemplate>,
    can_restore: bool,
) -> impl IntoView {
    let number = version.version;
    let body = version.body.unwrap_or_else(|| "The built-in text.".to_owned());
    let restore = can_restore.then(|| {
        view! {
            <ActionForm action>
                <Hidden writing />
                <input type="hidden" name="version" value=number.to_string() />
                <button type="submit" class="btn btn-ghost btn-sm min-h-11 md:min-h-8">
                    "Use this again"
                    <span class="sr-only">{format!(" (version {number})")}</span>
                </button>
            </ActionForm>
        }
    });
    view! {
        <li class="flex flex-col gap-1 border-s-2 border-base-300 ps-3" data-version=number.to_string()>
            <p class="text-sm text-muted">
                {format!("Version {number} · {} · ", version.changed_by)}
                <Timestamp at=version.changed_at say=TimeFormat::Short />
            </p>
            <p class="font-semibold wrap-anywhere empty:hidden" dir="auto">{version.subject}</p>
            <p class="text-sm whitespace-pre-wrap wrap-anywhere" dir="auto">{body}</p>
            {restore}
        </li>
    }
}
