//! Appointments with years of others behind them: how long making one takes, and how late reminders leave when many are due.

use std::{collections::HashMap, time::Duration};

use anyhow::ensure;
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::{
    load::{Measured, Plan, histogram},
    machine::now,
    report::Row,
    scenarios::settle,
    setup::World,
};

fn appointment(world: &World<'_>, person: usize, starts_at: DateTime<Utc>) -> Vec<u8> {
    let contact = &world.people[person % world.people.len()].id;
    world.api(
        "/appointments",
        Some(&json!({ "contact_id": contact, "starts_at": starts_at })),
    )
}

/// Makes appointments one after the other; how long that took, and the rows written for each.
pub async fn create(world: &World<'_>) -> anyhow::Result<(Measured, usize)> {
    let count = if world.options.quick { 100 } else { 500 };
    let soon = now() + chrono::Duration::days(20);
    let appointments = (0..count).map(|n| appointment(world, n * 37, soon + chrono::Duration::minutes(10 * n as i64)));
    let before = world.db.rows().await?;
    let made = Plan::new(&world.address, appointments.collect()).all(1).await.all_well()?;
    let written = (world.db.rows().await? - before) as f64 / count as f64;
    Ok((made, written.round() as usize))
}

/// Makes appointments whose reminders (24 hours before) are due within the next minute, and waits for them.
pub async fn fire(world: &World<'_>) -> anyhow::Result<Vec<Row>> {
    settle(world).await?;
    let (count, seconds) = if world.options.quick { (200, 10) } else { (2000, 60) };
    let count = count.min(world.people.len());
    // Time to make them all first.
    let first = now() + chrono::Duration::seconds(10 + count as i64 / 60);
    let due = |n: usize| first + chrono::Duration::milliseconds((n * seconds * 1000 / count) as i64);
    let appointments = (0..count).map(|n| appointment(world, n, due(n) + chrono::Duration::hours(24)));
    let before = world.provider.sent().len();
    let made = Plan::new(&world.address, appointments.collect()).all(16).await.all_well()?;
    ensure!(
        now() < first,
        "making {count} visits took {:.0} s, longer than there was time",
        made.seconds
    );
    let waited = Duration::from_secs(60 + seconds as u64);
    ensure!(
        world.provider.wait_for(before + count, waited).await,
        "only {} of {count} reminders left",
        world.provider.sent().len() - before
    );

    let due: HashMap<&str, DateTime<Utc>> = (0..count).map(|n| (world.people[n].phone.as_str(), due(n))).collect();
    let mut times = histogram();
    let sent = world.provider.sent()[before..].to_vec();
    let mut seen = std::collections::HashSet::new();
    for text in &sent {
        let Some(due) = due.get(text.to.as_str()) else { continue };
        ensure!(seen.insert(&text.to), "a reminder went out twice");
        times.saturating_record((text.time - *due).num_microseconds().unwrap_or_default().max(0) as u64);
    }
    ensure!(seen.len() == count, "{} of {count} reminders were handed over", seen.len());
    let row = |q: f64, name: &str| {
        let what = format!("{name} from due to handed over, {count} in {seconds} s");
        Row::new("appointments", what, times.value_at_quantile(q) as f64 / 1e6, "s")
    };
    Ok(vec![
        row(0.5, "p50"),
        row(0.95, "p95"),
        row(1.0, "last"),
        Row::new("appointments", "visits made per second, 16 connections", made.rate(), "/s"),
    ])
}
