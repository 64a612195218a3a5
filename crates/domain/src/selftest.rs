//! The go-live self-test of a business: what was seen at Twilio and at our own door, in lines that say what is right, what is not, and what
//! to do about it (docs/twilio.md). It is judged here and read elsewhere.

mod address;
mod night;
mod numbers;
mod whatsapp;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{registration::Judgement, whatsapp::Approval};

pub use address::{is_local, same_address};
pub use night::next_night;

/// Below so much, in hundredths of the account's currency, it says so.
pub const LOW_BALANCE: i64 = 5_00;

/// The clocks of two machines may be so far apart before signatures and logs become hard to compare.
pub const CLOCKS: Duration = Duration::seconds(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    /// It could not be looked at, or does not apply; nothing is wrong by that.
    Skipped,
    Warn,
    Fail,
}

/// One line of the test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its name for programs; of a number's lines with the number.
    pub key: String,
    pub title: String,
    pub status: Status,
    /// What was seen.
    pub seen: String,
    /// What to do about it; empty where there is nothing to do.
    pub fix: String,
    /// Where to do it: a page of ours or of Twilio's; empty: nowhere in particular.
    pub link: String,
    /// Without it no text leaves or none arrives.
    pub essential: bool,
}

/// What a reading at Twilio gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<T> {
    Got(T),
    /// Twilio does not know these credentials.
    Refused,
    /// It is not given to accounts of this kind, or not there.
    Absent,
    /// Nobody answered, or not in a way that could be read; why.
    Unclear(String),
}

/// The account that texts go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub sid: String,
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// `Trial` or `Full`.
    pub kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// In hundredths.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// A number as Twilio has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtTwilio {
    pub sms: bool,
    pub in_use: bool,
    pub sms_url: String,
    pub sms_method: String,
    pub fallback_url: String,
    /// A TwiML app answers in its place.
    pub application: bool,
}

/// One of our numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// As people write it.
    pub shown: String,
    /// E.164.
    pub phone: String,
    /// How often Twilio has it, and the first of them.
    pub found: Reading<Vec<AtTwilio>>,
    /// Whether it may text the business's own country, where carriers ask for a registration; none: they ask for none.
    pub registration: Option<Judgement>,
}

/// One of our senders on WhatsApp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// As people write it.
    pub shown: String,
    /// E.164.
    pub phone: String,
    /// Why nothing leaves from it, if so.
    pub trouble: Option<String>,
}

/// A text that has to be approved by WhatsApp, in the business's own language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// For programs, and for people.
    pub kind: String,
    pub label: String,
    /// `en`, `es`
    pub language: String,
    /// Of what was handed in last.
    pub state: Approval,
    /// Why it was rejected or paused.
    pub reason: Option<String>,
    /// What was handed in is what the text says now.
    pub is_current: bool,
}

/// A Messaging Service with those of its numbers that are ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    pub inbound_url: String,
    pub inbound_method: String,
    pub uses_number: bool,
    /// E.164.
    pub phones: Vec<String>,
}

/// What came back from our own public address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This installation answered, asked by this name.
    Here { host: String },
    /// Something else answered, with this status.
    Elsewhere(u16),
    /// On to this address.
    Redirect(String),
    /// Nobody; why.
    Nobody(String),
}

/// How our own front door took a request that was signed as Twilio would, and one that was not. Statuses; none: no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loop {
    pub right: Option<u16>,
    pub wrong: Option<u16>,
}

/// Everything that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Without a slash at its end.
    pub public_url: String,
    /// The business has an account of its own, and can put right what is wrong with it.
    pub own_account: bool,
    /// None: no account at all.
    pub account: Option<Reading<Account>>,
    pub balance: Reading<Balance>,
    /// How far Twilio's clock is ahead of ours.
    pub ahead: Option<Duration>,
    pub reach: Reach,
    /// None: there is no token to sign with.
    pub signature: Option<Loop>,
    pub numbers: Vec<Number>,
    /// On WhatsApp.
    pub senders: Vec<Sender>,
    /// What they need to be approved.
    pub wordings: Vec<Wording>,
    /// The business sends from the installation's number.
    pub shared: bool,
    pub services: Reading<Vec<Service>>,
    /// The business's country, and whether texts may go there.
    pub geo: Option<(String, Reading<bool>)>,
    /// Codes of the last day's errors of webhooks at our address, the newest first.
    pub alerts: Reading<Vec<String>>,
}

