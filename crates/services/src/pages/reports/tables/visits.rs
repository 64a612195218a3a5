//! What became of visits, of reminders, and of times that came free.

use std::collections::HashMap;

use chrono::NaiveDate;
use contract::reports::{Cell, Holds, Report};
use domain::{
    figures::{Figure, Measured, Span, Totals, What},
    waitlist::Mode,
};
use uuid::Uuid;

use super::{by_part, chart, column, count, grouped, number, of_day, totals};
use crate::{
    figures::{self, Split},
    kernel::{
        Result, Services,
        counters::{Counter, Free},
    },
    pages::reports::{Asked, Kind},
    reports,
};

pub(super) async fn confirmations(s: &Services, asked: &Asked) -> Result<Report> {
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

pub(super) async fn no_shows(s: &Services, asked: &Asked) -> Result<Report> {
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

pub(super) async fn locations(s: &Services, asked: &Asked) -> Result<Report> {
    let what = [
        What::Sent,
        What::Kept,
        What::Missed,
        What::CancelledLate,
        What::CancelledEarly,
        What::Open,
    ];
    let places = by_part(grouped(s, asked, &what, Split::Place).await?);
    let mut rows: Vec<(String, Totals)> = places
        .iter()
        .map(|(id, of)| (asked.place_name(Uuid::parse_str(id).unwrap_or_default()), totals(Some(of))))
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let row = |(name, of): (String, Totals)| {
        let rate = of.no_show_rate();
        vec![
            Cell::Text(name),
            Cell::Count(of.n(What::Sent)),
            Cell::Count(of.visits()),
            Cell::Count(of.n(What::Kept)),
            Cell::Count(of.n(What::Missed)),
            number(rate.value),
            number(rate.low),
            number(rate.high),
        ]
    };
    Ok(Report {
        slug: Kind::Locations.slug().to_owned(),
        title: "By location".to_owned(),
        definition:
            "Visits that begin in these days, and the texts about visits that left in them, by the location of the visit."
                .to_owned(),
        notes: Vec::new(),
        columns: vec![
            column("location", "Location", Holds::Text),
            count("sent", "Texts"),
            count("visits", "Visits"),
            count("kept", "Kept"),
            count("missed", "Missed"),
            column("no_show_rate", "No-show rate", Holds::Share),
            column("low", "At least", Holds::Share),
            column("high", "At most", Holds::Share),
        ],
        rows: rows.into_iter().map(row).collect(),
        chart: None,
        behind: Some("/appointments?show=past".to_owned()),
    })
}

/// How many free times were filled, and came free.
pub(in crate::pages::reports) async fn slots(s: &Services, asked: &Asked, span: &Span) -> Result<(i64, i64)> {
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

pub(super) async fn waitlist(s: &Services, asked: &Asked) -> Result<Report> {
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
