//! A yes or a no with manners: an answer, and around it only what is polite.
//!
//! The grammar is small on purpose: every word of the text must be on a list here. Who adds a "but", a question, a time, a number or
//! the other answer says more than yes or no, and a person reads it.

use super::{Meaning, signature::unsigned};
use crate::{
    optout::is_opt_out,
    words::{is_edge, normal, plain},
};

/// One of the two answers: its letters and full words, before a token too; what is one by itself; what may stand around it; what
/// may only follow it, because alone or in front it means something else ("please confirm"). Letters and words of all languages count for
/// everybody: a Y is a yes to a text that asks for an S.
pub(super) struct Side {
    yes: bool,
    letters: &'static [&'static str],
    pub(super) answers: &'static [&'static str],
    around: &'static [&'static str],
    after: &'static [&'static str],
}

/// Lower case, without accents and apostrophes, as [`words`] leaves them.
pub(super) const YES: Side = Side {
    yes: true,
    letters: &["y", "yes", "s", "si"],
    #[rustfmt::skip]
    answers: &[
        "yes", "yess", "yep", "yup", "yeah", "yea", "ok", "okay", "sure", "sure thing", "confirm", "confirmed", "confirming",
        "i confirm", "we confirm", "absolutely", "definitely", "of course", "for sure", "certainly", "👍", "👌", "✅", "✔", "☑",
        "i will be there", "ill be there", "we will be there", "well be there", "will be there", "i can make it", "we can make it",
        "i will make it", "ill make it", "i can be there", "i am coming", "im coming", "we are coming",
        "si", "sip", "claro", "claro que si", "por supuesto", "desde luego", "de acuerdo", "vale", "confirmo", "confirmado", "confirmada",
        "confirmamos", "asistire", "asistiremos", "ahi estare", "alli estare", "aqui estare", "estare ahi", "estare alli", "ahi estaremos",
        "alli estaremos", "ja", "jawohl", "japp", "oui", "daccord", "sim",
    ],
    around: &[],
    #[rustfmt::skip]
    after: &[
        "please", "pls", "plz", "see you", "see ya", "see u", "see you then", "see ya then", "see u then", "see you there", "see you all then",
        "see you soon", "see you both then", "looking forward", "looking forward to it", "look forward to it", "looking forward to seeing you",
        "sounds good", "sounds great", "that works", "that works great", "that works for me", "works for me", "that is fine", "thats fine",
        "that is good", "thats good", "that is great", "thats great", "that is perfect", "thats perfect", "that is correct", "thats correct",
        "perfect", "great", "awesome", "wonderful", "excellent", "lovely", "cool", "good", "very good", "all good", "fine", "got it", "correct",
        "indeed", "i do", "i can", "i will", "we will", "on time", "my appointment", "the appointment", "this appointment", "our appointment",
        "for my appointment", "my visit", "the visit",
        "por favor", "porfa", "porfavor", "nos vemos", "ahi nos vemos", "alli nos vemos", "hasta luego", "hasta pronto", "hasta entonces",
        "perfecto", "excelente", "muy bien", "esta bien", "bien", "con gusto", "con mucho gusto", "voy", "ahi voy", "ire", "iremos", "mi cita",
        "la cita", "y gracias", "y muchas gracias", "bitte", "gerne", "garna", "sil vous plait", "avec plaisir",
    ],
};

