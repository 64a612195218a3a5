//! What happened in some days: figures, and reports of which each is a chart, a table and a file. All of it is drawn by the server and can be
//! read without a script.

mod chart;
mod filters;

use chart::{Chart, Patterns};
use contract::reports::{Board, Card, Cell, Column, Holds, Report, ReportQuery};
use domain::permissions::Permission;
use filters::Filters;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use crate::{
    components::{Awaited, Icon},
    error::AppError,
    paths,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const PATH: &str = "/reports";

/// What the page is asked for, as its address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    location_id: String,
    #[serde(default)]
    type_id: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    compare: String,
}

#[cfg(feature = "ssr")]
impl Asked {
    fn query(&self) -> ReportQuery {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        ReportQuery {
            from: given(&self.from),
            to: given(&self.to),
            location_id: given(&self.location_id),
            type_id: given(&self.type_id),
            channel: given(&self.channel),
            compare: given(&self.compare),
        }
    }
}

/// The address of `path` with what a query asks for.
fn address(path: &str, query: &ReportQuery) -> String {
    let pairs = [
        ("from", query.from.as_deref()),
        ("to", query.to.as_deref()),
        ("location_id", query.location_id.as_deref()),
        ("type_id", query.type_id.as_deref()),
        ("channel", query.channel.as_deref()),
        ("compare", query.compare.as_deref()),
    ];
    paths::with_query(path, &pairs)
}

/// What the page shows: of what was asked for, or, where that can't be, of the last 30 days with what was wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    board: Board,
    wrong: Option<String>,
    /// Whether the owners get the month's report by mail.
    monthly: bool,
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn read_reports(#[server(default)] asked: Asked) -> Result<Shown, AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let monthly = services::monthly::is_on(&s, &actor).await?;
    match services::pages::reports::board(&s, &actor, &asked.query()).await {
        Ok(board) => Ok(Shown {
            board,
            wrong: None,
            monthly,
        }),
        // What was typed into the form is said above it.
        Err(error) if error.problem().code == contract::Code::Invalid => {
            let problem = error.problem();
            let wrong = problem
                .fields
                .first()
                .map_or(problem.detail.clone(), |field| field.message.clone());
            let board = services::pages::reports::board(&s, &actor, &ReportQuery::default()).await?;
            Ok(Shown {
                board,
                wrong: Some(wrong),
                monthly,
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// Turns the month's report by mail on or off.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn set_monthly_report(on: bool) -> Result<(), AppError> {
    let work = async move { Ok(services::monthly::set(&ssr::services()?, &ssr::actor().await?, on).await?) };
    ssr::button_action(PATH, work).await
}

#[component]
pub fn ReportsPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let given = |name: &str| query.get(name).unwrap_or_default();
            Asked {
                from: given("from"),
                to: given("to"),
                location_id: given("location_id"),
                type_id: given("type_id"),
                channel: given("channel"),
                compare: given("compare"),
            }
        })
    });
    let shown = Resource::new_blocking(move || asked.get(), read_reports);
    view! {
        <Title text="Reports" />
        <div class="mx-auto flex max-w-6xl flex-col gap-5 p-4">
            <h1>"Reports"</h1>
            <Awaited from=shown view=|shown| view! { <Everything shown /> } />
        </div>
    }
}

#[component]
fn Everything(shown: Shown) -> impl IntoView {
    let Shown { board, wrong, monthly } = shown;
    let query = board.query.clone();
    let partial = board.partial_before.as_ref().map(|day| {
        let words = format!("Days before {day} are still being counted. What is told of them lacks something.");
        view! {
            <p role="status" class="notice">
                {words}
            </p>
        }
    });
    let compared = board.days_before.as_ref().map(|days| format!(", compared with {days}"));
    let cards = board
        .cards
        .iter()
        .cloned()
        .map(|card| view! { <Figure card /> })
        .collect_view();
    let reports = board
        .reports
        .iter()
        .cloned()
        .map(|report| view! { <Section report query=query.clone() /> })
        .collect_view();
    let (csv, pdf) = (address("/reports/report.csv", &query), address("/reports/report.pdf", &query));
    view! {
        <Filters board=board.clone() />
        <p role="status" class="text-sm font-semibold empty:hidden">
            {wrong}
        </p>
        {partial}
        <div class="flex flex-wrap items-center justify-between gap-2">
            <p class="font-semibold">
                {board.days.clone()} {compared}
                <span class="block text-sm font-normal text-muted">
                    {board.narrowed.clone().map(|words| format!("{words}. "))} {format!("Days and hours by the clock of {}.", board.time_zone)}
                </span>
            </p>
            <div class="flex flex-wrap gap-2 print:hidden">
                <a class="btn btn-sm min-h-11 md:min-h-9" href="/alerts">
                    <Icon icon=icondata::LuTriangleAlert />
                    "Alerts"
                </a>
                <Download href=csv words="CSV of everything" />
                <Download href=pdf words="PDF" />
            </div>
        </div>
        <section aria-labelledby="figures-heading" class="flex flex-col gap-3">
            <h2 id="figures-heading">"Figures"</h2>
            <ul class="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">{cards}</ul>
        </section>
        <Patterns />
        {reports}
        <Monthly on=monthly />
    }
}

