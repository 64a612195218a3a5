//! Days and times that suit somebody.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

use crate::{when, zone::Zone};

/// Most windows of one entry.
pub const MOST_WINDOWS: usize = 5;

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

/// Some days, and some hours of them. What is not said is any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Days of the week, Monday first; empty: any.
    days: Vec<Weekday>,
    from_date: Option<NaiveDate>,
    to_date: Option<NaiveDate>,
    from: Option<NaiveTime>,
    to: Option<NaiveTime>,
}

impl Window {
    /// Reads one as it crosses the wire: `mon`, `2027-01-31`, `09:00`.
    ///
    /// # Errors
    /// The field that can't be read, and what it should look like.
    pub fn read(
        weekdays: &[String],
        dates: (Option<&str>, Option<&str>),
        times: (Option<&str>, Option<&str>),
    ) -> Result<Self, (&'static str, &'static str)> {
        let day = |word: &String| {
            let word = word.to_lowercase();
            let known = DAYS.iter().find(|(name, _)| *name == word);
            known
                .map(|(_, day)| *day)
                .ok_or(("weekdays", "Please give days as mon, tue, wed, thu, fri, sat or sun."))
        };
        let mut days = weekdays.iter().map(day).collect::<Result<Vec<_>, _>>()?;
        days.sort_by_key(Weekday::num_days_from_monday);
        days.dedup();
        let date = |name, text: Option<&str>| match text.filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => when::date(text)
                .map(Some)
                .ok_or((name, "Please give a date like 2027-01-31.")),
        };
        let time = |name, text: Option<&str>| match text.filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => NaiveTime::parse_from_str(text, "%H:%M")
                .map(Some)
                .map_err(|_| (name, "Please give a time like 09:00.")),
        };
        let window = Self {
            days,
            from_date: date("from_date", dates.0)?,
            to_date: date("to_date", dates.1)?,
            from: time("from", times.0)?,
            to: time("to", times.1)?,
        };
        if window.from_date.zip(window.to_date).is_some_and(|(from, to)| to < from) {
            return Err(("to_date", "The last day is before the first one."));
        }
        if window.from.zip(window.to).is_some_and(|(from, to)| to <= from) {
            return Err(("to", "The time ends before it begins."));
        }
        Ok(window)
    }

    /// Whether a visit that begins at `at` and takes so many minutes lies inside, by the clock of its place.
    #[must_use]
    pub fn holds(&self, at: DateTime<Utc>, minutes: i32, zone: Zone) -> bool {
        let begins = at.with_timezone(&zone).naive_local();
        let ends = (at + Duration::minutes(minutes.into())).with_timezone(&zone).naive_local();
        let (day, same_day) = (begins.date(), begins.date() == ends.date());
        (self.days.is_empty() || self.days.contains(&day.weekday()))
            && self.from_date.is_none_or(|from| day >= from)
            && self.to_date.is_none_or(|to| day <= to)
            && self.from.is_none_or(|from| begins.time() >= from)
            && self.to.is_none_or(|to| same_day && ends.time() <= to)
    }

    /// Days of the week as they cross the wire.
    #[must_use]
    pub fn weekdays(&self) -> Vec<String> {
        let name = |day: &Weekday| {
            DAYS.iter()
                .find(|(_, known)| known == day)
                .map(|(name, _)| (*name).to_owned())
        };
        self.days.iter().filter_map(name).collect()
    }

    /// The first and the last day, as they cross the wire.
    #[must_use]
    pub fn dates(&self) -> (Option<String>, Option<String>) {
        (
            self.from_date.map(|day| day.to_string()),
            self.to_date.map(|day| day.to_string()),
        )
    }

    /// The hours, as they cross the wire.
    #[must_use]
    pub fn times(&self) -> (Option<String>, Option<String>) {
        let clock = |time: NaiveTime| time.format("%H:%M").to_string();
        (self.from.map(clock), self.to.map(clock))
    }

    /// Whether all of it is past.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>, zone: Zone) -> bool {
        self.to_date.is_some_and(|to| to < now.with_timezone(&zone).date_naive())
    }
}
