//! What counts say.

use std::collections::BTreeMap;

use super::What;
use crate::experiments::Count;

/// Of fewer than so many a share is told as a count, and no trend of it.
pub const FEW: i64 = 20;

/// A figure, and what it is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// None where there is nothing to divide by.
    pub value: Option<f64>,
    pub numerator: f64,
    pub denominator: i64,
    /// Where the true share lies, 95 times of 100.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Of times: nine of ten are no longer.
    pub p90: Option<f64>,
}

impl Measured {
    /// So many of so many.
    #[must_use]
    pub fn share(hits: i64, of: i64) -> Self {
        let count = Count {
            hits: u64::try_from(hits).unwrap_or(0),
            of: u64::try_from(of).unwrap_or(0),
        };
        let interval = count.interval();
        Self {
            value: count.rate(),
            numerator: hits as f64,
            denominator: of,
            low: interval.map(|it| it.low),
            high: interval.map(|it| it.high),
            p90: None,
        }
    }

    /// So much for each of so many; millionths of a dollar become dollars.
    #[must_use]
    pub fn dollars_each(micros: i64, of: i64) -> Self {
        let dollars = micros as f64 / 1e6;
        Self {
            value: (of > 0).then(|| dollars / of as f64),
            numerator: dollars,
            denominator: of,
            ..Self::default()
        }
    }

    /// The time in the middle.
    #[must_use]
    pub fn middle(of: &Middle) -> Self {
        Self {
            value: of.median(),
            numerator: of.count() as f64,
            denominator: of.count(),
            p90: of.at_most(90),
            ..Self::default()
        }
    }

    /// Whether it is told as a count.
    #[must_use]
    pub const fn is_few(&self) -> bool {
        self.denominator < FEW
    }
}

/// How often each time was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Middle(pub BTreeMap<i64, i64>);

impl Middle {
    #[must_use]
    pub fn count(&self) -> i64 {
        self.0.values().sum()
    }

    /// Those that are no longer than so many seconds.
    #[must_use]
    pub fn within(&self, seconds: i64) -> i64 {
        self.0.range(..=seconds).map(|(_, n)| n).sum()
    }

    /// The one in the middle, between the two there if they are even.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let n = self.count();
        let (low, high) = (self.nth((n - 1) / 2)?, self.nth(n / 2)?);
        Some((low + high) as f64 / 2.0)
    }

    /// So many of a hundred are no longer than this.
    #[must_use]
    pub fn at_most(&self, percent: i64) -> Option<f64> {
        let n = self.count();
        self.nth((n * percent + 99) / 100 - 1).map(|seconds| seconds as f64)
    }

    /// From 0, the shortest first.
    fn nth(&self, at: i64) -> Option<i64> {
        let mut before = 0;
        self.0.iter().find_map(|(seconds, n)| {
            before += n;
            (at >= 0 && at < before).then_some(*seconds)
        })
    }
}

/// The counts of a stretch of days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub of: BTreeMap<What, i64>,
    /// Visits that have begun and nobody has marked.
    pub unmarked: i64,
    pub waiting: Middle,
    /// The same by the seconds in which the business was open.
    pub waiting_open: Middle,
    pub confirming: Middle,
}

impl Totals {
    #[must_use]
    pub fn n(&self, what: What) -> i64 {
        self.of.get(&what).copied().unwrap_or(0)
    }

    fn sum(&self, all: &[What]) -> i64 {
        all.iter().map(|what| self.n(*what)).sum()
    }

    /// All that did not arrive for good.
    #[must_use]
    pub fn not_arrived(&self) -> i64 {
        self.sum(&[What::Undelivered, What::Failed, What::Refused])
    }

    /// Those that left and of which nobody has said yet what became of them.
    #[must_use]
    pub fn no_word(&self) -> i64 {
        (self.n(What::Sent) - self.sum(&[What::Delivered, What::Undelivered, What::Failed])).max(0)
    }

    /// Estimated and real, in millionths of a dollar.
    #[must_use]
    pub fn cost(&self) -> i64 {
        self.sum(&[What::CostEstimated, What::CostReal])
    }

    #[must_use]
    pub fn visits(&self) -> i64 {
        self.sum(&[
            What::Open,
            What::Kept,
            What::Missed,
            What::CancelledLate,
            What::CancelledEarly,
        ])
    }

    #[must_use]
    pub fn no_show_rate(&self) -> Measured {
        Measured::share(self.n(What::Missed), self.sum(&[What::Kept, What::Missed]))
    }

    #[must_use]
    pub fn unmarked_share(&self) -> Measured {
        Measured::share(self.unmarked, self.unmarked + self.sum(&[What::Kept, What::Missed]))
    }

    /// Whether too many visits are not marked for the others to speak for all.
    #[must_use]
    pub fn no_shows_are_unreliable(&self) -> bool {
        self.unmarked_share().value.is_some_and(|share| share > 0.1)
    }

    #[must_use]
    pub fn delivery_rate(&self) -> Measured {
        let delivered = self.n(What::Delivered);
        Measured::share(delivered, delivered + self.not_arrived())
    }

    /// How many of the texts that were tried the provider took.
    #[must_use]
    pub fn taken(&self) -> Measured {
        let sent = self.n(What::Sent);
        Measured::share(sent, sent + self.n(What::Refused))
    }
}