impl Facts {
    /// Where Twilio is to post what customers write.
    #[must_use]
    pub fn inbound_url(&self) -> String {
        format!("{}/webhooks/twilio/inbound", self.public_url)
    }
}

const TWILIO_PAGE: &str = "/settings/twilio";
const CONSOLE: &str = "https://console.twilio.com";

impl Line {
    fn new(key: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            title: title.into(),
            status: Status::Ok,
            seen: String::new(),
            fix: String::new(),
            link: String::new(),
            essential: false,
        }
    }

    fn essential(mut self) -> Self {
        self.essential = true;
        self
    }

    fn seen(mut self, status: Status, words: impl Into<String>) -> Self {
        self.status = status;
        self.seen = words.into();
        self
    }

    fn fix(mut self, words: impl Into<String>, link: impl Into<String>) -> Self {
        self.fix = words.into();
        self.link = link.into();
        self
    }
}

/// The lines of the test, in the order in which they are best put right.
#[must_use]
pub fn judge(facts: &Facts) -> Vec<Line> {
    let mut lines = vec![
        account(facts),
        address::scheme(facts),
        address::reach(facts),
        address::signature(facts),
    ];
    lines.extend(numbers::lines(facts));
    lines.extend(whatsapp::lines(facts));
    lines.push(balance(facts));
    lines.push(geo(facts));
    lines.push(clock(facts));
    lines.push(alerts(facts));
    lines
}

/// How many lines fail, and how many warn.
#[must_use]
pub fn count(lines: &[Line]) -> (usize, usize) {
    let of = |status| lines.iter().filter(|line| line.status == status).count();
    (of(Status::Fail), of(Status::Warn))
}

/// The first line that fails and without which nothing works.
#[must_use]
pub fn essential_failure(lines: &[Line]) -> Option<&Line> {
    lines.iter().find(|line| line.essential && line.status == Status::Fail)
}

fn account(facts: &Facts) -> Line {
    let line = Line::new("account", "Twilio account").essential();
    let (fix, place) = if facts.own_account {
        ("Give the account SID and its auth token anew.", TWILIO_PAGE)
    } else {
        (
            "Whoever runs this server sets TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
            TWILIO_PAGE,
        )
    };
    match &facts.account {
        None => line
            .seen(Status::Fail, "No Twilio account is connected, so no text can leave.")
            .fix("Connect a Twilio account.", TWILIO_PAGE),
        Some(Reading::Got(account)) => known_account(line, account, facts.own_account),
        Some(Reading::Refused) => line
            .seen(Status::Fail, "Twilio does not know this account SID and auth token.")
            .fix(fix, place),
        Some(Reading::Absent) => line.seen(Status::Fail, "Twilio has no such account.").fix(fix, place),
        Some(Reading::Unclear(why)) => line
            .seen(Status::Warn, format!("Twilio could not be asked: {why}."))
            .fix("Run the test again in a few minutes.", ""),
    }
}

/// What is only the installation’s to know and to mend is not told to its businesses.
const TELL_THEM: &str = "Tell whoever runs this installation.";

fn known_account(line: Line, account: &Account, own: bool) -> Line {
    let Account { sid, status, kind } = account;
    let who = if own {
        format!("The account {sid}")
    } else {
        "This installation’s account".to_owned()
    };
    let mend = |line: Line, fix: &str, link: String| if own { line.fix(fix, link) } else { line.fix(TELL_THEM, "") };
    if status != "active" {
        let line = line.seen(Status::Fail, format!("{who} is {status}: Twilio takes no texts."));
        return mend(line, "Ask Twilio why, in its console.", CONSOLE.to_owned());
    }
    if kind.eq_ignore_ascii_case("trial") {
        let seen = format!("{who} is a trial: it texts only numbers that were verified at Twilio.");
        let fix = "Upgrade the account before customers are texted.";
        return mend(line.seen(Status::Warn, seen), fix, format!("{CONSOLE}/billing"));
    }
    line.seen(Status::Ok, format!("{who} is active."))
}

