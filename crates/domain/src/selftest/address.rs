//! Our own address, as the world sees it.

use super::{Facts, Line, Reach, Status};

const OPERATOR: &str = "Whoever runs this server";

/// The name in an address: `reminders.example.com` of `https://reminders.example.com:8443/x`.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match authority.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// Only this machine can reach it: it is being tried out.
#[must_use]
pub fn is_local(url: &str) -> bool {
    matches!(host(url), "localhost" | "127.0.0.1" | "::1" | "0.0.0.0") || host(url).ends_with(".localhost")
}

/// Whether two addresses are the same to Twilio: what stands behind # is for Twilio itself, and names of hosts have no case.
#[must_use]
pub fn same_address(a: &str, b: &str) -> bool {
    let plain = |url: &str| {
        let url = url
            .split('#')
            .next()
            .unwrap_or_default()
            .trim()
            .trim_end_matches('/')
            .to_owned();
        let name = host(&url).to_owned();
        url.replacen(&name, &name.to_ascii_lowercase(), 1)
    };
    plain(a) == plain(b)
}

pub(super) fn scheme(facts: &Facts) -> Line {
    let url = &facts.public_url;
    let line = Line::new("https", "Public address").essential();
    let fix = |line: Line, words: &str| line.fix(format!("{OPERATOR} {words}"), "");
    if is_local(url) {
        let line = line.seen(
            Status::Warn,
            format!("{url} is this machine alone: fine for a trial with the simulator, and nothing that Twilio could reach."),
        );
        return fix(line, "sets PUBLIC_URL to the https address as it is seen from outside.");
    }
    if !url.starts_with("https://") {
        let line = line.seen(
            Status::Fail,
            format!("{url} is not https: texts and passwords would travel in the open."),
        );
        return fix(
            line,
            "puts a proxy with TLS before it and sets PUBLIC_URL to the https address.",
        );
    }
    if host(url).contains('_') {
        let line = line.seen(
            Status::Fail,
            format!("{} has an underscore, which Twilio does not call.", host(url)),
        );
        return fix(line, "gives the server a name without underscores.");
    }
    line.seen(Status::Ok, format!("{url} is https."))
}

pub(super) fn reach(facts: &Facts) -> Line {
    let url = &facts.public_url;
    let line = Line::new("reach", "The public address leads here").essential();
    let fix = |line: Line, words: &str| line.fix(format!("{OPERATOR} {words}"), "");
    match &facts.reach {
        Reach::Here { host: seen } if seen.is_empty() || host(seen).eq_ignore_ascii_case(host(url)) => {
            line.seen(Status::Ok, format!("{url} was called and this installation answered."))
        }
        Reach::Here { host: seen } => {
            let line = line.seen(
                Status::Warn,
                format!("It leads here, but the proxy passes the name on as {seen}."),
            );
            fix(line, "lets the proxy pass on Host unchanged.")
        }
        Reach::Elsewhere(status) => {
            let line = line.seen(
                Status::Fail,
                format!("Something else answered at {url} (HTTP {status}): customers’ texts would go there."),
            );
            fix(
                line,
                "sets PUBLIC_URL to the address of this installation, and lets the proxy pass on every path.",
            )
        }
        Reach::Redirect(to) => {
            let line = line.seen(
                Status::Fail,
                format!("{url} sends on to {to}; Twilio’s signatures do not survive that."),
            );
            fix(line, "sets PUBLIC_URL to the address at the end of it.")
        }
        Reach::Nobody(why) => {
            let line = line.seen(Status::Fail, format!("{url} does not answer from here: {why}."));
            fix(line, "looks at the name’s DNS, the certificate and the proxy.")
        }
    }
}

pub(super) fn signature(facts: &Facts) -> Line {
    let line = Line::new("signature", "Twilio’s signature").essential();
    let Some(tried) = facts.signature else {
        return line.seen(Status::Skipped, "There is no auth token to sign with.");
    };
    let said = |status: Option<u16>| status.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
    match (tried.right, tried.wrong) {
        (Some(200..=299), Some(403)) => line.seen(
            Status::Ok,
            "A request that is signed as Twilio does came through, and one with a wrong signature was refused.",
        ),
        (Some(200..=299), wrong) => line
            .seen(Status::Fail, format!("A request with a wrong signature was not refused ({}).", said(wrong)))
            .fix(format!("{OPERATOR} looks what answers in place of Showup."), ""),
        (None, _) => line.seen(Status::Skipped, "It could not be tried: the public address does not answer."),
        (right, _) => line
            .seen(Status::Fail, format!("A request that is signed as Twilio does was refused ({}).", said(right)))
            .fix(
                format!("{OPERATOR} sets PUBLIC_URL to exactly the address that Twilio calls; the proxy must not change path or query."),
                "",
            ),
    }
}
