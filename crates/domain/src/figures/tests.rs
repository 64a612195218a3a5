use chrono::{Duration, NaiveDate};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{delivery::Status, origin::Origin, when, zone::Zone};

fn at(text: &str) -> DateTime<Utc> {
    when::instant(text).expect("a moment")
}

fn day(text: &str) -> NaiveDate {
    when::date(text).expect("a day")
}

fn zone(name: &str) -> Zone {
    Zone::named(name).expect("a zone")
}

fn text(status: Status) -> Text {
    Text {
        status,
        origin: Origin::Reminder,
        retrying: false,
        sent: true,
        delivered: false,
        delivering: None,
        code: None,
        segments: 2,
        price: Some(7_900),
        price_is_final: false,
        about_visit: true,
        written_at: at("2027-01-04T10:00:00Z"),
        waited_since: None,
        waited_open: None,
    }
}

/// As words, for tables that can be read.
fn said(cells: &Cells) -> String {
    let said = cells.iter().map(|((what, sort), n)| match sort.as_str() {
        "" => format!("{what} {n}"),
        sort => format!("{what}:{sort} {n}"),
    });
    said.collect::<Vec<_>>().join(", ")
}

const LEFT: &str = "segments 2, cost_estimated 7900, cost_of_visits 7900";

#[rstest]
#[case::waits(Text { sent: false, ..text(Status::Queued) }, "")]
#[case::left(text(Status::Sent), "sent 1, segments 2, cost_estimated 7900, cost_of_visits 7900")]
#[case::priced(Text { price_is_final: true, about_visit: false, ..text(Status::Sent) }, "sent 1, segments 2, cost_real 7900")]
#[case::billed_in_euros(Text { price: None, ..text(Status::Sent) }, "sent 1, segments 2")]
#[case::arrived(Text { delivered: true, ..text(Status::Delivered) }, &format!("sent 1, delivered 1, {LEFT}"))]
#[case::arrived_in_time(
    Text { delivered: true, delivering: Some(4), about_visit: false, price: None, ..text(Status::Delivered) },
    "sent 1, delivered 1, segments 2, delivering:4 1"
)]
#[case::gave_up(Text { code: Some(30003), ..text(Status::Undelivered) }, &format!("sent 1, undelivered 1, {LEFT}, error:30003 1"))]
#[case::will_be_tried_again(Text { retrying: true, ..text(Status::Undelivered) }, &format!("sent 1, {LEFT}"))]
#[case::refused(Text { sent: false, code: Some(21610), ..text(Status::Failed) }, "refused 1, error:21610 1")]
#[case::failed_after_it_left(text(Status::Failed), &format!("sent 1, failed 1, {LEFT}, error 1"))]
#[case::withdrawn(Text { sent: false, ..text(Status::Cancelled) }, "cancelled 1")]
#[case::reply_to_who_waited(
    Text { origin: Origin::Reply, about_visit: false, price: None, waited_since: Some(at("2027-01-04T09:47:26Z")), ..text(Status::Sent) },
    "sent 1, segments 2, response:754 1"
)]
#[case::machine_that_answers_counts_for_nobody(
    Text { origin: Origin::Automatic, about_visit: false, price: None, waited_since: Some(at("2027-01-04T09:47:26Z")), ..text(Status::Sent) },
    "sent 1, segments 2"
)]
fn a_text_counts_as_what_became_of_it(#[case] text: Text, #[case] counted: &str) {
    assert_eq!(said(&text.cells()), counted);
}

fn visit(outcome: Outcome) -> Visit {
    Visit {
        outcome,
        starts_at: at("2027-01-05T15:00:00Z"),
        cancelled_at: None,
        steps: Vec::new(),
    }
}

fn step(answer: Option<(bool, &str)>) -> Step {
    Step {
        kind: "24h".to_owned(),
        channel: "sms".to_owned(),
        sent_at: at("2027-01-04T15:00:00Z"),
        answer: answer.map(|(yes, when)| (yes, at(when))),
        corrected: false,
    }
}

