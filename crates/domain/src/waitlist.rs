//! The waitlist: who wants which time, whether a time that came free fits them, whose turn it is, and how it is offered.

mod choice;
mod rules;
mod windows;

pub use choice::choice;
pub use rules::{OnDecline, Plan, Rules};
pub use windows::{MOST_WINDOWS, Window};

use crate::{words::words, zone::Zone};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Offers of one person that may be open at once.
pub const MOST_OPEN: usize = 2;
/// Offers that one person gets within [`WEEK`].
pub const MOST_A_WEEK: usize = 3;
/// A week of offers.
pub const WEEK: Duration = Duration::days(7);
/// Who has let so many offers in a row pass without a word stands behind those who answer.
pub const SILENCES: i32 = 2;
/// An entry ends after so many days, unless they say that they still wait.
pub const WAITS_DAYS: i64 = 60;
/// They are asked so many days before that.
pub const ASKED_DAYS_BEFORE: i64 = 5;

/// How a time is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Held for one person after another.
    OneByOne,
    /// A few at once, then the next few.
    Groups,
    /// More and more; whoever answers first has it.
    Race,
    /// It is too near to text anybody: staff call.
    StaffOnly,
}

words!(Mode is a "way of offering": OneByOne = "one_by_one", Groups = "groups", Race = "race", StaffOnly = "staff_only");

impl Mode {
    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::OneByOne => "One by one",
            Self::Groups => "In groups",
            Self::Race => "First to answer",
            Self::StaffOnly => "Staff only",
        }
    }

    /// Whether a text may promise that the time is kept for who gets it.
    #[must_use]
    pub const fn holds(self) -> bool {
        matches!(self, Self::OneByOne)
    }
}

/// How soon somebody needs a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When it suits.
    #[default]
    Normal,
    /// The sooner the better.
    Soon,
    /// Before everybody else.
    Urgent,
}

words!(Priority is a "priority": Normal = "normal", Soon = "soon", Urgent = "urgent");

/// How an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryStatus {
    /// Offers go to it.
    Waiting,
    /// It got a time.
    Booked,
    /// Taken off the list, by them or by staff.
    Left,
    /// Nobody said that they still wait.
    Expired,
}

words!(EntryStatus is a "state of an entry": Waiting = "waiting", Booked = "booked", Left = "left", Expired = "expired");

/// How a slot stands; never backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotStatus {
    /// Free, and offered to nobody at the moment.
    Open,
    /// Somebody is asked.
    Offering,
    /// Filled.
    Taken,
    /// Its time came before anybody took it.
    Expired,
    /// Given up by staff, or not free after all.
    Closed,
}

words!(SlotStatus is a "state of a slot":
    Open = "open", Offering = "offering", Taken = "taken", Expired = "expired", Closed = "closed");

impl SlotStatus {
    /// Whether somebody can still have it.
    #[must_use]
    pub const fn is_free(self) -> bool {
        matches!(self, Self::Open | Self::Offering)
    }
}

/// How an offer stands; never backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferStatus {
    /// Its text has not left yet.
    Waiting,
    /// They have been asked.
    Sent,
    /// They took it.
    Taken,
    /// They passed.
    Declined,
    /// They said nothing in time.
    Expired,
    /// Somebody else was faster, or staff filled it.
    Lost,
    /// It never reached them, or was taken back.
    Withdrawn,
}

words!(OfferStatus is a "state of an offer":
    Waiting = "waiting", Sent = "sent", Taken = "taken", Declined = "declined", Expired = "expired", Lost = "lost", Withdrawn = "withdrawn");

impl OfferStatus {
    /// Whether it can still be answered with a yes.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Sent)
    }
}

/// A time that is free.
#[derive(Debug, Clone, Copy)]
pub struct Free<'a, Id> {
    pub starts_at: DateTime<Utc>,
    pub minutes: i32,
    /// None: whatever is booked into it.
    pub kind: Option<Id>,
    pub location: Option<Id>,
    /// Empty: nobody in particular.
    pub staff: &'a str,
    /// By whose clock windows are read.
    pub zone: Zone,
}

/// What somebody waits for. Empty lists: whatever.
#[derive(Debug, Clone, Default)]
pub struct Wish<Id> {
    pub kinds: Vec<Id>,
    pub locations: Vec<Id>,
    pub staff: Vec<String>,
    pub minutes: i32,
    pub windows: Vec<Window>,
    pub notice_minutes: i32,
}

/// Why a time is not what somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    TooShort,
    Kind,
    Location,
    Staff,
    Window,
    Notice,
}

