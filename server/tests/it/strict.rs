//! What a request says and nobody understands is refused by name, at every address there is and will be.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";
const SURPRISE: &str = "no_such_thing";

/// Every operation of the document: its method, its address with an id that nobody has, whether it takes a body, and what it says that it
/// answers.
fn operations() -> Vec<(Method, String, bool, Value)> {
    let document = serde_json::to_value(server::rest::openapi()).expect("a document");
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let Ok(method) = method.to_ascii_uppercase().parse::<Method>() else {
                continue;
            };
            let path = path.replace("{id}", "01a1f907-bfd3-7325-b220-08dca0ab4dcc");
            let text = [
                ("{kind}", "reminder"),
                ("{channel}", "sms"),
                ("{language}", "en"),
                ("{version}", "1"),
                ("{template}", "recall"),
                ("{name}", "no-shows"),
            ];
            let path = text.iter().fold(path, |path, (name, value)| path.replace(name, value));
            assert!(!path.contains('{'), "this walk knows no value for {path}");
            let takes_body = operation.get("requestBody").is_some();
            all.push((method, path, takes_body, operation["responses"].clone()));
        }
    }
    assert!(all.len() >= 18, "{all:?}");
    all
}

fn names(answer: &Value, name: &str) -> bool {
    answer["detail"].as_str().is_some_and(|words| words.contains(name))
        && answer["errors"][0]["pointer"] == format!("/{name}")
        && answer["errors"][0]["detail"] == answer["detail"]
}

#[tokio::test]
async fn no_operation_swallows_what_it_does_not_know() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for (method, path, takes_body, told) in operations() {
        let is_told = |status: u16| told[status.to_string()]["content"].get("application/problem+json").is_some();
        let url = format!("{}/api/v1{path}", app.url);
        let request = || app.http.request(method.clone(), &url);
        let (status, answer) = app.api(request().query(&[(SURPRISE, "1")]).json(&json!({})), &app.key).await;
        assert_eq!((status, names(&answer, SURPRISE)), (400, true), "{method} {path}: {answer}");
        assert_eq!(answer["code"], "malformed");
        assert!([400, 401, 403, 429].into_iter().all(is_told), "{method} {path}: {told}");
        if method != Method::GET {
            let (status, answer) = app.api(request().json(&json!({ SURPRISE: 1 })), &app.key).await;
            assert_eq!((status, names(&answer, SURPRISE)), (422, true), "{method} {path}: {answer}");
            let (status, answer) = app.api(request().json(&json!([])), &app.key).await;
            assert_eq!(status, 422, "{method} {path}: a list is no command: {answer}");
            assert!([413, 422].into_iter().all(is_told), "{method} {path}: {told}");
        }
        if takes_body {
            let (status, _) = app.api(request().body("{}"), &app.key).await;
            assert_eq!(status, 400, "{method} {path}: not sent as JSON");
        }
        for name in ["key", "api_key", "access_token", "token"] {
            let keyed = request().query(&[(name, &app.key)]).json(&json!({}));
            let (status, answer) = app.api(keyed, &app.key).await;
            assert_eq!(status, 401, "{method} {path}?{name}=");
            assert!(
                answer["detail"]
                    .as_str()
                    .is_some_and(|words| words.contains("Authorization: Bearer")),
                "{answer}"
            );
        }
        let bare = app.http.request(method.clone(), &url).query(&[(SURPRISE, "1")]);
        assert_eq!(
            bare.send().await.expect("an answer").status().as_u16(),
            401,
            "{method} {path}: the key comes first"
        );
    }
}

#[rstest]
#[case::zone("/contacts", json!({ "name": "Ann", "phone": ANN, "timezone": "Europe/Rome" }), "/timezone")]
#[case::inside("/contacts", json!({ "name": "Ann", "phone": ANN, "opt_in": { "channel": "sms", "source": "web", "when": 1 } }), "/opt_in/when")]
#[case::missing("/contacts", json!({ "name": "Ann" }), "/phone")]
#[case::missing_inside("/contacts", json!({ "name": "Ann", "phone": ANN, "opt_in": { "channel": "sms" } }), "/opt_in/source")]
#[case::wrong_kind("/contacts", json!({ "name": 7, "phone": ANN }), "/name")]
#[case::camel("/messages", json!({ "contact_id": uuid::Uuid::nil(), "body": "Hi", "correlationId": "1" }), "/correlationId")]
#[case::place("/appointments", json!({ "contact_id": uuid::Uuid::nil(), "starts_at": "2030-01-01T10:00", "location": "x" }), "/location")]
#[case::in_a_list("/messages/retry", json!({ "ids": [7] }), "/ids/0")]
#[case::invisible("/contacts", json!({ "name": "\u{3164}", "phone": ANN }), "/name")]
#[tokio::test]
async fn a_body_is_told_what_is_wrong_and_where(#[case] path: &str, #[case] body: Value, #[case] pointer: &str) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let (status, answer) = app.post(path, body).await;
    assert_eq!(
        (status, answer["errors"][0]["pointer"].as_str()),
        (422, Some(pointer)),
        "{answer}"
    );
    let (_, none) = app.get("/conversations").await;
    assert_eq!(none["data"], json!([]), "nothing came of it");
}

