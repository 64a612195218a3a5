//! What the business asked for.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// One request of the business to send a message, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Create {
    /// Counts up; the order in which requests arrived.
    pub seq: u64,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// The recipient asked for.
    pub to: String,
    /// The text.
    pub body: String,
    /// Where its status was to be reported.
    pub status_callback: String,
    /// Seconds after which Twilio need not try any more, if that was said.
    pub validity_period: Option<u32>,
    /// The content and its values, if it was to be made of one.
    pub content: Option<(String, String)>,
    /// `SM…` if it was stored.
    pub sid: Option<String>,
    /// The HTTP status of the answer; absent while there is none, and for ever when the connection was cut.
    pub http: Option<u16>,
}

impl Create {
    /// Whether the caller knows for sure that nothing was sent: only then it may ask again.
    #[must_use]
    pub fn was_refused(&self) -> bool {
        self.http.is_some_and(|http| (400..500).contains(&http))
    }
}
