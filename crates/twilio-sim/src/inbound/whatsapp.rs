//! A person writes over WhatsApp. Nobody but the business answers STOP there, and each message opens their 24 hours anew.

use chrono::TimeDelta;

use super::{IN_SANDBOX, InboundText, media_params};
use crate::state::{Direction, Draft, SimMessage, State};
use crate::webhook::params;
use crate::whatsapp::{PREFIX, SandboxAnswer, SimButton, user_id};
use crate::words::new_sid;

/// How long WhatsApp knows which message was answered.
const REMEMBERED: TimeDelta = TimeDelta::days(7);

/// Keeps the message.
pub(super) fn receive(state: &mut State, text: &InboundText, sid: String, account_sid: String) -> SimMessage {
    let body = button(state, text).map_or_else(|| written(text), |(button, _)| button.title);
    let message = state.add(Draft {
        sid,
        account_sid,
        direction: Direction::Inbound,
        from: Some(text.from.clone()),
        to: text.to.clone(),
        body,
        status: "received",
        messaging_service_sid: None,
        status_callback: None,
        content: None,
    });
    state.whatsapp.open_window(&text.to, &text.from, message.date_created);
    match state
        .whatsapp
        .in_sandbox(&text.to, &text.from, &message.body, message.date_created)
    {
        SandboxAnswer::Said(words) => answered_by_sandbox(state, message, words),
        SandboxAnswer::Nothing => message,
    }
}

/// Twilio answers by itself, and the business hears nothing.
fn answered_by_sandbox(state: &mut State, message: SimMessage, words: String) -> SimMessage {
    state.add(Draft {
        sid: new_sid("SM"),
        account_sid: message.account_sid.clone(),
        direction: Direction::Network,
        from: Some(message.to.clone()),
        to: message.phone().to_owned(),
        body: words,
        status: "delivered",
        messaging_service_sid: None,
        status_callback: None,
        content: None,
    });
    state.update(&message.sid, |m| m.webhook = Some(IN_SANDBOX.to_owned()));
    state.message(&message.sid).cloned().unwrap_or(message)
}

/// A choice from a list says in its text what was chosen.
fn written(text: &InboundText) -> String {
    match &text.list {
        Some(choice) if text.body.is_empty() => choice.title.clone(),
        _ => text.body.clone(),
    }
}

/// The button that was tapped, and whether it is a template's. One whose message is not there is taken at its word.
fn button(state: &State, text: &InboundText) -> Option<(SimButton, bool)> {
    let tap = text.tap.as_ref()?;
    let content = state.message(&tap.message_sid).and_then(|m| m.content.as_ref());
    let buttons = content.map(|c| c.buttons.as_slice()).unwrap_or_default();
    let found = buttons.iter().find(|b| b.title == tap.button || b.id == tap.button).cloned();
    let mut button = found.unwrap_or_else(|| SimButton {
        id: tap.button.clone(),
        title: tap.button.clone(),
    });
    if let Some(payload) = &tap.payload {
        button.id.clone_from(payload);
    }
    Some((button, content.is_some_and(|c| c.standing == "approved")))
}

/// The sender's own address, else the service's, else where the simulator was told to. Never the number's.
pub(super) fn url(state: &State, message: &SimMessage) -> Option<String> {
    let sender = state.whatsapp.sender(&message.to);
    let own = sender.and_then(|s| s.url("callback_url")).map(str::to_owned);
    own.or_else(|| state.numbers.service(&message.account_sid).inbound_url)
        .or_else(|| state.inbound_url.clone())
}

pub(super) fn params_of(state: &State, m: &SimMessage, text: &InboundText) -> Vec<(String, String)> {
    let digits = m.phone().strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('+'));
    let tapped = button(state, text);
    let kind = kind(text, tapped.as_ref().is_some_and(|(_, of_template)| *of_template));
    let truth = |is: bool| if is { "true" } else { "false" };
    let mut form = params(&[
        ("SmsMessageSid", &m.sid),
        ("NumMedia", &text.media.len().to_string()),
        ("ProfileName", text.profile_name.as_deref().unwrap_or("Simulated person")),
        ("MessageType", kind),
        ("SmsSid", &m.sid),
        ("WaId", digits.unwrap_or_default()),
        ("SmsStatus", "received"),
        ("Body", &m.body),
        ("To", &m.to),
        ("NumSegments", "1"),
        ("ReferralNumMedia", "0"),
        ("MessageSid", &m.sid),
        ("AccountSid", &m.account_sid),
        ("From", m.phone()),
        ("ExternalUserId", &user_id(m.phone())),
        ("Forwarded", truth(text.forwarded)),
        ("FrequentlyForwarded", "false"),
        ("ChannelMetadata", r#"{"type":"whatsapp","data":{"context":{}}}"#),
        ("ApiVersion", "2010-04-01"),
    ]);
    let mut put = |name: &str, value: &str| form.push((name.to_owned(), value.to_owned()));
    if let Some((button, _)) = &tapped {
        put("ButtonText", &button.title);
        put("ButtonPayload", &button.id);
        put("ButtonType", "REPLY");
    }
    if let Some(choice) = &text.list {
        put("ListId", &choice.id);
        put("ListTitle", &choice.title);
    }
    if let Some(answered) = answered(state, text) {
        put("OriginalRepliedMessageSid", &answered.sid);
        put("OriginalRepliedMessageSender", answered.from.as_deref().unwrap_or(&m.to));
    }
    if let Some(place) = &text.location {
        put("Latitude", &place.latitude);
        put("Longitude", &place.longitude);
        put("Address", place.address.as_deref().unwrap_or_default());
        put("Label", place.label.as_deref().unwrap_or_default());
    }
    if let Some(username) = &text.username {
        put("ProfileUsername", username);
    }
    form.extend(media_params(text));
    form
}

/// Twilio's word of what it is.
fn kind(text: &InboundText, of_template: bool) -> &'static str {
    let media = text.media.first().map(|m| m.content_type.as_str());
    match media.map(|kind| kind.split('/').next().unwrap_or_default()) {
        _ if text.tap.is_some() && of_template => "button",
        _ if text.tap.is_some() || text.list.is_some() => "interactive",
        _ if text.location.is_some() => "location",
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        Some(_) => "document",
        None => "text",
    }
}

/// The message that was answered, while WhatsApp still knows it.
fn answered<'a>(state: &'a State, text: &InboundText) -> Option<&'a SimMessage> {
    let sid = text.tap.as_ref().map(|tap| &tap.message_sid).or(text.reply_to.as_ref())?;
    let message = state.message(sid)?;
    (state.now() - message.date_created <= REMEMBERED).then_some(message)
}
