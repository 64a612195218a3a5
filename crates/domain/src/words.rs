//! What people write: names and texts that show something and leave their neighbours alone; closed lists of words that are stored, and the
//! letters people type them with.

use thiserror::Error;

/// A stored or received word that is not on the closed list it should come from.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{word:?} is not a known {what}")]
pub struct UnknownWord {
    /// What was read.
    pub word: String,
    /// The list it should have been on, in words: "delivery status".
    pub what: &'static str,
}

/// Gives an enum its stored words: `ALL`, `as_str`, `Display` and `FromStr`.
macro_rules! words {
    ($type:ident is a $what:literal: $($variant:ident = $word:literal),+ $(,)?) => {
        impl $type {
            /// Every value, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that is stored and that crosses the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::UnknownWord;

            /// Reads the stored word back; [`crate::UnknownWord`] for anything else.
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownWord { word: word.to_owned(), what: $what }),
                }
            }
        }
    };
}
pub(crate) use words;

/// The ASCII twin of a full-width letter, digit or sign as East Asian keyboards produce them; others unchanged.
pub(crate) fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Characters that take no room on a screen: joiners, direction marks, byte-order mark, soft hyphen, variation selectors, tags.
pub(crate) fn is_invisible(c: char) -> bool {
    is_direction_mark(c)
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// What turns the direction of the text after it, and would turn what stands beside it in a row too.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Letters without a shape: fillers of Korean, and the empty cell of Braille. Nobody sees them, but they take room.
fn is_filler(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}')
}

fn is_nothing(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_invisible(c) || is_filler(c)
}

/// Whether there is nothing to see in `text`: it is empty, blank, or all of characters without a shape.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_nothing)
}

/// A name or another short text as it is kept: on one line, one space between words, without control characters and direction marks;
/// empty if there is nothing to see in it. Joiners stay, which Persian, Indian scripts and emoji need.
///
/// ```
/// assert_eq!(domain::words::line(" Ann\u{202e}\n O'Neil\u{200b} "), "Ann O'Neil");
/// assert_eq!(domain::words::line("\u{3164}\u{2060}"), "");
/// ```
#[must_use]
pub fn line(text: &str) -> String {
    if is_blank(text) {
        return String::new();
    }
    let kept: String = text.chars().filter(|c| c.is_whitespace() || !is_noise(*c)).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of several lines as it is kept: as it was written, without control characters other than line feed and tab, and without
/// what turns the text around it; nothing at its ends, and empty if there is nothing to see in it.
#[must_use]
pub fn lines(text: &str) -> String {
    if is_blank(text) {
        return String::new();
    }
    let kept: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_noise(*c)).collect();
    kept.trim().to_owned()
}

/// What has no place in a name: it shows nothing, joins nothing, and is pasted by accident or to deceive.
fn is_noise(c: char) -> bool {
    c.is_control()
        || is_direction_mark(c)
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}')
}

/// The first characters of a text for a row of a list: one line of its own that can't turn its neighbours; what there is to say of a
/// text of nothing.
///
/// ```
/// assert_eq!(domain::words::preview("See\nyou \u{202e}soon", 8), "See you ");
/// assert_eq!(domain::words::preview("\u{200b}", 8), "(empty)");
/// ```
#[must_use]
pub fn preview(text: &str, most: usize) -> String {
    line(shown(text)).chars().take(most).collect()
}

/// A text as it is shown: one of nothing is said to be empty.
#[must_use]
pub fn shown(text: &str) -> &str {
    if is_blank(text) { "(empty)" } else { text }
}

