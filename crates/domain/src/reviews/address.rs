//! Where a business is reviewed: what may stand as the address of a platform.

use super::Platform;

/// An address, taken apart: host in small letters, path and query as they were written.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    pub host: &'a str,
    pub path: &'a str,
    pub query: Option<&'a str>,
}

/// Why an address is not taken, for who typed it.
pub type Wrong = &'static str;

const GOOGLE: Wrong = "Please give the link that Google shows under “Ask for reviews”: \
     https://search.google.com/local/writereview?placeid=… or https://g.page/r/…/review.";
const TRUSTPILOT: Wrong = "Trustpilot invites by its own mail: please give the secret address that it shows under “Automatic invitations”, which \
     ends with trustpilot.com. Reviews that come by a plain link are not marked as verified, and many of them earn a public warning; if you \
     want one all the same, add it as another page.";

/// Whether a link may stand for a platform of this kind. `link`: none for what is no link, like the address of a mailbox.
///
/// # Errors
/// What is asked for instead.
pub fn fits(platform: Platform, typed: &str, link: Option<Parts<'_>>) -> Result<(), Wrong> {
    match (platform, link) {
        (Platform::Trustpilot, _) => is_invitation(typed).then_some(()).ok_or(TRUSTPILOT),
        (Platform::Google, Some(link)) => is_google(&link).then_some(()).ok_or(GOOGLE),
        (Platform::Google, None) => Err(GOOGLE),
        (Platform::Custom, Some(link)) if is_public(link.host) => Ok(()),
        (Platform::Custom, _) => Err("Please give the address of a page that everybody can open, beginning with https://."),
    }
}

/// The mailbox of a business at Trustpilot, which hands each mail on as an invitation.
fn is_invitation(typed: &str) -> bool {
    let Some((name, host)) = typed.split_once('@') else {
        return false;
    };
    let written = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b));
    let theirs = host == "trustpilot.com" || host.ends_with(".trustpilot.com");
    written(name) && written(host) && theirs
}

fn is_google(link: &Parts<'_>) -> bool {
    let id = |text: &str, least: usize| {
        text.len() >= least && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    match (link.host, link.path) {
        ("search.google.com", "/local/writereview") => {
            let place = link
                .query
                .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("placeid=")));
            place.is_some_and(|place| id(place, 10))
        }
        ("g.page", path) => {
            let name = path.strip_prefix("/r/").and_then(|rest| rest.strip_suffix("/review"));
            name.is_some_and(|name| id(name, 5))
        }
        _ => false,
    }
}

/// A name that the public net knows: no number, no machine of somebody's own.
fn is_public(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let named = host.contains('.') && last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    named && !matches!(last, "local" | "internal" | "localhost" | "lan" | "home")
}

/// What who gives such a link should know.
#[must_use]
pub fn warning(platform: Platform, host: &str) -> Option<&'static str> {
    let theirs = host == "trustpilot.com" || host.ends_with(".trustpilot.com");
    (platform == Platform::Custom && theirs).then_some(
        "Reviews that come by a plain link are not marked as verified at Trustpilot, and many of them earn a public warning on your profile. \
         Its own invitations by mail are the safe way.",
    )
}
