//! The main job, end to end: book, remind, answer, see it live.

use chrono::{Duration, SecondsFormat};
use rstest::rstest;
use serde_json::json;
use testkit::Backend;

use crate::app::{NUMBER, TestApp};

const ANN: &str = "+14155550171";

async fn booked(app: &TestApp, contact: &str) -> String {
    let starts_at = (app.s.now() + Duration::hours(30)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let (status, appointment) = app
        .post("/appointments", json!({ "contact_id": contact, "starts_at": starts_at }))
        .await;
    assert_eq!(
        (status, appointment["status"].as_str(), appointment["starts_at"].as_str()),
        (201, Some("scheduled"), Some(starts_at.as_str()))
    );
    let kinds: Vec<_> = appointment["reminders"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| r["kind"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(kinds, ["48h", "24h"]);
    appointment["id"].as_str().expect("an id").to_owned()
}

async fn status(app: &TestApp, appointment: &str) -> String {
    app.get(&format!("/appointments/{appointment}")).await.1["status"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[rstest]
#[tokio::test]
async fn a_booked_appointment_is_reminded_of_and_confirmed_by_one_letter(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", "(415) 555-0171").await;
    let appointment = booked(&app, &ann).await;
    let reminder = app
        .until("delivered", async || {
            app.messages_of(&ann).await.into_iter().find(|m| m["status"] == "delivered")
        })
        .await;
    assert_eq!(
        reminder["correlation_id"]
            .as_str()
            .map(|id| id.starts_with(&format!("{appointment}:48h:"))),
        Some(true)
    );
    assert!(
        app.sim.sent_to(ANN)[0]
            .body
            .starts_with("Bright Dental: reminder of your visit on")
    );

    app.sim.inbound(ANN, NUMBER, "Y").await;
    assert_eq!(status(&app, &appointment).await, "confirmed");
    app.sim.inbound(ANN, NUMBER, "N").await;
    assert_eq!(status(&app, &appointment).await, "reschedule_requested");
    let (_, tasks) = app.get("/tasks?status=open").await;
    assert_eq!(
        (tasks["data"][0]["kind"].as_str(), tasks["data"][0]["appointment_id"].as_str()),
        (Some("reschedule"), Some(appointment.as_str()))
    );

    app.sim.inbound(ANN, NUMBER, "STOP").await;
    let (_, contact) = app.get(&format!("/contacts/{ann}")).await;
    assert_eq!(contact["consent"]["sms"], "opted_out");
    let (refused, problem) = app.post("/messages", json!({ "contact_id": ann, "body": "Sorry!" })).await;
    assert_eq!((refused, problem["code"].as_str()), (409, Some("may_not_send")));
    assert_eq!(app.sim.sent_to(ANN).len(), 1, "one text in all of this");
}

#[rstest]
#[tokio::test]
async fn a_stop_between_enqueue_and_send_stops_the_send(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let (accepted, _) = app.post("/messages", json!({ "contact_id": ann, "body": "Hello" })).await;
    assert_eq!(accepted, 202);
    app.sim.inbound(ANN, NUMBER, "stop").await;
    app.start_workers();
    let ben = app.contact("Ben", "+14155550172").await;
    app.post("/messages", json!({ "contact_id": ben, "body": "Hello" })).await;
    app.until("Ben's text", async || {
        (!app.sim.sent_to("+14155550172").is_empty()).then_some(())
    })
    .await;
    assert!(app.sim.sent_to(ANN).is_empty());
    let hers = app.messages_of(&ann).await;
    assert!(
        hers.iter().any(|m| m["status"] == "cancelled" && m["error"].is_string()),
        "{hers:?}"
    );
}

#[tokio::test]
async fn a_moved_appointment_takes_its_reminders_along_and_a_cancelled_one_ends_them() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    let appointment = booked(&app, &ann).await;
    let later = (app.s.now() + Duration::hours(100)).to_rfc3339();
    let patch = app
        .http
        .patch(format!("{}/api/v1/appointments/{appointment}", app.url))
        .json(&json!({ "starts_at": later }));
    let (moved, seen) = app.api(patch, &app.key).await;
    let planned = |seen: &serde_json::Value| {
        seen["reminders"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|r| r["status"] == "planned")
            .count()
    };
    assert_eq!((moved, planned(&seen)), (200, 2));
    let (cancelled, seen) = app.post(&format!("/appointments/{appointment}/cancel"), json!({})).await;
    assert_eq!(
        (cancelled, seen["status"].as_str(), planned(&seen)),
        (200, Some("cancelled"), 0)
    );
    let (again, _) = app.post(&format!("/appointments/{appointment}/cancel"), json!({})).await;
    assert_eq!(again, 200, "cancelling twice is harmless");
    let (conflict, _) = app.post(&format!("/appointments/{appointment}/complete"), json!({})).await;
    assert_eq!(conflict, 409);
}
