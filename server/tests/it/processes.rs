//! Several processes: on one PostgreSQL they share everything and any of them may die; a SQLite file belongs to one.

use std::{collections::HashMap, time::Duration};

use entity::messages::message;
use rstest::rstest;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use services::Db;
use testkit::{Backend, Fault, FaultKind};

use crate::{
    app::{INBOUND, NUMBER, PATIENCE, sign_in},
    real::{EMAIL, Installation, Line, PASSWORD, Process, free_port},
};

const ANN: &str = "+14155550171";

/// How often each text reached Ann's phone.
fn reached(it: &Installation) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for text in it.sim.sent_to(ANN) {
        *times.entry(text.body).or_default() += 1;
    }
    times
}

#[tokio::test]
async fn what_comes_in_at_one_web_process_is_on_the_stream_of_another_at_once() {
    let it = Installation::new(Backend::Postgres).await;
    let (a, b) = (it.start("web", free_port()).await, it.start("web", free_port()).await);
    sign_in(&it.http, &a.url, EMAIL, PASSWORD).await;
    let mut stream = it.http.get(format!("{}/live?after=0", a.url)).send().await.expect("a stream");
    assert_eq!(stream.status().as_u16(), 200, "signed in at one, known to all");
    it.sim.set_inbound_url(Some(format!("{}/webhooks/twilio/inbound", b.url)));
    it.sim.inbound(ANN, NUMBER, "The first wakes everything up").await;
    read_until(&mut stream, "wakes everything up", PATIENCE).await;
    let began = tokio::time::Instant::now();
    for n in 0..20 {
        let body = format!("Text {n} to the other door");
        it.sim.inbound(ANN, NUMBER, &body).await;
        read_until(&mut stream, &body, PATIENCE).await;
    }
    // Without notifications each would wait for the look that streams take every ten seconds.
    assert!(
        began.elapsed() < Duration::from_secs(150),
        "20 texts took {:?}",
        began.elapsed()
    );
}

