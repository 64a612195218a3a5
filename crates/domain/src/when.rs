//! Times as people read them, and the way back from a clock on the wall.
//!
//! Every time that comes in from outside, at whatever door, is read here and nowhere else (`.clippy.toml` sees to that): what lies outside
//! of [`FIRST`] to [`LAST`] is refused. No sum of such a time and what we add to it leaves what chrono and both databases can hold.

use crate::zone::Zone;
use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc};

/// The first moment that is let in.
pub const FIRST: DateTime<Utc> = DateTime::UNIX_EPOCH;
/// The first moment that is not let in any more: the year 2100.
pub const LAST: DateTime<Utc> = match DateTime::from_timestamp(4_102_444_800, 0) {
    Some(moment) => moment,
    None => DateTime::UNIX_EPOCH,
};

/// `at`, if it is one that is let in.
#[must_use]
pub fn bounded(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (FIRST <= at && at < LAST).then_some(at)
}

/// Reads a moment in RFC 3339: `2027-01-05T20:00:00Z`, `2027-01-05T15:00:00-05:00`.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads them, with bounds")]
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(text.trim()).ok()?;
    bounded(at.to_utc())
}

/// Reads a moment as mail writes it (RFC 2822), and Twilio: `Tue, 05 Jan 2027 20:00:00 +0000`.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads them, with bounds")]
pub fn mail_date(text: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    bounded(at.to_utc())
}

/// Reads what a clock on the wall shows: `2027-01-05T15:00`, with seconds, or with a blank in the middle.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads them, with bounds")]
pub fn local(text: &str) -> Option<NaiveDateTime> {
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let local = formats
        .into_iter()
        .find_map(|f| NaiveDateTime::parse_from_str(text.trim(), f).ok())?;
    bounded(local.and_utc()).map(|_| local)
}

/// Reads a day: `2027-01-05`.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads them, with bounds")]
pub fn date(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()?;
    bounded(day.and_time(chrono::NaiveTime::MIN).and_utc()).map(|_| day)
}

/// A time that stands by itself: `Today at 2:30 PM`, `Yesterday at 1:15 PM`, `Jan 5 at 3:00 PM`, `Jan 5, 2025 at 3:00 PM`; read in `tz`.
#[must_use]
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>, tz: Zone) -> String {
    let local = at.with_timezone(&tz);
    let day = near(at, now, tz).map_or_else(|| short_date(at, now, tz), str::to_owned);
    format!("{day} at {}", local.format("%-I:%M %p"))
}

/// The same inside a sentence: `today at 2:30 PM`; names of months keep their capital.
#[must_use]
pub fn inline(at: DateTime<Utc>, now: DateTime<Utc>, tz: Zone) -> String {
    let words = relative(at, now, tz);
    match near(at, now, tz) {
        Some(day) => day.to_lowercase() + &words[day.len()..],
        None => words,
    }
}

/// A time that stays true however long the sentence it is in is kept: `Tue, Jan 5 at 3:00 PM`; read in `tz`.
#[must_use]
pub fn dated(at: DateTime<Utc>, tz: Zone) -> String {
    at.with_timezone(&tz).format("%a, %b %-d at %-I:%M %p").to_string()
}

/// A time in full, for a tooltip: `Tuesday, January 5, 2027 at 3:00 PM CET`; read in `tz`.
#[must_use]
pub fn exact(at: DateTime<Utc>, tz: Zone) -> String {
    at.with_timezone(&tz).format("%A, %B %-d, %Y at %-I:%M %p %Z").to_string()
}

/// A day as a heading: `Today`, `Yesterday`, `Tomorrow`, `Tuesday, January 5`, with the year when it is another one; read in `tz`.
#[must_use]
pub fn day(at: DateTime<Utc>, now: DateTime<Utc>, tz: Zone) -> String {
    if let Some(word) = near(at, now, tz) {
        return word.to_owned();
    }
    let (local, today) = (at.with_timezone(&tz), now.with_timezone(&tz));
    let format = if local.year() == today.year() {
        "%A, %B %-d"
    } else {
        "%A, %B %-d, %Y"
    };
    local.format(format).to_string()
}

