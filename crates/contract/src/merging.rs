//! Two contacts that turn out to be one person.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contacts::ContactView;

/// Who the contact turned out to be as well: what is theirs moves over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct MergeContacts {
    pub other_id: Uuid,
}

/// What a merge would do, before it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergePreview {
    /// Who stays.
    pub kept: MergeSide,
    /// Whose number, messages and visits move over.
    pub other: MergeSide,
    /// The person that they would be.
    pub result: ContactView,
    /// What else to know, in plain words.
    pub warnings: Vec<String>,
    /// Why it can't be done now, and what to do first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// One of the two, with how much there is of what moves; counted up to 20,000.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergeSide {
    pub contact: ContactView,
    pub appointments: u32,
    /// Texts and e-mails, either way.
    pub messages: u32,
    /// Those among them that have not left yet.
    pub waiting: u32,
    pub notes: u32,
    pub open_tasks: u32,
}

/// The screen on which two are merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MergePage {
    pub contact: ContactView,
    /// Who it could be.
    pub candidates: Vec<ContactView>,
    /// Once one of them is chosen.
    pub preview: Option<MergePreview>,
}
