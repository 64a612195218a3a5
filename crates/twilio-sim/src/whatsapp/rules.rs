//! What Twilio takes as a content, and what WhatsApp rejects when it looks at one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::contents::{NewContent, SimContent, keys_in};

/// Kinds that Twilio knows.
const KINDS: [&str; 13] = [
    "twilio/text",
    "twilio/media",
    "twilio/location",
    "twilio/list-picker",
    "twilio/call-to-action",
    "twilio/quick-reply",
    "twilio/card",
    "twilio/catalog",
    "twilio/carousel",
    "twilio/flows",
    "whatsapp/card",
    "whatsapp/authentication",
    "whatsapp/flows",
];
const MOST_VARIABLES: usize = 100;
const MOST_BUTTONS: usize = 10;
const LONGEST_TITLE: usize = 20;
const LONGEST_ID: usize = 200;
const LONGEST_QUICK_REPLY: usize = 1024;
const LONGEST_TEXT: usize = 1600;

/// Why a content is not taken: Twilio's code and text.
pub(crate) type Fault = (i32, String);

/// Reads and checks a content as it was posted.
pub(crate) fn check(json: &Value) -> Result<NewContent, Fault> {
    let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let types = json.get("types").and_then(Value::as_object).filter(|types| !types.is_empty());
    let types = types.ok_or_else(|| (92001, "Content types are required".to_owned()))?;
    let language = text("language");
    if language.is_empty() {
        return Err((92003, "Content language is required".to_owned()));
    }
    if !is_language(&language) {
        return Err((92004, format!("Invalid language code: {language}")));
    }
    let variables = variables(json.get("variables"))?;
    for (kind, json) in types {
        check_kind(kind, json)?;
    }
    Ok(NewContent {
        friendly_name: text("friendly_name"),
        language,
        variables,
        types: types.iter().map(|(kind, json)| (kind.clone(), echoed(json))).collect(),
    })
}

/// `en`, `pt_BR`, `fil`.
fn is_language(code: &str) -> bool {
    let (language, region) = code.split_once('_').map_or((code, None), |(l, r)| (l, Some(r)));
    let letters = |text: &str, among: std::ops::RangeInclusive<usize>, case: fn(&u8) -> bool| {
        among.contains(&text.len()) && text.bytes().all(|b| case(&b))
    };
    letters(language, 2..=3, u8::is_ascii_lowercase) && region.is_none_or(|r| letters(r, 2..=3, u8::is_ascii_uppercase))
}

fn variables(json: Option<&Value>) -> Result<BTreeMap<String, String>, Fault> {
    let invalid = || (92007, "Content variables are invalid".to_owned());
    let all = match json {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(json) => json.as_object().ok_or_else(invalid)?,
    };
    if all.len() > MOST_VARIABLES {
        return Err((92002, "The number of variables exceeds the limit of 100".to_owned()));
    }
    let one = |(key, value): (&String, &Value)| {
        let good = !key.is_empty() && key.len() <= 16 && !key.contains(char::is_whitespace);
        let value = value.as_str().filter(|_| good).ok_or_else(invalid)?;
        Ok((key.clone(), value.to_owned()))
    };
    all.iter().map(one).collect()
}

fn check_kind(kind: &str, json: &Value) -> Result<(), Fault> {
    if !KINDS.contains(&kind) {
        return Err((92008, format!("Content type is not supported: {kind}")));
    }
    let body = json.get("body").and_then(Value::as_str).unwrap_or_default().chars().count();
    let longest = match kind {
        "twilio/text" => LONGEST_TEXT,
        "twilio/quick-reply" => LONGEST_QUICK_REPLY,
        _ => return Ok(()),
    };
    if !(1..=longest).contains(&body) {
        return Err(bad(format!("{kind} needs a body of 1 to {longest} characters")));
    }
    if kind == "twilio/quick-reply" {
        check_buttons(json)
    } else {
        Ok(())
    }
}

fn check_buttons(json: &Value) -> Result<(), Fault> {
    let actions = json
        .get("actions")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if !(1..=MOST_BUTTONS).contains(&actions.len()) {
        return Err(bad("twilio/quick-reply needs 1 to 10 actions".to_owned()));
    }
    for action in actions {
        let text = |name: &str| action.get(name).and_then(Value::as_str).unwrap_or_default();
        let (title, id) = (text("title"), text("id"));
        if !(1..=LONGEST_TITLE).contains(&title.chars().count()) || title.contains("{{") {
            return Err(bad("An action's title has 1 to 20 characters and no variable".to_owned()));
        }
        if id.chars().count() > LONGEST_ID {
            return Err(bad("An action's id has at most 200 characters".to_owned()));
        }
    }
    Ok(())
}

fn bad(text: String) -> Fault {
    (20001, text)
}

/// Quick replies come back without the `type` of their actions.
fn echoed(json: &Value) -> Value {
    let mut json = json.clone();
    let actions = json.get_mut("actions").and_then(Value::as_array_mut);
    for action in actions.into_iter().flatten().filter_map(Value::as_object_mut) {
        if action.get("type").is_some_and(|kind| kind == "QUICK_REPLY") {
            action.remove("type");
        }
    }
    json
}

/// Why WhatsApp will reject a content, if it will (its rules for templates).
pub(crate) fn rejection(content: &SimContent) -> Option<String> {
    let kind = content.richest();
    if kind == "twilio/list-picker" {
        return Some("INVALID_FORMAT. Lists can't be templates.".to_owned());
    }
    let body = content.body(kind);
    let words = "INVALID_FORMAT. ";
    let why = wrong_body(body).or_else(|| wrong_samples(content, body))?;
    Some(format!("{words}{why}"))
}

