//! Programs at the door of the API: what they repeat, how often they may ask, where their keys open, what is written down of them, and what
//! they are told when something does not work.

use contract::integrations::{CreateApiKey, RequestQuery, RequestRow};
use futures::future::join_all;
use reqwest::{Method, Response, header::HeaderMap};
use rstest::rstest;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use services::{Actor, Principal, integrations};
use sha2::{Digest, Sha256};
use testkit::Backend;

use crate::app::{TestApp, sid};

const ANN: &str = "+14155550171";

fn operator(app: &TestApp) -> Actor {
    Actor {
        business_id: app.business_id,
        who: Principal::Operator,
    }
}

fn word<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn post_once(app: &TestApp, key: &str, path: &str, body: &Value) -> Response {
    let request = app.http.post(format!("{}/api/v1{path}", app.url));
    let request = request.header("Idempotency-Key", key).bearer_auth(&app.key).json(body);
    request.send().await.expect("an answer")
}

/// Asks until the first is done, as a program should.
async fn until_done(app: &TestApp, key: &str, path: &str, body: &Value) -> (u16, bool, Value) {
    app.until("the first is done", async || {
        let answer = post_once(app, key, path, body).await;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        if status == 409 && headers.contains_key("retry-after") {
            return None;
        }
        let replayed = word(&headers, "idempotent-replayed") == Some("true");
        Some((status, replayed, answer.json().await.expect("JSON")))
    })
    .await
}

async fn how_many(app: &TestApp, title: &str) -> usize {
    let tasks = app.open_tasks().await;
    tasks.iter().filter(|task| task["title"] == title).count()
}

#[rstest]
#[tokio::test]
async fn fifty_equal_requests_at_once_do_it_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let body = json!({ "title": "Call Ann" });
    let answers = join_all((0..50).map(|_| until_done(&app, "call-ann", "/tasks", &body))).await;
    let first = &answers[0].2["id"];
    assert!(first.is_string());
    for (status, _, task) in &answers {
        assert_eq!((status, &task["id"]), (&201, first), "{task}");
    }
    assert_eq!(
        answers.iter().filter(|(_, replayed, _)| !replayed).count(),
        1,
        "one was done, the others heard of it"
    );
    assert_eq!(how_many(&app, "Call Ann").await, 1);
    let (_, _, again) = until_done(&app, "another", "/tasks", &body).await;
    assert_ne!(&again["id"], first, "another key is another thing to do");
}

#[rstest]
#[tokio::test]
async fn texts_that_come_together_are_each_sent_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let body = |n: usize| json!({ "contact_id": ann, "body": format!("Text {n}") });
    let bodies: Vec<(String, Value)> = (0..24).map(|n| (format!("text-{}", n % 4), body(n % 4))).collect();
    let answers = join_all(bodies.iter().map(|(key, body)| until_done(&app, key, "/messages", body))).await;
    assert!(answers.iter().all(|(status, ..)| *status == 202), "{answers:?}");
    assert_eq!(app.messages_of(&ann).await.len(), 4);
    let stopped = app.contact("Ben", "+14155550172").await;
    let path = format!("/contacts/{stopped}/consent");
    let said = |state: &str| json!({ "channel": "sms", "purpose": "transactional", "state": state, "evidence": "on the phone" });
    assert!(app.post(&path, said("opted_out")).await.0 < 300);
    let text = json!({ "contact_id": stopped, "body": "Hello" });
    assert_eq!(until_done(&app, "ben", "/messages", &text).await.0, 409);
    assert!(app.post(&path, said("opted_in")).await.0 < 300);
    let (status, replayed, _) = until_done(&app, "ben", "/messages", &text).await;
    assert_eq!(
        (status, replayed),
        (202, false),
        "what was refused was not done, and is looked at anew"
    );
}

