//! Each report's rows.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use contract::reports::{Cell, Chart, Column, Holds, Report};
use domain::{
    figures::{Figure, Measured, Middle, Part, Span, Totals, What},
    waitlist::Mode,
};
use uuid::Uuid;

use super::{Asked, Kind};
use crate::{
    figures::{self, Grouped, Split},
    kernel::{
        Result, Services,
        counters::{Counter, Free},
    },
    reports,
};

/// More codes than these are told together.
const CODES: usize = 100;
/// A customer who waits no longer than this is soon answered.
const SOON: i64 = 15 * 60;

pub(super) async fn table(s: &Services, asked: &Asked, kind: Kind) -> Result<Report> {
    match kind {
        Kind::Activity => activity(s, asked).await,
        Kind::Hours => hours(s, asked).await,
        Kind::Delivery => delivery(s, asked).await,
        Kind::Errors => errors(s, asked).await,
        Kind::Confirmations => confirmations(s, asked).await,
        Kind::ResponseTimes => response_times(s, asked).await,
        Kind::NoShows => no_shows(s, asked).await,
        Kind::Cost => cost(s, asked).await,
        Kind::Waitlist => waitlist(s, asked).await,
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

async fn activity(s: &Services, asked: &Asked) -> Result<Report> {
    let what = [
        What::Received,
        What::Sent,
        What::Delivered,
        What::Undelivered,
        What::Failed,
        What::Refused,
        What::Cancelled,
    ];
    let days = by_part(grouped(s, asked, &what, Split::Day).await?);
    let row = |day: NaiveDate| {
        let of = totals(of_day(&days, day));
        vec![
            Cell::Text(day.to_string()),
            Cell::Count(of.n(What::Received)),
            Cell::Count(of.n(What::Sent)),
            Cell::Count(of.n(What::Delivered)),
            Cell::Count(of.not_arrived()),
            Cell::Count(of.n(What::Cancelled)),
        ]
    };
    let mut notes = Vec::new();
    if asked.filter.place.is_some() || asked.filter.type_id.is_some() {
        notes.push("Texts from customers belong to no location and no type, so none are shown here.".to_owned());
    }
    Ok(Report {
        slug: Kind::Activity.slug().to_owned(),
        title: "Daily activity".to_owned(),
        definition: "Texts by the day on which they were written, and what has become of them since.".to_owned(),
        notes,
        columns: vec![
            column("day", "Day", Holds::Day),
            count("received", "Received"),
            count("sent", "Sent"),
            count("delivered", "Delivered"),
            count("not_delivered", "Not delivered"),
            count("cancelled", "Cancelled"),
        ],
        rows: asked.span.each_day().map(row).collect(),
        chart: chart("day", &["received", "sent"], asked.last_is_partial()),
        behind: log(asked, ""),
    })
}

async fn hours(s: &Services, asked: &Asked) -> Result<Report> {
    let hours = by_part(grouped(s, asked, &[What::Received, What::Sent], Split::Hour).await?);
    let row = |hour: i64| {
        let of = totals(hours.get(&hour.to_string()));
        vec![
            Cell::Text(format!("{hour:02}:00")),
            Cell::Count(of.n(What::Received)),
            Cell::Count(of.n(What::Sent)),
        ]
    };
    Ok(Report {
        slug: Kind::Hours.slug().to_owned(),
        title: "Hour of day".to_owned(),
        definition: "Texts of these days by the hour in which they were written, by the clock of the business.".to_owned(),
        notes: Vec::new(),
        columns: vec![
            column("hour", "Hour", Holds::Text),
            count("received", "Received"),
            count("sent", "Sent"),
        ],
        rows: (0..24).map(row).collect(),
        chart: chart("hour", &["received", "sent"], false),
        behind: log(asked, ""),
    })
}

async fn delivery(s: &Services, asked: &Asked) -> Result<Report> {
    let what = [What::Sent, What::Delivered, What::Undelivered, What::Failed, What::Refused];
    let days = by_part(grouped(s, asked, &what, Split::Day).await?);
    let row = |day: NaiveDate| {
        let of = totals(of_day(&days, day));
        let rate = of.delivery_rate();
        // So young that the network may still say something.
        let open = (asked.today - day).num_days() <= 2;
        let no_word = of.no_word();
        vec![
            Cell::Text(day.to_string()),
            Cell::Count(of.n(What::Sent)),
            Cell::Count(of.n(What::Delivered)),
            Cell::Count(of.n(What::Undelivered)),
            Cell::Count(of.n(What::Failed) + of.n(What::Refused)),
            Cell::Count(if open { 0 } else { no_word }),
            Cell::Count(if open { no_word } else { 0 }),
            number(rate.value),
            number(rate.low),
            number(rate.high),
            number(of.taken().value),
        ]
    };
    Ok(Report {
        slug: Kind::Delivery.slug().to_owned(),
        title: "Delivery".to_owned(),
        definition: format!(
            "{} No word: left two days ago or earlier, and the network never said what became of it. Taken: of those that were tried, the ones the provider took.",
            Figure::DeliveryRate.definition()
        ),
        notes: Vec::new(),
        columns: vec![
            column("day", "Day", Holds::Day),
            count("sent", "Sent"),
            count("delivered", "Delivered"),
            count("undelivered", "Undelivered"),
            count("failed", "Failed"),
            count("no_receipt", "No word"),
            count("under_way", "Under way"),
            column("delivery_rate", "Delivery rate", Holds::Share),
            column("low", "At least", Holds::Share),
            column("high", "At most", Holds::Share),
            column("taken_rate", "Taken", Holds::Share),
        ],
        rows: asked.span.each_day().map(row).collect(),
        chart: chart(
            "day",
            &["delivered", "undelivered", "failed", "no_receipt", "under_way"],
            asked.last_is_partial(),
        ),
        behind: log(asked, "trouble"),
    })
}

async fn errors(s: &Services, asked: &Asked) -> Result<Report> {
    let mut found = grouped(s, asked, &[What::Error], Split::Sort).await?;
    found.sort_by(|a, b| (b.n, &a.part).cmp(&(a.n, &b.part)));
    let rest: i64 = found.iter().skip(CODES).map(|one| one.n).sum();
    let mut notes = Vec::new();
    if rest > 0 {
        notes.push(format!(
            "The {CODES} most frequent are shown; {rest} more texts failed with other codes."
        ));
    }
    let row = |one: &Grouped| {
        let known = one.part.parse().ok().and_then(twilio::errors::lookup);
        let (words, next_step) = known.map_or(("Not explained by the provider.", "Open one of them in the log."), |entry| {
            (entry.words, entry.next_step)
        });
        vec![
            Cell::Text(one.part.clone()),
            Cell::Text(one.also.clone()),
            Cell::Text(words.to_owned()),
            Cell::Text(next_step.to_owned()),
            Cell::Count(one.n),
        ]
    };
    Ok(Report {
        slug: Kind::Errors.slug().to_owned(),
        title: "Errors".to_owned(),
        definition: "Texts written in these days that did not arrive, by the reason the provider gave.".to_owned(),
        notes,
        columns: vec![
            column("code", "Code", Holds::Text),
            column("channel", "Channel", Holds::Text),
            column("words", "What it means", Holds::Text),
            column("next_step", "What to do", Holds::Text),
            count("count", "Texts"),
        ],
        rows: found.iter().take(CODES).map(row).collect(),
        chart: None,
        behind: log(asked, "trouble"),
    })
}

async fn confirmations(s: &Services, asked: &Asked) -> Result<Report> {
    let found = grouped(s, asked, &[What::StepReminded, What::StepConfirmed], Split::Sort).await?;
    let steps = by_part(found);
    let mut rows: Vec<(Option<u32>, Vec<Cell>)> = steps
        .iter()
        .map(|(sort, of)| {
            let (kind, channel) = sort.split_once('/').unwrap_or((sort, ""));
            let of = totals(Some(of));
            let rate = Measured::share(of.n(What::StepConfirmed), of.n(What::StepReminded));
            let hours = kind.strip_suffix('h').and_then(|hours| hours.parse().ok());
            let row = vec![
                Cell::Text(kind.to_owned()),
                Cell::Text(channel.to_owned()),
                Cell::Count(rate.denominator),
                Cell::Count(of.n(What::StepConfirmed)),
                number(rate.value),
                number(rate.low),
                number(rate.high),
            ];
            (hours, row)
        })
        .collect();
    // The earliest first.
    rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| format!("{:?}", a.1).cmp(&format!("{:?}", b.1))));
    Ok(Report {
        slug: Kind::Confirmations.slug().to_owned(),
        title: "Confirmations by reminder".to_owned(),
        definition: "Of the reminders that left for visits which begin in these days: those answered with yes before the visit. A visit with two reminders is in two rows.".to_owned(),
        notes: Vec::new(),
        columns: vec![
            column("step", "Reminder", Holds::Text),
            column("channel", "Channel", Holds::Text),
            count("reminded", "Left"),
            count("confirmed", "Confirmed"),
            column("confirmation_rate", "Rate", Holds::Share),
            column("low", "At least", Holds::Share),
            column("high", "At most", Holds::Share),
        ],
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        chart: chart("step", &["confirmed"], false),
        behind: Some("/appointments?show=unanswered".to_owned()),
    })
}

