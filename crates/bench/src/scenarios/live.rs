//! From a customer's text to the screen of somebody who has the inbox open.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::ensure;

use crate::{
    load::{Conn, Plan, histogram},
    report::{Goal, Row},
    scenarios::settle,
    setup::World,
};

const RATE: f64 = 20.0;

pub async fn run(world: &mut World<'_>) -> anyhow::Result<Vec<Row>> {
    settle(world).await?;
    let count = if world.options.quick { 100 } else { 500 };
    let cookie = world.sign_in().await?;
    let newest = world.db.number("SELECT coalesce(max(id), 0) FROM live_event").await?;
    let mut stream = Conn::open(&world.address).await?;
    let status = stream.begin(&world.page(&format!("/live?after={newest}"), &cookie)).await?;
    ensure!(status == 200, "/live answered {status}");
    stream.body.clear();

    let texts = (0..count).map(|n| {
        let person = &world.people[n % world.people.len()];
        world.inbound(
            &format!("SM{:032x}", 0x11fe_u128 << 96 | n as u128),
            &person.phone,
            &format!("Running late, seen #{n:05}#"),
        )
    });
    let plan = Plan::new(&world.address, texts.collect());
    let start = Instant::now() + Duration::from_millis(20);
    let posting = tokio::spawn(async move { plan.at_rate(RATE, 16).await });
    let mut seen = HashMap::new();
    let reading = async {
        while seen.len() < count && stream.chunk().await? {
            let at = Instant::now();
            let text = String::from_utf8_lossy(&stream.body);
            for n in text.split("seen #").skip(1).filter_map(|s| s.get(..5)?.parse::<usize>().ok()) {
                seen.entry(n).or_insert(at);
            }
            // Events are written whole; what follows the last empty line is not one yet.
            let whole = stream.body.windows(2).rposition(|w| w == b"\n\n").map_or(0, |at| at + 2);
            stream.body.drain(..whole);
        }
        Ok::<_, std::io::Error>(())
    };
    let patience = Duration::from_secs_f64(count as f64 / RATE + 20.0);
    let read = tokio::time::timeout(patience, reading).await;
    let posted = posting.await?.all_well()?;
    ensure!(
        seen.len() == count,
        "{} of {count} texts were seen on the stream ({read:?})",
        seen.len()
    );

    let mut times = histogram();
    for (n, at) in &seen {
        let due = start + Duration::from_secs_f64(*n as f64 / RATE);
        times.saturating_record(at.saturating_duration_since(due).as_micros() as u64);
    }
    let row = |q: f64, name: &str| {
        let value = times.value_at_quantile(q) as f64 / 1000.0;
        Row::new("live", format!("{name} from the text's POST to its event, 20/s"), value, "ms")
            .beside(posted.ms(q), "answer to the POST")
    };
    Ok(vec![
        row(0.5, "p50"),
        row(0.95, "p95").goal(Goal::AtMost(150.0)),
        row(0.99, "p99"),
    ])
}
