//! By which way customers are told: each with its own consent, the next one only after a failure that is known, and never two for one thing.

mod learned;
mod offers;
mod page;
mod random;
mod returned;

use chrono::Duration;
use contract::{
    appointments::{AppointmentView, Status},
    contacts::{ChangeConsent, ContactChannels, ContactView, CreateContact, OptIn},
    messages::{MessageView, SettleMessage},
};
use domain::consent::State;
use rstest::rstest;
use services::{contacts, delivery, jobs, queue::Job, visit_page};
use testkit::{Backend, Fault, FaultKind, World};

const ANN: &str = "+14155550101";
const MAIL: &str = "ann@x.test";

/// Somebody with a number and an address, who agreed to both.
async fn ann(w: &World) -> ContactView {
    let cmd = CreateContact {
        name: "Ann Lee".to_owned(),
        phone: ANN.to_owned(),
        email: Some(MAIL.to_owned()),
        opt_in: Some(OptIn {
            channel: "sms".to_owned(),
            source: "booking".to_owned(),
        }),
        ..CreateContact::default()
    };
    let ann = contacts::create(&w.s, &w.owner, cmd).await.expect("a contact");
    agrees(w, &ann, "email", "transactional").await
}

async fn agrees(w: &World, contact: &ContactView, channel: &str, purpose: &str) -> ContactView {
    says(w, contact, channel, purpose, "opted_in").await
}

async fn says(w: &World, contact: &ContactView, channel: &str, purpose: &str, state: &str) -> ContactView {
    let cmd = ChangeConsent {
        channel: channel.to_owned(),
        purpose: purpose.to_owned(),
        state: state.to_owned(),
        evidence: Some("Signed at the desk".to_owned()),
    };
    contacts::change_consent(&w.s, &w.owner, contact.id, cmd)
        .await
        .expect("noted")
}

/// Mail first, then text.
async fn prefers_mail(w: &World, contact: &ContactView) {
    let cmd = ContactChannels {
        primary: "email".to_owned(),
        secondary: Some("sms".to_owned()),
        fallback: None,
    };
    contacts::set_channels(&w.s, &w.owner, contact.id, cmd).await.expect("noted");
}

/// A visit whose first reminder is due: 48 hours before.
async fn due(w: &World, contact: &ContactView) -> AppointmentView {
    let visit = w.appointment(contact, 49).await;
    w.clock.advance(Duration::hours(1));
    visit
}

/// What was written to somebody, by way and state.
async fn story(w: &World, contact: &ContactView) -> Vec<(String, String)> {
    let thread = w.thread(contact).await;
    thread.into_iter().map(|m| (m.channel, m.status)).collect()
}

async fn of_channel(w: &World, contact: &ContactView, channel: &str) -> MessageView {
    let thread = w.thread(contact).await;
    thread.into_iter().find(|m| m.channel == channel).expect("a message")
}

