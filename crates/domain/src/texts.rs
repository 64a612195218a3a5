//! What customers read. Short and polite; GSM-7 wherever names are, so that a reminder stays one or two segments.
//!
//! No text asks for YES, CANCEL, END or QUIT: to Twilio these are opt-in and opt-out words (twilio.md 3.4). Times are in the customer's zone.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::fmt::Write as _;

/// Most visits one text lists.
const LISTED: usize = 4;

/// The reminder of a visit (RE1, RE4): who, when, how to answer, how to stop. `token` (1–999) goes behind the letters when the
/// customer has several visits (RE5).
#[must_use]
pub fn reminder(business: &str, starts_at: DateTime<Utc>, tz: Tz, token: Option<u16>) -> String {
    format!(
        "{}: reminder of your visit on {}. Reply {} Reply STOP to opt out.",
        line(business),
        at(starts_at, tz),
        choices(token)
    )
}

/// Asks once which of several visits an answer meant (RE5): the next four, each with its own answers.
#[must_use]
pub fn ask_which(business: &str, visits: &[(DateTime<Utc>, u16)], tz: Tz) -> String {
    let mut sorted = visits.to_vec();
    sorted.sort_unstable();
    let mut text = format!("{}: you have {} visits coming up", line(business), sorted.len());
    if sorted.len() > LISTED {
        let _ = write!(text, ", the next {LISTED} are");
    }
    let mut mark = ": ";
    for (starts_at, token) in sorted.iter().take(LISTED) {
        let time = starts_at.with_timezone(&tz).format("%a %b %-d, %-I:%M %p");
        let _ = write!(text, "{mark}{time} (Y{token} or N{token})");
        mark = "; ";
    }
    text.push_str(". Please reply with one of the codes.");
    text
}

/// The one polite correction after an answer we couldn't read (RE6).
#[must_use]
pub fn correction(business: &str) -> String {
    format!(
        "{}: sorry, we did not understand. Please reply {}",
        line(business),
        choices(None)
    )
}

/// The answer to HELP (CO4): who we are, how to reach us, how to stop. `contact_line`: "Call (415) 555-0100"; may be empty.
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

fn at(starts_at: DateTime<Utc>, tz: Tz) -> String {
    starts_at.with_timezone(&tz).format("%a, %b %-d at %-I:%M %p").to_string()
}

/// What staff typed, on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segments::{self, Encoding};
    use chrono_tz::America::New_York;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn visit() -> DateTime<Utc> {
        "2027-01-05T20:00:00Z".parse().expect("an instant")
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
        let later = |days| visit() + chrono::Duration::days(days);
        let six: Vec<_> = (0..6u16).rev().map(|n| (later(i64::from(n)), 101 + n)).collect();
        let written = [
            ("reminder", reminder("Bright Dental", visit(), New_York, None)),
            ("reminder_token", reminder("Bright Dental", visit(), New_York, Some(101))),
            (
                "reminder_untidy_name",
                reminder("  Bright\n Dental ", visit(), chrono_tz::Europe::Stockholm, None),
            ),
            (
                "ask_two",
                ask_which("Bright Dental", &[(visit(), 101), (later(1), 102)], New_York),
            ),
            ("ask_six", ask_which("Bright Dental", &six, New_York)),
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
        let s = segments::count(&reminder("Bright Dental", visit(), New_York, Some(101)));
        assert_eq!((s.encoding, s.count), (Encoding::Gsm7, 1));
    }

    proptest! {
        #[test]
        fn no_text_invites_a_word_that_twilio_would_act_on(name in "[B-D][a-d ]{1,20}", token in prop::option::of(1u16..1000)) {
            for text in [reminder(&name, visit(), New_York, token), correction(&name), help(&name, "Call us"),
                ask_which(&name, &[(visit(), 1), (visit(), 2)], New_York)] {
                let words: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_uppercase).collect();
                for banned in ["YES", "CANCEL", "END", "QUIT", "REVOKE", "UNSUBSCRIBE"] {
                    prop_assert!(!words.iter().any(|w| w == banned), "{}", text);
                }
                prop_assert_eq!(segments::count(&text).encoding, Encoding::Gsm7);
            }
        }
    }
}