pub(super) const NO: Side = Side {
    yes: false,
    letters: &["n", "no"],
    #[rustfmt::skip]
    answers: &[
        "no", "nope", "nah", "👎", "❌", "i cant", "i cannot", "i can not", "cant", "cannot", "cant make it", "i cant make it", "we cant make it",
        "cannot make it", "i cannot make it", "can not make it", "i can not make it", "we cannot make it", "cant come", "i cant come",
        "i cannot come", "cant be there", "i cant be there", "i cannot be there", "wont be there", "i wont be there", "i will not be there",
        "we wont be there", "wont make it", "i wont make it", "i will not make it", "wont be able to make it", "i wont be able to make it",
        "i will not be able to make it", "we wont be able to make it", "i wont be able to come", "not able to make it",
        "im not able to make it", "i am not able to make it", "unable to make it", "im unable to make it", "i am unable to make it",
        "not coming", "im not coming", "i am not coming", "not going to make it", "im not going to make it", "i am not going to make it",
        "not gonna make it", "im not gonna make it", "reschedule", "please reschedule", "reschedule please", "need to reschedule",
        "i need to reschedule", "i have to reschedule", "have to reschedule", "i must reschedule", "we need to reschedule",
        "i would like to reschedule", "id like to reschedule", "i want to reschedule", "another time", "another time please",
        "i need another time", "need another time", "i need a different time",
        "no puedo", "no podemos", "no puedo ir", "no puedo asistir", "no podre", "no podre ir", "no podre asistir", "no podremos",
        "no voy a poder", "no voy a poder ir", "no voy a poder asistir", "no voy", "no ire", "no asistire", "cambiar", "cambiar por favor", "reprogramar",
        "necesito cambiar la cita", "necesito cambiar mi cita", "quiero cambiar la cita", "quiero cambiar mi cita", "necesito reprogramar",
        "quisiera reprogramar", "otra hora por favor", "otro dia por favor", "nej", "nein", "non", "nao", "nao posso", "ich kann nicht",
        "jag kan inte", "je ne peux pas",
    ],
    #[rustfmt::skip]
    around: &[
        "sorry", "so sorry", "very sorry", "im sorry", "i am sorry", "im so sorry", "i am so sorry", "sorry about that", "apologies",
        "my apologies", "unfortunately", "lo siento", "lo siento mucho", "perdon", "perdone", "disculpe", "disculpa", "disculpen", "lamentablemente",
        "desafortunadamente", "leider", "tyvarr", "desole", "desolee", "malheureusement",
        "😔", "😞", "😢", "😭", "🙁", "☹", "😩", "😟", "😕", "🥺",
    ],
    #[rustfmt::skip]
    after: &["then", "that day", "that time", "at that time", "this time", "anyway", "esta vez", "ese dia"],
};

/// What goes with either answer and is none.
#[rustfmt::skip]
const MANNERS: &[&str] = &[
    "thanks", "thank you", "thankyou", "thank u", "thx", "thnx", "thanx", "tnx", "ty", "tysm", "many thanks", "much appreciated", "appreciated",
    "appreciate it", "i appreciate it", "we appreciate it", "cheers", "so much", "very much", "a lot", "a bunch", "again",
    "for the reminder", "for reminding me", "for reminding us", "for the heads up", "for letting me know", "for the text", "for the message",
    "for your text", "for your message", "for checking", "for checking in", "for asking", "for your help", "for everything",
    "and thanks", "and thank you", "hi", "hello", "hey", "hi there", "hello there", "good morning", "good afternoon", "good evening",
    "sir", "maam", "mam", "madam", "doc", "doctor", "everyone", "have a great day", "have a nice day", "have a good day", "have a wonderful day",
    "have a blessed day", "have a lovely day", "have a good one", "have a great one", "have a good night", "have a nice evening",
    "have a great weekend", "have a good weekend", "have a nice weekend", "god bless", "god bless you", "bless you", "regards", "best regards",
    "kind regards", "sorry for the late reply", "sorry for the late response", "sorry for the delay", "x", "xx", "xo", "xoxo",
    "gracias", "muchas gracias", "muchisimas gracias", "mil gracias", "muy amable", "muy amables", "hola", "buenos dias", "buen dia",
    "buenas", "buenas tardes", "buenas noches", "feliz dia", "que tenga buen dia", "que tenga un buen dia", "que tengan buen dia",
    "que tengan un buen dia", "que este bien", "saludos", "bendiciones", "dios le bendiga", "dios los bendiga", "dios la bendiga",
    "por el recordatorio", "por recordarme", "por recordar", "por avisar", "por avisarme", "por el mensaje", "por su mensaje", "senor", "senora",
    "senorita", "doctora", "perdon por la demora",
    "merci", "merci beaucoup", "bonjour", "danke", "danke schon", "vielen dank", "dankeschon", "tack", "tack sa mycket", "hej", "obrigado",
    "obrigada", "muito obrigado", "muito obrigada", "grazie", "grazie mille",
    "🙏", "🙂", "😊", "😀", "😃", "😄", "😁", "😆", "☺", "😎", "🤗", "🥰", "😍", "🤩", "😉", "😘", "😇", "🥳", "🎉", "🎊", "✨", "⭐", "🌟", "👏", "🙌", "💯",
    "💪", "🫶", "❤", "♥", "💕", "💖", "💗", "💙", "💚", "💛", "🧡", "💜", "🤍", "🖤", "💐", "🌸", "🌹", "🌞", "☀", "🦷",
];

