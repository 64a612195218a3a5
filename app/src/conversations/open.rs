//! The open conversation, as everything beside it on the page sees it.

use chrono::{DateTime, Utc};
use contract::{
    appointments::AppointmentView,
    contacts::ContactView,
    conversations::{Composer as State, ConversationRow, Draft, DraftKind, MemberName, NoteView, OnWhatsApp, Place, Thread},
    live::LiveEvent,
    messages::{Direction, MessageView},
    tasks::TaskView,
    waitlist::Offered,
};
use domain::consent;
use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

use super::{Looking, mark_read, open_thread};
use crate::session::{Session, use_session};

/// What the open conversation shows; the stream changes it.
#[derive(Clone, Copy)]
pub struct OpenThread {
    pub id: Uuid,
    pub contact: RwSignal<ContactView>,
    pub appointments: RwSignal<Vec<AppointmentView>>,
    pub tasks: RwSignal<Vec<TaskView>>,
    pub composer: RwSignal<State>,
    /// The number that a reply leaves from, as people write it.
    pub sender: RwSignal<Option<String>>,
    /// A reply goes out on WhatsApp.
    pub whatsapp: RwSignal<Option<OnWhatsApp>>,
    pub unread: RwSignal<u32>,
    pub row: RwSignal<ConversationRow>,
    pub members: StoredValue<Vec<MemberName>>,
    pub notes: RwSignal<Vec<NoteView>>,
    /// Times that they were offered.
    pub offered: RwSignal<Vec<Offered>>,
    /// What the reader had typed here before this page was made.
    pub draft: StoredValue<Option<Draft>>,
    pub messages: RwSignal<Vec<MessageView>>,
    /// The first shown, if there are messages before it.
    pub older: RwSignal<Option<Uuid>>,
    /// The last shown, if there are messages after it.
    pub newer: RwSignal<Option<Uuid>>,
    /// The first text that the reader had not seen when they came.
    pub first_unread: Option<Uuid>,
}

/// What was new when a conversation was opened: it stays marked while one goes about in it, though it is read by then.
#[derive(Clone, Copy)]
pub struct News(StoredValue<Option<(Uuid, Uuid)>>);

impl News {
    pub fn new() -> Self {
        Self(StoredValue::new(None))
    }

    /// The first new text of the conversation that is being opened.
    pub fn first(self, conversation: Uuid, first_unread: Option<Uuid>) -> Option<Uuid> {
        let before = self.0.get_value().filter(|(known, _)| *known == conversation);
        let first = first_unread.or(before.map(|(_, first)| first));
        self.0.set_value(first.map(|first| (conversation, first)));
        first
    }
}

/// Messages that are in the page at most: of a long thread, the part around where one reads.
const MOST: usize = 250;

impl OpenThread {
    /// Takes in the page before or after what is shown. What is too much is let go at the other end.
    pub fn take_in(self, more: Thread, is_older: bool) {
        let mut dropped = false;
        self.messages.try_update(|all| {
            for message in more.messages {
                upsert(all, message);
            }
            dropped = all.len() > MOST;
            if is_older {
                all.truncate(MOST);
            } else {
                all.drain(..all.len().saturating_sub(MOST));
            }
        });
        let ends = self.messages.with_untracked(|all| {
            let end = |m: &MessageView| (m.id, m.created_at);
            (all.first().map(end), all.last().map(end))
        });
        let (Some((first, since)), Some((last, until))) = ends else {
            return;
        };
        self.notes.try_update(|all| {
            for note in more.notes {
                if all.iter().all(|old| old.id != note.id) {
                    all.push(note);
                }
            }
            if dropped {
                all.retain(|note| {
                    if is_older {
                        note.created_at < until
                    } else {
                        note.created_at >= since
                    }
                });
            }
            all.sort_by_key(|note| (note.created_at, note.id));
        });
        self.offered.try_update(|all| {
            for one in more.offered {
                put(all, one);
            }
            if dropped {
                all.retain(|one| if is_older { one.at < until } else { one.at >= since });
            }
        });
        if is_older {
            self.older.try_set(more.older);
            if dropped {
                self.newer.try_set(Some(last));
            }
        } else {
            self.newer.try_set(more.newer);
            if dropped {
                self.older.try_set(Some(first));
            }
        }
    }

    /// Shows the newest messages in place of those that are shown.
    pub fn go_to_newest(self, newest: Thread) {
        self.messages.try_set(newest.messages);
        self.notes.try_set(newest.notes);
        self.offered.try_set(newest.offered);
        self.older.try_set(newest.older);
        self.newer.try_set(None);
    }

