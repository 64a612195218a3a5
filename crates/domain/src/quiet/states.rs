//! When each US state allows telemarketing, and which state a number belongs to (docs/twilio.md §11).
//!
//! Both tables are data. `data/us_hours.json` follows secondary sources that differ on some states; where they do, the narrower
//! hours are kept. A state without an entry has the federal hours. Public holidays, on which some states allow nothing, are left
//! out. `data/us_area_codes.json` lists the geographic area codes of the states, the District and the territories.

use chrono::Weekday;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

/// A stretch of one day in minutes after local midnight, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First minute, 0 to 1439.
    pub from_min: u16,
    /// First minute after it, up to 1440.
    pub to_min: u16,
}

/// When a state allows promotional texts; none on a day means all day nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHours {
    /// Monday to Friday.
    pub weekdays: Option<Window>,
    /// Saturday.
    pub saturday: Option<Window>,
    /// Sunday.
    pub sunday: Option<Window>,
}

impl StateHours {
    /// 8:00 to 21:00 every day: 47 CFR 64.1200(c)(1).
    const FEDERAL: Self = {
        let day = Some(Window {
            from_min: 8 * 60,
            to_min: 21 * 60,
        });
        Self {
            weekdays: day,
            saturday: day,
            sunday: day,
        }
    };

    /// Whether the state allows it on that day at that minute after local midnight.
    #[must_use]
    pub fn is_open(&self, day: Weekday, minute: u16) -> bool {
        let window = match day {
            Weekday::Sat => self.saturday,
            Weekday::Sun => self.sunday,
            _ => self.weekdays,
        };
        window.is_some_and(|w| w.from_min <= minute && minute < w.to_min)
    }
}

/// The hours of a state, District or territory of the US by its postal code (`TX`, any case); none for anything else.
#[must_use]
pub fn state_hours(state: &str) -> Option<StateHours> {
    static HOURS: LazyLock<BTreeMap<String, StateHours>> = LazyLock::new(|| read(include_str!("../../data/us_hours.json")));
    let state = state.trim().to_ascii_uppercase();
    let known = area_codes().contains_key(&state);
    let own = OWN.get().and_then(|own| own.get(&state));
    known.then(|| own.or_else(|| HOURS.get(&state)).copied().unwrap_or(StateHours::FEDERAL))
}

/// The states that allow less of the day than the federal hours, by their postal codes.
#[must_use]
pub fn stricter_states() -> Vec<(&'static str, StateHours)> {
    let all = area_codes().keys().map(String::as_str);
    all.filter_map(|state| Some((state, state_hours(state)?)))
        .filter(|(_, hours)| *hours != StateHours::FEDERAL)
        .collect()
}

/// This installation's own hours, which go before the table's.
static OWN: OnceLock<BTreeMap<String, StateHours>> = OnceLock::new();

/// Sets this installation's own hours of the states that `json` names, in the form of `data/us_hours.json`; the others keep the
/// table's. Once, at the start.
///
/// # Errors
/// In words, when it can't be read, or names no state, or hours that no day has.
pub fn set_own_hours(json: &str) -> Result<(), String> {
    let own = parse_own(json)?;
    OWN.set(own)
        .map_err(|_| "states' hours are set once, at the start".to_owned())
}

fn parse_own(json: &str) -> Result<BTreeMap<String, StateHours>, String> {
    let own: BTreeMap<String, StateHours> = serde_json::from_str(json).map_err(|e| e.to_string())?;
    for (state, hours) in &own {
        if !area_codes().contains_key(state) {
            return Err(format!("\"{state}\" is no state of the US; they are named like TX"));
        }
        let windows = [hours.weekdays, hours.saturday, hours.sunday];
        if windows.iter().flatten().any(|w| w.from_min >= w.to_min || w.to_min > 1440) {
            return Err(format!(
                "the hours of {state} are minutes after midnight, from_min before to_min, at most 1440"
            ));
        }
    }
    Ok(own)
}

/// The postal code of the state whose area code an E.164 number has; none outside the US and for toll-free numbers.
#[must_use]
pub fn state_of(phone: &str) -> Option<&'static str> {
    let national = phone.strip_prefix("+1").filter(|n| n.len() == 10)?;
    let code: u16 = national.get(..3)?.parse().ok()?;
    let found = area_codes().iter().find(|(_, codes)| codes.contains(&code));
    found.map(|(state, _)| state.as_str())
}

fn area_codes() -> &'static BTreeMap<String, Vec<u16>> {
    static CODES: LazyLock<BTreeMap<String, Vec<u16>>> = LazyLock::new(|| read(include_str!("../../data/us_area_codes.json")));
    &CODES
}

