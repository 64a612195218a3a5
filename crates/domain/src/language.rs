//! The languages customers are texted in, and which of them a text seems to be written in.
//!
//! A text of ours is written by hand in each of them (`texts`). What customers write is understood in all of them, whatever is known of
//! who writes (`inbound`, `optout`): nobody has to be registered as a Spanish speaker to say ALTO.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    optout,
    words::{is_edge, normal, plain},
};

/// Characters of a text that are looked at.
const LONGEST: usize = 1600;

/// Telling words after which a text seems to be in a language.
const ENOUGH: usize = 2;

/// A language that customers are texted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "es")]
    Spanish,
}

crate::words::words! { Language is a "language": English = "en", Spanish = "es" }

impl Language {
    /// Reads what somebody gave: `es`, also with a country behind it, like `es-MX` or `EN_us`.
    #[must_use]
    pub fn read(tag: &str) -> Option<Self> {
        let mut parts = tag.trim().split(['-', '_']);
        let language = parts.next()?.to_ascii_lowercase().parse().ok()?;
        let sound = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        (tag.len() <= 35 && parts.all(sound)).then_some(language)
    }

    /// Whoever's own language is not known, or none of ours, is texted in the business's.
    #[must_use]
    pub fn of(own: Option<&str>, business: &str) -> Self {
        own.and_then(Self::read).or_else(|| Self::read(business)).unwrap_or_default()
    }

    /// What staff call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Spanish",
        }
    }

    /// Small words that tell it from the others, without accents. None that others have too: `no`, `me` and `a` are of both, `Y` is an
    /// answer.
    #[rustfmt::skip]
    const fn telling(self) -> &'static [&'static str] {
        match self {
            Self::English => &[
                "the", "and", "of", "to", "is", "are", "was", "am", "you", "your", "my", "i", "im", "in", "it", "its", "that", "thats", "this", "for", "with",
                "on", "at", "be", "been", "have", "has", "had", "not", "can", "cant", "could", "would", "will", "do", "does", "dont", "what", "whats", "when",
                "where", "how", "who", "why", "please", "thank", "thanks", "we", "they", "she", "but", "if", "from", "or", "so", "there", "need", "late", "running",
                "want", "today", "tomorrow", "any", "about", "get", "an",
            ],
            Self::Spanish => &[
                "el", "la", "los", "las", "de", "del", "que", "en", "un", "una", "unos", "unas", "por", "para", "con", "su", "sus", "mi", "mis",
                "es", "al", "lo", "le", "les", "se", "si", "como", "pero", "mas", "ya", "muy", "este", "esta", "esto", "ese", "esa", "eso", "hay",
                "cuando", "donde", "porque", "tengo", "tiene", "tienen", "puedo", "puede", "pueden", "quiero", "quisiera", "necesito", "estoy", "soy",
                "voy", "hola", "gracias", "buenos", "buenas", "favor", "nos", "yo", "usted", "ustedes", "cuanto", "cual", "quien", "sobre", "hasta",
                "desde", "hoy", "manana", "tambien", "cita", "llegar", "tarde", "hijo", "hija",
            ],
        }
    }
}

/// Telling words of languages that share many with ours: who writes these writes none of ours.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "nao", "voce", "voces", "obrigado", "obrigada", "uma", "meu", "minha", "estou", "amanha", "muito", "je", "vous", "nous", "merci",
    "bonjour", "une", "pas", "suis", "grazie", "sono", "che", "buongiorno", "della", "il",
];

/// The language that a customer's text seems to be written in: it has two or more telling words of that one, and fewer of any other. None
/// where that is not plain, and for what a phone wrote to tell of a reaction to a text of ours.
#[must_use]
pub fn seems(text: &str) -> Option<Language> {
    let text: String = text.chars().take(LONGEST).collect();
    if optout::is_reaction(normal(&text).trim_matches(is_edge)) {
        return None;
    }
    let text: String = normal(&text)
        .chars()
        .map(plain)
        .filter(|c| !matches!(c, '\'' | '’'))
        .collect();
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    if OTHERS.iter().any(|other| words.contains(other)) {
        return None;
    }
    let count = |language: &Language| language.telling().iter().filter(|word| words.contains(*word)).count();
    let (most, language) = Language::ALL.iter().map(|language| (count(language), *language)).max()?;
    let as_many = Language::ALL.iter().filter(|other| count(other) == most).count();
    (most >= ENOUGH && as_many == 1).then_some(language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("en", Some(Language::English))]
    #[case(" ES ", Some(Language::Spanish))]
    #[case("es-MX", Some(Language::Spanish))]
    #[case("es_419", Some(Language::Spanish))]
    #[case("en-Latn-US", Some(Language::English))]
    #[case("fr", None)]
    #[case("pt-BR", None)]
    #[case("spanish", None)]
    #[case("es-", None)]
    #[case("es-<script>", None)]
    #[case("", None)]
    fn a_language_is_one_of_ours_or_refused(#[case] tag: &str, #[case] expected: Option<Language>) {
        assert_eq!(Language::read(tag), expected);
    }

    #[test]
    fn a_stored_language_comes_back_and_who_has_none_is_texted_in_the_businesss() {
        for language in Language::ALL {
            assert_eq!(language.as_str().parse(), Ok(*language));
            assert_eq!(serde_json::to_string(language).ok(), Some(format!("\"{language}\"")));
        }
        assert_eq!(Language::of(Some("es"), "en"), Language::Spanish);
        assert_eq!(Language::of(None, "es"), Language::Spanish);
        assert_eq!(
            Language::of(Some("fr"), "es"),
            Language::Spanish,
            "of before there was a list"
        );
        assert_eq!(Language::of(None, "fr"), Language::English);
    }

    #[derive(Deserialize)]
    struct Case {
        why: String,
        bodies: Vec<String>,
        seems: Option<Language>,
    }

    #[test]
    fn a_text_seems_to_be_in_a_language_where_that_is_plain() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/language.json")).expect("vectors are JSON");
        let mut wrong = Vec::new();
        for case in &cases {
            for body in &case.bodies {
                let found = seems(body);
                if found != case.seems {
                    wrong.push(format!("{body:?} seems {found:?}, not {:?}: {}", case.seems, case.why));
                }
            }
        }
        assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    }

    #[test]
    fn a_telling_word_tells_one_language_only_and_is_written_as_it_is_read() {
        let all = Language::ALL.iter().flat_map(|language| language.telling());
        for word in all.chain(OTHERS) {
            let read: String = normal(word).chars().map(plain).collect();
            assert_eq!(&read, word);
            let of = Language::ALL
                .iter()
                .filter(|language| language.telling().contains(word))
                .count();
            assert_eq!(of + usize::from(OTHERS.contains(word)), 1, "{word}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_an_answer_alone_says_nothing(body in any::<String>(), token in 1u16..1000, letter in "[YNSynsí]{1,2}") {
            let _ = seems(&body);
            prop_assert_eq!(seems(&format!("{letter}{token}")), None);
        }
    }
}
