//! How fast somebody may guess at a secret: a few tries for nothing, then each wait twice as long as the one before, up to a longest one.
//! After the wait the next try counts. Whoever guesses on purpose and without end may be the one who has it each time, and so keep somebody
//! out where nobody knows them: there has to be a way in that does not wait for the guesses of others. What is remembered is bounded.
//!
//! A try is counted before it is known whether it was right, so that a hundred at once are not a hundred for nothing; who was right is
//! forgiven all of it.

use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;

use crate::crowd;

/// Keys that are remembered at once.
const MOST: usize = 20_000;

/// What is guessed at, and by whom, as far as that makes a difference.
pub type Key = u128;

/// Who guesses from an address; of IPv6 a whole network.
#[must_use]
pub fn of_address(who: std::net::IpAddr) -> Key {
    crowd::key(who)
}

/// How long wrong tries make somebody wait.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// So many wrong ones cost nothing.
    pub free: u32,
    /// The wait after the next.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
    /// After so long without a try all is forgiven.
    pub forgiven: Duration,
}

impl Rule {
    /// How long to wait after so many wrong tries.
    #[must_use]
    pub fn wait(&self, wrong: u32) -> Duration {
        let Some(beyond) = wrong.checked_sub(self.free + 1) else {
            return Duration::zero();
        };
        // More than 2^30 of any wait is longer than the longest.
        let times = 1_i32 << beyond.min(30);
        self.first
            .checked_mul(times)
            .map_or(self.longest, |wait| wait.min(self.longest))
    }
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    wrong: u32,
    last: DateTime<Utc>,
}

/// Who has guessed of late.
#[derive(Debug)]
pub struct Guesses {
    rule: Rule,
    tries: HashMap<Key, Tries>,
}

impl Guesses {
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        Self {
            rule,
            tries: HashMap::new(),
        }
    }

    /// How long this one has to wait; none: the next try counts.
    #[must_use]
    pub fn must_wait(&self, key: Key, now: DateTime<Utc>) -> Option<Duration> {
        let tries = self.of(key, now)?;
        let left = tries.last + self.rule.wait(tries.wrong) - now;
        (left > Duration::zero()).then_some(left)
    }

    /// Somebody tries. It counts as wrong until it is known to be right.
    ///
    /// # Errors
    /// How long to wait. That was no try, and makes nobody wait longer.
    pub fn begin(&mut self, key: Key, now: DateTime<Utc>) -> Result<(), Duration> {
        if let Some(wait) = self.must_wait(key, now) {
            return Err(wait);
        }
        let wrong = self.of(key, now).map_or(0, |tries| tries.wrong).saturating_add(1);
        if self.tries.len() >= MOST && !self.tries.contains_key(&key) {
            self.forget(now);
        }
        self.tries.insert(key, Tries { wrong, last: now });
        Ok(())
    }

    /// It was right.
    pub fn right(&mut self, key: Key) {
        self.tries.remove(&key);
    }

    /// One try of several was right: the others stand.
    pub fn one_right(&mut self, key: Key) {
        if let Some(tries) = self.tries.get_mut(&key) {
            tries.wrong = tries.wrong.saturating_sub(1);
        }
    }

    fn of(&self, key: Key, now: DateTime<Utc>) -> Option<Tries> {
        let tries = self.tries.get(&key).copied()?;
        (now - tries.last < self.rule.forgiven).then_some(tries)
    }

    /// What is forgiven; where that makes no room, the half that has tried less.
    fn forget(&mut self, now: DateTime<Utc>) {
        let forgiven = self.rule.forgiven;
        self.tries.retain(|_, tries| now - tries.last < forgiven);
        if self.tries.len() >= MOST {
            let mut all: Vec<(u32, DateTime<Utc>)> = self.tries.values().map(|t| (t.wrong, t.last)).collect();
            let middle = all.len() / 2;
            let (_, middle, _) = all.select_nth_unstable(middle);
            let middle = *middle;
            self.tries.retain(|_, t| (t.wrong, t.last) > middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: Rule = Rule {
        free: 3,
        first: Duration::seconds(1),
        longest: Duration::seconds(60),
        forgiven: Duration::hours(24),
    };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant")
    }

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_the_longest() {
        let waits: Vec<i64> = (0..13).map(|wrong| RULE.wait(wrong).num_seconds()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(RULE.wait(u32::MAX), RULE.longest);
    }

    #[test]
    fn who_is_told_to_wait_has_not_tried() {
        let mut guesses = Guesses::new(RULE);
        for _ in 0..4 {
            assert_eq!(guesses.begin(1, at(0)), Ok(()));
        }
        for _ in 0..100 {
            assert_eq!(guesses.begin(1, at(0)), Err(Duration::seconds(1)));
        }
        assert_eq!(guesses.begin(2, at(0)), Ok(()), "another one's secret");
        assert_eq!(guesses.begin(1, at(1)), Ok(()), "however often somebody else asked meanwhile");
        assert_eq!(guesses.begin(1, at(1)), Err(Duration::seconds(2)));
    }

    #[test]
    fn who_was_right_begins_anew_and_so_does_who_rests() {
        let mut guesses = Guesses::new(RULE);
        for n in 0..8 {
            assert_eq!(guesses.begin(1, at(n * 60)), Ok(()));
        }
        guesses.right(1);
        assert_eq!(guesses.must_wait(1, at(420)), None);
        for n in 10..20 {
            assert_eq!(guesses.begin(1, at(n * 60)), Ok(()));
        }
        assert_eq!(guesses.must_wait(1, at(1140)), Some(Duration::seconds(60)));
        let next_day = 1140 + 24 * 3600;
        for _ in 0..4 {
            assert_eq!(guesses.begin(1, at(next_day)), Ok(()));
        }
    }

    #[test]
    fn one_right_try_does_not_forgive_the_others() {
        let mut guesses = Guesses::new(RULE);
        for _ in 0..4 {
            assert_eq!(guesses.begin(1, at(0)), Ok(()));
        }
        guesses.one_right(1);
        assert_eq!(guesses.begin(1, at(0)), Ok(()));
        assert_eq!(guesses.begin(1, at(0)), Err(Duration::seconds(1)));
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let mut guesses = Guesses::new(RULE);
        for n in 0..6 {
            assert_eq!(guesses.begin(7, at(n * 10)), Ok(()));
        }
        for n in 0..(MOST as u128 * 2) {
            let _ = guesses.begin(1_000 + n, at(50));
            assert!(guesses.tries.len() <= MOST);
        }
        assert!(
            guesses.must_wait(7, at(50)).is_some(),
            "who has tried most is remembered longest"
        );
    }

    proptest! {
        #[test]
        fn in_a_day_nobody_tries_more_often_than_the_rule_gives(pauses in prop::collection::vec(0_i64..200, 1..2_000)) {
            let mut guesses = Guesses::new(RULE);
            let (mut now, mut tried) = (0, 0_i64);
            for pause in pauses {
                now += pause;
                tried += i64::from(guesses.begin(1, at(now)).is_ok());
            }
            prop_assert!(tried <= 10 + now / 60 + 1, "{tried} in {now} s");
        }

        #[test]
        fn nobody_waits_longer_than_the_longest(tries in prop::collection::vec(0_i64..500, 1..200)) {
            let mut guesses = Guesses::new(RULE);
            let mut now = 0;
            for pause in tries {
                now += pause;
                if let Err(wait) = guesses.begin(1, at(now)) {
                    prop_assert!(wait <= RULE.longest && wait > Duration::zero());
                    prop_assert_eq!(guesses.must_wait(1, at(now) + wait), None, "and then they come in");
                }
            }
        }
    }
}