#[tokio::test]
async fn lists_take_their_size_and_nothing_else() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    for n in 0..3 {
        app.reply(&ann, &format!("Text {n}")).await;
    }
    let (_, first) = app.get("/messages?limit=2").await;
    assert_eq!(first["data"].as_array().map(Vec::len), Some(2));
    let next = first["next_cursor"].as_str().expect("there is more");
    let (_, rest) = app.get(&format!("/messages?limit=2&cursor={next}")).await;
    assert_eq!(
        (rest["data"].as_array().map(Vec::len), &rest["next_cursor"]),
        (Some(1), &Value::Null)
    );
    for list in ["/messages", "/conversations", "/tasks"] {
        for wrong in ["limit=0", "limit=101", "limit=many", "contact=1", "state=open"] {
            let (status, answer) = app.get(&format!("{list}?{wrong}")).await;
            let name = wrong.split('=').next().unwrap_or_default();
            let pointer = answer["errors"][0]["pointer"].as_str();
            assert_eq!(
                (status, pointer),
                (400, Some(format!("/{name}").as_str())),
                "{list}?{wrong}: {answer}"
            );
        }
        assert_eq!(app.get(&format!("{list}?limit=100")).await.0, 200);
    }
}

#[tokio::test]
async fn the_live_stream_is_as_strict_and_webhooks_are_not() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let answer = app
        .http
        .get(format!("{}/live?since=3", app.url))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 400);
    let mut text = app.text("SM00000000000000000000000000000001", ANN, "Hello");
    text.push(("SomethingNewAtTwilio", "1"));
    let answer = app.signed(crate::app::INBOUND, &text).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
}

#[tokio::test]
async fn a_phone_is_given_twice_wherever_it_is_given() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.receives(
        "SM00000000000000000000000000000002",
        ANN,
        "What about parking, and is it far?",
    )
    .await;
    let twice = |row: &Value, what: &str| {
        let given = (row["phone"].as_str(), row["phone_display"].as_str());
        assert_eq!(given, (Some(ANN), Some("(415) 555-0171")), "{what}: {row}");
    };
    let (_, conversations) = app.get("/conversations").await;
    let row = &conversations["data"][0];
    twice(row, "a conversation");
    assert_eq!(row["unread"], 1);
    let contact = row["contact_id"].as_str().expect("an id");
    twice(&app.get(&format!("/contacts/{contact}")).await.1, "a contact");
    app.contact("Ann", ANN).await;
    let appointment = app.appointment(contact, 60).await;
    twice(&app.see_appointment(&appointment).await, "a visit");
    app.receives("SM00000000000000000000000000000003", ANN, "please stop texting me")
        .await;
    let tasks = app.open_tasks().await;
    assert!(!tasks.is_empty());
    tasks.iter().for_each(|task| twice(task, "a task"));
    let actor = services::Actor {
        business_id: app.business_id,
        who: services::Principal::Operator,
    };
    let events = services::live::after(&app.s, &actor, 0).await.expect("events").events;
    let events: Vec<Value> = events.iter().map(|(_, e)| serde_json::to_value(e).expect("JSON")).collect();
    for kind in ["conversation", "contact", "appointment", "task"] {
        let event = events.iter().rev().find(|e| e["type"] == kind).expect("an event");
        twice(&event["data"], kind);
    }
}

