//! What stands in the texts of the waitlist: which time is free, who has it, and until when.

use super::{Language, Start, Values, Variable, english, one, plain, spanish};

/// A free time, as it is offered.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// What kind of visit it is for.
    pub kind: Option<&'a str>,
    /// Whom it is for, where that is not who has the phone.
    pub name: Option<&'a str>,
    pub start: Start,
    /// Behind the letters, when they are asked about something else, too.
    pub token: Option<u16>,
}

/// A text that offers a time; `until`: it is kept for who gets this until then.
#[must_use]
pub fn offer(language: Language, business: &str, offer: &Offer<'_>, until: Option<Start>) -> Values {
    let kind = offer.kind.map(str::trim).filter(|kind| !kind.is_empty());
    let slot = match language {
        Language::English => english::slot(kind),
        Language::Spanish => spanish::slot(kind),
    };
    one(language, business, offer.name, offer.start, offer.token)
        .with(Variable::Type, kind.unwrap_or_default())
        .with(Variable::Slot, &slot)
        .with(Variable::Until, &until.map(|until| until.until(language)).unwrap_or_default())
}

/// A text to who has it now; the visit that it takes the place of is given up.
#[must_use]
pub fn taken(language: Language, business: &str, start: Start, released: Option<Start>) -> Values {
    let released = released.map(|old| old.date(language)).unwrap_or_default();
    one(language, business, None, start, None).with(Variable::Released, &released)
}

/// A text that asks whether somebody still waits; `name` is whom for, where that is not who has the phone.
#[must_use]
pub fn still_waiting(business: &str, name: Option<&str>, token: Option<u16>) -> Values {
    plain(business)
        .with(Variable::ForName, name.map(super::first_name).unwrap_or_default())
        .with(Variable::Token, &token.map(|token| token.to_string()).unwrap_or_default())
}

/// A text to who answered after the time was kept for them.
#[must_use]
pub fn late(language: Language, business: &str, start: Start, until: Start) -> Values {
    one(language, business, None, start, None).with(Variable::Until, &until.until(language))
}

/// A text with two or three times to choose from, for a visit that is to move.
#[must_use]
pub fn times(language: Language, business: &str, name: Option<&str>, starts: &[Start], until: Start) -> Values {
    let numbered = starts.iter().enumerate();
    let listed: Vec<String> = numbered
        .map(|(place, start)| format!("{} {}", place + 1, start.short(language)))
        .collect();
    plain(business)
        .with(Variable::ForName, name.map(super::first_name).unwrap_or_default())
        .with(Variable::Times, &listed.join("; "))
        .with(Variable::Until, &until.until(language))
}
