//! Whatever happens in whatever order: customers text, staff write, book, move and cancel, Twilio reports early, late and twice, calls
//! fail, workers come and go, time passes. After each of some thirty random steps, and once all has calmed down, the laws must hold:
//!
//! - nobody is texted after their STOP was acknowledged;
//! - Twilio is asked for a message once, unless it provably refused, and a correlation id is one message;
//! - statuses go forward;
//! - an inbound SID is one message;
//! - nothing stays waiting, in the air or unclear without a person being asked;
//! - another business sees nothing of it.
//!
//! A failure prints its seed: `HOSTILE_SEED=7 HOSTILE_CASES=1` runs that case again, `HOSTILE_CASES=200` runs more.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::Duration;
use futures::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Backend, Fault, FaultKind};
use twilio_sim::Create;

use crate::app::{Doomed, INBOUND, Tenant, TestApp, Workers, list_all, sid};

const PHONES: [&str; 3] = ["+14155550171", "+14155550172", "+14155550173"];
const STEPS: usize = 30;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Staff write to a person.
    Write(usize),
    /// A program repeats a text that was written before.
    WriteAgain,
    Book(usize, i64),
    Move(i64),
    Cancel,
    /// A customer texts.
    Text(usize, &'static str),
    /// Twilio hands an earlier text over once more.
    TextAgain,
    /// Twilio says something about an earlier message.
    Callback(&'static str),
    /// The next call goes wrong in this way.
    Break(FaultKind),
    StopWorkers,
    StartWorkers,
    /// Workers die in the middle of whatever they do; others take their place.
    Crash,
    /// So many minutes pass.
    Pass(i64),
}

const WORDS: [&str; 10] = [
    "Y",
    "N",
    "STOP",
    "START",
    "Is there parking?",
    "y101",
    "HELP",
    "YES",
    "Stop",
    "👍",
];
const STATUSES: [&str; 8] = [
    "queued",
    "sending",
    "sent",
    "delivered",
    "read",
    "undelivered",
    "failed",
    "sent",
];
const FAULTS: [FaultKind; 11] = [
    FaultKind::Refuse,
    FaultKind::RateLimit,
    FaultKind::ErrorBefore,
    FaultKind::ErrorAfter,
    FaultKind::ResetAfter,
    FaultKind::TornAnswer,
    FaultKind::StoreLate,
    FaultKind::AsyncFail,
    FaultKind::DuplicateCallbacks,
    FaultKind::ReverseCallbacks,
    FaultKind::EarlyCallback,
];
/// Twilio does not promise to report at all.
const WITH_LOST_REPORTS: [FaultKind; 4] = [
    FaultKind::NoCallbacks,
    FaultKind::ErrorAfter,
    FaultKind::ResetAfter,
    FaultKind::StoreLate,
];

fn step(dice: &mut StdRng, faults: &[FaultKind]) -> Step {
    let who = dice.random_range(0..PHONES.len());
    fn pick<T: Copy>(from: &[T], dice: &mut StdRng) -> T {
        *from.choose(dice).expect("not empty")
    }
    match dice.random_range(0..100) {
        0..20 => Step::Write(who),
        20..25 => Step::WriteAgain,
        25..33 => Step::Book(who, dice.random_range(1..60)),
        33..38 => Step::Move(dice.random_range(1..60)),
        38..41 => Step::Cancel,
        41..59 => Step::Text(who, pick(&WORDS, dice)),
        59..64 => Step::TextAgain,
        64..74 => Step::Callback(pick(&STATUSES, dice)),
        74..88 => Step::Break(pick(faults, dice)),
        88..90 => Step::StopWorkers,
        90..93 => Step::StartWorkers,
        93..96 => Step::Crash,
        _ => Step::Pass(dice.random_range(1..90)),
    }
}

/// A STOP that was acknowledged: what could not be held back any more then, and the first request to Twilio after it.
struct Silence {
    phone: &'static str,
    in_the_air: BTreeSet<String>,
    from: u64,
    /// The first request after the START that ended it.
    until: Option<u64>,
}

/// One business on one app, and all that was done to it.
struct Story {
    app: TestApp,
    other: Tenant,
    dice: StdRng,
    workers: Option<Workers>,
    /// Beside them, those whom nobody lets finish.
    doomed: Option<Doomed>,
    contacts: Vec<String>,
    /// Correlation id and person of what staff wrote.
    written: Vec<(String, usize)>,
    visits: Vec<String>,
    /// SID, person and words of what came in.
    came_in: Vec<(String, usize, &'static str)>,
    silences: Vec<Silence>,
    seen: HashMap<String, Value>,
    told: Vec<String>,
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("It went like this: {:#?}", self.told);
        }
    }
}

