//! Calendar files (RFC 5545): a visit for its customer, and the visits of a business for its staff's own calendars.
//!
//! Times are in UTC, so no file needs the rules of a zone, which calendar programs read in different ways. What a file says follows from the
//! visit alone: the same visit is the same text, so that who asks again learns that nothing has changed.

use chrono::{DateTime, Duration, Utc};
use icalendar::{Alarm, Calendar, Component, Event, EventLike, EventStatus, Property};

const PRODUCT: &str = "-//Showup//Visits//EN";

/// How long a visit is drawn whose end nobody has said.
const DRAWN: Duration = Duration::minutes(30);

/// How often a calendar program should look again. Many look less often.
const AGAIN: &str = "PT1H";

/// How sure a visit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    Tentative,
    Confirmed,
    Cancelled,
}

/// A visit in a calendar.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Never another one for the same visit.
    pub uid: String,
    /// When it was last changed.
    pub revised_at: DateTime<Utc>,
    /// Grows with every change of its time or status.
    pub revision: u32,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    pub sure: Sure,
    pub title: String,
    /// Empty: none.
    pub place: String,
    /// Empty: none.
    pub description: String,
    pub url: Option<String>,
    /// What is shown two hours before.
    pub alarm: Option<String>,
}

impl Entry {
    /// When it ends, as far as it is drawn.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.ends_at.unwrap_or(self.starts_at + DRAWN)
    }

    fn event(&self) -> Event {
        let mut event = Event::new();
        event
            .uid(&clean(&self.uid))
            .timestamp(self.revised_at)
            .last_modified(self.revised_at)
            .sequence(self.revision)
            .starts(self.starts_at)
            .ends(self.end())
            .summary(&clean(&self.title))
            .status(match self.sure {
                Sure::Tentative => EventStatus::Tentative,
                Sure::Confirmed => EventStatus::Confirmed,
                Sure::Cancelled => EventStatus::Cancelled,
            });
        if !self.place.is_empty() {
            event.location(&clean(&self.place));
        }
        if !self.description.is_empty() {
            event.description(&clean(&self.description));
        }
        if let Some(url) = &self.url {
            event.url(&clean(url));
        }
        if let Some(words) = &self.alarm {
            event.alarm(Alarm::display(&clean(words), -Duration::hours(2)));
        }
        event.done()
    }
}

/// The file of one visit, to be put into somebody's calendar: nobody is asked to answer it.
#[must_use]
pub fn single(entry: &Entry) -> String {
    let mut calendar = begin();
    calendar.append_property(Property::new("METHOD", "PUBLISH"));
    calendar.push(entry.event());
    calendar.to_string()
}

/// A calendar that is read again and again. `zone`: IANA name of the zone it is at home in.
#[must_use]
pub fn feed(name: &str, zone: &str, entries: &[Entry]) -> String {
    let mut calendar = begin();
    let mut name = Property::new("X-WR-CALNAME", escaped(&clean(name)));
    calendar.append_property(name.done());
    calendar.append_property(Property::new("X-WR-TIMEZONE", zone));
    let mut again = Property::new("REFRESH-INTERVAL", AGAIN);
    calendar.append_property(again.add_parameter("VALUE", "DURATION").done());
    calendar.append_property(Property::new("X-PUBLISHED-TTL", AGAIN));
    for entry in entries {
        calendar.push(entry.event());
    }
    calendar.to_string()
}

fn begin() -> Calendar {
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", PRODUCT));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    calendar
}

/// Lines end as ours do, and nothing else is in them that ends one: what somebody typed must not become a line of the file.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// The writer knows which properties are text; of those that begin with X it can't.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// A moment as calendars write it.
#[must_use]
pub fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}
