//! The way to the mail server, at a socket: what is known of a mail after each thing that can happen to it.

use std::time::Duration;

use domain::outcome::{Class, Outcome, Scope};
use services::{
    Email,
    channels::email::{Letter, Mail},
};
use testkit::{Fault, FaultKind, MAIL_FROM, Sim};
use tokio::{io::AsyncReadExt, net::TcpListener};
use twilio_sim::SimConfig;
use uuid::Uuid;

const OLGA: &str = "olga@x.test";

/// Waited for what never comes; everything else takes a moment.
const SHORT: Duration = Duration::from_secs(6);

async fn sim() -> Sim {
    twilio_sim::start(SimConfig::default()).await.expect("the simulator starts")
}

fn email(url: &str) -> Email {
    Email::new(&url.to_owned().into(), MAIL_FROM).expect("a mail server")
}

fn letter() -> Letter {
    Letter::default()
        .paragraph("Texts of Tom & Jerry’s <Grooming> can't go out.")
        .button("Open Settings", "https://showup.test/settings?a=1&b=2")
}

async fn send_to(email: &Email, to: &str) -> Outcome {
    let letter = letter();
    let mail = Mail {
        id: Uuid::from_u128(7),
        to,
        reply_to: None,
        subject: "Tom & Jerry’s: texts wait",
        letter: &letter,
        at: "2027-01-04T15:00:00Z".parse().expect("a moment"),
        unsubscribe: None,
        from: None,
        language: "en",
        calendar: None,
    };
    email.send(&mail).await
}

/// What became of one mail after this fault, and how many the server keeps.
async fn after(fault: Fault) -> (Outcome, usize) {
    let sim = sim().await;
    sim.set_fault(fault);
    let outcome = send_to(&email(&sim.smtp_url()), OLGA).await;
    (outcome, sim.mails().len())
}

fn refused(outcome: Outcome) -> (Option<u16>, Class, Scope, String) {
    let Outcome::Refused { reply, failure } = outcome else {
        panic!("{outcome:?}")
    };
    (reply, failure.class, failure.scope, failure.words)
}

fn later(outcome: Outcome) -> (Option<u16>, String) {
    let Outcome::TryLater { reply, failure, .. } = outcome else {
        panic!("{outcome:?}")
    };
    (reply, failure.words)
}

fn unknown(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Unknown { reply: None, .. })
}

#[tokio::test]
async fn a_mail_arrives_with_both_parts_and_the_headers_of_a_machine() {
    let sim = sim().await;
    let email = email(&sim.smtp_url());
    for _ in 0..2 {
        let outcome = send_to(&email, OLGA).await;
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    }
    let kept = sim.mails_to(OLGA);
    let [one, again] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!(one.envelope_from, "no-reply@showup.test");
    assert_eq!(one.subject, "Tom & Jerry’s: texts wait");
    let expected = [
        ("from", "Showup <no-reply@showup.test>"),
        ("to", OLGA),
        ("auto-submitted", "auto-generated"),
        ("message-id", "<00000000-0000-0000-0000-000000000007@showup.test>"),
        ("date", "Mon, 04 Jan 2027 15:00:00 +0000"),
    ];
    for (name, value) in expected {
        assert_eq!(one.header(name), Some(value), "{name}");
    }
    assert_eq!(
        one.header("list-unsubscribe"),
        None,
        "staff leave the business, or its role, instead"
    );
    assert_eq!(
        one.header("message-id"),
        again.header("message-id"),
        "the same mail has the same name"
    );
    let text = one.text.as_deref().unwrap_or_default();
    assert!(
        text.contains("Tom & Jerry’s <Grooming>") && text.contains("https://showup.test/settings?a=1&b=2"),
        "{text}"
    );
    let html = one.html.as_deref().unwrap_or_default();
    assert!(html.contains("Tom &amp; Jerry’s &lt;Grooming&gt;"), "{html}");
    assert!(html.contains("href=\"https://showup.test/settings?a=1&amp;b=2\""), "{html}");
}

