//! What the simulator posts, in which order, and how faults change it (docs/twilio.md §2, §6, §12).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::routing::post;
use tokio::net::TcpListener;
use twilio::forms::{Inbound, Status};
use twilio::signature::{Keys, SETTINGS_HEADER, SignedBy};
use twilio::{Api, Client, Config, NewMessage, Outcome};
use twilio_sim::{Direction, Fault, FaultKind, InboundText, Sim, SimConfig};

const TO: &str = "+14155550100";
const FROM: &str = "+15550001111";
/// Far longer than it takes, even on a slow machine.
const SOON: Duration = Duration::from_secs(180);

/// What arrived at a webhook: its body, and the idempotency token.
type Seen = Arc<Mutex<Vec<(Vec<u8>, String)>>>;

/// A product that believes only signed requests.
struct Product {
    url: String,
    seen: Seen,
}

impl Product {
    async fn start() -> Self {
        let seen = Seen::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let routes = Router::new()
            .route("/hook", post(receive))
            .with_state((Arc::clone(&seen), url.clone()));
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self {
            url: format!("{url}/hook?x=a%20b"),
            seen,
        }
    }

    fn statuses(&self) -> Vec<String> {
        let seen = self.seen.lock().expect("no test panicked");
        seen.iter()
            .map(|(body, _)| Status::parse(body).expect("a status form").message_status)
            .collect()
    }
}

async fn receive(State((seen, base)): State<(Seen, String)>, uri: Uri, headers: HeaderMap, body: Bytes) -> &'static str {
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
    assert_eq!(header("user-agent"), Some("TwilioProxy/1.1"));
    let idempotency = header("i-twilio-idempotency-token").unwrap_or_default().to_owned();
    seen.lock().expect("no test panicked").push((body.to_vec(), idempotency));
    "<Response/>"
}

async fn sim() -> Sim {
    twilio_sim::start(SimConfig::default()).await.expect("the simulator starts")
}

fn client(sim: &Sim) -> Client {
    let api = Api::new(Config::new(sim.url())).expect("TLS works");
    api.account(sim.account_sid(), sim.auth_token().into())
}

async fn send(sim: &Sim, product: &Product) -> Outcome {
    let client = client(sim);
    let callback = format!("{}#rc=5&rp=all", product.url);
    client
        .create(&NewMessage {
            to: TO,
            from: FROM,
            body: "Hello",
            status_callback: Some(&callback),
            validity_period: None,
        })
        .await
}

/// Sends one text under these faults and waits for so many reports.
async fn reports(faults: impl IntoIterator<Item = Fault>, count: usize) -> Vec<String> {
    let (sim, product) = (sim().await, Product::start().await);
    faults.into_iter().for_each(|fault| sim.set_fault(fault));
    assert!(matches!(send(&sim, &product).await, Outcome::Accepted(_)));
    sim.wait_for(|state| state.calls().count() >= count, SOON)
        .await
        .expect("the reports arrive");
    product.statuses()
}

#[tokio::test]
async fn sent_then_delivered() {
    assert_eq!(reports([], 2).await, ["sent", "delivered"]);
}

#[tokio::test]
async fn reversed() {
    assert_eq!(
        reports([Fault::new(FaultKind::ReverseCallbacks)], 2).await,
        ["delivered", "sent"]
    );
}

#[tokio::test]
async fn duplicated_with_the_same_token() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_fault(Fault::new(FaultKind::DuplicateCallbacks).times(3));
    send(&sim, &product).await;
    sim.wait_for(|state| state.calls().count() == 6, SOON).await.unwrap();
    assert_eq!(
        product.statuses(),
        ["sent", "sent", "sent", "delivered", "delivered", "delivered"]
    );
    let tokens: Vec<String> = product.seen.lock().unwrap().iter().map(|(_, token)| token.clone()).collect();
    assert!(tokens[0] == tokens[2] && tokens[3] == tokens[5] && tokens[0] != tokens[3]);
}

#[tokio::test]
async fn early_is_before_the_answer() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_fault(Fault::new(FaultKind::EarlyCallback));
    assert!(matches!(send(&sim, &product).await, Outcome::Accepted(m) if m.status == "queued"));
    assert_eq!(product.statuses(), ["sent"]);
    sim.wait_for(|state| state.calls().count() == 2, SOON).await.unwrap();
    assert_eq!(product.statuses(), ["sent", "delivered"]);
}

