//! The REST door: keys, scopes, problems, pages, its document.

mod breaking;
mod document;

use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::TestApp;

const ANN: &str = "+14155550171";

fn is_problem(answer: &(u16, Value), status: u16, code: &str) {
    assert_eq!(
        (answer.0, answer.1["code"].as_str(), answer.1["status"].as_u64()),
        (status, Some(code), Some(status.into())),
        "{}",
        answer.1
    );
    assert!(answer.1["detail"].as_str().is_some_and(|d| d.len() > 10));
}

#[tokio::test]
async fn without_a_good_key_nothing_opens() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for (method, path) in [
        ("GET", "/messages"),
        ("GET", "/conversations"),
        ("GET", "/tasks"),
        ("POST", "/tasks"),
        ("POST", "/contacts"),
        ("POST", "/messages"),
        ("POST", "/appointments"),
    ] {
        let request = || {
            app.http
                .request(method.parse().expect("a method"), format!("{}/api/v1{path}", app.url))
                .json(&json!({}))
        };
        let response = request().send().await.expect("an answer");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(response.status().as_u16(), 401, "{method} {path}");
        is_problem(&app.api(request(), "showup_guess").await, 401, "sign_in_needed");
    }
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let reader = app.key_with(&["contacts:read"]).await;
    let ann = app.contact("Ann", ANN).await;
    let get = app.http.get(format!("{}/api/v1/contacts/{ann}", app.url));
    assert_eq!(app.api(get, &reader).await.0, 200);
    let post = app
        .http
        .post(format!("{}/api/v1/messages", app.url))
        .json(&json!({ "contact_id": ann, "body": "Hi" }));
    is_problem(&app.api(post, &reader).await, 403, "not_allowed");
}

#[tokio::test]
async fn one_businesss_key_finds_nothing_of_another() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    let thief = app.another_key().await;
    let url = |path: &str| format!("{}/api/v1{path}", app.url);
    for path in [format!("/contacts/{ann}"), format!("/messages?contact_id={ann}")] {
        is_problem(&app.api(app.http.get(url(&path)), &thief).await, 404, "not_found");
    }
    for (path, body) in [
        ("/messages", json!({ "contact_id": ann, "body": "Hi" })),
        (
            "/appointments",
            json!({ "contact_id": ann, "starts_at": "2030-01-01T10:00:00Z" }),
        ),
    ] {
        let answer = app.api(app.http.post(url(path)).json(&body), &thief).await;
        assert!(matches!(answer.0, 404 | 422), "{path}: {}", answer.1);
    }
    assert_eq!(
        app.api(app.http.get(url("/conversations")), &thief).await.1["data"],
        json!([])
    );
}

#[rstest]
#[case::no_fields("/contacts", json!({}), 422, "invalid")]
#[case::wrong_type("/contacts", json!({ "name": 7, "phone": true }), 422, "invalid")]
#[case::bad_phone("/contacts", json!({ "name": "Ann", "phone": "call me" }), 422, "invalid")]
#[case::bad_channel("/contacts", json!({ "name": "Ann", "phone": ANN, "opt_in": { "channel": "fax", "source": "x" } }), 422, "invalid")]
#[case::nobody("/messages", json!({ "contact_id": "01a1f907-bfd3-7325-b220-08dca0ab4dcc", "body": "Hi" }), 404, "not_found")]
#[case::bad_time("/appointments", json!({ "contact_id": "01a1f907-bfd3-7325-b220-08dca0ab4dcc", "starts_at": "soon" }), 422, "invalid")]
#[case::past("/appointments", json!({ "contact_id": "01a1f907-bfd3-7325-b220-08dca0ab4dcc", "starts_at": "2020-01-01T10:00:00Z" }), 422, "invalid")]
#[tokio::test]
async fn bad_input_gets_a_problem_in_plain_words(
    #[case] path: &str,
    #[case] body: Value,
    #[case] status: u16,
    #[case] code: &str,
) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    is_problem(&app.post(path, body).await, status, code);
}

