//! What stands in a cell, without what spreadsheets do to it.

use std::borrow::Cow;

use crate::{consent::State, phone, words};

use super::headers;

/// Signs with which a spreadsheet takes a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell for a file of ours that is no formula for a spreadsheet: the apostrophe says "text". [`plain`] takes it off again.
///
/// ```
/// use domain::imports::{harmless, plain};
/// assert_eq!(harmless("=1+1"), "'=1+1");
/// assert_eq!(plain("'=1+1"), "=1+1");
/// assert_eq!(harmless("'t Hooft"), "'t Hooft");
/// ```
#[must_use]
pub fn harmless(cell: &str) -> Cow<'_, str> {
    // One that begins like a cell of ours gets one more, so that what is read is what was written.
    if cell.trim_start_matches('\'').starts_with(FORMULA) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// A cell as text: without the apostrophe, or the `="…"`, that kept a spreadsheet from reading it as something else.
#[must_use]
pub fn plain(cell: &str) -> &str {
    if let Some(rest) = cell.strip_prefix('\'')
        && rest.trim_start_matches('\'').starts_with(FORMULA)
    {
        return rest;
    }
    let quoted = cell.trim().strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    quoted.filter(|text| !text.contains('"')).unwrap_or(cell)
}

/// A telephone number as a cell says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// E.164.
    pub number: String,
    /// The cell says no country: the business's was assumed.
    pub assumed: bool,
    /// Further numbers of the same cell.
    pub others: Vec<String>,
}

const SHORTENED: &str = "Excel shortened this number; format the column as text and export again.";

/// Reads a cell that should hold a number; none for an empty one.
///
/// # Errors
/// Why it holds none, in words for who made the file.
pub fn phone(cell: &str, country: &str) -> Result<Option<Phone>, String> {
    let mut found: Vec<(String, bool)> = Vec::new();
    let mut problem = None;
    // Several numbers of one person, as Google's contacts are written.
    for part in cell.split(":::").flat_map(|part| part.split('\n')) {
        match number(part, country) {
            Ok(None) => {}
            Ok(Some(one)) if found.iter().any(|(known, _)| *known == one.0) => {}
            Ok(Some(one)) => found.push(one),
            Err(why) => problem = problem.or(Some(why)),
        }
    }
    if found.is_empty() {
        return problem.map_or(Ok(None), Err);
    }
    let mobile = found
        .iter()
        .position(|(number, _)| phone::is_mobile(number))
        .unwrap_or_default();
    let (number, assumed) = found.remove(mobile);
    let others = found.into_iter().map(|(number, _)| number).collect();
    Ok(Some(Phone { number, assumed, others }))
}

fn number(part: &str, country: &str) -> Result<Option<(String, bool)>, String> {
    let text = plain(part.trim()).trim().trim_start_matches('\'').trim();
    if words::is_blank(text) {
        return Ok(None);
    }
    let text = whole(text)?;
    let number = phone::parse(&text, country).map_err(|why| why.to_string())?;
    Ok(Some((number, !text.contains('+'))))
}

/// A number that a spreadsheet took for an amount, as its digits: `4155550123.0`, `4.155550123E+09`.
fn whole(text: &str) -> Result<Cow<'_, str>, String> {
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some((digits, zeros)) = text.split_once('.')
        && all_digits(digits)
        && !zeros.is_empty()
        && zeros.bytes().all(|b| b == b'0')
        && digits.len() > 6
    {
        return Ok(Cow::Owned(digits.to_owned()));
    }
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return Ok(Cow::Borrowed(text));
    };
    let exponent = exponent.trim_start_matches('+');
    let digits: String = mantissa.chars().filter(|c| !matches!(c, '.' | ',')).collect();
    let point = mantissa.find(['.', ',']).unwrap_or(mantissa.len());
    if !all_digits(&digits) || !all_digits(exponent) {
        return Ok(Cow::Borrowed(text));
    }
    // All of its digits stand before the E, or some were lost.
    match exponent.parse::<usize>() {
        Ok(exponent) if digits.len() == point + exponent => Ok(Cow::Owned(digits)),
        _ => Err(SHORTENED.to_owned()),
    }
}

