//! Quiet hours: when nobody is texted by a machine (RE3). Direct replies by staff are exempt; the caller knows which is which.

use chrono::{DateTime, Duration, Timelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

const DAY_MIN: u16 = 24 * 60;
/// How far a search goes. A quiet stretch lasts less than a day, plus what a zone may add or leave out.
const HORIZON_MIN: i64 = 3 * 24 * 60;

/// Quiet from `start_min` to `end_min`, minutes after local midnight, the end not included. May wrap midnight; equal ends mean none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// First quiet minute after local midnight, 0 to 1439.
    pub start_min: u16,
    /// First minute after local midnight that is not quiet any more, 0 to 1439.
    pub end_min: u16,
}

impl Default for QuietHours {
    /// 21:00 to 08:00 (RE3; twilio.md 3.14).
    fn default() -> Self {
        Self {
            start_min: 21 * 60,
            end_min: 8 * 60,
        }
    }
}

impl QuietHours {
    /// Whether the clock on the wall in `tz` is inside quiet hours at `at`.
    #[must_use]
    pub fn is_quiet(&self, at: DateTime<Utc>, tz: Tz) -> bool {
        let local = at.with_timezone(&tz);
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or_default();
        let (start, end) = (self.start_min % DAY_MIN, self.end_min % DAY_MIN);
        if start <= end {
            start <= minute && minute < end
        } else {
            minute >= start || minute < end
        }
    }

    /// The first instant, `at` or later, that is not quiet. Goes minute by minute, so clock changes need no special case.
    #[must_use]
    pub fn ends_after(&self, at: DateTime<Utc>, tz: Tz) -> DateTime<Utc> {
        if !self.is_quiet(at, tz) {
            return at;
        }
        self.search(whole_minute(at), 1, tz).unwrap_or(at)
    }

    /// The last whole minute, not after `at`, before this quiet stretch began; the minute of `at` itself when it is not quiet.
    #[must_use]
    pub fn starts_before(&self, at: DateTime<Utc>, tz: Tz) -> DateTime<Utc> {
        let at = whole_minute(at);
        if !self.is_quiet(at, tz) {
            return at;
        }
        self.search(at, -1, tz).unwrap_or(at)
    }

    fn search(&self, from: DateTime<Utc>, step: i64, tz: Tz) -> Option<DateTime<Utc>> {
        (1..=HORIZON_MIN)
            .map(|n| from + Duration::minutes(n * step))
            .find(|t| !self.is_quiet(*t, tz))
    }
}

/// Reads an IANA zone name: `Europe/Stockholm`.
#[must_use]
pub fn parse_zone(s: &str) -> Option<Tz> {
    s.trim().parse().ok()
}

fn whole_minute(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(60) * 60, 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Case {
        why: String,
        zone: Tz,
        /// Minutes; the default hours when absent.
        quiet: Option<QuietHours>,
        at: DateTime<Utc>,
        is_quiet: bool,
        ends_after: DateTime<Utc>,
        starts_before: DateTime<Utc>,
    }

    #[test]
    fn the_night_is_the_persons_own_night() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/quiet.json")).expect("vectors are JSON");
        for c in cases {
            let quiet = c.quiet.unwrap_or_default();
            assert_eq!(quiet.is_quiet(c.at, c.zone), c.is_quiet, "{}", c.why);
            assert_eq!(quiet.ends_after(c.at, c.zone), c.ends_after, "{}", c.why);
            assert_eq!(quiet.starts_before(c.at, c.zone), c.starts_before, "{}", c.why);
        }
    }

    #[test]
    fn zones_are_known_by_their_iana_names() {
        assert_eq!(parse_zone(" Europe/Stockholm "), Some(chrono_tz::Europe::Stockholm));
        assert_eq!(parse_zone("Mars/Olympus"), None);
        assert_eq!(parse_zone(""), None);
    }

    proptest! {
        #[test]
        fn outside_the_stretch_there_is_no_quiet(
            seconds in 1_700_000_000i64..1_900_000_000,
            start_min in 0u16..1440,
            end_min in 0u16..1440,
            tz in prop::sample::select(vec![chrono_tz::America::New_York, chrono_tz::Australia::Lord_Howe, chrono_tz::Asia::Kolkata, chrono_tz::America::Santiago]),
        ) {
            let at = DateTime::from_timestamp(seconds, 0).expect("in range");
            let quiet = QuietHours { start_min, end_min };
            let (end, before) = (quiet.ends_after(at, tz), quiet.starts_before(at, tz));
            prop_assert!(before <= at && at <= end);
            prop_assert!(!quiet.is_quiet(end, tz));
            prop_assert!(!quiet.is_quiet(before, tz));
            prop_assert!(end - at <= Duration::hours(26));
        }
    }
}
