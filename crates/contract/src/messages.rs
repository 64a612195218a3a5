//! Texts, both ways.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Inbound,
    Outbound,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageView {
    pub id: Uuid,
    pub conversation_id: Uuid,
    pub contact_id: Uuid,
    pub direction: Direction,
    /// `sms`, `whatsapp` or `email`
    pub channel: String,
    /// `reply`, `reminder`, `moved`, `automatic`, `opted_out` or `customer`
    pub kind: String,
    /// queued, sending, sent, delivered, read, undelivered, failed, cancelled, unknown, received
    pub status: String,
    /// The status as a person would say it; a waiting message says until when and why.
    pub status_words: String,
    /// What it says; where `removed`, that its words were removed, and after how long.
    pub body: String,
    /// Its words were removed, because the business keeps them no longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    pub segments: u32,
    /// The member who wrote it, for replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    pub provider_sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// US dollars like `0.0083`, for what was handed over: an estimate until Twilio's own price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// `cost` is Twilio's own.
    pub cost_is_final: bool,
    /// It was not delivered, and is tried again by itself then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<DateTime<Utc>>,
    /// Its status is `unknown`, and Twilio's log did not tell either: a person should say whether it arrived.
    pub to_settle: bool,
    /// A reply that is held until then, and can be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_until: Option<DateTime<Utc>>,
    /// When it is to go out, of one that was written for later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<DateTime<Utc>>,
    /// The message that is known to have failed, in whose place this one goes another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_of: Option<Uuid>,
    /// Why it goes this way, where that was learned from what they answered before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen_because: Option<String>,
    /// It does not go out at its time: the customer wrote first, and a person decides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    pub created_at: DateTime<Utc>,
}

impl MessageView {
    /// It waits for its own time, or for a person because of what came before that.
    pub fn is_for_later(&self) -> bool {
        self.status == "queued" && self.send_at.is_some()
    }

    /// Where it stands in its thread.
    pub fn at(&self) -> DateTime<Utc> {
        let went_out = !matches!(self.status.as_str(), "queued" | "cancelled");
        self.send_at.filter(|_| went_out).unwrap_or(self.created_at)
    }
}

/// A row of the message log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogRow {
    pub message: MessageView,
    /// The contact's name, or number if the name is not known.
    pub contact_name: String,
}

/// A staff reply or an API text. `correlation_id` makes a repeat harmless: the same id in one business is one message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    pub contact_id: Uuid,
    /// 1 to 1,600 characters.
    pub body: String,
    /// `sms` (what is sent if nothing is said), `whatsapp` or `email`.
    #[serde(default)]
    pub channel: Option<String>,
    #[serde(default)]
    pub correlation_id: Option<String>,
    /// The newest message of the thread that the writer has seen. Where something newer stands there, a text of the customer, a reply or a
    /// note, this is refused (409) and nothing is sent.
    #[serde(default)]
    pub after_message_id: Option<Uuid>,
    /// When it is to go out, at most two years from now; at once if not given. Whether it may go is asked again then, and it waits for a
    /// person if the customer writes first.
    #[serde(default)]
    pub send_at: Option<DateTime<Utc>>,
}

/// Another text, another time, or both, of one that was written for later.
#[derive(Clone, Debug)]
pub struct ChangeLater {
    /// 1 to 1,600 characters.
    pub body: String,
    /// In the future, at most two years from now.
    pub send_at: DateTime<Utc>,
}

/// A text to any number that says it is a test.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendTest {
    /// As people of the business's country write it.
    pub phone: String,
    /// The same twice is one text.
    #[serde(default)]
    pub correlation_id: Option<String>,
}

/// A person's word on a text that is `to_settle`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SettleMessage {
    pub message_id: Uuid,
    /// Otherwise it has failed, and may be sent again.
    pub arrived: bool,
}

/// Messages chosen in the log, at most 200.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MessageIds {
    pub ids: Vec<Uuid>,
}

/// What became of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkResult {
    pub done: Vec<Uuid>,
    pub not_done: Vec<Skipped>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Skipped {
    pub id: Uuid,
    pub reason: String,
}

/// A page of the message log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    /// Only this contact's.
    #[serde(default)]
    pub contact_id: Option<Uuid>,
    /// `waiting`, `trouble` (failed, undelivered or unclear), or nothing for all.
    #[serde(default)]
    pub show: Option<String>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100))]
    pub limit: Option<u64>,
}
