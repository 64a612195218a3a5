//! What stands in texts in English.

use std::fmt::Write as _;

use super::{Codes, Start, Visit};

pub(super) const CODES: Codes = Codes { yes: "Y", or: "or" };

/// "Tue, Jan 5".
pub(super) fn day(start: Start) -> String {
    start.local("%a, %b %-d")
}

/// "3:00 PM".
pub(super) fn time(start: Start) -> String {
    start.say("%-I:%M %p")
}

/// "Jan 5".
pub(super) fn date(start: Start) -> String {
    start.local("%b %-d")
}

/// In a list: "Tue Jan 5, 3:00 PM".
pub(super) fn short(start: Start) -> String {
    start.say("%a %b %-d, %-I:%M %p")
}

/// "Leo 3:00 PM (Y101), Mia 3:30 PM (Y102)".
pub(super) fn listed(all: &[Visit], only_codes: bool) -> String {
    let mut listed = String::new();
    for visit in all {
        let comma = if listed.is_empty() { "" } else { ", " };
        let (name, token) = (visit.first_name(), visit.token);
        let gap = if name.is_some() { " " } else { "" };
        let (name, time) = (name.unwrap_or_default(), time(visit.start));
        let _ = write!(listed, "{comma}{name}{gap}{time} (Y{token}");
        if only_codes {
            let _ = write!(listed, " or N{token}");
        }
        listed.push(')');
    }
    listed
}

pub(super) const fn answers(visits: usize, only_codes: bool) -> &'static str {
    match (only_codes, visits) {
        (true, _) => "Please reply with the codes. Reply STOP to opt out.",
        (false, 2) => "Reply Y for both, N for another time, a code for one. STOP to opt out.",
        (false, _) => "Reply Y for all, N for another time, a code for one. STOP to opt out.",
    }
}

/// What is free: "a slot", "a cleaning slot", "an MRI slot".
pub(super) fn slot(kind: Option<&str>) -> String {
    let Some(kind) = kind else { return "a slot".to_owned() };
    let article = if sounds_like_a_vowel(kind) { "an" } else { "a" };
    format!("{article} {} slot", lower_first(kind))
}

/// "a cleaning", "an exam", and, letter by letter, "an MRI".
fn sounds_like_a_vowel(words: &str) -> bool {
    let spelled = words.chars().take(2).all(char::is_uppercase);
    let vowels: &[char] = if spelled {
        &['A', 'E', 'F', 'H', 'I', 'L', 'M', 'N', 'O', 'R', 'S', 'X']
    } else {
        &['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']
    };
    words.starts_with(vowels)
}

/// "Cleaning" inside a sentence; "MRI" stays as it is.
fn lower_first(words: &str) -> String {
    let mut letters = words.chars();
    match (letters.next(), words.chars().nth(1)) {
        (Some(first), second) if second.is_none_or(char::is_lowercase) => first.to_lowercase().chain(letters).collect(),
        _ => words.to_owned(),
    }
}
