//! What the simulator posts about WhatsApp, and what becomes of messages there (docs/twilio.md §16).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::routing::post;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use twilio::content::{Button, NewContent, Shape, Submission};
use twilio::forms::{Inbound, Status};
use twilio::signature::{Keys, SETTINGS_HEADER, SignedBy};
use twilio::{Api, Client, Config, NewMessage, NewTemplate, Outcome, Taken};
use twilio_sim::{
    Choice, Direction, InboundText, Place, SenderState, Sim, SimConfig, SimMedia, SimMessage, SimOfflineReason, Tap, Verdict,
};

const PHONE: &str = "+15550001111";
const OURS: &str = "whatsapp:+15550001111";
const ANN: &str = "whatsapp:+491701234567";
/// Far longer than it takes, even on a slow machine.
const SOON: Duration = Duration::from_secs(180);
const BODY: &str = "Hi {{1}}, your visit is tomorrow. Can you come?";

/// Where something was posted, and what.
type Posts = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A product that believes only signed requests, and one address of it for each kind.
struct Product {
    url: String,
    seen: Posts,
}

type Seen = (Posts, String);

impl Product {
    async fn start() -> Self {
        let seen = Posts::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let routes = Router::new()
            .route("/in", post(receive))
            .route("/status", post(receive))
            .route("/service", post(receive))
            .route("/number", post(receive))
            .with_state((Arc::clone(&seen), url.clone()));
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { url, seen }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        let seen = self.seen.lock().expect("no test panicked");
        seen.iter()
            .filter(|(at, _)| at == path)
            .map(|(_, body)| body.clone())
            .collect()
    }

    fn inbound(&self) -> Vec<Inbound> {
        self.bodies("/in")
            .iter()
            .map(|raw| Inbound::parse(raw).expect("a form"))
            .collect()
    }

    fn statuses(&self) -> Vec<Status> {
        self.bodies("/status")
            .iter()
            .map(|raw| Status::parse(raw).expect("a form"))
            .collect()
    }
}

async fn receive(State((seen, base)): State<Seen>, uri: Uri, headers: HeaderMap, body: Bytes) -> &'static str {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let token = [SimConfig::default().auth_token.into()];
    let keys = Keys {
        tokens: &token,
        shared: &[],
    };
    let signed = twilio::signature::check(
        keys,
        header(SETTINGS_HEADER),
        &format!("{base}{uri}"),
        header("x-twilio-signature"),
        header("content-type"),
        &body,
    );
    assert_eq!(signed, Ok(SignedBy::AuthToken));
    seen.lock()
        .expect("no test panicked")
        .push((uri.path().to_owned(), body.to_vec()));
    "<Response/>"
}

struct World {
    sim: Sim,
    product: Product,
    client: Client,
}

impl World {
    async fn new() -> Self {
        let sim = twilio_sim::start(SimConfig::default()).await.expect("it starts");
        let product = Product::start().await;
        let own = json!({ "phone": PHONE, "callback_url": product.at("/in"), "status_callback_url": product.at("/status") });
        control(&sim, "senders", own).await;
        let api = Api::new(Config::new(sim.url())).expect("TLS works");
        let client = api.account(sim.account_sid(), sim.auth_token().to_owned().into());
        Self { sim, product, client }
    }

    async fn text(&self, to: &str, body: &str) -> String {
        let text = NewMessage {
            to,
            from: OURS,
            body,
            status_callback: None,
            validity_period: None,
        };
        taken(self.client.create(&text).await)
    }

    /// A template that WhatsApp has said this about.
    async fn template(&self, name: &str, status: &str) -> String {
        let samples = BTreeMap::from([("1".to_owned(), "Ana".to_owned()), ("2".to_owned(), "x".to_owned())]);
        let button = |id: &str, title: &str| Button {
            id: id.to_owned(),
            title: title.to_owned(),
        };
        let shape = Shape::QuickReply {
            body: BODY.to_owned(),
            buttons: vec![button("y_{{2}}", "Yes"), button("n_{{2}}", "No")],
        };
        let new = NewContent {
            friendly_name: name,
            language: "en",
            samples: &samples,
            shapes: &[shape],
        };
        let Taken::Done(content) = self.client.create_content(&new).await else {
            panic!("it is taken")
        };
        let submission = Submission {
            name,
            category: "UTILITY",
        };
        assert!(matches!(
            self.client.submit_content(&content.sid, &submission).await,
            Taken::Done(_)
        ));
        let verdict = Verdict {
            status: status.to_owned(),
            rejection_reason: String::new(),
            category: None,
            ..Verdict::default()
        };
        assert!(self.sim.set_approval(&content.sid, &verdict));
        content.sid
    }

