//! What people type as a number, read as the number they mean.

use super::is_e164;
use crate::words::{is_invisible, narrow};
use phonenumber::metadata::{DATABASE, Descriptor};
use phonenumber::{Mode, PhoneNumber, country};
use std::fmt::Write as _;
use thiserror::Error;

/// Why an entry is no telephone number, in words for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PhoneError {
    /// Nothing was typed.
    #[error("Enter a phone number.")]
    Empty,
    /// Letters or signs that no number has; an extension too, because a text can't reach one.
    #[error("This does not look like a phone number. Use digits only, without an extension.")]
    NotANumber,
    /// Fewer digits than any number of that country.
    #[error("This phone number is too short. Is a digit or the area code missing?")]
    TooShort,
    /// More digits than any number of that country.
    #[error("This phone number is too long. Is there a digit too many?")]
    TooLong,
    /// No such calling code.
    #[error("The country code is not known. Start with + and the country code, such as +1.")]
    UnknownCountry,
    /// Typed without a country code, and there is no country that could be meant.
    #[error(
        "Which country is this number in? Start with + and the country code, such as +1 or +44, or choose your country in Settings."
    )]
    CountryNeeded,
    /// The right length, but the country has no such numbers.
    #[error("There is no such phone number in that country. Please check the digits.")]
    Impossible,
}

/// The country a stored number belongs to, as ISO alpha-2; none for what is no number or belongs to no single country.
#[must_use]
pub fn country_of(e164: &str) -> Option<String> {
    let number = phonenumber::parse(None, e164).ok()?;
    Some(number.country().id()?.as_ref().to_owned())
}

/// The country whose spelling a business with this number (E.164) uses: the number's own, or where that can't be told (+1 500) the
/// main one of its calling code. None for numbers of no country, such as +800.
#[must_use]
pub fn home_of(e164: &str) -> Option<String> {
    let digits = e164.strip_prefix('+').filter(|_| is_e164(e164))?;
    let (code, _) = split(digits)?;
    let of_code = DATABASE.by_code(&code).unwrap_or_default();
    let main = of_code.iter().find(|m| m.is_main_country_for_code());
    let main = main.or(if let [only] = of_code.as_slice() { Some(only) } else { None });
    let of_country = |id: &String| id.parse::<country::Id>().is_ok();
    country_of(e164)
        .or_else(|| main.map(|m| m.id().to_owned()))
        .filter(of_country)
}

/// The calling code of a number (E.164), such as 1 or 44; none for one that begins with no code that is known.
#[must_use]
pub fn calling_code(e164: &str) -> Option<u16> {
    let digits = e164.strip_prefix('+').filter(|_| is_e164(e164))?;
    split(digits).map(|(code, _)| code)
}

/// The calling code of a country (ISO alpha-2), which several countries may share.
#[must_use]
pub fn code_of(country: &str) -> Option<u16> {
    let found = DATABASE.by_id(country.trim().to_ascii_uppercase().as_str());
    found.map(|m| m.country_code())
}

/// Whether this number (E.164) is a mobile one and nothing else; where a country's numbers don't tell (North America's), none is.
#[must_use]
pub fn is_mobile(e164: &str) -> bool {
    let Some((code, national)) = e164.strip_prefix('+').and_then(split) else {
        return false;
    };
    DATABASE.by_code(&code).unwrap_or_default().into_iter().any(|m| {
        let d = m.descriptors();
        d.mobile().is_some_and(|d| d.is_match(national)) && !d.fixed_line().is_some_and(|d| d.is_match(national))
    })
}

/// What is dialled before a number inside `country` (ISO alpha-2) and left out after its country code: the 0 of 020 7946 0958.
#[must_use]
pub fn trunk(country: &str) -> Option<&'static str> {
    DATABASE
        .by_id(country.trim().to_ascii_uppercase().as_str())?
        .national_prefix()
}

/// Reads a number in any usual spelling and gives E.164. `country` is the ISO alpha-2 code to assume when none is typed; where it is
/// not known (empty, say), only numbers with a + are read.
///
/// Valid numbers are accepted as libphonenumber knows them. Numbers that only have the right length are accepted
/// after an explicit `+`, and as ten North American digits: the range for fiction (555-01xx) and Twilio's magic
/// numbers (+1 500 555 xxxx, docs/twilio.md §10) are among those.
///
/// # Errors
/// [`PhoneError`], in words a receptionist understands.
pub fn parse(input: &str, country: &str) -> Result<String, PhoneError> {
    let (plus, digits) = digits_of(input)?;
    if plus {
        return international(&digits);
    }
    let home = country.trim().to_ascii_uppercase().parse();
    let home: country::Id = home.map_err(|_| PhoneError::CountryNeeded)?;
    if let Some(number) = dialled_abroad(&digits, home) {
        return Ok(number);
    }
    national(&digits, home)
}

/// How a number is shown to someone in `country` (ISO alpha-2): the national way when it shares their calling code,
/// else the international way. What can't be read is shown as it is.
#[must_use]
pub fn display(e164: &str, country: &str) -> String {
    pretty(e164, country).unwrap_or_else(|| e164.to_owned())
}

