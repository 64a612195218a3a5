//! The waitlist: a chain of ten visits that move up, two hundred who answer at once to one time, and whose turn it is among ten thousand.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    load::Plan,
    machine::now,
    report::{Goal, Row},
    scenarios::settle,
    setup::World,
};

const CHAIN: usize = 10;
const CROWD: usize = 200;
/// A group that is asked at once; the rest of the crowd is asked out of turn.
const GROUP: usize = 50;
const PATIENCE: Duration = Duration::from_secs(60);

fn sid() -> String {
    format!("SM{}", uuid::Uuid::new_v4().simple())
}

fn in_hours(hours: usize) -> String {
    (now() + chrono::Duration::hours(i64::try_from(hours).unwrap_or(1))).to_rfc3339()
}

fn id(of: &Value) -> anyhow::Result<String> {
    Ok(of["id"].as_str().context("an id")?.to_owned())
}

async fn open(world: &World<'_>, more: Value) -> anyhow::Result<Value> {
    let mut slot = json!({ "starts_at": in_hours(50), "minutes": 30 });
    if let (Some(slot), Some(more)) = (slot.as_object_mut(), more.as_object()) {
        slot.extend(more.clone());
    }
    world.ask("/slots", Some(&slot)).await
}

/// What is still free of the part before must not be offered in this one.
async fn close_all(world: &World<'_>) -> anyhow::Result<()> {
    let board = world.ask("/slots", None).await?;
    let free = ["open", "offering"].map(|column| board[column].as_array().cloned().unwrap_or_default());
    let mut closes = Vec::new();
    for slot in free.concat() {
        closes.push(world.act(&format!("/slots/{}/close", id(&slot)?)));
    }
    if !closes.is_empty() {
        Plan::new(&world.address, closes).all(4).await.all_well()?;
    }
    settle(world).await
}

/// Each takes the time that the one before gives up, as soon as they are asked.
async fn chain(world: &World<'_>) -> anyhow::Result<Row> {
    for (n, person) in world.people.iter().take(CHAIN).enumerate() {
        let visit = json!({ "contact_id": person.id, "starts_at": in_hours(72 + 24 * n) });
        let visit = world.ask("/appointments", Some(&visit)).await?;
        let entry = json!({ "contact_id": person.id, "instead_of": id(&visit)? });
        world.ask("/waitlist", Some(&entry)).await?;
    }
    let mut seen = world.provider.sent().len();
    open(world, json!({ "mode": "one_by_one" })).await?;
    let begun = Instant::now();
    for n in 0..CHAIN {
        // An offer, and behind the first of them that the one before has their time.
        let texts = seen + if n == 0 { 1 } else { 2 };
        ensure!(
            world.provider.wait_for(texts, PATIENCE).await,
            "the chain broke at its link {n}"
        );
        seen = texts;
        let person = &world.people[n].phone;
        Plan::new(&world.address, vec![world.inbound(&sid(), person, "Y")])
            .all(1)
            .await
            .all_well()?;
    }
    ensure!(world.provider.wait_for(seen + 1, PATIENCE).await, "the last one was not told");
    let taken = world.db.number("SELECT count(*) FROM slot WHERE status = 'taken'").await?;
    ensure!(taken == i64::try_from(CHAIN)?, "{taken} of {CHAIN} moved up");
    Ok(Row::new(
        "waitlist",
        format!("a chain of {CHAIN}, answered at once"),
        begun.elapsed().as_secs_f64(),
        "s",
    ))
}