    async fn send(&self, to: &str, from: &str, sid: &str, name: &str) -> String {
        let values = BTreeMap::from([("1".to_owned(), name.to_owned()), ("2".to_owned(), "7k".to_owned())]);
        let template = NewTemplate {
            to,
            from,
            content_sid: sid,
            values: &values,
            status_callback: None,
            validity_period: None,
        };
        taken(self.client.create_from_template(&template).await)
    }

    async fn becomes(&self, sid: &str, status: &str) -> SimMessage {
        let is = |state: &twilio_sim::State| state.message(sid).is_some_and(|m| m.status == status);
        self.sim
            .wait_for(is, SOON)
            .await
            .unwrap_or_else(|there| panic!("{status}: {there:?}"));
        self.sim.look(|state| state.message(sid).cloned()).expect("it is there")
    }

    async fn ann_writes(&self, what: InboundText) -> Inbound {
        let text = InboundText {
            from: if what.from.is_empty() {
                ANN.to_owned()
            } else {
                what.from.clone()
            },
            to: OURS.to_owned(),
            ..what
        };
        self.sim.send_text(text).await;
        self.product.inbound().pop().expect("it was posted")
    }
}

fn taken(outcome: Outcome) -> String {
    match outcome {
        Outcome::Accepted(message) => message.sid,
        other => panic!("{other:?}"),
    }
}

async fn control(sim: &Sim, path: &str, body: Value) -> reqwest::Response {
    let url = format!("{}/control/{path}", sim.url());
    http().post(url).json(&body).send().await.expect("it answers")
}

fn http() -> reqwest::Client {
    twilio::tls::install();
    reqwest::Client::builder().build().expect("a client")
}

fn says(body: &str) -> InboundText {
    InboundText {
        body: body.to_owned(),
        ..InboundText::default()
    }
}

#[tokio::test]
async fn a_message_is_sent_delivered_and_read_when_the_person_looks() {
    let w = World::new().await;
    w.ann_writes(says("Hello")).await;
    let sid = w.text(ANN, "Hi Ann").await;
    w.becomes(&sid, "delivered").await;
    let told = |n| move |state: &twilio_sim::State| state.calls().filter(|c| c.url.ends_with("/status")).count() == n;
    w.sim.wait_for(told(2), SOON).await.expect("two are told");
    w.sim.look_at(ANN).await;
    let statuses = w.product.statuses();
    let words: Vec<(&str, Option<&str>)> = statuses
        .iter()
        .map(|s| (s.message_status.as_str(), s.details.event_type.as_deref()))
        .collect();
    assert_eq!(
        words,
        [("sent", None), ("delivered", Some("DELIVERED")), ("read", Some("READ"))]
    );
    for status in &statuses {
        assert_eq!((status.from.as_deref(), status.to.as_deref()), (Some(OURS), Some(ANN)));
        assert_eq!(
            status.details.channel_to_address.as_deref(),
            Some("+49170123XXXX"),
            "nobody is found by it"
        );
        assert_eq!(status.details.channel_prefix.as_deref(), Some("whatsapp"));
        assert_eq!(
            status.details.external_user_id.as_deref(),
            Some("whatsapp:DE.100000491701234567")
        );
        assert!(
            status
                .details
                .channel_install_sid
                .as_deref()
                .is_some_and(|sid| sid.starts_with("XE"))
        );
        assert!(!status.details.structured);
    }
    w.sim.look_at(ANN).await;
    assert_eq!(w.product.statuses().len(), 3, "it is read once");
    w.sim.set_receipts(ANN, false);
    let sid = w.text(ANN, "Still there?").await;
    w.becomes(&sid, "delivered").await;
    w.sim.look_at(ANN).await;
    assert_eq!(
        w.becomes(&sid, "delivered").await.status,
        "delivered",
        "who tells nobody has read nothing"
    );
}

