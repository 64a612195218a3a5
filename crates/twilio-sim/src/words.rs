//! Small facts about texts: sids, segments, opt-out words, what a phone number looks like.

/// Twilio's default words to opt out (docs/twilio.md §4).
const STOP: [&str; 8] = ["STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"];
const START: [&str; 3] = ["START", "YES", "UNSTOP"];
const HELP: [&str; 2] = ["HELP", "INFO"];

const GSM_BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_EXTENDED: &str = "^{}[]~\\|€\u{c}";

/// What Twilio itself understands in a text: the whole of it, in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    Stop,
    Start,
    Help,
}

pub(crate) fn keyword(body: &str) -> Option<Keyword> {
    let word = body.trim().to_uppercase();
    let among = |words: &[&str]| words.contains(&word.as_str());
    if among(&STOP) {
        Some(Keyword::Stop)
    } else if among(&START) {
        Some(Keyword::Start)
    } else {
        among(&HELP).then_some(Keyword::Help)
    }
}

/// SMS segments of a text: 160 or 153 GSM-7 septets each, or 70 or 67 UTF-16 units (docs/twilio.md §9; graphemes at a boundary are not
/// looked at).
pub(crate) fn segments(body: &str) -> usize {
    let septets = body.chars().map(|c| {
        if GSM_BASIC.contains(c) {
            Some(1)
        } else {
            GSM_EXTENDED.contains(c).then_some(2)
        }
    });
    match septets.sum::<Option<usize>>() {
        Some(n) => parts(n, 160, 153),
        None => parts(body.encode_utf16().count(), 70, 67),
    }
}

fn parts(units: usize, single: usize, multi: usize) -> usize {
    if units <= single { 1 } else { units.div_ceil(multi) }
}

/// A new sid: two letters and 32 hexadecimal digits.
pub(crate) fn new_sid(prefix: &str) -> String {
    format!("{prefix}{}", hex::encode(rand::random::<[u8; 16]>()))
}

/// `+` and 7 to 15 digits, perhaps behind `whatsapp:`.
pub(crate) fn is_phone(address: &str) -> bool {
    let number = address.strip_prefix("whatsapp:").unwrap_or(address);
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// A phone number, a short code, or an alphanumeric sender.
pub(crate) fn is_sender(address: &str) -> bool {
    let digits = address.bytes().all(|b| b.is_ascii_digit());
    let short_code = digits && (3..=8).contains(&address.len());
    let name = address.len() <= 11
        && address.bytes().any(|b| b.is_ascii_alphabetic())
        && address.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
    is_phone(address) || short_code || name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_the_whole_text() {
        assert_eq!(keyword(" stop "), Some(Keyword::Stop));
        assert_eq!(keyword("Yes"), Some(Keyword::Start));
        assert_eq!(keyword("info"), Some(Keyword::Help));
        assert_eq!(keyword("stop please"), None);
    }

    #[test]
    fn segments_change_at_their_borders() {
        assert_eq!([160, 161, 306, 307].map(|n| segments(&"a".repeat(n))), [1, 2, 2, 3]);
        assert_eq!([70, 71, 134, 135].map(|n| segments(&"я".repeat(n))), [1, 2, 2, 3]);
        assert_eq!(segments(&"€".repeat(81)), 2);
    }

    #[test]
    fn addresses() {
        assert!(is_phone("+14155550100") && is_phone("whatsapp:+14155550100"));
        assert!(!is_phone("4155550100") && !is_phone("+0123456789") && !is_phone("+1415abc0100"));
        assert!(is_sender("12345") && is_sender("Salon Eva") && !is_sender("not a sender!"));
    }
}
