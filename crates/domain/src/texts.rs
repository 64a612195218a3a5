//! What customers read. Short and polite; GSM-7 wherever names are, so that a reminder stays one or two segments.
//!
//! No text asks for YES, CANCEL, END or QUIT: to Twilio these are opt-in and opt-out words (docs/twilio.md §4). An appointment's time is
//! what the clock shows where it happens, wherever the customer is.

mod together;

use crate::zone::Zone;
use chrono::{DateTime, Utc};
use std::fmt::Write as _;

pub use together::{Together, first_name, reminder_many};

/// Most appointments one text lists.
const LISTED: usize = 4;

/// When an appointment begins, for its customer.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    pub at: DateTime<Utc>,
    /// Where it happens: the time is told by the clock there.
    pub place: Zone,
    /// Where the customer is: if another time is shown there, the place's zone is named.
    pub customer: Zone,
}

impl Start {
    /// As a list of several calls it: "Tue Jan 5, 3:00 PM".
    #[must_use]
    pub fn short(&self) -> String {
        self.say("%a %b %-d, %-I:%M %p")
    }

    /// As chrono's `format` says, with the zone behind it where that is needed.
    fn say(&self, format: &str) -> String {
        let local = self.at.with_timezone(&self.place);
        let mut words = local.format(format).to_string();
        if self.place.offset_at(self.at) != self.customer.offset_at(self.at) {
            let _ = write!(words, " {}", local.format("%Z"));
        }
        words
    }
}

/// One of several that an answer may have meant.
#[derive(Debug, Clone)]
pub struct Choice {
    pub at: DateTime<Utc>,
    pub words: String,
    pub token: u16,
}

