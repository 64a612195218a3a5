//! The public address, as the world sees it.

use std::{future::ready, time::Duration};

use contract::platform::{Check, CheckStatus as Status};
use domain::selftest::{Loop, Reach, is_local};
use services::selftest;

use super::{Patient, found, ok};

pub(super) async fn scheme(patient: &Patient, name: &str) -> Option<Check> {
    let url = ready(patient.config.public_url()).await;
    if url.starts_with("https://") {
        return Some(ok(name, url));
    }
    let detail =
        format!("{url} is not https: Twilio's webhooks and people's passwords would travel in the open, if they arrive.");
    let fix = "Set PUBLIC_URL to the https address as seen from outside.";
    Some(found(Status::Warn, name, detail, fix))
}

pub(super) async fn reach(patient: &Patient, name: &str) -> Option<Check> {
    let s = patient.services.as_ref()?;
    let url = &s.settings().public_url;
    Some(match selftest::reach(s).await {
        Reach::Here { host } if host.is_empty() || url.ends_with(&format!("//{host}")) => {
            ok(name, format!("{url} was called and this installation answered."))
        }
        Reach::Here { host } => found(
            Status::Warn,
            name,
            format!("{url} leads here, but the proxy passes the name on as {host}."),
            "Let the proxy pass on Host unchanged (deploy/ has settings for Caddy and nginx).",
        ),
        Reach::Elsewhere(status) => found(
            Status::Fail,
            name,
            format!("Something else answered at {url} (HTTP {status})."),
            "Set PUBLIC_URL to the address of this installation, and let the proxy pass on every path.",
        ),
        Reach::Redirect(to) => found(
            Status::Fail,
            name,
            format!("{url} sends on to {to}; Twilio's signatures do not survive that."),
            "Set PUBLIC_URL to the address at the end of it.",
        ),
        Reach::Nobody(why) if is_local(url) => found(
            Status::Warn,
            name,
            format!("Nothing answers at {url}: {why}."),
            "Start `showup serve`, and look again.",
        ),
        Reach::Nobody(why) => found(
            Status::Fail,
            name,
            format!("{url} does not answer from here: {why}."),
            "Look at the name's DNS, the certificate and the proxy, and whether `showup serve` runs.",
        ),
    })
}

/// Two events come two seconds apart: a proxy that keeps them back hands both on at the end.
pub(super) async fn stream(patient: &Patient, name: &str) -> Option<Check> {
    let s = patient.services.as_ref()?;
    Some(match selftest::stream_delay(s).await? {
        delay if delay < Duration::from_millis(1_500) => ok(name, "An event arrived at once."),
        _ => found(
            Status::Warn,
            name,
            "Events arrive late: something on the way keeps them back, so open pages do not follow.",
            "Turn buffering off for this site (nginx: proxy_buffering off; deploy/ has an example).",
        ),
    })
}

pub(super) async fn signature(patient: &Patient, name: &str) -> Option<Check> {
    let s = patient.services.as_ref()?;
    let account = patient.config.twilio().ok()?.account?;
    let token = account.tokens.first()?;
    Some(match selftest::signed_loop(s, &account.sid, token).await {
        Loop { right: None, .. } => return None,
        Loop {
            right: Some(200..=299),
            wrong: Some(403),
        } => ok(
            name,
            "A request that is signed as Twilio does came through; one with a wrong signature was refused.",
        ),
        Loop {
            right: Some(200..=299), ..
        } => found(
            Status::Fail,
            name,
            "A request with a wrong signature was not refused.",
            "Look what answers in place of Showup.",
        ),
        Loop { right: Some(status), .. } => found(
            Status::Fail,
            name,
            format!("A request that is signed as Twilio does was refused (HTTP {status})."),
            "PUBLIC_URL must be exactly the address that Twilio calls, and the proxy must not change path or query.",
        ),
    })
}
