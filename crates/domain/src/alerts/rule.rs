//! The rule: pure numbers.

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub hits: i64,
    pub of: i64,
}

/// What a stretch of now is beside the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// An alarm.
    Unusual,
    /// Neither: what was said before stays.
    Unsure,
    Usual,
    /// Too little is known.
    TooFew,
}

/// With fewer nothing is said.
const LEAST: i64 = 5;
/// What stands beside every past: one of twenty.
const BEFORE_HITS: f64 = 1.0;
const BEFORE_OTHERS: f64 = 19.0;
/// A past counts for so many texts at most.
const WEIGHT: f64 = 400.0;
/// More of now are scaled down to so many: texts are not as independent of each other as the arithmetic takes them for.
const MOST: i64 = 1_000;
/// So rare is an alarm.
const RARE: f64 = 1e-7;
/// So common is what is usual.
const COMMON: f64 = 0.01;
/// An alarm is at least so many times the usual share.
const TIMES: f64 = 2.0;

impl Share {
    #[must_use]
    pub const fn new(hits: i64, of: i64) -> Self {
        Self { hits, of }
    }

    /// As a share; what can't be, counts as nothing.
    #[must_use]
    pub fn rate(self) -> f64 {
        if self.of > 0 {
            self.hits.max(0) as f64 / self.of as f64
        } else {
            0.0
        }
    }

    /// Never more hits than there are.
    fn sound(self) -> Self {
        let hits = self.hits.max(0);
        Self {
            hits,
            of: self.of.max(hits),
        }
    }

    fn at_most(self, most: i64) -> Self {
        if self.of <= most {
            return self;
        }
        let hits = (self.rate() * most as f64).floor() as i64;
        Self { hits, of: most }
    }

    /// The usual share by a past like this.
    #[must_use]
    pub fn usual(self) -> f64 {
        let (a, b) = self.prior();
        a / (a + b)
    }

    /// What is known of the share, as a beta distribution.
    fn prior(self) -> (f64, f64) {
        let past = self.sound();
        let scale = (WEIGHT / past.of.max(1) as f64).min(1.0);
        let (hits, others) = (past.hits as f64 * scale, (past.of - past.hits) as f64 * scale);
        (BEFORE_HITS + hits, BEFORE_OTHERS + others)
    }
}

/// What `now` is beside `past`.
#[must_use]
pub fn judge(now: Share, past: Share) -> Verdict {
    let now = now.sound();
    if now.of < LEAST {
        return Verdict::TooFew;
    }
    let many = now.rate() >= TIMES * past.usual();
    let chance = chance(now.at_most(MOST), past);
    if many && now.hits >= LEAST && chance < RARE {
        Verdict::Unusual
    } else if !many || chance >= COMMON {
        Verdict::Usual
    } else {
        Verdict::Unsure
    }
}

/// How likely a past like this brings as many as now, or more.
fn chance(now: Share, past: Share) -> f64 {
    let (a, b) = past.prior();
    let n = now.of as f64;
    // Of none at all; in logarithms, because it may be very small.
    let mut one: f64 = (0..now.of).map(|i| ((b + i as f64) / (a + b + i as f64)).ln()).sum();
    let mut sum = if now.hits == 0 { one.exp() } else { 0.0 };
    for k in 0..now.of {
        let at = k as f64;
        one += ((n - at) / (at + 1.0) * (a + at) / (b + n - at - 1.0)).ln();
        if k + 1 >= now.hits {
            sum += one.exp();
        }
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, for a business without a past.
    #[test]
    fn the_tail_is_that_of_the_beta_binomial() {
        let even = |hits: i64| chance(Share::new(hits, 9), Share::new(0, 0));
        assert!((even(0) - 1.0).abs() < 1e-9, "something always happens");
        // P(X = 9) with Beta(1, 19): 9!/(20 · … · 28)
        let all: f64 = (0..9).map(|i| (1.0 + f64::from(i)) / (20.0 + f64::from(i))).product();
        assert!((even(9) - all).abs() < 1e-12, "{} {all}", even(9));
        assert!((1..=9).all(|k| even(k) < even(k - 1)), "more is rarer");
    }
}
