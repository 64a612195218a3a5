//! Webhooks to programs of others, over HTTP and on their pages.

use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Backend, Receiver, Says};

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";

fn id(of: &Value) -> String {
    of["id"].as_str().expect("an id").to_owned()
}

/// The official library takes the call, at the time at which it came.
fn verified(call: &testkit::Call, secret: &str) -> bool {
    let mut headers = reqwest::header::HeaderMap::new();
    for (name, value) in [
        ("webhook-id", &call.id),
        ("webhook-timestamp", &call.timestamp),
        ("webhook-signature", &call.signature),
    ] {
        headers.insert(name, value.parse().expect("a value"));
    }
    let library = standardwebhooks::Webhook::new(secret).expect("a secret");
    library.verify(call.body.as_bytes(), &headers).is_ok()
}

#[rstest]
#[tokio::test]
async fn a_program_is_told_by_the_standard(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let receiver = Receiver::start().await;
    let hook = json!({ "url": receiver.url(), "events": ["contact.created", "contact.updated"] });
    let (status, made) = app.post("/webhook-endpoints", hook).await;
    assert_eq!(status, 201, "{made}");
    let (hook, secret) = (id(&made), made["secret"].as_str().expect("a secret").to_owned());
    assert!(secret.starts_with("whsec_"));
    let ann = app.contact("Ann", ANN).await;
    let call = app.until("it is told", async || receiver.take().into_iter().next()).await;
    assert!(verified(&call, &secret), "{call:?}");
    assert_eq!(
        (call.kind().as_str(), &call.json()["data"]["contact_id"]),
        ("contact.created", &json!(ann))
    );

    let path = format!("/webhook-endpoints/{hook}");
    let one = app
        .until("it is written down", async || {
            let (_, list) = app.get(&format!("{path}/deliveries")).await;
            (list["data"][0]["status"] == "delivered").then(|| list["data"][0].clone())
        })
        .await;
    assert_eq!(one["id"], call.id);
    for (field, is) in [
        ("event", json!("contact.created")),
        ("attempts", json!(1)),
        ("answer_status", json!(200)),
        ("answer_body", json!("so be it")),
        ("next_at", Value::Null),
    ] {
        assert_eq!(one[field], is, "{field}");
    }
    let (_, detail) = app.get(&format!("/webhook-deliveries/{}", call.id)).await;
    assert_eq!(detail["body"], call.body);

    let (status, again) = app.post(&format!("/webhook-deliveries/{}/resend", call.id), json!({})).await;
    assert_eq!((status, &again["id"]), (200, &json!(call.id)));
    let second = app.until("once more", async || receiver.take().into_iter().next()).await;
    assert_eq!((second.id, second.body), (call.id, call.body));

    let (status, renewed) = app.post(&format!("{path}/rotate-secret"), json!({})).await;
    assert_eq!(status, 200);
    let renewed = renewed["secret"].as_str().expect("a secret").to_owned();
    let (status, told) = app.post(&format!("{path}/test"), json!({})).await;
    assert_eq!((status, &told["event"]), (202, &json!("webhook.test")));
    let call = app.until("a test", async || receiver.take().into_iter().next()).await;
    assert!(verified(&call, &secret) && verified(&call, &renewed));

    let request = app.http.patch(format!("{}/api/v1{path}", app.url));
    let (status, seen) = app
        .api(request.json(&json!({ "disabled": true, "events": ["*"] })), &app.key)
        .await;
    assert_eq!(
        (status, &seen["disabled"], &seen["events"]),
        (200, &json!(true), &json!(["*"])),
        "{seen}"
    );
    assert!(
        seen["why"].as_str().is_some_and(|why| why.contains("switched it off")),
        "{seen}"
    );
    assert!(!seen.to_string().contains("whsec_"), "its secret is told when it is made");
    let (_, list) = app.get("/webhook-endpoints").await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    let (status, came) = app
        .post(&format!("{path}/resend"), json!({ "since": "2020-01-01T00:00:00Z" }))
        .await;
    assert_eq!((status, &came["resent"]), (202, &json!(0)), "{came}");
    let (status, _) = app.api(app.http.delete(format!("{}/api/v1{path}", app.url)), &app.key).await;
    assert_eq!(status, 204);
    assert_eq!(app.get(&path).await.0, 404);
}