#[rstest]
#[case::to_come(visit(Outcome::Open), "open 1")]
#[case::kept(visit(Outcome::Kept), "kept 1")]
#[case::missed(visit(Outcome::Missed), "missed 1")]
#[case::a_day_before(Visit { cancelled_at: Some(at("2027-01-04T15:00:00Z")), ..visit(Outcome::Cancelled) }, "cancelled_early 1")]
#[case::a_second_less(Visit { cancelled_at: Some(at("2027-01-04T15:00:01Z")), ..visit(Outcome::Cancelled) }, "cancelled_late 1")]
#[case::reminded(Visit { steps: vec![step(None)], ..visit(Outcome::Open) }, "open 1, reminded 1, step_reminded:24h/sms 1")]
#[case::confirmed(
    Visit { steps: vec![step(Some((true, "2027-01-04T15:02:00Z")))], ..visit(Outcome::Kept) },
    "kept 1, reminded 1, confirmed 1, answered 1, step_reminded:24h/sms 1, step_confirmed:24h/sms 1, confirming:120 1"
)]
#[case::confirmed_when_it_had_begun(
    Visit { steps: vec![step(Some((true, "2027-01-05T15:00:00Z")))], ..visit(Outcome::Kept) },
    "kept 1, reminded 1, answered 1, step_reminded:24h/sms 1"
)]
#[case::not_understood(
    Visit { steps: vec![Step { corrected: true, ..step(None) }], ..visit(Outcome::Kept) },
    "kept 1, reminded 1, not_understood 1, step_reminded:24h/sms 1"
)]
#[case::the_second_reminder_did_it(
    Visit {
        steps: vec![
            step(Some((true, "2027-01-05T13:01:00Z"))),
            Step { kind: "2h".to_owned(), sent_at: at("2027-01-05T13:00:00Z"), ..step(Some((true, "2027-01-05T13:01:00Z"))) },
        ],
        ..visit(Outcome::Kept)
    },
    "kept 1, reminded 1, confirmed 1, answered 1, step_reminded:24h/sms 1, step_reminded:2h/sms 1, step_confirmed:2h/sms 1, confirming:60 1"
)]
fn a_visit_counts_as_what_became_of_it(#[case] visit: Visit, #[case] counted: &str) {
    assert_eq!(said(&visit.cells()), counted);
}

#[rstest]
#[case::new_york_in_winter("America/New_York", "2027-01-04", "2027-01-04", 96)]
#[case::new_york_springs_forward("America/New_York", "2027-03-14", "2027-03-14", 92)]
#[case::new_york_falls_back("America/New_York", "2027-11-07", "2027-11-07", 100)]
#[case::lord_howe_moves_by_half_an_hour("Australia/Lord_Howe", "2027-10-03", "2027-10-03", 94)]
#[case::nepal_is_quarters_apart("Asia/Kathmandu", "2027-01-04", "2027-01-04", 96)]
#[case::cairo_skips_midnight("Africa/Cairo", "2026-04-24", "2026-04-24", 92)]
#[case::a_year("UTC", "2027-01-01", "2027-12-31", 365 * 96)]
fn a_day_has_the_quarters_that_its_clocks_show(#[case] name: &str, #[case] from: &str, #[case] to: &str, #[case] quarters: i64) {
    let span = Span {
        from: day(from),
        to: day(to),
        zone: zone(name),
    };
    let (first, after) = span.quarters();
    assert_eq!(after - first, quarters);
    let parts = span.parts();
    assert_eq!(parts.iter().map(|part| part.to - part.from).sum::<i64>(), quarters);
    for part in parts {
        for one in [part.from, part.to - 1] {
            let local = NaiveDate::from_epoch_days(((one * QUARTER + part.offset) / 86_400) as i32).expect("a day");
            assert!((day(from)..=day(to)).contains(&local), "{local}");
        }
    }
}

#[rstest]
#[case::a_day("2027-01-06", "2027-01-06", "2026-12-30", "2026-12-30")]
#[case::a_week("2027-01-04", "2027-01-10", "2026-12-28", "2027-01-03")]
#[case::thirty_days("2027-01-01", "2027-01-30", "2026-11-27", "2026-12-26")]
fn mondays_are_compared_with_mondays(#[case] from: &str, #[case] to: &str, #[case] from_before: &str, #[case] to_before: &str) {
    use chrono::Datelike;
    let span = Span {
        from: day(from),
        to: day(to),
        zone: Zone::UTC,
    };
    let before = span.before();
    assert_eq!((before.from, before.to), (day(from_before), day(to_before)));
    assert_eq!(before.from.weekday(), span.from.weekday());
    assert!(before.to < span.from);
}

#[test]
fn what_has_nothing_to_divide_by_is_no_figure() {
    for figure in Figure::ALL {
        let measured = figure.measured(&Totals::default(), (0, 0));
        assert_eq!(
            (measured.value, measured.low, measured.high, measured.p90),
            (None, None, None, None),
            "{figure}"
        );
    }
}

#[test]
fn a_share_comes_with_what_can_be_said_of_it() {
    let nine = Measured::share(9, 10);
    let ends = |m: &Measured| [m.low, m.high].map(|end| end.map(|end| (end * 100.0).round()));
    assert_eq!(ends(&nine), [Some(60.0), Some(98.0)]);
    assert!(nine.is_few());
    assert_eq!(ends(&Measured::share(0, 12)), [Some(0.0), Some(24.0)]);
    assert_eq!(ends(&Measured::share(300, 400)), [Some(71.0), Some(79.0)]);
}

#[test]
fn unmarked_visits_take_the_word_of_the_no_show_rate() {
    let totals = |unmarked| Totals {
        of: [(What::Kept, 80), (What::Missed, 10)].into(),
        unmarked,
        ..Totals::default()
    };
    assert!(!totals(10).no_shows_are_unreliable(), "ten of a hundred");
    assert!(totals(11).no_shows_are_unreliable());
}

