//! The command line.

use anyhow::Context;
use axum::serve::ListenerExt;
use clap::{Parser, Subcommand};
use contract::accounts::{Role, SignUp};
use services::{
    Actor, Db, Principal, Services, accounts, appointments, businesses, channels, contacts::consent, integrations, mails,
    numbers, reconcile, rotation, seed, sending, setup, vault,
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::{AppState, config::Config, doctor, metrics, router, secret, site, workers};

/// Appointment reminders by text, answered with one letter.
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
    /// Brings the database up to date and ends.
    Migrate,
    /// Looks whether everything is in order, beside a running server too; ends with 0 (ok), 1 (a warning) or 2 (something fails).
    Doctor {
        /// For machines: [{name, status: ok|warn|fail, detail, fix?}]
        #[arg(long)]
        json: bool,
    },
    /// Fills in example data.
    Seed {
        /// A demo business with people, appointments and conversations; once.
        #[arg(long, required = true)]
        demo: bool,
    },
    /// For whoever runs this installation.
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Subcommand)]
enum Admin {
    /// Creates a business with its owner; prints its slug.
    CreateBusiness {
        #[arg(long)]
        name: String,
        /// The owner's e-mail address.
        #[arg(long)]
        email: String,
        /// Made up and printed if not given.
        #[arg(long)]
        password: Option<String>,
        /// The Twilio number texts leave from, like +14155550123.
        #[arg(long)]
        number: Option<String>,
        /// IANA name, like Europe/Stockholm.
        #[arg(long)]
        time_zone: Option<String>,
        /// Two letters, like IT: how numbers without a country code are read. Without it that of the number, else of the time zone.
        #[arg(long)]
        country: Option<String>,
        /// Most texts per hour.
        #[arg(long)]
        hourly_limit: Option<i32>,
    },
    /// Gives a business a number of its own; it becomes the one texts leave from.
    AddNumber {
        #[arg(long)]
        business: String,
        /// The Twilio number, like +14155550123.
        #[arg(long)]
        number: String,
    },
    /// Gives a business a Twilio account of its own, or that account a new auth token, which is read from standard input.
    ConnectTwilio {
        #[arg(long)]
        business: String,
        /// AC and 32 letters and digits, from Twilio's console.
        #[arg(long)]
        account_sid: String,
    },
    /// Lets a business go back to the installation's Twilio account.
    DisconnectTwilio {
        #[arg(long)]
        business: String,
    },
    /// Adds a key that Twilio signs webhooks of a business's own account with; its secret is read from standard input.
    AddSharedKey {
        #[arg(long)]
        business: String,
        /// The shared key's id, from Twilio's console.
        #[arg(long)]
        id: String,
    },
    /// Removes a shared key of a business's own account.
    RemoveSharedKey {
        #[arg(long)]
        business: String,
        #[arg(long)]
        id: String,
    },
    /// Adds a person to a business.
    AddMember {
        #[arg(long)]
        business: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: String,
        /// owner, admin or staff
        #[arg(long, default_value = "staff")]
        role: String,
        #[arg(long)]
        password: String,
    },
    /// Makes a key for the API; printed alone on the last line, and never again.
    CreateApiKey {
        /// The business's slug.
        #[arg(long)]
        business: String,
        #[arg(long)]
        name: String,
        /// Comma separated, like contacts:read,messages:send. All if not given.
        #[arg(long, value_delimiter = ',')]
        scopes: Vec<String>,
    },
    /// Encrypts everything with a new data key while the server runs, and wraps data keys with SHOWUP_SECRET_KEY if it was changed.
    RotateKeys,
    /// Checks that no row of the consent ledger was changed or removed.
    VerifyLedger,
    /// Compares Twilio's log with ours and brings in what is missing; harmless to repeat.
    Reconcile {
        /// How far back: 90m, 36h, 7d, or a moment like 2027-01-31T08:00:00Z.
        #[arg(long)]
        since: String,
    },
    /// Sets what a text part (segment) to a country costs here; Twilio's own price replaces it for each text.
    SetPrice {
        /// Like US.
        #[arg(long)]
        country: String,
        /// US dollars, like 0.0079.
        #[arg(long)]
        dollars: String,
    },
    /// Sets how many text parts (segments) a number may send each second, where that is not what its kind does.
    SetPace {
        /// Like +14155550123.
        #[arg(long)]
        number: String,
        #[arg(long)]
        per_second: u32,
    },
}

