//! What a text costs before it is sent.

use domain::segments;

/// What a text costs, in words: `38 characters · 1 text`. Nothing while there is none.
pub fn size(body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    let characters = body.chars().count();
    let segments::Segments { count, encoding, .. } = segments::count(body);
    let letters = if characters == 1 { "character" } else { "characters" };
    let texts = if count == 1 { "text" } else { "texts" };
    let why = if encoding == segments::Encoding::Ucs2 {
        " · emoji or special letters make texts shorter"
    } else {
        ""
    };
    format!("{characters} {letters} · {count} {texts}{why}")
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_text_says_what_it_costs() {
        assert_eq!(size("See you on Tuesday at three. Greetings"), "38 characters · 1 text");
        assert_eq!(size(""), "");
        assert_eq!(
            size("✂"),
            "1 character · 1 text · emoji or special letters make texts shorter"
        );
        assert_eq!(size(&"a".repeat(161)), "161 characters · 2 texts");
    }
}
