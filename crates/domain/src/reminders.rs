//! When a reminder is due, whether it still makes sense, which appointments are told of in one text, and which an answer means.

mod together;
mod which;

use crate::UnknownWord;
use crate::quiet::Windows;
use crate::zone::Zone;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

pub use together::{MOST_TOGETHER, are_together};
pub use which::{Pending, Which, which};

/// How long, in days, an answer without a token may still refer to a request.
pub const WINDOW_DAYS: i64 = 14;

/// A reminder put off by quiet hours must leave the customer this many minutes before the appointment.
const LEAST_NOTICE_MIN: i64 = 30;
/// A reminder whose moment had passed at booking goes out at once, unless the next one follows within this many minutes.
const NEXT_IS_NEAR_MIN: i64 = 60;

/// Which reminder of an appointment. Stored as `48h`, `24h`, `2h`, `{n}h` or `manual`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Kind {
    /// Two days before.
    Before48h,
    /// The day before.
    Before24h,
    /// Two hours before.
    Before2h,
    /// As many hours before as the business chose.
    BeforeHours(u16),
    /// Somebody pressed "send reminder now".
    Manual,
}

impl Kind {
    /// The kind that goes out `hours` before the appointment; the usual ones by their own name.
    #[must_use]
    pub const fn from_hours(hours: u16) -> Self {
        match hours {
            48 => Self::Before48h,
            24 => Self::Before24h,
            2 => Self::Before2h,
            n => Self::BeforeHours(n),
        }
    }

    /// Hours before the appointment; none when a person decides.
    #[must_use]
    pub const fn hours(self) -> Option<u16> {
        match self {
            Self::Before48h => Some(48),
            Self::Before24h => Some(24),
            Self::Before2h => Some(2),
            Self::BeforeHours(n) => Some(n),
            Self::Manual => None,
        }
    }

    /// The stored word. Owned, because the hours may be any number.
    #[must_use]
    pub fn as_str(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hours() {
            Some(hours) => write!(f, "{hours}h"),
            None => f.write_str("manual"),
        }
    }
}

impl FromStr for Kind {
    type Err = UnknownWord;

    /// Reads the stored word back; [`UnknownWord`] for anything else.
    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        if word == "manual" {
            return Ok(Self::Manual);
        }
        let hours = word
            .strip_suffix('h')
            .filter(|n| n.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|n| n.parse().ok());
        hours.map(Self::from_hours).ok_or_else(|| UnknownWord {
            word: word.to_owned(),
            what: "reminder kind",
        })
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.to_string()
    }
}

impl TryFrom<String> for Kind {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        word.parse()
    }
}

/// What becomes of a reminder when its appointment is created or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// It goes out then.
    Due(DateTime<Utc>),
    /// It doesn't, for this reason.
    Skipped(Skip),
    /// Quiet hours leave no moment for it: a task to call the customer.
    NeedsPerson,
}

/// Why a reminder is not sent. Never silent (law 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// The appointment has begun.
    AppointmentOver,
    /// The next reminder is due by then.
    LaterKindDue,
    /// Quiet hours last until the appointment.
    QuietUntilAppointment,
}

crate::words::words!(Skip is a "reason to skip a reminder":
    AppointmentOver = "appointment_over", LaterKindDue = "later_kind_due", QuietUntilAppointment = "quiet_until_appointment");

impl Skip {
    /// The reason as a plain sentence for staff.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::AppointmentOver => "The visit has already begun.",
            Self::LaterKindDue => "The next reminder takes its place.",
            Self::QuietUntilAppointment => "Quiet hours last until the visit.",
        }
    }
}

/// One line of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Which reminder.
    pub kind: Kind,
    /// The appointment's start less the kind's hours, before quiet hours move anything.
    pub nominal: DateTime<Utc>,
    /// What becomes of it.
    pub plan: Plan,
}

