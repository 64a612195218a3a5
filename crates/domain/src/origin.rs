//! What a message of ours comes from, and the rules that go with it. A new origin does not compile until its rules are written; one that is
//! stored and not known is not sent.

use crate::{
    consent::{Purpose, Sending},
    verification,
    words::words,
};
use serde::{Deserialize, Serialize};

/// What made a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Written by a person (or another system) for this customer now.
    Reply,
    /// An answer of ours to what the customer just texted: HELP, a correction.
    Automatic,
    /// The one word that they get nothing more, where the network does not say it.
    OptedOut,
    /// A reminder of an appointment.
    Reminder,
    /// An appointment has another time.
    Moved,
    /// A time is free for somebody who waits for one.
    Offer,
    /// What became of a time that somebody was offered: it is theirs, or came too late.
    OfferNews,
    /// That a time which was promised to somebody is not free any more. They have said nothing, so that it waits for their morning.
    OfferOver,
    /// Whether somebody wants offers, as another says.
    Consent,
    /// How was your visit? Nobody needs it, and it is asked once.
    Review,
    /// The code that shows whether a phone is whose it is said to be, asked for at this moment on a page that is open to everybody.
    Verification,
}

words!(Origin is a "origin of a message": Reply = "reply", Automatic = "automatic", OptedOut = "opted_out",
    Reminder = "reminder", Moved = "moved", Offer = "offer", OfferNews = "offer_news", OfferOver = "offer_over", Consent = "consent", Review = "review",
    Verification = "verification");

/// How a message counts against the hour's limit and the month's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// All of the hour, and whatever the month's budget says: somebody is talking.
    Unbounded,
    /// A quarter of the hour and half of what is kept for people, and a tenth beyond the budget: a HELP is answered on a busy morning, too,
    /// but machines that text HELP take nothing from what people and reminders need.
    Quarter,
    /// What is left beside the tenth of the hour that is kept for people, and within the budget.
    Bounded,
}

/// The rules of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What consent is asked for.
    pub purpose: Purpose,
    /// How much of it is needed.
    pub sending: Sending,
    /// Whether it waits for the end of quiet hours. What a member asked for at this moment does not, whatever it is.
    pub quiet: bool,
    /// What it may take of the hour and of the budget.
    pub share: Share,
    /// Whose turn is first: 0 before 1 before 2, each with a share that the others can't take.
    pub priority: u8,
    /// Whether what made it hears of its failure and sees to it; else a person gets a task.
    pub owned: bool,
    /// Seconds after which it answers nothing any more; none where it is useful for as long as its owner says, or for good.
    pub useful_s: Option<i64>,
}

impl Origin {
    /// Whether an answer that comes too late is heard for a while, so that whoever gave it is told.
    #[must_use]
    pub const fn is_heard_late(self) -> bool {
        matches!(self, Self::Offer)
    }

    /// Whether a letter alone is meant for whatever else waits for an answer: who says yes to a visit has agreed to nothing more.
    #[must_use]
    pub const fn gives_way(self) -> bool {
        matches!(self, Self::Consent)
    }

    /// The rules that messages of this origin go by.
    #[must_use]
    pub const fn policy(self) -> Policy {
        match self {
            Self::Reply => Policy {
                purpose: Purpose::Transactional,
                sending: Sending::Reply,
                quiet: false,
                share: Share::Unbounded,
                priority: 0,
                owned: false,
                useful_s: None,
            },
            Self::Automatic => Policy {
                purpose: Purpose::Transactional,
                sending: Sending::Reply,
                quiet: false,
                share: Share::Quarter,
                priority: 2,
                owned: false,
                useful_s: Some(24 * 60 * 60),
            },
            // The law allows one word within five minutes (47 CFR 64.1200(a)(12)).
            Self::OptedOut => Policy {
                purpose: Purpose::Transactional,
                sending: Sending::Goodbye,
                quiet: false,
                share: Share::Quarter,
                priority: 0,
                owned: true,
                useful_s: Some(5 * 60),
            },
            Self::Reminder => Policy {
                purpose: Purpose::Transactional,
                sending: Sending::Automatic,
                quiet: true,
                share: Share::Bounded,
                priority: 1,
                owned: true,
                useful_s: None,
            },
            Self::Moved => Policy {
                purpose: Purpose::Transactional,
                sending: Sending::Automatic,
                quiet: true,
                share: Share::Bounded,
                priority: 1,
                owned: true,
                useful_s: None,
            },
            // They asked to be told, and it is of use for minutes: its owner says how many.
            Self::Offer => Policy {
                purpose: Purpose::Transactional,
                sending: Sending::Automatic,
                quiet: true,
                share: Share::Bounded,
                priority: 1,
                owned: true,
                useful_s: None,
            },
            Self::Review => Policy {
                purpose: Purpose::Promotional,
                sending: Sending::Offer,
                quiet: true,
                share: Share::Bounded,
                priority: 2,
                owned: true,
                useful_s: Some(24 * 60 * 60),
            },
            // Of the first they have just answered, and wait for this.
            Self::OfferNews | Self::OfferOver => Policy {
                purpose: Purpose::Transactional,
                sending: Sending::Automatic,
                quiet: matches!(self, Self::OfferOver),
                share: Share::Quarter,
                priority: 2,
                owned: true,
                useful_s: Some(24 * 60 * 60),
            },
            // Who can't be asked has agreed to nothing, and another day is as good.
            Self::Consent => Policy {
                purpose: Purpose::Transactional,
                sending: Sending::Automatic,
                quiet: true,
                share: Share::Bounded,
                priority: 2,
                owned: true,
                useful_s: Some(24 * 60 * 60),
            },
            // Nobody looks after one that does not arrive: whoever waits for it asks anew.
            Self::Verification => Policy {
                purpose: Purpose::Transactional,
                sending: Sending::Reply,
                quiet: false,
                share: Share::Quarter,
                priority: 2,
                owned: true,
                useful_s: Some(verification::GOOD_FOR.num_seconds()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_begins_needs_an_opt_in_and_sleeps_at_night() {
        for begun in [Origin::Reminder, Origin::Moved, Origin::Offer, Origin::Consent] {
            let begun = begun.policy();
            assert_eq!(
                (begun.sending, begun.quiet, begun.share),
                (Sending::Automatic, true, Share::Bounded)
            );
        }
        let review = Origin::Review.policy();
        assert_eq!(
            (review.purpose, review.sending, review.quiet, review.share),
            (Purpose::Promotional, Sending::Offer, true, Share::Bounded)
        );
        for answers in [Origin::Reply, Origin::Automatic, Origin::Verification] {
            assert_eq!(answers.policy().sending, Sending::Reply);
        }
    }

    #[test]
    fn whoever_answered_an_offer_is_told_at_once_and_only_if_they_agreed() {
        let news = Origin::OfferNews.policy();
        assert_eq!((news.sending, news.quiet), (Sending::Automatic, false));
        let over = Origin::OfferOver.policy();
        assert_eq!((over.sending, over.quiet), (Sending::Automatic, true));
    }

    #[test]
    fn an_origin_that_is_not_known_is_none() {
        for stored in ["campaign", "", "Reply", "reminder "] {
            assert!(stored.parse::<Origin>().is_err(), "{stored:?}");
        }
    }
}