#[tokio::test]
async fn mail_that_one_can_leave_says_how() {
    let sim = sim().await;
    let (letter, id) = (letter(), Uuid::now_v7());
    let mail = Mail {
        id,
        to: OLGA,
        reply_to: Some("Bright Dental <desk@dental.test>"),
        subject: "Hello\r\nBcc: eve@x.test",
        letter: &letter,
        at: "2027-01-04T15:00:00Z".parse().expect("a moment"),
        unsubscribe: Some("https://showup.test/u/1"),
        from: None,
        language: "en",
        calendar: None,
    };
    email(&sim.smtp_url()).send(&mail).await;
    let kept = sim.mails().remove(0);
    assert_eq!(kept.header("list-unsubscribe"), Some("<https://showup.test/u/1>"));
    assert_eq!(kept.header("list-unsubscribe-post"), Some("List-Unsubscribe=One-Click"));
    assert!(
        kept.header("reply-to").is_some_and(|to| to.contains("desk@dental.test")),
        "{}",
        kept.raw
    );
    assert_eq!(kept.envelope_to, [OLGA]);
    assert_eq!(kept.header("bcc"), None, "a subject stays in its line: {}", kept.raw);
}

/// Whoever gets it sees that what says how to end it is ours, too.
#[tokio::test]
async fn mail_is_signed_with_the_headers_that_matter() {
    const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    let sim = sim().await;
    let signing = email(&sim.smtp_url()).signing("2027", "showup.test", &SEED.to_owned().into());
    let (letter, signing) = (letter(), signing.expect("a key"));
    let mail = Mail {
        id: Uuid::now_v7(),
        to: OLGA,
        reply_to: None,
        subject: "A visit",
        letter: &letter,
        at: "2027-01-04T15:00:00Z".parse().expect("a moment"),
        unsubscribe: Some("https://showup.test/u/0123456789012345678901"),
        from: Some("Praxis Dr. Müller, \"Zähne\""),
        language: "en",
        calendar: Some("BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n"),
    };
    let outcome = signing.send(&mail).await;
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    let kept = sim.mails().remove(0);
    let signature: String = kept.header("dkim-signature").unwrap_or_default().split_whitespace().collect();
    for part in [
        "a=ed25519-sha256",
        "d=showup.test",
        "s=2027",
        "c=relaxed/relaxed",
        ":list-unsubscribe:",
        ":list-unsubscribe-post",
        "from:to:",
    ] {
        assert!(signature.contains(part), "{part}: {signature}");
    }
    assert!(
        kept.header("from").is_some_and(|from| from.contains("Müller")),
        "{}",
        kept.raw
    );
    assert!(
        kept.raw.contains("text/calendar; method=PUBLISH; charset=utf-8"),
        "{}",
        kept.raw
    );
    // A header that is folded breaks signatures at relays.
    let lines: Vec<&str> = kept
        .raw
        .lines()
        .filter(|line| line.starts_with("List-Unsubscribe:"))
        .collect();
    assert_eq!(lines, ["List-Unsubscribe: <https://showup.test/u/0123456789012345678901>"]);
    for (selector, domain, key) in [
        ("", "showup.test", SEED),
        ("2027", "", SEED),
        ("2027", "showup.test", "hidden"),
    ] {
        let why = email(&sim.smtp_url()).signing(selector, domain, &key.to_owned().into()).err();
        assert!(why.is_some_and(|why| why.starts_with("DKIM_") && !why.contains("hidden")));
    }
}

#[tokio::test]
async fn an_address_that_is_no_good_is_refused_as_one() {
    let (outcome, kept) = after(Fault::new(FaultKind::MailRefuse)).await;
    let (reply, class, _, words) = refused(outcome);
    assert_eq!((reply, class, kept), (Some(550), Class::BadAddress, 0));
    assert!(words.contains("no such address"), "{words}");
    // Ours is no fault of theirs.
    let policy = Fault {
        code: Some(550),
        status: Some("5.7.1".to_owned()),
        ..Fault::new(FaultKind::MailRefuse)
    };
    let (outcome, _) = after(policy).await;
    assert_eq!(refused(outcome).1, Class::Other);
    let sim = sim().await;
    let outcome = send_to(&email(&sim.smtp_url()), "nobody").await;
    assert_eq!(refused(outcome).1, Class::BadAddress);
}

#[tokio::test]
async fn a_mail_that_is_refused_was_not_taken() {
    let (outcome, kept) = after(Fault::new(FaultKind::MailRefuseAfter)).await;
    let (reply, class, scope, words) = refused(outcome);
    assert_eq!((reply, class, scope, kept), (Some(554), Class::Other, Scope::Message, 0));
    assert!(words.contains("Mail refused"), "what the server said is told: {words}");
}

