//! Keys of the REST door.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A key that opens something. The key itself is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyView {
    pub id: Uuid,
    /// What uses it.
    pub name: String,
    /// What it may, like `contacts:read`.
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Its beginning and its end; empty for one that was made before that was kept.
    #[serde(default)]
    pub hint: String,
    /// Who made it.
    #[serde(default)]
    pub created_by: String,
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Addresses and networks where it opens; none: everywhere.
    #[serde(default)]
    pub addresses: Vec<String>,
    #[serde(default)]
    pub last_used_from: Option<String>,
}

/// A key to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    pub name: String,
    /// What it may, like `contacts:read`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Its last day, like 2027-01-31, as days are counted in Greenwich; none: it opens until it is revoked.
    #[serde(default)]
    pub expires_on: Option<String>,
    /// Where it opens: IP addresses and networks, separated by spaces, commas or lines; none: everywhere.
    #[serde(default)]
    pub addresses: Option<String>,
}

/// What a program is told of the key it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyView {
    pub id: Uuid,
    pub name: String,
    pub business: OfBusiness,
    /// What it may, like `contacts:read`.
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// The business that a key is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OfBusiness {
    pub id: Uuid,
    pub name: String,
    pub slug: String,
    pub time_zone: String,
}

/// Which lines of the API's log. All that is given holds at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestQuery {
    /// A key's id.
    #[serde(default)]
    pub key: Option<String>,
    /// `failed`: those that did not work.
    #[serde(default)]
    pub show: Option<String>,
    /// Part of the address, of the method, or of the request's id.
    #[serde(default)]
    pub search: Option<String>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A line of the API's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// `X-Request-Id`.
    pub request_id: String,
    pub method: String,
    /// With the query string; numbers are masked.
    pub path: String,
    pub status: u16,
    pub ms: u32,
    pub ip: String,
    /// What the key is called.
    pub key: String,
    pub content_type: String,
    /// The beginning of what was sent; numbers are masked.
    pub body: Option<String>,
    /// What it was told, if it did not work.
    pub answer: Option<String>,
}

/// A page of the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestLog {
    pub page: crate::Page<RequestRow>,
    /// Ids and names of keys.
    pub keys: Vec<(String, String)>,
    /// Where the API is.
    pub url: String,
}

/// A key that was just made, and all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewApiKey {
    pub key: String,
    pub keys: Vec<ApiKeyView>,
}
