//! The texts that customers get without anybody writing them: which kinds there are, what stands in each, and what a business may make of
//! it. A text is words with variables in double braces and, where something may be missing, `{% if location %} at {{ location }}{% endif %}`.
//!
//! The built-in texts are templates, too, one of each kind in each language: a language that lacks one does not compile.

mod built_in;
#[cfg(feature = "templates")]
mod filling;
mod lint;
mod reserved;
mod scan;

pub use built_in::{Words, built_in};
#[cfg(feature = "templates")]
pub use filling::fill;
pub use lint::{Finding, lint};
pub use scan::{uses, with_what_is_known};

use std::collections::BTreeMap;

use crate::{language::Language, words::words};

/// Most characters of a text, with its variables and with what stands in their place. Twilio takes no longer one (error 21617).
pub const LONGEST: usize = 1600;
/// Most characters of an e-mail's subject.
pub const LONGEST_SUBJECT: usize = 150;

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Reminder,
    ReminderMany,
    Correction,
    WhichVisit,
    Help,
    OptedOut,
    Started,
    Confirmed,
    Moved,
    Cancelled,
    WaitlistJoined,
    StillWaiting,
    OfferHeld,
    OfferRace,
    OfferWon,
    OfferLost,
    OfferLate,
    OfferTimes,
    TimesGone,
    Review,
    Recall,
    MissedCall,
    Arrived,
    Verification,
}

words!(Kind is a "kind of text":
    Reminder = "reminder", ReminderMany = "reminder_many", Correction = "correction", WhichVisit = "which_visit", Help = "help",
    OptedOut = "opted_out", Started = "started", Confirmed = "confirmed", Moved = "moved", Cancelled = "cancelled",
    WaitlistJoined = "waitlist_joined", StillWaiting = "still_waiting", OfferHeld = "offer_held", OfferRace = "offer_race", OfferWon = "offer_won",
    OfferLost = "offer_lost", OfferLate = "offer_late", OfferTimes = "offer_times", TimesGone = "times_gone", Review = "review", Recall = "recall",
    MissedCall = "missed_call", Arrived = "arrived", Verification = "verification");

/// The way it travels: each has texts of its own, for what is short on one is bare on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    Sms,
    Whatsapp,
    Email,
}

words!(Channel is a "channel": Sms = "sms", Whatsapp = "whatsapp", Email = "email");

impl Channel {
    /// As people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sms => "Text message",
            Self::Whatsapp => "WhatsApp",
            Self::Email => "E-mail",
        }
    }
}

/// What stands in a text for something that is known only when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    Name,
    ForName,
    Business,
    Contact,
    Date,
    Time,
    When,
    Visit,
    Type,
    Staff,
    Location,
    Price,
    Token,
    Until,
    Link,
    Visits,
    Answers,
    Count,
    Listed,
    Released,
    Times,
    Code,
    Slot,
}

words!(Variable is a "variable":
    Name = "name", ForName = "for_name", Business = "business", Contact = "contact", Date = "date", Time = "time", When = "when", Visit = "visit", Type = "type",
    Staff = "staff", Location = "location", Price = "price", Token = "token", Until = "until", Link = "link", Visits = "visits",
    Answers = "answers", Count = "count", Listed = "listed", Released = "released", Times = "times", Code = "code", Slot = "slot");

impl Variable {
    /// What stands in its place.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "the customer’s first name",
            Self::ForName => "whom the visit is for, if that is not who has the phone",
            Self::Business => "your business’s name",
            Self::Contact => "how you are reached, like “Call (415) 555-0100”",
            Self::Date => "the day of the visit",
            Self::Time => "its time",
            Self::When => "day and time in one, as short as can be",
            Self::Visit => "what the visit is called: “your visit”, or whose it is",
            Self::Type => "what it is for",
            Self::Staff => "who it is with",
            Self::Location => "where it is",
            Self::Price => "what it costs, as a number",
            Self::Token => "the number behind Y and N when several questions are open; mostly empty",
            Self::Until => "until when the offer holds",
            Self::Link => "the address of the page behind it",
            Self::Visits => "the visits, each with its code",
            Self::Answers => "how to answer for each of them, and how to opt out",
            Self::Count => "how many visits there are",
            Self::Listed => "how many of them are listed, if that is not all",
            Self::Released => "the day of the visit that is given up for it",
            Self::Times => "the times to choose from, each with its number",
            Self::Code => "the code",
            Self::Slot => "what has come free, like “a cleaning slot”",
        }
    }

    /// Whether it has no value for some: a text says it only `{% if … %}` there is one.
    #[must_use]
    pub const fn may_be_empty(self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::ForName
                | Self::Contact
                | Self::Type
                | Self::Staff
                | Self::Location
                | Self::Price
                | Self::Listed
                | Self::Released
        )
    }
}

/// One text of all: what for, on which way, in which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Which {
    pub kind: Kind,
    pub channel: Channel,
    pub language: Language,
}

