//! The pages on which somebody plays WhatsApp and its people, without JavaScript.

use serde_json::json;
use twilio_sim::{Direction, Sim, SimConfig, State};

const PHONE: &str = "+15550001111";
const OURS: &str = "whatsapp:+15550001111";
const ANN: &str = "whatsapp:+491701234567";

fn http() -> reqwest::Client {
    twilio::tls::install();
    reqwest::Client::builder().build().expect("a client")
}

async fn sim() -> Sim {
    let sim = twilio_sim::start(SimConfig::default()).await.expect("it starts");
    sim.own_sender(sim.account_sid(), PHONE);
    sim
}

async fn get(sim: &Sim, path: &str) -> String {
    let answer = http().get(format!("{}{path}", sim.url())).send().await.expect("it answers");
    assert_eq!(answer.status(), 200, "{path}");
    let policy = answer
        .headers()
        .get("content-security-policy")
        .expect("a policy")
        .to_str()
        .expect("text");
    assert!(policy.starts_with("default-src 'self'"), "{policy}");
    answer.text().await.expect("a page")
}

async fn post(sim: &Sim, path: &str, form: &[(&str, &str)]) -> u16 {
    let request = http().post(format!("{}{path}", sim.url())).form(form);
    request.send().await.expect("it answers").status().as_u16()
}

/// A content by the REST API, handed in; its SID.
async fn template(sim: &Sim, name: &str, body: &str) -> String {
    let ask = async |path: &str, body: serde_json::Value| {
        let request = http()
            .post(format!("{}{path}", sim.url()))
            .basic_auth(sim.account_sid(), Some(sim.auth_token()));
        let answer = request.json(&body).send().await.expect("it answers");
        assert_eq!(answer.status(), 201);
        answer.json::<serde_json::Value>().await.expect("JSON")
    };
    let actions = json!([{ "id": "y_{{2}}", "title": "Yes" }, { "id": "n_{{2}}", "title": "No" }]);
    let content = ask(
        "/v1/Content",
        json!({
            "friendly_name": name, "language": "en", "variables": { "1": "<b>Ana</b>", "2": "7" },
            "types": { "twilio/quick-reply": { "body": body, "actions": actions } },
        }),
    )
    .await;
    let sid = content["sid"].as_str().expect("a SID").to_owned();
    let submission = json!({ "name": name.to_lowercase(), "category": "UTILITY" });
    ask(&format!("/v1/Content/{sid}/ApprovalRequests/WhatsApp"), submission).await;
    sid
}

