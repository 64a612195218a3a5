//! What a customer's text means (docs/twilio.md §4). Nothing is guessed: what isn't plainly one of these is
//! [`Meaning::Other`].

mod answer;
mod signature;

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
    // Of customers who are written to in Spanish, and heard of everybody. Twilio acts on English words only (docs/twilio.md §4).
    "alto",
    "pare",
    "parar",
    "basta",
    "no mas",
    "no más",
    "cancelar",
];
const START: &[&str] = &["start", "unstop"];
const HELP: &[&str] = &["help", "info", "ayuda"];
/// They have come, in the languages of our texts.
const HERE: &[&str] = &[
    "here",
    "i'm here",
    "im here",
    "i am here",
    "i've arrived",
    "i have arrived",
    "arrived",
    "aqui",
    "aquí",
    "estoy aqui",
    "estoy aquí",
    "ya llegue",
    "ya llegué",
];

/// Those STOP words that are also what somebody may do to an appointment: who answers a reminder with CANCEL may mean the appointment, END
/// and QUIT less often. The others (STOP, UNSUBSCRIBE, REVOKE, OPT OUT, ALTO, BASTA) can be said of texts only.
const SECOND_MEANING: &[&str] = &["cancel", "end", "quit", "cancelar"];

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
    /// The appointment is confirmed; `token` is the number after `Y`, 1 to 999.
    Yes {
        /// Which appointment, when the customer said.
        token: Option<u16>,
    },
    /// Another time is needed; `token` as for yes.
    No {
        /// Which appointment, when the customer said.
        token: Option<u16>,
    },
    /// They are there.
    Here,
    /// Anything else: for a person to read.
    Other,
}

/// Reads a message body. `opted_out` says whether the sender is opted out now: only then is YES an opt-in word (docs/twilio.md §4).
///
/// Keywords count as the whole message only, whatever their case and the punctuation, quotes and invisible characters around
/// them. A yes or no may be polite (`answer`), but with a question mark it is a question, not an answer.
#[must_use]
pub fn parse(body: &str, opted_out: bool) -> Meaning {
    let text = normal(body);
    let word = text.trim_matches(is_edge);
    let question = text.contains(['?', '¿']);
    let keyword = word.replace(['-', '‐', '‑', '–', '—'], " ");
    if STOP.contains(&keyword.as_str()) {
        Meaning::Stop
    } else if START.contains(&word) || (opted_out && word == "yes" && !question) {
        Meaning::Start
    } else if HELP.contains(&word) {
        Meaning::Help
    } else if question {
        Meaning::Other
    } else if HERE.contains(&word.replace('’', "'").as_str()) {
        Meaning::Here
    } else {
        answer::read(body)
    }
}

/// Whether a STOP may have been meant for the appointment: it opts out all the same, and a person should ask.
#[must_use]
pub fn may_mean_the_appointment(body: &str) -> bool {
    SECOND_MEANING.contains(&normal(body).trim_matches(is_edge))
}

/// Whether what [`parse`] could not read begins like an answer: `Yes, but …`, `No problem`, `Cancel my appointment`. Who wrote that has
/// said what they want, and a person must read it; to be told that we did not understand would help nobody.
#[must_use]
pub fn begins_like_an_answer(body: &str) -> bool {
    answer::begins(body)
}

