//! What is counted as it happens, and never counted afterwards: reading a counter costs the same at ten thousand and ten million messages.

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
}

impl Counter {
    /// How many there are.
    pub(crate) const KINDS: u64 = 8;

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Counter::Received => "received",
            Counter::Sent => "sent",
            Counter::Delivered => "delivered",
            Counter::Failed => "failed",
            Counter::Cancelled => "cancelled",
            Counter::OptedOut => "opted_out",
            Counter::OptedIn => "opted_in",
            Counter::SignInFailed => "sign_in_failed",
        }
    }
}