#[tokio::test]
async fn a_key_is_for_one_request_and_what_was_refused_may_be_mended() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let told = async |key: &str, path: &str, body: Value| until_done(&app, key, path, &body).await;
    let (status, _, problem) = told("k", "/tasks", json!({ "title": "" })).await;
    assert_eq!(status, 422, "{problem}");
    let (status, replayed, first) = told("k", "/tasks", json!({ "title": "One" })).await;
    assert_eq!((status, replayed), (201, false), "{first}");
    let (status, replayed, same) = told("k", "/tasks", json!({ "title": "One" })).await;
    assert_eq!((status, replayed, &same), (201, true, &first));
    let (status, replayed, problem) = told("k", "/tasks", json!({ "title": "Two" })).await;
    assert_eq!((status, replayed), (422, false), "{problem}");
    assert!(
        problem["detail"].as_str().is_some_and(|words| words.contains("another body")),
        "{problem}"
    );
    let done = format!("/tasks/{}/done", first["id"].as_str().expect("an id"));
    assert_eq!(
        told("k", &done, json!({})).await.0,
        200,
        "at another address it is another key"
    );
    for bad in [String::new(), "x".repeat(256)] {
        let answer = post_once(&app, &bad, "/tasks", &json!({ "title": "Three" })).await;
        assert_eq!(answer.status().as_u16(), 400);
    }
    assert_eq!((how_many(&app, "Two").await, how_many(&app, "Three").await), (0, 0));
}

#[rstest]
#[tokio::test]
async fn an_answer_that_was_lost_with_its_process_is_made_up_for(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    use entity::integrations::api_repeat;
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let lose = async || {
        let none = Expr::value(Option::<String>::None);
        let lost = api_repeat::Entity::update_many().col_expr(api_repeat::Column::Answer, none);
        lost.exec(app.s.db().connection())
            .await
            .expect("as if it had never been kept");
        app.clock().advance(chrono::Duration::seconds(11));
    };
    for (path, body) in [
        ("/contacts", json!({ "name": "Ben", "phone": "+14155550172" })),
        ("/tasks", json!({ "title": "Call Ann" })),
        ("/messages", json!({ "contact_id": ann, "body": "Hello" })),
    ] {
        let (status, _, first) = until_done(&app, "k", path, &body).await;
        lose().await;
        let (again, replayed, second) = until_done(&app, "k", path, &body).await;
        assert_eq!(
            (again, replayed, &second["id"]),
            (status, true, &first["id"]),
            "{path}: {second}"
        );
    }
    assert_eq!((how_many(&app, "Call Ann").await, app.messages_of(&ann).await.len()), (1, 1));
    let task = app.open_tasks().await.remove(0);
    let done = format!("/tasks/{}/done", task["id"].as_str().expect("an id"));
    until_done(&app, "k", &done, &json!({})).await;
    lose().await;
    let (status, replayed, seen) = until_done(&app, "k", &done, &json!({})).await;
    assert_eq!((status, replayed, &seen["id"]), (200, true, &task["id"]), "{seen}");
    let batch = json!({ "contacts": [{ "name": "Cy", "phone": "+14155550173" }] });
    until_done(&app, "k", "/contacts/batch", &batch).await;
    lose().await;
    let (status, _, problem) = until_done(&app, "k", "/contacts/batch", &batch).await;
    assert_eq!(status, 409, "what can't be shown is not done again either: {problem}");
}

#[tokio::test]
async fn after_a_day_an_answer_is_forgotten() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let body = json!({ "title": "Water the plants" });
    until_done(&app, "plants", "/tasks", &body).await;
    app.clock().advance(chrono::Duration::hours(23));
    integrations::repeats::prune(&app.s).await.expect("nothing is old");
    assert!(until_done(&app, "plants", "/tasks", &body).await.1);
    app.clock().advance(chrono::Duration::hours(1));
    assert!(
        !until_done(&app, "plants", "/tasks", &body).await.1,
        "though nobody has removed it yet"
    );
    app.clock().advance(chrono::Duration::hours(24));
    integrations::repeats::prune(&app.s).await.expect("removed");
    let left = entity::integrations::api_repeat::Entity::find()
        .all(app.s.db().connection())
        .await;
    assert!(left.expect("rows").is_empty());
    assert_eq!(how_many(&app, "Water the plants").await, 2);
}

#[tokio::test]
async fn a_key_says_how_often_it_may_ask() {
    let app = TestApp::with_requests(Backend::Sqlite, 3).await;
    let other = app.key_with(&["tasks:read"]).await;
    let ask = async |key: &str| {
        let request = app.http.get(format!("{}/api/v1/me", app.url)).bearer_auth(key);
        let answer = request.send().await.expect("an answer");
        (
            answer.status().as_u16(),
            answer.headers().clone(),
            answer.text().await.expect("text"),
        )
    };
    for left in ["\"default\";r=2;t=20", "\"default\";r=1;t=40", "\"default\";r=0;t=60"] {
        let (status, headers, _) = ask(&app.key).await;
        assert_eq!((status, word(&headers, "ratelimit")), (200, Some(left)));
        assert_eq!(word(&headers, "ratelimit-policy"), Some("\"default\";q=3;w=60"));
    }
    let (status, headers, problem) = ask(&app.key).await;
    assert_eq!((status, word(&headers, "retry-after")), (429, Some("20")), "{problem}");
    assert_eq!(word(&headers, "ratelimit"), Some("\"default\";r=0;t=20"));
    assert!(problem.contains("too_many"), "{problem}");
    assert_eq!(ask(&other).await.0, 200, "each key has its own");
    app.clock().advance(chrono::Duration::seconds(20));
    assert_eq!((ask(&app.key).await.0, ask(&app.key).await.0), (200, 429));
}

