//! How fast an account may be called: learned from what Twilio answers.

use chrono::{DateTime, Duration, Utc};

use super::Rate;

/// What is known of how fast an account may be called, once Twilio has said that it was too fast (429; docs/twilio.md §8). Where nothing is
/// known there is none, and calls are not held back.
///
/// Additive increase, multiplicative decrease, as TCP does it: too fast halves the rate, a second that went well adds a call a second to it
/// (or doubles it, as long as it is not known how much is too much). After a 429 the account rests, and then one call shows whether it may
/// go on; until that is heard no other is made. Outcomes of calls from before the last slowing say nothing new. Whoever changes it holds a
/// lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Calls a second, in thousandths.
    pub rate: Rate,
    /// The rate from which on it grows by steps; below it, or without it, it doubles.
    pub threshold: Option<Rate>,
    /// How often in a row Twilio has said that it was too fast; 0 once a call was taken again.
    pub refused: u32,
    /// When it was slowed last.
    pub slowed_at: DateTime<Utc>,
    /// When it was slowed, or tried, or grew last.
    pub changed_at: DateTime<Utc>,
    /// No call before this time: the end of the rest, or of the time that the call which tries has.
    pub until: DateTime<Utc>,
}

/// Whether an account may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Yes, at this rate.
    Paced(Rate),
    /// One call, to see whether it may go on; [`Allowance::tried`] is to be stored before it is made.
    Try,
    /// Not before this time.
    Rest(DateTime<Utc>),
    /// Not as long as the call that tries is not heard of, and until this time at most.
    Trying(DateTime<Utc>),
}

/// What it begins with, and never falls below: one call a second.
const SLOWEST: u32 = 1_000;
/// What a good second adds.
const STEP: u32 = 1_000;
/// So fast it is free again: more than one process calls in a second.
const FREE: u32 = 250_000;
/// Seconds of rest after the first, second, … 429 in a row, then the last of them; and after [`OFTEN`] in a row. A reply waits no longer
/// than this when it may go again.
const RESTS_S: [i64; 4] = [1, 2, 4, 8];
const LONG_REST_S: i64 = 30;
/// About ten minutes.
const OFTEN: u32 = 75;
/// Longest rest that Twilio may ask for (`Retry-After`), in seconds.
const LONGEST_REST_S: i64 = 3600;
/// Seconds until the call that tries must have been heard of; Twilio itself gives up after some 26.
const TRY_S: i64 = 35;

impl Allowance {
    /// What a 429 leaves of `known`: it was the answer to a call begun at `begun` and heard at `now`, and asks for a rest of `asked`.
    #[must_use]
    pub fn refused(known: Option<Self>, begun: DateTime<Utc>, now: DateTime<Utc>, asked: Duration) -> Self {
        let asked_until = now + asked.clamp(Duration::zero(), Duration::seconds(LONGEST_REST_S));
        let Some(before) = known else {
            return Self::slowed(Rate::thousandths(SLOWEST), None, 1, now, asked_until);
        };
        if begun <= before.slowed_at {
            // Called before it was slowed: only what Twilio asks for is new.
            return Self {
                until: before.until.max(asked_until),
                ..before
            };
        }
        if before.refused > 0 {
            // Still too early, which says nothing about the rate.
            let refused = before.refused.saturating_add(1);
            return Self::slowed(before.rate, before.threshold, refused, now, asked_until);
        }
        let half = Rate::thousandths((before.rate.per_1000_s.get() / 2).max(SLOWEST));
        Self::slowed(half, Some(half), 1, now, asked_until)
    }

    fn slowed(rate: Rate, threshold: Option<Rate>, refused: u32, now: DateTime<Utc>, asked_until: DateTime<Utc>) -> Self {
        let rest = if refused > OFTEN {
            LONG_REST_S
        } else {
            RESTS_S[(refused as usize).clamp(1, RESTS_S.len()) - 1]
        };
        Self {
            rate,
            threshold,
            refused,
            slowed_at: now,
            changed_at: now,
            until: asked_until.max(now + Duration::seconds(rest)),
        }
    }

    /// After a call begun at `begun` that Twilio took, or declined for another reason; none: it is free again.
    #[must_use]
    pub fn taken(self, begun: DateTime<Utc>, now: DateTime<Utc>) -> Option<Self> {
        if begun <= self.slowed_at {
            return Some(self);
        }
        let open = Self {
            refused: 0,
            until: if self.refused > 0 { now } else { self.until },
            ..self
        };
        if now - self.changed_at < Duration::seconds(1) {
            return Some(open);
        }
        let rate = self.rate.per_1000_s.get();
        let grown = match self.threshold {
            Some(threshold) if rate >= threshold.per_1000_s.get() => rate.saturating_add(STEP),
            Some(threshold) => rate.saturating_mul(2).min(threshold.per_1000_s.get()),
            None => rate.saturating_mul(2),
        };
        let rate = Rate::thousandths(grown);
        (grown < FREE).then_some(Self {
            rate,
            changed_at: now,
            ..open
        })
    }

