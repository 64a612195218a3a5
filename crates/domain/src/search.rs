//! The search box: what somebody typed, as what is looked for. Words and `"words in a row"` are looked for in texts, names and numbers;
//! `is:unread` and the like narrow that. Whatever can't be understood is looked for as it stands, and said.

mod completing;
mod matching;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::{when, zone::Zone};

pub use completing::{Names, Offer, offers};
pub use matching::{Mark, Snippet, snippet, words_of};

/// Characters of a search that are read; what stands behind them is not looked for.
pub const MOST_CHARACTERS: usize = 300;
/// Words and operators that are read.
pub const MOST_TERMS: usize = 24;

/// What is looked for: everything that holds for all of these terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    pub terms: Vec<Term>,
    /// What was not understood, a sentence each.
    pub notes: Vec<String>,
}

/// One word or operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As it was typed, with its minus and quotes.
    pub written: String,
    /// What it says must not be so.
    pub not: bool,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Text(Text),
    From(From),
    Is(Is),
    Assigned(Assigned),
    /// From a moment on (inclusive), up to another (exclusive).
    Time(Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    Channel(Channel),
    Location(String),
    /// A word that staff know the customer by, in lower case.
    Tag(String),
    Has(Has),
}

/// Something that is written in a text, a name or a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Without quotes, as it was typed.
    pub text: String,
    /// Its words stand in a row.
    pub in_a_row: bool,
    /// Its last word may go on: somebody is still typing.
    pub begins: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// Whoever searches.
    Me,
    Customer,
    /// Somebody of the business, or a customer, called this.
    Name(String),
}

crate::words::words! { Is is a "state to search for":
Unread = "unread", Waiting = "waiting", Open = "open", Closed = "closed", Snoozed = "snoozed", Failed = "failed",
OptedOut = "optedout", Hold = "hold" }

crate::words::words! { Has is a "thing to search for": Visit = "visit", Note = "note", Task = "task" }

crate::words::words! { Channel is a "channel to search in": Sms = "sms", Whatsapp = "whatsapp", Email = "email" }

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Is {
    Unread,
    Waiting,
    Open,
    Closed,
    Snoozed,
    Failed,
    OptedOut,
    Hold,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Has {
    Visit,
    Note,
    Task,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    Sms,
    Whatsapp,
    Email,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assigned {
    Me,
    Nobody,
    /// Somebody of the business whose name holds this.
    Name(String),
}

impl Search {
    /// Reads what was typed; days are those of `zone`, `now` says which is today.
    #[must_use]
    pub fn read(typed: &str, now: DateTime<Utc>, zone: Zone) -> Self {
        let mut notes = Notes::default();
        let read: String = typed.chars().filter(|c| *c != '\0').take(MOST_CHARACTERS).collect();
        if typed.chars().nth(MOST_CHARACTERS).is_some() {
            notes.add(format!("Only the first {MOST_CHARACTERS} characters were searched for."));
        }
        let mut pieces = split(&read, &mut notes);
        if pieces.len() > MOST_TERMS {
            pieces.truncate(MOST_TERMS);
            notes.add(format!("Only the first {MOST_TERMS} words were searched for."));
        }
        let mut terms: Vec<Term> = pieces.iter().map(|piece| piece.read(now, zone, &mut notes)).collect();
        if let Some(Term {
            not: false,
            what: What::Text(last),
            ..
        }) = terms.last_mut()
        {
            last.begins = !last.in_a_row;
        }
        terms.retain(|term| !matches!(&term.what, What::Text(text) if words_of(&text.text).next().is_none()));
        Self { terms, notes: notes.0 }
    }

    /// What is looked for in texts, names and numbers.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.terms
            .iter()
            .filter(|term| !term.not)
            .filter_map(|term| match &term.what {
                What::Text(text) => Some(text),
                _ => None,
            })
    }

    /// What must not be written in a text.
    pub fn not_texts(&self) -> impl Iterator<Item = &Text> {
        self.terms.iter().filter(|term| term.not).filter_map(|term| match &term.what {
            What::Text(text) => Some(text),
            _ => None,
        })
    }

    /// Whether a text says all that is looked for, and nothing that is not. For those that no index has chosen, and for words in a row.
    #[must_use]
    pub fn is_said_in(&self, text: &str) -> bool {
        self.texts().all(|wanted| wanted.is_in(text)) && !self.not_texts().any(|unwanted| unwanted.is_in(text))
    }

    /// From which moment on (inclusive), and up to which (exclusive).
    #[must_use]
    pub fn time(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let times = self.terms.iter().filter_map(|term| match term.what {
            What::Time(from, until) => Some((from, until)),
            _ => None,
        });
        times.fold((None, None), |(from, until), (f, u)| {
            (from.max(f), [until, u].into_iter().flatten().min())
        })
    }

    /// The search without its term at `at`, as it is typed.
    #[must_use]
    pub fn without(&self, at: usize) -> String {
        let others = self.terms.iter().enumerate().filter(|(n, _)| *n != at);
        others.map(|(_, term)| term.written.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// What could not be understood, each thing once.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn add(&mut self, sentence: String) {
        if !self.0.contains(&sentence) {
            self.0.push(sentence);
        }
    }
}

/// A piece of what was typed, between blanks that stand in no quotes.
#[derive(Default)]
struct Piece {
    written: String,
    /// `before:` of an operator, in lower case.
    key: Option<String>,
    /// Without quotes.
    value: String,
    quoted: bool,
    not: bool,
}

/// Curly quotes are what phones type.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„')
}

fn split(typed: &str, notes: &mut Notes) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut piece = Piece::default();
    let mut inside = false;
    for c in typed.chars() {
        if is_quote(c) {
            piece.written.push('"');
            inside = !inside;
            piece.quoted = true;
        } else if c.is_whitespace() && !inside {
            pieces.push(std::mem::take(&mut piece));
        } else {
            let first = piece.written.is_empty();
            piece.written.push(c);
            match c {
                '-' if first => piece.not = true,
                ':' if piece.key.is_none() && !piece.quoted && is_key(&piece.value) => {
                    piece.key = Some(std::mem::take(&mut piece.value).to_lowercase());
                }
                _ => piece.value.push(c),
            }
        }
    }
    if inside {
        piece.written.push('"');
        notes.add("A quote was not closed; everything after it was taken for words in a row.".to_owned());
    }
    pieces.push(piece);
    pieces.retain(|piece| !piece.value.trim().is_empty() || piece.key.is_some());
    pieces
}

