//! What no program should send and some do: too much, too deep, torn off, twice. Each is told what is wrong, nothing comes of it, and the
//! door stands.

use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::app::TestApp;

const ANN: &str = "+14155550171";

/// As bytes, with what a JSON body needs.
async fn send(app: &TestApp, path: &str, body: Vec<u8>) -> (u16, Value) {
    let request = app.http.post(format!("{}/api/v1{path}", app.url));
    let request = request.header("content-type", "application/json").body(body);
    app.api(request, &app.key).await
}

/// It is a problem with words, nothing was stored, and whoever asks next is served.
async fn is_refused(app: &TestApp, what: &str, (status, problem): (u16, Value), wanted: &[u16]) {
    assert!(wanted.contains(&status), "{what}: {status} {problem}");
    // Whoever still sends when the door closes may not get to read its words.
    if status != 413 || !problem.is_null() {
        let words = problem["detail"].as_str().unwrap_or_default();
        assert!(words.len() > 10, "{what}: {problem}");
        assert_eq!(problem["status"], status, "{what}: {problem}");
    }
    for list in ["/contacts", "/tasks", "/appointments"] {
        let (status, page) = app.get(list).await;
        assert_eq!((status, &page["data"]), (200, &json!([])), "{what}: nothing came of it");
    }
}

#[tokio::test]
async fn too_much_is_not_taken() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let name = "x".repeat(10 << 20);
    let body = json!({ "name": name, "phone": ANN }).to_string();
    is_refused(&app, "10 MB", send(&app, "/contacts", body.into_bytes()).await, &[413]).await;

    let person = |n: usize| json!({ "name": "Ann", "phone": format!("+1415{n:07}") });
    let rows = |n: usize| {
        json!({ "contacts": (0..n).map(person).collect::<Vec<_>>() })
            .to_string()
            .into_bytes()
    };
    is_refused(
        &app,
        "100,000 rows",
        send(&app, "/contacts/batch", rows(100_000)).await,
        &[413],
    )
    .await;
    let (status, problem) = send(&app, "/contacts/batch", rows(201)).await;
    assert_eq!(problem["errors"][0]["pointer"], "/contacts", "{problem}");
    is_refused(&app, "201 rows", (status, problem), &[422]).await;
    // As many as fit: small ones.
    let small = format!("{{\"contacts\":[{}]}}", vec!["{}"; 80_000].join(","));
    is_refused(
        &app,
        "80,000 empty rows",
        send(&app, "/contacts/batch", small.into_bytes()).await,
        &[422],
    )
    .await;
}

#[rstest]
#[case::lists("[".repeat(100_000))]
#[case::objects("{\"a\":".repeat(40_000))]
#[case::closed(format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)))]
#[tokio::test]
async fn a_bomb_of_brackets_does_not_go_off(#[case] bomb: String) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for body in [
        bomb.clone(),
        format!("{{\"title\": {bomb}}}"),
        format!("{{\"title\": \"Water\", \"due_at\": {bomb}}}"),
        format!("{{\"unknown\": {bomb}}}"),
    ] {
        is_refused(&app, "a bomb", send(&app, "/tasks", body.into_bytes()).await, &[400, 422]).await;
    }
}

#[rstest]
#[case::none("")]
#[case::a_form("application/x-www-form-urlencoded")]
#[case::xml("application/xml")]
#[case::a_file("multipart/form-data; boundary=x")]
#[case::nearly("application/jsonp")]
#[case::text("text/json")]
#[tokio::test]
async fn what_does_not_say_that_it_is_json_is_not_read(#[case] kind: &str) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let mut request = app
        .http
        .post(format!("{}/api/v1/tasks", app.url))
        .body("{\"title\": \"Water\"}");
    if !kind.is_empty() {
        request = request.header("content-type", kind);
    }
    let answer = app.api(request, &app.key).await;
    is_refused(&app, kind, answer, &[400]).await;
}

