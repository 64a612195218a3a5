//! Texts that another program may have sent by calling an address.

use chrono::TimeDelta;

use crate::templates::Kind;

/// What is said with the same reference within this time is one text.
pub const ONCE_IN: TimeDelta = TimeDelta::hours(24);

/// Whether a program may have a text of this kind sent. Not those that ask for an answer, for nobody would know what it is to, and not those
/// that are answers themselves.
#[must_use]
pub const fn may_be_triggered(kind: Kind) -> bool {
    match kind {
        Kind::Confirmed
        | Kind::Cancelled
        | Kind::WaitlistJoined
        | Kind::Recall
        | Kind::MissedCall
        | Kind::Arrived
        | Kind::Help => true,
        // Who is asked for a review, and when, has rules of its own: `POST /review-requests` keeps them.
        Kind::Review
        | Kind::Reminder
        | Kind::ReminderMany
        | Kind::Correction
        | Kind::WhichVisit
        | Kind::OptedOut
        | Kind::Started
        | Kind::Moved
        | Kind::StillWaiting
        | Kind::OfferHeld
        | Kind::OfferRace
        | Kind::OfferWon
        | Kind::OfferLost
        | Kind::OfferLate
        | Kind::OfferTimes
        | Kind::TimesGone
        | Kind::Verification => false,
    }
}

/// Those kinds, as they are written.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    Kind::ALL
        .iter()
        .filter(|kind| may_be_triggered(**kind))
        .map(|kind| kind.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_asks_is_triggered() {
        for kind in Kind::ALL {
            assert!(!(kind.asks() && may_be_triggered(*kind)), "{kind}");
        }
        assert!(kinds().any(|kind| kind == "recall"));
        assert!(kinds().all(|kind| kind != "verification"), "a code that nobody asked for");
    }
}
