use super::*;
use crate::{
    segments::{self, Encoding},
    zone::named,
};
use chrono::Duration;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn appointment() -> DateTime<Utc> {
    "2027-01-05T20:00:00Z".parse().expect("an instant")
}

fn start(at: DateTime<Utc>, place: &str, customer: &str) -> Start {
    Start {
        at,
        place: named(place),
        customer: named(customer),
    }
}

fn visit(start: Start, name: Option<&str>, token: u16) -> Visit {
    Visit {
        start,
        name: name.map(str::to_owned),
        token,
    }
}

/// An appointment in New York, for somebody there.
fn here(at: DateTime<Utc>) -> Start {
    start(at, "America/New_York", "America/New_York")
}

/// What is sent where texts are kept short.
fn kept_short(text: &str) -> String {
    segments::shortened(text).unwrap_or_else(|| text.to_owned())
}

/// Every kind in a language, by the names of the cases.
fn written(language: Language) -> Vec<(&'static str, String)> {
    let one = |name, start, token| reminder(language, "Bright Dental", name, start, token);
    let elsewhere = |at, place, customer| one(None, start(at, place, customer), None);
    let many = |all: &[Visit], only_codes| reminder_many(language, "Bright Dental", all, only_codes);
    let which = |all: &[Visit]| ask_which(language, "Bright Dental", all);
    let later = |days| appointment() + Duration::days(days);
    let in_minutes = |minutes| here(appointment() + Duration::minutes(minutes));
    let summer = "2027-07-05T19:32:00Z".parse().expect("an instant");
    let six: Vec<_> = (0..6u16)
        .rev()
        .map(|n| visit(here(later(i64::from(n))), None, 101 + n))
        .collect();
    let untidy = start(appointment(), "Europe/Stockholm", "Europe/Berlin");
    let children = [
        visit(in_minutes(0), Some("Leo Rossi"), 101),
        visit(in_minutes(30), Some("Mia Rossi"), 102),
    ];
    let own = [
        visit(in_minutes(0), None, 1),
        visit(in_minutes(60), None, 2),
        visit(in_minutes(90), Some("Rex"), 3),
    ];
    let of_two = |first, second| [visit(first, None, 101), visit(second, None, 102)];
    vec![
        ("reminder", one(None, here(appointment()), None)),
        ("reminder_child", one(Some("Leo Rossi"), here(appointment()), None)),
        ("reminder_token", one(None, here(appointment()), Some(101))),
        (
            "reminder_untidy_name",
            reminder(language, "  Bright\n Dental ", None, untidy, None),
        ),
        ("reminder_saturday", one(None, here(later(4)), None)),
        (
            "reminder_traveller",
            elsewhere(appointment(), "America/New_York", "America/Los_Angeles"),
        ),
        (
            "reminder_traveller_summer",
            elsewhere(summer, "America/New_York", "America/Los_Angeles"),
        ),
        (
            "reminder_same_time_elsewhere",
            elsewhere(summer, "America/Los_Angeles", "America/Phoenix"),
        ),
        (
            "reminder_no_letters",
            elsewhere(appointment(), "America/Sao_Paulo", "America/New_York"),
        ),
        ("moved", moved(language, "Bright Dental", None, here(appointment()), None)),
        (
            "moved_child_token",
            moved(language, "Bright Dental", Some("Leo Rossi"), here(appointment()), Some(101)),
        ),
        ("many_children", many(&children, false)),
        ("many_of_ones_own", many(&own, false)),
        ("many_only_codes", many(&children, true)),
        ("ask_two", which(&of_two(here(appointment()), here(later(1))))),
        (
            "ask_two_places",
            which(&of_two(
                here(appointment()),
                start(later(1), "America/Chicago", "America/New_York"),
            )),
        ),
        ("ask_children", which(&children)),
        ("ask_six", which(&six)),
        ("correction", correction(language, "Bright Dental")),
        ("help", help(language, "Bright Dental", "Call (415) 555-0100.")),
        ("help_without_contact", help(language, "Bright Dental", "")),
        ("started", started(language, "Bright Dental")),
        ("verification", verification(language, "Bright Dental", "004217")),
    ]
    .into_iter()
    .chain(of_the_waitlist(language))
    .collect()
}

fn of_the_waitlist(language: Language) -> Vec<(&'static str, String)> {
    let name = "Bright Dental";
    let (at, until) = (here(appointment()), here(appointment() - Duration::minutes(20)));
    let later = |days| here(appointment() + Duration::days(days));
    let offer = |kind, name, token| Offer {
        kind,
        name,
        start: at,
        token,
    };
    vec![
        ("waitlist_joined", waitlist_joined(language, name)),
        ("still_waiting", still_waiting(language, name, None)),
        ("offer_held", offer_held(language, name, &offer(None, None, None), until)),
        (
            "offer_held_type",
            offer_held(language, name, &offer(Some("Cleaning"), None, None), until),
        ),
        (
            "offer_race_child_token",
            offer_race(language, name, &offer(Some("MRI"), Some("Leo Rossi"), Some(107))),
        ),
        ("offer_won", offer_won(language, name, at, None)),
        ("offer_won_moved", offer_won(language, name, at, Some(later(12)))),
        ("offer_lost", offer_lost(language, name)),
        ("offer_late", offer_late(language, name, until)),
        ("offer_times", offer_times(language, name, &[later(1), later(3)], until)),
        ("times_gone", times_gone(language, name)),
    ]
}

