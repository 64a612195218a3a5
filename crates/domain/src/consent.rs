//! Consent: who may be texted, and the ledger that proves it (law 3).

use crate::words::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the first entry of a business's ledger is chained to.
pub const GENESIS: &str = "";

/// Names the format of a hashed entry; a changed format gets a new name, old entries keep theirs.
const FORMAT: &[u8] = b"showup-consent-1";

/// The way a message travels; consent is given for each apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Text message.
    #[default]
    Sms,
    /// WhatsApp, by way of Twilio.
    #[serde(rename = "whatsapp")]
    WhatsApp,
    /// E-mail.
    Email,
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// About an appointment; giving a number at booking is the opt-in.
    Transactional,
    /// Review requests, offers, campaigns; needs its own opt-in.
    Promotional,
}

/// Where a person stands for one channel and purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Never asked, never said.
    #[default]
    Unknown,
    /// Said yes.
    OptedIn,
    /// Said no; nothing is sent.
    OptedOut,
}

/// Who or what changed a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A number given at booking.
    Booking,
    /// STOP, START or a word like them.
    Keyword,
    /// Somebody of the business.
    Staff,
    /// A program with an API key.
    Api,
    /// Twilio refused: 21610 (docs/twilio.md §4).
    ProviderBlock,
    /// The person, on the preference page.
    PreferencePage,
    /// A CSV file.
    Import,
    /// The person, by writing to the business on that channel.
    Wrote,
    /// The person, on the form of a waitlist, with a code that was texted to their phone.
    WaitlistForm,
}

words!(Channel is a "channel": Sms = "sms", WhatsApp = "whatsapp", Email = "email");
words!(Purpose is a "purpose": Transactional = "transactional", Promotional = "promotional");
words!(State is a "consent state": Unknown = "unknown", OptedIn = "opted_in", OptedOut = "opted_out");
words!(Source is a "consent source":
    Booking = "booking", Keyword = "keyword", Staff = "staff", Api = "api",
    ProviderBlock = "provider_block", PreferencePage = "preference_page", Import = "import",
    Wrote = "wrote", WaitlistForm = "waitlist_form");

/// One change of consent as it is hashed into the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEntry<'a> {
    /// Whose ledger.
    pub business_id: &'a str,
    /// Place in that ledger.
    pub seq: i64,
    /// Whose consent.
    pub contact_id: &'a str,
    /// For which channel.
    pub channel: Channel,
    /// For which kind of message.
    pub purpose: Purpose,
    /// The new state.
    pub state: State,
    /// What brought the change.
    pub source: Source,
    /// Who did it: a user id, an API key id, `contact`.
    pub actor: &'a str,
    /// What proves it: the exact text, a message SID.
    pub evidence: &'a str,
    /// When; hashed to the microsecond, which is what both databases keep.
    pub at: DateTime<Utc>,
}

impl LedgerEntry<'_> {
    /// The hash of this entry after `previous` ([`GENESIS`] for the first): SHA-256, lower-case hex, 64 letters.
    ///
    /// Each field is preceded by its length (8 bytes, big-endian), so bytes can't be moved from one field to the next unseen.
    #[must_use]
    pub fn hash(&self, previous: &str) -> String {
        let (seq, at) = (self.seq.to_be_bytes(), self.at.timestamp_micros().to_be_bytes());
        let fields: [&[u8]; 12] = [
            FORMAT,
            previous.as_bytes(),
            self.business_id.as_bytes(),
            &seq,
            self.contact_id.as_bytes(),
            self.channel.as_str().as_bytes(),
            self.purpose.as_str().as_bytes(),
            self.state.as_str().as_bytes(),
            self.source.as_str().as_bytes(),
            self.actor.as_bytes(),
            self.evidence.as_bytes(),
            &at,
        ];
        let mut hasher = Sha256::new();
        for field in fields {
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
        hex::encode(hasher.finalize())
    }
}

