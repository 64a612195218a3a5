use rstest::rstest;

use super::*;
use crate::registration::Answer;

const URL: &str = "https://reminders.example.com";

fn number() -> Number {
    Number {
        shown: "(415) 555-0100".to_owned(),
        phone: "+14155550100".to_owned(),
        found: Reading::Got(vec![at_twilio()]),
        registration: None,
    }
}

fn at_twilio() -> AtTwilio {
    AtTwilio {
        sms: true,
        in_use: true,
        sms_url: format!("{URL}/webhooks/twilio/inbound#rc=5&rp=all"),
        sms_method: "POST".to_owned(),
        ..AtTwilio::default()
    }
}

fn approved(state: Approval) -> Wording {
    Wording {
        kind: "reminder".to_owned(),
        label: "Reminder".to_owned(),
        language: "en".to_owned(),
        state,
        reason: None,
        is_current: true,
    }
}

/// All in order.
fn facts() -> Facts {
    Facts {
        public_url: URL.to_owned(),
        own_account: true,
        account: Some(Reading::Got(Account {
            sid: "AC1".to_owned(),
            status: "active".to_owned(),
            kind: "Full".to_owned(),
        })),
        balance: Reading::Got(Balance {
            amount: 12_37,
            currency: "USD".to_owned(),
        }),
        ahead: Some(Duration::seconds(2)),
        reach: Reach::Here {
            host: "reminders.example.com".to_owned(),
        },
        signature: Some(Loop {
            right: Some(204),
            wrong: Some(403),
        }),
        numbers: vec![number()],
        senders: vec![Sender {
            shown: "(415) 555-0188".to_owned(),
            phone: "+14155550188".to_owned(),
            trouble: None,
        }],
        wordings: vec![approved(Approval::Approved)],
        shared: false,
        services: Reading::Got(Vec::new()),
        geo: Some(("US".to_owned(), Reading::Got(true))),
        alerts: Reading::Got(Vec::new()),
    }
}

fn with(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = facts();
    change(&mut facts);
    facts
}

fn at(change: impl FnOnce(&mut AtTwilio)) -> Facts {
    let mut at = at_twilio();
    change(&mut at);
    with(|f| f.numbers[0].found = Reading::Got(vec![at]))
}

fn registered(answer: Answer) -> Facts {
    let reason = "What the carriers say.".to_owned();
    with(|f| f.numbers[0].registration = Some(Judgement { answer, reason }))
}

fn account(change: impl FnOnce(&mut Account)) -> Facts {
    with(|f| {
        if let Some(Reading::Got(account)) = &mut f.account {
            change(account);
        }
    })
}

fn service(change: impl FnOnce(&mut Service)) -> Facts {
    let mut service = Service {
        name: "Reminders".to_owned(),
        inbound_url: format!("{URL}/webhooks/twilio/inbound"),
        inbound_method: "POST".to_owned(),
        uses_number: false,
        phones: vec!["+14155550100".to_owned()],
    };
    change(&mut service);
    with(|f| {
        f.services = Reading::Got(vec![service]);
        f.numbers[0].found = Reading::Got(vec![AtTwilio {
            sms_url: String::new(),
            fallback_url: "x".to_owned(),
            ..at_twilio()
        }]);
    })
}

#[test]
fn what_is_in_order_is_ok_in_every_line() {
    for line in judge(&facts()) {
        assert_eq!(line.status, Status::Ok, "{line:?}");
        assert!(line.fix.is_empty() && !line.seen.is_empty(), "{line:?}");
    }
    assert_eq!(count(&judge(&facts())), (0, 0));
}

