//! What a message will say, and whether WhatsApp will take it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::errors::{ApiError, refusal};
use crate::form::Form;
use crate::state::State;
use crate::whatsapp::{self, PREFIX, SentContent, SimButton, SimContent, SimSender};

/// A message ready to go.
pub(super) struct Composed {
    pub body: String,
    pub content: Option<SentContent>,
    /// What it will fail with after it was taken.
    pub fail: Option<i32>,
}

/// Both ends are on one channel, and the sender is the account's.
pub(super) fn check_channel(state: &State, account: &str, to: &str, from: Option<&str>) -> Result<(), ApiError> {
    let on_whatsapp = to.starts_with(PREFIX);
    match from {
        Some(from) if from.starts_with(PREFIX) != on_whatsapp => Err(refusal(21910)),
        Some(from) if on_whatsapp && sender(state, account, Some(from)).is_none() => Err(refusal(63007)),
        None if on_whatsapp && sender(state, account, None).is_none() => Err(refusal(21703)),
        _ => Ok(()),
    }
}

/// Without one, the Messaging Service takes one of the account's.
fn sender<'a>(state: &'a State, account: &str, from: Option<&str>) -> Option<&'a SimSender> {
    let named = from.and_then(|from| state.whatsapp.sender(from));
    named
        .or_else(|| state.whatsapp.any_sender(account).filter(|_| from.is_none()))
        .filter(|sender| sender.account_sid == account)
}

pub(super) fn compose(state: &State, account: &str, form: &Form, to: &str, from: Option<&str>) -> Result<Composed, ApiError> {
    let on_whatsapp = to.starts_with(PREFIX);
    let Some(sid) = form.filled("ContentSid") else {
        return Ok(Composed {
            body: form.get("Body").unwrap_or_default().to_owned(),
            content: None,
            fail: on_whatsapp.then(|| trouble(state, account, to, from, None)).flatten(),
        });
    };
    let content = state.whatsapp.content_of(account, sid).ok_or_else(|| refusal(21655))?;
    let given = form.filled("ContentVariables").unwrap_or_default();
    let values = values(content, given)?;
    let kind = if on_whatsapp || !content.types.contains_key("twilio/text") {
        content.richest()
    } else {
        "twilio/text"
    };
    let buttons = content.buttons().into_iter().filter(|_| on_whatsapp).map(|button| SimButton {
        id: whatsapp::render(&button.id, &values),
        title: button.title,
    });
    let standing = state.whatsapp.standing(sid, state.now());
    let fail = trouble(state, account, to, from, Some((content, &values)));
    Ok(Composed {
        body: whatsapp::render(content.body(kind), &values),
        content: Some(SentContent {
            sid: sid.to_owned(),
            buttons: buttons.collect(),
            variables: given.to_owned(),
            standing: standing.map_or_else(|| "unsubmitted".to_owned(), |s| s.status),
        }),
        fail: fail.filter(|_| on_whatsapp),
    })
}

/// What was given, and the samples for what was not: that is how somebody else's name gets into a message.
fn values(content: &SimContent, given: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let mut values = content.variables.clone();
    if given.is_empty() {
        return Ok(values);
    }
    let json: Value = serde_json::from_str(given).map_err(|_| refusal(21656))?;
    let keys = content.keys();
    for (key, value) in json.as_object().ok_or_else(|| refusal(21656))? {
        let known = keys.contains(key) || content.variables.contains_key(key);
        let value = value
            .as_str()
            .filter(|v| known && !v.is_empty())
            .ok_or_else(|| refusal(21656))?;
        values.insert(key.clone(), value.to_owned());
    }
    Ok(values)
}

/// Why WhatsApp won't deliver it, if it won't.
fn trouble(
    state: &State,
    account: &str,
    to: &str,
    from: Option<&str>,
    content: Option<(&SimContent, &BTreeMap<String, String>)>,
) -> Option<i32> {
    let (now, sender) = (state.now(), sender(state, account, from)?);
    if let Some(code) = whatsapp::magic(to) {
        return Some(code);
    }
    if !sender.sends_at(now) {
        return Some(sender.trouble());
    }
    if !state.whatsapp.is_in(&sender.sender_id, to, now) {
        return Some(63_015);
    }
    let is_open = state.whatsapp.window(&sender.sender_id, to, now).is_some();
    match content {
        None => (!is_open).then_some(63_016),
        Some((content, values)) => of_template(state, content, values, to, is_open, now),
    }
}

fn of_template(
    state: &State,
    content: &SimContent,
    values: &BTreeMap<String, String>,
    to: &str,
    is_open: bool,
    now: DateTime<Utc>,
) -> Option<i32> {
    let standing = state.whatsapp.standing(&content.sid, now);
    let (status, category, language) = standing.map_or_else(Default::default, |s| (s.status, s.category, s.language));
    match status.as_str() {
        "paused" => Some(63_041),
        "disabled" => Some(63_042),
        // WhatsApp has it under this name, in another language.
        "approved" if language != content.language => Some(63_027),
        "approved" if values.values().any(|value| breaks_the_line(value)) => Some(63_013),
        "approved" if category == "MARKETING" && whatsapp::is_in_us(to) => Some(63_049),
        "approved" => None,
        // Within the 24 hours nobody need have looked at it, if it is small.
        _ if is_open && content.buttons().len() <= 3 => None,
        _ => Some(63_016),
    }
}

fn breaks_the_line(value: &str) -> bool {
    value.contains(['\n', '\r', '\t']) || value.contains("     ")
}
