//! Which of two or three times somebody chose.

use chrono::{DateTime, Utc};

use crate::zone::Zone;

const FIRST: [&[&str]; 3] = [
    &["1", "one", "first", "1st", "uno", "una", "primera", "primero"],
    &["2", "two", "second", "2nd", "dos", "segunda", "segundo"],
    &["3", "three", "third", "3rd", "tres", "tercera", "tercero"],
];

/// Words that say nothing about which.
const FILLING: [&str; 29] = [
    "the", "option", "number", "no", "nr", "please", "one", "thanks", "thank", "you", "i", "take", "would", "like", "works",
    "is", "fine", "good", "for", "me", "la", "el", "opcion", "opción", "por", "favor", "gracias", "on", "at",
];

/// Which of these times a text means, from 0: by its number (`2`, `the second`), or by a day or hour that only one of them has (`Thu`,
/// `3 pm`). Nothing is guessed: what could mean two of them, or something else besides, means none.
#[must_use]
pub fn choice(body: &str, times: &[DateTime<Utc>], zone: Zone) -> Option<usize> {
    let lower = body.to_lowercase();
    if lower.contains(['?', '¿']) || lower.chars().count() > 60 {
        return None;
    }
    let words: Vec<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == ':'))
        .filter(|word| !word.is_empty())
        .collect();
    by_number(&words, times.len()).or_else(|| by_time(&words, times, zone))
}

fn by_number(words: &[&str], most: usize) -> Option<usize> {
    let place = |word: &&str| FIRST.iter().position(|names| names.contains(word));
    // "The second one" has one number: "one" alone is a number, behind another it is not.
    let numbers: Vec<usize> = words
        .iter()
        .enumerate()
        .filter(|(at, word)| !(**word == "one" && *at > 0))
        .filter_map(|(_, word)| place(word))
        .collect();
    let known = words.iter().all(|word| place(word).is_some() || FILLING.contains(word));
    match numbers.as_slice() {
        [one] if known && *one < most => Some(*one),
        _ => None,
    }
}

fn by_time(words: &[&str], times: &[DateTime<Utc>], zone: Zone) -> Option<usize> {
    let told: Vec<&str> = words.iter().copied().filter(|word| !FILLING.contains(word)).collect();
    if told.is_empty() {
        return None;
    }
    let fits = |at: &DateTime<Utc>| {
        let names = names(*at, zone);
        told.iter().all(|word| names.iter().any(|name| name == word))
    };
    let mut fitting = times.iter().enumerate().filter(|(_, at)| fits(at));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first.0)
}

/// What a time may be called by, word for word.
fn names(at: DateTime<Utc>, zone: Zone) -> Vec<String> {
    const SPANISH: [&[&str]; 7] = [
        &["lun", "lunes"],
        &["mar", "martes"],
        &["mie", "mié", "miercoles", "miércoles"],
        &["jue", "jueves"],
        &["vie", "viernes"],
        &["sab", "sáb", "sabado", "sábado"],
        &["dom", "domingo"],
    ];
    use chrono::{Datelike, Timelike};
    let local = at.with_timezone(&zone);
    let said = |format: &str| local.format(format).to_string().to_lowercase();
    let mut names = vec![
        said("%a"),
        said("%A"),
        said("%b"),
        said("%B"),
        said("%-I:%M"),
        said("%H:%M"),
        said("%p"),
        said("%-I%p"),
        said("%-I:%M%p"),
    ];
    // "3 pm" names the hour; a bare day of the month would be taken for a number of the list.
    if local.minute() == 0 && local.hour12().1 > 3 {
        names.push(said("%-I"));
    }
    if local.day() > 12 {
        names.push(local.day().to_string());
    }
    let day = SPANISH
        .get(local.weekday().num_days_from_monday() as usize)
        .copied()
        .unwrap_or_default();
    names.extend(day.iter().map(|name| (*name).to_owned()));
    names
}
