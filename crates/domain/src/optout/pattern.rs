//! A small notation for structures of words. A pattern is a list of steps with a space between them:
//!
//! | step      | means                                                                             |
//! |-----------|-----------------------------------------------------------------------------------|
//! | `a\|b`    | one of these words; `a*` any word that begins so, `0` a word that begins with a digit |
//! | `@class`  | one of the words of a class of the rule's language; also among `\|`                 |
//! | `?a\|b`   | such a word, or nothing                                                           |
//! | `!a\|b`   | the next word is none of these (or there is none)                                 |
//! | `<a\|b`   | the word before is none of these (or there is none)                               |
//! | `~3`      | up to three words, none of which begins a new thought ([`TURNS`])                 |
//! | `^`, `$`  | nothing but courtesy before, after ([`COURTESY`])                                 |
//!
//! A pattern may match anywhere in a clause. Words are lower case without accents.

use std::{collections::HashSet, sync::LazyLock};

/// Words that begin a new thought, so that no gap reaches over them.
const TURNS: &str = "by in at on for before after until till when whenever while if but because so then through via over and i we she he they ill";

/// Courtesy, emphasis and filling, which changes nothing at the ends of a clause. A number is one too: `STOP 12345`.
const COURTESY: &str = "please pls plz plse pleas pease pleeease ok okay hi hello hey dear sir maam madam thanks thank you thx ty now immediately \
    asap right away just kindly already yes no nope lol um uh oh bro dude guys yall all everything seriously really ffs wtf omg god damn \
    fucking fuckin freaking sorry again forever and so well good for ever everyone would could can will \
    por favor gracias svp s il vous te plait merci bonjour bitte danke hallo tack snalla hej obrigado obrigada ola grazie per favore ciao ya";

static IS_TURN: LazyLock<HashSet<&str>> = LazyLock::new(|| TURNS.split_whitespace().collect());
static IS_COURTESY: LazyLock<HashSet<&str>> = LazyLock::new(|| COURTESY.split_whitespace().collect());

/// One rule as it is written down.
pub(super) struct Spec {
    /// Named lists of words, separated by space.
    pub classes: &'static [(&'static str, &'static str)],
    /// Any of these catches a clause…
    pub catch: &'static [&'static str],
    /// …in which none of these is found…
    pub but_not: &'static [&'static str],
    /// …and none of these in the whole text.
    pub nor_anywhere: &'static [&'static str],
}

/// One rule ready to use.
pub(super) struct Rule {
    /// Without one of these words nothing here can be caught: of each pattern the step with the fewest words. Most texts are done with
    /// after a look at them.
    needed: Spellings,
    catch: Vec<Pattern>,
    but_not: Vec<Pattern>,
    nor_anywhere: Vec<Pattern>,
}

impl Rule {
    pub(super) fn new(spec: &Spec) -> Self {
        let all =
            |patterns: &[&'static str]| -> Vec<Pattern> { patterns.iter().map(|p| Pattern::new(p, spec.classes)).collect() };
        let catch = all(spec.catch);
        debug_assert!(
            catch.iter().all(|p| p.rarest().is_some()),
            "a pattern without a word of its own"
        );
        Self {
            needed: Spellings::union(catch.iter().filter_map(Pattern::rarest)),
            catch,
            but_not: all(spec.but_not),
            nor_anywhere: all(spec.nor_anywhere),
        }
    }

    pub(super) fn catches(&self, clauses: &[Vec<String>]) -> bool {
        if !clauses.iter().flatten().any(|word| self.needed.has(word)) {
            return false;
        }
        let found = |patterns: &[Pattern], words: &[String]| patterns.iter().any(|p| p.is_in(words));
        let caught = clauses.iter().any(|c| found(&self.catch, c) && !found(&self.but_not, c));
        caught && !clauses.iter().any(|c| found(&self.nor_anywhere, c))
    }
}

struct Pattern(Vec<Step>);

enum Step {
    Start,
    End,
    Gap(usize),
    One(Spellings),
    Maybe(Spellings),
    NotNext(Spellings),
    NotBefore(Spellings),
}

/// Alternatives for one word: `exact`, `prefix*`, `0` for a digit first.
#[derive(Default)]
struct Spellings {
    exact: HashSet<&'static str>,
    beginnings: Vec<&'static str>,
    number: bool,
}

impl Spellings {
    fn new(alternatives: &'static str, classes: &[(&str, &'static str)]) -> Self {
        let expand = |word: &'static str| match word.strip_prefix('@') {
            Some(name) => classes
                .iter()
                .filter(|(class, _)| *class == name)
                .flat_map(|(_, words)| words.split_whitespace())
                .collect(),
            None => vec![word],
        };
        let mut spellings = Self::default();
        for spelling in alternatives.split('|').flat_map(expand) {
            match spelling.strip_suffix('*') {
                Some(beginning) => spellings.beginnings.push(beginning),
                None if spelling == "0" => spellings.number = true,
                None => {
                    spellings.exact.insert(spelling);
                }
            }
        }
        spellings
    }

    fn union<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut union = Self::default();
        for one in all {
            union.exact.extend(&one.exact);
            union.beginnings.extend(&one.beginnings);
            union.number |= one.number;
        }
        union
    }

    fn len(&self) -> usize {
        // A digit is a common thing to begin with.
        self.exact.len() + self.beginnings.len() + if self.number { 100 } else { 0 }
    }

    fn has(&self, word: &str) -> bool {
        self.exact.contains(word)
            || (self.number && word.starts_with(|c: char| c.is_ascii_digit()))
            || self.beginnings.iter().any(|beginning| word.starts_with(beginning))
    }
}

