//! Readings that show whether an account is ready: they change nothing, and each is one request.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::{RequestBuilder, header::DATE};
use serde_json::Value;

use super::{Client, ReadError, read_json};
use crate::forms::is_sid;
use crate::outcome::describe;

/// Who looks does not wait as long as who sends.
const PATIENCE: Duration = Duration::from_secs(10);

/// Services and numbers that are looked at, at most.
const PAGE: &str = "100";

/// An account as Twilio has it, without its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSeen {
    /// `AC…`.
    pub sid: String,
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// `Trial` or `Full`.
    pub kind: String,
    /// What time it was at Twilio.
    pub at: Option<DateTime<Utc>>,
}

/// A number as Twilio has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberSeen {
    /// E.164.
    pub phone: String,
    /// Whether it can text.
    pub sms: bool,
    /// `in-use`, or why not.
    pub status: String,
    /// Where texts that arrive are posted.
    pub sms_url: String,
    /// `POST` or `GET`.
    pub sms_method: String,
    /// Where they go if that fails.
    pub sms_fallback_url: String,
    /// `AP…` when an application answers in place of the address.
    pub sms_application_sid: String,
}

/// A Messaging Service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceSeen {
    /// `MG…`.
    pub sid: String,
    /// What people call it.
    pub name: String,
    /// Where texts that arrive are posted.
    pub inbound_request_url: String,
    /// `POST` or `GET`.
    pub inbound_method: String,
    /// The numbers' own address counts.
    pub use_inbound_webhook_on_number: bool,
}

/// Looks at an account.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a>(&'a Client);

impl Client {
    /// What can be seen of the account.
    #[must_use]
    pub fn look(&self) -> Look<'_> {
        Look(self)
    }

    /// Twilio's hosts each have paths of their own; an address of one's own carries them all.
    fn url_at(&self, host: &str, path: &str) -> String {
        if self.api.url == "https://api.twilio.com" {
            format!("https://{host}.twilio.com{path}")
        } else {
            format!("{}{path}", self.api.url)
        }
    }
}

/// The `Date` of an answer.
#[expect(
    clippy::disallowed_methods,
    reason = "a date of HTTP has no other form, and is only compared with the clock"
)]
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|at| at.to_utc())
}

fn text(json: &Value, name: &str) -> String {
    json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list<'a>(json: &'a Value, name: &str) -> Result<&'a Vec<Value>, ReadError> {
    json.get(name).and_then(Value::as_array).ok_or(ReadError::Unreadable)
}

impl Look<'_> {
    fn get(self, host: &str, path: &str) -> RequestBuilder {
        let client = self.0;
        client.api.http.get(client.url_at(host, path)).timeout(PATIENCE)
    }

    fn own(self, path: &str) -> String {
        format!("/2010-04-01/Accounts/{}{path}", self.0.account_sid)
    }

    /// The account itself.
    ///
    /// # Errors
    /// [`ReadError`]; `Http` with 401 for a token that is not this account's.
    pub async fn account(self) -> Result<AccountSeen, ReadError> {
        use secrecy::ExposeSecret as _;

        let request = self.get("api", &self.own(".json"));
        let request = request.basic_auth(&self.0.account_sid, Some(self.0.auth_token.expose_secret()));
        let sent = request.send().await.map_err(reqwest::Error::without_url);
        let response = sent.map_err(|error| ReadError::NoAnswer(describe(&error)))?;
        let http = response.status().as_u16();
        let date = response.headers().get(DATE).and_then(|v| v.to_str().ok());
        let at = date.and_then(http_date);
        let json = read_json(response).await;
        if !(200..=299).contains(&http) {
            let json = json.unwrap_or_default();
            return Err(ReadError::Http {
                http,
                code: json.get("code").and_then(Value::as_i64).and_then(|code| code.try_into().ok()),
                retry_after: None,
                message: text(&json, "message"),
            });
        }
        let json = json.ok_or(ReadError::Unreadable)?;
        Ok(AccountSeen {
            sid: text(&json, "sid"),
            status: text(&json, "status"),
            kind: text(&json, "type"),
            at,
        })
    }

    /// The balance as Twilio writes it, like `12.37`, and its currency. Child accounts have none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn balance(self) -> Result<(String, String), ReadError> {
        let json = self.0.read(self.get("api", &self.own("/Balance.json"))).await?;
        Ok((text(&json, "balance"), text(&json, "currency")))
    }

    /// The account's numbers that are exactly this one (E.164).
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn numbers(self, phone: &str) -> Result<Vec<NumberSeen>, ReadError> {
        let request = self.get("api", &self.own("/IncomingPhoneNumbers.json"));
        let json = self.0.read(request.query(&[("PhoneNumber", phone)])).await?;
        let all = list(&json, "incoming_phone_numbers")?.iter().map(|one| NumberSeen {
            phone: text(one, "phone_number"),
            sms: one.pointer("/capabilities/sms").and_then(Value::as_bool).unwrap_or_default(),
            status: text(one, "status"),
            sms_url: text(one, "sms_url"),
            sms_method: text(one, "sms_method"),
            sms_fallback_url: text(one, "sms_fallback_url"),
            sms_application_sid: text(one, "sms_application_sid"),
        });
        Ok(all.filter(|one| one.phone == phone).collect())
    }

    /// The account's Messaging Services, at most 100.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn services(self) -> Result<Vec<ServiceSeen>, ReadError> {
        let request = self.get("messaging", "/v1/Services").query(&[("PageSize", PAGE)]);
        let json = self.0.read(request).await?;
        let all = list(&json, "services")?.iter().map(|one| ServiceSeen {
            sid: text(one, "sid"),
            name: text(one, "friendly_name"),
            inbound_request_url: text(one, "inbound_request_url"),
            inbound_method: text(one, "inbound_method"),
            use_inbound_webhook_on_number: one
                .get("use_inbound_webhook_on_number")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
        });
        Ok(all.collect())
    }

    /// The numbers (E.164) of a Messaging Service, at most 100.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn numbers_of(self, service: &str) -> Result<Vec<String>, ReadError> {
        if !is_sid(service, &["MG"]) {
            return Err(ReadError::NotTwilio);
        }
        let request = self.get("messaging", &format!("/v1/Services/{service}/PhoneNumbers"));
        let json = self.0.read(request.query(&[("PageSize", PAGE)])).await?;
        Ok(list(&json, "phone_numbers")?
            .iter()
            .map(|one| text(one, "phone_number"))
            .collect())
    }

    /// Whether texts may go to a country (`US`).
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn may_text(self, country: &str) -> Result<Option<bool>, ReadError> {
        let request = self.get("accounts", "/v1/Messaging/GeoPermissions");
        let json = self.0.read(request.query(&[("CountryCode", country)])).await?;
        let found = list(&json, "permissions")?
            .iter()
            .find(|one| text(one, "country_code") == country);
        Ok(found.and_then(|one| one.get("enabled")?.as_bool()))
    }

    /// Codes and addresses of what failed at our webhooks since then, the newest first, at most 100.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn alerts(self, since: DateTime<Utc>) -> Result<Vec<(String, String)>, ReadError> {
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let query = [("LogLevel", "error"), ("StartDate", since.as_str()), ("PageSize", PAGE)];
        let json = self.0.read(self.get("monitor", "/v1/Alerts").query(&query)).await?;
        let all = list(&json, "alerts")?.iter();
        Ok(all.map(|one| (text(one, "error_code"), text(one, "request_url"))).collect())
    }
}
