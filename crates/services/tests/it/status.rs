//! What Twilio says about a message later: forward only, every event kept, early, late, repeated and reordered (law 4).

use chrono::Duration;
use contract::Code;
use entity::messages::message_event;
use rstest::rstest;
use sea_orm::{EntityTrait, PaginatorTrait};
use services::{delivery, jobs, outbox};
use testkit::{Backend, Fault, FaultKind, World};

const ANN: &str = "+14155550171";

async fn sent(w: &World) -> (contract::contacts::ContactView, contract::messages::MessageView, String) {
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("accepted");
    (ann, m, sid)
}

#[rstest]
#[case::in_order(&["sent", "delivered"], "delivered")]
#[case::delivered_before_sent(&["delivered", "sent"], "delivered")]
#[case::queued_last(&["sent", "delivered", "queued"], "delivered")]
#[case::sent_after_read(&["read", "sent", "delivered"], "read")]
#[case::late_failure(&["delivered", "undelivered"], "delivered")]
#[case::failure(&["sent", "undelivered"], "undelivered")]
#[case::mind_changed(&["undelivered", "delivered"], "delivered")]
#[case::nonsense_in_between(&["sent", "teleported", "delivered"], "delivered")]
#[tokio::test]
async fn law_4_a_message_only_goes_forward(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] said: &[&str],
    #[case] ends: &str,
) {
    let w = World::new(backend).await;
    let (ann, m, sid) = sent(&w).await;
    for status in said {
        let code = (*status == "undelivered").then_some(30003);
        w.status(&m, &sid, status, code).await.expect("taken");
    }
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, ends);
    assert_eq!(
        m.error_code.is_some(),
        ends == "undelivered",
        "an error that turned out wrong is not shown"
    );
    let kept = message_event::Entity::find()
        .count(w.s.db().connection())
        .await
        .expect("count");
    assert_eq!(kept, said.len() as u64, "every event is kept");
}

#[rstest]
#[tokio::test]
async fn a_hundred_callbacks_at_once_are_as_good_as_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = std::sync::Arc::new(World::new(backend).await);
    let (ann, m, sid) = sent(&w).await;
    let crowd: Vec<_> = (0..100)
        .map(|n| {
            let (w, m, sid) = (w.clone(), m.clone(), sid.clone());
            tokio::spawn(async move { w.status(&m, &sid, if n % 3 == 0 { "sent" } else { "delivered" }, None).await })
        })
        .collect();
    for call in crowd {
        call.await.expect("no panic").expect("taken");
    }
    assert_eq!(w.last_message(&ann).await.status, "delivered");
}

#[rstest]
#[tokio::test]
async fn a_callback_with_our_id_settles_an_unclear_outcome(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorAfter));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "unknown");
    let sid = w.sim.sent_to(ANN)[0].sid.clone();
    w.status(&m, &sid, "delivered", None).await.expect("taken");
    let m = w.last_message(&ann).await;
    assert_eq!((m.status.as_str(), m.provider_sid), ("delivered", Some(sid)));
}

#[rstest]
#[tokio::test]
async fn a_callback_for_a_sid_nobody_knows_yet_is_kept_until_the_message_turns_up(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorAfter));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let sid = w.sim.sent_to(ANN)[0].sid.clone();
    delivery::status_changed(&w.s, None, &w.status_form(&sid, "delivered", None))
        .await
        .expect("kept");
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "unknown");
    services::jobs::perform(&w.s, services::queue::Job::Resolve { message_id: m.id })
        .await
        .expect("looks");
    assert_eq!(w.last_message(&ann).await.status, "delivered");
}

#[rstest]
#[tokio::test]
async fn a_callback_that_does_not_fit_its_message_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, m, sid) = sent(&w).await;
    let other_sid = format!("SM{}", "f".repeat(32));
    let wrong_sid = w
        .status(&m, &other_sid, "failed", Some(30007))
        .await
        .expect_err("another SID");
    assert_eq!(wrong_sid.problem().code, Code::NotFound);
    let mut form = w.status_form(&sid, "failed", Some(30007));
    form.account_sid = format!("AC{}", "9".repeat(32));
    let wrong_account = delivery::status_changed(&w.s, Some(m.id), &form)
        .await
        .expect_err("another account");
    assert_eq!(wrong_account.problem().code, Code::NotFound);
    let nobody = delivery::status_changed(&w.s, Some(ann.id), &w.status_form(&sid, "failed", None))
        .await
        .expect_err("no such id");
    assert_eq!(nobody.problem().code, Code::NotFound);
    assert_eq!(w.last_message(&ann).await.status, "sending");
}

#[rstest]
#[tokio::test]
async fn a_reminder_that_is_not_delivered_asks_for_a_call(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("accepted");
    w.status(&m, &sid, "undelivered", Some(30003)).await.expect("taken");
    w.status(&m, &sid, "undelivered", Some(30003))
        .await
        .expect("a repeat is harmless");
    let tasks = w.open_tasks().await;
    assert_eq!(tasks.len(), 1);
    assert_eq!(
        (tasks[0].kind.as_str(), tasks[0].appointment_id),
        ("call", Some(appointment.id))
    );
    assert!(
        w.see_appointment(&appointment)
            .await
            .reminders
            .iter()
            .any(|r| r.status == "failed")
    );
}