#[rstest]
#[case::url(json!({ "url": "gopher://x", "events": ["*"] }), "/url")]
#[case::events(json!({ "url": "https://example.com", "events": ["contact.eaten"] }), "/events")]
#[case::none(json!({ "url": "https://example.com", "events": [] }), "/events")]
#[case::unknown(json!({ "url": "https://example.com", "events": ["*"], "secret": "mine" }), "/secret")]
#[tokio::test]
async fn what_can_not_be_is_refused_by_name(#[case] body: Value, #[case] pointer: &str) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let (status, answer) = app.post("/webhook-endpoints", body).await;
    assert_eq!(
        (status, answer["errors"][0]["pointer"].as_str()),
        (422, Some(pointer)),
        "{answer}"
    );
}

/// As a browser without scripts: made, tried, looked at, switched off and on, removed.
#[rstest]
#[tokio::test]
async fn its_pages_work_without_a_script(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    const PATH: &str = "/settings/webhooks";
    let app = TestApp::start(backend).await;
    let receiver = Receiver::start().await;
    app.sign_in().await;
    assert!(page(&app, "/settings").await.contains(PATH));
    let add = server_function(&app, PATH, "add_webhook").await;
    // What is wrong is said, and what was typed is still there.
    post(&app, &add, &[("url", "nowhere"), ("events[]", "task.done")]).await;
    let html = page(&app, PATH).await;
    assert!(html.contains("it begins with https://") && html.contains("nowhere"), "{html}");
    let url = receiver.url();
    let answer = post(&app, &add, &[("url", &url), ("events[]", "*"), ("full", "yes")]).await;
    assert_eq!(answer.headers()["location"], PATH);
    let html = page(&app, PATH).await;
    assert!(html.contains("whsec_") && html.contains(&url), "{html}");
    assert!(!page(&app, PATH).await.contains("whsec_"), "shown once");
    let (_, list) = app.get("/webhook-endpoints").await;
    let hook = id(&list["data"][0]);
    let path = format!("{PATH}/{hook}");

    receiver.say(Says::Status(500));
    let test = server_function(&app, &path, "test_webhook").await;
    let answer = post(&app, &test, &[("id", &hook)]).await;
    assert_eq!(answer.headers()["location"], path.as_str());
    let call = app.until("a test", async || receiver.take().into_iter().next()).await;
    let html = app
        .until("its answer", async || {
            let html = page(&app, &format!("{PATH}/deliveries/{}", call.id)).await;
            html.contains("It answered 500.").then_some(html)
        })
        .await;
    assert!(
        html.contains("webhook.test") && html.contains(&call.id) && html.contains("so be it"),
        "{html}"
    );
    let html = page(&app, &format!("{path}?status=waiting")).await;
    assert!(
        html.contains("Nothing has arrived since") && html.contains("webhook.test"),
        "{html}"
    );
    receiver.say(Says::Status(200));
    let again = server_function(&app, &format!("{PATH}/deliveries/{}", call.id), "resend_webhook").await;
    post(&app, &again, &[("id", &call.id)]).await;
    app.until("it arrives", async || {
        let html = page(&app, &format!("{path}?status=delivered")).await;
        html.contains(&call.id).then_some(())
    })
    .await;

    let secret = server_function(&app, &path, "show_webhook_secret").await;
    post(&app, &secret, &[("id", &hook), ("renew", "")]).await;
    assert!(page(&app, &path).await.contains("whsec_"));
    assert!(!page(&app, &path).await.contains("whsec_"), "for a look");
    let switch = server_function(&app, &path, "switch_webhook").await;
    post(&app, &switch, &[("id", &hook), ("on", "")]).await;
    assert!(page(&app, &path).await.contains("switched it off"));
    post(&app, &switch, &[("id", &hook), ("on", "yes")]).await;
    assert!(!page(&app, &path).await.contains("switched it off"));
    let resend = server_function(&app, &path, "resend_webhooks").await;
    post(&app, &resend, &[("id", &hook), ("hours", "24"), ("delivered", "yes")]).await;
    assert!(page(&app, &path).await.contains("Posted again: 1."));
    let remove = server_function(&app, &path, "remove_webhook").await;
    let answer = post(&app, &remove, &[("id", &hook)]).await;
    assert_eq!(answer.headers()["location"], PATH);
    assert!(page(&app, PATH).await.contains("There is none."));
}
