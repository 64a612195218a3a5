//! The client of `https://api.twilio.com/2010-04-01` for messages.

mod look;

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::header::RETRY_AFTER;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::Message;
use crate::forms::is_sid;
use crate::outcome::{Answer, Outcome, describe};

pub use look::{AccountSeen, Look, NumberSeen, ServiceSeen};

/// Largest answer read, in bytes. A full page of 1,000 long messages is a third of it.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// What an [`Api`] needs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API is, without a path at the end: `https://api.twilio.com`, or a simulator's address.
    pub api_url: String,
    /// Longest wait for a connection (name, TCP and TLS). When it passes, nothing was sent.
    pub connect_timeout: Duration,
    /// Longest wait for a whole answer. It must be more than the 26 seconds Twilio itself may take, or we make unknown outcomes ourselves
    /// (docs/twilio.md §5).
    pub timeout: Duration,
}

impl Config {
    /// With the usual limits: 5 seconds to connect, 30 seconds in all.
    #[must_use]
    pub fn new(api_url: impl Into<String>) -> Self {
        Self {
            api_url: api_url.into(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A message to create.
#[derive(Debug, Clone, Copy)]
pub struct NewMessage<'a> {
    /// `+E164` or `whatsapp:+E164`.
    pub to: &'a str,
    /// A number in the same shapes, or the `MG…` sid of a Messaging Service.
    pub from: &'a str,
    /// At most 1,600 characters.
    pub body: &'a str,
    /// Where Twilio reports the message's fate. It should name our own message, so that a report that overtakes the answer finds its row.
    pub status_callback: Option<&'a str>,
    /// How long it may wait at Twilio, in whole seconds from 1 to 36,000; Twilio's default is the longest.
    pub validity_period: Option<Duration>,
}

/// Which messages to list. Empty means all, newest first.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Only to this address.
    pub to: Option<String>,
    /// Only from this address.
    pub from: Option<String>,
    /// Only sent at or after this second.
    pub sent_after: Option<DateTime<Utc>>,
    /// Only sent at or before this second.
    pub sent_before: Option<DateTime<Utc>>,
    /// 1 to 1,000; 0 takes Twilio's default of 50.
    pub page_size: u16,
}

/// A page of messages.
#[derive(Debug, Clone)]
pub struct Page {
    /// Newest first.
    pub messages: Vec<Message>,
    /// For [`Client::next`]; absent on the last page.
    pub next: Option<String>,
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Twilio answered with an error.
    #[error("Twilio answered {http}: {message}")]
    Http {
        /// HTTP status.
        http: u16,
        /// Twilio's error code.
        code: Option<i32>,
        /// How long Twilio asks us to wait (429).
        retry_after: Option<Duration>,
        /// Twilio's own text.
        message: String,
    },
    /// No answer. Reading again is always safe.
    #[error("{0}")]
    NoAnswer(String),
    /// An answer that is not what Twilio sends.
    #[error("Twilio's answer could not be read")]
    Unreadable,
    /// Not the sid of a message, or a next page somewhere else than at Twilio; nothing was asked.
    #[error("this is not an address at Twilio")]
    NotTwilio,
    /// What was answered is another account's.
    #[error("Twilio answered with another account's data")]
    OtherAccount,
}

/// The way to Twilio, for any account. Cheap to clone; clones, and the clients of all accounts, share their connections.
///
/// It asks once: no redirect is followed, no request is repeated, no proxy of the environment is used, and each request has an HTTP/1.1
/// connection of its own while it lasts, so that a broken connection puts one message in doubt and not many.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    url: String,
}

impl Api {
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(cfg: Config) -> Result<Self, reqwest::Error> {
        crate::tls::install();
        let http = reqwest::Client::builder()
            .connect_timeout(cfg.connect_timeout)
            .timeout(cfg.timeout)
            .pool_idle_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .user_agent(concat!("showup-twilio/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(reqwest::Error::without_url)?;
        let url = cfg.api_url.trim_end_matches('/').to_owned();
        Ok(Self { http, url })
    }

    /// The client of one account: its SID (`AC…`) and auth token.
    #[must_use]
    pub fn account(&self, sid: impl Into<String>, auth_token: SecretString) -> Client {
        Client {
            api: self.clone(),
            account_sid: sid.into(),
            key: None,
            auth_token,
        }
    }

    /// The client of one account that is called with an API key (`SK…`) and its secret in place of the auth token.
    #[must_use]
    pub fn account_by_key(&self, sid: impl Into<String>, key: impl Into<String>, secret: SecretString) -> Client {
        Client {
            key: Some(key.into()),
            ..self.account(sid, secret)
        }
    }
}

/// Talks to one Twilio account. `Debug` does not show the token.
#[derive(Clone)]
pub struct Client {
    api: Api,
    account_sid: String,
    /// `SK…`, whose secret stands in the place of the token.
    key: Option<String>,
    auth_token: SecretString,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("api_url", &self.api.url)
            .field("account_sid", &self.account_sid)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// `AC…`.
    #[must_use]
    pub fn account_sid(&self) -> &str {
        &self.account_sid
    }

    /// Asks Twilio, once, to send a message, and says what is known afterwards. Never fails otherwise than by its [`Outcome`].
    pub async fn create(&self, m: &NewMessage<'_>) -> Outcome {
        self.post_message(&create_params(m)).await
    }

    pub(crate) async fn post_message(&self, params: &[(&'static str, Cow<'_, str>)]) -> Outcome {
        let request = self.api.http.post(self.messages_url("")).form(params);
        match self.ask(request).await.map(|answer| Outcome::of(&answer)) {
            Ok(Outcome::Accepted(message)) if !message.account_sid.is_empty() && message.account_sid != self.account_sid => {
                Outcome::Unknown {
                    http: None,
                    message: "Twilio answered with another account's message".to_owned(),
                }
            }
            Ok(outcome) => outcome,
            Err(error) => Outcome::of_error(&error),
        }
    }

    /// How the account itself is: `active`, `suspended` or `closed`. Also shows whether Twilio knows its SID and token.
    ///
    /// # Errors
    /// [`ReadError`]; `Http` with 401 for a token that is not this account's.
    pub async fn account_status(&self) -> Result<String, ReadError> {
        let json = self.read(self.http().get(self.account_url(".json"))).await?;
        let status = json.get("status").and_then(Value::as_str);
        status.map(str::to_owned).ok_or(ReadError::Unreadable)
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.api.http
    }

    /// An address of the account itself.
    pub(crate) fn account_url(&self, path: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}{path}", self.api.url, self.account_sid)
    }

    /// An address at another host of Twilio's, `https://messaging.twilio.com/…`. An API address that is not Twilio's own carries the paths
    /// of all hosts.
    pub(crate) fn host_url(&self, host: &str, path: &str) -> String {
        let url = &self.api.url;
        let own = url.strip_prefix("https://api.").filter(|rest| rest.ends_with("twilio.com"));
        match own {
            Some(rest) => format!("https://{host}.{rest}{path}"),
            None => format!("{url}{path}"),
        }
    }

    /// Shows the person on WhatsApp that we are writing, for up to 25 seconds, and that we have read their message with this sid.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn show_typing(&self, sid: &str) -> Result<(), ReadError> {
        if !is_sid(sid, &["SM", "MM"]) {
            return Err(ReadError::NotTwilio);
        }
        let url = self.host_url("messaging", "/v3/Indicators/Typing.json");
        let body = serde_json::json!({ "channel": "WHATSAPP", "messageId": sid });
        self.said(self.api.http.post(url).json(&body)).await.map(drop)
    }

