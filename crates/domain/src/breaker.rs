//! A circuit breaker: whether Twilio may be called at all just now (docs/twilio.md §7).
//!
//! Pure state, to be stored wherever all who call can see it. Whoever wants to call asks [`Breaker::allows`]; whoever gets
//! [`Permit::Probe`] first stores [`Breaker::probe`] (by compare-and-set, so that one caller wins) and tells the outcome together
//! with the lease it was given. An outcome that belongs to no current call (one begun before the breaker opened, or a probe whose
//! lease was taken over) changes nothing.

use crate::words::words;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// So many hiccups in a row open it.
const HICCUPS: u32 = 5;
/// Seconds a probe may take before another caller may try; Twilio itself gives up after some 26.
const LEASE_S: i64 = 60;
/// Seconds for its outcome to be heard by a callback or, without any, from Twilio's log, which is read every five minutes.
const LATE_LEASE_S: i64 = 10 * 60;
/// Seconds after which it is worth asking again while a probe is out.
const ASK_S: i64 = 30;

/// What a breaker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Lets every call through.
    #[default]
    Closed,
    /// Lets none through until its time has come.
    Open,
    /// One call is out to see whether the trouble is over.
    HalfOpen,
}

words!(State is a "breaker state": Closed = "closed", Open = "open", HalfOpen = "half_open");

/// How a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Timeout, 5xx, no connection: five in a row open the breaker for 30 seconds, then twice as long each time, at most 5 minutes.
    Hiccup,
    /// Credentials refused, account suspended, number not allowed to send: opens it at once for 5 minutes, then twice as long each
    /// time, at most an hour.
    Fatal,
}

impl Failure {
    /// Seconds of the first wait and of the longest.
    const fn wait_s(self) -> (i64, i64) {
        match self {
            Self::Hiccup => (30, 5 * 60),
            Self::Fatal => (5 * 60, 60 * 60),
        }
    }

    /// The `nth` wait in a row, from 1.
    fn wait(self, nth: u32) -> Duration {
        let (first, longest) = self.wait_s();
        // 2^7 times the shortest wait is past the longest one.
        let doublings = nth.saturating_sub(1).min(7);
        Duration::seconds((first << doublings).min(longest))
    }
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Yes, like everyone.
    Yes,
    /// Yes, this one call, to see whether the trouble is over; nobody else calls before `lease`. It also names the call.
    Probe {
        /// End of the lease, where the answer to the call is the outcome.
        lease: DateTime<Utc>,
    },
    /// Not before this time.
    No {
        /// When asking again makes sense.
        until: DateTime<Utc>,
    },
}

/// The breaker of one account or one sender number. [`Breaker::default`] is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Breaker {
    /// What it does.
    pub state: State,
    /// Hiccups in a row while closed.
    pub failures: u32,
    /// How many times in a row it has opened.
    pub opened: u32,
    /// When a probe may go, while open; when the probe's lease ends, while half open.
    pub until: Option<DateTime<Utc>>,
}

impl Breaker {
    /// Whether a call may be made now.
    #[must_use]
    pub fn allows(&self, now: DateTime<Utc>) -> Permit {
        match (self.state, self.until) {
            (State::Closed, _) => Permit::Yes,
            // The probe's outcome may be known long before its lease ends.
            (State::HalfOpen, Some(until)) if now < until => Permit::No {
                until: until.min(now + Duration::seconds(ASK_S)),
            },
            (_, Some(until)) if now < until => Permit::No { until },
            _ => Permit::Probe { lease: Self::lease(now) },
        }
    }

    /// The lease of a probe that was allowed at `asked`.
    #[must_use]
    pub fn lease(asked: DateTime<Utc>) -> DateTime<Utc> {
        asked + Duration::seconds(LEASE_S)
    }

    /// The same where only the network's own word on the text is an outcome.
    #[must_use]
    pub fn late_lease(asked: DateTime<Utc>) -> DateTime<Utc> {
        asked + Duration::seconds(LATE_LEASE_S)
    }

    /// The breaker while the probe with this lease is out. To be stored before the call is made.
    #[must_use]
    pub const fn probe(self, lease: DateTime<Utc>) -> Self {
        Self {
            state: State::HalfOpen,
            until: Some(lease),
            ..self
        }
    }

    /// After a call that went well. `lease` is that of its [`Permit::Probe`], if it was one.
    #[must_use]
    pub fn success(self, lease: Option<DateTime<Utc>>) -> Self {
        if self.concerns(lease) { Self::default() } else { self }
    }

    /// After a call that failed at `now`. `lease` is that of its [`Permit::Probe`], if it was one.
    #[must_use]
    pub fn failure(self, now: DateTime<Utc>, kind: Failure, lease: Option<DateTime<Utc>>) -> Self {
        if !self.concerns(lease) {
            return self;
        }
        let failures = self.failures.saturating_add(1);
        let bearable = self.state == State::Closed && kind == Failure::Hiccup && failures < HICCUPS;
        if bearable {
            return Self { failures, ..self };
        }
        let opened = self.opened.saturating_add(1);
        Self {
            state: State::Open,
            failures,
            opened,
            until: Some(now + kind.wait(opened)),
        }
    }

