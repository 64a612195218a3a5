//! What a calendar file (RFC 5545) says of the next weeks: each event once, and each time of one that repeats. Clocks are read here and not
//! by the library, which leaves out what its zone skips.

use std::collections::{BTreeMap, HashMap, HashSet};

use calcard::{
    common::{DateTimeResult, PartialDateTime, timezone::Tz},
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFrequency, ICalendarParameterName,
        ICalendarParameterValue, ICalendarParticipationStatus, ICalendarProperty, ICalendarRecurrenceRule, ICalendarStatus,
        ICalendarTransparency, ICalendarValue, timezone::TzResolver,
    },
};
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use domain::{when, words, zone::Zone};

/// Most components of a file: 5 MB hold no more events that say anything.
const MOST_COMPONENTS: usize = 100_000;
/// Most times of one event that repeats that lie in the window.
const MOST_TIMES: usize = 365;
/// How many times of a rule are counted through from its beginning, for one event and for a file.
const STEPS: usize = 20_000;
const ALL_STEPS: usize = 1_000_000;
/// Most events in the window.
const MOST_EVENTS: usize = 5_000;
/// Characters kept of what an event says.
const LONGEST_TITLE: usize = 200;
const LONGEST_WORDS: usize = 4_000;
const LONGEST_UID: usize = 500;
const MOST_WARNINGS: usize = 5;

/// What is of interest: from, and until.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window(pub DateTime<Utc>, pub DateTime<Utc>);

impl Window {
    fn holds(self, at: DateTime<Utc>) -> bool {
        self.0 <= at && at < self.1
    }
}

/// A calendar as it was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// What the calendar says its zone is, if we know that zone.
    pub zone: Option<&'static str>,
    pub events: Vec<Occurrence>,
    /// What a person should know, in whole sentences.
    pub warnings: Vec<String>,
}

/// One event, or one time of one that repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Occurrence {
    pub uid: String,
    /// The time it was to have by its rule, UTC; empty for one that does not repeat.
    pub recurrence: String,
    pub title: String,
    /// Where a number may stand besides the title, the likeliest first.
    pub words: Vec<String>,
    pub emails: Vec<String>,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    /// Cancelled, declined, all day, or time that is free: nobody's appointment.
    pub is_off: bool,
}

/// Reads a file. `zone`: the business's, for clocks of which nothing is known.
///
/// # Errors
/// Why it is no calendar that can be read, in plain words.
pub(super) fn read(text: &str, zone: Zone, window: Window) -> Result<Reading, &'static str> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if !start
        .get(..15)
        .is_some_and(|head| head.eq_ignore_ascii_case("BEGIN:VCALENDAR"))
    {
        return Err(
            "What stands at this address is not a calendar. Please copy the secret address in iCal format, not the page one looks at.",
        );
    }
    const BROKEN: &str = "This calendar breaks off or is not written as calendars are.";
    // What the library reads without complaint: an answer of which the end is missing, and with it events.
    let end = start.trim_end().as_bytes();
    if !end
        .get(end.len().saturating_sub(13)..)
        .is_some_and(|tail| tail.eq_ignore_ascii_case(b"END:VCALENDAR"))
    {
        return Err(BROKEN);
    }
    let calendar = ICalendar::parse(start).map_err(|_| BROKEN)?;
    if calendar.components.len() > MOST_COMPONENTS {
        return Err("This calendar holds more than 100,000 events. Please make a calendar of its own for visits.");
    }
    Ok(Reader::new(&calendar, zone, window).all(&calendar))
}