impl Story {
    async fn begin(backend: Backend, seed: u64) -> Self {
        let app = TestApp::with_clock(backend).await;
        let other = app.neighbour().await;
        let mut contacts = Vec::new();
        for phone in PHONES {
            contacts.push(app.contact("Somebody", phone).await);
        }
        Self {
            workers: Some(app.start_workers()),
            doomed: Some(app.start_doomed_workers()),
            app,
            other,
            dice: StdRng::seed_from_u64(seed),
            contacts,
            written: Vec::new(),
            visits: Vec::new(),
            came_in: Vec::new(),
            silences: Vec::new(),
            seen: HashMap::new(),
            told: Vec::new(),
        }
    }

    async fn take(&mut self, step: Step) {
        self.told.push(format!("{step:?}"));
        match step {
            Step::Write(who) => {
                let id = format!("text-{}", self.written.len());
                self.written.push((id.clone(), who));
                self.write(&id, who).await;
            }
            Step::WriteAgain => {
                if let Some((id, who)) = self.written.choose(&mut self.dice).cloned() {
                    self.write(&id, who).await;
                }
            }
            Step::Book(who, hours) => {
                let visit = self.app.visit(&self.contacts[who], hours).await;
                self.visits.push(visit);
            }
            Step::Move(hours) => {
                if let Some(visit) = self.visits.choose(&mut self.dice) {
                    let (status, answer) = self.app.move_visit(visit, self.app.s.now() + Duration::hours(hours)).await;
                    assert!(matches!(status, 200 | 409), "{answer}");
                }
            }
            Step::Cancel => {
                if let Some(visit) = self.visits.choose(&mut self.dice) {
                    let (status, answer) = self.app.post(&format!("/appointments/{visit}/cancel"), json!({})).await;
                    assert!(matches!(status, 200 | 409), "{answer}");
                }
            }
            Step::Text(who, words) => {
                let sid = sid(self.came_in.len() as u32);
                self.came_in.push((sid.clone(), who, words));
                self.text(&sid, who, words).await;
                self.hear(who, words).await;
            }
            Step::TextAgain => {
                if let Some((sid, who, words)) = self.came_in.choose(&mut self.dice).cloned() {
                    self.text(&sid, who, words).await;
                }
            }
            Step::Callback(status) => self.callback(status).await,
            Step::Break(kind) => {
                let fault = Fault::new(kind).ms(300).times(3);
                self.app
                    .sim
                    .set_fault(if kind == FaultKind::Refuse { fault.code(30007) } else { fault });
            }
            Step::StopWorkers => {
                if let Some(workers) = self.workers.take() {
                    workers.stop().await;
                }
            }
            Step::StartWorkers => {
                self.workers.get_or_insert_with(|| self.app.start_workers());
            }
            Step::Crash => {
                if let Some(doomed) = self.doomed.replace(self.app.start_doomed_workers()) {
                    doomed.kill();
                }
            }
            Step::Pass(minutes) => self.app.clock().advance(Duration::minutes(minutes)),
        }
    }

    async fn write(&self, id: &str, who: usize) {
        let body = json!({ "contact_id": self.contacts[who], "body": format!("About {id}"), "correlation_id": id });
        let (status, answer) = self.app.post("/messages", body).await;
        let silent = self.is_silent(who);
        assert_eq!(status, if silent { 409 } else { 202 }, "{answer}");
    }

    fn is_silent(&self, who: usize) -> bool {
        self.silences.iter().any(|s| s.phone == PHONES[who] && s.until.is_none())
    }

    async fn text(&self, sid: &str, who: usize, words: &str) {
        let token = format!("token-{}", self.told.len());
        let request = self.app.signed(INBOUND, &self.app.text(sid, PHONES[who], words));
        let answer = request
            .header("I-Twilio-Idempotency-Token", token)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
    }