#[tokio::test]
async fn what_was_provably_not_taken_may_be_tried_again() {
    let code = |kind, code| Fault {
        code: Some(code),
        ..Fault::new(kind)
    };
    for fault in [code(FaultKind::MailRefuse, 451), code(FaultKind::MailRefuseAfter, 452)] {
        let expected = fault.code.and_then(|code| u16::try_from(code).ok());
        let (outcome, kept) = after(fault).await;
        assert_eq!((later(outcome).0, kept), (expected, 0));
    }
    let (outcome, kept) = after(Fault::new(FaultKind::MailBusy)).await;
    assert_eq!((later(outcome).0, kept), (Some(421), 0));
    // Nobody is there at all.
    let outcome = send_to(&email("smtp://127.0.0.1:9"), OLGA).await;
    let (reply, words) = later(outcome);
    assert_eq!((reply, words.as_str()), (None, "The mail server can't be reached."));
}

#[tokio::test]
async fn what_may_have_been_taken_is_unknown() {
    let (outcome, kept) = after(Fault::new(FaultKind::MailUnanswered)).await;
    assert!(unknown(&outcome) && kept == 1, "{outcome:?}");
    let (outcome, kept) = after(Fault::new(FaultKind::MailCut)).await;
    assert!(unknown(&outcome) && kept == 0, "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_is_slow_is_waited_for_as_long_as_was_said() {
    let sim = sim().await;
    let slow = |ms| Fault {
        ms: Some(ms),
        ..Fault::new(FaultKind::MailSlow)
    };
    sim.set_fault(slow(50));
    let outcome = send_to(&email(&sim.smtp_url()), OLGA).await;
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    sim.set_fault(slow(600_000));
    let outcome = send_to(&email(&sim.smtp_url()).with_timeout(SHORT), OLGA).await;
    assert!(unknown(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_text_leaves_nothing_behind() {
    // Says hello, takes sender and recipient, and then nothing more: once silent, once gone.
    for silent in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut seen = String::new();
            let answers = ["220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n"];
            for (n, answer) in answers.into_iter().enumerate() {
                tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes())
                    .await
                    .expect("read");
                let lines = n + 1;
                while seen.matches("\r\n").count() < lines {
                    let mut some = [0; 512];
                    let size = stream.read(&mut some).await.expect("a command");
                    assert!(size > 0, "{seen}");
                    seen.push_str(&String::from_utf8_lossy(&some[..size]));
                }
            }
            assert!(seen.ends_with("DATA\r\n"), "{seen}");
            if silent {
                std::future::pending::<()>().await;
            }
        });
        let outcome = send_to(&email(&url).with_timeout(SHORT), OLGA).await;
        assert_eq!(later(outcome).0, None);
        serving.abort();
    }
}

#[tokio::test]
async fn it_signs_in_and_says_when_that_fails() {
    let sim = sim().await;
    let with_password = sim.smtp_url().replace("smtp://", "smtp://showup:secret%40@");
    assert_eq!(email(&with_password).check().await, Ok(()));
    assert!(matches!(send_to(&email(&with_password), OLGA).await, Outcome::Accepted(_)));
    // The simulator offers no TLS.
    let secret = format!("{}?tls=required", sim.smtp_url());
    let (words, next_step) = email(&secret).check().await.expect_err("no TLS");
    assert!(words.contains("TLS") && next_step.contains("SMTP_URL"), "{words} {next_step}");
    assert_eq!(later(send_to(&email(&secret), OLGA).await).0, None);
    assert_eq!(sim.mails().len(), 1, "nothing was sent in the open");
    let (words, _) = email("smtp://127.0.0.1:9").check().await.expect_err("nobody");
    assert_eq!(words, "The mail server can't be reached.");
}

#[test]
fn a_sender_that_is_none_is_said() {
    let new = |url: &str, from: &str| Email::new(&url.to_owned().into(), from).err().unwrap_or_default();
    assert!(new("smtp://x.test", "").starts_with("MAIL_FROM: "));
    assert!(new("smtp://x.test", "Showup").starts_with("MAIL_FROM: "));
    let why = new("http://u:hidden@x.test", MAIL_FROM);
    assert!(why.starts_with("SMTP_URL: ") && !why.contains("hidden"), "{why}");
}
