//! Times at the doors: those that no calendar of ours holds are refused everywhere, and pages tell an appointment by the clock of its
//! place.

use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::Backend;

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";

/// The edges of what chrono holds, of what PostgreSQL holds, of four digits, and of what we let in.
const EDGES: [&str; 12] = [
    "+262142-12-31",
    "-262143-01-01",
    "-262143-01-05",
    "+294276-12-31",
    "-4713-11-24",
    "9999-12-31",
    "10000-01-01",
    "0000-01-01",
    "0001-01-01",
    "1969-12-31",
    "2100-01-01",
    "99999999999999999999-01-01",
];

/// Cursors that we never gave out: `["+262142-12-31T23:59:59Z","…"]`, `["-262143-01-01T00:00:00Z","…"]`, and of the years 9999 and 1.
const CURSORS: [&str; 4] = [
    "WyIrMjYyMTQyLTEyLTMxVDIzOjU5OjU5WiIsIjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMSJd",
    "WyItMjYyMTQzLTAxLTAxVDAwOjAwOjAwWiIsIjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMSJd",
    "WyI5OTk5LTEyLTMxVDIzOjU5OjU5WiIsIjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMSJd",
    "WyIwMDAxLTAxLTAxVDAwOjAwOjAwWiIsIjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMSJd",
];

#[rstest]
#[tokio::test]
async fn years_at_the_edge_are_refused_at_every_door(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    app.sign_in().await;
    let ann = app.contact("Ann", ANN).await;
    let appointment = app.appointment(&ann, 60).await;
    let door = server_function(&app, &format!("/appointments/{appointment}"), "move_appointment").await;
    let new = server_function(&app, "/appointments/new", "create_appointment").await;
    let shown = app.http.get(format!("{}/api/v1/appointments/{appointment}", app.url));
    let zone = app.api(shown, &app.key).await.1["time_zone"]
        .as_str()
        .expect("a zone")
        .to_owned();
    for edge in EDGES {
        for starts_at in [
            "T23:59",
            "T23:59:59",
            " 00:00",
            "T00:00:00Z",
            "T23:59:59+14:00",
            "T00:00:00-12:00",
            "",
        ]
        .map(|t| format!("{edge}{t}"))
        {
            let body = json!({ "contact_id": ann, "starts_at": starts_at });
            let (status, problem) = app.post("/appointments", body).await;
            assert_eq!(
                (status, problem["fields"][0]["field"].as_str()),
                (422, Some("starts_at")),
                "{starts_at}: {problem}"
            );
            let patch = app.http.patch(format!("{}/api/v1/appointments/{appointment}", app.url));
            let (status, problem) = app.api(patch.json(&json!({ "starts_at": starts_at })), &app.key).await;
            assert_eq!(status, 422, "{starts_at}: {problem}");
            let typed = [("id", appointment.as_str()), ("starts_at", &starts_at), ("time_zone", &zone)];
            assert!(post(&app, &door, &typed).await.status().is_redirection(), "{starts_at}");
            let typed = [
                ("contact_id", ann.as_str()),
                ("starts_at", &starts_at),
                ("staff_label", ""),
                ("notes", ""),
            ];
            assert!(post(&app, &new, &typed).await.status().is_redirection(), "{starts_at}");
        }
        let day = edge.replace('+', "%2B");
        for query in [format!("to={day}"), format!("from={day}"), format!("from={day}&to={day}")] {
            let (status, problem) = app.get(&format!("/reports/daily?{query}")).await;
            assert_eq!(status, 422, "{query}: {problem}");
        }
    }
    for cursor in CURSORS {
        for list in ["messages", "tasks", "conversations"] {
            let (status, problem) = app.get(&format!("/{list}?cursor={cursor}")).await;
            assert_eq!(status, 400, "{list}: {problem}");
        }
        for list in ["appointments", "inbox", "log", "tasks"] {
            let shown = app.http.get(format!("{}/{list}?cursor={cursor}&before={cursor}", app.url));
            let status = shown.send().await.expect("an answer").status().as_u16();
            assert!(status < 500, "{list}: {status}");
        }
    }
}

/// The first and the last day that are let in are days like any other.
#[tokio::test]
async fn days_just_inside_the_edge_are_counted() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for query in [
        "to=1970-01-01",
        "from=1970-01-01&to=1970-12-31",
        "from=2099-01-01&to=2099-12-31",
    ] {
        let (status, days) = app.get(&format!("/reports/daily?{query}")).await;
        assert_eq!((status, &days["data"]), (200, &json!([])), "{query}");
    }
}

