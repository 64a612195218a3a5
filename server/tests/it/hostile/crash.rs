//! Point 10: a real process that is killed at every step of *intent → claim → call → record*, and a database that goes away. Nothing is
//! lost, nothing goes out twice, and what can't be known is shown as such.

use std::{collections::HashMap, time::Duration};

use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Backend, Fault, FaultKind};
use twilio::signature::sign;

use super::ANN;
use crate::{
    app::{INBOUND, NUMBER, sid},
    processes::seconds,
    real::{Installation, Process, free_port},
};

const MOMENT: Duration = Duration::from_millis(400);

/// Twilio has it and said so, or says so now.
fn is_bound(m: &Value) -> bool {
    m["provider_sid"].is_string() && m["status"] != "unknown"
}

fn is_settled(m: &Value) -> bool {
    is_bound(m) || m["status"] == "unknown"
}

/// How often each text reached Ann's phone.
fn reached(it: &Installation) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for text in it.sim.sent_to(ANN) {
        *times.entry(text.body).or_default() += 1;
    }
    times
}

async fn a_moment() {
    tokio::time::sleep(MOMENT).await;
}

/// One text, at a process that runs on this port.
async fn one_text(it: &Installation, port: u16) -> (Process, Value) {
    let showup = it.start("serve", port).await;
    let ann = it.contact(&showup.url, ANN).await;
    let text = it.reply(&showup.url, &ann, "Hello").await;
    (showup, text)
}

#[rstest]
#[tokio::test]
async fn killed_right_after_it_said_accepted_again_and_again_it_sends_each_text_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (it, port) = (Installation::new(backend).await, free_port());
    let mut ann = String::new();
    for round in 0..4 {
        let showup = it.start("serve", port).await;
        if ann.is_empty() {
            ann = it.contact(&showup.url, ANN).await;
        }
        for n in 0..5 {
            it.reply(&showup.url, &ann, &format!("Text {round}-{n}")).await;
        }
        showup.kill();
    }
    let showup = it.start("serve", port).await;
    let all = it.until(&showup.url, "settled", is_settled).await;
    assert_eq!(all.len(), 20, "what was accepted is there");
    let reached = reached(&it);
    for m in all {
        let times = reached
            .get(m["body"].as_str().unwrap_or_default())
            .copied()
            .unwrap_or_default();
        assert!(times == 1 || (times == 0 && m["status"] == "unknown"), "{times} times: {m}");
    }
}

#[rstest]
#[tokio::test]
async fn killed_while_its_call_is_on_the_way_and_never_arrives_it_does_not_guess(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (mut it, port) = (Installation::new(backend).await, free_port());
    let line = it.through_a_line_to_twilio().await;
    line.hold();
    let (showup, _) = one_text(&it, port).await;
    it.until(&showup.url, "it calls", |m| m["status"] == "sending").await;
    a_moment().await;
    showup.kill();
    line.cut();
    a_moment().await;
    line.open();
    let showup = it.start("serve", port).await;
    it.until(&showup.url, "shown as unclear", |m| m["status"] == "unknown").await;
    a_moment().await;
    assert!(
        it.sim.creates_to(ANN).is_empty(),
        "Twilio never heard of it, and is not asked on a guess"
    );
}

#[rstest]
#[tokio::test]
async fn killed_while_its_call_is_on_the_way_and_arrives_later_the_callback_settles_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (mut it, port) = (Installation::new(backend).await, free_port());
    let line = it.through_a_line_to_twilio().await;
    line.hold();
    let (showup, _) = one_text(&it, port).await;
    it.until(&showup.url, "it calls", |m| m["status"] == "sending").await;
    a_moment().await;
    showup.kill();
    // The next process reaches Twilio directly and finds nothing in its log; then the old call arrives.
    it.twilio_line = None;
    let showup = it.start("serve", port).await;
    it.until(&showup.url, "shown as unclear", |m| m["status"] == "unknown").await;
    line.open();
    it.until(&showup.url, "delivered", |m| m["status"] == "delivered").await;
    assert_eq!((it.sim.creates_to(ANN).len(), it.sim.sent_to(ANN).len()), (1, 1));
}

#[rstest]
#[tokio::test]
async fn killed_while_twilio_answers_it_finds_the_text_in_twilios_log(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (it, port) = (Installation::new(backend).await, free_port());
    it.sim.set_fault(Fault::new(FaultKind::Timeout).ms(3_000));
    it.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    let (showup, _) = one_text(&it, port).await;
    it.until_twilio("Twilio has it", |state| state.outbound().count() == 1).await;
    showup.kill();
    let showup = it.start("serve", port).await;
    // Beside PostgreSQL another process might still be sending it, so that takes most of a minute.
    let all = it.until(&showup.url, "found", is_bound).await;
    assert_eq!(all[0]["provider_sid"], it.sim.sent_to(ANN)[0].sid.as_str());
    assert_eq!((it.sim.creates_to(ANN).len(), it.sim.sent_to(ANN).len()), (1, 1));
}

