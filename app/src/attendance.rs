//! Whether somebody comes: what is known of it on a visit's page, and how good the guess is on a page of its own.

use contract::attendance::{AttendancePage as Measured, AttendanceView, Quality};
use leptos::prelude::*;
use leptos_meta::Title;
use uuid::Uuid;

use crate::{components::Awaited, error::AppError};

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn get_attendance(id: Uuid) -> Result<AttendanceView, AppError> {
    Ok(services::attendance::view(&ssr::services()?, &ssr::actor().await?, id).await?)
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn attendance_quality() -> Result<Measured, AppError> {
    Ok(services::attendance::page(&ssr::services()?, &ssr::actor().await?).await?)
}

/// Of a visit that is not there the page says so already.
async fn read(id: String) -> Result<Option<AttendanceView>, AppError> {
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(get_attendance(id).await.ok())
}

/// What is known of a visit's customer, on its page.
#[component]
pub fn OfVisit(id: Memo<String>) -> impl IntoView {
    let found = Resource::new_blocking(move || id.get(), read);
    let view = |found: Option<AttendanceView>| found.map(|found| view! { <Known found /> });
    view! { <Awaited from=found view quiet=true /> }
}

#[component]
fn Known(found: AttendanceView) -> impl IntoView {
    let history = match found.history {
        Some(words) => format!("They {words}, in two years."),
        None => "Nothing is known yet: none of their visits was marked as kept or missed.".to_owned(),
    };
    let likely = found.likely.map(|words| format!("By that they are {words}."));
    view! {
        <section class="panel flex flex-col gap-2 p-5" aria-labelledby="attendance-heading">
            <h2 id="attendance-heading">"Do they come?"</h2>
            <p data-attendance="">{history}</p>
            <p class="empty:hidden">{likely}</p>
            <p class="text-sm">
                <a class="link" href="/attendance">
                    "How good this is"
                </a>
            </p>
        </section>
    }
}

#[component]
pub fn AttendancePage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| attendance_quality());
    view! {
        <Title text="Who comes" />
        <div class="mx-auto flex max-w-2xl flex-col gap-4 p-4">
            <h1>"Who comes"</h1>
            <p class="text-muted">
                "What somebody did before says something of whether they come, and chance says more. So it is told in words, leans on the \
                 average, and refuses nobody: use it to call somebody, or to remind them earlier."
            </p>
            <Awaited from=found view=|found| view! { <Made found /> } />
        </div>
    }
}

#[component]
fn Made(found: Measured) -> impl IntoView {
    let verdict = match found.quality {
        Quality::Better => "It was better than taking everybody for average, so it is shown on visits.".to_owned(),
        Quality::NoBetter => {
            "It was no better than taking everybody for average, so it is switched off until it is. What people did before is shown all the same."
                .to_owned()
        }
        Quality::TooFew => format!(
            "Too few visits were marked to say: {} are needed. Until then only what people did before is shown.",
            found.least
        ),
    };
    let score = |score: Option<f64>| score.map_or_else(|| "–".to_owned(), |score| format!("{score:.4}"));
    let figure = |label: &'static str, value: String| {
        view! {
            <div class="panel px-4 py-3">
                <dt class="text-sm text-muted">{label}</dt>
                <dd class="tabular text-2xl font-semibold">{value}</dd>
            </div>
        }
    };
    view! {
        <p role="status" class="notice">
            {verdict}
        </p>
        <section aria-label=format!("The last {} days", found.days)>
            <dl class="grid grid-cols-2 gap-3">
                {figure("Marked visits, 90 days", found.visits.to_string())}
                {figure("Missed", found.missed.to_string())}
                {figure("Error of the guess", score(found.ours))}
                {figure("Error of the average", score(found.average))}
            </dl>
        </section>
        <section class="panel flex flex-col gap-2 p-5 text-sm" aria-labelledby="how-heading">
            <h2 id="how-heading">"How it is made"</h2>
            <p>
                "Of each person the visits of the last 24 months count that were marked as kept or missed. To them five visits are added that \
                 were missed as often as those of the same type on average. From 500 marked visits on, how long ahead a visit was booked and \
                 whether its reminder was confirmed count, too."
            </p>
            <p>
                "The error is the mean of the squared distance between the guess and what happened (Brier score): 0 is never wrong, and the \
                 smaller one is the better. Each guess is made before its visit is marked."
            </p>
        </section>
    }
}
