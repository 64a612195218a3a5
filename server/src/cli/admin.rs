//! `showup admin …`: for whoever runs this installation.

use anyhow::Context;
use clap::{Args, Subcommand};
use contract::{
    accounts::{Invite, Role, SignUp},
    integrations::CreateApiKey,
};
use services::{
    Actor, Principal, Services, accounts, businesses, contacts::consent, figures, integrations, numbers, pages, reconcile,
    rotation, setup, vault,
};

use crate::{config::Config, secret};

#[derive(Subcommand)]
pub enum Admin {
    /// Creates a business with its owner; prints its slug.
    CreateBusiness(CreateBusiness),
    /// Gives a business a number of its own; it becomes the one texts leave from.
    AddNumber {
        #[arg(long)]
        business: String,
        /// The Twilio number, like +14155550123; a WhatsApp sender with whatsapp: before it.
        #[arg(long)]
        number: String,
    },
    /// Grants a request for a number: buys one at Twilio, or gives it one that the account has. Repeating it is harmless; ends well only once the number is there.
    ApproveNumber(ApproveNumber),
    /// Turns a request for a number down; the business reads why.
    RejectNumber {
        /// The request's id.
        #[arg(long)]
        request: uuid::Uuid,
        #[arg(long)]
        why: String,
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
    /// Lets somebody who has an account run this installation: see all businesses, suspend them, and look into one that is told of it.
    #[command(name = "make-platform-admin")]
    Promote {
        #[arg(long)]
        email: String,
    },
    /// Takes that back.
    #[command(name = "revoke-platform-admin")]
    Demote {
        #[arg(long)]
        email: String,
    },
    /// Adds a person to a business; one who has an account keeps its name and password.
    AddMember(AddMember),
    /// Invites somebody by e-mail; prints the link alone on the last line.
    Invite {
        #[arg(long)]
        business: String,
        #[arg(long)]
        email: String,
        /// owner, admin or staff
        #[arg(long, default_value = "staff")]
        role: String,
    },
    /// Lets somebody who has lost their authenticator and their recovery codes sign in with the password alone.
    ResetSecondFactor {
        #[arg(long)]
        email: String,
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
        /// Its last day, like 2027-01-31. Until it is revoked if not given.
        #[arg(long)]
        expires_on: Option<String>,
        /// Comma separated addresses and networks where it opens, like 203.0.113.0/24. Everywhere if not given.
        #[arg(long)]
        addresses: Option<String>,
    },
    /// Encrypts everything with a new data key while the server runs, and wraps data keys with SHOWUP_SECRET_KEY if it was changed.
    RotateKeys,
    /// Checks that no row of the consent ledger was changed or removed.
    VerifyLedger,
    /// Proves the counters of reports against the texts, visits and requests for reviews that they are of, puts right what differs, and prints it.
    Recount {
        /// The business's slug. All if not given.
        #[arg(long)]
        business: Option<String>,
        /// Only says what differs.
        #[arg(long)]
        dry_run: bool,
    },
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
    SetRate {
        /// Like +14155550123.
        #[arg(long)]
        number: String,
        #[arg(long)]
        per_second: u32,
    },
}

#[derive(Args)]
pub struct CreateBusiness {
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
}

#[derive(Args)]
pub struct ApproveNumber {
    /// The request's id.
    #[arg(long)]
    request: uuid::Uuid,
    #[command(flatten)]
    number: WhichNumber,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct WhichNumber {
    /// The number to buy, like +14155550123.
    #[arg(long)]
    buy: Option<String>,
    /// A number that the Twilio account has already.
    #[arg(long)]
    owned: Option<String>,
}

#[derive(Args)]
pub struct AddMember {
    #[arg(long)]
    business: String,
    /// Needed for somebody who has no account yet, as is the password.
    #[arg(long, default_value = "")]
    name: String,
    #[arg(long)]
    email: String,
    /// owner, admin or staff
    #[arg(long, default_value = "staff")]
    role: String,
    #[arg(long, default_value = "")]
    password: String,
}

/// Does it, and says what was done.
///
/// # Errors
/// In words for the person at the terminal.
pub async fn run(config: &Config, command: Admin) -> anyhow::Result<()> {
    let s = config.services().await?;
    match command {
        Admin::CreateBusiness(business) => create_business(&s, business).await?,
        Admin::AddMember(member) => add_member(&s, member).await?,
        Admin::Invite { business, email, role } => invite(&s, &business, email, &role).await?,
        Admin::Promote { email } => set_platform_admin(&s, &email, true).await?,
        Admin::Demote { email } => set_platform_admin(&s, &email, false).await?,
        Admin::AddNumber { business, number } => {
            let business = businesses::by_slug(&s, &business).await?;
            let number = numbers::assign(&s, business.id, &number).await?;
            if number.starts_with("whatsapp:") {
                println!("{} now has the WhatsApp sender {number}", business.name);
            } else {
                println!("{} now sends from {number}", business.name);
            }
        }
        Admin::ApproveNumber(approval) => approve_number(&s, approval).await?,
        Admin::RejectNumber { request, why } => {
            numbers::requests::reject(&s, &operator(uuid::Uuid::nil()), request, &why).await?;
            println!("The request was turned down; its business is told.");
        }
        Admin::ConnectTwilio { business, account_sid } => connect_twilio(&s, &business, &account_sid).await?,
        Admin::DisconnectTwilio { business } => {
            let business = businesses::by_slug(&s, &business).await?;
            numbers::accounts::disconnect(&s, &operator(business.id)).await?;
            println!("{} now texts through the installation's account.", business.name);
        }
        Admin::AddSharedKey { business, id } => add_shared_key(&s, &business, &id).await?,
        Admin::RemoveSharedKey { business, id } => {
            let business = businesses::by_slug(&s, &business).await?;
            numbers::accounts::remove_shared_key(&s, &operator(business.id), &id).await?;
            println!("Webhooks of {} are not believed any more if signed with {id}.", business.name);
        }
        Admin::ResetSecondFactor { email } => {
            let name = accounts::second_factor::reset(&s, &email).await?;
            println!(
                "{name} signs in with the password alone from now on, and was told so by mail. They can set the second step up anew."
            );
        }
        Admin::CreateApiKey {
            business,
            name,
            scopes,
            expires_on,
            addresses,
        } => {
            let business = businesses::by_slug(&s, &business).await?;
            let new = CreateApiKey {
                name,
                scopes,
                expires_on,
                addresses,
            };
            let key = integrations::create(&s, &operator(business.id), new).await?;
            println!("{key}");
        }
        Admin::Reconcile { since } => reconcile_since(&s, &since).await?,
        Admin::SetPrice { country, dollars } => set_price(&s, &country, &dollars).await?,
        Admin::SetRate { number, per_second } => {
            let number = numbers::set_rate(&s, &number, per_second).await?;
            println!("{number} sends {per_second} text parts a second from now on.");
        }
        Admin::RotateKeys => rotate_keys(&s).await?,
        Admin::VerifyLedger => verify_ledger(&s).await?,
        Admin::Recount { business, dry_run } => recount(&s, business, dry_run).await?,
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

async fn create_business(s: &Services, cmd: CreateBusiness) -> anyhow::Result<()> {
    let unknown = |zone: &&str| domain::zone::Zone::named(zone).is_none();
    if let Some(zone) = cmd.time_zone.as_deref().filter(unknown) {
        anyhow::bail!("\"{zone}\" is not a time zone we know. Examples: Europe/Stockholm, America/New_York.");
    }
    let made_up = cmd.password.is_none();
    let password = cmd.password.unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
    let owner = SignUp {
        business_name: cmd.name,
        name: "Owner".to_owned(),
        email: cmd.email.clone(),
        password: password.clone(),
        time_zone: cmd.time_zone,
        country: cmd.country,
    };
    let started = setup::open_business(s, owner, cmd.number.as_deref(), cmd.hourly_limit).await?;
    if made_up {
        eprintln!("Password for {}: {password}", cmd.email);
    }
    println!("{}", businesses::slug(s, started.business_id).await?);
    Ok(())
}

async fn add_member(s: &Services, cmd: AddMember) -> anyhow::Result<()> {
    let business = businesses::by_slug(s, &cmd.business).await?;
    let role = role(&cmd.role)?;
    accounts::add_member(s, business.id, role, &cmd.name, &cmd.email, &cmd.password).await?;
    println!("{} is now {} of {}", cmd.email, role.as_str(), business.name);
    Ok(())
}

async fn approve_number(s: &Services, cmd: ApproveNumber) -> anyhow::Result<()> {
    let by = operator(uuid::Uuid::nil());
    let done = match (cmd.number.buy, cmd.number.owned) {
        (Some(phone), _) => numbers::requests::approve_buying(s, &by, cmd.request, &phone).await?,
        (None, Some(phone)) => numbers::requests::approve_owned(s, &by, cmd.request, &phone).await?,
        (None, None) => anyhow::bail!("Name the number to --buy, or one that is --owned."),
    };
    println!("{} is the business's now.", done.phone.unwrap_or_default());
    Ok(())
}

fn role(typed: &str) -> anyhow::Result<Role> {
    typed.parse().map_err(|()| anyhow::anyhow!("role is owner, admin or staff"))
}

async fn invite(s: &Services, business: &str, email: String, typed: &str) -> anyhow::Result<()> {
    let business = businesses::by_slug(s, business).await?;
    let role = role(typed)?;
    let made = accounts::invitations::invite(s, &operator(business.id), Invite { email, role }).await?;
    let link = pages::people::link(s, &made);
    eprintln!(
        "{} may join {} as {} within seven days:",
        link.email,
        business.name,
        role.as_str()
    );
    println!("{}", link.url);
    Ok(())
}

async fn set_platform_admin(s: &Services, email: &str, is: bool) -> anyhow::Result<()> {
    let new = accounts::platform::set_admin(s, email, is).await?;
    println!(
        "{email} {} this installation{}.",
        if is { "runs" } else { "does not run" },
        match (is, new) {
            (true, true) => format!("; {}/platform shows it", s.settings().public_url),
            (false, true) => " any more".to_owned(),
            (_, false) => ", as before".to_owned(),
        }
    );
    Ok(())
}

async fn connect_twilio(s: &Services, business: &str, account_sid: &str) -> anyhow::Result<()> {
    let business = businesses::by_slug(s, business).await?;
    let token = secret::typed("Auth token: ")?;
    numbers::accounts::connect(s, &operator(business.id), account_sid, token).await?;
    println!("{} now texts through its own account {account_sid}.", business.name);
    Ok(())
}

async fn add_shared_key(s: &Services, business: &str, id: &str) -> anyhow::Result<()> {
    let business = businesses::by_slug(s, business).await?;
    let secret = secret::typed("Secret of the shared key: ")?;
    numbers::accounts::add_shared_key(s, &operator(business.id), id, secret).await?;
    println!("Webhooks of {} may be signed with the shared key {id}.", business.name);
    Ok(())
}

async fn reconcile_since(s: &Services, since: &str) -> anyhow::Result<()> {
    let since = moment(since, s.now())?;
    let synced = reconcile::reconcile(s, since).await?;
    println!(
        "{} records of Twilio's since {since}: {} texts of customers brought in, {} messages updated, {} unclear ones looked up.",
        synced.read, synced.brought_in, synced.updated, synced.looked_up
    );
    if synced.not_ours > 0 {
        println!(
            "{} texts in Twilio's log are not ours: another program's, or sent after the backup that this database was restored from.",
            synced.not_ours
        );
    }
    Ok(())
}

async fn set_price(s: &Services, country: &str, dollars: &str) -> anyhow::Result<()> {
    let micros = domain::prices::parse_provider_price(&format!("-{}", dollars.trim()), "USD")
        .context("a price is a number of dollars like 0.0079")?
        .0;
    services::set_price(s, country, micros).await?;
    println!(
        "A text part to {} is estimated at ${dollars} from now on.",
        country.to_ascii_uppercase()
    );
    Ok(())
}

async fn rotate_keys(s: &Services) -> anyhow::Result<()> {
    if !rotation::rotate(s, vault::REFRESH * 4, |line| println!("{line}")).await? {
        anyhow::bail!("Some values could not be opened. Everything else is encrypted with the new key.");
    }
    println!("Everything is encrypted with the new key. The old one is dropped in an hour.");
    Ok(())
}

async fn verify_ledger(s: &Services) -> anyhow::Result<()> {
    match consent::verify(s).await? {
        Ok(rows) => println!("The consent ledger is whole: {rows} rows checked."),
        Err(row) => anyhow::bail!(
            "The consent ledger of {} is broken: row {} {}.",
            row.business,
            row.seq,
            row.what
        ),
    }
    Ok(())
}

async fn recount(s: &Services, only: Option<String>, dry_run: bool) -> anyhow::Result<()> {
    let all = figures::recount::businesses(s).await?;
    let some: Vec<_> = all
        .into_iter()
        .filter(|(_, slug)| only.as_ref().is_none_or(|wanted| wanted == slug))
        .collect();
    anyhow::ensure!(!some.is_empty(), "There is no such business.");
    for (id, slug) in some {
        let differences = figures::recount::business(s, id, !dry_run).await?;
        for one in &differences {
            println!(
                "{slug}: {} at {}: {} was kept, {} by the rows",
                one.what, one.at, one.kept, one.by_the_rows
            );
        }
        let end = match (differences.len(), dry_run) {
            (0, _) => "every counter agrees with its rows.".to_owned(),
            (n, true) => format!("{n} counters differ; nothing was changed."),
            (n, false) => format!("{n} counters differed and are right now."),
        };
        println!("{slug}: {end}");
    }
    Ok(())
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
