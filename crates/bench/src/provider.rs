//! In place of Twilio: takes every text at once, remembers it, lists nothing.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::post,
};
use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::machine::now;

/// A text as it was handed over.
#[derive(Clone)]
pub struct Sent {
    pub sid: String,
    pub to: String,
    pub body: String,
    pub callback: String,
    pub at: Instant,
    pub time: DateTime<Utc>,
}

#[derive(Clone)]
pub struct Provider {
    pub address: String,
    sent: Arc<Mutex<Vec<Sent>>>,
    hold: Arc<watch::Sender<bool>>,
}

/// The longest a held request waits; the product would call it lost after 30 seconds.
const HELD: Duration = Duration::from_secs(20);

impl Provider {
    pub async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let provider = Self {
            address: listener.local_addr()?.to_string(),
            sent: Arc::default(),
            hold: Arc::new(watch::Sender::new(false)),
        };
        let messages = post(create).get(list);
        let app = Router::new()
            .route("/2010-04-01/Accounts/{account}/Messages.json", messages)
            .with_state(provider.clone());
        tokio::spawn(axum::serve(listener, app).into_future());
        Ok(provider)
    }

    pub fn sent(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// While held, texts wait for their answer, so that what is queued stays queued.
    pub fn hold(&self, held: bool) {
        self.hold.send_replace(held);
    }

    /// Waits until `count` texts have come; false when nothing came for `patience`.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> bool {
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            let here = self.sent().len();
            if here >= count {
                return true;
            }
            if here > seen {
                (seen, since) = (here, Instant::now());
            }
            if since.elapsed() > patience {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn create(State(provider): State<Provider>, body: Bytes) -> impl IntoResponse {
    let field = |name: &str| {
        let value = form_urlencoded::parse(&body)
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.into_owned());
        value.unwrap_or_default()
    };
    let (to, from, text) = (field("To"), field("From"), field("Body"));
    let time = now();
    let sid = {
        let mut sent = provider.sent();
        let sid = format!("SM{:032x}", 0xbe << 64 | sent.len() as u128);
        sent.push(Sent {
            sid: sid.clone(),
            to: to.clone(),
            body: text.clone(),
            callback: field("StatusCallback"),
            at: Instant::now(),
            time,
        });
        sid
    };
    let mut held = provider.hold.subscribe();
    let _ = tokio::time::timeout(HELD, held.wait_for(|held| !held)).await;
    let account = account_sid();
    let json = serde_json::json!({
        "account_sid": account, "api_version": "2010-04-01", "body": text, "date_created": time.to_rfc2822(),
        "date_sent": null, "date_updated": time.to_rfc2822(), "direction": "outbound-api", "error_code": null,
        "error_message": null, "from": from, "messaging_service_sid": null, "num_media": "0", "num_segments": "1",
        "price": null, "price_unit": "USD", "sid": sid, "status": "queued",
        "subresource_uris": { "media": format!("/2010-04-01/Accounts/{account}/Messages/{sid}/Media.json") },
        "to": to, "uri": format!("/2010-04-01/Accounts/{account}/Messages/{sid}.json"),
    });
    (
        StatusCode::CREATED,
        [(header::CONTENT_TYPE, "application/json")],
        json.to_string(),
    )
}

async fn list() -> impl IntoResponse {
    let json = r#"{"messages":[],"next_page_uri":null,"page":0,"page_size":50}"#;
    ([(header::CONTENT_TYPE, "application/json")], json)
}

pub fn account_sid() -> String {
    format!("AC{}", "be".repeat(16))
}

pub fn auth_token() -> String {
    "ce".repeat(16)
}
