//! What stands in the texts that customers read, in the words of their language: days and hours, several visits in one sentence, the letters
//! to answer with. The sentences around are `templates`.
//!
//! An appointment's time is what the clock shows where it happens, wherever the customer is.

mod english;
mod offers;
mod spanish;

pub use offers::{Offer, late, offer, still_waiting, taken, times};

use crate::{
    language::Language,
    templates::{Values, Variable},
    zone::Zone,
};
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

    /// The day, inside a sentence: "Tue, Jan 5", "mar 5 ene".
    #[must_use]
    pub fn day(self, language: Language) -> String {
        match language {
            Language::English => english::day(self),
            Language::Spanish => spanish::day(self),
        }
    }

    /// The time: "3:00 PM", "3:00 p. m.", with the zone behind it where that is needed.
    #[must_use]
    pub fn time(self, language: Language) -> String {
        match language {
            Language::English => english::time(self),
            Language::Spanish => spanish::time(self),
        }
    }

    /// Until when, behind the word for *until*: "2:40 PM", "las 2:40 p. m."
    #[must_use]
    pub fn until(self, language: Language) -> String {
        match language {
            Language::English => english::time(self),
            Language::Spanish => spanish::hour(self),
        }
    }

    /// The day of a visit that is given up, as short as can be: "Jan 5", "mar 5 ene".
    #[must_use]
    pub fn date(self, language: Language) -> String {
        match language {
            Language::English => english::date(self),
            Language::Spanish => spanish::day(self),
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

/// A text that says who it is from, and nothing of a visit.
#[must_use]
pub fn plain(business: &str) -> Values {
    Values::default().with(Variable::Business, business)
}

/// A text that says how the business is reached. `contact_line`: "Call (415) 555-0100"; may be empty.
#[must_use]
pub fn reached(business: &str, contact_line: &str) -> Values {
    plain(business).with(Variable::Contact, contact_line.trim().trim_end_matches('.'))
}

/// A text about one visit: whose, when. `name` is whom it is for, where that is not who has the phone. `token` (1–999) goes behind the
/// letters when the customer has several things to answer.
#[must_use]
pub fn one(language: Language, business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> Values {
    plain(business)
        .with(Variable::ForName, name.map(first_name).unwrap_or_default())
        .with(Variable::Visit, &visit(language, name))
        .with(Variable::When, &start.short(language))
        .with(Variable::Date, &start.day(language))
        .with(Variable::Time, &start.time(language))
        .with(Variable::Token, &token.map(|token| token.to_string()).unwrap_or_default())
}

/// A text about several visits of one half day, the soonest first. `only_codes`: the customer has been asked about something else, too, so a
/// letter alone would be a riddle.
#[must_use]
pub fn many(language: Language, business: &str, all: &[Visit], only_codes: bool) -> Values {
    let (visits, answers) = match language {
        Language::English => (english::listed(all, only_codes), english::answers(all.len(), only_codes)),
        Language::Spanish => (spanish::listed(all, only_codes), spanish::answers(all.len(), only_codes)),
    };
    let day = all.first().map(|one| one.start.day(language)).unwrap_or_default();
    plain(business)
        .with(Variable::Date, &day)
        .with(Variable::Visits, &visits)
        .with(Variable::Answers, answers)
        .with(Variable::Count, &all.len().to_string())
}

/// A text that asks which of several visits an answer meant: the next four, each with its own answers.
#[must_use]
pub fn which(language: Language, business: &str, visits: &[Visit]) -> Values {
    let mut sorted: Vec<&Visit> = visits.iter().collect();
    sorted.sort_unstable_by_key(|visit| (visit.start.at, visit.token));
    sorted.truncate(LISTED);
    let Codes { yes, or } = match language {
        Language::English => english::CODES,
        Language::Spanish => spanish::CODES,
    };
    let said = |visit: &&Visit| {
        let (when, token) = (visit.start.short(language), visit.token);
        let codes = format!("({yes}{token} {or} N{token})");
        match visit.first_name() {
            Some(name) => format!("{name} {when} {codes}"),
            None => format!("{when} {codes}"),
        }
    };
    let listed = if visits.len() > LISTED {
        LISTED.to_string()
    } else {
        String::new()
    };
    plain(business)
        .with(Variable::Visits, &sorted.iter().map(said).collect::<Vec<_>>().join("; "))
        .with(Variable::Count, &visits.len().to_string())
        .with(Variable::Listed, &listed)
}

/// A text with the address of a page behind it, where nothing runs into it.
#[must_use]
pub fn with_link(text: &str, url: &str) -> String {
    format!("{text} {url}")
}

/// What a visit is called inside a sentence; `name` is whom it is for, where that is not who has the phone.
#[must_use]
pub fn visit(language: Language, name: Option<&str>) -> String {
    let name = name.map(first_name).filter(|name| !name.is_empty());
    match (language, name) {
        (Language::English, None) => "your visit".to_owned(),
        (Language::English, Some(name)) => format!("{name}'s visit"),
        (Language::Spanish, None) => "su cita".to_owned(),
        (Language::Spanish, Some(name)) => format!("la cita de {name}"),
    }
}

/// A text with the code that shows whether a phone is whose it is said to be.
#[must_use]
pub fn verification(business: &str, code: &str) -> Values {
    plain(business).with(Variable::Code, code)
}

/// How a language writes the answers for one of several.
struct Codes {
    yes: &'static str,
    or: &'static str,
}

#[cfg(test)]
mod tests;
