//! Words that a text must not ask for as an answer, for the network or we would act on them: CANCEL opts out, and so does STOP, whatever the
//! customer meant by it.

use crate::{
    inbound::{Meaning, may_mean_the_appointment, parse},
    words::plain,
};

/// What asks for an answer. Without accents, as `plain` leaves them.
const ASKING: &[&str] = &[
    "reply",
    "replying",
    "text",
    "texting",
    "answer",
    "answering",
    "respond",
    "responding",
    "send",
    "sending",
    "write",
    "type",
    "say",
    "press",
    "tap",
    "responda",
    "responder",
    "responde",
    "conteste",
    "contestar",
    "contesta",
    "envie",
    "enviar",
    "envia",
    "escriba",
    "escribir",
    "escribe",
    "mande",
    "diga",
    "ponga",
    "marque",
];
/// What may stand between that and the answer.
const BETWEEN: &[&str] = &[
    "with", "the", "word", "words", "by", "us", "back", "just", "please", "either", "or", "and", "a", "y", "n", "s", "o", "con",
    "la", "palabra", "las", "palabras", "nos", "solo", "por", "favor", "here", "to", "this", "message", "number",
];
/// What stands behind an answer that is said in capitals or in quotes.
const WHAT_FOR: &[&str] = &["to", "for", "if", "and", "para", "si", "or", "o"];
/// An opting out that is plainly of the texts.
const OF_TEXTS: &[&str] = &[
    "opt",
    "optout",
    "unsubscribe",
    "text",
    "texts",
    "message",
    "messages",
    "messaging",
    "reminders",
    "alerts",
    "notifications",
    "baja",
    "mensaje",
    "mensajes",
    "textos",
    "recordatorios",
];
/// What somebody may want to stop instead.
const OF_VISITS: &[&str] = &[
    "visit",
    "visits",
    "appointment",
    "appointments",
    "appt",
    "booking",
    "slot",
    "time",
    "offer",
    "cancel",
    "reschedule",
    "decline",
    "pass",
    "cita",
    "citas",
    "turno",
    "hora",
    "oferta",
    "cancelar",
    "anular",
    "cambiar",
];

/// A word that a text asks for and must not, and why.
pub(super) fn asked_for(text: &str) -> Option<(String, &'static str)> {
    text.split(['.', '!', '?', ';', '\n', '¿', '¡']).find_map(in_sentence)
}

struct Word<'a> {
    typed: &'a str,
    /// In small letters without accents.
    plain: String,
    quoted: bool,
}

fn in_sentence(sentence: &str) -> Option<(String, &'static str)> {
    let words = words(sentence);
    (0..words.len()).find_map(|at| {
        let word = words.get(at)?;
        if !is_asked_for(&words, at) {
            return None;
        }
        Some((word.typed.to_owned(), objection(&words, at)?))
    })
}

fn words(sentence: &str) -> Vec<Word<'_>> {
    let quotes = ['"', '\'', '“', '”', '‘', '’', '«', '»'];
    let mut words = Vec::new();
    for part in sentence.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '(' | ')' | '/' | '-' | '–' | '—')) {
        let typed = part.trim_matches(|c: char| !c.is_alphanumeric());
        if !typed.is_empty() {
            words.push(Word {
                typed,
                plain: typed.to_lowercase().chars().map(plain).collect(),
                quoted: part.starts_with(quotes) && part.ends_with(quotes),
            });
        }
    }
    words
}

/// "Reply with CANCEL", "CANCEL to cancel", "‘yes’ if you come"; not "to cancel, call us".
fn is_asked_for(words: &[Word<'_>], at: usize) -> bool {
    let word = &words[at];
    let is = |word: &Word<'_>, list: &[&str]| list.contains(&word.plain.as_str());
    let shouted = word.typed.chars().all(char::is_uppercase);
    let before = words[..at].iter().rev().find(|word| !is(word, BETWEEN));
    let to = at > 0 && words[at - 1].plain == "to";
    let ordered = before.is_some_and(|word| is(word, ASKING)) && (shouted || word.quoted || !to);
    let explained = words.get(at + 1).is_some_and(|next| is(next, WHAT_FOR));
    ordered || ((shouted || word.quoted) && explained)
}

fn objection(words: &[Word<'_>], at: usize) -> Option<&'static str> {
    let word = words[at].plain.as_str();
    match parse(word, false) {
        Meaning::Stop if may_mean_the_appointment(word) => {
            Some("whoever answers that gets no more texts at all. Ask for Y or N, and for STOP to opt out")
        }
        Meaning::Stop => {
            let said = |list: &[&str]| {
                words
                    .iter()
                    .enumerate()
                    .any(|(place, w)| place > at && list.contains(&w.plain.as_str()))
            };
            let ends_texts = said(OF_TEXTS) || !said(OF_VISITS);
            (!ends_texts).then_some("that ends all texts, and says nothing about a visit. Ask for N")
        }
        Meaning::Yes { .. } if parse(word, true) == Meaning::Start => {
            Some("to the network that is a word to sign up with, and it may keep the answer to itself. Ask for Y")
        }
        _ => None,
    }
}
