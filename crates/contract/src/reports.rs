//! Kept counters.

use domain::{
    figures::{self, Bars},
    when,
};
use serde::{Deserialize, Serialize};

/// Which days: ISO dates of the business's own calendar, both included. Without them the last 30 days.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct DailyQuery {
    /// `2027-01-01`
    #[serde(default)]
    pub from: Option<String>,
    /// `2027-01-31`
    #[serde(default)]
    pub to: Option<String>,
}

/// What happened on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Daily {
    /// `2027-01-04`
    pub day: String,
    /// Texts from customers.
    pub received: i64,
    /// Texts that Twilio took.
    pub sent: i64,
    /// Texts the networks confirmed.
    pub delivered: i64,
    /// Texts that failed or were undelivered, for good.
    pub failed: i64,
    /// Texts withdrawn before they were handed over.
    pub cancelled: i64,
    /// People who opted out, and in.
    pub opted_out: i64,
    pub opted_in: i64,
}

/// Which days, and of what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ReportQuery {
    /// The first day, like `2027-01-01`, by the business's own calendar. Without it 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day. Without it today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of this location alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_id: Option<String>,
    /// Of this type of visit alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_id: Option<String>,
    /// `sms`, `whatsapp` or `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// `previous`: with as many days before, which begin on the same day of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<String>,
}

/// A figure, what it is made of, and what can be said of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figure {
    /// A share from 0 to 1, seconds, or dollars; `null` where there is nothing to divide by.
    pub value: Option<f64>,
    #[serde(serialize_with = "whole_if_it_is")]
    #[cfg_attr(feature = "openapi", schema(value_type = f64))]
    pub numerator: f64,
    pub denominator: i64,
    /// Where the true share lies, 95 times of 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Of times: nine of ten were no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<f64>,
    /// The value of the days before, if they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<f64>,
}

/// 9 and not 9.0, where it is a count.
fn whole_if_it_is<S: serde::Serializer>(n: &f64, to: S) -> Result<S::Ok, S::Error> {
    if n.fract() == 0.0 && n.abs() < 9e15 {
        to.serialize_i64(*n as i64)
    } else {
        to.serialize_f64(*n)
    }
}

/// All figures of some days.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// Missed, of those kept or missed.
    pub no_show_rate: Figure,
    /// Cancelled less than 24 hours before, of all.
    pub late_cancellation: Figure,
    /// Cancelled earlier, of all.
    pub early_cancellation: Figure,
    /// Begun and not marked, of those that were not cancelled.
    pub unmarked: Figure,
    /// Confirmed by the customer before the start, of those a reminder left for.
    pub confirmation_rate: Figure,
    /// Answered, of the same.
    pub reply_rate: Figure,
    /// Arrived, of those whose end is known.
    pub delivery_rate: Figure,
    /// Seconds from the reminder to the yes, the median.
    pub time_to_confirm: Figure,
    /// Seconds from a customer's text to a person's reply, the median.
    pub response_time: Figure,
    /// The same by the seconds in which a location was open; not measured where none has opening hours.
    pub response_time_open: Figure,
    /// Dollars of texts about visits for each kept one.
    pub cost_per_kept_visit: Figure,
    /// Free times that somebody of the waitlist got, of all.
    pub slots_filled: Figure,
    /// The first day of these.
    pub from: String,
    /// The last.
    pub to: String,
    /// Days before this one are still being counted: what is told of them lacks something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_before: Option<String>,
}

/// A report's rows: each a value for each of the columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportRows {
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub data: Vec<serde_json::Map<String, serde_json::Value>>,
    /// Days before this one are still being counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_before: Option<String>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    Text,
    Day,
    Count,
    Share,
    Seconds,
    Dollars,
}

/// A column of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// As a file and the API call it.
    pub key: String,
    pub label: String,
    pub holds: Holds,
}

/// What stands in a report's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    Nothing,
    Count(i64),
    Number(f64),
    Text(String),
}