#[tokio::test]
async fn keys_have_a_form_an_end_and_places_where_they_open() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let owner = operator(&app);
    let from = async |key: &str, from: &str| {
        let request = app.http.get(format!("{}/api/v1/me", app.url));
        app.api(request.header("X-Forwarded-For", from), key).await.0
    };
    assert!(
        domain::api_key::is_one(&app.key) && app.key.len() == "showup_".len() + 36,
        "{}",
        app.key
    );
    let mut typo = app.key.clone();
    let last = typo.pop().expect("a letter");
    typo.push(if last == 'a' { 'b' } else { 'a' });
    assert_eq!(from(&typo, "203.0.113.9").await, 401);

    let cmd = CreateApiKey {
        name: "Website".to_owned(),
        scopes: vec!["tasks:read".to_owned()],
        expires_on: Some("2025-01-06".to_owned()),
        addresses: Some("203.0.113.0/24, 2001:db8::/32\n198.51.100.7".to_owned()),
    };
    let key = integrations::create_scoped_key(&app.s, &owner, cmd.clone())
        .await
        .expect("a key");
    for inside in ["203.0.113.9", "2001:db8:7::1", "198.51.100.7", "::ffff:203.0.113.1"] {
        assert_eq!(from(&key, inside).await, 200, "{inside}");
    }
    for outside in ["203.0.114.9", "2001:db9::1", "198.51.100.8", "127.0.0.1"] {
        assert_eq!(from(&key, outside).await, 403, "{outside}");
    }
    let keys = integrations::list_api_keys(&app.s, &owner).await.expect("keys");
    let shown = keys.iter().find(|one| one.name == "Website").expect("it is there");
    assert_eq!(shown.last_used_from.as_deref(), Some("203.0.113.9"), "to the minute");
    assert_eq!(shown.addresses, ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32"]);
    assert!(key.ends_with(shown.hint.trim_start_matches("showup_…")) && shown.created_by == "operator");
    app.clock().advance(chrono::Duration::hours(9));
    assert_eq!(from(&key, "203.0.113.9").await, 401, "its last day is over");

    for (wrong, name) in [
        (
            CreateApiKey {
                expires_on: Some("2025-01-05".to_owned()),
                ..cmd.clone()
            },
            "expires_on",
        ),
        (
            CreateApiKey {
                expires_on: Some("soon".to_owned()),
                ..cmd.clone()
            },
            "expires_on",
        ),
        (
            CreateApiKey {
                expires_on: None,
                addresses: Some("example.com".to_owned()),
                ..cmd.clone()
            },
            "addresses",
        ),
        (
            CreateApiKey {
                scopes: vec!["tasks:all".to_owned()],
                ..cmd.clone()
            },
            "scopes",
        ),
    ] {
        let refused = integrations::create_scoped_key(&app.s, &owner, wrong)
            .await
            .expect_err("refused");
        assert!(refused.problem().for_field(name).is_some(), "{name}: {refused}");
    }
}

