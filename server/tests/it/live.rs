//! The live stream: members only, their business only, from where one was.

use std::time::Duration;

use testkit::Backend;

use crate::app::{NUMBER, PATIENCE, TestApp};

const ANN: &str = "+14155550171";

/// Reads a stream until `wanted` is in it.
async fn read_until(response: &mut reqwest::Response, wanted: &str) -> String {
    let mut text = String::new();
    let reading = async {
        while let Some(chunk) = response.chunk().await.expect("the stream goes on") {
            text.push_str(&String::from_utf8_lossy(&chunk));
            if text.contains(wanted) {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading)
        .await
        .unwrap_or_else(|_| panic!("no {wanted} came"));
    text
}

pub async fn sign_in(app: &TestApp) {
    // Through the session store, as the sign-in form does; the form itself is the browser tests' business.
    let form = [("email", "olga@x.test"), ("password", "a long password"), ("next", "/inbox")];
    let path = crate::pages::server_function(app, "/signin", "sign_in").await;
    let response = app
        .http
        .post(format!("{}{path}", app.url))
        .form(&form)
        .header("accept", "text/html")
        .send()
        .await
        .expect("an answer");
    assert!(response.status().is_redirection(), "{}", response.status());
}

#[tokio::test]
async fn only_members_may_listen() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let refused = app.http.get(format!("{}/live", app.url)).send().await.expect("an answer");
    assert_eq!(refused.status().as_u16(), 401);
}

#[rstest::rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn a_text_is_on_the_stream_at_once_and_again_after_a_break(#[case] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    sign_in(&app).await;
    let mut stream = app
        .http
        .get(format!("{}/live?after=0", app.url))
        .send()
        .await
        .expect("a stream");
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    app.sim.inbound(ANN, NUMBER, "First").await;
    let seen = read_until(&mut stream, "event: conversation").await;
    assert!(seen.contains("event: message") && seen.contains("First"), "{seen}");
    let last = seen
        .lines()
        .filter_map(|l| l.strip_prefix("id: "))
        .next_back()
        .expect("ids")
        .to_owned();
    drop(stream);
    app.sim.inbound(ANN, NUMBER, "While away").await;
    let mut again = app
        .http
        .get(format!("{}/live", app.url))
        .header("Last-Event-ID", &last)
        .send()
        .await
        .expect("a stream");
    let missed = read_until(&mut again, "event: conversation").await;
    assert!(missed.contains("While away") && !missed.contains("First\""), "{missed}");
}

#[tokio::test]
async fn who_comes_from_too_long_ago_is_told_to_start_afresh() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    sign_in(&app).await;
    app.sim.inbound(ANN, NUMBER, "Hello").await;
    let purge = "DELETE FROM live_event WHERE id < (SELECT max(id) FROM live_event)";
    sea_orm::ConnectionTrait::execute_unprepared(app.s.db().connection(), purge)
        .await
        .expect("purged");
    let mut stream = app
        .http
        .get(format!("{}/live?after=1", app.url))
        .send()
        .await
        .expect("a stream");
    read_until(&mut stream, "event: resync").await;
}