async fn response_times(s: &Services, asked: &Asked) -> Result<Report> {
    let mut days: HashMap<String, Middle> = HashMap::new();
    for one in grouped(s, asked, &[What::Response], Split::DayAndSort).await? {
        figures::add(days.entry(one.part).or_default(), &one.also, one.n);
    }
    let none = Middle::default();
    let row = |day: NaiveDate| {
        let of = of_day(&days, day).unwrap_or(&none);
        let soon = Measured::share(of.within(SOON), of.count());
        vec![
            Cell::Text(day.to_string()),
            Cell::Count(of.count()),
            number(of.median()),
            number(of.at_most(90)),
            number(soon.value),
        ]
    };
    Ok(Report {
        slug: Kind::ResponseTimes.slug().to_owned(),
        title: "Response times".to_owned(),
        definition: Figure::ResponseTime.definition().to_owned(),
        notes: vec!["Times are kept to three digits.".to_owned()],
        columns: vec![
            column("day", "Day", Holds::Day),
            count("replies", "Replies"),
            column("median", "Half within", Holds::Seconds),
            column("p90", "Nine of ten within", Holds::Seconds),
            column("within_15_min", "Within 15 min", Holds::Share),
        ],
        rows: asked.span.each_day().map(row).collect(),
        chart: chart("day", &["median"], asked.last_is_partial()),
        behind: Some("/inbox?show=needs_answer".to_owned()),
    })
}

