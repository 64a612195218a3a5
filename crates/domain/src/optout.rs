//! Opt-outs in free text: what isn't a keyword, yet tells a reasonable person "no more texts".
//!
//! 47 CFR 64.1200(a)(10) lets a person opt out by any reasonable means and wording (docs/twilio.md §11). Whoever is caught here is put
//! on hold until staff decide, so a false hit costs a person's attention and a miss may cost a lawsuit: in doubt it is a hit. Talk
//! about the appointment is not in doubt: to stop by, to cancel it, to be taken off the schedule.
//!
//! The rules are structures of words (to cease × texting, to remove × my number), never whole sentences: `optout/english.rs` and
//! `optout/tongues.rs`, in the notation of `optout/pattern.rs`. All of them read every text; nobody says which language they write.

mod english;
mod pattern;
mod tongues;

use crate::words::{is_edge, normal, plain};
use pattern::{Rule, Spec};
use std::sync::LazyLock;

/// Characters that count; Twilio takes no longer message either (error 21617).
const LONGEST: usize = 1600;

/// What a phone writes before it quotes the message somebody reacted to: `Liked “…”`. Accents are gone, see [`plain`].
const REACTIONS: &[&str] = &[
    "liked",
    "loved",
    "disliked",
    "laughed",
    "emphasized",
    "emphasised",
    "questioned",
    "reacted",
    "removed",
    "gusto",
    "encanto",
    "aime",
    "adore",
    "gefallt",
    "gillade",
    "gostou",
    "curtiu",
    "piaciuto",
];

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let specs: Vec<&Spec> = english::RULES.iter().chain(tongues::RULES).collect();
    specs.into_iter().map(Rule::new).collect()
});

/// Whether `body` asks for no more texts, in whatever words. For what [`crate::inbound::parse`] did not read as STOP.
///
/// Only the first 1,600 characters count. Case, accents, invisible characters and the punctuation around the text don't. The bare
/// keyword CANCEL is [`crate::inbound::parse`]'s business: inside a sentence it speaks of the appointment.
#[must_use]
pub fn is_opt_out(body: &str) -> bool {
    let body: String = body.chars().take(LONGEST).collect();
    asks_to_stop(&body) || (body.trim().contains('\n') && body.lines().any(asks_to_stop))
}

fn asks_to_stop(text: &str) -> bool {
    let text = normal(text);
    if is_reaction(text.trim_matches(is_edge)) {
        return false;
    }
    let clauses = clauses(&text);
    RULES.iter().any(|rule| rule.catches(&clauses))
}

/// Whether a phone wrote it, quoting our own message with "Reply STOP" and all: up to six words, one of them telling, and a quote.
pub(crate) fn is_reaction(text: &str) -> bool {
    let Some(quote) = text.find(['“', '”', '"', '„', '«']) else {
        return false;
    };
    let before: String = text[..quote].chars().map(plain).collect();
    let words: Vec<&str> = before
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    words == ["to"] || (words.len() <= 6 && words.iter().any(|w| REACTIONS.contains(w)))
}

/// The words of a normal text, clause by clause.
fn clauses(text: &str) -> Vec<Vec<String>> {
    let mut clauses = vec![Words::default()];
    let mut chars = text.chars().map(plain).peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let ends = |next: Option<char>| next.is_none_or(|n| !n.is_alphanumeric());
        let Some(words) = clauses.last_mut() else { break };
        match c {
            c if c.is_alphanumeric() => words.letter(c),
            '#' if next.is_none_or(|n| !n.is_ascii_digit()) => words.whole("number"),
            ',' | '!' | '?' | '…' | '(' | ')' | '\n' | '。' | '、' => clauses.push(Words::default()),
            '.' | ':' | ';' | '-' | '–' | '—' if ends(next) => clauses.push(Words::default()),
            _ => words.space(),
        }
    }
    clauses.into_iter().map(Words::done).filter(|w| !w.is_empty()).collect()
}

/// Words as they come in, letter by letter.
#[derive(Default)]
struct Words {
    done: Vec<String>,
    open: String,
}

impl Words {
    fn letter(&mut self, c: char) {
        self.open.push(c);
    }

    /// Ends a word. An apostrophe does too, as in `m'envoyer`; [`Words::join`] mends the English ones.
    fn space(&mut self) {
        if !self.open.is_empty() {
            self.done.push(std::mem::take(&mut self.open));
        }
    }

    fn whole(&mut self, word: &str) {
        self.space();
        self.done.push(word.to_owned());
    }

    fn done(mut self) -> Vec<String> {
        self.space();
        let mut words = Vec::with_capacity(self.done.len());
        for word in spelled_out(self.done) {
            Self::join(&mut words, usual(word));
        }
        words
    }