    pub fn hear(self, session: Session, event: &LiveEvent) {
        let contact_id = self.contact.with_untracked(|contact| contact.id);
        match event {
            LiveEvent::Message(message) if message.conversation_id == self.id => {
                let later = self.newer.with_untracked(Option::is_some);
                let is_new = self
                    .messages
                    .try_update(|all| {
                        // What comes after what is shown would stand beside what it does not follow.
                        let known = all.iter().any(|old| old.id == message.id);
                        if later && !known { true } else { upsert(all, message.clone()) }
                    })
                    .unwrap_or_default();
                if is_new && message.direction == Direction::Inbound {
                    if message.channel == "whatsapp" || self.whatsapp.with_untracked(Option::is_some) {
                        // They may be written to freely again, or elsewhere.
                        self.ask_how_to_write();
                    }
                    let name = self.contact.with_untracked(|contact| contact.title().to_owned());
                    session.said.set(format!("{name}: {}", message.body));
                }
            }
            LiveEvent::Conversation(row) if row.id == self.id => {
                let seen = self.row.with_untracked(|old| old.last_inbound_id == row.last_inbound_id);
                if !seen {
                    self.unread.try_set(row.unread);
                }
                self.row.try_set(row.clone());
            }
            LiveEvent::Seen(seen)
                if seen.conversation_id == self.id && seen.account_id == session.me.with_value(|me| me.account_id) =>
            {
                self.unread.try_set(seen.unread);
            }
            LiveEvent::Note(note) if note.conversation_id == self.id && self.newer.with_untracked(Option::is_none) => {
                self.notes.update(|notes| {
                    notes.retain(|old| old.id != note.id);
                    notes.push(note.clone());
                    notes.sort_by_key(|note| (note.created_at, note.id));
                })
            }
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

    /// Whether something has become of what they were offered, or they are offered something now.
    pub fn is_about_offers(self, event: &LiveEvent) -> bool {
        let LiveEvent::Slot(slot) = event else { return false };
        let contact = self.contact.with_untracked(|contact| contact.id);
        slot.offers.iter().any(|offer| offer.contact_id == contact)
    }

    /// Looks what has become of what they were offered.
    pub fn ask_about_offers(self) {
        spawn_local(async move {
            let Ok(open) = open_thread(self.id, Place::Newest).await else {
                return;
            };
            let later = self.newer.try_get_untracked().flatten().is_some();
            self.offered.try_update(|all| {
                for one in open.thread.offered {
                    // What comes after what is shown would stand beside what it does not follow.
                    if !later || all.iter().any(|old| old.id == one.id) {
                        put(all, one);
                    }
                }
            });
        });
    }

    /// The draft of a reply, or of a note.
    pub fn draft(self, kind: DraftKind) -> Option<String> {
        self.draft.with_value(|draft| {
            draft
                .as_ref()
                .filter(|draft| draft.kind == kind)
                .map(|draft| draft.body.clone())
        })
    }

    /// What whoever writes here has seen.
    pub fn newest_shown(self) -> Option<Uuid> {
        let message = self.messages.with_untracked(|all| all.iter().map(|m| m.id).max());
        let note = self.notes.with_untracked(|all| all.iter().map(|n| n.id).max());
        message.map(|id| note.map_or(id, |note| note.max(id)))
    }

    /// Whoever has the newest messages before their eyes is reading them.
    pub fn is_read_by_looking(self) {
        let looking = expect_context::<Looking>();
        let notifications = use_session().notifications;
        let told = Memo::new(move |_| notifications.get());
        Effect::new(move |seen: Option<u32>| {
            let (unread, told, seen) = (self.unread.get(), told.get(), seen.unwrap_or_default());
            if !looking.get() || self.newer.read().is_some() {
                return seen;
            }
            // A note that names somebody is no text, and is read by looking all the same. What is told of other conversations stays told:
            // it must not be asked for again and again.
            if unread > 0 || told > seen {
                self.mark_read();
            }
            told
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
        if contact.merged_into.is_some() {
            // What is being written here stays to be read.
            self.composer.set(State::Closed {
                reason: "This contact was merged into another one.".to_owned(),
                next_step: "Please go on in their conversation; load this page again to get there.".to_owned(),
            });
            return;
        }
        let matters = self.contact.with_untracked(|old| {
            old.consent != contact.consent
                || old.blocked != contact.blocked
                || old.held_since != contact.held_since
                || old.phone != contact.phone
        });
        self.contact.set(contact.clone());
        let elsewhere = self.whatsapp.with_untracked(Option::is_some);
        if contact.consent.sms == consent::State::OptedOut && !elsewhere {
            let reason = format!("{} has opted out of texts.", contact.title());
            let next_step = "They can text START to your number, or you record their consent on their page.".to_owned();
            self.composer.set(State::Closed { reason, next_step });
        }
        if matters {
            self.ask_how_to_write();
        }
    }

    /// Whether a reply may be written, and how, depends on more than the contact.
    fn ask_how_to_write(self) {
        spawn_local(async move {
            if let Ok(open) = open_thread(self.id, Place::Newest).await {
                // What is being typed stays where it is, as long as it may go.
                if self.composer.try_with_untracked(|now| *now != open.thread.composer) == Some(true) {
                    self.composer.try_set(open.thread.composer);
                }
                self.sender.try_set(open.thread.sender);
                self.whatsapp.try_set(open.thread.whatsapp);
            }
        });
    }

    /// The 24 hours after their last message are over: what is typed stays to be read, and what may be sent at any time is offered.
    pub fn window_has_closed(self) {
        self.whatsapp.update(|whatsapp| {
            if let Some(whatsapp) = whatsapp {
                whatsapp.until = None;
            }
        });
        self.composer.set(State::Closed {
            reason: domain::whatsapp::CLOSED.to_owned(),
            next_step: "What you typed is kept. Send an approved text, or wait until they write again.".to_owned(),
        });
    }
}

/// The next visit that is still expected.
pub fn next_visit(all: &[AppointmentView], now: DateTime<Utc>) -> Option<&AppointmentView> {
    let to_come = all.iter().filter(|visit| visit.status.is_open() && visit.starts_at > now);
    to_come.min_by_key(|visit| visit.starts_at)
}

/// Puts what they were offered in its place.
fn put(all: &mut Vec<Offered>, one: Offered) {
    all.retain(|old| old.id != one.id);
    all.push(one);
    all.sort_by_key(|one| (one.at, one.id));
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
