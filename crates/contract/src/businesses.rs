//! A business: the tenant everything belongs to.

use domain::language::Language;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BusinessView {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// What HELP answers with: a phone number, an e-mail address or a sentence.
    pub contact_line: String,
    /// IANA name.
    pub time_zone: String,
    /// ISO 3166-1 alpha-2: how phone numbers typed without a country code are read. Empty: not known, and none is read without.
    pub country: String,
    /// What customers are texted in who have no language of their own.
    pub language: Language,
    /// Texts go without the accents that GSM-7 lacks, where that saves a part.
    pub short_texts: bool,
    /// The number texts leave from, if there is one: E.164, and as people of the business's country write it.
    pub sender: Option<String>,
    pub sender_display: Option<String>,
    /// The SID of the business's own Twilio account; none: the installation's is used.
    pub own_account: Option<String>,
    /// Minutes after local midnight; quiet from start to end.
    pub quiet_start: u16,
    pub quiet_end: u16,
    /// Hours before an appointment at which reminders go out, largest first.
    pub cadence: Vec<u16>,
}

/// Settings staff may not change, admins and owners may. Empty optional fields leave a value as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateBusiness {
    pub name: String,
    pub contact_line: String,
    pub time_zone: String,
    /// ISO alpha-2; empty leaves it as it is.
    pub country: String,
}

/// How a business texts. Only owners and admins may change it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateLanguage {
    /// `en` or `es`.
    pub language: String,
    pub short_texts: bool,
}

/// A country that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryView {
    /// ISO alpha-2.
    pub code: String,
    /// In English.
    pub name: String,
}

/// What bounds a business's sending, and how far this month has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingView {
    /// Texts an hour; what is over it waits.
    pub hourly_limit: u32,
    /// Millionths of a dollar a month; none means no limit.
    pub monthly_budget: Option<i64>,
    /// Millionths of a dollar spent this month.
    pub spent: i64,
    /// Reminders keep to US states' stricter hours.
    pub state_hours: bool,
    /// No reminder from this time of the customer's day, like `21:00`, to `quiet_end`; both the same: at any time.
    pub quiet_start: String,
    pub quiet_end: String,
    /// US states that allow less of the day than others.
    #[serde(default)]
    pub states: Vec<StateHoursView>,
    pub countries: CountriesView,
}

/// Which countries a business texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountryRule {
    /// Its own, and those that share its calling code.
    #[default]
    Home,
    /// Those of a list.
    Listed,
    Everywhere,
}

impl CountryRule {
    pub const ALL: [CountryRule; 3] = [CountryRule::Home, CountryRule::Listed, CountryRule::Everywhere];

    /// As a form says it.
    pub fn as_str(self) -> &'static str {
        match self {
            CountryRule::Home => "home",
            CountryRule::Listed => "listed",
            CountryRule::Everywhere => "everywhere",
        }
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }

    /// As the settings call it.
    pub fn words(self) -> &'static str {
        match self {
            CountryRule::Home => "Our own country",
            CountryRule::Listed => "Only the countries listed below",
            CountryRule::Everywhere => "Every country",
        }
    }
}

/// Which countries a business texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountriesView {
    pub rule: CountryRule,
    /// By name; empty unless the rule is a list.
    pub listed: Vec<CountryView>,
    /// The name of the business's own country, if it is known.
    pub home: Option<String>,
    /// Its calling code, if others share it.
    pub shared_code: Option<u16>,
}

/// Which countries a business texts, as typed. Only owners and admins may.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateCountries {
    /// As `CountryRule` is written.
    pub rule: String,
    /// English names or ISO codes with commas between; of no use unless the rule is a list.
    pub countries: String,
}

/// When a US state allows advertising by text, like `9:00 to 20:00`, or `not at all`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHoursView {
    /// Its postal code.
    pub state: String,
    pub weekdays: String,
    pub saturday: String,
    pub sunday: String,
}

/// How many texts may leave and for how much money, as typed. Only owners and admins may.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateLimits {
    /// Dollars; empty means no limit.
    pub monthly_budget: String,
    pub hourly_limit: String,
}

/// When no machine texts a customer, as typed. Only owners and admins may.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateQuietHours {
    pub state_hours: bool,
    /// Times of day like `21:00`.
    pub quiet_start: String,
    pub quiet_end: String,
}

/// When customers are reminded of visits whose types say nothing else, as typed: hours before, like `48, 24, 2`. Only owners and admins may.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateReminders {
    pub cadence: String,
}

