//! Kept counters.

use serde::{Deserialize, Serialize};

/// Which days: ISO dates of the business's own calendar, both included. Without them the last 30 days.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct DailyQuery {
    /// `2027-01-01`
    #[serde(default)]
    pub from: Option<String>,
    /// `2027-01-31`
    #[serde(default)]
    pub to: Option<String>,
}

/// What happened on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Daily {
    /// `2027-01-04`
    pub day: String,
    /// Texts from customers.
    pub received: i64,
    /// Texts that Twilio took.
    pub sent: i64,
    /// Texts the networks confirmed.
    pub delivered: i64,
    /// Texts that failed or were undelivered, for good.
    pub failed: i64,
    /// Texts withdrawn before they were handed over.
    pub cancelled: i64,
    /// People who opted out, and in.
    pub opted_out: i64,
    pub opted_in: i64,
}
