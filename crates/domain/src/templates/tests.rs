use super::*;
use crate::{
    language::Language,
    segments::{self, Encoding},
};
use proptest::prelude::*;
use rstest::rstest;

/// Every kind on every channel in every language.
fn all() -> impl Iterator<Item = (Kind, Channel, Language, Words)> {
    Kind::ALL.iter().flat_map(|kind| {
        Channel::ALL.iter().flat_map(move |channel| {
            Language::ALL
                .iter()
                .map(move |language| (*kind, *channel, *language, built_in(*kind, *channel, *language)))
        })
    })
}

/// Something for each variable, as long as such things are.
fn sample() -> Values {
    let pairs = [
        (Variable::Name, "Maya"),
        (Variable::ForName, "Leo"),
        (Variable::Business, "Bright Dental"),
        (Variable::Contact, "Call (415) 555-0100"),
        (Variable::Date, "Tue, Jan 5"),
        (Variable::Time, "3:00 p. m."),
        (Variable::Type, "cleaning"),
        (Variable::Staff, "Dr. Lee"),
        (Variable::Location, "Main St"),
        (Variable::Price, "$80"),
        (Variable::Token, "101"),
        (Variable::Until, "2:40 PM"),
        (Variable::Link, "https://example.test/v/AbCdEfGh"),
        (Variable::Visits, "Leo 3:00 PM (Y101), Mia 3:30 PM (Y102)"),
        (Variable::Answers, "Please reply with the codes. Reply STOP to opt out."),
        (Variable::Count, "2"),
        (Variable::Times, "1 Thu 3 PM, 2 Fri 10 AM, 3 Mon 9 AM"),
        (Variable::Released, "Jan 19"),
        (Variable::Code, "123456"),
        (Variable::When, "Tue Jan 5, 3:00 PM"),
        (Variable::Visit, "your visit"),
        (Variable::Slot, "a cleaning slot"),
    ];
    pairs
        .iter()
        .fold(Values::default(), |values, (variable, value)| values.with(*variable, value))
}

fn codes(kind: Kind, channel: Channel, body: &str) -> Vec<&'static str> {
    let subject = (channel == Channel::Email).then_some("About your visit");
    lint(kind, channel, subject, body)
        .into_iter()
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn nothing_is_said_against_a_built_in_text_and_each_can_be_filled_with_much_and_with_little() {
    for (kind, channel, language, words) in all() {
        let found = lint(kind, channel, words.subject, words.body);
        let found: Vec<_> = found.iter().filter(|f| f.refused || channel == Channel::Sms).collect();
        assert!(found.is_empty(), "{kind} {channel} {language}: {found:?}");
        for values in [sample(), Values::default()] {
            for text in [Some(words.body), words.subject].into_iter().flatten() {
                let filled = fill(kind, text, &values).unwrap_or_else(|why| panic!("{kind} {channel} {language}: {why}"));
                assert!(!filled.contains(['{', '}', STOPPED]), "{filled}");
                assert!(
                    !filled.contains("..") && !filled.contains("  ") || values == Values::default(),
                    "{filled}"
                );
            }
        }
    }
}

#[test]
fn a_built_in_sms_costs_one_or_two_parts() {
    for (kind, channel, language, words) in all() {
        if channel == Channel::Sms {
            let text = fill(kind, words.body, &sample()).expect("a built-in text");
            let parts = segments::count(&text);
            assert!(
                parts.encoding == Encoding::Gsm7 && parts.count <= 2,
                "{kind} {language}: {text}"
            );
        }
    }
}

#[test]
fn what_a_kind_needs_it_may_use() {
    for kind in Kind::ALL {
        for variable in kind.needed() {
            assert!(kind.variables().contains(variable), "{kind}: {variable}");
        }
        assert_eq!(
            kind.asks(),
            uses(built_in(*kind, Channel::Sms, Language::English).body, Variable::Token)
        );
    }
}

#[rstest]
#[case::a_variable("Hi {{ name }}, {{date}} at {{ time }}.", Ok("Hi Maya, Tue, Jan 5 at 3:00 p. m."))]
#[case::one_full_stop_is_enough("{{ time }}. Bye", Ok("3:00 p. m. Bye"))]
#[case::a_condition("{% if staff %}With {{ staff }}{% else %}Hi{% endif %}", Ok("With Dr. Lee"))]
#[case::not_a_condition("{% if not staff %}Nobody{% endif %}x", Ok("x"))]
#[case::unknown("Hi {{ nobody }}", Err(()))]
#[case::of_another_kind("Hi {{ until }}", Err(()))]
#[case::unknown_in_a_condition("{% if nobody %}x{% endif %}y", Err(()))]
#[case::a_loop("{% for x in name %}x{% endfor %}", Err(()))]
#[case::a_filter("{{ name|upper }}", Err(()))]
#[case::an_attribute("{{ name.x }}", Err(()))]
#[case::a_sum("{{ 1 + 1 }}", Err(()))]
#[case::a_word_set("{% set x = 1 %}x", Err(()))]
#[case::a_remark("{# x #}x", Err(()))]
#[case::open("{{ name", Err(()))]
#[case::open_condition("{% if name %}x", Err(()))]
#[case::nothing_left("{% if not name %}x{% endif %}", Err(()))]
fn a_text_is_filled_or_refused(#[case] text: &str, #[case] expected: Result<&str, ()>) {
    let filled = fill(Kind::Reminder, text, &sample());
    assert_eq!(filled.as_deref().map_err(|_| ()), expected, "{filled:?}");
}

