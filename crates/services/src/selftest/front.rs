//! Our own front door, seen from outside: the address that the world calls, and Twilio's signature on the way through every proxy.

use std::time::Duration;

use domain::selftest::{Loop, Reach};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use twilio::signature;

use crate::kernel::Services;

/// The longest nonce that is answered.
const NONCE: usize = 64;

/// Largest answer read, in bytes.
const MOST: usize = 4096;

/// What we call our own address with: no redirect is followed, and no proxy of the environment is used.
pub struct Front(reqwest::Client);

impl Front {
    /// # Panics
    /// When TLS can't be set up on this machine, which `twilio` has tried before.
    pub(crate) fn new() -> Self {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .user_agent(concat!("showup/", env!("CARGO_PKG_VERSION"), " (self-test)"));
        Self(http.build().expect("a client for our own address"))
    }
}

/// What this installation answers to a nonce, and no other does; none for what can't be a nonce.
pub fn here(s: &Services, nonce: &str) -> Option<String> {
    let fits = (16..=NONCE).contains(&nonce.len()) && nonce.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| s.vault().index(INSTANCE, nonce))
}

/// Whether that is what this installation answers. While keys change, two answers are right.
pub fn is_here(s: &Services, nonce: &str, answer: &str) -> bool {
    s.vault().indexes(INSTANCE, nonce).iter().any(|right| right == answer)
}

/// Keeps this use of the keys apart from every sealed column.
const INSTANCE: &str = "installation.nonce";

fn nonce() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

/// Calls our public address and looks whether this installation answers.
pub async fn reach(s: &Services) -> Reach {
    let (nonce, base) = (nonce(), &s.settings().public_url);
    let request = s.of::<Front>().0.get(format!("{base}/health/here/{nonce}"));
    let response = match request.send().await {
        Ok(response) => response,
        Err(cause) => return Reach::Nobody(words(cause)),
    };
    let status = response.status();
    if status.is_redirection() {
        let to = response
            .headers()
            .get(reqwest::header::LOCATION)
            .and_then(|to| to.to_str().ok());
        // What stands behind the path is nobody's business.
        let to = to.unwrap_or("another address").split(['?', '#']).next().unwrap_or_default();
        return Reach::Redirect(to.chars().take(200).collect());
    }
    let json = some(response).await;
    let told = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if status.is_success() && is_here(s, &nonce, &told("instance")) {
        return Reach::Here { host: told("host") };
    }
    Reach::Elsewhere(status.as_u16())
}

async fn some(mut response: reqwest::Response) -> Value {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        if body.len() + chunk.len() > MOST {
            return Value::Null;
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).unwrap_or_default()
}

/// How long the first of two events takes that come two seconds apart; none where they did not come.
pub async fn stream_delay(s: &Services) -> Option<Duration> {
    let (nonce, base) = (nonce(), &s.settings().public_url);
    let began = tokio::time::Instant::now();
    let mut response = s
        .of::<Front>()
        .0
        .get(format!("{base}/health/drip/{nonce}"))
        .send()
        .await
        .ok()?;
    if !response.status().is_success() {
        return None;
    }
    let first = response.chunk().await.ok()??;
    let took = began.elapsed();
    // What comes from somebody else says nothing about our way.
    let text = String::from_utf8_lossy(&first).into_owned();
    let answer = text.lines().find_map(|line| line.strip_prefix("data: "))?;
    is_here(s, &nonce, answer.trim()).then_some(took)
}

/// Sends what is signed as Twilio signs it through our front door, and then what is signed with another token.
pub async fn signed_loop(s: &Services, account_sid: &str, token: &SecretString) -> Loop {
    let right = token.expose_secret().to_owned();
    let wrong = nonce();
    let (right, wrong) = futures::join!(probe(s, account_sid, &right), probe(s, account_sid, &wrong));
    Loop { right, wrong }
}

async fn probe(s: &Services, account_sid: &str, token: &str) -> Option<u16> {
    let url = format!("{}/webhooks/twilio/probe", s.settings().public_url);
    let params = [("AccountSid", account_sid.to_owned()), ("Probe", nonce())].map(|(name, value)| (name.to_owned(), value));
    let signature = signature::sign(token, &url, &params);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish();
    let request = s.of::<Front>().0.post(&url).body(body);
    let request = request
        .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("X-Twilio-Signature", signature);
    request.send().await.ok().map(|response| response.status().as_u16())
}

/// Why nobody answered, without the address.
fn words(cause: reqwest::Error) -> String {
    let kind = if cause.is_timeout() {
        "it took too long"
    } else if cause.is_connect() {
        "no connection"
    } else {
        "the answer broke off"
    };
    let mut source: Option<&dyn std::error::Error> = Some(&cause);
    let mut deepest = String::new();
    while let Some(one) = source {
        deepest = one.to_string();
        source = one.source();
    }
    let deepest: String = deepest.chars().take(120).collect();
    if deepest.contains("://") {
        kind.to_owned()
    } else {
        format!("{kind} ({deepest})")
    }
}