#[tokio::test]
async fn any_words_go_out_for_24_hours_and_then_only_a_template() {
    let w = World::new().await;
    let sid = w.text(ANN, "Out of the blue").await;
    assert_eq!(w.becomes(&sid, "undelivered").await.error_code, Some(63_016));
    let template = w.template("reminder", "approved").await;
    let sid = w.send(ANN, OURS, &template, "Ann").await;
    w.becomes(&sid, "delivered").await;
    w.ann_writes(says("Hello")).await;
    let wrote = w
        .sim
        .messages()
        .iter()
        .rfind(|m| m.direction == Direction::Inbound)
        .expect("it is there")
        .date_created;
    w.sim.set_time(wrote + TimeDelta::hours(24) - TimeDelta::minutes(1));
    let sid = w.text(ANN, "Just in time").await;
    w.becomes(&sid, "delivered").await;
    w.sim.set_time(wrote + TimeDelta::hours(24) + TimeDelta::seconds(1));
    let sid = w.text(ANN, "Too late").await;
    assert_eq!(w.becomes(&sid, "undelivered").await.error_code, Some(63_016));
    w.sim
        .wait_for(|s| s.calls().any(|c| c.message_sid == sid), SOON)
        .await
        .expect("it is told");
    let status = w
        .product
        .statuses()
        .into_iter()
        .find(|s| s.message_sid == sid)
        .expect("it was told");
    assert_eq!(
        (status.error_code, status.details.event_type.as_deref()),
        (Some(63_016), Some("UNDELIVERED"))
    );
    let words = status.details.channel_status_message.expect("words");
    assert!(words.contains("24 hours"), "{words}");
    w.ann_writes(says("Hello again")).await;
    w.sim.close_window(OURS, ANN);
    let sid = w.text(ANN, "Closed by hand").await;
    w.becomes(&sid, "undelivered").await;
}

#[tokio::test]
async fn a_template_goes_out_only_while_whatsapp_lets_it() {
    let w = World::new().await;
    for (at, (status, code)) in [
        ("pending", Some(63_016)),
        ("rejected", Some(63_016)),
        ("paused", Some(63_041)),
        ("disabled", Some(63_042)),
    ]
    .into_iter()
    .enumerate()
    {
        let sid = w.template(&format!("t{at}"), status).await;
        let sid = w.send(ANN, OURS, &sid, "Ann").await;
        assert_eq!(w.becomes(&sid, "undelivered").await.error_code, code, "{status}");
    }
    let small = w.template("small", "pending").await;
    w.ann_writes(says("Hello")).await;
    let sid = w.send(ANN, OURS, &small, "Ann").await;
    w.becomes(&sid, "delivered").await;
}

#[tokio::test]
async fn advertising_is_delivered_nowhere_in_the_us() {
    let w = World::new().await;
    let template = w.template("offer", "approved").await;
    let verdict = Verdict {
        status: "approved".to_owned(),
        rejection_reason: String::new(),
        category: Some("MARKETING".to_owned()),
        ..Verdict::default()
    };
    w.sim.set_approval(&template, &verdict);
    let sid = w.send("whatsapp:+14155550100", OURS, &template, "Bob").await;
    assert_eq!(w.becomes(&sid, "undelivered").await.error_code, Some(63_049));
    let sid = w.send("whatsapp:+16045550100", OURS, &template, "Bob").await;
    w.becomes(&sid, "delivered").await;
}

#[tokio::test]
async fn magic_numbers_fail_as_they_say() {
    let w = World::new().await;
    let template = w.template("reminder", "approved").await;
    for code in [63_003, 63_018, 63_024, 63_032, 63_033, 63_049] {
        let to = format!("whatsapp:+150055{code}");
        let sid = w.send(&to, OURS, &template, "Bob").await;
        assert_eq!(w.becomes(&sid, "undelivered").await.error_code, Some(code));
    }
}