/// Lower case, one space between words, ASCII width; control, invisible and combining characters and skin tones gone.
pub(crate) fn normal(body: &str) -> String {
    let kept: String = body
        .chars()
        .filter(|c| !is_dressing(*c))
        .map(narrow)
        .flat_map(char::to_lowercase)
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_dressing(c: char) -> bool {
    let combining = matches!(c, '\u{300}'..='\u{36f}');
    let skin_tone = matches!(c, '\u{1f3fb}'..='\u{1f3ff}');
    is_invisible(c) || combining || skin_tone || (c.is_control() && !c.is_whitespace())
}

/// Punctuation, quotes and space at the ends of a message.
pub(crate) fn is_edge(c: char) -> bool {
    c.is_whitespace()
        || c.is_ascii_punctuation()
        || matches!(
            c,
            '“' | '”'
                | '„'
                | '‘'
                | '’'
                | '‚'
                | '«'
                | '»'
                | '‹'
                | '›'
                | '…'
                | '¡'
                | '¿'
                | '。'
                | '、'
                | '–'
                | '—'
                | '·'
                | '´'
        )
}

/// A Latin letter without its accent: `é` is `e`. People leave them out anyway.
pub(crate) fn plain(c: char) -> char {
    match c {
        'à'..='å' => 'a',
        'ç' => 'c',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ñ' => 'n',
        'ò'..='ö' | 'ø' => 'o',
        'ù'..='ü' => 'u',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::zero_width_space("\u{200b}")]
    #[case::word_joiner("\u{2060}")]
    #[case::hangul_filler("\u{3164}")]
    #[case::halfwidth_hangul_filler("\u{ffa0}")]
    #[case::jamo_fillers("\u{115f}\u{1160}")]
    #[case::braille_blank("\u{2800}\u{2800}")]
    #[case::soft_hyphen("\u{ad}")]
    #[case::override_alone("\u{202e}")]
    #[case::isolates("\u{2066}\u{2069}")]
    #[case::byte_order_mark("\u{feff}")]
    #[case::joiners("\u{200c}\u{200d}")]
    #[case::grapheme_joiner("\u{34f}")]
    #[case::variation_selectors("\u{fe0e}\u{fe0f}\u{e0100}")]
    #[case::mongolian("\u{180e}")]
    #[case::tags("\u{e0067}\u{e007f}")]
    #[case::spaces(" \t\r\n\u{a0}\u{2003}\u{3000}")]
    #[case::controls("\u{0}\u{7f}\u{85}")]
    #[case::all_at_once("\u{200b} \u{3164}\u{202e}\n\u{2800}")]
    #[case::empty("")]
    fn nothing_is_nothing(#[case] text: &str) {
        assert!(is_blank(text));
        assert_eq!(
            (line(text), lines(text), shown(text)),
            (String::new(), String::new(), "(empty)")
        );
    }

    #[rstest]
    #[case::plain("Ann", "Ann")]
    #[case::a_dot(".", ".")]
    #[case::spaces_and_lines("  Ann \n\t O'Neil ", "Ann O'Neil")]
    #[case::overridden("Ann\u{202e}gpj.exe", "Anngpj.exe")]
    #[case::isolated("\u{2067}Ann\u{2069}", "Ann")]
    #[case::marked("\u{200f}دانا\u{200e}", "دانا")]
    #[case::pasted("\u{feff}Ann\u{200b}\u{2060}", "Ann")]
    #[case::hyphenated("Anna\u{ad}belle", "Annabelle")]
    #[case::persian_keeps_its_joiner("می\u{200c}خواهم", "می\u{200c}خواهم")]
    #[case::hindi_keeps_its_joiner("क्\u{200d}ष", "क्\u{200d}ष")]
    #[case::a_family_stays_one("👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧")]
    #[case::a_red_heart_stays_red("❤\u{fe0f}", "❤\u{fe0f}")]
    #[case::scotland(
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"
    )]
    #[case::accents("Zo\u{eb} Zoe\u{308}", "Zo\u{eb} Zoe\u{308}")]
    fn a_name_is_kept_as_it_is_seen(#[case] typed: &str, #[case] kept: &str) {
        assert_eq!(line(typed), kept);
        assert!(!is_blank(typed));
    }

    #[test]
    fn several_lines_stay_several() {
        assert_eq!(
            lines(" Allergic to:\r\n\tpenicillin \u{202e}\u{0}\n"),
            "Allergic to:\n\tpenicillin"
        );
        assert_eq!(lines("می\u{200c}خواهم 👩\u{200d}👧"), "می\u{200c}خواهم 👩\u{200d}👧");
    }

    #[test]
    fn a_row_shows_a_line_that_turns_nothing() {
        assert_eq!(preview("Hi,\n\u{202e}see  you", 120), "Hi, see you");
        assert_eq!(preview(&"x".repeat(300), 120).len(), 120);
        assert_eq!(preview("\u{3164}", 120), "(empty)");
    }

    proptest! {
        #[test]
        fn what_is_kept_is_kept_again_and_is_empty_only_if_nothing_was_there(text in "\\PC{0,20}|[\u{200b}-\u{2069}a \n\u{3164}]{0,12}") {
            for keep in [line, lines] {
                let kept = keep(&text);
                prop_assert_eq!(keep(&kept), kept.clone());
                prop_assert_eq!(is_blank(&kept), is_blank(&text), "{:?}", text);
                prop_assert_eq!(kept.is_empty(), is_blank(&text));
                prop_assert!(!kept.contains(is_direction_mark));
            }
        }
    }
}
