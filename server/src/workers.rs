//! Job workers (apalis) and the tick. What jobs mean is in `services::queue`; here is only how they are run, and what
//! apalis needs to be told: unique worker names, own polling, explicit concurrency, timeout and panic inside the handler,
//! storage retries off.

use std::{panic::AssertUnwindSafe, time::Duration};

use apalis::prelude::*;
use futures::FutureExt;
use serde_json::Value;
use services::{
    Services, accounts, conversations,
    db::QueuePool,
    imports, integrations, jobs, live, mails, notifications,
    queue::{self, Job, QUEUE},
    reconcile, reminders, selftest, sending, triggers, waitlist, webhooks,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Jobs at once in one process.
const CONCURRENCY: usize = 16;
/// The longest call to Twilio takes 30 s; a job that takes longer than this hangs.
const LONGEST_JOB: Duration = Duration::from_secs(45);
/// How often Twilio's log is compared with ours.
const SWEEP: chrono::Duration = chrono::Duration::minutes(5);
/// Due reminders are at most this late.
const TICK: Duration = Duration::from_secs(2);
/// Before workers that ended are begun anew.
const PAUSE: Duration = Duration::from_secs(1);
/// What is claimed gets this long to finish when the process is asked to stop.
const GRACE: Duration = Duration::from_secs(25);

/// Runs workers and tick until `stopping`, then lets what was claimed finish.
///
/// # Errors
/// When the workers can't be run at all.
pub async fn run(s: Services, stopping: CancellationToken) -> anyhow::Result<()> {
    let overtime = async {
        stopping.cancelled().await;
        tokio::time::sleep(GRACE + Duration::from_secs(1)).await;
    };
    tokio::select! {
        done = work_until(s, stopping.clone()) => done,
        // A database that does not answer must not keep the process: what is open is found by whoever starts next.
        () = overtime => {
            tracing::warn!("stopping without waiting any longer");
            Ok(())
        }
    }
}

async fn work_until(s: Services, stopping: CancellationToken) -> anyhow::Result<()> {
    let mut all = JoinSet::new();
    all.spawn(tick(s.clone(), stopping.clone()));
    all.spawn(outbox(s.clone(), stopping.clone()));
    all.spawn(post(s.clone(), stopping.clone()));
    all.spawn(pushes(s.clone(), stopping.clone()));
    all.spawn(syncs(s.clone(), stopping.clone()));
    all.spawn(hooks(s.clone(), stopping.clone()));
    all.spawn(jobs(s, stopping.clone()));
    while let Some(ended) = all.join_next().await {
        ended?;
        // Without one of them texts would lie still and nobody would know: better to be started again.
        anyhow::ensure!(stopping.is_cancelled(), "a part of the work ended by itself");
    }
    Ok(())
}

/// Job workers, begun anew when they end: after a pause, for a database that turns everybody away does so for a while.
async fn jobs(s: Services, stopping: CancellationToken) {
    loop {
        let until = stopping.clone();
        let done = monitor(s.clone()).run_with_signal(async move {
            until.cancelled().await;
            Ok(())
        });
        if let Err(cause) = done.await {
            tracing::error!(%cause, "job workers ended");
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Texts go out; first of all what was missed while nobody listened is brought in.
async fn outbox(s: Services, stopping: CancellationToken) {
    tokio::select! {
        () = stopping.cancelled() => return,
        () = reconcile::catch_up(&s) => {}
    }
    sending::dispatch(&s, stopping.cancelled()).await;
}

/// Mails to staff go out. Apart from the tick: a mail server that takes its time must not keep reminders waiting.
async fn post(s: Services, stopping: CancellationToken) {
    loop {
        step("mails without an owner", mails::tick(&s)).await;
        // Not broken off when asked to stop: what is in the air is heard out.
        let seen = step("staff mail", mails::send_some(&s)).await;
        let pause = if seen.is_some_and(|seen| seen > 0) {
            Duration::ZERO
        } else {
            TICK
        };
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Notifications reach devices, and become mails where they are not read. Apart from the rest, for push services take their time.
async fn pushes(s: Services, stopping: CancellationToken) {
    loop {
        step("notifications", notifications::tick(&s)).await;
        let seen = step("notes to devices", notifications::push_some(&s)).await;
        let pause = if seen.is_some_and(|seen| seen > 0) {
            Duration::ZERO
        } else {
            TICK
        };
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Programs of others are told what happens. Apart from the rest, and each apart from the others.
async fn hooks(s: Services, stopping: CancellationToken) {
    webhooks::run(&s, stopping.cancelled()).await;
}

/// Compares Twilio's log with ours every five minutes. Apart from the tick: a long log must not keep reminders waiting.
async fn syncs(s: Services, stopping: CancellationToken) {
    let mut last = s.now();
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
        if s.now() - last >= SWEEP {
            last = s.now();
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = step("Twilio's log", reconcile::sync(&s)) => {}
            }
        }
    }
}

/// One job; the row in the queue ends as done whatever happens, because what is still to do stands in our own rows and the tick finds it.
///
/// It takes any JSON: a payload that apalis can't decode (of a newer version, during an update) would end the worker over and over.
async fn work(payload: Value, s: Data<Services>) -> Result<(), BoxDynError> {
    let Ok(job) = serde_json::from_value::<Job>(payload.clone()) else {
        tracing::error!(%payload, "a job of a kind this version does not know; left to the tick");
        return Ok(());
    };
    let run = AssertUnwindSafe(jobs::perform(&s, job.clone())).catch_unwind();
    match tokio::time::timeout(LONGEST_JOB, run).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(cause))) => tracing::error!(?job, %cause, "job failed"),
        Ok(Err(_)) => tracing::error!(?job, "job panicked"),
        Err(_) => tracing::error!(?job, "job took too long and was dropped"),
    }
    Ok(())
}

fn monitor(s: Services) -> Monitor {
    let boot = Uuid::now_v7().simple().to_string();
    // A macro, because the two storages are two types; generics over both would be longer than this.
    macro_rules! register {
        ($storage:ident, $config:expr, $pool:expr) => {{
            let (s, pool) = (s.clone(), $pool.clone());
            let config = $config
                .queue(QUEUE)
                .batch_size(CONCURRENCY)
                .lock_tasks(false)
                .heartbeat_interval(Duration::from_secs(10))
                .missed_heartbeats(3);
            Monitor::new().register(move |restarts| {
                let wake = Strategy::new()
                    .stream(s.queue().stream())
                    .interval(Duration::from_millis(500));
                WorkerBuilder::new(format!("{QUEUE}-{boot}-{restarts}"))
                    .backend(
                        $storage::<Value>::new(&pool)
                            .with_config(config.clone())
                            .poll_with_strategy(wake),
                    )
                    .data(s.clone())
                    .concurrency(CONCURRENCY)
                    .parallelize(tokio::spawn)
                    .build(work)
            })
        }};
    }
    use apalis_postgres::PostgresStorage;
    use apalis_sqlite::SqliteStorage;
    let monitor = match s.db().queue_pool() {
        QueuePool::Sqlite(pool) => register!(SqliteStorage, apalis_sqlite::Config::default(), pool),
        QueuePool::Postgres(pool) => register!(PostgresStorage, apalis_postgres::Config::default(), pool),
    };
    monitor
        .should_restart(|worker, cause| {
            tracing::error!(worker = worker.name(), %cause, "worker ended");
            false
        })
        .shutdown_timeout(GRACE)
}

/// Looks for due work every two seconds, and cleans up every ten minutes.
async fn tick(s: Services, stopping: CancellationToken) {
    let mut every = tokio::time::interval(TICK);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ticks: u64 = 0;
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = every.tick() => {}
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = look(&s, ticks.is_multiple_of(30), ticks.is_multiple_of(300)) => {}
        }
        ticks += 1;
    }
}

/// Each step by itself: one that fails must not keep the others from their work.
async fn look(s: &Services, minute: bool, clean: bool) {
    step("due reminders", reminders::tick(s)).await;
    if minute {
        step("who has not come", waitlist::look_for_who_has_not_come(s)).await;
    }
    step("free times", waitlist::tick(s)).await;
    step("unclear texts", jobs::tick(s)).await;
    step("who has gone", conversations::presence::sweep(s)).await;
    if clean {
        step("old live events", live::prune(s)).await;
        step("expired sessions", accounts::sessions::prune(s)).await;
        step("forgotten passwords", accounts::passwords::prune(s)).await;
        step("changes of addresses", accounts::emails::prune(s)).await;
        step("finished jobs", queue::prune(s)).await;
        step("old notifications", notifications::prune(s)).await;
        step("old mails", mails::prune(s)).await;
        step("old imports", imports::prune(s)).await;
        step("old webhooks", webhooks::prune(s)).await;
        step("old references", triggers::prune(s)).await;
        step("answers to repeated requests", integrations::repeats::prune(s)).await;
        step("the API's old log", integrations::requests::prune(s)).await;
        step("businesses without a self-test", selftest::enrol(s)).await;
    }
}

async fn step<T>(what: &str, work: impl Future<Output = services::Result<T>>) -> Option<T> {
    match AssertUnwindSafe(Box::pin(work)).catch_unwind().await {
        Ok(Ok(done)) => return Some(done),
        Ok(Err(cause)) => tracing::error!(%cause, "{what}: failed; the next tick looks again"),
        Err(_) => tracing::error!("{what}: panicked; the next tick looks again"),
    }
    None
}
