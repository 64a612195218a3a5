//! Work for a person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskView {
    pub id: Uuid,
    /// `reschedule`, `call`, `clarify`, `opt_out`, `stuck_message`, `unclear_message`, `clock_change`, `calendar`, `waitlist`, or `by_hand`
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
    /// The text that it is about.
    #[serde(default)]
    pub message_id: Option<Uuid>,
    /// The member who looks after it; nobody yet if there is none.
    #[serde(default)]
    pub assignee_id: Option<Uuid>,
    #[serde(default)]
    pub assignee_name: Option<String>,
    pub notes: String,
    /// `open` or `done`
    pub status: String,
    pub created_at: DateTime<Utc>,
    /// By when. One without a time is due as soon as it is there.
    pub due_at: Option<DateTime<Utc>>,
    pub done_at: Option<DateTime<Utc>>,
    pub done_by: Option<String>,
}

impl TaskView {
    /// A question: done by deciding, where the text or the appointment can be seen, and not by ticking it off.
    pub fn is_question(&self) -> bool {
        matches!(self.kind.as_str(), "opt_out" | "unclear_message" | "clock_change")
    }

    /// Whether its time has passed and it is still to be done.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.status == "open" && self.due_at.is_some_and(|at| at < now)
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
            "template" => "Look at a text",
            "calendar" => "Look at a calendar",
            "waitlist" => "Waitlist",
            _ => "Task",
        }
    }
}

/// A page of tasks: open ones by when they are due (one without a time is due when it came up), done ones by when they were done, newest
/// first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct TaskQuery {
    /// `open` (default) or `done`
    #[serde(default)]
    pub status: Option<String>,
    /// Open ones of: `me` (the person signed in), `none` (nobody looks after it yet), or the id of a member's account.
    #[serde(default)]
    pub assignee: Option<String>,
    /// `true`: open ones only whose time has passed, longest overdue first.
    #[serde(default)]
    pub overdue: Option<bool>,
    /// Open ones of these kinds only, as in `kind` of a task; several with commas between them.
    #[serde(default)]
    pub kind: Option<String>,
    /// Those that changed then or later (RFC 3339), in the order in which they changed; without other filters. The next time ask from a minute
    /// before the moment at which you asked: what is read twice does no harm.
    #[serde(default)]
    pub updated_since: Option<String>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100))]
    pub limit: Option<u64>,
}

/// A task that somebody thought of. About a visit or a text it is about their person, too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateTask {
    /// What to do, in one line of at most 200 characters.
    pub title: String,
    #[serde(default)]
    pub contact_id: Option<Uuid>,
    #[serde(default)]
    pub appointment_id: Option<Uuid>,
    #[serde(default)]
    pub message_id: Option<Uuid>,
    /// RFC 3339 with an offset, or a local time without one (`2027-01-05T15:00`), then by the clock of the business. May be past.
    #[serde(default)]
    pub due_at: Option<String>,
    /// The account of a member of the business.
    #[serde(default)]
    pub assignee_id: Option<Uuid>,
    /// At most 2,000 characters.
    #[serde(default)]
    pub notes: Option<String>,
}

/// What changes about a task: what is not given stays; `null` takes the time or the person away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EditTask {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// As in `CreateTask`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub due_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub assignee_id: Option<Option<Uuid>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// `null` is something that was given; a field that is not there is not.
fn given<'de, D, T>(value: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(value).map(Some)
}
