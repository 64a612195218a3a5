//! `showup doctor`: is everything in order, and what is to be done where it is not? It changes nothing, so it may run beside a server.

use std::{os::unix::fs::PermissionsExt, process::ExitCode};

use chrono::{DateTime, Datelike, Months, Utc};
use domain::zone;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use services::{Clock, Db, Twilio};

use crate::config::Config;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// What one look has shown.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Check {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Ok,
            detail: detail.into(),
            fix: None,
        }
    }

    fn of(status: Status, name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            name,
            status,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }
}

/// Looks at everything, says what it saw, and ends with 0 (all in order), 1 (a warning) or 2 (something fails).
pub async fn main(json: bool) -> ExitCode {
    let checks = match Config::load() {
        Ok(config) => look(&config, Clock::system().now()).await,
        Err(cause) => vec![Check::of(
            Status::Fail,
            "configuration",
            format!("{cause:#}"),
            "Every variable is explained in .env.sample.",
        )],
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&checks).unwrap_or_default());
    } else {
        checks.iter().for_each(print);
    }
    match checks.iter().map(|check| check.status).max() {
        Some(Status::Fail) => ExitCode::from(2),
        Some(Status::Warn) => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    }
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

async fn look(config: &Config, now: DateTime<Utc>) -> Vec<Check> {
    vec![
        database(&config.database_url).await,
        zone_data(zone::VERSION, now),
        secret_key(config),
        public_url(&config.public_url()),
        twilio(config).await,
        email(config).await,
    ]
}

async fn database(url: &str) -> Check {
    const NAME: &str = "database";
    // Opening a SQLite file makes it.
    if !Db::exists(url) {
        let fix = "It is made by the first `showup serve`; or check DATABASE_URL and the directory this was started in.";
        return Check::of(Status::Fail, NAME, "There is no database yet.", fix);
    }
    let fix = "Check DATABASE_URL, and whether the database runs.";
    let db = match Db::connect(url).await {
        Ok(db) => db,
        Err(cause) => return Check::of(Status::Fail, NAME, format!("It can't be opened: {cause}"), fix),
    };
    let missing = migration::missing(db.connection()).await;
    db.close().await;
    match missing {
        Ok(0) => Check::ok(NAME, "It answers and is up to date."),
        Ok(n) => Check::of(
            Status::Warn,
            NAME,
            format!("It lacks {n} migrations of this version."),
            "Run `showup migrate`; every start does it too.",
        ),
        Err(cause) => Check::of(Status::Fail, NAME, format!("It does not answer: {cause}"), fix),
    }
}

/// The rules change several times a year: half a year after the end of the year that they are from, they are old.
fn zone_data(version: &str, now: DateTime<Utc>) -> Check {
    const NAME: &str = "time zone data";
    let detail = format!("Version {version} of the IANA database.");
    let old = zone::released(version).and_then(|year| year.checked_add_months(Months::new(18)));
    if old.is_some_and(|old| now.date_naive() < old) {
        return Check::ok(NAME, detail);
    }
    let detail = format!("{detail} It is {} now, and laws change clocks.", now.year());
    Check::of(Status::Warn, NAME, detail, "Install a newer version of Showup.")
}

fn secret_key(config: &Config) -> Check {
    const NAME: &str = "secret key";
    let Some(file) = config.secret_file() else {
        return Check::ok(NAME, "Given as SHOWUP_SECRET_KEY.");
    };
    let shown = file.display();
    match std::fs::metadata(&file) {
        Err(cause) => Check::of(
            Status::Fail,
            NAME,
            format!("{shown} can't be looked at ({cause}), and SHOWUP_SECRET_KEY is not set."),
            "Bring back the secret that the database is encrypted with. A new installation makes one at its first start.",
        ),
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => Check::of(
            Status::Warn,
            NAME,
            format!("Others than its owner may read {shown}."),
            format!("chmod 600 {shown}"),
        ),
        Ok(_) => Check::ok(NAME, format!("Kept in {shown}. Keep a copy away from the database.")),
    }
}

fn public_url(url: &str) -> Check {
    const NAME: &str = "public address";
    if url.starts_with("https://") {
        return Check::ok(NAME, url);
    }
    let detail =
        format!("{url} is not https: Twilio's webhooks and people's passwords would travel in the open, if they arrive.");
    Check::of(
        Status::Warn,
        NAME,
        detail,
        "Set PUBLIC_URL to the https address as seen from outside.",
    )
}

async fn twilio(config: &Config) -> Check {
    const NAME: &str = "Twilio";
    let (api, account) = match config.twilio() {
        Ok(Twilio {
            api,
            account: Some(account),
        }) => (api, account),
        Ok(_) => {
            let fix = "Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, unless every business has an account of its own.";
            return Check::of(Status::Warn, NAME, "This installation has no account.", fix);
        }
        Err(cause) => return Check::of(Status::Fail, NAME, format!("{cause:#}"), "See .env.sample."),
    };
    let Some(token) = account
        .tokens
        .first()
        .filter(|token: &&SecretString| !token.expose_secret().is_empty())
    else {
        return Check::of(Status::Fail, NAME, "There is no auth token.", "Set TWILIO_AUTH_TOKEN.");
    };
    match api.account(account.sid.clone(), token.clone()).account_status().await {
        Ok(status) if status == "active" => Check::ok(NAME, format!("Account {} is active.", account.sid)),
        Ok(status) => {
            let detail = format!("Account {} is {status}.", account.sid);
            Check::of(Status::Fail, NAME, detail, "See Twilio's console.")
        }
        Err(cause) => Check::of(
            Status::Fail,
            NAME,
            format!("Account {} can't be asked: {cause}", account.sid),
            "Check TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and the way to Twilio.",
        ),
    }
}

/// Connects and signs in; sends nothing.
async fn email(config: &Config) -> Check {
    const NAME: &str = "e-mail";
    let email = match config.email() {
        Ok(Some(email)) => email,
        Ok(None) => {
            let fix = "Set SMTP_URL and MAIL_FROM, so that owners hear by e-mail when texts can't go out.";
            return Check::of(Status::Warn, NAME, "There is no mail server.", fix);
        }
        Err(cause) => return Check::of(Status::Fail, NAME, format!("{cause:#}"), "See .env.sample."),
    };
    let place = email.place();
    match email.check().await {
        Ok(()) => Check::ok(
            NAME,
            format!("The mail server {place} answers; mail is from {}.", email.from()),
        ),
        Err((words, fix)) => Check::of(Status::Fail, NAME, format!("{place}: {words}"), fix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_data_grows_old() {
        let at = |text: &str| text.parse().expect("an instant");
        assert_eq!(zone_data("2026f", at("2027-06-30T00:00:00Z")).status, Status::Ok);
        assert_eq!(zone_data("2026f", at("2027-07-01T00:00:00Z")).status, Status::Warn);
        assert_eq!(zone_data("unknown", at("2027-01-01T00:00:00Z")).status, Status::Warn);
    }
}
