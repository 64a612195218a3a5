//! Numbers texts leave from and arrive at, requests for more of them, and the Twilio account they are in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A number of the business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NumberView {
    pub id: Uuid,
    /// E.164; of a WhatsApp sender with `whatsapp:` before it.
    pub phone: String,
    pub phone_display: String,
    /// active or released
    pub status: String,
    /// local, toll_free, short_code, abroad, name or whatsapp
    pub kind: String,
    /// Locations whose appointments' texts leave from it.
    pub location_ids: Vec<Uuid>,
    /// Texts that nothing else decides about leave from it.
    pub is_default: bool,
    /// yes, probably, wait, no or unknown
    pub may_send_to_us: String,
    /// Why, and what to do.
    pub may_send_to_us_reason: String,
    /// Since when that is so; none: Twilio was not asked yet.
    pub may_send_to_us_since: Option<DateTime<Utc>>,
    /// Who answers HELP at it: twilio, we or both
    pub help_by: String,
    /// Who answers START at it: twilio, we or both
    pub start_by: String,
    pub created_at: DateTime<Utc>,
    pub released_at: Option<DateTime<Utc>>,
}

/// Who answers a customer's HELP or START at a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// Twilio alone; nothing is sent from here.
    Twilio,
    /// We alone: Twilio was told not to.
    We,
    /// Twilio, and we beside it.
    Both,
}

impl Answers {
    pub const ALL: [Answers; 3] = [Answers::Twilio, Answers::We, Answers::Both];

    /// As it is stored, and as a form says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Answers::Twilio => "twilio",
            Answers::We => "we",
            Answers::Both => "both",
        }
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// As the settings call it.
    pub fn words(self) -> &'static str {
        match self {
            Answers::Twilio => "Twilio answers, Showup does not",
            Answers::We => "Showup answers, Twilio does not",
            Answers::Both => "Twilio answers, and Showup too",
        }
    }
}

/// A business asks for another number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestNumber {
    /// ISO alpha-2, like US.
    pub country: String,
    /// Digits after the country code, like 415; none: any.
    #[serde(default)]
    pub area_code: Option<String>,
    /// What it is for, up to 500 characters.
    pub reason: String,
    /// The location it is for; its appointments' texts leave from it then.
    #[serde(default)]
    pub location_id: Option<Uuid>,
}

/// A request for another number, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NumberRequestView {
    pub id: Uuid,
    /// requested, approved (it is being bought), active or rejected
    pub status: String,
    pub country: String,
    pub area_code: Option<String>,
    pub location_id: Option<Uuid>,
    /// What was asked for, in the words of who asked.
    pub wish: String,
    /// The number that was chosen, E.164.
    pub phone: Option<String>,
    pub phone_display: Option<String>,
    /// Why it was rejected, or what went wrong the last time.
    pub reason: Option<String>,
    pub asked_by: String,
    pub created_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
}

/// A request as whoever runs the installation sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRequestView {
    pub business_id: Uuid,
    pub business: String,
    pub business_slug: String,
    pub location: Option<String>,
    pub request: NumberRequestView,
}

/// A number that can be bought for a request at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateView {
    /// E.164.
    pub phone: String,
    pub phone_display: String,
    /// Where it is, in words; may be empty.
    pub place: String,
    /// What Twilio wants to know before it sells it; may be empty.
    pub needs: String,
}

/// Everything about the numbers of the actor's business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumbersView {
    pub numbers: Vec<NumberView>,
    /// How those of them that are WhatsApp senders stand.
    #[serde(default)]
    pub senders: Vec<SenderView>,
    /// The newest first.
    pub requests: Vec<NumberRequestView>,
    /// The installation's number, which texts leave from where the business has none.
    pub shared: Option<String>,
    /// Which texts leave from which number, in words.
    pub paths: Vec<PathView>,
    /// Locations in use, by name.
    pub places: Vec<PlaceView>,
    /// The number that somebody thinks of releasing, and what would happen.
    pub releasing: Option<ReleaseView>,
}

/// A location, and the number that texts about its visits leave from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceView {
    pub id: Uuid,
    pub name: String,
    /// None: the usual one.
    pub number_id: Option<Uuid>,
}

/// Texts that leave from one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathView {
    pub what: String,
    /// As people write it.
    pub from: String,
}

/// What happens when a number is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseView {
    pub id: Uuid,
    pub phone_display: String,
    /// Texts that wait to leave from it.
    pub waiting: u64,
    /// Locations that lose their number, by name.
    pub locations: Vec<String>,
    /// The number that takes its place.
    pub instead: Option<String>,
    /// Visits that are still ahead.
    pub visits_ahead: bool,
}

/// Which Twilio account the business texts through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwilioView {
    /// own, subaccount, installation or none
    pub kind: String,
    pub account_sid: Option<String>,
    /// The account that it is a part of.
    pub parent_sid: Option<String>,
    /// The API key it is called with in place of its token.
    pub key_sid: Option<String>,
    /// When its token was entered.
    pub since: Option<DateTime<Utc>>,
    /// Webhooks signed with the token before are still believed.
    pub previous_counts: bool,
    pub shared_keys: Vec<SharedKeyView>,
    pub webhook_inbound: String,
    pub webhook_status: String,
    /// What was found at Twilio for each number the last time.
    pub webhooks: Vec<WebhookView>,
    /// The last test message, if there was one lately.
    pub test: Option<TestView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedKeyView {
    pub id: String,
    pub created_at: DateTime<Utc>,
}

/// Where Twilio posts what comes to a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookView {
    pub phone_display: String,
    /// here, set, foreign, missing or failed; none: not looked at yet
    pub state: Option<String>,
    /// What that means, and what to do.
    pub words: String,
    /// What stood there before.
    pub was: Option<String>,
    pub at: Option<DateTime<Utc>>,
}

/// A test message, and what was heard of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestView {
    pub message_id: Uuid,
    pub to: String,
    pub status: String,
    /// Why it did not arrive, or waits.
    pub why: Option<String>,
    pub sent_at: DateTime<Utc>,
    /// What Twilio said of it, oldest first.
    pub heard: Vec<HeardView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardView {
    pub status: String,
    pub error_code: Option<i32>,
    pub at: DateTime<Utc>,
}

/// A WhatsApp sender as it was seen at Twilio last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SenderView {
    pub id: Uuid,
    pub phone_display: String,
    /// Messages leave from it.
    pub online: bool,
    /// Twilio's own word, like ONLINE or OFFLINE; none: not asked yet.
    pub state: Option<String>,
    /// The same in words, with the reason.
    pub words: String,
    /// HIGH, MEDIUM or LOW, as WhatsApp rates it.
    pub quality: Option<String>,
    /// To how many people it may write first, in WhatsApp's words.
    pub messaging_limit: Option<String>,
    /// What people see of it.
    pub name: Option<String>,
    pub about: Option<String>,
    pub logo: Option<String>,
    /// Where Twilio posts what comes to it now, and where it would.
    pub callback_url: Option<String>,
    pub callback_url_ours: String,
    pub status_url: Option<String>,
    pub status_url_ours: String,
    /// What setting these came to the last time: here, set, foreign or failed.
    pub found: Option<String>,
    pub found_words: String,
    pub checked_at: Option<DateTime<Utc>>,
}
