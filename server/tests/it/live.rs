//! The live stream: members only, their business only, from where one was.

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

#[tokio::test]
async fn a_page_of_somebody_else_is_told_nothing() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    sign_in(&app).await;
    let stream = async |query: &str| {
        let answer = app
            .http
            .get(format!("{}/live?{query}", app.url))
            .send()
            .await
            .expect("an answer");
        answer.status().as_u16()
    };
    let stranger = uuid::Uuid::now_v7();
    assert_eq!(stream(&format!("after=0&business={}", app.business_id)).await, 200);
    assert_eq!(stream(&format!("after=0&business={stranger}")).await, 401);
    assert_eq!(
        stream(&format!("after=0&business={}&account={stranger}", app.business_id)).await,
        401
    );
    assert_eq!(stream("after=0&business=mine").await, 400);
}

/// A worker's policy is that of its own file, not of the page.
#[tokio::test]
async fn the_worker_of_the_stream_may_reach_this_server_and_nothing_else() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let answer = app
        .http
        .get(format!("{}/live/worker.js?v=3", app.url))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(
        answer.headers()["content-security-policy"],
        "default-src 'none'; connect-src 'self'"
    );
    let script = answer.text().await.expect("text");
    // Every kind of event that there is, or a page would miss it.
    for kind in [
        "message",
        "conversation",
        "contact",
        "appointment",
        "task",
        "note",
        "seen",
        "presence",
        "notices",
    ] {
        assert!(script.contains(&format!("'{kind}'")), "{kind}");
    }
}