/// A time in a narrow column: `2:30 PM` today, `Yesterday`, `Tomorrow`, `Jan 5`, `Jan 5, 2025`; read in `tz`.
#[must_use]
pub fn short(at: DateTime<Utc>, now: DateTime<Utc>, tz: Zone) -> String {
    match near(at, now, tz) {
        Some("Today") => at.with_timezone(&tz).format("%-I:%M %p").to_string(),
        Some(word) => word.to_owned(),
        None => short_date(at, now, tz),
    }
}

/// The instant a clock on the wall in `tz` shows `local`. Skipped by the clock going forward: the first instant after the gap.
/// Shown twice by the clock going back: the first time.
#[must_use]
pub fn local_to_utc(local: NaiveDateTime, tz: Zone) -> DateTime<Utc> {
    if let Some(found) = tz.from_local_datetime(&local).earliest() {
        return found.with_timezone(&Utc);
    }
    // No gap is longer than the day Samoa left out in 2011.
    let minute = local.with_second(0).unwrap_or(local);
    (1..=25 * 60)
        .map_while(|n| minute.checked_add_signed(Duration::minutes(n)))
        .find_map(|later| tz.from_local_datetime(&later).earliest())
        .map_or_else(|| local.and_utc(), |found| found.with_timezone(&Utc))
}

fn near(at: DateTime<Utc>, now: DateTime<Utc>, tz: Zone) -> Option<&'static str> {
    let (day, today) = (at.with_timezone(&tz).date_naive(), now.with_timezone(&tz).date_naive());
    if day == today {
        Some("Today")
    } else if today.checked_sub_days(Days::new(1)) == Some(day) {
        Some("Yesterday")
    } else if today.checked_add_days(Days::new(1)) == Some(day) {
        Some("Tomorrow")
    } else {
        None
    }
}

