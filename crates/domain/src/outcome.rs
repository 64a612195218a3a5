//! How an attempt to hand a message to a provider ended, in words that every channel shares. What each provider says is put into these by
//! its channel, and nowhere else.

use crate::delivery::Status;
use std::time::Duration;

/// What is known of a message after its provider was asked to send it. The difference between *not sent* and *perhaps sent* decides whether
/// asking again is allowed (law 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it and says so.
    Accepted(Accepted),
    /// It was understood and declined: asking again would be declined again.
    Refused {
        /// What was answered: an HTTP status, an SMTP reply.
        reply: Option<u16>,
        /// Why.
        failure: Failure,
    },
    /// It was provably not taken; asking again later is safe.
    TryLater {
        /// What was answered; none if the provider was not reached.
        reply: Option<u16>,
        /// How long it asks us to wait.
        after: Option<Duration>,
        /// Why.
        failure: Failure,
    },
    /// It may or may not have been taken: never asked again on a guess.
    Unknown {
        /// What was answered, if anything.
        reply: Option<u16>,
        /// What was seen.
        detail: String,
    },
}

/// What a provider says of a message it has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's own name for it; none where it gives none that means anything later.
    pub provider_id: Option<String>,
    /// The account it was taken in.
    pub account: Option<String>,
    /// How far it says that it is, in its own word; empty where it says nothing.
    pub said: String,
    /// The same in ours; none for a word that we do not know.
    pub status: Option<Status>,
    /// Why, if it says that it has failed already.
    pub error_code: Option<i32>,
    /// Parts it is sent in, if that is what it counts.
    pub segments: Option<u32>,
}

/// Why something was not taken, or did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The provider's own number for it.
    pub code: Option<i32>,
    /// What the provider said itself, for the log of tries.
    pub detail: String,
    /// What happened, one plain sentence for staff.
    pub words: String,
    /// What to do about it, one plain sentence for staff.
    pub next_step: String,
    /// What it calls for.
    pub class: Class,
    /// What the same error would hit besides this message.
    pub scope: Scope,
    /// When it may be sent again by itself.
    pub retry: Retry,
}

/// What a failure calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The person does not want it: an opt-out.
    OptedOut,
    /// The address is no good: staff are asked.
    BadAddress,
    /// Only an approved wording may go there now.
    WindowClosed,
    /// The wording is no good any more.
    Wording,
    /// The account as a whole is too fast.
    AccountPace,
    /// Anything else; words, scope and retry say what.
    Other,
}

/// What the same error would hit besides this message, until somebody sets it right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything that goes through this account.
    Account,
    /// Everything from this sender.
    Sender,
    /// Only this message.
    Message,
}

/// When a failed message may be sent again, by itself, while it still makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Not without a person.
    Never,
    /// Once after each of these delays, in seconds from the failure before; then never.
    After(&'static [u64]),
    /// When the next day begins for the carriers: midnight in California.
    NextDay,
}
