//! What is different between what was kept as before and as after. What is kept is JSON: an object with a name for each thing, or, where
//! there is but one, that thing alone; earlier versions kept lists without names.

use contract::audit::AuditChange;
use domain::audit::spoken;
use entity::audit::audit_event;
use serde_json::{Map, Value};

use crate::kernel::{Result, Services, audit};

/// Most differences of one change that are told.
const MOST: usize = 40;

/// So much of a text is told.
const LONGEST: usize = 500;

pub(super) async fn of(s: &Services, row: &audit_event::Model) -> Result<Vec<AuditChange>> {
    let before = kept(s, audit::BEFORE, row.before.as_ref()).await?;
    let after = kept(s, audit::AFTER, row.after.as_ref()).await?;
    Ok(difference(before, after))
}

/// As a cell of a file says it.
pub(super) fn sentence(change: &AuditChange) -> String {
    let what = change.field.as_deref().map(|field| format!("{field}: ")).unwrap_or_default();
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{what}{before} → {after}"),
        (Some(before), None) => format!("{what}{before} → –"),
        (None, Some(after)) => format!("{what}{after}"),
        (None, None) => what,
    }
}

async fn kept(s: &Services, field: &str, sealed: Option<&String>) -> Result<Value> {
    let Some(sealed) = sealed else { return Ok(Value::Null) };
    let json = s.vault().open(field, sealed).await?;
    // What can't be read as JSON is what it is.
    Ok(serde_json::from_str(&json).unwrap_or(Value::String(json)))
}

fn difference(before: Value, after: Value) -> Vec<AuditChange> {
    let mut changes = match (before, after) {
        (Value::Object(before), Value::Object(after)) => named(before, after),
        (Value::Object(before), Value::Null) => named(before, Map::new()),
        (Value::Null, Value::Object(after)) => named(Map::new(), after),
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            // A name that stands first and is the same says whose the rest is.
            let whose = before.first().filter(|name| after.first() == Some(name));
            let whose = whose.and_then(Value::as_str).map(str::to_owned);
            let pairs = before.iter().zip(&after).filter(|(before, after)| before != after);
            let told = |(before, after): (&Value, &Value)| AuditChange {
                field: whose.clone(),
                ..change(None, before, after)
            };
            pairs.map(told).collect()
        }
        (before, after) => vec![change(None, &before, &after)],
    };
    changes.retain(|change| change.before.is_some() || change.after.is_some());
    changes.truncate(MOST);
    changes
}

fn named(before: Map<String, Value>, mut after: Map<String, Value>) -> Vec<AuditChange> {
    let mut changes = Vec::new();
    for (name, was) in before {
        let is = after.remove(&name).unwrap_or(Value::Null);
        if was != is {
            changes.push(change(Some(&name), &was, &is));
        }
    }
    changes.extend(after.into_iter().map(|(name, is)| change(Some(&name), &Value::Null, &is)));
    changes
}

fn change(name: Option<&str>, before: &Value, after: &Value) -> AuditChange {
    AuditChange {
        field: name.map(spoken),
        before: words(before),
        after: words(after),
    }
}

/// A value as people read it; none for what is not there.
fn words(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().filter_map(words).collect::<Vec<_>>().join(", "),
        Value::Object(all) => {
            let parts = all
                .iter()
                .filter_map(|(name, value)| Some(format!("{}: {}", spoken(name), words(value)?)));
            parts.collect::<Vec<_>>().join(", ")
        }
    };
    (!text.is_empty()).then(|| text.chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: Value, after: Value) -> Vec<String> {
        difference(before, after).iter().map(sentence).collect()
    }

    #[test]
    fn only_what_is_different_is_told_by_its_name() {
        let (before, after) = (
            json!({"name": "Bright", "texts_an_hour": 100, "hours_of_us_states": false, "note": null}),
            json!({"name": "Bright", "texts_an_hour": 50, "hours_of_us_states": true, "note": null}),
        );
        assert_eq!(
            told(before, after),
            ["Hours of us states: no → yes", "Texts an hour: 100 → 50"]
        );
    }

    #[test]
    fn what_is_new_and_what_is_gone_is_told_too() {
        assert_eq!(
            told(Value::Null, json!({"name": "Ann", "role": "staff"})),
            ["Name: Ann", "Role: staff"]
        );
        assert_eq!(told(json!({"name": "Ann"}), Value::Null), ["Name: Ann → –"]);
        assert_eq!(told(Value::Null, Value::Null), Vec::<String>::new());
        assert_eq!(
            told(json!({"a": ""}), json!({"a": null})),
            Vec::<String>::new(),
            "nothing to nothing"
        );
    }

    #[test]
    fn what_earlier_versions_kept_is_told_without_names() {
        assert_eq!(told(json!(["A", 1, true]), json!(["B", 1, false])), ["A → B", "yes → no"]);
        assert_eq!(
            told(json!(["Mia Torres", "staff"]), json!(["Mia Torres", "admin"])),
            ["Mia Torres: staff → admin"]
        );
        assert_eq!(told(json!("on hold"), json!("texts go on")), ["on hold → texts go on"]);
        assert_eq!(told(json!(["x"]), json!({"tags": ["a", "b"]})), ["x → Tags: a, b"]);
    }

    #[test]
    fn a_text_and_a_list_have_an_end() {
        let long = words(&json!("x".repeat(2_000))).map(|text| text.len());
        assert_eq!(long, Some(LONGEST));
        let many: Map<String, Value> = (0..100).map(|n| (format!("k{n}"), json!(n))).collect();
        assert_eq!(difference(Value::Null, Value::Object(many)).len(), MOST);
    }
}