/// A built-in table. That each can be read is tested.
fn read<T: DeserializeOwned + Default>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn every_area_code_belongs_to_one_state() {
        let mut codes: Vec<u16> = area_codes().values().flatten().copied().collect();
        assert!(codes.len() > 350 && codes.iter().all(|c| (201..=989).contains(c)));
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
        assert_eq!(area_codes().len(), 50 + 1 + 5, "states, the District, territories");
    }

    #[rstest]
    #[case("+12145550142", Some("TX"))]
    #[case("+12025550142", Some("DC"))]
    #[case("+17875550142", Some("PR"))]
    #[case::canada("+14165550142", None)]
    #[case::toll_free("+18005550142", None)]
    #[case::sweden("+46701234567", None)]
    #[case::too_short("+1214555", None)]
    #[case::not_ascii("+1é145550142", None)]
    #[case::nothing("", None)]
    fn an_area_code_names_the_state(#[case] phone: &str, #[case] state: Option<&str>) {
        assert_eq!(state_of(phone), state);
    }

    const DAYS: [Weekday; 3] = [Weekday::Wed, Weekday::Sat, Weekday::Sun];

    #[rstest]
    #[case("NY", [Some((8, 21)), Some((8, 21)), Some((8, 21))])]
    #[case("AL", [Some((8, 20)), Some((8, 20)), None])]
    #[case("FL", [Some((8, 20)), Some((8, 20)), Some((8, 20))])]
    #[case("LA", [Some((8, 20)), Some((8, 20)), None])]
    #[case("MA", [Some((8, 20)), Some((8, 20)), Some((8, 20))])]
    #[case("MD", [Some((8, 20)), Some((8, 20)), Some((8, 20))])]
    #[case("MS", [Some((8, 20)), Some((8, 20)), None])]
    #[case("NJ", [Some((8, 20)), Some((8, 20)), Some((8, 20))])]
    #[case("OK", [Some((8, 20)), Some((8, 20)), Some((8, 20))])]
    #[case("CT", [Some((9, 20)), Some((9, 20)), Some((9, 20))])]
    #[case("NV", [Some((9, 20)), Some((9, 20)), Some((9, 20))])]
    #[case("tx", [Some((9, 21)), Some((9, 21)), Some((12, 21))])]
    #[case("KY", [Some((10, 21)), Some((10, 21)), Some((10, 21))])]
    #[case("MI", [Some((9, 21)), Some((9, 21)), Some((9, 21))])]
    #[case("MN", [Some((9, 21)), Some((9, 21)), Some((9, 21))])]
    #[case("NM", [Some((9, 21)), Some((9, 21)), Some((9, 21))])]
    #[case("IL", [Some((9, 21)), Some((9, 21)), Some((9, 21))])]
    #[case("CA", [Some((9, 21)), Some((9, 21)), Some((9, 21))])]
    #[case("RI", [Some((9, 18)), Some((10, 17)), Some((10, 17))])]
    fn each_state_has_its_hours(#[case] state: &str, #[case] hours: [Option<(u16, u16)>; 3]) {
        let of_state = state_hours(state).expect("a state");
        for (day, hours) in DAYS.into_iter().zip(hours) {
            for minute in 0..1440 {
                let open = hours.is_some_and(|(from, to)| (from * 60..to * 60).contains(&minute));
                assert_eq!(of_state.is_open(day, minute), open, "{state} {day} {minute}");
            }
        }
    }

    #[test]
    fn hours_of_ones_own_must_be_those_of_a_state_and_a_day() {
        let own = |from: u16, to: u16, state: &str| {
            let window = format!("{{\"from_min\": {from}, \"to_min\": {to}}}");
            parse_own(&format!(
                "{{\"{state}\": {{\"weekdays\": {window}, \"saturday\": {window}, \"sunday\": null}}}}"
            ))
        };
        let texas = own(600, 1200, "TX").expect("hours");
        assert!(texas["TX"].is_open(Weekday::Wed, 600) && !texas["TX"].is_open(Weekday::Sun, 600));
        assert!(own(600, 1200, "Texas").is_err_and(|why| why.contains("no state")));
        for (from, to) in [(600, 600), (1200, 600), (600, 1441)] {
            assert!(
                own(from, to, "TX").is_err_and(|why| why.contains("minutes after midnight")),
                "{from} {to}"
            );
        }
        assert!(parse_own("{\"TX\": 5}").is_err() && parse_own("").is_err());
    }

    #[test]
    fn the_stricter_states_are_those_with_hours_of_their_own() {
        let all = stricter_states();
        let states: Vec<&str> = all.iter().map(|(state, _)| *state).collect();
        assert!(
            states.contains(&"TX") && states.contains(&"RI") && !states.contains(&"NY"),
            "{states:?}"
        );
        assert!(states.is_sorted() && states.len() > 10);
    }

    #[test]
    fn other_places_have_no_hours_of_a_state() {
        assert_eq!(state_hours("ON"), None);
        assert_eq!(state_hours(""), None);
    }
}
