//! What has happened. An event is recorded by the room that owns the table, in the transaction that changed it;
//! what follows from it is written in `listeners`, the one place that knows who cares.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::consent::Channel;
use entity::{
    appointments::appointment,
    contacts::contact,
    conversations::{conversation, note},
    messages::message,
    questions::question,
};
use strum::{EnumDiscriminants, IntoStaticStr, VariantArray};
use uuid::Uuid;

use super::actor::Principal;

/// What has happened, in the past tense and noun first. Rows are as they were written, so that nobody reads them again.
#[derive(Clone, Debug, EnumDiscriminants)]
#[strum_discriminants(name(EventKind), derive(VariantArray, IntoStaticStr), vis(pub(crate)))]
pub(crate) enum Event {
    AppointmentBooked(Arc<appointment::Model>),
    AppointmentMoved(Arc<appointment::Model>),
    /// Something else about it than its time. `told_otherwise`: its texts say other things now, or leave from elsewhere.
    AppointmentChanged {
        visit: Arc<appointment::Model>,
        told_otherwise: bool,
    },
    /// A change was undone: it is as it was before that.
    AppointmentRestored(Arc<appointment::Model>),
    AppointmentConfirmed(Arc<appointment::Model>),
    /// Its time does not suit: the customer wants another one.
    AppointmentDeclined(Arc<appointment::Model>),
    AppointmentCancelled(Arc<appointment::Model>),
    /// Kept or not, it is over.
    AppointmentEnded(Arc<appointment::Model>),
    AppointmentReopened(Arc<appointment::Model>),
    /// Something else about it than its time and state: its notes, how long it takes, who it is with.
    AppointmentEdited(Arc<appointment::Model>),
    /// The customer is there.
    AppointmentArrived(Arc<appointment::Model>),
    /// The links to its customer's page open nothing any more.
    AppointmentLinksRevoked(Arc<appointment::Model>),
    /// The moment that we keep and what the clock on its wall will show have come apart.
    ClockChanged(Arc<appointment::Model>),
    /// Which of the two holds is decided.
    ClockDecided(Arc<appointment::Model>),

    CalendarAdded(Uuid),
    CalendarStarted(Uuid),
    CalendarRemoved(Uuid),
    /// A person has said who comes to an event of a calendar.
    CalendarEventDecided(Uuid),

    ContactAdded(Uuid),
    ContactChanged(Uuid),
    /// Another contact is this one: what was theirs is here now.
    ContactMerged(Uuid),
    /// It is another one after all.
    MergeUndone(Uuid),
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
    LogExported,
    ContactsExported,
    AppointmentsExported,

    ImportStarted(Uuid),
    ImportCancelled(Uuid),
    /// All of its rows are done.
    ImportDone(Uuid),

    /// To somebody, or to nobody.
    ConversationAssigned(Arc<conversation::Model>),
    ConversationClosed(Arc<conversation::Model>),
    ConversationReopened(Arc<conversation::Model>),
    /// Put aside for some time.
    ConversationSnoozed(Arc<conversation::Model>),
    /// A person said that it needs no answer.
    ConversationAnswered(Arc<conversation::Model>),
    /// What a person did to it at a moment was undone.
    ConversationRestored {
        conversation: Uuid,
        contact: Uuid,
        changed_at: DateTime<Utc>,
    },
    NoteAdded(Arc<note::Model>),

    MessageReceived(Arc<message::Model>),
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
    MessageSettled(Arc<message::Model>),

    QuickReplyAdded(Uuid),
    QuickReplyChanged(Uuid),
    QuickReplyDeleted(Uuid),

    TaskAdded(Uuid),
    TaskChanged(Uuid),
    TaskDone(Uuid),
    TaskReopened(Uuid),

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
    /// What happens to conversations by itself.
    InboxRulesChanged,
    AppointmentTypeAdded(Uuid),
    AppointmentTypeChanged(Uuid),
    StaffLabelAdded(Uuid),
    StaffLabelChanged(Uuid),
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
    FeedAdded(Uuid),
    FeedRevoked(Uuid),
    MemberAdded(Uuid),