    /// What a text means for what may be sent from now on.
    async fn hear(&mut self, who: usize, words: &str) {
        let (silent, next) = (self.is_silent(who), self.app.sim.look(|state| state.creates().count() as u64));
        match words.to_uppercase().as_str() {
            "STOP" if !silent => {
                let texts = self.app.messages_of(&self.contacts[who]).await;
                let refused = self.app.sim.look(|state| {
                    let refused = state.creates().filter(|c| c.was_refused());
                    refused.map(|c| c.status_callback.clone()).collect::<Vec<_>>()
                });
                // A refusal that was heard after the STOP puts a text back for a moment; it is not asked for again.
                let put_back = |m: &Value| refused.iter().any(|c| c.contains(m["id"].as_str().unwrap_or_default()));
                let waits = texts.iter().find(|m| m["status"] == "queued" && !put_back(m));
                assert_eq!(waits, None, "a STOP leaves nothing waiting");
                let in_the_air = texts.iter().filter(|m| m["status"] != "cancelled" && m["status"] != "queued");
                let in_the_air = in_the_air.filter_map(|m| m["id"].as_str());
                self.silences.push(Silence {
                    phone: PHONES[who],
                    in_the_air: in_the_air.map(str::to_owned).collect(),
                    from: next,
                    until: None,
                });
            }
            "START" | "YES" if silent => {
                let ends = |s: &&mut Silence| s.phone == PHONES[who] && s.until.is_none();
                self.silences.iter_mut().filter(ends).for_each(|s| s.until = Some(next));
            }
            _ => {}
        }
    }

    async fn callback(&mut self, status: &str) {
        let sent: Vec<(String, String)> = self.app.sim.look(|state| {
            let callback = |m: &twilio_sim::SimMessage| Some((m.sid.clone(), m.status_callback.clone()?));
            state.outbound().filter_map(callback).collect()
        });
        if let Some((sid, callback)) = sent.choose(&mut self.dice) {
            let path = callback.strip_prefix(&self.app.url).expect("an address of ours");
            let params = [
                ("MessageSid", sid.as_str()),
                ("AccountSid", self.app.sim.account_sid()),
                ("MessageStatus", status),
            ];
            let answer = self.app.signed(path, &params).send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 204, "{status} about {sid}");
        }
    }

    /// What must hold at any moment.
    async fn check(&mut self) {
        let now = self.app.all("/messages").await;
        for message in &now {
            let id = message["id"].as_str().expect("an id").to_owned();
            if let Some(before) = self.seen.get(&id) {
                let sid = before["provider_sid"].as_str().unwrap_or_default();
                forward(before, message, self.gave_up(sid));
            }
            self.seen.insert(id, message.clone());
        }
        for (sid, ..) in &self.came_in {
            let copies = now.iter().filter(|m| m["provider_sid"] == sid.as_str()).count();
            assert_eq!(copies, 1, "an inbound SID is one message");
        }
        let ids: Vec<_> = now.iter().filter_map(|m| m["correlation_id"].as_str()).collect();
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>().len(),
            ids.len(),
            "a correlation id is one message"
        );
        let creates: Vec<Create> = self.app.sim.look(|state| state.creates().cloned().collect());
        self.asked_once(&creates);
        self.silence_is_kept(&creates);
    }

    /// Twilio took it, and then said that it could not deliver it: that text may be tried again.
    fn gave_up(&self, sid: &str) -> bool {
        self.app.sim.look(|state| {
            state
                .message(sid)
                .is_some_and(|m| matches!(m.status.as_str(), "failed" | "undelivered"))
        })
    }

    fn asked_once(&self, creates: &[Create]) {
        let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
        let settled = |c: &&Create| c.was_refused() || c.sid.as_deref().is_some_and(|sid| self.gave_up(sid));
        for create in creates.iter().filter(|c| !settled(c)) {
            *asked.entry(&create.status_callback).or_default() += 1;
        }
        let twice: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "asked for again without a refusal: {twice:?}");
    }

    fn silence_is_kept(&self, creates: &[Create]) {
        for s in &self.silences {
            let during = |c: &&Create| c.to == s.phone && c.seq >= s.from && s.until.is_none_or(|until| c.seq < until);
            for create in creates.iter().filter(during) {
                let known = s.in_the_air.iter().any(|id| create.status_callback.contains(id));
                assert!(known, "asked for after a STOP: {create:?}");
            }
        }
    }

    /// Texts that something will still happen to by itself.
    async fn open(&self) -> Vec<Value> {
        let (messages, tasks) = (self.app.all("/messages").await, self.app.open_tasks().await);
        messages.into_iter().filter(|m| !is_over(m, &tasks)).collect()
    }

    /// Faults end, workers run and time passes, until nothing moves any more; then the books must balance.
    async fn calm_down(&mut self) {
        self.app.sim.clear_faults();
        let mut open = self.open().await;
        for _ in 0..100 {
            let workers = self.workers.take().unwrap_or_else(|| self.app.start_workers());
            self.app.clock().advance(Duration::minutes(5));
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            open = self.open().await;
            if open.is_empty() {
                // Only with nobody at work is it sure that nothing comes up behind the look.
                workers.stop().await;
                open = self.open().await;
                if open.is_empty() {
                    break;
                }
            } else {
                self.workers = Some(workers);
            }
        }
        assert!(open.is_empty(), "still open: {open:#?}");
        self.check().await;
        for phone in PHONES {
            let sids: Vec<_> = self.app.sim.sent_to(phone).into_iter().map(|m| m.sid).collect();
            let known = sids
                .iter()
                .filter(|sid| self.gave_up(sid) || self.seen.values().any(|m| m["provider_sid"] == sid.as_str()))
                .count();
            assert_eq!(known, sids.len(), "every text on a phone is on record");
        }
        for (who, contact) in self.contacts.iter().enumerate() {
            let expected = if self.is_silent(who) { "opted_out" } else { "opted_in" };
            assert_eq!(self.app.consent(contact).await, expected);
        }
        for list in ["/messages", "/conversations", "/tasks?status=open", "/tasks?status=done"] {
            let theirs = list_all(&self.app.http, &self.app.url, &self.other.key, list).await;
            assert!(theirs.is_empty(), "another business sees {theirs:?}");
        }
    }
}

