//! What is measured. Each scenario gives rows for the report.

pub mod appointments;
pub mod browser;
pub mod calendars;
pub mod drain;
pub mod imports;
pub mod inbound;
pub mod live;
pub mod pages;
pub mod status;
pub mod waitlist;

use std::time::Duration;

use crate::{
    floors::HttpFloor,
    report::{Goal, Row},
    setup::World,
};

/// Memory of a server that does nothing.
pub async fn idle(world: &mut World<'_>) -> anyhow::Result<Vec<Row>> {
    world.restart().await?;
    let seconds = if world.options.quick { 5 } else { 30 };
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let what = format!("resident, {seconds} s after the start");
    let (floor, _) = HttpFloor::start()?.at_rest().await?;
    Ok(vec![
        Row::new("memory", what, world.memory("VmRSS")?, "MB")
            .beside(floor, "bare HTTP server")
            .goal(Goal::AtMost(80.0)),
    ])
}

/// Waits until everything queued has left, so that one scenario's work is not measured in the next.
pub async fn settle(world: &World<'_>) -> anyhow::Result<()> {
    for _ in 0..600 {
        let busy = "SELECT count(*) FROM message WHERE status = 'queued' OR status = 'sending'";
        if world.db.number(busy).await? == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    anyhow::bail!("texts still wait after two minutes")
}
