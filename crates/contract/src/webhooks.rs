//! Programs of others that are told what happens, and how that goes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A program that is told what happens in a business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookEndpointView {
    pub id: Uuid,
    pub url: String,
    /// Types of events, or `*` for all there are and will be.
    pub events: Vec<String>,
    /// Whether it is told names, numbers and texts, too; else ids and states alone.
    pub full: bool,
    /// It is told nothing now; what happens meanwhile waits for 30 days.
    pub disabled: bool,
    /// Why it is switched off, in a sentence.
    pub why: Option<String>,
    pub disabled_at: Option<DateTime<Utc>>,
    /// Since when nothing has arrived, though it was tried.
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when the secret before this one is signed with, too.
    pub previous_secret_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// An endpoint's secret, which its receiver checks signatures with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookSecret {
    pub id: Uuid,
    /// `whsec_` and base64, as Standard Webhooks has it.
    pub secret: String,
    /// Until when the one before is signed with, too.
    pub previous_secret_until: Option<DateTime<Utc>>,
}

/// Tells a program from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddWebhookEndpoint {
    /// `https://…`; at most 2,000 characters.
    pub url: String,
    /// Types of events, or `*` for all there are and will be.
    pub events: Vec<String>,
    /// Tell names, numbers and texts, too.
    #[serde(default)]
    pub full: bool,
}

/// Changes what is given, and leaves the rest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EditWebhookEndpoint {
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub events: Option<Vec<String>>,
    #[serde(default)]
    pub full: Option<bool>,
    /// `true` switches it off; `false` on again, and what has waited goes out.
    #[serde(default)]
    pub disabled: Option<bool>,
}

/// Something that an endpoint is told, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookDeliveryView {
    /// Its `webhook-id`.
    pub id: Uuid,
    pub endpoint_id: Uuid,
    /// Its type.
    pub event: String,
    /// What it is of.
    pub about: Uuid,
    /// `waiting`, `sending`, `delivered` or `failed`
    pub status: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The HTTP status of the last answer; none: there was no answer.
    pub answer_status: Option<u16>,
    /// The first 4 kB of the last answer.
    pub answer_body: Option<String>,
    /// How long the last try took.
    pub took_ms: Option<u32>,
    /// Why the last try did not arrive, in a sentence.
    pub why: Option<String>,
    /// When it is tried next.
    pub next_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    /// When it arrived or was given up.
    pub done_at: Option<DateTime<Utc>>,
}

/// The same with what is posted, to the letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookDeliveryDetail {
    pub delivery: WebhookDeliveryView,
    pub body: String,
}

/// Which deliveries of an endpoint, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct WebhookDeliveryQuery {
    /// `waiting`, `sending`, `delivered` or `failed`
    #[serde(default)]
    pub status: Option<String>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100))]
    pub limit: Option<u64>,
}

/// Tells once more what happened within a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ResendWebhooks {
    /// RFC 3339: what happened at that moment or later.
    pub since: DateTime<Utc>,
    /// What happened before that; now if not given.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
    /// What has arrived, too; else only what was given up.
    #[serde(default)]
    pub delivered: bool,
}

/// What comes of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resent {
    /// So many wait again, oldest first.
    pub resent: u32,
    /// There are more: ask once more.
    pub more: bool,
}