#[tokio::test]
async fn a_header_that_is_there_twice_is_not_guessed_at() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let task = || {
        app.http
            .post(format!("{}/api/v1/tasks", app.url))
            .json(&json!({ "title": "Water" }))
    };
    for (name, value) in [
        ("authorization", "Bearer showup_other"),
        ("content-type", "text/plain"),
        ("idempotency-key", "two"),
    ] {
        let request = task().header("idempotency-key", "one").header(name, value);
        let (status, problem) = app.api(request, &app.key).await;
        let words = problem["detail"].as_str().unwrap_or_default().to_lowercase();
        assert!(words.contains(name), "{name}: {problem}");
        is_refused(&app, name, (status, problem), &[400]).await;
    }
    // Two lengths are a way to hide one request in another.
    let key = &app.key;
    let head = format!(
        "POST /api/v1/tasks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: 18\r\ncontent-length: 2\r\n\r\n{{\"title\": \"Water\"}}"
    );
    let mut line = TcpStream::connect(app.url.trim_start_matches("http://"))
        .await
        .expect("a line");
    line.write_all(head.as_bytes()).await.expect("written");
    let mut said = [0; 12];
    line.read_exact(&mut said).await.expect("an answer");
    assert_eq!(String::from_utf8_lossy(&said), "HTTP/1.1 400");
    assert_eq!(app.get("/tasks").await.1["data"], json!([]));
}

#[rstest]
#[case::minutes("/appointments", json!({ "contact_id": uuid::Uuid::nil(), "starts_at": "2030-01-01T10:00", "minutes": "30" }), "/minutes")]
#[case::a_number("/contacts", json!({ "name": "Ann", "phone": 4_155_550_171_u64 }), "/phone")]
#[case::a_truth("/webhook-endpoints", json!({ "url": "https://example.com", "events": ["*"], "full": "yes" }), "/full")]
#[case::a_list("/messages/retry", json!({ "ids": uuid::Uuid::nil() }), "/ids")]
#[case::a_list_of_one("/contacts/batch", json!({ "contacts": { "name": "Ann", "phone": ANN } }), "/contacts")]
#[case::too_large("/slots", json!({ "starts_at": "2030-01-01T10:00", "minutes": 99_999_999_999_u64 }), "/minutes")]
#[case::a_fraction("/slots", json!({ "starts_at": "2030-01-01T10:00", "minutes": 30.5 }), "/minutes")]
#[tokio::test]
async fn another_type_is_not_turned_into_the_right_one(#[case] path: &str, #[case] body: Value, #[case] pointer: &str) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let (status, problem) = app.post(path, body).await;
    assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    is_refused(&app, path, (status, problem), &[422]).await;
}

/// The line breaks before all is there: nothing was asked for, and who asks again is served, by the same name of the request, too.
#[rstest]
#[tokio::test]
async fn what_is_torn_off_was_never_asked(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let body = json!({ "title": "Water the plants" }).to_string();
    let head = format!(
        "POST /api/v1/tasks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         idempotency-key: plants\r\ncontent-length: {}\r\n\r\n",
        app.key,
        body.len()
    );
    let whole = format!("{head}{body}");
    // In the headers, before the body, in the middle of it, and one letter before its end.
    for sent in [40, head.len(), head.len() + 9, whole.len() - 1] {
        let mut line = TcpStream::connect(app.url.trim_start_matches("http://"))
            .await
            .expect("a line");
        line.write_all(&whole.as_bytes()[..sent]).await.expect("written");
        line.shutdown().await.expect("torn off");
        let mut said = Vec::new();
        line.read_to_end(&mut said).await.expect("whatever it says");
        assert!(!said.starts_with(b"HTTP/1.1 2"), "{sent}: {}", String::from_utf8_lossy(&said));
    }
    assert_eq!(app.get("/tasks").await.1["data"], json!([]));
    let again = || {
        let request = app
            .http
            .post(format!("{}/api/v1/tasks", app.url))
            .header("idempotency-key", "plants");
        request.header("content-type", "application/json").body(body.clone())
    };
    let made = app
        .until("whoever was cut off is gone", async || {
            let (status, made) = app.api(again(), &app.key).await;
            assert!([201, 409].contains(&status), "{status} {made}");
            (status == 201).then_some(made)
        })
        .await;
    assert_eq!(app.api(again(), &app.key).await.1["id"], made["id"]);
    assert_eq!(app.get("/tasks").await.1["data"].as_array().map(Vec::len), Some(1));
}