#[tokio::test]
async fn late_and_silent() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_fault(Fault::new(FaultKind::LateCallbacks).ms(300));
    sim.set_fault(Fault::new(FaultKind::NoCallbacks).to("+14155550199"));
    send(&sim, &product).await;
    sim.wait_for(|state| state.outbound().all(|m| m.status == "delivered"), SOON)
        .await
        .unwrap();
    assert!(product.statuses().is_empty());
    sim.wait_for(|state| state.calls().count() == 2, SOON).await.unwrap();
    assert_eq!(sim.look(|state| state.faults().len()), 1);
}

#[tokio::test]
async fn fails_before_or_after_it_was_sent() {
    let fail = |code| [Fault::new(FaultKind::AsyncFail).code(code)];
    assert_eq!(reports(fail(21610), 1).await, ["failed"]);
    assert_eq!(reports(fail(30003), 2).await, ["sent", "undelivered"]);
}

#[tokio::test]
async fn sent_although_the_answer_was_lost() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_fault(Fault::new(FaultKind::ResetAfter));
    assert!(matches!(send(&sim, &product).await, Outcome::Unknown { http: None, .. }));
    sim.wait_for(|state| state.calls().count() == 2, SOON).await.unwrap();
    assert_eq!(product.statuses(), ["sent", "delivered"]);
}

#[tokio::test]
async fn sent_although_the_answer_broke_off() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_fault(Fault::new(FaultKind::TornAnswer));
    assert!(matches!(send(&sim, &product).await, Outcome::Unknown { .. }));
    sim.wait_for(|state| state.calls().count() == 2, SOON).await.unwrap();
    assert_eq!(product.statuses(), ["sent", "delivered"]);
}

#[tokio::test]
async fn taken_late_though_the_caller_has_gone() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_fault(Fault::new(FaultKind::StoreLate).ms(300));
    // The caller hangs up as soon as its request is there, however long that takes.
    tokio::select! {
        answer = send(&sim, &product) => panic!("the caller waited for {answer:?}"),
        there = sim.wait_for(|state| state.creates().next().is_some(), SOON) => there.unwrap(),
    }
    sim.wait_for(|state| state.outbound().count() == 1, SOON).await.unwrap();
    let creates = sim.creates_to(TO);
    assert_eq!((creates.len(), creates[0].http), (1, None));
    assert_eq!(creates[0].sid.as_ref(), Some(&sim.messages()[0].sid));
}

#[tokio::test]
async fn every_request_is_on_record_refused_or_not() {
    let (sim, product) = (sim().await, Product::start().await);
    for kind in [
        FaultKind::Refuse,
        FaultKind::RateLimit,
        FaultKind::ErrorBefore,
        FaultKind::ResetAfter,
    ] {
        sim.set_fault(Fault::new(kind));
    }
    for _ in 0..5 {
        send(&sim, &product).await;
    }
    let creates = sim.creates_to(TO);
    let answers: Vec<_> = creates.iter().map(|c| c.http).collect();
    assert_eq!(answers, [Some(400), Some(429), Some(500), None, Some(201)]);
    let refused: Vec<_> = creates.iter().map(twilio_sim::Create::was_refused).collect();
    assert_eq!(refused, [true, true, false, false, false]);
}

#[tokio::test]
async fn the_log_can_be_out_of_reach() {
    let (sim, product) = (sim().await, Product::start().await);
    send(&sim, &product).await;
    sim.set_fault(Fault::new(FaultKind::ListError));
    let client = client(&sim);
    let all = twilio::ListQuery::default();
    assert!(client.list(&all).await.is_err());
    assert_eq!(client.list(&all).await.unwrap().messages.len(), 1);
}

#[tokio::test]
async fn a_fault_is_used_up_and_meets_only_its_number() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_fault(Fault::new(FaultKind::Refuse).to("+14155550199"));
    sim.set_fault(Fault::new(FaultKind::RateLimit).count(2));
    assert!(matches!(send(&sim, &product).await, Outcome::TryLater { .. }));
    assert!(matches!(send(&sim, &product).await, Outcome::TryLater { .. }));
    assert!(matches!(send(&sim, &product).await, Outcome::Accepted(_)));
    assert_eq!(sim.look(|state| state.faults().len()), 1);
}