fn is_key(before: &str) -> bool {
    !before.is_empty() && before.len() <= 20 && before.bytes().all(|b| b.is_ascii_alphabetic())
}

impl Piece {
    fn read(&self, now: DateTime<Utc>, zone: Zone, notes: &mut Notes) -> Term {
        let understood = match &self.key {
            None => Ok(self.text(&self.value)),
            Some(key) => operator(key, self.value.trim(), now, zone),
        };
        let what = match understood {
            Ok(What::Time(..)) if self.not => Err("A minus before a time means nothing.".to_owned()),
            other => other,
        };
        let what = what.unwrap_or_else(|why| {
            let typed = self.written.trim_start_matches('-');
            // An address on the web is no operator.
            if !self.value.starts_with("//") {
                notes.add(format!("“{typed}” was searched for as text. {why}"));
            }
            let words = typed.replace('"', " ");
            What::Text(Text {
                text: words,
                in_a_row: true,
                begins: false,
            })
        });
        Term {
            written: self.written.clone(),
            not: self.not,
            what,
        }
    }

    fn text(&self, text: &str) -> What {
        What::Text(Text {
            text: text.to_owned(),
            in_a_row: self.quoted,
            begins: false,
        })
    }
}

/// What an operator says, or why it says nothing.
fn operator(key: &str, value: &str, now: DateTime<Utc>, zone: Zone) -> Result<What, String> {
    let known = [
        "from", "is", "assigned", "before", "after", "on", "channel", "location", "tag", "has",
    ];
    if !known.contains(&key) {
        return Err(format!("“{key}:” is not something to search by."));
    }
    if value.is_empty() {
        return Err(format!("Something must stand right behind “{key}:”."));
    }
    let lower = value.to_lowercase();
    let one_of = |all: Vec<&str>| format!("“{key}:” knows {}.", all.join(", "));
    let day = || day(&lower, now, zone).ok_or_else(|| format!("“{key}:” knows days like 2027-01-05, today, yesterday and 7d."));
    let start = |day: NaiveDate| when::local_to_utc(day.and_time(NaiveTime::MIN), zone);
    let next = |day: NaiveDate| day.checked_add_days(Days::new(1)).map(start);
    Ok(match key {
        "from" => What::From(match lower.as_str() {
            "me" => From::Me,
            "customer" => From::Customer,
            _ => From::Name(lower.trim_start_matches('@').to_owned()),
        }),
        "is" => What::Is(
            lower
                .parse()
                .map_err(|_| one_of(Is::ALL.iter().map(|is| is.as_str()).collect()))?,
        ),
        "assigned" => What::Assigned(match lower.as_str() {
            "me" => Assigned::Me,
            "none" => Assigned::Nobody,
            name => Assigned::Name(name.trim_start_matches('@').to_owned()),
        }),
        "before" => What::Time(None, Some(start(day()?))),
        "after" => What::Time(Some(start(day()?)), None),
        "on" => {
            let day = day()?;
            What::Time(Some(start(day)), next(day))
        }
        "channel" => What::Channel(
            lower
                .parse()
                .map_err(|_| one_of(Channel::ALL.iter().map(|c| c.as_str()).collect()))?,
        ),
        "location" => What::Location(lower),
        "tag" => What::Tag(lower.split_whitespace().collect::<Vec<_>>().join(" ")),
        _ => What::Has(
            lower
                .parse()
                .map_err(|_| one_of(Has::ALL.iter().map(|has| has.as_str()).collect()))?,
        ),
    })
}

/// `2027-01-05`, `today`, `yesterday`, or so many days ago: `7d`.
pub(crate) fn day(text: &str, now: DateTime<Utc>, zone: Zone) -> Option<NaiveDate> {
    let today = now.with_timezone(&zone).date_naive();
    match text {
        "today" => Some(today),
        "yesterday" => today.checked_sub_days(Days::new(1)),
        _ => match text.strip_suffix('d').and_then(|days| days.parse::<u16>().ok()) {
            Some(days) => today.checked_sub_days(Days::new(days.into())),
            None => when::date(text),
        },
    }
}

/// The channels, states and things that can be searched for, as a box completes them.
#[must_use]
pub fn examples() -> BTreeSet<String> {
    let words = |key: &str, all: Vec<&str>| all.into_iter().map(|word| format!("{key}:{word}")).collect::<Vec<_>>();
    let mut all: BTreeSet<String> = [
        "from:me",
        "from:customer",
        "assigned:me",
        "assigned:none",
        "after:7d",
        "on:today",
        "on:yesterday",
    ]
    .map(str::to_owned)
    .into();
    all.extend(words("is", Is::ALL.iter().map(|is| is.as_str()).collect()));
    all.extend(words("has", Has::ALL.iter().map(|has| has.as_str()).collect()));
    all.extend(words(
        "channel",
        Channel::ALL.iter().map(|channel| channel.as_str()).collect(),
    ));
    all
}