#[rstest]
#[case::no_account(with(|f| f.account = None), "account", Status::Fail)]
#[case::wrong_token(with(|f| f.account = Some(Reading::Refused)), "account", Status::Fail)]
#[case::twilio_away(with(|f| f.account = Some(Reading::Unclear("timed out".into()))), "account", Status::Warn)]
#[case::suspended(account(|a| a.status = "suspended".into()), "account", Status::Fail)]
#[case::sender_off(with(|f| f.senders[0].trouble = Some("It is not online.".into())), "whatsapp:+14155550188", Status::Fail)]
#[case::not_handed_in(with(|f| f.wordings = vec![approved(Approval::Draft)]), "template:reminder:en", Status::Warn)]
#[case::rejected(with(|f| f.wordings = vec![approved(Approval::Rejected)]), "template:reminder:en", Status::Warn)]
#[case::paused(with(|f| f.wordings = vec![approved(Approval::Paused)]), "template:reminder:en", Status::Warn)]
#[case::looked_at(with(|f| f.wordings = vec![approved(Approval::Pending)]), "template:reminder:en", Status::Skipped)]
#[case::old_words(with(|f| f.wordings[0].is_current = false), "template:reminder:en", Status::Warn)]
#[case::trial(account(|a| a.kind = "Trial".into()), "account", Status::Warn)]
#[case::http(with(|f| f.public_url = "http://reminders.example.com".into()), "https", Status::Fail)]
#[case::local(with(|f| f.public_url = "http://127.0.0.1:3000".into()), "https", Status::Warn)]
#[case::underscore(with(|f| f.public_url = "https://my_reminders.example.com".into()), "https", Status::Fail)]
#[case::other_name(with(|f| f.reach = Reach::Here { host: "10.0.0.3:3000".into() }), "reach", Status::Warn)]
#[case::stranger(with(|f| f.reach = Reach::Elsewhere(200)), "reach", Status::Fail)]
#[case::sent_on(with(|f| f.reach = Reach::Redirect("https://www.example.com/".into())), "reach", Status::Fail)]
#[case::nobody(with(|f| f.reach = Reach::Nobody("refused".into())), "reach", Status::Fail)]
#[case::refused(with(|f| f.signature = Some(Loop { right: Some(403), wrong: Some(403) })), "signature", Status::Fail)]
#[case::open_door(with(|f| f.signature = Some(Loop { right: Some(204), wrong: Some(200) })), "signature", Status::Fail)]
#[case::no_token(with(|f| f.signature = None), "signature", Status::Skipped)]
#[case::no_number(with(|f| f.numbers.clear()), "number", Status::Fail)]
#[case::shared_number(with(|f| { f.numbers.clear(); f.shared = true; }), "number", Status::Ok)]
#[case::not_there(with(|f| f.numbers[0].found = Reading::Got(vec![])), "number:+14155550100", Status::Fail)]
#[case::twice(with(|f| f.numbers[0].found = Reading::Got(vec![at_twilio(), at_twilio()])), "number:+14155550100", Status::Warn)]
#[case::voice_only(at(|a| a.sms = false), "number:+14155550100", Status::Fail)]
#[case::not_in_use(at(|a| a.in_use = false), "number:+14155550100", Status::Warn)]
#[case::registered(registered(Answer::Probably), "registration:+14155550100", Status::Ok)]
#[case::looked_at(registered(Answer::Wait), "registration:+14155550100", Status::Warn)]
#[case::unregistered(registered(Answer::No), "registration:+14155550100", Status::Fail)]
#[case::unread(registered(Answer::Unknown), "registration:+14155550100", Status::Skipped)]
#[case::thrown_away(at(|a| a.sms_url.clear()), "inbound:+14155550100", Status::Fail)]
#[case::elsewhere(at(|a| a.sms_url = "https://demo.twilio.com/welcome".into()), "inbound:+14155550100", Status::Fail)]
#[case::get(at(|a| a.sms_method = "GET".into()), "inbound:+14155550100", Status::Fail)]
#[case::app(at(|a| a.application = true), "inbound:+14155550100", Status::Fail)]
#[case::once(at(|a| a.sms_url = format!("{URL}/webhooks/twilio/inbound")), "inbound:+14155550100", Status::Warn)]
#[case::any_case(at(|a| a.sms_url = "https://Reminders.Example.com/webhooks/twilio/inbound#rc=5".into()), "inbound:+14155550100", Status::Ok)]
#[case::service_here(service(|_| {}), "inbound:+14155550100", Status::Ok)]
#[case::service_discards(service(|s| s.inbound_url.clear()), "inbound:+14155550100", Status::Fail)]
#[case::service_uses_number(service(|s| s.uses_number = true), "inbound:+14155550100", Status::Fail)]
#[case::two_services(with(|f| f.services = Reading::Got(vec![
    Service { name: "A".into(), uses_number: true, phones: vec!["+14155550100".into()], ..Service::default() },
    Service { name: "B".into(), uses_number: true, phones: vec!["+14155550100".into()], ..Service::default() },
])), "service:+14155550100", Status::Warn)]
#[case::no_money(with(|f| f.balance = Reading::Got(Balance { amount: -3, currency: "USD".into() })), "balance", Status::Fail)]
#[case::little_money(with(|f| f.balance = Reading::Got(Balance { amount: 4_99, currency: "USD".into() })), "balance", Status::Warn)]
#[case::child(with(|f| f.balance = Reading::Absent), "balance", Status::Skipped)]
#[case::closed_country(with(|f| f.geo = Some(("IT".into(), Reading::Got(false)))), "geo", Status::Fail)]
#[case::no_country(with(|f| f.geo = None), "geo", Status::Warn)]
#[case::slow_clock(with(|f| f.ahead = Some(Duration::seconds(31))), "clock", Status::Warn)]
#[case::alerts(with(|f| f.alerts = Reading::Got(vec!["11200".into()])), "alerts", Status::Warn)]
fn each_fault_is_one_line(#[case] facts: Facts, #[case] key: &str, #[case] status: Status) {
    let lines = judge(&facts);
    let line = lines.iter().find(|line| line.key == key).expect("the line");
    assert_eq!(line.status, status, "{line:?}");
    if matches!(status, Status::Warn | Status::Fail) {
        assert!(!line.fix.is_empty(), "what is wrong has something to do about it: {line:?}");
    }
    for sentence in [&line.seen, &line.fix] {
        assert!(sentence.is_empty() || sentence.ends_with(['.', '!']), "{sentence}");
    }
}

