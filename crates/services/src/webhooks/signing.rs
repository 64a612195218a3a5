//! Secrets and signatures, as Standard Webhooks has them: HMAC-SHA256 over `id.timestamp.body`.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::kernel::{Error, Result};

const PREFIX: &str = "whsec_";

/// 32 random bytes.
pub(super) fn new_secret() -> SecretString {
    format!("{PREFIX}{}", STANDARD.encode(rand::random::<[u8; 32]>())).into()
}

/// The header `webhook-signature`: one signature for each secret that holds, so that a receiver may change from one to the other.
///
/// # Errors
/// When a secret is none of ours.
pub(super) fn signatures(secrets: &[SecretString], id: &str, timestamp: i64, body: &str) -> Result<String> {
    let signed = format!("{id}.{timestamp}.{body}");
    let all: Result<Vec<String>> = secrets.iter().map(|secret| signature(secret, &signed)).collect();
    Ok(all?.join(" "))
}

fn signature(secret: &SecretString, signed: &str) -> Result<String> {
    let key = secret.expose_secret().strip_prefix(PREFIX);
    let key = key.and_then(|key| STANDARD.decode(key).ok());
    let key = key.ok_or_else(|| Error::broken("a webhook's secret is not written as one"))?;
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::kernel::Clock;

    #[test]
    fn a_signature_is_the_standards_own() {
        // Of the specification's test suite.
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let made = signatures(
            &[secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(made.expect("a secret"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_official_library_takes_both_secrets_of_a_rotation_and_no_other() {
        let (new, old, other) = (new_secret(), new_secret(), new_secret());
        let body = r#"{"type":"task.done","timestamp":"2027-01-04T15:00:00Z","data":{"id":"ü"}}"#;
        let now = Clock::system().now().timestamp();
        let made = signatures(&[new.clone(), old.clone()], "01a1", now, body).expect("secrets");
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", "01a1".parse().expect("a value"));
        headers.insert("webhook-timestamp", now.into());
        headers.insert("webhook-signature", made.parse().expect("a value"));
        for secret in [&new, &old] {
            let library = standardwebhooks::Webhook::new(secret.expose_secret()).expect("a secret");
            assert!(library.verify(body.as_bytes(), &headers).is_ok());
            assert!(library.verify(b"{}", &headers).is_err(), "another body");
        }
        let library = standardwebhooks::Webhook::new(other.expose_secret()).expect("a secret");
        assert!(library.verify(body.as_bytes(), &headers).is_err());
    }
}
