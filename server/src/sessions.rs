//! Browser sessions in the database.

use std::collections::HashMap;

use app::ssr::{ACCOUNT, AGENT};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use contract::{Code, Problem};
use services::{
    Actor, Principal, Services,
    accounts::sessions::{self, Kept},
};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer, SessionStore,
    cookie::SameSite,
    session::{Id, Record},
    session_store::{Error, Result},
};

use crate::rest::ApiError;

#[derive(Clone)]
pub struct Store(Services);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

/// Cookies that scripts can't read, that other sites don't send along, and that stay off plain HTTP where we are behind TLS.
/// Two weeks without an appointment end a session.
pub fn layer(services: Services) -> SessionManagerLayer<Store> {
    let https = services.settings().public_url.starts_with("https://");
    SessionManagerLayer::new(Store(services))
        .with_name("showup_session")
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(time::Duration::days(14)))
}

/// The member this browser is signed in as.
///
/// # Errors
/// `SignInNeeded` when nobody is, or the membership is gone.
pub(crate) async fn member(s: &Services, session: &Session) -> std::result::Result<Actor, ApiError> {
    let refused = || Problem::new(Code::SignInNeeded, "Please sign in.");
    let Some(claim) = app::ssr::claim(session).await.ok().flatten() else {
        return Err(refused().into());
    };
    let actor = sessions::actor(s, claim).await?.ok_or_else(refused)?;
    if matches!(actor.who, Principal::Platform { .. }) {
        // These doors write, or hand out whole lists.
        return Err(Problem::new(
            Code::NotAllowed,
            "Who only looks into a business gets no files and no streams of it.",
        )
        .into());
    }
    Ok(actor)
}

fn backend(error: impl std::fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

fn kept(record: &Record) -> Result<Kept<'_>> {
    let text = |name| record.data.get(name).and_then(serde_json::Value::as_str);
    Ok(Kept {
        data: serde_json::to_string(&record.data).map_err(|e| Error::Encode(e.to_string()))?,
        expires_at: DateTime::<Utc>::from_timestamp(record.expiry_date.unix_timestamp(), 0).ok_or_else(|| backend("expiry"))?,
        account_id: text(ACCOUNT).and_then(|id| id.parse().ok()),
        user_agent: text(AGENT).unwrap_or_default(),
    })
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // 128 random bits: a collision is not a case.
        sessions::create(&self.0, &record.id.0.to_be_bytes(), kept(record)?)
            .await
            .map_err(backend)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        sessions::save(&self.0, &record.id.0.to_be_bytes(), kept(record)?)
            .await
            .map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some((data, expires_at)) = sessions::load(&self.0, &id.0.to_be_bytes()).await.map_err(backend)? else {
            return Ok(None);
        };
        let data: HashMap<String, serde_json::Value> = serde_json::from_str(&data).map_err(|e| Error::Decode(e.to_string()))?;
        let expiry_date = time::OffsetDateTime::from_unix_timestamp(expires_at.timestamp()).map_err(backend)?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::delete(&self.0, &id.0.to_be_bytes()).await.map_err(backend)
    }
}
