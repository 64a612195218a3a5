//! Calendars of other systems that appointments are read from.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A calendar that is read. Its address is never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalendarSourceView {
    pub id: Uuid,
    pub name: String,
    /// `reading` (for the first time), `preview` (nothing is booked and nobody is texted), `started`, or `failing`
    pub status: String,
    /// The host of its address.
    pub host: String,
    pub location_id: Option<Uuid>,
    /// Whom its visits are with; empty: nobody.
    pub staff_label: String,
    /// When it was read last without a fault.
    pub last_good_at: Option<DateTime<Utc>>,
    pub failing_since: Option<DateTime<Utc>>,
    /// Why it can't be read, in a sentence.
    pub problem: Option<String>,
    /// What of its content a person should know.
    pub warnings: Vec<String>,
    /// Events to come that may be visits, at most 60 days ahead.
    pub visits: u32,
    /// Those among them of which it is not known who comes.
    pub needs_number: u32,
    /// So many events are gone at once that a person has to say whether that is meant; 0: none.
    pub lost: u32,
    pub started_at: Option<DateTime<Utc>>,
}

/// Adds a calendar.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddCalendarSource {
    /// Its secret address in iCal format: `https://…` or `webcal://…`.
    pub url: String,
    /// 1 to 60 characters.
    pub name: String,
    /// Where its visits are.
    #[serde(default)]
    pub location_id: Option<Uuid>,
    /// Whom its visits are with.
    #[serde(default)]
    pub staff_label: Option<String>,
}

/// An event of such a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CalendarEventView {
    pub id: Uuid,
    pub title: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    /// `needs_number`, `linked`, or `ignored`
    pub state: String,
    pub contact_id: Option<Uuid>,
    /// Who comes: a name, or a number.
    pub who: String,
    pub appointment_id: Option<Uuid>,
    /// The calendar does not hold it any more.
    pub missing: bool,
}

/// Which events of a calendar.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
pub struct CalendarEventQuery {
    /// `needs_number`, `linked`, or `ignored`
    pub state: Option<String>,
    pub cursor: Option<String>,
}

/// Says who comes to an event, and to all of the same title: somebody known, or a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkCalendarEvent {
    #[serde(default)]
    pub contact_id: Option<Uuid>,
    #[serde(default)]
    pub phone: Option<String>,
    /// With a number that nobody has; else the title's.
    #[serde(default)]
    pub name: Option<String>,
}
