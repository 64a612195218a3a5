//! Visits are changed, listed and looked at: by other systems, and on pages without JavaScript.

use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::{
    app::TestApp,
    live::sign_in,
    pages::{page, post, server_function},
};

async fn patch(app: &TestApp, id: &str, body: Value) -> (u16, Value) {
    let path = format!("{}/api/v1/appointments/{id}", app.url);
    app.api(app.http.patch(path).json(&body), &app.key).await
}

fn in_hours(app: &TestApp, hours: i64) -> String {
    (app.s.now() + chrono::Duration::hours(hours)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn id(visit: &Value) -> String {
    visit["id"].as_str().expect("an id").to_owned()
}

async fn book(app: &TestApp, contact: &str, hours: i64, label: &str) -> Value {
    let cmd = json!({"contact_id": contact, "starts_at": in_hours(app, hours), "minutes": 30, "staff_label": label});
    let (status, visit) = app.post("/appointments", cmd).await;
    assert_eq!(status, 201, "{visit}");
    visit
}

#[rstest]
#[tokio::test]
async fn a_visit_is_changed_by_what_is_given_and_undone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", "+14155550171").await;
    let visit = book(&app, &ann, 100, "Ana").await;
    let to = in_hours(&app, 120);
    let body = json!({"starts_at": to, "minutes": 45, "notes": "Bring the x-ray", "for_name": "Leo", "staff_label": "Bea", "revision": 0});
    let (status, moved) = patch(&app, &id(&visit), body.clone()).await;
    assert_eq!(status, 200, "{moved}");
    for (field, value) in [
        ("notes", json!("Bring the x-ray")),
        ("for_name", json!("Leo")),
        ("staff_label", json!("Bea")),
        ("revision", json!(1)),
        ("status", json!("scheduled")),
    ] {
        assert_eq!(moved[field], value, "{field}");
    }
    let (status, stale) = patch(&app, &id(&visit), body).await;
    assert_eq!((status, &stale["code"]), (409, &json!("conflict")), "{stale}");
    let (status, none) = patch(&app, &id(&visit), json!({"ends_at": null, "for_name": null})).await;
    assert_eq!(
        (status, &none["ends_at"], &none["for_name"]),
        (200, &Value::Null, &Value::Null),
        "{none}"
    );
    let (status, back) = app.post(&format!("/appointments/{}/undo", id(&visit)), json!({})).await;
    assert_eq!((status, &back["for_name"]), (200, &json!("Leo")), "{back}");
    let (status, _) = app.post(&format!("/appointments/{}/undo", id(&visit)), json!({})).await;
    assert_eq!(status, 409, "once");

    let (status, unknown) = patch(&app, &id(&visit), json!({"start": to})).await;
    assert_eq!(
        (status, &unknown["errors"][0]["pointer"]),
        (422, &json!("/start")),
        "{unknown}"
    );
    let (status, past) = patch(&app, &id(&visit), json!({"starts_at": "2020-01-05T15:00:00Z"})).await;
    assert_eq!((status, &past["errors"][0]["pointer"]), (422, &json!("/starts_at")), "{past}");
    let stolen = app.http.patch(format!("{}/api/v1/appointments/{}", app.url, id(&visit)));
    let stolen = app.api(stolen.json(&json!({"notes": "x"})), &app.another_key().await).await;
    assert_eq!(stolen.0, 404);
    let reads = app.http.patch(format!("{}/api/v1/appointments/{}", app.url, id(&visit)));
    let reads = app
        .api(
            reads.json(&json!({"notes": "x"})),
            &app.key_with(&["appointments:read"]).await,
        )
        .await;
    assert_eq!(reads.0, 403);

    let (status, history) = app.get(&format!("/appointments/{}/history", id(&visit))).await;
    assert_eq!(status, 200);
    let events: Vec<&str> = history["data"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["event"].as_str())
        .filter(|event| event.starts_with("appointment."))
        .collect();
    assert_eq!(
        events,
        [
            "appointment.created",
            "appointment.moved",
            "appointment.updated",
            "appointment.restored"
        ]
    );
}

#[rstest]
#[tokio::test]
async fn who_it_is_with_is_not_double_booked_by_chance(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let (ann, ben) = (
        app.contact("Ann", "+14155550171").await,
        app.contact("Ben", "+14155550172").await,
    );
    let taken = book(&app, &ben, 100, "Ana").await;
    let visit = book(&app, &ann, 110, "Ana").await;
    let (status, no) = patch(&app, &id(&visit), json!({"starts_at": in_hours(&app, 100)})).await;
    assert_eq!((status, &no["conflicts_with"]), (409, &taken["id"]), "{no}");
    let (status, both) = patch(
        &app,
        &id(&visit),
        json!({"starts_at": in_hours(&app, 100), "double_book": true}),
    )
    .await;
    assert_eq!(status, 200, "{both}");
}

#[rstest]
#[tokio::test]
async fn visits_are_listed_by_time_person_label_and_status(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let (ann, ben) = (
        app.contact("Ann", "+14155550171").await,
        app.contact("Ben", "+14155550172").await,
    );
    let all = [
        book(&app, &ann, 50, "Ana").await,
        book(&app, &ben, 60, "").await,
        book(&app, &ann, 70, "Ana").await,
    ];
    app.post(&format!("/appointments/{}/cancel", id(&all[1])), json!({})).await;
    let ids = async |query: &str| {
        let (status, page) = app.get(&format!("/appointments{query}")).await;
        assert_eq!(status, 200, "{page}");
        let rows = page["data"].as_array().expect("rows").iter().map(id).collect::<Vec<_>>();
        (rows, page["next_cursor"].as_str().map(str::to_owned))
    };
    let starts = |visit: &Value| visit["starts_at"].as_str().expect("a time").to_owned();
    let of = |places: &[usize]| places.iter().map(|n| id(&all[*n])).collect::<Vec<_>>();
    assert_eq!(ids("").await.0, of(&[0, 1, 2]));
    assert_eq!(
        ids(&format!("?from={}&to={}", starts(&all[1]), starts(&all[2]))).await.0,
        of(&[1])
    );
    assert_eq!(ids("?status=cancelled").await.0, of(&[1]));
    assert_eq!(ids(&format!("?contact_id={ann}&staff_label=Ana")).await.0, of(&[0, 2]));
    let (first, next) = ids("?limit=2").await;
    assert_eq!(first, of(&[0, 1]));
    let next = next.expect("there is more");
    assert_eq!(ids(&format!("?limit=2&cursor={next}")).await, (of(&[2]), None));
    for wrong in [
        "?status=maybe",
        "?from=soon",
        "?limit=0",
        "?contact_id=me",
        "?colour=red",
        "?cursor=x",
    ] {
        assert_eq!(app.get(&format!("/appointments{wrong}")).await.0, 400, "{wrong}");
    }
}

#[rstest]
#[tokio::test]
async fn the_calendar_is_a_page_and_a_form_moves_without_a_script(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    sign_in(&app).await;
    let ann = app.contact("Ann Archer", "+14155550171").await;
    let cmd = json!({"contact_id": ann, "starts_at": "2027-06-08T15:00", "minutes": 30, "staff_label": "Ana"});
    let (_, visit) = app.post("/appointments", cmd).await;
    let visit = id(&visit);
    for view in ["day", "week"] {
        let html = page(&app, &format!("/appointments?view={view}&date=2027-06-08")).await;
        assert!(
            html.contains(&format!("data-id=\"{visit}\"")) && html.contains("Ann Archer"),
            "{view}"
        );
        assert!(!html.contains(" style=\""), "no style that the policy would refuse");
    }
    let month = page(&app, "/appointments?view=month&date=2027-06-08").await;
    assert!(month.contains("1 visit"));
    let empty = page(&app, "/appointments?view=day&date=2027-06-09").await;
    assert!(empty.contains("Nothing on the calendar here"));
    let wrong = page(&app, "/appointments?view=day&date=someday").await;
    assert!(wrong.contains("date is a day like 2027-01-05."));
    let here = "/appointments?view=day&date=2027-06-08";
    let moving = format!("{here}&move={visit}");
    let asking = page(&app, &moving).await;
    assert!(asking.contains("Move the visit of Ann Archer") && asking.contains("2027-06-08T15:00"));

    let action = server_function(&app, &moving, "move_visit").await;
    let back = format!("{here}&moved={visit}");
    let zone = asking
        .split("name=\"time_zone\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let form = [
        ("id", visit.as_str()),
        ("starts_at", "2027-06-08T16:30"),
        ("time_zone", zone.expect("a zone")),
        ("minutes", "45"),
        ("staff_label", "-"),
        ("tell", "yes"),
        ("back", back.as_str()),
    ];
    let answer = post(&app, &action, &form).await;
    assert_eq!(answer.headers()["location"], back.as_str());
    let said = page(&app, &back).await;
    assert!(
        said.contains("Moved Ann Archer to") && said.contains("in three minutes"),
        "{said}"
    );
    let action = server_function(&app, &back, "undo_change").await;
    let undone = post(&app, &action, &[("id", visit.as_str()), ("back", here)]).await;
    assert_eq!(undone.headers()["location"], here);
    let (_, as_before) = app.get(&format!("/appointments/{visit}")).await;
    assert_eq!(
        (&as_before["staff_label"], &as_before["revision"]),
        (&json!("Ana"), &json!(2))
    );
    let detail = page(&app, &format!("/appointments/{visit}")).await;
    assert!(detail.contains("What happened") && detail.contains("The last change was undone"));
    let edit = page(&app, &format!("/appointments/{visit}/edit")).await;
    assert!(edit.contains("Save changes"));
}

#[tokio::test]
async fn a_free_time_stands_on_the_calendar_without_a_script_with_who_is_asked_and_the_way_to_book_it() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    app.sign_in().await;
    let ann = app.contact("Ann", "+14155550171").await;
    let (status, entry) = app.post("/waitlist", json!({"contact_id": ann})).await;
    assert_eq!(status, 201, "{entry}");
    let time = json!({"starts_at": in_hours(&app, 48), "minutes": 30, "staff_label": "Ana"});
    let (status, slot) = app.post("/slots", time).await;
    assert_eq!(status, 201, "{slot}");
    for view in ["day", "week"] {
        let path = format!("/appointments?view={view}&date=2025-01-08");
        let html = app
            .until("who is asked", async || {
                app.a_tick_later().await;
                let html = page(&app, &path).await;
                html.contains("Ann is asked").then_some(html)
            })
            .await;
        let block = format!("data-slot=\"{}\" data-status=\"offering\"", id(&slot));
        assert!(html.contains(&block), "{view}: {html}");
        let book = format!("href=\"/waitlist/slots/{}#book-heading\"", id(&slot));
        assert!(html.contains(&book), "{view}: {html}");
    }
}
