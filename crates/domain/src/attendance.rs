//! Whether somebody comes: what is known of it from their own visits, in words, and a guess that is used only while it proves to be better
//! than taking everybody for average.
//!
//! Missed visits are rare and chance plays a large part in them: of fifty published rules two beat the plain rate. So the guess leans on the
//! average (five visits' worth of it), is never shown as a bare number, refuses nobody, and is measured on visits whose end it did not know.

use chrono::{DateTime, Datelike, Duration, Utc};

use crate::zone::Zone;

/// Visits of somebody that were marked: how many there were, and how many of them were missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    pub visits: u32,
    pub missed: u32,
}

/// How far back somebody's visits count, in months.
pub const MONTHS: i32 = 24;
/// How many visits' worth of the average stand beside somebody's own.
const WEIGHT: f64 = 5.0;
/// So many marked visits of a business are needed before anything else than history counts.
pub const ENOUGH: u32 = 500;
/// How many visits' worth of the average stand beside those of a circumstance.
const OF_CIRCUMSTANCE: f64 = 50.0;
/// The days that the guess is measured on.
pub const MEASURED_DAYS: i64 = 90;
/// With fewer measured visits nothing is known of how good it is.
pub const LEAST: i64 = 50;

impl History {
    /// The share that was missed; none without visits.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.visits > 0).then(|| f64::from(self.missed.min(self.visits)) / f64::from(self.visits))
    }

    /// "missed 2 of the last 6"; none for somebody of whom nothing is known.
    #[must_use]
    pub fn words(self) -> Option<String> {
        match (self.visits, self.missed.min(self.visits)) {
            (0, _) => None,
            (1, 0) => Some("came to the last one".to_owned()),
            (1, _) => Some("missed the last one".to_owned()),
            (visits, 0) => Some(format!("came to all of the last {visits}")),
            (visits, missed) => Some(format!("missed {missed} of the last {visits}")),
        }
    }

    /// How likely somebody with this history misses a visit of a kind that is missed at this rate on average.
    #[must_use]
    pub fn risk(self, average: f64) -> f64 {
        let average = average.clamp(0.0, 1.0);
        let (visits, missed) = (f64::from(self.visits), f64::from(self.missed.min(self.visits)));
        (missed + WEIGHT * average) / (visits + WEIGHT)
    }

    /// How much likelier a visit is missed under a circumstance whose visits these are, beside the average: 1 is no likelier.
    #[must_use]
    pub fn factor(self, average: f64) -> f64 {
        if average <= 0.0 {
            return 1.0;
        }
        let (visits, missed) = (f64::from(self.visits), f64::from(self.missed.min(self.visits)));
        let rate = OF_CIRCUMSTANCE.mul_add(average, missed) / (visits + OF_CIRCUMSTANCE);
        (rate / average).clamp(0.25, 4.0)
    }
}

/// How long ahead a visit was booked. The strongest of all that is known beside history.
#[must_use]
pub fn lead(booked_at: DateTime<Utc>, starts_at: DateTime<Utc>) -> &'static str {
    match (starts_at - booked_at).num_days() {
        ..1 => "day",
        1..7 => "week",
        7..30 => "month",
        _ => "later",
    }
}

/// A month as it is kept: `2027-01`.
#[must_use]
pub fn month(at: DateTime<Utc>, zone: Zone) -> String {
    let local = at.with_timezone(&zone);
    format!("{:04}-{:02}", local.year(), local.month())
}

/// The first month that counts.
#[must_use]
pub fn first_month(now: DateTime<Utc>, zone: Zone) -> String {
    let local = now.with_timezone(&zone);
    let months = local.year() * 12 + i32::try_from(local.month0()).unwrap_or_default() - MONTHS;
    format!("{:04}-{:02}", months.div_euclid(12), months.rem_euclid(12) + 1)
}

/// How far a guess was off, squared (Brier), in millionths: what is kept of it.
#[must_use]
pub fn off(guess: f64, missed: bool) -> i64 {
    let end = if missed { 1.0 } else { 0.0 };
    let off = (guess.clamp(0.0, 1.0) - end).powi(2) * 1_000_000.0;
    off.round() as i64
}

/// What the measured days came to: squared errors in millionths, of the guess and of taking everybody for average.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    pub visits: i64,
    pub missed: i64,
    pub ours: i64,
    pub average: i64,
}

/// How good the guess is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There are too few visits to say.
    TooFew,
    /// It is shown.
    Better,
    /// It is off until it is better again.
    NoBetter,
}

impl Measured {
    /// Whether the guess has earned to be shown.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        if self.visits < LEAST {
            Verdict::TooFew
        } else if self.ours < self.average {
            Verdict::Better
        } else {
            Verdict::NoBetter
        }
    }

    /// The mean squared error of each; none without visits.
    #[must_use]
    pub fn scores(&self) -> Option<(f64, f64)> {
        let mean = |sum: i64| sum as f64 / (self.visits as f64 * 1_000_000.0);
        (self.visits > 0).then(|| (mean(self.ours), mean(self.average)))
    }
}

