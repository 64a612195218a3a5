//! Texts that staff send with a few keys, and what is done with the conversation besides.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    conversations::{ConversationRow, MemberName},
    messages::MessageView,
};

/// Variables that a quick reply may use, each with what stands in its place. Those of a visit are filled from the next one.
pub const VARIABLES: [(&str, &str); 8] = [
    ("name", "the customer’s name"),
    ("first_name", "the first word of it"),
    ("business", "your business’s name"),
    ("date", "the day of their next visit"),
    ("time", "its time"),
    ("staff", "who sees them"),
    ("location", "where it is"),
    ("me", "your own name"),
];

/// A quick reply; with actions it is a macro.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuickReplyView {
    pub id: Uuid,
    pub name: String,
    /// With variables in double braces.
    pub body: String,
    pub actions: Actions,
}

/// What is done with the conversation besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Actions {
    /// Who looks after it from now on: an account of the business, or `me` for whoever runs this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign: Option<String>,
    /// The person gets this tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The title of a task about the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// `close`, or an offer to put it aside until: `1h`, `3h`, `tomorrow`, `monday`, `visit`, `after_visit`, `answer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub afterwards: Option<String>,
}

impl Actions {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// All of them, and who a conversation can be given to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickReplies {
    /// By name.
    pub all: Vec<QuickReplyView>,
    pub members: Vec<MemberName>,
}

/// A quick reply to be added or changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SaveQuickReply {
    /// 1 to 40 characters, another one than any other's.
    pub name: String,
    /// Up to 1,600 characters; may be empty where there are actions.
    pub body: String,
    #[serde(default)]
    pub actions: Actions,
}

/// A text and actions in one go: all of it is done, or nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarryOut {
    /// As it is to be sent; nothing is where it is empty.
    pub body: String,
    /// Makes a repeat harmless.
    pub correlation_id: Uuid,
    /// The newest message or note that whoever wrote it has seen.
    #[serde(default)]
    pub after_message_id: Option<Uuid>,
    pub actions: Actions,
}

/// What has been done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarriedOut {
    pub message: Option<MessageView>,
    pub conversation: ConversationRow,
}