fn balance(facts: &Facts) -> Line {
    let line = Line::new("balance", "Money at Twilio");
    match &facts.balance {
        Reading::Got(balance) if facts.own_account => own_balance(line, balance),
        Reading::Got(balance) if balance.amount <= 0 => line
            .essential()
            .seen(
                Status::Fail,
                "This installation’s account is used up: Twilio may refuse texts.",
            )
            .fix(TELL_THEM, ""),
        Reading::Got(balance) if balance.amount < LOW_BALANCE => line
            .seen(Status::Warn, "Little is left on this installation’s account.")
            .fix(TELL_THEM, ""),
        Reading::Got(_) => line.seen(Status::Ok, "Enough is left on this installation’s account."),
        Reading::Refused | Reading::Absent => line.seen(
            Status::Skipped,
            "This account does not tell its balance; its parent account pays.",
        ),
        Reading::Unclear(why) => line.seen(Status::Skipped, format!("The balance could not be read: {why}.")),
    }
}

fn own_balance(line: Line, balance: &Balance) -> Line {
    let (whole, rest) = (balance.amount / 100, (balance.amount % 100).abs());
    let shown = format!("{whole}.{rest:02} {}", balance.currency);
    let link = format!("{CONSOLE}/billing");
    if balance.amount <= 0 {
        line.essential()
            .seen(Status::Fail, format!("The balance is {shown}: Twilio may refuse texts."))
            .fix("Pay in at Twilio.", link)
    } else if balance.amount < LOW_BALANCE {
        line.seen(Status::Warn, format!("Only {shown} are left."))
            .fix("Pay in at Twilio, or turn on auto recharge there.", link)
    } else {
        line.seen(Status::Ok, format!("{shown} are left."))
    }
}

fn geo(facts: &Facts) -> Line {
    let line = Line::new("geo", "Country");
    match &facts.geo {
        None => line
            .seen(
                Status::Warn,
                "It is not known which country your customers’ numbers are from.",
            )
            .fix("Choose your country.", "/settings"),
        Some((country, Reading::Got(true))) => line.seen(Status::Ok, format!("Twilio lets texts go to {country}.")),
        Some((country, Reading::Got(false))) => line
            .essential()
            .seen(Status::Fail, format!("Twilio lets no texts go to {country} (error 21408)."))
            .fix(
                "Turn the country on under Messaging, Geo permissions.",
                format!("{CONSOLE}/develop/sms/settings/geo-permissions"),
            ),
        Some((_, Reading::Refused | Reading::Absent)) => {
            line.seen(Status::Skipped, "This account does not tell which countries are open.")
        }
        Some((_, Reading::Unclear(why))) => line.seen(Status::Skipped, format!("It could not be read: {why}.")),
    }
}

fn clock(facts: &Facts) -> Line {
    let line = Line::new("clock", "Clock");
    match facts.ahead {
        None => line.seen(Status::Skipped, "Twilio has not told its time."),
        Some(ahead) if ahead.abs() < CLOCKS => line.seen(Status::Ok, "This server’s clock agrees with Twilio’s."),
        Some(ahead) => {
            let way = if ahead > Duration::zero() { "behind" } else { "ahead of" };
            line.seen(
                Status::Warn,
                format!("This server’s clock is {} seconds {way} Twilio’s.", ahead.num_seconds().abs()),
            )
            .fix("Whoever runs this server turns on time synchronisation (NTP).", "")
        }
    }
}

/// Errors that mean that something Twilio wanted to tell us did not arrive.
pub const LOST: [&str; 4] = ["11200", "11205", "12100", "12300"];

fn alerts(facts: &Facts) -> Line {
    let line = Line::new("alerts", "Twilio’s own error log");
    match &facts.alerts {
        Reading::Got(codes) if codes.is_empty() => line.seen(Status::Ok, "No webhook of ours failed in the last day."),
        Reading::Got(codes) => {
            let times = if codes.len() == 1 {
                "once".to_owned()
            } else {
                format!("{} times", codes.len())
            };
            let last = codes.first().map_or("", String::as_str);
            line.seen(
                Status::Warn,
                format!("Twilio could not reach us {times} in the last day (last error {last}). What it had to say is brought in from its log."),
            )
            .fix("Look whether this server was up and reachable.", format!("https://www.twilio.com/docs/api/errors/{last}"))
        }
        Reading::Refused | Reading::Absent => line.seen(Status::Skipped, "This account does not show its error log."),
        Reading::Unclear(why) => line.seen(Status::Skipped, format!("It could not be read: {why}.")),
    }
}

#[cfg(test)]
mod tests;
