//! A business: the tenant everything belongs to.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BusinessView {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// What HELP answers with: a phone number, an e-mail address or a sentence.
    pub contact_line: String,
    /// IANA name.
    pub time_zone: String,
    /// ISO 3166-1 alpha-2; the default region for phone numbers typed without a country code.
    pub country: String,
    /// The number texts leave from, if there is one.
    pub sender: Option<String>,
    pub webhook_inbound: String,
    pub webhook_status: String,
    /// Minutes after local midnight; quiet from start to end.
    pub quiet_start: u16,
    pub quiet_end: u16,
    /// Hours before a visit at which reminders go out, largest first.
    pub cadence: Vec<u16>,
}

/// Settings staff may not change, admins and owners may. Empty optional fields leave a value as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateBusiness {
    pub name: String,
    pub contact_line: String,
    pub time_zone: String,
}
