//! What is counted as it happens, and never counted afterwards: reading a counter costs the same at ten thousand and ten million messages.

use domain::{experiments::Arm, waitlist::Mode};
use uuid::Uuid;

/// What is counted. The words are what is stored and what the API shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Counter {
    /// Texts from customers.
    Received,
    /// Texts that the provider took.
    Sent,
    Delivered,
    /// Failed or undelivered, for good.
    Failed,
    /// Withdrawn before they were handed over.
    Cancelled,
    OptedOut,
    OptedIn,
    /// Somebody gave a wrong password for a person who works here.
    SignInFailed,
    /// What became of free times, by the way in which they were offered.
    Waitlist(Mode, Free),
    /// People of a test of two texts. They are kept with the test, not by day.
    Tried(Uuid, Arm, Tried),
    /// What came of asking for reviews.
    Review(Reviews),
}

/// What is counted of the people who got one of two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tried {
    People,
    Known,
    Hits,
    Out,
    OptedOut,
}

/// What is counted of reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reviews {
    /// People whose message left.
    Asked,
    /// Not asked, for a reason.
    Skipped,
    /// Asked people who opened the link.
    Opened,
    /// Times that people opened a link.
    People,
    /// Times that machines did, most likely.
    Machines,
}

impl Reviews {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Asked, Self::Skipped, Self::Opened, Self::People, Self::Machines];

    fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Skipped => "skipped",
            Self::Opened => "opened",
            Self::People => "people",
            Self::Machines => "machines",
        }
    }
}

/// What is counted of free times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Free {
    /// Times that came free.
    Slots,
    /// Offers that reached their person.
    Offers,
    /// Answered with yes or no in time.
    Answers,
    Declined,
    /// Not answered in time.
    Silent,
    /// Times that somebody of the waitlist got.
    Filled,
    /// From free to filled, in seconds.
    Seconds,
}

impl Free {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Slots,
        Self::Offers,
        Self::Answers,
        Self::Declined,
        Self::Silent,
        Self::Filled,
        Self::Seconds,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Slots => "slots",
            Self::Offers => "offers",
            Self::Answers => "answers",
            Self::Declined => "declined",
            Self::Silent => "silent",
            Self::Filled => "filled",
            Self::Seconds => "seconds",
        }
    }
}

impl Counter {
    /// Those of a day's texts and consent.
    pub(crate) const DAILY: [Self; 7] = [
        Self::Received,
        Self::Sent,
        Self::Delivered,
        Self::Failed,
        Self::Cancelled,
        Self::OptedOut,
        Self::OptedIn,
    ];

    /// As it is stored.
    pub(crate) fn word(self) -> String {
        let word = match self {
            Counter::Received => "received",
            Counter::Sent => "sent",
            Counter::Delivered => "delivered",
            Counter::Failed => "failed",
            Counter::Cancelled => "cancelled",
            Counter::OptedOut => "opted_out",
            Counter::OptedIn => "opted_in",
            Counter::SignInFailed => "sign_in_failed",
            Counter::Tried(test, arm, what) => return format!("tried.{test}.{arm}.{what:?}"),
            Counter::Review(what) => return format!("review.{}", what.as_str()),
            Counter::Waitlist(mode, what) => return format!("waitlist.{mode}.{}", what.as_str()),
        };
        word.to_owned()
    }
}