/// Plans the reminders of an appointment: one line per distinct cadence entry (hours before, zero ignored), earliest first.
///
/// An appointment booked after a reminder's moment gets the last one missed at once, unless the next follows within the hour; those missed
/// before it are skipped. What falls into quiet hours of `tz` waits for their end; if that is less than half an hour before the
/// appointment it goes before they begin; if that is past, a person must call. Never two at once.
#[must_use]
pub fn plan(
    now: DateTime<Utc>,
    starts_at: DateTime<Utc>,
    cadence_hours: &[u16],
    tz: Zone,
    quiet: impl Into<Windows>,
) -> Vec<Planned> {
    let mut hours: Vec<u16> = cadence_hours.iter().copied().filter(|h| *h > 0).collect();
    hours.sort_unstable();
    hours.dedup();
    let appointment = Appointment {
        now,
        starts_at,
        tz,
        quiet: quiet.into(),
    };
    // From the last reminder to the first: each must know when the one after it goes out.
    let (mut next_due, mut next_nominal) = (None, None);
    let mut plans = Vec::with_capacity(hours.len());
    for hours in hours {
        let nominal = starts_at - Duration::hours(i64::from(hours));
        let plan = appointment.plan(nominal, next_nominal, next_due);
        next_nominal = Some(nominal);
        if let Plan::Due(at) = plan {
            next_due = Some(at);
        }
        plans.push(Planned {
            kind: Kind::from_hours(hours),
            nominal,
            plan,
        });
    }
    plans.reverse();
    plans
}

struct Appointment {
    now: DateTime<Utc>,
    starts_at: DateTime<Utc>,
    tz: Zone,
    quiet: Windows,
}

impl Appointment {
    fn plan(&self, nominal: DateTime<Utc>, next_nominal: Option<DateTime<Utc>>, next_due: Option<DateTime<Utc>>) -> Plan {
        if self.starts_at <= self.now {
            return Plan::Skipped(Skip::AppointmentOver);
        }
        let next_is_near = |next| next <= self.now + Duration::minutes(NEXT_IS_NEAR_MIN);
        if nominal <= self.now && next_nominal.is_some_and(next_is_near) {
            return Plan::Skipped(Skip::LaterKindDue);
        }
        match self.outside_quiet(nominal.max(self.now)) {
            Plan::Due(at) if next_due.is_some_and(|next| at >= next) => Plan::Skipped(Skip::LaterKindDue),
            placed => placed,
        }
    }

    fn outside_quiet(&self, due: DateTime<Utc>) -> Plan {
        let in_time = |end: &DateTime<Utc>| *end == due || *end < self.starts_at - Duration::minutes(LEAST_NOTICE_MIN);
        let end = self.quiet.ends_after(due, self.tz).filter(in_time);
        let before = || self.quiet.starts_before(due, self.tz).filter(|before| *before > self.now);
        end.or_else(before).map_or(Plan::NeedsPerson, Plan::Due)
    }
}

/// What to do with a reminder at the moment it would go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtSend {
    /// Send it.
    Send,
    /// Quiet hours: try again then.
    HoldUntil(DateTime<Utc>),
    /// Don't.
    Skip(Skip),
}

/// The second check, when a reminder is sent (law 3): the worker may be late, the appointment moved, the customer travelling.
#[must_use]
pub fn at_send(now: DateTime<Utc>, starts_at: DateTime<Utc>, tz: Zone, quiet: impl Into<Windows>) -> AtSend {
    if starts_at <= now {
        return AtSend::Skip(Skip::AppointmentOver);
    }
    match quiet.into().ends_after(now, tz) {
        Some(end) if end == now => AtSend::Send,
        Some(end) if end < starts_at => AtSend::HoldUntil(end),
        _ => AtSend::Skip(Skip::QuietUntilAppointment),
    }
}

