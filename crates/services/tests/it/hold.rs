//! Somebody asks for no more texts in words of their own: nothing goes out until staff have decided. And the message log's levers.

use contract::{
    Code,
    contacts::DecideHold,
    messages::{LogQuery, MessageIds},
    tasks::TaskView,
};
use domain::consent::State;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{messages, numbers, outbox, tasks};
use testkit::{Backend, Fault, FaultKind, NUMBER, World};

const ANN: &str = "+14155550171";

async fn of_kind(w: &World, kind: &str) -> Vec<TaskView> {
    w.open_tasks().await.into_iter().filter(|t| t.kind == kind).collect()
}

#[rstest]
#[tokio::test]
async fn a_free_text_opt_out_holds_everything_until_staff_decide(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    w.reply(&ann, "One more thing").await.expect("queued");
    w.text(ANN, "please take me off your list").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1, "only the reminder from before");
    let held = w
        .thread(&ann)
        .await
        .into_iter()
        .find(|m| m.body == "One more thing")
        .expect("there");
    assert!(held.status == "queued" && held.status_words.contains("Staff must decide"));
    let refused = w.reply(&ann, "Really?").await.expect_err("not before a decision");
    assert_eq!(refused.problem().code, Code::MayNotSend);
    assert_eq!(of_kind(&w, "opt_out").await.len(), 1);
    // They wanted to stay.
    let keep = DecideHold {
        contact_id: ann.id,
        opt_out: false,
    };
    tasks::decide_hold(&w.s, &w.owner, keep.clone()).await.expect("decided");
    w.work().await;
    assert_eq!(w.phone_got(ANN).last().map(String::as_str), Some("One more thing"));
    assert!(of_kind(&w, "opt_out").await.is_empty());
    let again = tasks::decide_hold(&w.s, &w.owner, keep).await.expect_err("nothing to decide");
    assert_eq!(again.problem().code, Code::Conflict);
}

#[rstest]
#[tokio::test]
async fn staff_decide_that_it_was_an_opt_out(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.text(ANN, "Stop texting me!!").await;
    let out = DecideHold {
        contact_id: ann.id,
        opt_out: true,
    };
    let shown = tasks::decide_hold(&w.s, &w.owner, out).await.expect("decided");
    assert_eq!((shown.consent.sms, shown.held_since), (State::OptedOut, None));
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    assert_eq!(w.thread(&ann).await[0].status, "cancelled");
}

#[rstest]
#[tokio::test]
async fn a_keyword_settles_the_question(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "leave me alone and stop texting").await;
    assert!(w.see_contact(&ann).await.held_since.is_some());
    w.text(ANN, "STOP").await;
    let ann = w.see_contact(&ann).await;
    assert_eq!((ann.consent.sms, ann.held_since), (State::OptedOut, None));
    assert!(of_kind(&w, "opt_out").await.is_empty());
}

#[rstest]
#[tokio::test]
async fn talk_about_the_appointment_holds_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    w.text(ANN, "no thanks, cancel it").await;
    assert_eq!(w.see_contact(&ann).await.held_since, None);
}

#[rstest]
#[tokio::test]
async fn what_failed_can_be_sent_again_and_what_waits_taken_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(21612).count(1));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let failed = w.last_message(&ann).await;
    assert_eq!(failed.status, "failed");
    let trouble = LogQuery {
        show: Some("trouble".to_owned()),
        ..LogQuery::default()
    };
    let log = messages::list(&w.s, &w.owner, trouble).await.expect("a page");
    assert_eq!(log.data.len(), 1);
    let ids = || MessageIds { ids: vec![failed.id] };
    let acted = outbox::retry(&w.s, &w.owner, ids()).await.expect("acted");
    assert_eq!(acted.done, [failed.id]);
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
    let again = outbox::retry(&w.s, &w.owner, ids()).await.expect("acted");
    assert!(again.done.is_empty() && again.not_done[0].reason.contains("failed or was cancelled"));
    let waiting = w.reply(&ann, "Never mind").await.expect("queued");
    let ids = MessageIds { ids: vec![waiting.id] };
    outbox::cancel_many(&w.s, &w.owner, ids.clone()).await.expect("acted");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
    let other = w.another_business().await;
    let theirs = outbox::retry(&w.s, &other, ids).await.expect("acted");
    assert!(theirs.done.is_empty(), "another business can't");
}

/// A form that somebody else fills in does not settle what they said.
#[rstest]
#[tokio::test]
async fn a_booking_does_not_end_a_hold(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.text(ANN, "please take me off your list").await;
    let ann = w.contact("Ann", ANN).await;
    assert!(ann.held_since.is_some());
    assert_eq!((ann.consent.sms, of_kind(&w, "opt_out").await.len()), (State::Unknown, 1));
}

#[rstest]
#[tokio::test]
async fn a_start_of_their_own_ends_a_hold(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "please take me off your list").await;
    assert!(w.see_contact(&ann).await.held_since.is_some());
    w.text(ANN, "START").await;
    assert!(w.see_contact(&ann).await.held_since.is_none());
    assert!(of_kind(&w, "opt_out").await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_text_is_sent_again_from_a_number_that_works(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("accepted");
    w.status(&m, &sid, "undelivered", Some(30006)).await.expect("taken");
    numbers::assign(&w.s, w.owner.business_id, "+14155550109")
        .await
        .expect("a second number");
    let off = format!("UPDATE number SET status = 'inactive' WHERE phone = '{NUMBER}'");
    w.s.db().connection().execute_unprepared(&off).await.expect("off");
    let ids = vec![m.id];
    outbox::retry(&w.s, &w.owner, MessageIds { ids }).await.expect("again");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2);
}
