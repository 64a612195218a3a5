//! How far a message has come, and why it never goes back (docs/twilio.md §6, law 4).

use crate::words::words;
use serde::{Deserialize, Serialize};

/// Where a message is. The first three are ours, before the provider has it; the others are Twilio's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Stored; nobody has tried to send it (law 1).
    Queued,
    /// Claimed; the call to Twilio is in the air (law 2).
    Sending,
    /// The call ended without an outcome; a callback or Twilio's list will tell (law 2).
    Unknown,
    /// Twilio has it, in a Messaging Service.
    Accepted,
    /// Twilio will send it later.
    Scheduled,
    /// In Twilio's queue.
    ProviderQueued,
    /// Twilio is handing it to the carrier.
    ProviderSending,
    /// The carrier has it; for some carriers this is the last word.
    Sent,
    /// On the phone.
    Delivered,
    /// Seen (WhatsApp, RCS).
    Read,
    /// The carrier gave up.
    Undelivered,
    /// Twilio gave up or refused.
    Failed,
    /// Taken back before it went out.
    Cancelled,
    /// Some recipients or parts have it.
    PartiallyDelivered,
    /// Came in from a customer.
    Received,
}

words!(Status is a "delivery status":
    Queued = "queued", Sending = "sending", Unknown = "unknown", Accepted = "accepted", Scheduled = "scheduled",
    ProviderQueued = "provider_queued", ProviderSending = "provider_sending", Sent = "sent", Delivered = "delivered",
    Read = "read", Undelivered = "undelivered", Failed = "failed", Cancelled = "cancelled",
    PartiallyDelivered = "partially_delivered", Received = "received");

impl Status {
    /// The word for the API and the screen: queued, sending, sent, delivered, read, undelivered, failed, cancelled, unknown, received.
    #[must_use]
    pub const fn public(self) -> &'static str {
        match self {
            Self::Accepted | Self::Scheduled | Self::ProviderQueued | Self::ProviderSending => Self::Sending.as_str(),
            Self::PartiallyDelivered => Self::Sent.as_str(),
            other => other.as_str(),
        }
    }

    /// Reads `MessageStatus` of a callback or `status` of a message resource; `None` for words Twilio may invent (docs/twilio.md §6).
    #[must_use]
    pub fn from_twilio(s: &str) -> Option<Self> {
        Some(match s.trim().to_ascii_lowercase().as_str() {
            "accepted" => Self::Accepted,
            "scheduled" => Self::Scheduled,
            "queued" => Self::ProviderQueued,
            "sending" => Self::ProviderSending,
            // Seen in the wild: the carrier has it and will never say more.
            "sent" | "delivery_unknown" => Self::Sent,
            "partially_delivered" => Self::PartiallyDelivered,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "undelivered" => Self::Undelivered,
            "failed" => Self::Failed,
            "canceled" | "cancelled" => Self::Cancelled,
            "receiving" | "received" => Self::Received,
            _ => return None,
        })
    }

    /// Whether nothing more needs to be waited for. `delivered` may still become `read`.
    #[must_use]
    pub const fn is_final(self) -> bool {
        self.is_failure() || matches!(self, Self::Delivered | Self::Read | Self::Cancelled | Self::Received)
    }

    /// Whether the customer did not get it and somebody should know. Cancelling is not a failure: someone wanted it.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Undelivered | Self::Failed)
    }

    /// A sentence for screen readers and tooltips.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Queued => "Waiting to be sent",
            Self::Sending | Self::Accepted | Self::Scheduled | Self::ProviderQueued | Self::ProviderSending => "Being sent",
            Self::Unknown => "Not known whether it was sent",
            Self::Sent => "Sent, not confirmed yet",
            Self::PartiallyDelivered => "Sent, delivered in part",
            Self::Delivered => "Delivered",
            Self::Read => "Read",
            Self::Undelivered => "Not delivered",
            Self::Failed => "Failed to send",
            Self::Cancelled => "Cancelled before sending",
            Self::Received => "Received",
        }
    }

    /// The rank table of docs/twilio.md §6, with our own states below everything the provider says. Failures stand above all that
    /// is still under way and below delivered.
    const fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Sending => 1,
            Self::Unknown => 2,
            Self::Scheduled => 3,
            Self::Accepted => 4,
            Self::ProviderQueued => 5,
            Self::ProviderSending => 6,
            Self::Sent => 7,
            Self::PartiallyDelivered => 8,
            Self::Undelivered | Self::Failed | Self::Cancelled => 9,
            Self::Delivered => 10,
            Self::Read | Self::Received => 11,
        }
    }
}

