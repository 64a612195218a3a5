//! Texts as WhatsApp has approved them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A wording that was handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TwinView {
    /// None: not handed in yet.
    pub id: Option<Uuid>,
    pub kind: String,
    pub language: String,
    /// Counts up; a wording that was handed in never changes.
    pub revision: i32,
    /// What WhatsApp knows it by.
    pub name: String,
    pub body: String,
    /// What stands on its buttons.
    pub buttons: Vec<String>,
    /// draft, submitted, received, pending, approved, rejected, paused, disabled or unclear
    pub state: String,
    pub words: String,
    /// Why it was rejected or paused.
    pub reason: Option<String>,
    /// As WhatsApp sorts it: UTILITY, MARKETING.
    pub category: Option<String>,
    /// Messages go out by it now.
    pub in_use: bool,
    pub submitted_at: Option<DateTime<Utc>>,
    pub checked_at: Option<DateTime<Utc>>,
}
