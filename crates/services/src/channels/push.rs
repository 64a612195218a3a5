//! Web Push: a note to one browser by way of its maker's push service (RFC 8030), sealed for that browser alone (RFC 8291) and signed with
//! this installation's key (RFC 8292). The address comes from a browser, so it is a stranger's word: only public hosts are called, over
//! https, and no redirect is followed.

mod address;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
    elliptic_curve::{rand_core::OsRng, sec1::ToEncodedPoint},
};
use reqwest::{StatusCode, header::RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use web_push_native::{Auth, encrypt};

pub(crate) use address::{Strictness, valid};

use crate::kernel::addresses::Public;

/// How long one call may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// A push service keeps a note for a device that is off for so long (seconds): older ones are no news.
const KEPT: u32 = 4 * 3_600;

/// A signature is good for so long; push services take a day at most.
const SIGNED: chrono::Duration = chrono::Duration::hours(12);

/// A pause that a push service may ask for.
const LONGEST_PAUSE: u64 = 3_600;

/// The way to push services.
pub(crate) struct Push {
    http: reqwest::Client,
    /// Whom push services may write to about what we send.
    contact: String,
    pub strictness: Strictness,
}

/// A browser, as it made itself known.
pub(crate) struct Device<'a> {
    pub endpoint: &'a str,
    pub p256dh: &'a str,
    pub auth: &'a str,
}

/// This installation's pair of keys.
pub(crate) struct Keys {
    /// 32 bytes in base64url.
    pub secret: SecretString,
    /// 65 bytes in base64url.
    pub public: String,
}

/// What a push service said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has it. Whether the person sees it nobody tells.
    Taken,
    /// It knows this browser no more.
    Gone,
    /// Asking again would be answered the same.
    Refused(String),
    /// A second try is harmless: a device shows one note of a tag.
    Later { why: String, after: Option<Duration> },
}

impl Push {
    /// `public_url`: where browsers reach us.
    ///
    /// # Panics
    /// When TLS can't be set up on this machine, which `twilio` has tried before.
    pub(crate) fn new(public_url: &str) -> Self {
        let strictness = Strictness::at(public_url);
        let mut http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .user_agent(concat!("showup/", env!("CARGO_PKG_VERSION")));
        if strictness == Strictness::PublicOnly {
            http = http.https_only(true).dns_resolver(Public);
        }
        let contact = match strictness {
            Strictness::PublicOnly => public_url.to_owned(),
            // Push services want an address; of a development machine there is none.
            Strictness::Anywhere => "mailto:development@example.com".to_owned(),
        };
        Self {
            http: http.build().expect("a client for push services"),
            contact,
            strictness,
        }
    }

    /// Hands a note over; at most 2 KB. `topic`: a waiting one of the same topic is replaced.
    pub(crate) async fn send(&self, keys: &Keys, to: &Device<'_>, note: &[u8], topic: &str, now: DateTime<Utc>) -> Answer {
        let url = match valid(to.endpoint, self.strictness) {
            Ok(url) => url,
            Err(why) => return Answer::Refused(why.to_owned()),
        };
        let (Some(body), Some(vapid)) = (sealed(to, note), self.signed(keys, &url, now)) else {
            return Answer::Refused("The keys of this device or of this server can't be used.".to_owned());
        };
        let request = self
            .http
            .post(url)
            .header("TTL", KEPT)
            .header("Urgency", "high")
            .header("Topic", topic)
            .header("Content-Encoding", "aes128gcm")
            .header("Content-Type", "application/octet-stream")
            .header("Authorization", vapid)
            .body(body);
        match request.send().await {
            Ok(answer) => understood(&answer),
            Err(cause) => {
                tracing::info!(cause = %cause.without_url(), "a push service was not reached");
                Answer::Later {
                    why: "The push service could not be reached.".to_owned(),
                    after: None,
                }
            }
        }
    }

    /// Who we are, for one push service and some hours.
    fn signed(&self, keys: &Keys, url: &Url, now: DateTime<Utc>) -> Option<String> {
        let secret = URL_SAFE_NO_PAD.decode(keys.secret.expose_secret()).ok()?;
        let key = SigningKey::from_slice(&secret).ok()?;
        let claims = serde_json::json!({
            "aud": url.origin().ascii_serialization(),
            "exp": (now + SIGNED).timestamp(),
            "sub": self.contact,
        });
        let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let said = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature: Signature = key.sign(said.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        Some(format!("vapid t={said}.{signature}, k={}", keys.public))
    }
}

fn sealed(to: &Device<'_>, note: &[u8]) -> Option<Vec<u8>> {
    let (public, auth) = keys_of(to.p256dh, to.auth)?;
    encrypt(note.to_vec(), &public, &auth).ok()
}

/// A browser's two keys, if they are that.
pub(crate) fn keys_of(p256dh: &str, auth: &str) -> Option<(p256::PublicKey, Auth)> {
    let point = URL_SAFE_NO_PAD.decode(p256dh).ok()?;
    let auth = URL_SAFE_NO_PAD.decode(auth).ok()?;
    let public = p256::PublicKey::from_sec1_bytes(&point).ok()?;
    let auth: [u8; 16] = auth.try_into().ok()?;
    (point.len() == 65).then_some((public, Auth::from(auth)))
}

/// A new pair.
pub(crate) fn new_keys() -> Keys {
    let secret = p256::SecretKey::random(&mut OsRng);
    let point = secret.public_key().to_encoded_point(false);
    Keys {
        secret: URL_SAFE_NO_PAD.encode(secret.to_bytes()).into(),
        public: URL_SAFE_NO_PAD.encode(point.as_bytes()),
    }
}

fn understood(answer: &reqwest::Response) -> Answer {
    let status = answer.status();
    let asked = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let after = asked.map(|seconds: u64| Duration::from_secs(seconds.min(LONGEST_PAUSE)));
    match status {
        _ if status.is_success() => Answer::Taken,
        StatusCode::NOT_FOUND | StatusCode::GONE => Answer::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Answer::Later {
            why: "The push service asks us to slow down.".to_owned(),
            after,
        },
        _ if status.is_server_error() => Answer::Later {
            why: format!("The push service has trouble of its own ({}).", status.as_u16()),
            after,
        },
        _ => Answer::Refused(format!("The push service refused it ({}).", status.as_u16())),
    }
}
