//! Point 9: nights, clock changes, appointments that move or die while their reminder is on its way. A reminder may come earlier or become
//! a person's task; it never comes at night, after the appointment, twice, or about a time that is no more.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use futures::future::join_all;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::{Backend, Fault, FaultKind};

use super::ANN;
use crate::{
    app::{TestApp, sid},
    pages::{post, server_function},
};

/// As texts write a moment in New York.
fn written(at: DateTime<Utc>) -> String {
    let zone = domain::zone::Zone::named("America/New_York").expect("a zone");
    at.with_timezone(&zone).format("%a, %b %-d at %-I:%M %p").to_string()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// Sets the clock and lets the workers look for due work.
async fn at(app: &TestApp, moment: &str) {
    app.clock().set(instant(moment));
    app.a_tick_later().await;
}

/// What Ann's phone got.
fn got(app: &TestApp) -> Vec<String> {
    app.sim.sent_to(ANN).into_iter().map(|m| m.body).collect()
}

async fn texts(app: &TestApp, count: usize) {
    app.until("the texts", async || (got(app).len() >= count).then_some(())).await;
}

async fn reminder_states(app: &TestApp, appointment: &str) -> Vec<String> {
    let seen = app.see_appointment(appointment).await;
    let states = seen["reminders"].as_array().into_iter().flatten();
    states.map(|r| r["status"].as_str().unwrap_or_default().to_owned()).collect()
}

/// What is due has left: the clock may be moved without moving it under a text that is about to be called for.
async fn at_rest(app: &TestApp, appointment: &str) {
    let on_its_way = |r: &Value| match r["status"].as_str() {
        Some("planned") => r["due_at"].as_str().is_some_and(|at| instant(at) <= app.s.now()),
        status => status == Some("queued"),
    };
    app.until("what is due has left", async || {
        let seen = app.see_appointment(appointment).await;
        let moving = seen["reminders"].as_array().into_iter().flatten().any(on_its_way);
        (!moving).then_some(())
    })
    .await;
}

#[rstest]
#[tokio::test]
async fn booked_at_night_for_the_early_morning_it_is_a_call_and_never_a_text(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    // Monday, ten in the evening; the appointment is at seven, an hour before anybody may be texted.
    let app = TestApp::with_clock_at(backend, "2025-01-07T03:00:00Z").await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.appointment_at(&ann, instant("2025-01-07T12:00:00Z")).await;
    assert_eq!(app.open_task_kinds().await, ["call"], "staff know at once");
    for moment in ["2025-01-07T03:05:00Z", "2025-01-07T11:59:00Z", "2025-01-07T13:30:00Z"] {
        at(&app, moment).await;
        assert!(got(&app).is_empty(), "{moment}");
    }
}

#[rstest]
#[tokio::test]
async fn booked_at_night_for_noon_it_waits_for_the_morning(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock_at(backend, "2025-01-07T03:00:00Z").await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    app.appointment_at(&ann, instant("2025-01-07T17:00:00Z")).await;
    at(&app, "2025-01-07T12:59:00Z").await;
    assert!(got(&app).is_empty());
    at(&app, "2025-01-07T13:00:10Z").await;
    texts(&app, 1).await;
    assert!(got(&app)[0].contains(&written(instant("2025-01-07T17:00:00Z"))));
}

#[rstest]
#[tokio::test]
async fn what_waited_for_a_worker_until_night_waits_on_until_morning(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", ANN).await;
    // Wednesday, 20:30. The last reminder is due on Tuesday at 20:30, but nobody works until 21:30.
    app.appointment_at(&ann, instant("2025-01-09T01:30:00Z")).await;
    app.clock().set(instant("2025-01-08T02:30:00Z"));
    app.start_workers();
    app.a_tick_later().await;
    assert!(got(&app).is_empty(), "not at night");
    at(&app, "2025-01-08T13:00:10Z").await;
    texts(&app, 1).await;
    app.a_tick_later().await;
    assert_eq!(got(&app).len(), 1, "the two that were due became one text");
}

#[rstest]
#[tokio::test]
async fn what_waited_for_a_worker_until_the_appointment_began_is_never_sent(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let appointment = app.appointment(&ann, 50).await;
    app.clock().advance(Duration::hours(50) + Duration::minutes(1));
    app.start_workers();
    app.until("settled", async || {
        let open = ["planned", "queued"].map(str::to_owned);
        (!reminder_states(&app, &appointment).await.iter().any(|s| open.contains(s))).then_some(())
    })
    .await;
    assert!(app.sim.creates_to(ANN).is_empty());
    let seen = app.see_appointment(&appointment).await;
    let reasons = seen["reminders"].as_array().into_iter().flatten();
    assert!(reasons.clone().all(|r| r["reason"].is_string()), "and it says why: {seen}");
}

/// Two hours before is half past six, in the night. At its end, at eight, half an hour would be left, and that is too little to act on:
/// the reminder comes the evening before, in the last minute of the day. With a minute more it waits for the morning.
#[rstest]
#[case::appointment_at_half_past_eight("2025-01-07T13:30:00Z", "2025-01-07T01:59:00Z", [0, 1, 1, 1])]
#[case::appointment_a_minute_later("2025-01-07T13:31:00Z", "2025-01-07T13:00:00Z", [0, 0, 0, 1])]
#[tokio::test]
async fn a_reminder_whose_night_ends_too_late_for_its_appointment_comes_the_evening_before(
    #[case] appointment: &str,
    #[case] due: &str,
    #[case] texts_by_then: [usize; 4],
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    // There is no door yet by which a business sets when its reminders go out.
    let two_hours_before = "UPDATE business SET cadence = '2'";
    let changed = app.s.db().connection().execute_unprepared(two_hours_before).await;
    assert_eq!(changed.expect("changed").rows_affected(), 1);
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    let booked = app.appointment_at(&ann, instant(appointment)).await;
    let seen = app.see_appointment(&booked).await;
    assert_eq!(
        seen["reminders"][0]["due_at"].as_str().map(instant),
        Some(instant(due)),
        "{seen}"
    );
    // 20:58 and 20:59 on the evening before, half past six, and eight in the morning.
    let moments = [
        "2025-01-07T01:58:30Z",
        "2025-01-07T01:59:10Z",
        "2025-01-07T11:30:10Z",
        "2025-01-07T13:00:10Z",
    ];
    for (moment, count) in moments.into_iter().zip(texts_by_then) {
        at(&app, moment).await;
        texts(&app, count).await;
        at_rest(&app, &booked).await;
        assert_eq!(got(&app).len(), count, "{moment}");
    }
    assert!(got(&app)[0].contains(&written(instant(appointment))));
    assert!(app.open_tasks().await.is_empty(), "nobody needs to call");
}

#[rstest]
#[case::spring_24_hours_before_is_half_past_seven(
    "2025-03-07T15:00:00Z",
    "2025-03-09T12:30:00Z",
    "2025-03-08T12:45:00Z",
    "2025-03-08T13:00:10Z"
)]
#[case::autumn_24_hours_before_is_half_past_nine(
    "2025-10-31T14:00:00Z",
    "2025-11-03T01:30:00Z",
    "2025-11-02T01:31:00Z",
    "2025-11-02T13:00:10Z"
)]
#[tokio::test]
async fn across_a_clock_change_a_reminder_keeps_to_waking_hours(
    #[case] now: &str,
    #[case] appointment: &str,
    #[case] night: &str,
    #[case] morning: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock_at(backend, now).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    let booked = app.appointment_at(&ann, instant(appointment)).await;
    // Booked less than 48 hours ahead, the first may have gone at once.
    at_rest(&app, &booked).await;
    let first = got(&app).len();
    at(&app, night).await;
    let before = got(&app).len();
    assert!(before <= first + 1, "{:?}", got(&app));
    let awake = |m: &twilio_sim::SimMessage| {
        let hour = m
            .date_created
            .with_timezone(&domain::zone::Zone::named("America/New_York").expect("a zone"));
        (8..21).contains(&chrono::Timelike::hour(&hour))
    };
    at(&app, morning).await;
    texts(&app, before + 1).await;
    assert!(app.sim.sent_to(ANN).iter().all(awake), "{:?}", app.sim.sent_to(ANN));
    assert!(got(&app).iter().all(|body| body.contains(&written(instant(appointment)))));
}

