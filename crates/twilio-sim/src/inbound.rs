//! A customer's phone sends a text (docs/twilio.md §3, §4), or a message over WhatsApp (§16).

mod whatsapp;

use std::sync::Arc;

use futures::future::join_all;
use serde::Deserialize;

use crate::shared::Shared;
use crate::state::{Direction, Draft, SimMessage, WebhookCall};
use crate::webhook::{Post, params};
use crate::whatsapp::PREFIX;
use crate::words::{Keyword, keyword, new_sid, segments};

/// A text from a phone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct InboundText {
    /// The customer's phone.
    pub from: String,
    /// The business's number.
    pub to: String,
    /// The text.
    #[serde(default)]
    pub body: String,
    /// The sid to use, to repeat an earlier text; a new one if absent.
    #[serde(default)]
    pub message_sid: Option<String>,
    /// How many times at once the webhook is posted; once if absent.
    #[serde(default)]
    pub times: Option<u32>,
    /// `STOP`, `START` or `HELP` as Advanced Opt-Out would report it.
    #[serde(default)]
    pub opt_out_type: Option<String>,
    /// On WhatsApp: a button of a message was tapped; the body is what stands on it.
    #[serde(default)]
    pub tap: Option<Tap>,
    /// On WhatsApp: a row of a list was chosen.
    #[serde(default)]
    pub list: Option<Choice>,
    /// On WhatsApp: the sid of the message that is quoted.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// On WhatsApp: a place.
    #[serde(default)]
    pub location: Option<Place>,
    /// Attachments.
    #[serde(default)]
    pub media: Vec<SimMedia>,
    /// On WhatsApp: it was written for somebody else.
    #[serde(default)]
    pub forwarded: bool,
    /// On WhatsApp: what the person calls themselves.
    #[serde(default)]
    pub profile_name: Option<String>,
    /// On WhatsApp: the name they can be found by.
    #[serde(default)]
    pub username: Option<String>,
}

/// What is written under a message that Twilio's sandbox answered by itself.
const IN_SANDBOX: &str = "the sandbox answered it";

/// A button that was tapped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Tap {
    /// The message that it is on.
    pub message_sid: String,
    /// Which one: what stands on it, or its id.
    pub button: String,
    /// What comes back in place of its id, as from somebody who made it up.
    #[serde(default)]
    pub payload: Option<String>,
}

/// A row of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Choice {
    /// Its id.
    pub id: String,
    /// What stands on it.
    pub title: String,
}

/// A place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// Degrees.
    pub latitude: String,
    /// Degrees.
    pub longitude: String,
    /// Its address.
    #[serde(default)]
    pub address: Option<String>,
    /// What it is called.
    #[serde(default)]
    pub label: Option<String>,
}

/// An attachment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct SimMedia {
    /// Where it is.
    pub url: String,
    /// `image/jpeg`.
    pub content_type: String,
}

/// Keeps the text and does what the network does by itself. A sid that is known already is not kept twice.
pub(crate) fn receive(shared: &Shared, text: &InboundText) -> SimMessage {
    shared.write(|state| {
        let sid = text.message_sid.clone().unwrap_or_else(|| new_sid("SM"));
        if let Some(known) = state.message(&sid) {
            return known.clone();
        }
        let account_sid = state.account_of_number(&text.to);
        if text.from.starts_with(PREFIX) {
            return whatsapp::receive(state, text, sid, account_sid);
        }
        let message = state.add(Draft {
            sid,
            account_sid: account_sid.clone(),
            direction: Direction::Inbound,
            from: Some(text.from.clone()),
            to: text.to.clone(),
            body: text.body.clone(),
            status: "received",
            messaging_service_sid: None,
            status_callback: None,
            content: None,
        });
        let answer = answer(state, text).filter(|_| !state.numbers.is_quiet(&text.to));
        if let Some(answer) = answer {
            state.add(Draft {
                sid: new_sid("SM"),
                account_sid,
                direction: Direction::Network,
                from: Some(text.to.clone()),
                to: text.from.clone(),
                body: answer.to_owned(),
                status: "delivered",
                messaging_service_sid: None,
                status_callback: None,
                content: None,
            });
        }
        message
    })
}

/// What the network answers, after changing its block list.
fn answer(state: &mut crate::state::State, text: &InboundText) -> Option<&'static str> {
    match keyword(&text.body)? {
        Keyword::Stop => state.opt_out(&text.from, &text.to).then_some(
            "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.",
        ),
        Keyword::Start => state.opt_in(&text.from, &text.to).then_some(
            "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
        ),
        Keyword::Help => Some("Reply STOP to unsubscribe. Msg&Data Rates May Apply."),
    }
}

/// Posts the text to the webhook, if one is set, and notes on the message how that went.
pub(crate) async fn deliver(shared: &Arc<Shared>, message: &SimMessage, text: &InboundText) -> Vec<WebhookCall> {
    // A number with an address of its own posts there; the rest where the simulator was told to.
    if message.webhook.as_deref() == Some(IN_SANDBOX) {
        return Vec::new();
    }
    let url = shared.read(|state| {
        if message.is_whatsapp() {
            return whatsapp::url(state, message);
        }
        let own = state.numbers.owner(&text.to).map(|n| n.sms_url.clone());
        own.filter(|url| !url.is_empty()).or_else(|| state.inbound_url.clone())
    });
    let Some(url) = url else {
        note(shared, &message.sid, "no webhook is set".into());
        return Vec::new();
    };
    let params = if message.is_whatsapp() {
        shared.read(|state| whatsapp::params_of(state, message, text))
    } else {
        webhook_params(message, text)
    };
    let post = Post::new(&url, message, "received", params);
    let calls = join_all((0..text.times.unwrap_or(1)).map(|_| post.send(shared))).await;
    if let Some(call) = calls.last() {
        note(
            shared,
            &message.sid,
            call.http.map_or_else(
                || "the webhook could not be reached".into(),
                |http| format!("webhook answered {http}"),
            ),
        );
    }
    calls
}

fn note(shared: &Shared, sid: &str, words: String) {
    shared.write(|state| state.update(sid, |m| m.webhook = Some(words)));
}

fn webhook_params(m: &SimMessage, text: &InboundText) -> Vec<(String, String)> {
    let country = if m.phone().contains("+1") { "US" } else { "" };
    let mut form = params(&[
        ("ToCountry", "US"),
        ("ToState", ""),
        ("SmsMessageSid", &m.sid),
        ("NumMedia", &text.media.len().to_string()),
        ("ToCity", ""),
        ("FromZip", ""),
        ("SmsSid", &m.sid),
        ("FromState", ""),
        ("SmsStatus", "received"),
        ("FromCity", ""),
        ("Body", &m.body),
        ("FromCountry", country),
        ("To", &m.to),
        ("ToZip", ""),
        ("NumSegments", &segments(&m.body).to_string()),
        ("MessageSid", &m.sid),
        ("AccountSid", &m.account_sid),
        ("From", m.phone()),
        ("ApiVersion", "2010-04-01"),
    ]);
    if let Some(kind) = &text.opt_out_type {
        form.push(("OptOutType".into(), kind.clone()));
    }
    form.extend(media_params(text));
    form
}

fn media_params(text: &InboundText) -> Vec<(String, String)> {
    let one = |(at, media): (usize, &SimMedia)| {
        [
            (format!("MediaUrl{at}"), media.url.clone()),
            (format!("MediaContentType{at}"), media.content_type.clone()),
        ]
    };
    text.media.iter().enumerate().flat_map(one).collect()
}
