//! When it runs by itself.

use chrono::{DateTime, Days, Duration, NaiveTime, Utc};

use crate::{when, zone::Zone};

/// Minutes from one to five in the morning: businesses are spread over them.
const MINUTES: u64 = 240;

/// The next night's moment there: between one and five, always the same for the same `spread`.
#[must_use]
pub fn next_night(now: DateTime<Utc>, zone: Zone, spread: u64) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let minutes = i64::try_from(60 + spread % MINUTES).unwrap_or(60);
    let on = |days| {
        let day = today.checked_add_days(Days::new(days)).unwrap_or(today);
        when::local_to_utc(day.and_time(NaiveTime::MIN), zone) + Duration::minutes(minutes)
    };
    // Not in the hour that has just gone: who was tested then is tested again the night after.
    [0, 1, 2]
        .into_iter()
        .map(on)
        .find(|at| *at > now + Duration::hours(1))
        .unwrap_or(now + Duration::days(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn it_is_night_there_and_everybody_has_a_minute_of_their_own() {
        let zone = Zone::named("America/New_York").expect("a zone");
        for (now, spread, then) in [
            ("2027-01-04T15:00:00Z", 0, "2027-01-05T06:00:00Z"),
            ("2027-01-04T15:00:00Z", 90, "2027-01-05T07:30:00Z"),
            ("2027-01-04T15:00:00Z", 330, "2027-01-05T07:30:00Z"),
            // Early in the same night, and when it is over.
            ("2027-01-05T05:10:00Z", 90, "2027-01-05T07:30:00Z"),
            ("2027-01-05T07:31:00Z", 90, "2027-01-06T07:30:00Z"),
        ] {
            assert_eq!(next_night(at(now), zone, spread), at(then), "{now} {spread}");
        }
    }
}
