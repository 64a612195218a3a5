//! What a live stream carries. An event holds the thing as it is after the change, never a difference.

use serde::{Deserialize, Serialize};

use crate::{
    appointments::AppointmentView, contacts::ContactView, conversations::ConversationRow, messages::MessageView, notices::Notice,
    tasks::TaskView,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum LiveEvent {
    /// A message was added or its state changed.
    Message(MessageView),
    /// A conversation's row changed (new message, read, contact renamed, opted out).
    Conversation(ConversationRow),
    Contact(ContactView),
    Appointment(AppointmentView),
    Task(TaskView),
    /// The banners, all of them.
    Notices(Vec<Notice>),
}

impl LiveEvent {
    /// The event's name on the wire and in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            LiveEvent::Message(_) => "message",
            LiveEvent::Conversation(_) => "conversation",
            LiveEvent::Contact(_) => "contact",
            LiveEvent::Appointment(_) => "appointment",
            LiveEvent::Task(_) => "task",
            LiveEvent::Notices(_) => "notices",
        }
    }
}
