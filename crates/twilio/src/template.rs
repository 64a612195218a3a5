//! Sending a template: a content with its values, which WhatsApp takes at any time (docs/twilio.md §16).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::Outcome;
use crate::client::Client;
use crate::forms::is_sid;

/// What stands where a value is empty: an empty one is refused.
const NOTHING: &str = "–";

/// A message made of a content and its values.
#[derive(Debug, Clone, Copy)]
pub struct NewTemplate<'a> {
    /// `whatsapp:+E164`, `whatsapp:` and a user id, or `+E164`.
    pub to: &'a str,
    /// A number in the same shapes, or the `MG…` sid of a Messaging Service.
    pub from: &'a str,
    /// `HX…`.
    pub content_sid: &'a str,
    /// A value for **every** variable of the content: for one that is left out the person gets the sample that the reviewer saw.
    pub values: &'a BTreeMap<String, String>,
    /// As of [`crate::NewMessage`].
    pub status_callback: Option<&'a str>,
    /// As of [`crate::NewMessage`].
    pub validity_period: Option<Duration>,
}

impl Client {
    /// Asks Twilio, once, to send a template, and says what is known afterwards, as [`Client::create`] does.
    pub async fn create_from_template(&self, m: &NewTemplate<'_>) -> Outcome {
        self.post_message(&params(m)).await
    }
}

fn params<'a>(m: &NewTemplate<'a>) -> Vec<(&'static str, Cow<'a, str>)> {
    let sender = if is_sid(m.from, &["MG"]) {
        "MessagingServiceSid"
    } else {
        "From"
    };
    let mut params = vec![
        ("To", m.to.into()),
        (sender, m.from.into()),
        ("ContentSid", m.content_sid.into()),
        ("ContentVariables", content_variables(m.values).into()),
    ];
    crate::client::delivery_params(&mut params, m.status_callback, m.validity_period);
    params
}

/// The values as Twilio wants them: a JSON object of strings, in which no value breaks the line or is empty.
#[must_use]
pub fn content_variables(values: &BTreeMap<String, String>) -> String {
    let all = values
        .iter()
        .map(|(key, value)| (key.clone(), Value::String(on_one_line(value))));
    Value::Object(all.collect()).to_string()
}

/// WhatsApp refuses line breaks, tabs and long gaps in a value; a person would not miss them.
#[must_use]
pub fn on_one_line(value: &str) -> String {
    let words: Vec<&str> = value
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    if words.is_empty() {
        NOTHING.to_owned()
    } else {
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Ana", "Ana")]
    #[case("Tue 4 Nov,\r\n\t09:30", "Tue 4 Nov, 09:30")]
    #[case("  a     b  ", "a b")]
    #[case("a\u{0}b\u{a0}c\u{2028}d", "a b c d")]
    #[case("", "–")]
    #[case(" \n ", "–")]
    #[case("\"}", "\"}")]
    fn values_stand_on_one_line(#[case] value: &str, #[case] sent: &str) {
        let values = BTreeMap::from([("1".to_owned(), value.to_owned())]);
        let json: Value = serde_json::from_str(&content_variables(&values)).expect("it is JSON");
        assert_eq!(json, serde_json::json!({ "1": sent }));
    }
}