#[tokio::test]
async fn nothing_goes_out_from_a_sender_that_is_off() {
    let w = World::new().await;
    let template = w.template("reminder", "approved").await;
    let off = SenderState {
        status: Some("OFFLINE".to_owned()),
        offline_reasons: Some(vec![SimOfflineReason {
            code: "63020".to_owned(),
            message: String::new(),
        }]),
        ..SenderState::default()
    };
    w.sim.set_sender(OURS, off).expect("it is there");
    let sid = w.send(ANN, OURS, &template, "Ann").await;
    assert_eq!(w.becomes(&sid, "undelivered").await.error_code, Some(63_020));
    let told = control(&w.sim, "senders/state", json!({ "sender_id": OURS, "status": "ONLINE" })).await;
    let sender: Value = told.json().await.expect("a sender");
    assert_eq!(sender["offline_reasons"], json!([]));
    let sid = w.send(ANN, OURS, &template, "Ann").await;
    w.becomes(&sid, "delivered").await;
}

#[tokio::test]
async fn a_sandbox_reaches_and_hears_only_who_has_joined_it_within_three_days() {
    let w = World::new().await;
    let template = w.template("reminder", "approved").await;
    let sandbox = SenderState {
        sandbox: Some("happy-otter".to_owned()),
        ..SenderState::default()
    };
    w.sim.set_sender(OURS, sandbox).expect("it is there");
    let says = async |body: &str| {
        let text = InboundText {
            from: ANN.to_owned(),
            to: OURS.to_owned(),
            body: body.to_owned(),
            ..InboundText::default()
        };
        w.sim.send_text(text).await;
        let answer = |state: &twilio_sim::State| {
            state
                .messages()
                .rev()
                .find(|m| m.direction == Direction::Network)
                .map(|m| m.body.clone())
        };
        (w.product.inbound().len(), w.sim.look(answer).unwrap_or_default())
    };
    let (heard, answer) = says("Hello?").await;
    assert!(
        heard == 0 && answer.contains("not connected to a Sandbox"),
        "{heard} {answer}"
    );
    let sid = w.send(ANN, OURS, &template, "Ann").await;
    assert_eq!(w.becomes(&sid, "undelivered").await.error_code, Some(63_015));
    let sid = w.text(ANN, "Hello").await;
    assert_eq!(
        w.becomes(&sid, "undelivered").await.error_code,
        Some(63_015),
        "nor in the 24 hours"
    );
    assert_eq!(says("join happy-other").await.0, 0, "another word joins another sandbox");

    let (heard, answer) = says("Join Happy-Otter ").await;
    assert!(heard == 0 && answer.contains("You are all set"), "{heard} {answer}");
    let sid = w.text(ANN, "Hello").await;
    w.becomes(&sid, "delivered").await;
    assert_eq!(says("Can you hear me?").await.0, 1);
    let now = w.sim.look(twilio_sim::State::now);
    w.sim.set_time(now + TimeDelta::days(3));
    let sid = w.send(ANN, OURS, &template, "Ann").await;
    assert_eq!(
        w.becomes(&sid, "undelivered").await.error_code,
        Some(63_015),
        "three days are over"
    );

    says("join happy-otter").await;
    says("stop").await;
    assert_eq!(says("Still there?").await.0, 1, "who has left is not heard");
    let told = control(&w.sim, "senders/state", json!({ "sender_id": OURS, "sandbox": "" })).await;
    let sender: Value = told.json().await.expect("a sender");
    assert_eq!(sender["sandbox"], Value::Null);
    assert_eq!(says("And now?").await.0, 2, "it is a sandbox no more");
}

#[tokio::test]
async fn a_template_that_whatsapp_has_in_another_language_does_not_go_out() {
    let w = World::new().await;
    let template = w.template("reminder", "approved").await;
    let elsewhere = Verdict {
        status: "approved".to_owned(),
        language: Some("es".to_owned()),
        ..Verdict::default()
    };
    assert!(w.sim.set_approval(&template, &elsewhere));
    let sid = w.send(ANN, OURS, &template, "Ann").await;
    assert_eq!(w.becomes(&sid, "undelivered").await.error_code, Some(63_027));
    let back = Verdict {
        language: Some("en".to_owned()),
        ..elsewhere
    };
    assert!(w.sim.set_approval(&template, &back));
    let sid = w.send(ANN, OURS, &template, "Ann").await;
    w.becomes(&sid, "delivered").await;
}

