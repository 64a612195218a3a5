//! The go-live self-test of a business.

use chrono::{DateTime, Utc};
use domain::selftest::Line;
use serde::{Deserialize, Serialize};

/// The last test, and whether one runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfTestView {
    pub running: bool,
    /// Parts of the running one that are over, of so many.
    pub done: u8,
    pub of: u8,
    /// Of the last one that came to its end, in the order in which they are best put right.
    pub lines: Vec<Line>,
    pub finished_at: Option<DateTime<Utc>>,
    /// When it runs by itself.
    pub next_at: Option<DateTime<Utc>>,
    pub failing: u32,
    pub warnings: u32,
    /// Whether whoever looks may run it.
    pub may_run: bool,
}
