//! What somebody at a desk waits for: from a customer's text or a key press to its picture, scrolling, and what Lighthouse says of pages.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, ensure};
use hdrhistogram::Histogram;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    history,
    load::{Conn, histogram},
    machine::now,
    report::{Goal, Row},
    setup::{EMAIL, PASSWORD, World},
};

/// Messages of the thread that is open.
const LONG: usize = 10_000;
/// Other windows that hear of everything meanwhile.
const STREAMS: usize = 100;

#[derive(Deserialize)]
struct Measured {
    /// When a text was painted, in milliseconds of the epoch.
    painted: HashMap<String, f64>,
    keys: Vec<f64>,
    thread: Scrolled,
    list: Scrolled,
    lighthouse: Vec<Score>,
}

#[derive(Deserialize)]
struct Scrolled {
    /// Milliseconds between two frames.
    frames: Vec<f64>,
    /// Rows that came into the page.
    seen: usize,
}

#[derive(Deserialize)]
struct Score {
    name: String,
    device: String,
    performance: f64,
    accessibility: f64,
    practices: f64,
    lacks: Vec<String>,
}

pub async fn run(world: &mut World<'_>) -> anyhow::Result<Vec<Row>> {
    let quick = world.options.quick;
    let (texts, seconds) = if quick { (10, 3) } else { (100, 20) };
    history::lengthen(world, LONG).await?;
    let path = async |n: usize| {
        let contact = world.people[n].id.replace('-', "");
        let (id, of) = (world.db.hex("id"), world.db.hex("contact_id"));
        let sql = format!("SELECT {id} FROM conversation WHERE {of} = '{contact}'");
        let found = world.db.texts(&sql).await?;
        anyhow::Ok(format!("/inbox/{}", found.first().context("a conversation")?))
    };
    let asked = json!({ "origin": world.origin(), "email": EMAIL, "password": PASSWORD, "thread": path(0).await?, "short": path(1).await?,
        "texts": texts, "seconds": seconds });
    let mut browser = Browser::start(&asked)?;
    browser.line()?;

    let cookie = world.sign_in().await?;
    let mut streams = Vec::with_capacity(STREAMS);
    for _ in 0..STREAMS {
        let mut stream = Conn::open(&world.address).await?;
        let status = stream.begin(&world.page("/live", &cookie)).await?;
        ensure!(status == 200, "/live answered {status}");
        streams.push(tokio::spawn(async move {
            while matches!(stream.chunk().await, Ok(true)) {
                stream.body.clear()
            }
        }));
    }
    let mut posted = Vec::with_capacity(texts);
    let mut conn = Conn::open(&world.address).await?;
    for n in 0..texts {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let sid = format!("SM{:032x}", 0xb20_u128 << 96 | n as u128);
        let text = world.inbound(&sid, &world.people[0].phone, &format!("Running late, seen #{n:05}#"));
        posted.push(epoch_ms());
        ensure!(conn.ask(&text).await? == 200, "the webhook took a text");
    }
    browser.go_on()?;
    let measured: Measured = serde_json::from_value(browser.line()?)?;
    streams.iter().for_each(tokio::task::JoinHandle::abort);
    rows(&posted, &measured)
}

fn rows(posted: &[f64], measured: &Measured) -> anyhow::Result<Vec<Row>> {
    let mut painted = histogram();
    for (n, at) in posted.iter().enumerate() {
        let then = measured.painted.get(&format!("{n:05}")).context("every text was painted")?;
        painted.saturating_record(((then - at).max(0.0) * 1000.0) as u64);
    }
    let of = |times: &[f64]| {
        let mut all = histogram();
        times.iter().for_each(|ms| all.saturating_record((ms * 1000.0) as u64));
        all
    };
    let (keys, thread, list) = (of(&measured.keys), of(&measured.thread.frames), of(&measured.list.frames));
    let row =
        |what: String, all: &Histogram<u64>, q: f64| Row::new("browser", what, all.value_at_quantile(q) as f64 / 1000.0, "ms");
    let mut rows = vec![
        row(
            format!("p50 from a text's POST to its picture, thread of {LONG}, {STREAMS} other streams"),
            &painted,
            0.5,
        ),
        row("p95 from a text's POST to its picture".to_owned(), &painted, 0.95).goal(Goal::AtMost(50.0)),
        row("p95 from a key press to its picture".to_owned(), &keys, 0.95).goal(Goal::AtMost(50.0)),
        row(
            format!("slowest frame while {} lines of the thread went by", measured.thread.seen),
            &thread,
            1.0,
        )
        .goal(Goal::AtMost(50.0)),
        row(
            format!("slowest frame while {} rows of the list went by", measured.list.seen),
            &list,
            1.0,
        )
        .goal(Goal::AtMost(50.0)),
    ];
    for score in &measured.lighthouse {
        let goal = if score.device == "desktop" { 95.0 } else { 85.0 };
        let whose = format!("{}, {}", score.name, score.device);
        let figure = |what: &str, value: f64, goal: f64| {
            Row::new("lighthouse", format!("{whose}, {what}"), value, "of 100").goal(Goal::AtLeast(goal))
        };
        rows.push(figure("performance", score.performance, goal));
        rows.push(figure("accessibility", score.accessibility, 100.0));
        rows.push(figure("best practices", score.practices, 100.0));
        eprintln!("      {whose}: {}", score.lacks.join("; "));
    }
    Ok(rows)
}

/// As browsers tell the time.
fn epoch_ms() -> f64 {
    now().timestamp_micros() as f64 / 1000.0
}

/// Chromium and the script that drives it.
struct Browser {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    fn start(asked: &Value) -> anyhow::Result<Self> {
        let mut child = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/browser/measure.mjs"))
            .arg(asked.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node can't be run")?;
        let said = BufReader::new(child.stdout.take().context("a pipe")?);
        Ok(Self { child, said })
    }

    fn line(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the browser's script ended; what it said is above");
        Ok(serde_json::from_str(&line)?)
    }

    fn go_on(&mut self) -> anyhow::Result<()> {
        Ok(writeln!(self.child.stdin.as_mut().context("a pipe")?)?)
    }
}