fn pretty(text: &str, country: &str) -> Option<String> {
    let number = phonenumber::parse(None, Some(text).filter(|t| is_e164(t))?).ok()?;
    if e164(&number)? != text {
        return None;
    }
    let home = DATABASE
        .by_id(country.trim().to_ascii_uppercase().as_str())
        .map(|m| m.country_code());
    let mode = if home == Some(number.code().value()) {
        Mode::National
    } else {
        Mode::International
    };
    let mut shown = String::new();
    write!(shown, "{}", number.format().mode(mode)).ok()?;
    Some(shown)
}

/// The digits of an entry and whether a plus led them; 1 to 18 digits, ASCII.
fn digits_of(input: &str) -> Result<(bool, String), PhoneError> {
    let text: String = input.chars().filter(|c| !is_invisible(*c)).map(narrow).collect();
    let text = text.trim();
    if text.is_empty() {
        return Err(PhoneError::Empty);
    }
    let text = match text.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => text[4..].split(';').next().unwrap_or_default(),
        _ => text,
    };
    let (mut plus, mut digits) = (false, String::new());
    for c in text.chars() {
        match ascii_digit(c) {
            Some(digit) => digits.push(digit),
            None if c == '+' && !plus && digits.is_empty() => plus = true,
            None if is_separator(c) => {}
            None => return Err(PhoneError::NotANumber),
        }
    }
    match digits.len() {
        0 => Err(PhoneError::NotANumber),
        1..=4 => Err(PhoneError::TooShort),
        5..=18 => Ok((plus, digits)),
        _ => Err(PhoneError::TooLong),
    }
}

/// ASCII twin of a decimal digit; Arabic-Indic and Persian keyboards have their own.
fn ascii_digit(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => return Some(c),
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{966}'..='\u{96f}' => 0x966,
        _ => return None,
    };
    char::from_digit(c as u32 - zero, 10)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '.' | '(' | ')' | '[' | ']' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '·' | '•'
        )
}

/// `+digits`: valid, or at least of a length that country has.
fn international(digits: &str) -> Result<String, PhoneError> {
    let (code, rest) = split(digits).ok_or(PhoneError::UnknownCountry)?;
    if let Some(number) = valid_abroad(digits) {
        return Ok(number);
    }
    fits(code, rest.len())?;
    let typed = format!("+{digits}");
    if is_e164(&typed) {
        Ok(typed)
    } else {
        Err(PhoneError::Impossible)
    }
}

/// A valid number after a plus: as the country's tables have it, or with a trunk prefix too many, as in +44 (0)20.
fn valid_abroad(digits: &str) -> Option<String> {
    let (code, rest) = split(digits)?;
    let rest = as_today(code, rest);
    if is_known(code, rest) {
        return Some(format!("+{code}{rest}"));
    }
    // No default country here: the library would strip that one's trunk prefix from a foreign number.
    let number = phonenumber::parse(None, format!("+{digits}")).ok()?;
    if number.is_valid() { e164(&number) } else { None }
}

/// Mexican numbers without what was dialled before them until 2019: 1 after +52; 01, 044 and 045 at home.
fn as_today(code: u16, national: &str) -> &str {
    let old = ["1", "01", "044", "045"].into_iter().filter(|_| code == 52);
    old.filter_map(|prefix| national.strip_prefix(prefix))
        .find(|rest| rest.len() == 10)
        .unwrap_or(national)
}

/// Calling code and national digits.
fn split(digits: &str) -> Option<(u16, &str)> {
    (1..=3).find_map(|n| {
        let (code, rest) = digits.split_at_checked(n)?;
        let code = code.parse().ok().filter(|_| !digits.starts_with('0'))?;
        DATABASE.by_code(&code).map(|_| (code, rest))
    })
}

/// Whether these national digits are a number under `code` just as they are. The library can't be asked: it strips the
/// Russian trunk prefix 8 from St Petersburg's +7 812 too.
fn is_known(code: u16, national: &str) -> bool {
    is_e164(&format!("+{code}{national}")) && (descriptors(code).any(|d| d.is_match(national)) || is_for_fiction(code, national))
}

/// British mobile numbers that are nobody's, for examples and films; the American ones are read as ten digits, whatever they are.
fn is_for_fiction(code: u16, national: &str) -> bool {
    code == 44 && national.len() == 10 && national.starts_with("7700900")
}

/// The kinds of number under `code` that may take a text.
fn descriptors(code: u16) -> impl Iterator<Item = &'static Descriptor> {
    DATABASE.by_code(&code).unwrap_or_default().into_iter().flat_map(|m| {
        let d = m.descriptors();
        [d.fixed_line(), d.mobile(), d.toll_free(), d.voip(), d.personal_number()]
            .into_iter()
            .flatten()
    })
}

