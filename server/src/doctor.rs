//! `showup doctor`: is everything in order, and what is to be done where it is not? It changes nothing, so it may run beside a server. The same
//! is a page for whoever runs the installation, where it runs inside the server.

mod bundle;
mod data;
mod front;
mod inside;
mod settings;
mod ways;
mod work;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use chrono::{DateTime, Utc};
use contract::platform::{Check, CheckStatus as Status};
use futures::future::BoxFuture;
use services::{Clock, Services};

use crate::config::Config;

pub use bundle::scrubbed;
pub use inside::Inside;

/// One look may take so long; what takes longer is not known.
const LONGEST: Duration = Duration::from_secs(20);

/// Who is looked at.
pub struct Patient {
    pub config: Config,
    /// None: the database is not there, is not up to date, or can't be read with this secret.
    pub services: Option<Services>,
    pub now: DateTime<Utc>,
}

/// A check: what it is called, what it looks at, and how. It says nothing where there is nothing to look at.
struct Named {
    name: &'static str,
    what: &'static str,
    look: for<'a> fn(&'a Patient) -> BoxFuture<'a, Option<Check>>,
}

macro_rules! check {
    ($name:literal, $what:literal, $look:path) => {
        Named {
            name: $name,
            what: $what,
            look: |patient| Box::pin($look(patient, $name)),
        }
    };
}

/// In the order in which they are best put right.
const ALL: &[Named] = &[
    check!("configuration", "settings of the environment are known", settings::known),
    check!("database", "it answers, is up to date and whole", data::database),
    check!(
        "secret key",
        "it is there, nobody else reads it, and it opens what is stored",
        data::secret_key
    ),
    check!("disk", "there is room", data::disk),
    check!("clock", "it agrees with Twilio's", ways::clock),
    check!("time zone data", "it is not old", settings::zone_data),
    check!("public address", "it is https", front::scheme),
    check!("reach", "the public address leads to this installation", front::reach),
    check!("live stream", "proxies hand events on at once", front::stream),
    check!("signed webhook", "Twilio's signature survives the way in", front::signature),
    check!("Twilio", "the installation's account is active", ways::twilio),
    check!(
        "businesses' accounts",
        "accounts that businesses brought along are active",
        ways::accounts
    ),
    check!("self-tests", "no business's last self-test fails", work::self_tests),
    check!("e-mail", "the mail server takes us", ways::email),
    check!("push", "browsers can be pushed to", ways::push),
    check!("queue", "texts leave, and none is stuck or unclear", work::queue),
    check!("reminders", "what is due became a text", work::reminders),
    check!("breakers", "nothing holds texts back", work::breakers),
    check!("consent ledger", "its last rows are what they were", work::ledger),
    check!("suspended businesses", "nobody is suspended unnoticed", work::suspended),
];

/// What was asked for at the command line.
#[derive(clap::Args)]
pub struct Wanted {
    /// For machines: [{name, status: ok|warn|fail, detail, fix?}]
    #[arg(long)]
    json: bool,
    /// Says which checks there are, and looks at nothing.
    #[arg(long)]
    list: bool,
    /// Only these checks, separated by commas.
    #[arg(long, value_delimiter = ',')]
    run: Vec<String>,
    /// Writes everything that helps somebody else to understand what is wrong into this file; no secret is in it.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

fn ok(name: &str, detail: impl Into<String>) -> Check {
    Check {
        name: name.to_owned(),
        status: Status::Ok,
        detail: detail.into(),
        fix: None,
    }
}

fn found(status: Status, name: &str, detail: impl Into<String>, fix: impl Into<String>) -> Check {
    Check {
        name: name.to_owned(),
        status,
        detail: detail.into(),
        fix: Some(fix.into()),
    }
}

/// Looks at everything, says what it saw, and ends with 0 (all in order), 1 (a warning) or 2 (something fails).
pub async fn main(wanted: Wanted) -> ExitCode {
    if wanted.list {
        for one in ALL {
            println!("{:22}{}", one.name, one.what);
        }
        return ExitCode::SUCCESS;
    }
    let unknown: Vec<&String> = wanted.run.iter().filter(|name| !is_known(name)).collect();
    if let Some(name) = unknown.first() {
        eprintln!("showup: there is no check \"{name}\"; `showup doctor --list` names them");
        return ExitCode::from(2);
    }
    let (checks, patient) = match Config::load() {
        Ok(config) => {
            let patient = Patient::of(config).await;
            (examine(&patient, &wanted.run).await, Some(patient))
        }
        Err(cause) => {
            let why = found(
                Status::Fail,
                "configuration",
                format!("{cause:#}"),
                "Every variable is explained in .env.sample.",
            );
            (vec![why], None)
        }
    };
    if wanted.json {
        println!("{}", serde_json::to_string_pretty(&checks).unwrap_or_default());
    } else {
        checks.iter().for_each(print);
    }
    let mut worst = checks.iter().map(|check| check.status).max();
    if let Some(file) = &wanted.bundle
        && let Err(cause) = bundle::write(file, &checks, patient.as_ref()).await
    {
        eprintln!("showup: the bundle could not be written: {cause:#}");
        worst = Some(Status::Fail);
    }
    if let Some(s) = patient.and_then(|patient| patient.services) {
        s.db().close().await;
    }
    match worst {
        Some(Status::Fail) => ExitCode::from(2),
        Some(Status::Warn) => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    }
}

fn is_known(name: &str) -> bool {
    ALL.iter().any(|one| one.name == name.trim())
}

impl Patient {
    async fn of(config: Config) -> Self {
        Self {
            services: config.for_looking().await,
            config,
            now: Clock::system().now(),
        }
    }
}

/// Looks, one after the other; all where no names are given. A look that takes too long is a warning.
pub async fn examine(patient: &Patient, only: &[String]) -> Vec<Check> {
    let asked = |one: &&Named| only.is_empty() || only.iter().any(|name| name.trim() == one.name);
    let mut checks = Vec::with_capacity(ALL.len());
    for one in ALL.iter().filter(asked) {
        match tokio::time::timeout(LONGEST, (one.look)(patient)).await {
            Ok(check) => checks.extend(check),
            Err(_) => checks.push(found(
                Status::Warn,
                one.name,
                "It took too long to look.",
                "Try again when there is less to do.",
            )),
        }
    }
    checks
}

fn print(check: &Check) {
    let word = match check.status {
        Status::Ok => "ok  ",
        Status::Warn => "WARN",
        Status::Fail => "FAIL",
    };
    println!("{word}  {}: {}", check.name, check.detail);
    if let Some(fix) = &check.fix {
        println!("      {fix}");
    }
}
