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

    /// Those of appointments that are still expected.
    pub fn open() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|status| status.is_open())
    }

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
    pub fn label(self) -> &'static str {
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
    /// None: not known.
    #[serde(default)]
    pub ends_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub type_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// Whom it is for, where that is not the contact: a child, a pet.
    #[serde(default)]
    pub for_name: Option<String>,
    /// What another system calls it.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The visits that repeat together with this one share it.
    #[serde(default)]
    pub series_id: Option<Uuid>,
    /// Its place among them, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_index: Option<i32>,
    /// When the customer said that they are there, or staff did.
    #[serde(default)]
    pub arrived_at: Option<DateTime<Utc>>,
    /// `staff`, `api`, `import`, `calendar`, `waitlist`; none: from before this was kept.
    #[serde(default)]
    pub source: Option<String>,
    /// IANA name of the zone by whose clocks its texts and pages tell the time: the location's, else the business's.
    pub time_zone: String,
    /// There if the clocks of its place have changed since it was entered: no reminder goes out until somebody has decided which time
    /// holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_change: Option<ClockChange>,
    pub status: Status,
    pub staff_label: String,
    pub notes: String,
    /// Grows with every change; who sends it along changes only what they have seen.
    #[serde(default)]
    pub revision: i32,
    /// Where it happens, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<AppointmentLocation>,
    /// In order of due time.
    pub reminders: Vec<ReminderView>,
}

impl AppointmentView {
    /// Who comes, for a list: the child with whose phone it is, or the contact.
    #[must_use]
    pub fn who(&self) -> String {
        match &self.for_name {
            Some(name) => format!("{name} ({})", self.contact_name),
            None => self.contact_name.clone(),
        }
    }

    /// Whether a reminder did not reach anybody, and nothing has settled that since.
    #[must_use]
    pub fn is_unreached(&self) -> bool {
        self.status == Status::Scheduled && self.reminders.iter().any(|reminder| reminder.status == "failed")
    }
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
    /// Whom it is for, if that is not the contact: a child, a pet. Texts say the first name.
    #[serde(default)]
    pub for_name: Option<String>,
    /// One of the business's locations: its number sends the texts about this appointment.
    #[serde(default)]
    pub location_id: Option<Uuid>,
    /// One of the business's types: it says how long it takes, and how it is reminded of.
    #[serde(default)]
    pub type_id: Option<Uuid>,
    /// When it ends, as `starts_at`; or give `minutes`. Neither: by its type.
    #[serde(default)]
    pub ends_at: Option<String>,
    /// How long it takes, 5 to 1440.
    #[serde(default)]
    pub minutes: Option<i32>,
    /// Books it again and again, all in one go or none.
    #[serde(default)]
    pub repeat: Option<Repeat>,
    /// What another system calls it, up to 200 characters: the same again is the same visit, which is brought up to date then.
    #[serde(default)]
    pub external_id: Option<String>,
}

/// How a visit repeats: by the clock of its place, also when that changes. Give `times` or `until`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Weeks or months from one to the next, 1 to 12.
    pub every: u32,
    pub unit: RepeatUnit,
    /// How many visits there are in all, 2 to 52.
    #[serde(default)]
    pub times: Option<u32>,
    /// The last day, like `2027-06-30`.
    #[serde(default)]
    pub until: Option<String>,
    /// Days that are left out, like `2027-02-02`.
    #[serde(default)]
    pub skip: Vec<String>,
}

/// A month that does not have the day is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RepeatUnit {
    #[default]
    Week,
    Month,
}

/// When a visit would be again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesPreview {
    pub dates: Vec<SeriesDate>,
    /// Months that are left out because they do not have the day, like `February 2027`.
    pub short_months: Vec<String>,
    /// IANA name of the zone whose clock counts.
    pub time_zone: String,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesDate {
    /// Like `2027-02-02`.
    pub date: String,
    pub starts_at: DateTime<Utc>,
    /// What is there already, in a sentence.
    pub collides: Option<String>,
}

/// Which visits of a series a change is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    #[default]
    This,
    /// It and those after it that are to come.
    Following,
    /// All that are to come.
    All,
}

