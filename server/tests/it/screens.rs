//! What staff see and steer, at the doors: the ledger as a file, forms with many boxes, banners.

use chrono::Duration;
use contract::contacts::RecordConsent;
use domain::consent::State;
use services::{Actor, Principal, contacts};
use testkit::{Backend, Fault, FaultKind};

use crate::{
    app::TestApp,
    live::sign_in,
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";

/// Ann, whose consent was written down by somebody who likes spreadsheets.
async fn ann(app: &TestApp) -> String {
    let id = app.contact("Ann", ANN).await;
    let operator = Actor {
        business_id: app.business_id,
        who: Principal::Operator,
    };
    let cmd = RecordConsent {
        contact_id: id.parse().expect("an id"),
        state: State::OptedIn,
        evidence: "=HYPERLINK(\"https://evil.example\")".to_owned(),
    };
    contacts::record_consent(&app.s, &operator, cmd).await.expect("recorded");
    id
}

#[rstest::rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn a_ledger_leaves_as_csv_by_key_and_by_session(#[case] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let id = ann(&app).await;
    let by_key = |key: String| {
        app.http
            .get(format!("{}/api/v1/contacts/{id}/consent.csv", app.url))
            .bearer_auth(key)
    };
    let answer = by_key(app.key_with(&["contacts:read"]).await)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        answer.headers()["content-disposition"],
        format!("attachment; filename=\"consent-{id}.csv\"")
    );
    let file = answer.text().await.expect("text");
    let lines: Vec<_> = file.split("\r\n").collect();
    assert_eq!(lines[0], "seq,at,channel,purpose,state,source,actor,evidence,prev_hash,hash");
    assert!(
        lines[1].starts_with("1,") && lines[1].contains("Z,sms,transactional,opted_in,api,"),
        "{file}"
    );
    assert!(lines[2].contains(",\"'=HYPERLINK(\"\"https://evil.example\"\")\","), "{file}");
    assert_eq!((lines.len(), lines[3]), (4, ""));

    let refused = by_key(app.key_with(&["messages:read"]).await)
        .send()
        .await
        .expect("an answer");
    assert_eq!(refused.status().as_u16(), 403);
    let stolen = by_key(app.another_key().await).send().await.expect("an answer");
    assert_eq!(stolen.status().as_u16(), 404);

    let path = format!("{}/contacts/{id}/consent.csv", app.url);
    let stranger = app.http.get(&path).send().await.expect("an answer");
    assert_eq!(stranger.headers()["location"], format!("/signin?next=%2Fcontacts%2F{id}"));
    sign_in(&app).await;
    let mine = app.http.get(&path).send().await.expect("an answer");
    assert_eq!(mine.text().await.expect("text"), file);
    let nobody = app
        .http
        .get(format!("{}/contacts/7/consent.csv", app.url))
        .send()
        .await
        .expect("an answer");
    assert_eq!(nobody.status().as_u16(), 404);
}

#[tokio::test]
async fn fifty_ticked_boxes_arrive_and_the_answer_stands_on_the_page() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    for n in 0..50 {
        app.post(
            "/messages",
            serde_json::json!({ "contact_id": ann, "body": format!("Text {n}") }),
        )
        .await;
    }
    sign_in(&app).await;
    let path = server_function(&app, "/log?show=waiting", "retry_messages").await;
    assert_eq!(page(&app, "/log?show=waiting").await.matches("name=\"ids[]\"").count(), 50);
    let ids: Vec<String> = app
        .messages_of(&ann)
        .await
        .iter()
        .map(|m| m["id"].as_str().expect("an id").to_owned())
        .collect();
    let mut form: Vec<(&str, &str)> = ids.iter().map(|id| ("ids[]", id.as_str())).collect();
    form.push(("back", "/log?show=waiting"));
    let answer = post(&app, &path, &form).await;
    assert_eq!(answer.headers()["location"], "/log?show=waiting");
    let told = page(&app, "/log?show=waiting").await;
    assert!(
        told.contains("Nothing is sent again.") && told.contains("50 were left as they are."),
        "{told}"
    );

    let html = page(&app, "/log").await;
    let start = html
        .find("/api/fn/cancel_messages")
        .unwrap_or_else(|| panic!("no second button: {html}"));
    let cancel = html[start..].split('"').next().expect("an address").to_owned();
    post(&app, &cancel, &form).await;
    let told = page(&app, "/log?show=waiting").await;
    assert!(
        told.contains("50 texts are cancelled") && told.contains("Nothing waits"),
        "{told}"
    );

    post(&app, &cancel, &[("back", "/log")]).await;
    assert!(page(&app, "/log").await.contains("Nothing was chosen."), "no box at all");
    let unknown = page(&app, "/log?show=nonsense").await;
    assert!(unknown.contains("Text 49"), "an unknown tab is the first one");
}

#[tokio::test]
async fn whether_an_unclear_text_arrived_is_said_where_it_stands() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::ErrorBefore));
    app.reply(&ann, "Hello").await;
    let asked = app.as_time_goes_by(Duration::seconds(40), "a person is asked", async || {
        app.open_tasks().await.into_iter().find(|t| t["kind"] == "unclear_message")
    });
    let thread = format!("/inbox/{}", asked.await["conversation_id"].as_str().expect("an id"));
    sign_in(&app).await;
    let tasks = page(&app, "/tasks").await;
    assert!(tasks.contains("Did it arrive?") && tasks.contains("Decide"), "{tasks}");
    assert!(!tasks.contains("set_task_done"), "a question is not ticked off");
    let path = server_function(&app, &thread, "settle_message").await;
    let html = page(&app, &thread).await;
    let id = html
        .split("name=\"message_id\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let form = [("message_id", id.expect("an id")), ("arrived", "false"), ("back", &thread)];
    assert_eq!(post(&app, &path, &form).await.headers()["location"], thread.as_str());
    let html = page(&app, &thread).await;
    assert!(html.contains("Olga says that it did not arrive."), "{html}");
    assert!(!html.contains("settle_message"), "asked once");
    assert!(page(&app, "/tasks").await.contains("Nothing to do"));
    post(&app, &path, &form).await;
    assert!(page(&app, &thread).await.contains("is known already"), "somebody was faster");
}

#[tokio::test]
async fn a_breaker_that_opens_is_a_banner_on_every_page() {
    let app = TestApp::start(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::Refuse).code(20003).count(9));
    sign_in(&app).await;
    assert!(!page(&app, "/tasks").await.contains("data-notice"));
    app.post("/messages", serde_json::json!({ "contact_id": ann, "body": "Hello" }))
        .await;
    let seen = app
        .until("a banner", async || {
            let html = page(&app, "/tasks").await;
            html.contains("data-notice=\"account_breaker\"").then_some(html)
        })
        .await;
    assert!(seen.contains("Texts wait.") && seen.contains("nothing is lost"), "{seen}");
    assert!(!seen.contains("data-notice=\"account_breaker\"><div class=\"notice notice-error flex items-start gap-2.5\" role"));
}
