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
    numbers::number_request,
    questions::question,
    reviews::review_request,
    waitlist::{slot, waitlist_entry},
};
use secrecy::SecretString;
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
    /// This contact is that one, too: what was the other's is here now.
    ContactMerged(Uuid, Uuid),
    /// They are two after all.
    MergeUndone(Uuid, Uuid),
    /// A message has shown that these two are one: the one it is from, and the one whose address it told.
    SamePerson(Uuid, Uuid),
    /// What waits for them was meant for another number.
    PhoneChanged(Arc<contact::Model>),
    ContactBlocked(Arc<contact::Model>),
    ContactUnblocked(Arc<contact::Model>),
    ContactOptedOut(Arc<contact::Model>, Channel),
    ContactOptedIn(Arc<contact::Model>),
    /// They typed the code that was texted to it.
    PhoneVerified(Uuid),
    /// What they said to offers and review requests alone.
    OffersDecided(Uuid),
    /// Somebody else says that they want offers on this channel; they are to say so themselves.
    OffersToConfirm(Arc<contact::Model>, Channel),
    /// This text may ask for no more texts: a person has to decide.
    HoldBegan(Arc<message::Model>),
    HoldEnded(Arc<contact::Model>),
    HoldDecided(Uuid),
    ConsentExported(Uuid),
    LogExported,
    ContactsExported,
    AppointmentsExported,
    AuditExported,

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
    /// It has left, by the network's word, for the first time in this try.
    MessageOnItsWay(Arc<message::Model>),
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

    /// Somebody waits for a time.
    WaitlistEntryAdded(Arc<waitlist_entry::Model>),
    WaitlistEntryChanged(Arc<waitlist_entry::Model>),
    /// They wait no more; its row says why.
    WaitlistEntryEnded(Arc<waitlist_entry::Model>),
    /// A time is free.
    SlotOpened(Arc<slot::Model>),
    /// Somebody has it.
    SlotTaken(Arc<slot::Model>),
    /// It was given up, or its time came.
    SlotEnded(Arc<slot::Model>),
    WaitlistRulesChanged,

    /// Somebody is to be asked for a review.
    ReviewPlanned(Arc<review_request::Model>),
    /// They were.
    ReviewAsked(Arc<review_request::Model>),
    /// They are not; its row says why.
    ReviewSkipped(Arc<review_request::Model>),
    /// They have opened the link for the first time.
    ReviewOpened(Arc<review_request::Model>),
    ReviewRulesChanged,
    ReviewPlatformAdded(Uuid),
    ReviewPlatformRemoved(Uuid),

    QuickReplyAdded(Uuid),
    QuickReplyChanged(Uuid),
    QuickReplyDeleted(Uuid),

    /// A text that customers get says something else from now on.
    TemplateChanged(Uuid),
    /// It is the built-in one again.
    TemplateReset(Uuid),

    /// Another text is to be tried against it.
    ExperimentPlanned(Uuid),
    ExperimentStarted(Uuid),
    /// It is done, or was stopped; its row says which.
    ExperimentEnded(Uuid),
    /// The better of its texts is the one that customers get from now on.
    ExperimentAdopted(Uuid),

    /// By somebody, by hand.
    TaskAdded(Uuid),
    /// Something that has happened needs a person.
    TaskRaised(Uuid),
    TaskChanged(Uuid),
    TaskDone(Uuid),
    /// What has happened since leaves nothing to do.
    TaskSettled(Uuid),
    TaskReopened(Uuid),

    /// A question was answered; the text that did it.
    Answered(Arc<question::Model>, Arc<message::Model>),
    /// A question was answered on a page, which has done already what follows from it.
    AnsweredOnPage(Arc<question::Model>),
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
        what: Bounds,
    },
    /// When customers are reminded, where their visits' types say nothing else.
    RemindersChanged,
    /// What becomes of visits that nobody marks, and what customers may do on their page.
    VisitRulesChanged,
    /// What happens to conversations by itself.
    InboxRulesChanged,
    /// Whether anybody may put themselves on the waitlist.
    WaitlistFormChanged,
    /// How long what texts say is kept.
    RetentionChanged,
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
    /// What leaves from it, or who answers at it.
    NumberChanged(Uuid),
    /// Nothing leaves from it any more.
    NumberReleased {
        number: Uuid,
        phone: Arc<str>,
    },
    /// Where Twilio posts what comes to it was looked at, and perhaps changed.
    NumberConfigured(Uuid),
    /// Whether it may text the US is answered in another way than before.
    RegistrationChanged {
        number: Uuid,
        /// In words: the number, and what holds.
        news: Arc<str>,
    },
    NumberRequested(Uuid),
    /// It is being bought, or was not after all.
    NumberRequestChanged(Uuid),
    /// There is a number for it, or there will be none.
    NumberRequestDecided(Arc<number_request::Model>),
    RateLimitChanged(Uuid),
    /// A wording was handed in to WhatsApp.
    TwinSubmitted(Uuid),
    /// It stands otherwise than before.
    TwinChanged(Uuid),
    ApiKeyCreated(Uuid),
    ApiKeyRevoked(Uuid),
    /// A filter of the inbox that everybody of the business sees.
    FilterShared(Uuid),
    SharedFilterRenamed(Uuid),
    SharedFilterRemoved(Uuid),
    FeedAdded(Uuid),
    FeedRevoked(Uuid),
    /// A program is told what happens from now on.
    WebhookAdded(Uuid),
    /// Where it is, what it hears of, or that it is told again.
    WebhookChanged(Uuid),
    WebhookRemoved(Uuid),
    WebhookSecretRotated(Uuid),
    WebhookSecretShown(Uuid),
    /// It was switched off because nothing arrived: nobody asked for that.
    WebhookDisabled {
        id: Uuid,
        host: Arc<str>,
        why: Arc<str>,
    },
    MemberAdded(Uuid),
    /// Somebody came in by the door, and went out again.
    SignedIn(Uuid),
    SignedOut(Uuid),
    MemberRoleChanged(Uuid),
    /// They work here no more.
    MemberRemoved(Uuid),
    MemberRenamed(Uuid),
    /// Somebody is to join. The secret of their link goes into the mail and nowhere else.
    MemberInvited {
        invitation: Uuid,
        token: SecretString,
    },
    /// With a new link; the one before opens nothing any more.
    InvitationSentAgain {
        invitation: Uuid,
        token: SecretString,
    },
    InvitationRevoked(Uuid),
    /// Of somebody who works here.
    PasswordChanged(Uuid),
    EmailChanged(Uuid),
    /// It was not them who changed it: what was made in their name since then is not theirs.
    EmailTakenBack {
        account: Uuid,
        since: DateTime<Utc>,
    },
    /// A person is to be written to about their account, wherever they work: no business's event.
    AccountLetter {
        account: Uuid,
        to: SecretString,
        letter: AccountLetter,
    },
    /// Somebody has signed in where they never did before.
    DeviceAdded {
        account: Uuid,
        device: Uuid,
        /// "Firefox on Windows".
        words: String,
    },
    DeviceRevoked(Uuid),
    SessionsRevoked(Uuid),
    /// Browsers of a person are signed out, wherever they work: no business's event.
    SessionsChanged {
        account: Uuid,
        how: Sessions,
    },
    SecondFactorOn(Uuid),
    SecondFactorOff(Uuid),
    RecoveryCodesRenewed(Uuid),
    /// An issuer vouches for this account from now on.
    IdentityLinked(Uuid),
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

