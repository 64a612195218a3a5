//! The page of a time that somebody was offered, over HTTP: looked at as often as scanners like, answered once by a button.

use rstest::rstest;
use serde_json::json;
use testkit::Backend;

use crate::app::TestApp;

const MAIL: &str = "dora@x.test";

/// The secret of the page of somebody who is offered a time by mail.
pub async fn offered(app: &TestApp) -> String {
    let dora = app.contact("Dora", "+14155550133").await;
    let path = format!("{}/api/v1/contacts/{dora}", app.url);
    app.api(app.http.patch(&path).json(&json!({"email": MAIL})), &app.key).await;
    let agrees = json!({"channel": "email", "purpose": "transactional", "state": "opted_in", "evidence": "Signed"});
    app.post(&format!("/contacts/{dora}/consent"), agrees).await;
    let wish = app.http.put(format!("{path}/channels")).json(&json!({"primary": "email"}));
    app.api(wish, &app.key).await;
    app.post("/waitlist", json!({"contact_id": dora})).await;
    let at = (app.s.now() + chrono::Duration::hours(50)).to_rfc3339();
    let slot = json!({"starts_at": at, "minutes": 30, "mode": "race", "group_size": 10});
    app.post("/slots", slot).await;
    for _ in 0..100 {
        services::waitlist::tick(&app.s).await.expect("asked");
        services::sending::send_due(&app.s).await.expect("sent");
        if let Some(mail) = app.sim.mails_to(MAIL).into_iter().find_map(|mail| mail.text)
            && let Some((_, rest)) = mail.split_once("/o/")
        {
            return rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        }
    }
    panic!("no mail: {:?}", app.sim.mails());
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn a_button_takes_it_and_looking_does_not(#[case] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let token = offered(&app).await;
    let nobody = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let url = format!("{}/o/{token}", app.url);
    let button = format!("{url}/answer");
    for _ in 0..3 {
        let answer = nobody.get(&url).send().await.expect("an answer");
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .expect("words")
            .to_owned();
        let html = answer.text().await.expect("a page");
        assert!(html.contains("<h1>A time has come free</h1>"), "{html}");
        assert!(html.contains("Yes, I take it") && html.contains("method=\"post\""), "{html}");
        assert!(!html.contains("<script") && policy.contains("default-src 'none'"));
    }
    // What no button of ours says, and what another site posts.
    for wrong in ["", "answer=maybe", "answer=yes&offer=1", "answer=yes&answer=no"] {
        let form = nobody
            .post(&button)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(wrong);
        assert_eq!(form.send().await.expect("an answer").status(), 422, "{wrong}");
    }
    let foreign = nobody
        .post(&button)
        .header("sec-fetch-site", "cross-site")
        .form(&[("answer", "yes")]);
    assert_eq!(foreign.send().await.expect("an answer").status(), 403);
    let strange = nobody
        .post(format!("{}/o/0123456789abcdefghijkl/answer", app.url))
        .form(&[("answer", "yes")]);
    assert_eq!(strange.send().await.expect("an answer").status(), 404);
    for _ in 0..2 {
        let taken = nobody
            .post(&button)
            .form(&[("answer", "yes")])
            .send()
            .await
            .expect("an answer");
        assert_eq!(
            (taken.status().as_u16(), taken.headers()["location"].to_str().ok()),
            (303, Some(&*format!("/o/{token}")))
        );
    }
    let html = nobody
        .get(&url)
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("a page");
    assert!(html.contains("<h1>It is yours</h1>") && html.contains("/v/"), "{html}");
    let visits = app.all("/appointments").await;
    assert_eq!(visits.len(), 1, "{visits:?}");
}
