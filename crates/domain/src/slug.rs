//! Names for addresses and the command line.

/// A name in kebab-case ASCII: `Bright Dental & Co.` → `bright-dental-co`. Latin accents are transliterated and apostrophes
/// dropped; a name with nothing left is `business`.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    let mut gap = false;
    for c in name.chars().flat_map(char::to_lowercase) {
        if matches!(c, '\'' | '’' | '‘' | '\u{ad}' | '\u{300}'..='\u{36f}') {
            continue;
        }
        let plain = transliterate(c);
        if plain.is_empty() {
            gap = true;
            continue;
        }
        if gap && !slug.is_empty() {
            slug.push('-');
        }
        gap = false;
        slug.push_str(plain);
    }
    if slug.is_empty() { "business".to_owned() } else { slug }
}

/// The ASCII letters for a lower-case Latin letter or digit; empty for all else.
fn transliterate(c: char) -> &'static str {
    const ASCII: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    if let Some(at) = ASCII.find(c) {
        return &ASCII[at..=at];
    }
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ģ' | 'ĝ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ľ' | 'ļ' | 'ĺ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("Bright Dental & Co.", "bright-dental-co")]
    #[case("Anna's Hair", "annas-hair")]
    #[case("Café Zoë", "cafe-zoe")]
    #[case("Cafe\u{301} Zoe\u{308}", "cafe-zoe")]
    #[case("Smörgås & Æbleskiver GmbH Straße", "smorgas-aebleskiver-gmbh-strasse")]
    #[case("  --Łódź  2000!! ", "lodz-2000")]
    #[case("İstanbul Diş", "istanbul-dis")]
    #[case("牙科", "business")]
    #[case("", "business")]
    fn a_name_becomes_an_address(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(slug(name), expected);
    }

    proptest! {
        #[test]
        fn a_slug_is_always_kebab_case_and_stays_so(name in "\\PC{0,40}") {
            let once = slug(&name);
            prop_assert!(once.split('-').all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())));
            prop_assert_eq!(slug(&once), once);
        }
    }
}
