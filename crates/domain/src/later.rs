//! Texts that wait by the will of who wrote them: a reply for a few seconds in which it can be taken back, a text for its own time.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::{snooze, words::words, zone::Zone};

/// What a text waits for, or waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    /// The seconds in which it can be taken back.
    Undo,
    /// The minutes in which a visit may be moved back.
    Moved,
    /// Its time.
    Later,
    /// The customer wrote before its time came: a person decides.
    Paused,
    /// Nothing any more: it was taken back, and stays so whatever asks for it again.
    TakenBack,
}

words!(Delay is a "delay of a text": Undo = "undo", Moved = "moved", Later = "later", Paused = "paused", TakenBack = "taken_back");

/// How many seconds a reply can be held, the first of them being none.
pub const UNDO_SECONDS: [i32; 3] = [0, 5, 10];

/// Most texts that wait in one conversation for their time.
pub const MOST: usize = 20;

/// The furthest ahead that a text can be written.
pub const LONGEST: Duration = Duration::days(730);

/// Whether a text may be written at `now` for `at`.
///
/// # Errors
/// Why not, in words for the field.
pub fn check(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), &'static str> {
    if at <= now {
        return Err("This time is past. Please choose one in the future.");
    }
    if at - now > LONGEST {
        return Err("This is more than two years away. Please choose an earlier time.");
    }
    Ok(())
}

/// Times that are offered beside the button, in the business's zone, with its words; `visit` is the customer's next appointment. Only times
/// to come.
#[must_use]
pub fn presets(now: DateTime<Utc>, zone: Zone, visit: Option<DateTime<Utc>>) -> Vec<(&'static str, DateTime<Utc>)> {
    let before = visit.and_then(|at| at.checked_sub_signed(Duration::hours(1)));
    snooze::offered(
        now,
        vec![
            ("Tomorrow 9:00", snooze::tomorrow(now, zone)),
            ("Monday 9:00", snooze::next_monday(now, zone)),
            ("1 hour before the visit", before),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn only_times_to_come_within_two_years_are_taken() {
        let now = at("2027-01-04T15:00:00Z");
        let second = Duration::seconds(1);
        for (when, fits) in [
            (now - second, false),
            (now, false),
            (now + second, true),
            (now + LONGEST, true),
            (now + LONGEST + second, false),
            (DateTime::<Utc>::MAX_UTC, false),
            (DateTime::<Utc>::MIN_UTC, false),
        ] {
            assert_eq!(check(when, now).is_ok(), fits, "{when}");
        }
    }

    #[test]
    fn mornings_are_those_of_the_business_also_when_its_clock_changes() {
        let zone = Zone::named("America/New_York").expect("a zone");
        // The Saturday before the clocks go forward; a visit on Sunday evening.
        let offered = presets(at("2027-03-13T20:00:00Z"), zone, Some(at("2027-03-14T23:00:00Z")));
        let expected = [
            ("Tomorrow 9:00", "2027-03-14T13:00:00Z"),
            ("Monday 9:00", "2027-03-15T13:00:00Z"),
            ("1 hour before the visit", "2027-03-14T22:00:00Z"),
        ];
        assert_eq!(offered, expected.map(|(words, time)| (words, at(time))));
    }

    #[test]
    fn a_visit_within_the_hour_and_a_monday_that_is_tomorrow_are_not_offered() {
        let now = at("2026-11-29T15:00:00Z");
        let words: Vec<&str> = presets(now, Zone::UTC, Some(now + Duration::minutes(30)))
            .into_iter()
            .map(|(words, _)| words)
            .collect();
        assert_eq!(words, ["Tomorrow 9:00"]);
    }
}
