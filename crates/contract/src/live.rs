//! What a live stream carries. An event holds the thing as it is after the change, never a difference.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    appointments::AppointmentView,
    contacts::ContactView,
    conversations::{ConversationRow, NoteView, Presence},
    imports::ImportView,
    messages::MessageView,
    notices::Notice,
    tasks::TaskView,
    waitlist::SlotView,
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
    /// A free time, with who is offered it.
    Slot(SlotView),
    /// A file went on, or is done.
    Import(ImportView),
    /// A note was written.
    Note(NoteView),
    /// A member has read a conversation, or put it back among the unread, maybe in another tab or on another device.
    Seen(Seen),
    /// Who has a conversation before their eyes, all of them. Told when that changes, not at every heartbeat.
    Presence(Presence),
    /// The banners, all of them.
    Notices(Vec<Notice>),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub account_id: Uuid,
    pub conversation_id: Uuid,
    /// 0 when it has been read.
    pub unread: u32,
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
            LiveEvent::Slot(_) => "slot",
            LiveEvent::Import(_) => "import",
            LiveEvent::Note(_) => "note",
            LiveEvent::Seen(_) => "seen",
            LiveEvent::Presence(_) => "presence",
            LiveEvent::Notices(_) => "notices",
        }
    }
}