/// Those yeses that are said to anything that one has heard.
#[rustfmt::skip]
const ACKNOWLEDGEMENTS: &[&str] = &[
    "ok", "okay", "sure", "sure thing", "absolutely", "definitely", "of course", "for sure", "certainly", "👍", "👌", "✅", "✔", "☑",
    "claro", "claro que si", "por supuesto", "desde luego", "de acuerdo", "vale", "daccord",
];

/// A word, or a sign that is none (an emoji), and what stood before it.
struct Word {
    gap: String,
    text: String,
}

/// Reads a body that is no keyword.
pub(super) fn read(body: &str) -> Meaning {
    let said = unsigned(body);
    let words = words(said);
    let meaning = [&YES, &NO]
        .into_iter()
        .find_map(|side| Some(side.meaning(side.says(&words)?)));
    match meaning {
        // Nobody's name is "stop texting me".
        Some(_) if said.len() < body.trim().len() && is_opt_out(body) => Meaning::Other,
        found => found.unwrap_or(Meaning::Other),
    }
}

/// Whether it begins as an answer does, whatever becomes of it: "yes, but", "no problem", "cancel my appointment".
pub(super) fn begins(body: &str) -> bool {
    let words = words(body);
    let rest = skip(&words, &[MANNERS, NO.around, &["please", "por favor"]]);
    strip(rest, super::SECOND_MEANING).is_some() || YES.first(rest).is_some() || NO.first(rest).is_some()
}

/// Whether a yes is made of nothing but these and manners.
pub(super) fn acknowledges(body: &str) -> bool {
    skip(&words(unsigned(body)), &[MANNERS, YES.after, ACKNOWLEDGEMENTS]).is_empty()
}

impl Side {
    fn meaning(&self, token: Option<u16>) -> Meaning {
        if self.yes {
            Meaning::Yes { token }
        } else {
            Meaning::No { token }
        }
    }

    /// The token, if any, when the words are this answer and nothing else.
    fn says(&self, words: &[Word]) -> Option<Option<u16>> {
        let (token, rest) = self.first(skip(words, &[MANNERS, self.around]))?;
        let rest = skip(rest, &[MANNERS, self.around, self.answers, self.after]);
        rest.is_empty().then_some(token)
    }

    /// The answer that the words begin with, its token, and the words behind it. A token follows its letter closely: `Y123`, `yes #123`.
    fn first<'a>(&self, words: &'a [Word]) -> Option<(Option<u16>, &'a [Word])> {
        let (word, rest) = words.split_first()?;
        let letters = word.text.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &word.text[letters.len()..];
        let close = rest
            .first()
            .filter(|next| next.gap.chars().all(|c| matches!(c, ' ' | '-' | '#')));
        let behind = close.filter(|next| next.text.bytes().all(|b| b.is_ascii_digit()));
        match behind {
            _ if !self.letters.contains(&letters) => {}
            _ if !digits.is_empty() => return Some((Some(token(digits)?), rest)),
            Some(number) => return Some((Some(token(&number.text)?), &rest[1..])),
            None => {}
        }
        let behind = strip(words, self.answers).or_else(|| self.letters.contains(&word.text.as_str()).then_some(rest));
        behind.map(|rest| (None, rest))
    }
}

/// 1 to 999, leading zeros allowed.
fn token(digits: &str) -> Option<u16> {
    let significant = digits.trim_start_matches('0');
    if significant.len() > 3 {
        None
    } else {
        significant.parse().ok()
    }
}

/// What is left behind all the phrases of these lists that the words begin with.
fn skip<'a>(mut words: &'a [Word], lists: &[&[&str]]) -> &'a [Word] {
    while let Some(rest) = lists
        .iter()
        .filter_map(|list| strip(words, list))
        .min_by_key(|rest| rest.len())
    {
        words = rest;
    }
    words
}

/// What is left behind the longest phrase of a list that the words begin with.
fn strip<'a>(words: &'a [Word], phrases: &[&str]) -> Option<&'a [Word]> {
    let lengths = phrases.iter().filter_map(|phrase| {
        let count = phrase.split(' ').count();
        let same = words.len() >= count && phrase.split(' ').zip(words).all(|(said, word)| said == word.text);
        // "No voy" and "No, voy" are two things.
        let in_one_breath = same && words[1..count].iter().all(|word| word.gap == " ");
        in_one_breath.then_some(count)
    });
    lengths.max().map(|count| &words[count..])
}

