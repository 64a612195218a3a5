//! Times as people read them, in their own zone (IB6), and the way back from a clock on the wall.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// A time that stands by itself: `Today at 2:30 PM`, `Yesterday at 1:15 PM`, `Jan 5 at 3:00 PM`, `Jan 5, 2025 at 3:00 PM`; read in `tz`.
#[must_use]
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>, tz: Tz) -> String {
    let local = at.with_timezone(&tz);
    let day = near(at, now, tz).map_or_else(|| short_date(at, now, tz), str::to_owned);
    format!("{day} at {}", local.format("%-I:%M %p"))
}

/// The same inside a sentence: `today at 2:30 PM`; names of months keep their capital.
#[must_use]
pub fn inline(at: DateTime<Utc>, now: DateTime<Utc>, tz: Tz) -> String {
    let words = relative(at, now, tz);
    match near(at, now, tz) {
        Some(day) => day.to_lowercase() + &words[day.len()..],
        None => words,
    }
}

/// A time that stays true however long the sentence it is in is kept: `Tue, Jan 5 at 3:00 PM`; read in `tz`.
#[must_use]
pub fn dated(at: DateTime<Utc>, tz: Tz) -> String {
    at.with_timezone(&tz).format("%a, %b %-d at %-I:%M %p").to_string()
}

/// A time in full, for a tooltip: `Tuesday, January 5, 2027 at 3:00 PM CET`; read in `tz`.
#[must_use]
pub fn exact(at: DateTime<Utc>, tz: Tz) -> String {
    at.with_timezone(&tz).format("%A, %B %-d, %Y at %-I:%M %p %Z").to_string()
}

/// A day as a heading: `Today`, `Yesterday`, `Tomorrow`, `Tuesday, January 5`, with the year when it is another one; read in `tz`.
#[must_use]
pub fn day(at: DateTime<Utc>, now: DateTime<Utc>, tz: Tz) -> String {
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
pub fn short(at: DateTime<Utc>, now: DateTime<Utc>, tz: Tz) -> String {
    match near(at, now, tz) {
        Some("Today") => at.with_timezone(&tz).format("%-I:%M %p").to_string(),
        Some(word) => word.to_owned(),
        None => short_date(at, now, tz),
    }
}

/// The instant a clock on the wall in `tz` shows `local`. Skipped by the clock going forward: the first instant after the gap.
/// Shown twice by the clock going back: the first time.
#[must_use]
pub fn local_to_utc(local: NaiveDateTime, tz: Tz) -> DateTime<Utc> {
    if let Some(found) = tz.from_local_datetime(&local).earliest() {
        return found.with_timezone(&Utc);
    }
    // No gap is longer than the day Samoa left out in 2011.
    let minute = local - Duration::seconds(i64::from(local.second()));
    (1..=25 * 60)
        .find_map(|n| tz.from_local_datetime(&(minute + Duration::minutes(n))).earliest())
        .map_or_else(|| local.and_utc(), |found| found.with_timezone(&Utc))
}

fn near(at: DateTime<Utc>, now: DateTime<Utc>, tz: Tz) -> Option<&'static str> {
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

fn short_date(at: DateTime<Utc>, now: DateTime<Utc>, tz: Tz) -> String {
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
    use chrono_tz::{America, Australia, Europe, Pacific};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Case {
        why: String,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
        zone: Tz,
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
    #[case::plain(America::New_York, "2027-01-05T15:00:00", "2027-01-05T20:00:00Z")]
    #[case::spring_gap(America::New_York, "2027-03-14T02:30:00", "2027-03-14T07:00:00Z")]
    #[case::autumn_overlap(America::New_York, "2027-11-07T01:30:00", "2027-11-07T05:30:00Z")]
    #[case::southern_gap(Australia::Sydney, "2027-10-03T02:15:30", "2027-10-02T16:00:00Z")]
    #[case::southern_overlap(Australia::Sydney, "2027-04-04T02:30:00", "2027-04-03T15:30:00Z")]
    #[case::half_hour_gap(Australia::Lord_Howe, "2027-10-03T02:10:00", "2027-10-02T15:30:00Z")]
    #[case::a_whole_day_left_out(Pacific::Apia, "2011-12-30T12:00:00", "2011-12-30T10:00:00Z")]
    fn a_clock_on_the_wall_names_one_instant(#[case] tz: Tz, #[case] local: &str, #[case] utc: &str) {
        let local: NaiveDateTime = local.parse().expect("a local time");
        let utc: DateTime<Utc> = utc.parse().expect("an instant");
        assert_eq!(local_to_utc(local, tz), utc);
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_wall_time(seconds in 1_700_000_000i64..1_900_000_000) {
            let at = DateTime::from_timestamp(seconds, 0).expect("in range");
            let local = at.with_timezone(&Europe::Stockholm).naive_local();
            let back = local_to_utc(local, Europe::Stockholm);
            prop_assert_eq!(back.with_timezone(&Europe::Stockholm).naive_local(), local);
            prop_assert!(back <= at, "of two, the first");
        }
    }
}
