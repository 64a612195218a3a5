//! `showup serve`, `web` and `worker`: what runs until it is asked to stop.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use axum::serve::ListenerExt;
use services::{Db, Services, appointments, channels, mails, notifications, rotation, sending, webhooks};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use crate::{AppState, config::Config, doctor, metrics, router, site::Site, workers};

/// What a process does of all there is to do.
#[derive(Clone, Copy)]
pub struct Parts {
    /// Pages, API and webhooks.
    pub web: bool,
    /// What is done in the background.
    pub work: bool,
}

/// Runs on the configured database until SIGTERM or Ctrl-C.
///
/// # Errors
/// In words for the person at the terminal.
pub async fn run(config: &Config, parts: Parts) -> anyhow::Result<()> {
    let shared = Db::is_shared(&config.database_url);
    if (!parts.web || !parts.work) && !shared {
        anyhow::bail!("A SQLite file belongs to one process. Run `showup serve`, or set DATABASE_URL to a PostgreSQL database.");
    }
    // Before the file is opened: opening brings it up to date, and another process may be at work on it.
    let _only = if shared { None } else { Some(only_one(config)?) };
    let s = config.services().await?;
    // The port first: whoever starts a second server by mistake must not disturb the work of the first.
    let listener = match (parts.web, config.worker_listen_addr) {
        (true, _) => Some(bind(config.listen_addr, "LISTEN_ADDR").await?),
        (false, Some(address)) => Some(bind(address, "WORKER_LISTEN_ADDR").await?),
        (false, None) => None,
    };
    let stopping = stop_on(&[SignalKind::terminate(), SignalKind::interrupt()])?;
    until_stopped(config, s, listener, parts, stopping).await
}

/// The same on services that are there already.
///
/// # Errors
/// When the data can't be read, or no more can be done.
pub async fn until_stopped(
    config: &Config,
    s: Services,
    listener: Option<TcpListener>,
    Parts { web, work }: Parts,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    metrics::install();
    compare_clocks(&s).await?;
    if work && !s.db().is_postgres() {
        let found = sending::recover(&s).await?;
        if found > 0 {
            tracing::warn!(found, "texts were being sent when the last process ended; looking them up");
        }
        notifications::recover(&s).await?;
        webhooks::recover(&s).await?;
        let found = mails::recover(&s).await?;
        if found > 0 {
            tracing::warn!(
                found,
                "mails were being handed over when the last process ended; whether they arrived is not known"
            );
        }
    }
    let listening = tokio::spawn(listen(s.clone(), stopping.clone()));
    let fresh = tokio::spawn(keep_fresh(s.clone(), stopping.clone()));
    let working = async {
        let done = if work {
            workers::run(s.clone(), stopping.clone()).await
        } else {
            Ok(())
        };
        if work {
            // Without workers nothing is sent: then it is better to stop, and be started again, than to go on taking texts.
            stopping.cancel();
        }
        done
    };
    let serving = async {
        match listener {
            Some(listener) => serve_http(config, listener, s.clone(), web, stopping.clone()).await,
            None => Ok(()),
        }
    };
    let (worked, served) = tokio::join!(working, serving);
    stopping.cancel();
    listening.abort();
    fresh.abort();
    // A database that is gone does not say goodbye.
    if tokio::time::timeout(Duration::from_secs(2), s.db().close()).await.is_err() {
        tracing::warn!("the database did not close");
    }
    tracing::info!("stopped");
    worked.and(served)
}

/// Before anything is sent: appointments whose zone has other rules than when they were entered wait for a person.
async fn compare_clocks(s: &Services) -> anyhow::Result<()> {
    let undecided = appointments::clocks::check(s).await?;
    tracing::info!(version = domain::zone::VERSION, "time zone data");
    if undecided > 0 {
        tracing::warn!(
            undecided,
            "clocks have been changed by law: so many visits wait for somebody to decide which time holds; see Tasks"
        );
    }
    Ok(())
}

/// A SQLite file is served by one process: two would each take the other's work for abandoned.
fn only_one(config: &Config) -> anyhow::Result<std::fs::File> {
    Db::claim_file(&config.database_url)?.context(
        "Another `showup serve` is running on this SQLite file. Stop it first, or set DATABASE_URL to a PostgreSQL database, which many can share",
    )
}

/// Listens at `address`, which is what `setting` says.
///
/// # Errors
/// When something else does.
pub async fn bind(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("{address} can't be listened on; is something else running there? Set {setting}"))
}

async fn serve_http(
    config: &Config,
    listener: TcpListener,
    s: Services,
    web: bool,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let state = AppState {
        services: s,
        site: Site::find(&config.showup_leptos_config)?,
        metrics_token: config.metrics_token(),
        doctor: doctor::Inside::of(config),
        stopping: stopping.clone(),
    };
    let app = if web {
        router::router(state)?
    } else {
        router::operators().with_state(state)
    };
    tracing::info!(address = %listener.local_addr()?, public_url = config.public_url(), "listening");
    // An event of a live stream is small and goes out at once, whether or not the last one was acknowledged.
    let listener = listener.tap_io(|stream| {
        if let Err(e) = stream.set_nodelay(true) {
            tracing::debug!("a connection keeps its delay: {e}");
        }
    });
    let served = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stopping.clone().cancelled_owned())
        .into_future();
    // A browser that keeps its connection open must not keep us from stopping.
    let overtime = async {
        stopping.cancelled().await;
        tokio::time::sleep(Duration::from_secs(25)).await;
    };
    tokio::select! {
        done = served => done?,
        () = overtime => tracing::warn!("some connections were cut off"),
    }
    stopping.cancel();
    Ok(())
}

/// Hears of changes made by other processes; starts again when the connection is lost.
async fn listen(s: Services, stopping: CancellationToken) {
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            ended = services::live::listen(&s) => {
                if let Err(cause) = ended {
                    tracing::warn!(%cause, "not hearing of other processes; trying again");
                }
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Hears of data keys and Twilio accounts that other processes have changed.
async fn keep_fresh(s: Services, stopping: CancellationToken) {
    tokio::select! {
        () = stopping.cancelled() => {}
        () = rotation::keep_fresh(&s) => {}
        () = channels::connections::keep_fresh(&s) => {}
    }
}

/// What is cancelled at the first of these signals. They are heard from when this returns.
///
/// # Errors
/// When they can't be heard.
pub fn stop_on(kinds: &[SignalKind]) -> anyhow::Result<CancellationToken> {
    let stopping = CancellationToken::new();
    for kind in kinds {
        let mut signal = signal(*kind).context("Signals can't be heard")?;
        let stopping = stopping.clone();
        tokio::spawn(async move {
            if signal.recv().await.is_some() {
                tracing::info!("stopping: finishing what was begun");
                stopping.cancel();
            }
        });
    }
    Ok(stopping)
}
