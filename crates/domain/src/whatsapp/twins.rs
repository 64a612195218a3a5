//! The twin that a text has on WhatsApp: one wording with numbered places, and buttons that decide by themselves.

use super::Named;
use crate::{language::Language, templates::Kind};

/// A button under a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Button {
    /// What stands on it; at most 20 characters.
    pub title: &'static str,
    pub answer: Answer,
}

/// The answer that a button gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    /// The time of this number, 1 to 9.
    Choice(u8),
}

impl Answer {
    /// Before a title, as it is kept: `+`, `-`, or the number.
    #[must_use]
    pub fn mark(self) -> char {
        match self {
            Self::Yes => '+',
            Self::No => '-',
            Self::Choice(n) => char::from(b'0' + n.min(9)),
        }
    }

    /// Reads a line that is kept: the answer, and the title behind it.
    #[must_use]
    pub fn read(line: &str) -> (Self, &str) {
        let Some(mark) = line.chars().next() else {
            return (Self::No, "");
        };
        let rest = &line[mark.len_utf8()..];
        match mark {
            '+' => (Self::Yes, rest),
            '-' => (Self::No, rest),
            '1'..='9' => (Self::Choice(mark as u8 - b'0'), rest),
            _ => (Self::No, line),
        }
    }
}

/// A wording as it is handed in: its places are numbered, in the order of `names`. The buttons' ids have the places after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    pub body: String,
    /// Names of the values, each once, in the order in which they stand there first.
    pub names: Vec<String>,
}

/// Why a wording can't be handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("It can't begin or end with a value. Please put words before and after it.")]
    Edge,
    #[error("Two values can't stand side by side. Please put words between them.")]
    Adjacent,
    #[error("It has too few words for its values: at least twice as many and one more.")]
    Few,
    #[error("It has up to 1,024 characters.")]
    Long,
    #[error("A place for a value is not closed, or its name is not one word.")]
    Broken,
}

/// Most characters under which buttons may stand.
const LONGEST: usize = 1024;

/// Numbers the places of a wording: `{{ name }}` is `{{1}}`, and `{{1}}` again where it stands again.
///
/// # Errors
/// Why WhatsApp would reject it.
pub fn numbered(text: &str) -> Result<Twin, Wrong> {
    let (mut body, mut names, mut rest) = (String::with_capacity(text.len()), Vec::<String>::new(), text.trim());
    let (mut words, mut between) = (0, String::new());
    if rest.chars().count() > LONGEST {
        return Err(Wrong::Long);
    }
    let mut first = true;
    while let Some((before, from)) = rest.split_once("{{") {
        let (name, after) = from.split_once("}}").ok_or(Wrong::Broken)?;
        let name = name.trim();
        if name.is_empty() || name.len() > 16 || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(Wrong::Broken);
        }
        between.clear();
        between.push_str(before);
        if is_bare(&between) {
            return Err(if first { Wrong::Edge } else { Wrong::Adjacent });
        }
        first = false;
        words += count(&between);
        body.push_str(before);
        let place = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        });
        body.push_str(&format!("{{{{{}}}}}", place + 1));
        rest = after;
    }
    if !names.is_empty() && is_bare(rest) {
        return Err(Wrong::Edge);
    }
    words += count(rest);
    body.push_str(rest);
    if words < 2 * names.len() + 1 {
        return Err(Wrong::Few);
    }
    Ok(Twin { body, names })
}

/// Nothing that could be read.
fn is_bare(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}

fn count(text: &str) -> usize {
    text.split_whitespace().filter(|word| !is_bare(word)).count()
}

impl Twin {
    /// The values by their numbers, with what the buttons carry behind them; none where one is not given: what WhatsApp would put there
    /// is the example that its reviewer saw.
    #[must_use]
    pub fn values(&self, named: &Named, buttons: &[String]) -> Option<Vec<(String, String)>> {
        let of = |name: &String| named.get(name).map(|value| flat(value));
        let given = self.names.iter().map(of).collect::<Option<Vec<_>>>()?;
        let all = given.into_iter().chain(buttons.iter().cloned()).enumerate();
        Some(all.map(|(at, value)| ((at + 1).to_string(), value)).collect())
    }

    /// The words that a person reads.
    #[must_use]
    pub fn read(&self, named: &Named) -> String {
        let mut body = self.body.clone();
        for (at, name) in self.names.iter().enumerate() {
            let value = named.get(name).map_or_else(|| "–".to_owned(), |value| flat(value));
            body = body.replace(&format!("{{{{{}}}}}", at + 1), &value);
        }
        body
    }

    /// What stands at a button's id: the place behind the values, and behind those of the buttons before it.
    #[must_use]
    pub fn place_of_button(&self, at: usize) -> String {
        format!("{{{{{}}}}}", self.names.len() + at + 1)
    }
}

/// A value as WhatsApp takes it: on one line, and never empty.
#[must_use]
pub fn flat(value: &str) -> String {
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { "–".to_owned() } else { line }
}

/// The name of a wording at WhatsApp, where none may be used twice, also not one that was rejected.
#[must_use]
pub fn name(business: &str, kind: &str, language: Language, revision: i32) -> String {
    let slug: String = business
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .take(40)
        .collect();
    format!("{}_{kind}_{}_{revision}", slug.trim_matches('_'), language.as_str())
}

/// Kinds of text that are handed in to WhatsApp.
pub const KINDS: [Kind; 10] = [
    Kind::Reminder,
    Kind::Moved,
    Kind::OfferHeld,
    Kind::OfferRace,
    Kind::OfferWon,
    Kind::OfferLost,
    Kind::OfferLate,
    Kind::OfferTimes,
    Kind::TimesGone,
    Kind::StillWaiting,
];

