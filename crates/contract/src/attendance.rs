//! Whether somebody comes, as far as it is known.

use serde::{Deserialize, Serialize};

/// What is known of whether the customer of a visit comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttendanceView {
    /// Of their own visits in the last 24 months: "missed 2 of the last 6"; none if nothing is known.
    pub history: Option<String>,
    /// How likely they come beside others, in words; none while the guess is not better than the average.
    pub likely: Option<String>,
}

/// How good the guess is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// There are too few visits to say; it is not shown.
    TooFew,
    /// It is shown.
    Better,
    /// It is not shown.
    NoBetter,
}

/// The screen that shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttendancePage {
    pub quality: Quality,
    pub days: i64,
    /// Marked visits in these days, and how many of them were missed.
    pub visits: i64,
    pub missed: i64,
    /// How many are needed before anything is said.
    pub least: i64,
    /// Mean squared error of the guess, and of taking everybody for average: the smaller is the better one.
    pub ours: Option<f64>,
    pub average: Option<f64>,
}
