//! Each report's rows.

mod reviews;
mod texts;
mod visits;

pub(super) use visits::slots;

use std::collections::HashMap;

use chrono::NaiveDate;
use contract::reports::{Cell, Chart, Column, Holds, Report};
use domain::figures::{Part, Span, Totals, What};

use super::{Asked, Kind};
use crate::{
    figures::{self, Grouped, Split},
    kernel::{Result, Services},
};

pub(super) async fn table(s: &Services, asked: &Asked, kind: Kind) -> Result<Report> {
    match kind {
        Kind::Activity => texts::activity(s, asked).await,
        Kind::Hours => texts::hours(s, asked).await,
        Kind::Delivery => texts::delivery(s, asked).await,
        Kind::Channels => texts::channels(s, asked).await,
        Kind::Errors => texts::errors(s, asked).await,
        Kind::Confirmations => visits::confirmations(s, asked).await,
        Kind::ResponseTimes => texts::response_times(s, asked).await,
        Kind::NoShows => visits::no_shows(s, asked).await,
        Kind::Locations => visits::locations(s, asked).await,
        Kind::Cost => texts::cost(s, asked).await,
        Kind::CostOfVisits => texts::cost_of_visits(s, asked).await,
        Kind::Waitlist => visits::waitlist(s, asked).await,
        Kind::Reviews => reviews::reviews(s, asked).await,
        Kind::ReviewReasons => reviews::reasons(s, asked).await,
    }
}

fn column(key: &str, label: &str, holds: Holds) -> Column {
    Column {
        key: key.to_owned(),
        label: label.to_owned(),
        holds,
    }
}

fn count(key: &str, label: &str) -> Column {
    column(key, label, Holds::Count)
}

fn chart(along: &str, up: &[&str], last_is_partial: bool) -> Option<Chart> {
    Some(Chart {
        along: along.to_owned(),
        up: up.iter().map(|key| (*key).to_owned()).collect(),
        last_is_partial,
    })
}

fn number(n: Option<f64>) -> Cell {
    n.map_or(Cell::Nothing, Cell::Number)
}

fn dollars(micros: i64) -> Cell {
    Cell::Number(micros as f64 / 1e6)
}

/// What was counted, by the part that it is of.
type ByPart = HashMap<String, HashMap<String, i64>>;

fn by_part(found: Vec<Grouped>) -> ByPart {
    let mut parts = ByPart::new();
    for one in found {
        *parts.entry(one.part).or_default().entry(one.what).or_default() += one.n;
    }
    parts
}

fn totals(of: Option<&HashMap<String, i64>>) -> Totals {
    let of = of.into_iter().flatten();
    Totals {
        of: of.filter_map(|(what, n)| Some((what.parse().ok()?, *n))).collect(),
        ..Totals::default()
    }
}

async fn grouped(s: &Services, asked: &Asked, what: &[What], split: Split) -> Result<Vec<Grouped>> {
    let parts = match split {
        Split::Day | Split::DayAndSort | Split::Hour => asked.span.parts(),
        _ => whole(&asked.span),
    };
    figures::grouped(s.read(), asked.business.id, &parts, &asked.filter, what, split).await
}

fn whole(span: &Span) -> Vec<Part> {
    let (from, to) = span.quarters();
    vec![Part { from, to, offset: 0 }]
}

fn of_day<T>(parts: &HashMap<String, T>, day: NaiveDate) -> Option<&T> {
    parts.get(&day.to_epoch_days().to_string())
}

/// The log of these days, narrowed.
fn log(asked: &Asked, show: &str) -> Option<String> {
    let after = asked.span.to + chrono::Days::new(1);
    let words = format!("after:{} before:{after}", asked.span.from);
    let show = if show.is_empty() {
        String::new()
    } else {
        format!("show={show}&")
    };
    Some(format!("/log?{show}q={}", words.replace(' ', "%20").replace(':', "%3A")))
}
