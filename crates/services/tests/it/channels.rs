//! The same laws on a second channel: e-mail to customers, which nothing is heard of later and whose log nobody can read.

use contract::{
    Code,
    contacts::{ContactView, CreateContact, UpdateContact},
    messages::{MessageView, SendMessage, SettleMessage},
};
use domain::consent::State;
use entity::contacts::consent_event;
use rstest::rstest;
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use services::{contacts, delivery, jobs, outbox, queue::Job, reconcile};
use testkit::{Backend, Fault, FaultKind, NUMBER, World};
use uuid::Uuid;

const ANN: &str = "+14155550101";
const MAIL: &str = "ann@x.test";

async fn ann(w: &World) -> ContactView {
    let cmd = CreateContact {
        name: "Ann".to_owned(),
        phone: ANN.to_owned(),
        email: Some(MAIL.to_owned()),
        time_zone: None,
        language: None,
        notes: None,
        tags: None,
        opt_in: None,
    };
    contacts::create(&w.s, &w.owner, cmd).await.expect("a contact")
}

async fn write(w: &World, contact: &ContactView, body: &str) -> services::Result<MessageView> {
    let cmd = SendMessage {
        channel: Some("email".to_owned()),
        contact_id: contact.id,
        body: body.to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    outbox::send(&w.s, &w.owner, cmd).await
}

/// Without what stands beneath every mail to a customer.
fn mails(w: &World) -> Vec<String> {
    let texts = w.sim.mails_to(MAIL).into_iter().map(|mail| mail.text.unwrap_or_default());
    texts
        .map(|text| {
            text.split("You get this because")
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .collect()
}

#[rstest]
#[tokio::test]
async fn a_mail_is_stored_first_and_handed_over_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    let stored = write(&w, &ann, "Your glasses are ready.\n\nSee you soon!")
        .await
        .expect("stored");
    assert_eq!((stored.status.as_str(), stored.channel.as_str()), ("queued", "email"));
    assert!(mails(&w).is_empty(), "stored before it is sent");
    w.work().await;
    w.work().await;
    let got = w.sim.mails_to(MAIL);
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].subject, "A message from Bright Dental");
    let (text, html) = (
        got[0].text.clone().unwrap_or_default(),
        got[0].html.clone().unwrap_or_default(),
    );
    assert!(text.contains("Your glasses are ready.") && html.contains("See you soon!"));
    let seen = w.last_message(&ann).await;
    assert_eq!(seen.status, "sent", "a mail server says no more than that");
    assert!(w.phone_got(ANN).is_empty(), "and nothing went to the phone");
}

#[rstest]
#[tokio::test]
async fn what_the_server_took_without_saying_so_is_a_persons_to_settle_and_never_sent_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    w.sim.set_fault(Fault::new(FaultKind::MailUnanswered));
    let m = write(&w, &ann, "Once").await.expect("stored");
    w.work().await;
    assert_eq!(w.last_message(&ann).await.status, "unknown");
    jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("looked");
    let seen = w.last_message(&ann).await;
    assert!(seen.to_settle, "no log can tell, so a person is asked at once: {seen:?}");
    assert_eq!(w.open_tasks().await.len(), 1);
    for _ in 0..3 {
        w.clock.advance(chrono::Duration::hours(12));
        jobs::tick(&w.s).await.expect("looked");
        w.work().await;
    }
    assert_eq!(mails(&w), ["Once"], "never again on a guess");
    let word = SettleMessage {
        message_id: m.id,
        arrived: true,
    };
    delivery::settle(&w.s, &w.owner, word).await.expect("settled");
    assert_eq!(w.last_message(&ann).await.status, "sent");
    assert!(w.open_tasks().await.is_empty());
}

#[rstest]
#[case::nobody_answers(FaultKind::MailBusy, 0)]
#[case::not_now(FaultKind::MailRefuse, 450)]
#[tokio::test]
async fn what_was_provably_not_taken_is_tried_again(
    #[case] kind: FaultKind,
    #[case] code: i32,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    let fault = Fault::new(kind);
    w.sim.set_fault(if code > 0 { fault.code(code) } else { fault });
    write(&w, &ann, "Hello").await.expect("stored");
    w.work().await;
    assert!(mails(&w).is_empty());
    assert_eq!(w.last_message(&ann).await.status, "queued", "it waits");
    w.clock.advance(chrono::Duration::minutes(30));
    w.work().await;
    assert_eq!(mails(&w), ["Hello"]);
}