async fn no_shows(s: &Services, asked: &Asked) -> Result<Report> {
    let what = [What::Kept, What::Missed, What::CancelledLate, What::CancelledEarly];
    let days = by_part(grouped(s, asked, &what, Split::Day).await?);
    let parts = asked.span.parts();
    let db = s.read();
    let open = figures::visits_to_mark(db, asked.business.id, &parts, &asked.filter, asked.now, Split::Day).await?;
    let open: HashMap<String, i64> = open.into_iter().map(|one| (one.part, one.n)).collect();
    let row = |day: NaiveDate| {
        let mut of = totals(of_day(&days, day));
        of.unmarked = of_day(&open, day).copied().unwrap_or(0);
        let rate = of.no_show_rate();
        vec![
            Cell::Text(day.to_string()),
            Cell::Count(of.n(What::Kept)),
            Cell::Count(of.n(What::Missed)),
            Cell::Count(of.unmarked),
            Cell::Count(of.n(What::CancelledLate)),
            Cell::Count(of.n(What::CancelledEarly)),
            number(rate.value),
            number(rate.low),
            number(rate.high),
        ]
    };
    let all: i64 = days
        .values()
        .flat_map(|of| of.iter())
        .filter(|(what, _)| !what.starts_with("cancelled"))
        .map(|(_, n)| n)
        .sum();
    let unmarked: i64 = open.values().sum();
    let mut notes = Vec::new();
    if unmarked * 10 > all + unmarked {
        notes.push(format!(
            "{unmarked} of {} visits are not marked as kept or missed: the rate is not reliable.",
            all + unmarked
        ));
    }
    Ok(Report {
        slug: Kind::NoShows.slug().to_owned(),
        title: "No-shows".to_owned(),
        definition: format!(
            "{} Late: cancelled less than 24 hours before. Unmarked: begun, and nobody has said how it went.",
            Figure::NoShowRate.definition()
        ),
        notes,
        columns: vec![
            column("day", "Day", Holds::Day),
            count("kept", "Kept"),
            count("missed", "Missed"),
            count("unmarked", "Unmarked"),
            count("cancelled_late", "Cancelled late"),
            count("cancelled_early", "Cancelled early"),
            column("no_show_rate", "No-show rate", Holds::Share),
            column("low", "At least", Holds::Share),
            column("high", "At most", Holds::Share),
        ],
        rows: asked.span.each_day().map(row).collect(),
        chart: chart("day", &["kept", "missed", "unmarked"], asked.last_is_partial()),
        behind: Some("/appointments?show=no_show".to_owned()),
    })
}

