//! Countries: their names, and which of them a time zone lies in. The tables are for the server alone, as those of telephone numbers are.

use std::{collections::HashMap, sync::LazyLock};

use phonenumber::metadata::DATABASE;

/// A country whose telephone numbers can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2, upper case.
    pub code: &'static str,
    /// In English.
    pub name: &'static str,
}

struct Table {
    /// By name.
    countries: Vec<Country>,
    /// The country's code by the name of a time zone.
    zones: HashMap<&'static str, &'static str>,
}

/// The table that comes with the program, and where it is from. That it can be read is tested.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let (mut countries, mut zones) = (Vec::new(), HashMap::new());
    let lines = include_str!("../data/countries.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (Some(code), Some(name), Some(within)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        if DATABASE.by_id(code).is_some() {
            countries.push(Country { code, name });
            zones.extend(within.split_whitespace().map(|zone| (zone, code)));
        }
    }
    countries.sort_unstable_by_key(|country| country.name);
    Table { countries, zones }
});

/// All countries, by name.
#[must_use]
pub fn all() -> &'static [Country] {
    &TABLE.countries
}

/// The country with this code, in any case.
#[must_use]
pub fn find(code: &str) -> Option<Country> {
    let code = code.trim();
    TABLE.countries.iter().find(|c| c.code.eq_ignore_ascii_case(code)).copied()
}

/// The country that a time zone (IANA name) lies in; none for those of no country, like `UTC`.
#[must_use]
pub fn of_zone(zone: &str) -> Option<Country> {
    find(TABLE.zones.get(zone.trim())?)
}

/// The time zone (IANA name) of a country that has one alone.
///
/// ```
/// assert_eq!(domain::countries::only_zone("IT"), Some("Europe/Rome"));
/// assert_eq!(domain::countries::only_zone("US"), None);
/// ```
#[must_use]
pub fn only_zone(code: &str) -> Option<&'static str> {
    let mut zones = TABLE.zones.iter().filter(|(_, of)| **of == code).map(|(zone, _)| *zone);
    zones.next().filter(|_| zones.next().is_none())
}

/// The country of a business that has not said one: that of its number (E.164), else that of its time zone. None is guessed.
#[must_use]
pub fn evident(number: Option<&str>, zone: Option<&str>) -> Option<Country> {
    let of_number = number.and_then(crate::phone::home_of);
    of_number.and_then(|code| find(&code)).or_else(|| of_zone(zone?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Europe/Rome", Some("IT"))]
    #[case("America/Mexico_City", Some("MX"))]
    #[case("Asia/Kolkata", Some("IN"))]
    #[case("Asia/Calcutta", Some("IN"))]
    #[case("Europe/London", Some("GB"))]
    #[case("Europe/Kiev", Some("UA"))]
    #[case("Iceland", Some("IS"))]
    #[case("US/Eastern", Some("US"))]
    #[case(" America/Los_Angeles ", Some("US"))]
    #[case("UTC", None)]
    #[case("Etc/GMT+5", None)]
    #[case("Mars/Olympus", None)]
    #[case("", None)]
    fn a_zone_lies_in_a_country(#[case] zone: &str, #[case] code: Option<&str>) {
        assert_eq!(of_zone(zone).map(|c| c.code), code);
    }

    #[test]
    fn every_zone_of_a_place_lies_somewhere() {
        let nowhere: Vec<&str> = crate::zone::Zone::names()
            .into_iter()
            .filter(|name| !name.starts_with("Antarctica/"))
            .filter(|name| of_zone(name).is_none())
            .collect();
        // Islands without telephone numbers of their own.
        assert_eq!(
            nowhere,
            [
                "Atlantic/South_Georgia",
                "Indian/Kerguelen",
                "Pacific/Johnston",
                "Pacific/Midway",
                "Pacific/Pitcairn",
                "Pacific/Wake"
            ]
        );
    }

    #[rstest]
    #[case(Some("+390612345678"), Some("America/New_York"), Some("IT"))]
    #[case(Some("+15005550006"), Some("Europe/Rome"), Some("US"))]
    #[case(Some("+14165550123"), None, Some("CA"))]
    #[case(None, Some("Europe/Rome"), Some("IT"))]
    #[case(Some("+80012345678"), Some("Asia/Tokyo"), Some("JP"))]
    #[case(None, Some("UTC"), None)]
    #[case(None, None, None)]
    fn the_number_says_more_than_the_zone(#[case] number: Option<&str>, #[case] zone: Option<&str>, #[case] code: Option<&str>) {
        assert_eq!(evident(number, zone).map(|c| c.code), code);
    }

    #[test]
    fn countries_are_found_by_their_code_and_listed_by_name() {
        assert_eq!(find("gb").map(|c| c.name), Some("United Kingdom"));
        assert_eq!(find("XX"), None);
        assert_eq!(find(""), None);
        assert!(all().len() > 230 && all().is_sorted_by_key(|c| c.name));
    }
}
