//! What customers are told, in whose words: texts of a kind, for a channel, in a language.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateView {
    /// Like `reminder`.
    pub kind: String,
    /// `sms`, `whatsapp`, `email`
    pub channel: String,
    /// `en`, `es`
    pub language: String,
    /// Of an e-mail.
    pub subject: Option<String>,
    /// With variables in double braces.
    pub body: String,
    /// Whether the business wrote it; else it is the built-in one.
    pub own: bool,
    /// How often it was changed; 0: never.
    pub version: i32,
    /// Who did that last.
    pub changed_by: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
    /// What it says where nobody has written anything else.
    pub built_in: TemplateWords,
    /// What may stand in it.
    pub variables: Vec<String>,
    /// What must.
    pub needed: Vec<String>,
    /// Of a text on WhatsApp that is handed in there: how far that has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalView>,
}

/// How far a text on WhatsApp has come, by the wording that was handed in last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApprovalView {
    /// draft, submitted, received, pending, approved, rejected, paused, disabled or unclear
    pub state: String,
    /// The same in words.
    pub words: String,
    /// Why it was rejected or paused.
    pub reason: Option<String>,
    /// What was handed in is what the text says now; if not, messages go out by what was approved before until this is, too.
    pub is_current: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateWords {
    pub subject: Option<String>,
    pub body: String,
}

/// Which texts to list; what is not given is all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct TemplateQuery {
    #[serde(default)]
    pub kind: Option<String>,
    /// `sms`, `whatsapp`, `email`
    #[serde(default)]
    pub channel: Option<String>,
    /// `en`, `es`
    #[serde(default)]
    pub language: Option<String>,
}

/// What a text says from now on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SaveTemplate {
    /// 1 to 1,600 characters with variables in double braces; WhatsApp: 1,024.
    pub body: String,
    /// Of an e-mail, up to 150 characters.
    #[serde(default)]
    pub subject: Option<String>,
    /// The version that it changes. Given, a text that somebody else has changed meanwhile stays.
    #[serde(default)]
    pub version: Option<i32>,
}

/// A text to be looked at before it is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PreviewTemplate {
    pub kind: String,
    pub channel: String,
    pub language: String,
    pub body: String,
    #[serde(default)]
    pub subject: Option<String>,
    /// The visit it is about; without one, an invented one is.
    #[serde(default)]
    pub appointment_id: Option<Uuid>,
}

/// How a text would arrive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplatePreview {
    /// What can't be filled in stands as it was written.
    pub text: String,
    pub subject: Option<String>,
    pub characters: u32,
    /// Parts that a text message is sent in; 0 for other channels.
    pub segments: u32,
    /// The same without what keeping texts short saves.
    pub segments_as_written: u32,
    /// `gsm7` or `ucs2`
    pub encoding: String,
    /// What it is expected to cost to a number of the business's country, in millionths of a dollar.
    pub cost_micros: Option<i64>,
    /// What is refused first.
    pub warnings: Vec<TemplateWarning>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateWarning {
    /// Like `reserved_word`.
    pub code: String,
    pub detail: String,
    /// With this it is not kept.
    pub refused: bool,
}

/// What a text said from a moment on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateVersionView {
    /// From 1.
    pub version: i32,
    pub subject: Option<String>,
    /// None: the built-in text.
    pub body: Option<String>,
    pub changed_by: String,
    pub changed_at: DateTime<Utc>,
}

/// A visit that a text can be tried with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialVisit {
    pub id: Uuid,
    /// Who and when, in words.
    pub label: String,
}

/// A text, and what there is to know where it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplatePage {
    pub template: TemplateView,
    /// As it stands, about an invented visit.
    pub preview: TemplatePreview,
    /// The newest ones.
    pub versions: Vec<TemplateVersionView>,
    pub visits: Vec<TrialVisit>,
}