/// Which of the bounds of sending were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bounds {
    /// How many texts, for how much money.
    Limits,
    /// At what time of day.
    QuietHours,
    /// To which countries.
    Countries,
}

/// What became of an account's sessions, each by its hash.
#[derive(Clone, Debug)]
pub(crate) enum Sessions {
    Ended(String),
    /// All of them but this one.
    OthersEnded(Option<String>),
    /// This one is about to get another id.
    Renewing(String),
    /// It has got it.
    Renewed(String),
}

/// What a person is written about their account.
#[derive(Clone, Debug)]
pub(crate) enum AccountLetter {
    ResetPassword {
        reset: Uuid,
        token: SecretString,
    },
    PasswordChanged,
    /// To a new address: is it theirs?
    ConfirmEmail {
        change: Uuid,
        token: SecretString,
    },
    /// To an address that has an account already, whose new address it was to be.
    EmailTaken,
    /// To the address before: was it them?
    EmailChanging {
        change: Uuid,
        undo: SecretString,
    },
    /// Somebody signs up with an address that has an account.
    SignedUpAgain,
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
    /// What the audit trail calls it, and what it is about; of the business itself where no id is given.
    ///
    /// # Errors
    /// Why it is not kept there. There is no third way: a new event does not compile until it has a row or a reason.
    pub(crate) fn audited(&self) -> Result<(&'static str, &'static str, Option<Uuid>), &'static str> {
        use Event as E;
        Ok(match self {
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
            E::ContactMerged(id, _) => ("contact.merged", "contact", Some(*id)),
            E::MergeUndone(id, _) => ("contact.merge_undone", "contact", Some(*id)),
            E::ContactBlocked(c) | E::ContactUnblocked(c) => ("contact.blocked", "contact", Some(c.id)),
            E::HoldDecided(id) => ("contact.hold_decided", "contact", Some(*id)),
            E::ConsentExported(id) => ("contact.consent_exported", "contact", Some(*id)),
            E::LogExported => ("message.log_exported", "business", None),
            E::ContactsExported => ("contact.list_exported", "business", None),
            E::AppointmentsExported => ("appointment.list_exported", "business", None),
            E::AuditExported => ("audit.exported", "business", None),
            E::ContactOptedIn(c) => ("consent.opted_in", "contact", Some(c.id)),
            E::ContactOptedOut(c, _) => ("consent.opted_out", "contact", Some(c.id)),
            E::PhoneVerified(id) => ("contact.phone_verified", "contact", Some(*id)),
            E::OffersDecided(id) => ("consent.offers", "contact", Some(*id)),
            E::OffersToConfirm(c, _) => ("consent.offers_asked", "contact", Some(c.id)),
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
            E::WaitlistEntryAdded(e) => ("waitlist_entry.created", "waitlist_entry", Some(e.id)),
            E::WaitlistEntryChanged(e) => ("waitlist_entry.updated", "waitlist_entry", Some(e.id)),
            E::WaitlistEntryEnded(e) => ("waitlist_entry.ended", "waitlist_entry", Some(e.id)),
            E::SlotOpened(slot) => ("slot.opened", "slot", Some(slot.id)),
            E::SlotTaken(slot) => ("slot.taken", "slot", Some(slot.id)),
            E::SlotEnded(slot) => ("slot.ended", "slot", Some(slot.id)),
            E::WaitlistRulesChanged => ("business.waitlist_updated", "business", None),
            E::ReviewPlanned(r) => ("review_request.created", "review_request", Some(r.id)),
            E::ReviewAsked(r) => ("review_request.asked", "review_request", Some(r.id)),
            E::ReviewSkipped(r) => ("review_request.skipped", "review_request", Some(r.id)),
            E::ReviewOpened(r) => ("review_request.opened", "review_request", Some(r.id)),
            E::ReviewRulesChanged => ("business.reviews_updated", "business", None),
            E::ReviewPlatformAdded(id) => ("review_platform.created", "review_platform", Some(*id)),
            E::ReviewPlatformRemoved(id) => ("review_platform.removed", "review_platform", Some(*id)),
            E::QuickReplyAdded(id) => ("quick_reply.created", "quick_reply", Some(*id)),
            E::QuickReplyChanged(id) => ("quick_reply.updated", "quick_reply", Some(*id)),
            E::QuickReplyDeleted(id) => ("quick_reply.deleted", "quick_reply", Some(*id)),
            E::TemplateChanged(id) => ("template.updated", "template", Some(*id)),
            E::TemplateReset(id) => ("template.reset", "template", Some(*id)),
            E::ExperimentPlanned(id) => ("experiment.created", "experiment", Some(*id)),
            E::ExperimentStarted(id) => ("experiment.started", "experiment", Some(*id)),
            E::ExperimentEnded(id) => ("experiment.ended", "experiment", Some(*id)),
            E::ExperimentAdopted(id) => ("experiment.adopted", "experiment", Some(*id)),
            E::TaskAdded(id) => ("task.created", "task", Some(*id)),
            E::TaskChanged(id) => ("task.updated", "task", Some(*id)),
            E::TaskDone(id) => ("task.done", "task", Some(*id)),
            E::TaskReopened(id) => ("task.reopened", "task", Some(*id)),
            E::BusinessChanged => ("business.updated", "business", None),
            E::SendingChanged {
                what: Bounds::Limits, ..
            } => ("business.sending_updated", "business", None),
            E::SendingChanged {
                what: Bounds::QuietHours,
                ..
            } => ("business.quiet_hours_updated", "business", None),
            E::SendingChanged {
                what: Bounds::Countries, ..
            } => ("business.countries_updated", "business", None),
            E::RemindersChanged => ("business.reminders_updated", "business", None),
            E::VisitRulesChanged => ("business.visits_updated", "business", None),
            E::WaitlistFormChanged => ("business.waitlist_form_updated", "business", None),
            E::InboxRulesChanged => ("business.inbox_updated", "business", None),
            E::RetentionChanged => ("business.retention_updated", "business", None),
            E::AppointmentTypeAdded(id) => ("appointment_type.created", "appointment_type", Some(*id)),
            E::AppointmentTypeChanged(id) => ("appointment_type.updated", "appointment_type", Some(*id)),
            E::StaffLabelAdded(id) => ("staff_label.created", "staff_label", Some(*id)),
            E::StaffLabelChanged(id) => ("staff_label.updated", "staff_label", Some(*id)),
            E::LocationAdded(id) => ("location.added", "location", Some(*id)),
            E::LocationChanged(id) => ("location.updated", "location", Some(*id)),
            E::AccountChanged => ("twilio_account.changed", "business", None),
            E::SharedKeyChanged => ("twilio_account.shared_key", "business", None),
            E::NumberAssigned(id) => ("number.assigned", "number", Some(*id)),
            E::NumberChanged(id) => ("number.updated", "number", Some(*id)),
            E::NumberReleased { number, .. } => ("number.released", "number", Some(*number)),
            E::NumberConfigured(id) => ("number.webhook", "number", Some(*id)),
            E::NumberRequested(id) => ("number_request.created", "number_request", Some(*id)),
            E::NumberRequestChanged(id) => ("number_request.updated", "number_request", Some(*id)),
            E::NumberRequestDecided(row) => ("number_request.decided", "number_request", Some(row.id)),
            E::RateLimitChanged(id) => ("number.rate_limit", "number", Some(*id)),
            E::TwinSubmitted(id) => ("whatsapp_template.submitted", "whatsapp_template", Some(*id)),
            E::TwinChanged(id) => ("whatsapp_template.state", "whatsapp_template", Some(*id)),
            E::ApiKeyCreated(id) => ("api_key.created", "api_key", Some(*id)),
            E::ApiKeyRevoked(id) => ("api_key.revoked", "api_key", Some(*id)),
            E::FilterShared(id) => ("saved_filter.created", "saved_filter", Some(*id)),
            E::SharedFilterRenamed(id) => ("saved_filter.updated", "saved_filter", Some(*id)),
            E::SharedFilterRemoved(id) => ("saved_filter.deleted", "saved_filter", Some(*id)),
            E::FeedAdded(id) => ("feed.created", "feed", Some(*id)),
            E::FeedRevoked(id) => ("feed.revoked", "feed", Some(*id)),
            E::WebhookAdded(id) => ("webhook_endpoint.created", "webhook_endpoint", Some(*id)),
            E::WebhookChanged(id) => ("webhook_endpoint.updated", "webhook_endpoint", Some(*id)),
            E::WebhookRemoved(id) => ("webhook_endpoint.deleted", "webhook_endpoint", Some(*id)),
            E::WebhookSecretRotated(id) => ("webhook_endpoint.secret_rotated", "webhook_endpoint", Some(*id)),
            E::WebhookSecretShown(id) => ("webhook_endpoint.secret_shown", "webhook_endpoint", Some(*id)),
            E::WebhookDisabled { id, .. } => ("webhook_endpoint.disabled", "webhook_endpoint", Some(*id)),
            E::MemberAdded(id) => ("member.added", "account", Some(*id)),
            E::SignedIn(id) => ("session.started", "account", Some(*id)),
            E::SignedOut(id) => ("session.ended", "account", Some(*id)),
            E::MemberRoleChanged(id) => ("member.role_changed", "account", Some(*id)),
            E::MemberRemoved(id) => ("member.removed", "account", Some(*id)),
            E::MemberRenamed(id) => ("member.renamed", "account", Some(*id)),
            E::MemberInvited { invitation, .. } => ("invitation.created", "invitation", Some(*invitation)),
            E::InvitationSentAgain { invitation, .. } => ("invitation.sent_again", "invitation", Some(*invitation)),
            E::InvitationRevoked(id) => ("invitation.revoked", "invitation", Some(*id)),
            E::PasswordChanged(id) => ("member.password_changed", "account", Some(*id)),
            E::EmailChanged(id) => ("member.email_changed", "account", Some(*id)),
            E::EmailTakenBack { account, .. } => ("member.email_taken_back", "account", Some(*account)),
            E::DeviceAdded { account, .. } => ("account.device_added", "account", Some(*account)),
            E::DeviceRevoked(id) => ("account.device_revoked", "account", Some(*id)),
            E::SessionsRevoked(id) => ("account.sessions_revoked", "account", Some(*id)),
            E::SecondFactorOn(id) => ("account.second_factor_on", "account", Some(*id)),
            E::SecondFactorOff(id) => ("account.second_factor_off", "account", Some(*id)),
            E::RecoveryCodesRenewed(id) => ("account.recovery_codes_renewed", "account", Some(*id)),
            E::IdentityLinked(id) => ("account.identity_linked", "account", Some(*id)),
            E::BusinessSuspended { .. } => ("business.suspended", "business", None),
            E::BusinessResumed => ("business.resumed", "business", None),
            E::LookBegan { id, .. } => ("platform.look_began", "platform_look", Some(*id)),
            E::LookEnded(id) => ("platform.look_ended", "platform_look", Some(*id)),
            E::SamplesAdded => ("samples.added", "business", None),
            E::SamplesRemoved => ("samples.removed", "business", None),
            E::SelfTestChanged => return Err("nobody changed anything; staff are told by a notice"),
            E::ClockChanged(_) => return Err("a law changed the clock; who decides what holds is kept"),
            E::PhoneChanged(_) => return Err("it is part of the contact's change, which is kept"),
            E::ZoneChanged { .. } => return Err("it is part of the business's or the location's change, which is kept"),
            E::HoldBegan(_) | E::HoldEnded(_) => return Err("the customer's own words did it; what a person decides is kept"),
            E::Answered(..) | E::AnsweredOnPage(_) => return Err("what the answer changes is kept, by the customer's hand"),
            E::MessageReceived(_)
            | E::MessageSent(_)
            | E::MessageOnItsWay(_)
            | E::MessageDelivered(_)
            | E::MessageArrived(_)
            | E::MessageFailed(..)
            | E::RetryEnded(_)
            | E::MessageWithdrawn(_) => return Err("the message's own row and its events tell it"),
            E::BreakerOpened { .. } | E::BreakerClosed { .. } => {
                return Err("nobody changed anything; staff are told by a notice");
            }
            E::TaskRaised(_) | E::TaskSettled(_) => return Err("nobody did it; what it comes of is kept, and the task itself"),
            E::SamePerson(..) => return Err("what follows from it is kept: they are merged"),
            E::RegistrationChanged { .. } => return Err("nobody changed anything; staff are told by a notice"),
            E::BudgetReached { .. } => return Err("nobody changed anything; owners and admins are told by mail"),
            E::SessionsChanged { .. } => return Err("what ended them is kept, where a business is concerned"),
            E::AccountLetter { .. } => return Err("what it tells of is kept, where a business is concerned"),
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
            E::ContactBlocked(c) | E::ContactUnblocked(c) | E::ContactOptedIn(c) | E::ContactOptedOut(c, _) => Some(c.id),
            // A note stands in the timeline by itself.
            E::ConversationAssigned(c)
            | E::ConversationClosed(c)
            | E::ConversationReopened(c)
            | E::ConversationSnoozed(c)
            | E::ConversationAnswered(c) => Some(c.contact_id),
            E::ConversationRestored { contact, .. } => Some(*contact),
            E::MessageSettled(m) => Some(m.contact_id),
            E::WaitlistEntryAdded(e) | E::WaitlistEntryChanged(e) | E::WaitlistEntryEnded(e) => Some(e.contact_id),
            E::ContactAdded(id)
            | E::ContactChanged(id)
            | E::ContactMerged(id, _)
            | E::MergeUndone(id, _)
            | E::HoldDecided(id)
            | E::PhoneVerified(id)
            | E::OffersDecided(id)
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
