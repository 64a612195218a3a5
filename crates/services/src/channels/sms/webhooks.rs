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
            channel: Channel::of_sender(&form.to),
            provider_id: form.message_sid.clone(),
            account: form.account_sid.clone(),
            from: form.from.clone(),
            to: form.to.clone(),
            body: words(form),
            attachments: form.num_media,
            segments: form.num_segments,
            handled: match form.opt_out_type.as_deref() {
                Some("STOP") => Some(Meaning::Stop),
                Some("START") => Some(Meaning::Start),
                Some("HELP") => Some(Meaning::Help),
                _ => None,
            },
            replied_to: form.original_replied_message_sid.clone(),
            button: form.button_payload.clone().or_else(|| form.details.list_id.clone()),
            also: form.details.external_user_id.clone(),
        }
    }
}

/// What it says, as far as words can: a place, a choice from a list; and that it was something which can't be shown.
fn words(form: &forms::Inbound) -> String {
    let details = &form.details;
    if !form.body.trim().is_empty() || form.num_media > 0 || Channel::of_sender(&form.to) != Channel::WhatsApp {
        return form.body.clone();
    }
    if let Some(place) = &details.location {
        let told = [place.label.as_deref(), place.address.as_deref()].into_iter().flatten();
        let told: Vec<&str> = told.chain([place.latitude.as_str(), place.longitude.as_str()]).collect();
        return format!("[A place: {}]", told.join(", "));
    }
    let chosen = details.list_title.as_ref().or(details.button_text.as_ref());
    if let Some(chosen) = chosen {
        return chosen.clone();
    }
    match details.message_type.as_deref().filter(|kind| *kind != "text") {
        Some(kind) => format!(
            "[A message that can't be shown here: {}]",
            kind.chars().take(40).collect::<String>()
        ),
        None => "[A message that can't be shown here]".to_owned(),
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
