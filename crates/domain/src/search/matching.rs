//! What is looked for in a text, and where it stands.

use std::ops::Range;

use super::{Search, Text};

/// Characters of a text that are shown around the first word that was found.
const AROUND: usize = 60;
const MOST_SHOWN: usize = 180;

/// Where a word that was looked for stands in a snippet: characters from `from` up to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub from: u32,
    pub to: u32,
}

/// The line of a text in which something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// On one line; `…` where more stands.
    pub text: String,
    /// In order, not overlapping.
    pub marks: Vec<Mark>,
}

/// A letter or digit, or what a letter is written with.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}')
}

/// The words of a text in lower case, each with the bytes at which it stands.
pub fn words_of(text: &str) -> impl Iterator<Item = (Range<usize>, String)> + '_ {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        while rest.next_if(|(_, c)| !is_part(*c)).is_some() {}
        let (from, _) = *rest.peek()?;
        let mut to = from;
        while let Some((at, c)) = rest.next_if(|(_, c)| is_part(*c)) {
            to = at + c.len_utf8();
        }
        Some((from..to, text[from..to].to_lowercase()))
    })
}

impl Text {
    pub(super) fn is_in(&self, text: &str) -> bool {
        !self.places(&words_of(text).collect::<Vec<_>>()).is_empty()
    }

    /// Where it stands among the words of a text; empty: one of its words does not.
    fn places(&self, words: &[(Range<usize>, String)]) -> Vec<Range<usize>> {
        let wanted: Vec<String> = words_of(&self.text).map(|(_, word)| word).collect();
        let Some(last) = wanted.len().checked_sub(1) else {
            return Vec::new();
        };
        let fits = |n: usize, word: &str| word == wanted[n] || self.begins && n == last && word.starts_with(&wanted[n]);
        if self.in_a_row {
            let rows = words.windows(wanted.len());
            let found = rows.filter(|row| row.iter().enumerate().all(|(n, (_, word))| fits(n, word)));
            return found
                .filter_map(|row| Some(row.first()?.0.start..row.last()?.0.end))
                .collect();
        }
        let all = (0..wanted.len()).all(|n| words.iter().any(|(_, word)| fits(n, word)));
        let places = words.iter().filter(|(_, word)| (0..wanted.len()).any(|n| fits(n, word)));
        if all {
            places.map(|(at, _)| at.clone()).collect()
        } else {
            Vec::new()
        }
    }
}

/// The part of a text in which something was found, with the places.
#[must_use]
pub fn snippet(search: &Search, text: &str) -> Snippet {
    let words: Vec<_> = words_of(text).collect();
    let mut places: Vec<Range<usize>> = search.texts().flat_map(|wanted| wanted.places(&words)).collect();
    places.sort_by_key(|place| (place.start, place.end));
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let index = |byte: usize| chars.partition_point(|(at, _)| *at < byte);
    let first = places.first().map_or(0, |place| index(place.start));
    let mut from = first.saturating_sub(AROUND);
    if chars.len() <= MOST_SHOWN {
        from = 0;
    } else if from > 0 {
        // Whole words read better.
        from = (from..first)
            .find(|at| chars[*at].1.is_whitespace())
            .map_or(from, |at| at + 1);
    }
    let to = (from + MOST_SHOWN).min(chars.len());
    let mut shown: String = if from > 0 { "…" } else { "" }.to_owned();
    let ahead = shown.chars().count();
    shown.extend(
        chars[from..to]
            .iter()
            .map(|(_, c)| if c.is_whitespace() || c.is_control() { ' ' } else { *c }),
    );
    if to < chars.len() {
        shown.push('…');
    }
    let mut marks: Vec<Mark> = Vec::new();
    for place in places {
        let (a, b) = (index(place.start).max(from), index(place.end).min(to));
        if a >= b {
            continue;
        }
        let number = |at: usize| u32::try_from(at - from + ahead).unwrap_or(u32::MAX);
        let mark = Mark {
            from: number(a),
            to: number(b),
        };
        match marks.last_mut() {
            Some(last) if mark.from <= last.to => last.to = last.to.max(mark.to),
            _ => marks.push(mark),
        }
    }
    Snippet { text: shown, marks }
}
