//! E-mails to the people of a business.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Whether mail can be sent at all, and the last ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailView {
    /// Who mail is from; none: no mail server is set up.
    pub from: Option<String>,
    /// The last mails, newest first.
    pub mails: Vec<MailView>,
}

/// A mail and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailView {
    pub id: Uuid,
    /// What it tells, and whom.
    pub what: String,
    /// When it was written, by the business's clock.
    pub at: String,
    /// Whether it was handed over, in one or two sentences.
    pub state: String,
    /// It did not arrive, or nobody knows whether it did.
    pub failed: bool,
}