#[test]
fn what_is_the_installations_is_not_told_to_its_businesses() {
    for status in ["active", "suspended"] {
        for amount in [-3, 4_99, 12_37] {
            let shared = with(|f| {
                f.own_account = false;
                f.account = Some(Reading::Got(Account {
                    sid: "AC1".to_owned(),
                    status: status.to_owned(),
                    kind: "Trial".to_owned(),
                }));
                f.balance = Reading::Got(Balance {
                    amount,
                    currency: "USD".to_owned(),
                });
            });
            for line in judge(&shared)
                .iter()
                .filter(|line| ["account", "balance"].contains(&line.key.as_str()))
            {
                assert!(!line.seen.contains("AC1") && !line.seen.contains("USD"), "{line:?}");
            }
        }
    }
}

#[test]
fn what_could_not_be_read_fails_nothing() {
    let unclear = || "timed out".to_owned();
    let facts = with(|f| {
        f.account = Some(Reading::Unclear(unclear()));
        f.balance = Reading::Unclear(unclear());
        f.numbers[0].found = Reading::Unclear(unclear());
        f.services = Reading::Unclear(unclear());
        f.geo = Some(("US".to_owned(), Reading::Unclear(unclear())));
        f.alerts = Reading::Unclear(unclear());
        f.ahead = None;
    });
    let lines = judge(&facts);
    assert_eq!(essential_failure(&lines), None, "{lines:?}");
    assert_eq!(count(&lines), (0, 1), "only the account says that it should be tried again");
}

#[test]
fn what_nothing_works_without_is_named_first() {
    let broken = with(|f| {
        f.alerts = Reading::Got(vec!["11200".to_owned()]);
        f.numbers[0].found = Reading::Got(Vec::new());
    });
    let lines = judge(&broken);
    assert_eq!(essential_failure(&lines).map(|l| l.key.as_str()), Some("number:+14155550100"));
}

#[test]
fn addresses_are_compared_as_twilio_calls_them() {
    for (a, b, same) in [
        ("https://a.example/x", "https://a.example/x#rc=5", true),
        ("https://A.example/x", "https://a.example/x/", true),
        ("https://a.example/x", "https://a.example/X", false),
        ("https://a.example/x", "http://a.example/x", false),
        ("https://a.example/x", "https://a.example/x?y", false),
    ] {
        assert_eq!(same_address(a, b), same, "{a} {b}");
    }
    assert!(is_local("http://[::1]:3000/x") && is_local("http://localhost") && !is_local("https://localhost.example.com"));
}
