//! Measures a release build of `showup` against the numbers in docs/performance.md, each beside what the machine does without our work.
//! Run it by `script/bench`, which builds the server and sets up PostgreSQL.

mod db;
mod floors;
mod history;
mod load;
mod machine;
mod peer;
mod provider;
mod report;
mod scenarios;
mod setup;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::{
    db::Backend,
    report::{Goal, Report, Row},
    scenarios::{appointments, browser, calendars, drain, idle, imports, inbound, live, pages, status, waitlist},
    setup::World,
};

/// Measures how fast showup is on this machine.
#[derive(Parser)]
#[command(name = "script/bench")]
pub struct Options {
    /// Only these databases, comma separated.
    #[arg(long, value_delimiter = ',', default_values = ["sqlite", "postgres"])]
    database: Vec<Backend>,
    /// Only these scenarios, comma separated.
    #[arg(long, value_delimiter = ',')]
    scenario: Vec<Scenario>,
    /// How long each rate of texts and callbacks is kept up.
    #[arg(long, default_value_t = 15)]
    pub seconds: usize,
    /// Customers who text us.
    #[arg(long, default_value_t = 10_000)]
    people: usize,
    /// Texts in the queue that is drained.
    #[arg(long, default_value_t = 10_000)]
    pub texts: usize,
    /// Texts, and as many appointments, in the large history; the small one has a hundredth.
    #[arg(long, default_value_t = 1_000_000)]
    history: usize,
    /// A few minutes, to see that everything works. The figures mean little.
    #[arg(long)]
    pub quick: bool,
    /// The server to measure.
    #[arg(long)]
    pub showup: PathBuf,
    /// Where the databases lie; a directory on a disk.
    #[arg(long)]
    pub dir: PathBuf,
    /// Where the results are written.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// PostgreSQL, where databases may be created.
    #[arg(long, env = "TEST_DATABASE_URL")]
    pub postgres: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    Memory,
    Drain,
    Status,
    Live,
    Inbound,
    Imports,
    Calendars,
    Waitlist,
    Appointments,
    Pages,
    Browser,
}

impl Options {
    /// The small history: a hundredth of the large one, but enough for full pages.
    fn little(&self) -> usize {
        (self.history / 100).max(60 * history::EACH)
    }

