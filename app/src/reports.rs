//! What happened on the last days, from kept counters.

use contract::{live::LiveEvent, reports::Daily};
use domain::when;
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use crate::{
    components::{Awaited, Empty, Icon},
    error::AppError,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const DAYS: u32 = 14;

/// The last 14 days of the business's own calendar, oldest first.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn recent_days() -> Result<Vec<Daily>, AppError> {
    Ok(services::reports::recent(&ssr::services()?, &ssr::actor().await?, DAYS).await?)
}

/// One row of bars.
struct Series {
    words: &'static str,
    /// Whose class of bars.
    fill: &'static str,
    count: fn(&Daily) -> i64,
}

const SERIES: [Series; 5] = [
    Series {
        words: "Received",
        fill: "fill-dot-grey",
        count: |day| day.received,
    },
    Series {
        words: "Sent",
        fill: "fill-dot-blue",
        count: |day| day.sent,
    },
    Series {
        words: "Delivered",
        fill: "fill-dot-green",
        count: |day| day.delivered,
    },
    Series {
        words: "Failed",
        fill: "fill-dot-red",
        count: |day| day.failed,
    },
    Series {
        words: "Opted out",
        fill: "fill-dot-amber",
        count: |day| day.opted_out,
    },
];

#[component]
pub fn ReportsPage() -> impl IntoView {
    let days = Resource::new_blocking(|| (), |()| recent_days());
    view! {
        <Title text="Reports" />
        <div class="mx-auto flex max-w-4xl flex-col gap-4 p-4">
            <h1>"Reports"</h1>
            <Awaited from=days view=|days| view! { <Recent days /> } />
        </div>
    }
}

#[component]
fn Recent(days: Vec<Daily>) -> impl IntoView {
    let session = use_session();
    let days = RwSignal::new(days);
    session.live.refetch_on(
        |event| matches!(event, LiveEvent::Message(_) | LiveEvent::Contact(_)),
        move || {
            spawn_local(async move {
                if let Ok(new) = recent_days().await {
                    days.try_set(new);
                }
            });
        },
    );
    let quiet = move || days.with(|days| days.iter().all(|day| SERIES.iter().all(|series| (series.count)(day) == 0)));
    let charts = move || {
        SERIES
            .iter()
            .map(|series| days.with(|days| view! { <Chart series days=days.clone() /> }))
            .collect_view()
    };
    view! {
        <section aria-labelledby="recent-heading" class="flex flex-col gap-3">
            <h2 id="recent-heading">"Last 14 days"</h2>
            <div class="panel" class:hidden=move || !quiet()>
                <Empty title="Nothing happened yet" next_step="Once texts go out and come in, they are counted here day by day.">
                    <a class="btn btn-primary min-h-11" href="/appointments/new">
                        <Icon icon=icondata::LuCalendarPlus />
                        "Add an appointment"
                    </a>
                </Empty>
            </div>
            <div class="grid gap-3 sm:grid-cols-2 lg:grid-cols-3" aria-hidden="true" class:hidden=quiet>
                {charts}
            </div>
            <details class="panel" class:hidden=quiet>
                <summary class="flex min-h-11 items-center px-4 text-sm font-semibold">"The numbers as a table"</summary>
                <div class="overflow-x-auto px-2 pb-2" tabindex="0" role="group" aria-label="Texts a day">
                    {move || view! { <Table days=days.get() /> }}
                </div>
            </details>
        </section>
    }
}

/// Units of the drawing: a bar's place, and how high the highest is.
const WIDTH: i64 = 20;
const HEIGHT: i64 = 56;

#[component]
fn Chart(series: &'static Series, days: Vec<Daily>) -> impl IntoView {
    let count = series.count;
    let total: i64 = days.iter().map(count).sum();
    let most = days.iter().map(count).max().unwrap_or(0).max(1);
    let bars = days
        .iter()
        .enumerate()
        .map(|(i, day)| {
            let n = count(day);
            // Something is always seen where there was something; a line where there was nothing.
            let height = if n == 0 { 1 } else { (n * HEIGHT / most).max(3) };
            let class = if n == 0 { "fill-base-300" } else { series.fill };
            view! {
                <rect
                    class=class
                    x=(i as i64 * WIDTH + 2).to_string()
                    y=(HEIGHT - height).to_string()
                    width=(WIDTH - 4).to_string()
                    height=height.to_string()
                    rx="1.5"
                >
                    <title>{format!("{}: {n}", date(&day.day, "%a, %b %-d"))}</title>
                </rect>
            }
        })
        .collect_view();
    let from = days.first().map(|day| date(&day.day, "%b %-d"));
    let view_box = format!("0 0 {} {HEIGHT}", WIDTH * i64::from(DAYS));
    view! {
        <div class="panel p-4" data-series=series.words>
            <p class="flex items-baseline justify-between gap-2 pb-2">
                <span class="font-semibold">{series.words}</span>
                <span class="tabular text-lg font-semibold">{thousands(total)}</span>
            </p>
            <svg viewBox=view_box class="h-14 w-full" preserveAspectRatio="none">
                {bars}
            </svg>
            <p class="flex justify-between pt-1 text-xs text-muted">
                <span>{from}</span>
                <span>"Today"</span>
            </p>
        </div>
    }
}

/// The same for whoever does not see the bars, or wants the numbers.
#[component]
fn Table(days: Vec<Daily>) -> impl IntoView {
    let heads = SERIES
        .iter()
        .map(|series| view! { <th scope="col" class="text-end text-muted">{series.words}</th> })
        .collect_view();
    let rows = days
        .iter()
        .map(|day| {
            let cells = SERIES
                .iter()
                .map(|series| view! { <td class="text-end">{(series.count)(day)}</td> })
                .collect_view();
            view! {
                <tr>
                    <th scope="row" class="font-normal whitespace-nowrap">{date(&day.day, "%a, %b %-d")}</th>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table table-sm tabular">
            <caption class="sr-only">"Texts a day"</caption>
            <thead>
                <tr>
                    <th scope="col" class="text-muted">"Day"</th>
                    {heads}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

/// An ISO date as `format` says; as it is should it be none.
fn date(day: &str, format: &str) -> String {
    when::date(day).map_or_else(|| day.to_owned(), |date| date.format(format).to_string())
}

/// `12,345`.
fn thousands(n: i64) -> String {
    let mut digits = n.to_string();
    let mut at = digits.len();
    while at > 3 {
        at -= 3;
        digits.insert(at, ',');
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_said_as_people_do() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "1,234,567"].map(str::to_owned)
        );
        assert_eq!(date("2027-01-04", "%a, %b %-d"), "Mon, Jan 4");
        assert_eq!(date("soon", "%b"), "soon");
    }
}
