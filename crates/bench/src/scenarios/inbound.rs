//! Texts from many customers, at fixed rates and as fast as they are taken: with and without `TWILIO_FROM`, with everybody known and with
//! a third of the senders new, beside a plain Express server. Then every one that was acknowledged is looked for.

use std::{collections::HashSet, time::Duration};

use anyhow::ensure;

use crate::{
    floors::{HttpFloor, Inserts},
    load::{Measured, Plan},
    peer::{self, Peer},
    report::{Goal, Row},
    scenarios::settle,
    setup::{Person, World, inbound, phone},
};

const CONNECTIONS: usize = 64;
/// More than the product can take, so that the list does not end before the time does.
const MOST_PER_SECOND: usize = 6_000;

/// Of a hundred texts, so many from numbers nobody knows; and what that is called.
const NEW: [(usize, &str); 2] = [(0, "everybody known"), (33, "a third new")];

/// What customers write: mostly questions, 5 % `Y`, 1 % STOP of people who did not say so before. Twilio's SIDs are random.
struct Customers<'a> {
    people: &'a [Person],
    /// Where they write to: its address, and as Twilio knows it.
    to: (String, String),
    sids: Vec<String>,
    stops: usize,
    acknowledged: HashSet<String>,
}

impl<'a> Customers<'a> {
    fn new(people: &'a [Person], address: &str, url: &str) -> Self {
        Self {
            people,
            to: (address.to_owned(), url.to_owned()),
            sids: Vec::new(),
            stops: 0,
            acknowledged: HashSet::new(),
        }
    }

    /// The next texts, of a hundred of which `new` are from strangers.
    fn plan(&mut self, count: usize, new: usize) -> Plan {
        let requests = (0..count).map(|_| self.request(new)).collect();
        Plan::new(&self.to.0, requests)
    }

    fn request(&mut self, new: usize) -> Vec<u8> {
        let n = self.sids.len();
        // Large steps, so that neighbours in time are different people, and strangers come among the others.
        let known = &self.people[n * 7919 % self.people.len()].phone;
        match n % 100 {
            7 if self.stops < self.people.len() => {
                self.stops += 1;
                self.text(&self.people[self.people.len() - self.stops].phone, "STOP")
            }
            _ if n * 37 % 100 < new => self.text(&phone(628, n), "Hello, do you take new patients?"),
            _ if n % 20 == 11 => self.text(known, "Y"),
            _ => self.text(known, "Is there parking near the practice? I come by car."),
        }
    }

    fn text(&mut self, from: &str, body: &str) -> Vec<u8> {
        let sid = format!("SM{}", uuid::Uuid::new_v4().simple());
        let request = inbound(&self.to.0, &self.to.1, &sid, from, body);
        self.sids.push(sid);
        request
    }

    /// Everybody writes once: conversations are begun, connections open, caches warm. Not measured, but looked for like the rest.
    async fn introduce(&mut self) -> anyhow::Result<()> {
        let first = self.sids.len();
        let requests = self.people.iter().map(|p| self.text(&p.phone, "Hello!")).collect();
        let m = Plan::new(&self.to.0, requests).all(CONNECTIONS).await.all_well()?;
        self.hear(first, &m);
        Ok(())
    }

    /// As fast as they are taken.
    async fn flood(&mut self, seconds: usize, new: usize) -> (Plan, Measured) {
        let first = self.sids.len();
        let plan = self.plan(MOST_PER_SECOND * seconds, new);
        let m = plan.saturate(CONNECTIONS, Duration::from_secs(seconds as u64)).await;
        self.hear(first, &m);
        (plan, m)
    }

    async fn at_rate(&mut self, rate: usize, seconds: usize) -> Measured {
        let first = self.sids.len();
        let m = self.plan(rate * seconds, 0).at_rate(rate as f64, CONNECTIONS).await;
        self.hear(first, &m);
        m
    }

    fn hear(&mut self, first: usize, m: &Measured) {
        self.acknowledged.extend(m.ok.iter().map(|i| self.sids[first + i].clone()));
    }
}

/// The peer's rates, aligned with `NEW`.
async fn peers(world: &World<'_>, rows: &mut Vec<Row>) -> anyhow::Result<Vec<f64>> {
    let backend = if world.db.is_postgres() { "postgres" } else { "sqlite" };
    let peer = Peer::start(world.options, &format!("bench_peer_{backend}")).await?;
    let mut customers = Customers::new(&world.people, &peer.address, peer::URL);
    customers.introduce().await?;
    let mut rates = Vec::new();
    for (new, called) in NEW {
        let (own, database) = (peer.processor()?, peer.db.processor().await?);
        let (_, m) = customers.flood(world.options.seconds, new).await;
        let m = m.all_well()?;
        let each = 1000.0 / m.ok.len().max(1) as f64;
        let (own, database) = (peer.processor()? - own, peer.db.processor().await? - database);
        rows.push(
            Row::new("inbound", format!("the peer's answers per second, {called}"), m.rate(), "/s")
                .beside(own * each, "ms of Node's processor time each")
                .beside(database * each, "of PostgreSQL's"),
        );
        rates.push(m.rate());
    }
    verify(&peer.db, &customers).await?;
    peer.db.close().await;
    Ok(rates)
}

