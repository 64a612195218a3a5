//! Numbers of an account: looking for one, buying it, where its texts are posted, and how it is registered (docs/twilio.md §13).
//!
//! Every answer that names an account must name the one that asked: another's data looks fine, and is somebody else's.

use std::fmt;

use serde_json::Value;

use crate::client::{Client, ReadError};
use crate::forms::is_sid;
use crate::outcome::{Answer, Outcome, describe};

/// Messaging Services that are looked at for one number; who has more has another tool for it.
const MOST_SERVICES: usize = 50;

/// What kind of number is looked for, as Twilio's addresses call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Ordinary numbers of a place.
    Local,
    /// Numbers for mobile phones; the US has none.
    Mobile,
    /// Free for who calls them.
    TollFree,
}

impl Shelf {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "Local",
            Self::Mobile => "Mobile",
            Self::TollFree => "TollFree",
        }
    }
}

/// A number that can be bought at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// E.164.
    pub phone: String,
    /// The town, if it has one.
    pub locality: String,
    /// The state or province, if it has one.
    pub region: String,
    /// Whether it takes texts.
    pub sms: bool,
    /// `none`, `any`, `local` or `foreign`: the address that must be known at Twilio before it can be bought.
    pub address: String,
}

/// A number of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// `PN…`.
    pub sid: String,
    /// `AC…`.
    pub account_sid: String,
    /// E.164.
    pub phone: String,
    /// Where incoming texts are posted; empty: nowhere.
    pub sms_url: String,
    /// `POST` or `GET`.
    pub sms_method: String,
    /// An application that is asked in place of the address, if there is one.
    pub sms_application_sid: String,
}

/// A Messaging Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `MG…`.
    pub sid: String,
    /// What the account calls it.
    pub name: String,
    /// Where it posts incoming texts; none: nowhere.
    pub inbound_url: Option<String>,
    /// The address at the number counts, not its own.
    pub defers_to_number: bool,
}

/// What is known after asking Twilio to sell a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bought {
    /// It is the account's.
    Done(Owned),
    /// Twilio understood and declined; nothing was bought.
    Refused {
        /// Twilio's error code.
        code: Option<i32>,
        /// Twilio's own text.
        message: String,
    },
    /// It was provably not processed.
    TryLater {
        /// Twilio's own text, or what hindered the connection.
        message: String,
    },
    /// It may or may not have been bought: to be looked up by its number, never asked again on a guess.
    Unknown {
        /// What was seen.
        message: String,
    },
}

/// An account as it tells of itself. Its token, which Twilio tells too, is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// The account that it is a part of, if it is one.
    pub parent: Option<String>,
    /// Only numbers that were verified can be texted, and few of them.
    pub is_trial: bool,
}

/// A number to buy. `Debug` does not show it.
#[derive(Clone, Copy)]
pub struct NewNumber<'a> {
    /// E.164.
    pub phone: &'a str,
    /// Up to 64 characters.
    pub name: &'a str,
    /// Where its incoming texts are to be posted from the first moment on.
    pub sms_url: &'a str,
}

impl fmt::Debug for NewNumber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewNumber").finish_non_exhaustive()
    }
}

impl Client {
    /// The account itself.
    ///
    /// # Errors
    /// [`ReadError`]; `Http` with 401 for a token that is not this account's, and for an API key, which may not ask.
    pub async fn account(&self) -> Result<Account, ReadError> {
        let json = self.get(&self.account_url(".json"), &[]).await?;
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        let sid = text("sid").ok_or(ReadError::Unreadable)?;
        self.is_ours(&sid)?;
        Ok(Account {
            status: text("status").ok_or(ReadError::Unreadable)?,
            parent: text("owner_account_sid").filter(|owner| *owner != sid && !owner.is_empty()),
            is_trial: text("type").as_deref() == Some("Trial"),
        })
    }