#[tokio::test]
async fn pages_tell_an_appointment_by_the_clock_of_its_place_and_come_with_the_rules_of_it() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    app.sign_in().await;
    let door = server_function(&app, "/settings/locations", "save_location").await;
    let place = [
        ("name", "Seattle"),
        ("address", ""),
        ("number", ""),
        ("time_zone", "America/Los_Angeles"),
    ];
    assert!(post(&app, &door, &place).await.status().is_redirection());
    let (_, places) = app.get("/locations").await;
    let places = &places["data"];
    assert_eq!(places[0]["time_zone"], "America/Los_Angeles", "{places}");
    let ann = app.contact("Ann", ANN).await;
    let body = json!({ "contact_id": ann, "starts_at": "2025-01-08T15:00", "location_id": places[0]["id"] });
    let (status, appointment) = app.post("/appointments", body).await;
    assert_eq!(
        (status, appointment["starts_at"].as_str()),
        (201, Some("2025-01-08T23:00:00Z")),
        "{appointment}"
    );
    assert_eq!(appointment["time_zone"], "America/Los_Angeles");
    let id = appointment["id"].as_str().expect("an id");
    for (path, told) in [
        (format!("/appointments/{id}"), "Jan 8 at 3:00 PM PST"),
        ("/appointments".to_owned(), "3:00 PM PST"),
        (format!("/contacts/{ann}"), "Jan 8 at 3:00 PM PST"),
    ] {
        let html = page(&app, &path).await;
        assert!(html.contains(told), "{path}: {html}");
        assert!(html.contains("Wednesday, January 8, 2025 at 3:00 PM PST"), "{path}");
    }
    let form = page(&app, &format!("/appointments/{id}")).await;
    assert!(
        form.contains("2025-01-08T15:00") && form.contains("In America/Los_Angeles time."),
        "{form}"
    );
    // The browser has no tables: it goes by the rules that the page brings.
    assert!(
        form.contains("\\\"letters\\\":\\\"PDT\\\"") || form.contains("\"letters\":\"PDT\""),
        "{form}"
    );
    let settings = page(&app, "/settings/locations").await;
    assert!(
        settings.contains("<option value=\"Europe/Stockholm\">"),
        "names to choose from"
    );
}

#[rstest]
#[tokio::test]
async fn who_decides_which_time_holds_may_press_a_button_or_call_the_api(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.sign_in().await;
    let ann = app.contact("Ann", ANN).await;
    let appointments = [
        app.appointment_at(&ann, app.s.now() + chrono::Duration::hours(60)).await,
        app.appointment_at(&ann, app.s.now() + chrono::Duration::hours(80)).await,
    ];
    // As if clocks had been an hour ahead when they were entered.
    let ahead = "UPDATE appointment SET utc_offset = utc_offset + 3600";
    let done = app.s.db().connection().execute_unprepared(ahead).await;
    assert_eq!(done.expect("changed").rows_affected(), 2);
    assert_eq!(services::appointments::clocks::check(&app.s).await.expect("compared"), 2);
    let open = page(&app, "/tasks").await;
    for appointment in &appointments {
        assert!(open.contains(&format!("href=\"/appointments/{appointment}\"")), "{open}");
    }
    let asked = page(&app, &format!("/appointments/{}", appointments[0])).await;
    assert!(
        asked.contains("Keep Wed, Jan 8 at 11:00 PM") && asked.contains("Change to Wed, Jan 8 at 10:00 PM"),
        "{asked}"
    );
    let door = server_function(&app, &format!("/appointments/{}", appointments[0]), "decide_clock").await;
    assert!(
        post(&app, &door, &[("id", &appointments[0]), ("keep", "entered")])
            .await
            .status()
            .is_redirection()
    );
    let first = app.see_appointment(&appointments[0]).await;
    assert_eq!(
        (first["starts_at"].as_str(), &first["clock_change"]),
        (Some("2025-01-09T04:00:00Z"), &Value::Null),
        "{first}"
    );

    let before = app.see_appointment(&appointments[1]).await;
    assert_eq!(before["clock_change"]["entered"], "2025-01-09T19:00", "{before}");
    let path = format!("/appointments/{}/clock", appointments[1]);
    let (status, problem) = app.post(&path, json!({ "keep": "both" })).await;
    assert_eq!(status, 422, "{problem}");
    let (status, second) = app.post(&path, json!({ "keep": "moment" })).await;
    assert_eq!(
        (status, &second["starts_at"], &second["clock_change"]),
        (200, &before["starts_at"], &Value::Null),
        "{second}"
    );
    let (status, problem) = app.post(&path, json!({ "keep": "moment" })).await;
    assert_eq!(status, 409, "{problem}");
    assert!(!app.open_task_kinds().await.contains(&"clock_change".to_owned()));
}

/// A page that was drawn before its place got another clock must not move an appointment by the old one.
#[rstest]
#[tokio::test]
async fn a_time_that_was_read_by_another_clock_moves_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    app.sign_in().await;
    let ann = app.contact("Ann", ANN).await;
    let appointment = app.appointment(&ann, 60).await;
    let see = async || {
        app.api(
            app.http.get(format!("{}/api/v1/appointments/{appointment}", app.url)),
            &app.key,
        )
        .await
        .1
    };
    let before = see().await;
    let door = server_function(&app, &format!("/appointments/{appointment}"), "move_appointment").await;
    let starts_at = before["starts_at"].as_str().expect("a time");
    let starts_at = domain::when::instant(starts_at).expect("a moment");
    let later = (starts_at + chrono::Duration::days(3)).format("%Y-%m-%dT15:00").to_string();
    let move_by = async |zone: &str| {
        let typed = [("id", appointment.as_str()), ("starts_at", &later), ("time_zone", zone)];
        assert!(post(&app, &door, &typed).await.status().is_redirection());
        see().await["starts_at"].clone()
    };
    assert_eq!(move_by("Antarctica/Troll").await, before["starts_at"]);
    let zone = before["time_zone"].as_str().expect("a zone");
    assert_ne!(move_by(zone).await, before["starts_at"]);
}