/// The words of a text and its emoji, each by itself. Apostrophes don't count, nor how long somebody stays on the last letter.
fn words(body: &str) -> Vec<Word> {
    let (mut words, mut gap, mut open) = (Vec::new(), String::new(), false);
    for c in normal(body).chars().map(plain) {
        match (c, words.last_mut()) {
            ('\'' | '‘' | '’' | '´' | '`', _) => {}
            (c, Some(Word { text, .. })) if open && c.is_alphanumeric() => text.push(c),
            (c, _) if is_edge(c) => {
                open = false;
                gap.push(c);
            }
            (c, _) => {
                open = c.is_alphanumeric();
                let gap = std::mem::take(&mut gap);
                words.push(Word {
                    gap,
                    text: c.to_string(),
                });
            }
        }
    }
    for Word { text, .. } in &mut words {
        shorten(text);
    }
    words
}

/// `yesss` is `yes`: no word here ends in three of one letter.
fn shorten(text: &mut String) {
    let Some(last) = text.chars().last().filter(|c| c.is_alphabetic()) else {
        return;
    };
    let body = text.trim_end_matches(last);
    if text[body.len()..].chars().count() >= 3 {
        text.truncate(body.len() + last.len_utf8());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::{HELP, START, STOP, parse};
    use proptest::{prelude::*, sample::select};
    use serde::Deserialize;

    /// An answer with manners, and which it is.
    fn polite() -> impl Strategy<Value = (bool, Vec<&'static str>)> {
        any::<bool>().prop_flat_map(|yes| {
            let side = if yes { YES } else { NO };
            let around = || select([MANNERS, side.around].concat());
            let after = select([MANNERS, side.around, side.answers, side.after].concat());
            let before = prop::collection::vec(around(), 0..3);
            let texts = (before, select(side.answers), prop::collection::vec(after, 0..4));
            texts.prop_map(move |(before, answer, after)| (yes, [before, vec![answer], after].concat()))
        })
    }

    /// Joined by signs that mean nothing, in any case.
    fn written(phrases: &[&str], signs: &[&str], upper: bool) -> String {
        let signs = signs.iter().cycle();
        let text: String = phrases
            .iter()
            .zip(signs)
            .flat_map(|(phrase, sign)| [*phrase, *sign])
            .collect();
        if upper { text.to_uppercase() } else { text }
    }

    fn signs() -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(select(vec![" ", ", ", "! ", ". ", "\n", "!! ", " ... ", "; "]), 1..6)
    }

    fn meant(yes: bool) -> Meaning {
        if yes {
            Meaning::Yes { token: None }
        } else {
            Meaning::No { token: None }
        }
    }

    fn is_keyword(text: &str) -> bool {
        let word = normal(text);
        let word = word.trim_matches(is_edge);
        [STOP, START, HELP].concat().contains(&word)
    }

    #[test]
    fn no_phrase_is_on_the_lists_of_both_answers_or_written_as_nobody_is_read() {
        let lists = |side: &Side| [side.answers, side.around, side.after].concat();
        for phrase in [MANNERS.to_vec(), lists(&YES), lists(&NO)].concat() {
            let read: Vec<String> = words(phrase).into_iter().map(|w| w.text).collect();
            assert_eq!(read.join(" "), phrase, "as it would be read");
        }
        assert!(ACKNOWLEDGEMENTS.iter().all(|a| YES.answers.contains(a)));
        for phrase in lists(&YES) {
            assert!(!lists(&NO).contains(&phrase), "{phrase}");
        }
    }

    /// What turns an answer round, asks something, or speaks of something else.
    #[rustfmt::skip]
    const MORE: &[&str] = &[
        "but", "pero", "aber", "mais", "not", "never", "no way", "nunca", "dont", "unless", "except", "only if", "si no", "maybe",
        "late", "stop", "cancel", "at 4", "4pm", "monday", "manana", "?", "¿", "problem", "worries", "and no", "what time",
        "who is this", "🤷", "🤔",
    ];

    proptest! {
        #[test]
        fn an_answer_with_manners_is_one((yes, phrases) in polite(), signs in signs(), upper: bool, opted_out: bool) {
            let text = written(&phrases, &signs, upper);
            let opts_in = opted_out && normal(&text).trim_matches(is_edge) == "yes";
            prop_assert_eq!(parse(&text, opted_out), if opts_in { Meaning::Start } else { meant(yes) }, "{:?}", text);
            prop_assert!(!is_opt_out(&text), "asks for no more texts: {:?}", text);
        }

        #[test]
        fn with_anything_more_it_decides_nothing(
            (_, mut phrases) in polite(),
            more in select(MORE),
            at in any::<prop::sample::Index>(),
            signs in signs(),
            upper: bool,
            opted_out: bool,
        ) {
            phrases.insert(at.index(phrases.len() + 1), more);
            let text = written(&phrases, &signs, upper);
            prop_assert_eq!(parse(&text, opted_out), Meaning::Other, "{:?}", text);
        }

        #[test]
        fn both_answers_decide_nothing(
            (yes, mut phrases) in polite(),
            yes_too in select(YES.answers),
            no_too in select(NO.answers),
            at in any::<prop::sample::Index>(),
            signs in signs(),
        ) {
            phrases.insert(at.index(phrases.len() + 1), if yes { no_too } else { yes_too });
            let text = written(&phrases, &signs, false);
            // One phrase, and what it says is no.
            prop_assume!(!text.contains("no asistire"));
            prop_assert_eq!(parse(&text, false), Meaning::Other, "{:?}", text);
        }

        #[test]
        fn manners_alone_are_no_answer(phrases in prop::collection::vec(select([MANNERS, YES.after, NO.after].concat()), 1..5), signs in signs()) {
            // In Spanish an "and", by itself a Y.
            prop_assume!(!phrases.iter().any(|phrase| phrase.starts_with("y ")));
            let text = written(&phrases, &signs, false);
            prop_assert_eq!(parse(&text, false), Meaning::Other, "{:?}", text);
        }

        #[test]
        fn a_token_may_be_polite_too(
            n in 1u16..=999,
            yes: bool,
            gap in select(vec!["", " ", "-", " #", " - "]),
            manners in prop::collection::vec(select(MANNERS), 0..3),
            signs in signs(),
        ) {
            let first = format!("{}{gap}{n}", if yes { "Yes" } else { "N" });
            let text = format!("{first} {}", written(&manners, &signs, false));
            let expected = if yes { Meaning::Yes { token: Some(n) } } else { Meaning::No { token: Some(n) } };
            prop_assert_eq!(parse(&text, false), expected, "{:?}", text);
            prop_assert_eq!(parse(&format!("{text} {n}"), false), Meaning::Other, "a second number");
        }

        #[test]
        fn a_keyword_with_manners_is_no_answer_and_no_keyword(word in select([STOP, HELP, START].concat()), manners in select(MANNERS)) {
            for text in [format!("{word} {manners}"), format!("{manners}, {word}")] {
                prop_assert_eq!(parse(&text, false), Meaning::Other, "{:?}", text);
            }
        }

        #[test]
        fn lists_and_noise_break_nothing(words in prop::collection::vec("\\PC{0,6}|yes|no|-|--|\n|Maya|y1|Sent from my phone", 0..12)) {
            for glue in ["", " ", "\n"] {
                let text = words.join(glue);
                let _ = (parse(&text, false), begins(&text), unsigned(&text), is_keyword(&text));
            }
        }
    }

    #[derive(Deserialize)]
    struct OptOut {
        opt_out: bool,
        bodies: Vec<String>,
    }

    #[test]
    fn who_asks_for_no_more_texts_has_answered_nothing_however_politely() {
        let cases: Vec<OptOut> = serde_json::from_str(include_str!("../../vectors/optout.json")).expect("vectors are JSON");
        for body in cases.iter().filter(|c| c.opt_out).flat_map(|c| &c.bodies) {
            for text in [
                body.clone(),
                format!("Yes thanks, {body}"),
                format!("No thanks. {body}"),
                format!("{body} thank you, yes"),
                format!("Yes\n-- \n{body}"),
                format!("Yes - {body}"),
            ] {
                let meaning = parse(&text, false);
                assert!(matches!(meaning, Meaning::Other | Meaning::Stop), "{text:?}: {meaning:?}");
            }
        }
    }
}
