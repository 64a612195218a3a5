//! The waitlist over HTTP, as other programs use it.

use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::{TestApp, sid};

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";

fn in_hours(app: &TestApp, hours: i64) -> String {
    (app.s.now() + chrono::Duration::hours(hours)).to_rfc3339()
}

fn id(of: &Value) -> String {
    of["id"].as_str().expect("an id").to_owned()
}

async fn seen(app: &TestApp, slot: &str) -> Value {
    let (status, slot) = app.get(&format!("/slots/{slot}")).await;
    assert_eq!(status, 200, "{slot}");
    slot
}

/// The slot, once the offer to this person has this state.
async fn until_offer(app: &TestApp, slot: &str, contact: &str, state: &str) -> Value {
    app.until(state, async || {
        app.a_tick_later().await;
        let slot = seen(app, slot).await;
        let offers = slot["offers"].as_array().cloned().unwrap_or_default();
        let theirs = offers
            .iter()
            .any(|offer| offer["contact_id"] == contact && offer["status"] == state);
        theirs.then_some(slot)
    })
    .await
}

#[rstest]
#[tokio::test]
async fn a_yes_takes_the_time_over_http(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let (ann, ben) = (app.contact("Ann", ANN).await, app.contact("Ben", BEN).await);
    let window = json!({"weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00"});
    let (status, first) = app
        .post(
            "/waitlist",
            json!({"contact_id": ann, "windows": [window], "priority": "soon"}),
        )
        .await;
    assert_eq!(
        (status, &first["status"], &first["windows"][0]),
        (201, &json!("waiting"), &window),
        "{first}"
    );
    let (status, _) = app.post("/waitlist", json!({"contact_id": ben})).await;
    assert_eq!(status, 201);
    let (_, list) = app.get("/waitlist?status=waiting").await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2), "{list}");
    let slot = json!({"starts_at": in_hours(&app, 50), "minutes": 30, "mode": "one_by_one", "hold_minutes": 20});
    let (status, slot) = app.post("/slots", slot).await;
    assert_eq!(
        (status, &slot["mode"], &slot["hold_minutes"]),
        (201, &json!("one_by_one"), &json!(20)),
        "{slot}"
    );
    let slot = id(&slot);
    let offering = until_offer(&app, &slot, &ann, "sent").await;
    assert_eq!(
        (&offering["status"], &offering["offers"][0]["channel"]),
        (&json!("offering"), &json!("sms"))
    );
    assert!(offering["offers"][0]["expires_at"].is_string(), "{offering}");
    app.receives(&sid(1), ANN, "N").await;
    until_offer(&app, &slot, &ben, "sent").await;
    app.receives(&sid(2), BEN, "Y").await;
    let taken = until_offer(&app, &slot, &ben, "taken").await;
    assert_eq!(taken["status"], "taken");
    let visit = taken["appointment_id"].as_str().expect("a visit");
    let visit = app.see_appointment(visit).await;
    assert_eq!((&visit["status"], &visit["contact_id"]), (&json!("confirmed"), &json!(ben)));
    let (status, problem) = app.post(&format!("/slots/{slot}/book"), json!({"contact_id": ann})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("conflict")), "{problem}");
    let (status, same) = app.post(&format!("/slots/{slot}/book"), json!({"contact_id": ben})).await;
    assert_eq!((status, &same["status"]), (200, &json!("taken")), "{same}");
    let (_, board) = app.get("/slots").await;
    assert_eq!(board["taken"][0]["id"], slot, "{board}");
    let (_, entry) = app.get(&format!("/waitlist/{}", id(&first))).await;
    assert_eq!(
        (&entry["status"], &entry["answers"]),
        (&json!("waiting"), &json!(1)),
        "who passes keeps their place"
    );
}

#[rstest]
#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let at = in_hours(&app, 50);
    for (path, body, pointer) in [
        (
            "/waitlist",
            json!({"contact_id": ann, "windows": [{"weekdays": ["someday"]}]}),
            "/windows/0/weekdays",
        ),
        (
            "/waitlist",
            json!({"contact_id": ann, "windows": [{}, {}, {}, {}, {}, {}]}),
            "/windows",
        ),
        ("/waitlist", json!({"contact_id": ann, "minutes": 1}), "/minutes"),
        (
            "/waitlist",
            json!({"contact_id": ann, "notice_minutes": -1}),
            "/notice_minutes",
        ),
        ("/waitlist", json!({"contact_id": ann, "type_ids": [ann]}), "/type_ids"),
        ("/waitlist", json!({"contact_id": ann, "instead_of": ann}), "/instead_of"),
        (
            "/slots",
            json!({"starts_at": "2020-01-01T10:00:00Z", "minutes": 30}),
            "/starts_at",
        ),
        ("/slots", json!({"starts_at": at, "minutes": 0}), "/minutes"),
        (
            "/slots",
            json!({"starts_at": at, "minutes": 30, "hold_minutes": 0}),
            "/hold_minutes",
        ),
        (
            "/slots",
            json!({"starts_at": at, "minutes": 30, "group_size": 51}),
            "/group_size",
        ),
    ] {
        let (status, problem) = app.post(path, body.clone()).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{body}: {problem}"
        );
    }
    let (status, _) = app.post("/waitlist", json!({"contact_id": ann, "hurry": true})).await;
    assert_eq!(status, 422, "unknown fields are refused");
    let (status, _) = app.get("/waitlist?status=bored").await;
    assert_eq!(status, 400);
    let (status, entry) = app.post("/waitlist", json!({"contact_id": ann})).await;
    assert_eq!(status, 201);
    let other = app.another_key().await;
    let theirs = app.http.get(format!("{}/api/v1/waitlist/{}", app.url, id(&entry)));
    assert_eq!(app.api(theirs, &other).await.0, 404, "another business's");
    let gone = app.http.delete(format!("{}/api/v1/waitlist/{}", app.url, id(&entry)));
    assert_eq!(app.api(gone, &app.key).await.0, 204);
    let (_, left) = app.get(&format!("/waitlist/{}", id(&entry))).await;
    assert_eq!(left["status"], "left");
}

#[rstest]
#[tokio::test]
async fn times_are_offered_over_http_and_a_number_moves_the_visit(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let visit = app.appointment(&ann, 100).await;
    let starts = [in_hours(&app, 120), in_hours(&app, 144)];
    let (status, times) = app
        .post(&format!("/appointments/{visit}/offer-times"), json!({"starts": starts}))
        .await;
    assert_eq!((status, times["slots"].as_array().map(Vec::len)), (201, Some(2)), "{times}");
    let second = id(&times["slots"][1]);
    until_offer(&app, &second, &ann, "sent").await;
    app.receives(&sid(1), ANN, "2").await;
    let taken = until_offer(&app, &second, &ann, "taken").await;
    assert_eq!(taken["appointment_id"], json!(visit));
    let moved = app.see_appointment(&visit).await;
    assert_eq!(
        (&moved["status"], &moved["starts_at"]),
        (&json!("confirmed"), &taken["starts_at"])
    );
    let (status, problem) = app
        .post(&format!("/appointments/{visit}/offer-times"), json!({"starts": [starts[0]]}))
        .await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("/starts")),
        "{problem}"
    );
}
