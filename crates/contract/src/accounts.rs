//! People who sign in, and what they may do.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{businesses::BusinessView, conversations::ViewCounts};

/// What a member is inside one business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Staff,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Admin => "admin",
            Role::Staff => "staff",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        match s {
            "owner" => Ok(Role::Owner),
            "admin" => Ok(Role::Admin),
            "staff" => Ok(Role::Staff),
            _ => Err(()),
        }
    }
}

/// A new business with its owner. `time_zone` is an IANA name; empty or unknown means UTC. `country` is ISO alpha-2;
/// without it the country of the business's number is taken, else that of the time zone, else it is not known.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    pub business_name: String,
    pub name: String,
    pub email: String,
    pub password: String,
    #[serde(default)]
    pub time_zone: Option<String>,
    #[serde(default)]
    pub country: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

/// Who is looking, and at which business; on every page. `live_cursor` was read before the page's data: a stream resumed
/// from it misses nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Me {
    pub account_id: Uuid,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub business: BusinessView,
    /// What the inbox holds for this person.
    #[serde(default)]
    pub counts: ViewCounts,
    /// Open tasks, counted up to 99.
    pub open_tasks: u32,
    /// What they have not seen yet, counted up to 99.
    #[serde(default)]
    pub notifications: u32,
    pub live_cursor: i64,
    /// Whether single keys do something.
    #[serde(default)]
    pub shortcuts: bool,
    /// So many seconds a reply can be taken back.
    #[serde(default)]
    pub undo_seconds: i32,
    /// They get no new conversations.
    #[serde(default)]
    pub away: bool,
    /// Somebody who runs the installation looks into the business: nothing can be changed.
    #[serde(default)]
    pub looking: bool,
    /// They run the installation.
    #[serde(default)]
    pub platform_admin: bool,
}
