//! A queue of texts, and how fast it empties once the provider answers.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde_json::json;

use crate::{
    load::{Plan, request},
    provider::{Provider, Sent},
    report::{Goal, Row},
    scenarios::settle,
    setup::{NUMBER, World},
};

/// Held requests come back one by one while the queue fills; so many texts more than asked for are queued to make up for them.
const SPARE: usize = 128;

pub async fn run(world: &mut World<'_>) -> anyhow::Result<Vec<Row>> {
    settle(world).await?;
    let count = world.options.texts;
    let before = world.provider.sent().len();
    world.provider.hold(true);
    let texts = (0..count + SPARE).map(|n| {
        let person = &world.people[n % world.people.len()];
        world.api(
            "/messages",
            Some(&json!({ "contact_id": person.id, "body": format!("Drain {n}: your results are here.") })),
        )
    });
    let queued = Plan::new(&world.address, texts.collect()).all(32).await.all_well()?;
    let held = world.provider.sent().len();
    ensure!(
        held - before <= SPARE,
        "{} texts left while the provider did not answer",
        held - before
    );

    let (start, processor) = (Instant::now(), world.processor()?);
    world.provider.hold(false);
    ensure!(
        world.provider.wait_for(held + count, Duration::from_secs(30)).await,
        "only {} of {count} texts came, then none for 30 s",
        world.provider.sent().len() - held
    );
    let last = world.provider.sent()[held + count - 1].at;
    let seconds = last.duration_since(start).as_secs_f64() * 10_000.0 / count as f64;
    let processor = (world.processor()? - processor) * 1000.0 / count as f64;
    settle(world).await?;
    let sent: Vec<Sent> = world.provider.sent()[before..].to_vec();
    let distinct: HashSet<&str> = sent.iter().map(|s| s.body.as_str()).collect();
    ensure!(
        sent.len() == count + SPARE && distinct.len() == sent.len(),
        "{} texts came, {} different ones, of {} queued",
        sent.len(),
        distinct.len(),
        count + SPARE
    );

    let floor = floor(&sent[sent.len() - count..]).await? * 10_000.0 / count as f64;
    let scaled = if count == 10_000 {
        String::new()
    } else {
        format!(" (from {count})")
    };
    let what = format!("until 10,000 queued texts have left{scaled}");
    Ok(vec![
        Row::new("drain", what, seconds, "s")
            .beside(floor, "bare HTTP loop, 32 connections")
            .goal(Goal::AtMost(10.0)),
        Row::new("drain", "server's processor time per text sent", processor, "ms"),
        Row::new("drain", "texts taken by the API, 32 connections", queued.rate(), "/s"),
    ])
}

/// Seconds to post the same texts to a provider, with nothing else to do.
async fn floor(sent: &[Sent]) -> anyhow::Result<f64> {
    let provider = Provider::start().await?;
    let path = format!("/2010-04-01/Accounts/{}/Messages.json", crate::provider::account_sid());
    let posts = sent.iter().map(|s| {
        let form = [
            ("To", s.to.as_str()),
            ("From", NUMBER),
            ("Body", &s.body),
            ("StatusCallback", &s.callback),
        ];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        request("POST", &path, &provider.address, &headers, &body)
    });
    Ok(Plan::new(&provider.address, posts.collect())
        .all(32)
        .await
        .all_well()?
        .seconds)
}