fn pairs(story: &[(&str, &str)]) -> Vec<(String, String)> {
    story.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

async fn calls(w: &World) -> usize {
    w.open_tasks().await.into_iter().filter(|task| task.kind == "call").count()
}

/// The secret of the page whose address stands in a text.
fn token(text: &str, path: &str) -> String {
    let (_, rest) = text.split_once(path).unwrap_or_else(|| panic!("no {path} in {text}"));
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[rstest]
#[tokio::test]
async fn who_prefers_mail_is_reminded_by_mail_and_answers_on_the_page(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    prefers_mail(&w, &ann).await;
    let visit = due(&w, &ann).await;
    w.work().await;
    w.work().await;
    assert!(w.phone_got(ANN).is_empty(), "one way, not two");
    let mails = w.sim.mails_to(MAIL);
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(mail.subject, "Your visit at Bright Dental: Wed Jan 6, 11:00 AM");
    assert_eq!(mail.header("from"), Some("\"Bright Dental\" <no-reply@showup.test>"));
    let text = mail.text.clone().unwrap_or_default().replace("\r\n", "\n");
    let html = mail.html.clone().unwrap_or_default();
    for part in [
        "Bright Dental reminds you of your visit on Wed Jan 6, 11:00 AM.",
        "Confirm or change your visit:\nhttp://showup.test/v/",
        "http://showup.test/u/",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        html.contains("href=\"http://showup.test/v/") && !html.contains("<form"),
        "{html}"
    );
    assert!(!text.contains("STOP") && !text.contains("Reply"), "{text}");
    // The file for their calendar.
    assert!(
        mail.raw.contains("method=PUBLISH") && mail.raw.contains("visit.ics"),
        "{}",
        mail.raw
    );
    let unsubscribe = mail.header("list-unsubscribe").unwrap_or_default();
    assert!(
        unsubscribe.starts_with("<http://showup.test/u/") && unsubscribe.len() < 70,
        "{unsubscribe}"
    );
    assert_eq!(mail.header("list-unsubscribe-post"), Some("List-Unsubscribe=One-Click"));

    let seen = w.see_appointment(&visit).await;
    assert_eq!(seen.reminders[0].status, "sent", "{:?}", seen.reminders);
    let act = visit_page::act(&w.s, &token(&text, "/v/"), visit_page::Act::Confirm).await;
    act.expect("answered");
    let seen = w.see_appointment(&visit).await;
    assert_eq!((seen.status, seen.reminders[0].status.as_str()), (Status::Confirmed, "yes"));
    assert!(w.open_tasks().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn each_way_needs_a_consent_of_its_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    prefers_mail(&w, &ann).await;
    says(&w, &ann, "email", "transactional", "opted_out").await;
    due(&w, &ann).await;
    w.work().await;
    assert!(w.sim.mails_to(MAIL).is_empty());
    assert_eq!(w.phone_got(ANN).len(), 1, "by the way that is open");
    // With neither there is nobody to remind, and somebody calls.
    says(&w, &ann, "sms", "transactional", "opted_out").await;
    due(&w, &ann).await;
    w.work().await;
    assert_eq!(
        (w.phone_got(ANN).len(), w.sim.mails_to(MAIL).len(), calls(&w).await),
        (1, 0, 1)
    );
}

#[rstest]
#[tokio::test]
async fn what_is_known_to_have_failed_goes_the_next_way_and_any_answer_counts(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    let visit = due(&w, &ann).await;
    w.work().await;
    let text = of_channel(&w, &ann, "sms").await;
    assert!(w.sim.mails_to(MAIL).is_empty(), "it may still be delivered");
    // A landline: nothing is tried again there.
    let sid = text.provider_sid.clone().expect("taken");
    w.status(&text, &sid, "undelivered", Some(30006)).await.expect("heard");
    // Twilio says it twice, as it may.
    w.status(&text, &sid, "undelivered", Some(30006)).await.expect("heard");
    w.work().await;
    assert_eq!(story(&w, &ann).await, pairs(&[("sms", "undelivered"), ("email", "sent")]));
    assert_eq!(w.sim.mails_to(MAIL).len(), 1);
    assert_eq!(calls(&w).await, 0, "a way was left");
    let mail = of_channel(&w, &ann, "email").await;
    let name = |m: &MessageView| m.correlation_id.clone().unwrap_or_default();
    assert_eq!(name(&mail), format!("{}:email", name(&text)), "one thing, two ways");
    // They read the text in the end, and answer by text what was asked by mail meanwhile.
    w.text(ANN, "Y").await;
    let seen = w.see_appointment(&visit).await;
    assert_eq!(seen.status, Status::Confirmed);
    w.work().await;
    assert_eq!(
        story(&w, &ann).await.iter().filter(|(_, state)| state != "received").count(),
        2
    );
}

#[rstest]
#[tokio::test]
async fn a_call_is_asked_for_when_no_way_is_left(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    prefers_mail(&w, &ann).await;
    w.sim.set_fault(Fault::new(FaultKind::MailRefuse).code(550));
    due(&w, &ann).await;
    w.work().await;
    w.work().await;
    let text = of_channel(&w, &ann, "sms").await;
    assert_eq!(calls(&w).await, 0);
    let sid = text.provider_sid.clone().expect("taken");
    w.status(&text, &sid, "undelivered", Some(30006)).await.expect("heard");
    w.work().await;
    assert_eq!(story(&w, &ann).await, pairs(&[("email", "failed"), ("sms", "undelivered")]));
    assert_eq!(calls(&w).await, 1);
}

#[rstest]
#[tokio::test]
async fn nothing_goes_another_way_after_an_opt_out(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    due(&w, &ann).await;
    w.work().await;
    let text = of_channel(&w, &ann, "sms").await;
    let sid = text.provider_sid.clone().expect("taken");
    w.status(&text, &sid, "failed", Some(21610)).await.expect("heard");
    w.work().await;
    assert!(w.sim.mails_to(MAIL).is_empty(), "they want nothing");
    assert_eq!(calls(&w).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_stop_ends_what_was_agreed_to_elsewhere(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    agrees(&w, &ann, "email", "promotional").await;
    w.text(ANN, "STOP").await;
    let seen = w.see_contact(&ann).await;
    assert_eq!((seen.consent.sms, seen.consent.email), (State::OptedOut, State::OptedOut));
    assert_eq!((seen.offers.sms, seen.offers.email), (State::OptedOut, State::OptedOut));
    due(&w, &ann).await;
    w.work().await;
    assert!(w.sim.mails_to(MAIL).is_empty());
    let cmd = ChangeConsent {
        channel: "email".to_owned(),
        purpose: "transactional".to_owned(),
        state: "opted_in".to_owned(),
        evidence: Some("We think so".to_owned()),
    };
    contacts::change_consent(&w.s, &w.owner, ann.id, cmd)
        .await
        .expect_err("theirs to take back");
}

#[rstest]
#[tokio::test]
async fn of_what_nobody_knows_the_outcome_is_found_out_first(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    prefers_mail(&w, &ann).await;
    w.sim.set_fault(Fault::new(FaultKind::MailUnanswered));
    due(&w, &ann).await;
    w.work().await;
    let mail = of_channel(&w, &ann, "email").await;
    jobs::perform(&w.s, Job::Resolve { message_id: mail.id })
        .await
        .expect("looked");
    for _ in 0..3 {
        w.clock.advance(Duration::hours(2));
        jobs::tick(&w.s).await.expect("looked");
        w.work().await;
    }
    assert!(w.phone_got(ANN).is_empty(), "it may be there");
    let word = SettleMessage {
        message_id: mail.id,
        arrived: false,
    };
    delivery::settle(&w.s, &w.owner, word).await.expect("settled");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1, "now it is known");
    assert_eq!(w.sim.mails_to(MAIL).len(), 1);
}

#[rstest]
#[tokio::test]
async fn what_waits_in_another_s_place_is_not_sent_once_that_has_arrived(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    let visit = due(&w, &ann).await;
    w.work().await;
    let text = of_channel(&w, &ann, "sms").await;
    let sid = text.provider_sid.clone().expect("taken");
    w.status(&text, &sid, "undelivered", Some(30006)).await.expect("heard");
    assert_eq!(of_channel(&w, &ann, "email").await.status, "queued");
    w.status(&text, &sid, "delivered", None).await.expect("after all");
    w.work().await;
    assert!(w.sim.mails_to(MAIL).is_empty(), "they have it");
    let seen = w.see_appointment(&visit).await;
    assert_eq!(seen.reminders[0].status, "sent", "{:?}", seen.reminders);
    assert_eq!(calls(&w).await, 0);
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::Confirmed);
}

#[rstest]
#[tokio::test]
async fn a_new_address_has_agreed_to_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    let cmd = contract::contacts::PatchContact {
        email: Some(Some("new@x.test".to_owned())),
        ..Default::default()
    };
    let after = contacts::patch(&w.s, &w.owner, ann.id, cmd).await.expect("changed");
    assert_eq!((after.consent.sms, after.consent.email), (State::OptedIn, State::Unknown));
}