    /// The message with this sid.
    ///
    /// # Errors
    /// [`ReadError`]; a message Twilio does not have is `Http` with status 404.
    pub async fn fetch(&self, sid: &str) -> Result<Message, ReadError> {
        if !is_sid(sid, &["SM", "MM"]) {
            return Err(ReadError::NotTwilio);
        }
        let json = self.read(self.api.http.get(self.messages_url(&format!("/{sid}")))).await?;
        Message::from_json(&json).ok_or(ReadError::Unreadable)
    }

    /// The first page of the messages that fit.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn list(&self, q: &ListQuery) -> Result<Page, ReadError> {
        self.page(self.api.http.get(self.messages_url("")).query(&list_params(q)))
            .await
    }

    /// The page that [`Page::next`] names. It is only asked for at the API's own host.
    ///
    /// # Errors
    /// [`ReadError`]; `NotTwilio` when the page is elsewhere.
    pub async fn next(&self, next_page_uri: &str) -> Result<Page, ReadError> {
        let url = self.same_host(next_page_uri).ok_or(ReadError::NotTwilio)?;
        self.page(self.api.http.get(url)).await
    }

    async fn page(&self, request: reqwest::RequestBuilder) -> Result<Page, ReadError> {
        let json = self.read(request).await?;
        let messages = json.get("messages").and_then(Value::as_array).ok_or(ReadError::Unreadable)?;
        Ok(Page {
            messages: messages
                .iter()
                .map(Message::from_json)
                .collect::<Option<_>>()
                .ok_or(ReadError::Unreadable)?,
            next: json
                .get("next_page_uri")
                .and_then(Value::as_str)
                .filter(|uri| !uri.is_empty())
                .map(str::to_owned),
        })
    }

