//! What customers read, in their language. Short and polite; GSM-7 wherever names are, so that a reminder stays one or two segments.
//!
//! Each kind of text is a function here, and one in each language's file: a language that lacks one does not compile. No text asks for
//! YES, CANCEL, END or QUIT: to Twilio these are opt-in and opt-out words (docs/twilio.md §4). An appointment's time is what the clock shows
//! where it happens, wherever the customer is.

mod english;
mod offers;
mod spanish;

pub use offers::{
    Offer, offer_held, offer_late, offer_lost, offer_race, offer_times, offer_won, still_waiting, times_gone, waitlist_joined,
};

use crate::{language::Language, zone::Zone};
use chrono::{DateTime, Utc};

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
    /// As a list of several calls it: "Tue Jan 5, 3:00 PM", "mar 5 ene, 3:00 p. m."
    #[must_use]
    pub fn short(self, language: Language) -> String {
        match language {
            Language::English => english::short(self),
            Language::Spanish => spanish::short(self),
        }
    }

    /// As chrono's `format` says, in English, with the zone behind it where that is needed.
    fn say(self, format: &str) -> String {
        let (mut words, zone) = (self.local(format), self.zone());
        if !zone.is_empty() {
            words.push(' ');
            words.push_str(&zone);
        }
        words
    }

    /// As chrono's `format` says, in English.
    fn local(self, format: &str) -> String {
        self.at.with_timezone(&self.place).format(format).to_string()
    }

    /// The name of the place's zone, if the customer reads another time; letters like EST are the same in all languages.
    fn zone(self) -> String {
        if self.place.offset_at(self.at) == self.customer.offset_at(self.at) {
            return String::new();
        }
        self.local("%Z")
    }
}

/// One appointment of several in a text.
#[derive(Debug, Clone)]
pub struct Visit {
    pub start: Start,
    /// Whom it is for, where that is not who has the phone.
    pub name: Option<String>,
    /// 1 to 999, behind the letters.
    pub token: u16,
}

impl Visit {
    fn first_name(&self) -> Option<&str> {
        self.name.as_deref().map(first_name).filter(|name| !name.is_empty())
    }
}

/// What a person is called in a text: by the first name.
#[must_use]
pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or_default()
}

/// The reminder of an appointment: whose, when, how to answer, how to stop. `name` is whom it is for, where that is not who has the phone.
/// `token` (1–999) goes behind the letters when the customer has several appointments.
#[must_use]
pub fn reminder(language: Language, business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> String {
    let (business, name) = (line(business), name.map(first_name).filter(|name| !name.is_empty()));
    match language {
        Language::English => english::reminder(&business, name, start, token),
        Language::Spanish => spanish::reminder(&business, name, start, token),
    }
}

/// The reminder of several appointments of one half day, the soonest first. `only_codes`: the customer has been asked about something else,
/// too, so a letter alone would be a riddle.
#[must_use]
pub fn reminder_many(language: Language, business: &str, all: &[Visit], only_codes: bool) -> String {
    let business = line(business);
    match language {
        Language::English => english::reminder_many(&business, all, only_codes),
        Language::Spanish => spanish::reminder_many(&business, all, only_codes),
    }
}

/// A text with the address of a page behind it, where nothing runs into it.
#[must_use]
pub fn with_link(text: &str, url: &str) -> String {
    format!("{text} {url}")
}

/// Tells that an appointment has another time, and asks anew. The same as `reminder` otherwise.
#[must_use]
pub fn moved(language: Language, business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> String {
    let (business, name) = (line(business), name.map(first_name).filter(|name| !name.is_empty()));
    match language {
        Language::English => english::moved(&business, name, start, token),
        Language::Spanish => spanish::moved(&business, name, start, token),
    }
}

/// Asks once which of several appointments an answer meant: the next four, each with its own answers.
#[must_use]
pub fn ask_which(language: Language, business: &str, visits: &[Visit]) -> String {
    let mut sorted: Vec<&Visit> = visits.iter().collect();
    sorted.sort_unstable_by_key(|visit| (visit.start.at, visit.token));
    let business = line(business);
    match language {
        Language::English => english::ask_which(&business, &sorted),
        Language::Spanish => spanish::ask_which(&business, &sorted),
    }
}

/// The one polite correction after an answer we couldn't read.
#[must_use]
pub fn correction(language: Language, business: &str) -> String {
    let business = line(business);
    match language {
        Language::English => english::correction(&business),
        Language::Spanish => spanish::correction(&business),
    }
}

/// The answer to HELP: who we are, how to reach us, how to stop. `contact_line`: "Call (415) 555-0100"; may be empty.
#[must_use]
pub fn help(language: Language, business: &str, contact_line: &str) -> String {
    let (business, contact) = (line(business), line(contact_line));
    let contact = contact.trim_end_matches('.');
    match language {
        Language::English => english::help(&business, contact),
        Language::Spanish => spanish::help(&business, contact),
    }
}

/// Who had opted out gets texts again, and is told so where Twilio does not.
#[must_use]
pub fn started(language: Language, business: &str) -> String {
    let business = line(business);
    match language {
        Language::English => english::started(&business),
        Language::Spanish => spanish::started(&business),
    }
}

/// The code that shows whether a phone is whose it is said to be.
#[must_use]
pub fn verification(language: Language, business: &str, code: &str) -> String {
    let business = line(business);
    match language {
        Language::English => english::verification(&business, code),
        Language::Spanish => spanish::verification(&business, code),
    }
}

/// What staff typed, on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
