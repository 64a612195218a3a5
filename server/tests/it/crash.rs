//! A real process, killed while it sends: nothing is lost, nothing goes out twice (laws 1 and 2).

use std::{
    collections::HashMap,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Backend, Sim, TestDb};
use twilio_sim::SimConfig;

const TEXTS: usize = 60;

pub struct Showup {
    child: Child,
    pub url: String,
}

impl Drop for Showup {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(db: &TestDb, sim: &Sim, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_showup"));
    command
        .env("DATABASE_URL", &db.url)
        .env("SHOWUP_SECRET_KEY", testkit::SECRET)
        .env("TWILIO_ACCOUNT_SID", sim.account_sid())
        .env("TWILIO_AUTH_TOKEN", sim.auth_token())
        .env("TWILIO_API_URL", sim.url())
        .env("LISTEN_ADDR", format!("127.0.0.1:{port}"))
        .env("PUBLIC_URL", format!("http://127.0.0.1:{port}"))
        .env("SHOWUP_API_PER_MINUTE", "1000000")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

pub fn admin(db: &TestDb, sim: &Sim, args: &[&str]) -> String {
    let output = command(db, sim, 1).arg("admin").args(args).output().expect("the binary runs");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned()
}

pub async fn start(db: &TestDb, sim: &Sim, port: u16) -> Showup {
    let child = command(db, sim, port)
        .arg("serve")
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let showup = Showup {
        child,
        url: format!("http://127.0.0.1:{port}"),
    };
    for _ in 0..1200 {
        if let Ok(answer) = reqwest::get(format!("{}/health/ready", showup.url)).await
            && answer.status().is_success()
        {
            return showup;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server does not get ready");
}

/// What the API answers to a post.
pub async fn post(url: &str, key: &str, path: &str, body: Value) -> Value {
    let http = reqwest::Client::builder().build().expect("a client");
    let answer = http
        .post(format!("{url}/api/v1{path}"))
        .bearer_auth(key)
        .json(&body)
        .send()
        .await
        .expect("an answer");
    answer.json().await.expect("JSON")
}

/// Somebody who agreed to be texted.
fn ann() -> Value {
    json!({ "name": "Ann", "phone": "+14155550171", "opt_in": { "channel": "sms", "source": "test" } })
}

pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

async fn all_messages(url: &str, key: &str) -> Vec<Value> {
    let http = reqwest::Client::builder().build().expect("a client");
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page: Value = http
            .get(format!("{url}/api/v1/messages?cursor={cursor}"))
            .bearer_auth(key)
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        all.extend(page["data"].as_array().cloned().unwrap_or_default());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return all,
        }
    }
}

#[rstest]
#[tokio::test]
async fn killed_three_times_while_sending_it_loses_nothing_and_repeats_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    twilio::tls::install();
    let db = TestDb::new(backend).await;
    let sim = twilio_sim::start(SimConfig::default()).await.expect("the simulator starts");
    let port = free_port();
    let slug = admin(
        &db,
        &sim,
        &[
            "create-business",
            "--name",
            "Crash Test",
            "--email",
            "c@x.test",
            "--number",
            "+15005550006",
            "--hourly-limit",
            "10000",
        ],
    );
    let key = admin(&db, &sim, &["create-api-key", "--business", &slug, "--name", "crash"]);

    let mut showup = start(&db, &sim, port).await;
    let showup_url = showup.url.clone();
    let post = async |path: &str, body: Value| post(&showup_url, &key, path, body).await;
    let contact = post("/contacts", ann()).await;
    // Every call hangs for a moment, so that a kill always meets some in the air: before Twilio took them, and after.
    sim.set_fault(twilio_sim::Fault::new(twilio_sim::FaultKind::Timeout).count(20).ms(400));
    for n in 0..TEXTS {
        post(
            "/messages",
            json!({ "contact_id": contact["id"], "body": format!("Text {n}") }),
        )
        .await;
    }
    for kill_after in [10, 25, 40] {
        sim.wait_for(|state| state.messages().count() >= kill_after, crate::app::PATIENCE)
            .await
            .expect("it sends");
        showup.child.kill().expect("kill -9");
        showup.child.wait().expect("gone");
        sim.set_fault(twilio_sim::Fault::new(twilio_sim::FaultKind::Timeout).count(10).ms(300));
        showup = start(&db, &sim, port).await;
    }
    let settled = |m: &Value| {
        !matches!(m["status"].as_str(), Some("queued")) && (m["provider_sid"].is_string() || m["status"] == "unknown")
    };
    let mut messages = Vec::new();
    for _ in 0..1200 {
        messages = all_messages(&showup.url, &key).await;
        if messages.iter().all(settled) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(messages.len(), TEXTS, "every text that was accepted is there");
    let mut sent: HashMap<String, usize> = HashMap::new();
    for text in sim.sent_to("+14155550171") {
        *sent.entry(text.body).or_default() += 1;
    }
    assert!(sent.values().all(|times| *times == 1), "twice: {sent:?}");
    for m in &messages {
        let body = m["body"].as_str().expect("a body");
        let reached = sent.contains_key(body);
        assert!(settled(m), "{m}");
        assert!(
            reached || m["status"] == "unknown",
            "what did not go out is shown as unclear: {m}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn asked_to_stop_it_finishes_what_it_began_and_leaves_the_rest_waiting(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    twilio::tls::install();
    let db = TestDb::new(backend).await;
    let sim = twilio_sim::start(SimConfig::default()).await.expect("the simulator starts");
    let slug = admin(
        &db,
        &sim,
        &[
            "create-business",
            "--name",
            "Stop Test",
            "--email",
            "s@x.test",
            "--number",
            "+15005550006",
        ],
    );
    let key = admin(&db, &sim, &["create-api-key", "--business", &slug, "--name", "stop"]);
    let port = free_port();
    let mut showup = start(&db, &sim, port).await;
    let showup_url = showup.url.clone();
    let post = async |path: &str, body: Value| post(&showup_url, &key, path, body).await;
    let contact = post("/contacts", ann()).await;
    sim.set_fault(twilio_sim::Fault::new(twilio_sim::FaultKind::Timeout).count(40).ms(500));
    for n in 0..40 {
        post(
            "/messages",
            json!({ "contact_id": contact["id"], "body": format!("Text {n}") }),
        )
        .await;
    }
    sim.wait_for(|state| state.messages().count() >= 5, crate::app::PATIENCE)
        .await
        .expect("it sends");
    let asked = Command::new("kill")
        .arg("-TERM")
        .arg(showup.child.id().to_string())
        .status()
        .expect("kill runs");
    assert!(asked.success());
    let mut ended = None;
    for _ in 0..600 {
        ended = showup.child.try_wait().expect("a child");
        if ended.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        ended.is_some_and(|status| status.success()),
        "it stops by itself, in time, and says all is well"
    );
    sim.clear_faults();
    showup = start(&db, &sim, port).await;
    let sent = |m: &Value| m["provider_sid"].is_string();
    for _ in 0..600 {
        let messages = all_messages(&showup.url, &key).await;
        if messages.iter().all(sent) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let messages = all_messages(&showup.url, &key).await;
    assert!(
        messages.iter().all(|m| sent(m) && m["status"] != "unknown"),
        "nothing was torn off in the middle"
    );
    assert_eq!(sim.sent_to("+14155550171").len(), 40);
}