    /// A page of a list at another host: the first, or the one that was named as the next, which is only asked for at the same host. With
    /// it comes the one after it.
    pub(crate) async fn page_of(
        &self,
        first: &str,
        query: &[(&str, &str)],
        next: Option<&str>,
        list: &str,
    ) -> Result<(Vec<Value>, Option<String>), ReadError> {
        let request = match next {
            None => self.api.http.get(first).query(query),
            Some(next) => self.api.http.get(at_host_of(first, next).ok_or(ReadError::NotTwilio)?),
        };
        let mut json = self.read(request).await?;
        let next = json.pointer("/meta/next_page_url").and_then(Value::as_str);
        let next = next.filter(|url| !url.is_empty()).map(str::to_owned);
        match json.get_mut(list).map(Value::take) {
            Some(Value::Array(all)) => Ok((all, next)),
            _ => Err(ReadError::Unreadable),
        }
    }

    pub(crate) async fn read(&self, request: reqwest::RequestBuilder) -> Result<Value, ReadError> {
        self.said(request).await?.json.ok_or(ReadError::Unreadable)
    }

    /// An answer that is a yes; what it says need not be there.
    pub(crate) async fn said(&self, request: reqwest::RequestBuilder) -> Result<Answer, ReadError> {
        let answer = self
            .ask(request)
            .await
            .map_err(|error| ReadError::NoAnswer(describe(&error)))?;
        if (200..=299).contains(&answer.http) {
            return Ok(answer);
        }
        Err(ReadError::Http {
            http: answer.http,
            code: answer.code(),
            retry_after: answer.retry_after,
            message: answer.message(),
        })
    }

    /// Sends a request once. An answer whose body breaks off or is not JSON is an answer without JSON: its status is still worth knowing.
    pub(crate) async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        let request = request.basic_auth(
            self.key.as_ref().unwrap_or(&self.account_sid),
            Some(self.auth_token.expose_secret()),
        );
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        Ok(Answer {
            http: response.status().as_u16(),
            retry_after: retry_after(&response),
            json: read_json(response).await,
        })
    }

    fn messages_url(&self, sid_path: &str) -> String {
        format!(
            "{}/2010-04-01/Accounts/{}/Messages{sid_path}.json",
            self.api.url, self.account_sid
        )
    }

    fn same_host(&self, uri: &str) -> Option<Url> {
        let text = if uri.starts_with('/') {
            format!("{}{uri}", self.api.url)
        } else {
            uri.to_owned()
        };
        at_host_of(&self.api.url, &text)
    }
}

/// A page's address, if it is at the host of another one of ours: what we sign in with is shown nowhere else.
fn at_host_of(ours: &str, page: &str) -> Option<Url> {
    let (ours, page) = (Url::parse(ours).ok()?, Url::parse(page).ok()?);
    (page.origin() == ours.origin() && page.username().is_empty()).then_some(page)
}

fn create_params<'a>(m: &NewMessage<'a>) -> Vec<(&'static str, Cow<'a, str>)> {
    let sender = if is_sid(m.from, &["MG"]) {
        "MessagingServiceSid"
    } else {
        "From"
    };
    let mut params = vec![("To", m.to.into()), (sender, m.from.into()), ("Body", m.body.into())];
    delivery_params(&mut params, m.status_callback, m.validity_period);
    params
}

pub(crate) fn delivery_params<'a>(
    params: &mut Vec<(&'static str, Cow<'a, str>)>,
    status_callback: Option<&'a str>,
    validity_period: Option<Duration>,
) {
    if let Some(url) = status_callback {
        params.push(("StatusCallback", url.into()));
    }
    if let Some(period) = validity_period {
        params.push(("ValidityPeriod", period.as_secs().clamp(1, 36_000).to_string().into()));
    }
}

fn list_params(q: &ListQuery) -> Vec<(&'static str, String)> {
    let second = |time: &DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let page_size = (q.page_size > 0).then(|| q.page_size.min(1000).to_string());
    [
        ("To", q.to.clone()),
        ("From", q.from.clone()),
        ("DateSent>", q.sent_after.as_ref().map(second)),
        ("DateSent<", q.sent_before.as_ref().map(second)),
        ("PageSize", page_size),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// `Retry-After` in seconds; the form with a date is not used by Twilio.
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

async fn read_json(mut response: reqwest::Response) -> Option<Value> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).ok()
}