#[tokio::test]
async fn a_service_takes_the_accounts_sender() {
    let w = World::new().await;
    let template = w.template("reminder", "approved").await;
    let service = format!("MG{}", "0".repeat(32));
    let sid = w.send(ANN, &service, &template, "Ann").await;
    assert_eq!(w.becomes(&sid, "delivered").await.from.as_deref(), Some(OURS));
}

#[tokio::test]
async fn a_tap_brings_the_buttons_id_and_which_message_it_is_on() {
    let w = World::new().await;
    let template = w.template("reminder", "approved").await;
    let sid = w.send(ANN, OURS, &template, "Ann").await;
    w.becomes(&sid, "delivered").await;
    let tap = |payload: Option<&str>| InboundText {
        tap: Some(Tap {
            message_sid: sid.clone(),
            button: "Yes".to_owned(),
            payload: payload.map(str::to_owned),
        }),
        ..InboundText::default()
    };
    let tapped = w.ann_writes(tap(None)).await;
    assert_eq!(
        (tapped.body.as_str(), tapped.button_payload.as_deref()),
        ("Yes", Some("y_7k"))
    );
    assert_eq!(tapped.original_replied_message_sid.as_deref(), Some(sid.as_str()));
    let details = tapped.details;
    assert_eq!(
        (details.message_type.as_deref(), details.button_text.as_deref()),
        (Some("button"), Some("Yes"))
    );
    assert_eq!(details.original_replied_message_sender.as_deref(), Some(OURS));
    let now = w.sim.look(twilio_sim::State::now);
    w.sim.set_time(now + TimeDelta::days(8));
    let late = w.ann_writes(tap(Some("guessed"))).await;
    assert_eq!(late.button_payload.as_deref(), Some("guessed"));
    assert_eq!(
        late.original_replied_message_sid, None,
        "it is forgotten by then; the id is not"
    );
}

#[tokio::test]
async fn whatever_can_be_sent_comes_in_with_its_words() {
    let w = World::new().await;
    let sid = w.text(ANN, "Hi").await;
    let quoted = InboundText {
        reply_to: Some(sid.clone()),
        profile_name: Some("Ana".to_owned()),
        username: Some("ana.b".to_owned()),
        forwarded: true,
        ..says("Y")
    };
    let text = w.ann_writes(quoted).await;
    assert_eq!(
        (text.original_replied_message_sid.as_deref(), text.profile_name.as_deref()),
        (Some(sid.as_str()), Some("Ana"))
    );
    assert_eq!(
        (text.details.message_type.as_deref(), text.details.profile_username.as_deref()),
        (Some("text"), Some("ana.b"))
    );
    assert!(text.details.forwarded);
    assert_eq!(text.details.wa_id.as_deref(), Some("491701234567"));
    let list = InboundText {
        list: Some(Choice {
            id: "row_2".to_owned(),
            title: "Tomorrow at 9".to_owned(),
        }),
        ..InboundText::default()
    };
    let chosen = w.ann_writes(list).await;
    assert_eq!(
        (chosen.body.as_str(), chosen.details.list_id.as_deref()),
        ("Tomorrow at 9", Some("row_2"))
    );
    let place = InboundText {
        location: Some(Place {
            latitude: "52.5".to_owned(),
            longitude: "13.4".to_owned(),
            ..Place::default()
        }),
        ..InboundText::default()
    };
    let place = w.ann_writes(place).await;
    assert_eq!(place.details.message_type.as_deref(), Some("location"));
    assert_eq!(place.details.location.map(|l| l.latitude).as_deref(), Some("52.5"));
    let picture = InboundText {
        media: vec![SimMedia {
            url: "https://api.example/m".to_owned(),
            content_type: "image/jpeg".to_owned(),
        }],
        ..InboundText::default()
    };
    let picture = w.ann_writes(picture).await;
    assert_eq!(
        (picture.num_media, picture.details.message_type.as_deref()),
        (1, Some("image"))
    );
    assert_eq!(picture.details.media[0].url, "https://api.example/m");
}