    /// Nothing leaves it any more, for this reason.
    BusinessSuspended {
        why: Arc<str>,
    },
    BusinessResumed,
    /// Somebody who runs the installation looks into it.
    LookBegan {
        id: Uuid,
        who: Arc<str>,
        why: Arc<str>,
        until: DateTime<Utc>,
    },
    LookEnded(Uuid),
    /// The last go-live test found other things than the one before.
    SelfTestChanged,
    SamplesAdded,
    SamplesRemoved,
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
            E::AppointmentChanged { visit, .. } => ("appointment.updated", "appointment", Some(visit.id)),
            E::AppointmentRestored(a) => ("appointment.restored", "appointment", Some(a.id)),
            E::AppointmentConfirmed(a)
            | E::AppointmentDeclined(a)
            | E::AppointmentCancelled(a)
            | E::AppointmentEnded(a)
            | E::AppointmentReopened(a) => ("appointment.status", "appointment", Some(a.id)),
            E::AppointmentEdited(a) => ("appointment.updated", "appointment", Some(a.id)),
            E::AppointmentArrived(a) => ("appointment.arrived", "appointment", Some(a.id)),
            E::AppointmentLinksRevoked(a) => ("appointment.links_revoked", "appointment", Some(a.id)),
            E::ClockDecided(a) => ("appointment.clock_decided", "appointment", Some(a.id)),
            E::CalendarAdded(id) => ("calendar.created", "calendar", Some(*id)),
            E::CalendarStarted(id) => ("calendar.started", "calendar", Some(*id)),
            E::CalendarRemoved(id) => ("calendar.removed", "calendar", Some(*id)),
            E::CalendarEventDecided(id) => ("calendar_event.decided", "calendar_event", Some(*id)),
            E::ContactAdded(id) => ("contact.created", "contact", Some(*id)),
            E::ContactChanged(id) => ("contact.updated", "contact", Some(*id)),
            E::ContactMerged(id) => ("contact.merged", "contact", Some(*id)),
            E::MergeUndone(id) => ("contact.merge_undone", "contact", Some(*id)),
            E::ContactBlocked(c) | E::ContactUnblocked(c) => ("contact.blocked", "contact", Some(c.id)),
            E::HoldDecided(id) => ("contact.hold_decided", "contact", Some(*id)),
            E::ConsentExported(id) => ("contact.consent_exported", "contact", Some(*id)),
            E::LogExported => ("message.log_exported", "business", None),
            E::ContactsExported => ("contact.list_exported", "business", None),
            E::AppointmentsExported => ("appointment.list_exported", "business", None),
            E::ImportStarted(id) => ("import.started", "import", Some(*id)),
            E::ImportCancelled(id) => ("import.cancelled", "import", Some(*id)),
            E::ImportDone(id) => ("import.done", "import", Some(*id)),
            E::ConversationAssigned(c) => ("conversation.assigned", "conversation", Some(c.id)),
            E::ConversationClosed(c) => ("conversation.closed", "conversation", Some(c.id)),
            E::ConversationReopened(c) => ("conversation.reopened", "conversation", Some(c.id)),
            E::ConversationSnoozed(c) => ("conversation.snoozed", "conversation", Some(c.id)),
            E::ConversationAnswered(c) => ("conversation.answered", "conversation", Some(c.id)),
            E::ConversationRestored { conversation, .. } => ("conversation.restored", "conversation", Some(*conversation)),
            E::NoteAdded(note) => ("note.added", "conversation", Some(note.conversation_id)),
            E::MessageSettled(m) => ("message.settled", "message", Some(m.id)),
            E::QuickReplyAdded(id) => ("quick_reply.created", "quick_reply", Some(*id)),
            E::QuickReplyChanged(id) => ("quick_reply.updated", "quick_reply", Some(*id)),
            E::QuickReplyDeleted(id) => ("quick_reply.deleted", "quick_reply", Some(*id)),
            E::TaskAdded(id) => ("task.created", "task", Some(*id)),
            E::TaskChanged(id) => ("task.updated", "task", Some(*id)),
            E::TaskDone(id) => ("task.done", "task", Some(*id)),
            E::TaskReopened(id) => ("task.reopened", "task", Some(*id)),
            E::BusinessChanged => ("business.updated", "business", None),
            E::SendingChanged { .. } => ("business.sending_updated", "business", None),
            E::InboxRulesChanged => ("business.inbox_updated", "business", None),
            E::AppointmentTypeAdded(id) => ("appointment_type.created", "appointment_type", Some(*id)),
            E::AppointmentTypeChanged(id) => ("appointment_type.updated", "appointment_type", Some(*id)),
            E::StaffLabelAdded(id) => ("staff_label.created", "staff_label", Some(*id)),
            E::StaffLabelChanged(id) => ("staff_label.updated", "staff_label", Some(*id)),
            E::LocationAdded(id) => ("location.added", "location", Some(*id)),
            E::LocationChanged(id) => ("location.updated", "location", Some(*id)),
            E::AccountChanged => ("twilio_account.changed", "business", None),
            E::SharedKeyChanged => ("twilio_account.shared_key", "business", None),
            E::NumberAssigned(id) => ("number.assigned", "number", Some(*id)),
            E::RateLimitChanged(id) => ("number.rate_limit", "number", Some(*id)),
            E::ApiKeyCreated(id) => ("api_key.created", "api_key", Some(*id)),
            E::FeedAdded(id) => ("feed.created", "feed", Some(*id)),
            E::FeedRevoked(id) => ("feed.revoked", "feed", Some(*id)),
            E::MemberAdded(id) => ("member.added", "account", Some(*id)),
            E::BusinessSuspended { .. } => ("business.suspended", "business", None),
            E::BusinessResumed => ("business.resumed", "business", None),
            E::LookBegan { id, .. } => ("platform.look_began", "platform_look", Some(*id)),
            E::LookEnded(id) => ("platform.look_ended", "platform_look", Some(*id)),
            E::SamplesAdded => ("samples.added", "business", None),
            E::SamplesRemoved => ("samples.removed", "business", None),
            E::ClockChanged(_)
            | E::SelfTestChanged
            | E::PhoneChanged(_)
            | E::ContactOptedOut(..)
            | E::ContactOptedIn(_)
            | E::HoldBegan(_)
            | E::HoldEnded(_)
            | E::MessageReceived(_)
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

impl Event {
    /// The customer whom the audit trail's row is about, or whose appointment, text or conversation it is.
    pub(crate) fn customer(&self) -> Option<Uuid> {
        use Event as E;
        match self {
            E::AppointmentBooked(a)
            | E::AppointmentMoved(a)
            | E::AppointmentChanged { visit: a, .. }
            | E::AppointmentRestored(a)
            | E::AppointmentConfirmed(a)
            | E::AppointmentDeclined(a)
            | E::AppointmentCancelled(a)
            | E::AppointmentEnded(a)
            | E::AppointmentReopened(a)
            | E::AppointmentEdited(a)
            | E::AppointmentArrived(a)
            | E::AppointmentLinksRevoked(a)
            | E::ClockDecided(a) => Some(a.contact_id),
            E::ContactBlocked(c) | E::ContactUnblocked(c) => Some(c.id),
            // A note stands in the timeline by itself.
            E::ConversationAssigned(c)
            | E::ConversationClosed(c)
            | E::ConversationReopened(c)
            | E::ConversationSnoozed(c)
            | E::ConversationAnswered(c) => Some(c.contact_id),
            E::ConversationRestored { contact, .. } => Some(*contact),
            E::MessageSettled(m) => Some(m.contact_id),
            E::ContactAdded(id)
            | E::ContactChanged(id)
            | E::ContactMerged(id)
            | E::MergeUndone(id)
            | E::HoldDecided(id)
            | E::ConsentExported(id) => Some(*id),
            _ => None,
        }
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
