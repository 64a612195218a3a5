//! What a text costs: the SMS segments it is cut into (docs/twilio.md §9).
//!
//! The oracle is Twilio's own `sms-segments-calculator` 1.3.0; `vectors/segments.json` was made with it.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// Bits in one segment on the air.
const SEGMENT_BITS: u32 = 1120;
/// Bits each segment loses to the "part n of m" header once there is more than one.
const HEADER_BITS: u32 = 48;

/// The alphabet the whole message is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Seven bits a unit: 160 units in a single message, 153 in each of several.
    Gsm7,
    /// Sixteen bits a unit: 70 units in a single message, 67 in each of several.
    Ucs2,
}

impl Encoding {
    const fn bits(self) -> u32 {
        match self {
            Self::Gsm7 => 7,
            Self::Ucs2 => 16,
        }
    }

    const fn single(self) -> u32 {
        SEGMENT_BITS / self.bits()
    }

    const fn of_several(self) -> u32 {
        (SEGMENT_BITS - HEADER_BITS) / self.bits()
    }
}

/// How a body is cut up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segments {
    /// Alphabet of the whole message.
    pub encoding: Encoding,
    /// Segments that are sent and paid for.
    pub count: u32,
    /// Units used in the last segment.
    pub used: u32,
    /// Units still free in the last segment.
    pub left: u32,
    /// Units of the whole body, headers not counted.
    pub units: u32,
}

/// Counts the segments of `body` as Twilio does (docs/twilio.md §9). An empty body has none.
///
/// A character as the reader sees it (grapheme) is never cut in two, except when it alone is longer than a segment.
#[must_use]
pub fn count(body: &str) -> Segments {
    let encoding = encoding(body);
    let sizes = unit_sizes(body, encoding);
    let units = sizes.iter().sum();
    let single = encoding.single();
    if units <= single {
        return Segments {
            encoding,
            count: u32::from(units > 0),
            used: units,
            left: single - units,
            units,
        };
    }
    let capacity = encoding.of_several();
    let (count, used) = fill(&sizes, capacity);
    Segments {
        encoding,
        count,
        used,
        left: capacity - used,
        units,
    }
}

/// Pours the pieces into segments of `capacity`; gives how many there are and what the last one holds.
fn fill(sizes: &[u32], capacity: u32) -> (u32, u32) {
    sizes.iter().fold((1, 0), |(count, used), &size| {
        if used + size > capacity {
            (count + 1, size)
        } else {
            (count, used + size)
        }
    })
}

/// UCS-2 as soon as one grapheme is outside GSM-7 or is made of more than one UTF-16 unit.
fn encoding(body: &str) -> Encoding {
    let plain = graphemes(body).all(|g| {
        let mut chars = g.chars();
        matches!((chars.next(), chars.next()), (Some(c), None) if septets(c) > 0)
    });
    if plain { Encoding::Gsm7 } else { Encoding::Ucs2 }
}

/// Units of each piece that must not be cut.
fn unit_sizes(body: &str, encoding: Encoding) -> Vec<u32> {
    let size = |c: char| match encoding {
        Encoding::Gsm7 => septets(c),
        Encoding::Ucs2 => {
            if c.len_utf16() == 2 {
                2
            } else {
                1
            }
        }
    };
    let mut sizes = Vec::with_capacity(body.len());
    for grapheme in graphemes(body) {
        let whole: u32 = grapheme.chars().map(size).sum();
        if whole > encoding.of_several() {
            sizes.extend(grapheme.chars().map(size));
        } else {
            sizes.push(whole);
        }
    }
    sizes
}

/// Graphemes, except that CR and LF are two (docs/twilio.md §9: CRLF counts 2).
fn graphemes(body: &str) -> impl Iterator<Item = &str> {
    body.graphemes(true)
        .flat_map(|g| if g == "\r\n" { vec!["\r", "\n"] } else { vec![g] })
}

/// Septets of `c` in GSM 03.38: 1, 2 for the extension table, 0 when it isn't there. Twilio leaves out `ç`.
fn septets(c: char) -> u32 {
    match c {
        '\u{c}' | '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' => 2,
        '`' => 0,
        '\n' | '\r' | ' '..='~' => 1,
        '¡' | '£' | '¤' | '¥' | '§' | '¿' | 'Ä' | 'Å' | 'Æ' | 'É' | 'Ñ' | 'Ö' | 'Ø' | 'Ü' | 'ß' => 1,
        'à' | 'ä' | 'å' | 'æ' | 'Ç' | 'è' | 'é' | 'ì' | 'ñ' | 'ò' | 'ö' | 'ø' | 'ù' | 'ü' => 1,
        'Γ' | 'Δ' | 'Θ' | 'Λ' | 'Ξ' | 'Π' | 'Σ' | 'Φ' | 'Ψ' | 'Ω' => 1,
        _ => 0,
    }
}

/// The same words in letters that cost less: without the accents and typographer's signs that GSM-7 lacks, as people write them on
/// simple phones. None where that would save no part.
///
/// ```
/// let text = "Mañana a las 3:00 p. m. está bien; aquí le esperamos con mucho gusto, Sra. Muñoz.";
/// let short = domain::segments::shortened(text).expect("one part, not two");
/// assert_eq!(short, "Mañana a las 3:00 p. m. esta bien; aqui le esperamos con mucho gusto, Sra. Muñoz.");
/// ```
#[must_use]
pub fn shortened(body: &str) -> Option<String> {
    let before = count(body);
    if before.encoding == Encoding::Gsm7 || before.count < 2 {
        return None;
    }
    let mut short = String::with_capacity(body.len());
    for c in body.chars() {
        match cheaper(c) {
            Some(cheaper) => short.push_str(cheaper),
            None if septets(c) > 0 => short.push(c),
            // Something else keeps it from being GSM-7.
            None => return None,
        }
    }
    (count(&short).count < before.count).then_some(short)
}

