//! What is counted of a business's texts and visits, and what the counts say: shares with what can be said of them, times in the middle,
//! and the stretch of days that they are of.
//!
//! Each text and each visit counts as what its rows say it is, in the quarter of an hour that it is of: a text that in which it was written, a
//! visit that in which it begins. What it counted as before is taken back, so the same may be told of it any number of times.

mod bars;
mod counted;
mod definitions;
mod measured;
mod said;
mod span;
#[cfg(test)]
mod tests;

pub use bars::{Bar, Bars, MOST_BARS, Piece, bars, round_up};
pub use counted::{Cells, Outcome, Review, Step, Text, Visit, What};
pub use definitions::{Figure, Unit};
pub use measured::{FEW, Measured, Middle, Totals};
pub use said::{NOTHING, dollars, duration, share, thousands};
pub use span::{Part, Span, start_of};

use chrono::{DateTime, Utc};

/// All clocks on Earth are whole quarters of an hour apart, so days of any zone are made of these.
pub const QUARTER: i64 = 15 * 60;
/// In a day of 24 hours.
pub const QUARTERS_A_DAY: i64 = 24 * 60 * 60 / QUARTER;

/// The quarter of an hour that `at` is in, counted from 1970.
#[must_use]
pub fn quarter(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(QUARTER)
}

/// Seconds to three digits: off by half a hundredth at most, and few enough to be counted.
#[must_use]
pub fn three_digits(seconds: i64) -> i64 {
    let seconds = seconds.max(0);
    let mut unit = 1;
    while seconds / unit >= 1000 {
        unit *= 10;
    }
    (seconds + unit / 2) / unit * unit
}
