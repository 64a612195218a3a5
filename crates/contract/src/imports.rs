//! Files that people bring: contacts and visits as CSV.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// The file is coming in.
    Uploading,
    /// Somebody decides how it is to be read.
    Ready,
    Running,
    Done,
    /// Somebody stopped it; what was saved until then stays.
    Cancelled,
    /// It can't go on; `problem` says why.
    Failed,
}

impl ImportStatus {
    pub const ALL: [Self; 6] = [
        Self::Uploading,
        Self::Ready,
        Self::Running,
        Self::Done,
        Self::Cancelled,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Uploading => "Coming in",
            Self::Ready => "To be started",
            Self::Running => "Running",
            Self::Done => "Done",
            Self::Cancelled => "Cancelled",
            Self::Failed => "Stopped",
        }
    }
}

impl std::str::FromStr for ImportStatus {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or(())
    }
}

/// What became of a file's rows, counted by what was saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRows {
    pub created: u32,
    pub updated: u32,
    pub unchanged: u32,
    /// The file has them twice; the first one counts.
    pub duplicate: u32,
    /// Past, or cancelled in the other system.
    pub skipped: u32,
    /// They come back with the reason: `/imports/{id}/refused.csv`.
    pub refused: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportView {
    pub id: Uuid,
    /// `contacts` or `appointments`.
    pub kind: String,
    pub status: ImportStatus,
    pub file_name: String,
    /// Nothing is saved: the counts say what would be.
    pub dry_run: bool,
    /// Rows of the file that hold something, and how many of them are done.
    pub total: u32,
    pub done: u32,
    pub rows: ImportRows,
    /// How many contacts or visits had which field changed.
    pub changed: BTreeMap<String, u32>,
    /// `UTF-8`, `UTF-16LE`, `UTF-16BE`, `Windows-1252`.
    pub encoding: String,
    /// What stands between cells.
    pub delimiter: String,
    /// Whether the first row names the columns.
    pub has_header: bool,
    /// Why it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Who brought it.
    pub by: String,
    pub created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportColumn {
    pub header: String,
    pub samples: Vec<String>,
    /// What it holds; empty: it is not imported.
    pub field: String,
}

/// A row as it would be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewRow {
    /// As a spreadsheet counts them.
    pub number: u32,
    /// `created` and so on.
    pub outcome: String,
    /// What it says, in words.
    pub words: String,
    /// Why it would be refused or left out, or what would be changed.
    pub note: String,
}

/// The first rows as they would be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// What the first rows would become; all of the file's, if it has not more.
    pub looked_at: u32,
    pub rows: ImportRows,
    pub first: Vec<PreviewRow>,
}

/// The screen of one import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportPage {
    pub import: ImportView,
    pub columns: Vec<ImportColumn>,
    /// What a column can hold, with words for people.
    pub fields: Vec<(String, String)>,
    /// `dmy`, `mdy`, or empty: it need not be said, or nobody has said it.
    pub date_order: String,
    /// A question by an example, where it has to be said.
    pub date_question: Option<String>,
    /// `booked`, `unknown`, `column`, or empty: not decided.
    pub consent: String,
    pub include_past: bool,
    /// What has to be decided before it can start.
    pub missing: Vec<String>,
    pub preview: Option<Preview>,
    /// The first of the rows that were refused.
    pub refused: Vec<PreviewRow>,
}

/// How a file is to be read; what is not given stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportOptions {
    /// A field for each column from the left; empty: not imported.
    pub fields: Option<Vec<String>>,
    pub date_order: Option<String>,
    pub consent: Option<String>,
    pub include_past: Option<bool>,
}

/// A file for the API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateImport {
    /// `contacts` or `appointments`.
    pub kind: String,
    /// The file's text, with a row of headings.
    pub csv: String,
    /// What each heading holds: `{"Cell": "phone", "Shoe size": ""}`; empty: not imported. Headings that are not named here are guessed.
    #[serde(default)]
    pub mapping: Option<BTreeMap<String, String>>,
    /// Nothing is saved; the counts say what would be.
    #[serde(default)]
    pub dry_run: bool,
    /// `dmy` or `mdy`, where dates like 3/4/2027 could be read in two ways.
    #[serde(default)]
    pub date_order: Option<String>,
    /// `booked`: the numbers were given for bookings, which agrees to texts about appointments; `column`: a column says it. Otherwise where
    /// people stand stays as it is.
    #[serde(default)]
    pub consent: Option<String>,
    /// Visits that are past are left out otherwise.
    #[serde(default)]
    pub include_past: bool,
    /// For the evidence of consent.
    #[serde(default)]
    pub file_name: Option<String>,
}

/// The same for a file that is the body, as `text/csv`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// `contacts` or `appointments`; in the query string where the file is the body.
    #[serde(default)]
    pub kind: Option<String>,
    /// Nothing is saved; the counts say what would be.
    #[serde(default)]
    pub dry_run: Option<bool>,
    /// `dmy` or `mdy`.
    #[serde(default)]
    pub date_order: Option<String>,
    /// `booked`, `unknown` or `column`.
    #[serde(default)]
    pub consent: Option<String>,
    #[serde(default)]
    pub include_past: Option<bool>,
    /// For the evidence of consent.
    #[serde(default)]
    pub file_name: Option<String>,
}
