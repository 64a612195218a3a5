//! What is wrong with a text, and what may be better, while it is written.

use super::{Channel, Kind, LONGEST, LONGEST_SUBJECT, Variable, reserved, scan, scan::Piece};
use crate::{
    reviews::by_mood,
    segments::{self, Encoding},
    words::is_blank,
};

/// Most characters of a WhatsApp template with buttons.
const LONGEST_WHATSAPP: usize = 1024;

/// Hosts that make other addresses short. Networks hold back texts with them, for nobody sees where they lead.
const SHORTENERS: &[&str] = &[
    "bit.ly",
    "tinyurl.com",
    "goo.gl",
    "t.co",
    "ow.ly",
    "is.gd",
    "buff.ly",
    "rebrand.ly",
    "cutt.ly",
    "shorturl.at",
    "tiny.cc",
    "rb.gy",
    "t.ly",
    "bl.ink",
    "lnkd.in",
    "s.id",
    "v.gd",
    "qr.ae",
    "adf.ly",
    "tiny.one",
];

/// Something about a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// One of a closed list: programs tell findings apart by it.
    pub code: &'static str,
    /// In one sentence.
    pub detail: String,
    /// A text with this is not kept.
    pub refused: bool,
    /// It is about the subject.
    pub of_subject: bool,
}

fn refused(code: &'static str, detail: impl Into<String>) -> Finding {
    Finding {
        code,
        detail: detail.into(),
        refused: true,
        of_subject: false,
    }
}

fn hint(code: &'static str, detail: impl Into<String>) -> Finding {
    Finding {
        refused: false,
        ..refused(code, detail)
    }
}

/// Everything there is to say about a text, what is refused first.
#[must_use]
pub fn lint(kind: Kind, channel: Channel, subject: Option<&str>, body: &str) -> Vec<Finding> {
    let mut found = of_subject(kind, channel, subject);
    if is_blank(body) {
        found.push(refused("empty", "Please write a text."));
        return found;
    }
    found.extend(too_long(channel, body));
    found.extend(language(kind, body));
    found.extend(missing(kind, body));
    if let Some((word, why)) = reserved::asked_for(&spoken(body)) {
        found.push(refused("reserved_word", format!("Please don’t ask for {word}: {why}.")));
    }
    if kind == Kind::Review {
        let all = [Some(body), subject];
        let chosen = all.into_iter().flatten().find_map(|text| by_mood(&spoken(text)));
        found.extend(chosen.map(|(code, why)| refused(code, why)));
    }
    if channel == Channel::Whatsapp {
        found.extend(whatsapp(kind, body));
    }
    found.extend(hints(kind, channel, body));
    found.sort_by_key(|finding| !finding.refused);
    found
}

fn of_subject(kind: Kind, channel: Channel, subject: Option<&str>) -> Vec<Finding> {
    let mut found = match subject.filter(|subject| !is_blank(subject)) {
        None if channel == Channel::Email => vec![refused("empty_subject", "Please write a subject.")],
        None => Vec::new(),
        Some(_) if channel != Channel::Email => vec![refused("no_subject", "Only an e-mail has a subject.")],
        Some(subject) => {
            let mut found = language(kind, subject);
            if subject.chars().count() > LONGEST_SUBJECT {
                let words = format!("A subject has up to {LONGEST_SUBJECT} characters.");
                found.push(refused("subject_too_long", words));
            }
            if subject.trim().contains('\n') {
                found.push(refused("subject_lines", "A subject is one line."));
            }
            found
        }
    };
    for finding in &mut found {
        finding.of_subject = true;
    }
    found
}

fn too_long(channel: Channel, body: &str) -> Option<Finding> {
    let most = if channel == Channel::Whatsapp {
        LONGEST_WHATSAPP
    } else {
        LONGEST
    };
    let length = body.chars().count();
    (length > most).then(|| refused("too_long", format!("This text has {length} characters, and may have {most}.")))
}

