//! Quiet hours: when nobody is texted by a machine. Direct replies by staff are exempt; the caller knows which is which.
//!
//! [`QuietHours`] are a business's own. The hours that US states set for telemarketing come on top for promotional texts, and for
//! reminders of a business that wants it so; reminders are informational, so by default they don't (docs/twilio.md §11):
//!
//! ```
//! # use domain::quiet::{self, QuietHours};
//! # let (own, phone, promotional, business_wants_it) = (QuietHours::default(), "+12145550142", true, false);
//! let quiet = quiet::for_contact(own, phone, promotional || business_wants_it);
//! # assert!(quiet.state.is_some());
//! ```

mod states;

pub use states::{StateHours, Window, set_own_hours, state_hours, state_of, stricter_states};

use crate::zone::Zone;
use chrono::{DateTime, Datelike, Duration, Timelike, Utc};
use serde::{Deserialize, Serialize};

const DAY_MIN: u16 = 24 * 60;
/// How far a search goes. A quiet stretch lasts less than a day, plus what a zone may add or leave out.
const HORIZON_MIN: i64 = 3 * 24 * 60;
/// How far a search goes when the day of the week counts: what isn't free within eight days never is.
const WEEK_HORIZON_MIN: i64 = 8 * 24 * 60;

/// Quiet from `start_min` to `end_min`, minutes after local midnight, the end not included. May wrap midnight; equal ends mean none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// First quiet minute after local midnight, 0 to 1439.
    pub start_min: u16,
    /// First minute after local midnight that is not quiet any more, 0 to 1439.
    pub end_min: u16,
}

impl Default for QuietHours {
    /// 21:00 to 08:00 (docs/twilio.md §11).
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
    pub fn is_quiet(&self, at: DateTime<Utc>, tz: Zone) -> bool {
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
    pub fn ends_after(&self, at: DateTime<Utc>, tz: Zone) -> DateTime<Utc> {
        if !self.is_quiet(at, tz) {
            return at;
        }
        search(whole_minute(at), 1, HORIZON_MIN, |t| self.is_quiet(t, tz)).unwrap_or(at)
    }

    /// The last whole minute, not after `at`, before this quiet stretch began; the minute of `at` itself when it is not quiet.
    #[must_use]
    pub fn starts_before(&self, at: DateTime<Utc>, tz: Zone) -> DateTime<Utc> {
        let at = whole_minute(at);
        if !self.is_quiet(at, tz) {
            return at;
        }
        search(at, -1, HORIZON_MIN, |t| self.is_quiet(t, tz)).unwrap_or(at)
    }
}

/// A business's quiet hours together with those of the person's state: at each moment the stricter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// The business's own.
    pub own: QuietHours,
    /// When the state allows promotional texts, if that is to be kept.
    pub state: Option<StateHours>,
}

impl From<QuietHours> for Windows {
    fn from(own: QuietHours) -> Self {
        Self { own, state: None }
    }
}

impl Windows {
    /// Whether it is quiet by either rule at `at` in `tz`, the person's zone.
    #[must_use]
    pub fn is_quiet(&self, at: DateTime<Utc>, tz: Zone) -> bool {
        let local = at.with_timezone(&tz);
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or_default();
        let closed = self.state.is_some_and(|s| !s.is_open(local.weekday(), minute));
        closed || self.own.is_quiet(at, tz)
    }

    /// The first instant, `at` or later, that is not quiet; none if the two rules leave no moment of the week.
    #[must_use]
    pub fn ends_after(&self, at: DateTime<Utc>, tz: Zone) -> Option<DateTime<Utc>> {
        if !self.is_quiet(at, tz) {
            return Some(at);
        }
        search(whole_minute(at), 1, WEEK_HORIZON_MIN, |t| self.is_quiet(t, tz))
    }

    /// The last whole minute, not after `at`, that is not quiet; none if the two rules leave no moment of the week.
    #[must_use]
    pub fn starts_before(&self, at: DateTime<Utc>, tz: Zone) -> Option<DateTime<Utc>> {
        let at = whole_minute(at);
        if !self.is_quiet(at, tz) {
            return Some(at);
        }
        search(at, -1, WEEK_HORIZON_MIN, |t| self.is_quiet(t, tz))
    }
}

