//! What the waitlist says: that a time is free, who has it, and who does not.

use super::{Language, Start, english, first_name, line, spanish};

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

impl Offer<'_> {
    pub(super) fn first_name(&self) -> Option<&str> {
        self.name.map(first_name).filter(|name| !name.is_empty())
    }
}

/// Somebody is on the waitlist from now on.
#[must_use]
pub fn waitlist_joined(language: Language, business: &str) -> String {
    match language {
        Language::English => english::waitlist_joined(&line(business)),
        Language::Spanish => spanish::waitlist_joined(&line(business)),
    }
}

/// Asks somebody whether they still wait.
#[must_use]
pub fn still_waiting(language: Language, business: &str, token: Option<u16>) -> String {
    match language {
        Language::English => english::still_waiting(&line(business), token),
        Language::Spanish => spanish::still_waiting(&line(business), token),
    }
}

/// A time is kept for who gets this until then.
#[must_use]
pub fn offer_held(language: Language, business: &str, offer: &Offer<'_>, until: Start) -> String {
    match language {
        Language::English => english::offer_held(&line(business), offer, until),
        Language::Spanish => spanish::offer_held(&line(business), offer, until),
    }
}

/// A time is for whoever answers first.
#[must_use]
pub fn offer_race(language: Language, business: &str, offer: &Offer<'_>) -> String {
    match language {
        Language::English => english::offer_race(&line(business), offer),
        Language::Spanish => spanish::offer_race(&line(business), offer),
    }
}

/// They have it; the visit that it takes the place of is given up.
#[must_use]
pub fn offer_won(language: Language, business: &str, start: Start, released: Option<Start>) -> String {
    match language {
        Language::English => english::offer_won(&line(business), start, released),
        Language::Spanish => spanish::offer_won(&line(business), start, released),
    }
}

/// Somebody else was faster.
#[must_use]
pub fn offer_lost(language: Language, business: &str) -> String {
    match language {
        Language::English => english::offer_lost(&line(business)),
        Language::Spanish => spanish::offer_lost(&line(business)),
    }
}

/// The answer came after the time was kept for them.
#[must_use]
pub fn offer_late(language: Language, business: &str, until: Start) -> String {
    match language {
        Language::English => english::offer_late(&line(business), until),
        Language::Spanish => spanish::offer_late(&line(business), until),
    }
}

/// Two or three times to choose from, for a visit that is to move.
#[must_use]
pub fn offer_times(language: Language, business: &str, starts: &[Start], until: Start) -> String {
    match language {
        Language::English => english::offer_times(&line(business), starts, until),
        Language::Spanish => spanish::offer_times(&line(business), starts, until),
    }
}

/// A time that they chose is not theirs to have any more; a person writes to them.
#[must_use]
pub fn times_gone(language: Language, business: &str) -> String {
    match language {
        Language::English => english::times_gone(&line(business)),
        Language::Spanish => spanish::times_gone(&line(business)),
    }
}