#[rstest]
#[case::a_time_that_does_not_exist("2025-03-07T15:00:00Z", "2025-03-09T02:30")]
#[case::a_time_that_exists_twice("2025-10-31T14:00:00Z", "2025-11-02T01:30")]
#[tokio::test]
async fn an_appointment_in_the_hour_of_a_clock_change_is_one_appointment_with_one_time(
    #[case] now: &str,
    #[case] starts_at: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock_at(backend, now).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    let body = json!({ "contact_id": ann, "starts_at": starts_at });
    let (created, appointment) = app.post("/appointments", body).await;
    assert_eq!(created, 201, "{appointment}");
    let starts_at = instant(appointment["starts_at"].as_str().expect("a time"));
    app.clock().set(starts_at - Duration::hours(13));
    texts(&app, 1).await;
    app.a_tick_later().await;
    let bodies = got(&app);
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(
        bodies[0].contains(&written(starts_at)),
        "the text and the calendar agree: {bodies:?}"
    );
}

#[rstest]
#[tokio::test]
async fn the_night_is_the_customers_own_not_the_businesss(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let consent = json!({ "channel": "sms", "source": "booking" });
    let ann = json!({ "name": "Ann", "phone": ANN, "time_zone": "America/Los_Angeles", "opt_in": consent });
    let (_, ann) = app.post("/contacts", ann).await;
    // Thursday, 10:30 in New York and 7:30 in Los Angeles; 48 hours before, it is 7:30 there as well.
    let starts_at = instant("2025-01-09T15:30:00Z");
    app.appointment_at(ann["id"].as_str().expect("an id"), starts_at).await;
    at(&app, "2025-01-07T15:35:00Z").await;
    assert!(got(&app).is_empty(), "she sleeps");
    at(&app, "2025-01-07T16:00:10Z").await;
    texts(&app, 1).await;
    let told = format!("{} EST.", written(starts_at));
    assert!(got(&app)[0].contains(&told), "by the clock of the place: {:?}", got(&app));
}

