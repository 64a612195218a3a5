//! What the provider says about texts it took, as fast as it is taken.

use std::time::Duration;

use anyhow::ensure;

use crate::{
    floors::{HttpFloor, Inserts},
    load::Plan,
    provider::account_sid,
    report::Row,
    scenarios::{drain, settle},
    setup::{NUMBER, World},
};

const CONNECTIONS: usize = 64;

pub async fn run(world: &mut World<'_>) -> anyhow::Result<Vec<Row>> {
    if world.provider.sent().is_empty() {
        drain::run(world).await?;
    }
    settle(world).await?;
    let (origin, account) = (world.origin(), account_sid());
    let sent = world.provider.sent().clone();
    let news = ["sent", "delivered"]
        .iter()
        .flat_map(|status| sent.iter().map(move |s| (*status, s)));
    let requests = news.map(|(status, s)| {
        let form = [
            ("RawDlrDoneDate", "2611201530"),
            ("SmsSid", s.sid.as_str()),
            ("SmsStatus", status),
            ("MessageStatus", status),
            ("To", &s.to),
            ("MessageSid", &s.sid),
            ("AccountSid", &account),
            ("From", NUMBER),
            ("ApiVersion", "2010-04-01"),
        ];
        world.webhook(s.callback.strip_prefix(&origin).unwrap_or(&s.callback), &form)
    });
    let plan = Plan::new(&world.address, requests.collect());
    let events = "SELECT count(*) FROM message_event";
    let (rows, before, processor) = (world.db.rows().await?, world.db.number(events).await?, world.processor()?);
    let m = plan
        .saturate(CONNECTIONS, Duration::from_secs(world.options.seconds as u64))
        .await
        .all_well()?;
    let processor = (world.processor()? - processor) * 1000.0 / m.ok.len().max(1) as f64;
    let stored = world.db.number(events).await? - before;
    ensure!(
        stored as usize == m.ok.len(),
        "{} callbacks were acknowledged, {stored} are stored",
        m.ok.len()
    );

    // The message and its conversation are changed, not added.
    let written = ((world.db.rows().await? - rows) as f64 / m.ok.len().max(1) as f64).round() as usize + 2;
    let inserts = Inserts::new(&world.db, written).await?;
    let (alone, shared) = (inserts.one_per_commit(2000).await?, inserts.shared_commits(10_000).await?);
    let floor = HttpFloor::start()?;
    let http = Plan {
        address: floor.address.clone(),
        ..plan
    };
    let http = http.saturate(CONNECTIONS, Duration::from_secs(3)).await.all_well()?;
    Ok(vec![
        Row::new("status", "callbacks answered per second, 64 connections", m.rate(), "/s")
            .beside(alone, "bare inserts, a commit each")
            .beside(shared, "64 per commit")
            .beside(http.rate(), "bare HTTP"),
        Row::new("status", "server's processor time per callback", processor, "ms"),
        Row::new("status", "p99 at saturation", m.ms(0.99), "ms").beside(http.ms(0.99), "bare HTTP"),
        Row::new("status", "acknowledged and found stored", m.ok.len() as f64, "callbacks"),
    ])
}