#[rstest]
#[tokio::test]
async fn killed_after_the_answer_and_before_it_was_written_down_it_finds_the_text_in_twilios_log(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (mut it, port) = (Installation::new(backend).await, free_port());
    if backend == Backend::Postgres {
        it.through_a_line_to_the_database().await;
    }
    it.sim.set_fault(Fault::new(FaultKind::Timeout).ms(1_000));
    it.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    let (showup, _) = one_text(&it, port).await;
    it.until_twilio("Twilio has it", |state| state.outbound().count() == 1).await;
    let frozen = it.freeze().await;
    it.until_twilio("it was answered", |state| state.creates().all(|c| c.http == Some(201)))
        .await;
    a_moment().await;
    showup.kill();
    frozen.thaw().await;
    let showup = it.start("serve", port).await;
    it.until(&showup.url, "found", is_bound).await;
    assert_eq!((it.sim.creates_to(ANN).len(), it.sim.sent_to(ANN).len()), (1, 1));
}

#[rstest]
#[tokio::test]
async fn killed_with_texts_waiting_it_sends_those_once_after_the_next_start(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (mut it, port) = (Installation::new(backend).await, free_port());
    let line = it.through_a_line_to_twilio().await;
    line.hold();
    let (showup, _) = one_text(&it, port).await;
    let ann = it.messages(&showup.url).await[0]["contact_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    for n in 0..300 {
        it.reply(&showup.url, &ann, &format!("Text {n}")).await;
    }
    showup.kill();
    line.cut();
    a_moment().await;
    line.open();
    let showup = it.start("serve", port).await;
    let all = it.until(&showup.url, "settled", is_settled).await;
    let reached = reached(&it);
    assert_eq!(all.len(), 301);
    assert!(reached.len() >= 50, "only what was claimed is in doubt: {}", reached.len());
    assert!(reached.values().all(|times| *times == 1), "{reached:?}");
    for m in all {
        let on_the_phone = reached.contains_key(m["body"].as_str().unwrap_or_default());
        assert_eq!(on_the_phone, m["status"] != "unknown", "{m}");
    }
}

/// Posts an inbound text as Twilio does; the HTTP status, or none if there was no answer.
async fn inbound(it: &Installation, url: &str, sid: &str, body: &str) -> Option<u16> {
    let pairs = [
        ("MessageSid", sid),
        ("AccountSid", it.sim.account_sid()),
        ("From", ANN),
        ("To", NUMBER),
        ("Body", body),
        ("NumMedia", "0"),
    ];
    let params: Vec<(String, String)> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let address = format!("{url}{INBOUND}");
    let signature = sign(it.sim.auth_token(), &address, &params);
    // As long as Twilio waits.
    let request = it
        .http
        .post(address)
        .header("X-Twilio-Signature", signature)
        .timeout(Duration::from_secs(15));
    let answer = request.form(&params).send().await.ok()?;
    Some(answer.status().as_u16())
}

#[rstest]
#[tokio::test]
async fn killed_while_texts_come_in_it_has_every_one_it_acknowledged_and_none_twice(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (it, port) = (Installation::new(backend).await, free_port());
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let showup = it.start("serve", port).await;
        let url = showup.url.clone();
        let killer = async {
            tokio::time::sleep(Duration::from_millis(60 + 40 * round)).await;
            showup.kill();
        };
        // The first hundred come again in every round: Twilio repeats what was not answered, and some of what was.
        let texts = (0..100 * (round as u32 + 1)).map(|n| {
            let (it, url) = (&it, &url);
            async move { (inbound(it, url, &sid(n), &format!("Text {n}")).await == Some(200)).then_some(n) }
        });
        let (answers, ()) = tokio::join!(join_all(texts), killer);
        acknowledged.extend(answers.into_iter().flatten());
    }
    let showup = it.start("serve", port).await;
    let stored: Vec<String> = it
        .messages(&showup.url)
        .await
        .iter()
        .filter_map(|m| m["provider_sid"].as_str().map(str::to_owned))
        .collect();
    let lost: Vec<_> = acknowledged.iter().filter(|n| !stored.contains(&sid(**n))).collect();
    assert!(lost.is_empty(), "acknowledged and not there: {lost:?}");
    for some in (0..300).collect::<Vec<_>>().chunks(30) {
        let again = some.iter().map(|n| {
            let (it, url) = (&it, &showup.url);
            async move { inbound(it, url, &sid(*n), &format!("Text {n}")).await }
        });
        assert!(join_all(again).await.iter().all(|answer| *answer == Some(200)));
    }
    let mut sids: Vec<_> = it
        .messages(&showup.url)
        .await
        .iter()
        .map(|m| m["provider_sid"].to_string())
        .collect();
    sids.sort();
    sids.dedup();
    assert_eq!((sids.len(), it.messages(&showup.url).await.len()), (300, 300), "each once");
}