/// The buttons under a text on WhatsApp, where it asks for something; `None` for a kind that is not handed in there.
#[must_use]
pub fn buttons(kind: Kind, language: Language) -> Option<Vec<Button>> {
    let english = language == Language::English;
    let (yes, no) = match (kind, english) {
        (Kind::Reminder | Kind::Moved, true) => ("Yes, I will come", "Another time"),
        (Kind::Reminder | Kind::Moved, false) => ("Sí, asistiré", "Otra hora"),
        (Kind::OfferHeld | Kind::OfferRace, true) => ("Yes, I take it", "No, thank you"),
        (Kind::OfferHeld | Kind::OfferRace, false) => ("Sí, la tomo", "No, gracias"),
        (Kind::StillWaiting, true) => ("Yes, I still wait", "No, not any more"),
        (Kind::StillWaiting, false) => ("Sí, sigo esperando", "No, ya no"),
        // How an offer ended asks for nothing.
        (Kind::OfferWon | Kind::OfferLost | Kind::OfferLate | Kind::TimesGone, _) => return Some(Vec::new()),
        (Kind::OfferTimes, _) => return Some(numbers(if english { "None of these" } else { "Ninguna" })),
        _ => return None,
    };
    let button = |title, answer| Button { title, answer };
    Some(vec![button(yes, Answer::Yes), button(no, Answer::No)])
}

/// One for each time that may be offered at once, and one for none of them.
fn numbers(none: &'static str) -> Vec<Button> {
    let times = ["1", "2", "3"].into_iter().zip(1..);
    let times = times.map(|(title, n)| Button {
        title,
        answer: Answer::Choice(n),
    });
    let none = Button {
        title: none,
        answer: Answer::No,
    };
    times.chain([none]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::{Channel, built_in};
    use rstest::rstest;

    fn named(pairs: &[(&str, &str)]) -> Named {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn places_are_numbered_in_the_order_of_reading() {
        let twin = numbered("Dear {{ name }}, your visit is on {{date}} at {{ time }}. See you then, {{ name }}, and thanks.");
        let twin = twin.expect("right");
        assert_eq!(
            twin.body,
            "Dear {{1}}, your visit is on {{2}} at {{3}}. See you then, {{1}}, and thanks."
        );
        assert_eq!(twin.names, ["name", "date", "time"]);
        assert_eq!(twin.place_of_button(1), "{{5}}");
        let given = named(&[("name", "Ana\nMaria"), ("date", "Tue, Jan 5"), ("time", "")]);
        let values = twin.values(&given, &["abc".to_owned()]).expect("all are there");
        let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(values, [("1", "Ana Maria"), ("2", "Tue, Jan 5"), ("3", "–"), ("4", "abc")]);
        assert_eq!(
            twin.values(&named(&[("name", "Ana")]), &[]),
            None,
            "an example must not go to anybody"
        );
        assert!(
            twin.read(&given)
                .starts_with("Dear Ana Maria, your visit is on Tue, Jan 5 at –.")
        );
    }

    #[rstest]
    #[case::begins("{{ name }}, your visit is on Tuesday.", Wrong::Edge)]
    #[case::begins_after_signs("¡{{ name }}, your visit is on Tuesday.", Wrong::Edge)]
    #[case::ends("Your visit is on Tuesday, {{ name }}.", Wrong::Edge)]
    #[case::side_by_side("Your visit is on {{ date }} {{ time }}, see you then, and thank you.", Wrong::Adjacent)]
    #[case::comma("Your visit is on {{ date }}, {{ time }} then, and thank you very much.", Wrong::Adjacent)]
    #[case::few("At {{ time }} then.", Wrong::Few)]
    #[case::open("Your visit is on {{ date, see you then.", Wrong::Broken)]
    #[case::words("Your visit is on {{ the date }}, see you then.", Wrong::Broken)]
    fn what_whatsapp_rejects_is_not_handed_in(#[case] text: &str, #[case] wrong: Wrong) {
        assert_eq!(numbered(text), Err(wrong));
    }

    #[test]
    fn what_is_built_in_may_be_handed_in() {
        for kind in KINDS {
            for language in Language::ALL {
                let buttons = buttons(kind, *language).expect("it is handed in");
                let twin = numbered(built_in(kind, Channel::Whatsapp, *language).body).expect("right");
                let names: &[&str] = match kind {
                    Kind::OfferHeld => &["business", "visit", "date", "time", "until"],
                    Kind::OfferRace => &["business", "visit", "date", "time"],
                    Kind::OfferWon => &["business", "date", "time"],
                    Kind::OfferLost | Kind::OfferLate | Kind::TimesGone => &[],
                    Kind::OfferTimes => &["business", "times"],
                    Kind::StillWaiting => &["business"],
                    _ => &["business", "visit", "when"],
                };
                assert_eq!(twin.names, names);
                for button in buttons {
                    assert!(button.title.chars().count() <= 20, "{}", button.title);
                }
            }
        }
    }

    #[test]
    fn what_is_kept_of_a_button_is_read_as_it_was() {
        for language in Language::ALL {
            for button in KINDS.into_iter().filter_map(|kind| buttons(kind, *language)).flatten() {
                let kept = format!("{}{}", button.answer.mark(), button.title);
                assert_eq!(Answer::read(&kept), (button.answer, button.title));
            }
        }
        assert_eq!(
            Answer::read("Another time"),
            (Answer::No, "Another time"),
            "what is not known agrees to nothing"
        );
        assert_eq!(Answer::read(""), (Answer::No, ""));
    }

    #[test]
    fn a_name_has_small_letters_digits_and_lines() {
        assert_eq!(
            name("Bright Dental & Söhne", "reminder", Language::English, 3),
            "bright_dental___s_hne_reminder_en_3"
        );
    }
}