#[tokio::test]
async fn broken_requests_get_a_problem_too() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let url = |path: &str| format!("{}/api/v1{path}", app.url);
    let json = |body: &'static str| {
        app.http
            .post(url("/contacts"))
            .header("content-type", "application/json")
            .body(body)
    };
    is_problem(&app.api(json("{"), &app.key).await, 400, "malformed");
    is_problem(
        &app.api(app.http.post(url("/contacts")).body("name=Ann"), &app.key).await,
        400,
        "malformed",
    );
    is_problem(&app.api(app.http.get(url("/contacts/7")), &app.key).await, 404, "not_found");
    is_problem(
        &app.api(app.http.get(url("/messages?cursor=nonsense")), &app.key).await,
        400,
        "malformed",
    );
    is_problem(
        &app.api(app.http.get(url("/tasks?status=maybe")), &app.key).await,
        400,
        "malformed",
    );
    is_problem(&app.api(app.http.get(url("/nothing-here")), &app.key).await, 404, "not_found");
    let huge = app
        .http
        .post(url("/contacts"))
        .json(&serde_json::json!({ "name": "x".repeat(300_000), "phone": ANN }));
    is_problem(&app.api(huge, &app.key).await, 413, "too_large");
}

#[tokio::test]
async fn the_same_number_twice_is_a_conflict() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.contact("Ann", ANN).await;
    is_problem(
        &app.post("/contacts", json!({ "name": "Ben", "phone": "415-555-0171" })).await,
        409,
        "conflict",
    );
}

#[tokio::test]
async fn messages_come_in_pages_newest_first() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    for n in 0..55 {
        app.post("/messages", json!({ "contact_id": ann, "body": format!("Text {n}") }))
            .await;
    }
    let (_, first) = app.get(&format!("/messages?contact_id={ann}")).await;
    assert_eq!(
        (first["data"].as_array().map(Vec::len), first["data"][0]["body"].as_str()),
        (Some(50), Some("Text 54"))
    );
    let cursor = first["next_cursor"].as_str().expect("there is more");
    let (_, rest) = app.get(&format!("/messages?contact_id={ann}&cursor={cursor}")).await;
    assert_eq!(
        (rest["data"].as_array().map(Vec::len), &rest["next_cursor"]),
        (Some(5), &Value::Null)
    );
    assert_eq!(rest["data"][4]["body"], "Text 0");
}

#[rstest]
#[tokio::test]
async fn an_appointment_can_say_where_it_happens(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let owner = services::Actor {
        business_id: app.business_id,
        who: services::Principal::Operator,
    };
    let uptown = contract::businesses::SaveLocation {
        name: "Uptown".to_owned(),
        address: "1 Main Street".to_owned(),
        ..contract::businesses::SaveLocation::default()
    };
    services::businesses::locations::save(&app.s, &owner, None, uptown)
        .await
        .expect("a location");
    let (status, places) = app.get("/locations").await;
    let places = &places["data"];
    assert_eq!((status, places[0]["name"].as_str()), (200, Some("Uptown")), "{places}");
    let ann = app.contact("Ann", "+14155550171").await;
    let appointment = |location: &str| {
        json!({ "contact_id": ann, "location_id": location,
            "starts_at": (app.s.now() + chrono::Duration::hours(60)).to_rfc3339() })
    };
    let (status, made) = app
        .post("/appointments", appointment(places[0]["id"].as_str().expect("an id")))
        .await;
    assert_eq!((status, made["location"]["name"].as_str()), (201, Some("Uptown")), "{made}");
    let (status, problem) = app.post("/appointments", appointment(&ann)).await;
    assert_eq!(
        (status, problem["fields"][0]["field"].as_str()),
        (422, Some("location_id")),
        "{problem}"
    );
    let other = app.another_key().await;
    let (_, theirs) = app.api(app.http.get(format!("{}/api/v1/locations", app.url)), &other).await;
    assert_eq!(theirs, json!({ "data": [], "next_cursor": null }));
}