pub async fn run(world: &mut World<'_>) -> anyhow::Result<Vec<Row>> {
    settle(world).await?;
    let mut rows = Vec::new();
    let peers = peers(world, &mut rows).await?;
    let people = world.people.clone();
    let mut customers = Customers::new(&people, &world.address, &world.origin());
    let (seconds, mut memory, mut last) = (world.options.seconds, 0.0_f64, None);
    for shares in [false, true] {
        // So that the most memory is that of this load.
        world.restart_sharing_number(shares).await?;
        customers.introduce().await?;
        if !shares {
            for rate in [50, 200, 1000] {
                rows.extend(latencies(rate, &customers.at_rate(rate, seconds).await));
            }
        }
        for ((new, called), peer) in NEW.into_iter().zip(&peers) {
            let called = if shares {
                format!("{called}, with TWILIO_FROM")
            } else {
                called.to_owned()
            };
            let before = (world.db.rows().await?, world.processor()?, world.db.processor().await?);
            let (plan, m) = customers.flood(seconds, new).await;
            let (own, database) = (world.processor()? - before.1, world.db.processor().await? - before.2);
            let each = 1000.0 / m.ok.len().max(1) as f64;
            rows.extend(saturated(&called, &m, *peer, (own * each, database * each)));
            if last.is_none() {
                let written = (world.db.rows().await? - before.0) as f64 / m.ok.len().max(1) as f64;
                last = Some((plan, m, written));
            }
        }
        memory = memory.max(world.memory("VmHWM")?);
    }
    world.restart_sharing_number(false).await?;
    verify(&world.db, &customers).await?;
    if let Some((plan, m, written)) = last {
        rows.extend(floors(world, plan, &m, written).await?);
    }
    let found = customers.acknowledged.len() as f64;
    rows.push(Row::new("inbound", "acknowledged and found stored once", found, "texts"));
    rows.push(Row::new("memory", "most resident under inbound load", memory, "MB").goal(Goal::AtMost(250.0)));
    Ok(rows)
}

/// `each`: milliseconds of processor time a text, the server's and PostgreSQL's.
fn saturated(called: &str, m: &Measured, peer: f64, each: (f64, f64)) -> Vec<Row> {
    let row = |what: &str, value, unit| Row::new("inbound", format!("{what}, {called}"), value, unit);
    if let Some(trouble) = &m.trouble {
        eprintln!("inbound, {called}: {trouble}");
    }
    vec![
        row("answered per second", m.rate(), "/s").beside(peer, "the peer"),
        row("times the peer's rate", m.rate() / peer.max(1.0), "×").goal(Goal::AtLeast(2.0)),
        row("server's processor time per text", each.0, "ms").beside(each.1, "PostgreSQL's"),
        row("p50 at saturation", m.ms(0.5), "ms").beside(m.ms(0.99), "p99"),
        row("not answered with 2xx at saturation", m.failed as f64, "requests").goal(Goal::AtMost(0.0)),
    ]
}

/// What this machine does without our work.
async fn floors(world: &World<'_>, plan: Plan, m: &Measured, written: f64) -> anyhow::Result<Vec<Row>> {
    // The conversation's row is changed, not added.
    let written = written.round() as usize + 1;
    let inserts = Inserts::new(&world.db, written).await?;
    let count = 200 * world.options.seconds;
    let (alone, shared) = (inserts.one_per_commit(count).await?, inserts.shared_commits(count * 5).await?);
    let floor = HttpFloor::start()?;
    let http = Plan {
        address: floor.address.clone(),
        ..plan
    };
    let http = http.saturate(CONNECTIONS, Duration::from_secs(5)).await.all_well()?;
    let what = format!("answered per second, {CONNECTIONS} connections");
    Ok(vec![
        Row::new("inbound", what, m.rate(), "/s")
            .beside(alone, "bare inserts, a commit each")
            .beside(shared, "64 per commit")
            .beside(http.rate(), "bare HTTP")
            .goal(Goal::AtLeast(3000.0)),
        Row::new("inbound", "rows written per text", written as f64, "rows"),
    ])
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
async fn verify(db: &crate::db::Db, customers: &Customers<'_>) -> anyhow::Result<()> {
    let stored = db
        .texts("SELECT provider_sid FROM message WHERE provider_sid IS NOT NULL")
        .await?;
    let distinct: HashSet<&String> = stored.iter().collect();
    ensure!(
        distinct.len() == stored.len(),
        "{} texts are stored twice",
        stored.len() - distinct.len()
    );
    let lost = customers.acknowledged.iter().filter(|sid| !distinct.contains(sid)).count();
    ensure!(lost == 0, "{lost} texts were acknowledged and are not stored");
    Ok(())
}
