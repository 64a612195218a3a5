//! A push service at a socket, and a browser that has subscribed at it.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::notifications::{AddDevice, PushPayload};
use p256::{
    ecdsa::{Signature, VerifyingKey, signature::Verifier},
    elliptic_curve::{rand_core::OsRng, sec1::ToEncodedPoint},
};
use web_push_native::{Auth, decrypt};

/// What was posted to it.
pub struct Posted {
    pub to: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Default)]
struct Inner {
    posted: Mutex<Vec<Posted>>,
    /// What it answers; without: 201.
    status: Mutex<Option<u16>>,
}

#[derive(Clone, Default)]
pub struct PushService {
    inner: Arc<Inner>,
    pub url: String,
}

impl PushService {
    pub async fn start() -> Self {
        let inner = Arc::<Inner>::default();
        let app = Router::new().route("/send/{to}", post(take)).with_state(inner.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { inner, url }
    }

    pub fn answer(&self, status: u16) {
        *self.inner.status.lock().expect("a lock") = Some(status);
    }

    pub fn taken(&self) -> Vec<Posted> {
        std::mem::take(&mut *self.inner.posted.lock().expect("a lock"))
    }
}

async fn take(State(inner): State<Arc<Inner>>, Path(to): Path<String>, headers: HeaderMap, body: Bytes) -> StatusCode {
    inner.posted.lock().expect("a lock").push(Posted { to, headers, body });
    let status = *inner.status.lock().expect("a lock");
    StatusCode::from_u16(status.unwrap_or(201)).expect("a status")
}

/// A browser with its own keys.
pub struct Browser {
    secret: p256::SecretKey,
    auth: [u8; 16],
    pub endpoint: String,
}

impl Browser {
    pub fn at(service: &PushService, name: &str) -> Self {
        Self {
            secret: p256::SecretKey::random(&mut OsRng),
            auth: *b"sixteen bytes ok",
            endpoint: format!("{}/send/{name}", service.url),
        }
    }

    pub fn subscription(&self) -> AddDevice {
        let point = self.secret.public_key().to_encoded_point(false);
        AddDevice {
            endpoint: self.endpoint.clone(),
            p256dh: URL_SAFE_NO_PAD.encode(point.as_bytes()),
            auth: URL_SAFE_NO_PAD.encode(self.auth),
            name: "Firefox on a desk".to_owned(),
        }
    }

    /// What only this browser can read.
    pub fn reads(&self, posted: &Posted) -> PushPayload {
        let plain = decrypt(posted.body.to_vec(), &self.secret, &Auth::from(self.auth)).expect("sealed for this browser");
        serde_json::from_slice(&plain).expect("a note")
    }
}

/// What the signature says, if it is one of the key that it names and that the browser was given.
pub fn claims(posted: &Posted, key: &str) -> serde_json::Value {
    let header = posted.headers["authorization"].to_str().expect("text");
    let (token, named) = header
        .strip_prefix("vapid t=")
        .and_then(|rest| rest.split_once(", k="))
        .expect("vapid");
    assert_eq!(named, key, "the key that the browser was given");
    let (said, signature) = token.rsplit_once('.').expect("a token");
    let point = URL_SAFE_NO_PAD.decode(key).expect("base64");
    let verifying = VerifyingKey::from_sec1_bytes(&point).expect("a point");
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).expect("base64")).expect("a signature");
    verifying.verify(said.as_bytes(), &signature).expect("signed with that key");
    let (_, claims) = said.split_once('.').expect("claims");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON")
}
