//! What an event of somebody's calendar says about whose appointment it is.

#[cfg(feature = "phone")]
use std::collections::BTreeSet;

/// Titles of what is nobody's appointment: a word of these at their beginning, or alone.
const NOBODYS: [&str; 12] = [
    "lunch",
    "break",
    "off",
    "day off",
    "vacation",
    "holiday",
    "hold",
    "blocked",
    "busy",
    "closed",
    "private",
    "out of office",
];

/// Shortest number with an area code, as people write them.
#[cfg(feature = "phone")]
const FEWEST_DIGITS: usize = 8;

/// The number in an event's words.
#[cfg(feature = "phone")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    None,
    One(String),
    /// Two people's: nobody guesses which of them comes.
    Several,
}

/// Looks for a telephone number in each of these texts, the first that has one decides. `country` reads those without a +, as for
/// [`crate::phone::parse`].
#[cfg(feature = "phone")]
#[must_use]
pub fn number_in<'a>(texts: impl IntoIterator<Item = &'a str>, country: &str) -> Found {
    for text in texts {
        let numbers: BTreeSet<String> = candidates(text).filter_map(|one| read(one, country)).collect();
        match numbers.len() {
            0 => {}
            1 => return numbers.into_iter().next().map_or(Found::None, Found::One),
            _ => return Found::Several,
        }
    }
    Found::None
}

/// A run as a number; what stands before a + or a bracket may be something else, like the number of a room.
#[cfg(feature = "phone")]
fn read(run: &str, country: &str) -> Option<String> {
    let later = || {
        run.char_indices()
            .skip(1)
            .find(|(_, c)| "+(".contains(*c))
            .map(|(at, _)| &run[at..])
    };
    let whole = crate::phone::parse(run, country).ok();
    whole.or_else(|| crate::phone::parse(later()?, country).ok())
}

/// Runs of what numbers are written with.
#[cfg(feature = "phone")]
fn candidates(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_digit() || "+()-./ \u{a0}\u{2011}\u{2013}".contains(c)))
        .map(|run| run.trim_matches([' ', '\u{a0}', '-', '.', '/', ')', '\u{2011}', '\u{2013}']))
        .filter(|run| run.chars().filter(char::is_ascii_digit).count() >= FEWEST_DIGITS)
}

/// A title without the number in it, as a name; what stands after a dash, a comma, a colon or a bar is what is done, not who comes.
#[must_use]
pub fn name_in(title: &str) -> String {
    let words = title
        .split(|c: char| c.is_ascii_digit() || "+(".contains(c))
        .next()
        .unwrap_or("");
    let who = if words.trim().is_empty() { title } else { words };
    let who = who.split([':', ',', '|', '–', '—', '/']).next().unwrap_or(who);
    let who = who.split(" - ").next().unwrap_or(who);
    let who = crate::words::line(who);
    who.trim_matches(['-', ' ', '.', '#'])
        .chars()
        .take(80)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Whether a title says by itself that nobody comes.
#[must_use]
pub fn is_nobodys(title: &str) -> bool {
    let title = title.trim().to_lowercase();
    NOBODYS.iter().any(|word| {
        title
            .strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '-', '(', '!', '–', '.']) || rest.starts_with(" -"))
    })
}

/// What a title is remembered by: letters and digits, in lower case.
#[must_use]
pub fn title_key(title: &str) -> String {
    let kept = title.to_lowercase();
    kept.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a reading that lacks `missing` of `known` events is believed. A calendar that is suddenly empty, or has lost half of what it
/// held, is more likely broken than empty.
#[must_use]
pub fn is_believed(known: usize, missing: usize, read: usize) -> bool {
    missing == 0 || (read > 0 && missing * 2 < known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[cfg(feature = "phone")]
    #[rstest]
    #[case::us_in_title(&["Maya Lopez (415) 555-0171"], Found::One("+14155550171".into()))]
    #[case::with_plus(&["Leo +44 20 7946 0958, cut"], Found::One("+442079460958".into()))]
    #[case::description_first(&["tel: 415.555.0171", "ask 415-555-0199"], Found::One("+14155550171".into()))]
    #[case::the_same_twice(&["415 555 0171 / +1 415 555 0171"], Found::One("+14155550171".into()))]
    #[case::after_a_room(&["Room 2 (415) 555-0171"], Found::One("+14155550171".into()))]
    #[case::two_people(&["415 555 0171 or 415 555 0199"], Found::Several)]
    #[case::a_date_is_none(&["2027-01-05", "order 12345"], Found::None)]
    #[case::nothing(&["", "Maya"], Found::None)]
    fn one_number_is_found_and_two_are_not_guessed(#[case] texts: &[&str], #[case] found: Found) {
        assert_eq!(number_in(texts.iter().copied(), "US"), found);
    }

    #[rstest]
    #[case("Maya Lopez (415) 555-0171", "Maya Lopez")]
    #[case("Maya Lopez - colour", "Maya Lopez")]
    #[case("Ann-Marie: first visit", "Ann-Marie")]
    #[case("+1 415 555 0171", "+1 415 555 0171")]
    #[case("", "")]
    fn a_title_is_read_as_a_name(#[case] title: &str, #[case] name: &str) {
        assert_eq!(name_in(title), name);
    }

    #[rstest]
    #[case("Lunch", true)]
    #[case("lunch: with Bo", true)]
    #[case("OFF", true)]
    #[case("Day off", true)]
    #[case("Vacation - Ana", true)]
    #[case("Holden Caulfield", false)]
    #[case("Offermann, Eva", false)]
    #[case("Bo Lunchman", false)]
    fn a_lunch_is_nobodys(#[case] title: &str, #[case] nobodys: bool) {
        assert_eq!(is_nobodys(title), nobodys);
    }

    #[rstest]
    #[case::nothing_missing(0, 0, 0, true)]
    #[case::one_of_many(10, 1, 9, true)]
    #[case::half(10, 5, 5, false)]
    #[case::all(3, 3, 0, false)]
    #[case::the_only_one_and_another_came(1, 1, 1, false)]
    fn a_calendar_that_lost_half_is_not_believed(
        #[case] known: usize,
        #[case] missing: usize,
        #[case] read: usize,
        #[case] yes: bool,
    ) {
        assert_eq!(is_believed(known, missing, read), yes);
    }
}
