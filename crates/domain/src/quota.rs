//! How many requests a key of the API may make: a bucket that holds a minute's worth and fills all the time (RateLimit headers,
//! draft-ietf-httpapi-ratelimit-headers-10).

use chrono::{DateTime, Duration, Utc};

/// The time that a quota is told for.
pub const WINDOW: Duration = Duration::minutes(1);

/// What is left to a key, kept as the moment at which its bucket is full again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bucket {
    full_at: Option<DateTime<Utc>>,
    /// When it was noted last that somebody was not let in.
    noted_at: Option<DateTime<Utc>>,
}

/// What a request is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Whether it was let in.
    pub allowed: bool,
    /// Whether that is worth a line of a log: of those that are not let in it is one a minute.
    pub noted: bool,
    /// Requests that could follow at once.
    pub remaining: u32,
    /// Seconds until there is one more; until the bucket is full where it was let in.
    pub seconds: u32,
}

impl Bucket {
    /// A request that comes now, where `per_minute` may.
    pub fn take(&mut self, now: DateTime<Utc>, per_minute: u32) -> Left {
        let per_minute = per_minute.max(1);
        let pause = WINDOW / i32::try_from(per_minute).unwrap_or(i32::MAX);
        // A clock that was set back owes nobody more than a whole bucket.
        let owed = (self.full_at.unwrap_or(now) - now).clamp(Duration::zero(), WINDOW);
        let after = owed + pause;
        if after > WINDOW {
            let noted = self.noted_at.is_none_or(|at| (now - at).abs() >= WINDOW);
            if noted {
                self.noted_at = Some(now);
            }
            return Left {
                allowed: false,
                noted,
                remaining: 0,
                seconds: seconds(after - WINDOW),
            };
        }
        self.full_at = Some(now + after);
        let free = (WINDOW - after).num_microseconds().unwrap_or_default();
        let each = pause.num_microseconds().unwrap_or(1).max(1);
        Left {
            allowed: true,
            noted: true,
            remaining: u32::try_from(free / each).unwrap_or_default(),
            seconds: seconds(after),
        }
    }

    /// Whether nothing has to be remembered of it.
    #[must_use]
    pub fn is_full(&self, now: DateTime<Utc>) -> bool {
        self.full_at.is_none_or(|at| at <= now)
    }
}

/// Rounded up: who waits that long is let in.
fn seconds(time: Duration) -> u32 {
    let nanos = time.num_nanoseconds().unwrap_or(i64::MAX - 999_999_999);
    u32::try_from((nanos + 999_999_999) / 1_000_000_000)
        .unwrap_or(u32::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + ms).expect("in range")
    }

    #[test]
    fn a_minutes_worth_goes_at_once_and_then_one_after_another() {
        let mut bucket = Bucket::default();
        let left: Vec<u32> = (0..3).map(|_| bucket.take(at(0), 3).remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let refused = bucket.take(at(1_000), 3);
        assert_eq!(
            refused,
            Left {
                allowed: false,
                noted: true,
                remaining: 0,
                seconds: 19
            }
        );
        assert!(!bucket.take(at(1_001), 3).noted, "one of them is noted");
        assert!(bucket.take(at(20_000), 3).allowed);
        assert!(!bucket.take(at(20_001), 3).allowed);
        assert!(bucket.is_full(at(80_001)) && !bucket.is_full(at(60_000)));
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_than_two_buckets(per_minute in 1u32..200, steps in proptest::collection::vec(0i64..2_000, 1..600)) {
            let mut bucket = Bucket::default();
            let (mut now, mut let_in) = (0, Vec::new());
            for step in steps {
                now += step;
                let left = bucket.take(at(now), per_minute);
                if left.allowed {
                    let_in.push(now);
                } else {
                    let mut later = bucket;
                    prop_assert!(later.take(at(now + i64::from(left.seconds) * 1000), per_minute).allowed, "who waits is let in");
                }
            }
            for from in &let_in {
                let seen = let_in.iter().filter(|at| *at >= from && **at < from + 60_000).count();
                prop_assert!(seen <= 2 * per_minute as usize);
            }
        }
    }
}
