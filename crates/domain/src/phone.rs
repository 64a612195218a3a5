//! Telephone numbers: E.164 inside, any usual spelling at the edges.
//!
//! Reading and pretty-printing need libphonenumber's tables and so the feature `phone`; the checks and the mask don't.

#[cfg(feature = "phone")]
mod reading;
#[cfg(feature = "phone")]
pub use reading::{PhoneError, calling_code, code_of, country_of, display, home_of, is_mobile, parse, trunk};

/// Whether `s` is an E.164 number as we store it: `+`, then 7 to 15 digits, the first not zero.
#[must_use]
pub fn is_e164(s: &str) -> bool {
    let Some(digits) = s.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// What texts come from (docs/twilio.md §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// A telephone number, E.164.
    Number,
    /// 3 to 8 digits without a plus: a company's machine.
    ShortCode,
    /// Up to 11 letters, digits and signs (`SUPPORT`): a company's machine, which can't be texted by anybody.
    Name,
    /// Anything else: a user id of another channel.
    Other,
}

impl Address {
    /// Reads an address as Twilio writes it.
    #[must_use]
    pub fn of(address: &str) -> Self {
        let digits = address.bytes().all(|b| b.is_ascii_digit());
        let length = address.chars().count();
        if is_e164(address) {
            Self::Number
        } else if digits && (3..=8).contains(&length) {
            Self::ShortCode
        } else if (1..=11).contains(&length) && address.chars().any(char::is_alphabetic) && !address.contains(':') {
            Self::Name
        } else {
            Self::Other
        }
    }

    /// A machine reads what is answered, if anybody does; perhaps it answers, too.
    #[must_use]
    pub fn is_machine(self) -> bool {
        matches!(self, Self::ShortCode | Self::Name)
    }

    /// Why nothing can be texted there, in words for staff; none for a number.
    #[must_use]
    pub fn objection(self) -> Option<&'static str> {
        match self {
            Self::Number => None,
            Self::ShortCode => Some("This text came from a short code, which companies send from. Phone numbers can't text it."),
            Self::Name => Some("This sender is a name, not a phone number. Nobody can text it."),
            Self::Other => Some("This sender has no phone number that could be texted."),
        }
    }
}

/// A number as it may appear in a log: `+1555•••0142`. Anything that is not E.164 becomes `•••` alone.
#[must_use]
pub fn mask(e164: &str) -> String {
    if !is_e164(e164) {
        return "•••".to_owned();
    }
    let (head, tail) = if e164.len() >= 12 { (5, 4) } else { (3, 2) };
    format!("{}•••{}", &e164[..head], &e164[e164.len() - tail..])
}

/// A provider's words as they may be kept in plain: everything in them that may be a number is masked.
#[must_use]
pub fn mask_all(text: &str) -> String {
    let (mut masked, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let (digits, after) = from.split_at(from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len()));
        if digits.len() < 7 {
            masked.extend([before, digits]);
        } else {
            masked.extend([before.trim_end_matches('+'), &mask(&format!("+{digits}"))]);
        }
        rest = after;
    }
    masked + rest
}

/// What people and programs wrote, as it may be looked at later: numbers however they are written, `(415) 555-0171` too, and e-mail addresses
/// are masked. Days, as `2027-01-05`, are none.
#[must_use]
pub fn mask_said(text: &str) -> String {
    let text = mask_addresses(text);
    let (mut masked, mut rest) = (String::with_capacity(text.len()), text.as_str());
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let number = written(from);
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let day = is_day(from);
        let end = if day { "2027-01-05".len() } else { number.len() };
        if day || digits.len() < 7 {
            masked.extend([before, &from[..end]]);
        } else {
            masked.extend([before.trim_end_matches(['+', '(']), &mask(&format!("+{digits}"))]);
        }
        rest = &from[end..];
    }
    masked + rest
}

/// The digits that a text begins with, and what people put between them: at most two signs in a row.
fn written(from: &str) -> &str {
    let (mut end, mut between) = (0, 0);
    for (at, c) in from.char_indices() {
        match c {
            '0'..='9' => (end, between) = (at + 1, 0),
            ' ' | '-' | '.' | '(' | ')' | '/' if between < 2 => between += 1,
            _ => break,
        }
    }
    &from[..end]
}