/// How a message comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// A person of the business writes to a person.
    Reply,
    /// A machine does: reminders and the like.
    Automatic,
    /// A machine does, for what nobody needs: it goes by a yes of its own ([`may_offer_by`]), and never to who said STOP.
    Offer,
    /// The one word that somebody is opted out, where nobody else says it.
    Goodbye,
}

impl Channel {
    /// The channel of a sender at Twilio, by how its address is written.
    #[must_use]
    pub fn of_sender(address: &str) -> Self {
        if address.starts_with(crate::whatsapp::PREFIX) {
            Self::WhatsApp
        } else {
            Self::Sms
        }
    }
}

/// Where somebody stands on a channel: as they said of it, and where they never did, by what they said of texts. A STOP by text is one
/// to the business, so it holds on WhatsApp, too, until they say otherwise there.
#[must_use]
pub fn standing(channel: Channel, said: Option<State>, of_texts: State) -> State {
    match (channel, said.unwrap_or_default(), of_texts) {
        (Channel::WhatsApp, State::Unknown, State::OptedOut) => State::OptedOut,
        (_, said, _) => said,
    }
}

/// May we send? Nothing goes to someone who opted out, but that they are; what a machine sends needs an opt-in (law 3).
///
/// # Errors
/// The reason in plain words, for the message and its task (law 5).
pub const fn may_send(state: State, sending: Sending) -> Result<(), &'static str> {
    match (state, sending) {
        (_, Sending::Goodbye) => Ok(()),
        (State::OptedOut, _) => Err("This person has opted out of text messages."),
        (State::Unknown, Sending::Automatic) => Err("This person has not agreed to automatic text messages."),
        (State::OptedIn, _) | (State::Unknown, Sending::Reply | Sending::Offer) => Ok(()),
    }
}

/// The same by one way, in words for that.
///
/// # Errors
/// As [`may_send`].
pub const fn may_send_by(channel: Channel, state: State, sending: Sending) -> Result<(), &'static str> {
    match (channel, may_send(state, sending)) {
        (Channel::Email, Err(_)) => Err(match state {
            State::OptedOut => "This person has opted out of e-mails.",
            State::Unknown | State::OptedIn => "This person has not agreed to automatic e-mails.",
        }),
        (Channel::WhatsApp, Err(_)) => Err(match state {
            State::OptedOut => "This person has opted out of messages on WhatsApp.",
            State::Unknown | State::OptedIn => "This person has not agreed to automatic messages on WhatsApp.",
        }),
        (Channel::Sms, may) | (_, may @ Ok(())) => may,
    }
}

