//! Who changed what, when, and what it was before.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which part of the trail. All that is given holds at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Who: a member's account or an API key by its id, else `operator`, `customer` or `system`.
    #[serde(default)]
    pub who: Option<String>,
    /// What it is about: `settings`, `members`, `consent`, `numbers`, `keys`, `exports`, `sign_ins`, `contacts`, `appointments`,
    /// `conversations`, `tasks`, `imports` or `other`.
    #[serde(default)]
    pub what: Option<String>,
    /// The customer whom it is about, or whose visit or text.
    #[serde(default)]
    pub contact_id: Option<String>,
    /// The first day, like 2027-01-31, of the business's own calendar.
    #[serde(default)]
    pub from: Option<String>,
    /// The last day.
    #[serde(default)]
    pub to: Option<String>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100))]
    pub limit: Option<u64>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditRow {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// Whose hand it was, as the trail is filtered by it.
    pub who: String,
    /// The same as it was called then.
    pub by: String,
    /// `noun.what_was_done`.
    pub action: String,
    /// The same in words.
    pub title: String,
    /// As the trail is filtered by it.
    pub what: String,
    /// What was changed, and its id.
    pub entity: String,
    pub entity_id: Uuid,
    pub contact_id: Option<Uuid>,
    /// What that customer is called now.
    pub contact_name: Option<String>,
    /// What is different.
    pub changes: Vec<AuditChange>,
}

/// One thing that is different. Without a `field` the whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditChange {
    pub field: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What the trail can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditChoices {
    /// As `who` says it, and in words.
    pub who: Vec<(String, String)>,
    /// As `what` says it, and in words.
    pub what: Vec<(String, String)>,
    /// Days on which somebody gave a wrong password for a person who works here, and how often; latest first.
    pub failed_sign_ins: Vec<(String, i64)>,
}

/// Who changed something last, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastChange {
    pub by: String,
    pub at: DateTime<Utc>,
}