#[test]
fn a_value_is_said_as_it_is_and_on_one_line() {
    let values = Values::default().with(Variable::Business, " {{ time }}\n{% if %} <b>\u{10fffd}. ");
    let text = fill(Kind::Help, "{{ business }}!", &values).expect("it is filled");
    assert_eq!(text, "{{ time }} {% if %} <b>.!");
    let long = Values::default().with(Variable::Business, &"x".repeat(LONGEST));
    assert!(fill(Kind::Help, "{{ business }}", &long).is_ok());
    assert!(fill(Kind::Help, "{{ business }}!", &long).is_err());
}

#[rstest]
#[case("Reply CANCEL to cancel.", Some("CANCEL"))]
#[case("reply cancel if you can't come.", Some("cancel"))]
#[case("Reply with \"cancel\".", Some("cancel"))]
#[case("Reply Y to confirm, CANCEL to cancel.", Some("CANCEL"))]
#[case("Reply YES to confirm.", Some("YES"))]
#[case("Reply YES or NO.", Some("YES"))]
#[case("Please answer yes or no", Some("yes"))]
#[case("Text back QUIT to leave", Some("QUIT"))]
#[case("END to end it", Some("END"))]
#[case("Reply STOP to cancel your visit.", Some("STOP"))]
#[case("Reply STOP if you can't make this appointment.", Some("STOP"))]
#[case("Reply STOP to cancel.", Some("STOP"))]
#[case("Responda CANCELAR si no puede venir.", Some("CANCELAR"))]
#[case("Responda ALTO para anular su cita.", Some("ALTO"))]
#[case("Reply STOP to opt out.", None)]
#[case("Reply STOP to cancel messages.", None)]
#[case("STOP to end.", None)]
#[case("Text STOP to unsubscribe", None)]
#[case("Reply HELP for help, STOP to opt out.", None)]
#[case("Reply START to get them again.", None)]
#[case("Reply Y to confirm or N if you need another time.", None)]
#[case("To cancel, call us.", None)]
#[case("Reply to cancel.", None)]
#[case("If you need to cancel, reply N.", None)]
#[case("We had to cancel your visit.", None)]
#[case("Stop by the desk.", None)]
#[case("See you at the end of May.", None)]
#[case("ALTO para darse de baja.", None)]
#[case("Responda S para confirmar.", None)]
fn a_text_may_not_ask_for_words_that_the_network_acts_on(#[case] text: &str, #[case] word: Option<&str>) {
    let asked = reserved::asked_for(text).map(|(word, _)| word);
    assert_eq!(asked.as_deref(), word, "{text}");
}

#[rstest]
#[case::whole("{{ business }}: {{ date }} at {{ time }}. Reply Y{{ token }} or N{{ token }}. STOP to opt out.", &[])]
#[case::empty(" \u{200b} ", &["empty"])]
#[case::missing("See you at {{ time }}. Y{{ token }}? STOP to opt out.", &["missing_variable"])]
#[case::condition_says_nothing("{% if date %}x{% endif %} {{ time }} Y{{ token }} STOP", &["missing_variable"])]
#[case::unknown("{{ date }} {{ time }} {{ nme }} Y{{ token }} STOP", &["unknown_variable"])]
#[case::of_another_kind("{{ date }} {{ time }} {{ until }} Y{{ token }} STOP", &["unknown_variable"])]
#[case::both_in_one("{{ when }} Y{{ token }} STOP", &[])]
#[case::broken("{{ date }} {{ time }} {{ a b }} Y{{ token }} STOP", &["syntax"])]
#[case::never_ends("{{ date }} {{ time }} {% if name %}x Y{{ token }} STOP", &["syntax"])]
#[case::two_elses("{{ date }} {{ time }} {% if name %}x{% else %}y{% else %}z{% endif %} Y{{ token }} STOP", &["syntax"])]
#[case::ends_alone("{{ date }} {{ time }} {% endif %} Y{{ token }} STOP", &["syntax"])]
#[case::shortener("{{ date }} {{ time }} https://bit.ly/x Y{{ token }} STOP", &["link_shortener"])]
#[case::no_shortener("{{ date }} {{ time }} https://rabbit.ly/x and t.co.uk Y{{ token }} STOP", &[])]
#[case::an_emoji("{{ date }} {{ time }} 👍 Y{{ token }} STOP", &["costly_letters"])]
#[case::an_accent("{{ date }} {{ time }} está Y{{ token }} STOP", &["costly_letters"])]
#[case::no_token("{{ date }} {{ time }} Reply Y or N. STOP to opt out.", &["no_token"])]
#[case::no_opt_out("{{ date }} {{ time }} Reply Y{{ token }}.", &["no_opt_out"])]
#[case::maybe_empty("{{ date }} {{ time }} with {{ staff }}. Y{{ token }} STOP", &["may_be_empty"])]
#[case::said_if_it_is_there("{{ date }} {{ time }}{% if staff %} with {{ staff }}{% endif %}. Y{{ token }} STOP", &[])]
fn findings_of_an_sms(#[case] body: &str, #[case] expected: &[&str]) {
    assert_eq!(codes(Kind::Reminder, Channel::Sms, body), expected);
}

