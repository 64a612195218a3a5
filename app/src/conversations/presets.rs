//! Times that are offered with one press.

use chrono::{DateTime, Utc};
use domain::snooze;
use leptos::prelude::*;

use crate::components::{TimeFormat, Timestamp};

/// What a preset is called, and when that is.
#[component]
pub fn PresetWords(words: &'static str, at: DateTime<Utc>) -> impl IntoView {
    let time = (at != snooze::UNTIL_THEY_ANSWER).then(|| {
        view! {
            <span class="text-sm text-muted">
                <Timestamp at say=TimeFormat::Inline />
            </span>
        }
    });
    view! {
        <span class="flex-1 text-start">{words}</span>
        {time}
    }
}