/// Reads a cell that says whether somebody agreed; none where it says nothing.
///
/// # Errors
/// What is wrong with it.
pub fn consent(cell: &str) -> Result<Option<State>, String> {
    let word = headers::normal(plain(cell));
    match word.as_str() {
        "" | "unknown" | "desconocido" | "n a" | "na" | "none" => Ok(None),
        "yes" | "y" | "true" | "1" | "x" | "opted in" | "in" | "si" | "s" | "verdadero" | "ok" | "booked" | "subscribed"
        | "granted" => Ok(Some(State::OptedIn)),
        "no" | "n" | "false" | "0" | "opted out" | "out" | "stop" | "falso" | "unsubscribed" | "declined" | "do not contact"
        | "do not text" => Ok(Some(State::OptedOut)),
        _ => Err(format!(
            "\"{}\" does not say whether this person agreed. Write yes, no, or nothing.",
            words::preview(cell, 40)
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("4155550123", "+14155550123", true)]
    #[case::usual("(415) 555-0123", "+14155550123", true)]
    #[case::with_plus("+1 415 555 0123", "+14155550123", false)]
    #[case::plus_lost("14155550123", "+14155550123", true)]
    #[case::apostrophe("'4155550123", "+14155550123", true)]
    #[case::apostrophe_plus("'+14155550123", "+14155550123", false)]
    #[case::formula_text("=\"4155550123\"", "+14155550123", true)]
    #[case::dots("415.555.0123", "+14155550123", true)]
    #[case::amount("4155550123.0", "+14155550123", true)]
    #[case::amount_of_cents("4155550123.00", "+14155550123", true)]
    #[case::all_digits("4.155550123E+09", "+14155550123", true)]
    #[case::all_digits_small("4.155550123e9", "+14155550123", true)]
    #[case::decimal_comma("4,155550123E+09", "+14155550123", true)]
    #[case::elsewhere("+34 612 345 678", "+34612345678", false)]
    fn numbers_survive_spreadsheets(#[case] cell: &str, #[case] number: &str, #[case] assumed: bool) {
        let read = phone(cell, "US").expect("a number").expect("there");
        assert_eq!((read.number.as_str(), read.assumed), (number, assumed), "{cell}");
    }

    #[rstest]
    #[case::shortened("4.15E+09", "Excel shortened")]
    #[case::one_digit_lost("4.15555012E+09", "Excel shortened")]
    #[case::negative_exponent("4.1E-09", "does not look like")]
    #[case::too_short("555", "too short")]
    #[case::formula("=HYPERLINK(\"http://x.test\")", "does not look like")]
    #[case::word("none", "does not look like")]
    fn what_is_no_number_is_refused_in_words(#[case] cell: &str, #[case] words: &str) {
        let why = phone(cell, "US").expect_err("refused");
        assert!(why.contains(words), "{cell}: {why}");
    }

    #[test]
    fn of_several_numbers_the_first_mobile_one_is_taken() {
        let read = phone("+34 912 345 678 ::: +34 612 345 678 ::: +34 912 345 678", "US")
            .expect("numbers")
            .expect("there");
        assert_eq!(read.number, "+34612345678");
        assert_eq!(read.others, ["+34912345678"]);
        let read = phone("4155550171 ::: 4155550172", "US").expect("numbers").expect("there");
        assert_eq!(
            (read.number.as_str(), read.others),
            ("+14155550171", vec!["+14155550172".to_owned()])
        );
        assert_eq!(phone(" ", "US"), Ok(None));
    }

    #[rstest]
    #[case("yes", Some(State::OptedIn))]
    #[case("Sí", Some(State::OptedIn))]
    #[case("opted_in", Some(State::OptedIn))]
    #[case("opted_out", Some(State::OptedOut))]
    #[case("NO", Some(State::OptedOut))]
    #[case("unknown", None)]
    #[case("", None)]
    fn a_yes_is_a_yes(#[case] cell: &str, #[case] state: Option<State>) {
        assert_eq!(consent(cell), Ok(state), "{cell}");
        assert!(consent("perhaps").is_err());
    }

    proptest! {
        #[test]
        fn a_cell_of_ours_is_read_as_it_was_and_is_never_a_formula(cell in "['=+@\\-a-z\t ]{0,8}") {
            let written = harmless(&cell);
            prop_assert!(!written.starts_with(FORMULA));
            // A text in quotes after an equals sign is how others keep a number from being read as one.
            prop_assert_eq!(plain(&written), cell.as_str());
        }

        #[test]
        fn no_cell_breaks_the_reading(cell in "\\PC{0,40}") {
            _ = (phone(&cell, "US"), consent(&cell));
            _ = plain(&harmless(&cell)).len();
        }
    }
}