/// May something promotional go by this way: to who has not said STOP, and has said yes to that, which is asked for apart.
///
/// # Errors
/// As [`may_send`].
pub fn may_offer_by(channel: Channel, state: State, offers: State) -> Result<(), &'static str> {
    may_send_by(channel, state, Sending::Offer)?;
    match offers {
        State::OptedIn => Ok(()),
        State::OptedOut => Err("This person wants no offers and review requests."),
        State::Unknown => Err("This person has not agreed to offers and review requests."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry() -> LedgerEntry<'static> {
        LedgerEntry {
            business_id: "b1",
            seq: 1,
            contact_id: "c1",
            channel: Channel::Sms,
            purpose: Purpose::Transactional,
            state: State::OptedOut,
            source: Source::Keyword,
            actor: "contact",
            evidence: "STOP SM123",
            at: DateTime::from_timestamp_micros(1_800_000_000_123_456).expect("in range"),
        }
    }

    #[test]
    fn a_stop_silences_machines_and_people_alike() {
        assert!(may_send(State::OptedOut, Sending::Automatic).is_err());
        assert!(may_send(State::OptedOut, Sending::Reply).is_err());
    }

    #[test]
    fn a_stop_by_text_holds_on_whatsapp_until_they_say_otherwise_there() {
        let (stopped, agreed) = (State::OptedOut, State::OptedIn);
        for (channel, said, of_texts, stands) in [
            (Channel::WhatsApp, None, stopped, stopped),
            (Channel::WhatsApp, Some(State::Unknown), stopped, stopped),
            (Channel::WhatsApp, Some(agreed), stopped, agreed),
            (Channel::WhatsApp, Some(stopped), agreed, stopped),
            (Channel::WhatsApp, None, agreed, State::Unknown),
            (Channel::Email, None, stopped, State::Unknown),
            (Channel::Sms, Some(agreed), agreed, agreed),
        ] {
            assert_eq!(standing(channel, said, of_texts), stands, "{channel} {said:?} {of_texts:?}");
        }
        assert!(may_send(stopped, Sending::Goodbye).is_ok());
    }

    #[test]
    fn an_offer_needs_a_yes_of_its_own_and_ends_with_a_stop() {
        let all = [State::Unknown, State::OptedIn, State::OptedOut];
        for state in all {
            for offers in all {
                let may = may_offer_by(Channel::Sms, state, offers).is_ok();
                assert_eq!(may, state != State::OptedOut && offers == State::OptedIn, "{state} {offers}");
            }
        }
    }

    #[test]
    fn an_answer_needs_no_opt_in_but_a_reminder_does() {
        assert!(may_send(State::Unknown, Sending::Reply).is_ok());
        assert!(may_send(State::Unknown, Sending::Automatic).is_err());
        assert!(may_send(State::OptedIn, Sending::Automatic).is_ok());
    }

    #[test]
    fn stored_words_come_back() {
        for source in Source::ALL {
            assert_eq!(source.as_str().parse::<Source>().as_ref(), Ok(source));
            assert_eq!(serde_json::to_value(source).expect("serializes"), source.as_str());
        }
        for channel in Channel::ALL {
            assert_eq!(serde_json::to_value(channel).expect("serializes"), channel.as_str());
        }
        for state in State::ALL {
            assert_eq!(state.as_str().parse::<State>().as_ref(), Ok(state));
            assert_eq!(serde_json::to_value(state).expect("serializes"), state.as_str());
        }
        assert_eq!(State::default(), State::Unknown);
        assert_eq!(
            "nonsense".parse::<Channel>().expect_err("not a channel").to_string(),
            "\"nonsense\" is not a known channel"
        );
    }

    #[test]
    fn the_hash_of_a_stored_entry_never_changes() {
        // Computed outside this program, with Python's hashlib.
        assert_eq!(
            entry().hash(GENESIS),
            "c08f7440b70bacf3e67877084bceb8dc1bbb8529d1e0d4e2e6879704766bcfb5"
        );
        assert_eq!(
            entry().hash(&entry().hash(GENESIS)),
            "f742cb547f51e22ec2a12652e2fe1df54247cbc817fbb4503575e3e944572079"
        );
    }

    #[test]
    fn every_field_counts() {
        let base = entry();
        let changed = [
            LedgerEntry {
                business_id: "b2",
                ..base
            },
            LedgerEntry { seq: 2, ..base },
            LedgerEntry {
                contact_id: "c2",
                ..base
            },
            LedgerEntry {
                purpose: Purpose::Promotional,
                ..base
            },
            LedgerEntry {
                state: State::OptedIn,
                ..base
            },
            LedgerEntry {
                source: Source::Staff,
                ..base
            },
            LedgerEntry { actor: "u1", ..base },
            LedgerEntry {
                evidence: "STOP",
                ..base
            },
            LedgerEntry {
                at: base.at + chrono::Duration::microseconds(1),
                ..base
            },
        ];
        for other in changed {
            assert_ne!(other.hash(GENESIS), base.hash(GENESIS), "{other:?}");
        }
        assert_ne!(base.hash("x"), base.hash(GENESIS));
    }

    proptest! {
        #[test]
        fn bytes_cannot_move_between_fields(text in "[a-z]{2,20}", a in 0usize..20, b in 0usize..20) {
            let (a, b) = (a % text.len(), b % text.len());
            prop_assume!(a != b);
            let split = |at: usize| LedgerEntry { actor: &text[..at], evidence: &text[at..], ..entry() }.hash(GENESIS);
            prop_assert_ne!(split(a), split(b));
        }
    }
}