#[tokio::test]
async fn somebody_without_a_number_is_known_by_their_id_alone() {
    let w = World::new().await;
    let person = "whatsapp:DE.100000491701234567";
    let with_number = w.ann_writes(says("Hello")).await;
    assert_eq!(with_number.details.external_user_id.as_deref(), Some(person));
    let hidden = InboundText {
        from: person.to_owned(),
        ..says("It is me")
    };
    let text = w.ann_writes(hidden).await;
    assert_eq!((text.from.as_str(), text.details.wa_id), (person, None));
    assert_eq!(text.details.external_user_id.as_deref(), Some(person));
    let sid = w.text(person, "Hi").await;
    w.becomes(&sid, "delivered").await;
}

#[tokio::test]
async fn nobody_but_the_business_answers_stop() {
    let w = World::new().await;
    w.ann_writes(says("STOP")).await;
    w.ann_writes(says("HELP")).await;
    assert!(w.sim.messages().iter().all(|m| m.direction == Direction::Inbound));
    let sid = w.text(ANN, "You will not hear from us again.").await;
    w.becomes(&sid, "delivered").await;
}

#[tokio::test]
async fn messages_go_to_the_sender_then_to_the_service_and_never_to_the_number() {
    let w = World::new().await;
    w.sim.own_number(w.sim.account_sid(), PHONE);
    w.sim.set_sms_url(PHONE, &w.product.at("/number"));
    w.ann_writes(says("One")).await;
    w.sim.inbound("+491701234567", PHONE, "By text").await;
    assert_eq!((w.product.bodies("/in").len(), w.product.bodies("/number").len()), (1, 1));
    let (senders, _) = w.client.senders(None).await.expect("senders");
    let nowhere = twilio::senders::SenderWebhook::default();
    w.client
        .set_sender_webhook(&senders[0].sid, &nowhere)
        .await
        .expect("it is taken");
    let service = twilio_sim::SimService {
        inbound_url: Some(w.product.at("/service")),
        defers_to_number: false,
    };
    w.sim.set_service(w.sim.account_sid(), service);
    w.sim.inbound(ANN, OURS, "Two").await;
    assert_eq!(
        (w.product.bodies("/service").len(), w.product.bodies("/number").len()),
        (1, 1)
    );
    assert!(
        w.sim
            .look(|s| s.numbers.of(w.sim.account_sid()).all(|n| !n.phone.starts_with("whatsapp:"))),
        "a sender is no number"
    );
}

#[tokio::test]
async fn it_can_all_be_told_over_http() {
    let w = World::new().await;
    let template = w.template("reminder", "pending").await;
    let url = format!("contents/{template}/approval");
    let verdict = json!({ "status": "rejected", "rejection_reason": "No." });
    assert_eq!(control(&w.sim, &url, verdict).await.status(), 204);
    let all: Value = http()
        .get(format!("{}/control/contents", w.sim.url()))
        .send()
        .await
        .expect("it answers")
        .json()
        .await
        .expect("JSON");
    assert_eq!(all["contents"][0]["standing"]["rejection_reason"], "No.");
    assert_eq!(
        control(&w.sim, "contents/HX1/approval", json!({ "status": "approved" }))
            .await
            .status(),
        404
    );
    assert_eq!(control(&w.sim, "review", json!({ "by_itself": false })).await.status(), 204);
    assert_eq!(
        control(&w.sim, "receipts", json!({ "person": ANN, "on": false }))
            .await
            .status(),
        204
    );
    let inbound = json!({ "from": ANN, "to": OURS, "list": { "id": "a", "title": "A" }, "media": [] });
    assert_eq!(control(&w.sim, "inbound", inbound).await.status(), 201);
    assert_eq!(w.product.inbound().len(), 1);
    let pair = json!({ "sender_id": OURS, "person": ANN });
    assert_eq!(control(&w.sim, "window/close", pair).await.status(), 204);
    assert!(w.sim.look(|s| s.whatsapp.window(OURS, ANN, s.now()).is_none()));
    assert_eq!(control(&w.sim, "read", json!({ "person": ANN })).await.status(), 204);
}
