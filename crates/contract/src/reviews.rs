//! Reviews: where customers write them, who is asked for one, and who was not, with the reason.

use chrono::{DateTime, Utc};
pub use domain::reviews::{Platform, Rules, Status, TypeDelay};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A page on which customers write reviews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddPlatform {
    /// `google`, `trustpilot` or `custom`
    pub kind: String,
    pub name: String,
    /// Google: the link that it gives for reviews. Trustpilot: the secret address of its automatic invitations. Else any page.
    pub url: String,
    /// None: of the whole business.
    #[serde(default)]
    pub location_id: Option<Uuid>,
}

/// A page on which customers write reviews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlatformView {
    pub id: Uuid,
    /// `google`, `trustpilot` or `custom`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: Platform,
    pub name: String,
    /// The link; none for a secret address, which is not shown again.
    pub url: Option<String>,
    pub location_id: Option<Uuid>,
    pub location_name: Option<String>,
    /// What who uses it should know.
    pub warning: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// Somebody is to be asked for a review: a contact, or whoever has this number. Nothing here says how they felt: everybody is asked alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AskForReview {
    #[serde(default)]
    pub contact_id: Option<Uuid>,
    /// With `phone`, in place of `contact_id`.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub location_id: Option<Uuid>,
    #[serde(default)]
    pub appointment_id: Option<Uuid>,
    /// What you call it: the same one is the same request.
    #[serde(default)]
    pub reference: Option<String>,
    /// From now; that of the settings if not given. 0: as soon as the hours for asking allow.
    #[serde(default)]
    pub delay_minutes: Option<i32>,
    /// The id of a platform, or its kind; that of the location, else of the business, if not given.
    #[serde(default)]
    pub platform: Option<String>,
}

/// Which requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct RequestQuery {
    /// `planned`, `sent`, `clicked`, `skipped` or `failed`; all if not given.
    #[serde(default)]
    pub status: Option<String>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    pub limit: Option<u64>,
}

/// Somebody who was asked for a review, is to be, or was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestView {
    pub id: Uuid,
    pub contact_id: Uuid,
    /// The contact's name, or number if the name is not known.
    pub contact_name: String,
    /// E.164.
    pub phone: String,
    pub phone_display: String,
    pub platform_id: Uuid,
    pub platform_name: String,
    pub appointment_id: Option<Uuid>,
    pub location_id: Option<Uuid>,
    pub reference: Option<String>,
    /// `visit` or `api`
    pub source: String,
    /// `planned`, `sent`, `clicked`, `skipped` or `failed`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: Status,
    /// Why nobody was asked, or what it waits for.
    pub reason: Option<String>,
    /// When it goes out, as far as that is known.
    pub due_at: DateTime<Utc>,
    /// The way that it went.
    pub channel: Option<String>,
    pub asked_at: Option<DateTime<Utc>>,
    /// How often people opened the link.
    pub clicks: i32,
    /// How often machines did most likely: previews, scanners.
    pub machines: i32,
    pub opened_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// What came of asking in the last days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figures {
    pub days: i64,
    pub asked: i64,
    /// Not asked, for a reason.
    pub skipped: i64,
    /// Asked people who opened the link.
    pub opened: i64,
    /// Times that people opened a link.
    pub people: i64,
    /// Times that machines did, most likely.
    pub machines: i64,
}

/// The screen of reviews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    pub figures: Figures,
    /// Nobody is asked: it was stopped.
    pub stopped: bool,
    /// There is somewhere to write a review.
    pub has_platform: bool,
}

/// Its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewSettings {
    pub rules: Rules,
    pub platforms: Vec<PlatformView>,
}
