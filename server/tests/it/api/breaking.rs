//! What of an API may not change, because programs of others rely on it: nothing that was promised goes away, becomes another thing or asks
//! for more. What is added passes.
//!
//! - An address, a method, a parameter, a kind of body, a good answer (2xx) stays.
//! - A parameter or field that was not needed is not needed now, and a key that was let in still is.
//! - What may be sent may still be sent: no field and no word less, and no other type.
//! - What is answered is still answered: no field and no word less, none that may now be missing or null, and no other type.

use serde_json::Value;

/// Which way a thing goes decides what breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Sent,
    Answered,
}

/// What programs that were written by `before` would stumble over in `after`; each with its place.
pub fn breaking(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Found {
        before,
        after,
        all: Vec::new(),
        inside: Vec::new(),
    };
    for (path, methods) in entries(&before["paths"]) {
        for (method, operation) in entries(methods) {
            let at = format!("{} {path}", method.to_uppercase());
            match after["paths"][path].get(method) {
                Some(now) => found.operation(&at, operation, now),
                None => found.say(&at, "is gone"),
            }
        }
    }
    found.all
}

struct Found<'a> {
    before: &'a Value,
    after: &'a Value,
    all: Vec<String>,
    /// Schemas that are being compared, for those that hold themselves.
    inside: Vec<String>,
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn list(of: &Value) -> &[Value] {
    of.as_array().map_or(&[], Vec::as_slice)
}

fn holds(all: &Value, one: &Value) -> bool {
    list(all).contains(one)
}