/// The reminder of an appointment: whose, when, how to answer, how to stop. `name` is whom it is for, where that is not who has the phone.
/// `token` (1–999) goes behind the letters when the customer has several appointments.
#[must_use]
pub fn reminder(business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> String {
    let whose = match name.map(first_name) {
        Some(name) if !name.is_empty() => format!("{name}'s"),
        _ => "your".to_owned(),
    };
    format!(
        "{}: reminder of {whose} visit on {}. Reply {} Reply STOP to opt out.",
        line(business),
        start.say("%a, %b %-d at %-I:%M %p"),
        choices(token)
    )
}

/// A text with the address of a page behind it, where nothing runs into it.
#[must_use]
pub fn with_link(text: &str, url: &str) -> String {
    format!("{text} {url}")
}

/// Tells that an appointment has another time, and asks anew. The same as `reminder` otherwise.
#[must_use]
pub fn moved(business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> String {
    let whose = match name.map(first_name) {
        Some(name) if !name.is_empty() => format!("{name}'s"),
        _ => "your".to_owned(),
    };
    format!(
        "{}: {whose} visit is now on {}. Reply {} Reply STOP to opt out.",
        line(business),
        start.say("%a, %b %-d at %-I:%M %p"),
        choices(token)
    )
}

/// Asks once which of several appointments an answer meant: the next four, each with its own answers.
#[must_use]
pub fn ask_which(business: &str, appointments: &[Choice]) -> String {
    let mut sorted: Vec<&Choice> = appointments.iter().collect();
    sorted.sort_unstable_by_key(|choice| (choice.at, choice.token));
    let mut text = format!("{}: you have {} visits coming up", line(business), sorted.len());
    if sorted.len() > LISTED {
        let _ = write!(text, ", the next {LISTED} are");
    }
    let mut mark = ": ";
    for Choice { words, token, .. } in sorted.into_iter().take(LISTED) {
        let _ = write!(text, "{mark}{words} (Y{token} or N{token})");
        mark = "; ";
    }
    text.push_str(". Please reply with one of the codes.");
    text
}

/// The one polite correction after an answer we couldn't read.
#[must_use]
pub fn correction(business: &str) -> String {
    format!(
        "{}: sorry, we did not understand. Please reply {}",
        line(business),
        choices(None)
    )
}

/// The answer to HELP: who we are, how to reach us, how to stop. `contact_line`: "Call (415) 555-0100"; may be empty.
#[must_use]
pub fn help(business: &str, contact_line: &str) -> String {
    let contact = line(contact_line);
    let contact = contact.trim_end_matches('.');
    let gap = if contact.is_empty() { "" } else { " " };
    let stop = if contact.is_empty() { "" } else { "." };
    format!(
        "{}: messages about your appointments.{gap}{contact}{stop} Reply STOP to opt out.",
        line(business)
    )
}

fn choices(token: Option<u16>) -> String {
    let token = token.map(|t| t.to_string()).unwrap_or_default();
    format!("Y{token} to confirm or N{token} if you need another time.")
}

/// What staff typed, on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        segments::{self, Encoding},
        zone::named,
    };
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn appointment() -> DateTime<Utc> {
        "2027-01-05T20:00:00Z".parse().expect("an instant")
    }

    fn start(at: DateTime<Utc>, place: &str, customer: &str) -> Start {
        Start {
            at,
            place: named(place),
            customer: named(customer),
        }
    }

    fn choice(start: Start, token: u16) -> Choice {
        Choice {
            at: start.at,
            words: start.short(),
            token,
        }
    }

    /// An appointment in New York, for somebody there.
    fn here(at: DateTime<Utc>) -> Start {
        start(at, "America/New_York", "America/New_York")
    }

    #[test]
    fn customers_read_exactly_these_texts() {
        #[derive(serde::Deserialize)]
        struct Case {
            why: String,
            text: String,
        }
        let cases: BTreeMap<String, Case> =
            serde_json::from_str(include_str!("../vectors/texts.json")).expect("vectors are JSON");
        let later = |days| appointment() + chrono::Duration::days(days);
        let six: Vec<_> = (0..6u16).rev().map(|n| choice(here(later(i64::from(n))), 101 + n)).collect();
        let dentist = |start| reminder("Bright Dental", None, start, None);
        let summer = "2027-07-05T19:32:00Z".parse().expect("an instant");
        let written = [
            ("reminder", dentist(here(appointment()))),
            (
                "reminder_child",
                reminder("Bright Dental", Some("Leo Rossi"), here(appointment()), None),
            ),
            (
                "reminder_token",
                reminder("Bright Dental", None, here(appointment()), Some(101)),
            ),
            (
                "reminder_untidy_name",
                reminder(
                    "  Bright\n Dental ",
                    None,
                    start(appointment(), "Europe/Stockholm", "Europe/Berlin"),
                    None,
                ),
            ),
            (
                "reminder_traveller",
                dentist(start(appointment(), "America/New_York", "America/Los_Angeles")),
            ),
            (
                "reminder_traveller_summer",
                dentist(start(summer, "America/New_York", "America/Los_Angeles")),
            ),
            (
                "reminder_same_time_elsewhere",
                dentist(start(summer, "America/Los_Angeles", "America/Phoenix")),
            ),
            (
                "reminder_no_letters",
                dentist(start(appointment(), "America/Sao_Paulo", "America/New_York")),
            ),
            (
                "ask_two",
                ask_which(
                    "Bright Dental",
                    &[choice(here(appointment()), 101), choice(here(later(1)), 102)],
                ),
            ),
            (
                "ask_two_places",
                ask_which(
                    "Bright Dental",
                    &[
                        choice(start(later(1), "America/Chicago", "America/New_York"), 102),
                        choice(here(appointment()), 101),
                    ],
                ),
            ),
            ("ask_six", ask_which("Bright Dental", &six)),
            ("moved", moved("Bright Dental", None, here(appointment()), None)),
            (
                "moved_child_token",
                moved("Bright Dental", Some("Leo Rossi"), here(appointment()), Some(101)),
            ),
            ("correction", correction("Bright Dental")),
            ("help", help("Bright Dental", "Call (415) 555-0100.")),
            ("help_without_contact", help("Bright Dental", "")),
        ];
        assert_eq!(written.len(), cases.len());
        for (name, text) in written {
            assert_eq!(text, cases[name].text, "{}", cases[name].why);
        }
    }

    #[test]
    fn a_usual_reminder_is_one_segment() {
        for customer in ["America/New_York", "America/Los_Angeles"] {
            let text = reminder(
                "Bright Dental",
                None,
                start(appointment(), "America/New_York", customer),
                Some(101),
            );
            let s = segments::count(&text);
            assert_eq!((s.encoding, s.count), (Encoding::Gsm7, 1), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_invites_a_word_that_twilio_would_act_on(name in "[B-D][a-d ]{1,20}", token in prop::option::of(1u16..1000)) {
            for text in [reminder(&name, None, here(appointment()), token), moved(&name, None, here(appointment()), token), correction(&name), help(&name, "Call us"),
                ask_which(&name, &[choice(here(appointment()), 1), choice(here(appointment()), 2)])] {
                let words: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_uppercase).collect();
                for banned in ["YES", "CANCEL", "END", "QUIT", "REVOKE", "UNSUBSCRIBE"] {
                    prop_assert!(!words.iter().any(|w| w == banned), "{}", text);
                }
                prop_assert_eq!(segments::count(&text).encoding, Encoding::Gsm7);
            }
        }
    }
}
