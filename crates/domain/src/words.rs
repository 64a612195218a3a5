//! Closed lists of words that are stored, and the letters people type them with.

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

/// Characters that take no room on a screen: joiners, direction marks, byte-order mark, soft hyphen, variation selectors.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}'
    )
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
