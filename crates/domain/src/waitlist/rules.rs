//! How a business offers times: by how soon they begin.

use chrono::{DateTime, Duration, DurationRound, Utc};
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
    /// What is left of a visit is offered if its customer has not come so long after it began; 0: never.
    #[serde(skip_serializing_if = "is_never")]
    pub no_show_after: i32,
}

/// So much must be left of a visit to be worth anything to somebody else, in minutes.
pub const SHORTEST_REST: i64 = 30;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over like that")]
const fn is_never(minutes: &i32) -> bool {
    *minutes == 0
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
            no_show_after: 0,
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

    /// What is left of a visit whose customer has not come, for somebody else: from when, and how many minutes. As late as somebody can be
    /// texted about it, or, where it is too short for that, as soon as somebody who is called can be there.
    #[must_use]
    pub fn rest(&self, begins: DateTime<Utc>, ends: DateTime<Utc>, now: DateTime<Utc>) -> Option<(DateTime<Utc>, i32)> {
        const QUARTER: Duration = Duration::minutes(15);
        if self.no_show_after <= 0 || now < begins + Duration::minutes(self.no_show_after.into()) {
            return None;
        }
        let from = |notice: i32| {
            let soonest = now + Duration::minutes(notice.into());
            let line = soonest.duration_trunc(QUARTER).ok()?;
            Some(if line < soonest { line + QUARTER } else { line })
        };
        let rest = |from: DateTime<Utc>| (from, (ends - from).num_minutes());
        let texted = from(self.race_from.max(self.lead)).map(rest);
        let called = from(1).map(rest);
        let enough = |(_, minutes): &(DateTime<Utc>, i64)| *minutes >= SHORTEST_REST;
        let (from, minutes) = texted.filter(enough).or(called.filter(enough))?;
        Some((from, i32::try_from(minutes).ok()?))
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
            (
                self.no_show_after == 0 || (5..=240).contains(&self.no_show_after),
                "no_show_after",
                "Please give 5 to 240 minutes, or 0 for never.",
            ),
        ];
        let wrong = checks.into_iter().filter(|(fine, _, _)| !fine);
        wrong.map(|(_, field, words)| (field, words)).collect()
    }
}
