//! Work for a person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskView {
    pub id: Uuid,
    /// `reschedule`, `call`, `clarify`, `opt_out`, `stuck_message`, `unclear_message`, `clock_change`, `waitlist`
    pub kind: String,
    /// What to do, in one sentence.
    pub title: String,
    pub contact_id: Option<Uuid>,
    /// The contact's name, or number if the name is not known.
    pub contact_name: Option<String>,
    /// The contact's number, E.164.
    #[serde(default)]
    pub phone: Option<String>,
    /// The number as people of the business's country write it.
    #[serde(default)]
    pub phone_display: Option<String>,
    pub conversation_id: Option<Uuid>,
    pub appointment_id: Option<Uuid>,
    pub notes: String,
    /// `open` or `done`
    pub status: String,
    pub created_at: DateTime<Utc>,
    pub due_at: Option<DateTime<Utc>>,
    pub done_at: Option<DateTime<Utc>>,
    pub done_by: Option<String>,
}

impl TaskView {
    /// A question: done by deciding, where the text or the appointment can be seen, and not by ticking it off.
    pub fn is_question(&self) -> bool {
        matches!(self.kind.as_str(), "opt_out" | "unclear_message" | "clock_change")
    }

    /// The kind as a short label.
    pub fn kind_words(&self) -> &'static str {
        match self.kind.as_str() {
            "reschedule" => "Find another time",
            "call" => "Call",
            "clarify" => "Read and answer",
            "opt_out" => "Possible opt-out",
            "stuck_message" => "Stuck message",
            "unclear_message" => "Did it arrive?",
            "clock_change" => "Which time holds?",
            "waitlist" => "Waitlist",
            _ => "Task",
        }
    }
}

/// A page of tasks; oldest open first, newest done first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct TaskQuery {
    /// `open` (default) or `done`
    #[serde(default)]
    pub status: Option<String>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    pub limit: Option<u64>,
}
