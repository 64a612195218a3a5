//! When a business is told that something has left its usual course.
//!
//! **The method.** What is usual is what the business's own last 28 days say: so many of so many texts were not delivered, so many people of
//! those who got texts opted out. Beside it always stands a little of what is usual anywhere (1 of 20), so that a new business has a
//! measure, too; and a long past counts for 400 texts at most, because what holds today was not the same all the time. From that follows,
//! for a stretch of now, how likely a past like this one brings as many as there are, or more (the beta-binomial tail; it knows how little
//! a short past says). An alarm needs all three: at least five, at least twice the usual share, and a chance below one in ten million. So
//! chance alone raises one in hundreds of years of a business, and a real break is seen with the fifth to tenth text that fails.
//!
//! An alarm is over when something is known again (five texts) and it is nothing rare (a chance of one in a hundred, or less than twice the
//! usual share). In between it stays as it is, so that it does not flicker.

mod rule;
#[cfg(test)]
mod tests;

pub use rule::{Share, Verdict, judge};

use chrono::Duration;

use crate::words::words;

/// What a business is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// More texts than usual do not arrive.
    Undelivered,
    /// More people than usual opt out.
    OptOuts,
    /// The month's budget is nearly used, or is used up.
    Budget,
    /// A breaker holds texts back.
    Breaker,
    /// The self-test has found what nothing works without.
    SelfTest,
}

words!(Kind is a "kind of alert": Undelivered = "undelivered", OptOuts = "opt_outs", Budget = "budget", Breaker = "breaker",
    SelfTest = "self_test");

impl Kind {
    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Undelivered => "More texts than usual do not arrive",
            Self::OptOuts => "More people than usual opt out",
            Self::Budget => "The budget for texts",
            Self::Breaker => "Texts wait",
            Self::SelfTest => "The self-test",
        }
    }

    /// What is said when it is over.
    #[must_use]
    pub const fn over(self) -> &'static str {
        match self {
            Self::Undelivered => "Texts arrive as usual again.",
            Self::OptOuts => "No more people than usual opt out.",
            Self::Budget => "There is room in the budget for texts again.",
            Self::Breaker => "Texts go out again.",
            Self::SelfTest => "The self-test passes again.",
        }
    }
}

/// How far back the past goes.
pub const PAST_DAYS: i64 = 28;
/// What lasts longer than this is how things are now, and counts as past, too.
pub const USUAL_AFTER: Duration = Duration::days(14);
/// Nothing has been known for so long: whatever it was, nobody can say that it still is.
pub const FORGOTTEN_AFTER: Duration = Duration::hours(24);
/// Who was told of one of a kind is not told of another within this time: it comes and goes.
pub const QUIET: Duration = Duration::hours(6);
