//! Types of appointments, and labels of the people that they are with.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use uuid::Uuid;

/// Colours that a type or a staff label can have.
pub const COLOURS: [&str; 8] = ["blue", "green", "amber", "red", "violet", "teal", "pink", "grey"];

/// A type of appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppointmentTypeView {
    pub id: Uuid,
    pub name: String,
    /// How long one takes.
    pub minutes: i32,
    /// In the business's currency.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub price: Option<Number>,
    /// One of `blue`, `green`, `amber`, `red`, `violet`, `teal`, `pink`, `grey`; empty: none.
    pub colour: String,
    /// Whether visits of this type are reminded of at all.
    pub reminders: bool,
    /// When before a visit, like `48h`, the earliest first. None: as the business.
    pub cadence: Option<Vec<String>>,
    /// After so many months without another one somebody is due again.
    pub recall_months: Option<i32>,
    /// It can't be chosen any more; visits that have it keep it.
    pub archived: bool,
}

/// A new type, or what it is from now on. What is not given is none, and not archived.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SaveAppointmentType {
    /// 1 to 60 characters, another one than any other's.
    pub name: String,
    /// 5 to 1440.
    pub minutes: i32,
    /// 0 to 1,000,000.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub price: Option<Number>,
    /// As in the view.
    #[serde(default)]
    pub colour: Option<String>,
    pub reminders: bool,
    /// One to five times, from `1h` to `336h`.
    #[serde(default)]
    pub cadence: Option<Vec<String>>,
    /// 1 to 60.
    #[serde(default)]
    pub recall_months: Option<i32>,
}

/// What changes about a type: what is not given stays; `null` takes the price, the cadence or the recall away.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EditAppointmentType {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub minutes: Option<i32>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub price: Option<Option<Number>>,
    #[serde(default)]
    pub colour: Option<String>,
    #[serde(default)]
    pub reminders: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub cadence: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i32>))]
    pub recall_months: Option<Option<i32>>,
    /// Whether it is put away.
    #[serde(default)]
    pub archived: Option<bool>,
}

/// `null` is something that was given; a field that is not there is not.
fn given<'de, D, T>(value: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(value).map(Some)
}

/// A label for who an appointment is with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffLabelView {
    pub id: Uuid,
    pub name: String,
    /// As a type's.
    pub colour: String,
    /// It can't be chosen any more; visits that have it keep it.
    pub archived: bool,
}

/// A staff label as typed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaveStaffLabel {
    /// 1 to 100 characters, another one than any other's.
    pub name: String,
    #[serde(default)]
    pub colour: String,
}

/// What is done with a type, a staff label or a location in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrange {
    Archive,
    Unarchive,
    /// One place up in lists.
    Up,
    /// One place down.
    Down,
}
