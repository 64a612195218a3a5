//! What a view of the inbox is narrowed by, and how it is kept under a name. Filters are written as in an address: `tag=vip&visit=7d`.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{businesses::LocationView, contacts::TagView, conversations::MemberName};

/// One of the things that a view is narrowed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterTerm {
    pub words: String,
    /// The filters without it.
    pub without: String,
}

/// A view and its filters under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFilter {
    pub id: Uuid,
    pub name: String,
    pub show: Option<String>,
    pub filters: String,
    /// Everybody of the business has it.
    pub shared: bool,
    /// Whoever asks may rename and remove it.
    pub may_change: bool,
}

/// What is to be kept under a name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaveFilter {
    /// 1 to 40 characters.
    pub name: String,
    pub show: Option<String>,
    /// At least one.
    pub filters: String,
    /// For everybody of the business, which owners and admins alone may decide.
    pub shared: bool,
}

/// What a filter can be chosen from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FilterChoices {
    pub members: Vec<MemberName>,
    /// The most used ones.
    pub tags: Vec<TagView>,
    pub locations: Vec<LocationView>,
    pub saved: Vec<SavedFilter>,
}