/// A number typed with the dialling prefix of the home country (`011 46 …` in the US) or with `00`, which most of the
/// world uses; only when what follows is a valid number.
fn dialled_abroad(digits: &str, home: country::Id) -> Option<String> {
    let own = DATABASE.by_id(home.as_ref()).and_then(|m| m.international_prefix());
    let prefix = own.and_then(|re| re.find(digits)).filter(|m| m.start() == 0).map(|m| m.end());
    [prefix, digits.starts_with("00").then_some(2)]
        .into_iter()
        .flatten()
        .find_map(|end| valid_abroad(&digits[end..]))
}

/// A number as it is dialled inside `home`.
fn national(digits: &str, home: country::Id) -> Result<String, PhoneError> {
    let meta = DATABASE.by_id(home.as_ref()).ok_or(PhoneError::CountryNeeded)?;
    let code = meta.country_code();
    let digits = as_today(code, digits);
    let trunk = meta.national_prefix().and_then(|prefix| digits.strip_prefix(prefix));
    if let Some(known) = [Some(digits), trunk].into_iter().flatten().find(|d| is_known(code, d)) {
        return Ok(format!("+{code}{known}"));
    }
    if let Ok(number) = phonenumber::parse(Some(home), digits)
        && number.is_valid()
        && number.code().value() == code
        && let Some(number) = e164(&number)
    {
        return Ok(number);
    }
    if code == 1 {
        return north_american(digits);
    }
    fits(code, digits.trim_start_matches('0').len())?;
    Err(PhoneError::Impossible)
}

/// Ten digits, with or without the leading 1; an area code never starts with 0 or 1.
fn north_american(digits: &str) -> Result<String, PhoneError> {
    let ten = if digits.len() == 11 {
        digits.strip_prefix('1').unwrap_or(digits)
    } else {
        digits
    };
    match ten.len() {
        ..10 => Err(PhoneError::TooShort),
        10 if ten.starts_with(['0', '1']) => Err(PhoneError::Impossible),
        10 => Ok(format!("+1{ten}")),
        _ => Err(PhoneError::TooLong),
    }
}

/// Whether any number under calling code `code` has `length` national digits.
fn fits(code: u16, length: usize) -> Result<(), PhoneError> {
    let lengths: Vec<usize> = descriptors(code)
        .flat_map(|d| d.possible_length())
        .map(|n| usize::from(*n))
        .collect();
    match (lengths.iter().min(), lengths.iter().max()) {
        (Some(min), _) if length < *min => Err(PhoneError::TooShort),
        (_, Some(max)) if length > *max => Err(PhoneError::TooLong),
        _ if lengths.contains(&length) => Ok(()),
        _ => Err(PhoneError::Impossible),
    }
}

/// Written out by hand: the library's own formatter panics on a code its tables don't know.
fn e164(number: &PhoneNumber) -> Option<String> {
    let text = format!("+{}{}", number.code().value(), number.national());
    is_e164(&text).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Case {
        why: String,
        input: String,
        country: String,
        e164: Option<String>,
        error: Option<String>,
        display: Option<String>,
    }

    #[test]
    fn a_receptionist_may_type_a_number_as_she_knows_it() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../vectors/phone.json")).expect("vectors are JSON");
        let mut wrong = Vec::new();
        for case in cases {
            let read = parse(&case.input, &case.country).map_err(|e| format!("{e:?}"));
            let shown = read.as_ref().ok().map(|n| display(n, &case.country));
            let right = case.e164.ok_or(case.error.unwrap_or_default());
            if read != right || (case.display.is_some() && shown != case.display) {
                wrong.push(format!(
                    "{}: {} is read as {read:?}, shown as {shown:?}",
                    case.why, case.input
                ));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    #[test]
    fn what_cannot_be_read_is_shown_as_it_is() {
        assert_eq!(display("12345", "US"), "12345");
        assert_eq!(display("+9990000000", "US"), "+9990000000");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_nothing_breaks(input in "\\PC{0,30}", country in "[A-Z]{2}") {
            let _ = parse(&input, &country);
            let _ = display(&input, &country);
        }

        #[test]
        fn digits_in_any_country_give_e164_or_a_reason(
            input in "(\\+|00|011)?[0-9]{3,17}",
            country in prop::sample::select(vec!["US", "CA", "SE", "GB", "DE", "IT", "BR", "AR", "MX", "AU", "JP", "AI", "NF", "LI", "CI", "UY", "RU", "KZ", "HU"]),
        ) {
            if let Ok(number) = parse(&input, country) {
                prop_assert!(is_e164(&number));
                prop_assert_eq!(parse(&number, country), Ok(number.clone()), "reading twice changes nothing");
                prop_assert!(!display(&number, country).is_empty());
            }
        }

        #[test]
        fn every_us_number_survives_every_spelling(area in 200u32..1000, exchange in 0u32..1000, line in 0u32..10000) {
            let e164 = format!("+1{area:03}{exchange:03}{line:04}");
            for spelling in [
                format!("({area:03}) {exchange:03}-{line:04}"),
                format!("{area:03}.{exchange:03}.{line:04}"),
                format!("1-{area:03}-{exchange:03}-{line:04}"),
                format!("+1 {area:03}\u{a0}{exchange:03}\u{2011}{line:04}"),
            ] {
                prop_assert_eq!(parse(&spelling, "US"), Ok(e164.clone()));
            }
        }
    }
}
