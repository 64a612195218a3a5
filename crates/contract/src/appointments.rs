//! Appointments and their reminders.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Scheduled,
    Confirmed,
    RescheduleRequested,
    Cancelled,
    Completed,
    NoShow,
}

impl Status {
    pub const ALL: [Status; 6] = [
        Status::Scheduled,
        Status::Confirmed,
        Status::RescheduleRequested,
        Status::Cancelled,
        Status::Completed,
        Status::NoShow,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Status::Scheduled => "scheduled",
            Status::Confirmed => "confirmed",
            Status::RescheduleRequested => "reschedule_requested",
            Status::Cancelled => "cancelled",
            Status::Completed => "completed",
            Status::NoShow => "no_show",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Status::Scheduled => "Scheduled",
            Status::Confirmed => "Confirmed",
            Status::RescheduleRequested => "Wants another time",
            Status::Cancelled => "Cancelled",
            Status::Completed => "Completed",
            Status::NoShow => "No-show",
        }
    }

    /// Still to come, so that reminders and answers make sense.
    pub fn is_open(self) -> bool {
        matches!(self, Status::Scheduled | Status::Confirmed | Status::RescheduleRequested)
    }
}

impl std::str::FromStr for Status {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Status::ALL.into_iter().find(|v| v.as_str() == s).ok_or(())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppointmentView {
    pub id: Uuid,
    pub contact_id: Uuid,
    /// The contact's name, or number if the name is not known.
    pub contact_name: String,
    /// The contact's number, E.164.
    #[serde(default)]
    pub phone: String,
    /// The number as people of the business's country write it.
    #[serde(default)]
    pub phone_display: String,
    pub starts_at: DateTime<Utc>,
    /// IANA name of the zone by whose clocks its texts and pages tell the time: the location's, else the business's.
    pub time_zone: String,
    /// There if the clocks of its place have changed since it was entered: no reminder goes out until somebody has decided which time
    /// holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_change: Option<ClockChange>,
    pub status: Status,
    pub staff_label: String,
    pub notes: String,
    /// Where it happens, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<AppointmentLocation>,
    /// In order of due time.
    pub reminders: Vec<ReminderView>,
}

/// An appointment's time on the wall, as it was entered and as `starts_at` shows now that the zone's rules are other ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClockChange {
    /// IANA name of the zone whose rules have changed.
    pub time_zone: String,
    /// Local time, like `2026-12-08T15:00`.
    pub entered: String,
    /// Local time, like `2026-12-08T16:00`.
    pub now: String,
}

/// Where an appointment happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppointmentLocation {
    pub id: Uuid,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReminderView {
    pub id: Uuid,
    /// `48h`, `24h`, `2h`, `manual`, …
    pub kind: String,
    pub due_at: DateTime<Utc>,
    /// `planned`, `queued`, `sent`, `yes`, `no`, `expired`, `skipped`, `cancelled`, `failed`
    pub status: String,
    /// Why it was skipped, cancelled or failed, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `starts_at`: RFC 3339 with an offset, or a local time without one (`2027-01-05T15:00`), then by the clock of the location,
/// else of the business.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateAppointment {
    pub contact_id: Uuid,
    pub starts_at: String,
    #[serde(default)]
    pub notes: Option<String>,
    #[serde(default)]
    pub staff_label: Option<String>,
    /// One of the business's locations: its number sends the texts about this appointment.
    #[serde(default)]
    pub location_id: Option<Uuid>,
}

/// Moves an appointment; pending reminders move with it. `starts_at` as in `CreateAppointment`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MoveAppointment {
    pub starts_at: String,
    /// IANA name of the zone whose clock a local `starts_at` was read from. Refused if the appointment's place has another one by now.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// What staff can do to an appointment besides moving it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    Confirm,
    Cancel,
    Complete,
    NoShow,
    /// Undo of cancel, complete, no-show: back to scheduled, reminders planned anew.
    Reopen,
}

/// Which time of an appointment holds now that clocks have changed: what was `entered`, so that it moves, or the `moment`, so that it
/// stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    Entered,
    Moment,
}

/// Decides about an appointment with a `clock_change`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DecideClock {
    pub keep: Keep,
}

/// Which appointments: `upcoming` (default), `past`, or one status; 50 a page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppointmentQuery {
    #[serde(default)]
    pub show: Option<String>,
    #[serde(default)]
    pub cursor: Option<String>,
}