/// Whether a yes says no more than "ok" or a thumb: it may be an answer to what a person wrote, as well as to what was asked.
#[must_use]
pub fn may_only_acknowledge(body: &str) -> bool {
    answer::acknowledges(body)
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

    fn cases() -> Vec<Case> {
        serde_json::from_str(include_str!("../vectors/inbound.json")).expect("vectors are JSON")
    }

    #[test]
    fn a_text_means_what_the_customer_plainly_says() {
        let mut wrong = Vec::new();
        for case in cases() {
            for body in &case.bodies {
                let meaning = parse(body, case.opted_out);
                if meaning != case.meaning {
                    wrong.push(format!("{body:?} is {meaning:?}, not {:?}: {}", case.meaning, case.why));
                }
            }
        }
        assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    }

    #[test]
    fn there_are_enough_cases_of_each_kind() {
        let count = |is: fn(Meaning) -> bool| -> usize {
            let chosen = cases().into_iter().filter(|c| is(c.meaning));
            chosen.map(|c| c.bodies.len()).sum()
        };
        assert!(count(|m| matches!(m, Meaning::Yes { .. })) >= 300);
        assert!(count(|m| matches!(m, Meaning::No { .. })) >= 100);
        assert!(count(|m| m == Meaning::Other) >= 300);
    }

    #[test]
    fn who_began_to_answer_is_read_by_a_person_at_once() {
        for body in [
            "Yes but can I come at 4?",
            "yes?",
            "No problem, see you then",
            "No I will be there",
            "Yes and no",
            "Y101 N102",
            "Hi, yes but later",
            "Cancel my appointment",
            "please cancel",
            "Sorry, can't make it before 5",
            "Sí, pero más tarde",
            "👍 but call me",
        ] {
            assert!(begins_like_an_answer(body) && parse(body, false) == Meaning::Other, "{body}");
        }
        for body in [
            "Can I bring my dog?",
            "Thank you",
            "",
            "Is there no parking?",
            "The end",
            "Nobody told me",
            "123",
        ] {
            assert!(!begins_like_an_answer(body), "{body}");
        }
    }

    #[test]
    fn who_is_there_says_so_in_plain_words_or_is_read_by_a_person() {
        for body in ["HERE", "here!", "I’m here", "im here.", "AQUI", "Aquí", "ya llegué"] {
            assert_eq!(parse(body, false), Meaning::Here, "{body}");
            assert_eq!(parse(body, true), Meaning::Here, "{body}");
        }
        for body in [
            "Here?",
            "I'll be here at 5",
            "not here",
            "is here ok",
            "is anyone here",
            "aqui no",
        ] {
            assert_ne!(parse(body, false), Meaning::Here, "{body}");
        }
    }

    #[test]
    fn ok_may_be_said_to_anything_but_yes_answers_the_question() {
        for body in [
            "ok",
            "Ok thanks",
            "👍",
            "👍👍 thank you",
            "Sure, sounds good",
            "OK - Maya",
            "Vale, gracias",
            "Perfect, ok",
        ] {
            assert!(may_only_acknowledge(body), "{body}");
        }
        for body in [
            "Y",
            "Yes thank you",
            "Ok, confirmed",
            "Ok I'll be there",
            "Sí",
            "ok yes",
            "Y123 👍",
            "N",
            "ja",
        ] {
            assert!(!may_only_acknowledge(body), "{body}");
        }
    }

    #[test]
    fn only_words_that_can_be_said_of_an_appointment_may_mean_it() {
        for body in ["CANCEL", "cancel.", " End ", "“quit”", "Cancelar", "¡CANCELAR!"] {
            assert!(may_mean_the_appointment(body), "{body}");
        }
        for body in [
            "STOP",
            "stop all",
            "UNSUBSCRIBE",
            "opt out",
            "REVOKE",
            "OPTOUT",
            "ALTO",
            "No más",
            "cancel my visit",
            "",
            "Y",
        ] {
            assert!(!may_mean_the_appointment(body), "{body}");
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

        /// However it is dressed, whatever manners or names stand around it, and with a token behind it.
        #[test]
        fn no_stop_word_is_ever_read_as_an_answer(
            word in prop::sample::select(STOP),
            before in prop::sample::select(vec!["", " ", "¡", "Hola, ", "Sí, ", "No, ", "gracias ", "y ", "S "]),
            after in prop::sample::select(vec!["", ".", "!", " gracias", ", por favor", " 123", "123", " - Maya", "\n-- \nMaya", " 👍", ", si", " no"]),
            upper: bool,
            opted_out: bool,
        ) {
            let word = if upper { word.to_uppercase() } else { word.to_owned() };
            let text = format!("{before}{word}{after}");
            let meaning = parse(&text, opted_out);
            prop_assert!(matches!(meaning, Meaning::Stop | Meaning::Other), "{:?} is {:?}", text, meaning);
        }

        #[test]
        fn a_stop_word_inside_a_sentence_is_not_a_stop(word in prop::sample::select(STOP), other in "[a-z]{1,8}") {
            prop_assume!(format!("{word} {other}") != "stop all");
            prop_assert_eq!(parse(&format!("{word} {other}"), false), Meaning::Other);
        }

        #[test]
        fn every_token_comes_through(n in 1u16..=999, yes: bool, gap in "[ -]?", word: bool, spanish: bool) {
            let letter = match (yes, word, spanish) {
                (true, true, false) => "Yes",
                (true, false, false) => "Y",
                (true, true, true) => "Sí",
                (true, false, true) => "s",
                (false, true, _) => "no",
                (false, false, _) => "n",
            };
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