impl Found<'_> {
    fn say(&mut self, at: &str, what: &str) {
        self.all.push(format!("{at} {what}"));
    }

    fn operation(&mut self, at: &str, was: &Value, now: &Value) {
        self.parameters(at, was, now);
        self.body(at, &was["requestBody"], &now["requestBody"]);
        for (status, answer) in entries(&was["responses"]).filter(|(status, _)| status.starts_with('2')) {
            let at = format!("{at} {status}");
            match now["responses"].get(status) {
                Some(now) => self.contents(&at, &answer["content"], &now["content"], Way::Answered),
                None => self.say(&at, "is not answered any more"),
            }
        }
        self.keys(at, &was["security"], &now["security"]);
    }

    fn parameters(&mut self, at: &str, was: &Value, now: &Value) {
        let same = |one: &Value, other: &Value| (&one["name"], &one["in"]) == (&other["name"], &other["in"]);
        for parameter in list(&was["parameters"]) {
            let at = format!("{at} ?{}", parameter["name"].as_str().unwrap_or_default());
            match list(&now["parameters"]).iter().find(|other| same(parameter, other)) {
                None => self.say(&at, "is gone"),
                Some(now) => {
                    if now["required"] == true && parameter["required"] != true {
                        self.say(&at, "is needed now");
                    }
                    self.schema(&at, &parameter["schema"], &now["schema"], Way::Sent);
                }
            }
        }
        for new in list(&now["parameters"]) {
            let known = list(&was["parameters"]).iter().any(|old| same(new, old));
            if new["required"] == true && !known {
                let name = new["name"].as_str().unwrap_or_default();
                self.say(&format!("{at} ?{name}"), "is needed now");
            }
        }
    }

    fn body(&mut self, at: &str, was: &Value, now: &Value) {
        if now["required"] == true && was["required"] != true {
            self.say(at, "needs a body now");
        }
        if was.is_object() && !now.is_object() {
            self.say(at, "takes no body any more");
        } else {
            self.contents(at, &was["content"], &now["content"], Way::Sent);
        }
    }

    fn contents(&mut self, at: &str, was: &Value, now: &Value, way: Way) {
        for (kind, content) in entries(was) {
            match now.get(kind) {
                Some(now) => self.schema(at, &content["schema"], &now["schema"], way),
                None => self.say(at, &format!("is not {kind} any more")),
            }
        }
    }

    /// Each way that a key was let in must still be one, perhaps with fewer scopes.
    fn keys(&mut self, at: &str, was: &Value, now: &Value) {
        for way in list(was) {
            let still = list(now)
                .iter()
                .any(|now| list(&now["key"]).iter().all(|scope| holds(&way["key"], scope)));
            if !still {
                self.say(at, &format!("does not open to a key with {} any more", way["key"]));
            }
        }
    }

    fn schema(&mut self, at: &str, was: &Value, now: &Value, way: Way) {
        let (name, other) = (
            was["$ref"].as_str().unwrap_or_default(),
            now["$ref"].as_str().unwrap_or_default(),
        );
        if name.is_empty() && other.is_empty() {
            return self.shape(at, was, now, way);
        }
        let both = format!("{name} {other}");
        if self.inside.contains(&both) {
            return;
        }
        self.inside.push(both);
        let (was, now) = (meant(self.before, was), meant(self.after, now));
        self.shape(at, &was, &now, way);
        self.inside.pop();
    }

    fn shape(&mut self, at: &str, was: &Value, now: &Value, way: Way) {
        self.types(at, was, now, way);
        self.words(at, was, now, way);
        self.fields(at, was, now, way);
        if was["items"].is_object() {
            self.schema(&format!("{at}[]"), &was["items"], &now["items"], way);
        }
        self.choices(at, was, now, way);
    }

    fn types(&mut self, at: &str, was: &Value, now: &Value, way: Way) {
        let (before, after) = (kinds(was), kinds(now));
        let (must, may) = match way {
            Way::Sent => (&before, &after),
            Way::Answered => (&after, &before),
        };
        // What says nothing of its type may be anything.
        let fits = may.is_empty() || (!must.is_empty() && must.iter().all(|kind| may.contains(kind)));
        if !fits || was["format"] != now["format"] {
            let told = |schema: &Value, kinds: &[String]| {
                format!("{} {}", kinds.join("|"), schema["format"].as_str().unwrap_or_default())
            };
            let (before, after) = (told(was, &before), told(now, &after));
            self.say(at, &format!("was {}, is {}", before.trim(), after.trim()));
        }
    }

    /// A word may come to those that are answered: who reads them is told to pass over what they don't know.
    fn words(&mut self, at: &str, was: &Value, now: &Value, way: Way) {
        let gone: Vec<String> = list(&was["enum"])
            .iter()
            .filter(|word| !holds(&now["enum"], word))
            .map(ToString::to_string)
            .collect();
        let open = way == Way::Sent && !now["enum"].is_array();
        if !gone.is_empty() && !open {
            self.say(at, &format!("is not {} any more", gone.join(", ")));
        }
        if way == Way::Sent && !was["enum"].is_array() && now["enum"].is_array() {
            self.say(at, "takes some words only now");
        }
    }

    fn fields(&mut self, at: &str, was: &Value, now: &Value, way: Way) {
        for (name, field) in entries(&was["properties"]) {
            let at = format!("{at}/{name}");
            match now["properties"].get(name) {
                Some(now) => self.schema(&at, field, now, way),
                None => self.say(&at, "is gone"),
            }
        }
        let (less, more) = match way {
            Way::Sent => (&was["required"], &now["required"]),
            Way::Answered => (&now["required"], &was["required"]),
        };
        for name in list(more).iter().filter(|name| !holds(less, name)) {
            let what = if way == Way::Sent {
                "is needed now"
            } else {
                "may be missing now"
            };
            // One that is gone altogether was said already.
            let name = name.as_str().unwrap_or_default();
            if way == Way::Sent || now["properties"].get(name).is_some() {
                self.say(&format!("{at}/{name}"), what);
            }
        }
    }

    /// Of several shapes each that was there must still be, whatever its place.
    fn choices(&mut self, at: &str, was: &Value, now: &Value, way: Way) {
        for several in ["oneOf", "anyOf", "allOf"] {
            for (n, one) in list(&was[several]).iter().enumerate() {
                let before = self.all.len();
                let fits = list(&now[several]).iter().any(|other| {
                    self.schema(at, one, other, way);
                    let fits = self.all.len() == before;
                    self.all.truncate(before);
                    fits
                });
                if !fits {
                    self.say(at, &format!("is not what it was ({several} {n})"));
                }
            }
            let (fewer, more) = match way {
                Way::Sent => (&now[several], &was[several]),
                Way::Answered => (&was[several], &now[several]),
            };
            let null = serde_json::json!({ "type": "null" });
            if several != "allOf" && list(fewer).is_empty() != list(more).is_empty() {
                self.say(at, &format!("has {several} on one side only"));
            } else if holds(more, &null) && !holds(fewer, &null) {
                self.say(
                    at,
                    if way == Way::Sent {
                        "may not be null any more"
                    } else {
                        "may be null now"
                    },
                );
            }
        }
    }
}

