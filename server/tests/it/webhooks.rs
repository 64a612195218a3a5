//! Twilio's doors, tried by Twilio and by others (law 1).

use entity::messages::{message, message_event, receipt};
use rstest::rstest;
use sea_orm::{EntityTrait, PaginatorTrait};
use testkit::{Backend, Fault, FaultKind};

use crate::app::{NUMBER, OLD_TOKEN, OTHER_NUMBER, TestApp, sid};

const ANN: &str = "+14155550171";
const INBOUND: &str = "/webhooks/twilio/inbound";
const STATUS: &str = "/webhooks/twilio/status";

async fn stored(app: &TestApp) -> u64 {
    let db = app.s.db().connection();
    let receipts = receipt::Entity::find().count(db).await.expect("count");
    let messages = message::Entity::find().count(db).await.expect("count");
    receipts + messages + message_event::Entity::find().count(db).await.expect("count")
}

async fn status_of(request: reqwest::RequestBuilder) -> u16 {
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn what_is_not_signed_by_our_account_is_refused_and_leaves_nothing() {
    let app = TestApp::start(Backend::Sqlite).await;
    let sid = sid(1);
    let text = app.text(&sid, ANN, "Y");
    let other: Vec<_> = app.text(&sid, ANN, "N");
    let url = format!("{}{INBOUND}", app.url);
    let unsigned = app.http.post(&url).form(&text);
    let forged = app.signed_with("a-guess", INBOUND, &text);
    let altered = app.signed(INBOUND, &text).form(&other);
    let other_door = app.signed("/twilio/inbound", &text).build().expect("a request");
    let other_door = app.http.post(&url).headers(other_door.headers().clone()).form(&text);
    let empty = app.http.post(&url).header("X-Twilio-Signature", "").form(&text);
    for (what, request) in [
        ("unsigned", unsigned),
        ("forged", forged),
        ("altered", altered),
        ("signed for another address", other_door),
        ("empty", empty),
    ] {
        assert_eq!(status_of(request).await, 403, "{what}");
    }
    let params = [
        ("MessageSid", sid.as_str()),
        ("AccountSid", app.sim.account_sid()),
        ("MessageStatus", "delivered"),
    ];
    assert_eq!(status_of(app.signed_with("a-guess", STATUS, &params)).await, 403);
    assert_eq!(stored(&app).await, 0);
}

#[tokio::test]
async fn what_is_signed_but_about_another_account_or_number_is_refused() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (sid, stranger) = (sid(1), format!("AC{}", "9".repeat(32)));
    let mut text = app.text(&sid, ANN, "Y");
    text[1].1 = &stranger;
    assert_eq!(status_of(app.signed(INBOUND, &text)).await, 403);
    let mut text = app.text(&sid, ANN, "Y");
    text[3].1 = "+15005550001";
    assert_eq!(status_of(app.signed(INBOUND, &text)).await, 404);
    assert_eq!(stored(&app).await, 0);
}

#[tokio::test]
async fn what_is_malformed_is_400_and_leaves_nothing() {
    let app = TestApp::start(Backend::Sqlite).await;
    let sid = sid(1);
    for missing in ["MessageSid", "AccountSid", "From", "To"] {
        let text: Vec<_> = app
            .text(&sid, ANN, "Y")
            .into_iter()
            .filter(|(name, _)| *name != missing)
            .collect();
        assert_eq!(status_of(app.signed(INBOUND, &text)).await, 400, "without {missing}");
    }
    let params = [
        ("MessageSid", sid.as_str()),
        ("AccountSid", app.sim.account_sid()),
        ("MessageStatus", "delivered"),
    ];
    assert_eq!(status_of(app.signed(&format!("{STATUS}?message_id=7"), &params)).await, 400);
    assert_eq!(status_of(app.http.get(format!("{}{INBOUND}", app.url))).await, 405);
    let huge = "x".repeat(1_000_000);
    assert_eq!(status_of(app.signed(INBOUND, &app.text(&sid, ANN, &huge))).await, 413);
    assert_eq!(stored(&app).await, 0);
}

#[rstest]
#[case::current_token(None, INBOUND)]
#[case::token_before_the_rotation(Some(OLD_TOKEN), INBOUND)]
#[case::short_path(None, "/twilio/inbound")]
#[case::query(None, "/webhooks/twilio/inbound?a=%2B+1&b=%40")]
#[tokio::test]
async fn what_is_signed_is_taken_and_answered_with_nothing_to_say(#[case] token: Option<&str>, #[case] path: &str) {
    let app = TestApp::start(Backend::Sqlite).await;
    let sid = sid(1);
    let token = token.unwrap_or(app.sim.auth_token()).to_owned();
    let text = app.text(&sid, ANN, "Grüße 👋 & more=100%");
    let response = app.signed_with(&token, path, &text).send().await.expect("an answer");
    assert_eq!(
        (response.status().as_u16(), response.headers()["content-type"].to_str().ok()),
        (200, Some("text/xml"))
    );
    assert!(response.text().await.expect("a body").ends_with("<Response/>"));
    let (_, page) = app.get("/messages").await;
    assert_eq!(
        (page["data"][0]["body"].as_str(), page["data"][0]["provider_sid"].as_str()),
        (Some("Grüße 👋 & more=100%"), Some(sid.as_str()))
    );
}