fn wrong_body(body: &str) -> Option<&'static str> {
    let bare = body
        .trim()
        .trim_end_matches(|c: char| c.is_ascii_punctuation() && c != '}' || c.is_whitespace());
    if body.trim_start().starts_with("{{") || bare.ends_with("}}") {
        return Some("A template can't start or end with a variable.");
    }
    let between = body.split("}}").skip(1).filter(|rest| rest.contains("{{"));
    if between
        .filter_map(|rest| rest.split("{{").next())
        .any(|gap| gap.trim().is_empty())
    {
        return Some("Variables can't stand next to each other.");
    }
    let keys = keys_in(body);
    let mut numbers: Vec<usize> = keys.iter().filter_map(|key| key.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if keys.iter().any(|key| key.parse::<usize>().is_err()) || numbers.iter().enumerate().any(|(at, n)| *n != at + 1) {
        return Some("Variables are numbers from 1 on, without gaps.");
    }
    let fixed = body.split_whitespace().filter(|word| !word.contains("{{")).count();
    (!numbers.is_empty() && fixed < 2 * numbers.len() + 1).then_some("There are too many variables for so few words.")
}

fn wrong_samples(content: &SimContent, body: &str) -> Option<&'static str> {
    let missing = keys_in(body)
        .iter()
        .any(|key| content.variables.get(key).is_none_or(|v| v.trim().is_empty()));
    missing.then_some("Each variable needs a sample.")
}

/// For tests: a content of one kind.
#[cfg(test)]
fn content(kind: &str, json: Value, variables: &[&str]) -> SimContent {
    use chrono::DateTime;
    use serde_json::Map;
    SimContent {
        sid: "HX1".to_owned(),
        account_sid: "AC1".to_owned(),
        friendly_name: String::new(),
        language: "en".to_owned(),
        variables: variables.iter().map(|key| ((*key).to_owned(), "x".to_owned())).collect(),
        types: Map::from_iter([(kind.to_owned(), json)]),
        date_created: DateTime::UNIX_EPOCH,
        date_updated: DateTime::UNIX_EPOCH,
        approval: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn what_twilio_does_not_take() {
        let quick =
            |actions: Value| json!({ "language": "en", "types": { "twilio/quick-reply": { "body": "Hi", "actions": actions } } });
        let many: Map<String, Value> = (0..101).map(|n| (n.to_string(), json!("x"))).collect();
        let text = json!({ "twilio/text": { "body": "Hi" } });
        for (json, code) in [
            (json!({ "language": "en" }), 92001),
            (json!({ "language": "en", "types": {} }), 92001),
            (json!({ "types": text }), 92003),
            (json!({ "types": text, "language": "en-US" }), 92004),
            (json!({ "types": text, "language": "english" }), 92004),
            (json!({ "types": text, "language": "en", "variables": many }), 92002),
            (json!({ "types": text, "language": "en", "variables": { "1": 1 } }), 92007),
            (json!({ "types": text, "language": "en", "variables": { "a b": "x" } }), 92007),
            (json!({ "types": { "twilio/fax": {} }, "language": "en" }), 92008),
            (json!({ "types": { "twilio/text": { "body": "" } }, "language": "en" }), 20001),
            (
                json!({ "types": { "twilio/text": { "body": "x".repeat(1601) } }, "language": "en" }),
                20001,
            ),
            (quick(json!([])), 20001),
            (quick(json!(vec![json!({ "id": "a", "title": "Yes" }); 11])), 20001),
            (quick(json!([{ "id": "a", "title": "x".repeat(21) }])), 20001),
            (quick(json!([{ "id": "a", "title": "Hi {{1}}" }])), 20001),
            (quick(json!([{ "id": "x".repeat(201), "title": "Yes" }])), 20001),
        ] {
            assert_eq!(check(&json).map(|_| 0).unwrap_or_else(|(code, _)| code), code, "{json}");
        }
        let good = check(&quick(json!([{ "type": "QUICK_REPLY", "id": "{{1}}", "title": "Yes" }]))).expect("it is taken");
        assert!(good.types["twilio/quick-reply"]["actions"][0].get("type").is_none());
    }

    #[test]
    fn what_whatsapp_rejects() {
        for (body, samples, rejected) in [
            ("Hi {{1}}, your visit is on {{2}}. Can you come?", &["1", "2"][..], false),
            ("No variables at all", &[], false),
            ("{{1}}, your visit is tomorrow at nine", &["1"], true),
            ("Your next visit with us is on {{1}}.", &["1"], true),
            ("Hi there, you come on {{1}} {{2}} to us", &["1", "2"], true),
            ("Hi {{1}}, your visit is on {{3}}. Can you come?", &["1", "3"], true),
            ("Hi {{name}}, your visit is tomorrow, can you come?", &["name"], true),
            ("Hi {{1}} and {{2}} bye", &["1", "2"], true),
            ("Hi {{1}}, your visit is tomorrow, can you come?", &[], true),
        ] {
            let content = content("twilio/text", json!({ "body": body }), samples);
            assert_eq!(rejection(&content).is_some(), rejected, "{body}");
        }
        let list = content("twilio/list-picker", json!({ "body": "Choose" }), &[]);
        assert!(rejection(&list).is_some());
    }
}