impl Pattern {
    fn new(text: &'static str, classes: &[(&str, &'static str)]) -> Self {
        let step = |word: &'static str| {
            let rest = word.get(1..).unwrap_or_default();
            match word.as_bytes() {
                b"^" => Step::Start,
                b"$" => Step::End,
                [b'~', ..] => Step::Gap(rest.parse().unwrap_or_default()),
                [b'?', ..] => Step::Maybe(Spellings::new(rest, classes)),
                [b'!', ..] => Step::NotNext(Spellings::new(rest, classes)),
                [b'<', ..] => Step::NotBefore(Spellings::new(rest, classes)),
                _ => Step::One(Spellings::new(word, classes)),
            }
        };
        Self(text.split_whitespace().map(step).collect())
    }

    /// Of the words it can't do without, those that occur least.
    fn rarest(&self) -> Option<&Spellings> {
        let needed = self
            .0
            .iter()
            .filter_map(|step| if let Step::One(s) = step { Some(s) } else { None });
        needed.min_by_key(|s| s.len())
    }

    fn is_in(&self, words: &[String]) -> bool {
        (0..=words.len()).any(|at| fits(&self.0, words, at))
    }
}

/// Whether the steps fit the words from `at` on. A step deeper each time, so never deeper than the pattern is long.
fn fits(steps: &[Step], words: &[String], at: usize) -> bool {
    let Some((step, steps)) = steps.split_first() else {
        return true;
    };
    let (before, rest) = words.split_at(at);
    let is = |word: Option<&String>, spellings: &Spellings| word.is_some_and(|w| spellings.has(w));
    match step {
        Step::Start => before.iter().all(|w| is_courtesy(w)) && fits(steps, words, at),
        Step::End => rest.iter().all(|w| is_courtesy(w)) && fits(steps, words, at),
        Step::One(s) => is(rest.first(), s) && fits(steps, words, at + 1),
        Step::Maybe(s) => (is(rest.first(), s) && fits(steps, words, at + 1)) || fits(steps, words, at),
        Step::NotNext(s) => !is(rest.first(), s) && fits(steps, words, at),
        Step::NotBefore(s) => !is(before.last(), s) && fits(steps, words, at),
        Step::Gap(most) => {
            let reach = rest.iter().take(*most).take_while(|w| !IS_TURN.contains(w.as_str())).count();
            (0..=reach).any(|n| fits(steps, words, at + n))
        }
    }
}

fn is_courtesy(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit()) || IS_COURTESY.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optout::{english, tongues};
    use rstest::rstest;

    const CLASSES: &[(&str, &str)] = &[("pet", "cat dog")];

    #[rstest]
    #[case::alternatives("a|b c", "b c", true)]
    #[case::anywhere("b", "a b c", true)]
    #[case::order("b a", "a b", false)]
    #[case::class("@pet|cow", "dog", true)]
    #[case::beginning("tex*", "texting", true)]
    #[case::digit("0", "9am", true)]
    #[case::optional_there("a ?x b", "a x b", true)]
    #[case::optional_absent("a ?x b", "a b", true)]
    #[case::not_next("a !b", "a b", false)]
    #[case::not_next_at_the_end("a !b", "a", true)]
    #[case::not_before("<x a", "x a", false)]
    #[case::not_before_at_the_start("<x a", "a", true)]
    #[case::gap("a ~2 b", "a x y b", true)]
    #[case::gap_too_wide("a ~2 b", "a x y z b", false)]
    #[case::gap_stops_at_a_new_thought("a ~2 b", "a if b", false)]
    #[case::start_after_courtesy("^ a", "please a", true)]
    #[case::start("^ a", "x a", false)]
    #[case::end_before_courtesy("a $", "a 12345 thanks", true)]
    #[case::end("a $", "a x", false)]
    fn steps_fit_words(#[case] pattern: &'static str, #[case] text: &str, #[case] expected: bool) {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        assert_eq!(Pattern::new(pattern, CLASSES).is_in(&words), expected);
    }

    #[test]
    fn every_class_a_rule_names_exists_and_words_are_plain() {
        for spec in english::RULES.iter().chain(tongues::RULES) {
            for pattern in [spec.catch, spec.but_not, spec.nor_anywhere].concat() {
                for name in pattern
                    .split([' ', '|'])
                    .filter_map(|w| w.trim_start_matches(['?', '!', '<']).strip_prefix('@'))
                {
                    assert!(spec.classes.iter().any(|(class, _)| *class == name), "{name} in {pattern:?}");
                }
                assert!(pattern.is_ascii() && pattern == pattern.to_lowercase(), "{pattern:?}");
            }
        }
    }
}
