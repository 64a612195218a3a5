//! What a person sees of how their account is guarded.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A browser in which this person is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    pub id: Uuid,
    /// "Firefox on Windows".
    pub device: String,
    pub created_at: DateTime<Utc>,
    /// To the quarter of an hour.
    pub seen_at: DateTime<Utc>,
    /// The one that asks.
    pub this: bool,
}

/// A browser that is not asked for a code for some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedDevice {
    pub id: Uuid,
    pub device: String,
    pub trusted_until: DateTime<Utc>,
}

/// A picture of squares to be read by a phone's camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrView {
    /// Squares on each side, without the margin.
    pub size: u32,
    /// The dark ones, as the path of an SVG.
    pub path: String,
}

/// An authenticator that is being set up: what it has to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunFactor {
    pub qr: QrView,
    /// The same as text, in fours.
    pub secret: String,
}

/// The second step of signing in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactorView {
    Off,
    Begun(BegunFactor),
    On { since: DateTime<Utc>, recovery_codes_left: u32 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityView {
    pub sessions: Vec<SessionView>,
    pub factor: FactorView,
    pub devices: Vec<TrustedDevice>,
}

/// Recovery codes, at the only time anybody sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodes {
    pub codes: Vec<String>,
    pub security: SecurityView,
}