/// What makes a reminder unique (law 2): `{appointment}:{kind}:{due}`, the due time in UTC to the second.
#[must_use]
pub fn correlation_id(appointment_id: &str, kind: Kind, due_at: DateTime<Utc>) -> String {
    format!(
        "{appointment_id}:{kind}:{}",
        due_at.to_rfc3339_opts(SecondsFormat::Secs, true)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quiet::QuietHours;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Case {
        why: String,
        #[serde(deserialize_with = "crate::zone::by_name")]
        zone: Zone,
        quiet: Option<QuietHours>,
        now: DateTime<Utc>,
        starts_at: DateTime<Utc>,
        cadence: Vec<u16>,
        plan: Vec<(Kind, Plan)>,
    }

    #[test]
    fn an_appointment_is_reminded_of_at_the_right_moments() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/reminders.json")).expect("vectors are JSON");
        for c in cases {
            let planned = plan(c.now, c.starts_at, &c.cadence, c.zone, c.quiet.unwrap_or_default());
            let short: Vec<_> = planned.iter().map(|p| (p.kind, p.plan)).collect();
            assert_eq!(short, c.plan, "{}", c.why);
        }
    }

    #[derive(Deserialize)]
    struct SendCase {
        why: String,
        #[serde(deserialize_with = "crate::zone::by_name")]
        zone: Zone,
        now: DateTime<Utc>,
        starts_at: DateTime<Utc>,
        at_send: AtSend,
    }

    #[test]
    fn the_second_look_catches_what_changed_since() {
        let cases: Vec<SendCase> = serde_json::from_str(include_str!("../vectors/at_send.json")).expect("vectors are JSON");
        for c in cases {
            assert_eq!(
                at_send(c.now, c.starts_at, c.zone, QuietHours::default()),
                c.at_send,
                "{}",
                c.why
            );
        }
    }

    #[test]
    fn where_business_and_state_leave_no_moment_a_person_must_call() {
        let night_only = QuietHours {
            start_min: 480,
            end_min: 1260,
        };
        let quiet = crate::quiet::for_contact(night_only, "+14015550142", true);
        let (now, zone) = (
            "2027-01-05T15:00:00Z".parse().expect("an instant"),
            crate::zone::named("America/New_York"),
        );
        let starts_at = now + Duration::hours(30);
        let planned = plan(now, starts_at, &[24], zone, quiet);
        assert!(planned.iter().all(|p| p.plan == Plan::NeedsPerson), "{planned:?}");
        assert_eq!(
            at_send(now, starts_at, zone, quiet),
            AtSend::Skip(Skip::QuietUntilAppointment)
        );
    }

    #[test]
    fn kinds_are_stored_as_words() {
        for (kind, word) in [
            (Kind::Before48h, "48h"),
            (Kind::Before24h, "24h"),
            (Kind::Before2h, "2h"),
            (Kind::BeforeHours(72), "72h"),
            (Kind::Manual, "manual"),
        ] {
            assert_eq!(kind.as_str(), word);
            assert_eq!(word.parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).expect("serializes"), word);
        }
        for word in ["", "h", "+2h", "-2h", "99999h", "2 h", "Manual"] {
            assert!(word.parse::<Kind>().is_err(), "{word}");
        }
    }

    #[test]
    fn a_correlation_id_names_the_appointment_the_kind_and_the_second() {
        let due = "2027-01-05T20:00:00.987Z".parse().expect("an instant");
        assert_eq!(correlation_id("a1", Kind::Before24h, due), "a1:24h:2027-01-05T20:00:00Z");
    }

    proptest! {
        #[test]
        fn no_plan_wakes_anyone_or_comes_after_the_appointment(
            now in 1_780_000_000i64..1_900_000_000,
            ahead_min in -600i64..6_000,
            cadence in prop::collection::vec(0u16..100, 0..5),
            start_min in 0u16..1440,
            end_min in 0u16..1440,
            tz in prop::sample::select(["America/New_York", "Australia/Sydney", "Asia/Kathmandu"].map(crate::zone::named).to_vec()),
        ) {
            let now = DateTime::from_timestamp(now, 0).expect("in range");
            let starts_at = now + Duration::minutes(ahead_min);
            let quiet = QuietHours { start_min, end_min };
            let planned = plan(now, starts_at, &cadence, tz, quiet);
            let mut last = None;
            for p in planned {
                if let Plan::Due(at) = p.plan {
                    prop_assert!(now <= at && at < starts_at, "{p:?}");
                    prop_assert!(!quiet.is_quiet(at, tz), "{p:?}");
                    prop_assert_eq!(at_send(at, starts_at, tz, quiet), AtSend::Send);
                    prop_assert!(last.is_none_or(|l| l < at), "two at once: {p:?}");
                    last = Some(at);
                }
            }
        }
    }
}