/// The first day that is measured.
#[must_use]
pub fn measured_from(now: DateTime<Utc>, zone: Zone) -> chrono::NaiveDate {
    (now - Duration::days(MEASURED_DAYS - 1)).with_timezone(&zone).date_naive()
}

/// How a guess is said, beside the average: never as a number.
#[must_use]
pub fn words(guess: f64, average: f64) -> &'static str {
    if average <= 0.0 {
        "about as likely to come as everybody"
    } else if guess >= 3.0 * average {
        "much less likely to come than most"
    } else if guess >= 1.5 * average {
        "less likely to come than most"
    } else if guess <= average / 1.5 {
        "more likely to come than most"
    } else {
        "about as likely to come as everybody"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::named;
    use proptest::prelude::*;
    use rstest::rstest;

    fn of(visits: u32, missed: u32) -> History {
        History { visits, missed }
    }

    #[rstest]
    #[case(0, 0, None)]
    #[case(1, 0, Some("came to the last one"))]
    #[case(1, 1, Some("missed the last one"))]
    #[case(6, 0, Some("came to all of the last 6"))]
    #[case(6, 2, Some("missed 2 of the last 6"))]
    fn history_is_told_in_words(#[case] visits: u32, #[case] missed: u32, #[case] words: Option<&str>) {
        assert_eq!(of(visits, missed).words().as_deref(), words);
    }

    #[test]
    fn who_is_new_is_taken_for_average_and_one_miss_is_not_held_against_anybody() {
        assert!((of(0, 0).risk(0.1) - 0.1).abs() < 1e-9);
        // One miss of one visit is (1 + 5·0.1) / 6.
        assert!((of(1, 1).risk(0.1) - 0.25).abs() < 1e-9);
        assert!(of(20, 0).risk(0.1) < 0.03);
        assert!(of(6, 4).risk(0.1) > 0.4);
    }

    #[rstest]
    #[case(0, "day")]
    #[case(23, "day")]
    #[case(24, "week")]
    #[case(7 * 24, "month")]
    #[case(30 * 24, "later")]
    fn how_long_ahead(#[case] hours: i64, #[case] word: &str) {
        let booked: DateTime<Utc> = "2027-01-05T15:00:00Z".parse().expect("a time");
        assert_eq!(lead(booked, booked + Duration::hours(hours)), word);
    }

    #[test]
    fn months_are_those_of_the_place_and_24_of_them_count() {
        let zone = named("America/New_York");
        let at: DateTime<Utc> = "2027-01-01T03:00:00Z".parse().expect("a time");
        assert_eq!(month(at, zone), "2026-12");
        assert_eq!(first_month(at, zone), "2024-12");
        assert_eq!(first_month("2027-06-15T12:00:00Z".parse().expect("a time"), zone), "2025-06");
    }

    /// A small generator, so that the proof needs no other crate and is the same every day.
    struct Chance(u64);

    impl Chance {
        fn next(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    /// What the guess comes to where people differ by `spread` in how often they miss, and 10 of 100 visits are missed on average.
    fn measured(spread: f64, seed: u64) -> Measured {
        let mut chance = Chance(seed);
        let mut sums = Measured::default();
        for _ in 0..400 {
            // Some never miss, some often do; spread 0: all are alike.
            let own = if chance.next() < 0.2 {
                0.1 + spread * 0.4
            } else {
                0.1 - spread * 0.1
            };
            let mut history = History::default();
            for visit in 0..12 {
                let missed = chance.next() < own;
                if visit >= 4 {
                    sums.visits += 1;
                    sums.missed += i64::from(missed);
                    sums.ours += off(history.risk(0.1), missed);
                    sums.average += off(0.1, missed);
                }
                history.visits += 1;
                history.missed += u32::from(missed);
            }
        }
        sums
    }

    #[test]
    fn it_beats_the_average_where_people_differ_and_is_off_where_they_do_not() {
        for seed in 1..=10 {
            assert_eq!(
                measured(1.0, seed).verdict(),
                Verdict::Better,
                "seed {seed}: {:?}",
                measured(1.0, seed)
            );
            assert_eq!(
                measured(0.0, seed).verdict(),
                Verdict::NoBetter,
                "seed {seed}: {:?}",
                measured(0.0, seed)
            );
        }
        assert_eq!(Measured::default().verdict(), Verdict::TooFew);
    }

    proptest! {
        #[test]
        fn a_guess_lies_between_what_they_did_and_the_average(visits in 0_u32..200, part in 0.0_f64..=1.0, average in 0.0_f64..=1.0) {
            let missed = (f64::from(visits) * part) as u32;
            let history = of(visits, missed);
            let guess = history.risk(average);
            let own = history.rate().unwrap_or(average);
            prop_assert!(guess >= own.min(average) - 1e-9 && guess <= own.max(average) + 1e-9);
            prop_assert!((0..=1_000_000).contains(&off(guess, true)) && (0.25..=4.0).contains(&history.factor(average)));
        }
    }
}