/// What an event does to the current state. The event itself is kept as a row in every case (law 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advance {
    /// The message is now this.
    Moves(Status),
    /// Early, late, repeated or reordered news; nothing changes.
    Stays,
    /// The message is now this, though it had been given up; worth a line in the log.
    Anomaly(Status),
}

impl Advance {
    /// The state after the event.
    #[must_use]
    pub const fn after(self, current: Status) -> Status {
        match self {
            Self::Moves(to) | Self::Anomaly(to) => to,
            Self::Stays => current,
        }
    }
}

/// What `event` does to a message at `current`: forward by rank or not at all (docs/twilio.md §6, law 4).
///
/// Of several failures the first stays. Putting a message back to `queued` (law 2, *try later*) is a decision of ours, not an event.
#[must_use]
pub fn advance(current: Status, event: Status) -> Advance {
    if event == Status::Received || event.rank() <= current.rank() {
        return Advance::Stays;
    }
    let given_up = current.is_failure() || current == Status::Cancelled;
    if given_up {
        Advance::Anomaly(event)
    } else {
        Advance::Moves(event)
    }
}

/// What becomes of a message of ours, whoever says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// It is taken to be sent now.
    Claim,
    /// It was provably not sent, or is not to be sent yet.
    Defer,
    /// Its call ended without an outcome.
    Lose,
    /// The provider's word, by call, callback or log.
    Provider(Status),
    /// We stop trying: refused for good, or not taken in a day.
    Fail,
    /// A person takes it back, or what it came from does.
    Withdraw,
    /// It waited for another try of what was not delivered, which will not be made.
    Restore,
    /// It is to be sent once more.
    Requeue,
    /// A person says whether it arrived.
    Settle {
        /// Whether it did.
        arrived: bool,
    },
}

