//! What a view of the inbox is narrowed by: pairs of the address (`tag=vip&visit=7d`), all of which must hold. Unlike what is typed into a
//! search box they come from links and forms, so one that can't be understood is refused.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::{
    search::{self, Channel, Is},
    when,
    words::line,
    zone::Zone,
};

/// What the address calls them, in the order in which they stand there. `since` and `until` are days, both included, on which the customer
/// wrote last.
pub const NAMES: [&str; 8] = ["is", "assigned", "tag", "location", "channel", "visit", "since", "until"];

/// Characters of all of them together, as they stand in an address.
pub const LONGEST: usize = 500;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    pub is: Option<Is>,
    pub assigned: Option<Assigned>,
    /// In lower case.
    pub tag: Option<String>,
    /// The id of a place at which they have, or had, a visit.
    pub location: Option<String>,
    /// Of the last message.
    pub channel: Option<Channel>,
    pub visit: Option<Visit>,
    pub since: Option<Day>,
    pub until: Option<Day>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assigned {
    Me,
    Nobody,
    /// The id of an account.
    Account(String),
}

crate::words::words! { Visit is a "time of a visit": Any = "any", Today = "today", Tomorrow = "tomorrow", Week = "7d" }

/// When they have a visit that is still expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    Any,
    Today,
    Tomorrow,
    /// Within seven days.
    Week,
}

/// A day as it was written: `2027-01-05`, `today`, `yesterday` or so many days ago (`7d`), so that a link means the same tomorrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day(String);

/// Why filters are none: which, and what it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub name: String,
    pub words: String,
}

impl Filters {
    /// Reads pairs as they stand in an address; those without a value say nothing.
    ///
    /// # Errors
    /// For a name or value that is not known.
    pub fn read<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Result<Self, Refused> {
        let mut filters = Self::default();
        for (name, value) in pairs {
            // What nobody sees is not meant.
            let (name, value) = (name.as_ref(), line(value.as_ref()));
            if !value.is_empty() {
                filters.set(name, &value).map_err(|words| Refused {
                    name: name.to_owned(),
                    words,
                })?;
            }
        }
        Ok(filters)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let one_of = |all: Vec<&str>| format!("{name} is one of {}.", all.join(", "));
        match name {
            "is" => {
                self.is = Some(
                    value
                        .parse()
                        .map_err(|_| one_of(Is::ALL.iter().map(|is| is.as_str()).collect()))?,
                )
            }
            "assigned" => {
                self.assigned = Some(match value {
                    "me" => Assigned::Me,
                    "none" => Assigned::Nobody,
                    id => Assigned::Account(id.to_owned()),
                });
            }
            "tag" => self.tag = Some(value.to_lowercase()),
            "location" => self.location = Some(value.to_owned()),
            "channel" => {
                self.channel = Some(
                    value
                        .parse()
                        .map_err(|_| one_of(Channel::ALL.iter().map(|c| c.as_str()).collect()))?,
                )
            }
            "visit" => {
                self.visit = Some(
                    value
                        .parse()
                        .map_err(|_| one_of(Visit::ALL.iter().map(|v| v.as_str()).collect()))?,
                )
            }
            "since" => self.since = Some(day(name, value)?),
            "until" => self.until = Some(day(name, value)?),
            _ => return Err(format!("A list can be narrowed by {}.", NAMES.join(", "))),
        }
        Ok(())
    }

    /// The pairs of an address.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let assigned = self.assigned.as_ref().map(|to| match to {
            Assigned::Me => "me".to_owned(),
            Assigned::Nobody => "none".to_owned(),
            Assigned::Account(id) => id.clone(),
        });
        let values = [
            self.is.map(|is| is.to_string()),
            assigned,
            self.tag.clone(),
            self.location.clone(),
            self.channel.map(|channel| channel.to_string()),
            self.visit.map(|visit| visit.to_string()),
            self.since.as_ref().map(|day| day.0.clone()),
            self.until.as_ref().map(|day| day.0.clone()),
        ];
        NAMES
            .into_iter()
            .zip(values)
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// When the customer must have written last: from a moment on (inclusive), up to another (exclusive).
    #[must_use]
    pub fn wrote(&self, now: DateTime<Utc>, zone: Zone) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let since = self.since.as_ref().and_then(|day| day.on(now, zone));
        let until = self.until.as_ref().and_then(|day| day.on(now, zone));
        (
            since.map(|day| start(day, zone)),
            until
                .and_then(|day| day.checked_add_days(Days::new(1)))
                .map(|day| start(day, zone)),
        )
    }
}

