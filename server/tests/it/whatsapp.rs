//! WhatsApp over HTTP: Twilio posts what somebody wrote, they are answered, they read it, and a text is handed in for approval.

use rstest::rstest;
use serde_json::json;
use services::{Actor, Principal, numbers};
use testkit::Backend;

use crate::app::{TestApp, sid};

const SENDER: &str = "whatsapp:+14155550188";
const CHAT: &str = "whatsapp:+14155550171";
const INBOUND: &str = "/webhooks/twilio/inbound";

/// A sender that was made in the console, is online, and posts here.
async fn with_sender(backend: Backend) -> TestApp {
    let app = TestApp::start(backend).await;
    app.sim.own_sender(app.sim.account_sid(), "+14155550188");
    numbers::assign(&app.s, app.business_id, SENDER).await.expect("added");
    let by = Actor {
        business_id: app.business_id,
        who: Principal::Operator,
    };
    let id = app
        .until("it was looked at", async || {
            let page = numbers::page(&app.s, &by, None).await.expect("the page");
            page.senders.first().filter(|sender| sender.online).map(|sender| sender.id)
        })
        .await;
    numbers::whatsapp::configure(&app.s, &by, id, false).await.expect("set");
    app
}

#[rstest]
#[tokio::test]
async fn what_somebody_writes_on_whatsapp_is_answered_there_and_read(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = with_sender(backend).await;
    app.sim.inbound(CHAT, SENDER, "Do you have time on Monday?").await;
    let messages = app.all("/messages").await;
    assert_eq!((messages.len(), messages[0]["channel"].as_str()), (1, Some("whatsapp")));
    let contact = messages[0]["contact_id"].as_str().expect("an id").to_owned();
    let reply = json!({ "contact_id": contact, "body": "We do", "channel": "whatsapp" });
    let (status, sent) = app.post("/messages", reply).await;
    assert_eq!((status, sent["channel"].as_str()), (202, Some("whatsapp")), "{sent}");
    app.until_status(&sent["id"], "delivered").await;
    assert_eq!(app.sim.sent_to(CHAT)[0].body, "We do");
    app.sim.look_at(CHAT).await;
    app.until_status(&sent["id"], "read").await;
    app.sim.inbound(CHAT, SENDER, "STOP").await;
    app.until("they are told", async || (app.sim.sent_to(CHAT).len() == 2).then_some(()))
        .await;
    assert_eq!(app.consent(&contact).await, "opted_out", "texts are stopped, too");
}

#[rstest]
#[tokio::test]
async fn nobody_s_account_speaks_for_a_sender_of_another(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = with_sender(backend).await;
    let first = sid(1);
    let mut form = app.text(&first, CHAT, "Hi");
    form.retain(|(name, _)| *name != "To" && *name != "AccountSid");
    let other = format!("AC{}", "9".repeat(32));
    form.extend([("To", SENDER), ("AccountSid", other.as_str())]);
    let answer = app.signed(INBOUND, &form).send().await.expect("an answer");
    assert_eq!(answer.status(), 403);
    assert!(app.all("/messages").await.is_empty(), "nothing is left behind");
}

#[rstest]
#[tokio::test]
async fn a_text_is_handed_in_for_approval(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = with_sender(backend).await;
    let (status, twin) = app.post("/templates/reminder/whatsapp/en/submit", json!({})).await;
    assert_eq!(status, 202, "{twin}");
    assert_eq!(
        (twin["kind"].as_str(), twin["revision"].as_i64()),
        (Some("reminder"), Some(1))
    );
    assert!(
        ["received", "pending", "approved"].contains(&twin["state"].as_str().unwrap_or_default()),
        "{twin}"
    );
    let (status, again) = app.post("/templates/reminder/whatsapp/en/submit", json!({})).await;
    assert_eq!((status, again["id"].as_str()), (202, twin["id"].as_str()), "once");
    let (status, _) = app.post("/templates/nonsense/whatsapp/en/submit", json!({})).await;
    assert_eq!(status, 404);
    let (status, _) = app.post("/templates/reminder/whatsapp/xx/submit", json!({})).await;
    assert_eq!(status, 404);
}