fn short_date(at: DateTime<Utc>, now: DateTime<Utc>, tz: Zone) -> String {
    let (local, today) = (at.with_timezone(&tz), now.with_timezone(&tz));
    let format = if local.year() == today.year() {
        "%b %-d"
    } else {
        "%b %-d, %Y"
    };
    local.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::named;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Case {
        why: String,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
        #[serde(deserialize_with = "crate::zone::by_name")]
        zone: Zone,
        relative: String,
        day: String,
        short: String,
        exact: String,
    }

    #[test]
    fn times_read_as_people_say_them() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/when.json")).expect("vectors are JSON");
        for c in cases {
            assert_eq!(relative(c.at, c.now, c.zone), c.relative, "{}", c.why);
            let inside = inline(c.at, c.now, c.zone);
            assert!(inside.eq_ignore_ascii_case(&c.relative), "{}: {inside}", c.why);
            let is_month = near(c.at, c.now, c.zone).is_none();
            assert_eq!(inside.starts_with(char::is_uppercase), is_month, "{}: {inside}", c.why);
            assert_eq!(day(c.at, c.now, c.zone), c.day, "{}", c.why);
            assert_eq!(short(c.at, c.now, c.zone), c.short, "{}", c.why);
            assert_eq!(exact(c.at, c.zone), c.exact, "{}", c.why);
        }
    }

    #[rstest]
    #[case::plain("America/New_York", "2027-01-05T15:00:00", "2027-01-05T20:00:00Z")]
    #[case::spring_gap("America/New_York", "2027-03-14T02:30:00", "2027-03-14T07:00:00Z")]
    #[case::autumn_overlap("America/New_York", "2027-11-07T01:30:00", "2027-11-07T05:30:00Z")]
    #[case::southern_gap("Australia/Sydney", "2027-10-03T02:15:30", "2027-10-02T16:00:00Z")]
    #[case::southern_overlap("Australia/Sydney", "2027-04-04T02:30:00", "2027-04-03T15:30:00Z")]
    #[case::half_hour_gap("Australia/Lord_Howe", "2027-10-03T02:10:00", "2027-10-02T15:30:00Z")]
    #[case::a_whole_day_left_out("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z")]
    fn a_clock_on_the_wall_names_one_instant(#[case] zone: &str, #[case] local: &str, #[case] utc: &str) {
        let local: NaiveDateTime = local.parse().expect("a local time");
        let utc: DateTime<Utc> = utc.parse().expect("an instant");
        assert_eq!(local_to_utc(local, named(zone)), utc);
    }

    #[test]
    fn a_time_is_let_in_or_refused_and_never_half_understood() {
        let five = "2027-01-05T20:00:00Z".parse::<DateTime<Utc>>().expect("an instant");
        for text in [
            "2027-01-05T20:00:00Z",
            " 2027-01-05T15:00:00-05:00 ",
            "2027-01-05t20:00:00.000z",
        ] {
            assert_eq!(instant(text), Some(five), "{text}");
        }
        assert_eq!(mail_date("Tue, 05 Jan 2027 20:00:00 +0000"), Some(five));
        for text in ["2027-01-05T20:00", "2027-01-05T20:00:00", " 2027-01-05 20:00"] {
            assert_eq!(local(text), Some(five.naive_utc()), "{text}");
        }
        assert_eq!(date("2027-01-05"), Some(five.date_naive()));
        let (first, last) = ("1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z");
        assert!(
            instant(first).is_some() && instant(last).is_some() && date("1970-01-01").is_some() && date("2099-12-31").is_some()
        );
        for text in [
            "1969-12-31T23:59:59Z",
            "2100-01-01T00:00:00Z",
            "1970-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
        for text in [
            "+262142-12-31T23:59",
            "-262143-01-01T00:00",
            "2100-01-01T00:00",
            "1969-12-31T23:59:59",
            "2027-01-05",
            "",
        ] {
            assert_eq!(local(text), None, "{text}");
        }
        for text in [
            "-262143-01-05",
            "+262142-12-31",
            "2100-01-01",
            "2027-02-29",
            "2027-01-05T20:00",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
        for text in [
            "Fri, 31 Dec 262142 23:59:59 +0000",
            "Tue, 05 Jan 1960 20:00:00 +0000",
            "2027-01-05T20:00:00Z",
        ] {
            assert_eq!(mail_date(text), None, "{text}");
        }
    }

    proptest! {
        /// What is let in survives whatever is done with it.
        #[test]
        fn no_time_that_is_let_in_leads_to_a_panic(year in -262_143i32..262_143, ordinal in 1u32..366, minutes in 0i64..1440) {
            let day = NaiveDate::from_yo_opt(year, ordinal).expect("a day");
            let typed = day.and_time(chrono::NaiveTime::MIN) + Duration::minutes(minutes);
            let inside = (1970..2100).contains(&year);
            prop_assert_eq!(date(&day.to_string()).is_some(), inside);
            let read = local(&typed.format("%Y-%m-%dT%H:%M").to_string());
            prop_assert_eq!(read.is_some(), inside);
            let Some(read) = read else { return Ok(()) };
            prop_assert_eq!(read, typed);
            for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"].map(named) {
                let at = local_to_utc(read, zone);
                let _ = (exact(at, zone), relative(at, LAST, zone), short(FIRST, at, zone), at + Duration::days(3650), at - Duration::days(3650));
            }
        }

        #[test]
        fn there_and_back_is_the_same_wall_time(seconds in 1_700_000_000i64..1_900_000_000) {
            let at = DateTime::from_timestamp(seconds, 0).expect("in range");
            let zone = named("Europe/Stockholm");
            let local = at.with_timezone(&zone).naive_local();
            let back = local_to_utc(local, zone);
            prop_assert_eq!(back.with_timezone(&zone).naive_local(), local);
            prop_assert!(back <= at, "of two, the first");
        }
    }
}
