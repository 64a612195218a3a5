//! A report's chart, as lines and boxes that need no script. Each bar can be pointed at and reached with the keyboard, and then says what it
//! stands for; what it looks like is said by colour and by pattern.

use contract::reports::{Cell, Column, Holds, Report};
use domain::figures::{Bar, Bars, Piece};
use leptos::prelude::*;

/// Units of the drawing.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 20.0;

/// One colour has one meaning on all pages.
fn fill(key: &str) -> &'static str {
    match key {
        "delivered" | "kept" | "confirmed" => "fill-dot-green",
        "sent" | "real" | "median" => "fill-dot-blue",
        "undelivered" | "unmarked" => "fill-dot-amber",
        "failed" | "missed" | "not_delivered" => "fill-dot-red",
        _ => "fill-dot-grey",
    }
}

/// A pattern on top of the colour; none where it stands for what is usual.
fn pattern(key: &str) -> Option<&'static str> {
    match key {
        "failed" | "missed" | "not_delivered" => Some("url(#chart-cross)"),
        "undelivered" | "unmarked" => Some("url(#chart-dots)"),
        "received" | "no_receipt" | "estimated" => Some("url(#chart-lines)"),
        _ => None,
    }
}

/// The patterns of all charts of a page.
#[component]
pub fn Patterns() -> impl IntoView {
    view! {
        <svg width="0" height="0" aria-hidden="true" class="absolute">
            <defs>
                <pattern id="chart-lines" width="5" height="5" patternUnits="userSpaceOnUse">
                    <path d="M0 5 5 0" class="stroke-base-100" stroke-width="1.2" />
                </pattern>
                <pattern id="chart-cross" width="6" height="6" patternUnits="userSpaceOnUse">
                    <path d="M0 0 6 6 M0 6 6 0" class="stroke-base-100" stroke-width="1" />
                </pattern>
                <pattern id="chart-dots" width="5" height="5" patternUnits="userSpaceOnUse">
                    <circle cx="2.5" cy="2.5" r="1.1" class="fill-base-100" />
                </pattern>
            </defs>
        </svg>
    }
}

#[component]
pub fn Chart(report: Report) -> impl IntoView {
    let drawn = report.bars().map(|(bars, columns)| {
        let columns: Vec<Column> = columns.into_iter().cloned().collect();
        view! { <Drawn title=report.title.clone() bars columns /> }
    });
    view! { {drawn} }
}

#[component]
fn Drawn(title: String, bars: Bars, columns: Vec<Column>) -> impl IntoView {
    let holds = columns.first().map_or(Holds::Count, |column| column.holds);
    let legend = columns
        .iter()
        .map(|column| {
            view! {
                <li class="flex items-center gap-1.5">
                    <svg width="14" height="14" aria-hidden="true">
                        <rect width="14" height="14" rx="2" class=fill(&column.key) />
                        {pattern(&column.key).map(|pattern| view! { <rect width="14" height="14" rx="2" fill=pattern /> })}
                    </svg>
                    {column.label.clone()}
                </li>
            }
        })
        .collect_view();
    let line = |share: f64| {
        let y = (TOP + HEIGHT * (1.0 - share)).to_string();
        let words = Cell::Number(bars.top * share).words(holds);
        view! {
            <line x1=LEFT.to_string() x2=WIDTH.to_string() y1=y.clone() y2=y.clone() class="stroke-base-300" />
            <text x=(LEFT - 6.0).to_string() y=y text-anchor="end" dominant-baseline="middle" class="fill-muted" font-size="11">
                {words}
            </text>
        }
    };
    let lines = [0.0, 0.5, 1.0].into_iter().map(line).collect_view();
    let count = bars.bars.len();
    let step = (WIDTH - LEFT) / count.max(1) as f64;
    // As many labels as have room.
    let every = count.div_ceil(9).max(1);
    let drawn = bars
        .bars
        .into_iter()
        .enumerate()
        .map(|(at, bar)| view! { <OneBar bar columns=columns.clone() x={LEFT + step * at as f64} width=step labelled={at % every == 0} /> })
        .collect_view();
    let view_box = format!("0 0 {WIDTH} {}", TOP + HEIGHT + BOTTOM);
    view! {
        <figure class="panel p-3">
            <svg viewBox=view_box class="h-auto w-full" role="group" aria-label=format!("{title}: a bar for each; the table below says the same")>
                {lines}
                {drawn}
            </svg>
            <ul class="flex flex-wrap gap-x-4 gap-y-1 pt-1 text-sm">{legend}</ul>
        </figure>
    }
}

/// A bar, and what it stands for: said to whoever hears it, and written above it while it is pointed at or has the focus.
#[component]
fn OneBar(bar: Bar, columns: Vec<Column>, x: f64, width: f64, labelled: bool) -> impl IntoView {
    let value = |piece: &Piece| {
        let column = columns.get(piece.series)?;
        Some(format!("{} {}", column.label, Cell::Number(piece.value).words(column.holds)))
    };
    let values: Vec<String> = bar.pieces.iter().filter_map(value).collect();
    let partial = if bar.is_partial { ", not over yet" } else { "" };
    let said = format!("{}: {}{partial}", bar.label, values.join(", "));
    let gap = (width * 0.12).min(4.0);
    let pieces = bar
        .pieces
        .iter()
        .filter(|piece| piece.value > 0.0)
        .map(|piece| {
            let key = columns.get(piece.series).map_or("", |column| column.key.as_str());
            // What was there is always seen.
            let height = (HEIGHT * (piece.to - piece.from)).max(1.5);
            let y = TOP + HEIGHT * (1.0 - piece.to);
            // What is not over yet is hatched.
            let over = if bar.is_partial {
                Some("url(#chart-lines)")
            } else {
                pattern(key)
            };
            let place = [x + gap, y, width - 2.0 * gap, height].map(|n| format!("{n:.2}"));
            let [x, y, width, height] = place;
            view! {
                <rect x=x.clone() y=y.clone() width=width.clone() height=height.clone() class=fill(key) />
                {over.map(|pattern| view! { <rect x=x y=y width=width height=height fill=pattern /> })}
            }
        })
        .collect_view();
    let middle = x + width / 2.0;
    let label = labelled.then(|| {
        view! {
            <text x=middle.to_string() y=(TOP + HEIGHT + 14.0).to_string() text-anchor="middle" class="fill-muted" font-size="11" aria-hidden="true">
                {bar.label.clone()}
            </text>
        }
    });
    // Words at an edge stay inside.
    let (at, anchor) = if middle < WIDTH * 0.3 {
        (x.max(LEFT), "start")
    } else if middle > WIDTH * 0.7 {
        (x + width, "end")
    } else {
        (middle, "middle")
    };
    view! {
        <g tabindex="0" role="img" aria-label=said class="chart-bar">
            <rect x=x.to_string() y=TOP.to_string() width=width.to_string() height=HEIGHT.to_string() class="chart-place" />
            {pieces}
            {label}
            <text x=at.to_string() y="13" text-anchor=anchor class="chart-value" font-size="12" aria-hidden="true">
                {said.clone()}
            </text>
        </g>
    }
}
