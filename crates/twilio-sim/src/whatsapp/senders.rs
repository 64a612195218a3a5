//! WhatsApp senders of the simulator's accounts.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{PREFIX, WhatsApp};
use crate::words::new_sid;

/// How long a new sender is being made.
const CREATING: Duration = Duration::from_secs(10);

/// A WhatsApp sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimSender {
    /// `XE…`.
    pub sid: String,
    /// The account it belongs to, `AC…`.
    pub account_sid: String,
    /// `whatsapp:+E164`.
    pub sender_id: String,
    /// Twilio's word; see [`SimSender::status_at`].
    pub status: String,
    /// The WhatsApp Business Account.
    pub waba_id: String,
    /// Where it posts, as Twilio tells it.
    pub webhook: Map<String, Value>,
    /// What people see of it, as Twilio tells it.
    pub profile: Map<String, Value>,
    /// The name that was asked for last, and Twilio's word of what became of it.
    pub pending_name: Option<(String, String)>,
    /// Meta's word.
    pub quality_rating: String,
    /// Meta's words.
    pub messaging_limit: String,
    /// Why it is off.
    pub offline_reasons: Vec<SimOfflineReason>,
    /// It is a sandbox, which people join with `join` and this word.
    pub sandbox: Option<String>,
    /// When it was made.
    pub date_created: DateTime<Utc>,
}

/// Why a sender is off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimOfflineReason {
    /// A string, as Twilio writes it here.
    pub code: String,
    /// Twilio's own text.
    #[serde(default)]
    pub message: String,
}

/// How a sender is from now on; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SenderState {
    /// Twilio's word.
    pub status: Option<String>,
    /// Meta's word.
    pub quality_rating: Option<String>,
    /// Meta's words.
    pub messaging_limit: Option<String>,
    /// Why it is off.
    pub offline_reasons: Option<Vec<SimOfflineReason>>,
    /// It is a sandbox that is joined with this word; an empty one: it is none.
    pub sandbox: Option<String>,
    /// Twilio's word of the name that was asked for last; with `COMPLETED` it is the sender's.
    pub name: Option<String>,
}

impl SimSender {
    /// How it is at this time: what is being made is made after a while.
    #[must_use]
    pub fn status_at(&self, now: DateTime<Utc>) -> &str {
        if self.status == "CREATING" && now >= self.date_created + CREATING {
            "ONLINE"
        } else {
            &self.status
        }
    }

    /// Whether messages go out from it.
    #[must_use]
    pub fn sends_at(&self, now: DateTime<Utc>) -> bool {
        self.status_at(now).starts_with("ONLINE")
    }

    /// What a message meets that it can't send.
    pub(crate) fn trouble(&self) -> i32 {
        let first = self.offline_reasons.first().and_then(|why| why.code.parse().ok());
        first.unwrap_or(63_002)
    }

    /// Other things to show. A name is looked at first; Twilio's word of what becomes of it, if there is one.
    pub(crate) fn change_profile(&mut self, mut changes: Map<String, Value>) -> Option<&'static str> {
        let name = changes.remove("name").and_then(|name| name.as_str().map(str::to_owned));
        self.profile.extend(changes);
        let name = name?;
        if self.profile.get("name").is_some_and(|now| *now == name) {
            return Some("no_change");
        }
        self.pending_name = Some((name, "PENDING_REVIEW".to_owned()));
        Some("updating")
    }

    /// What becomes of the name that was asked for.
    fn say_of_name(&mut self, word: &str) {
        if let Some((name, status)) = &mut self.pending_name {
            word.clone_into(status);
            if word == "COMPLETED" {
                self.profile.insert("name".to_owned(), name.clone().into());
            }
        }
    }

    pub(crate) fn url(&self, name: &str) -> Option<&str> {
        self.webhook.get(name)?.as_str().filter(|url| !url.is_empty())
    }
}

impl WhatsApp {
    /// A sender of an account; one that is there already stays as it is.
    pub(crate) fn add_sender(&mut self, account_sid: &str, phone: &str, status: &str, now: DateTime<Utc>) -> SimSender {
        let sender_id = format!("{PREFIX}{}", phone.trim_start_matches(PREFIX));
        if let Some(known) = self.sender(&sender_id) {
            return known.clone();
        }
        let sender = SimSender {
            sid: new_sid("XE"),
            account_sid: account_sid.to_owned(),
            sender_id,
            status: status.to_owned(),
            waba_id: format!("1{:0>15}", self.senders.len()),
            webhook: object(json!({
                "callback_url": "", "callback_method": "POST", "fallback_url": "", "fallback_method": "POST",
                "status_callback_url": "", "status_callback_method": "POST",
            })),
            profile: object(json!({
                "name": "Simulated business", "about": null, "address": null, "description": null, "emails": [], "logo_url": null,
                "vertical": "Other", "websites": [], "banner_url": null, "privacy_url": null, "terms_of_service_url": null,
                "accent_color": null, "phone_numbers": null,
            })),
            pending_name: None,
            quality_rating: "HIGH".to_owned(),
            messaging_limit: "10K Customers/24hr".to_owned(),
            offline_reasons: Vec::new(),
            sandbox: None,
            date_created: now,
        };
        self.senders.push(sender.clone());
        sender
    }

    pub(crate) fn sender_of(&self, account_sid: &str, sid: &str) -> Option<&SimSender> {
        self.senders.iter().find(|s| s.sid == sid && s.account_sid == account_sid)
    }

    pub(crate) fn change_sender(&mut self, sid: &str, change: impl FnOnce(&mut SimSender)) -> Option<SimSender> {
        let sender = self.senders.iter_mut().find(|s| s.sid == sid)?;
        change(sender);
        Some(sender.clone())
    }

    /// How a sender, known by its address, is from now on; none if it is not there.
    pub(crate) fn set_sender(&mut self, sender_id: &str, state: SenderState) -> Option<SimSender> {
        let sid = self.sender(sender_id)?.sid.clone();
        self.change_sender(&sid, |sender| {
            let online = state.status.as_deref().is_some_and(|status| status.starts_with("ONLINE"));
            sender.status = state.status.unwrap_or_else(|| sender.status.clone());
            sender.quality_rating = state.quality_rating.unwrap_or_else(|| sender.quality_rating.clone());
            sender.messaging_limit = state.messaging_limit.unwrap_or_else(|| sender.messaging_limit.clone());
            if let Some(word) = state.sandbox {
                sender.sandbox = Some(word).filter(|word| !word.is_empty());
            }
            if let Some(word) = state.name {
                sender.say_of_name(&word);
            }
            match state.offline_reasons {
                Some(reasons) => sender.offline_reasons = reasons,
                None if online => sender.offline_reasons.clear(),
                None => {}
            }
        })
    }

    pub(crate) fn delete_sender(&mut self, sid: &str) {
        self.senders.retain(|s| s.sid != sid);
    }
}

fn object(json: Value) -> Map<String, Value> {
    match json {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
