//! Asking customers for a review after a visit: where to, when, how often, and who it was that opened the link. Everybody is asked alike: no
//! rule here looks at how somebody felt, and none may (docs/reviews.md says why).

mod address;
mod mood;
mod visitor;

pub use address::{Parts, Wrong, fits, warning};
pub use mood::{FIELDS, by_mood, reason};
pub use visitor::{Hit, Visitor, visitor};

use chrono::{DateTime, Duration, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{when, words::words, zone::Zone};

/// Where reviews are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    Google,
    /// It invites by its own mail: a plain link of ours would earn the business a public warning there.
    Trustpilot,
    Custom,
}

words!(Platform is a "kind of review platform": Google = "google", Trustpilot = "trustpilot", Custom = "custom");

impl Platform {
    /// As people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::Trustpilot => "Trustpilot",
            Self::Custom => "Another page",
        }
    }
}

/// How a request for a review stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its time has not come, or it waits for something.
    Planned,
    /// Its message is written and has not left.
    Queued,
    Sent,
    /// A person has opened the link.
    Clicked,
    /// Nobody was asked, for a reason that stands beside it.
    Skipped,
    /// Its message did not arrive.
    Failed,
}

words!(Status is a "status of a review request": Planned = "planned", Queued = "queued", Sent = "sent", Clicked = "clicked",
    Skipped = "skipped", Failed = "failed");

/// How long a link opens.
pub const OPENS_FOR: Duration = Duration::days(90);
/// Nobody is asked more often than once in this time, whatever happens.
pub const ONCE_IN: Duration = Duration::days(180);
/// A visit that is marked as kept so long after its end is old news: nobody is asked about it.
pub const MARKED_WITHIN: Duration = Duration::hours(48);
/// How long a request waits for a conversation that needs an answer. Then it goes out: to leave somebody out because something went wrong
/// would be to choose whom to ask.
pub const WAITS_AT_MOST: Duration = Duration::days(7);
/// How long after a visit somebody may be asked, in minutes.
pub const DELAY: std::ops::RangeInclusive<i32> = 60..=7 * 24 * 60;
/// The hours in which customers may be asked, in minutes after midnight where they are.
pub const HOURS: std::ops::RangeInclusive<i32> = 9 * 60..=20 * 60;

/// How a business asks. None of it is about whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Nobody is asked.
    pub stopped: bool,
    /// Minutes from the end of a visit.
    pub delay_minutes: i32,
    /// Other delays of some types of visits.
    pub by_type: Vec<TypeDelay>,
    /// From when to when, in minutes after midnight where the customer is.
    pub from: i32,
    pub to: i32,
}

/// How long after visits of one type somebody is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeDelay {
    /// The id of the type.
    pub type_id: String,
    pub delay_minutes: i32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            stopped: false,
            delay_minutes: *DELAY.start(),
            by_type: Vec::new(),
            from: *HOURS.start(),
            to: *HOURS.end(),
        }
    }
}

impl Rules {
    /// How long after a visit of this type somebody is asked.
    #[must_use]
    pub fn delay(&self, type_id: Option<&str>) -> Duration {
        let own = type_id.and_then(|id| self.by_type.iter().find(|one| one.type_id == id));
        Duration::minutes(own.map_or(self.delay_minutes, |one| one.delay_minutes).into())
    }

    /// What is wrong with these, field by field.
    #[must_use]
    pub fn wrong(&self) -> Vec<(&'static str, &'static str)> {
        const LONG: &str = "Please give 1 hour to 7 days.";
        let checks = [
            (DELAY.contains(&self.delay_minutes), "delay_minutes", LONG),
            (
                self.by_type.iter().all(|one| DELAY.contains(&one.delay_minutes)),
                "by_type",
                LONG,
            ),
            (
                HOURS.contains(&self.from) && HOURS.contains(&self.to) && self.to - self.from >= 60,
                "from",
                "Please give hours between 9:00 and 20:00, at least one hour of them.",
            ),
        ];
        let wrong = checks.into_iter().filter(|(fine, _, _)| !fine);
        wrong.map(|(_, field, words)| (field, words)).collect()
    }

    /// The first moment, `at` or later, at which somebody may be asked whose clock shows the time of this zone.
    #[must_use]
    pub fn open_from(&self, at: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
        let local = at.with_timezone(&zone);
        let days = [local.date_naive(), local.date_naive() + chrono::Days::new(1)];
        let opens = days.map(|day| when::local_to_utc(day.and_time(minute(self.from)), zone));
        let closes = when::local_to_utc(days[0].and_time(minute(self.to)), zone);
        match at {
            at if at < opens[0] => opens[0],
            at if at < closes => at,
            _ => opens[1],
        }
    }

    /// When that day's hours end, or five minutes from now where they end before that: what leaves in the last minute is under way.
    #[must_use]
    pub fn open_until(&self, at: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
        let day = at.with_timezone(&zone).date_naive();
        when::local_to_utc(day.and_time(minute(self.to)), zone).max(at + Duration::minutes(5))
    }
}

fn minute(of_day: i32) -> NaiveTime {
    let seconds = u32::try_from(of_day.clamp(0, 24 * 60 - 1) * 60).unwrap_or_default();
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap_or(NaiveTime::MIN)
}

/// When the customer of a visit is asked that ended then and was marked as kept now.
///
/// # Errors
/// Why nobody is.
pub fn due(ended_at: DateTime<Utc>, marked_at: DateTime<Utc>, delay: Duration) -> Result<DateTime<Utc>, &'static str> {
    if marked_at - ended_at > MARKED_WITHIN {
        return Err("The visit was marked as kept more than 48 hours after its end.");
    }
    Ok((ended_at + delay).max(marked_at))
}

/// Why somebody is not asked again yet who was asked last at that time.
///
/// # Errors
/// In words for staff.
pub fn once_in_a_while(asked_last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), &'static str> {
    match asked_last {
        Some(at) if now - at < ONCE_IN => Err("This number was asked for a review within the last 180 days."),
        _ => Ok(()),
    }
}

/// Until when a request that was due then waits for a conversation that needs an answer; none: it waits no longer.
#[must_use]
pub fn waits_until(due_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let last = due_at + WAITS_AT_MOST;
    (now < last).then(|| (now + Duration::hours(1)).min(last))
}

/// Letters of a link: nothing that ends an address in a text.
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62⁷ links: who guesses finds one in millions, and behind it a page that is everybody's.
const LENGTH: usize = 7;

/// The short name of a link, made of chance.
#[must_use]
pub fn code(mut chance: u64) -> String {
    let mut letters = String::with_capacity(LENGTH);
    for _ in 0..LENGTH {
        letters.push(char::from(LETTERS[usize::try_from(chance % 62).unwrap_or_default()]));
        chance /= 62;
    }
    letters
}

/// Whether it can be the name of one.
#[must_use]
pub fn is_code(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|letter| LETTERS.contains(&letter))
}

#[cfg(test)]
mod tests;