#[rstest]
#[tokio::test]
async fn two_hundred_repeats_at_once_are_one_message(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = std::sync::Arc::new(TestApp::start(backend).await);
    let crowd: Vec<_> = (0..200)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { status_of(app.signed(INBOUND, &app.text(&sid(1), ANN, "Hello"))).await })
        })
        .collect();
    for call in crowd {
        assert_eq!(call.await.expect("no panic"), 200, "a repeat is answered like the first");
    }
    let (_, page) = app.get("/messages").await;
    assert_eq!(page["data"].as_array().map(Vec::len), Some(1));
}

#[rstest]
#[case::early(Fault::new(FaultKind::EarlyCallback))]
#[case::reversed(Fault::new(FaultKind::ReverseCallbacks))]
#[case::many_times(Fault::new(FaultKind::DuplicateCallbacks).times(20))]
#[case::answer_lost(Fault::new(FaultKind::ErrorAfter))]
#[case::connection_cut(Fault::new(FaultKind::ResetAfter))]
#[tokio::test]
async fn however_callbacks_come_the_text_ends_as_delivered_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] fault: Fault,
) {
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    app.sim.set_fault(fault);
    app.post("/messages", serde_json::json!({ "contact_id": ann, "body": "Hello" }))
        .await;
    app.until("delivered", async || {
        app.messages_of(&ann).await.into_iter().find(|m| m["status"] == "delivered")
    })
    .await;
    assert_eq!(app.sim.sent_to(ANN).len(), 1);
}

#[tokio::test]
async fn a_text_through_the_simulator_and_back() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.sim.inbound(ANN, NUMBER, "Hello").await;
    let (_, page) = app.get("/conversations").await;
    assert_eq!(
        (page["data"][0]["preview"].as_str(), page["data"][0]["unread"].as_u64()),
        (Some("Hello"), Some(1))
    );
}

/// A business with a Twilio account of its own knows that account's token, and may sign whatever it likes with it.
#[rstest]
#[tokio::test]
async fn who_has_an_account_of_their_own_is_heard_for_it_and_for_nobody_else(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const OWN: &str = "AC11111111111111111111111111111111";
    const OWN_TOKEN: &str = "a-tenants-own-token";
    let app = TestApp::start(backend).await;
    let garage = app.neighbour().await;
    app.sim.set_account(OWN, OWN_TOKEN);
    services::numbers::accounts::connect(&app.s, &garage.operator, OWN, OWN_TOKEN.into())
        .await
        .expect("connected");
    let (common, token) = (app.sim.account_sid(), app.sim.auth_token());
    for (n, account, signed_with, to, status) in [
        (1, OWN, OWN_TOKEN, OTHER_NUMBER, 200),
        (2, common, token, NUMBER, 200),
        // Each about the other's number,
        (3, OWN, OWN_TOKEN, NUMBER, 404),
        (4, common, token, OTHER_NUMBER, 404),
        // and in the other's name.
        (5, common, OWN_TOKEN, NUMBER, 403),
        (6, OWN, token, OTHER_NUMBER, 403),
    ] {
        let sid = sid(n);
        let text = [
            ("MessageSid", sid.as_str()),
            ("AccountSid", account),
            ("From", ANN),
            ("To", to),
            ("Body", "STOP"),
        ];
        assert_eq!(status_of(app.signed_with(signed_with, INBOUND, &text)).await, status, "{n}");
    }
    let receipts = receipt::Entity::find().count(app.s.db().connection()).await.expect("count");
    assert_eq!(receipts, 2);
    // A text of the one, a callback of the other.
    let cid = app.contact("Cid", "+14155550178").await;
    let m = app.reply(&cid, "Hello").await;
    let m = app
        .until("sent", async || {
            Some(app.message(&m["id"]).await).filter(|m| m["provider_sid"].is_string())
        })
        .await;
    let id = m["id"].as_str().expect("an id");
    let params = [
        ("MessageSid", m["provider_sid"].as_str().expect("a SID")),
        ("AccountSid", OWN),
        ("MessageStatus", "failed"),
        ("ErrorCode", "21610"),
    ];
    let callback = app.signed_with(OWN_TOKEN, &format!("{STATUS}?message_id={id}"), &params);
    assert_eq!(status_of(callback).await, 404);
    assert!(app.message(&m["id"]).await["error_code"].is_null());
}