#[tokio::test]
async fn above_its_rate_an_account_is_told_so_and_below_it_is_not() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_rate(sim.account_sid(), Some(0));
    assert!(matches!(
        send(&sim, &product).await,
        Outcome::TryLater { http: Some(429), .. }
    ));
    sim.set_rate(sim.account_sid(), Some(1_000));
    assert!(matches!(send(&sim, &product).await, Outcome::Accepted(_)));
    sim.set_rate(sim.account_sid(), None);
    sim.set_fault(Fault::new(FaultKind::ReadRateLimit));
    let too_fast = client(&sim).list(&twilio::ListQuery::default()).await;
    assert!(
        matches!(too_fast, Err(twilio::ReadError::Http { http: 429, .. })),
        "{too_fast:?}"
    );
}

#[tokio::test]
async fn an_inbound_text_is_posted_whole() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_inbound_url(Some(product.url.clone()));
    let sid = sim.inbound(TO, FROM, "Ja, gerne 👍").await;
    let body = product.seen.lock().unwrap()[0].0.clone();
    let text = Inbound::parse(&body).unwrap();
    assert_eq!((text.message_sid, text.from.as_str(), text.to.as_str()), (sid, TO, FROM));
    assert_eq!(
        (text.body.as_str(), text.num_media, text.num_segments),
        ("Ja, gerne 👍", 0, 1)
    );
    assert_eq!(sim.calls()[0].answer, "<Response/>");
}

#[tokio::test]
async fn the_same_text_again_is_one_text() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_inbound_url(Some(product.url.clone()));
    let text = InboundText {
        from: TO.into(),
        to: FROM.into(),
        body: "Y".into(),
        times: Some(5),
        ..InboundText::default()
    };
    let sid = sim.send_text(text.clone()).await;
    sim.send_text(InboundText {
        message_sid: Some(sid),
        ..text
    })
    .await;
    assert_eq!(product.seen.lock().unwrap().len(), 10);
    assert_eq!(sim.messages().len(), 1);
}

#[tokio::test]
async fn the_network_answers_stop_and_start_itself() {
    let (sim, product) = (sim().await, Product::start().await);
    sim.set_inbound_url(Some(product.url.clone()));
    sim.inbound(TO, FROM, " Stop ").await;
    assert!(sim.look(|state| state.is_opted_out(TO, FROM)));
    assert_eq!(
        product.seen.lock().unwrap().len(),
        1,
        "the STOP is posted, the network's answer is not"
    );
    assert!(matches!(
        send(&sim, &product).await,
        Outcome::Refused { code: Some(21610), .. }
    ));
    sim.inbound(TO, FROM, "yes").await;
    assert!(matches!(send(&sim, &product).await, Outcome::Accepted(_)));
    let network = sim.messages().iter().filter(|m| m.direction == Direction::Network).count();
    assert_eq!(network, 2);
}

#[tokio::test]
async fn an_unreachable_webhook_is_tried_and_noted() {
    let sim = sim().await;
    sim.set_inbound_url(Some("http://127.0.0.1:1/inbound".into()));
    sim.inbound(TO, FROM, "Y").await;
    assert_eq!(sim.calls()[0].http, None);
    assert_eq!(sim.messages()[0].webhook.as_deref(), Some("the webhook could not be reached"));
}

#[tokio::test]
async fn waiting_in_vain_says_what_there_was() {
    let sim = sim().await;
    sim.inbound(TO, FROM, "Y").await;
    let missed = sim
        .wait_for(|state| state.outbound().count() > 0, Duration::from_millis(30))
        .await
        .unwrap_err();
    assert_eq!(missed.messages.len(), 1);
}

#[tokio::test]
async fn a_dropped_simulator_is_gone() {
    let product = Product::start().await;
    let sim = sim().await;
    let client = client(&sim);
    assert!(matches!(send(&sim, &product).await, Outcome::Accepted(_)));
    drop(sim);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let outcome = client
        .create(&NewMessage {
            to: TO,
            from: FROM,
            body: "x",
            status_callback: None,
            validity_period: None,
        })
        .await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
}
