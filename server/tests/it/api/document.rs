//! The document of the API: complete, and never less than it was.

use std::{collections::BTreeSet, fs};

use domain::permissions::Permission;
use serde_json::{Value, json};
use testkit::Backend;

use super::breaking::breaking;
use crate::{
    app::TestApp,
    doors::{DOORS, Needs},
};

/// What programs were promised last.
const PROMISED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/api/v1.json");

async fn served(app: &TestApp) -> Value {
    let answer = app.http.get(format!("{}/api/v1/openapi.json", app.url)).send().await;
    answer.expect("an answer").json().await.expect("JSON")
}

/// What is added is written down by `UPDATE_API=1`, which takes nothing away. Who must take something away does so in the file, by hand,
/// and says why in the list of changes (`server/src/docs.rs`).
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting of the product")]
async fn what_was_promised_is_kept() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let served = served(&app).await;
    let update = std::env::var_os("UPDATE_API").is_some();
    let promised = fs::read_to_string(PROMISED).unwrap_or_else(|_| "{}".to_owned());
    let promised: Value = serde_json::from_str(&promised).expect("JSON");
    let broken = breaking(&promised, &served);
    assert!(broken.is_empty(), "programs of others would break: {broken:#?}");
    if update {
        let text = serde_json::to_string_pretty(&served).expect("JSON");
        fs::write(PROMISED, format!("{text}\n")).expect("written");
    }
    assert!(
        update || promised == served,
        "the document says other things than server/api/v1.json, and none that break anything. To write it anew: \
         UPDATE_API=1 cargo test -p server --test it what_was_promised"
    );
}

/// Every operation of the document, with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .expect("operations")
                .iter()
                .map(move |(method, one)| (path, method, one))
        })
        .map(|(path, method, one)| (format!("{} {path}", method.to_uppercase()), one))
        .collect()
}

#[tokio::test]
async fn every_operation_says_what_it_does_who_may_and_what_can_go_wrong() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let document = served(&app).await;
    let mut names = BTreeSet::new();
    for (door, operation) in operations(&document) {
        let headline = operation["summary"].as_str().unwrap_or_default();
        assert!((5..=240).contains(&headline.len()), "{door}: {headline:?}");
        let name = operation["operationId"].as_str().expect("a name");
        assert!(names.insert(name.to_owned()), "{name} is there twice, at {door}, too");
        let says = operation["description"].as_str().unwrap_or_default();
        assert!(
            says.contains("The key needs") || says.contains("Any key may."),
            "{door}: {says}"
        );
        for status in ["400", "401", "403", "429"] {
            let problem = operation["responses"][status]["content"]["application/problem+json"].is_object();
            assert!(problem, "{door} does not say that it answers {status}");
        }
        let body = &operation["requestBody"]["content"]["application/json"];
        let optional = body["schema"]["oneOf"].is_array();
        assert!(
            body.is_null() || optional || body["example"].is_object(),
            "{door} has no example: add one to server/src/rest/examples.json"
        );
    }
}

/// What the table of all doors asks for, which is tried with every key.
#[tokio::test]
async fn every_operation_names_the_scopes_that_open_it() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let document = served(&app).await;
    let scope = |what: &Permission| Permission::scopes().find(|(_, one)| one == what).map(|(text, _)| text);
    for (door, operation) in operations(&document) {
        let (method, path) = door.split_once(' ').expect("a method");
        let name = format!("{method} /api/v1{path}");
        let (_, needs) = DOORS.iter().find(|(one, _)| *one == name).expect("a line of the table");
        let mut ways: Vec<Vec<&str>> = match needs {
            Needs::May(all) => vec![all.iter().filter_map(scope).collect()],
            Needs::One(any) => any.iter().filter_map(scope).map(|one| vec![one]).collect(),
            other => panic!("{door}: {other:?}"),
        };
        // Without it the answer is 405, which tells what is missing.
        if name == "GET /api/v1/trigger/{template}" {
            ways[0].push("trigger:get");
        }
        let wanted: Vec<Value> = ways.iter().map(|way| json!({ "key": way })).collect();
        assert_eq!(
            operation["security"],
            json!(wanted),
            "{door}: say it in server/src/rest/scopes.rs"
        );
    }
}

/// An example is something that can be sent. Those that name ids find nothing.
#[tokio::test]
async fn every_example_is_understood() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let document = served(&app).await;
    let mut sent = 0;
    for (door, operation) in operations(&document) {
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        if example.is_null() {
            continue;
        }
        let (method, path) = door.split_once(' ').expect("a method");
        let path = path
            .replace("{id}", "0190b6f2-7c1e-7b52-9d0a-3f6f2b1c9e09")
            .replace("{kind}", "recall")
            .replace("{channel}", "sms")
            .replace("{language}", "en");
        let request = app
            .http
            .request(method.parse().expect("a method"), format!("{}/api/v1{path}", app.url));
        let (status, answer) = app.api(request.json(example), &app.key).await;
        assert!(matches!(status, 200..=202 | 404 | 409), "{door}: {status} {answer}");
        sent += 1;
    }
    assert!(sent > 30, "only {sent} examples");
}
