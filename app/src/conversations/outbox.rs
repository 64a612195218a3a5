//! Replies between the Send button and the server's answer. It outlives the open thread, so nothing typed is lost by looking elsewhere.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::{
    Code, Problem,
    live::LiveEvent,
    notifications::{OfflineKind, WrittenOffline},
};
use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

use super::save_draft;
use crate::{
    browser::pwa::{self, Kept, OutboxNews},
    live::Live,
    messages::reply,
};

#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    pub conversation_id: Uuid,
    pub contact_id: Uuid,
    pub correlation_id: String,
    pub body: String,
    /// The newest message that was shown when it was written; none: whatever stands there, send it.
    pub after: Option<Uuid>,
    pub at: DateTime<Utc>,
    /// When it is to go out, and by which clock's words: as the form says it. Nothing: at once.
    pub send_at: (String, String),
    /// Why it did not get there.
    pub problem: Option<Problem>,
    /// It leaves by itself when there is a connection.
    pub waits: bool,
}

#[derive(Clone, Copy)]
pub struct Outbox {
    pending: RwSignal<Vec<Pending>>,
    drafts: StoredValue<HashMap<Uuid, String>>,
    /// What goes back into the open composer.
    pub edited: RwSignal<Option<String>>,
    live: Live,
    /// Whose this is: account and business.
    whose: (Uuid, Uuid),
}

impl Outbox {
    /// A message that arrives over `live` with the id of a pending one is that one.
    pub fn new(live: Live, whose: (Uuid, Uuid)) -> Self {
        let outbox = Self {
            pending: RwSignal::new(Vec::new()),
            drafts: StoredValue::new(HashMap::new()),
            edited: RwSignal::new(None),
            live,
            whose,
        };
        Effect::new(move |_| pwa::hear(move |news| outbox.heard(news)));
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
        (pending.problem, pending.waits) = (None, false);
        self.put(pending.clone());
        // First of all, so that it is not lost with this page.
        // What is for later must not leave at once when the connection is back: it stays in the page.
        let now = pending.send_at == Default::default();
        let kept = now && self.written(&pending).is_some_and(|written| pwa::keep(&written));
        spawn_local(async move {
            let Pending {
                conversation_id,
                contact_id,
                body,
                correlation_id,
                after,
                send_at: (send_at, send_local),
                ..
            } = pending.clone();
            match reply(conversation_id, contact_id, body, correlation_id, after, send_at, send_local).await {
                // If it is not waiting any more, the stream was faster and knows more.
                Ok(_) if !self.is_waiting(&pending.correlation_id) => pwa::drop(&pending.correlation_id),
                Ok(message) => {
                    pwa::drop(&pending.correlation_id);
                    self.live.tell(&LiveEvent::Message(message));
                }
                Err(error) if kept && error.0.code == Code::Unavailable => {
                    pwa::wait();
                    if self.is_waiting(&pending.correlation_id) {
                        self.put(Pending { waits: true, ..pending });
                    }
                }
                Err(error) => {
                    pwa::drop(&pending.correlation_id);
                    if self.is_waiting(&pending.correlation_id) {
                        // Not sent, so not lost with this page either.
                        let text = pending.body.clone();
                        self.put(Pending {
                            problem: Some(error.0),
                            ..pending
                        });
                        _ = save_draft(conversation_id, false, text).await;
                    }
                }
            }
        });
    }

    /// Whatever stands there by now.
    pub fn send_anyway(self, pending: Pending) {
        self.send(Pending { after: None, ..pending });
    }

    /// Back into the composer, to be changed.
    pub fn edit(self, pending: &Pending) {
        self.discard(&pending.correlation_id);
        self.keep_draft(pending.conversation_id, pending.body.clone());
        self.edited.set(Some(pending.body.clone()));
    }

    /// What was taken back is to be changed.
    pub fn put_back(self, conversation: Uuid, text: String) {
        self.keep_draft(conversation, text.clone());
        self.edited.set(Some(text));
    }

    /// As the server takes it later.
    fn written(self, pending: &Pending) -> Option<WrittenOffline> {
        let (account_id, business_id) = self.whose;
        Some(WrittenOffline {
            id: pending.correlation_id.parse().ok()?,
            account_id,
            business_id,
            conversation_id: pending.conversation_id,
            kind: OfflineKind::Reply,
            body: pending.body.clone(),
            contact_id: Some(pending.contact_id),
            after: pending.after,
        })
    }

    /// What this browser says of things that were written without a connection, perhaps in another tab or on another day.
    fn heard(self, news: OutboxNews) {
        if let Some(kept) = news.entry {
            self.take_in(kept);
            return;
        }
        let Some(id) = news.id.map(|id| id.to_string()) else { return };
        if news.sent {
            // The stream brings the message itself.
            self.remove(&id);
        } else if let Some(why) = news.problem {
            self.pending.try_update(|all| {
                for one in all.iter_mut().filter(|one| one.correlation_id == id) {
                    (one.problem, one.waits) = (Some(Problem::new(Code::Conflict, why.clone())), false);
                }
            });
        }
    }

    fn take_in(self, kept: Kept) {
        let ours = (kept.account_id, kept.business_id) == self.whose && kept.kind == OfflineKind::Reply;
        let (Some(contact_id), true) = (kept.contact_id, ours && !self.is_waiting(&kept.id.to_string())) else {
            return;
        };
        self.put(Pending {
            conversation_id: kept.conversation_id,
            contact_id,
            correlation_id: kept.id.to_string(),
            body: kept.body,
            after: kept.after,
            at: crate::browser::now(),
            send_at: Default::default(),
            waits: kept.problem.is_none(),
            problem: kept.problem.map(|why| Problem::new(Code::Conflict, why)),
        });
    }

    /// It is wanted no more.
    pub fn discard(self, correlation_id: &str) {
        pwa::drop(correlation_id);
        self.remove(correlation_id);
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
