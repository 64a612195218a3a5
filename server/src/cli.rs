//! The command line.

mod admin;
#[cfg(feature = "demo")]
mod demo;
mod health;
mod import;
mod serve;

use clap::{Parser, Subcommand};
use services::seed;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::{config::Config, doctor};
use serve::Parts;

/// Appointment reminders by text, answered with one letter.
///
/// Settings are environment variables, or lines in a file .env in the current directory; .env.sample explains each.
#[derive(Parser)]
#[command(name = "showup", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Web and worker in one process (the default).
    Serve,
    /// Only pages, API and webhooks; needs PostgreSQL and a worker elsewhere.
    Web,
    /// Only the work in the background.
    Worker,
    /// Brings the database up to date and ends. Every start does that too.
    Migrate,
    /// Looks whether everything is in order, beside a running server too; ends with 0 (ok), 1 (a warning) or 2 (something fails).
    Doctor(doctor::Wanted),
    /// Asks the server that runs here whether it can do its work; ends with 0 or 1. For a container's health check.
    Health,
    /// Shows it all: a filled business with a simulated Twilio, the customers' phones on a page. Nothing leaves this machine or is kept.
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Fills in example data.
    Seed {
        /// A demo business with people, appointments and conversations; once.
        #[arg(long, required = true)]
        demo: bool,
    },
    /// Brings a CSV file of contacts or visits into a business; beside a running server, too.
    Import(import::Import),
    /// For whoever runs this installation.
    #[command(subcommand)]
    Admin(admin::Admin),
}

/// Runs a command to its end; what went wrong is said in a sentence. Not `async` for its caller, who would otherwise compile everything
/// that is awaited here once more.
#[tokio::main]
pub async fn main() -> std::process::ExitCode {
    // First of all: a setting in the file counts as one of the environment.
    dotenvy::dotenv().ok();
    let cli = Cli::parse();
    if let Some(Command::Doctor(wanted)) = cli.command {
        twilio::tls::install();
        return Box::pin(doctor::main(wanted)).await;
    }
    match Box::pin(run(cli.command.unwrap_or(Command::Serve))).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            eprintln!("showup: {}", causes.join(": "));
            std::process::ExitCode::FAILURE
        }
    }
}

/// Runs a command to its end.
///
/// # Errors
/// In words for the person at the terminal.
async fn run(command: Command) -> anyhow::Result<()> {
    twilio::tls::install();
    #[cfg(feature = "demo")]
    if let Command::Demo(demo) = command {
        // What it says is for people; of the log they need only what goes wrong.
        log("warn,sqlx=error");
        return Box::pin(demo::run(demo)).await;
    }
    let config = Config::load()?;
    log("info,sqlx=warn,sea_orm_migration=warn,tower_sessions_core=warn");
    match command {
        Command::Serve => Box::pin(serve::run(&config, Parts { web: true, work: true })).await,
        Command::Web => Box::pin(serve::run(&config, Parts { web: true, work: false })).await,
        Command::Worker => Box::pin(serve::run(&config, Parts { web: false, work: true })).await,
        Command::Migrate => {
            let s = config.services().await?;
            println!("The database is up to date.");
            s.db().close().await;
            Ok(())
        }
        Command::Health => health::run(config.listen_addr).await,
        Command::Seed { .. } => fill(&config).await,
        Command::Import(command) => Box::pin(import::run(&config, command)).await,
        Command::Admin(command) => Box::pin(admin::run(&config, command)).await,
        Command::Doctor(_) => Ok(()),
        #[cfg(feature = "demo")]
        Command::Demo(_) => Ok(()),
    }
}

/// One line per event on standard error; JSON when it is not a terminal, for log collectors.
fn log(usual: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    if terminal {
        registry.with(lines.compact()).init()
    } else {
        registry.with(lines.json()).init()
    }
}

async fn fill(config: &Config) -> anyhow::Result<()> {
    let s = config.services().await?;
    let made = seed::demo(&s, &config.twilio_account_sid).await?;
    let state = if made { "is ready" } else { "was there already" };
    println!(
        "The demo business {state}. Sign in as {} with the password {}",
        seed::EMAIL,
        seed::PASSWORD
    );
    s.db().close().await;
    Ok(())
}