/// Three tries, one text: it counts as failed when nothing more is tried.
#[rstest]
#[tokio::test]
async fn what_is_tried_again_has_not_failed_yet(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, m, sid) = sent(&w).await;
    w.status(&m, &sid, "undelivered", Some(30003)).await.expect("heard");
    let counted = async || {
        let days = services::reports::daily(&w.s, &w.owner, Default::default())
            .await
            .expect("days");
        days.iter()
            .map(|d| (d.sent, d.delivered, d.failed))
            .fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2))
    };
    assert_eq!(counted().await, (1, 0, 0));
    let tasks = w.open_tasks().await;
    assert!(!tasks[0].title.contains("from the log"), "{}", tasks[0].title);
    w.clock.advance(Duration::minutes(12));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    let m = w.last_message(&ann).await;
    assert_eq!(m.error, None, "on its way again");
    let sid = m.provider_sid.clone().expect("taken");
    w.status(&m, &sid, "delivered", None).await.expect("heard");
    assert_eq!(counted().await, (1, 1, 0));
    assert!(w.open_tasks().await.is_empty(), "it arrived, so there is nothing to do");
}

#[rstest]
#[tokio::test]
async fn a_second_try_can_be_taken_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, m, sid) = sent(&w).await;
    w.status(&m, &sid, "undelivered", Some(30003)).await.expect("heard");
    assert!(w.last_message(&ann).await.retry_at.is_some());
    let ids = contract::messages::MessageIds { ids: vec![m.id] };
    let acted = outbox::cancel_many(&w.s, &w.owner, ids).await.expect("taken back");
    assert_eq!(acted.done, [m.id]);
    w.clock.advance(Duration::days(1));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
    let m = w.last_message(&ann).await;
    assert_eq!((m.status.as_str(), m.retry_at), ("undelivered", None));
}

/// A person's reply may go at any hour, a machine's second try of it may not.
#[rstest]
#[tokio::test]
async fn a_second_try_keeps_quiet_hours(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let night = w.clock.now().with_timezone(&new_york()).date_naive().and_hms_opt(20, 55, 0);
    let night = night
        .and_then(|t| t.and_local_timezone(new_york()).earliest())
        .expect("a time");
    w.clock.set(night.to_utc());
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("taken");
    w.status(&m, &sid, "undelivered", Some(30003)).await.expect("heard");
    let at = w
        .last_message(&ann)
        .await
        .retry_at
        .expect("planned")
        .with_timezone(&new_york());
    assert_eq!(at.format("%H:%M").to_string(), "08:00");
}

/// Of somebody who is opted out already nothing new is learned.
#[rstest]
#[tokio::test]
async fn two_texts_refused_for_the_same_reason_are_one_opt_out(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, first, sid) = sent(&w).await;
    w.reply(&ann, "Second").await.expect("queued");
    w.work().await;
    let second = w.last_message(&ann).await;
    w.status(&first, &sid, "undelivered", Some(21610)).await.expect("heard");
    let sid = second.provider_sid.clone().expect("taken");
    w.status(&second, &sid, "undelivered", Some(21610)).await.expect("heard");
    let days = services::reports::daily(&w.s, &w.owner, Default::default())
        .await
        .expect("days");
    assert_eq!(days.iter().map(|d| d.opted_out).sum::<i64>(), 1);
}

#[rstest]
#[tokio::test]
async fn a_second_try_that_is_late_keeps_quiet_hours_too(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, m, sid) = sent(&w).await;
    w.status(&m, &sid, "undelivered", Some(30003)).await.expect("heard");
    // Nobody works from ten in the morning to eleven at night.
    w.clock.advance(Duration::hours(13));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    let m = w.last_message(&ann).await;
    assert_eq!((m.status.as_str(), w.phone_got(ANN).len()), ("queued", 1));
    assert!(m.status_words.contains("end of quiet hours"), "{}", m.status_words);
    w.clock.advance(Duration::hours(10));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2);
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn a_failure_is_counted_once_whatever_staff_do_about_it(#[case] backend: Backend, #[values(30003, 30005)] code: i32) {
    let w = World::new(backend).await;
    let (_, m, sid) = sent(&w).await;
    w.status(&m, &sid, "undelivered", Some(code)).await.expect("heard");
    let ids = || contract::messages::MessageIds { ids: vec![m.id] };
    outbox::retry(&w.s, &w.owner, ids()).await.expect("again");
    outbox::cancel_many(&w.s, &w.owner, ids()).await.expect("taken back");
    let days = services::reports::daily(&w.s, &w.owner, Default::default())
        .await
        .expect("days");
    assert_eq!(days.iter().map(|d| d.failed).sum::<i64>(), 1);
}

fn new_york() -> domain::zone::Zone {
    domain::zone::Zone::named("America/New_York").expect("a zone")
}
