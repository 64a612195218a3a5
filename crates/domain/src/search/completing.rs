//! What somebody may be about to type into the search box: an operator, or a value of one.

use super::{Channel, Has, Is, is_quote};

/// Offers that are shown at once.
const MOST: usize = 8;

/// The operators, each with what it is for.
const OPERATORS: [(&str, &str); 10] = [
    ("is", "a state: unread, waiting, on hold"),
    ("from", "who wrote it"),
    ("assigned", "who looks after it"),
    ("has", "a visit, note or task"),
    ("tag", "what the customer is tagged"),
    ("location", "where they have visits"),
    ("channel", "how it was sent"),
    ("on", "a day"),
    ("after", "a day, or later"),
    ("before", "earlier than a day"),
];

/// What a business has names for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub members: Vec<String>,
    pub tags: Vec<String>,
    pub locations: Vec<String>,
}

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What is completed, as it is shown.
    pub shown: String,
    /// What it is for; empty for a value.
    pub words: &'static str,
    /// All that stands in the box then.
    pub typed: String,
}

/// How the last word of what was typed can go on, at most eight ways; none where it is a word to look for, or complete.
#[must_use]
pub fn offers(typed: &str, names: &Names) -> Vec<Offer> {
    let (before, last) = last_word(typed);
    let word = last.strip_prefix('-').unwrap_or(last);
    let minus = &last[..last.len() - word.len()];
    let offer = |written: String, words| Offer {
        typed: format!("{before}{minus}{written}"),
        shown: format!("{minus}{}", written.trim_end()),
        words,
    };
    let Some((key, value)) = word.split_once(':') else {
        let begun = word.to_lowercase();
        let keys = OPERATORS.into_iter().filter(|(key, _)| key.starts_with(&begun));
        return keys.map(|(key, words)| offer(format!("{key}:"), words)).take(MOST).collect();
    };
    let key = key.to_lowercase();
    let begun = value.trim_start_matches(|c| is_quote(c) || c == '@').to_lowercase();
    let all = values(&key, names);
    if all.iter().any(|known| known.to_lowercase() == begun) {
        return Vec::new();
    }
    let (first, later): (Vec<String>, Vec<String>) = all
        .into_iter()
        .filter(|known| known.to_lowercase().contains(&begun))
        .partition(|known| known.to_lowercase().starts_with(&begun));
    let fitting = first.into_iter().chain(later).take(MOST);
    fitting.map(|value| offer(format!("{key}:{} ", quoted(&value)), "")).collect()
}

/// What stands before the last word, and that word; blanks between quotes end none.
fn last_word(typed: &str) -> (&str, &str) {
    let (mut inside, mut at) = (false, 0);
    for (n, c) in typed.char_indices() {
        if is_quote(c) {
            inside = !inside;
        } else if c.is_whitespace() && !inside {
            at = n + c.len_utf8();
        }
    }
    typed.split_at(at)
}

fn values(key: &str, names: &Names) -> Vec<String> {
    let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let with = |mut all: Vec<String>, more: &[String]| {
        all.extend_from_slice(more);
        all
    };
    match key {
        "is" => Is::ALL.iter().map(|is| is.to_string()).collect(),
        "has" => Has::ALL.iter().map(|has| has.to_string()).collect(),
        "channel" => Channel::ALL.iter().map(|channel| channel.to_string()).collect(),
        "from" => with(words(&["me", "customer"]), &names.members),
        "assigned" => with(words(&["me", "none"]), &names.members),
        "tag" => names.tags.clone(),
        "location" => names.locations.clone(),
        "on" | "after" | "before" => words(&["today", "yesterday", "7d", "30d"]),
        _ => Vec::new(),
    }
}

/// A value as it must be typed: with blanks, between quotes. A quote within can't be typed at all.
fn quoted(value: &str) -> String {
    let plain: String = value.chars().filter(|c| !is_quote(*c)).collect();
    if plain.contains(char::is_whitespace) {
        format!("\"{plain}\"")
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let all = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        Names {
            members: all(&["Ana Ruiz", "Maya"]),
            tags: all(&["new patient", "vip"]),
            locations: all(&["Harbour", "Main Street"]),
        }
    }

    fn typed(text: &str) -> Vec<String> {
        offers(text, &names()).into_iter().map(|offer| offer.typed).collect()
    }

    #[test]
    fn operators_and_their_values_are_completed() {
        for (text, expected) in [
            ("i", vec!["is:"]),
            ("parking ha", vec!["parking has:"]),
            ("-is:cl", vec!["-is:closed "]),
            ("IS:un", vec!["is:unread "]),
            ("late has:", vec!["late has:visit ", "late has:note ", "late has:task "]),
            ("assigned:@an", vec!["assigned:\"Ana Ruiz\" "]),
            ("from:m", vec!["from:me ", "from:Maya ", "from:customer "]),
            ("tag:pat", vec!["tag:\"new patient\" "]),
            ("tag:\"new p", vec!["tag:\"new patient\" "]),
            ("location:main", vec!["location:\"Main Street\" "]),
            ("after:ye", vec!["after:yesterday "]),
            ("channel:s", vec!["channel:sms ", "channel:whatsapp "]),
        ] {
            assert_eq!(typed(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_a_word_or_complete_is_left_alone() {
        for text in ["parking", "is:unread", "colour:r", "\"is:un", "\"quoted words i", "is:x"] {
            assert_eq!(typed(text), [""; 0], "{text}");
        }
        assert_eq!(typed("parking ").len(), MOST, "a new word can be any operator");
        let every: Vec<&str> = OPERATORS.map(|(key, _)| key).into();
        for example in super::super::examples() {
            let (key, _) = example.split_once(':').expect("an operator");
            assert!(every.contains(&key), "{key}");
        }
    }
}