async fn read_until(stream: &mut reqwest::Response, wanted: &str, time: Duration) {
    let reading = async {
        let mut seen = String::new();
        while !seen.contains(wanted) {
            let chunk = stream.chunk().await.expect("the stream goes on").expect("the stream goes on");
            seen.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    assert!(
        tokio::time::timeout(time, reading).await.is_ok(),
        "not on the stream within {time:?}: {wanted}"
    );
}

#[tokio::test]
async fn two_workers_share_the_work_and_nothing_goes_out_twice() {
    let mut it = Installation::new(Backend::Postgres).await;
    let port = free_port();
    let web = it.start("web", port).await;
    // Each worker has its own line to Twilio, so that one can see who called.
    let lines = [it.through_a_line_to_twilio().await, it.through_a_line_to_twilio().await];
    let mut workers = Vec::new();
    for line in &lines {
        it.twilio_line = Some(line.clone());
        workers.push(it.start_worker(port));
    }
    let ann = it.contact(&web.url, ANN).await;
    // Both are at work once each has made a call.
    let (mut count, began) = (0, tokio::time::Instant::now());
    while lines.iter().any(|line| line.connections() == 0) {
        assert!(began.elapsed() < PATIENCE, "only one of two workers works");
        it.sim.set_fault(Fault::new(FaultKind::Timeout).ms(300));
        it.reply(&web.url, &ann, &format!("Text {count}")).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        count += 1;
    }
    for _ in 0..100 {
        it.reply(&web.url, &ann, &format!("Text {count}")).await;
        count += 1;
    }
    let all = it.until(&web.url, "delivered", |m| m["status"] == "delivered").await;
    let reached = reached(&it);
    assert_eq!((all.len(), reached.len()), (count, count));
    assert!(reached.values().all(|times| *times == 1), "{reached:?}");
    assert_eq!(it.sim.creates_to(ANN).len(), count, "nor was Twilio asked twice");
}

/// How long something goes wrong: a minute, or as many seconds as `HOSTILE_SECONDS` says.
pub fn seconds() -> usize {
    #[expect(clippy::disallowed_methods, reason = "who runs the tests may want more")]
    let wanted = std::env::var("HOSTILE_SECONDS");
    wanted.ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

/// So long may a text wait, be on its way or be unclear at most, on a slow machine too. A claim of a dead process lapses after 50 s.
const LONGEST: chrono::Duration = chrono::Duration::seconds(180);

#[tokio::test]
async fn with_a_worker_killed_every_second_nothing_is_lost_twice_or_stuck() {
    let it = Installation::new(Backend::Postgres).await;
    let db = Db::connect(&it.db.url).await.expect("the database opens");
    let ports = [free_port(), free_port()];
    let webs = [it.start("web", ports[0]).await, it.start("web", ports[1]).await];
    let mut workers = ports.map(|port| it.start_worker(port));
    let ann = it.contact(&webs[0].url, ANN).await;
    sign_in(&it.http, &webs[0].url, EMAIL, PASSWORD).await;
    let mut browsers = [Browser::open(&it, &webs[0]).await, Browser::open(&it, &webs[1]).await];
    let (mut count, mut came_in) = (0, Vec::new());
    for second in 0..seconds() {
        make_trouble(&it, second);
        for _ in 0..8 {
            it.reply(&webs[0].url, &ann, &format!("Text {count}")).await;
            count += 1;
        }
        let turn = second % workers.len();
        std::mem::replace(&mut workers[turn], it.start_worker(ports[turn])).kill();
        let next = tokio::time::Instant::now() + Duration::from_secs(1);
        for (door, web) in webs.iter().enumerate() {
            let text = format!("Question {second} at door {door}.");
            came_in.push(text_at(&it, web, &text).await);
            for browser in &mut browsers {
                browser.hears(&text).await;
            }
        }
        nothing_is_stuck(&it, &db).await;
        tokio::time::sleep_until(next).await;
    }
    it.sim.clear_faults();
    let all = settled_soon(&it, &webs[0].url).await;
    nothing_is_lost_or_twice(&it, &all, count);
    each_came_in_once(&all, came_in);
    db.close().await;
}

/// Calls last, so that a kill always meets some in the air; some of them are never reported on.
fn make_trouble(it: &Installation, second: usize) {
    it.sim.set_fault(Fault::new(FaultKind::Timeout).count(8).ms(600));
    if second.is_multiple_of(3) {
        it.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    }
}

/// Ann texts the business, and Twilio hands it to this web process; its SID.
async fn text_at(it: &Installation, web: &Process, text: &str) -> String {
    it.sim.set_inbound_url(Some(format!("{}{INBOUND}", web.url)));
    it.sim.inbound(ANN, NUMBER, text).await
}

/// A member's browser that listens to one web process.
struct Browser {
    http: reqwest::Client,
    url: String,
    stream: reqwest::Response,
    /// The last event it has got.
    last: i64,
}

impl Browser {
    async fn open(it: &Installation, web: &Process) -> Self {
        let (http, url) = (it.http.clone(), format!("{}/live", web.url));
        Self {
            stream: listen(&http, &url, 0).await,
            http,
            url,
            last: 0,
        }
    }

    async fn hears(&mut self, text: &str) {
        let mut seen = String::new();
        let reading = async {
            while !seen.contains(text) {
                let chunk = self.stream.chunk().await.expect("the stream goes on");
                match chunk {
                    Some(chunk) => seen.push_str(&String::from_utf8_lossy(&chunk)),
                    // It ends after ten minutes, and a browser comes back by itself.
                    None => self.stream = listen(&self.http, &self.url, self.last).await,
                }
            }
        };
        let heard = tokio::time::timeout(PATIENCE, reading).await;
        assert!(heard.is_ok(), "not heard on {}: {text}", self.url);
        let mut ids = seen.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok());
        self.last = ids.next_back().unwrap_or(self.last);
    }
}

async fn listen(http: &reqwest::Client, url: &str, after: i64) -> reqwest::Response {
    let stream = http.get(format!("{url}?after={after}")).send().await.expect("a stream");
    assert_eq!(stream.status().as_u16(), 200, "a member listens");
    stream
}

/// No text waits, is being sent or is unclear for longer than that since it was stored, or since it was last taken up or due:
/// a kill may meet the same text twice, and then it has as long again. What Twilio was never asked for is a person's to decide.
async fn nothing_is_stuck(it: &Installation, db: &Db) {
    #[expect(clippy::disallowed_methods, reason = "the processes run on the machine's clock")]
    let now = chrono::Utc::now();
    let open = message::Entity::find()
        .filter(message::Column::ProviderSid.is_null())
        .filter(message::Column::Status.is_in(["queued", "sending", "unknown"]));
    for m in open.all(db.connection()).await.expect("the database answers") {
        let due = Some(m.not_before).filter(|at| *at <= now);
        let since = [m.claimed_at, due].into_iter().flatten().fold(m.created_at, Ord::max);
        let for_a_person = m.status == "unknown" && !was_asked_for(it, &m.id.to_string());
        assert!(
            now - since <= LONGEST || for_a_person,
            "stuck since {since}: {} {:?}, {}, stored {}, try {} taken up {:?}, {:?}",
            m.id,
            m.body,
            m.status,
            m.created_at,
            m.attempts,
            m.claimed_at,
            m.wait_reason
        );
    }
}

/// Twilio was asked to send this message, whatever became of that.
fn was_asked_for(it: &Installation, id: &str) -> bool {
    it.sim.look(|state| state.creates().any(|c| c.status_callback.contains(id)))
}

fn is_unclear(m: &Value) -> bool {
    m["status"] == "unknown"
}

/// What went out is known to have gone out, because Twilio's log says so. Killed before its call arrived, a text is unclear and
/// shown so.
async fn settled_soon(it: &Installation, url: &str) -> Vec<Value> {
    let began = tokio::time::Instant::now();
    let settled = |m: &Value| {
        if is_unclear(m) {
            !was_asked_for(it, m["id"].as_str().unwrap_or_default())
        } else {
            m["provider_sid"].is_string()
        }
    };
    let all = it.until(url, "settled", settled).await;
    let took = began.elapsed();
    assert!(took < PATIENCE, "stuck for {took:?}");
    all
}

fn nothing_is_lost_or_twice(it: &Installation, all: &[Value], count: usize) {
    let ours: Vec<_> = all.iter().filter(|m| m["direction"] == "outbound").collect();
    let (reached, in_doubt) = (reached(it), ours.iter().filter(|m| is_unclear(m)).count());
    assert_eq!((ours.len(), reached.len() + in_doubt), (count, count), "nothing is lost");
    assert!(in_doubt <= count / 10, "few die in that moment: {in_doubt}");
    assert!(reached.values().all(|times| *times == 1), "nothing twice: {reached:?}");
}

fn each_came_in_once(all: &[Value], mut sent: Vec<String>) {
    let theirs = all.iter().filter(|m| m["direction"] == "inbound");
    let mut stored: Vec<&str> = theirs.filter_map(|m| m["provider_sid"].as_str()).collect();
    stored.sort_unstable();
    sent.sort_unstable();
    assert_eq!(stored, sent, "every text that came in is there, once");
}

#[rstest]
#[case::only_pages(&["web"])]
#[case::only_work(&["worker"])]
#[tokio::test]
async fn a_sqlite_file_is_not_shared_between_processes(#[case] role: &[&str]) {
    let it = Installation::new(Backend::Sqlite).await;
    let showup = it.start("serve", free_port()).await;
    let output = it.try_to_run(role, free_port()).await;
    refused_in_a_sentence(&output);
    it.contact(&showup.url, ANN).await;
}

#[tokio::test]
async fn a_second_server_on_the_same_sqlite_file_is_refused_and_the_first_goes_on() {
    let it = Installation::new(Backend::Sqlite).await;
    let showup = it.start("serve", free_port()).await;
    let output = it.try_to_run(&["serve"], free_port()).await;
    refused_in_a_sentence(&output);
    let ann = it.contact(&showup.url, ANN).await;
    it.reply(&showup.url, &ann, "Hello").await;
    it.until(&showup.url, "delivered", |m| m["status"] == "delivered").await;
    // It is the process that holds the file, not a leftover of it.
    showup.kill();
    it.start("serve", free_port()).await;
}

fn refused_in_a_sentence(output: &std::process::Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it should not run: {said}");
    let sentence = said.lines().rfind(|line| line.starts_with("showup: ")).unwrap_or_default();
    assert!(sentence.contains("SQLite") && sentence.len() > 40, "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[rstest]
#[tokio::test]
async fn asked_to_stop_with_twenty_calls_in_the_air_it_hears_them_out_and_ends(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (it, port) = (Installation::new(backend).await, free_port());
    let mut showup = it.start("serve", port).await;
    let ann = it.contact(&showup.url, ANN).await;
    it.sim.set_fault(Fault::new(FaultKind::Timeout).count(20).ms(3_000));
    it.sim.set_fault(Fault::new(FaultKind::NoCallbacks).count(20));
    for n in 0..20 {
        it.reply(&showup.url, &ann, &format!("Text {n}")).await;
    }
    // As many as it makes at once; of the rest none may be begun any more, or all of it must be finished.
    it.until_twilio("most are in the air", |state| state.creates().count() >= 12)
        .await;
    showup.ask_to_stop();
    let ended = showup.ends_within(PATIENCE).await;
    assert!(
        ended.is_some_and(|status| status.success()),
        "by itself, in time, and well: {ended:?}"
    );
    let in_the_air = it.sim.look(|state| state.creates().filter(|c| c.http.is_none()).count());
    assert_eq!(in_the_air, 0, "every call was heard out");
    it.sim.clear_faults();
    let taken = it.sim.sent_to(ANN).len();

    let showup = it.start("serve", port).await;
    let at_once = it.messages(&showup.url).await;
    let unclear: Vec<_> = at_once.iter().filter(|m| m["status"] == "unknown").collect();
    assert!(unclear.is_empty(), "every outcome was written down: {unclear:?}");
    let known = at_once.iter().filter(|m| m["provider_sid"].is_string()).count();
    assert!(known >= taken, "{known} of {taken}");
    it.until(&showup.url, "sent", |m| m["provider_sid"].is_string()).await;
    let reached = reached(&it);
    assert!(
        reached.len() == 20 && reached.values().all(|times| *times == 1),
        "{reached:?}"
    );
}

#[rstest]
#[case::all_in_one("serve")]
#[case::only_work("worker")]
#[tokio::test]
async fn asked_to_stop_while_the_database_is_gone_it_ends_all_the_same(#[case] role: &str) {
    let mut it = Installation::new(Backend::Postgres).await;
    let (mut showups, mut lines) = (Vec::new(), Vec::new());
    // Several, because it depends on what each is about to do.
    for _ in 0..6 {
        lines.push(it.through_a_line_to_the_database().await);
        showups.push(it.spawn(role, free_port()));
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    lines.iter().for_each(Line::cut);
    tokio::time::sleep(Duration::from_secs(5)).await;
    showups.iter().for_each(Process::ask_to_stop);
    let mut ended = 0;
    let until = tokio::time::Instant::now() + PATIENCE;
    for showup in &mut showups {
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        ended += usize::from(showup.ends_within(left.max(Duration::from_millis(100))).await.is_some());
    }
    assert_eq!(ended, 6, "whoever runs the others would have to kill them");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn while_the_database_turns_everybody_away_a_process_waits_and_does_not_spin() {
    let mut it = Installation::new(Backend::Postgres).await;
    let line = it.through_a_line_to_the_database().await;
    let showup = it.start("serve", free_port()).await;
    line.slam();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = showup.processor_seconds();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let used = showup.processor_seconds() - before;
    assert!(used < 2.5, "{used} of 5 seconds");
}