/// What is not of the language of texts, or not of this kind.
fn language(kind: Kind, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let (mut open, mut orphan) = (Vec::new(), false);
    for piece in scan::pieces(text) {
        match piece {
            Piece::Words(_) => {}
            Piece::Variable(name) => found.extend(unknown(kind, name)),
            Piece::If(name) => {
                found.extend(unknown(kind, name));
                open.push(false);
            }
            Piece::Else => match open.last_mut() {
                Some(had_else) if !*had_else => *had_else = true,
                _ => orphan = true,
            },
            Piece::End => orphan |= open.pop().is_none(),
            Piece::Unknown(what) => {
                let what: String = what.chars().take(40).collect();
                let words = format!(
                    "{what} can’t be read. A variable is written {{{{ name }}}}, and a condition {{% if name %}}…{{% endif %}}."
                );
                found.push(refused("syntax", words));
            }
        }
    }
    if orphan || !open.is_empty() {
        let words = "Every {% if … %} has one {% endif %} behind it, and at most one {% else %} between.";
        found.push(refused("syntax", words));
    }
    found.dedup();
    found
}

fn unknown(kind: Kind, name: &str) -> Option<Finding> {
    let known: Option<Variable> = name.parse().ok();
    let words = match known {
        Some(variable) if kind.variables().contains(&variable) => return None,
        Some(_) => format!("A text of this kind has no {name}."),
        None => format!("There is no variable called {name}."),
    };
    let all: Vec<&str> = kind.variables().iter().map(|variable| variable.as_str()).collect();
    Some(refused("unknown_variable", format!("{words} There are: {}.", all.join(", "))))
}

fn missing(kind: Kind, body: &str) -> Vec<Finding> {
    // Day and time in one are both.
    let both = scan::says(body, Variable::When);
    let told = |variable: Variable| scan::says(body, variable) || both && matches!(variable, Variable::Date | Variable::Time);
    let lacks = kind.needed().iter().filter(|variable| !told(**variable));
    lacks
        .map(|variable| {
            let (name, label) = (variable.as_str(), variable.label());
            refused("missing_variable", format!("Please say {{{{ {name} }}}}: {label}."))
        })
        .collect()
}

/// The words alone; where a variable stands, something that is no word.
fn spoken(body: &str) -> String {
    let mut words = String::with_capacity(body.len());
    for piece in scan::pieces(body) {
        match piece {
            Piece::Words(text) => words.push_str(text),
            Piece::Variable(_) => words.push('·'),
            Piece::If(_) | Piece::Else | Piece::End | Piece::Unknown(_) => {}
        }
    }
    words
}

/// What the reviewers of WhatsApp templates refuse (docs/twilio.md §16).
fn whatsapp(kind: Kind, body: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    if kind.variables().contains(&Variable::Token) && scan::says(body, Variable::Token) {
        let words = "On WhatsApp a customer answers with buttons that know which visit they are about: {{ token }} has no value there. Please leave it out.";
        found.push(refused("no_token_there", words));
    }
    let pieces: Vec<Piece<'_>> = scan::pieces(body.trim()).collect();
    let is_variable = |piece: &Piece<'_>| matches!(piece, Piece::Variable(_));
    if pieces
        .iter()
        .any(|piece| matches!(piece, Piece::If(_) | Piece::Else | Piece::End))
    {
        found.push(refused(
            "condition",
            "A WhatsApp template has no conditions: it is the same for everybody.",
        ));
    }
    if pieces.first().is_some_and(is_variable) {
        found.push(refused(
            "starts_with_variable",
            "A WhatsApp template may not begin with a variable.",
        ));
    }
    // Signs behind the last variable don't help.
    let tail = pieces.iter().rposition(is_variable).map(|last| &pieces[last + 1..]);
    let says = |piece: &Piece<'_>| matches!(piece, Piece::Words(words) if words.chars().any(char::is_alphanumeric));
    if tail.is_some_and(|tail| !tail.iter().any(says)) {
        found.push(refused(
            "ends_with_variable",
            "A WhatsApp template may not end with a variable. Please write a few words behind it.",
        ));
    }
    let adjacent = pieces.windows(2).any(|two| two.iter().all(is_variable))
        || pieces.windows(3).any(|three| {
            is_variable(&three[0]) && is_variable(&three[2]) && matches!(three[1], Piece::Words(words) if is_blank(words))
        });
    if adjacent {
        let words = "Two variables of a WhatsApp template may not stand side by side. Please write a word between them.";
        found.push(refused("adjacent_variables", words));
    }
    let variables = pieces.iter().filter(|piece| is_variable(piece)).count();
    let words = spoken(body)
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count();
    if words < 2 * variables + 1 && variables > 0 {
        let least = 2 * variables + 1;
        found.push(refused(
            "few_words",
            format!("With {variables} variables a WhatsApp template has at least {least} words of its own; this has {words}."),
        ));
    }
    found
}

