//! How a business offers times: by how soon they begin.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::Mode;
use crate::words::words;

/// What becomes of the time of a visit whose customer answered N.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDecline {
    /// It stays theirs until staff move the visit.
    Never,
    /// Staff are asked.
    #[default]
    Ask,
    /// It is offered to who waits.
    AtOnce,
}

words!(OnDecline is a "rule for declined visits": Never = "never", Ask = "ask", AtOnce = "at_once");

/// How times are offered. All in minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// One by one, if it begins in at least so many minutes; each has so long to answer.
    pub one_by_one_from: i32,
    pub hold: i32,
    /// In groups, if it begins in at least so many; so many people, each with so long to answer.
    pub groups_from: i32,
    pub group_size: i32,
    pub group_hold: i32,
    /// To whoever is first, if it begins in at least so many; so many more people each time that so long has passed.
    pub race_from: i32,
    pub race_size: i32,
    pub race_every: i32,
    /// Nobody is asked any more so long before it begins.
    pub lead: i32,
    pub on_decline: OnDecline,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            one_by_one_from: 24 * 60,
            hold: 30,
            groups_from: 4 * 60,
            group_size: 3,
            group_hold: 10,
            race_from: 45,
            race_size: 10,
            race_every: 5,
            lead: 30,
            on_decline: OnDecline::Ask,
        }
    }
}

/// How one slot is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub mode: Mode,
    pub hold_minutes: i32,
    pub group_size: i32,
}

impl Rules {
    /// How a time is offered that begins after so long.
    #[must_use]
    pub fn plan(&self, notice: Duration) -> Plan {
        let minutes = notice.num_minutes();
        let mode = if minutes >= self.one_by_one_from.into() {
            Mode::OneByOne
        } else if minutes >= self.groups_from.into() {
            Mode::Groups
        } else if minutes >= self.race_from.into() {
            Mode::Race
        } else {
            Mode::StaffOnly
        };
        self.of(mode)
    }

    /// How a time is offered in this way.
    #[must_use]
    pub const fn of(&self, mode: Mode) -> Plan {
        let (hold_minutes, group_size) = match mode {
            Mode::OneByOne => (self.hold, 1),
            Mode::Groups => (self.group_hold, self.group_size),
            Mode::Race => (self.race_every, self.race_size),
            Mode::StaffOnly => (self.hold, 0),
        };
        Plan {
            mode,
            hold_minutes,
            group_size,
        }
    }

    /// What is wrong with these, field by field.
    #[must_use]
    pub fn wrong(&self) -> Vec<(&'static str, &'static str)> {
        const DAYS: i32 = 14 * 24 * 60;
        let checks = [
            (
                (0..=DAYS).contains(&self.race_from),
                "race_from",
                "Please give 0 minutes to 14 days.",
            ),
            (
                (self.race_from..=DAYS).contains(&self.groups_from),
                "groups_from",
                "Groups begin earlier than the race, at most 14 days before.",
            ),
            (
                (self.groups_from..=DAYS).contains(&self.one_by_one_from),
                "one_by_one_from",
                "One by one begins earlier than groups, at most 14 days before.",
            ),
            (
                (1..=24 * 60).contains(&self.hold),
                "hold",
                "Please give 1 minute to 24 hours.",
            ),
            (
                (1..=240).contains(&self.group_hold),
                "group_hold",
                "Please give 1 minute to 4 hours.",
            ),
            (
                (2..=20).contains(&self.group_size),
                "group_size",
                "Please give 2 to 20 people.",
            ),
            (
                (1..=120).contains(&self.race_every),
                "race_every",
                "Please give 1 minute to 2 hours.",
            ),
            ((1..=50).contains(&self.race_size), "race_size", "Please give 1 to 50 people."),
            ((0..=24 * 60).contains(&self.lead), "lead", "Please give up to 24 hours."),
        ];
        let wrong = checks.into_iter().filter(|(fine, _, _)| !fine);
        wrong.map(|(_, field, words)| (field, words)).collect()
    }
}