    /// Whether the outcome of a call counts: an ordinary one while closed, the probe that is out while half open.
    fn concerns(&self, lease: Option<DateTime<Utc>>) -> bool {
        match self.state {
            State::Closed => lease.is_none(),
            State::Open => false,
            State::HalfOpen => lease.is_some() && lease == self.until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + s, 0).expect("in range")
    }

    fn after(failures: &[Failure]) -> Breaker {
        failures.iter().fold(Breaker::default(), |b, f| b.failure(at(0), *f, None))
    }

    #[rstest]
    #[case::fresh(&[], None)]
    #[case::four_hiccups_are_bearable(&[Failure::Hiccup; 4], None)]
    #[case::five_are_not(&[Failure::Hiccup; 5], Some(30))]
    #[case::later_ones_were_begun_before(&[Failure::Hiccup; 9], Some(30))]
    #[case::fatal_opens_at_once(&[Failure::Fatal], Some(300))]
    #[case::a_late_fatal_one_changes_nothing(&[Failure::Hiccup, Failure::Hiccup, Failure::Hiccup, Failure::Hiccup, Failure::Hiccup, Failure::Fatal], Some(30))]
    fn failures_in_a_row_open_it(#[case] failures: &[Failure], #[case] wait_s: Option<i64>) {
        let permit = wait_s.map_or(Permit::Yes, |s| Permit::No { until: at(s) });
        assert_eq!(after(failures).allows(at(0)), permit);
    }

    #[rstest]
    #[case(Failure::Hiccup, &[30, 60, 120, 240, 300, 300])]
    #[case(Failure::Fatal, &[300, 600, 1200, 2400, 3600, 3600])]
    fn each_failed_probe_doubles_the_wait(#[case] kind: Failure, #[case] waits_s: &[i64]) {
        let mut breaker = after(&[kind; 5]);
        let mut now = at(0);
        for wait in waits_s {
            assert_eq!(breaker.until, Some(now + Duration::seconds(*wait)));
            now += Duration::seconds(*wait);
            let Permit::Probe { lease } = breaker.allows(now) else {
                panic!("a probe is due");
            };
            breaker = breaker.probe(lease).failure(now, kind, Some(lease));
        }
    }

    #[test]
    fn a_good_call_forgets_the_bad_ones_before_it() {
        assert_eq!(after(&[Failure::Hiccup; 4]).success(None), Breaker::default());
    }

    #[test]
    fn only_the_probe_that_is_out_decides() {
        let open = after(&[Failure::Fatal]);
        assert_eq!(open.success(None), open, "begun before it opened");
        let lease = at(360);
        let half = open.probe(lease);
        assert_eq!(half.allows(at(359)), Permit::No { until: lease });
        assert_eq!(half.success(None), half);
        assert_eq!(half.failure(at(310), Failure::Fatal, None), half);
        assert_eq!(half.success(Some(lease)), Breaker::default());
        let taken_over = half.probe(at(420));
        assert_eq!(half.allows(lease), Permit::Probe { lease: at(420) });
        assert_eq!(taken_over.failure(at(370), Failure::Fatal, Some(lease)), taken_over);
        assert_eq!(taken_over.success(Some(lease)), taken_over);
        let closed = taken_over.success(Some(at(420)));
        assert_eq!(closed.failure(at(421), Failure::Fatal, Some(lease)), closed);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Pass(i64),
        Call,
        Finish(prop::sample::Index, Option<Failure>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let ending = prop_oneof![Just(None), Just(Some(Failure::Hiccup)), Just(Some(Failure::Fatal))];
        prop_oneof![
            (0i64..400).prop_map(Step::Pass),
            Just(Step::Call),
            (any::<prop::sample::Index>(), ending).prop_map(|(which, how)| Step::Finish(which, how)),
        ]
    }

    proptest! {
        #[test]
        fn one_probe_at_a_time_and_never_shut_for_good(steps in prop::collection::vec(step(), 0..120)) {
            let (mut breaker, mut now) = (Breaker::default(), at(0));
            let mut calls: Vec<Option<DateTime<Utc>>> = Vec::new();
            for step in steps {
                match step {
                    Step::Pass(s) => now += Duration::seconds(s),
                    Step::Call => match breaker.allows(now) {
                        Permit::Yes => calls.push(None),
                        Permit::No { until } => prop_assert!(until > now),
                        Permit::Probe { lease } => {
                            let out = calls.iter().flatten().filter(|l| now < **l).count();
                            prop_assert_eq!(out, 0, "another probe is out");
                            breaker = breaker.probe(lease);
                            calls.push(Some(lease));
                        }
                    },
                    Step::Finish(which, how) if !calls.is_empty() => {
                        let lease = calls.swap_remove(which.index(calls.len()));
                        let mine = breaker.concerns(lease);
                        let was = breaker;
                        breaker = match how {
                            None => breaker.success(lease),
                            Some(kind) => breaker.failure(now, kind, lease),
                        };
                        prop_assert!(mine || breaker == was, "a late outcome changes nothing");
                        prop_assert!(!mine || how.is_some() || breaker == Breaker::default(), "success closes");
                    }
                    Step::Finish(..) => {}
                }
                let longest = now + Duration::hours(1);
                let shut = matches!(breaker.allows(longest), Permit::No { .. });
                prop_assert!(!shut, "an hour is the longest wait");
            }
        }
    }
}
