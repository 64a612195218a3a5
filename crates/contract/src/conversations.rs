//! The inbox.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    appointments::AppointmentView,
    contacts::{ContactView, Hold},
    messages::{Direction, MessageView},
    tasks::TaskView,
};

/// A row of the left column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationRow {
    pub id: Uuid,
    pub contact_id: Uuid,
    /// The contact's name, or number if the name is not known.
    pub name: String,
    /// E.164.
    #[serde(default)]
    pub phone: String,
    /// The number as people of the business's country write it.
    pub phone_display: String,
    /// The start of the last message, at most 120 characters, on one line.
    pub preview: String,
    pub last_at: DateTime<Utc>,
    pub last_direction: Direction,
    /// Public status of the last message.
    pub last_status: String,
    pub unread: u32,
    /// When a person wrote last, on either side; reminders and other texts of the machine don't count.
    #[serde(default)]
    pub last_human_at: Option<DateTime<Utc>>,
    /// Since when the customer waits for an answer of a person.
    #[serde(default)]
    pub waiting_since: Option<DateTime<Utc>>,
    #[serde(default)]
    pub needs_answer: bool,
    /// open, snoozed or closed
    #[serde(default)]
    pub status: String,
    /// The account that looks after it.
    #[serde(default)]
    pub assignee: Option<Uuid>,
    pub opted_out: bool,
    /// Nothing is sent until staff decide: they seem to have asked for no more texts.
    #[serde(default)]
    pub on_hold: bool,
}

/// An open conversation: everything the middle and right columns show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    pub conversation: ConversationRow,
    pub contact: ContactView,
    /// Oldest first; the newest 50, or the 50 before the cursor.
    pub messages: Vec<MessageView>,
    /// Cursor for the messages before these.
    pub older: Option<String>,
    /// Upcoming and recent appointments, soonest first.
    pub appointments: Vec<AppointmentView>,
    pub tasks: Vec<TaskView>,
    pub composer: Composer,
}

/// Whether a reply may be written, and if not, why and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Composer {
    Open,
    /// Staff must decide first.
    OnHold(Hold),
    Closed {
        reason: String,
        todo: String,
    },
}