/// By mail: a form that is sent as forms are, and leads back to this page.
#[component]
fn Monthly(on: bool) -> impl IntoView {
    let session = use_session();
    session.may(Permission::ManageBusiness).then(|| {
        let (words, button) = if on {
            ("The owners get the month’s report by mail on its first morning.", "Turn it off")
        } else {
            ("The month’s report can come to the owners by mail. It is off.", "Turn it on")
        };
        view! {
            <form method="post" action=SetMonthlyReport::url() class="panel flex flex-wrap items-center justify-between gap-3 p-4 print:hidden">
                <p>{words}</p>
                <input type="hidden" name="on" value=(!on).to_string() />
                <button class="btn btn-sm min-h-11 md:min-h-9">{button}</button>
            </form>
        }
    })
}

#[component]
fn Download(href: String, words: &'static str) -> impl IntoView {
    view! {
        <a class="btn btn-sm min-h-11 md:min-h-9" href=href rel="external" download="">
            <Icon icon=icondata::LuDownload />
            {words}
        </a>
    }
}

/// A figure with what it means and what it is made of.
#[component]
pub fn Figure(card: Card) -> impl IntoView {
    let heading = format!("figure-{}", card.key);
    let trend = (!card.trend.is_empty()).then(|| {
        let (icon, class) = match card.good {
            Some(true) => (icondata::LuThumbsUp, "text-success"),
            Some(false) => (icondata::LuThumbsDown, "text-error"),
            None => (icondata::LuEqual, "text-muted"),
        };
        view! {
            <p class=format!("flex items-center gap-1 text-sm {class}")>
                <Icon icon size="1em" />
                {card.trend.clone()}
            </p>
        }
    });
    let doubtful = card.doubtful.then_some("Not reliable: too many visits are not marked.");
    let behind = card.behind.clone().map(|href| {
        view! {
            <a class="link inline-flex min-h-11 items-center text-sm md:min-h-8 print:hidden" href=href>
                "Show the rows"
                <span class="sr-only">{format!(" behind {}", card.title)}</span>
            </a>
        }
    });
    view! {
        <li class="panel flex flex-col gap-1 p-4" aria-labelledby=heading data-figure=card.key.clone()>
            <h3 id=heading.clone() class="text-sm font-semibold">
                {card.title.clone()}
            </h3>
            <p class="tabular text-2xl font-semibold" class:text-muted=card.doubtful>
                {card.value.clone()}
            </p>
            {trend}
            <p class="text-sm text-muted">{card.made_of.clone()}</p>
            <p class="text-sm font-semibold empty:hidden">{doubtful}</p>
            <p class="text-sm text-muted">{card.definition.clone()}</p>
            {behind}
        </li>
    }
}

/// A report: its chart, its table, its file.
#[component]
fn Section(report: Report, query: ReportQuery) -> impl IntoView {
    let heading = format!("report-{}", report.slug);
    let notes = report
        .notes
        .iter()
        .map(|note| view! { <p class="text-sm font-semibold">{note.clone()}</p> })
        .collect_view();
    let csv = address(&format!("/reports/{}.csv", report.slug), &query);
    let behind = report.behind.clone().map(|href| {
        view! {
            <a class="link inline-flex min-h-11 items-center text-sm md:min-h-8" href=href>
                "Show the rows behind it"
            </a>
        }
    });
    let drawn = report.bars().is_some();
    let quiet = report.rows.is_empty().then_some("Nothing to tell of these days.");
    view! {
        <section aria-labelledby=heading class="flex flex-col gap-2" data-report=report.slug.clone()>
            <div class="flex flex-wrap items-center justify-between gap-2">
                <h2 id=heading.clone()>{report.title.clone()}</h2>
                <div class="flex flex-wrap items-center gap-3 print:hidden">{behind} <Download href=csv words="CSV" /></div>
            </div>
            <p class="text-sm text-muted">{report.definition.clone()}</p>
            {notes}
            <p class="empty:hidden">{quiet}</p>
            {drawn.then(|| view! { <Chart report=report.clone() /> })}
            <details class="panel" open={!drawn} class:hidden=report.rows.is_empty()>
                <summary class="flex min-h-11 items-center px-4 text-sm font-semibold">"The numbers as a table"</summary>
                <div class="overflow-x-auto px-2 pb-2" tabindex="0" role="group" aria-label=format!("{} as a table", report.title)>
                    <Table report=report.clone() />
                </div>
            </details>
        </section>
    }
}

const fn is_number(holds: Holds) -> bool {
    !matches!(holds, Holds::Text | Holds::Day)
}

#[component]
fn Table(report: Report) -> impl IntoView {
    let head = |column: &Column| {
        let class = if is_number(column.holds) {
            "text-end text-muted"
        } else {
            "text-muted"
        };
        view! {
            <th scope="col" class=class>
                {column.label.clone()}
            </th>
        }
    };
    let heads = report.columns.iter().map(head).collect_view();
    let cell = |(at, (cell, column)): (usize, (&Cell, &Column))| {
        let words = cell.words(column.holds);
        if at == 0 {
            view! {
                <th scope="row" class="font-normal whitespace-nowrap">
                    {words}
                </th>
            }
            .into_any()
        } else {
            view! { <td class:text-end=is_number(column.holds)>{words}</td> }.into_any()
        }
    };
    let rows = report
        .rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(&report.columns).enumerate().map(cell).collect_view();
            view! { <tr>{cells}</tr> }
        })
        .collect_view();
    view! {
        <table class="table table-sm tabular">
            <caption class="sr-only">{report.title.clone()}</caption>
            <thead>
                <tr>{heads}</tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}
