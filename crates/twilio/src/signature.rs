//! The signature Twilio puts on every webhook request (`X-Twilio-Signature`; docs/twilio.md §1).
//!
//! Twilio signs the full URL as it called it, followed by the decoded form parameters, with HMAC-SHA1 under the account's auth token or,
//! where [`SETTINGS_HEADER`] says so, with HMAC-SHA256 under a key that the account shares with us. Neither key counts for the other's way.
//! Its back ends do not agree on whether a standard port, and which percent-encoding of the query, belongs to that URL. So, as Twilio's own
//! SDKs do, a request is accepted if any of the usual writings of the URL matches.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use url::Url;

/// The header that names the shared key a request is signed with: `key=<id>,algorithm=HMAC_SHA256`.
pub const SETTINGS_HEADER: &str = "X-Twilio-Webhooks-Signature-Settings";

/// A key that Twilio signs webhooks with in place of the auth token.
#[derive(Debug, Clone)]
pub struct SharedKey {
    /// What Twilio calls it.
    pub id: String,
    /// What it signs with.
    pub secret: SecretString,
}

/// All that an account may sign with.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// Auth tokens: the primary one, then the previous one while it is being rotated; empty ones are ignored.
    pub tokens: &'a [SecretString],
    /// Any number of shared keys.
    pub shared: &'a [SharedKey],
}

/// What a request that is believed was signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedBy {
    /// An auth token, with HMAC-SHA1.
    AuthToken,
    /// A shared key, with HMAC-SHA256.
    SharedKey,
}

impl SignedBy {
    /// For logs and counters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthToken => "auth_token",
            Self::SharedKey => "shared_key",
        }
    }
}

/// Why a request is not believed. Twilio's Node SDK answers 400 to the first and 403 to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The header is absent or empty.
    #[error("the request has no X-Twilio-Signature")]
    Missing,
    /// No token and no writing of the URL gives this signature.
    #[error("the X-Twilio-Signature does not fit this URL, body and auth token")]
    Wrong,
    /// The settings name an algorithm, or a shared key, that is not known, or do not make sense.
    #[error("the request is signed in a way, or with a shared key, that is not known here")]
    Settings,
    /// The body is not a form, and the URL has no `bodySHA256` or one that is not the hash of this body.
    #[error("the body is not the one that was signed (bodySHA256)")]
    BodyHash,
}

/// Checks that a request was signed by Twilio.
///
/// `keys` are those of the account that owns the number. `settings` is what [`SETTINGS_HEADER`] says: missing, empty or without an
/// algorithm, it means HMAC-SHA1 with an auth token. `url` is the full public URL as Twilio called it, with its query as it stood; a
/// fragment is ignored. `body` is the raw bytes. A form body (by `content_type`) is signed by its parameters; any other non-empty body only
/// by the `bodySHA256` in the query.
///
/// # Errors
/// [`Invalid`], without saying which part was wrong.
pub fn check(
    keys: Keys<'_>,
    settings: Option<&str>,
    url: &str,
    signature: Option<&str>,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<SignedBy, Invalid> {
    let given = signature.map(str::trim).filter(|s| !s.is_empty()).ok_or(Invalid::Missing)?;
    let (by, secrets) = chosen(keys, settings.unwrap_or_default())?;
    let mac = match by {
        SignedBy::AuthToken => mac::<Hmac<Sha1>>,
        SignedBy::SharedKey => mac::<Hmac<Sha256>>,
    };
    let url = without_fragment(url);
    let signed_params = if is_form(content_type) {
        canonical(form_urlencoded::parse(body))
    } else {
        check_body_hash(url, body)?;
        String::new()
    };
    let candidates = candidates(url);
    let mut ok = Choice::from(0);
    for secret in secrets.iter().map(|s| s.expose_secret()).filter(|s| !s.is_empty()) {
        for candidate in &candidates {
            ok |= mac(secret, candidate, &signed_params).as_bytes().ct_eq(given.as_bytes());
        }
    }
    if bool::from(ok) { Ok(by) } else { Err(Invalid::Wrong) }
}

/// What the settings say that the request is signed with. A token never counts for SHA-256, a shared key for nothing else.
fn chosen<'a>(keys: Keys<'a>, settings: &str) -> Result<(SignedBy, Vec<&'a SecretString>), Invalid> {
    let (id, algorithm) = (setting(settings, "key")?, setting(settings, "algorithm")?);
    match (algorithm, id) {
        (None, _) | (Some("HMAC_SHA1"), None) => Ok((SignedBy::AuthToken, keys.tokens.iter().collect())),
        (Some("HMAC_SHA256"), Some(id)) => {
            let secrets: Vec<_> = keys.shared.iter().filter(|key| key.id == id).map(|key| &key.secret).collect();
            if secrets.is_empty() {
                return Err(Invalid::Settings);
            }
            Ok((SignedBy::SharedKey, secrets))
        }
        _ => Err(Invalid::Settings),
    }
}