/// Everybody is asked, and everybody says yes within a second.
async fn race(world: &World<'_>) -> anyhow::Result<Vec<Row>> {
    let crowd = &world.people[CHAIN..CHAIN + CROWD];
    let entries = crowd
        .iter()
        .map(|person| world.api("/waitlist", Some(&json!({ "contact_id": person.id }))));
    Plan::new(&world.address, entries.collect()).all(8).await.all_well()?;
    let before = world.provider.sent().len();
    let slot = open(world, json!({ "mode": "race", "group_size": GROUP, "hold_minutes": 60 })).await?;
    let slot = id(&slot)?;
    ensure!(
        world.provider.wait_for(before + GROUP, PATIENCE).await,
        "the first group was not asked"
    );
    let asked: Vec<String> = world.provider.sent()[before..].iter().map(|text| text.to.clone()).collect();
    let others = crowd.iter().filter(|person| !asked.contains(&person.phone));
    let others = others.map(|person| world.api(&format!("/slots/{slot}/add"), Some(&json!({ "contact_id": person.id }))));
    Plan::new(&world.address, others.collect()).all(8).await.all_well()?;
    ensure!(
        world.provider.wait_for(before + CROWD, PATIENCE).await,
        "not everybody was asked"
    );
    settle(world).await?;
    let told = world.provider.sent().len();
    let yes = crowd.iter().map(|person| world.inbound(&sid(), &person.phone, "Y")).collect();
    let answers = Plan::new(&world.address, yes).at_rate(CROWD as f64, 64).await.all_well()?;
    ensure!(
        world.provider.wait_for(told + CROWD, PATIENCE).await,
        "not everybody was told"
    );
    let sent = world.provider.sent()[told..].to_vec();
    ensure!(sent.len() == CROWD, "{} kind texts for {CROWD} answers", sent.len());
    let won = world
        .db
        .number(
            "SELECT count(*) FROM offer JOIN slot ON slot.id = offer.slot_id WHERE slot.mode = 'race' AND offer.status = 'taken'",
        )
        .await?;
    ensure!(won == 1, "{won} have it");
    let row = |what: &str, q: f64| {
        Row::new(
            "waitlist",
            format!("{what} of {CROWD} answers to one time in a second"),
            answers.ms(q),
            "ms",
        )
    };
    Ok(vec![row("p50", 0.5), row("p99", 0.99).goal(Goal::AtMost(500.0))])
}

/// Nearly nobody of all who wait can come at that time.
async fn matching(world: &World<'_>) -> anyhow::Result<Row> {
    let at: DateTime<Utc> = now() + chrono::Duration::hours(50);
    // Days that are not that one, wherever it is.
    let near = |day: &str| {
        [-1, 0, 1]
            .iter()
            .any(|n| (at + chrono::Duration::days(*n)).format("%a").to_string().to_lowercase() == day)
    };
    let days: Vec<&str> = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .into_iter()
        .filter(|day| !near(day))
        .collect();
    let others = json!([{ "weekdays": days }]);
    let rest = &world.people[CHAIN + CROWD..];
    let entries = rest.iter().enumerate().map(|(n, person)| {
        let windows = if n + 1 == rest.len() { json!([]) } else { others.clone() };
        world.api(
            "/waitlist",
            Some(&json!({ "contact_id": person.id, "windows": windows, "priority": "normal" })),
        )
    });
    Plan::new(&world.address, entries.collect()).all(16).await.all_well()?;
    // Who was asked before has had enough for a week, or a place behind the others.
    world
        .db
        .run("UPDATE waitlist_entry SET status = 'left' WHERE offers > 0 AND status = 'waiting'")
        .await?;
    let waiting = world
        .db
        .number("SELECT count(*) FROM waitlist_entry WHERE status = 'waiting'")
        .await?;
    let mut times = Vec::new();
    for _ in 0..3 {
        let slot = open(world, json!({ "mode": "one_by_one" })).await?;
        let slot = id(&slot)?;
        let begun = Instant::now();
        let offered = loop {
            let seen = world.ask(&format!("/slots/{slot}"), None).await?;
            if let Some(at) = seen["offers"][0].get("id").and(seen["created_at"].as_str()) {
                break (at.to_owned(), seen["updated_at"].as_str().context("a time")?.to_owned());
            }
            ensure!(begun.elapsed() < PATIENCE, "nobody was asked");
        };
        let (from, until): (DateTime<Utc>, DateTime<Utc>) = (offered.0.parse()?, offered.1.parse()?);
        times.push((until - from).num_microseconds().unwrap_or_default() as f64 / 1000.0);
        close_all(world).await?;
        world
            .db
            .run("UPDATE offer SET status = 'withdrawn' WHERE status = 'lost'")
            .await?;
    }
    times.sort_by(f64::total_cmp);
    let what = format!("from free to the one whose turn it is, of {waiting} who wait");
    Ok(Row::new("waitlist", what, times[times.len() / 2], "ms").goal(Goal::AtMost(50.0)))
}

pub async fn run(world: &World<'_>) -> anyhow::Result<Vec<Row>> {
    let mut rows = vec![chain(world).await?];
    close_all(world).await?;
    rows.extend(race(world).await?);
    close_all(world).await?;
    rows.push(matching(world).await?);
    Ok(rows)
}