/// `90m`, `36h` or `7d` before `now`, or a moment in RFC 3339.
fn moment(text: &str, now: chrono::DateTime<chrono::Utc>) -> anyhow::Result<chrono::DateTime<chrono::Utc>> {
    if let Some(at) = domain::when::instant(text) {
        return Ok(at);
    }
    let (count, unit) = text.split_at(text.len().saturating_sub(1));
    let unit = match unit {
        "m" => chrono::Duration::minutes(1),
        "h" => chrono::Duration::hours(1),
        "d" => chrono::Duration::days(1),
        _ => anyhow::bail!("--since is 90m, 36h, 7d or a moment like 2027-01-31T08:00:00Z"),
    };
    let count: i32 = count
        .parse()
        .ok()
        .filter(|n| (1..=100_000).contains(n))
        .context("--since is 90m, 36h, 7d or a moment")?;
    Ok(now - unit * count)
}

/// Runs a command to its end; what went wrong is said in a sentence. Not `async` for its caller, who would otherwise compile everything
/// that is awaited here once more.
#[tokio::main]
pub async fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Doctor { json }) = cli.command {
        return Box::pin(doctor::main(json)).await;
    }
    match Box::pin(run(cli)).await {
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
async fn run(cli: Cli) -> anyhow::Result<()> {
    let config = Config::load()?;
    log();
    twilio::tls::install();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(&config, true, true).await,
        Command::Web => serve(&config, true, false).await,
        Command::Worker => serve(&config, false, true).await,
        Command::Migrate => {
            let s = config.services().await?;
            println!("The database is up to date.");
            s.db().close().await;
            Ok(())
        }
        Command::Doctor { .. } => Ok(()),
        Command::Seed { .. } => demo(&config).await,
        Command::Admin(command) => Box::pin(admin(&config, command)).await,
    }
}

/// One line per event on standard error; JSON when it is not a terminal, for log collectors.
fn log() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn,tower_sessions_core=warn"));
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    if terminal {
        registry.with(lines.compact()).init()
    } else {
        registry.with(lines.json()).init()
    }
}

