//! The page where a customer says how they are reached, and mail that comes back, over HTTP.

use reqwest::header;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::TestApp;

const ANN: &str = "+14155550171";

/// A browser, or a mail program's server: no cookies, no redirects followed.
fn somebody() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

/// Ann, who agreed to mail and texts; the address of her page.
async fn ann(app: &TestApp) -> (String, String) {
    let ann = app.contact("Ann <Lee>", ANN).await;
    let patch = app
        .http
        .patch(format!("{}/api/v1/contacts/{ann}", app.url))
        .json(&json!({"email": "ann@x.test"}));
    assert_eq!(app.api(patch, &app.key).await.0, 200);
    let agreed = json!({"channel": "email", "purpose": "transactional", "state": "opted_in", "evidence": "Signed"});
    assert_eq!(app.post(&format!("/contacts/{ann}/consent"), agreed).await.0, 200);
    let (status, link) = app.get(&format!("/contacts/{ann}/preferences")).await;
    assert_eq!(status, 200, "{link}");
    let url = link["url"].as_str().expect("an address").to_owned();
    (ann, url)
}

async fn consent(app: &TestApp, contact: &str) -> Value {
    app.get(&format!("/contacts/{contact}")).await.1["consent"].clone()
}

#[rstest]
#[tokio::test]
async fn a_mail_program_unsubscribes_by_one_post_and_looking_does_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    let (contact, url) = ann(&app).await;
    let page = somebody().get(&url).send().await.expect("an answer");
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    assert!(page.headers().get(header::SET_COOKIE).is_none());
    let html = page.text().await.expect("a page");
    for part in [
        "How we reach you",
        "Stop e-mails",
        "Stop texts",
        "Yes, send me offers",
        "Stop everything",
        "Español",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(
        !html.contains("<script") && !html.contains("Lee") && !html.contains("ann@"),
        "{html}"
    );
    assert_eq!(consent(&app, &contact).await["email"], "opted_in");

    let post = |body: &'static str, kind: &'static str| somebody().post(&url).header("content-type", kind).body(body).send();
    let form = "application/x-www-form-urlencoded";
    for wrong in ["", "List-Unsubscribe=Two-Clicks", "x=y"] {
        assert_eq!(post(wrong, form).await.expect("an answer").status(), 422, "{wrong}");
    }
    assert_eq!(consent(&app, &contact).await["email"], "opted_in");
    for _ in 0..2 {
        let done = post("List-Unsubscribe=One-Click", form).await.expect("an answer");
        assert_eq!(done.status(), 200, "no redirect, however often");
    }
    let after = consent(&app, &contact).await;
    assert_eq!((&after["email"], &after["sms"]), (&json!("opted_out"), &json!("opted_in")));
    // Some post it as the other kind of form.
    let parts = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    let done = post(parts, "multipart/form-data; boundary=b").await.expect("an answer");
    assert_eq!(done.status(), 200);
}

#[rstest]
#[tokio::test]
async fn somebody_presses_the_buttons(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let (contact, url) = ann(&app).await;
    let press = async |act: &str, form: &[(&str, &str)]| {
        let answer = somebody()
            .post(format!("{url}/{act}"))
            .form(form)
            .send()
            .await
            .expect("an answer");
        answer.status().as_u16()
    };
    assert_eq!(press("emails", &[("wanted", "no")]).await, 303);
    assert_eq!(consent(&app, &contact).await["email"], "opted_out");
    assert_eq!(press("emails", &[("wanted", "yes")]).await, 303);
    assert_eq!(consent(&app, &contact).await["email"], "opted_in");
    assert_eq!(press("offers", &[("wanted", "yes")]).await, 303);
    assert_eq!(
        app.get(&format!("/contacts/{contact}")).await.1["offers"]["email"],
        "opted_in"
    );
    assert_eq!(press("preferences", &[("language", "es"), ("channel", "email")]).await, 303);
    let seen = app.get(&format!("/contacts/{contact}")).await.1;
    assert_eq!(
        (&seen["language"], &seen["channels"]["primary"]),
        (&json!("es"), &json!("email"))
    );
    for (act, form) in [
        ("emails", vec![("wanted", "perhaps")]),
        ("emails", vec![]),
        ("texts", vec![("wanted", "yes")]),
        ("everything", vec![("wanted", "yes")]),
        ("preferences", vec![("language", "xx")]),
        ("preferences", vec![("channel", "pigeon")]),
        ("offers", vec![("wanted", "yes"), ("more", "x")]),
    ] {
        assert_eq!(press(act, &form).await, 422, "{act} {form:?}");
    }
    assert_eq!(press("everything", &[("wanted", "no")]).await, 303);
    let after = consent(&app, &contact).await;
    assert_eq!((&after["email"], &after["sms"]), (&json!("opted_out"), &json!("opted_out")));
    let html = somebody()
        .get(&url)
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("a page");
    assert!(html.contains("lang=\"es\"") && html.contains("No recibe correos"), "{html}");
    // Another site's form presses nothing, and nobody's link is nobody's page.
    let foreign = somebody()
        .post(format!("{url}/emails"))
        .header("sec-fetch-site", "cross-site")
        .form(&[("wanted", "yes")]);
    assert_eq!(foreign.send().await.expect("an answer").status(), 403);
    for act in ["", "/emails", "/everything"] {
        let request = somebody().post(format!("{}/u/0123456789012345678901{act}", app.url));
        let form = if act.is_empty() {
            [("List-Unsubscribe", "One-Click")]
        } else {
            [("wanted", "no")]
        };
        assert_eq!(request.form(&form).send().await.expect("an answer").status(), 404);
    }
    let other = app.another_key().await;
    let theirs = app.http.get(format!("{}/api/v1/contacts/{contact}/preferences", app.url));
    assert_eq!(app.api(theirs, &other).await.0, 404);
}

#[tokio::test]
async fn nothing_comes_back_where_that_is_not_set_up() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let answer = somebody()
        .post(format!("{}/webhooks/mail/bounce", app.url))
        .bearer_auth("x")
        .body("Subject: x\r\n\r\n");
    assert_eq!(answer.send().await.expect("an answer").status(), 404);
}
