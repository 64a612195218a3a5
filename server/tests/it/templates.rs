//! Texts to customers, as other programs read and write them.

use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

async fn put(app: &TestApp, path: &str, body: Value) -> (u16, Value) {
    app.api(app.http.put(format!("{}/api/v1{path}", app.url)).json(&body), &app.key)
        .await
}

async fn delete(app: &TestApp, path: &str) -> (u16, Value) {
    app.api(app.http.delete(format!("{}/api/v1{path}", app.url)), &app.key).await
}

const REMINDER: &str = "/templates/reminder/sms/en";
const OWN: &str = "Dear {{ name }}, see you {{ date }} at {{ time }}. Y{{ token }} or N{{ token }}? STOP to opt out.";

#[rstest]
#[tokio::test]
async fn a_text_is_written_read_and_set_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let (status, all) = app.get("/templates").await;
    let all = all["data"].as_array().expect("rows").clone();
    assert_eq!((status, all.len()), (200, 24 * 3 * 2));
    assert!(
        all.iter()
            .all(|row| row["own"] == false && row["version"] == 0 && row["body"].is_string())
    );
    let stands: Vec<_> = all
        .iter()
        .filter(|row| row["approval"]["state"] == "draft")
        .map(|row| row["kind"].clone())
        .collect();
    let asks = [
        "reminder",
        "moved",
        "still_waiting",
        "offer_held",
        "offer_race",
        "offer_won",
        "offer_lost",
        "offer_late",
        "offer_times",
        "times_gone",
    ];
    assert_eq!(
        stands,
        asks.map(|kind| [kind; 2]).concat(),
        "what is handed in to WhatsApp says how far it is"
    );
    let (_, some) = app.get("/templates?kind=reminder&channel=email").await;
    let some = some["data"].as_array().expect("rows").clone();
    assert_eq!(some.len(), 2);
    assert!(some.iter().all(|row| row["subject"].is_string()), "{some:?}");

    let (status, saved) = put(&app, REMINDER, json!({"body": OWN})).await;
    assert_eq!(
        (status, &saved["own"], &saved["version"]),
        (200, &json!(true), &json!(1)),
        "{saved}"
    );
    assert!(
        saved["changed_by"].as_str().is_some_and(|who| who.starts_with("API")),
        "{saved}"
    );
    let (_, read) = app.get(REMINDER).await;
    assert_eq!(read["body"], OWN);
    let (status, problem) = put(&app, REMINDER, json!({"body": "{{ date }} {{ time }}", "version": 0})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("conflict")), "{problem}");

    assert_eq!(delete(&app, REMINDER).await.0, 204);
    assert_eq!(delete(&app, REMINDER).await.0, 204, "it is the built-in one already");
    let (_, read) = app.get(REMINDER).await;
    assert_eq!(
        (&read["own"], &read["body"]),
        (&json!(false), &read["built_in"]["body"]),
        "{read}"
    );
    let (_, versions) = app.get(&format!("{REMINDER}/versions")).await;
    assert_eq!(versions["data"].as_array().map(Vec::len), Some(2), "{versions}");
    let (status, back) = app.post(&format!("{REMINDER}/versions/1/restore"), json!({})).await;
    assert_eq!((status, &back["body"]), (200, &json!(OWN)), "{back}");
    assert_eq!(app.post(&format!("{REMINDER}/versions/9/restore"), json!({})).await.0, 404);
    assert_eq!(app.post(&format!("{REMINDER}/versions/x/restore"), json!({})).await.0, 404);

    let (_, trail) = app.get("/audit?what=settings").await;
    let changes: Vec<_> = trail["data"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["action"].clone())
        .collect();
    let ours = changes
        .iter()
        .filter(|action| *action == "template.updated" || *action == "template.reset");
    assert_eq!(ours.count(), 3, "{trail}");
}

#[tokio::test]
async fn what_is_wrong_is_named_all_of_it() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let (status, problem) = put(&app, REMINDER, json!({"body": "See you {{ dte }}. Reply YES to confirm."})).await;
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    assert_eq!((status, errors.len()), (422, 4), "{problem}");
    assert!(errors.iter().all(|error| error["pointer"] == "/body"), "{problem}");
    let said: String = errors.iter().filter_map(|error| error["detail"].as_str()).collect();
    for word in ["dte", "{{ date }}", "{{ time }}", "YES"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    for (path, body, pointer) in [
        (
            "/templates/reminder/email/en",
            json!({"body": "{{ date }} {{ time }}"}),
            "/subject",
        ),
        ("/templates/help/sms/en", json!({"body": "Hi", "subject": "Hi"}), "/subject"),
        ("/templates/help/sms/en", json!({"body": "Hi", "bdy": 1}), "/bdy"),
        ("/templates/nothing/sms/en", json!({"body": "Hi"}), "/kind"),
        ("/templates/help/fax/en", json!({"body": "Hi"}), "/channel"),
        ("/templates/help/sms/de", json!({"body": "Hi"}), "/language"),
    ] {
        let (status, problem) = put(&app, path, body).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{path}: {problem}"
        );
    }
    assert_eq!(app.get("/templates?kind=nothing").await.0, 422);
    assert_eq!(app.get("/templates?knd=help").await.0, 400);
}