/// Moves an appointment; pending reminders move with it. `starts_at` as in `CreateAppointment`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveAppointment {
    pub starts_at: String,
    /// As in `EditAppointment`, like all that follows.
    #[serde(default)]
    pub time_zone: Option<String>,
    #[serde(default)]
    pub scope: Scope,
    #[serde(default)]
    pub tell: Option<bool>,
    #[serde(default)]
    pub double_book: bool,
}

impl From<MoveAppointment> for EditAppointment {
    fn from(cmd: MoveAppointment) -> Self {
        Self {
            starts_at: Some(cmd.starts_at),
            time_zone: cmd.time_zone,
            scope: cmd.scope,
            tell: cmd.tell,
            double_book: cmd.double_book,
            ..Self::default()
        }
    }
}

/// What changes about an appointment: what is not given stays as it is, `null` takes it away. At another time its reminders are planned
/// anew, and whether its customer comes is open again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EditAppointment {
    /// As in `CreateAppointment`; it takes as long as before unless `ends_at` or `minutes` say otherwise.
    #[serde(default)]
    pub starts_at: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub ends_at: Option<Option<String>>,
    /// How long it takes, 5 to 1440.
    #[serde(default)]
    pub minutes: Option<i32>,
    /// Empty for nobody.
    #[serde(default)]
    pub staff_label: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub location_id: Option<Option<Uuid>>,
    /// It takes as long as the type says, unless that is given.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub type_id: Option<Option<Uuid>>,
    #[serde(default)]
    pub notes: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub for_name: Option<Option<String>>,
    /// IANA name of the zone whose clock a local `starts_at` was read from. Refused if the appointment's place has another one by now.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Of a visit that repeats: which others move by as much. Nothing but the time changes then.
    #[serde(default)]
    pub scope: Scope,
    /// Whether the customer is told of another time by text, three minutes later. Not given: if they confirmed, were told of the time
    /// before, or if it is or was within 24 hours.
    #[serde(default)]
    pub tell: Option<bool>,
    /// It may be at a time at which its staff label has another visit. Owners, admins and keys may say so.
    #[serde(default)]
    pub double_book: bool,
    /// `revision` as it was read: refused if the visit has changed since.
    #[serde(default)]
    pub revision: Option<i32>,
}

/// `null` is something that was given; a field that is not there is not.
fn given<'de, D, T>(value: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(value).map(Some)
}

/// Appointments in order of time, of every status unless one is asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct VisitsQuery {
    /// Those that begin then or later: RFC 3339, or a day like `2027-01-05` by the business's clock.
    #[serde(default)]
    pub from: Option<String>,
    /// Those that begin before then; of a day, those on it too.
    #[serde(default)]
    pub to: Option<String>,
    /// `scheduled`, `confirmed`, `reschedule_requested`, `cancelled`, `completed` or `no_show`.
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub contact_id: Option<Uuid>,
    /// Empty: those without one.
    #[serde(default)]
    pub staff_label: Option<String>,
    #[serde(default)]
    pub location_id: Option<Uuid>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100))]
    pub limit: Option<u64>,
    /// Those that changed then or later (RFC 3339), in the order in which they changed; without other filters. The next time ask from a minute
    /// before the moment at which you asked: what is read twice does no harm.
    #[serde(default)]
    pub updated_since: Option<String>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Which visits of a series are cancelled.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct CancelQuery {
    /// `this` (default), `following` or `all`.
    #[serde(default)]
    pub scope: Option<Scope>,
}

/// The page of a visit that its customer opens without signing in. Whoever has the address sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkView {
    pub url: String,
}

/// What staff can do to an appointment besides moving it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentAction {
    Confirm,
    Cancel,
    Complete,
    NoShow,
    /// Undo of cancel, complete, no-show: back to scheduled, reminders planned anew. Of a visit that is open: its customer is not there yet.
    Reopen,
    /// The customer is there.
    Arrive,
}

/// Whose visits that are over and unmarked count as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkDay {
    Yesterday,
    Today,
}

/// What was marked in one go, and what it is undone by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    pub batch_id: Uuid,
    pub marked: u32,
    /// There are more than are marked at once.
    pub more: bool,
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

/// Which appointments: `upcoming` (default), `past`, `unanswered`, `unmarked`, or one status; 50 a page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppointmentQuery {
    #[serde(default)]
    pub show: Option<String>,
    #[serde(default)]
    pub cursor: Option<String>,
}
