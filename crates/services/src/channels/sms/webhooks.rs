//! What Twilio posts, in the words that all channels share.

use domain::{consent::Channel, inbound::Meaning};
use twilio::forms;

use crate::{
    channels::{Inbound, Report},
    kernel::{Error, Result},
};

impl From<&forms::Inbound> for Inbound {
    fn from(form: &forms::Inbound) -> Self {
        Self {
            channel: Channel::Sms,
            provider_id: form.message_sid.clone(),
            account: form.account_sid.clone(),
            from: form.from.clone(),
            to: form.to.clone(),
            body: form.body.clone(),
            attachments: form.num_media,
            segments: form.num_segments,
            handled: match form.opt_out_type.as_deref() {
                Some("STOP") => Some(Meaning::Stop),
                Some("START") => Some(Meaning::Start),
                Some("HELP") => Some(Meaning::Help),
                _ => None,
            },
            replied_to: form.original_replied_message_sid.clone(),
        }
    }
}

impl From<&forms::Status> for Report {
    fn from(form: &forms::Status) -> Self {
        Self {
            provider_id: form.message_sid.clone(),
            account: form.account_sid.clone(),
            said: form.message_status.clone(),
            error_code: form.error_code,
            to: form.to.clone(),
        }
    }
}

/// Reads a kept text again.
pub(crate) fn read(raw: &str) -> Result<Inbound> {
    let form = forms::Inbound::parse(raw.as_bytes()).map_err(|e| Error::broken(e.to_string()))?;
    Ok(Inbound::from(&form))
}

/// A text as the webhook would have brought it, to be kept like one.
pub(crate) fn write(text: &Inbound) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("MessageSid", &text.provider_id)
        .append_pair("AccountSid", &text.account)
        .append_pair("From", &text.from)
        .append_pair("To", &text.to)
        .append_pair("Body", &text.body)
        .append_pair("NumMedia", &text.attachments.to_string())
        .append_pair("NumSegments", &text.segments.to_string())
        .finish()
}