/// The value of a part `name=value`; parts stand between commas, with or without white space around them. One that is empty is none, one
/// that is there twice makes no sense.
fn setting<'a>(settings: &'a str, name: &str) -> Result<Option<&'a str>, Invalid> {
    let parts = settings.split(',').filter_map(|part| part.split_once('='));
    let mut values = parts.filter(|(n, _)| n.trim() == name).map(|(_, value)| value.trim());
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Invalid::Settings),
        (value, None) => Ok(value.filter(|v| !v.is_empty())),
    }
}

/// The signature Twilio would send for `url` (as given, nothing added or removed) and these decoded form parameters.
#[must_use]
pub fn sign(token: &str, url: &str, params: &[(String, String)]) -> String {
    mac::<Hmac<Sha1>>(token, url, &canonical(params.iter().map(|(n, v)| (n.as_str(), v.as_str()))))
}

/// The same with the secret of a shared key.
#[must_use]
pub fn sign_shared(secret: &str, url: &str, params: &[(String, String)]) -> String {
    mac::<Hmac<Sha256>>(secret, url, &canonical(params.iter().map(|(n, v)| (n.as_str(), v.as_str()))))
}

/// `name` + `value` for each distinct name in order and each distinct value of it in order.
fn canonical<N: Into<String>, V: Into<String>>(params: impl Iterator<Item = (N, V)>) -> String {
    let mut sorted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, value) in params {
        sorted.entry(name.into()).or_default().insert(value.into());
    }
    let mut text = String::new();
    for (name, values) in &sorted {
        for value in values {
            text.push_str(name);
            text.push_str(value);
        }
    }
    text
}

fn mac<M: Mac + KeyInit>(secret: &str, url: &str, signed_params: &str) -> String {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    mac.update(signed_params.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn is_form(content_type: Option<&str>) -> bool {
    content_type
        .and_then(|c| c.split(';').next())
        .is_some_and(|c| c.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

fn check_body_hash(url: &str, body: &[u8]) -> Result<(), Invalid> {
    let query = url.split_once('?').map_or("", |(_, q)| q);
    let given = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "bodySHA256")
        .map(|(_, hash)| hash);
    match given {
        None if body.is_empty() => Ok(()),
        None => Err(Invalid::BodyHash),
        Some(hash) => {
            let expected = hex::encode(Sha256::digest(body));
            if bool::from(expected.as_bytes().ct_eq(hash.to_ascii_lowercase().as_bytes())) {
                Ok(())
            } else {
                Err(Invalid::BodyHash)
            }
        }
    }
}

fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(before, _)| before)
}

/// The writings of `url` that Twilio's SDKs try: as received, as a browser would write it, and with its query decoded and encoded again;
/// each without a port and with one.
fn candidates(url: &str) -> BTreeSet<String> {
    let mut writings = vec![url.to_owned()];
    if let Ok(normal) = Url::parse(url) {
        writings.push(reencoded_query(normal.as_str()));
        writings.push(normal.into());
    }
    writings.iter().flat_map(|w| [without_port(w), with_port(w)]).collect()
}

/// A URL cut at its seams without changing a character: `scheme://`, `user:pw@`, host, `:port`, the rest.
struct Parts<'a> {
    scheme: &'a str,
    userinfo: &'a str,
    host: &'a str,
    port: &'a str,
    rest: &'a str,
}

fn parts(url: &str) -> Option<Parts<'_>> {
    let (scheme, after) = url.split_at(url.find("://")? + 3);
    let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
    let (userinfo, host_port) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    // A colon starts the port only behind the bracket that ends an IPv6 address.
    let port_from = host_port.rfind(']').unwrap_or(0);
    let (host, port) = host_port.split_at(host_port[port_from..].find(':').map_or(host_port.len(), |at| port_from + at));
    Some(Parts {
        scheme,
        userinfo,
        host,
        port,
        rest,
    })
}

fn without_port(url: &str) -> String {
    parts(url).map_or_else(|| url.to_owned(), |p| [p.scheme, p.userinfo, p.host, p.rest].concat())
}

fn with_port(url: &str) -> String {
    match parts(url) {
        Some(p) if p.port.is_empty() => {
            let port = if p.scheme.eq_ignore_ascii_case("https://") {
                ":443"
            } else {
                ":80"
            };
            [p.scheme, p.userinfo, p.host, port, p.rest].concat()
        }
        _ => url.to_owned(),
    }
}

/// The query parsed and written again the way Node's `querystring` does: names keep the place of their first appearance.
fn reencoded_query(url: &str) -> String {
    let Some((before, query)) = url.split_once('?').filter(|(_, q)| !q.is_empty()) else {
        return url.to_owned();
    };
    let mut grouped: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match grouped.iter_mut().find(|(n, _)| *n == name) {
            Some((_, values)) => values.push(value.into_owned()),
            None => grouped.push((name.into_owned(), vec![value.into_owned()])),
        }
    }
    let pairs: Vec<String> = grouped
        .iter()
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| format!("{}={}", node_escape(name), node_escape(value)))
        })
        .collect();
    format!("{before}?{}", pairs.join("&"))
}

/// Percent-encodes all but the characters Node's `querystring.escape` leaves alone.
fn node_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
