//! A CRM in Python beside a real process of ours: whatever dies when, both end with the same visits.

use std::{path::Path, process::Stdio};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
};

use crate::{
    app::{INBOUND, NUMBER, PATIENCE, list_all},
    programs_of_others::python,
    real::{Installation, Process, free_port},
};

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";
const CLEO: &str = "+14155550173";
const DORA: &str = "+14155550174";

/// The program. It answers every line with how things stand for it.
struct Crm {
    child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Crm {
    fn start(it: &Installation, url: &str, home: &Path, port: u16) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut child = python()
            .arg(here.join("tests/it/crm/crm.py"))
            .env("PYTHONPATH", here.join("../docs/recipes"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SHOWUP_URL", url)
            .env("SHOWUP_KEY", &it.key)
            .env("CRM_DB", home.join("crm.db"))
            .env("CRM_PORT", port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it runs");
        Self {
            to: child.stdin.take().expect("a pipe"),
            from: BufReader::new(child.stdout.take().expect("a pipe")).lines(),
            child,
        }
    }

    /// What is asked of it is written down when it answers.
    async fn tell(&mut self, line: &str) -> Value {
        self.to.write_all(format!("{line}\n").as_bytes()).await.expect("it listens");
        let said = tokio::time::timeout(PATIENCE, self.from.next_line()).await;
        let said = said.expect("in time").expect("text").expect("it goes on");
        serde_json::from_str(&said).expect("JSON")
    }

    /// `kill -9`.
    async fn kill(mut self) {
        self.child.kill().await.expect("killed");
    }
}

/// How visits stand with us, as the program would tell it.
async fn ours(it: &Installation, showup: &Process) -> Value {
    let mut visits = list_all(&it.http, &showup.url, &it.key, "/appointments").await;
    visits.sort_by_key(|visit| visit["external_id"].to_string());
    let visit = |visit: &Value| json!({ "external_id": visit["external_id"], "status": visit["status"], "starts_at": visit["starts_at"] });
    visits.iter().map(visit).collect()
}

/// Waits until both know the same, and it is as wanted.
async fn agree(it: &Installation, showup: &Process, crm: &mut Crm, what: &str, wanted: impl Fn(&Value) -> bool) {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let (here, there) = (ours(it, showup).await, crm.tell("").await);
        if here == there["visits"] && wanted(&there) {
            return;
        }
        assert!(tokio::time::Instant::now() < until, "{what}: {here:#} and {there:#}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Waits until this person has got a reminder, and we know it.
async fn asked(it: &Installation, url: &str, phone: &str) {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let there: Vec<String> = it.sim.sent_to(phone).into_iter().map(|text| text.sid).collect();
        let texts = it.messages(url).await;
        let has_it = |text: &Value| there.iter().any(|sid| text["provider_sid"] == *sid);
        if texts.iter().any(|text| has_it(text) && text["status"] == "delivered") {
            return;
        }
        assert!(tokio::time::Instant::now() < until, "nobody reminds {phone}: {texts:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

fn status<'a>(state: &'a Value, visit: &str) -> &'a Value {
    let visits = state["visits"].as_array().expect("visits");
    let found = visits.iter().find(|one| one["external_id"] == visit);
    found.map_or(&Value::Null, |one| &one["status"])
}

fn heard(state: &Value, event: &str) -> bool {
    state["heard"].as_array().is_some_and(|all| all.contains(&json!(event)))
}

#[rstest]
#[tokio::test]
async fn whatever_dies_when_both_end_with_the_same_visits(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    #[expect(clippy::disallowed_methods, reason = "the processes run on the machine's clock")]
    let now = Utc::now();
    let at = |hours: i64| -> String {
        let at: DateTime<Utc> = now + Duration::hours(hours);
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    let it = Installation::new(backend).await;
    let (port, crm_port) = (free_port(), free_port());
    let home = tempfile::tempdir().expect("a directory");
    let showup = it.start("serve", port).await;
    it.sim.set_inbound_url(Some(format!("{}{INBOUND}", showup.url)));
    let url = showup.url.clone();
    let mut crm = Crm::start(&it, &url, home.path(), crm_port);

    for (visit, phone, hours) in [("v1", ANN, 30), ("v2", BEN, 31), ("v3", CLEO, 32)] {
        crm.tell(&format!("book {visit} {phone} {}", at(hours))).await;
    }
    let booked = |state: &Value| ["v1", "v2", "v3"].iter().all(|visit| status(state, visit) == "scheduled");
    agree(&it, &showup, &mut crm, "three are booked", booked).await;
    asked(&it, &url, ANN).await;
    it.sim.inbound(ANN, NUMBER, "Y").await;
    let confirmed = |state: &Value| status(state, "v1") == "confirmed" && heard(state, "appointment.confirmed");
    agree(&it, &showup, &mut crm, "Ann's yes is told", confirmed).await;

    // We are gone, and things go on there.
    showup.kill();
    crm.tell(&format!("move v2 {}", at(40))).await;
    crm.tell("cancel v3").await;
    crm.tell(&format!("book v4 {DORA} {}", at(33))).await;
    let showup = it.start("serve", port).await;
    let caught_up = |state: &Value| status(state, "v3") == "cancelled" && status(state, "v4") == "scheduled";
    agree(&it, &showup, &mut crm, "what was wanted meanwhile is done", caught_up).await;
    asked(&it, &url, DORA).await;

    // It is gone in the middle of its work, and things go on here.
    crm.tell(&format!("book v5 {CLEO} {}", at(50))).await;
    crm.kill().await;
    it.sim.inbound(DORA, NUMBER, "N").await;
    let v1 = list_all(&it.http, &url, &it.key, "/appointments").await;
    let v1 = v1.iter().find(|visit| visit["external_id"] == "v1").expect("Ann's");
    let path = format!("/appointments/{}/cancel", v1["id"].as_str().expect("an id"));
    assert_eq!(it.post(&url, &path, json!({})).await.0, 200);
    let mut crm = Crm::start(&it, &url, home.path(), crm_port);
    let all = |state: &Value| {
        let wanted = [
            ("v1", "cancelled"),
            ("v2", "scheduled"),
            ("v3", "cancelled"),
            ("v4", "reschedule_requested"),
            ("v5", "scheduled"),
        ];
        wanted.iter().all(|(visit, as_wanted)| status(state, visit) == as_wanted)
    };
    agree(&it, &showup, &mut crm, "it has caught up", all).await;
    // What it was told while it was gone is told again.
    let told =
        |state: &Value| all(state) && heard(state, "appointment.reschedule_requested") && heard(state, "appointment.cancelled");
    agree(&it, &showup, &mut crm, "it is told of what it missed", told).await;
}
