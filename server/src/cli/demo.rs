//! `showup demo`: a filled business with a simulated Twilio and mail server, in one process and a directory that is gone afterwards.
//!
//! The simulator is linked in (feature `demo`) rather than a program beside this one: one file is all that has to be copied, and versions
//! that do not fit each other can't meet. Only this file names it, so nothing that `serve` runs has a way to it; `script/lint` looks.

use std::{io::Write as _, net::SocketAddr, path::Path, time::Duration};

use anyhow::Context;
use services::{Services, seed};
use tokio::signal::unix::SignalKind;
use tokio_util::sync::CancellationToken;
use twilio_sim::{Sim, SimConfig};

use super::{
    health::reach,
    serve::{self, Parts},
};
use crate::{config::Config, secret};

#[derive(clap::Args)]
pub struct Demo {
    /// Where Showup listens.
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Where the simulated Twilio listens, with the customers' phones and their mail.
    #[arg(long, env = "SIM_LISTEN", default_value = "127.0.0.1:4010")]
    sim_listen: SocketAddr,
    /// Where it listens for e-mail; a free port if not given.
    #[arg(long, env = "SIM_SMTP_LISTEN", default_value = "127.0.0.1:0")]
    sim_smtp_listen: SocketAddr,
}

/// Runs until Ctrl-C, SIGTERM, or the terminal is closed.
///
/// # Errors
/// In words for the person at the terminal.
pub async fn run(demo: Demo) -> anyhow::Result<()> {
    // From the very beginning, so that the directory is removed whenever it ends.
    let stopping = serve::stop_on(&[SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()])?;
    let listener = serve::bind(demo.listen, "LISTEN_ADDR").await?;
    let here = format!("http://{}", reach(listener.local_addr()?));
    let sim = twilio_sim::start(SimConfig {
        listen: demo.sim_listen,
        smtp_listen: demo.sim_smtp_listen,
        inbound_url: Some(format!("{here}/webhooks/twilio/inbound")),
        delay: Duration::from_millis(400),
        ..SimConfig::default()
    });
    let sim = sim.await.context(
        "The simulated Twilio can't start; is something else running there? Set SIM_LISTEN (for its e-mail SIM_SMTP_LISTEN)",
    )?;
    let directory = tempfile::Builder::new().prefix("showup-demo-").tempdir();
    let directory = directory.context("No temporary directory can be made; set TMPDIR to a place that can be written to")?;

    // As if it had been bought long ago, and registered.
    sim.own_number(sim.account_sid(), seed::NUMBER);
    let config = config(directory.path(), &here, &sim)?;
    let ended = match fill(&config, &stopping).await {
        Ok(Some(s)) => {
            // Not `println`, which panics where what reads it is gone already (`showup demo | head`).
            let _unread = std::io::stdout().write_all(introduction(&here, &sim).as_bytes());
            serve::until_stopped(&config, s, Some(listener), Parts { web: true, work: true }, stopping).await
        }
        Ok(None) => Ok(()),
        Err(cause) => Err(cause),
    };
    let place = directory.path().display().to_string();
    directory.close().with_context(|| format!("{place} could not be removed"))?;
    ended
}

/// Nothing of the environment's: neither a real database nor a real Twilio account may get into this.
fn config(directory: &Path, here: &str, sim: &Sim) -> anyhow::Result<Config> {
    let database = format!("sqlite://{}?mode=rwc", directory.join("showup.db").display());
    Config::of(&[
        ("database_url", &database),
        ("public_url", here),
        ("showup_secret_key", &secret::made_up()),
        ("twilio_api_url", &at(&sim.url())),
        ("twilio_account_sid", sim.account_sid()),
        ("twilio_auth_token", sim.auth_token()),
        ("twilio_from", seed::NUMBER),
        ("smtp_url", &sim.smtp_url()),
        ("mail_from", "Showup <showup@example.com>"),
    ])
}

/// The database with the demo business, unless it is asked to stop before.
async fn fill(config: &Config, stopping: &CancellationToken) -> anyhow::Result<Option<Services>> {
    let filled = async {
        let s = config.services().await?;
        seed::demo(&s, &config.twilio_account_sid).await?;
        Ok(Some(s))
    };
    tokio::select! {
        filled = filled => filled,
        () = stopping.cancelled() => Ok(None),
    }
}

fn introduction(here: &str, sim: &Sim) -> String {
    let (email, password, sim) = (seed::EMAIL, seed::PASSWORD, at(&sim.url()));
    format!(
        "\n  Showup's demo is ready. Nothing leaves this machine, and nothing is kept when it ends.\n\n\
         \x20 Inbox      {here}/inbox\n\
         \x20 Sign in    {email}   {password}\n\
         \x20 Phones     {sim}/phones   the customers' phones\n\
         \x20 Mail       {sim}/mail   their e-mail\n\n\
         \x20 Try: open inbox and phones side by side, answer Y to a reminder on a phone, and watch the visit turn green.\n\
         \x20      N makes a task; STOP opts the customer out. Ctrl-C ends the demo.\n\n"
    )
}

/// An address of the simulator, which may listen everywhere, as it is reached from here.
fn at(url: &str) -> String {
    let address = url.trim_start_matches("http://").parse().map(reach);
    address.map_or_else(|_| url.to_owned(), |address| format!("http://{address}"))
}
