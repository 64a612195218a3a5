//! Calendars: a full week as a page, and a calendar of another system that is read and booked from.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use axum::{Router, http::header, routing::get};
use chrono::{DateTime, Datelike, Days, Utc};
use serde_json::{Value, json};

use crate::{
    load::Plan,
    machine::now,
    report::{Goal, Row},
    setup::{World, phone},
};

const LABELS: [&str; 5] = ["Ada", "Ben", "Cleo", "Dan", "Eve"];

pub async fn run(world: &World<'_>) -> anyhow::Result<Vec<Row>> {
    let mut rows = week(world).await?;
    rows.extend(followed(world).await?);
    Ok(rows)
}

/// The `n`th visit of a week that begins at `monday`: twenty a day with each of five people, for five days.
fn slot(monday: DateTime<Utc>, n: usize) -> DateTime<Utc> {
    let (day, of_day) = (n / 100 % 5, n % 100 / LABELS.len());
    monday + chrono::Duration::days(day as i64) + chrono::Duration::minutes(20 * of_day as i64)
}

async fn week(world: &World<'_>) -> anyhow::Result<Vec<Row>> {
    let visits = if world.options.quick { 100 } else { 500 };
    // Noon where the business is, on the Monday of the week after next.
    let from = now() + Days::new(14);
    let monday = from - chrono::Duration::days(i64::from(from.weekday().num_days_from_monday()));
    let made = (0..visits).map(|n| {
        let visit = json!({ "contact_id": world.people[n % world.people.len()].id, "starts_at": slot(monday, n), "minutes": 20,
            "staff_label": LABELS[n % LABELS.len()] });
        world.api("/appointments", Some(&visit))
    });
    Plan::new(&world.address, made.collect()).all(8).await.all_well()?;
    let cookie = world.sign_in().await?;
    let path = format!("/appointments?view=week&date={}", monday.format("%Y-%m-%d"));
    let plan = Plan::new(&world.address, vec![world.page(&path, &cookie); 40]);
    plan.all(1).await.all_well()?;
    let page = plan.keeping_bodies().all(1).await.all_well()?;
    let (_, body) = page.bodies.first().context("no page")?;
    let shown = String::from_utf8_lossy(body).matches("href=\"/appointments/").count();
    ensure!(shown >= visits, "the week shows {shown} of {visits} visits");
    let row = |what: &str, value| Row::new("calendars", format!("week of {visits} visits as a page, {what}"), value, "ms");
    Ok(vec![
        row("p50", page.ms(0.5)).goal(Goal::AtMost(100.0)),
        row("p95", page.ms(0.95)),
    ])
}

/// A calendar of so many events, each with the number of somebody nobody knows yet.
fn calendar(events: usize) -> String {
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n".to_owned();
    let first = now() + Days::new(3);
    for n in 0..events {
        let starts = first + chrono::Duration::minutes(15 * n as i64);
        let ends = starts + chrono::Duration::minutes(15);
        let when = |at: DateTime<Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
        text.push_str(&format!(
            "BEGIN:VEVENT\r\nUID:{n}@bench\r\nDTSTAMP:20270101T000000Z\r\nDTSTART:{}\r\nDTEND:{}\r\nSUMMARY:Person {n}\r\nDESCRIPTION:{}\r\nEND:VEVENT\r\n",
            when(starts),
            when(ends),
            phone(628, n),
        ));
    }
    text.push_str("END:VCALENDAR\r\n");
    text
}

async fn followed(world: &World<'_>) -> anyhow::Result<Vec<Row>> {
    let events = if world.options.quick { 200 } else { 2_000 };
    let text = calendar(events);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let answer = get(move || async move { ([(header::CONTENT_TYPE, "text/calendar")], text) });
    tokio::spawn(axum::serve(listener, Router::new().route("/office.ics", answer)).into_future());

    let start = Instant::now();
    let source = json!({ "name": "Office", "url": format!("http://{address}/office.ics") });
    let added = world.ask("/calendar-sources", Some(&source)).await?;
    let id = added["id"].as_str().context("no id")?.to_owned();
    let path = format!("/calendar-sources/{id}");
    let all = |now: &Value| now["visits"] == events;
    wait(world, &path, all).await?;
    let read = start.elapsed().as_secs_f64();

    let before = world.db.number("SELECT count(*) FROM appointment").await?;
    let start = Instant::now();
    let begin = world.act(&format!("{path}/start"));
    Plan::new(&world.address, vec![begin]).all(1).await.all_well()?;
    let since = Instant::now();
    while world.db.number("SELECT count(*) FROM appointment").await? - before < events as i64 {
        ensure!(
            since.elapsed() < Duration::from_secs(900),
            "not all were booked in 15 minutes"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let booked = start.elapsed().as_secs_f64();
    let row = |what: &str, value, unit| Row::new("calendars", format!("{events} events, {what}"), value, unit);
    Ok(vec![
        row("read and shown", read, "s"),
        row("booked with their reminders, all of new people", booked, "s"),
        row("booked a second", events as f64 / booked, "/s"),
    ])
}

async fn wait(world: &World<'_>, path: &str, done: impl Fn(&Value) -> bool) -> anyhow::Result<()> {
    let since = Instant::now();
    loop {
        let now = world.ask(path, None).await?;
        if done(&now) {
            return Ok(());
        }
        ensure!(since.elapsed() < Duration::from_secs(300), "not read in five minutes: {now}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
