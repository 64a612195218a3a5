//! An OpenID Connect issuer at a socket: discovery, keys, and tokens that are signed with RS256. What it puts into a token, a test decides.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const CLIENT: &str = "showup";
pub const SECRET: &str = "the client's secret";

/// What a browser was sent to the issuer with.
#[derive(Clone)]
pub struct Asked(pub HashMap<String, String>);

#[derive(Default)]
struct Issued {
    /// Code: what was asked, and what the token is to say.
    codes: HashMap<String, (Asked, Value)>,
    tokens: u32,
    /// It signs with another key from now on, and does not list the old one.
    stranger: bool,
    /// What it calls itself, if not its address.
    called: Option<String>,
}

#[derive(Clone)]
pub struct Issuer {
    pub url: String,
    issued: Arc<Mutex<Issued>>,
}

impl Issuer {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let issuer = Self {
            url,
            issued: Arc::default(),
        };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(issuer.clone());
        tokio::spawn(axum::serve(listener, routes).into_future());
        issuer
    }

    fn with<T>(&self, work: impl FnOnce(&mut Issued) -> T) -> T {
        work(&mut self.issued.lock().expect("not poisoned"))
    }

    /// What a token says of somebody, for who was asked.
    pub fn claims(&self, now: DateTime<Utc>, asked: &Asked, subject: &str, email: &str) -> Value {
        let now = now.timestamp();
        json!({
            "iss": self.url, "aud": CLIENT, "sub": subject, "email": email, "email_verified": true,
            "nonce": asked.0["nonce"], "iat": now, "exp": now + 300,
        })
    }

    /// Somebody signs in there; the code that they are sent back with.
    pub fn signs_in(&self, asked: &Asked, claims: Value) -> String {
        self.with(|issued| {
            let code = format!("code-{}", issued.codes.len());
            issued.codes.insert(code.clone(), (asked.clone(), claims));
            code
        })
    }

    /// How many tokens were given out.
    pub fn tokens(&self) -> u32 {
        self.with(|issued| issued.tokens)
    }

    /// From now on it signs with another key.
    pub fn changes_its_key(&self) {
        self.with(|issued| issued.stranger = true);
    }

    pub fn calls_itself(&self, name: &str) {
        self.with(|issued| issued.called = Some(name.to_owned()));
    }

    fn key(&self) -> CoreRsaPrivateSigningKey {
        let stranger = self.with(|issued| issued.stranger);
        let (pem, id) = if stranger {
            (include_str!("stranger.pem"), "two")
        } else {
            (include_str!("issuer.pem"), "one")
        };
        CoreRsaPrivateSigningKey::from_pem(pem, Some(JsonWebKeyId::new(id.to_owned()))).expect("a key")
    }

    fn signed(&self, claims: &Value) -> String {
        let id = if self.with(|issued| issued.stranger) { "two" } else { "one" };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let said = format!("{}.{}", part(&json!({"alg": "RS256", "kid": id, "typ": "JWT"})), part(claims));
        let signature = self
            .key()
            .sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, said.as_bytes());
        format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature.expect("signed")))
    }
}

async fn describe(State(issuer): State<Issuer>) -> Json<Value> {
    let url = &issuer.url;
    let called = issuer.with(|issued| issued.called.clone()).unwrap_or_else(|| url.clone());
    Json(json!({
        "issuer": called,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

async fn keys(State(issuer): State<Issuer>) -> Json<Value> {
    let key = serde_json::to_value(issuer.key().as_verification_key()).expect("JSON");
    Json(json!({ "keys": [key] }))
}

/// A code for a token, once, to the client itself alone, and only with the word behind the challenge.
async fn token(State(issuer): State<Issuer>, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET)))
    );
    let refused = |why: &str| {
        (
            StatusCode::BAD_REQUEST,
            Json(json!({"error": "invalid_grant", "error_description": why})),
        )
            .into_response()
    };
    if headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()) != Some(&basic) {
        return refused("the client");
    }
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let Some((asked, claims)) = issuer.with(|issued| issued.codes.remove(&field("code"))) else {
        return refused("the code");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
    if asked.0["code_challenge"] != challenge || asked.0["code_challenge_method"] != "S256" {
        return refused("the verifier");
    }
    if asked.0["redirect_uri"] != field("redirect_uri") {
        return refused("the way back");
    }
    issuer.with(|issued| issued.tokens += 1);
    let token = issuer.signed(&claims);
    Json(json!({"access_token": "nothing", "token_type": "Bearer", "expires_in": 60, "id_token": token})).into_response()
}

/// As a form writes it (RFC 6749, 2.3.1).
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
