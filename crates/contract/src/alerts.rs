//! What has left its usual course.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Something that has left its usual course, or had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertView {
    pub id: Uuid,
    /// `undelivered`, `opt_outs`, `budget`, `breaker` or `self_test`
    pub kind: String,
    /// What is the matter, in one sentence.
    pub text: String,
    /// What to do.
    pub next_step: String,
    pub began_at: DateTime<Utc>,
    /// None while it lasts.
    pub ended_at: Option<DateTime<Utc>>,
}