async fn cost(s: &Services, asked: &Asked) -> Result<Report> {
    let what = [What::Sent, What::Segments, What::CostEstimated, What::CostReal];
    let mut rows: BTreeMap<(String, String), HashMap<String, i64>> = BTreeMap::new();
    for one in grouped(s, asked, &what, Split::Type).await? {
        let name = asked.type_name(Uuid::parse_str(&one.part).unwrap_or_default());
        *rows.entry((one.also, name)).or_default().entry(one.what).or_default() += one.n;
    }
    let row = |((channel, name), of): ((String, String), HashMap<String, i64>)| {
        let of = totals(Some(&of));
        vec![
            Cell::Text(channel),
            Cell::Text(name),
            Cell::Count(of.n(What::Sent)),
            Cell::Count(of.n(What::Segments)),
            dollars(of.n(What::CostEstimated)),
            dollars(of.n(What::CostReal)),
            dollars(of.cost()),
        ]
    };
    Ok(Report {
        slug: Kind::Cost.slug().to_owned(),
        title: "Cost".to_owned(),
        definition: "What texts cost that were written in these days and left. Estimated: by the list of prices, until the provider tells its own. Texts billed in another currency than dollars are not in it.".to_owned(),
        notes: super::board::forecast(s, asked).await?,
        columns: vec![
            column("channel", "Channel", Holds::Text),
            column("type", "Type of visit", Holds::Text),
            count("texts", "Texts"),
            count("segments", "Parts"),
            column("estimated", "Estimated", Holds::Dollars),
            column("real", "Real", Holds::Dollars),
            column("total", "Together", Holds::Dollars),
        ],
        rows: rows.into_iter().map(row).collect(),
        chart: chart("type", &["estimated", "real"], false),
        behind: log(asked, ""),
    })
}

/// How many free times were filled, and came free.
pub(super) async fn slots(s: &Services, asked: &Asked, span: &Span) -> Result<(i64, i64)> {
    let sums = of_waitlist(s, asked, span).await?;
    let sum = |what: Free| {
        Mode::ALL
            .iter()
            .filter_map(|mode| sums.get(&Counter::Waitlist(*mode, what)))
            .sum()
    };
    Ok((sum(Free::Filled), sum(Free::Slots)))
}

async fn of_waitlist(s: &Services, asked: &Asked, span: &Span) -> Result<HashMap<Counter, i64>> {
    let all: Vec<Counter> = Mode::ALL
        .iter()
        .flat_map(|mode| Free::ALL.map(|what| Counter::Waitlist(*mode, what)))
        .collect();
    reports::between(s.read(), asked.business.id, span.from, span.to, &all).await
}

async fn waitlist(s: &Services, asked: &Asked) -> Result<Report> {
    let sums = of_waitlist(s, asked, &asked.span).await?;
    let row = |mode: &Mode| {
        let n = |what: Free| sums.get(&Counter::Waitlist(*mode, what)).copied().unwrap_or(0);
        let filled = Measured::share(n(Free::Filled), n(Free::Slots));
        let took = (n(Free::Filled) > 0).then(|| n(Free::Seconds) as f64 / n(Free::Filled) as f64);
        vec![
            Cell::Text(mode.to_string()),
            Cell::Count(n(Free::Slots)),
            Cell::Count(n(Free::Offers)),
            Cell::Count(n(Free::Answers)),
            Cell::Count(n(Free::Declined)),
            Cell::Count(n(Free::Silent)),
            Cell::Count(n(Free::Filled)),
            number(filled.value),
            number(filled.low),
            number(filled.high),
            number(took),
        ]
    };
    let mut notes = Vec::new();
    if asked.filter != figures::Filter::default() {
        notes.push("Free times are counted for the whole business: this table is not narrowed.".to_owned());
    }
    Ok(Report {
        slug: Kind::Waitlist.slug().to_owned(),
        title: "Waitlist".to_owned(),
        definition: "Times that came free in these days, by the way in which they were offered, and what became of the offers. Time to fill is the mean.".to_owned(),
        notes,
        columns: vec![
            column("mode", "Offered", Holds::Text),
            count("freed", "Came free"),
            count("offers", "Offers"),
            count("answers", "Answers"),
            count("declined", "Declined"),
            count("silent", "Silent"),
            count("filled", "Filled"),
            column("filled_rate", "Filled", Holds::Share),
            column("low", "At least", Holds::Share),
            column("high", "At most", Holds::Share),
            column("seconds_to_fill", "Time to fill", Holds::Seconds),
        ],
        rows: Mode::ALL.iter().map(row).collect(),
        chart: None,
        behind: Some("/waitlist".to_owned()),
    })
}
