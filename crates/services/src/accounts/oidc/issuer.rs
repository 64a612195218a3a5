//! The issuer at its socket: what it says of itself, and what it answers for a code.

use std::{pin::Pin, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use contract::Code;
use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeVerifier, RedirectUrl, TokenResponse,
    core::{CoreClient, CoreClientAuthMethod, CoreIdToken, CoreProviderMetadata},
};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use super::{CALLBACK, Person};
use crate::kernel::{Error, OidcSettings, Result, Services, error::problem};

/// How long a call may take; nobody waits longer at a door.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Largest answer that is read: a list of keys is a few kilobytes.
const LARGEST: usize = 1024 * 1024;

/// What an issuer says of itself is asked for anew after so long; its keys change now and then.
const FRESH: chrono::Duration = chrono::Duration::hours(1);

/// And so soon at the earliest, when a key is not known.
const AGAIN: chrono::Duration = chrono::Duration::minutes(1);

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

pub(crate) struct Issuer {
    settings: OidcSettings,
    redirect: String,
    http: Http,
    known: Mutex<Option<(DateTime<Utc>, Arc<CoreProviderMetadata>)>>,
}

/// Why a call brought nothing; addresses and secrets stay out of it.
#[derive(Debug, thiserror::Error)]
enum CallFailed {
    #[error("it could not be reached: {0}")]
    Unreached(reqwest::Error),
    #[error("its answer is too large")]
    TooLarge,
    #[error("its answer can't be read")]
    Unreadable,
}

/// The way to the issuer.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = CallFailed;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<HttpResponse, CallFailed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Http {
    async fn send(&self, request: HttpRequest) -> std::result::Result<HttpResponse, CallFailed> {
        let request = reqwest::Request::try_from(request).map_err(CallFailed::Unreached)?;
        let sent = self.0.execute(request).await;
        let mut answer = sent.map_err(|e| CallFailed::Unreached(e.without_url()))?;
        let mut response = openidconnect::http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| CallFailed::Unreached(e.without_url()))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(CallFailed::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        response.body(body).map_err(|_| CallFailed::Unreadable)
    }
}

impl Issuer {
    /// # Panics
    /// When TLS can't be set up on this machine, which `twilio` has tried before.
    pub(crate) fn new(settings: OidcSettings, public_url: &str) -> Self {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(TIMEOUT)
            // It says where its doors are; nobody else leads us on.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(concat!("showup/", env!("CARGO_PKG_VERSION")));
        Self {
            redirect: format!("{public_url}{CALLBACK}"),
            http: Http(http.build().expect("a client for the issuer")),
            known: Mutex::new(None),
            settings,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.settings.name
    }

    pub(super) fn url(&self) -> &str {
        &self.settings.issuer
    }

    pub(super) fn is_called(&self, iss: &str) -> bool {
        iss == self.settings.issuer
    }

    /// What the person reads whom we don't know.
    pub(super) fn unknown(&self, why: &str) -> Error {
        let said = format!(
            "{} {why}. Nothing was created. Sign in with your password, or ask the owner of your business to invite you.",
            self.name()
        );
        problem(Code::NotAllowed, said)
    }

    /// What the issuer said is not so. The cause is for the log.
    pub(super) fn not_believed(&self, cause: impl std::fmt::Display) -> Error {
        tracing::warn!(%cause, "an answer of the OpenID Connect issuer was refused");
        let said = format!(
            "The answer of {} could not be verified, so nobody was signed in. Please try again, or use your password.",
            self.name()
        );
        problem(Code::NotAllowed, said)
    }

    fn away(&self, cause: impl std::fmt::Display) -> Error {
        tracing::warn!(%cause, "the OpenID Connect issuer does not answer as it should");
        let said = format!(
            "{} can't be reached just now. Please try again, or use your password.",
            self.name()
        );
        problem(Code::Unavailable, said)
    }

    /// What it says of itself, with its keys. Its own name for itself must be the one we were told.
    async fn metadata(&self, s: &Services, at_least: chrono::Duration) -> Result<Arc<CoreProviderMetadata>> {
        let mut known = self.known.lock().await;
        if let Some((at, metadata)) = known.as_ref()
            && s.now() - *at < at_least
        {
            return Ok(metadata.clone());
        }
        let url = IssuerUrl::new(self.settings.issuer.clone()).map_err(|e| self.away(e))?;
        let found = CoreProviderMetadata::discover_async(url, &self.http).await;
        let found = Arc::new(found.map_err(|e| self.away(said(&e)))?);
        *known = Some((s.now(), found.clone()));
        Ok(found)
    }

    pub(super) async fn client(&self, s: &Services) -> Result<Client> {
        let metadata = self.metadata(s, FRESH).await?;
        self.client_of(&metadata)
    }

    fn client_of(&self, metadata: &CoreProviderMetadata) -> Result<Client> {
        let takes = metadata.token_endpoint_auth_methods_supported();
        // Without a word of it, it is the header.
        let by_body = takes.is_some_and(|takes| {
            takes.contains(&CoreClientAuthMethod::ClientSecretPost) && !takes.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        let redirect = RedirectUrl::new(self.redirect.clone()).map_err(|e| self.away(e))?;
        let secret = ClientSecret::new(self.settings.client_secret.expose_secret().to_owned());
        let id = ClientId::new(self.settings.client_id.clone());
        let client = CoreClient::from_provider_metadata(metadata.clone(), id, Some(secret)).set_redirect_uri(redirect);
        Ok(client.set_auth_type(if by_body { AuthType::RequestBody } else { AuthType::BasicAuth }))
    }

    /// Who has brought this code.
    pub(super) async fn ask(&self, s: &Services, code: String, verifier: String, nonce: String) -> Result<Person> {
        let client = self.client(s).await?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|e| self.away(e))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&self.http)
            .await
            .map_err(|e| self.not_believed(said(&e)))?;
        let token = answer
            .id_token()
            .ok_or_else(|| self.not_believed("there is no id token in it"))?;
        let nonce = Nonce::new(nonce);
        if let Ok(person) = self.person(s, &client, token, &nonce) {
            return Ok(person);
        }
        // Its keys may have changed since they were read.
        let anew = self.metadata(s, AGAIN).await?;
        let person = self.person(s, &self.client_of(&anew)?, token, &nonce);
        person.map_err(|e| self.not_believed(e))
    }

    /// Who a token is about, if it is signed by this issuer, for us, in time, and for this very sign-in.
    fn person(&self, s: &Services, client: &Client, token: &CoreIdToken, nonce: &Nonce) -> std::result::Result<Person, String> {
        let now = s.now();
        let verifier = client.id_token_verifier().set_time_fn(move || now);
        let claims = token.claims(&verifier, nonce).map_err(|e| said(&e))?;
        Ok(Person {
            subject: claims.subject().as_str().to_owned(),
            email: claims.email().map(|email| email.as_str().to_owned()),
            verified: claims.email_verified() == Some(true),
        })
    }
}

/// An error with its causes, which hold what was wrong.
fn said(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