#[rstest]
#[tokio::test]
async fn a_customer_who_moves_to_another_zone_has_that_zones_night(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    app.sign_in().await;
    let ann = app.contact("Ann", ANN).await;
    // Thursday, 10:30 in New York; 48 hours before, it is 5:30 in Honolulu.
    app.appointment_at(&ann, instant("2025-01-09T15:30:00Z")).await;
    let door = server_function(&app, &format!("/contacts/{ann}"), "update_contact").await;
    let moved = [
        ("id", ann.as_str()),
        ("name", "Ann"),
        ("phone", ANN),
        ("email", ""),
        ("time_zone", "Pacific/Honolulu"),
        ("language", ""),
        ("tags", ""),
        ("notes", ""),
    ];
    assert!(post(&app, &door, &moved).await.status().is_redirection());
    at(&app, "2025-01-07T15:35:00Z").await;
    assert!(got(&app).is_empty(), "she sleeps");
    at(&app, "2025-01-07T18:00:10Z").await;
    texts(&app, 1).await;
}

#[rstest]
#[tokio::test]
async fn moved_across_the_24_hour_line_before_anything_went_out_only_the_new_time_is_texted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let appointment = app.appointment(&ann, 30).await;
    let sooner = app.s.now() + Duration::hours(20);
    app.move_appointment(&appointment, sooner).await;
    app.start_workers();
    texts(&app, 1).await;
    app.clock().advance(Duration::hours(5));
    app.a_tick_later().await;
    let bodies = got(&app);
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies[0].contains(&written(sooner)));
}

#[rstest]
#[tokio::test]
async fn moved_to_and_fro_no_time_is_texted_twice(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    let (far, near) = (app.s.now() + Duration::hours(30), app.s.now() + Duration::hours(20));
    let appointment = app.appointment_at(&ann, far).await;
    texts(&app, 1).await;
    for to in [near, far, near, far, near] {
        app.move_appointment(&appointment, to).await;
        app.a_tick_later().await;
    }
    let bodies = got(&app);
    let about = |time| bodies.iter().filter(|b| b.contains(&written(time))).count();
    assert_eq!((about(far), about(near), bodies.len()), (1, 1, 2), "{bodies:?}");
}