impl Visit {
    /// When it begins: from a moment on (inclusive), up to another (exclusive). What has begun already is not to come.
    #[must_use]
    pub fn between(self, now: DateTime<Utc>, zone: Zone) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
        let today = now.with_timezone(&zone).date_naive();
        let in_days = |days| today.checked_add_days(Days::new(days)).map(|day| start(day, zone));
        match self {
            Visit::Any => (now, None),
            Visit::Today => (now, in_days(1)),
            Visit::Tomorrow => (in_days(1).unwrap_or(now), in_days(2)),
            Visit::Week => (now, in_days(8)),
        }
    }
}

impl Day {
    fn on(&self, now: DateTime<Utc>, zone: Zone) -> Option<NaiveDate> {
        search::day(&self.0, now, zone)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn start(day: NaiveDate, zone: Zone) -> DateTime<Utc> {
    when::local_to_utc(day.and_time(NaiveTime::MIN), zone)
}

fn day(name: &str, value: &str) -> Result<Day, String> {
    let lower = value.to_lowercase();
    // Which day it is does not matter here, only that it is one.
    match search::day(&lower, DateTime::UNIX_EPOCH, Zone::UTC) {
        Some(_) => Ok(Day(lower)),
        None => Err(format!("{name} is a day like 2027-01-05, today, yesterday or 7d.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        when::local_to_utc("2027-01-05T12:00:00".parse().expect("a time"), chicago())
    }

    fn chicago() -> Zone {
        Zone::named("America/Chicago").expect("a zone")
    }

    #[test]
    fn an_address_is_read_and_written_the_same() {
        let pairs = [
            ("visit", "7d"),
            ("tag", " VIP  Gold "),
            ("until", ""),
            ("is", "hold"),
            ("since", "30D"),
        ];
        let filters = Filters::read(pairs).expect("understood");
        let expected = [("is", "hold"), ("tag", "vip gold"), ("visit", "7d"), ("since", "30d")];
        let written = filters.pairs();
        assert_eq!(written, expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(Filters::read(written), Ok(filters));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_what_it_may_be() {
        for (name, value, says) in [
            ("visit", "sometime", "visit is one of any, today, tomorrow, 7d."),
            ("is", "strange", "is is one of unread, waiting"),
            ("since", "soon", "since is a day like"),
            ("colour", "red", "A list can be narrowed by is, assigned"),
        ] {
            let refused = Filters::read([(name, value)]).expect_err(value);
            assert_eq!(refused.name, name);
            assert!(refused.words.starts_with(says), "{}", refused.words);
        }
    }

    #[test]
    fn days_are_those_of_the_business() {
        let at = |text: &str| Some(when::local_to_utc(text.parse().expect("a time"), chicago()));
        let read = |since, until| Filters::read([("since", since), ("until", until)]).expect("understood");
        let wrote = read("yesterday", "2027-01-05").wrote(noon(), chicago());
        assert_eq!(wrote, (at("2027-01-04T00:00:00"), at("2027-01-06T00:00:00")));
        assert_eq!(Visit::Today.between(noon(), chicago()), (noon(), at("2027-01-06T00:00:00")));
        let tomorrow = Visit::Tomorrow.between(noon(), chicago());
        assert_eq!(
            (Some(tomorrow.0), tomorrow.1),
            (at("2027-01-06T00:00:00"), at("2027-01-07T00:00:00"))
        );
        assert_eq!(Visit::Week.between(noon(), chicago()).1, at("2027-01-13T00:00:00"));
    }
}
