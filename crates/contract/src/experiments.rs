//! Two texts to customers that are tried against each other.

use chrono::{DateTime, Utc};
pub use domain::experiments::Status;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::templates::TemplateView;

/// Another text is to be tried against the one that customers get. Nobody gets it before the test is started.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanExperiment {
    /// `reminder`, `moved`, `offer_held`, `offer_race`
    pub kind: String,
    /// `sms`, `email`
    pub channel: String,
    /// `en`, `es`
    pub language: String,
    /// The other text, with variables in double braces.
    pub body: String,
    /// Of an e-mail.
    #[serde(default)]
    pub subject: Option<String>,
    /// What they are compared by: `confirmed`, `answered`, `missed`, `delivered`
    pub measure: String,
    /// Of a hundred people, how many it is now: 0 to 100.
    pub usual_percent: i32,
    /// How many it would have to be to be worth it. The closer to the one before, the more people it takes.
    pub worth_percent: i32,
}

/// A test as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExperimentView {
    pub id: Uuid,
    pub kind: String,
    pub channel: String,
    pub language: String,
    pub measure: String,
    pub usual_percent: i32,
    pub worth_percent: i32,
    /// `planned`, `running`, `done`, `stopped`, `harmful`
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: Status,
    /// What can be said now, in words: of a test that is not done never who is better.
    pub standing: String,
    /// The better text (`a`, `b`), once everybody is counted and if there is one.
    pub winner: Option<String>,
    /// People that each text takes; fixed when it was planned.
    pub needed: u32,
    /// How far it is, in hundredths, of the text that has fewer people.
    pub progress: u8,
    /// Whether people come into it who were not in it before.
    pub enrolling: bool,
    /// When as many as it takes will have got each text, at as many people a day as there are now; none where nobody can tell.
    pub expected_at: Option<DateTime<Utc>>,
    /// New people a day, about.
    pub people_a_day: f64,
    /// The text as it was (`a`), and the one that is tried (`b`).
    pub arms: Vec<ArmView>,
    /// Why it ended before its end.
    pub why: Option<String>,
    /// The version of the text that took the better words over.
    pub adopted_version: Option<i32>,
    pub planned_by: String,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// One of the two texts, and what is counted of it. People are counted, each once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArmView {
    /// `a`, `b`
    pub arm: String,
    pub subject: Option<String>,
    pub body: String,
    /// Who got it.
    pub people: u64,
    /// Those of them whose outcome is known, and of how many it is what is measured.
    pub counted: u64,
    pub hits: u64,
    /// Those whose outcome is to come.
    pub waiting: u64,
    /// Those for whom it will never be known.
    pub not_counted: u64,
    /// Those who asked for no more texts.
    pub opted_out: u64,
    /// `hits` of `counted`, 0 to 1; none of nobody.
    pub rate: Option<f64>,
    /// Where the true rate lies, 95 times of 100 (Wilson).
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// Which of a business's tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ExperimentQuery {
    /// 1 to 100; 50 if not said.
    #[serde(default)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// What the page needs on which a test is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExperimentForm {
    /// The text as it stands.
    pub template: TemplateView,
    /// What it can be compared by; none: it can't be tried.
    pub measures: Vec<String>,
    /// The test of it that is planned or runs.
    pub open: Option<Uuid>,
}