#[rstest]
#[tokio::test]
async fn an_address_that_is_refused_fails_in_plain_words(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    w.sim.set_fault(Fault::new(FaultKind::MailRefuse).code(550));
    write(&w, &ann, "Hello").await.expect("stored");
    w.work().await;
    let seen = w.last_message(&ann).await;
    assert_eq!((seen.status.as_str(), seen.error_code), ("failed", Some(550)));
    assert_eq!(w.open_tasks().await.len(), 1, "and a person hears of it");
    assert!(mails(&w).is_empty());
}

#[rstest]
#[tokio::test]
async fn consent_is_asked_for_each_channel_apart(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    write(&w, &ann, "Stored before").await.expect("stored");
    w.text(ANN, "STOP").await;
    w.work().await;
    assert_eq!(
        mails(&w),
        ["Stored before"],
        "they asked for no more texts, which a mail is not"
    );
    w.reply(&ann, "A text").await.expect_err("no text any more");

    let refused = "INSERT INTO consent (contact_id, channel, purpose, business_id, state, updated_at) \
                   SELECT contact_id, 'email', purpose, business_id, 'opted_out', updated_at FROM consent WHERE channel = 'sms'";
    write(&w, &ann, "Stored as well").await.expect("stored");
    w.s.db()
        .connection()
        .execute_unprepared(refused)
        .await
        .expect("refused by mail, too");
    w.work().await;
    assert_eq!(mails(&w).len(), 1, "asked again at the last moment");
    let why = write(&w, &ann, "And now?").await.expect_err("no mail any more");
    assert_eq!(why.problem().code, Code::MayNotSend);
}

/// A text that an outage kept from us counts as of when it was written, whatever was said of mails since.
#[rstest]
#[case::who_wants_mails_has_refused_texts("STOP", State::OptedIn, State::OptedOut)]
#[case::who_wants_no_mails_wants_texts("Thank you", State::OptedOut, State::OptedIn)]
#[tokio::test]
async fn what_is_said_of_mails_is_no_word_on_texts(
    #[case] since: &str,
    #[case] of_mails: State,
    #[case] on_texts: State,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("begins");
    let ann = ann(&w).await;
    w.sim.inbound(ANN, NUMBER, "START").await;
    w.clock.advance(chrono::Duration::minutes(5));
    w.text(ANN, since).await;
    // The last row of their ledger.
    let row = consent_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(w.owner.business_id),
        seq: Set(1_000),
        contact_id: Set(ann.id),
        channel: Set("email".to_owned()),
        purpose: Set("transactional".to_owned()),
        state: Set(of_mails.as_str().to_owned()),
        source: Set("preference_page".to_owned()),
        actor: Set("contact".to_owned()),
        evidence: Set(String::new()),
        at: Set(w.clock.now()),
        prev_hash: Set(String::new()),
        hash: Set(String::new()),
    };
    let written = consent_event::Entity::insert(row).exec_without_returning(w.s.db().connection());
    written.await.expect("a word on mails");
    reconcile::sync(&w.s).await.expect("syncs");
    assert_eq!(w.see_contact(&ann).await.consent.sms, on_texts);
}

#[rstest]
#[tokio::test]
async fn what_was_meant_for_another_address_is_not_sent(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    write(&w, &ann, "Private").await.expect("stored");
    let moved = UpdateContact {
        id: ann.id,
        name: "Ann".to_owned(),
        phone: ANN.to_owned(),
        email: Some("another@x.test".to_owned()),
        time_zone: None,
        notes: None,
    };
    contacts::update(&w.s, &w.owner, moved).await.expect("changed");
    w.work().await;
    assert!(w.sim.mails().is_empty());
    assert_eq!(w.last_message(&ann).await.status, "cancelled");
}

#[rstest]
#[tokio::test]
async fn who_has_no_address_gets_no_mail(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let bob = w.contact("Bob", "+14155550102").await;
    let why = write(&w, &bob, "Hello").await.expect_err("no address");
    assert_eq!(why.problem().code, Code::MayNotSend);
    let pigeon = SendMessage {
        channel: Some("pigeon".to_owned()),
        contact_id: bob.id,
        body: "Hello".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    let why = outbox::send(&w.s, &w.owner, pigeon).await.expect_err("no such channel");
    assert_eq!(why.problem().fields[0].field, "channel");
}