fn is_day(from: &str) -> bool {
    let bytes = from.as_bytes();
    let fits = |(at, b): (usize, &u8)| if at == 4 || at == 7 { *b == b'-' } else { b.is_ascii_digit() };
    bytes.len() >= 10 && bytes[..10].iter().enumerate().all(fits) && !bytes.get(10).is_some_and(u8::is_ascii_digit)
}

fn mask_addresses(text: &str) -> String {
    let is_local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    let (mut masked, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('@') {
        let local = before.len() - before.chars().rev().take_while(|c| is_local(*c)).count();
        let is_address = local < before.len() && after.starts_with(|c: char| c.is_ascii_alphanumeric());
        if is_address {
            masked.extend([&before[..=local], "•••@"]);
        } else {
            masked.extend([before, "@"]);
        }
        rest = after;
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn no_number_is_left_in_a_providers_words() {
        for (said, kept) in [
            (
                "The 'To' number +14155550171 is not valid.",
                "The 'To' number +1415•••0171 is not valid.",
            ),
            ("14155550171, 4155550171", "+1415•••0171, +41•••71"),
            ("Error 21211 after 3 tries", "Error 21211 after 3 tries"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(mask_all(said), kept);
        }
    }

    #[rstest]
    #[case("call (415) 555-0171 at 15:30", "call +41•••71 at 15:30")]
    #[case("+1 415-555-0171", "+1415•••0171")]
    #[case("070 123 45 67, please", "•••, please")]
    #[case(r#""starts_at":"2027-01-05T15:00:00Z""#, r#""starts_at":"2027-01-05T15:00:00Z""#)]
    #[case("2027-01-05 15:30, room 12", "2027-01-05 15:30, room 12")]
    #[case("write to ann.lee@x.example or @us", "write to a•••@x.example or @us")]
    #[case("Å@x.example", "Å@x.example")]
    #[case("", "")]
    fn nothing_is_left_of_numbers_and_addresses_as_people_write_them(#[case] said: &str, #[case] kept: &str) {
        assert_eq!(mask_said(said), kept);
    }

    #[rstest]
    #[case("+15550100142", true)]
    #[case("+46701234567", true)]
    #[case("+1234567", true)]
    #[case("+123456", false)]
    #[case("+1234567890123456", false)]
    #[case("+05550100142", false)]
    #[case("15550100142", false)]
    #[case("+1555010014٢", false)]
    #[case("", false)]
    fn only_e164_is_e164(#[case] text: &str, #[case] is: bool) {
        assert_eq!(is_e164(text), is, "{text}");
    }

    #[rstest]
    #[case::number("+14155550171", Address::Number)]
    #[case::short_code("68849", Address::ShortCode)]
    #[case::three_digits("911", Address::ShortCode)]
    #[case::of_eight_digits("12345678", Address::ShortCode)]
    #[case::name("SUPPORT", Address::Name)]
    #[case::name_with_space("Bright Bank", Address::Name)]
    #[case::name_with_digits("3Mobile", Address::Name)]
    #[case::name_abroad("Förening", Address::Name)]
    #[case::whatsapp("whatsapp:+14155550171", Address::Other)]
    #[case::short_scheme("rcs:a", Address::Other)]
    #[case::without_plus("14155550171", Address::Other)]
    #[case::nothing("", Address::Other)]
    #[case::signs("+", Address::Other)]
    fn an_address_shows_what_it_is(#[case] address: &str, #[case] is: Address) {
        assert_eq!(Address::of(address), is);
        assert_eq!(is.objection().is_none(), is == Address::Number);
    }

    #[rstest]
    #[case("+15550100142", "+1555•••0142")]
    #[case("+46701234567", "+4670•••4567")]
    #[case("+1234567", "+12•••67")]
    #[case("anna@example.com", "•••")]
    fn a_log_never_shows_a_whole_number(#[case] number: &str, #[case] shown: &str) {
        assert_eq!(mask(number), shown);
    }
}
