//! What a text costs before it is sent.

use domain::segments;

/// What a text costs, in words: `38 characters · 1 text`. Nothing while there is none. `short`: it is sent in plainer letters where that
/// saves a part.
pub fn size(body: &str, short: bool) -> String {
    if body.is_empty() {
        return String::new();
    }
    let characters = body.chars().count();
    let segments::Segments { count, encoding, .. } = segments::count(body);
    let letters = if characters == 1 { "character" } else { "characters" };
    if let Some(short) = segments::shortened(body).filter(|_| short) {
        let parts = segments::count(&short).count;
        return format!("{characters} {letters} · {count} parts → {parts} · sent without accents");
    }
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
        assert_eq!(size("See you on Tuesday at three. Greetings", true), "38 characters · 1 text");
        assert_eq!(size("", true), "");
        assert_eq!(
            size("✂", true),
            "1 character · 1 text · emoji or special letters make texts shorter"
        );
        assert_eq!(size(&"a".repeat(161), true), "161 characters · 2 texts");
    }

    #[test]
    fn one_that_is_kept_short_says_what_that_saves() {
        let text = "á".repeat(80);
        assert_eq!(size(&text, true), "80 characters · 2 parts → 1 · sent without accents");
        assert_eq!(
            size(&text, false),
            "80 characters · 2 texts · emoji or special letters make texts shorter"
        );
    }
}