impl Which {
    /// Every one there is, as a list shows them.
    pub fn all() -> impl Iterator<Item = Self> {
        Kind::ALL.iter().flat_map(|kind| {
            Channel::ALL.iter().flat_map(move |channel| {
                Language::ALL.iter().map(move |language| Self {
                    kind: *kind,
                    channel: *channel,
                    language: *language,
                })
            })
        })
    }

    /// The one of text messages.
    #[must_use]
    pub const fn sms(kind: Kind, language: Language) -> Self {
        Self {
            kind,
            channel: Channel::Sms,
            language,
        }
    }

    /// The one of e-mails.
    #[must_use]
    pub const fn mail(kind: Kind, language: Language) -> Self {
        Self {
            kind,
            channel: Channel::Email,
            language,
        }
    }

    /// The one of WhatsApp.
    #[must_use]
    pub const fn whatsapp(kind: Kind, language: Language) -> Self {
        Self {
            kind,
            channel: Channel::Whatsapp,
            language,
        }
    }

    /// The text of everybody who has written none.
    #[must_use]
    pub const fn built_in(self) -> Words {
        built_in(self.kind, self.channel, self.language)
    }
}

use Variable as V;

/// Of every text.
const EVERYBODY: &[V] = &[V::Name, V::Business, V::Contact];
/// Of a text about one visit.
const ONE_VISIT: &[V] = &[
    V::Name,
    V::ForName,
    V::Business,
    V::Contact,
    V::Date,
    V::Time,
    V::When,
    V::Visit,
    V::Type,
    V::Staff,
    V::Location,
    V::Price,
    V::Token,
    V::Link,
];
/// Of a text about a time of the waitlist.
const ONE_TIME: &[V] = &[
    V::Name,
    V::ForName,
    V::Business,
    V::Contact,
    V::Date,
    V::Time,
    V::When,
    V::Type,
    V::Staff,
    V::Location,
    V::Price,
];