    /// Adds a word; pairs that mean one are made one: `don` and `t`, `do` and `not`. What is said twice counts once.
    fn join(words: &mut Vec<String>, word: String) {
        let last = words.last().map_or("", String::as_str);
        let joined = match (last, word.as_str()) {
            ("don" | "do" | "dont", "t" | "not") => "dont",
            ("doesn" | "does", "t" | "not") => "doesnt",
            ("didn" | "did", "t" | "not") => "didnt",
            ("can", "t" | "not") => "cant",
            ("won" | "will", "t" | "not") => "wont",
            ("isn" | "is", "t" | "not") => "isnt",
            ("wouldn" | "would", "t" | "not") => "wouldnt",
            ("any", "more") => "anymore",
            ("un", "subscribe") => "unsubscribe",
            ("i", "m") => "im",
            (last, word) if last == word => return,
            _ => {
                words.push(word);
                return;
            }
        };
        words.pop();
        words.push(joined.to_owned());
    }
}

/// `s t o p` is one word: four or more letters standing alone are run together.
fn spelled_out(words: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for run in words.chunk_by(|a, b| (a.len() == 1) == (b.len() == 1)) {
        if run.len() >= 4 && run[0].len() == 1 {
            out.push(run.concat());
        } else {
            out.extend_from_slice(run);
        }
    }
    out
}

/// Chat spellings in full, and `stoooppp` without the echo.
fn usual(word: String) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    letters.dedup();
    match word.as_str() {
        "u" | "ya" => "you".to_owned(),
        "ur" => "your".to_owned(),
        "cannot" => "cant".to_owned(),
        "donot" | "dnt" | "dont" => "dont".to_owned(),
        _ if letters == ['s', 't', 'o', 'p'] => "stop".to_owned(),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use std::time::{Duration, Instant};

    #[derive(Deserialize)]
    struct Case {
        why: String,
        opt_out: bool,
        bodies: Vec<String>,
    }

    fn cases() -> Vec<Case> {
        serde_json::from_str(include_str!("../vectors/optout.json")).expect("vectors are JSON")
    }

    #[test]
    fn whoever_asks_for_no_more_texts_is_heard_and_nobody_else() {
        let mut wrong = Vec::new();
        for case in cases() {
            for body in &case.bodies {
                if is_opt_out(body) != case.opt_out {
                    wrong.push(format!("{body:?} should be {}: {}", case.opt_out, case.why));
                }
            }
        }
        assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    }

    #[test]
    fn there_are_enough_cases_of_both_kinds() {
        let count = |opt_out| -> usize {
            let chosen = cases().into_iter().filter(|c| c.opt_out == opt_out);
            chosen.map(|c| c.bodies.len()).sum()
        };
        assert!(count(true) >= 200 && count(false) >= 200);
    }

    #[test]
    fn only_the_first_1600_characters_count() {
        let far = |n: usize| format!("{} stop texting me", "é".repeat(n));
        assert!(is_opt_out(&far(1500)));
        assert!(!is_opt_out(&far(1600)));
    }

    #[test]
    fn the_worst_texts_take_no_longer() {
        for worst in ["stop ", "remove my ", "dont you ever ", "no me ", "why you ", "a b, "] {
            let begun = Instant::now();
            let _ = is_opt_out(&worst.repeat(100_000));
            let took = begun.elapsed();
            // A third of a second without optimisation; the rest is for a busy machine.
            assert!(took < Duration::from_secs(10), "{worst:?} took {took:?}");
        }
    }

    /// The text in other case, with something invisible after every `every`th letter and wrapped in signs.
    fn dressed(body: &str, upper: bool, every: usize, invisible: char, before: &str, after: &str) -> String {
        let body = if upper { body.to_uppercase() } else { body.to_owned() };
        let mut out = before.to_owned();
        for (n, c) in body.chars().enumerate() {
            out.push(c);
            if n % every == 0 {
                out.push(invisible);
            }
        }
        out + after
    }

    proptest! {
        #[test]
        fn dressing_changes_no_verdict(
            group in any::<prop::sample::Index>(),
            body in any::<prop::sample::Index>(),
            upper: bool,
            every in 1usize..9,
            invisible in prop::sample::select(vec!['\u{200b}', '\u{200d}', '\u{ad}', '\u{feff}', '\u{fe0f}', '\u{0}']),
            before in "[ \t\"“(«¡.]{0,3}",
            after in "[ .!?\"”)»…\t]{0,4}",
        ) {
            let cases = cases();
            let case = group.get(&cases);
            let body = body.get(&case.bodies);
            let dressed = dressed(body, upper, every, invisible, &before, &after);
            prop_assert_eq!(is_opt_out(&dressed), case.opt_out, "{:?}", dressed);
        }

        #[test]
        fn no_text_breaks_it(body in any::<String>(), words in prop::collection::vec("[a-z#.,'?’ ]{0,9}", 0..60)) {
            let _ = is_opt_out(&body);
            let _ = is_opt_out(&words.join(" "));
        }
    }
}