struct Reader<'a> {
    zones: TzResolver<&'a str>,
    /// For clocks without a zone, or with one that nobody knows.
    default: Zone,
    named: Option<Zone>,
    window: Window,
    steps: usize,
    warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(calendar: &'a ICalendar, zone: Zone, window: Window) -> Self {
        let named = calendar.components.iter().find_map(|c| {
            let is = |e: &&ICalendarEntry| matches!(&e.name, ICalendarProperty::Other(name) if name.eq_ignore_ascii_case("X-WR-TIMEZONE"));
            let entry = c.entries.iter().find(is)?;
            zone_named(entry.values.first()?.as_text()?)
        });
        Self {
            zones: calendar.build_tz_resolver(),
            default: named.unwrap_or(zone),
            named,
            window,
            steps: ALL_STEPS,
            warnings: Vec::new(),
        }
    }

    fn all(mut self, calendar: &ICalendar) -> Reading {
        let mut by_uid: BTreeMap<&str, Vec<&ICalendarComponent>> = BTreeMap::new();
        let mut without = 0;
        for one in &calendar.components {
            if one.component_type != ICalendarComponentType::VEvent {
                continue;
            }
            match one
                .uid()
                .map(str::trim)
                .filter(|uid| !uid.is_empty() && uid.len() <= LONGEST_UID)
            {
                Some(uid) => by_uid.entry(uid).or_default().push(one),
                None => without += 1,
            }
        }
        if without > 0 {
            self.warn(format!("{without} events have no id of their own and are left out."));
        }
        let mut events = Vec::new();
        for (uid, parts) in by_uid {
            self.event(uid, &parts, &mut events);
            if events.len() > MOST_EVENTS {
                self.warn(format!("Only the first {MOST_EVENTS} events of the next weeks are read."));
                events.truncate(MOST_EVENTS);
                break;
            }
        }
        Reading {
            zone: self.named.map(Zone::name),
            events,
            warnings: self.warnings,
        }
    }

    fn warn(&mut self, words: String) {
        if self.warnings.len() < MOST_WARNINGS && !self.warnings.contains(&words) {
            self.warnings.push(words);
        }
    }

    /// All that a file says under one id: one event, or one that repeats with the times that are different. Some programs give two events
    /// the same id; the one that was changed last counts.
    fn event(&mut self, uid: &str, parts: &[&ICalendarComponent], into: &mut Vec<Occurrence>) {
        let (own, plain): (Vec<_>, Vec<_>) = parts.iter().copied().partition(|part| part.is_recurrence_override());
        let newest = |part: &&ICalendarComponent| (number(part, &ICalendarProperty::Sequence), stamp(part));
        let master = plain.into_iter().max_by_key(newest);
        let Some(master) = master else {
            // Invited to single times of somebody's series.
            for part in own {
                let key = self.recurrence_of(part, None);
                self.single(uid, key, part, None, into);
            }
            return;
        };
        if !master.is_recurrent() {
            self.single(uid, Some(String::new()), master, None, into);
            return;
        }
        let zone = self.zone_of(master, &ICalendarProperty::Dtstart);
        let mut changed: HashMap<String, &ICalendarComponent> = HashMap::new();
        for part in own {
            if let Some(key) = self.recurrence_of(part, Some(zone)) {
                let known = changed.entry(key).or_insert(part);
                if newest(&part) >= newest(known) {
                    *known = part;
                }
            }
        }
        for at in self.times(uid, master, zone) {
            let key = key(at);
            if !changed.contains_key(&key) {
                self.single(uid, Some(key), master, Some(at), into);
            }
        }
        for (key, part) in changed {
            self.single(uid, Some(key), part, None, into);
        }
    }

    /// The moments of an event that repeats that lie in the window, without those that were taken out.
    fn times(&mut self, uid: &str, master: &ICalendarComponent, zone: Zone) -> Vec<DateTime<Utc>> {
        let Some((start, true)) = moment(master, &ICalendarProperty::Dtstart) else {
            return Vec::new();
        };
        let local = |at: &DateTimeResult| match at.offset {
            Some(_) => utc(at, zone).with_timezone(&zone).naive_local(),
            None => at.date_time,
        };
        let first = local(&start);
        let mut locals = vec![first];
        for entry in master.properties(&ICalendarProperty::Rrule) {
            if let Some(ICalendarValue::RecurrenceRule(rule)) = entry.values.first() {
                locals.extend(self.by_rule(uid, first, rule, zone));
            }
        }
        let mut moments: Vec<DateTime<Utc>> = locals.into_iter().map(|at| when::local_to_utc(at, zone)).collect();
        moments.extend(self.listed(master, &ICalendarProperty::Rdate, zone));
        let out: HashSet<DateTime<Utc>> = self.listed(master, &ICalendarProperty::Exdate, zone).into_iter().collect();
        let days_out: HashSet<_> = master
            .properties(&ICalendarProperty::Exdate)
            .flat_map(|entry| &entry.values)
            .filter_map(|value| value.as_partial_date_time().filter(|at| !at.has_time()))
            .filter_map(PartialDateTime::to_date_time)
            .map(|at| at.date_time.date())
            .collect();
        moments.retain(|at| {
            self.window.holds(*at) && !out.contains(at) && !days_out.contains(&at.with_timezone(&zone).date_naive())
        });
        moments.sort_unstable();
        moments.dedup();
        moments.truncate(MOST_TIMES);
        moments
    }

    /// What a rule gives on a clock without a zone, so that no change of clocks leaves a time out.
    fn by_rule(&mut self, uid: &str, first: NaiveDateTime, rule: &ICalendarRecurrenceRule, zone: Zone) -> Vec<NaiveDateTime> {
        if rule.freq >= ICalendarFrequency::Hourly {
            self.warn("Events that repeat every hour or more often are left out.".to_owned());
            return Vec::new();
        }
        let mut rule = rule.clone();
        if let Some(until) = &rule.until {
            let Some(at) = until.to_date_time() else { return Vec::new() };
            let last = match (at.offset, until.has_time()) {
                (Some(_), _) => utc(&at, zone).with_timezone(&zone).naive_local(),
                (None, true) => at.date_time,
                // The day itself counts.
                (None, false) => at.date_time + Duration::days(1) - Duration::seconds(1),
            };
            if last < (self.window.0 - Duration::days(1)).naive_utc() {
                return Vec::new();
            }
            rule.until = Some(partial(last));
        }
        let steps = STEPS.min(self.steps);
        let alone = ICalendar {
            components: vec![ICalendarComponent {
                component_type: ICalendarComponentType::VEvent,
                entries: vec![
                    entry(ICalendarProperty::Uid, ICalendarValue::Text(uid.to_owned())),
                    entry(
                        ICalendarProperty::Dtstart,
                        ICalendarValue::PartialDateTime(Box::new(partial(first))),
                    ),
                    entry(ICalendarProperty::Rrule, ICalendarValue::RecurrenceRule(Box::new(rule))),
                ],
                component_ids: Vec::new(),
            }],
        };
        let found = alone.expand_dates(Tz::Floating, steps);
        if !found.errors.is_empty() {
            self.warn("An event repeats by a rule that can't be read; only its first time is known.".to_owned());
        }
        self.steps = self.steps.saturating_sub(found.events.len());
        if found.events.len() >= steps {
            self.warn("An event that repeats began too long ago to be counted through; please begin it anew.".to_owned());
        }
        found.events.into_iter().map(|event| event.start.naive_local()).collect()
    }

    fn listed(&self, master: &ICalendarComponent, property: &ICalendarProperty, zone: Zone) -> Vec<DateTime<Utc>> {
        let mut found = Vec::new();
        for entry in master.properties(property) {
            let own = self.known(entry.tz_id()).unwrap_or(zone);
            let times = entry.values.iter().filter_map(ICalendarValue::as_partial_date_time);
            let times = times.filter(|at| at.has_time()).filter_map(PartialDateTime::to_date_time);
            found.extend(times.take(10_000).map(|at| utc(&at, own)));
        }
        found
    }

    /// The time that a changed one was to have.
    fn recurrence_of(&mut self, part: &ICalendarComponent, series: Option<Zone>) -> Option<String> {
        let entry = part.property(&ICalendarProperty::RecurrenceId)?;
        let zone = self.known(entry.tz_id()).or(series).unwrap_or(self.default);
        let at = entry.values.first()?.as_partial_date_time()?.to_date_time()?;
        Some(key(utc(&at, zone)))
    }

    /// One time. `at`: when, if it is not the component's own time.
    fn single(
        &mut self,
        uid: &str,
        recurrence: Option<String>,
        part: &ICalendarComponent,
        at: Option<DateTime<Utc>>,
        into: &mut Vec<Occurrence>,
    ) {
        let (Some(recurrence), Some((start, has_time))) = (recurrence, moment(part, &ICalendarProperty::Dtstart)) else {
            self.warn("Events without a beginning are left out.".to_owned());
            return;
        };
        let zone = self.zone_of(part, &ICalendarProperty::Dtstart);
        let own = utc(&start, zone);
        let starts_at = at.unwrap_or(own);
        if !self.window.holds(starts_at) {
            return;
        }
        let length = self.length(part, own, zone);
        into.push(Occurrence {
            uid: uid.to_owned(),
            recurrence,
            title: text(part, &ICalendarProperty::Summary, LONGEST_TITLE),
            words: [ICalendarProperty::Description, ICalendarProperty::Location]
                .iter()
                .map(|property| text(part, property, LONGEST_WORDS))
                .filter(|words| !words.is_empty())
                .collect(),
            emails: attendees(part),
            starts_at,
            ends_at: length.map(|length| starts_at + length),
            is_off: !has_time || is_off(part),
        });
    }

    /// How long it takes, if that is said and can be: an end before the beginning says nothing.
    fn length(&mut self, part: &ICalendarComponent, starts_at: DateTime<Utc>, zone: Zone) -> Option<Duration> {
        let end = moment(part, &ICalendarProperty::Dtend).map(|(end, _)| {
            let own = part
                .property(&ICalendarProperty::Dtend)
                .and_then(|entry| self.known(entry.tz_id()));
            utc(&end, own.unwrap_or(zone)) - starts_at
        });
        let said = || match part.property(&ICalendarProperty::Duration)?.values.first()? {
            ICalendarValue::Duration(length) => length.to_time_delta(),
            _ => None,
        };
        end.or_else(said)
            .filter(|length| *length > Duration::zero() && *length <= Duration::days(1))
    }

    fn zone_of(&mut self, part: &ICalendarComponent, property: &ICalendarProperty) -> Zone {
        let name = part.property(property).and_then(ICalendarEntry::tz_id);
        let found = self.known(name);
        if let (Some(name), None) = (name, found) {
            let (name, used) = (words::preview(name, 60), self.default.name());
            self.warn(format!(
                "The time zone \"{name}\" is not known; its events are read by the clock of {used}."
            ));
        }
        found.unwrap_or(self.default)
    }

    fn known(&self, name: Option<&str>) -> Option<Zone> {
        let name = name?;
        Zone::named(name).or_else(|| Zone::named(&self.zones.resolve(name)?.name()?))
    }
}

