//! Replies between the Send button and the server's answer. It outlives the open thread, so nothing typed is lost by looking elsewhere.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::{Problem, live::LiveEvent};
use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

use crate::{live::Live, messages::reply};

#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    pub conversation_id: Uuid,
    pub contact_id: Uuid,
    pub correlation_id: String,
    pub body: String,
    pub at: DateTime<Utc>,
    /// Why it did not get there.
    pub problem: Option<Problem>,
}

#[derive(Clone, Copy)]
pub struct Outbox {
    pending: RwSignal<Vec<Pending>>,
    drafts: StoredValue<HashMap<Uuid, String>>,
    live: Live,
}

impl Outbox {
    /// A message that arrives over `live` with the id of a pending one is that one.
    pub fn new(live: Live) -> Self {
        let outbox = Self {
            pending: RwSignal::new(Vec::new()),
            drafts: StoredValue::new(HashMap::new()),
            live,
        };
        live.listen(move |event| {
            if let LiveEvent::Message(message) = event
                && let Some(id) = &message.correlation_id
            {
                outbox.remove(id);
            }
        });
        outbox
    }

    /// What waits in this conversation, oldest first.
    pub fn waiting(self, conversation: Uuid) -> Vec<Pending> {
        self.pending
            .with(|all| all.iter().filter(|p| p.conversation_id == conversation).cloned().collect())
    }

    /// Shows `pending` at once and sends it; a second time with the same id is harmless.
    pub fn send(self, mut pending: Pending) {
        pending.problem = None;
        self.put(pending.clone());
        spawn_local(async move {
            let Pending {
                conversation_id,
                contact_id,
                body,
                correlation_id,
                ..
            } = pending.clone();
            match reply(conversation_id, contact_id, body, correlation_id).await {
                // If it is not waiting any more, the stream was faster and knows more.
                Ok(message) if self.is_waiting(&pending.correlation_id) => self.live.tell(&LiveEvent::Message(message)),
                Ok(_) => {}
                Err(error) if self.is_waiting(&pending.correlation_id) => self.put(Pending {
                    problem: Some(error.0),
                    ..pending
                }),
                Err(_) => {}
            }
        });
    }

    pub fn remove(self, correlation_id: &str) {
        if self.is_waiting(correlation_id) {
            self.pending
                .try_update(|all| all.retain(|p| p.correlation_id != correlation_id));
        }
    }

    /// What was being typed in this conversation.
    pub fn draft(self, conversation: Uuid) -> Option<String> {
        self.drafts
            .try_with_value(|drafts| drafts.get(&conversation).cloned())
            .flatten()
    }

    pub fn keep_draft(self, conversation: Uuid, text: String) {
        self.drafts.try_update_value(|drafts| drafts.insert(conversation, text));
    }

    fn is_waiting(self, correlation_id: &str) -> bool {
        self.pending
            .try_with_untracked(|all| all.iter().any(|p| p.correlation_id == correlation_id))
            .unwrap_or_default()
    }

    fn put(self, pending: Pending) {
        self.pending.try_update(
            |all| match all.iter_mut().find(|old| old.correlation_id == pending.correlation_id) {
                Some(old) => *old = pending,
                None => all.push(pending),
            },
        );
    }
}
