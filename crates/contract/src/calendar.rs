//! Appointments on a day, a week or a month.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{appointments::AppointmentView, waitlist::SlotView};

/// What the calendar shows at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarView {
    /// A column for each staff label.
    #[default]
    Day,
    /// A column for each day.
    Week,
    /// How much there is each day.
    Month,
}

impl CalendarView {
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl std::str::FromStr for CalendarView {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|view| view.as_str() == word).ok_or(())
    }
}

/// As the address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarQuery {
    pub view: CalendarView,
    /// A day of what is shown, like `2027-01-05`; today if not given.
    #[serde(default)]
    pub date: Option<String>,
    /// Only visits with this staff label; empty: those with none.
    #[serde(default)]
    pub staff: Option<String>,
    #[serde(default)]
    pub location_id: Option<Uuid>,
}

/// Days with their visits. Days are written like `2027-01-05`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    pub view: CalendarView,
    /// The day that was asked for.
    pub date: String,
    /// By the clock that counts here.
    pub today: String,
    /// Minutes since midnight, of today.
    pub now: i32,
    /// IANA name of the zone whose clock counts: of the location that was asked for, else of the business.
    pub time_zone: String,
    /// All that are shown, in order.
    pub days: Vec<CalendarDay>,
    pub visits: Vec<CalendarVisit>,
    /// Times that came free and can still be had; none of a month.
    #[serde(default)]
    pub slots: Vec<CalendarSlot>,
    /// Labels in their order: those in use, and others that visits shown here have.
    pub staff: Vec<String>,
    pub locations: Vec<(Uuid, String)>,
    /// There are more visits than are shown.
    pub more: bool,
    /// The same days before and after.
    pub before: String,
    pub after: String,
}

/// A day, and how much there is on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDay {
    pub date: String,
    /// Visits that are or were expected.
    pub visits: u32,
    /// Of those, whose customers have said that they come.
    pub confirmed: u32,
    /// Of those, whose customers want another time.
    pub asked: u32,
}

/// A visit where the grid shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalendarVisit {
    pub date: String,
    /// Minutes since midnight, by the calendar's clock.
    pub from: i32,
    pub until: i32,
    /// Nobody has said when it ends.
    pub guessed: bool,
    pub visit: AppointmentView,
}

/// A free time where the grid shows it, with who is asked for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalendarSlot {
    pub date: String,
    /// Minutes since midnight, by the calendar's clock.
    pub from: i32,
    pub until: i32,
    pub free: SlotView,
}

/// A visit that was changed on the calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangedVisit {
    pub visit: AppointmentView,
    /// Its customer will be told of the new time.
    pub tells: bool,
    /// It has another time, and its customer could be told of that.
    pub may_tell: bool,
}