/// Where a message is after this; `None` where it can't happen to a message that is there. All that changes a state goes by this, so that
/// it never goes back by accident (law 4): only [`Update::Defer`] and [`Update::Requeue`] lead into the outbox again.
#[must_use]
pub fn next(current: Status, update: Update) -> Option<Status> {
    use Status as S;
    match (update, current) {
        (Update::Claim, S::Queued) => Some(S::Sending),
        (Update::Defer, S::Sending | S::Unknown) => Some(S::Queued),
        (Update::Lose, S::Sending) => Some(S::Unknown),
        (Update::Provider(event), _) => Some(advance(current, event).after(current)),
        (Update::Fail, S::Queued | S::Sending | S::Unknown) => Some(S::Failed),
        (Update::Withdraw, S::Queued | S::Sending | S::Unknown) => Some(S::Cancelled),
        (Update::Restore, S::Queued | S::Sending | S::Unknown) => Some(S::Undelivered),
        (Update::Requeue, _) if current.is_failure() || current == S::Cancelled => Some(S::Queued),
        (Update::Settle { arrived: true }, S::Unknown) => Some(S::Sent),
        (Update::Settle { arrived: false }, S::Unknown) => Some(S::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Case {
        why: String,
        /// Our state when the first callback comes.
        from: Status,
        /// Twilio's words, in the order they come in.
        callbacks: Vec<String>,
        /// The state that is shown in the end.
        ends: Status,
        #[serde(default)]
        anomaly: bool,
    }

    #[test]
    fn callbacks_in_any_order_tell_one_story() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/delivery.json")).expect("vectors are JSON");
        for case in cases {
            let mut at = case.from;
            let mut anomaly = false;
            for event in case.callbacks.iter().filter_map(|word| Status::from_twilio(word)) {
                let step = advance(at, event);
                anomaly |= matches!(step, Advance::Anomaly(_));
                at = step.after(at);
            }
            assert_eq!((at, anomaly), (case.ends, case.anomaly), "{}", case.why);
        }
    }

    #[test]
    fn our_own_steps_go_forward_until_the_provider_speaks() {
        assert_eq!(advance(Status::Queued, Status::Sending), Advance::Moves(Status::Sending));
        assert_eq!(advance(Status::Sending, Status::Unknown), Advance::Moves(Status::Unknown));
        assert_eq!(advance(Status::Accepted, Status::Unknown), Advance::Stays);
        assert_eq!(advance(Status::Queued, Status::Cancelled), Advance::Moves(Status::Cancelled));
        assert_eq!(advance(Status::Sent, Status::Received), Advance::Stays);
    }

    #[test]
    fn every_state_has_its_words() {
        const PUBLIC: [&str; 10] = [
            "queued",
            "sending",
            "sent",
            "delivered",
            "read",
            "undelivered",
            "failed",
            "cancelled",
            "unknown",
            "received",
        ];
        for status in Status::ALL {
            assert_eq!(status.as_str().parse::<Status>().as_ref(), Ok(status));
            assert_eq!(serde_json::to_value(status).expect("serializes"), status.as_str());
            assert!(PUBLIC.contains(&status.public()), "{status}");
            assert!(!status.label().is_empty());
        }
        assert_eq!(Status::from_twilio("hovering"), None);
        assert_eq!(Status::ProviderQueued.public(), "sending");
        assert_eq!(Status::PartiallyDelivered.public(), "sent");
    }

    /// What Twilio may say about a message of ours.
    fn callback() -> impl Strategy<Value = Status> {
        prop::sample::select(Status::ALL.iter().copied().filter(|s| s.rank() >= 3).collect::<Vec<_>>())
    }

    fn fold(from: Status, events: &[Status]) -> Status {
        events.iter().fold(from, |at, event| advance(at, *event).after(at))
    }

    proptest! {
        #[test]
        fn delivered_is_never_lost(
            mut events in prop::collection::vec(callback(), 0..20),
            place in any::<prop::sample::Index>(),
            from in prop::sample::select(vec![Status::Queued, Status::Sending, Status::Unknown]),
        ) {
            events.insert(place.index(events.len() + 1), Status::Delivered);
            prop_assert!(matches!(fold(from, &events), Status::Delivered | Status::Read));
        }

        #[test]
        fn rank_never_falls(from in prop::sample::select(Status::ALL), event in prop::sample::select(Status::ALL)) {
            prop_assert!(advance(from, event).after(from).rank() >= from.rank());
        }

        #[test]
        fn order_and_repetition_change_nothing_but_which_failure_was_first(
            events in prop::collection::vec(callback(), 1..10).prop_shuffle(),
            again in any::<prop::sample::Index>(),
        ) {
            let mut sorted = events.clone();
            sorted.sort_by_key(|s| s.rank());
            let mut repeated = events.clone();
            repeated.push(events[again.index(events.len())]);
            prop_assert_eq!(fold(Status::Sending, &events).rank(), fold(Status::Sending, &sorted).rank());
            prop_assert_eq!(fold(Status::Sending, &events), fold(Status::Sending, &repeated));
        }

        #[test]
        fn unknown_is_resolved_by_whatever_the_provider_says(event in callback()) {
            prop_assume!(event != Status::Received);
            prop_assert_eq!(advance(Status::Unknown, event), Advance::Moves(event));
        }
    }

    fn any_update() -> impl Strategy<Value = Update> {
        prop_oneof![
            Just(Update::Claim),
            Just(Update::Defer),
            Just(Update::Lose),
            proptest::sample::select(Status::ALL).prop_map(Update::Provider),
            Just(Update::Fail),
            Just(Update::Withdraw),
            Just(Update::Restore),
            Just(Update::Requeue),
            any::<bool>().prop_map(|arrived| Update::Settle { arrived }),
        ]
    }

    proptest! {
        /// Whatever happens to a message, in whatever order: it goes out only by a claim of one that waits, it waits again only where it was
        /// provably not sent or somebody asked for that, and what has arrived stays so.
        #[test]
        fn nothing_leads_back_but_what_was_decided(updates in proptest::collection::vec(any_update(), 1..40)) {
            let mut at = Status::Queued;
            for update in updates {
                let Some(then) = next(at, update) else { continue };
                if then == Status::Sending && at != Status::Sending {
                    prop_assert!(matches!(update, Update::Claim | Update::Provider(Status::Sending)) && at == Status::Queued);
                }
                if then == Status::Queued && at != Status::Queued {
                    prop_assert!(matches!(update, Update::Defer | Update::Requeue), "{at} by {update:?}");
                    prop_assert!(at == Status::Sending || at == Status::Unknown || at.is_failure() || at == Status::Cancelled);
                }
                if matches!(at, Status::Delivered | Status::Read) {
                    prop_assert!(matches!(then, Status::Delivered | Status::Read), "{at} by {update:?} is {then}");
                }
                if matches!(update, Update::Withdraw | Update::Restore) {
                    prop_assert!(!matches!(at, Status::Accepted | Status::Sent | Status::Delivered), "taken back although it has left");
                }
                at = then;
            }
        }
    }
}