    /// The same question for an API key, which may read messages but no accounts.
    ///
    /// # Errors
    /// [`ReadError`]; `Http` with 401 for a key or a secret that is not this account's.
    pub async fn may_read(&self) -> Result<(), ReadError> {
        let json = self.get(&self.account_url("/Messages.json"), &[("PageSize", "1")]).await?;
        let list = json.get("messages").and_then(Value::as_array).ok_or(ReadError::Unreadable)?;
        let account = |m: &Value| m.get("account_sid").and_then(Value::as_str).map(str::to_owned);
        list.iter().filter_map(account).try_for_each(|sid| self.is_ours(&sid))
    }

    /// Numbers that can be bought, about thirty; none where the country has no such numbers.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn available(&self, country: &str, shelf: Shelf, area_code: Option<&str>) -> Result<Vec<Candidate>, ReadError> {
        let url = self.account_url(&format!("/AvailablePhoneNumbers/{country}/{}.json", shelf.as_str()));
        let mut query = vec![("SmsEnabled", "true")];
        query.extend(area_code.map(|code| ("AreaCode", code)));
        let json = match self.get(&url, &query).await {
            Err(ReadError::Http { http: 404, .. }) => return Ok(Vec::new()),
            said => said?,
        };
        let list = json.get("available_phone_numbers").and_then(Value::as_array);
        let list = list.ok_or(ReadError::Unreadable)?;
        Ok(list.iter().filter_map(candidate).filter(|found| found.sms).collect())
    }

    /// The account's number of exactly these digits.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn owned(&self, phone: &str) -> Result<Option<Owned>, ReadError> {
        let json = self
            .get(&self.account_url("/IncomingPhoneNumbers.json"), &[("PhoneNumber", phone)])
            .await?;
        let list = json.get("incoming_phone_numbers").and_then(Value::as_array);
        let found = list
            .ok_or(ReadError::Unreadable)?
            .iter()
            .filter_map(owned)
            .find(|one| one.phone == phone);
        if let Some(found) = &found {
            self.is_ours(&found.account_sid)?;
        }
        Ok(found)
    }

    /// Asks Twilio, once, to sell this very number, with everything that it needs to take texts in the same call.
    pub async fn buy(&self, new: &NewNumber<'_>) -> Bought {
        let params = [
            ("PhoneNumber", new.phone),
            ("FriendlyName", new.name),
            ("SmsUrl", new.sms_url),
            ("SmsMethod", "POST"),
        ];
        let request = self.http().post(self.account_url("/IncomingPhoneNumbers.json")).form(&params);
        match self.ask(request).await {
            Ok(answer) => self.bought(new.phone, &answer),
            Err(error) => match Outcome::of_error(&error) {
                Outcome::TryLater { message, .. } => Bought::TryLater { message },
                _ => Bought::Unknown {
                    message: describe(&error),
                },
            },
        }
    }

    fn bought(&self, phone: &str, answer: &Answer) -> Bought {
        if let 200..=299 = answer.http {
            let found = answer.json.as_ref().and_then(owned);
            return match found.filter(|one| one.phone == phone && self.is_ours(&one.account_sid).is_ok()) {
                Some(found) => Bought::Done(found),
                None => Bought::Unknown {
                    message: "Twilio took the request but its answer could not be read".to_owned(),
                },
            };
        }
        match Outcome::of(answer) {
            Outcome::Refused { code, message, .. } => Bought::Refused { code, message },
            Outcome::TryLater { message, .. } => Bought::TryLater { message },
            Outcome::Unknown { message, .. } => Bought::Unknown { message },
            // Not for what is no success.
            Outcome::Accepted(_) => Bought::Unknown {
                message: answer.message(),
            },
        }
    }

    /// From now on a number's incoming texts are posted there; harmless to repeat.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn set_sms_url(&self, number_sid: &str, sms_url: &str) -> Result<Owned, ReadError> {
        if !is_sid(number_sid, &["PN"]) {
            return Err(ReadError::NotTwilio);
        }
        let url = self.account_url(&format!("/IncomingPhoneNumbers/{number_sid}.json"));
        // With an application the address would be ignored.
        let params = [("SmsUrl", sms_url), ("SmsMethod", "POST"), ("SmsApplicationSid", "")];
        let json = self.read(self.http().post(url).form(&params)).await?;
        let found = owned(&json).ok_or(ReadError::Unreadable)?;
        self.is_ours(&found.account_sid)?;
        Ok(found)
    }

    /// The Messaging Services that this number is in, at most fifty looked at.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn services_of(&self, number_sid: &str) -> Result<Vec<Service>, ReadError> {
        if !is_sid(number_sid, &["PN"]) {
            return Err(ReadError::NotTwilio);
        }
        let url = self.host_url("messaging", "/v1/Services");
        let json = self.get(&url, &[("PageSize", "50")]).await?;
        let list = json.get("services").and_then(Value::as_array).ok_or(ReadError::Unreadable)?;
        let mut found = Vec::new();
        for one in list.iter().take(MOST_SERVICES) {
            self.names_us(one)?;
            let service = service(one).ok_or(ReadError::Unreadable)?;
            let url = self.host_url(
                "messaging",
                &format!("/v1/Services/{}/PhoneNumbers/{number_sid}", service.sid),
            );
            match self.get(&url, &[]).await {
                Ok(_) => found.push(service),
                Err(ReadError::Http { http: 404, .. }) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(found)
    }

    /// From now on a Messaging Service posts incoming texts there; harmless to repeat.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn set_inbound_url(&self, service_sid: &str, inbound_url: &str) -> Result<(), ReadError> {
        if !is_sid(service_sid, &["MG"]) {
            return Err(ReadError::NotTwilio);
        }
        let url = self.host_url("messaging", &format!("/v1/Services/{service_sid}"));
        let params = [("InboundRequestUrl", inbound_url), ("InboundMethod", "POST")];
        let json = self.read(self.http().post(url).form(&params)).await?;
        self.names_us(&json)
    }

    /// The campaign of a Messaging Service, with what is said of its brand; none if it has none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn campaign(&self, service_sid: &str) -> Result<Option<Campaign>, ReadError> {
        if !is_sid(service_sid, &["MG"]) {
            return Err(ReadError::NotTwilio);
        }
        let url = self.host_url("messaging", &format!("/v1/Services/{service_sid}/Compliance/Usa2p"));
        let json = match self.get(&url, &[]).await {
            Err(ReadError::Http { http: 404, .. }) => return Ok(None),
            said => said?,
        };
        let list = json
            .get("compliance")
            .and_then(Value::as_array)
            .ok_or(ReadError::Unreadable)?;
        let Some(one) = list.first() else { return Ok(None) };
        self.names_us(one)?;
        let text = |name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
        let brand = match text("brand_registration_sid").filter(|sid| is_sid(sid, &["BN"])) {
            Some(sid) => self.brand(&sid).await?,
            None => None,
        };
        Ok(Some(Campaign {
            status: text("campaign_status").ok_or(ReadError::Unreadable)?,
            brand,
            mock: one.get("mock").and_then(Value::as_bool).unwrap_or_default(),
            why: errors(one.get("errors")),
        }))
    }

    async fn brand(&self, sid: &str) -> Result<Option<String>, ReadError> {
        let url = self.host_url("messaging", &format!("/v1/a2p/BrandRegistrations/{sid}"));
        match self.get(&url, &[]).await {
            // A brand that its parent account keeps can't be read by the account itself.
            Err(ReadError::Http { http: 403 | 404, .. }) => Ok(None),
            Err(e) => Err(e),
            Ok(json) => {
                self.names_us(&json)?;
                Ok(json.get("status").and_then(Value::as_str).map(str::to_owned))
            }
        }
    }

    /// The verification of a toll-free number; none if none was handed in.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn verification(&self, number_sid: &str) -> Result<Option<Verification>, ReadError> {
        let url = self.host_url("messaging", "/v1/Tollfree/Verifications");
        let json = self.get(&url, &[("TollfreePhoneNumberSid", number_sid)]).await?;
        let list = json
            .get("verifications")
            .and_then(Value::as_array)
            .ok_or(ReadError::Unreadable)?;
        let of_it = |one: &&Value| one.get("tollfree_phone_number_sid").and_then(Value::as_str) == Some(number_sid);
        let Some(one) = list.iter().find(of_it) else { return Ok(None) };
        self.names_us(one)?;
        let text = |name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
        let reason = text("rejection_reason").filter(|why| !why.is_empty());
        Ok(Some(Verification {
            status: text("status").ok_or(ReadError::Unreadable)?,
            why: reason.unwrap_or_else(|| errors(one.get("rejection_reasons"))),
        }))
    }

    async fn get(&self, url: &str, query: &[(&str, &str)]) -> Result<Value, ReadError> {
        self.read(self.http().get(url).query(query)).await
    }

    fn is_ours(&self, account_sid: &str) -> Result<(), ReadError> {
        if account_sid == self.account_sid() {
            Ok(())
        } else {
            Err(ReadError::OtherAccount)
        }
    }

    pub(crate) fn names_us(&self, json: &Value) -> Result<(), ReadError> {
        let named = json.get("account_sid").and_then(Value::as_str).ok_or(ReadError::Unreadable)?;
        self.is_ours(named)
    }
}