    fn wants(&self, any: &[Scenario]) -> bool {
        self.scenario.is_empty() || any.iter().any(|s| self.scenario.contains(s))
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("floor") {
        return floors::serve().await;
    }
    let mut options = Options::parse();
    if options.quick {
        options.seconds = options.seconds.min(2);
        options.people = options.people.min(500);
        options.texts = options.texts.min(500);
        options.history = options.history.min(20_000);
    }
    let mut report = Report {
        machine: machine(&options)?,
        rows: Vec::new(),
        broken: Vec::new(),
    };
    for (what, value) in &report.machine {
        println!("{what}: {value}");
    }
    for backend in options.database.clone() {
        if let Err(cause) = measure(&options, backend, &mut report).await {
            report.take(backend.name(), Err(cause));
        }
    }
    let name = machine::now().format("%Y-%m-%d-%H%M%S").to_string();
    report.write(&options.out, &name)?;
    println!("Written to {}/{name}.json and .md", options.out.display());
    anyhow::ensure!(
        report.broken.is_empty(),
        "not all could be measured: {}",
        report.broken.join("; ")
    );
    Ok(())
}

async fn measure(options: &Options, backend: Backend, report: &mut Report) -> anyhow::Result<()> {
    use Scenario::{Appointments, Browser, Calendars, Drain, Imports, Inbound, Live, Memory, Pages, Status, Waitlist};
    let name = backend.name();
    if options.wants(&[Memory, Drain, Status, Live, Inbound]) {
        let mut world = World::new(options, backend, "bench_everyday").await?;
        let rate = world.add_people(options.people).await?;
        report.add(
            name,
            vec![Row::new("setup", "contacts taken by the API, 32 connections", rate, "/s")],
        );
        if options.wants(&[Memory]) {
            report.take(name, idle(&mut world).await);
        }
        if options.wants(&[Drain]) {
            report.take(name, drain::run(&mut world).await);
        }
        if options.wants(&[Status]) {
            report.take(name, status::run(&mut world).await);
        }
        if options.wants(&[Live]) {
            report.take(name, live::run(&mut world).await);
        }
        // Last, because some people say STOP in it.
        if options.wants(&[Inbound]) {
            report.take(name, inbound::run(&mut world).await);
        }
        finish(Some(world)).await?;
    }
    if options.wants(&[Imports]) {
        let mut world = World::new(options, backend, "bench_imports").await?;
        world.add_people(options.people.min(2_000)).await?;
        report.take(name, imports::run(&world).await);
        finish(Some(world)).await?;
    }
    if options.wants(&[Calendars]) {
        let mut world = World::new(options, backend, "bench_calendars").await?;
        world.add_people(500).await?;
        report.take(name, calendars::run(&world).await);
        finish(Some(world)).await?;
    }
    if options.wants(&[Waitlist]) {
        let mut world = World::new(options, backend, "bench_waitlist").await?;
        world.add_people(options.people.max(300)).await?;
        report.take(name, waitlist::run(&world).await);
        finish(Some(world)).await?;
    }
    if options.wants(&[Browser]) {
        let mut world = World::new(options, backend, "bench_browser").await?;
        history::fill(&mut world, options.little().max(100_000)).await?;
        report.take(name, browser::run(&mut world).await);
        finish(Some(world)).await?;
    }
    if options.wants(&[Appointments, Pages]) {
        history(options, backend, report).await?;
    }
    Ok(())
}

/// The same with little and with much history; the small one's figures stand beside the large one's.
async fn history(options: &Options, backend: Backend, report: &mut Report) -> anyhow::Result<()> {
    let (want_pages, want_appointments) = (options.wants(&[Scenario::Pages]), options.wants(&[Scenario::Appointments]));
    let (mut pages, mut appointments) = (Vec::new(), Vec::new());
    let mut world = None;
    for (name, size) in [("bench_small", options.little()), ("bench_large", options.history)] {
        finish(world.take()).await?;
        let mut filled = World::new(options, backend, name).await?;
        history::fill(&mut filled, size).await?;
        if want_pages {
            pages.push(pages::run(&filled).await?);
        }
        if want_appointments {
            appointments.push(appointments::create(&filled).await?);
        }
        world = Some(filled);
    }
    let name = backend.name();
    let Some(large) = world.as_ref() else { return Ok(()) };
    let rows_ms = floors::page_of_rows_ms(&large.db).await?;
    let (_, http_ms) = floors::HttpFloor::start()?.at_rest().await?;
    if let [little, much] = pages.as_slice() {
        for (little, much) in little.iter().zip(much) {
            let row = |what: &str, value| Row::new("pages", format!("{}, {what}", much.name), value, "ms");
            let times = much.p50 / little.p50;
            let ratio = Row::new("pages", format!("{}, times as long as with little", much.name), times, "×");
            let rows = vec![
                row("p50", much.p50)
                    .beside(little.p50, "with little")
                    .beside(rows_ms, "50 rows read")
                    .beside(http_ms, "bare HTTP"),
                row("p95", much.p95).beside(little.p95, "with little"),
                if much.name == "inbox page" {
                    ratio.goal(Goal::AtMost(1.5))
                } else {
                    ratio
                },
            ];
            report.add(name, rows);
        }
    }
    if let [(little, _), (much, written)] = appointments.as_slice() {
        let row = |what: &str, q| {
            Row::new("appointments", format!("visit made, {what}"), much.ms(q), "ms").beside(little.ms(q), "with little")
        };
        let alone_ms = floors::Inserts::new(&large.db, *written).await?.alone_ms().await?;
        let p50 = row("p50", 0.5)
            .beside(alone_ms, "as many bare rows")
            .beside(http_ms, "bare HTTP");
        report.add(name, vec![p50, row("p99", 0.99)]);
    }
    if let Some(world) = world.as_ref().filter(|_| want_appointments) {
        report.take(name, appointments::fire(world).await);
    }
    finish(world).await
}

async fn finish(world: Option<World<'_>>) -> anyhow::Result<()> {
    if let Some(mut world) = world {
        world.stop().await?;
        world.db.close().await;
    }
    Ok(())
}

/// What the figures were taken on.
fn machine(options: &Options) -> anyhow::Result<Vec<(&'static str, String)>> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo")
        .lines()
        .find_map(|l| Some(l.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned()));
    let dir = options.dir.canonicalize()?;
    // The longest mount point that leads there.
    let mounts = read("/proc/mounts");
    let mount = mounts
        .lines()
        .filter_map(|l| Some((l.split(' ').nth(1)?, l.split(' ').nth(2)?)))
        .filter(|(point, _)| dir.starts_with(point))
        .max_by_key(|(point, _)| point.len());
    let disk = mount.map_or("unknown", |(_, kind)| kind);
    anyhow::ensure!(disk != "tmpfs", "{} is in memory; --dir must be on a disk", dir.display());
    Ok(vec![
        ("date", machine::now().to_rfc3339()),
        ("cores", std::thread::available_parallelism()?.to_string()),
        ("processor", cpu.unwrap_or_default()),
        ("load before", read("/proc/loadavg").trim().to_owned()),
        ("disk", {
            let (place, growing) = (floors::fsync_ms(&dir, false)?, floors::fsync_ms(&dir, true)?);
            format!("{disk}, 4 kB durable in {place:.2} ms in place, in {growing:.2} ms at the end of a file")
        }),
        (
            "load generator",
            "on the same cores; latencies at a rate count from when a request was due".to_owned(),
        ),
        ("seconds per rate", options.seconds.to_string()),
        (
            "history",
            format!("{} texts and visits; with little: {}", options.history, options.little()),
        ),
    ])
}