/// A zone by the names that calendar programs use, Windows' among them.
fn zone_named(name: &str) -> Option<Zone> {
    Zone::named(name).or_else(|| Zone::named(&name.parse::<Tz>().ok()?.name()?))
}

/// A moment of a property, and whether it is one and not a day.
fn moment(part: &ICalendarComponent, property: &ICalendarProperty) -> Option<(DateTimeResult, bool)> {
    let said = part.property(property)?.values.first()?.as_partial_date_time()?;
    Some((said.to_date_time()?, said.has_time()))
}

fn utc(at: &DateTimeResult, zone: Zone) -> DateTime<Utc> {
    match at.offset {
        Some(offset) => (at.date_time - Duration::seconds(offset.local_minus_utc().into())).and_utc(),
        None => when::local_to_utc(at.date_time, zone),
    }
}

fn partial(at: NaiveDateTime) -> PartialDateTime {
    use chrono::{Datelike, Timelike};
    PartialDateTime {
        year: u16::try_from(at.year()).ok(),
        month: Some(at.month() as u8),
        day: Some(at.day() as u8),
        hour: Some(at.hour() as u8),
        minute: Some(at.minute() as u8),
        second: Some(at.second() as u8),
        ..Default::default()
    }
}

fn entry(name: ICalendarProperty, value: ICalendarValue) -> ICalendarEntry {
    ICalendarEntry::new(name).with_value(value)
}