#[test]
fn figures_are_said_as_people_say_them() {
    assert_eq!(
        [0, 999, 1_000, -12_345, 1_234_567].map(thousands),
        ["0", "999", "1,000", "-12,345", "1,234,567"]
    );
    assert_eq!(
        [0.0, 59.0, 61.0, 120.0, 754.0, 3_600.0, 12_000.0, 86_400.0, 187_200.0].map(duration),
        [
            "0 s",
            "59 s",
            "1 min 1 s",
            "2 min",
            "12 min",
            "1 h",
            "3 h 20 min",
            "1 day",
            "2 days 4 h"
        ]
    );
    assert_eq!(
        [0.0, 0.0079, 0.144, 1_234.5].map(dollars),
        ["$0.00", "$0.008", "$0.14", "$1,234.50"]
    );
    assert_eq!(
        [0.0, 0.0101, 0.5, 0.94, 0.9999, 1.0].map(share),
        ["0 %", "1.0 %", "50 %", "94.0 %", "100 %", "100 %"]
    );
}

#[rstest]
#[case::nothing(Measured::share(0, 0), "–", "Nothing to count in these days.", "")]
#[case::few_are_a_count(
    Measured::share(9, 10),
    "9 of 10",
    "9 of 10; the true share is 60–98 %, 95 times of 100.",
    ""
)]
#[case::many(
    Measured::share(300, 400),
    "75 %",
    "300 of 400; the true share is 71–79 %, 95 times of 100.",
    "25 points more"
)]
fn a_share_of_few_is_a_count_without_a_trend(
    #[case] it: Measured,
    #[case] value: &str,
    #[case] made_of: &str,
    #[case] trend: &str,
) {
    assert_eq!(it.words(Unit::Share), value);
    assert_eq!(it.made_of(Unit::Share), made_of);
    assert_eq!(it.trend(&Measured::share(100, 200), Unit::Share), trend);
}

proptest! {
    #[test]
    fn three_digits_are_near_and_change_nothing_twice(seconds in 0i64..100_000_000) {
        let kept = three_digits(seconds);
        prop_assert!((kept - seconds).abs() * 200 <= seconds.max(1));
        prop_assert_eq!(three_digits(kept), kept);
    }

    /// By the plain way: all of them in a row.
    #[test]
    fn the_middle_is_the_middle(mut times in prop::collection::vec(0i64..5_000, 1..60)) {
        let mut middle = Middle::default();
        for seconds in &times {
            *middle.0.entry(*seconds).or_default() += 1;
        }
        times.sort_unstable();
        let n = times.len();
        let median = (times[(n - 1) / 2] + times[n / 2]) as f64 / 2.0;
        prop_assert_eq!(middle.median(), Some(median));
        let p90 = middle.at_most(90).expect("some") as i64;
        let no_longer = times.iter().filter(|seconds| **seconds <= p90).count();
        let shorter = times.iter().filter(|seconds| **seconds < p90).count();
        prop_assert!(no_longer * 10 >= n * 9 && shorter * 10 < n * 9);
    }

    /// Whatever the zone, days follow each other without a gap and nothing is in two of them.
    #[test]
    fn days_are_next_to_each_other(days in 0u64..12_000, name in prop::sample::select(Zone::names())) {
        let zone = zone(name);
        let first = day("1995-01-01") + chrono::Days::new(days);
        let next = first + Duration::days(1);
        prop_assert!(start_of(first, zone) <= start_of(next, zone));
        let span = |day| Span { from: day, to: day, zone };
        prop_assert_eq!(span(first).quarters().1, span(next).quarters().0);
    }

    #[test]
    fn bars_stand_on_nothing_fit_and_lose_nothing(rows in prop::collection::vec(prop::collection::vec(0u32..5_000, 3), 0..400)) {
        let given: Vec<(String, Vec<f64>)> = rows
            .iter()
            .enumerate()
            .map(|(at, values)| (at.to_string(), values.iter().map(|n| f64::from(*n)).collect()))
            .collect();
        let drawn = bars(given, true);
        prop_assert!(drawn.bars.len() <= MOST_BARS);
        let all: f64 = drawn.bars.iter().flat_map(|bar| &bar.pieces).map(|piece| piece.value).sum();
        prop_assert_eq!(all, rows.iter().flatten().map(|n| f64::from(*n)).sum::<f64>());
        for bar in &drawn.bars {
            let mut reached = 0.0;
            for piece in &bar.pieces {
                prop_assert_eq!(piece.from, reached);
                prop_assert!(piece.to <= 1.0 + 1e-9 && piece.to >= piece.from);
                reached = piece.to;
            }
        }
        prop_assert_eq!(drawn.bars.iter().filter(|bar| bar.is_partial).count(), usize::from(!rows.is_empty()));
    }
}
