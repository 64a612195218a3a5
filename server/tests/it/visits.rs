//! Visits as other systems book them: of a type, with an end, again and again; who is there, who did not come.

use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::TestApp;

async fn patch(app: &TestApp, path: &str, body: Value) -> (u16, Value) {
    app.api(app.http.patch(format!("{}/api/v1{path}", app.url)).json(&body), &app.key)
        .await
}

fn in_hours(app: &TestApp, hours: i64) -> String {
    (app.s.now() + chrono::Duration::hours(hours)).to_rfc3339()
}

#[rstest]
#[tokio::test]
async fn a_type_is_added_changed_and_put_away(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let cleaning =
        json!({"name": "Cleaning", "minutes": 45, "price": 80, "cadence": ["24h", "48h"], "reminders": true, "recall_months": 6});
    let (status, kind) = app.post("/appointment-types", cleaning.clone()).await;
    assert_eq!(
        (status, &kind["price"], &kind["cadence"]),
        (201, &json!(80), &json!(["48h", "24h"])),
        "{kind}"
    );
    let (status, problem) = app.post("/appointment-types", cleaning).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("/name")),
        "{problem}"
    );
    let (status, _) = app
        .post(
            "/appointment-types",
            json!({"name": "X", "minutes": 10, "reminders": true, "colr": "red"}),
        )
        .await;
    assert_eq!(status, 422, "unknown fields are refused");

    let id = kind["id"].as_str().expect("an id").to_owned();
    let ann = app.contact("Ann", "+14155550171").await;
    let visit = json!({"contact_id": ann, "starts_at": in_hours(&app, 100), "type_id": id});
    let (status, booked) = app.post("/appointments", visit.clone()).await;
    assert_eq!(
        (status, &booked["type_id"], &booked["source"]),
        (201, &json!(id), &json!("api")),
        "{booked}"
    );
    assert!(booked["ends_at"].is_string(), "{booked}");

    let (status, kind) = patch(
        &app,
        &format!("/appointment-types/{id}"),
        json!({"archived": true, "price": null}),
    )
    .await;
    assert_eq!(
        (status, &kind["archived"], &kind["price"]),
        (200, &json!(true), &Value::Null),
        "{kind}"
    );
    let (status, problem) = app.post("/appointments", visit).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("/type_id")),
        "{problem}"
    );
    let (_, all) = app.get("/appointment-types").await;
    assert_eq!(all["data"].as_array().map(Vec::len), Some(1), "{all}");

    let other = app.another_key().await;
    let theirs = app
        .http
        .patch(format!("{}/api/v1/appointment-types/{id}", app.url))
        .json(&json!({"minutes": 5}));
    assert_eq!(app.api(theirs, &other).await.0, 404);
    let reads = app.key_with(&["appointments:read"]).await;
    let add = app.http.post(format!("{}/api/v1/appointment-types", app.url));
    let add = add.json(&json!({"name": "Y", "minutes": 10, "reminders": true}));
    assert_eq!(app.api(add, &reads).await.0, 403);
}

#[rstest]
#[tokio::test]
async fn a_visit_repeats_and_those_after_one_are_cancelled(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", "+14155550171").await;
    let cmd = json!({"contact_id": ann, "starts_at": in_hours(&app, 30), "minutes": 30, "repeat": {"every": 2, "unit": "week", "times": 4}});
    let (status, first) = app.post("/appointments", cmd).await;
    assert_eq!((status, &first["series_index"]), (201, &json!(1)), "{first}");
    assert!(first["series_id"].is_string());
    let path = format!("/appointments/{}/cancel", first["id"].as_str().expect("an id"));
    let (status, gone) = app.post(&format!("{path}?scope=following"), json!({})).await;
    assert_eq!((status, &gone["status"]), (200, &json!("cancelled")), "{gone}");
    let (status, _) = app.post(&format!("{path}?scope=some"), json!({})).await;
    assert_eq!(status, 400);
    let cmd = json!({"contact_id": ann, "starts_at": in_hours(&app, 31), "repeat": {"every": 0, "unit": "week", "times": 4}});
    let (status, problem) = app.post("/appointments", cmd).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("/repeat/every")),
        "{problem}"
    );
}

#[rstest]
#[tokio::test]
async fn how_it_went_is_not_said_before_it_has_begun(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", "+14155550171").await;
    let (_, visit) = app
        .post("/appointments", json!({"contact_id": ann, "starts_at": in_hours(&app, 60)}))
        .await;
    let path = |act: &str| format!("/appointments/{}/{act}", visit["id"].as_str().unwrap_or_default());
    for act in ["complete", "no-show", "arrive"] {
        assert_eq!(app.post(&path(act), json!({})).await.0, 422, "{act}");
    }
    let (status, confirmed) = app.post(&path("confirm"), json!({})).await;
    assert_eq!((status, &confirmed["status"]), (200, &json!("confirmed")));
    assert_eq!(app.post(&path("cancel"), json!({})).await.0, 200);
    let (status, back) = app.post(&path("reopen"), json!({})).await;
    assert_eq!((status, &back["status"]), (200, &json!("scheduled")));
}

#[rstest]
#[tokio::test]
async fn a_visit_that_another_system_names_is_made_once_and_then_changed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", "+14155550171").await;
    let visit = |hours| json!({"contact_id": ann, "starts_at": in_hours(&app, hours), "external_id": "EHR-17"});
    let (status, booked) = app.post("/appointments", visit(100)).await;
    assert_eq!((status, &booked["external_id"]), (201, &json!("EHR-17")), "{booked}");
    let (status, moved) = app.post("/appointments", visit(120)).await;
    assert_eq!((status, &moved["id"]), (200, &booked["id"]), "{moved}");
    assert_ne!(moved["starts_at"], booked["starts_at"]);
}