impl Unfit {
    /// In words, for who adds a person by hand.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooShort => "The time is shorter than they need.",
            Self::Kind => "They wait for another type of visit.",
            Self::Location => "They wait for another location.",
            Self::Staff => "They wait for somebody else.",
            Self::Window => "It is not on the days or at the times that suit them.",
            Self::Notice => "They asked to know longer before.",
        }
    }
}

impl<Id: PartialEq + Copy> Wish<Id> {
    /// Whether a free time is what they wait for.
    ///
    /// # Errors
    /// Why it is not.
    pub fn fits(&self, free: &Free<'_, Id>, now: DateTime<Utc>) -> Result<(), Unfit> {
        let allows = |wanted: &[Id], has: Option<Id>| wanted.is_empty() || has.is_none_or(|id| wanted.contains(&id));
        if free.minutes < self.minutes {
            Err(Unfit::TooShort)
        } else if !allows(&self.kinds, free.kind) {
            Err(Unfit::Kind)
        } else if !allows(&self.locations, free.location) {
            Err(Unfit::Location)
        } else if !(self.staff.is_empty() || free.staff.is_empty() || self.staff.iter().any(|name| name == free.staff)) {
            Err(Unfit::Staff)
        } else if now + Duration::minutes(self.notice_minutes.into()) > free.starts_at {
            Err(Unfit::Notice)
        } else if !(self.windows.is_empty() || self.windows.iter().any(|w| w.holds(free.starts_at, self.minutes, free.zone))) {
            Err(Unfit::Window)
        } else {
            Ok(())
        }
    }
}

/// The person behind an entry, as they stand at this moment.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Why nothing can be sent to them.
    pub obstacle: Option<String>,
    /// Their quiet hours end then.
    pub quiet_until: Option<DateTime<Utc>>,
    /// They have another visit at that time.
    pub busy: bool,
    /// They were offered this slot before.
    pub asked: bool,
    /// Offers of theirs that are open, and those of the last week.
    pub open: usize,
    pub this_week: usize,
}

/// Whether somebody can be asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    Now,
    /// When their quiet hours are over.
    Later(DateTime<Utc>),
    /// Not for this slot, in words.
    Never(String),
}

impl Standing {
    /// Whether they can be asked now.
    #[must_use]
    pub fn turn(&self) -> Turn {
        let never = |words: &str| Turn::Never(words.to_owned());
        if let Some(why) = &self.obstacle {
            never(why)
        } else if self.asked {
            never("They were offered this time already.")
        } else if self.busy {
            never("They have another visit at that time.")
        } else if self.open >= MOST_OPEN {
            never("Two offers wait for their answer.")
        } else if self.this_week >= MOST_A_WEEK {
            never("They were offered three times within a week.")
        } else if let Some(at) = self.quiet_until {
            Turn::Later(at)
        } else {
            Turn::Now
        }
    }
}

/// Whose turn is first, as one number: who answers before who does not, then by how soon they need it. Among equals it is the turn of
/// whoever was offered a time least recently, then of whoever has waited longest.
#[must_use]
pub const fn place(priority: Priority, silences: i32) -> i32 {
    let behind = if silences >= SILENCES { 10 } else { 0 };
    behind
        + match priority {
            Priority::Urgent => 0,
            Priority::Soon => 1,
            Priority::Normal => 2,
        }
}

/// Why somebody is asked before others, in words: "urgent, never offered, waits 3 weeks".
#[must_use]
pub fn reason(
    priority: Priority,
    silences: i32,
    last_offered: Option<DateTime<Utc>>,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> String {
    let mut words = Vec::with_capacity(4);
    match priority {
        Priority::Urgent => words.push("urgent".to_owned()),
        Priority::Soon => words.push("soon".to_owned()),
        Priority::Normal => {}
    }
    words.push(match last_offered {
        None => "never offered".to_owned(),
        Some(at) => format!("last offered {} ago", ago(now - at)),
    });
    words.push(format!("waits {}", ago(now - since)));
    if silences >= SILENCES {
        words.push(format!("did not answer the last {silences}"));
    }
    words.join(", ")
}

fn ago(time: Duration) -> String {
    let (minutes, hours, days) = (time.num_minutes().max(0), time.num_hours(), time.num_days());
    let (n, unit) = match days {
        14.. => (days / 7, "week"),
        1.. => (days, "day"),
        _ if hours > 0 => (hours, "hour"),
        _ => (minutes, "minute"),
    };
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {unit}{s}")
}

#[cfg(test)]
mod tests;
