//! WhatsApp senders of an account: listed, looked at, told where to post and what to show (docs/twilio.md §16). They are made in Twilio's
//! console, with a sign-in at Meta that no API replaces.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::client::{Client, ReadError};
use crate::forms::is_sid;

/// Senders of one page.
const PAGE: &str = "50";

/// A WhatsApp sender. Twilio does not say whose it is: it is the account's that asked, so it is known by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// `XE…`.
    pub sid: String,
    /// How it is.
    pub status: SenderStatus,
    /// `whatsapp:+E164`.
    pub sender_id: String,
    /// The WhatsApp Business Account that it belongs to.
    pub waba_id: Option<String>,
    /// Where it posts.
    pub webhook: SenderWebhook,
    /// What people see of it.
    pub profile: Profile,
    /// The name that was asked for last, and Twilio's word of what became of it: `PENDING_REVIEW`, `DECLINED`, `COMPLETED`, …
    pub pending_name: Option<(String, String)>,
    /// Meta's word about how it is received: `HIGH`, `MEDIUM`, `LOW`, …
    pub quality_rating: Option<String>,
    /// Meta's words of how many people it may write to first: `10K Customers/24hr`.
    pub messaging_limit: Option<String>,
    /// Why it is off.
    pub offline_reasons: Vec<OfflineReason>,
}

/// How a sender is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SenderStatus {
    /// Being made.
    Creating,
    /// It sends.
    Online,
    /// It sends, and changes meanwhile.
    Updating,
    /// It does not send; [`Sender::offline_reasons`] says why.
    Offline,
    /// It waits for its code.
    PendingVerification,
    /// Its code is looked at.
    Verifying,
    /// Twilio looks at it.
    TwilioReview,
    /// Not finished.
    Draft,
    /// Kept for later.
    Stubbed,
    /// A word that this crate does not know.
    Other(String),
}

impl SenderStatus {
    /// Reads Twilio's word, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        let word = word.trim().to_ascii_uppercase();
        match word.as_str() {
            "CREATING" => Self::Creating,
            "ONLINE" => Self::Online,
            "ONLINE:UPDATING" => Self::Updating,
            "OFFLINE" => Self::Offline,
            "PENDING_VERIFICATION" => Self::PendingVerification,
            "VERIFYING" => Self::Verifying,
            "TWILIO_REVIEW" => Self::TwilioReview,
            "DRAFT" => Self::Draft,
            "STUBBED" => Self::Stubbed,
            _ => Self::Other(word.chars().take(40).collect()),
        }
    }

    /// Twilio's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Creating => "CREATING",
            Self::Online => "ONLINE",
            Self::Updating => "ONLINE:UPDATING",
            Self::Offline => "OFFLINE",
            Self::PendingVerification => "PENDING_VERIFICATION",
            Self::Verifying => "VERIFYING",
            Self::TwilioReview => "TWILIO_REVIEW",
            Self::Draft => "DRAFT",
            Self::Stubbed => "STUBBED",
            Self::Other(word) => word,
        }
    }

    /// Whether messages go out from it.
    #[must_use]
    pub const fn sends(&self) -> bool {
        matches!(self, Self::Online | Self::Updating)
    }
}

impl fmt::Display for SenderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a sender posts what comes in, and how its messages do. Empty: nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SenderWebhook {
    /// Messages that come in. The number's own address does not count for WhatsApp.
    pub callback_url: String,
    /// `POST` or `GET`.
    pub callback_method: String,
    /// If that fails.
    pub fallback_url: String,
    /// `POST` or `GET`.
    pub fallback_method: String,
    /// How messages do that named no address of their own.
    pub status_callback_url: String,
    /// `POST` or `GET`.
    pub status_callback_method: String,
}

/// What people see of a business on WhatsApp.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Meta looks at a change of it, and may reject it.
    pub name: String,
    /// One line, at most 139 characters.
    pub about: String,
    /// At most 256 characters.
    pub address: String,
    /// At most 512 characters.
    pub description: String,
    /// Where people can write to.
    pub emails: Vec<String>,
    /// A picture.
    pub logo_url: String,
    /// Twilio's label of the trade, `Medical and Health`.
    pub vertical: String,
    /// At most two.
    pub websites: Vec<String>,
}

/// Why a sender is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineReason {
    /// See [`crate::errors`]; Twilio writes it as a string.
    pub code: Option<i32>,
    /// Twilio's own text.
    pub message: String,
    /// A page about it.
    pub more_info: String,
}

impl Client {
    /// The account's WhatsApp senders, a page of them: the first, or the one that was named as the next. With it comes the next one.
    ///
    /// # Errors
    /// [`ReadError`]; `NotTwilio` for a page that is elsewhere.
    pub async fn senders(&self, next: Option<&str>) -> Result<(Vec<Sender>, Option<String>), ReadError> {
        let first = self.senders_url("");
        let query = [("Channel", "whatsapp"), ("PageSize", PAGE)];
        let (list, next) = self.page_of(&first, &query, next, "senders").await?;
        let senders = list.iter().map(|one| self.our_sender(one)).collect::<Result<_, _>>()?;
        Ok((senders, next))
    }

    /// A sender as it is now.
    ///
    /// # Errors
    /// [`ReadError`]; `Http` with 404 for one that is not there.
    pub async fn sender(&self, sid: &str) -> Result<Sender, ReadError> {
        let url = self.senders_url(sender_path(sid)?.as_str());
        let json = self.read(self.http().get(url)).await?;
        self.our_sender(&json)
    }