/// Nothing more will happen to it by itself.
fn is_over(m: &Value, tasks: &[Value]) -> bool {
    let asked_about = || {
        tasks
            .iter()
            .any(|t| t["kind"] == "unclear_message" && t["contact_id"] == m["contact_id"])
    };
    match m["status"].as_str().unwrap_or_default() {
        "queued" | "sending" => false,
        "unknown" => asked_about(),
        _ => true,
    }
}

/// How far a status is, in the words of the API.
fn rank(status: &str) -> u8 {
    match status {
        "queued" => 0,
        // Twilio has it, or may have it, and has not said how it went; these follow one another in several orders.
        "sending" | "unknown" => 1,
        "sent" => 2,
        "undelivered" | "failed" | "cancelled" => 3,
        "delivered" => 4,
        "read" => 5,
        "received" => 6,
        other => panic!("a status nobody knows: {other}"),
    }
}

fn forward(before: &Value, after: &Value, gave_up: bool) {
    let (from, to) = (
        before["status"].as_str().unwrap_or_default(),
        after["status"].as_str().unwrap_or_default(),
    );
    let refused = after["status_words"]
        .as_str()
        .is_some_and(|words| words.starts_with("Waits: Twilio did not take it"));
    // Twilio refused for now (it may say so after we gave the call up), or the same text was asked for again after it was withdrawn.
    let again = match (from, to) {
        ("unknown", "queued") => refused,
        (from, to) => matches!(
            (from, to),
            ("sending", "queued") | ("cancelled", "queued" | "sending" | "sent" | "unknown")
        ),
    };
    let unbound = before["provider_sid"].is_null();
    assert!(
        rank(to) >= rank(from) || (again && unbound) || (gave_up && to != "cancelled"),
        "from {from} back to {to}: {after}"
    );
    assert!(
        unbound || gave_up || before["provider_sid"] == after["provider_sid"],
        "another SID: {before} {after}"
    );
}

async fn play(backend: Backend, seed: u64, faults: &[FaultKind]) {
    let mut story = Box::pin(Story::begin(backend, seed)).await;
    for _ in 0..STEPS {
        let step = step(&mut story.dice, faults);
        Box::pin(story.take(step)).await;
        Box::pin(story.check()).await;
        if story.dice.random_bool(0.3) {
            // Sometimes the workers get a moment, sometimes all happens at once.
            tokio::time::sleep(std::time::Duration::from_millis(story.dice.random_range(1..400))).await;
        }
    }
    Box::pin(story.calm_down()).await;
}

fn setting(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "who runs the tests may want other cases")]
    let value = std::env::var(name);
    value.ok()?.parse().ok()
}

/// Plays several games at once, because most of each is waiting.
async fn play_all(backend: Backend, faults: &'static [FaultKind]) {
    let first = setting("HOSTILE_SEED").unwrap_or_else(rand::random);
    let cases = setting("HOSTILE_CASES").unwrap_or(6);
    let seeds: Vec<u64> = (0..cases).map(|n| first.wrapping_add(n)).collect();
    let together = tokio::task::LocalSet::new();
    for some in seeds.chunks(6) {
        let games = some.iter().map(|seed| {
            let game = together.spawn_local(play(backend, *seed, faults));
            async move { (*seed, game.await) }
        });
        for (seed, ended) in together.run_until(join_all(games)).await {
            assert!(ended.is_ok(), "run it again with HOSTILE_SEED={seed} HOSTILE_CASES=1");
        }
    }
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn in_whatever_order_things_happen_the_laws_hold(#[case] backend: Backend) {
    play_all(backend, &FAULTS).await;
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn they_hold_even_if_twilio_does_not_report(#[case] backend: Backend) {
    play_all(backend, &WITH_LOST_REPORTS).await;
}