#[rstest]
#[case::whole("Hello from {{ business }}, see you on {{ date }} at the time of {{ time }}. Can you come?", &[])]
#[case::begins("{{ business }} will see you on {{ date }} at about {{ time }}. Can you come?", &["starts_with_variable"])]
#[case::ends("We will see you with us on the day of {{ date }} at {{ time }}!", &["ends_with_variable"])]
#[case::adjacent("We will see you with us on {{ date }} {{ time }} again, please", &["adjacent_variables"])]
#[case::few("See {{ date }} at {{ time }} ok", &["few_words"])]
#[case::token("We will see you on {{ date }} at the time of {{ time }}. Reply Y{{ token }} if you can come.", &["no_token_there"])]
#[case::link("We will see you on {{ date }} at the time of {{ time }}. All about it is on {{ link }} for you to see.", &[])]
#[case::maybe_empty("We will see you on {{ date }} at the time of {{ time }} with {{ staff }} and all of us. Can you come?", &["may_be_empty"])]
#[case::conditions("We will see you on {{ date }} at about {{ time }}{% if name %} dear{% endif %}. Can you come?", &["condition"])]
fn findings_of_a_whatsapp_template(#[case] body: &str, #[case] expected: &[&str]) {
    assert_eq!(codes(Kind::Reminder, Channel::Whatsapp, body), expected);
}

#[test]
fn a_subject_is_of_e_mails_alone_and_short() {
    let codes = |channel, subject: Option<&str>| {
        let found = lint(Kind::Help, channel, subject, "We are here.");
        found.into_iter().map(|f| (f.code, f.of_subject)).collect::<Vec<_>>()
    };
    assert_eq!(codes(Channel::Email, None), [("empty_subject", true)]);
    assert_eq!(codes(Channel::Email, Some("Hi {{ date }}")), [("unknown_variable", true)]);
    assert_eq!(codes(Channel::Email, Some(&"x".repeat(151))), [("subject_too_long", true)]);
    assert_eq!(codes(Channel::Email, Some("Hi")), []);
    assert_eq!(codes(Channel::Whatsapp, Some("Hi")), [("no_subject", true)]);
}

#[test]
fn who_is_still_writing_sees_what_is_there() {
    let text = with_what_is_known("{{ date }} {{ nobody }} {{ listed }} {{ open", &sample());
    assert_eq!(text, "Tue, Jan 5 {{ nobody }} {{ listed }} {{ open");
}

proptest! {
    /// What lint lets pass can be sent, whatever stands in it, unless that makes it too long.
    #[test]
    fn what_is_kept_can_be_filled(body in "([a-zA-Z .{}%]|\\{\\{ ?(date|time|name|token) ?\\}\\}|\\{% ?(if name|else|endif) ?%\\}){0,40}") {
        let body = format!("{{{{ date }}}} {{{{ time }}}} {body}");
        let found = lint(Kind::Reminder, Channel::Sms, None, &body);
        let filled = fill(Kind::Reminder, &body, &sample());
        if !found.iter().any(|f| f.refused) {
            prop_assert!(filled.is_ok(), "{body}: {filled:?}");
        }
    }

    #[test]
    fn pieces_of_any_text_are_read(body in "\\PC{0,80}|[{}% a-z]{0,60}") {
        let _ = lint(Kind::Reminder, Channel::Whatsapp, None, &body);
        let _ = fill(Kind::Reminder, &body, &Values::default());
    }
}
