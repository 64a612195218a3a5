//! Senders that nothing can be sent to: short codes, names, and people without a number.

use contract::{Code, conversations::Composer};
use domain::consent::State;
use rstest::rstest;
use services::{contacts, conversations, pages};
use testkit::{Backend, World};

#[rstest]
#[case::short_code("68849", "688", "short code")]
#[case::name("SUPPORT", "support", "is a name")]
#[tokio::test]
async fn a_machine_that_writes_is_shown_and_found_but_never_answered(
    #[case] sender: &str,
    #[case] needle: &str,
    #[case] why: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for body in [
        "HELP",
        "Your code is 123456",
        "Y",
        "Reply STOP to stop texts from us",
        "no thanks?",
        "HELP",
    ] {
        w.text(sender, body).await;
    }
    w.work().await;
    assert!(w.sim.messages().is_empty(), "no answer, so no loop");
    assert!(w.open_tasks().await.is_empty(), "and nothing to do for a person");
    let row = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("list")
        .data
        .remove(0);
    assert_eq!(
        (row.name.as_str(), row.phone_display.as_str(), row.unread),
        (sender, sender, 6)
    );
    let found = w.holder_of(needle).await;
    assert_eq!((found.phone.as_str(), found.held_since), (sender, None));
    let refused = w.reply(&found, "Hello?").await.expect_err("nobody can text it").problem();
    assert_eq!(refused.code, Code::MayNotSend);
    assert!(refused.detail.contains(why), "{}", refused.detail);
    let thread = pages::thread::thread(&w.s, &w.owner, row.id, Default::default())
        .await
        .expect("a thread");
    assert_eq!(thread.messages.len(), 6);
    let Composer::Closed { reason, .. } = thread.composer else {
        panic!("staff may write")
    };
    assert_eq!(reason, refused.detail);
}

#[rstest]
#[tokio::test]
async fn a_machine_may_be_given_a_name_and_an_appointment_but_no_reminder(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.text("68849", "Your parcel is on its way").await;
    let found = w.holder_of("68849").await;
    let cmd = contract::contacts::UpdateContact {
        id: found.id,
        name: "Parcels".to_owned(),
        phone: "68849".to_owned(),
        email: None,
        time_zone: None,
        notes: None,
    };
    let named = contacts::update(&w.s, &w.owner, cmd.clone()).await.expect("the number stays");
    assert_eq!((named.name.as_str(), named.phone.as_str()), ("Parcels", "68849"));
    let other = contract::contacts::UpdateContact {
        phone: "68850".to_owned(),
        ..cmd
    };
    assert!(contacts::update(&w.s, &w.owner, other).await.is_err(), "it can't be typed");
    let agreed = contract::contacts::RecordConsent {
        contact_id: found.id,
        state: State::OptedIn,
        evidence: "Said so".to_owned(),
    };
    contacts::record_consent(&w.s, &w.owner, agreed).await.expect("written down");
    w.appointment(&named, 30).await;
    w.work().await;
    assert!(w.sim.messages().is_empty());
    let asked = w.open_tasks().await;
    assert_eq!((asked.len(), asked[0].kind.as_str()), (1, "call"));
    assert!(asked[0].title.contains("short code"), "{}", asked[0].title);
}

#[rstest]
#[tokio::test]
async fn somebody_without_a_number_is_answered_by_a_person(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for _ in 0..3 {
        w.text("whatsapp:US.13491208655302741918", "HELP").await;
    }
    w.work().await;
    assert!(w.sim.messages().is_empty(), "no text is sent to what is no number");
    assert_eq!(w.open_tasks().await.len(), 1);
}
