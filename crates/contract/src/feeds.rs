//! Addresses at which somebody's own calendar reads visits.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How much such a calendar tells of customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    #[default]
    Initials,
    Name,
    NameAndPhone,
}

impl Detail {
    pub const ALL: [Detail; 3] = [Detail::Initials, Detail::Name, Detail::NameAndPhone];

    pub fn as_str(self) -> &'static str {
        match self {
            Detail::Initials => "initials",
            Detail::Name => "name",
            Detail::NameAndPhone => "name_and_phone",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Detail::Initials => "Initials only",
            Detail::Name => "Names",
            Detail::NameAndPhone => "Names and phone numbers",
        }
    }

    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|detail| detail.as_str() == text)
    }
}

/// An address that was given out. What it is nobody can read any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedView {
    pub id: Uuid,
    /// Whose it is.
    pub owner: String,
    /// Whose visits it shows; none: all.
    pub staff_label: Option<String>,
    pub detail: Detail,
    pub created_at: DateTime<Utc>,
}

/// A new one, with its address: the only time that it is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFeed {
    pub url: String,
    pub feeds: Vec<FeedView>,
}

/// What somebody wants to read in their calendar. `staff_label_id`: empty for all visits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateFeed {
    pub staff_label_id: String,
    pub detail: String,
}
