//! Opening hours of a day, as people write them: `9:00-12:00, 13:30-17:00`.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};

use crate::zone::Zone;

/// Most spans of one day.
const MOST: usize = 4;

/// Reads the hours of a day, and says them in one way: `09:00-12:00, 13:30-17:00`; empty for a closed day. None for what is not understood,
/// and for spans that overlap or end before they begin.
#[must_use]
pub fn tidy(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.is_empty() || typed.eq_ignore_ascii_case("closed") {
        return Some(String::new());
    }
    let spans: Vec<(u32, u32)> = typed.split([',', ';']).map(span).collect::<Option<_>>()?;
    let in_order = spans.windows(2).all(|two| matches!(two, [a, b] if a.1 <= b.0));
    if !in_order || spans.len() > MOST {
        return None;
    }
    let words: Vec<String> = spans
        .iter()
        .map(|(from, to)| format!("{}-{}", clock(*from), clock(*to)))
        .collect();
    Some(words.join(", "))
}

/// When a place is open, by its own clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week {
    /// Minutes after midnight, Monday first.
    days: [Vec<(u32, u32)>; 7],
    zone: Zone,
}

/// Days that are looked through; who has waited longer has waited for ever.
const MOST_DAYS: i64 = 366;

impl Week {
    /// Hours as `tidy` says them, Monday first; none where no day has any, and for what is not understood.
    #[must_use]
    pub fn read(days: [&str; 7], zone: Zone) -> Option<Self> {
        let read = |day: &str| -> Option<Vec<(u32, u32)>> {
            let day = tidy(day)?;
            day.split(',').filter(|span| !span.is_empty()).map(span).collect()
        };
        let mut of = [const { Vec::new() }; 7];
        for (read_day, day) in of.iter_mut().zip(days) {
            *read_day = read(day)?;
        }
        of.iter().any(|day| !day.is_empty()).then_some(Self { days: of, zone })
    }

    /// When it is open on a day.
    fn on(&self, day: NaiveDate) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let of = self.days.get(day.weekday().num_days_from_monday() as usize);
        let at = move |minutes: u32| {
            let local = day.and_time(NaiveTime::MIN) + Duration::minutes(minutes.into());
            // Where clocks skip it, the moment that they skip to.
            (0..=8)
                .find_map(|n| {
                    let local = local + Duration::minutes(15 * n);
                    self.zone.from_local_datetime(&local).earliest()
                })
                .map_or_else(|| local.and_utc(), |at| at.to_utc())
        };
        of.into_iter().flatten().map(move |(from, to)| (at(*from), at(*to)))
    }
}

/// For how many seconds between two moments at least one of these was open; none where nobody has said when any is.
#[must_use]
pub fn open_seconds(places: &[Week], from: DateTime<Utc>, to: DateTime<Utc>) -> Option<i64> {
    if places.is_empty() {
        return None;
    }
    let mut spans: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    for place in places {
        let day = |at: DateTime<Utc>| at.with_timezone(&place.zone).date_naive();
        let first = day(from);
        let last = day(to).min(first.checked_add_days(Days::new(MOST_DAYS.unsigned_abs())).unwrap_or(first));
        let days = first.iter_days().take_while(|day| *day <= last);
        spans.extend(days.flat_map(|day| place.on(day)).map(|(a, b)| (a.max(from), b.min(to))));
    }
    spans.sort_unstable();
    let (mut sum, mut until) = (0, from);
    for (a, b) in spans {
        let a = a.max(until);
        if b > a {
            sum += (b - a).num_seconds();
            until = b;
        }
    }
    Some(sum)
}

/// Minutes after midnight; a span may end at midnight.
fn span(typed: &str) -> Option<(u32, u32)> {
    let (from, to) = typed.split_once(['-', '–'])?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    (from < to).then_some((from, to))
}

fn minutes(typed: &str) -> Option<u32> {
    let typed = typed.trim();
    if typed == "24:00" {
        return Some(24 * 60);
    }
    let hour = |text: &str| {
        text.parse::<u32>()
            .ok()
            .filter(|h| *h < 24 && text.len() <= 2)
            .map(|h| h * 60)
    };
    hour(typed).or_else(|| {
        let time = NaiveTime::parse_from_str(typed, "%H:%M").ok()?;
        Some(time.hour() * 60 + time.minute())
    })
}

fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("9:00-12:00, 13:30-17:00", Some("09:00-12:00, 13:30-17:00"))]
    #[case("9–17", Some("09:00-17:00"))]
    #[case("0:00-24:00", Some("00:00-24:00"))]
    #[case(" Closed ", Some(""))]
    #[case("", Some(""))]
    #[case("17-9", None)]
    #[case("9-12, 11-14", None)]
    #[case("9", None)]
    #[case("25-26", None)]
    #[case("nine to five", None)]
    #[case("1-2,3-4,5-6,7-8,9-10", None)]
    fn hours_are_said_in_one_way_or_refused(#[case] typed: &str, #[case] said: Option<&str>) {
        assert_eq!(tidy(typed).as_deref(), said);
    }

    fn at(text: &str) -> DateTime<Utc> {
        crate::when::instant(text).expect("a moment")
    }

    fn week(hours: &str, zone: &str) -> Week {
        let week = [hours, hours, hours, hours, hours, "", ""];
        Week::read(week, Zone::named(zone).expect("a zone")).expect("hours")
    }

    /// January 4, 2027 is a Monday; New York is five hours behind, from March 14 on four.
    #[rstest]
    #[case::within_hours("2027-01-04T15:00:00Z", "2027-01-04T15:20:00Z", 20)]
    #[case::over_lunch("2027-01-04T16:50:00Z", "2027-01-04T18:10:00Z", 20)]
    #[case::over_night("2027-01-04T21:50:00Z", "2027-01-05T14:15:00Z", 25)]
    #[case::over_a_weekend("2027-01-08T21:30:00Z", "2027-01-11T14:30:00Z", 60)]
    #[case::in_the_night_alone("2027-01-05T03:00:00Z", "2027-01-05T05:00:00Z", 0)]
    #[case::over_a_change_of_the_clocks("2027-03-12T21:50:00Z", "2027-03-15T13:20:00Z", 30)]
    #[case::backwards("2027-01-05T15:00:00Z", "2027-01-04T15:00:00Z", 0)]
    fn only_open_hours_count(#[case] from: &str, #[case] to: &str, #[case] minutes: i64) {
        let place = week("9:00-12:00, 13:00-17:00", "America/New_York");
        assert_eq!(open_seconds(&[place], at(from), at(to)), Some(minutes * 60));
    }

    #[test]
    fn two_places_are_open_when_one_of_them_is_and_none_says_nothing() {
        let places = [week("9-12", "America/New_York"), week("9-12", "America/Chicago")];
        let day = (at("2027-01-04T00:00:00Z"), at("2027-01-05T00:00:00Z"));
        assert_eq!(
            open_seconds(&places, day.0, day.1),
            Some(4 * 3_600),
            "they overlap for two hours"
        );
        assert_eq!(open_seconds(&[], day.0, day.1), None);
        assert_eq!(Week::read([""; 7], Zone::UTC), None);
        let long = open_seconds(&places, at("1990-01-01T00:00:00Z"), day.0).expect("hours");
        assert!(long > 0, "whatever a clock says, it ends");
    }

    proptest! {
        /// Never more than has passed, and a longer wait is never less.
        #[test]
        fn open_time_is_part_of_all_time(from in 0i64..3_000_000, long in 0i64..900_000, more in 0i64..90_000) {
            let begin = at("2027-03-01T00:00:00Z") + Duration::seconds(from);
            let place = [week("8-12, 13-24:00", "America/New_York")];
            let of = |seconds: i64| open_seconds(&place, begin, begin + Duration::seconds(seconds)).unwrap_or(-1);
            prop_assert!((0..=long).contains(&of(long)));
            prop_assert!(of(long + more) >= of(long));
        }

        #[test]
        fn what_was_said_is_read_the_same_again(typed in "[0-9:,; –-]{0,40}") {
            if let Some(said) = tidy(&typed) {
                prop_assert_eq!(tidy(&said), Some(said.clone()));
            }
        }
    }
}