#[tokio::test]
async fn a_text_is_seen_before_it_is_kept() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann Lee", "+14155550171").await;
    let visit = app.appointment(&ann, 48).await;
    let ask = |body: &str| json!({"kind": "reminder", "channel": "sms", "language": "en", "body": body, "appointment_id": visit});
    let (status, shown) = app.post("/templates/preview", ask(OWN)).await;
    assert_eq!(status, 200, "{shown}");
    let text = shown["text"].as_str().expect("a text");
    assert!(
        text.starts_with("Dear Ann, see you ") && text.ends_with("Y or N? STOP to opt out."),
        "{text}"
    );
    assert_eq!(
        (&shown["segments"], &shown["encoding"], &shown["characters"]),
        (&json!(1), &json!("gsm7"), &json!(text.chars().count())),
        "{shown}"
    );
    assert_eq!(
        shown["warnings"][0]["code"], "may_be_empty",
        "not everybody has a name: {shown}"
    );
    assert_eq!(shown["warnings"].as_array().map(Vec::len), Some(1), "{shown}");
    let (status, shown) = app
        .post("/templates/preview", ask("Reply CANCEL to cancel {{ date }} 👍"))
        .await;
    let codes: Vec<_> = shown["warnings"]
        .as_array()
        .expect("warnings")
        .iter()
        .map(|w| w["code"].clone())
        .collect();
    assert_eq!(status, 200, "{shown}");
    for code in [
        "reserved_word",
        "missing_variable",
        "costly_letters",
        "no_token",
        "no_opt_out",
    ] {
        assert!(codes.contains(&json!(code)), "{code}: {codes:?}");
    }
    assert_eq!(shown["encoding"], "ucs2");

    let other = app.another_key().await;
    let request = app.http.post(format!("{}/api/v1/templates/preview", app.url)).json(&ask(OWN));
    assert_eq!(app.api(request, &other).await.0, 404, "another business's visit");
    let reads = app.key_with(&["templates:read"]).await;
    let request = app.http.post(format!("{}/api/v1/templates/preview", app.url)).json(&ask(OWN));
    assert_eq!(app.api(request, &reads).await.0, 403, "the visit is not for this key");
    let write = app
        .http
        .put(format!("{}/api/v1{REMINDER}", app.url))
        .json(&json!({"body": OWN}));
    assert_eq!(app.api(write, &reads).await.0, 403);
}

fn with<'a>(body: &'a str, visit: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("kind", "reminder"),
        ("channel", "sms"),
        ("language", "en"),
        ("version", "0"),
        ("body", body),
        ("visit", visit),
    ]
}

#[tokio::test]
async fn without_a_script_what_is_typed_is_shown_as_it_arrives_and_stays() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let ann = app.contact("Ann Lee", "+14155550171").await;
    let visit = app.appointment(&ann, 48).await;
    let here = "/settings/templates?kind=reminder&channel=sms&language=en";
    let html = page(&app, here).await;
    assert!(
        html.contains("Show how it arrives") && html.contains("form=\"template-form\""),
        "{html}"
    );
    let show = server_function(&app, here, "preview_typed").await;
    let typed = "Own & <b>: {{ name }}, see you {{ date }} at {{ time }}.";
    for (visit, shown) in [
        (visit.as_str(), "Own &amp; &lt;b&gt;: Ann, see you "),
        ("", "Own &amp; &lt;b&gt;: Maya, see you "),
    ] {
        let answer = post(&app, &show, &with(typed, visit)).await;
        assert_eq!(answer.status(), 302);
        let html = page(&app, here).await;
        assert!(html.contains(shown), "{shown}: {html}");
        assert!(
            html.contains("Own &amp; &lt;b&gt;: {{ name }}"),
            "what was typed stays: {html}"
        );
        assert!(html.contains("This text does not say how to opt out"), "{html}");
        assert!(!html.contains("Saved."), "{html}");
    }
    let html = page(&app, here).await;
    assert!(!html.contains("Own &amp;"), "it is kept nowhere: {html}");
    let (_, kept) = app.get(REMINDER).await;
    assert_eq!((&kept["own"], &kept["version"]), (&json!(false), &json!(0)));
    // The button that saves stands in the same form.
    let save = server_function(&app, here, "save_template").await;
    assert_eq!(post(&app, &save, &with(OWN, &visit)).await.status(), 302);
    let (_, kept) = app.get(REMINDER).await;
    assert_eq!(kept["body"], OWN);
}
