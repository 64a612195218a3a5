//! Calendars of other systems over HTTP, with workers that read them.

use axum::{Router, routing::get};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::TestApp;

/// A calendar server with one event so many hours ahead.
async fn peer(app: &TestApp, hours: i64) -> String {
    let start = app.s.now() + chrono::Duration::hours(hours);
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:{}\r\nSUMMARY:Maya +14155550171\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        start.format("%Y%m%dT%H%M%SZ")
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/secret-word.ics", get(move || async move { text }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/secret-word.ics")
}

#[rstest]
#[tokio::test]
async fn a_calendar_is_added_looked_at_started_and_removed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let url = peer(&app, 72).await;
    let (status, added) = app.post("/calendar-sources", json!({"url": url, "name": "Salon"})).await;
    assert_eq!(status, 201, "{added}");
    let path = format!("/calendar-sources/{}", added["id"].as_str().expect("an id"));
    let see = async || app.get(&path).await.1;
    let seen: Value = app
        .until("the calendar is read", async || {
            Some(see().await).filter(|c| c["status"] == "preview")
        })
        .await;
    assert_eq!((&seen["visits"], &seen["needs_number"]), (&json!(1), &json!(0)), "{seen}");
    assert!(!seen.to_string().contains("secret-word"), "{seen}");
    assert_eq!(app.all("/appointments").await.len(), 0);

    let (status, started) = app.post(&format!("{path}/start"), json!({})).await;
    assert_eq!((status, &started["status"]), (200, &json!("started")), "{started}");
    let booked = app.until("it is booked", async || app.all("/appointments").await.pop()).await;
    assert_eq!(booked["source"], "calendar", "{booked}");
    let id = booked["id"].as_str().expect("an id").to_owned();
    let (status, refused) = app.move_appointment(&id, app.s.now() + chrono::Duration::hours(90)).await;
    assert_eq!((status, &refused["code"]), (409, &json!("conflict")), "{refused}");

    let request = app.http.delete(format!("{}/api/v1{path}?visits=perhaps", app.url));
    assert_eq!(app.api(request, &app.key).await.0, 400);
    let request = app.http.delete(format!("{}/api/v1{path}?visits=cancel", app.url));
    assert_eq!(app.api(request, &app.key).await.0, 204);
    assert_eq!(app.get(&path).await.0, 404);
    assert_eq!(app.see_appointment(&id).await["status"], "cancelled");
}

#[rstest]
#[case::no_address("salon")]
#[case::a_file("file:///etc/passwd")]
#[case::another_protocol("ftp://example.com/x.ics")]
#[tokio::test]
async fn what_is_no_address_of_a_calendar_is_refused_by_field(#[case] url: &str) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let (status, problem) = app.post("/calendar-sources", json!({"url": url, "name": "Salon"})).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/url")), "{problem}");
    let neighbour = app.another_key().await;
    let read_only = app.key_with(&["appointments:read"]).await;
    let (status, _) = app
        .post_as(
            &read_only,
            "/calendar-sources",
            json!({"url": "https://example.com/x.ics", "name": "Salon"}),
        )
        .await;
    assert_eq!(status, 403);
    let (status, added) = app
        .post(
            "/calendar-sources",
            json!({"url": "https://calendar.invalid/x.ics", "name": "Salon"}),
        )
        .await;
    assert_eq!(status, 201, "{added}");
    let (status, theirs) = app
        .api(app.http.get(format!("{}/api/v1/calendar-sources", app.url)), &neighbour)
        .await;
    assert_eq!((status, theirs["data"].as_array().map(Vec::len)), (200, Some(0)), "{theirs}");
}
