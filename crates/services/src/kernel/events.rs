//! What has happened. An event is recorded by the room that owns the table, in the transaction that changed it;
//! what follows from it is written in `listeners`, the one place that knows who cares.

use std::sync::Arc;

use domain::consent::Channel;
use entity::{appointments::appointment, contacts::contact, messages::message, questions::question};
use strum::{EnumDiscriminants, IntoStaticStr, VariantArray};
use uuid::Uuid;

use super::actor::Principal;

/// What has happened, in the past tense and noun first. Rows are as they were written, so that nobody reads them again.
#[derive(Clone, Debug, EnumDiscriminants)]
#[strum_discriminants(name(EventKind), derive(VariantArray, IntoStaticStr), vis(pub(crate)))]
pub(crate) enum Event {
    AppointmentBooked(Arc<appointment::Model>),
    AppointmentMoved(Arc<appointment::Model>),
    AppointmentConfirmed(Arc<appointment::Model>),
    /// Its time does not suit: the customer wants another one.
    AppointmentDeclined(Arc<appointment::Model>),
    AppointmentCancelled(Arc<appointment::Model>),
    /// Kept or not, it is over.
    AppointmentEnded(Arc<appointment::Model>),
    AppointmentReopened(Arc<appointment::Model>),
    /// The moment that we keep and what the clock on its wall will show have come apart.
    ClockChanged(Arc<appointment::Model>),
    /// Which of the two holds is decided.
    ClockDecided(Arc<appointment::Model>),

    ContactAdded(Uuid),
    ContactChanged(Uuid),
    /// What waits for them was meant for another number.
    PhoneChanged(Arc<contact::Model>),
    ContactBlocked(Arc<contact::Model>),
    ContactUnblocked(Arc<contact::Model>),
    ContactOptedOut(Arc<contact::Model>, Channel),
    ContactOptedIn(Arc<contact::Model>),
    /// This text may ask for no more texts: a person has to decide.
    HoldBegan(Arc<message::Model>),
    HoldEnded(Arc<contact::Model>),
    HoldDecided(Uuid),
    ConsentExported(Uuid),

    MessageReceived,
    /// The provider has it, for the first time.
    MessageSent(Arc<message::Model>),
    /// It arrived, by the network's word.
    MessageDelivered(Arc<message::Model>),
    /// It arrived, by the word of whoever records this.
    MessageArrived(Arc<message::Model>),
    MessageFailed(Arc<message::Model>, Failed),
    /// What was to be tried again is not: its last failure stands.
    RetryEnded(Arc<message::Model>),
    /// Taken back before it went out; its row says why.
    MessageWithdrawn(Arc<message::Model>),
    /// A person has said what became of it.
    MessageSettled(Uuid),

    /// A question was answered; the text that did it.
    Answered(Arc<question::Model>, Arc<message::Model>),
    /// Texts can't go through an account or from a sender any more; one event for each business that may be concerned.
    BreakerOpened {
        scope: Arc<str>,
    },
    /// They can again.
    BreakerClosed {
        scope: Arc<str>,
    },
    /// So much of the month's budget is used; amounts in micro-dollars.
    BudgetReached {
        percent: i64,
        month: String,
        spent: i64,
    },

    BusinessChanged,
    /// What bounds sending. `wider`: what was held back may go now.
    SendingChanged {
        wider: bool,
    },
    LocationAdded(Uuid),
    LocationChanged(Uuid),
    /// The clock of the business, or of one of its locations, is another one.
    ZoneChanged {
        location: Option<Uuid>,
    },
    /// The business's Twilio account is another one.
    AccountChanged,
    SharedKeyChanged,
    NumberAssigned(Uuid),
    RateLimitChanged(Uuid),
    ApiKeyCreated(Uuid),
    MemberAdded(Uuid),
}

/// How a message failed.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    /// Why, in plain words.
    pub why: String,
    /// What somebody should do about it.
    pub next_step: String,
    /// It will be tried again by itself.
    pub retrying: bool,
}

impl Event {
    /// What the audit trail calls it, and what it is about; none for what is the machine's daily work. Of the business itself where no id
    /// is given.
    pub(crate) fn audited(&self) -> Option<(&'static str, &'static str, Option<Uuid>)> {
        use Event as E;
        Some(match self {
            E::AppointmentBooked(a) => ("appointment.created", "appointment", Some(a.id)),
            E::AppointmentMoved(a) => ("appointment.moved", "appointment", Some(a.id)),
            E::AppointmentConfirmed(a)
            | E::AppointmentDeclined(a)
            | E::AppointmentCancelled(a)
            | E::AppointmentEnded(a)
            | E::AppointmentReopened(a) => ("appointment.status", "appointment", Some(a.id)),
            E::ClockDecided(a) => ("appointment.clock_decided", "appointment", Some(a.id)),
            E::ContactAdded(id) => ("contact.created", "contact", Some(*id)),
            E::ContactChanged(id) => ("contact.updated", "contact", Some(*id)),
            E::ContactBlocked(c) | E::ContactUnblocked(c) => ("contact.blocked", "contact", Some(c.id)),
            E::HoldDecided(id) => ("contact.hold_decided", "contact", Some(*id)),
            E::ConsentExported(id) => ("contact.consent_exported", "contact", Some(*id)),
            E::MessageSettled(id) => ("message.settled", "message", Some(*id)),
            E::BusinessChanged => ("business.updated", "business", None),
            E::SendingChanged { .. } => ("business.sending_updated", "business", None),
            E::LocationAdded(id) => ("location.added", "location", Some(*id)),
            E::LocationChanged(id) => ("location.updated", "location", Some(*id)),
            E::AccountChanged => ("twilio_account.changed", "business", None),
            E::SharedKeyChanged => ("twilio_account.shared_key", "business", None),
            E::NumberAssigned(id) => ("number.assigned", "number", Some(*id)),
            E::RateLimitChanged(id) => ("number.rate_limit", "number", Some(*id)),
            E::ApiKeyCreated(id) => ("api_key.created", "api_key", Some(*id)),
            E::MemberAdded(id) => ("member.added", "account", Some(*id)),
            E::ClockChanged(_)
            | E::PhoneChanged(_)
            | E::ContactOptedOut(..)
            | E::ContactOptedIn(_)
            | E::HoldBegan(_)
            | E::HoldEnded(_)
            | E::MessageReceived
            | E::MessageSent(_)
            | E::MessageDelivered(_)
            | E::MessageArrived(_)
            | E::MessageFailed(..)
            | E::RetryEnded(_)
            | E::MessageWithdrawn(_)
            | E::Answered(..)
            | E::BreakerOpened { .. }
            | E::BreakerClosed { .. }
            | E::BudgetReached { .. }
            | E::ZoneChanged { .. } => return None,
        })
    }
}

/// An event, whose it is and who caused it.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub business_id: Uuid,
    pub by: Principal,
    pub event: Event,
    /// What the audit trail keeps: JSON of what it was and of what it is.
    pub before: Option<String>,
    pub after: Option<String>,
}
