//! What the audit trail tells of, and in which words: an action is stored as `noun.what_was_done`.

/// What a change is about. Stored, because a trail is read by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// How the business works: its texts, hours, limits, types, places, lists.
    Settings,
    /// Who works there, and as what.
    Members,
    /// Who may be written to.
    Consent,
    /// Numbers, and the accounts they are at.
    Numbers,
    /// What opens something without signing in: keys of programs, addresses of calendars.
    Keys,
    /// Files that were taken away.
    Exports,
    /// Who came in and went out.
    SignIns,
    /// People.
    Contacts,
    /// Visits, and calendars they come from.
    Appointments,
    /// Conversations, notes and texts.
    Conversations,
    /// What is to be done.
    Tasks,
    /// Files that were brought.
    Imports,
    /// What this version has no place for.
    Other,
}

crate::words::words!(Area is a "part of the audit trail":
    Settings = "settings", Members = "members", Consent = "consent", Numbers = "numbers", Keys = "keys", Exports = "exports",
    SignIns = "sign_ins", Contacts = "contacts", Appointments = "appointments", Conversations = "conversations", Tasks = "tasks",
    Imports = "imports", Other = "other");

impl Area {
    /// The area of an action; `Other` for a noun that nobody has put anywhere.
    #[must_use]
    pub fn of(action: &str) -> Self {
        if action.ends_with("exported") {
            return Self::Exports;
        }
        if matches!(action, "contact.hold_decided") {
            return Self::Consent;
        }
        match action.split('.').next().unwrap_or_default() {
            "business" | "appointment_type" | "staff_label" | "location" | "quick_reply" | "saved_filter" | "samples"
            | "template" | "experiment" | "review_platform" => Self::Settings,
            "member" | "invitation" | "account" => Self::Members,
            "consent" => Self::Consent,
            "number" | "number_request" | "whatsapp_template" | "sender" | "registration" | "twilio_account" => Self::Numbers,
            "api_key" | "feed" | "webhook_endpoint" => Self::Keys,
            "session" | "sign_in" | "platform" => Self::SignIns,
            "contact" => Self::Contacts,
            "appointment" | "calendar" | "calendar_event" | "waitlist_entry" | "slot" => Self::Appointments,
            "conversation" | "note" | "message" | "review_request" => Self::Conversations,
            "task" => Self::Tasks,
            "import" => Self::Imports,
            _ => Self::Other,
        }
    }

    /// As a list calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Settings => "Settings",
            Self::Members => "People who work here",
            Self::Consent => "Consent",
            Self::Numbers => "Numbers and Twilio",
            Self::Keys => "API keys, webhooks and calendar addresses",
            Self::Exports => "Files taken away",
            Self::SignIns => "Signing in and out",
            Self::Contacts => "Contacts",
            Self::Appointments => "Visits and calendars",
            Self::Conversations => "Conversations and texts",
            Self::Tasks => "Tasks",
            Self::Imports => "Files brought in",
            Self::Other => "Other",
        }
    }
}

/// Who did something, as people read it: what is stored has their id behind the name, for two may have one name.
///
/// ```
/// let stored = "Dana Whitfield (01a22bea-84ab-75f3-b43f-df8ffd7ccd95)";
/// assert_eq!(domain::audit::without_id(stored), "Dana Whitfield");
/// assert_eq!(domain::audit::without_id("Ann (the new one)"), "Ann (the new one)");
/// ```
#[must_use]
pub fn without_id(actor: &str) -> &str {
    let id = actor.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
    let is_id = |text: &str| text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    match id {
        Some((name, id)) if is_id(id) => name,
        _ => actor,
    }
}