fn hints(kind: Kind, channel: Channel, body: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let small = body.to_lowercase();
    if let Some(host) = SHORTENERS.iter().find(|host| names(&small, host)) {
        found.push(hint(
            "link_shortener",
            format!("Networks hold back texts with {host} in them. Please give the whole address."),
        ));
    }
    let bare: Vec<&str> = kind
        .variables()
        .iter()
        .filter(|variable| variable.may_be_empty() && stands_bare(body, **variable))
        .map(|variable| variable.as_str())
        .collect();
    if let Some(name) = bare.first() {
        let words = match channel {
            Channel::Whatsapp => {
                format!("Not everybody has a {name}. Who has none reads “–” in its place: a WhatsApp template has no conditions.")
            }
            _ => format!("Not everybody has a {name}. Write {{% if {name} %}} before and {{% endif %}} behind what says it."),
        };
        found.push(hint("may_be_empty", words));
    }
    if channel != Channel::Sms {
        return found;
    }
    if kind.asks() && !scan::says(body, Variable::Token) {
        let words = "Where somebody has several questions to answer, Y and N need {{ token }} behind them: then the built-in text is sent instead of this one.";
        found.push(hint("no_token", words));
    }
    let shouted = |words: &[&str]| body.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word));
    if kind.comes_unasked() && !scan::says(body, Variable::Answers) && !shouted(&["STOP", "ALTO"]) {
        found.push(hint(
            "no_opt_out",
            "This text does not say how to opt out. Most begin or end with: Reply STOP to opt out.",
        ));
    }
    found.extend(letters(body));
    found
}

/// Whether an address of this host stands in a text in small letters.
fn names(text: &str, host: &str) -> bool {
    text.split_whitespace().any(|word| {
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        let word = word
            .strip_prefix("https://")
            .or_else(|| word.strip_prefix("http://"))
            .unwrap_or(word);
        let word = word.strip_prefix("www.").unwrap_or(word);
        let end = word.find(['/', '?', '#', ':']).unwrap_or(word.len());
        word[..end].trim_end_matches(|c: char| !c.is_alphanumeric()) == host
    })
}

/// Whether a variable is said where no condition on it stands around it.
fn stands_bare(body: &str, variable: Variable) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for piece in scan::pieces(body) {
        match piece {
            Piece::If(name) => open.push(name),
            Piece::End => {
                open.pop();
            }
            Piece::Variable(name) if name == variable.as_str() && !open.contains(&name) => return true,
            _ => {}
        }
    }
    false
}

/// A letter that makes the whole text dearer.
fn letters(body: &str) -> Option<Finding> {
    let dear = spoken(body)
        .chars()
        .find(|c| *c != '·' && segments::count(c.encode_utf8(&mut [0; 4])).encoding == Encoding::Ucs2)?;
    let words = format!("With {dear} in it a part of this text holds 70 characters, without 160.");
    Some(hint("costly_letters", words))
}
