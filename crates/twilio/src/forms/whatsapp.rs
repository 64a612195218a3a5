//! What forms say when a message went over WhatsApp (docs/twilio.md §16). Nothing here is ever required: Twilio adds and leaves out.

use super::Form;

/// Attachments of one message that are read.
const MAX_MEDIA: u32 = 10;

/// An attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Where it can be fetched, with the account's sid and token.
    pub url: String,
    /// `image/jpeg`; empty if Twilio does not say.
    pub content_type: String,
}

/// A place that somebody sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Degrees, as they came.
    pub latitude: String,
    /// Degrees, as they came.
    pub longitude: String,
    /// The address, if it has one.
    pub address: Option<String>,
    /// What it is called, if it is called something.
    pub label: Option<String>,
}

/// What an incoming message says beside its text. Of one that came as an SMS, nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboundDetails {
    /// `text`, `button` (of a template), `interactive` (of another message), `image`, `location`, …
    pub message_type: Option<String>,
    /// What stood on the button that was tapped.
    pub button_text: Option<String>,
    /// `REPLY` or `ACTION`.
    pub button_type: Option<String>,
    /// Id of the row that was chosen from a list.
    pub list_id: Option<String>,
    /// What stood on it.
    pub list_title: Option<String>,
    /// The sender, ours or theirs, of the message that was answered.
    pub original_replied_message_sender: Option<String>,
    /// Digits of the account at WhatsApp; need not be those of the number, and nothing is ever sent to them.
    pub wa_id: Option<String>,
    /// `whatsapp:` and the person's id with this business.
    pub external_user_id: Option<String>,
    /// `whatsapp:` and the person's id with a group of businesses.
    pub parent_external_user_id: Option<String>,
    /// The name that the person chose to be found by.
    pub profile_username: Option<String>,
    /// A place.
    pub location: Option<Location>,
    /// Attachments, at most ten.
    pub media: Vec<Media>,
    /// It was written for somebody else.
    pub forwarded: bool,
    /// It was passed on many times.
    pub frequently_forwarded: bool,
    /// JSON that Twilio adds, as it came.
    pub channel_metadata: Option<String>,
}

/// What a callback says beside the status. Of a message that went as an SMS, nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusDetails {
    /// `DELIVERED`, `READ`, …
    pub event_type: Option<String>,
    /// `whatsapp`.
    pub channel_prefix: Option<String>,
    /// The person, with the last digits hidden: nobody is found by it.
    pub channel_to_address: Option<String>,
    /// `XE…`, the sender.
    pub channel_install_sid: Option<String>,
    /// The channel's own text about a failure.
    pub channel_status_message: Option<String>,
    /// It was made of a template.
    pub structured: bool,
    /// `whatsapp:` and the person's id with this business.
    pub external_user_id: Option<String>,
    /// `whatsapp:` and the person's id with a group of businesses.
    pub parent_external_user_id: Option<String>,
}

impl InboundDetails {
    pub(super) fn read(form: &Form, num_media: u32) -> Self {
        Self {
            message_type: form.optional("MessageType").map(|word| word.to_ascii_lowercase()),
            button_text: form.optional("ButtonText"),
            button_type: form.optional("ButtonType"),
            list_id: form.optional("ListId"),
            list_title: form.optional("ListTitle"),
            original_replied_message_sender: form.optional("OriginalRepliedMessageSender"),
            wa_id: form.optional("WaId"),
            external_user_id: form.optional("ExternalUserId"),
            parent_external_user_id: form.optional("ParentExternalUserId"),
            profile_username: form.optional("ProfileUsername"),
            location: location(form),
            media: (0..num_media.min(MAX_MEDIA)).filter_map(|at| media(form, at)).collect(),
            forwarded: form.is_true("Forwarded"),
            frequently_forwarded: form.is_true("FrequentlyForwarded"),
            channel_metadata: form.optional("ChannelMetadata"),
        }
    }
}

impl StatusDetails {
    pub(super) fn read(form: &Form) -> Self {
        Self {
            event_type: form.optional("EventType").map(|word| word.to_ascii_uppercase()),
            channel_prefix: form.optional("ChannelPrefix"),
            channel_to_address: form.optional("ChannelToAddress"),
            channel_install_sid: form.optional("ChannelInstallSid"),
            channel_status_message: form.optional("ChannelStatusMessage"),
            structured: form.is_true("StructuredMessage"),
            external_user_id: form.optional("ExternalUserId"),
            parent_external_user_id: form.optional("ParentExternalUserId"),
        }
    }
}

fn location(form: &Form) -> Option<Location> {
    Some(Location {
        latitude: form.optional("Latitude")?,
        longitude: form.optional("Longitude")?,
        address: form.optional("Address"),
        label: form.optional("Label"),
    })
}

fn media(form: &Form, at: u32) -> Option<Media> {
    Some(Media {
        url: form.optional(&format!("MediaUrl{at}"))?,
        content_type: form.optional(&format!("MediaContentType{at}")).unwrap_or_default(),
    })
}
