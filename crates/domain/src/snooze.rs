//! Times until which a conversation can be put aside with one press.

use chrono::{DateTime, Datelike, Duration, NaiveTime, Utc, Weekday};

use crate::{
    when::{self, local_to_utc},
    zone::Zone,
};

/// When a business's day is taken to begin.
const MORNING: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("a time of day");

/// Until the customer writes, which wakes whatever was put aside: no time of its own.
pub const UNTIL_THEY_ANSWER: DateTime<Utc> = match DateTime::from_timestamp(when::LAST.timestamp() - 1, 0) {
    Some(end) => end,
    None => when::LAST,
};

/// The offers by the words they are stored under, with those of the button.
pub const OFFERS: [(&str, &str); 7] = [
    ("1h", "1 hour"),
    ("3h", "3 hours"),
    ("tomorrow", "Tomorrow 9:00"),
    ("monday", "Next Monday 9:00"),
    ("visit", "Until the visit"),
    ("after_visit", "1 hour after the visit"),
    ("answer", "Until they answer"),
];

/// Until when the offer stored as `word` puts aside at this moment; none for one that makes no sense now (there is no visit) or is none.
#[must_use]
pub fn until(word: &str, now: DateTime<Utc>, zone: Zone, visit: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    let at = OFFERS.iter().position(|(known, _)| *known == word)?;
    times(now, zone, visit)[at].filter(|at| *at > now)
}

/// The time of each offer, in their order.
fn times(now: DateTime<Utc>, zone: Zone, visit: Option<DateTime<Utc>>) -> [Option<DateTime<Utc>>; 7] {
    [
        now.checked_add_signed(Duration::hours(1)),
        now.checked_add_signed(Duration::hours(3)),
        tomorrow(now, zone),
        next_monday(now, zone),
        visit,
        visit.and_then(|at| at.checked_add_signed(Duration::hours(1))),
        Some(UNTIL_THEY_ANSWER),
    ]
}

/// What is offered at this moment, in the business's zone, with the words of the button; `visit` is the customer's next appointment. Only
/// times to come, the soonest first.
#[must_use]
pub fn presets(now: DateTime<Utc>, zone: Zone, visit: Option<DateTime<Utc>>) -> Vec<(&'static str, DateTime<Utc>)> {
    let all = OFFERS.iter().zip(times(now, zone, visit));
    offered(now, all.map(|((_, words), at)| (*words, at)).collect())
}

/// The next day's morning.
pub(crate) fn tomorrow(now: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    morning_in(1, now, zone)
}

/// The morning of the next Monday that is not today.
pub(crate) fn next_monday(now: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    let today = now.with_timezone(&zone).date_naive();
    morning_in(7 - i64::from(today.weekday().days_since(Weekday::Mon)), now, zone)
}

fn morning_in(days: i64, now: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    let today = now.with_timezone(&zone).date_naive();
    let day = today.checked_add_signed(Duration::days(days))?;
    Some(local_to_utc(day.and_time(MORNING), zone))
}

/// Those to come, each time once: on a Sunday, tomorrow is the next Monday.
pub(crate) fn offered(now: DateTime<Utc>, all: Vec<(&'static str, Option<DateTime<Utc>>)>) -> Vec<(&'static str, DateTime<Utc>)> {
    let mut offered: Vec<(&'static str, DateTime<Utc>)> = Vec::with_capacity(all.len());
    for (words, at) in all {
        if let Some(at) = at
            && at > now
            && offered.iter().all(|(_, other)| *other != at)
        {
            offered.push((words, at));
        }
    }
    offered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn a_sunday_evening_offers_the_morning_that_comes() {
        let zone = Zone::named("America/New_York").expect("a zone");
        let offered = presets(at("2026-11-29T23:30:00Z"), zone, Some(at("2026-11-30T20:00:00Z")));
        let expected = [
            ("1 hour", "2026-11-30T00:30:00Z"),
            ("3 hours", "2026-11-30T02:30:00Z"),
            ("Tomorrow 9:00", "2026-11-30T14:00:00Z"),
            ("Until the visit", "2026-11-30T20:00:00Z"),
            ("1 hour after the visit", "2026-11-30T21:00:00Z"),
            ("Until they answer", "2099-12-31T23:59:59Z"),
        ];
        assert_eq!(offered, expected.map(|(words, time)| (words, at(time))));
    }

    #[test]
    fn an_offer_is_known_by_its_word() {
        let now = at("2026-11-25T12:00:00Z");
        assert_eq!(until("3h", now, Zone::UTC, None), Some(now + Duration::hours(3)));
        assert_eq!(until("monday", now, Zone::UTC, None), Some(at("2026-11-30T09:00:00Z")));
        assert_eq!(until("visit", now, Zone::UTC, None), None, "there is no visit");
        assert_eq!(
            until("visit", now, Zone::UTC, Some(now - Duration::hours(1))),
            None,
            "it is over"
        );
        assert_eq!(until("never", now, Zone::UTC, None), None);
    }

    #[test]
    fn what_is_past_is_not_offered() {
        let now = at("2026-11-25T12:00:00Z");
        let offered = presets(now, Zone::UTC, Some(now - Duration::minutes(30)));
        let words: Vec<&str> = offered.iter().map(|(words, _)| *words).collect();
        assert_eq!(
            words,
            [
                "1 hour",
                "3 hours",
                "Tomorrow 9:00",
                "Next Monday 9:00",
                "1 hour after the visit",
                "Until they answer"
            ]
        );
        assert_eq!(
            presets(DateTime::<Utc>::MAX_UTC - Duration::hours(2), Zone::UTC, None).len(),
            1
        );
    }
}
