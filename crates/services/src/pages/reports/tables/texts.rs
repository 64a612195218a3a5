//! What became of texts, how soon people were answered, and what it cost.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use contract::reports::{Cell, Holds, Report};
use domain::figures::{Figure, Measured, Middle, What};
use uuid::Uuid;

use super::{by_part, chart, column, count, dollars, grouped, log, number, of_day, totals};
use crate::{
    figures::{self, Grouped, Split},
    kernel::{Result, Services},
    pages::reports::{Asked, Kind, board},
};

/// More codes than these are told together.
const CODES: usize = 100;
/// A customer who waits no longer than this is soon answered.
const SOON: i64 = 15 * 60;

pub(super) async fn activity(s: &Services, asked: &Asked) -> Result<Report> {
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

pub(super) async fn hours(s: &Services, asked: &Asked) -> Result<Report> {
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

/// Of each day how often each time was measured.
async fn times(s: &Services, asked: &Asked, what: What) -> Result<HashMap<String, Middle>> {
    let mut days: HashMap<String, Middle> = HashMap::new();
    for one in grouped(s, asked, &[what], Split::DayAndSort).await? {
        figures::add(days.entry(one.part).or_default(), &one.also, one.n);
    }
    Ok(days)
}

pub(super) async fn delivery(s: &Services, asked: &Asked) -> Result<Report> {
    let what = [What::Sent, What::Delivered, What::Undelivered, What::Failed, What::Refused];
    let days = by_part(grouped(s, asked, &what, Split::Day).await?);
    let (took, none) = (times(s, asked, What::Delivering).await?, Middle::default());
    let row = |day: NaiveDate| {
        let of = totals(of_day(&days, day));
        let took = of_day(&took, day).unwrap_or(&none);
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
            number(took.median()),
            number(took.at_most(90)),
        ]
    };
    Ok(Report {
        slug: Kind::Delivery.slug().to_owned(),
        title: "Delivery".to_owned(),
        definition: format!(
            "{} No word: left two days ago or earlier, and the network never said what became of it. Taken: of those that were tried, the ones the provider took. Within: from leaving to arriving.",
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
            column("median", "Half within", Holds::Seconds),
            column("p90", "Nine of ten within", Holds::Seconds),
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

pub(super) async fn channels(s: &Services, asked: &Asked) -> Result<Report> {
    let what = [
        What::Received,
        What::Sent,
        What::Delivered,
        What::Undelivered,
        What::Failed,
        What::Refused,
    ];
    let mut channels: Vec<_> = by_part(grouped(s, asked, &what, Split::Channel).await?).into_iter().collect();
    channels.sort_by(|a, b| a.0.cmp(&b.0));
    let row = |(channel, of): &(String, HashMap<String, i64>)| {
        let of = totals(Some(of));
        let rate = of.delivery_rate();
        vec![
            Cell::Text(channel.clone()),
            Cell::Count(of.n(What::Received)),
            Cell::Count(of.n(What::Sent)),
            Cell::Count(of.n(What::Delivered)),
            Cell::Count(of.not_arrived()),
            number(rate.value),
            number(rate.low),
            number(rate.high),
        ]
    };
    Ok(Report {
        slug: Kind::Channels.slug().to_owned(),
        title: "By channel".to_owned(),
        definition: format!("{} E-mail has no word from a network.", Figure::DeliveryRate.definition()),
        notes: Vec::new(),
        columns: vec![
            column("channel", "Channel", Holds::Text),
            count("received", "Received"),
            count("sent", "Sent"),
            count("delivered", "Delivered"),
            count("not_delivered", "Not delivered"),
            column("delivery_rate", "Delivery rate", Holds::Share),
            column("low", "At least", Holds::Share),
            column("high", "At most", Holds::Share),
        ],
        rows: channels.iter().filter(|(channel, _)| !channel.is_empty()).map(row).collect(),
        chart: None,
        behind: log(asked, ""),
    })
}

pub(super) async fn errors(s: &Services, asked: &Asked) -> Result<Report> {
    let mut found = grouped(s, asked, &[What::Error], Split::Sort).await?;
    found.sort_by(|a, b| (b.n, &a.part).cmp(&(a.n, &b.part)));
    let shown: i64 = found.iter().take(CODES).map(|one| one.n).sum();
    // There may be more codes than one question brings.
    let all = grouped(s, asked, &[What::Error], Split::Channel).await?;
    let rest = all.iter().map(|one| one.n).sum::<i64>() - shown;
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

pub(super) async fn response_times(s: &Services, asked: &Asked) -> Result<Report> {
    let (days, open) = (
        times(s, asked, What::Response).await?,
        times(s, asked, What::ResponseOpen).await?,
    );
    let none = Middle::default();
    let row = |day: NaiveDate| {
        let of = of_day(&days, day).unwrap_or(&none);
        let open = of_day(&open, day).unwrap_or(&none);
        let soon = Measured::share(of.within(SOON), of.count());
        vec![
            Cell::Text(day.to_string()),
            Cell::Count(of.count()),
            number(of.median()),
            number(of.at_most(90)),
            number(soon.value),
            number(open.median()),
            number(open.at_most(90)),
        ]
    };
    Ok(Report {
        slug: Kind::ResponseTimes.slug().to_owned(),
        title: "Response times".to_owned(),
        definition: format!(
            "{} When open: by the time in which a location was open, as its opening hours were then; not measured where no location has any.",
            Figure::ResponseTime.definition()
        ),
        notes: vec!["Times are kept to three digits.".to_owned()],
        columns: vec![
            column("day", "Day", Holds::Day),
            count("replies", "Replies"),
            column("median", "Half within", Holds::Seconds),
            column("p90", "Nine of ten within", Holds::Seconds),
            column("within_15_min", "Within 15 min", Holds::Share),
            column("median_open", "When open: half within", Holds::Seconds),
            column("p90_open", "When open: nine of ten", Holds::Seconds),
        ],
        rows: asked.span.each_day().map(row).collect(),
        chart: chart("day", &["median"], asked.last_is_partial()),
        behind: Some("/inbox?show=needs_answer".to_owned()),
    })
}

pub(super) async fn cost(s: &Services, asked: &Asked) -> Result<Report> {
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
        notes: board::forecast(s, asked).await?,
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

pub(super) async fn cost_of_visits(s: &Services, asked: &Asked) -> Result<Report> {
    let mut types: BTreeMap<String, HashMap<String, i64>> = BTreeMap::new();
    for one in grouped(s, asked, &[What::CostOfVisits, What::Kept], Split::Type).await? {
        let name = asked.type_name(Uuid::parse_str(&one.part).unwrap_or_default());
        *types.entry(name).or_default().entry(one.what).or_default() += one.n;
    }
    let row = |(name, of): (String, HashMap<String, i64>)| {
        let of = totals(Some(&of));
        let each = Measured::dollars_each(of.n(What::CostOfVisits), of.n(What::Kept));
        vec![
            Cell::Text(name),
            dollars(of.n(What::CostOfVisits)),
            Cell::Count(of.n(What::Kept)),
            number(each.value),
        ]
    };
    Ok(Report {
        slug: Kind::CostOfVisits.slug().to_owned(),
        title: "Cost per kept visit".to_owned(),
        definition: Figure::CostPerKeptVisit.definition().to_owned(),
        notes: Vec::new(),
        columns: vec![
            column("type", "Type of visit", Holds::Text),
            column("cost", "Texts about visits", Holds::Dollars),
            count("kept", "Kept visits"),
            column("each", "Each", Holds::Dollars),
        ],
        rows: types.into_iter().map(row).collect(),
        chart: None,
        behind: Some("/appointments?show=completed".to_owned()),
    })
}
