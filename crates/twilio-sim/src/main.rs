//! The simulator as a program.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use twilio_sim::SimConfig;

/// A fake Twilio (REST API, webhooks, and the customers' phones on a page) with a mail server beside it.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Where to listen.
    #[arg(long, env = "SIM_LISTEN", default_value = "127.0.0.1:4010")]
    listen: SocketAddr,
    /// Where to listen for e-mail.
    #[arg(long, env = "SIM_SMTP_LISTEN", default_value = "127.0.0.1:4025")]
    smtp_listen: SocketAddr,
    /// The account: AC and 32 more letters or digits.
    #[arg(long, env = "TWILIO_ACCOUNT_SID", default_value_t = SimConfig::default().account_sid)]
    account_sid: String,
    /// The token callers must know and webhooks are signed with.
    #[arg(long, env = "TWILIO_AUTH_TOKEN", hide_env_values = true, default_value_t = SimConfig::default().auth_token)]
    auth_token: String,
    /// Where inbound texts are posted.
    #[arg(
        long,
        env = "SIM_INBOUND_URL",
        default_value = "http://127.0.0.1:3000/webhooks/twilio/inbound"
    )]
    inbound_url: String,
    /// A number (E.164) that the account has a WhatsApp sender with; others are made on the page.
    #[arg(long, env = "SIM_WHATSAPP")]
    whatsapp: Vec<String>,
    /// Milliseconds a message stays queued, and then sent.
    #[arg(long, env = "SIM_DELAY_MS", default_value_t = 400)]
    delay_ms: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();
    let args = Args::parse();
    let senders = args.whatsapp.clone();
    let sim = twilio_sim::start(config(args)).await?;
    for phone in senders {
        sim.own_sender(sim.account_sid(), &phone);
    }
    tracing::info!("simulated Twilio at {0}, phones at {0}/phones", sim.url());
    tracing::info!("mail server at {}, mail at {}/mail", sim.smtp_url(), sim.url());
    stopped().await
}

fn config(args: Args) -> SimConfig {
    SimConfig {
        listen: args.listen,
        smtp_listen: args.smtp_listen,
        account_sid: args.account_sid,
        auth_token: args.auth_token,
        inbound_url: Some(args.inbound_url).filter(|url| !url.is_empty()),
        delay: Duration::from_millis(args.delay_ms),
        ..SimConfig::default()
    }
}

async fn stopped() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
