//! Reviews over HTTP: programs ask, links lead on, and nothing chooses by mood.

use reqwest::{Method, StatusCode, redirect::Policy};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::{TestApp, sid};

const ANN: &str = "+14155550171";
const PAGE: &str = "https://search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsRUsoyG83frY4";
const PHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1";

async fn add_page(app: &TestApp) -> Value {
    let (status, page) = app
        .post("/review-platforms", json!({"kind": "google", "name": "Google", "url": PAGE}))
        .await;
    assert_eq!(status, 201, "{page}");
    page
}

async fn agrees(app: &TestApp, contact: &str) {
    let yes = json!({"channel": "sms", "purpose": "promotional", "state": "opted_in", "evidence": "Ticked the box"});
    let (status, said) = app.post(&format!("/contacts/{contact}/consent"), yes).await;
    assert_eq!(status, 200, "{said}");
}

/// The request, once it has this state.
async fn until(app: &TestApp, id: &str, state: &str) -> Value {
    app.until(state, async || {
        app.a_tick_later().await;
        let (_, request) = app.get(&format!("/review-requests/{id}")).await;
        (request["status"] == state).then_some(request)
    })
    .await
}

#[rstest]
#[tokio::test]
async fn a_program_asks_and_sees_what_came_of_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    add_page(&app).await;
    let ann = app.contact("Ann", ANN).await;
    agrees(&app, &ann).await;
    let body = json!({"contact_id": ann, "reference": "order-7", "delay_minutes": 0});
    let (status, request) = app.post("/review-requests", body.clone()).await;
    assert_eq!((status, &request["status"]), (202, &json!("planned")), "{request}");
    let id = request["id"].as_str().expect("an id").to_owned();
    let (_, again) = app.post("/review-requests", body).await;
    assert_eq!(again["id"], request["id"], "the same reference is the same request");
    until(&app, &id, "sent").await;
    let text = app
        .sim
        .messages()
        .into_iter()
        .filter(|m| m.to == ANN)
        .find(|m| m.body.contains("/r/"));
    let body = text.expect("a text").body;
    let code: String = body.split("/r/").nth(1).expect("a link").chars().take(7).collect();

    let nobody = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
    let open = |method: Method, agent: &'static str| {
        let request = nobody.request(method, format!("{}/r/{code}", app.url));
        async move { request.header("user-agent", agent).send().await.expect("an answer") }
    };
    app.clock().advance(chrono::Duration::seconds(10));
    for (method, agent) in [
        (Method::HEAD, PHONE),
        (Method::GET, "facebookexternalhit/1.1"),
        (Method::GET, PHONE),
    ] {
        let answer = open(method, agent).await;
        assert_eq!(answer.status(), StatusCode::FOUND);
        assert_eq!(answer.headers()["location"], PAGE);
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        assert!(answer.headers()["x-robots-tag"].to_str().expect("text").contains("noindex"));
    }
    let (_, seen) = app.get(&format!("/review-requests/{id}")).await;
    assert_eq!(
        (&seen["status"], &seen["clicks"], &seen["machines"]),
        (&json!("clicked"), &json!(1), &json!(2)),
        "{seen}"
    );
    let forged = nobody.get(format!("{}/r/zzzzzzz", app.url)).send().await.expect("an answer");
    assert_eq!(forged.status(), StatusCode::NOT_FOUND);
    assert!(forged.text().await.expect("a page").contains("There is nothing here"));
}

#[tokio::test]
async fn a_stop_meanwhile_is_told_with_the_reason() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    add_page(&app).await;
    let ann = app.contact("Ann", ANN).await;
    agrees(&app, &ann).await;
    let (_, request) = app
        .post("/review-requests", json!({"contact_id": ann, "delay_minutes": 60}))
        .await;
    app.receives(&sid(1), ANN, "STOP").await;
    let skipped = until(&app, request["id"].as_str().expect("an id"), "skipped").await;
    assert!(
        skipped["reason"].as_str().is_some_and(|why| why.contains("opted out")),
        "{skipped}"
    );
}

#[tokio::test]
async fn nothing_can_choose_whom_to_ask_by_mood() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    add_page(&app).await;
    let ann = app.contact("Ann", ANN).await;
    for field in ["sentiment", "rating", "only_promoters"] {
        let (status, problem) = app.post("/review-requests", json!({"contact_id": ann, field: 5})).await;
        assert_eq!(status, 422, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
        assert!(
            problem["detail"].as_str().is_some_and(|why| why.contains("16 CFR 465")),
            "{problem}"
        );
    }
    // A field that is merely unknown is refused as everywhere.
    let (status, problem) = app.post("/review-requests", json!({"contact_id": ann, "colour": 5})).await;
    assert_eq!(status, 422);
    assert!(
        problem["detail"].as_str().is_some_and(|why| why.contains("colour")),
        "{problem}"
    );
    let put = |body: &str| {
        let request = app.http.put(format!("{}/api/v1/templates/review/sms/en", app.url));
        request.json(&json!({"body": body}))
    };
    let (status, problem) = app.api(put("If you were happy, tell Google: {{ link }}"), &app.key).await;
    assert_eq!(status, 422, "{problem}");
    let why = problem["errors"][0]["detail"].as_str().unwrap_or_default();
    assert!(why.contains("16 CFR 465"), "{problem}");
    let (status, said) = app
        .api(put("How was your visit? {{ link }} Reply STOP to opt out."), &app.key)
        .await;
    assert_eq!(status, 200, "{said}");
}

#[tokio::test]
async fn a_link_whose_page_is_gone_says_so() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let page = add_page(&app).await;
    let ann = app.contact("Ann", ANN).await;
    app.post("/review-requests", json!({"contact_id": ann})).await;
    let url = format!("{}/api/v1/review-platforms/{}", app.url, page["id"].as_str().expect("an id"));
    let (status, _) = app.api(app.http.delete(&url), &app.key).await;
    assert_eq!(status, 204);
    let (status, _) = app.api(app.http.delete(&url), &app.key).await;
    assert_eq!(status, 404, "once");
    let (_, pages) = app.get("/review-platforms").await;
    assert_eq!(pages["data"], json!([]));
    let (_, requests) = app.get("/review-requests?status=planned").await;
    assert_eq!(requests["data"].as_array().map(Vec::len), Some(1), "{requests}");
    assert!(requests.to_string().contains(ANN), "{requests}");
}
