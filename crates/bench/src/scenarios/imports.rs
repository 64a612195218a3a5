//! A large file of contacts, while texts go on leaving: how long it takes, what it needs, and what it costs the texts.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::json;

use crate::{
    load::{Measured, histogram},
    provider::Sent,
    report::Row,
    scenarios::settle,
    setup::World,
};

/// Texts a second that leave meanwhile.
const TEXTS: usize = 10;

pub async fn run(world: &World<'_>) -> anyhow::Result<Vec<Row>> {
    settle(world).await?;
    let rows = if world.options.quick { 2_000 } else { 100_000 };
    let alone = texts(world, "before", Duration::from_secs(5)).await?;
    let mut file = "name,phone,email,tags\n".to_owned();
    for n in 0..rows {
        // Numbers that nobody of the world has.
        file.push_str(&format!(
            "Person {n},+1415{:07},person{n}@example.test,imported\n",
            6_000_000 + n
        ));
    }
    let body = json!({ "kind": "contacts", "csv": file, "consent": "booked" });
    let resident = world.memory("VmRSS")?;
    let start = Instant::now();
    let begun = world.ask("/imports", Some(&body)).await?;
    let uploaded = start.elapsed().as_secs_f64();
    let id = begun["id"].as_str().context("no id")?.to_owned();
    let (mut most, mut beside) = (resident, histogram());
    let done = loop {
        let now = world.ask(&format!("/imports/{id}"), None).await?;
        if now["status"] != "running" {
            break now;
        }
        ensure!(
            start.elapsed() < Duration::from_secs(1_800),
            "not done after half an hour: {now}"
        );
        let some = texts(world, &format!("{:?}", start.elapsed()), Duration::from_secs(1)).await?;
        beside.add(some.times)?;
        most = most.max(world.memory("VmRSS")?);
    };
    let seconds = start.elapsed().as_secs_f64();
    ensure!(done["rows"]["created"] == rows, "not all were created: {done}");
    let row = |what: &str, value, unit| Row::new("imports", format!("{rows} contacts, {what}"), value, unit);
    let ms = |q| beside.value_at_quantile(q) as f64 / 1e3;
    Ok(vec![
        row("until all are saved", seconds, "s"),
        row("until the file was taken", uploaded, "s"),
        row("rows a second", rows as f64 / seconds, "/s"),
        row("memory beyond that at rest", most - resident, "MB"),
        row("p50 of a text from the API to Twilio meanwhile", ms(0.5), "ms").beside(alone.ms(0.5), "without it"),
        row("p99 of a text from the API to Twilio meanwhile", ms(0.99), "ms").beside(alone.ms(0.99), "without it"),
    ])
}

/// Texts at a steady pace for a while: how long each takes from being asked for to being handed over.
async fn texts(world: &World<'_>, about: &str, during: Duration) -> anyhow::Result<Measured> {
    let mut measured = Measured::new();
    let count = TEXTS * during.as_secs() as usize;
    for n in 0..count {
        let person = &world.people[n % world.people.len()];
        let body = format!("Meanwhile {about} {n}");
        let (start, before) = (Instant::now(), world.provider.sent().len());
        world
            .ask("/messages", Some(&json!({ "contact_id": person.id, "body": body })))
            .await?;
        ensure!(
            world.provider.wait_for(before + 1, Duration::from_secs(30)).await,
            "a text did not leave"
        );
        let left = world
            .provider
            .sent()
            .iter()
            .rfind(|sent: &&Sent| sent.body == body)
            .map(|sent| sent.at);
        let took = left.unwrap_or_else(Instant::now).saturating_duration_since(start);
        measured.times.saturating_record(took.as_micros() as u64);
        tokio::time::sleep((Duration::from_secs(1) / TEXTS as u32).saturating_sub(start.elapsed())).await;
    }
    Ok(measured)
}
