//! Families, and others with several appointments on one phone: what is close together is told in one text.

use crate::zone::Zone;
use chrono::{DateTime, Timelike, Utc};

/// Most appointments in one reminder: more would not be read, and cost three parts.
pub const MOST_TOGETHER: usize = 4;

/// Whether two appointments at one place are reminded of in one text: on the same day there, both before noon or both after it.
#[must_use]
pub fn are_together(one: DateTime<Utc>, other: DateTime<Utc>, place: Zone) -> bool {
    let half = |at: DateTime<Utc>| {
        let local = at.with_timezone(&place);
        (local.date_naive(), local.hour() < 12)
    };
    half(one) == half(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::named;
    use rstest::rstest;

    #[rstest]
    #[case::an_afternoon("2027-01-05T20:00:00Z", "2027-01-05T20:30:00Z", true)]
    #[case::noon_is_afternoon("2027-01-05T17:00:00Z", "2027-01-05T22:30:00Z", true)]
    #[case::morning_and_afternoon("2027-01-05T16:59:00Z", "2027-01-05T17:00:00Z", false)]
    #[case::the_next_day("2027-01-05T20:00:00Z", "2027-01-06T20:00:00Z", false)]
    #[case::one_evening_though_utc_has_midnight_between("2027-01-05T23:30:00Z", "2027-01-06T00:30:00Z", true)]
    fn half_a_day_is_the_places(#[case] one: &str, #[case] other: &str, #[case] together: bool) {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        assert_eq!(are_together(at(one), at(other), named("America/New_York")), together);
        assert_eq!(are_together(at(other), at(one), named("America/New_York")), together);
    }
}
