use super::*;
use crate::{
    segments::{self, Encoding},
    templates::{Channel, Kind, Values, built_in, fill},
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

fn said(kind: Kind, language: Language, values: &Values) -> String {
    fill(kind, built_in(kind, Channel::Sms, language).body, values).expect("a built-in text")
}

fn reminder(language: Language, business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> String {
    said(Kind::Reminder, language, &one(language, business, name, start, token))
}

fn moved(language: Language, business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> String {
    said(Kind::Moved, language, &one(language, business, name, start, token))
}

fn reminder_many(language: Language, business: &str, all: &[Visit], only_codes: bool) -> String {
    said(Kind::ReminderMany, language, &many(language, business, all, only_codes))
}

fn ask_which(language: Language, business: &str, visits: &[Visit]) -> String {
    said(Kind::WhichVisit, language, &which(language, business, visits))
}

fn correction(language: Language, business: &str) -> String {
    said(Kind::Correction, language, &plain(business))
}

fn help(language: Language, business: &str, contact_line: &str) -> String {
    said(Kind::Help, language, &reached(business, contact_line))
}

fn started(language: Language, business: &str) -> String {
    said(Kind::Started, language, &plain(business))
}

fn verification_of(language: Language, business: &str, code: &str) -> String {
    said(Kind::Verification, language, &verification(business, code))
}

fn offer_held(language: Language, business: &str, what: &Offer<'_>, until: Start) -> String {
    said(Kind::OfferHeld, language, &offer(language, business, what, Some(until)))
}

fn offer_race(language: Language, business: &str, what: &Offer<'_>) -> String {
    said(Kind::OfferRace, language, &offer(language, business, what, None))
}

fn offer_won(language: Language, business: &str, start: Start, released: Option<Start>) -> String {
    said(Kind::OfferWon, language, &taken(language, business, start, released))
}

fn offer_late(language: Language, business: &str, start: Start, until: Start) -> String {
    said(Kind::OfferLate, language, &late(language, business, start, until))
}

fn offer_times(language: Language, business: &str, starts: &[Start], until: Start) -> String {
    said(Kind::OfferTimes, language, &times(language, business, None, starts, until))
}

fn waiting(language: Language, business: &str, token: Option<u16>) -> String {
    said(Kind::StillWaiting, language, &still_waiting(business, None, token))
}

/// The texts of the waitlist, by the names of the cases.
fn of_the_waitlist(language: Language) -> Vec<(&'static str, String)> {
    let name = "Bright Dental";
    let (at, until) = (here(appointment()), here(appointment() - Duration::minutes(20)));
    let one_o_clock = here(appointment() - Duration::hours(2));
    let later = |days| here(appointment() + Duration::days(days));
    let offer = |kind, name, token| Offer {
        kind,
        name,
        start: at,
        token,
    };
    let bare = offer(None, None, None);
    let alone = |kind| said(kind, language, &plain(name));
    vec![
        ("opted_out", alone(Kind::OptedOut)),
        ("waitlist_joined", alone(Kind::WaitlistJoined)),
        ("still_waiting", waiting(language, name, None)),
        ("still_waiting_token", waiting(language, name, Some(101))),
        ("offer_held", offer_held(language, name, &bare, until)),
        ("offer_held_at_one", offer_held(language, name, &bare, one_o_clock)),
        (
            "offer_held_type",
            offer_held(language, name, &offer(Some(" Cleaning"), None, None), until),
        ),
        (
            "offer_race_kind",
            offer_race(language, name, &offer(Some("Extraction"), None, None)),
        ),
        (
            "offer_race_child_token",
            offer_race(language, name, &offer(Some("MRI"), Some("Leo Rossi"), Some(107))),
        ),
        ("offer_won", offer_won(language, name, at, None)),
        ("offer_won_moved", offer_won(language, name, at, Some(later(12)))),
        ("offer_lost", alone(Kind::OfferLost)),
        ("offer_late", offer_late(language, name, at, until)),
        ("offer_times", offer_times(language, name, &[later(1), later(3)], until)),
        ("times_gone", alone(Kind::TimesGone)),
    ]
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
        ("verification", verification_of(language, "Bright Dental", "004217")),
    ]
    .into_iter()
    .chain(of_the_waitlist(language))
    .collect()
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
            verification_of(language, &name, "004217"),
            ask_which(language, &name, &two), reminder_many(language, &name, &two, false), reminder_many(language, &name, &two, true),
            said(Kind::WaitlistJoined, language, &plain(&name)), waiting(language, &name, token),
            said(Kind::OfferLost, language, &plain(&name)), said(Kind::TimesGone, language, &plain(&name)),
            offer_held(language, &name, &Offer { kind: Some("Hair"), name: None, start: here(appointment()), token }, here(appointment())),
            offer_race(language, &name, &Offer { kind: None, name: Some("Leo"), start: here(appointment()), token }),
            offer_won(language, &name, here(appointment()), Some(here(appointment()))),
            offer_late(language, &name, here(appointment()), here(appointment())),
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
