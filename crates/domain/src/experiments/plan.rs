//! How many people a test takes, and how long that is: said before it begins. Most single clinics need months.

use chrono::{DateTime, Duration, Utc};

use super::{Arm, Standing, Tally, rates::Z_95};

/// What a normal deviate exceeds one time in five: a difference that is there is found four times of five (80 % power).
const Z_80: f64 = 0.841_621_233_572_914;
/// The normal distribution says little about fewer people than this.
const FEWEST: u64 = 30;
/// A tenth of a point: nobody finds out about less.
const SMALLEST: f64 = 0.001;
/// A test that would take longer is not one.
const LONGEST_DAYS: f64 = 3653.0;

/// What is to become of a test that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    GoOn,
    /// Nobody new comes in: as many are in both arms as it takes.
    Close,
    /// Somebody has to: of those who came in, the outcome of too many will never be known.
    Reopen,
    /// This arm drives people away.
    Stop(Arm),
    /// Everybody is counted.
    End,
}

/// What is to become of a test that takes so many people in each arm. It ends when nobody's outcome is to come, not when enough are known:
/// those who answer are known sooner than those who don't.
#[must_use]
pub fn next(needed: u64, enrolling: bool, a: Tally, b: Tally) -> Next {
    if let Standing::Paused { arm } = Standing::of(needed, a, b) {
        return Next::Stop(arm);
    }
    let needed = needed.max(1);
    let to_count = |tally: Tally| tally.people.saturating_sub(tally.out);
    let enough = to_count(a).min(to_count(b)) >= needed;
    match (enrolling, enough) {
        (true, true) => Next::Close,
        (false, false) => Next::Reopen,
        (false, true) if a.waiting() + b.waiting() == 0 => Next::End,
        _ => Next::GoOn,
    }
}

/// People that each arm takes, so that a rate of `other` instead of `usual` is found four times of five, and one that is not there one time in
/// twenty (two-sided): the usual size for two proportions, each with its own variance. None where either is no rate, or there is nothing
/// between them to find.
#[must_use]
pub fn people_needed(usual: f64, other: f64) -> Option<u64> {
    let rate = |rate: f64| (0.0..=1.0).contains(&rate);
    let apart = (usual - other).abs();
    // What is written as a tenth of a point is a little less in binary.
    if !rate(usual) || !rate(other) || apart < SMALLEST * 0.999 {
        return None;
    }
    let spread = usual * (1.0 - usual) + other * (1.0 - other);
    let needed = (Z_95 + Z_80).powi(2) * spread / apart.powi(2);
    Some((needed.round() as u64).max(FEWEST))
}

/// When each arm has so many more people, at so many new people a day in both. None where nobody comes, or it takes ten years.
#[must_use]
pub fn reached_at(now: DateTime<Utc>, missing: u64, people_a_day: f64) -> Option<DateTime<Utc>> {
    let days = (2.0 * missing as f64 / people_a_day).ceil();
    let known = people_a_day.is_finite() && people_a_day > 0.0;
    (known && days <= LONGEST_DAYS).then(|| now + Duration::days(days as i64))
}