fn key(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

fn number(part: &ICalendarComponent, property: &ICalendarProperty) -> i64 {
    let value = part.property(property).and_then(|entry| entry.values.first());
    value.and_then(ICalendarValue::as_integer).unwrap_or(0)
}

fn stamp(part: &ICalendarComponent) -> NaiveDateTime {
    let said = moment(part, &ICalendarProperty::LastModified).or_else(|| moment(part, &ICalendarProperty::Dtstamp));
    said.map(|(at, _)| at.date_time).unwrap_or_default()
}

fn text(part: &ICalendarComponent, property: &ICalendarProperty, longest: usize) -> String {
    let value = part.property(property).and_then(|entry| entry.values.first());
    let said = value.and_then(ICalendarValue::as_text).unwrap_or_default();
    words::line(&said.chars().take(longest).collect::<String>())
}

fn attendees(part: &ICalendarComponent) -> Vec<String> {
    let all = part.properties(&ICalendarProperty::Attendee).take(20);
    let said = all.filter_map(|entry| entry.values.first()?.as_text());
    said.filter_map(|who| {
        let address = who
            .get(..7)
            .filter(|head| head.eq_ignore_ascii_case("mailto:"))
            .map_or(who, |_| &who[7..]);
        Some(address.trim().to_owned()).filter(|address| address.contains('@'))
    })
    .collect()
}

fn is_off(part: &ICalendarComponent) -> bool {
    part.status() == Some(&ICalendarStatus::Cancelled)
        || part.transparency() == Some(&ICalendarTransparency::Transparent)
        || declined(part)
}

/// Everybody who was asked has declined.
fn declined(part: &ICalendarComponent) -> bool {
    let mut said = part.properties(&ICalendarProperty::Attendee).map(|entry| {
        let status = entry.parameter(&ICalendarParameterName::Partstat);
        matches!(
            status,
            Some(ICalendarParameterValue::Partstat(ICalendarParticipationStatus::Declined))
        )
    });
    let mut any = false;
    said.by_ref().all(|no| {
        any = true;
        no
    }) && any
}

#[cfg(test)]
mod tests;
