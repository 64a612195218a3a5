//! Who was asked for a review, who was not, and what came of it: by place and platform, and by reason.

use std::collections::{BTreeMap, HashMap};

use contract::reports::{Cell, Holds, Report};
use domain::figures::{Measured, What};
use uuid::Uuid;

use super::{chart, column, count, grouped, number, totals};
use crate::{
    figures::Split,
    kernel::{Result, Services},
    pages::reports::{Asked, Kind},
    review_platforms,
};

/// More reasons than these are told together.
const REASONS: usize = 50;

fn notes(asked: &Asked) -> Vec<String> {
    let mut notes = Vec::new();
    if asked.filter.type_id.is_some() {
        notes.push("Requests for reviews belong to no type, so none are shown here.".to_owned());
    }
    if asked.filter.channel.is_some() {
        notes.push("Who was not asked was asked by no channel.".to_owned());
    }
    notes
}

pub(super) async fn reviews(s: &Services, asked: &Asked) -> Result<Report> {
    let what = [
        What::ReviewAsked,
        What::ReviewFailed,
        What::ReviewPlanned,
        What::ReviewSkipped,
        What::ReviewOpened,
        What::ReviewPeople,
        What::ReviewMachines,
    ];
    let mut parts: BTreeMap<(Uuid, Uuid), HashMap<String, i64>> = BTreeMap::new();
    for one in grouped(s, asked, &what, Split::PlaceAndTemplate).await? {
        let id = |text: &str| Uuid::parse_str(text).unwrap_or_default();
        let of = parts.entry((id(&one.part), id(&one.also))).or_default();
        *of.entry(one.what).or_default() += one.n;
    }
    let platforms = parts.keys().map(|(_, platform)| *platform).collect();
    let platforms = review_platforms::several(s.read(), asked.business.id, platforms).await?;
    let names: HashMap<Uuid, String> = platforms
        .into_iter()
        .map(|row| (row.id, domain::words::line(&row.name)))
        .collect();
    let mut rows: Vec<(String, String, HashMap<String, i64>)> = parts
        .into_iter()
        .map(|((place, platform), of)| {
            let name = names
                .get(&platform)
                .cloned()
                .unwrap_or_else(|| "A removed platform".to_owned());
            (asked.place_name(place), name, of)
        })
        .collect();
    rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let row = |(place, platform, of): (String, String, HashMap<String, i64>)| {
        let of = totals(Some(&of));
        let opened = Measured::share(of.n(What::ReviewOpened), of.n(What::ReviewAsked));
        vec![
            Cell::Text(place),
            Cell::Text(platform),
            Cell::Count(of.n(What::ReviewAsked)),
            Cell::Count(of.n(What::ReviewFailed)),
            Cell::Count(of.n(What::ReviewPlanned)),
            Cell::Count(of.n(What::ReviewSkipped)),
            Cell::Count(of.n(What::ReviewOpened)),
            number(opened.value),
            number(opened.low),
            number(opened.high),
            Cell::Count(of.n(What::ReviewPeople)),
            Cell::Count(of.n(What::ReviewMachines)),
        ]
    };
    Ok(Report {
        slug: Kind::Reviews.slug().to_owned(),
        title: "Reviews".to_owned(),
        definition: "Requests for reviews that were planned in these days, by the location of the visit and the platform, and what has become of them since. Opened: a person opened the link. What previews and scanners opened, as far as they can be told, is counted apart.".to_owned(),
        notes: notes(asked),
        columns: vec![
            column("location", "Location", Holds::Text),
            column("platform", "Platform", Holds::Text),
            count("asked", "Asked"),
            count("failed", "Did not arrive"),
            count("planned", "To be asked"),
            count("not_asked", "Not asked"),
            count("opened", "Opened"),
            column("opened_rate", "Of those asked", Holds::Share),
            column("low", "At least", Holds::Share),
            column("high", "At most", Holds::Share),
            count("people", "By people"),
            count("machines", "By machines, likely"),
        ],
        rows: rows.into_iter().map(row).collect(),
        chart: chart("location", &["asked", "not_asked"], false),
        behind: Some("/reviews".to_owned()),
    })
}

pub(super) async fn reasons(s: &Services, asked: &Asked) -> Result<Report> {
    let mut reasons: BTreeMap<String, i64> = BTreeMap::new();
    for one in grouped(s, asked, &[What::ReviewSkipped], Split::Sort).await? {
        *reasons.entry(one.part).or_default() += one.n;
    }
    let mut found: Vec<(String, i64)> = reasons.into_iter().collect();
    found.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    let rest: i64 = found.iter().skip(REASONS).map(|(_, n)| n).sum();
    let mut notes = notes(asked);
    if rest > 0 {
        notes.push(format!(
            "The {REASONS} most frequent are shown; {rest} more people were not asked for other reasons."
        ));
    }
    let row = |(reason, n): &(String, i64)| vec![Cell::Text(reason.clone()), Cell::Count(*n)];
    Ok(Report {
        slug: Kind::ReviewReasons.slug().to_owned(),
        title: "Not asked for a review".to_owned(),
        definition: "Requests for reviews that were planned in these days and not sent, by the reason. None of them is how somebody felt: everybody is asked alike.".to_owned(),
        notes,
        columns: vec![column("reason", "Reason", Holds::Text), count("count", "People")],
        rows: found.iter().take(REASONS).map(row).collect(),
        chart: None,
        behind: Some("/reviews?status=skipped".to_owned()),
    })
}
