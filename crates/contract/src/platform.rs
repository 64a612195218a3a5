//! What whoever runs the installation sees of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A business and how it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BusinessRow {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub suspended: bool,
    /// Up to 500.
    pub members: u32,
    /// When a customer wrote last.
    pub last_inbound: Option<DateTime<Utc>>,
    /// Texts of the last seven days by its own calendar: those that the provider took, and those that failed.
    pub sent_week: i64,
    pub failed_week: i64,
    /// Why texts wait; empty: they do not.
    pub breaker: String,
    /// Lines of the last self-test that fail and that warn; none: it never ran.
    pub self_test: Option<(u32, u32)>,
    /// Micro-dollars of this month.
    pub spent: i64,
}

/// One business in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BusinessDetail {
    pub row: BusinessRow,
    pub time_zone: String,
    pub country: String,
    pub suspended_at: Option<DateTime<Utc>>,
    pub suspended_why: Option<String>,
    /// Has a Twilio account of its own.
    pub own_account: bool,
    /// As people write them, at most 20.
    pub numbers: Vec<String>,
    /// Names and roles of its people, at most 50.
    pub people: Vec<(String, String)>,
    /// What fails or warns in the last self-test.
    pub trouble: Vec<(String, String)>,
    /// Until when whoever asks looks into it.
    pub looking_until: Option<DateTime<Utc>>,
}

/// A setting of the environment; secrets are never told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingView {
    pub name: String,
    /// What it is; for a secret only whether it is set.
    pub value: String,
    pub what: String,
}

/// Something that was changed for the installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub after: String,
}

/// What is set for the installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallationView {
    pub sign_up_open: bool,
    pub settings: Vec<SettingView>,
    pub changes: Vec<ChangeView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    Ok,
    Warn,
    Fail,
}

/// What one look of the doctor has shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub name: String,
    pub status: CheckStatus,
    pub detail: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// The doctor's last round in this process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorView {
    /// None: it has not looked since this server was started.
    pub looked_at: Option<DateTime<Utc>>,
    pub checks: Vec<Check>,
}