/// What would be sent about a visit, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderPreview {
    /// When the visit would be, in words.
    pub visit: String,
    pub lines: Vec<PreviewLine>,
    /// The same text each time.
    pub text: String,
    /// Parts that it is sent in.
    pub segments: u32,
}

/// One reminder of the preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewLine {
    /// How long before, in words.
    pub before: String,
    /// When it would leave, in words; none: it would not.
    pub when: Option<String>,
    /// Why it leaves at another time than that, or does not leave.
    pub why: Option<String>,
}

/// Who an unassigned conversation is given to when its customer begins to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignRule {
    #[default]
    Off,
    /// To who replied in it last.
    LastReplied,
    /// In turn to everybody who is not away.
    RoundRobin,
}

impl AssignRule {
    pub const ALL: [AssignRule; 3] = [AssignRule::Off, AssignRule::LastReplied, AssignRule::RoundRobin];

    /// As it is stored, and as a form says it.
    pub fn as_str(self) -> &'static str {
        match self {
            AssignRule::Off => "off",
            AssignRule::LastReplied => "last_replied",
            AssignRule::RoundRobin => "round_robin",
        }
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }

    /// As the settings call it.
    pub fn words(self) -> &'static str {
        match self {
            AssignRule::Off => "To nobody: whoever is free takes it",
            AssignRule::LastReplied => "To the person who replied last",
            AssignRule::RoundRobin => "In turn to everybody who is available",
        }
    }
}

/// What happens to a business's conversations by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxView {
    pub assign: AssignRule,
    /// Days without anything; none: no conversation is closed by itself.
    pub close_after_days: Option<u32>,
    /// Who gets no new conversations just now, by name.
    pub away: Vec<String>,
}

/// The same as typed. Only owners and admins may.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateInbox {
    /// As `AssignRule` is written.
    pub assign: String,
    /// Days, 1 to 365; empty: never.
    pub close_after_days: String,
}

/// How long what texts say is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionView {
    /// Days; none: for ever.
    pub keep_days: Option<i32>,
}

/// The same as typed. Only owners and admins may.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateRetention {
    /// One of the choices of `domain::retention`.
    pub keep_days: String,
    /// What is older than that may be removed.
    pub confirm: bool,
}

/// A place appointments happen at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LocationView {
    pub id: Uuid,
    pub name: String,
    /// As people write it; may be empty.
    pub address: String,
    /// The number its appointments' texts leave from, E.164. None: the number the customer knows, else the business's default.
    pub number: Option<String>,
    /// The number as people of the business's country write it.
    #[serde(default)]
    pub number_display: Option<String>,
    /// IANA name of the zone its clocks show. None: the business's.
    pub time_zone: Option<String>,
    /// None: nobody has said.
    #[serde(default)]
    pub opening_hours: Option<OpeningHours>,
    /// It can't be chosen any more; visits that are there stay there.
    #[serde(default)]
    pub archived: bool,
}

/// When a location is open, by its clock: for each day like `09:00-12:00, 13:00-17:00`; empty: closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct OpeningHours {
    pub mon: String,
    pub tue: String,
    pub wed: String,
    pub thu: String,
    pub fri: String,
    pub sat: String,
    pub sun: String,
}

impl OpeningHours {
    /// The days by their short names, Monday first.
    pub fn days(&self) -> [(&'static str, &str); 7] {
        [
            ("mon", &self.mon),
            ("tue", &self.tue),
            ("wed", &self.wed),
            ("thu", &self.thu),
            ("fri", &self.fri),
            ("sat", &self.sat),
            ("sun", &self.sun),
        ]
    }
}

/// A location as typed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SaveLocation {
    /// What tells it from the business's other locations, up to 60 characters.
    pub name: String,
    #[serde(default)]
    pub address: String,
    /// One of the business's own numbers, in any usual spelling; empty: none of its own.
    #[serde(default)]
    pub number: String,
    /// IANA name; empty: the business's zone.
    #[serde(default)]
    pub time_zone: String,
    /// As typed; closed on all days: nobody has said.
    #[serde(default)]
    pub opening_hours: OpeningHours,
}

/// What the page that a visit's customer opens may do, and whether reminders carry its link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomersPage {
    pub may_cancel: bool,
    pub text_links: bool,
}

/// By which ways customers are told of their visits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ways {
    /// Best first, for whom nobody has said otherwise: `sms`, `email`.
    pub channels: Vec<String>,
    /// What somebody answered before is tried first.
    pub learn: bool,
    /// A yes to offers counts only once its customer has confirmed it.
    pub confirm_offers: bool,
}

/// Whether anybody may put themselves on the waitlist, and where they do that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitlistForm {
    pub on: bool,
    pub url: String,
}
