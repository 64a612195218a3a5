//! Customers and their consent.

use chrono::{DateTime, Utc};
use domain::consent::State;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactView {
    pub id: Uuid,
    /// Empty for a person known by number only.
    pub name: String,
    /// E.164.
    pub phone: String,
    /// The number as people of the business's country write it.
    pub phone_display: String,
    pub email: Option<String>,
    /// IANA name; none means the business's.
    pub time_zone: Option<String>,
    /// The language they are texted in, like `en` or `pt-BR`; none means the business's.
    #[serde(default)]
    pub language: Option<String>,
    pub notes: String,
    pub blocked: bool,
    /// Since when nothing is sent because they seem to have asked for that in their own words; staff decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since: Option<DateTime<Utc>>,
    pub consent: ConsentView,
    pub created_at: DateTime<Utc>,
}

impl ContactView {
    /// What to call this person on a screen.
    pub fn title(&self) -> &str {
        if self.name.is_empty() {
            &self.phone_display
        } else {
            &self.name
        }
    }
}

/// Consent to appointment messages per channel: `unknown`, `opted_in`, `opted_out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentView {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub sms: State,
}

/// One row of the ledger, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsentEventView {
    pub at: DateTime<Utc>,
    pub purpose: String,
    pub state: State,
    /// booking, keyword, staff, api, provider_block, preference_page, import
    pub source: String,
    pub actor: String,
    pub evidence: String,
}

/// How somebody agreed to be texted. `source` says where (for example `booking`); it is kept as evidence.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OptIn {
    /// Only `sms`.
    pub channel: String,
    pub source: String,
}

/// `phone` in any usual spelling; a number without a country code is read as one of the business's country.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateContact {
    pub name: String,
    pub phone: String,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Like `en` or `pt-BR`.
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub notes: Option<String>,
    #[serde(default)]
    pub opt_in: Option<OptIn>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateContact {
    pub id: Uuid,
    pub name: String,
    pub phone: String,
    pub email: Option<String>,
    pub time_zone: Option<String>,
    pub notes: Option<String>,
}

/// Staff record consent by hand: what the person said or signed is the evidence and must not be empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordConsent {
    pub contact_id: Uuid,
    pub state: State,
    pub evidence: String,
}

/// Search by part of a name, number or e-mail; alphabetical, 50 a page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactQuery {
    #[serde(default)]
    pub q: Option<String>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A contact's page: the person, what they agreed to, their appointments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContactPage {
    pub contact: ContactView,
    pub ledger: Vec<ConsentEventView>,
    pub appointments: Vec<crate::appointments::AppointmentView>,
    pub conversation_id: Option<Uuid>,
    /// There while staff have to decide.
    pub hold: Option<Hold>,
}

/// Why nothing is sent to a person who seems to have asked for that in their own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub since: DateTime<Utc>,
    /// Their text.
    pub said: Option<String>,
}

/// A row of the ledger as it is handed to a court or an auditor; `prev_hash` and `hash` chain the rows of a business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Its place among all rows of the business.
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub channel: String,
    pub purpose: String,
    pub state: String,
    pub source: String,
    pub actor: String,
    pub evidence: String,
    pub prev_hash: String,
    pub hash: String,
}

/// Staff's decision about a contact on hold: opted out, or texts go on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DecideHold {
    pub contact_id: Uuid,
    pub opt_out: bool,
}
