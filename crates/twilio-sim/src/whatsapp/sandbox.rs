//! A sender that is Twilio's sandbox: nobody hears from it, and nobody is heard, who has not written `join` and its word within three days.

use chrono::{DateTime, TimeDelta, Utc};

use super::WhatsApp;

/// How long joining counts.
const JOINED: TimeDelta = TimeDelta::days(3);

/// What the sandbox answers to whatever comes in before the business hears it.
pub(crate) enum Answer {
    /// The person has joined, or left.
    Said(String),
    /// They are in it: the business hears them.
    Nothing,
}

impl WhatsApp {
    /// What the sandbox makes of a message. Of a sender that is none: nothing.
    pub(crate) fn in_sandbox(&mut self, sender_id: &str, person: &str, body: &str, now: DateTime<Utc>) -> Answer {
        let Some(word) = self.sender(sender_id).and_then(|sender| sender.sandbox.clone()) else {
            return Answer::Nothing;
        };
        let pair = (sender_id.to_owned(), person.to_owned());
        let said = body.trim().to_lowercase();
        if said == format!("join {}", word.to_lowercase()) {
            self.joined.insert(pair, now);
            return Answer::Said(format!(
                "Twilio Sandbox: You are all set! The sandbox can now send/receive messages from {sender_id}. Reply stop to leave the sandbox any time."
            ));
        }
        if !self.is_in(sender_id, person, now) {
            return Answer::Said(format!(
                "Twilio Sandbox: Your number {person} is not connected to a Sandbox. You need to connect it first by sending join <sandbox name>."
            ));
        }
        if said == "stop" {
            self.joined.remove(&pair);
            return Answer::Said("Twilio Sandbox: You have left the sandbox.".to_owned());
        }
        Answer::Nothing
    }

    /// Whether a person may be written to from this sender as far as a sandbox goes.
    #[must_use]
    pub fn is_in(&self, sender_id: &str, person: &str, now: DateTime<Utc>) -> bool {
        let is_sandbox = self.sender(sender_id).is_some_and(|sender| sender.sandbox.is_some());
        let joined = self.joined.get(&(sender_id.to_owned(), person.to_owned()));
        !is_sandbox || joined.is_some_and(|at| now < *at + JOINED)
    }
}