    /// From now on a sender posts there; harmless to repeat. The answer holds what was changed and nothing else, and says that it is being
    /// done: [`Client::sender`] tells how it is.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn set_sender_webhook(&self, sid: &str, webhook: &SenderWebhook) -> Result<Sender, ReadError> {
        self.change_sender(sid, &json!({ "webhook": webhook.json() })).await
    }

    /// From now on people see this of a sender; harmless to repeat. As of [`Client::set_sender_webhook`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn set_sender_profile(&self, sid: &str, profile: &Profile) -> Result<Sender, ReadError> {
        self.change_sender(sid, &json!({ "profile": profile.json() })).await
    }

    async fn change_sender(&self, sid: &str, change: &Value) -> Result<Sender, ReadError> {
        let url = self.senders_url(sender_path(sid)?.as_str());
        let json = self.read(self.http().post(url).json(change)).await?;
        self.our_sender(&json)
    }

    fn senders_url(&self, path: &str) -> String {
        self.host_url("messaging", &format!("/v2/Channels/Senders{path}"))
    }

    /// An answer that names an account must name ours; Twilio's own names none.
    fn our_sender(&self, json: &Value) -> Result<Sender, ReadError> {
        if json.get("account_sid").is_some() {
            self.names_us(json)?;
        }
        sender(json).ok_or(ReadError::Unreadable)
    }
}

fn sender_path(sid: &str) -> Result<String, ReadError> {
    if is_sid(sid, &["XE"]) {
        Ok(format!("/{sid}"))
    } else {
        Err(ReadError::NotTwilio)
    }
}

impl SenderWebhook {
    fn json(&self) -> Value {
        json!({
            "callback_url": self.callback_url,
            "callback_method": method(&self.callback_method),
            "fallback_url": self.fallback_url,
            "fallback_method": method(&self.fallback_method),
            "status_callback_url": self.status_callback_url,
            "status_callback_method": method(&self.status_callback_method),
        })
    }
}

/// Without one it is the usual one.
fn method(word: &str) -> &str {
    if word.is_empty() { "POST" } else { word }
}

impl Profile {
    /// What is empty is not sent: Twilio takes no empty picture or address.
    fn json(&self) -> Value {
        let texts = [
            ("name", &self.name),
            ("about", &self.about),
            ("address", &self.address),
            ("description", &self.description),
            ("logo_url", &self.logo_url),
            ("vertical", &self.vertical),
        ];
        let filled = texts.into_iter().filter(|(_, value)| !value.is_empty());
        let mut all: Map<String, Value> = filled.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        for (name, one, list, label) in [
            ("emails", "email", &self.emails, "Email"),
            ("websites", "website", &self.websites, "Website"),
        ] {
            let list: Vec<Value> = list.iter().map(|value| json!({ one: value, "label": label })).collect();
            all.extend((!list.is_empty()).then(|| (name.to_owned(), Value::Array(list))));
        }
        Value::Object(all)
    }
}

fn sender(json: &Value) -> Option<Sender> {
    let optional = |path: &str| {
        json.pointer(path)
            .and_then(Value::as_str)
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
    };
    let reasons = json.get("offline_reasons").and_then(Value::as_array);
    Some(Sender {
        sid: optional("/sid").filter(|sid| is_sid(sid, &["XE"]))?,
        status: SenderStatus::parse(&optional("/status")?),
        sender_id: optional("/sender_id")?,
        waba_id: optional("/configuration/waba_id"),
        webhook: webhook(json.get("webhook").unwrap_or(&Value::Null)),
        profile: profile(json.get("profile").unwrap_or(&Value::Null)),
        pending_name: optional("/pending_display_name").zip(optional("/pending_display_name_status")),
        quality_rating: optional("/properties/quality_rating"),
        messaging_limit: optional("/properties/messaging_limit"),
        offline_reasons: reasons.into_iter().flatten().map(reason).collect(),
    })
}

fn webhook(json: &Value) -> SenderWebhook {
    SenderWebhook {
        callback_url: text(json, "callback_url"),
        callback_method: text(json, "callback_method"),
        fallback_url: text(json, "fallback_url"),
        fallback_method: text(json, "fallback_method"),
        status_callback_url: text(json, "status_callback_url"),
        status_callback_method: text(json, "status_callback_method"),
    }
}

fn profile(json: &Value) -> Profile {
    let all = |list: &str, one: &str| {
        let list = json.get(list).and_then(Value::as_array).into_iter().flatten();
        // Older answers hold bare strings.
        list.map(|item| item.as_str().map_or_else(|| text(item, one), str::to_owned))
            .filter(|value| !value.is_empty())
            .collect()
    };
    Profile {
        name: text(json, "name"),
        about: text(json, "about"),
        address: text(json, "address"),
        description: text(json, "description"),
        emails: all("emails", "email"),
        logo_url: text(json, "logo_url"),
        vertical: text(json, "vertical"),
        websites: all("websites", "website"),
    }
}

fn reason(json: &Value) -> OfflineReason {
    let code = json
        .get("code")
        .map(|code| code.as_str().map_or_else(|| code.to_string(), str::to_owned));
    OfflineReason {
        code: code.and_then(|code| code.parse().ok()),
        message: text(json, "message"),
        more_info: text(json, "more_info"),
    }
}

fn text(json: &Value, name: &str) -> String {
    json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
