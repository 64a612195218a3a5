//! The API, as its own document describes it: bodies are made up from their schemas.

use std::sync::LazyLock;

use domain::permissions::Permission;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Needs, World, addresses, needs};

pub struct Operation {
    pub method: Method,
    pub path: String,
    /// Parameters of the query string that it can't do without.
    query: Vec<String>,
    /// The schema of its JSON body.
    body: Option<Value>,
}

/// It is looked at for every request, and takes a while to be made.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(server::rest::openapi()).expect("a document"));

pub fn operations() -> Vec<Operation> {
    let document = &*DOCUMENT;
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let Ok(method) = method.to_ascii_uppercase().parse::<Method>() else {
                continue;
            };
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let needed = parameters.iter().filter(|p| p["in"] == "query" && p["required"] == true);
            let body = operation.pointer("/requestBody/content/application~1json/schema");
            all.push(Operation {
                method,
                path: path.clone(),
                query: needed.filter_map(|p| p["name"].as_str().map(str::to_owned)).collect(),
                body: body.cloned(),
            });
        }
    }
    all
}

/// Something that fits a schema: of objects only what can't be left out.
fn sample(document: &Value, schema: &Value, id: &str) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let there = document
            .pointer(reference.trim_start_matches('#'))
            .expect("a schema of the document");
        return sample(document, there, id);
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[several]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["type"] != "null"))
        {
            return sample(document, first, id);
        }
    }
    if let Some(word) = schema["enum"].as_array().and_then(|all| all.first()) {
        return word.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").cloned().unwrap_or_default(),
        kind => kind.clone(),
    };
    match (kind.as_str(), schema["format"].as_str()) {
        (Some("string"), Some("uuid")) => json!(id),
        (Some("string"), Some("date-time")) => json!("2025-01-08T15:00:00Z"),
        (Some("string"), _) => json!("1"),
        (Some("integer" | "number"), _) => json!(30),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) => json!([sample(document, &schema["items"], id)]),
        _ => {
            let needed = schema["required"].as_array().cloned().unwrap_or_default();
            let fields = needed.iter().filter_map(Value::as_str);
            let object: Map<String, Value> = fields
                .map(|name| (name.to_owned(), sample(document, &schema["properties"][name], id)))
                .collect();
            Value::Object(object)
        }
    }
}

/// Fields that may be nothing but not left out are not among those that a schema calls required: the answer names them.
async fn call(world: &World, operation: &Operation, path: &str, id: &str, key: &str) -> (u16, String) {
    let document = &*DOCUMENT;
    let url = world.url(&format!("/api/v1{path}"));
    let query: Vec<(&str, &str)> = operation.query.iter().map(|name| (name.as_str(), id)).collect();
    let mut body = operation.body.as_ref().map(|schema| sample(document, schema, id));
    // What a file is of is a word.
    if let Some(kind) = body.as_mut().and_then(|body| body.get_mut("kind")) {
        *kind = json!("contacts");
    }
    for _ in 0..5 {
        let mut request = world
            .nobody
            .request(operation.method.clone(), &url)
            .query(&query)
            .bearer_auth(key);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("an answer");
        let (status, told) = (answer.status().as_u16(), answer.text().await.unwrap_or_default());
        let problem: Value = serde_json::from_str(&told).unwrap_or_default();
        let said = problem.pointer("/errors/0/detail").and_then(Value::as_str);
        let missing = said.filter(|said| said.ends_with("is missing."));
        let (Some(said), Some(Value::Object(fields))) = (missing, &mut body) else {
            return (status, told);
        };
        let name = said.split('"').nth(1).unwrap_or_default().to_owned();
        fields.insert(name, Value::Null);
    }
    panic!(
        "{} {path}: of what was made up for it something is always missing",
        operation.method
    );
}

#[tokio::test]
async fn every_operation_lets_in_the_keys_that_the_table_says() {
    let world = World::new().await;
    let scopes: Vec<(&str, Permission)> = Permission::scopes().collect();
    let mut keys = Vec::new();
    for (scope, what) in &scopes {
        let others: Vec<&str> = scopes.iter().map(|(text, _)| *text).filter(|text| text != scope).collect();
        let only = world.app.key_with(&[scope]).await;
        let all_but = world.app.key_with(&others).await;
        keys.push((*scope, *what, only, all_but));
    }
    let mut wrong = Vec::new();
    for operation in operations() {
        let door = format!("{} /api/v1{}", operation.method, operation.path);
        let needs = needs(&door);
        // What is nobody's tells as much about scopes, and nothing is changed; but what a file is of says which it takes.
        let id = match operation.path.starts_with("/imports/") {
            true => world.import.clone(),
            false => uuid::Uuid::max().to_string(),
        };
        let path = addresses(&operation.path, std::slice::from_ref(&id)).remove(0);
        for (scope, what, only, all_but) in &keys {
            let has = |key: &dyn Fn(Permission) -> bool| match needs {
                Needs::May(all) => all.iter().all(|one| key(*one)),
                Needs::One(any) => any.iter().any(|one| key(*one)),
                other => panic!("{door}: an operation says what its key must be allowed, not {other:?}"),
            };
            let (status, told) = call(&world, &operation, &path, &id, all_but).await;
            if (status != 403) != has(&|one| one != *what) {
                wrong.push(format!("{door} without {scope}: {status} {told}"));
            }
            let (status, told) = call(&world, &operation, &path, &id, only).await;
            if (status != 403) != has(&|one| one == *what) || status == 401 || status == 500 {
                wrong.push(format!("{door} with {scope} alone: {status} {told}"));
            }
        }
        let (status, _) = call(&world, &operation, &path, &id, "showup_nothing").await;
        assert_eq!(status, 401, "{door} and a key that is none");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn no_operation_serves_a_key_of_another_business() {
    let world = World::new().await;
    for operation in operations() {
        let door = format!("{} /api/v1{}", operation.method, operation.path);
        let before = world.ours().await;
        let mut all_told = String::new();
        for id in &world.ids {
            for path in addresses(&operation.path, std::slice::from_ref(id)) {
                let (status, told) = call(&world, &operation, &path, id, &world.stranger_key).await;
                if operation.path.contains('{') {
                    assert!(
                        matches!(status, 400 | 404 | 409 | 422),
                        "{door} with an id of another business: {status} {told}"
                    );
                }
                all_told.push_str(&told);
            }
        }
        let wrong = world.touched(&before, &door, &all_told).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