/// The quiet hours for one person: the business's own and, when `applies`, those of the state their number belongs to.
///
/// `phone` is E.164; its area code is the usual proxy for the state. Outside the US `applies` changes nothing.
#[must_use]
pub fn for_contact(own: QuietHours, phone: &str, applies: bool) -> Windows {
    let state = if applies {
        state_of(phone).and_then(state_hours)
    } else {
        None
    };
    Windows { own, state }
}

/// The first instant at whole steps (minutes, forward or back) from `from`, at most `horizon` away, that is not quiet.
fn search(from: DateTime<Utc>, step: i64, horizon: i64, is_quiet: impl Fn(DateTime<Utc>) -> bool) -> Option<DateTime<Utc>> {
    (1..=horizon)
        .map_while(|n| from.checked_add_signed(Duration::minutes(n * step)))
        .find(|t| !is_quiet(*t))
}

fn whole_minute(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(60) * 60, 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::named;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Case {
        why: String,
        #[serde(deserialize_with = "crate::zone::by_name")]
        zone: Zone,
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

    #[derive(Deserialize)]
    struct WindowsCase {
        why: String,
        phone: String,
        #[serde(deserialize_with = "crate::zone::by_name")]
        zone: Zone,
        quiet: Option<QuietHours>,
        applies: bool,
        at: DateTime<Utc>,
        is_quiet: bool,
        ends_after: Option<DateTime<Utc>>,
        starts_before: Option<DateTime<Utc>>,
    }

    #[test]
    fn the_stricter_of_business_and_state_counts() {
        let cases: Vec<WindowsCase> =
            serde_json::from_str(include_str!("../vectors/quiet_states.json")).expect("vectors are JSON");
        for c in cases {
            let quiet = for_contact(c.quiet.unwrap_or_default(), &c.phone, c.applies);
            assert_eq!(quiet.is_quiet(c.at, c.zone), c.is_quiet, "{}", c.why);
            assert_eq!(quiet.ends_after(c.at, c.zone), c.ends_after, "{}", c.why);
            assert_eq!(quiet.starts_before(c.at, c.zone), c.starts_before, "{}", c.why);
        }
    }

    proptest! {
        #[test]
        fn outside_the_stretch_there_is_no_quiet(
            seconds in 1_700_000_000i64..1_900_000_000,
            start_min in 0u16..1440,
            end_min in 0u16..1440,
            tz in prop::sample::select(["America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago"].map(named).to_vec()),
        ) {
            let at = DateTime::from_timestamp(seconds, 0).expect("in range");
            let quiet = QuietHours { start_min, end_min };
            let (end, before) = (quiet.ends_after(at, tz), quiet.starts_before(at, tz));
            prop_assert!(before <= at && at <= end);
            prop_assert!(!quiet.is_quiet(end, tz));
            prop_assert!(!quiet.is_quiet(before, tz));
            prop_assert!(end - at <= Duration::hours(26));
        }

        #[test]
        fn no_moment_is_freer_than_the_business_or_the_state_alone(
            seconds in 1_700_000_000i64..1_900_000_000,
            start_min in 0u16..1440,
            end_min in 0u16..1440,
            phone in prop::sample::select(vec!["+12145550142", "+14015550142", "+12055550142", "+12125550142", "+46701234567"]),
        ) {
            let (at, tz) = (DateTime::from_timestamp(seconds, 0).expect("in range"), named("America/Chicago"));
            let own = QuietHours { start_min, end_min };
            let (alone, both) = (for_contact(own, phone, false), for_contact(own, phone, true));
            prop_assert_eq!(alone.is_quiet(at, tz), own.is_quiet(at, tz));
            prop_assert_eq!(alone.ends_after(at, tz), Some(own.ends_after(at, tz)));
            prop_assert!(both.is_quiet(at, tz) || !own.is_quiet(at, tz));
            if let Some(end) = both.ends_after(at, tz) {
                prop_assert!(end >= at && !both.is_quiet(end, tz));
            }
            if let Some(before) = both.starts_before(at, tz) {
                prop_assert!(before <= at && !both.is_quiet(before, tz));
            }
        }
    }
}
