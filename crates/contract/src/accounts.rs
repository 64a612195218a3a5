//! People who sign in, and what they may do.

use chrono::{DateTime, Utc};
pub use domain::permissions::Role;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{businesses::BusinessView, conversations::ViewCounts};

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
    /// Where else they work.
    #[serde(default)]
    pub elsewhere: Vec<BusinessChoice>,
    /// Somebody who runs the installation looks into the business: nothing can be changed.
    #[serde(default)]
    pub looking: bool,
    /// They run the installation.
    #[serde(default)]
    pub platform_admin: bool,
}

/// A business that somebody works in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessChoice {
    pub id: Uuid,
    pub name: String,
    pub role: Role,
}

/// Somebody who works in the business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberView {
    /// Of their account: what conversations and tasks are given to.
    pub id: Uuid,
    pub name: String,
    pub email: String,
    /// `owner`, `admin`, `staff`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub role: Role,
    /// Since when they belong to it.
    pub created_at: DateTime<Utc>,
}

/// Which page of members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct MemberQuery {
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 100; 50 if not given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100))]
    pub limit: Option<u64>,
}

/// Everybody who works in the business or is to join it, as a member sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleView {
    pub members: Vec<PersonView>,
    /// Those that are open; none for who may not invite.
    pub invitations: Vec<InvitationView>,
    pub mail_works: bool,
    /// Of the invitation that was just made, where no mail can bring it.
    pub link: Option<InvitationLink>,
}

/// A member in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    pub member: MemberView,
    /// When they last signed in to work here.
    pub last_in_at: Option<DateTime<Utc>>,
    /// Whether they sign in with a code as well; told to those who manage the business.
    pub second_factor: Option<bool>,
}

/// A link that is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationLink {
    pub email: String,
    pub url: String,
}

/// Somebody who is to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationView {
    pub id: Uuid,
    pub email: String,
    pub role: Role,
    /// By name.
    pub invited_by: String,
    pub sent_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub expired: bool,
    /// What became of its mail, in a sentence; none: there is none.
    pub mail: Option<String>,
    pub mail_failed: bool,
}

/// Who is to join, and as what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    pub email: String,
    pub role: Role,
}

/// An invitation, as whoever has its link sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedView {
    pub business: String,
    pub role: Role,
    pub email: String,
    pub invited_by: String,
    pub expires_at: DateTime<Utc>,
    pub visitor: Visitor,
}

/// Who looks at an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Visitor {
    /// Nobody is signed in.
    Stranger,
    /// The one it is for.
    Invited { name: String },
    /// They work there already.
    Member { business_id: Uuid },
    /// Somebody else.
    Other { name: String, email: String },
}

/// Name and password of who joins without an account.
#[derive(Clone, Serialize, Deserialize)]
pub struct JoinAsNew {
    pub name: String,
    pub password: String,
}

/// A person's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    pub name: String,
    pub email: String,
    /// A new address that waits for its confirmation.
    pub new_email: Option<String>,
    pub mail_works: bool,
}

/// A link that changes an e-mail address: what it would be, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChangeView {
    pub email: String,
    pub before: String,
    /// It is the address of the account already.
    pub confirmed: bool,
}