impl Kind {
    /// As a list calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reminder => "Reminder",
            Self::ReminderMany => "Reminder of several visits",
            Self::Correction => "We did not understand",
            Self::WhichVisit => "Which visit is meant",
            Self::Help => "Answer to HELP",
            Self::OptedOut => "Answer to STOP",
            Self::Started => "Answer to START",
            Self::Confirmed => "Visit confirmed",
            Self::Moved => "Visit moved",
            Self::Cancelled => "Visit cancelled",
            Self::WaitlistJoined => "On the waitlist",
            Self::StillWaiting => "Still waiting?",
            Self::OfferHeld => "Offer of a time that is held",
            Self::OfferRace => "Offer to whoever answers first",
            Self::OfferWon => "Offer taken",
            Self::OfferLost => "Somebody else was faster",
            Self::OfferLate => "Answer after an offer ended",
            Self::OfferTimes => "Times to choose from",
            Self::TimesGone => "Chosen time is gone",
            Self::Review => "Asking for a review",
            Self::Recall => "Due again",
            Self::MissedCall => "After a missed call",
            Self::Arrived => "Customer has arrived",
            Self::Verification => "Code of a form",
        }
    }

    /// What it is that texts of this kind are sent about, in one sentence.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Reminder => "Before a visit, as often as you remind.",
            Self::ReminderMany => "Instead of several reminders, when one phone has several visits in half a day.",
            Self::Correction => "Once, after an answer to a reminder that was neither Y nor N.",
            Self::WhichVisit => "Once, when an answer may be to several visits.",
            Self::Help => "To whoever writes HELP.",
            Self::OptedOut => "To whoever writes STOP, where Twilio does not answer that itself.",
            Self::Started => "To whoever writes START after a STOP.",
            Self::Confirmed => "After a Y.",
            Self::Moved => "When a visit gets another time.",
            Self::Cancelled => "When a visit is cancelled.",
            Self::WaitlistJoined => "To whoever was put on the waitlist.",
            Self::StillWaiting => "Once, to whoever has waited long, before their place on the waitlist ends.",
            Self::OfferHeld => "A time has come free and is kept for this one person for a while.",
            Self::OfferRace => "A time has come free, and several people are asked at once.",
            Self::OfferWon => "To whoever took the time that came free.",
            Self::OfferLost => "To whoever said Y to an offer after somebody else did.",
            Self::OfferLate => "To whoever said Y to an offer that had ended.",
            Self::OfferTimes => "When you offer somebody two or three other times.",
            Self::TimesGone => "To whoever chose one of them when it was not free any more.",
            Self::Review => "Some time after a visit.",
            Self::Recall => "Months after a visit, as the type of visit says.",
            Self::MissedCall => "To whoever called and was not heard.",
            Self::Arrived => "To whoever writes HERE on the day of a visit.",
            Self::Verification => "To whoever enters a number in a form of yours.",
        }
    }

    /// What may stand in it.
    #[must_use]
    pub const fn variables(self) -> &'static [Variable] {
        match self {
            Self::Reminder | Self::Confirmed | Self::Moved | Self::Cancelled | Self::Recall | Self::Review | Self::Arrived => {
                ONE_VISIT
            }
            Self::ReminderMany => &[V::Name, V::Business, V::Contact, V::Date, V::Visits, V::Answers, V::Count],
            Self::WhichVisit => &[V::Name, V::Business, V::Contact, V::Visits, V::Count, V::Listed],
            Self::OfferHeld => &[
                V::Name,
                V::ForName,
                V::Business,
                V::Contact,
                V::Date,
                V::Time,
                V::When,
                V::Visit,
                V::Slot,
                V::Type,
                V::Staff,
                V::Location,
                V::Price,
                V::Token,
                V::Until,
            ],
            // Nothing is held: a text that names an hour would promise it.
            Self::OfferRace => &[
                V::Name,
                V::ForName,
                V::Business,
                V::Contact,
                V::Date,
                V::Time,
                V::When,
                V::Visit,
                V::Slot,
                V::Type,
                V::Staff,
                V::Location,
                V::Price,
                V::Token,
            ],
            Self::OfferLost => ONE_TIME,
            Self::OfferLate => &[
                V::Name,
                V::ForName,
                V::Business,
                V::Contact,
                V::Date,
                V::Time,
                V::When,
                V::Type,
                V::Staff,
                V::Location,
                V::Price,
                V::Until,
            ],
            Self::OfferWon => &[
                V::Name,
                V::ForName,
                V::Business,
                V::Contact,
                V::Date,
                V::Time,
                V::When,
                V::Type,
                V::Staff,
                V::Location,
                V::Price,
                V::Released,
            ],
            Self::OfferTimes => &[
                V::Name,
                V::ForName,
                V::Business,
                V::Contact,
                V::Type,
                V::Staff,
                V::Location,
                V::Times,
                V::Until,
            ],
            Self::Verification => &[V::Business, V::Code],
            Self::WaitlistJoined | Self::MissedCall => &[V::Name, V::Business, V::Contact, V::Link],
            Self::StillWaiting => &[V::Name, V::ForName, V::Business, V::Contact, V::Token],
            Self::Correction | Self::Help | Self::OptedOut | Self::Started | Self::TimesGone => EVERYBODY,
        }
    }

    /// What must stand in it: without, nobody would know what it is about.
    #[must_use]
    pub const fn needed(self) -> &'static [Variable] {
        match self {
            Self::Reminder | Self::Moved | Self::OfferRace | Self::OfferWon => &[V::Date, V::Time],
            Self::OfferHeld => &[V::Date, V::Time, V::Until],
            Self::ReminderMany => &[V::Visits, V::Answers],
            Self::WhichVisit => &[V::Visits],
            Self::OfferTimes => &[V::Times],
            Self::Review => &[V::Link],
            Self::Verification => &[V::Code],
            _ => &[],
        }
    }

    /// Whether it asks for a Y or an N, which may have to carry a token.
    #[must_use]
    pub const fn asks(self) -> bool {
        matches!(
            self,
            Self::Reminder | Self::Moved | Self::OfferHeld | Self::OfferRace | Self::StillWaiting
        )
    }

    /// Whether people get it without having written just before: such a text says how to opt out.
    #[must_use]
    pub const fn comes_unasked(self) -> bool {
        matches!(
            self,
            Self::Reminder
                | Self::ReminderMany
                | Self::Moved
                | Self::Help
                | Self::WaitlistJoined
                | Self::Review
                | Self::Recall
                | Self::MissedCall
        )
    }
}

/// Behind a value that ends with a full stop, so that the sentence it ends has not two: "3:00 p. m." and not "3:00 p. m..". Of a plane that
/// no text has.
const STOPPED: char = '\u{10fffd}';

/// What stands in the place of variables. Those without a value are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<Variable, String>);

impl Values {
    /// On one line: what staff typed must not tear a text apart.
    #[must_use]
    pub fn with(mut self, variable: Variable, value: &str) -> Self {
        self.set(variable, value);
        self
    }

    /// Several, each on a line of its own: only where a text has lines, as an e-mail does.
    #[must_use]
    pub fn with_lines(mut self, variable: Variable, values: &[String]) -> Self {
        let lines: Vec<String> = values.iter().map(|value| one_line(value)).collect();
        self.0.insert(variable, lines.join("\n"));
        self
    }

    /// The same in place.
    pub fn set(&mut self, variable: Variable, value: &str) {
        self.0.insert(variable, one_line(value));
    }

    #[must_use]
    pub fn get(&self, variable: Variable) -> &str {
        self.0.get(&variable).map_or("", String::as_str)
    }
}

fn one_line(value: &str) -> String {
    let kept: String = value.chars().filter(|c| *c != STOPPED).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