#[rstest]
#[case::cancelled(None)]
#[case::moved(Some(Duration::hours(100)))]
#[tokio::test]
async fn while_the_reminder_waits_its_appointment_goes_and_it_is_never_sent(
    #[case] moved_by: Option<Duration>,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.start_workers();
    let ann = app.contact("Ann", ANN).await;
    // Fired and refused for now: the text waits for its next try.
    app.sim.set_fault(Fault::new(FaultKind::RateLimit));
    let appointment = app.appointment(&ann, 30).await;
    app.until("it waits", async || {
        let waits = app.messages_of(&ann).await.iter().any(|m| m["status"] == "queued");
        (waits && app.sim.creates_to(ANN).len() == 1).then_some(())
    })
    .await;
    let status = match moved_by {
        None => app.post(&format!("/appointments/{appointment}/cancel"), json!({})).await.0,
        Some(by) => app.move_appointment(&appointment, app.s.now() + by).await.0,
    };
    assert_eq!(status, 200);
    let texts = app.messages_of(&ann).await;
    assert!(
        texts.iter().all(|m| m["status"] == "cancelled" && m["error"].is_string()),
        "{texts:?}"
    );
    app.clock().advance(Duration::hours(1));
    app.a_tick_later().await;
    assert_eq!(app.sim.creates_to(ANN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn cancelled_while_the_send_is_in_the_air_one_text_goes_and_an_answer_to_it_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::StoreLate).ms(1_000));
    let appointment = app.appointment(&ann, 30).await;
    app.until("it is in the air", async || app.sim.creates_to(ANN).first().map(|_| ()))
        .await;
    let (cancelled, _) = app.post(&format!("/appointments/{appointment}/cancel"), json!({})).await;
    assert_eq!(cancelled, 200);
    let shown = app
        .until("delivered", async || {
            app.messages_of(&ann).await.into_iter().find(|m| m["status"] == "delivered")
        })
        .await;
    assert_eq!(shown["kind"], "reminder", "what she read is on record");
    app.receives(&sid(1), ANN, "Y").await;
    assert_eq!(app.see_appointment(&appointment).await["status"], "cancelled");
    assert_eq!(app.open_task_kinds().await, ["clarify"], "somebody tells her");
    app.a_tick_later().await;
    assert_eq!(app.sim.creates_to(ANN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn moved_while_the_send_is_in_the_air_the_old_answer_does_not_count_for_the_new_time(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(Fault::new(FaultKind::StoreLate).ms(1_000));
    let appointment = app.appointment(&ann, 30).await;
    app.until("it is in the air", async || app.sim.creates_to(ANN).first().map(|_| ()))
        .await;
    let (moved, _) = app.move_appointment(&appointment, app.s.now() + Duration::hours(200)).await;
    assert_eq!(moved, 200);
    texts(&app, 1).await;
    app.until("settled", async || {
        let all: Vec<Value> = app.messages_of(&ann).await;
        all.iter().all(|m| m["status"] == "delivered").then_some(())
    })
    .await;
    app.receives(&sid(1), ANN, "Y").await;
    assert_eq!(app.see_appointment(&appointment).await["status"], "scheduled");
    assert_eq!(app.open_task_kinds().await, ["clarify"]);
    assert_eq!(
        reminder_states(&app, &appointment)
            .await
            .iter()
            .filter(|s| *s == "planned")
            .count(),
        2,
        "the new time's own"
    );
}

#[rstest]
#[tokio::test]
async fn moved_by_many_at_once_every_text_is_about_another_time_and_the_plan_fits_the_last(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Arc::new(TestApp::start(backend).await);
    let ann = app.contact("Ann", ANN).await;
    let appointment = app.appointment(&ann, 30).await;
    let moves = (0..20).map(|n| {
        let (app, appointment) = (app.clone(), appointment.clone());
        // Never within an hour of the 24 hours, when the reminder of 48 hours would make way for the next one.
        let to = app.s.now() + Duration::hours(26 + n % 10);
        tokio::spawn(async move { app.move_appointment(&appointment, to).await.0 })
    });
    for answer in join_all(moves).await {
        assert_eq!(answer.expect("no panic"), 200);
    }
    app.a_tick_later().await;
    app.until("she is told of a time", async || {
        (!app.sim.sent_to(ANN).is_empty()).then_some(())
    })
    .await;
    app.until("nothing is in the air", async || {
        let on_the_way = ["queued", "sending"];
        let all = app.messages_of(&ann).await;
        (!all
            .iter()
            .any(|m| on_the_way.contains(&m["status"].as_str().unwrap_or_default())))
        .then_some(())
    })
    .await;
    let mut bodies = got(&app);
    let sent = bodies.len();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), sent, "no time is texted twice");
    let seen = app.see_appointment(&appointment).await;
    let starts_at = instant(seen["starts_at"].as_str().expect("a time"));
    for reminder in seen["reminders"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|r| r["status"] == "planned")
    {
        let due_at = instant(reminder["due_at"].as_str().expect("a time"));
        assert!(due_at < starts_at && starts_at - due_at <= Duration::hours(48), "{seen}");
    }
}