/// A campaign of Twilio's for texts to the US.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Twilio's word: `VERIFIED`, …
    pub status: String,
    /// Twilio's word about its brand: `APPROVED`, …
    pub brand: Option<String>,
    /// Made for tests.
    pub mock: bool,
    /// What is wrong with it; may be empty.
    pub why: String,
}

/// A verification of a toll-free number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Twilio's word: `TWILIO_APPROVED`, …
    pub status: String,
    /// Why it was rejected; may be empty.
    pub why: String,
}

/// A list whose items have no fixed shape, as one line.
fn errors(list: Option<&Value>) -> String {
    let words = |one: &Value| {
        let named = ["description", "reason", "message"]
            .into_iter()
            .find_map(|name| one.get(name)?.as_str());
        named.or(one.as_str()).map_or_else(|| one.to_string(), str::to_owned)
    };
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let all: Vec<String> = list.iter().take(5).map(words).collect();
    all.join("; ").chars().take(500).collect()
}

fn candidate(json: &Value) -> Option<Candidate> {
    let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let can = |name: &str| {
        let all = json.get("capabilities").and_then(Value::as_object)?;
        all.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1.as_bool()
    };
    Some(Candidate {
        phone: Some(text("phone_number")).filter(|phone| phone.starts_with('+'))?,
        locality: text("locality"),
        region: text("region"),
        sms: can("sms").unwrap_or_default(),
        address: text("address_requirements"),
    })
}

fn owned(json: &Value) -> Option<Owned> {
    let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Owned {
        sid: Some(text("sid")).filter(|sid| is_sid(sid, &["PN"]))?,
        account_sid: text("account_sid"),
        phone: Some(text("phone_number")).filter(|phone| phone.starts_with('+'))?,
        sms_url: text("sms_url"),
        sms_method: text("sms_method"),
        sms_application_sid: text("sms_application_sid"),
    })
}

fn service(json: &Value) -> Option<Service> {
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Service {
        sid: text("sid").filter(|sid| is_sid(sid, &["MG"]))?,
        name: text("friendly_name").unwrap_or_default(),
        inbound_url: text("inbound_request_url").filter(|url| !url.is_empty()),
        defers_to_number: json
            .get("use_inbound_webhook_on_number")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
    })
}
