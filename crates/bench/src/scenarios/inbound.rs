//! Texts from many customers, at fixed rates and as fast as they are taken; then every one that was acknowledged is looked for.

use std::{collections::HashSet, time::Duration};

use anyhow::ensure;

use crate::{
    floors::{HttpFloor, Inserts},
    load::{Measured, Plan},
    report::{Goal, Row},
    scenarios::settle,
    setup::{World, phone},
};

const CONNECTIONS: usize = 64;
/// More than the product can take, so that the list does not end before the time does.
const MOST_PER_SECOND: usize = 6_000;

/// What customers write: mostly questions, 5 % `Y`, 1 % STOP of people who did not say so before, 2 % from numbers nobody knows.
struct Customers {
    texts: usize,
    stops: usize,
}

impl Customers {
    fn sid(n: usize) -> String {
        format!("SM{:032x}", 0xca11_u128 << 96 | n as u128)
    }

    fn requests(&mut self, world: &World<'_>, count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|_| self.request(world)).collect()
    }

    fn request(&mut self, world: &World<'_>) -> Vec<u8> {
        let (n, people) = (self.texts, &world.people);
        self.texts += 1;
        let sid = Self::sid(n);
        // A large step through the list, so that neighbours in time are different people.
        let known = &people[n * 7919 % people.len()].phone;
        match n % 100 {
            7 if self.stops < people.len() => {
                self.stops += 1;
                world.inbound(&sid, &people[people.len() - self.stops].phone, "STOP")
            }
            23 | 77 => world.inbound(&sid, &phone(628, n), "Hello, do you take new patients?"),
            n if n % 20 == 11 => world.inbound(&sid, known, "Y"),
            _ => world.inbound(&sid, known, "Is there parking near the practice? I come by car."),
        }
    }
}

pub async fn run(world: &mut World<'_>) -> anyhow::Result<Vec<Row>> {
    settle(world).await?;
    // So that the most memory is that of this load.
    world.restart().await?;
    let seconds = world.options.seconds;
    let mut customers = Customers { texts: 0, stops: 0 };
    let (mut rows, mut acknowledged) = (Vec::new(), HashSet::new());
    // What comes first opens connections and fills caches; it is not measured, but looked for like the rest.
    let plan = Plan::new(&world.address, customers.requests(world, 500));
    acknowledged.extend(plan.at_rate(100.0, CONNECTIONS).await.ok.into_iter().map(Customers::sid));
    for rate in [50, 200, 1000] {
        let first = customers.texts;
        let plan = Plan::new(&world.address, customers.requests(world, rate * seconds));
        let m = plan.at_rate(rate as f64, CONNECTIONS).await;
        acknowledged.extend(m.ok.iter().map(|i| Customers::sid(first + i)));
        rows.extend(latencies(rate, &m));
    }

    let (rows_before, processor) = (world.db.rows().await?, world.processor()?);
    let first = customers.texts;
    let plan = Plan::new(&world.address, customers.requests(world, MOST_PER_SECOND * seconds));
    let m = plan.saturate(CONNECTIONS, Duration::from_secs(seconds as u64)).await;
    acknowledged.extend(m.ok.iter().map(|i| Customers::sid(first + i)));
    let processor = (world.processor()? - processor) * 1000.0 / m.ok.len().max(1) as f64;
    let (memory, rows_after) = (world.memory("VmHWM")?, world.db.rows().await?);
    verify(world, &acknowledged).await?;

    // The conversation's row is changed, not added.
    let written = ((rows_after - rows_before) as f64 / m.ok.len().max(1) as f64).round() as usize + 1;
    let inserts = Inserts::new(&world.db, written).await?;
    let count = 200 * seconds;
    let (alone, shared) = (inserts.one_per_commit(count).await?, inserts.shared_commits(count * 5).await?);
    let floor = HttpFloor::start()?;
    let http = Plan {
        address: floor.address.clone(),
        ..plan
    };
    let http = http.saturate(CONNECTIONS, Duration::from_secs(5)).await.all_well()?;

    let what = format!("answered per second, {CONNECTIONS} connections");
    rows.push(
        Row::new("inbound", what, m.rate(), "/s")
            .beside(alone, "bare inserts, a commit each")
            .beside(shared, "64 per commit")
            .beside(http.rate(), "bare HTTP")
            .goal(Goal::AtLeast(3000.0)),
    );
    rows.push(Row::new("inbound", "server's processor time per text", processor, "ms"));
    rows.push(Row::new("inbound", "p50 at saturation", m.ms(0.5), "ms").beside(http.ms(0.5), "bare HTTP"));
    rows.push(Row::new("inbound", "p99 at saturation", m.ms(0.99), "ms").beside(http.ms(0.99), "bare HTTP"));
    rows.push(Row::new("inbound", "rows written per text", written as f64, "rows"));
    rows.push(Row::new(
        "inbound",
        "acknowledged and found stored once",
        acknowledged.len() as f64,
        "texts",
    ));
    rows.push(Row::new("inbound", "not answered with 2xx at saturation", m.failed as f64, "requests").goal(Goal::AtMost(0.0)));
    rows.push(Row::new("memory", "most resident under inbound load", memory, "MB").goal(Goal::AtMost(250.0)));
    if let Some(trouble) = &m.trouble {
        eprintln!("inbound: {trouble}");
    }
    Ok(rows)
}

fn latencies(rate: usize, m: &Measured) -> Vec<Row> {
    let row = |what: &str, value| Row::new("inbound", format!("{what} at {rate}/s"), value, "ms");
    let p99 = row("p99", m.ms(0.99));
    vec![
        row("p50", m.ms(0.5)),
        row("p95", m.ms(0.95)),
        if rate == 200 { p99.goal(Goal::AtMost(50.0)) } else { p99 },
        row("max", m.ms(1.0)),
        Row::new(
            "inbound",
            format!("not answered with 2xx at {rate}/s"),
            m.failed as f64,
            "requests",
        )
        .goal(Goal::AtMost(0.0)),
    ]
}

/// Law 1: what was acknowledged is stored; law 2: once.
async fn verify(world: &World<'_>, acknowledged: &HashSet<String>) -> anyhow::Result<()> {
    let prefix = &Customers::sid(0)[..14];
    let stored = world
        .db
        .texts(&format!(
            "SELECT provider_sid FROM message WHERE provider_sid LIKE '{prefix}%'"
        ))
        .await?;
    let distinct: HashSet<&String> = stored.iter().collect();
    ensure!(
        distinct.len() == stored.len(),
        "{} texts are stored twice",
        stored.len() - distinct.len()
    );
    let lost = acknowledged.iter().filter(|sid| !distinct.contains(sid)).count();
    ensure!(lost == 0, "{lost} texts were acknowledged and are not stored");
    Ok(())
}
