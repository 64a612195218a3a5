//! Notifications at their doors: the page and its forms without a script, devices, and what was written without a connection.

use entity::accounts::member;
use serde_json::{Value, json};
use services::notifications;
use testkit::Backend;
use uuid::Uuid;

use crate::{
    app::{TestApp, sid},
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";

async fn me(app: &TestApp) -> Uuid {
    let rows = member::Entity::in_business(app.business_id)
        .one(app.s.db().connection())
        .await;
    rows.expect("rows").expect("Olga").account_id
}

async fn send(app: &TestApp, path: &str, body: &Value) -> (u16, Value) {
    let answer = app
        .http
        .post(format!("{}{path}", app.url))
        .json(body)
        .send()
        .await
        .expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn thread(app: &TestApp) -> String {
    app.all("/conversations").await.remove(0)["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

#[rstest::rstest]
#[tokio::test]
async fn what_one_was_told_is_seen_and_chosen_without_a_script(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    app.sign_in().await;
    assert!(page(&app, "/notifications").await.contains("Nothing yet"));
    app.contact("Ann", ANN).await;
    app.receives(&sid(1), ANN, "Is there parking?").await;
    let html = page(&app, "/notifications").await;
    assert!(html.contains("Ann wrote") && html.contains("Is there parking?"), "{html}");
    assert!(
        html.contains("data-read=\"false\"") && html.contains("Send me a test"),
        "{html}"
    );

    let read = server_function(&app, "/notifications", "read_notifications").await;
    assert_eq!(post(&app, &read, &[]).await.status(), 302);
    assert!(page(&app, "/notifications").await.contains("data-read=\"true\""));

    let choose = server_function(&app, "/notifications", "choose_notifications").await;
    post(&app, &choose, &[("digest_minutes", "0")]).await;
    let html = page(&app, "/notifications").await;
    assert!(html.contains("Please give a number of minutes from 1 to 1,440."), "{html}");
    let form = [
        ("digest_minutes", "20"),
        ("ways[others_app]", "yes"),
        ("ways[mine_mail]", "at_once"),
    ];
    post(&app, &choose, &form).await;
    let html = page(&app, "/notifications").await;
    assert!(html.contains("Saved.") && html.contains("value=\"20\""), "{html}");
    // Nothing else was ticked.
    app.receives(&sid(2), ANN, "And a lift?").await;
    assert!(!page(&app, "/notifications").await.contains("And a lift?"));
}

#[tokio::test]
async fn a_device_is_known_by_whoever_is_signed_in() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let device = json!({
        "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
        "p256dh": "BLn9b-VR0ca83knDNZ32dCHGyjJp-1riX9ZTN40MqV8K_LpQmLqxC_DoHvqvFXO_nGdAB4W9dogZb_sM-uV4JbY",
        "auth": "_ordMnz7uTCmrpBTeUV4Bw",
        "name": "Firefox on Linux",
    });
    assert_eq!(send(&app, "/push/devices", &device).await.0, 401);
    app.sign_in().await;
    let (status, answer) = send(&app, "/push/devices", &device).await;
    assert_eq!(status, 201, "{answer}");
    let html = page(&app, "/notifications").await;
    assert!(
        html.contains("Firefox on Linux") && html.contains("Not reached yet."),
        "{html}"
    );
    let mut wrong = device.clone();
    wrong["auth"] = json!("short");
    let (status, answer) = send(&app, "/push/devices", &wrong).await;
    assert_eq!(
        (status, &answer["errors"][0]["pointer"]),
        (422, &json!("/p256dh")),
        "{answer}"
    );
    wrong = device;
    wrong["more"] = json!(1);
    assert_eq!(send(&app, "/push/devices", &wrong).await.0, 422, "unknown fields are refused");
    let remove = server_function(&app, "/notifications", "remove_device").await;
    let id = answer_id(&app).await;
    post(&app, &remove, &[("id", &id)]).await;
    assert!(!page(&app, "/notifications").await.contains("Firefox on Linux"));
}

async fn answer_id(app: &TestApp) -> String {
    let html = page(app, "/notifications").await;
    let (_, rest) = html.split_once("data-device=\"").expect("a device");
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// A session gets another id with a new password: its browser goes on until it is signed out.
#[tokio::test]
async fn a_browser_that_signs_out_takes_nothing_more() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let device = json!({
        "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
        "p256dh": "BLn9b-VR0ca83knDNZ32dCHGyjJp-1riX9ZTN40MqV8K_LpQmLqxC_DoHvqvFXO_nGdAB4W9dogZb_sM-uV4JbY",
        "auth": "_ordMnz7uTCmrpBTeUV4Bw",
        "name": "Firefox on Linux",
    });
    app.sign_in().await;
    assert_eq!(send(&app, "/push/devices", &device).await.0, 201);
    let change = server_function(&app, "/account", "change_password").await;
    let (present, new) = ("a long password", "another long password");
    post(&app, &change, &[("present", present), ("password", new)]).await;
    assert!(page(&app, "/notifications").await.contains("Firefox on Linux"));
    let out = server_function(&app, "/inbox", "sign_out").await;
    post(&app, &out, &[]).await;
    assert_eq!(send(&app, "/push/devices", &device).await.0, 401);
    crate::app::sign_in(&app.http, &app.url, "olga@x.test", new).await;
    assert!(!page(&app, "/notifications").await.contains("Firefox on Linux"));
}

/// Sent by the page, by its worker, and again at the next opening: it is one.
#[rstest::rstest]
#[tokio::test]
async fn what_was_written_without_a_connection_leaves_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    app.sign_in().await;
    let ann = app.contact("Ann", ANN).await;
    app.receives(&sid(1), ANN, "Is there parking?").await;
    let (conversation, me) = (thread(&app).await, me(&app).await);
    let reply = json!({
        "id": Uuid::now_v7(), "account_id": me, "business_id": app.business_id, "conversation_id": conversation,
        "contact_id": ann, "kind": "reply", "body": "Yes, behind the house.",
    });
    let mut note = reply.clone();
    note["id"] = json!(Uuid::now_v7());
    note["kind"] = json!("note");
    note["body"] = json!("She comes by car.");
    for written in [&reply, &note] {
        let (first, again) = tokio::join!(send(&app, "/outbox", written), send(&app, "/outbox", written));
        assert_eq!((first.0, again.0), (200, 200), "{first:?} {again:?}");
        assert_eq!(first.1["id"], again.1["id"]);
        assert_eq!(send(&app, "/outbox", written).await.1["id"], first.1["id"]);
    }
    let html = page(&app, &format!("/inbox/{conversation}")).await;
    assert_eq!(app.messages_of(&ann).await.len(), 2);
    assert!(html.contains("She comes by car."), "{html}");

    // Whoever wrote it is not who is signed in now: it waits for them.
    let mut others = reply.clone();
    others["account_id"] = json!(Uuid::now_v7());
    assert_eq!(send(&app, "/outbox", &others).await.0, 401);
    // They have opted out meanwhile: it is not sent, and it is said why.
    app.receives(&sid(2), ANN, "STOP").await;
    let mut late = reply;
    late["id"] = json!(Uuid::now_v7());
    let (status, why) = send(&app, "/outbox", &late).await;
    assert!((400..500).contains(&status) && status != 401, "{status}");
    assert!(
        why["detail"]
            .as_str()
            .is_some_and(|why| why.to_lowercase().contains("opted out")),
        "{why}"
    );
}

#[tokio::test]
async fn the_app_installs_and_has_a_page_for_when_there_is_no_connection() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let get = async |path: &str| app.http.get(format!("{}{path}", app.url)).send().await.expect("an answer");
    let worker = get("/sw.js").await;
    assert_eq!(worker.headers()["cache-control"], "no-cache");
    assert!(
        worker.headers()["content-type"]
            .to_str()
            .expect("text")
            .starts_with("text/javascript")
    );
    assert!(
        worker.headers()["content-security-policy"]
            .to_str()
            .expect("text")
            .contains("connect-src 'self'"),
        "a worker may reach this server"
    );
    let text = worker.text().await.expect("text");
    assert!(!text.contains("{{version}}") && text.contains("notificationclick"), "{text}");
    for path in ["/offline", "/pwa/outbox.js", "/pwa/page.js", "/pwa/offline.js"] {
        assert_eq!(get(path).await.status(), 200, "{path}");
    }
    assert!(
        get("/offline")
            .await
            .text()
            .await
            .expect("text")
            .contains("There is no connection to Showup")
    );
    let html = get("/signin").await.text().await.expect("text");
    assert!(
        html.contains("/manifest.webmanifest") && html.contains("/pwa/page.js"),
        "{html}"
    );
    let manifest: Value = serde_json::from_str(include_str!("../../../public/manifest.webmanifest")).expect("JSON");
    assert_eq!(
        (&manifest["display"], &manifest["scope"]),
        (&json!("standalone"), &json!("/"))
    );
    assert!(notifications::public_key(&app.s).await.expect("a key").len() > 80);
}
