//! The page on which anybody puts themselves on a business's waitlist, without an account: what can be chosen there, and its words.

mod words;

pub use words::{ALL, ENGLISH, SPANISH, Words};

use crate::words::words;

/// A part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Morning,
    Afternoon,
    Evening,
}

words!(Part is a "part of the day": Morning = "morning", Afternoon = "afternoon", Evening = "evening");

impl Part {
    /// From when until when, in minutes of the day.
    #[must_use]
    pub const fn minutes(self) -> (u16, u16) {
        match self {
            Self::Morning => (0, 12 * 60),
            Self::Afternoon => (12 * 60, 17 * 60),
            Self::Evening => (17 * 60, 24 * 60),
        }
    }
}

/// How long before a visit they want to know of it, in minutes.
pub const NOTICES: [u32; 3] = [60, 180, 1440];

/// The parts of a day as spans of minutes: what lies side by side is one. None: any time suits.
///
/// ```
/// use domain::waitlist_form::{Part, spans};
/// assert_eq!(spans(&[Part::Evening, Part::Afternoon]), [(720, 1440)]);
/// assert_eq!(spans(&[Part::Evening, Part::Morning]), [(0, 720), (1020, 1440)]);
/// assert!(spans(Part::ALL).is_empty() && spans(&[]).is_empty());
/// ```
#[must_use]
pub fn spans(parts: &[Part]) -> Vec<(u16, u16)> {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut spans: Vec<(u16, u16)> = Vec::with_capacity(sorted.len());
    if sorted.len() == Part::ALL.len() {
        return spans;
    }
    for (from, to) in sorted.into_iter().map(Part::minutes) {
        match spans.last_mut().filter(|last| last.1 == from) {
            Some(last) => last.1 = to,
            None => spans.push((from, to)),
        }
    }
    spans
}
