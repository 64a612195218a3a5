//! The texts in English.

use std::fmt::Write as _;

use super::{LISTED, Offer, Start, Visit};

/// Inside a sentence: "Tue, Jan 5 at 3:00 PM".
fn on(start: Start) -> String {
    start.say("%a, %b %-d at %-I:%M %p")
}

/// In a list: "Tue Jan 5, 3:00 PM".
pub(super) fn short(start: Start) -> String {
    start.say("%a %b %-d, %-I:%M %p")
}

pub(super) fn reminder(business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> String {
    let whose = name.map_or_else(|| "your".to_owned(), |name| format!("{name}'s"));
    format!(
        "{business}: reminder of {whose} visit on {}. Reply {} Reply STOP to opt out.",
        on(start),
        choices(token)
    )
}

pub(super) fn moved(business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> String {
    let whose = name.map_or_else(|| "your".to_owned(), |name| format!("{name}'s"));
    format!(
        "{business}: {whose} visit is now on {}. Reply {} Reply STOP to opt out.",
        on(start),
        choices(token)
    )
}

pub(super) fn reminder_many(business: &str, all: &[Visit], only_codes: bool) -> String {
    let mut listed = String::new();
    for visit in all {
        let comma = if listed.is_empty() { "" } else { ", " };
        let (name, token) = (visit.first_name(), visit.token);
        let gap = if name.is_some() { " " } else { "" };
        let (name, time) = (name.unwrap_or_default(), visit.start.say("%-I:%M %p"));
        let _ = write!(listed, "{comma}{name}{gap}{time} (Y{token}");
        if only_codes {
            let _ = write!(listed, " or N{token}");
        }
        listed.push(')');
    }
    let day = all.first().map(|one| one.start.local("%a, %b %-d")).unwrap_or_default();
    if only_codes {
        return format!("{business}: visits on {day}: {listed}. Please reply with the codes. Reply STOP to opt out.");
    }
    let whole = if all.len() == 2 { "both" } else { "all" };
    format!("{business}: visits on {day}: {listed}. Reply Y for {whole}, N for another time, a code for one. STOP to opt out.")
}

pub(super) fn ask_which(business: &str, visits: &[&Visit]) -> String {
    let mut text = format!("{business}: you have {} visits coming up", visits.len());
    if visits.len() > LISTED {
        let _ = write!(text, ", the next {LISTED} are");
    }
    let mut mark = ": ";
    for visit in visits.iter().take(LISTED) {
        let (when, token) = (short(visit.start), visit.token);
        let _ = match visit.first_name() {
            Some(name) => write!(text, "{mark}{name} {when} (Y{token} or N{token})"),
            None => write!(text, "{mark}{when} (Y{token} or N{token})"),
        };
        mark = "; ";
    }
    text.push_str(". Please reply with one of the codes.");
    text
}

pub(super) fn correction(business: &str) -> String {
    format!("{business}: sorry, we did not understand. Please reply {}", choices(None))
}

/// `contact`: without a full stop; may be empty.
pub(super) fn help(business: &str, contact: &str) -> String {
    let (gap, stop) = if contact.is_empty() { ("", "") } else { (" ", ".") };
    format!("{business}: messages about your appointments.{gap}{contact}{stop} Reply STOP to opt out.")
}

pub(super) fn started(business: &str) -> String {
    format!("{business}: you get messages about your appointments again. Reply HELP for help, STOP to opt out.")
}

fn choices(token: Option<u16>) -> String {
    let token = token.map(|t| t.to_string()).unwrap_or_default();
    format!("Y{token} to confirm or N{token} if you need another time.")
}

fn clock(start: Start) -> String {
    start.say("%-I:%M %p")
}

fn takes(token: Option<u16>) -> String {
    let token = token.map(|t| t.to_string()).unwrap_or_default();
    format!("Reply Y{token} to take it or N{token} to pass.")
}

/// "a cleaning slot opened for Leo: Thu, Jan 7 at 3:00 PM."
fn opened(offer: &Offer<'_>) -> String {
    let kind = offer.kind.map(str::trim).filter(|kind| !kind.is_empty());
    let what = match kind {
        None => "a slot".to_owned(),
        Some(kind) => {
            let article = if sounds_like_a_vowel(kind) { "an" } else { "a" };
            format!("{article} {} slot", lower_first(kind))
        }
    };
    let whose = offer.first_name().map(|name| format!(" for {name}:")).unwrap_or_default();
    format!("{what} opened{whose} {}.", on(offer.start))
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

pub(super) fn waitlist_joined(business: &str) -> String {
    format!("You're on {business}'s waitlist. We'll text you when a time opens. Reply STOP to opt out.")
}

pub(super) fn still_waiting(business: &str, token: Option<u16>) -> String {
    let token = token.map(|t| t.to_string()).unwrap_or_default();
    format!("{business}: are you still waiting for a time? Reply Y{token} to stay on the list or N{token} to leave it.")
}

pub(super) fn offer_held(business: &str, offer: &Offer<'_>, until: Start) -> String {
    format!(
        "{business}: {} {} Held for you until {}.",
        opened(offer),
        takes(offer.token),
        clock(until)
    )
}

pub(super) fn offer_race(business: &str, offer: &Offer<'_>) -> String {
    format!(
        "{business}: {} {} First to answer gets it.",
        opened(offer),
        takes(offer.token)
    )
}

pub(super) fn offer_won(business: &str, start: Start, released: Option<Start>) -> String {
    let released = released.map(|old| format!(" Your visit on {} is released.", old.local("%b %-d")));
    format!("{business}: you're in: {}.{}", on(start), released.unwrap_or_default())
}

pub(super) fn offer_lost(business: &str) -> String {
    format!("{business}: sorry, that time just went. You keep your place on the list.")
}

pub(super) fn offer_late(business: &str, until: Start) -> String {
    format!(
        "{business}: that offer ended at {}. You keep your place on the list.",
        clock(until)
    )
}

pub(super) fn offer_times(business: &str, starts: &[Start], until: Start) -> String {
    let listed: Vec<String> = starts
        .iter()
        .enumerate()
        .map(|(place, start)| format!("{} {}", place + 1, short(*start)))
        .collect();
    format!(
        "{business}: other times for your visit. Reply {}, or N if none suits. Held until {}.",
        listed.join("; "),
        clock(until)
    )
}

pub(super) fn times_gone(business: &str) -> String {
    format!("{business}: sorry, that time is not free any more. We will write to you about another one.")
}
