//! Days of a calendar as quarters of an hour.

use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};

use super::{QUARTER, quarter};
use crate::zone::Zone;

/// Some days in a row, both ends included, by the clocks of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub zone: Zone,
}

/// Quarters from `from` to before `to`, for all of which clocks are so many seconds east of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub from: i64,
    pub to: i64,
    pub offset: i64,
}

/// The first moment of a day. Where clocks skip midnight it is the one that they skip to.
#[must_use]
pub fn start_of(day: NaiveDate, zone: Zone) -> DateTime<Utc> {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    // A whole day can be missing, too (Samoa, 2011): it has no moment, and ends where it begins.
    (0..=96)
        .find_map(|n| {
            zone.from_local_datetime(&(midnight + chrono::Duration::seconds(n * QUARTER)))
                .earliest()
        })
        .map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}

impl Span {
    /// How many days.
    #[must_use]
    pub fn days(&self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    /// Its first quarter, and the first after it.
    #[must_use]
    pub fn quarters(&self) -> (i64, i64) {
        let after = self.to.checked_add_days(Days::new(1)).unwrap_or(self.to);
        (quarter(start_of(self.from, self.zone)), quarter(start_of(after, self.zone)))
    }

    /// The same in pieces between changes of the clocks.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let (from, to) = self.quarters();
        let mut parts: Vec<Part> = Vec::new();
        for one in from..to {
            let at = DateTime::from_timestamp(one * QUARTER, 0).unwrap_or_default();
            let offset = i64::from(self.zone.offset_at(at));
            match parts.last_mut().filter(|part| part.offset == offset) {
                Some(part) => part.to = one + 1,
                None => parts.push(Part {
                    from: one,
                    to: one + 1,
                    offset,
                }),
            }
        }
        parts
    }

    /// As many days before it that begin on the same day of the week, the latest such: Mondays are compared with Mondays.
    #[must_use]
    pub fn before(&self) -> Self {
        let back = Days::new(((self.days() + 6) / 7 * 7).unsigned_abs());
        let moved = |day: NaiveDate| day.checked_sub_days(back).unwrap_or(day);
        Self {
            from: moved(self.from),
            to: moved(self.to),
            zone: self.zone,
        }
    }

    /// Each of its days.
    pub fn each_day(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let to = self.to;
        self.from.iter_days().take_while(move |day| *day <= to)
    }
}
