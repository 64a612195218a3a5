//! What a customer's text means (twilio.md 3.4; CO4, RE4, RE5, RE6). Nothing is guessed: what isn't plainly one of these is [`Meaning::Other`].

use crate::words::{is_edge, normal};
use serde::{Deserialize, Serialize};

/// Twilio's default list and the FCC's words (47 CFR 64.1200(a)(10)). "opt out" in two words is the FCC's alone, so we must catch it.
const STOP: &[&str] = &[
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "end",
    "quit",
    "cancel",
    "revoke",
    "optout",
    "opt out",
];
const START: &[&str] = &["start", "unstop"];
const HELP: &[&str] = &["help", "info"];
const YES: &[&str] = &[
    "y",
    "yes",
    "yep",
    "yup",
    "yeah",
    "ok",
    "okay",
    "sure",
    "confirm",
    "confirmed",
    "i confirm",
    "👍",
    "✅",
    "ja",
    "si",
    "sí",
    "oui",
];
const NO: &[&str] = &["n", "no", "nope", "nej", "nein", "non", "👎", "❌", "reschedule"];

/// What a whole message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Opt out, at once and of everything.
    Stop,
    /// Opt in again.
    Start,
    /// Who are you, and how do I stop this?
    Help,
    /// The visit is confirmed; `token` is the number after `Y`, 1 to 999.
    Yes {
        /// Which visit, when the customer said.
        token: Option<u16>,
    },
    /// Another time is needed; `token` as for yes.
    No {
        /// Which visit, when the customer said.
        token: Option<u16>,
    },
    /// Anything else: for a person to read.
    Other,
}

/// Reads a message body. `opted_out` says whether the sender is opted out now: only then is YES an opt-in word (twilio.md 3.4).
///
/// Keywords count as the whole message only, whatever their case and the punctuation, quotes and invisible characters around
/// them. A yes or no with a question mark is a question, not an answer (RE6).
#[must_use]
pub fn parse(body: &str, opted_out: bool) -> Meaning {
    let text = normal(body);
    let word = text.trim_matches(is_edge);
    let keyword = word.replace(['-', '‐', '‑', '–', '—'], " ");
    if STOP.contains(&keyword.as_str()) {
        Meaning::Stop
    } else if START.contains(&word) || (opted_out && word == "yes") {
        Meaning::Start
    } else if HELP.contains(&word) {
        Meaning::Help
    } else if text.contains(['?', '¿']) {
        Meaning::Other
    } else {
        answer(word)
    }
}

/// A body as it is kept: without NUL and the other C0 control characters and DEL, except line feed and tab; emoji stay.
#[must_use]
pub fn clean(body: &str) -> String {
    body.chars()
        .filter(|c| !c.is_ascii_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// A body as it is shown, with a note of the pictures that came with it, which are not kept here.
#[must_use]
pub fn with_attachments(body: String, count: u32) -> String {
    match (body.is_empty(), count) {
        (_, 0) => body,
        (true, _) => format!("[{count}{NOTE}"),
        (false, _) => format!("{body}\n[{count}{NOTE}"),
    }
}

/// What the customer wrote: a body without the note of pictures. A STOP under a picture is a STOP.
#[must_use]
pub fn words(shown: &str) -> &str {
    let noted = shown.strip_suffix(NOTE).and_then(|rest| rest.rsplit_once('['));
    noted
        .filter(|(_, count)| count.parse::<u32>().is_ok())
        .map_or(shown, |(body, _)| body.trim_end_matches('\n'))
}

const NOTE: &str = " attachment(s), not shown here]";

fn answer(word: &str) -> Meaning {
    if YES.contains(&word) {
        return Meaning::Yes { token: None };
    }
    if NO.contains(&word) {
        return Meaning::No { token: None };
    }
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let Some(token) = token(&word[letters.len()..]) else {
        return Meaning::Other;
    };
    match letters.trim_end_matches([' ', '-', '#']) {
        "y" | "yes" => Meaning::Yes { token: Some(token) },
        "n" | "no" => Meaning::No { token: Some(token) },
        _ => Meaning::Other,
    }
}

/// 1 to 999, leading zeros allowed.
fn token(digits: &str) -> Option<u16> {
    let significant = digits.trim_start_matches('0');
    if significant.len() > 3 {
        None
    } else {
        significant.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Case {
        why: String,
        bodies: Vec<String>,
        #[serde(default)]
        opted_out: bool,
        meaning: Meaning,
    }

    #[test]
    fn a_text_means_what_the_customer_plainly_says() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/inbound.json")).expect("vectors are JSON");
        for case in cases {
            for body in &case.bodies {
                assert_eq!(parse(body, case.opted_out), case.meaning, "{}: {body:?}", case.why);
            }
        }
    }

    #[test]
    fn what_is_kept_is_what_was_written_without_control_characters() {
        assert_eq!(clean("Hi\u{0} 👋🏽\r\n\tsee you\u{1b}[0m\u{7f}"), "Hi 👋🏽\n\tsee you[0m");
        assert_eq!(clean(""), "");
    }

    #[test]
    fn a_note_of_pictures_is_none_of_their_words() {
        let shown = |body: &str, count| with_attachments(body.to_owned(), count);
        assert_eq!(shown("Stop", 0), "Stop");
        assert_eq!(shown("Stop", 2), "Stop\n[2 attachment(s), not shown here]");
        assert_eq!(shown("", 1), "[1 attachment(s), not shown here]");
        for body in ["Stop", "", "Y [1", "[no attachment(s), not shown here]"] {
            assert_eq!(words(&shown(body, 0)), body);
            assert_eq!(words(&shown(body, 3)), body);
        }
    }

    proptest! {
        #[test]
        fn a_stop_word_is_heard_however_it_is_dressed(
            word in prop::sample::select(STOP),
            before in "[ \t\"'“(\u{200b}]{0,3}",
            after in "[ .!?\"'”)\u{0}\n\u{200d}]{0,4}",
            upper: bool,
            opted_out: bool,
        ) {
            let word = if upper { word.to_uppercase() } else { word.to_owned() };
            prop_assert_eq!(parse(&format!("{before}{word}{after}"), opted_out), Meaning::Stop);
        }

        #[test]
        fn a_stop_word_inside_a_sentence_is_not_a_stop(word in prop::sample::select(STOP), other in "[a-z]{1,8}") {
            prop_assume!(format!("{word} {other}") != "stop all");
            prop_assert_eq!(parse(&format!("{word} {other}"), false), Meaning::Other);
        }

        #[test]
        fn every_token_comes_through(n in 1u16..=999, yes: bool, gap in "[ -]?", word: bool) {
            let letter = match (yes, word) { (true, true) => "Yes", (true, false) => "Y", (false, true) => "no", (false, false) => "n" };
            let expected = if yes { Meaning::Yes { token: Some(n) } } else { Meaning::No { token: Some(n) } };
            prop_assert_eq!(parse(&format!("{letter}{gap}{n}"), false), expected);
        }

        #[test]
        fn no_text_breaks_it_and_cleaning_changes_no_meaning(body in any::<String>(), opted_out: bool) {
            prop_assert_eq!(clean(&clean(&body)), clean(&body));
            let _ = parse(&body, opted_out);
        }
    }
}
