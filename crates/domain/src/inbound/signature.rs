//! The signature under an answer: a mail program's line, a phone's, or a name behind a dash.
//!
//! It is dropped only if nothing in it can be news. What doesn't look like a signature through and through stays a part of the text,
//! and then the text is no plain answer.

use crate::words::{normal, plain};

const DASHES: [char; 5] = ['-', '–', '—', '~', '_'];

/// How phones and mail programs begin their line, without accents.
#[rustfmt::skip]
const SENT: &[&str] = &[
    "sent from ", "sent via ", "get outlook for ", "enviado desde ", "enviado con ", "envoye de mon ", "von meinem ", "gesendet von ",
    "skickat fran ",
];

/// And what they name: nobody's "sent from my car, running late" is a signature.
#[rustfmt::skip]
const DEVICES: &[&str] = &[
    "iphone", "ipad", "ipod", "ios", "android", "galaxy", "samsung", "pixel", "huawei", "xiaomi", "motorola", "blackberry",
    "smartphone", "phone", "mobile", "device", "telefono", "movil", "celular", "outlook", "gmail", "yahoo", "mail",
];

/// Words that no name is made of, though they may be written large: `Yes - Tomorrow`.
#[rustfmt::skip]
const NO_NAMES: &[&str] = &[
    "but", "not", "no", "nope", "yes", "ok", "never", "cant", "wont", "dont", "cannot", "except", "unless", "if", "maybe", "perhaps",
    "stop", "unsubscribe", "cancel", "end", "quit", "start", "help", "info", "call", "text", "wait", "late", "later", "early",
    "earlier", "running", "soon", "instead", "move", "moved", "change", "reschedule", "another", "different", "which", "what", "when",
    "where", "why", "how", "who", "today", "tonight", "tomorrow", "yesterday", "morning", "noon", "afternoon", "evening", "night",
    "weekend", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "tues", "wed", "thu",
    "thurs", "fri", "sat", "sun", "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december", "am", "pm", "at", "after", "before", "until", "pero", "nunca", "tarde", "hoy", "manana", "lunes", "martes",
    "miercoles", "jueves", "viernes", "sabado", "domingo", "quizas", "cancelar", "cambiar", "otra", "otro", "alto", "pare", "parar", "para",
    "basta", "mas", "ayuda",
];

/// The text above or before its signature; all of it where there is none.
pub(super) fn unsigned(body: &str) -> &str {
    let body = body.trim();
    below(body).or_else(|| behind_a_dash(body)).unwrap_or(body)
}

/// From a line of dashes on, or from a device's line on.
fn below(body: &str) -> Option<&str> {
    let ends = body.match_indices('\n').map(|(at, _)| at);
    let start = ends.into_iter().find(|at| {
        let first = body[at + 1..].lines().next().unwrap_or_default();
        is_rule(first) || is_footer(first)
    })?;
    let mut lines = body[start + 1..]
        .lines()
        .filter(|line| !line.trim().is_empty() && !is_rule(line));
    lines
        .all(|line| is_footer(line) || is_contact(line))
        .then_some(&body[..start])
}

fn behind_a_dash(body: &str) -> Option<&str> {
    let dash = |at: &usize| body[..*at].ends_with(char::is_whitespace);
    let (at, _) = body.match_indices(DASHES).rfind(|(at, _)| dash(at))?;
    let name = body[at..].trim_matches(|c: char| c.is_whitespace() || c == '.' || DASHES.contains(&c));
    let words = name.split_whitespace().count();
    ((1..=3).contains(&words) && name.split_whitespace().all(is_name)).then_some(&body[..at])
}

/// `-- `, or a line drawn.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.starts_with(DASHES) && (line == "—" || line.chars().count() > 1) && line.chars().all(|c| DASHES.contains(&c))
}

fn is_footer(line: &str) -> bool {
    let line: String = normal(line).chars().map(plain).collect();
    let behind = SENT.iter().find_map(|start| line.strip_prefix(start));
    behind.filter(|from| from.len() <= 60).is_some_and(|from| {
        let mut words = from.split(|c: char| !c.is_alphanumeric());
        words.clone().any(|w| DEVICES.contains(&w)) && !words.any(|w| NO_NAMES.contains(&w))
    })
}

/// A name, a firm, a telephone number or an address: each word is written large, or is none.
fn is_contact(line: &str) -> bool {
    let digits = line.chars().filter(char::is_ascii_digit).count();
    let lettered = |word: &str| word.chars().any(char::is_alphabetic);
    let mut words = line.split_whitespace().filter(|word| lettered(word));
    (digits == 0 || digits >= 7) && line.chars().count() <= 60 && words.all(|word| is_name(word) || is_address(word))
}

fn is_address(word: &str) -> bool {
    let word = word.trim_matches(|c: char| matches!(c, '<' | '>' | '(' | ')')).to_lowercase();
    let mail = word
        .split_once('@')
        .is_some_and(|(who, at)| !who.is_empty() && at.contains('.'));
    mail || ["www.", "https://", "http://"].iter().any(|start| word.starts_with(start))
}

/// `Maya`, `O'Neil`, `M.`: large in front, small behind. Phones write a large letter only where a sentence begins, so after a dash one
/// was meant.
fn is_name(word: &str) -> bool {
    let word = word.trim_matches(|c: char| c.is_ascii_punctuation() || c == '’');
    let letters = word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '.'));
    let large = word.chars().next().is_some_and(char::is_uppercase) && !word.chars().skip(1).all(char::is_uppercase);
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase) && word != "I" && word != "Y" && word != "N";
    let plain: String = normal(word).chars().map(plain).filter(|c| c.is_alphanumeric()).collect();
    letters && (large || initial) && !NO_NAMES.contains(&plain.as_str())
}
