//! Mail that comes back.

use contract::contacts::ContactView;
use domain::consent::State;
use rstest::rstest;
use services::{
    Email, Services,
    receiving::returned::{self, Returned},
    sending,
};
use testkit::{Backend, MAIL_FROM, World};

use super::{ANN, MAIL, ann, calls, due, of_channel, pairs, prefers_mail, story};

const SECRET: &str = "what the mail server knows";

/// A process whose mail comes back.
async fn with_returns(w: &World) -> Services {
    let email = Email::new(&w.sim.smtp_url().into(), MAIL_FROM).expect("a mail server");
    let email = email.returning_to("bounce@mail.example.com", &SECRET.to_owned().into());
    w.process_with_mail(Some(email.expect("an address"))).await
}

/// Ann was reminded by mail; where that comes back to.
async fn reminded(w: &World, s: &Services) -> (ContactView, String) {
    let ann = ann(w).await;
    prefers_mail(w, &ann).await;
    due(w, &ann).await;
    services::reminders::tick(s).await.expect("fired");
    sending::send_due(s).await.expect("sent");
    let mails = w.sim.mails_to(MAIL);
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    (ann, mail.envelope_from.clone())
}

fn report(name: &str, from: &str) -> Vec<u8> {
    let path = format!("{}/tests/bounces/{name}.eml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a report");
    text.replace("{from}", from).replace("{to}", MAIL).into_bytes()
}

#[rstest]
#[tokio::test]
async fn an_address_that_nobody_has_is_not_tried_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let s = with_returns(&w).await;
    let (ann, from) = reminded(&w, &s).await;
    assert!(from.starts_with("bounce+") && from.ends_with("@mail.example.com"), "{from}");
    let dsn = report("postfix_no_such_user", &from);
    assert_eq!(returned::take(&s, &dsn).await.expect("heard"), Returned::Failed);
    assert_eq!(returned::take(&s, &dsn).await.expect("heard"), Returned::Nothing, "once");
    w.work().await;
    assert_eq!(
        story(&w, &ann).await,
        pairs(&[("email", "undelivered"), ("sms", "sending")]),
        "the next way"
    );
    assert_eq!(w.phone_got(ANN).len(), 1);
    let mail = of_channel(&w, &ann, "email").await;
    let why = mail.error.unwrap_or_default();
    assert!(
        why.contains("5.1.1") && why.contains("Nobody has this e-mail address"),
        "{why}"
    );
    assert!(w.see_contact(&ann).await.email_dead_since.is_some());
    let titles: Vec<String> = w.open_tasks().await.into_iter().map(|task| task.title).collect();
    assert!(
        titles.iter().any(|title| title.contains("nobody has their e-mail address")),
        "{titles:?}"
    );
    assert_eq!(calls(&w).await, 0);
    // The next reminder does not go there at all.
    due(&w, &ann).await;
    w.work().await;
    assert_eq!(w.sim.mails_to(MAIL).len(), 1);
    assert_eq!(w.phone_got(ANN).len(), 2);
}

#[rstest]
#[case::full("exchange_full", "mailbox is full")]
#[case::ours("policy", "does not trust ours")]
#[tokio::test]
async fn what_is_no_fault_of_the_address_leaves_it_alive(
    #[case] name: &str,
    #[case] words: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let s = with_returns(&w).await;
    let (ann, from) = reminded(&w, &s).await;
    assert_eq!(
        returned::take(&s, &report(name, &from)).await.expect("heard"),
        Returned::Failed
    );
    let why = of_channel(&w, &ann, "email").await.error.unwrap_or_default();
    assert!(why.contains(words), "{why}");
    assert!(w.see_contact(&ann).await.email_dead_since.is_none());
}

#[rstest]
#[tokio::test]
async fn what_only_takes_longer_and_what_is_forged_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let s = with_returns(&w).await;
    let (ann, from) = reminded(&w, &s).await;
    let last = if from.contains("0@") { "1@" } else { "0@" };
    let at = from.find('@').expect("an address");
    let forged = format!("{}{last}mail.example.com", &from[..at - 1]);
    for raw in [
        report("delayed", &from),
        report("postfix_no_such_user", &forged),
        report("abuse", &forged),
        report("postfix_no_such_user", "bounce@mail.example.com"),
        b"Subject: Out of office\r\n\r\nI am away.".to_vec(),
    ] {
        assert_eq!(returned::take(&s, &raw).await.expect("heard"), Returned::Nothing);
    }
    assert_eq!(story(&w, &ann).await, pairs(&[("email", "sent")]));
    assert_eq!(w.see_contact(&ann).await.consent.email, State::OptedIn);
    assert_eq!(returned::may_hand_over(&s, Some(SECRET)), Some(true));
    assert_eq!(returned::may_hand_over(&s, Some("guessed")), Some(false));
    assert_eq!(returned::may_hand_over(&s, None), Some(false));
    assert_eq!(returned::may_hand_over(&w.s, Some(SECRET)), None, "not set up there");
}

#[rstest]
#[tokio::test]
async fn who_complains_gets_no_more_mail(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let s = with_returns(&w).await;
    let (ann, from) = reminded(&w, &s).await;
    let complaint = report("abuse", &from);
    assert_eq!(returned::take(&s, &complaint).await.expect("heard"), Returned::OptedOut);
    assert_eq!(
        returned::take(&s, &complaint).await.expect("heard"),
        Returned::Nothing,
        "once"
    );
    let seen = w.see_contact(&ann).await;
    assert_eq!((seen.consent.email, seen.consent.sms), (State::OptedOut, State::OptedIn));
    assert_eq!(
        story(&w, &ann).await,
        pairs(&[("email", "sent")]),
        "and nothing goes another way"
    );
}