/// What is drawn of a report's rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// What is along the bottom, by the columns' keys; and what is drawn up, one on top of the other.
    pub along: String,
    pub up: Vec<String>,
    /// The last is not over yet.
    pub last_is_partial: bool,
}

/// A report as it is shown, printed and written to a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub slug: String,
    pub title: String,
    /// What its figures mean.
    pub definition: String,
    /// What has to be known to read them, today.
    pub notes: Vec<String>,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    pub chart: Option<Chart>,
    /// Where the rows behind it are.
    pub behind: Option<String>,
}

/// A figure as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub key: String,
    pub title: String,
    pub definition: String,
    /// "94 %", "9 of 10", "12 min", "–".
    pub value: String,
    /// "188 of 200; the true share is 90–97 %"
    pub made_of: String,
    /// "2 points more than in the days before"; empty where there is nothing to compare.
    pub trend: String,
    /// Whether that is good; none where it may be either.
    pub good: Option<bool>,
    /// It can't be relied upon.
    pub doubtful: bool,
    /// Where the rows behind it are.
    pub behind: Option<String>,
}

/// What figures can be narrowed by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    pub id: String,
    pub name: String,
}

/// The page of reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Board {
    pub business: String,
    pub slug: String,
    pub time_zone: String,
    /// As it was asked, days filled in.
    pub query: ReportQuery,
    /// "Jan 1 – Jan 30, 2027"
    pub days: String,
    pub days_before: Option<String>,
    /// What is left out, in words; none where it is of everything.
    pub narrowed: Option<String>,
    pub partial_before: Option<String>,
    pub cards: Vec<Card>,
    pub reports: Vec<Report>,
    pub locations: Vec<Choice>,
    pub types: Vec<Choice>,
}

impl Cell {
    /// As people read it in a column of this kind.
    #[must_use]
    pub fn words(&self, holds: Holds) -> String {
        match (self, holds) {
            (Self::Nothing, _) => figures::NOTHING.to_owned(),
            (Self::Text(text), Holds::Day) => {
                when::date(text).map_or_else(|| text.clone(), |day| day.format("%a, %b %-d").to_string())
            }
            (Self::Text(text), _) => text.clone(),
            (Self::Count(n), _) => figures::thousands(*n),
            (Self::Number(n), Holds::Share) => figures::share(*n),
            (Self::Number(n), Holds::Seconds) => figures::duration(*n),
            (Self::Number(n), Holds::Dollars) => figures::dollars(*n),
            (Self::Number(n), _) if n.fract() == 0.0 => figures::thousands(*n as i64),
            (Self::Number(n), _) => n.to_string(),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Count(n) => *n as f64,
            Self::Number(n) => *n,
            Self::Nothing | Self::Text(_) => 0.0,
        }
    }
}

impl Report {
    fn column(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.key == key)
    }

    /// What is drawn of it, and the columns that are drawn up; none where there is nothing to draw.
    #[must_use]
    pub fn bars(&self) -> Option<(Bars, Vec<&Column>)> {
        let chart = self.chart.as_ref()?;
        let along = self.column(&chart.along)?;
        let up: Vec<usize> = chart.up.iter().filter_map(|key| self.column(key)).collect();
        let columns: Vec<&Column> = up.iter().filter_map(|at| self.columns.get(*at)).collect();
        // Sums say something of counts, and nothing of times.
        let adds_up = columns
            .iter()
            .all(|column| matches!(column.holds, Holds::Count | Holds::Dollars));
        if !adds_up && self.rows.len() > figures::MOST_BARS {
            return None;
        }
        let row = |cells: &Vec<Cell>| {
            let label = cells.get(along)?.words(self.columns.get(along)?.holds);
            Some((label, up.iter().filter_map(|at| cells.get(*at)).map(Cell::number).collect()))
        };
        let rows: Vec<(String, Vec<f64>)> = self.rows.iter().filter_map(row).collect();
        let any = rows.iter().any(|(_, values)| values.iter().any(|value| *value > 0.0));
        any.then(|| (figures::bars(rows, chart.last_is_partial), columns))
    }
}