#[tokio::test]
async fn a_key_from_before_there_was_a_checksum_opens_until_it_is_revoked() {
    use entity::integrations::api_key;
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let old = format!("showup_{}", "0a".repeat(32));
    let keys = integrations::list_api_keys(&app.s, &operator(&app)).await.expect("keys");
    api_key::Entity::update_many()
        .col_expr(api_key::Column::Hash, Expr::value(hex(&Sha256::digest(old.as_bytes()))))
        .filter(api_key::Column::Id.eq(keys[0].id))
        .exec(app.s.db().connection())
        .await
        .expect("made long ago");
    let me = || app.http.get(format!("{}/api/v1/me", app.url));
    let (status, key) = app.api(me(), &old).await;
    assert_eq!(
        (status, &key["name"], &key["business"]["name"]),
        (200, &json!("tests"), &json!("Bright Dental")),
        "{key}"
    );
    assert!(
        key["scopes"]
            .as_array()
            .is_some_and(|all| all.contains(&json!("contacts:read")))
    );
    integrations::revoke_api_key(&app.s, &operator(&app), keys[0].id)
        .await
        .expect("revoked");
    assert_eq!(app.api(me(), &old).await.0, 401, "at once");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_problem_says_where_it_is_explained_and_which_request_it_was() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ask = async |method: Method, path: &str, id: Option<&str>| {
        let mut request = app
            .http
            .request(method, format!("{}/api/v1{path}", app.url))
            .bearer_auth(&app.key);
        if let Some(id) = id {
            request = request.header("X-Request-Id", id);
        }
        let answer = request.send().await.expect("an answer");
        let id = word(answer.headers(), "x-request-id").expect("an id").to_owned();
        (id, answer.json::<Value>().await.expect("JSON"))
    };
    let (id, problem) = ask(Method::GET, "/contacts/7", Some("job-7.a:b_c")).await;
    assert_eq!((id.as_str(), &problem["instance"]), ("job-7.a:b_c", &json!("job-7.a:b_c")));
    for bad in ["a b", "<script>", "x".repeat(129).as_str()] {
        let (id, problem) = ask(Method::GET, "/contacts/7", Some(bad)).await;
        assert!(id != bad && problem["instance"] == json!(id), "{bad}: {id}");
    }
    for (method, path) in [
        (Method::GET, "/nothing"),
        (Method::GET, "/tasks?x=1"),
        (Method::POST, "/tasks"),
        (Method::PUT, "/tasks"),
    ] {
        let (id, problem) = ask(method, path, None).await;
        assert_eq!(problem["instance"], json!(id), "{path}");
        let address = problem["type"].as_str().expect("an address");
        let (page, anchor) = address.split_once('#').expect("a place on a page");
        let html = app
            .http
            .get(page)
            .send()
            .await
            .expect("it opens")
            .text()
            .await
            .expect("a page");
        assert!(html.contains(&format!("id=\"{anchor}\"")), "{address}");
    }
    let keys = app.http.get(format!("{}/docs/keys", app.url)).send().await.expect("a page");
    assert!(keys.text().await.expect("text").contains("showup_[0-9A-Za-z]{36}"));
}

async fn log(app: &TestApp, query: RequestQuery) -> Vec<RequestRow> {
    let log = integrations::requests::list(&app.s, &operator(app), query).await;
    log.expect("a page").page.data
}

#[rstest]
#[tokio::test]
async fn what_programs_ask_can_be_read_without_numbers(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.get("/contacts?search=4155550171").await;
    app.post("/contacts", json!({ "name": "Ben", "phone": "call me" })).await;
    app.post(
        "/calendar-sources",
        json!({ "name": "Salon", "url": "https://cal.test/very-secret.ics" }),
    )
    .await;
    let lines = app
        .until("all is written", async || {
            let lines = log(&app, RequestQuery::default()).await;
            (lines.len() == 4).then_some(lines)
        })
        .await;
    let told = serde_json::to_string(&lines).expect("JSON");
    assert!(!told.contains("4155550171") && !told.contains("very-secret"), "{told}");
    let made = lines
        .iter()
        .find(|line| line.status == 201 && line.path == "/contacts")
        .expect("made");
    assert_eq!(
        (made.method.as_str(), made.key.as_str(), made.ip.as_str()),
        ("POST", "tests", "127.0.0.1")
    );
    assert!(made.body.as_ref().is_some_and(|body| body.contains("+1415•••0171")) && made.answer.is_none());
    let failed = RequestQuery {
        show: Some("failed".to_owned()),
        ..RequestQuery::default()
    };
    let failed = log(&app, failed).await;
    assert_eq!(failed.len(), 1);
    assert!(
        failed[0].answer.as_ref().is_some_and(|answer| answer.contains("phone")),
        "{failed:?}"
    );
    let sought = |words: &str| RequestQuery {
        search: Some(words.to_owned()),
        ..RequestQuery::default()
    };
    assert_eq!(log(&app, sought("CALENDAR-s")).await.len(), 1);
    assert_eq!(log(&app, sought("nowhere")).await.len(), 0);
    let sealed = entity::integrations::api_request::Entity::find()
        .all(app.s.db().connection())
        .await
        .expect("rows");
    assert!(
        sealed
            .iter()
            .all(|row| row.body.as_ref().is_none_or(|body| body.starts_with("v1.")))
    );
    assert!(!ann.is_empty());
}

