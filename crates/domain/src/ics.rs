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
            let mut alarm = Alarm::display(&clean(words), -Duration::hours(2));
            // Else the writer makes up a name and a moment, and no two files are the same.
            alarm.uid(&format!("alarm-{}", clean(&self.uid))).timestamp(self.revised_at);
            alarm.append_property(Property::new("TRIGGER", "-PT2H"));
            event.alarm(alarm);
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
    folded(&calendar.to_string())
}

/// A calendar that is read again and again. `zone`: IANA name of the zone it is at home in.
#[must_use]
pub fn feed(name: &str, zone: &str, entries: &[Entry]) -> String {
    let mut calendar = begin();
    calendar.append_property(Property::new("X-WR-CALNAME", clean(name)));
    calendar.append_property(Property::new("X-WR-TIMEZONE", zone));
    let mut again = Property::new("REFRESH-INTERVAL", AGAIN);
    calendar.append_property(again.add_parameter("VALUE", "DURATION").done());
    calendar.append_property(Property::new("X-PUBLISHED-TTL", AGAIN));
    for entry in entries {
        calendar.push(entry.event());
    }
    folded(&calendar.to_string())
}

/// The longest line, in octets, without what ends it.
const LINE: usize = 75;

/// The writer breaks long lines, but the last piece of one may be an octet too long.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / LINE * 3);
    for line in text.replace("\r\n ", "").split_inclusive("\r\n") {
        let mut length = 0;
        for c in line.chars() {
            if length + c.len_utf8() > LINE && !matches!(c, '\r' | '\n') {
                out.push_str("\r\n ");
                length = 1;
            }
            length += c.len_utf8();
            out.push(c);
        }
    }
    out
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

/// A moment as calendars write it.
#[must_use]
pub fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A person as a calendar that others may see calls them: `AB`.
#[must_use]
pub fn initials(name: &str) -> String {
    let letters = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    letters.take(3).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn entry() -> Entry {
        Entry {
            uid: "0193f0a1-b2c3-7abc-8def-0123456789ab@showup.test".to_owned(),
            revised_at: at("2027-01-03T09:30:00.250Z"),
            revision: 3,
            starts_at: at("2027-01-05T20:00:00Z"),
            ends_at: Some(at("2027-01-05T20:45:00Z")),
            sure: Sure::Confirmed,
            title: "Visit at Bright, Dental; \"West\"".to_owned(),
            place: "Main Street, 12 Long Avenue of the Americas, Suite 1400, New York, NY 10036".to_owned(),
            description: "(415) 555-0100\nÄrzte\\Team".to_owned(),
            url: Some("http://showup.test/v/0123456789012345678901".to_owned()),
            alarm: Some("Your visit begins in two hours.".to_owned()),
        }
    }

    #[test]
    fn a_customers_file() {
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Showup//Visits//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            "BEGIN:VEVENT",
            "DESCRIPTION:(415) 555-0100\\nÄrzte\\\\Team",
            "DTEND:20270105T204500Z",
            "DTSTAMP:20270103T093000Z",
            "DTSTART:20270105T200000Z",
            "LAST-MODIFIED:20270103T093000Z",
            "LOCATION:Main Street\\, 12 Long Avenue of the Americas\\, Suite 1400\\, New Yo",
            " rk\\, NY 10036",
            "SEQUENCE:3",
            "STATUS:CONFIRMED",
            "SUMMARY:Visit at Bright\\, Dental\\; \"West\"",
            "UID:0193f0a1-b2c3-7abc-8def-0123456789ab@showup.test",
            "URL:http://showup.test/v/0123456789012345678901",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            "DESCRIPTION:Your visit begins in two hours.",
            "DTSTAMP:20270103T093000Z",
            "TRIGGER:-PT2H",
            "UID:alarm-0193f0a1-b2c3-7abc-8def-0123456789ab@showup.test",
            "END:VALARM",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        assert_eq!(single(&entry()), expected.join("\r\n"));
    }

    #[test]
    fn a_calendar_of_staff() {
        let cancelled = Entry {
            uid: "b@showup.test".to_owned(),
            sure: Sure::Cancelled,
            ends_at: None,
            title: "AB".to_owned(),
            place: String::new(),
            description: String::new(),
            url: None,
            alarm: None,
            ..entry()
        };
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Showup//Visits//EN",
            "CALSCALE:GREGORIAN",
            "X-WR-CALNAME:Ana\\, Bright Dental",
            "X-WR-TIMEZONE:America/New_York",
            "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
            "X-PUBLISHED-TTL:PT1H",
            "BEGIN:VEVENT",
            "DTEND:20270105T203000Z",
            "DTSTAMP:20270103T093000Z",
            "DTSTART:20270105T200000Z",
            "LAST-MODIFIED:20270103T093000Z",
            "SEQUENCE:3",
            "STATUS:CANCELLED",
            "SUMMARY:AB",
            "UID:b@showup.test",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        assert_eq!(
            feed("Ana, Bright Dental", "America/New_York", &[cancelled]),
            expected.join("\r\n")
        );
        assert_eq!(
            feed("x", "UTC", &[entry()]),
            feed("x", "UTC", &[entry()]),
            "the same is the same text"
        );
    }

    #[test]
    fn people_are_called_by_their_initials() {
        for (name, letters) in [
            ("Ann Lee", "AL"),
            ("  maya  ", "M"),
            ("José María de la Cruz", "JMD"),
            ("\"Bo\" 7up", "B7"),
            ("", ""),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }

    /// Lines as a calendar program puts them together again.
    fn unfolded(text: &str) -> Vec<String> {
        text.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
    }

    proptest! {
        #[test]
        fn whatever_is_typed_stays_in_its_line(title in "(?s).{0,200}", place in "(?s).{0,200}") {
            let typed = Entry { title: title.clone(), place, ..entry() };
            let text = single(&typed);
            for line in text.split("\r\n") {
                prop_assert!(line.len() <= 75, "{} octets: {line}", line.len());
                prop_assert!(!line.contains(['\r', '\n']), "{line:?}");
            }
            let lines = unfolded(&text);
            let begins = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
            prop_assert_eq!((begins("BEGIN:VEVENT"), begins("UID:0193"), begins("SUMMARY:"), begins("END:VCALENDAR")), (1, 1, 1, 1));
            prop_assert!(text.parse::<Calendar>().is_ok());
        }
    }
}