#[rstest]
#[tokio::test]
async fn killed_between_taking_a_time_of_the_waitlist_and_saying_so_it_says_so_once_after_the_next_start(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (it, port) = (Installation::new(backend).await, free_port());
    let showup = it.start("serve", port).await;
    let ann = it.contact(&showup.url, ANN).await;
    let (status, entry) = it.post(&showup.url, "/waitlist", json!({ "contact_id": ann })).await;
    assert_eq!(status, 201, "{entry}");
    #[expect(clippy::disallowed_methods, reason = "the processes run on the machine's clock")]
    let now = chrono::Utc::now();
    let starts_at = (now + chrono::Duration::hours(50)).to_rfc3339();
    let free = json!({ "starts_at": starts_at, "minutes": 30 });
    let (status, slot) = it.post(&showup.url, "/slots", free).await;
    assert_eq!(status, 201, "{slot}");
    it.until_twilio("she is asked", |state| state.outbound().count() == 1).await;
    it.until(&showup.url, "delivered", |m| m["status"] == "delivered").await;
    // It is hers from the moment that her text is taken; that it is does not leave yet.
    it.sim.set_fault(Fault::new(FaultKind::RateLimit).count(1_000));
    assert_eq!(inbound(&it, &showup.url, &sid(1), "Y").await, Some(200));
    it.until_twilio("it was tried", |state| state.creates().any(|c| c.http == Some(429)))
        .await;
    it.until(&showup.url, "it waits", |m| m["status"] != "sending").await;
    showup.kill();
    assert_eq!(it.sim.sent_to(ANN).len(), 1, "nothing was said yet");
    it.sim.clear_faults();
    let showup = it.start("serve", port).await;
    it.until_twilio("she is told", |state| state.outbound().count() == 2).await;
    // Twilio repeats what she wrote.
    assert_eq!(inbound(&it, &showup.url, &sid(1), "Y").await, Some(200));
    it.until(&showup.url, "settled", |m| {
        m["direction"] == "inbound" || m["status"] == "delivered"
    })
    .await;
    let told = it.sim.sent_to(ANN).pop().expect("told").body;
    assert!(told.contains("you're in"), "{told}");
    assert_eq!(it.sim.sent_to(ANN).len(), 2, "once");
}

#[tokio::test]
async fn while_the_database_is_gone_webhooks_say_so_and_what_twilio_repeats_is_stored_once() {
    let (mut it, port) = (Installation::new(Backend::Postgres).await, free_port());
    let line = it.through_a_line_to_the_database().await;
    let (showup, _) = one_text(&it, port).await;
    it.until(&showup.url, "delivered", |m| m["status"] == "delivered").await;
    line.cut();
    let ready = it
        .http
        .get(format!("{}/health/ready", showup.url))
        .send()
        .await
        .expect("an answer");
    assert_eq!(ready.status().as_u16(), 503);
    let during = join_all((0..30).map(|n| {
        let (it, url) = (&it, &showup.url);
        async move { inbound(it, url, &sid(n), &format!("Text {n}")).await }
    }))
    .await;
    let refused = during.iter().filter(|answer| answer.is_some_and(|http| http >= 500)).count();
    assert_eq!(
        refused, 30,
        "a clear 5xx while Twilio still listens, so that it repeats them: {during:?}"
    );
    line.open();
    let after = join_all((0..30).flat_map(|n| [n, n]).map(|n| {
        let (it, url) = (&it, &showup.url);
        async move { inbound(it, url, &sid(n), &format!("Text {n}")).await }
    }))
    .await;
    assert!(after.iter().all(|answer| *answer == Some(200)), "{after:?}");
    let all = it.messages(&showup.url).await;
    assert_eq!(all.iter().filter(|m| m["direction"] == "inbound").count(), 30);
    // And work goes on by itself.
    let ann = all[0]["contact_id"].as_str().expect("an id").to_owned();
    it.reply(&showup.url, &ann, "We are back").await;
    it.until(&showup.url, "sent", |m| {
        m["direction"] == "inbound" || m["status"] == "delivered"
    })
    .await;
}

async fn nth_text(it: &Installation, url: &str, n: usize) -> Option<u16> {
    inbound(it, url, &sid(n as u32), &format!("Text {n}")).await
}