/// What stands for a character that GSM-7 lacks.
fn cheaper(c: char) -> Option<&'static str> {
    Some(match c {
        'á' | 'â' | 'ã' | 'ª' => "a",
        'Á' | 'À' | 'Â' | 'Ã' => "A",
        'ç' => "c",
        'ê' | 'ë' => "e",
        'È' | 'Ê' | 'Ë' => "E",
        'í' | 'î' | 'ï' => "i",
        'Í' | 'Ì' | 'Î' | 'Ï' => "I",
        'ó' | 'ô' | 'õ' | 'º' => "o",
        'Ó' | 'Ò' | 'Ô' | 'Õ' => "O",
        'ú' | 'û' => "u",
        'Ú' | 'Ù' | 'Û' => "U",
        '‘' | '’' | '‚' | '´' | '`' => "'",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '‐' | '‑' | '–' | '—' | '−' => "-",
        '…' => "...",
        '\t' | '\u{a0}' | '\u{2009}' | '\u{202f}' => " ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Case {
        why: String,
        /// The body as pieces, each repeated, so that a reader can see a length of 306.
        parts: Vec<(String, usize)>,
        encoding: Encoding,
        count: u32,
        used: u32,
        left: u32,
        units: u32,
    }

    #[test]
    fn every_body_costs_what_twilios_own_calculator_says() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/segments.json")).expect("vectors are JSON");
        assert!(cases.len() >= 60);
        for case in cases {
            let body: String = case.parts.iter().map(|(text, times)| text.repeat(*times)).collect();
            let Case {
                why,
                encoding,
                count: n,
                used,
                left,
                units,
                ..
            } = case;
            assert_eq!(
                count(&body),
                Segments {
                    encoding,
                    count: n,
                    used,
                    left,
                    units
                },
                "{why}"
            );
        }
    }

    #[test]
    fn nothing_to_say_costs_nothing() {
        assert_eq!(
            count(""),
            Segments {
                encoding: Encoding::Gsm7,
                count: 0,
                used: 0,
                left: 160,
                units: 0
            }
        );
    }

    #[test]
    fn a_letter_under_a_tower_of_accents_is_paid_for_in_full() {
        let tower = format!("a{}", "\u{301}".repeat(200));
        assert_eq!(
            count(&tower).count,
            3,
            "201 units, 67 in each: the one place where we are stricter than the oracle"
        );
    }

    #[test]
    fn a_text_is_kept_short_only_where_that_saves_a_part() {
        let long = |letter: &str| format!("{letter}{}", "x".repeat(70));
        for (letter, short) in [
            ("á", "a"),
            ("Í", "I"),
            ("ó", "o"),
            ("Ú", "U"),
            ("ç", "c"),
            ("ê", "e"),
            ("“", "\""),
            ("’", "'"),
            ("–", "-"),
            ("…", "..."),
            ("\u{a0}", " "),
        ] {
            assert_eq!(shortened(&long(letter)), Some(long(short)), "{letter}");
            assert_eq!(shortened(letter), None, "one part is one part");
        }
        for kept in ["é", "ñ", "Ñ", "ü", "¿", "¡", "à", "Ä", "ö"] {
            assert_eq!(shortened(&long(kept)), None, "{kept} costs nothing");
            assert_eq!(shortened(&long(&format!("{kept}á"))), Some(long(&format!("{kept}a"))));
        }
        for dear in ["á👍", "á日", "áa\u{301}", "ážá"] {
            assert_eq!(shortened(&long(dear)), None, "{dear}: it would lose its accents for nothing");
        }
        assert_eq!(shortened(""), None);
    }

    proptest! {
        #[test]
        fn what_is_shortened_is_cheaper_says_the_same_and_is_not_shortened_again(body in "[ -~áéíóúñÁ¿“”…\u{a0}]{0,400}|\\PC{0,200}") {
            let Some(short) = shortened(&body) else { return Ok(()) };
            prop_assert_eq!(count(&short).encoding, Encoding::Gsm7);
            prop_assert!(count(&short).count < count(&body).count);
            prop_assert_eq!(shortened(&short), None);
            let letters = |text: &str| text.chars().map(crate::words::plain).filter(char::is_ascii_alphanumeric).count();
            prop_assert!(letters(&short) >= letters(&body));
        }

        #[test]
        fn a_longer_text_never_costs_less(a in "\\PC{0,200}", b in "[ -~]{1,100}") {
            let joined = format!("{a} {b}");
            prop_assert!(count(&joined).count >= count(&a).count);
        }

        #[test]
        fn the_last_segment_is_never_empty_nor_too_full(body in "\\PC{1,400}") {
            let s = count(&body);
            let room = if s.count > 1 { s.encoding.of_several() } else { s.encoding.single() };
            prop_assert!(s.used > 0);
            prop_assert_eq!(s.used + s.left, room);
            prop_assert!(s.units <= s.count * room);
        }
    }
}