/// What a schema says, where it stands elsewhere in its document.
fn meant(document: &Value, schema: &Value) -> Value {
    match schema["$ref"].as_str() {
        Some(place) => document.pointer(place.trim_start_matches('#')).cloned().unwrap_or_default(),
        None => schema.clone(),
    }
}

/// Its types, null among them.
fn kinds(schema: &Value) -> Vec<String> {
    match &schema["type"] {
        Value::String(kind) => vec![kind.clone()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "paths": { "/contacts": {
                "get": {
                    "parameters": [{ "name": "limit", "in": "query", "required": false, "schema": { "type": ["integer", "null"] } }],
                    "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Contact" } } } } },
                    "security": [{ "key": ["contacts:read"] }]
                },
                "post": {
                    "requestBody": { "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/New" } } } },
                    "responses": { "201": {}, "404": {} },
                    "security": [{ "key": ["contacts:write"] }, { "key": ["contacts:read"] }]
                }
            } },
            "components": { "schemas": {
                "Contact": { "type": "object", "required": ["id", "state"], "properties": {
                    "id": { "type": "string", "format": "uuid" },
                    "state": { "type": "string", "enum": ["in", "out"] },
                    "note": { "type": ["string", "null"] },
                    "friends": { "type": "array", "items": { "$ref": "#/components/schemas/Contact" } },
                    "place": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Place" }] }
                } },
                "Place": { "type": "object", "properties": { "name": { "type": "string" } } },
                "New": { "type": "object", "required": ["name"], "properties": {
                    "name": { "type": "string" },
                    "channel": { "type": "string", "enum": ["sms", "email"] },
                    "note": { "type": ["string", "null"] }
                } }
            } }
        })
    }

    /// The document with something else at this place; `null`: without it.
    fn with(place: &str, what: Value) -> Value {
        let mut document = document();
        let (parent, name) = place.rsplit_once('/').expect("a place");
        let name = name.replace("~1", "/");
        let parent = document.pointer_mut(parent).expect("there");
        match (parent, what) {
            (Value::Object(object), Value::Null) => drop(object.remove(&name).expect("there")),
            (Value::Object(object), what) => drop(object.insert(name, what)),
            (Value::Array(array), what) => array.push(what),
            _ => panic!("nothing holds anything at {place}"),
        }
        document
    }

    const CONTACT: &str = "/components/schemas/Contact/properties";
    const NEW: &str = "/components/schemas/New/properties";
    const GET: &str = "/paths/~1contacts/get";
    const POST: &str = "/paths/~1contacts/post";

    #[rstest]
    #[case::path("/paths/~1contacts", Value::Null)]
    #[case::operation(POST, Value::Null)]
    #[case::parameter(&format!("{GET}/parameters"), json!([]))]
    #[case::parameters_type(&format!("{GET}/parameters/0/schema/type"), json!(["string", "null"]))]
    #[case::parameter_may_not_be_null(&format!("{GET}/parameters/0/schema/type"), json!("integer"))]
    #[case::needed_parameter(&format!("{GET}/parameters/0/required"), json!(true))]
    #[case::new_needed_parameter(&format!("{GET}/parameters/-"), json!({ "name": "of", "in": "query", "required": true }))]
    #[case::answer(&format!("{GET}/responses"), json!({ "204": {} }))]
    #[case::answers_kind(&format!("{GET}/responses/200/content"), json!({ "text/csv": {} }))]
    #[case::answered_field(&format!("{CONTACT}/note"), Value::Null)]
    #[case::answered_type(&format!("{CONTACT}/id/type"), json!("integer"))]
    #[case::answered_format(&format!("{CONTACT}/id/format"), Value::Null)]
    #[case::answered_word(&format!("{CONTACT}/state/enum"), json!(["in"]))]
    #[case::answered_null(&format!("{CONTACT}/id/type"), json!(["string", "null"]))]
    #[case::answered_less("/components/schemas/Contact/required", json!(["id"]))]
    #[case::deep_field("/components/schemas/Place/properties/name", Value::Null)]
    #[case::choice(&format!("{CONTACT}/place/oneOf"), json!([{ "type": "null" }]))]
    #[case::body(&format!("{POST}/requestBody"), Value::Null)]
    #[case::sent_field(&format!("{NEW}/note"), Value::Null)]
    #[case::sent_type(&format!("{NEW}/name/type"), json!("integer"))]
    #[case::sent_null(&format!("{NEW}/note/type"), json!("string"))]
    #[case::sent_word(&format!("{NEW}/channel/enum"), json!(["sms"]))]
    #[case::sent_words(&format!("{NEW}/name/enum"), json!(["Ann"]))]
    #[case::needed_field("/components/schemas/New/required", json!(["name", "note"]))]
    #[case::scope(&format!("{GET}/security"), json!([{ "key": ["contacts:read", "messages:read"] }]))]
    #[case::one_of_two_ways(&format!("{POST}/security"), json!([{ "key": ["contacts:write"] }]))]
    fn what_others_rely_on_may_not_change(#[case] place: &str, #[case] what: Value) {
        let found = breaking(&document(), &with(place, what));
        assert!(!found.is_empty(), "{place} may not change so");
    }

    #[rstest]
    #[case::nothing("/info", json!({}))]
    #[case::path("/paths/~1people", json!({ "get": {} }))]
    #[case::operation("/paths/~1contacts/delete", json!({ "responses": {} }))]
    #[case::parameter(&format!("{GET}/parameters/-"), json!({ "name": "of", "in": "query", "required": false }))]
    #[case::answer(&format!("{GET}/responses/202"), json!({}))]
    #[case::problem(&format!("{POST}/responses"), json!({ "201": {}, "409": {} }))]
    #[case::answered_field(&format!("{CONTACT}/age"), json!({ "type": "integer" }))]
    #[case::answered_word(&format!("{CONTACT}/state/enum"), json!(["in", "out", "away"]))]
    #[case::answered_never_null(&format!("{CONTACT}/note/type"), json!("string"))]
    #[case::answered_always("/components/schemas/Contact/required", json!(["id", "state", "note"]))]
    #[case::sent_field(&format!("{NEW}/email"), json!({ "type": "string" }))]
    #[case::sent_word(&format!("{NEW}/channel/enum"), json!(["sms", "email", "whatsapp"]))]
    #[case::sent_any_word(&format!("{NEW}/channel/enum"), Value::Null)]
    #[case::sent_may_be_null(&format!("{NEW}/name/type"), json!(["string", "null"]))]
    #[case::not_needed("/components/schemas/New/required", json!([]))]
    #[case::fewer_scopes(&format!("{GET}/security"), json!([{ "key": [] }]))]
    #[case::another_way(&format!("{GET}/security/-"), json!({ "key": ["messages:read"] }))]
    fn what_is_added_passes(#[case] place: &str, #[case] what: Value) {
        assert_eq!(breaking(&document(), &with(place, what)), Vec::<String>::new(), "{place}");
    }

    #[test]
    fn what_it_says_names_the_place() {
        let now = with(&format!("{CONTACT}/state/enum"), json!(["in"]));
        assert_eq!(
            breaking(&document(), &now),
            ["GET /contacts 200/state is not \"out\" any more"]
        );
    }
}
