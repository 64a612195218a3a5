//! Banners: what staff should know before anything else.

use serde::{Deserialize, Serialize};

/// Something that keeps texts from going out, or soon will.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notice {
    /// `account_breaker`, `sender_breaker`, `budget_alert`, `budget_used`, `undelivered`, `opt_outs`, `country_needed` and others
    pub kind: String,
    /// Texts wait now; else it is a warning.
    pub urgent: bool,
    /// What is the matter, in one sentence.
    pub text: String,
    /// What to do.
    pub next_step: String,
}