#[derive(serde::Deserialize)]
struct Case {
    why: String,
    #[serde(flatten)]
    written: BTreeMap<String, Written>,
}

#[derive(serde::Deserialize)]
struct Written {
    text: String,
    /// As it is sent where texts are kept short.
    parts: u32,
}

#[test]
fn customers_read_exactly_these_texts_in_each_language() {
    let cases: BTreeMap<String, Case> = serde_json::from_str(include_str!("../../vectors/texts.json")).expect("vectors are JSON");
    for language in Language::ALL {
        let written = written(*language);
        assert_eq!(written.len(), cases.len());
        for (name, text) in written {
            let case = &cases[name];
            let expected = case.written.get(language.as_str());
            let expected = expected.unwrap_or_else(|| panic!("{name} lacks a text in {language}: {text}"));
            assert_eq!(text, expected.text, "{name}: {}", case.why);
            assert_eq!(segments::count(&kept_short(&text)).count, expected.parts, "{name}: {text}");
        }
    }
}

#[test]
fn a_usual_reminder_is_one_segment_on_every_day_of_the_year() {
    for language in Language::ALL {
        for days in 0..365 {
            let at = appointment() + Duration::days(days) - Duration::hours(days % 9);
            for customer in ["America/New_York", "America/Los_Angeles"] {
                let start = start(at, "America/New_York", customer);
                let text = kept_short(&reminder(*language, "Bright Dental", None, start, Some(101)));
                let s = segments::count(&text);
                assert_eq!((s.encoding, s.count), (Encoding::Gsm7, 1), "{text}");
            }
        }
    }
}

#[test]
fn the_only_letter_outside_of_gsm_is_that_of_a_saturday() {
    for (name, text) in written(Language::Spanish) {
        let alphabet = segments::count(&text.replace("sáb", "sab")).encoding;
        assert_eq!(alphabet, Encoding::Gsm7, "{name}: {text}");
    }
}

proptest! {
    #[test]
    fn no_text_invites_a_word_that_twilio_would_act_on(
        name in "[B-D][a-d ]{1,20}",
        token in prop::option::of(1u16..1000),
        language in prop::sample::select(Language::ALL),
    ) {
        let two = [visit(here(appointment()), None, 1), visit(here(appointment()), Some("Leo"), 2)];
        for text in [
            reminder(language, &name, None, here(appointment()), token), moved(language, &name, None, here(appointment()), token),
            correction(language, &name), help(language, &name, "Call us"), started(language, &name),
            verification(language, &name, "004217"),
            ask_which(language, &name, &two), reminder_many(language, &name, &two, false), reminder_many(language, &name, &two, true),
            waitlist_joined(language, &name), still_waiting(language, &name, token), offer_lost(language, &name), times_gone(language, &name),
            offer_held(language, &name, &Offer { kind: Some("Hair"), name: None, start: here(appointment()), token }, here(appointment())),
            offer_race(language, &name, &Offer { kind: None, name: Some("Leo"), start: here(appointment()), token }),
            offer_won(language, &name, here(appointment()), Some(here(appointment()))), offer_late(language, &name, here(appointment())),
            offer_times(language, &name, &[here(appointment())], here(appointment())),
        ] {
            let words: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_uppercase).collect();
            for banned in ["YES", "CANCEL", "END", "QUIT", "REVOKE", "UNSUBSCRIBE", "CANCELAR"] {
                prop_assert!(!words.iter().any(|w| w == banned), "{}", text);
            }
            prop_assert_eq!(segments::count(&text).encoding, Encoding::Gsm7);
        }
    }

    /// What a text of ours asks for is understood, in its own language.
    #[test]
    fn every_answer_that_a_text_asks_for_is_understood(token in prop::option::of(101u16..1000), language in prop::sample::select(Language::ALL)) {
        use crate::inbound::{Meaning, parse};
        let text = reminder(language, "Bright Dental", None, here(appointment()), token);
        let digits = token.map(|token| token.to_string()).unwrap_or_default();
        let yes = if language == Language::Spanish { "S" } else { "Y" };
        let stop = if language == Language::Spanish { "ALTO" } else { "STOP" };
        for (asked, meaning) in [
            (format!("{yes}{digits}"), Meaning::Yes { token }),
            (format!("N{digits}"), Meaning::No { token }),
            (stop.to_owned(), Meaning::Stop),
        ] {
            prop_assert!(text.split(' ').any(|word| word == asked), "{} in {}", asked, text);
            prop_assert_eq!(parse(&asked, false), meaning);
        }
    }
}
