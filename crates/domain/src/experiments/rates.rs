//! What can be said of a rate, and of two.

use serde::{Deserialize, Serialize};

/// What a normal deviate is within 95 times of 100.
pub(super) const Z_95: f64 = 1.959_963_984_540_054;

/// So many of so many people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    pub hits: u64,
    pub of: u64,
}

impl Count {
    /// None of nothing, nor of more than all.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.of > 0 && self.hits <= self.of).then(|| self.hits as f64 / self.of as f64)
    }

    /// Where the true rate lies, 95 times of 100: the score interval (Wilson 1927), which keeps its word for few people and for rates near 0 and
    /// 1, where the usual one has no width.
    ///
    /// ```
    /// use domain::experiments::Count;
    /// let interval = Count { hits: 9, of: 10 }.interval().map(|it| it.to_string());
    /// assert_eq!(interval.as_deref(), Some("60–98 %"));
    /// ```
    #[must_use]
    pub fn interval(self) -> Option<Interval> {
        let (rate, n) = (self.rate()?, self.of as f64);
        let z2 = Z_95.powi(2);
        let middle = (rate + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z_95 / (1.0 + z2 / n) * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n)).sqrt();
        // At the ends it is exact but for rounding.
        Some(Interval {
            low: (middle - half).clamp(0.0, rate),
            high: (middle + half).clamp(rate, 1.0),
        })
    }
}

/// Both ends of what a share may be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl std::fmt::Display for Interval {
    /// In whole hundredths: "60–98 %".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0}–{:.0} %", self.low * 100.0, self.high * 100.0)
    }
}

/// How two rates differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// B's rate less A's.
    pub by: f64,
    /// Where the true difference lies, 95 times of 100.
    pub within: Interval,
    /// How often chance alone makes one as large.
    pub p: f64,
}

impl Difference {
    /// None where either is no rate. The chance is of the z test for two proportions with their common variance; the interval is put together
    /// from Wilson's two (Newcombe 1998, method 10), so that it stays between −1 and 1 and agrees with what is shown for each arm.
    #[must_use]
    pub fn between(a: Count, b: Count) -> Option<Self> {
        let (of_a, of_b) = (a.rate()?, b.rate()?);
        let (in_a, in_b) = (a.interval()?, b.interval()?);
        let by = of_b - of_a;
        Some(Self {
            by,
            within: Interval {
                low: by - (of_b - in_b.low).hypot(in_a.high - of_a),
                high: by + (in_b.high - of_b).hypot(of_a - in_a.low),
            },
            p: two_sided(z(a, b)),
        })
    }

    /// Whether it is told from chance. Test and interval are reckoned apart and may differ at the edge: nobody is told of a difference and in
    /// the same line that it may be none.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.p < 0.05 && (self.within.low > 0.0 || self.within.high < 0.0)
    }
}

/// How many standard errors B's rate is above A's, were they the same; none where nobody or everybody of both is a hit.
pub(super) fn z(a: Count, b: Count) -> f64 {
    let (of_a, of_b) = (a.of as f64, b.of as f64);
    let (hits_a, hits_b) = (a.hits as f64, b.hits as f64);
    let all = (hits_a + hits_b) / (of_a + of_b);
    let error = (all * (1.0 - all) * (1.0 / of_a + 1.0 / of_b)).sqrt();
    if error > 0.0 {
        (hits_b / of_b - hits_a / of_a) / error
    } else {
        0.0
    }
}

/// How often a normal deviate is so far from 0, on either side.
pub(super) fn two_sided(z: f64) -> f64 {
    1.0 - erf(z.abs() / std::f64::consts::SQRT_2)
}

/// The error function of what is not negative, off by 1.5e-7 at most (Abramowitz & Stegun 1964, 7.1.26; after Hastings 1955).
pub(super) fn erf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let sum = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592]
        .into_iter()
        .fold(0.0, |sum, factor| (sum + factor) * t);
    (1.0 - sum * (-x * x).exp()).clamp(0.0, 1.0)
}
