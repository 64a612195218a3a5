//! Which countries a business texts.

use crate::{
    countries::{self, Country},
    phone::{calling_code, code_of, home_of},
    words,
};

/// Where texts of a business may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destinations {
    /// Anywhere: nobody has chosen yet, in a business from before there was a choice, or somebody chose it.
    Everywhere,
    /// To the business's own country, and to those that share its calling code: a number with +1 does not always tell which of them it is in.
    Home,
    /// To these countries alone.
    Listed(Vec<Country>),
}

/// What people call a country beside its name and its code.
const ALSO: [(&str, &str); 3] = [("uk", "GB"), ("usa", "US"), ("unitedstatesofamerica", "US")];

impl Destinations {
    /// As it is stored: none for everywhere, empty for home, else ISO codes with commas between. A code that this version does not know
    /// allows nothing.
    #[must_use]
    pub fn stored(kept: Option<&str>) -> Self {
        match kept {
            None => Self::Everywhere,
            Some("") => Self::Home,
            Some(codes) => Self::Listed(codes.split(',').filter_map(countries::find).collect()),
        }
    }

    /// What [`Self::stored`] reads.
    #[must_use]
    pub fn kept(&self) -> Option<String> {
        match self {
            Self::Everywhere => None,
            Self::Home => Some(String::new()),
            Self::Listed(all) => Some(all.iter().map(|country| country.code).collect::<Vec<_>>().join(",")),
        }
    }

    /// Why no text may go to `number` (E.164), if none may. `home` is the business's own country (ISO alpha-2), empty where it is not known.
    #[must_use]
    pub fn objection(&self, home: &str, number: &str) -> Option<String> {
        if *self == Self::Everywhere {
            return None;
        }
        let Some(country) = home_of(number) else {
            return Some("It can’t be told which country this number is in, so it is not texted.".to_owned());
        };
        let name = || countries::find(&country).map_or(country.as_str(), |found| found.name);
        let allowed = match self {
            Self::Everywhere => true,
            Self::Home if home.is_empty() => {
                return Some("Your business’s own country is not known, so no number is texted.".to_owned());
            }
            Self::Home => code_of(home).is_some_and(|code| calling_code(number) == Some(code)),
            Self::Listed(all) => all.iter().any(|listed| listed.code == country),
        };
        (!allowed).then(|| format!("Your business does not text numbers in this country: {}.", name()))
    }
}

/// The calling code of a country (ISO alpha-2), if others share it.
#[must_use]
pub fn shared_code(country: &str) -> Option<u16> {
    let code = code_of(country)?;
    let others = countries::all().iter().filter(|other| code_of(other.code) == Some(code));
    (others.count() > 1).then_some(code)
}

/// Reads a list of countries as people type it: English names or ISO codes, with commas or on lines of their own. In the order of their
/// names, each once.
///
/// # Errors
/// What was typed and is no country that we know.
pub fn read(typed: &str) -> Result<Vec<Country>, String> {
    let mut found = Vec::new();
    for one in typed.split([',', ';', '\n']).map(words::line).filter(|one| !one.is_empty()) {
        found.push(named(&one).ok_or(one)?);
    }
    found.sort_unstable_by_key(|country| country.name);
    found.dedup();
    Ok(found)
}

fn named(typed: &str) -> Option<Country> {
    let key = key(typed);
    let also = ALSO.iter().find(|(name, _)| *name == key).map(|(_, code)| *code);
    countries::find(also.unwrap_or(typed)).or_else(|| {
        countries::all()
            .iter()
            .find(|country| self::key(country.name) == key)
            .copied()
    })
}

/// The letters of a name, without what people leave out.
fn key(name: &str) -> String {
    let name = words::normal(name).replace(" and ", " ");
    name.chars().filter(|c| c.is_alphabetic()).map(words::plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    // Home: the own country and those with its calling code.
    #[case("", "US", "+14155550171", None)]
    #[case("", "US", "+14165550123", None)]
    #[case("", "US", "+15005550006", None)]
    #[case("", "CA", "+12125550123", None)]
    #[case("", "GB", "+447700900123", None)]
    #[case("", "IT", "+393471234567", None)]
    #[case("", "US", "+447700900123", Some("this country: United Kingdom"))]
    #[case("", "IT", "+14155550171", Some("this country: United States"))]
    #[case("", "US", "+80012345678", Some("can’t be told"))]
    #[case("", "", "+14155550171", Some("own country is not known"))]
    // A list: what is on it and nothing else, not even the own country.
    #[case("IT,US", "US", "+393471234567", None)]
    #[case("IT,US", "US", "+14155550171", None)]
    #[case("IT,US", "US", "+14165550123", Some("this country: Canada"))]
    #[case("IT", "US", "+14155550171", Some("this country: United States"))]
    #[case("IT", "", "+393471234567", None)]
    #[case("IT", "US", "+80012345678", Some("can’t be told"))]
    #[case("IT", "US", "12345", Some("can’t be told"))]
    // A code of another version allows nothing.
    #[case("XX", "US", "+14155550171", Some("this country: United States"))]
    fn a_text_goes_to_countries_that_are_allowed(
        #[case] kept: &str,
        #[case] home: &str,
        #[case] number: &str,
        #[case] why: Option<&str>,
    ) {
        let objection = Destinations::stored(Some(kept)).objection(home, number);
        match why {
            None => assert_eq!(objection, None),
            Some(words) => assert!(objection.as_ref().is_some_and(|said| said.contains(words)), "{objection:?}"),
        }
    }

    #[rstest]
    #[case("+393471234567")]
    #[case("+80012345678")]
    fn who_has_not_chosen_texts_everywhere(#[case] number: &str) {
        assert_eq!(Destinations::stored(None).objection("", number), None);
    }

    #[rstest]
    #[case("US, Canada", &["CA", "US"])]
    #[case("italy\nFRANCE;de", &["FR", "DE", "IT"])]
    #[case("UK, usa, GB", &["GB", "US"])]
    #[case("Cote d'Ivoire, Antigua and Barbuda", &["AG", "CI"])]
    #[case(" , ", &[])]
    fn a_list_is_read_as_it_is_typed(#[case] typed: &str, #[case] codes: &[&str]) {
        let found = read(typed).expect("countries");
        assert_eq!(found.iter().map(|country| country.code).collect::<Vec<_>>(), codes);
    }

    #[test]
    fn what_is_no_country_is_named() {
        assert_eq!(read("Italy, Fraance"), Err("Fraance".to_owned()));
    }

    #[test]
    fn no_two_countries_are_taken_for_each_other() {
        for country in countries::all() {
            assert_eq!(read(country.name), Ok(vec![*country]));
            assert_eq!(read(country.code), Ok(vec![*country]));
            assert_eq!(Destinations::stored(Some(country.code)).kept().as_deref(), Some(country.code));
        }
        assert_eq!(Destinations::stored(None).kept(), None);
        assert_eq!(Destinations::stored(Some("")).kept().as_deref(), Some(""));
    }
}
