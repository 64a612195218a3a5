//! The small language of texts, piece by piece: words, variables, and conditions on variables. Whatever else stands in braces is not of it.

use super::{Values, Variable};

/// One piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Words(&'a str),
    /// `{{ name }}`; the name as it was typed.
    Variable(&'a str),
    /// `{% if name %}` and `{% if not name %}`.
    If(&'a str),
    Else,
    End,
    /// In braces, but nothing that we know; as it was typed.
    Unknown(&'a str),
}

const OPENINGS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

/// The text in pieces, in order; together they are all of it.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (first, after) = piece(rest);
        rest = after;
        Some(first)
    })
}

/// Reads one piece off the front of a text that is not empty.
fn piece(text: &str) -> (Piece<'_>, &str) {
    let found = OPENINGS
        .iter()
        .filter_map(|(open, close)| Some((text.find(open)?, *close)))
        .min();
    let Some((at, close)) = found else {
        return (Piece::Words(text), "");
    };
    if at > 0 {
        return (Piece::Words(&text[..at]), &text[at..]);
    }
    let Some(inside) = text[2..].find(close) else {
        return (Piece::Unknown(text), "");
    };
    let (whole, after) = text.split_at(inside + 4);
    let inside = text[2..2 + inside].trim();
    let read = match close {
        "}}" if is_name(inside) => Some(Piece::Variable(inside)),
        "%}" => statement(inside),
        _ => None,
    };
    (read.unwrap_or(Piece::Unknown(whole)), after)
}

fn statement(inside: &str) -> Option<Piece<'_>> {
    let words: Vec<&str> = inside.split_whitespace().collect();
    match words.as_slice() {
        ["if", name] | ["if", "not", name] if is_name(name) => Some(Piece::If(name)),
        ["else"] => Some(Piece::Else),
        ["endif"] => Some(Piece::End),
        _ => None,
    }
}

fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    name.bytes().next().is_some_and(|b| b.is_ascii_lowercase()) && name.len() <= 40 && name.bytes().all(fits)
}

/// Whether a variable stands in a text.
#[must_use]
pub fn uses(text: &str, variable: Variable) -> bool {
    pieces(text).any(|piece| matches!(piece, Piece::Variable(name) | Piece::If(name) if name == variable.as_str()))
}

/// Whether a variable is said by it: a condition alone says nothing.
pub(super) fn says(text: &str, variable: Variable) -> bool {
    pieces(text).any(|piece| piece == Piece::Variable(variable.as_str()))
}

/// A text that can't be sent as it stands, for whoever is still writing it: what has a value is filled in, the rest stays to be seen.
#[must_use]
pub fn with_what_is_known(text: &str, values: &Values) -> String {
    crate::template::fill(text, &|name| {
        let value = values.get(name.parse().ok()?);
        (!value.is_empty()).then(|| value.to_owned())
    })
}