#[tokio::test]
async fn a_cursor_is_a_place_in_one_list_of_one_business() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for n in 0..3 {
        app.post("/tasks", json!({ "title": format!("Task {n}") })).await;
    }
    let (_, page) = app.get("/tasks?status=open&limit=1").await;
    let cursor = page["next_cursor"].as_str().expect("there is more").to_owned();
    let next = |query: &str| format!("/tasks?{query}&cursor={cursor}");
    let (status, page) = app.get(&next("status=open&limit=2")).await;
    assert_eq!(
        (status, page["data"].as_array().map(Vec::len)),
        (200, Some(2)),
        "another size is the same list"
    );
    for other in [
        next("status=done"),
        next("limit=1"),
        format!("/messages?cursor={cursor}"),
        format!("{}A", next("status=open")),
    ] {
        let (status, problem) = app.get(&other).await;
        assert_eq!((status, &problem["code"]), (400, &json!("malformed")), "{other}: {problem}");
    }
    let other = app.another_key().await;
    let request = app.http.get(format!("{}/api/v1{}", app.url, next("status=open&limit=1")));
    assert_eq!(app.api(request, &other).await.0, 400);
}

#[tokio::test]
async fn the_log_and_its_keys_are_a_page() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    app.get("/tasks").await;
    app.until("it is written", async || {
        (!log(&app, RequestQuery::default()).await.is_empty()).then_some(())
    })
    .await;
    let html = crate::pages::page(&app, "/settings/keys/log?search=tasks").await;
    for part in ["API log", "/tasks", "Copy as curl", "$SHOWUP_KEY"] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains(&app.key));
    let html = crate::pages::page(&app, "/settings/keys").await;
    assert!(
        html.contains("last used") && html.contains("from 127.0.0.1") && html.contains("Last day"),
        "{html}"
    );
}

#[tokio::test]
async fn what_staff_can_set_up_a_program_can() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let send = async |method: Method, path: &str, body: Value| {
        let request = app.http.request(method, format!("{}/api/v1{path}", app.url));
        app.api(request.json(&body), &app.key).await
    };
    let map = json!({ "name": "Directions", "body": "We are at 1 Main Street." });
    let (status, reply) = app.post("/quick-replies", map).await;
    assert_eq!((status, &reply["name"]), (201, &json!("Directions")), "{reply}");
    let path = format!("/quick-replies/{}", reply["id"].as_str().expect("an id"));
    let changed = json!({ "name": "Way", "body": "Take the tram." });
    assert_eq!(send(Method::PUT, &path, changed).await.1["name"], "Way");
    assert_eq!(app.get("/quick-replies").await.1["data"][0]["body"], "Take the tram.");
    assert_eq!(send(Method::DELETE, &path, json!({})).await.0, 204);
    assert_eq!(app.get("/quick-replies").await.1["data"], json!([]));

    let (status, place) = app.post("/locations", json!({ "name": "Harbour" })).await;
    assert_eq!((status, &place["archived"]), (201, &json!(false)), "{place}");
    let path = format!("/locations/{}", place["id"].as_str().expect("an id"));
    let (status, place) = send(Method::PUT, &path, json!({ "name": "Harbour", "address": "Pier 3" })).await;
    assert_eq!((status, &place["address"]), (200, &json!("Pier 3")), "{place}");
    let (status, place) = app.post(&format!("{path}/archive"), json!({})).await;
    assert_eq!((status, &place["archived"]), (200, &json!(true)), "{place}");
    let (status, place) = app.post(&format!("{path}/unarchive"), json!({})).await;
    assert_eq!((status, &place["archived"]), (200, &json!(false)), "{place}");

    let ann = app.contact("Ann", ANN).await;
    app.receives(&sid(1), ANN, "Are you open?").await;
    let message = app.reply(&ann, "Hello").await;
    let path = format!("/messages/{}", message["id"].as_str().expect("an id"));
    assert_eq!(app.get(&path).await.1["body"], "Hello");
    let path = format!("/conversations/{}", message["conversation_id"].as_str().expect("an id"));
    assert_eq!(app.get(&path).await.1["contact_id"], json!(ann));
    assert_eq!(app.post(&format!("{path}/needs-reply"), json!({})).await.0, 200);
    let nobody = uuid::Uuid::max();
    for path in [format!("/messages/{nobody}"), format!("/conversations/{nobody}")] {
        assert_eq!(app.get(&path).await.0, 404);
    }
}