async fn serve(config: &Config, web: bool, work: bool) -> anyhow::Result<()> {
    metrics::install();
    let shared = Db::is_shared(&config.database_url);
    if (!web || !work) && !shared {
        anyhow::bail!("A SQLite file belongs to one process. Run `showup serve`, or set DATABASE_URL to a PostgreSQL database.");
    }
    // Before the file is opened: opening brings it up to date, and another process may be at work on it.
    let _only = if shared { None } else { Some(only_one(config)?) };
    let s = config.services().await?;
    // The port first: whoever starts a second server by mistake must not disturb the work of the first.
    let listener = match (web, config.worker_listen_addr) {
        (true, _) => Some(bind(config.listen_addr, "LISTEN_ADDR").await?),
        (false, Some(address)) => Some(bind(address, "WORKER_LISTEN_ADDR").await?),
        (false, None) => None,
    };
    compare_clocks(&s).await?;
    let stopping = CancellationToken::new();
    tokio::spawn(stop_on_signal(stopping.clone()));
    if work && !s.db().is_postgres() {
        let found = sending::recover(&s).await?;
        if found > 0 {
            tracing::warn!(found, "texts were being sent when the last process ended; looking them up");
        }
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
    if tokio::time::timeout(std::time::Duration::from_secs(2), s.db().close())
        .await
        .is_err()
    {
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

async fn bind(address: std::net::SocketAddr, setting: &str) -> anyhow::Result<tokio::net::TcpListener> {
    let listener = tokio::net::TcpListener::bind(address).await;
    listener.with_context(|| format!("{address} can't be listened on; is something else running there? Set {setting}"))
}

async fn serve_http(
    config: &Config,
    listener: tokio::net::TcpListener,
    s: Services,
    web: bool,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let leptos = site::options(&config.showup_leptos_config)?;
    let state = AppState {
        services: s,
        leptos,
        metrics_token: config.metrics_token(),
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
    let served = axum::serve(listener, app.into_make_service_with_connect_info::<std::net::SocketAddr>())
        .with_graceful_shutdown(stopping.clone().cancelled_owned())
        .into_future();
    // A browser that keeps its connection open must not keep us from stopping.
    let overtime = async {
        stopping.cancelled().await;
        tokio::time::sleep(std::time::Duration::from_secs(25)).await;
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
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
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

async fn stop_on_signal(stopping: CancellationToken) {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(cause) => return tracing::error!(%cause, "signals can't be heard"),
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: finishing what was begun");
    stopping.cancel();
}

async fn demo(config: &Config) -> anyhow::Result<()> {
    let s = config.services().await?;
    if seed::demo(&s, &config.twilio_account_sid).await? {
        println!(
            "The demo business is ready. Sign in as {} with the password {}",
            seed::EMAIL,
            seed::PASSWORD
        );
    } else {
        println!(
            "The demo business was there already. Sign in as {} with the password {}",
            seed::EMAIL,
            seed::PASSWORD
        );
    }
    s.db().close().await;
    Ok(())
}

fn operator(business_id: uuid::Uuid) -> Actor {
    Actor {
        business_id,
        who: Principal::Operator,
    }
}

async fn admin(config: &Config, command: Admin) -> anyhow::Result<()> {
    let s = config.services().await?;
    match command {
        Admin::CreateBusiness {
            name,
            email,
            password,
            number,
            time_zone,
            country,
            hourly_limit,
        } => {
            if let Some(zone) = time_zone.as_deref().filter(|zone| domain::zone::Zone::named(zone).is_none()) {
                anyhow::bail!("\"{zone}\" is not a time zone we know. Examples: Europe/Stockholm, America/New_York.");
            }
            let made_up = password.is_none();
            let password = password.unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
            let cmd = SignUp {
                business_name: name,
                name: "Owner".to_owned(),
                email: email.clone(),
                password: password.clone(),
                time_zone,
                country,
            };
            let started = setup::open_business(&s, cmd, number.as_deref(), hourly_limit).await?;
            if made_up {
                eprintln!("Password for {email}: {password}");
            }
            println!("{}", businesses::slug(&s, started.business_id).await?);
        }
        Admin::AddNumber { business, number } => {
            let business = businesses::by_slug(&s, &business).await?;
            let number = numbers::assign(&s, business.id, &number).await?;
            println!("{} now sends from {number}", business.name);
        }
        Admin::ConnectTwilio { business, account_sid } => {
            let business = businesses::by_slug(&s, &business).await?;
            let token = secret::typed("Auth token: ")?;
            numbers::accounts::connect(&s, &operator(business.id), &account_sid, token).await?;
            println!("{} now texts through its own account {account_sid}.", business.name);
        }
        Admin::DisconnectTwilio { business } => {
            let business = businesses::by_slug(&s, &business).await?;
            numbers::accounts::disconnect(&s, &operator(business.id)).await?;
            println!("{} now texts through the installation's account.", business.name);
        }
        Admin::AddSharedKey { business, id } => {
            let business = businesses::by_slug(&s, &business).await?;
            let secret = secret::typed("Secret of the shared key: ")?;
            numbers::accounts::add_shared_key(&s, &operator(business.id), &id, secret).await?;
            println!("Webhooks of {} may be signed with the shared key {id}.", business.name);
        }
        Admin::RemoveSharedKey { business, id } => {
            let business = businesses::by_slug(&s, &business).await?;
            numbers::accounts::remove_shared_key(&s, &operator(business.id), &id).await?;
            println!("Webhooks of {} are not believed any more if signed with {id}.", business.name);
        }
        Admin::AddMember {
            business,
            name,
            email,
            role,
            password,
        } => {
            let business = businesses::by_slug(&s, &business).await?;
            let role: Role = role.parse().map_err(|()| anyhow::anyhow!("role is owner, admin or staff"))?;
            accounts::add_member(&s, business.id, role, &name, &email, &password).await?;
            println!("{email} is now {} of {}", role.as_str(), business.name);
        }
        Admin::CreateApiKey { business, name, scopes } => {
            let business = businesses::by_slug(&s, &business).await?;
            println!(
                "{}",
                integrations::create_api_key(&s, &operator(business.id), &name, &scopes).await?
            );
        }
        Admin::Reconcile { since } => {
            let since = moment(&since, s.now())?;
            let swept = reconcile::reconcile(&s, since).await?;
            println!(
                "{} records of Twilio's since {since}: {} texts of customers brought in, {} messages updated, {} unclear ones looked up.",
                swept.read, swept.brought_in, swept.updated, swept.looked_up
            );
            if swept.not_ours > 0 {
                println!(
                    "{} texts in Twilio's log are not ours: another program's, or sent after the backup that this database was restored from.",
                    swept.not_ours
                );
            }
        }
        Admin::SetPrice { country, dollars } => {
            let micros = domain::prices::parse_provider_price(&format!("-{}", dollars.trim()), "USD")
                .context("a price is a number of dollars like 0.0079")?
                .0;
            services::set_price(&s, &country, micros).await?;
            println!(
                "A text part to {} is estimated at ${dollars} from now on.",
                country.to_ascii_uppercase()
            );
        }
        Admin::SetPace { number, per_second } => {
            let number = numbers::set_pace(&s, &number, per_second).await?;
            println!("{number} sends {per_second} text parts a second from now on.");
        }
        Admin::RotateKeys => {
            if !rotation::rotate(&s, vault::REFRESH * 4, |line| println!("{line}")).await? {
                anyhow::bail!("Some values could not be opened. Everything else is encrypted with the new key.");
            }
            println!("Everything is encrypted with the new key. The old one is dropped in an hour.");
        }
        Admin::VerifyLedger => match consent::verify(&s).await? {
            Ok(rows) => println!("The consent ledger is whole: {rows} rows checked."),
            Err(row) => anyhow::bail!(
                "The consent ledger of {} is broken: row {} {}.",
                row.business,
                row.seq,
                row.what
            ),
        },
    }
    s.db().close().await;
    Ok(())
}