    /// After a call begun at `begun` that was not made after all, or did not reach Twilio: if it was to show something, another may.
    #[must_use]
    pub fn unheard(self, begun: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let was_it = self.is_trying() && begun == self.changed_at;
        Self {
            until: if was_it { now } else { self.until },
            ..self
        }
    }

    /// Whether a call may be made now.
    #[must_use]
    pub fn leave(&self, now: DateTime<Utc>) -> Leave {
        if now < self.until && self.is_trying() {
            Leave::Trying(self.until)
        } else if now < self.until {
            Leave::Rest(self.until)
        } else if self.refused > 0 {
            Leave::Try
        } else {
            Leave::Paced(self.rate)
        }
    }

    /// While the call that tries is under way.
    #[must_use]
    pub fn tried(self, now: DateTime<Utc>) -> Self {
        Self {
            until: now + Duration::seconds(TRY_S),
            changed_at: now,
            ..self
        }
    }

    fn is_trying(&self) -> bool {
        self.refused > 0 && self.changed_at > self.slowed_at
    }
}

#[cfg(test)]
mod tests {
    use super::super::reserve;
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + ms).expect("in range")
    }

    fn rate(per_second: u32) -> Rate {
        Rate::thousandths(per_second * 1000)
    }

    fn s(seconds: i64) -> DateTime<Utc> {
        at(seconds * 1000)
    }

    fn first_429() -> Allowance {
        Allowance::refused(None, s(0), s(0), Duration::zero())
    }

    #[test]
    fn after_a_429_it_rests_and_then_one_call_tries() {
        let slowed = first_429();
        assert_eq!(slowed.leave(s(0)), Leave::Rest(s(1)));
        assert_eq!(slowed.leave(s(1)), Leave::Try);
        let trying = slowed.tried(s(1));
        assert_eq!(trying.leave(s(2)), Leave::Trying(s(36)), "no other call meanwhile");
        let again = Allowance::refused(Some(trying), s(1), s(2), Duration::zero());
        assert_eq!(again.leave(s(2)), Leave::Rest(s(4)), "it rests longer");
        let open = again.tried(s(4)).taken(s(4), s(5)).expect("not free yet");
        assert_eq!((open.refused, open.leave(s(5))), (0, Leave::Paced(rate(2))));
        assert_eq!(
            trying.unheard(s(1), s(3)).leave(s(3)),
            Leave::Try,
            "a call that was not made shows nothing"
        );
        assert_eq!(trying.leave(s(36)), Leave::Try, "nor one that was never heard of");
    }

    #[test]
    fn rests_grow_to_eight_seconds_and_only_after_minutes_to_thirty() {
        let (mut a, mut now, mut rests) = (first_429(), s(0), Vec::new());
        for _ in 0..100 {
            rests.push((a.until - now).num_seconds());
            now = a.until;
            a = Allowance::refused(Some(a.tried(now)), now, now, Duration::zero());
        }
        assert_eq!(rests[..6], [1, 2, 4, 8, 8, 8]);
        assert_eq!((rests[74], rests[75]), (8, 30));
        assert_eq!(a.rate, rate(1));
        assert_eq!(a.threshold, None, "that it is still too early says nothing about the rate");
    }

    #[rstest]
    #[case::shorter_than_the_rest(0, 1)]
    #[case::as_asked(90, 90)]
    #[case::an_hour_at_most(90_000, 3600)]
    #[case::nonsense(-5, 1)]
    fn what_twilio_asks_for_is_obeyed_up_to_an_hour(#[case] asked: i64, #[case] rest: i64) {
        let slowed = Allowance::refused(None, s(0), s(0), Duration::seconds(asked));
        assert_eq!(slowed.leave(s(0)), Leave::Rest(s(rest)));
    }

    #[test]
    fn calls_from_before_it_was_slowed_do_not_slow_it_twice() {
        let slowed = first_429();
        assert_eq!(Allowance::refused(Some(slowed), s(0), s(0), Duration::zero()), slowed);
        let asked = Allowance::refused(Some(slowed), s(-1), s(1), Duration::seconds(60));
        assert_eq!((asked.refused, asked.until), (1, s(61)), "but what Twilio asks for counts");
        assert_eq!(slowed.taken(s(0), s(9)), Some(slowed), "nor does it open again for them");
    }

    /// An account that takes `most` calls a second, called as often as its allowance lets; calls taken and refused in each second.
    fn drain(most: u32, seconds: i64) -> Vec<(u32, u32)> {
        let (mut known, mut free) = (None::<Allowance>, None);
        let mut seen = Vec::new();
        for second in 0..seconds {
            let (mut taken, mut refused) = (0, 0);
            for ms in (0..1000).step_by(10) {
                let now = at(second * 1000 + ms);
                let may = match known.map(|a| a.leave(now)) {
                    None => true,
                    Some(Leave::Rest(_) | Leave::Trying(_)) => false,
                    Some(Leave::Try) => {
                        known = known.map(|a| a.tried(now));
                        true
                    }
                    Some(Leave::Paced(rate)) => {
                        let slot = reserve(free, now, 1, rate, Duration::zero());
                        free = Some(if slot.at <= now { slot.next } else { slot.at });
                        slot.at <= now
                    }
                };
                if may && taken < most {
                    taken += 1;
                    known = known.and_then(|a| a.taken(now, now));
                } else if may {
                    refused += 1;
                    known = Some(Allowance::refused(known, now, now, Duration::zero()));
                }
            }
            seen.push((taken, refused));
        }
        seen
    }

    #[test]
    fn it_finds_the_rate_and_stays_near_it() {
        let seen = drain(10, 120);
        let late = &seen[60..];
        let taken: u32 = late.iter().map(|(taken, _)| taken).sum();
        let refused: u32 = late.iter().map(|(_, refused)| refused).sum();
        assert!((300..=600).contains(&taken), "{taken} of 600: {seen:?}");
        assert!(refused < taken / 8, "{refused} refused, {taken} taken: {seen:?}");
    }

    #[test]
    fn it_is_free_again_when_nothing_holds_it_back() {
        let (mut a, mut now, mut seconds) = (Some(first_429()), s(1), 0);
        while let Some(slow) = a {
            now += Duration::seconds(1);
            seconds += 1;
            a = slow.taken(now, now);
        }
        assert_eq!(seconds, 8, "1, 2, 4, … 256 a second");
        let halved = Allowance {
            rate: rate(40),
            refused: 0,
            ..first_429()
        };
        let halved = Allowance::refused(Some(halved), s(5), s(5), Duration::zero());
        assert_eq!((halved.rate, halved.threshold), (rate(20), Some(rate(20))));
        let on = halved.taken(s(7), s(7)).and_then(|a| a.taken(s(8), s(8)));
        assert_eq!(
            on.map(|a| a.rate),
            Some(rate(22)),
            "by steps, once it is known what is too much"
        );
    }

    #[derive(Debug, Clone)]
    enum Event {
        Pass(i64),
        Call,
        /// A call that is out ends: taken, refused, not heard of.
        End(prop::sample::Index, u8, i64),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0i64..20_000).prop_map(Event::Pass),
            Just(Event::Call),
            (any::<prop::sample::Index>(), 0u8..3, 0i64..100).prop_map(|(which, how, asked)| Event::End(which, how, asked)),
        ]
    }

    proptest! {
        #[test]
        fn while_it_rests_nobody_calls_and_one_call_tries_and_it_is_never_shut_for_good(
            events in prop::collection::vec(event(), 0..200)
        ) {
            let (mut known, mut now) = (None::<Allowance>, at(0));
            let mut out: Vec<DateTime<Utc>> = Vec::new();
            for event in events {
                match event {
                    Event::Pass(ms) => now += Duration::milliseconds(ms),
                    Event::Call => match known.map(|a| a.leave(now)) {
                        Some(Leave::Rest(until) | Leave::Trying(until)) => prop_assert!(until > now),
                        Some(Leave::Try) => {
                            let slowed = known.map(|a| a.slowed_at);
                            let heard_in_time = now - Duration::seconds(TRY_S);
                            let trying = out.iter().filter(|begun| Some(**begun) > slowed && **begun > heard_in_time).count();
                            prop_assert_eq!(trying, 0, "another call tries already");
                            known = known.map(|a| a.tried(now));
                            out.push(now);
                        }
                        None | Some(Leave::Paced(_)) => out.push(now),
                    },
                    Event::End(which, how, asked) if !out.is_empty() => {
                        let begun = out.swap_remove(which.index(out.len()));
                        let before = known;
                        known = match how {
                            0 => known.and_then(|a| a.taken(begun, now)),
                            1 => Some(Allowance::refused(known, begun, now, Duration::seconds(asked))),
                            _ => known.map(|a| a.unheard(begun, now)),
                        };
                        if let (Some(before), Some(after)) = (before, known) {
                            let (was, is) = (before.rate.per_1000_s.get(), after.rate.per_1000_s.get());
                            prop_assert!(how != 1 || (is <= was && is >= SLOWEST && is >= was / 2), "{was} to {is}");
                            prop_assert!(how == 1 || (is >= was && is <= was * 2), "{was} to {is}");
                        }
                    }
                    Event::End(..) => {}
                }
                if let Some(a) = known {
                    let longest = now + Duration::seconds(LONGEST_REST_S);
                    prop_assert!(!matches!(a.leave(longest), Leave::Rest(_) | Leave::Trying(_)), "an hour is the longest rest");
                    prop_assert!((SLOWEST..FREE).contains(&a.rate.per_1000_s.get()));
                }
            }
        }
    }
}