/// A text a second, so many; what each was answered.
async fn a_text_a_second(it: &Installation, url: &str, count: usize) -> Vec<Option<u16>> {
    let one_a_second = |n: usize| async move {
        tokio::time::sleep(Duration::from_secs(n as u64)).await;
        nth_text(it, url, n).await
    };
    join_all((0..count).map(one_a_second)).await
}

/// Twilio repeats them, each twice at once: they are taken, each is there once, and what was on its way out went out once.
async fn each_is_there_once(it: &Installation, url: &str, count: usize) {
    let after = join_all((0..count).flat_map(|n| [n, n]).map(|n| nth_text(it, url, n))).await;
    assert!(after.iter().all(|answer| *answer == Some(200)), "{after:?}");
    // What the callbacks said meanwhile comes with the next look at Twilio's log; that it was taken is known before.
    it.until(url, "known to be with Twilio", |m| m["direction"] == "inbound" || is_bound(m))
        .await;
    assert_eq!(reached(it), HashMap::from([("Hello".to_owned(), 1)]));
    let all = it.messages(url).await;
    assert_eq!(all.iter().filter(|m| m["direction"] == "inbound").count(), count);
}

/// Texts keep coming, and one is on its way out when the database goes: its outcome can't be written down.
#[tokio::test]
async fn while_the_database_is_away_nothing_that_comes_or_goes_is_lost_or_doubled() {
    let (mut it, port) = (Installation::new(Backend::Postgres).await, free_port());
    let line = it.through_a_line_to_the_database().await;
    let showup = it.start("serve", port).await;
    let ann = it.contact(&showup.url, ANN).await;
    it.sim.set_fault(Fault::new(FaultKind::Timeout).ms(1_500));
    it.reply(&showup.url, &ann, "Hello").await;
    it.until_twilio("the call", |state| state.creates().next().is_some()).await;
    line.cut();
    let count = seconds();
    let during = a_text_a_second(&it, &showup.url, count).await;
    assert!(
        during.iter().all(|answer| answer.is_some_and(|http| http >= 500)),
        "{during:?}"
    );
    line.open();
    each_is_there_once(&it, &showup.url, count).await;
}

/// The same on SQLite, where the database is a file: another program holds it, a backup or somebody at a prompt, for longer than we wait
/// for it (15 seconds).
#[tokio::test]
async fn while_another_program_holds_the_file_nothing_that_comes_or_goes_is_lost_or_doubled() {
    let (it, port) = (Installation::new(Backend::Sqlite).await, free_port());
    let showup = it.start("serve", port).await;
    let ann = it.contact(&showup.url, ANN).await;
    it.sim.set_fault(Fault::new(FaultKind::Timeout).ms(1_500));
    it.reply(&showup.url, &ann, "Hello").await;
    it.until_twilio("the call", |state| state.creates().next().is_some()).await;
    let frozen = it.freeze().await;
    // The last comes after 11 seconds and has its answer, a no, after some ten more.
    let count = 12;
    let during = a_text_a_second(&it, &showup.url, count).await;
    assert!(
        during.iter().all(|answer| answer.is_some_and(|http| http >= 500)),
        "a clear 5xx while Twilio still listens: {during:?}"
    );
    frozen.thaw().await;
    each_is_there_once(&it, &showup.url, count).await;
    // And work goes on by itself.
    it.reply(&showup.url, &ann, "We are back").await;
    it.until(&showup.url, "delivered", |m| {
        m["body"] != "We are back" || m["status"] == "delivered"
    })
    .await;
}

#[tokio::test]
async fn a_database_that_hangs_does_not_keep_twilio_waiting_for_longer_than_it_waits() {
    let (mut it, port) = (Installation::new(Backend::Postgres).await, free_port());
    let line = it.through_a_line_to_the_database().await;
    let showup = it.start("serve", port).await;
    it.contact(&showup.url, ANN).await;
    line.hold();
    let during = join_all((0..10).map(|n| {
        let (it, url) = (&it, &showup.url);
        async move { inbound(it, url, &sid(n), &format!("Text {n}")).await }
    }))
    .await;
    line.open();
    // Whatever was answered, repeating it is harmless and completes the set.
    let after = join_all((0..10).map(|n| {
        let (it, url) = (&it, &showup.url);
        async move { inbound(it, url, &sid(n), &format!("Text {n}")).await }
    }))
    .await;
    assert!(after.iter().all(|answer| *answer == Some(200)), "{after:?}");
    assert_eq!(it.messages(&showup.url).await.len(), 10);
    let answered = during.iter().filter(|answer| answer.is_some_and(|http| http >= 500)).count();
    assert_eq!(answered, 10, "a clear 5xx while Twilio still listens: {during:?}");
}