#[rstest]
#[tokio::test]
async fn the_same_appointment_twice_is_a_conflict_that_names_the_first(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let starts_at = app.s.now() + chrono::Duration::hours(60);
    let body = json!({ "contact_id": ann, "starts_at": starts_at.to_rfc3339() });
    let posts = (0..6).map(|_| app.post("/appointments", body.clone()));
    let answers = futures::future::join_all(posts).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(status, _)| *status == 201);
    assert_eq!((made.len(), refused.len()), (1, 5));
    let first = &made[0].1["id"];
    for (status, problem) in refused {
        assert_eq!(
            (status, &problem["code"], &problem["conflicts_with"]),
            (409, &json!("conflict"), first)
        );
        let detail = problem["errors"][0]["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(first.as_str().expect("an id")), "{problem}");
    }
    let other = app.appointment(&ann, 61).await;
    let (status, problem) = app.move_appointment(&other, starts_at).await;
    assert_eq!((status, &problem["conflicts_with"]), (409, first));
    let cancel = format!("/appointments/{}/cancel", first.as_str().expect("an id"));
    assert_eq!(app.post(&cancel, json!({})).await.0, 200);
    assert_eq!(app.post("/appointments", body).await.0, 201, "not after a cancel");
}

#[tokio::test]
async fn the_form_says_so_leads_to_the_first_and_keeps_what_was_typed() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    app.sign_in().await;
    let form_page = format!("/appointments/new?contact={ann}");
    let path = server_function(&app, &form_page, "create_appointment").await;
    let soon = (app.s.now() + chrono::Duration::days(5)).format("%Y-%m-%dT10:00").to_string();
    let typed = [
        ("contact_id", ann.as_str()),
        ("starts_at", &soon),
        ("location_id", ""),
        ("staff_label", "Dr. Osei"),
        ("notes", "Cleaning"),
    ];
    let made = post(&app, &path, &typed).await;
    let first = made.headers()["location"].to_str().expect("a path").to_owned();
    assert!(first.starts_with("/appointments/") && !first.contains("new"), "{first}");
    let again = post(&app, &path, &typed).await;
    assert_eq!(again.headers()["location"], form_page);
    let html = page(&app, &form_page).await;
    for part in [
        "Ann already has an appointment at that time.",
        &format!("href=\"{first}\""),
        &soon,
        "Dr. Osei",
        "Cleaning",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
}

#[tokio::test]
async fn a_country_is_asked_at_sign_up_and_chosen_in_settings_with_nothing_but_forms() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let url = format!("{}/signup", app.url);
    let chosen = async |languages: &str| {
        let answer = app
            .http
            .get(&url)
            .header("accept-language", languages)
            .send()
            .await
            .expect("an answer");
        let html = answer.text().await.expect("a page");
        let select = html
            .split("name=\"country\"")
            .nth(1)
            .expect("a choice")
            .split("</select>")
            .next()
            .unwrap_or_default()
            .to_owned();
        let option = select
            .split("<option")
            .find(|option| option.contains("selected"))
            .unwrap_or_default()
            .to_owned();
        option
            .split("value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(chosen("it-IT,it;q=0.9,en-US;q=0.8").await, "IT");
    assert_eq!(chosen("en-GB").await, "GB");
    assert_eq!(chosen("it,en-US;q=0.8").await, "", "nothing is guessed");
    let path = server_function(&app, "/signup", "sign_up").await;
    let form = [
        ("business_name", "Studio"),
        ("name", "Ines"),
        ("email", "ines@x.test"),
        ("password", "a long password"),
        ("time_zone", ""),
        ("country", "MX"),
    ];
    assert_eq!(post(&app, &path, &form).await.headers()["location"], "/today");
    assert!(page(&app, "/settings/business").await.contains("Country"));
    let add = server_function(&app, "/contacts/new", "create_contact").await;
    let person = |name: &'static str, phone: &'static str| {
        [
            ("name", name),
            ("phone", phone),
            ("email", ""),
            ("time_zone", ""),
            ("language", ""),
            ("tags", ""),
            ("notes", ""),
        ]
    };
    post(&app, &add, &person("Luis", "55 1234 5678")).await;
    let list = page(&app, "/contacts?q=5512345678").await;
    assert!(list.contains("55 1234 5678") && list.contains("Luis"), "{list}");
    let save = server_function(&app, "/settings/business", "update_business").await;
    let settings = [
        ("name", "Studio"),
        ("contact_line", "x"),
        ("time_zone", "UTC"),
        ("country", "IN"),
    ];
    post(&app, &save, &settings).await;
    post(&app, &add, &person("Asha", "98765 43210")).await;
    let list = page(&app, "/contacts?q=Asha").await;
    assert!(list.contains("098765 43210"), "{list}");
}
