//! The days of visits that repeat. By the clock on the wall: every Tuesday at three stays at three when the clocks change.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime};

/// Most visits of one series, the first one among them.
pub const MOST: usize = 52;
/// Most weeks or months between two of them.
pub const WIDEST: u32 = 12;
/// Steps looked at: short months are stepped over.
const STEPS: u32 = 200;

/// How far it is from one visit to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Weeks(u32),
    /// On the same day of the month; a month that does not have it is left out (RFC 5545).
    Months(u32),
}

/// When a series ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// After so many visits, the first one among them.
    After(usize),
    /// On this day at the latest.
    On(NaiveDate),
}

/// The visits of a series after the first one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repeats {
    pub at: Vec<NaiveDateTime>,
    /// The first days of months that were left out because they are too short.
    pub short_months: Vec<NaiveDate>,
    /// There would be more than a series can have.
    pub too_many: bool,
}

/// When a visit that is first at `first` is again, soonest first.
#[must_use]
pub fn repeats(first: NaiveDateTime, step: Step, ends: Ends) -> Repeats {
    let mut found = Repeats::default();
    for n in 1..=STEPS {
        if matches!(ends, Ends::After(times) if found.at.len() + 1 >= times) {
            break;
        }
        let Some((month, day)) = stepped(first.date(), step, n) else {
            break;
        };
        if matches!(ends, Ends::On(last) if day.unwrap_or(month) > last) {
            break;
        }
        if found.at.len() + 1 >= MOST {
            found.too_many = true;
            break;
        }
        match day {
            Some(day) => found.at.push(day.and_time(first.time())),
            None => found.short_months.push(month),
        }
    }
    found
}

/// The day after so many steps, none in a month that is too short; and the first day of its month.
fn stepped(first: NaiveDate, step: Step, n: u32) -> Option<(NaiveDate, Option<NaiveDate>)> {
    match step {
        Step::Weeks(every) => {
            let day = first.checked_add_days(Days::new(u64::from(every) * u64::from(n) * 7))?;
            Some((day.with_day(1)?, Some(day)))
        }
        Step::Months(every) => {
            let month = first.with_day(1)?.checked_add_months(Months::new(every.checked_mul(n)?))?;
            Some((month, month.with_day(first.day())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{when, zone::named};
    use chrono::{Duration, Timelike};
    use proptest::prelude::*;

    fn at(text: &str) -> NaiveDateTime {
        when::local(text).expect("a time")
    }

    fn days(found: &Repeats) -> Vec<String> {
        found.at.iter().map(|at| at.format("%m-%d").to_string()).collect()
    }

    #[test]
    fn every_second_week_three_times() {
        let found = repeats(at("2027-01-05T15:00"), Step::Weeks(2), Ends::After(3));
        assert_eq!(days(&found), ["01-19", "02-02"]);
    }

    #[test]
    fn a_month_that_is_too_short_is_left_out_and_said() {
        let until = Ends::On(NaiveDate::from_ymd_opt(2027, 5, 31).expect("a day"));
        let found = repeats(at("2027-01-31T09:00"), Step::Months(1), until);
        assert_eq!(days(&found), ["03-31", "05-31"]);
        let short: Vec<u32> = found.short_months.iter().map(Datelike::month).collect();
        assert_eq!(short, [2, 4]);
    }

    #[test]
    fn the_last_day_counts_and_more_than_fits_is_said() {
        let until = |day| Ends::On(NaiveDate::from_ymd_opt(2027, 1, day).expect("a day"));
        assert_eq!(repeats(at("2027-01-05T15:00"), Step::Weeks(1), until(12)).at.len(), 1);
        assert_eq!(repeats(at("2027-01-05T15:00"), Step::Weeks(1), until(11)).at.len(), 0);
        let far = Ends::On(NaiveDate::from_ymd_opt(2030, 1, 1).expect("a day"));
        let found = repeats(at("2027-01-05T15:00"), Step::Weeks(1), far);
        assert!(found.too_many && found.at.len() == MOST - 1);
    }

    proptest! {
        #[test]
        fn the_clock_shows_the_same_and_steps_are_even(
            day in 0i64..1500,
            minute in 0u32..1440,
            every in 1u32..=WIDEST,
            weeks: bool,
            times in 1usize..=MOST,
        ) {
            let first = at("2026-01-01T00:00") + Duration::days(day) + Duration::minutes(minute.into());
            let step = if weeks { Step::Weeks(every) } else { Step::Months(every) };
            let found = repeats(first, step, Ends::After(times));
            prop_assert!(found.at.len() < times.max(1) || found.at.len() == times - 1);
            prop_assert!(found.at.len() < MOST);
            let mut last = first;
            for one in &found.at {
                prop_assert!(*one > last);
                prop_assert_eq!((one.hour(), one.minute()), (first.hour(), first.minute()));
                match step {
                    Step::Weeks(n) => prop_assert_eq!(*one - last, Duration::weeks(n.into())),
                    Step::Months(_) => prop_assert_eq!(one.day(), first.day()),
                }
                last = *one;
            }
            // What is said on the wall comes back from the moment, but for hours that a clock leaves out.
            let zone = named("America/New_York");
            for one in &found.at {
                let back = when::local_to_utc(*one, zone).with_timezone(&zone).naive_local();
                prop_assert!(back == *one || back - *one == Duration::hours(1) || one.hour() == 2, "{one} {back}");
            }
        }
    }
}