async fn send(sim: &Sim, sid: &str) -> String {
    let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", sim.url(), sim.account_sid());
    let request = http().post(url).basic_auth(sim.account_sid(), Some(sim.auth_token()));
    let form = [
        ("To", ANN),
        ("From", OURS),
        ("ContentSid", sid),
        ("ContentVariables", r#"{"1":"Ann","2":"k9"}"#),
    ];
    let answer = request.form(&form).send().await.expect("it answers");
    let json: serde_json::Value = answer.json().await.expect("JSON");
    json["sid"].as_str().expect("it is taken").to_owned()
}

#[tokio::test]
async fn somebody_decides_about_a_template() {
    let sim = sim().await;
    assert!(get(&sim, "/templates").await.contains("No template yet"));
    let sid = template(&sim, "reminder", "Hi {{1}}, your visit is tomorrow. Can you come?").await;
    let page = get(&sim, "/templates").await;
    assert!(page.contains("&lt;b&gt;Ana") && !page.contains("<b>Ana"), "{page}");
    assert!(
        page.contains("received") && page.contains("UTILITY") && page.contains("<li title=\"y_{{2}}\">Yes</li>"),
        "{page}"
    );
    let say = async |status: &str, reason: &str, category: &str| {
        post(
            &sim,
            "/templates/say",
            &[("sid", &sid), ("status", status), ("reason", reason), ("category", category)],
        )
        .await
    };
    assert_eq!(say("rejected", "", "UTILITY").await, 200);
    assert!(get(&sim, "/templates").await.contains("INVALID_FORMAT"));
    assert_eq!(say("approved", "left over", "MARKETING").await, 200);
    let standing = sim.look(|s| s.whatsapp.standing(&sid, s.now())).expect("it stands");
    assert_eq!(
        (standing.status.as_str(), standing.category.as_str()),
        ("approved", "MARKETING")
    );
    assert_eq!(standing.rejection_reason, "");
    assert_eq!(say("", "", "").await, 400);
    assert_eq!(
        post(&sim, "/templates/say", &[("sid", "HX1"), ("status", "approved")]).await,
        400
    );
}

#[tokio::test]
async fn the_clock_or_somebody_decides() {
    let sim = sim().await;
    let by_hand = [("pending_after", "0"), ("decided_after", "0"), ("category", "")];
    assert_eq!(post(&sim, "/templates/pace", &by_hand).await, 200);
    let status = |sid: &str| sim.look(|s| s.whatsapp.standing(sid, s.now())).expect("it stands").status;
    let waits = template(&sim, "waits", "Hi {{1}}, your visit is tomorrow. Can you come?").await;
    assert_eq!(status(&waits), "pending");
    let by_clock = [
        ("by_itself", "1"),
        ("pending_after", "0"),
        ("decided_after", "0"),
        ("category", ""),
    ];
    assert_eq!(post(&sim, "/templates/pace", &by_clock).await, 200);
    let bad = template(&sim, "bad", "{{1}}, your visit is tomorrow. Can you come?").await;
    assert_eq!((status(&waits).as_str(), status(&bad).as_str()), ("approved", "rejected"));
    assert_eq!(post(&sim, "/templates/pace", &[("pending_after", "soon")]).await, 400);
}

#[tokio::test]
async fn a_sender_is_made_and_goes_off() {
    let sim = twilio_sim::start(SimConfig::default()).await.expect("it starts");
    assert!(get(&sim, "/senders").await.contains("No sender yet"));
    assert_eq!(post(&sim, "/senders/new", &[("phone", PHONE)]).await, 200);
    assert_eq!(post(&sim, "/senders/new", &[("phone", "5550001111")]).await, 400);
    assert_eq!(
        post(&sim, "/senders/new", &[("phone", "+15550002222"), ("account", "AC9")]).await,
        400
    );
    let off = [
        ("sender_id", OURS),
        ("status", "OFFLINE"),
        ("quality", "LOW"),
        ("limit", "250"),
        ("code", "63020"),
    ];
    assert_eq!(post(&sim, "/senders/state", &off).await, 200);
    let sender = sim.look(|s| s.whatsapp.sender(OURS).cloned()).expect("it is there");
    assert_eq!(
        (
            sender.status.as_str(),
            sender.quality_rating.as_str(),
            sender.messaging_limit.as_str()
        ),
        ("OFFLINE", "LOW", "250")
    );
    assert_eq!(sender.offline_reasons[0].code, "63020");
    let page = get(&sim, "/senders").await;
    assert!(
        page.contains("63020 There is a problem") && page.contains("nowhere of its own"),
        "{page}"
    );
    assert_eq!(
        post(
            &sim,
            "/senders/state",
            &[("sender_id", OURS), ("status", "ONLINE"), ("code", "63020")]
        )
        .await,
        200
    );
    assert!(sim.look(|s| s.whatsapp.sender(OURS).expect("it is there").offline_reasons.is_empty()));
    assert_eq!(
        post(&sim, "/senders/state", &[("sender_id", "whatsapp:+1"), ("status", "ONLINE")]).await,
        400
    );
}

#[tokio::test]
async fn a_person_looks_taps_and_sends_other_things() {
    let sim = sim().await;
    let sid = template(&sim, "reminder", "Hi {{1}}, your visit is tomorrow. Can you come?").await;
    assert_eq!(
        post(&sim, "/templates/say", &[("sid", &sid), ("status", "approved")]).await,
        200
    );
    let sent = send(&sim, &sid).await;
    let has = |status: &'static str| {
        let sent = sent.clone();
        move |s: &State| s.message(&sent).is_some_and(|m| m.status == status)
    };
    let soon = std::time::Duration::from_secs(180);
    sim.wait_for(has("delivered"), soon).await.expect("it arrives");
    let page = get(&sim, "/phones").await;
    assert!(
        page.contains("Hi Ann, your visit") && page.contains("value=\"y_k9\"") && page.contains("Only templates"),
        "{page}"
    );
    let act = async |name: &str, value: &str| {
        post(
            &sim,
            "/phones/whatsapp",
            &[("from", ANN), ("to", OURS), ("on", &sent), (name, value)],
        )
        .await
    };
    assert_eq!(act("act", "look").await, 200);
    sim.wait_for(has("read"), soon).await.expect("it is read");
    assert_eq!(act("tap", "n_k9").await, 200);
    for thing in ["photo", "voice", "place", "card"] {
        assert_eq!(act("thing", thing).await, 200, "{thing}");
    }
    assert_eq!(act("thing", "elephant").await, 400);
    let said: Vec<String> = sim
        .messages()
        .iter()
        .filter(|m| m.direction == Direction::Inbound)
        .map(|m| m.body.clone())
        .collect();
    assert_eq!(said, ["No", "", "", "", ""]);
    assert!(get(&sim, "/phones").await.contains("Any words until"));
    assert_eq!(act("act", "close").await, 200);
    assert_eq!(act("act", "receipts").await, 200);
    assert!(sim.look(|s| s.whatsapp.window(OURS, ANN, s.now()).is_none() && !s.whatsapp.has_receipts(ANN)));
    assert!(get(&sim, "/phones").await.contains("Only templates"));
    let by_text = [("from", "+491701234567"), ("to", PHONE), ("act", "look")];
    assert_eq!(post(&sim, "/phones/whatsapp", &by_text).await, 400);
    let hidden = [("from", "whatsapp:DE.1"), ("to", OURS), ("text", "It is me")];
    assert_eq!(post(&sim, "/phones/text", &hidden).await, 200);
    assert!(get(&sim, "/phones").await.contains("whatsapp:DE.1"));
}
