//! Those we talk to: Twilio and the mail server.

use contract::platform::{Check, CheckStatus as Status};
use domain::selftest::CLOCKS;
use secrecy::{ExposeSecret, SecretString};
use services::{Twilio, doctor, selftest};

use super::{Patient, found, ok};

pub(super) async fn clock(patient: &Patient, name: &str) -> Option<Check> {
    let ahead = selftest::ahead(patient.services.as_ref()?).await?;
    if ahead.abs() < CLOCKS {
        return Some(ok(name, "It agrees with Twilio's."));
    }
    let way = if ahead > chrono::Duration::zero() {
        "behind"
    } else {
        "ahead of"
    };
    let detail = format!(
        "This machine's clock is {} seconds {way} Twilio's.",
        ahead.num_seconds().abs()
    );
    Some(found(Status::Warn, name, detail, "Turn on time synchronisation (NTP)."))
}

pub(super) async fn twilio(patient: &Patient, name: &str) -> Option<Check> {
    let (api, account) = match patient.config.twilio() {
        Ok(Twilio {
            api,
            account: Some(account),
        }) => (api, account),
        Ok(_) => {
            let fix = "Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, unless every business has an account of its own.";
            return Some(found(Status::Warn, name, "This installation has no account.", fix));
        }
        Err(cause) => return Some(found(Status::Fail, name, format!("{cause:#}"), "See .env.sample.")),
    };
    let filled = |token: &&SecretString| !token.expose_secret().is_empty();
    let Some(token) = account.tokens.first().filter(filled) else {
        return Some(found(Status::Fail, name, "There is no auth token.", "Set TWILIO_AUTH_TOKEN."));
    };
    Some(match api.account(account.sid.clone(), token.clone()).account_status().await {
        Ok(status) if status == "active" => ok(name, format!("Account {} is active.", account.sid)),
        Ok(status) => {
            let detail = format!("Account {} is {status}.", account.sid);
            found(Status::Fail, name, detail, "See Twilio's console.")
        }
        Err(cause) => found(
            Status::Fail,
            name,
            format!("Account {} can't be asked: {cause}", account.sid),
            "Check TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and the way to Twilio.",
        ),
    })
}

/// Those that businesses brought along; the installation's has a line of its own.
pub(super) async fn accounts(patient: &Patient, name: &str) -> Option<Check> {
    let all = match doctor::accounts(patient.services.as_ref()?).await {
        Ok(all) => all,
        Err(cause) => return Some(found(Status::Fail, name, cause.to_string(), "Look at the database first.")),
    };
    let own: Vec<_> = all.into_iter().filter(|account| account.business.is_some()).collect();
    if own.is_empty() {
        return None;
    }
    let wrong: Vec<String> = own
        .iter()
        .filter(|account| account.status.as_deref() != Ok("active"))
        .map(|account| {
            let said = match &account.status {
                Ok(status) => format!("is {status}"),
                Err(cause) => format!("can't be asked ({cause})"),
            };
            format!(
                "{} of {} {said}",
                account.sid,
                account.business.as_deref().unwrap_or_default()
            )
        })
        .collect();
    Some(if wrong.is_empty() {
        ok(name, format!("{} are active.", own.len()))
    } else {
        let detail = format!("{}.", wrong.join("; "));
        found(
            Status::Fail,
            name,
            detail,
            "Their owners give a new auth token in Settings, or ask Twilio.",
        )
    })
}

/// Connects and signs in; sends nothing.
pub(super) async fn email(patient: &Patient, name: &str) -> Option<Check> {
    let email = match patient.config.email() {
        Ok(Some(email)) => email,
        Ok(None) => {
            let fix = "Set SMTP_URL and MAIL_FROM, so that owners hear by e-mail when texts can't go out.";
            return Some(found(Status::Warn, name, "There is no mail server.", fix));
        }
        Err(cause) => return Some(found(Status::Fail, name, format!("{cause:#}"), "See .env.sample.")),
    };
    let place = email.place();
    Some(match email.check().await {
        Ok(()) => ok(
            name,
            format!("The mail server {place} answers; mail is from {}.", email.from()),
        ),
        Err((words, fix)) => found(Status::Fail, name, format!("{place}: {words}"), fix),
    })
}

pub(super) async fn push(patient: &Patient, name: &str) -> Option<Check> {
    Some(match doctor::has_push_key(patient.services.as_ref()?).await {
        Ok(true) => ok(name, "There is a key to push with."),
        Ok(false) => found(
            Status::Warn,
            name,
            "There is no key to push with yet.",
            "The first `showup serve` makes one.",
        ),
        Err(cause) => found(Status::Fail, name, cause.to_string(), "Look at the database first."),
    })
}
