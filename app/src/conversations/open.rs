//! The open conversation, as everything beside it on the page sees it.

use contract::{
    appointments::AppointmentView,
    contacts::ContactView,
    conversations::Composer as State,
    live::LiveEvent,
    messages::{Direction, MessageView},
    tasks::TaskView,
};
use domain::consent;
use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

use super::{Looking, mark_read, open_thread};
use crate::session::Session;

/// What the open conversation shows; the stream changes it.
#[derive(Clone, Copy)]
pub struct OpenThread {
    pub id: Uuid,
    pub contact: RwSignal<ContactView>,
    pub appointments: RwSignal<Vec<AppointmentView>>,
    pub tasks: RwSignal<Vec<TaskView>>,
    pub composer: RwSignal<State>,
    pub unread: RwSignal<u32>,
    pub messages: RwSignal<Vec<MessageView>>,
    pub older: RwSignal<Option<String>>,
}

impl OpenThread {
    pub fn hear(self, session: Session, event: &LiveEvent) {
        let contact_id = self.contact.with_untracked(|contact| contact.id);
        match event {
            LiveEvent::Message(message) if message.conversation_id == self.id => {
                let is_new = self
                    .messages
                    .try_update(|all| upsert(all, message.clone()))
                    .unwrap_or_default();
                if is_new && message.direction == Direction::Inbound {
                    let name = self.contact.with_untracked(|contact| contact.title().to_owned());
                    session.said.set(format!("{name}: {}", message.body));
                }
            }
            LiveEvent::Conversation(row) if row.id == self.id => _ = self.unread.try_set(row.unread),
            LiveEvent::Contact(contact) if contact.id == contact_id => self.contact_changed(contact),
            LiveEvent::Appointment(appointment) if appointment.contact_id == contact_id => {
                self.appointments.update(|appointments| {
                    appointments.retain(|old| old.id != appointment.id);
                    appointments.push(appointment.clone());
                    appointments.sort_by_key(|appointment| appointment.starts_at);
                })
            }
            LiveEvent::Task(task) if task.contact_id == Some(contact_id) => self.tasks.update(|tasks| {
                tasks.retain(|old| old.id != task.id);
                if task.status == "open" {
                    tasks.push(task.clone());
                    tasks.sort_by_key(|task| task.created_at);
                }
            }),
            _ => {}
        }
    }

    /// Whoever has the newest messages before their eyes is reading them.
    pub fn is_read_by_looking(self) {
        let looking = expect_context::<Looking>();
        Effect::new(move |_| {
            if looking.get() && self.unread.get() > 0 {
                self.mark_read();
            }
        });
    }

    pub fn mark_read(self) {
        self.unread.set(0);
        spawn_local(async move {
            // If it fails, the unread mark stays in the list, which is all there is to say about it.
            _ = mark_read(self.id).await;
        });
    }

    fn contact_changed(self, contact: &ContactView) {
        let matters = self.contact.with_untracked(|old| {
            old.consent != contact.consent
                || old.blocked != contact.blocked
                || old.held_since != contact.held_since
                || old.phone != contact.phone
        });
        self.contact.set(contact.clone());
        if contact.consent.sms == consent::State::OptedOut {
            let reason = format!("{} has opted out of texts.", contact.title());
            let todo = "They can text START to your number, or you record their consent on their page.".to_owned();
            self.composer.set(State::Closed { reason, todo });
        }
        if matters {
            // Whether a reply may be written depends on more than the contact: ask.
            spawn_local(async move {
                if let Ok(open) = open_thread(self.id, None).await {
                    self.composer.try_set(open.thread.composer);
                }
            });
        }
    }
}

/// Puts a message in its place; whether it was not there before.
pub fn upsert(all: &mut Vec<MessageView>, message: MessageView) -> bool {
    if let Some(old) = all.iter_mut().find(|old| old.id == message.id) {
        *old = message;
        return false;
    }
    all.push(message);
    all.sort_by(|a, b| a.created_at.cmp(&b.created_at).then(a.id.cmp(&b.id)));
    true
}
