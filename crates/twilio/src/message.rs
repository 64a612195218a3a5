//! A message as Twilio's REST API shows it.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// A message on Twilio's side (docs/twilio.md §5, §6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `SM…` or `MM…`.
    pub sid: String,
    /// `AC…`.
    pub account_sid: String,
    /// The sender; not yet known when a Messaging Service picks it.
    pub from: Option<String>,
    /// The recipient.
    pub to: String,
    /// The text; empty after it was redacted.
    pub body: String,
    /// Twilio's word, such as `queued`; words unknown to us occur.
    pub status: String,
    /// `inbound`, `outbound-api`, `outbound-reply`, `outbound-call`.
    pub direction: String,
    /// SMS segments; 0 while a Messaging Service has not counted them yet.
    pub num_segments: u32,
    /// Count of attachments.
    pub num_media: u32,
    /// See [`crate::errors`].
    pub error_code: Option<i32>,
    /// Twilio's own text to the code.
    pub error_message: Option<String>,
    /// Price as a decimal number, negative for a charge, such as `-0.00750`; absent until it is known.
    pub price: Option<String>,
    /// ISO 4217 code in the case Twilio writes it, such as `USD`.
    pub price_unit: Option<String>,
    /// When Twilio took it; whole seconds.
    pub date_created: Option<DateTime<Utc>>,
    /// When it was handed to the carrier (or received, for an inbound one); whole seconds.
    pub date_sent: Option<DateTime<Utc>>,
    /// When Twilio last changed it; whole seconds.
    pub date_updated: Option<DateTime<Utc>>,
}

impl Message {
    /// Takes what can be read. Only a sid is indispensable: once there is one, Twilio has the message, whatever else the answer lacks.
    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let sid = text(json, "sid").filter(|sid| crate::forms::is_sid(sid, &["SM", "MM"]))?;
        Some(Self {
            sid,
            account_sid: text(json, "account_sid").unwrap_or_default(),
            from: text(json, "from"),
            to: text(json, "to").unwrap_or_default(),
            body: text(json, "body").unwrap_or_default(),
            status: text(json, "status").unwrap_or_default(),
            direction: text(json, "direction").unwrap_or_default(),
            num_segments: text(json, "num_segments").and_then(|n| n.parse().ok()).unwrap_or_default(),
            num_media: text(json, "num_media").and_then(|n| n.parse().ok()).unwrap_or_default(),
            error_code: text(json, "error_code")
                .and_then(|n| n.parse().ok())
                .filter(|code| *code != 0),
            error_message: text(json, "error_message"),
            price: text(json, "price"),
            price_unit: text(json, "price_unit"),
            date_created: date(json, "date_created"),
            date_sent: date(json, "date_sent"),
            date_updated: date(json, "date_updated"),
        })
    }
}

/// A string or number that is not empty; Twilio writes some numbers as strings.
fn text(json: &Value, name: &str) -> Option<String> {
    match json.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn date(json: &Value, name: &str) -> Option<DateTime<Utc>> {
    domain::when::mail_date(json.get(name)?.as_str()?)
}