/// What was done, as a list says it. An action without words of its own is told by its name.
#[must_use]
pub fn title(action: &str) -> String {
    let words = match action {
        "appointment.status" => "Visit changed its state",
        "appointment.created" => "Visit booked",
        "appointment.updated" => "Visit changed",
        "appointment.moved" => "Visit moved",
        "appointment.restored" => "Change of a visit undone",
        "appointment.arrived" => "Customer arrived",
        "appointment.links_revoked" => "Links to a visit’s page revoked",
        "appointment.clock_decided" => "Time of a visit made sure of",
        "appointment.list_exported" => "All visits downloaded",
        "account.device_added" => "Signed in on a new device",
        "account.device_revoked" => "Device is asked for a code again",
        "account.identity_linked" => "Account of the issuer linked",
        "account.recovery_codes_renewed" => "Recovery codes made anew",
        "account.second_factor_off" => "Second step turned off",
        "account.second_factor_on" => "Second step turned on",
        "account.sessions_revoked" => "Signed out elsewhere",
        "appointment_type.created" => "Type of visits added",
        "appointment_type.updated" => "Type of visits changed",
        "api_key.created" => "API key made",
        "api_key.revoked" => "API key revoked",
        "audit.exported" => "Audit trail downloaded",
        "business.resumed" => "Suspension ended",
        "business.suspended" => "Business suspended",
        "business.updated" => "Business changed",
        "business.countries_updated" => "Countries that are texted changed",
        "business.inbox_updated" => "Inbox rules changed",
        "business.quiet_hours_updated" => "Quiet hours changed",
        "business.reminders_updated" => "Reminder times changed",
        "business.retention_updated" => "How long texts are kept changed",
        "business.sending_updated" => "Limits of texts changed",
        "business.waitlist_form_updated" => "Public form of the waitlist changed",
        "business.visits_updated" => "Rules of visits changed",
        "calendar_event.decided" => "Said who comes to an event of a calendar",
        "consent.offers" => "Consent to offers changed",
        "consent.offers_asked" => "Asked to confirm that they want offers",
        "consent.opted_in" => "Agreed to texts",
        "consent.opted_out" => "Opted out",
        "contact.blocked" => "Contact blocked or unblocked",
        "contact.consent_exported" => "Consent history downloaded",
        "contact.created" => "Contact added",
        "contact.hold_decided" => "Decided whether texts go on",
        "contact.list_exported" => "All contacts downloaded",
        "contact.merge_undone" => "Merge of contacts undone",
        "contact.merged" => "Contacts merged",
        "contact.phone_verified" => "Phone verified by a code",
        "contact.updated" => "Contact changed",
        "conversation.answered" => "Conversation needs no answer",
        "conversation.restored" => "Change of a conversation undone",
        "conversation.snoozed" => "Conversation put aside",
        "experiment.adopted" => "The better text taken over",
        "experiment.created" => "Test of a text planned",
        "experiment.ended" => "Test of a text ended",
        "experiment.started" => "Test of a text begun",
        "feed.created" => "Calendar address made",
        "feed.revoked" => "Calendar address revoked",
        "invitation.created" => "Somebody invited",
        "invitation.revoked" => "Invitation revoked",
        "invitation.sent_again" => "Invitation sent again",
        "member.email_changed" => "E-mail address changed",
        "member.password_changed" => "Password changed",
        "member.role_changed" => "Role changed",
        "message.log_exported" => "Message log downloaded",
        "message.settled" => "Said whether a text arrived",
        "number.webhook" => "Webhooks set at Twilio",
        "number_request.created" => "Number asked for",
        "number_request.decided" => "Request for a number decided",
        "whatsapp_template.submitted" => "Text handed in to WhatsApp",
        "whatsapp_template.state" => "WhatsApp decided about a text",
        "number.rate_limit" => "Pace of a number changed",
        "platform.look_began" => "Who runs the installation began to look",
        "platform.look_ended" => "Who runs the installation stopped looking",
        "business.reviews_updated" => "How customers are asked for a review changed",
        "review_platform.created" => "Review platform added",
        "review_platform.removed" => "Review platform removed",
        "review_request.asked" => "Customer asked for a review",
        "review_request.created" => "Review request made",
        "review_request.opened" => "Customer opened the link to a review",
        "review_request.skipped" => "Customer not asked for a review",
        "samples.added" => "Examples added",
        "samples.removed" => "Examples removed",
        "template.reset" => "Text set back to the built-in one",
        "template.updated" => "Text to customers changed",
        "saved_filter.created" => "Filter shared with everybody",
        "saved_filter.deleted" => "Shared filter removed",
        "saved_filter.updated" => "Shared filter renamed",
        "session.ended" => "Signed out",
        "session.started" => "Signed in",
        "business.waitlist_updated" => "Waitlist rules changed",
        "slot.ended" => "Free time ended",
        "slot.opened" => "Time came free",
        "slot.taken" => "Free time filled",
        "waitlist_entry.created" => "Put on the waitlist",
        "waitlist_entry.ended" => "Taken off the waitlist",
        "waitlist_entry.updated" => "Waitlist entry changed",
        "webhook_endpoint.created" => "Webhook made",
        "webhook_endpoint.deleted" => "Webhook removed",
        "webhook_endpoint.disabled" => "Webhook switched off",
        "webhook_endpoint.secret_rotated" => "Webhook’s secret renewed",
        "webhook_endpoint.secret_shown" => "Webhook’s secret looked at",
        "webhook_endpoint.updated" => "Webhook changed",
        "twilio_account.changed" => "Twilio account changed",
        "twilio_account.shared_key" => "Shared key of Twilio changed",
        _ => return spoken(action),
    };
    words.to_owned()
}

/// A stored name as a person reads it: `reminder_hours` is "Reminder hours".
#[must_use]
pub fn spoken(name: &str) -> String {
    let words = name.replace(['.', '_'], " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("business.sending_updated", Area::Settings)]
    #[case("member.added", Area::Members)]
    #[case("consent.opted_out", Area::Consent)]
    #[case("contact.hold_decided", Area::Consent)]
    #[case("contact.updated", Area::Contacts)]
    #[case("contact.list_exported", Area::Exports)]
    #[case("message.log_exported", Area::Exports)]
    #[case("audit.exported", Area::Exports)]
    #[case("twilio_account.changed", Area::Numbers)]
    #[case("api_key.created", Area::Keys)]
    #[case("session.started", Area::SignIns)]
    #[case("note.added", Area::Conversations)]
    #[case("nonsense", Area::Other)]
    #[case("", Area::Other)]
    fn an_action_is_found_where_people_look_for_it(#[case] action: &str, #[case] area: Area) {
        assert_eq!(Area::of(action), area);
        assert!(!area.label().is_empty());
    }

    #[test]
    fn what_has_no_words_is_told_by_its_name() {
        assert_eq!(title("number.assigned"), "Number assigned");
        assert_eq!(title("member.renamed"), "Member renamed");
        assert_eq!(spoken("reminder_hours"), "Reminder hours");
        assert_eq!(spoken(""), "");
        assert_eq!(title("session.started"), "Signed in");
    }
}
