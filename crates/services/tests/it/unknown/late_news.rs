//! What is learned of a text after a person has said what became of it, or while its next try is in the air.

use chrono::Duration;
use contract::messages::MessageIds;
use rstest::rstest;
use services::{delivery, jobs, outbox, sending};
use testkit::{Backend, Fault, FaultKind, World};

use super::{ANN, kinds, say, stays_unclear};

/// Said too soon: the network knows better, and nobody needs to be asked any more.
#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn what_twilio_says_in_the_end_counts(
    #[case] backend: Backend,
    #[values(Some(true), Some(false), None)] said: Option<bool>,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    let m = stays_unclear(&w, FaultKind::ErrorAfter).await;
    if let Some(arrived) = said {
        delivery::settle(&w.s, &w.owner, say(&m, arrived)).await.expect("said");
    }
    let sid = w.sim.sent_to(ANN)[0].sid.clone();
    w.status(&m, &sid, "delivered", None).await.expect("taken");
    let m = w.last_message(&ann).await;
    assert_eq!(
        (m.status.as_str(), m.provider_sid, m.to_settle),
        ("delivered", Some(sid), false)
    );
    assert_eq!(m.error, None);
    assert!(w.open_tasks().await.is_empty());
    assert_eq!(w.phone_got(ANN), ["Hello"]);
}

/// The first try failed and was told of; then a person says that the second one arrived.
#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn a_second_try_that_arrived_leaves_nothing_to_do(#[case] backend: Backend, #[values(true, false)] reminder: bool) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    if reminder {
        services::reminders::send_now(&w.s, &w.owner, appointment.id)
            .await
            .expect("queued");
    } else {
        w.reply(&ann, "Hello").await.expect("queued");
    }
    sending::send_due(&w.s).await.expect("sent");
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("taken");
    w.status(&m, &sid, "undelivered", Some(30003)).await.expect("heard");
    w.clock.advance(Duration::minutes(12));
    jobs::tick(&w.s).await.expect("ticks");
    let m = stays_unclear(&w, FaultKind::ErrorBefore).await;
    assert_eq!(w.open_tasks().await.len(), 2);
    delivery::settle(&w.s, &w.owner, say(&m, true)).await.expect("said");
    assert!(kinds(&w).await.is_empty(), "nobody needs to call, nothing is stuck");
    let days = services::reports::daily(&w.s, &w.owner, Default::default())
        .await
        .expect("days");
    assert_eq!(days.iter().map(|d| d.sent).sum::<i64>(), 1, "one text");
    if reminder {
        w.text(ANN, "Y").await;
        assert_eq!(w.see_appointment(&appointment).await.status.as_str(), "confirmed");
    }
}

/// Taken for never sent, so not charged; then Twilio speaks of it.
#[rstest]
#[tokio::test]
async fn what_was_sent_after_all_is_paid_for(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let spent = async || {
        services::pages::settings::sending(&w.s, &w.owner)
            .await
            .expect("sending")
            .spent
    };
    w.reply(&ann, "Hello").await.expect("queued");
    let m = stays_unclear(&w, FaultKind::ErrorAfter).await;
    let cost = spent().await;
    assert!(cost > 0);
    delivery::settle(&w.s, &w.owner, say(&m, false)).await.expect("said");
    assert_eq!(spent().await, 0);
    let sid = w.sim.sent_to(ANN)[0].sid.clone();
    for status in ["sent", "delivered"] {
        w.status(&m, &sid, status, None).await.expect("heard");
        assert_eq!(spent().await, cost, "{status}");
    }
}

/// Said too soon that it did not arrive, and sent again; late news of the first try is no news of the second.
#[rstest]
#[tokio::test]
async fn late_news_of_the_first_try_is_not_taken_for_the_second(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    let m = stays_unclear(&w, FaultKind::ErrorAfter).await;
    delivery::settle(&w.s, &w.owner, say(&m, false)).await.expect("said");
    let first = w.sim.sent_to(ANN)[0].sid.clone();
    let ids = MessageIds { ids: vec![m.id] };
    outbox::retry(&w.s, &w.owner, ids).await.expect("again");
    w.sim.set_fault(Fault::new(FaultKind::StoreLate).ms(1_000));
    let late = async {
        let patience = std::time::Duration::from_secs(180);
        let second = w.sim.wait_for(|sim| sim.creates().count() == 2, patience);
        second.await.expect("the second try is in the air");
        let about = delivery::About {
            message_id: Some(m.id),
            attempt: Some(1),
        };
        let form = w.status_form(&first, "undelivered", Some(30003));
        delivery::status_changed(&w.s, about, &form).await.expect("heard");
    };
    let (sent, ()) = tokio::join!(sending::send_due(&w.s), late);
    sent.expect("sent");
    let now = w.last_message(&ann).await;
    assert_eq!((now.retry_at, now.error), (None, None), "{}", now.status);
    assert_ne!(now.provider_sid, Some(first));
    w.clock.advance(Duration::hours(1));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "twice, as a person wished, and no third time");
}

/// Twilio speaks of a reminder to a time that the appointment no longer has: that is no answer to anything, and no news of the new time.
#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn late_news_of_a_time_that_was_moved_is_not_news_of_the_new_one(
    #[case] backend: Backend,
    #[values(true, false)] arrived: bool,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    services::reminders::send_now(&w.s, &w.owner, appointment.id)
        .await
        .expect("queued");
    let m = stays_unclear(&w, FaultKind::ErrorAfter).await;
    delivery::settle(&w.s, &w.owner, say(&m, false)).await.expect("said");
    assert_eq!(kinds(&w).await, ["call"]);
    let later = contract::appointments::MoveAppointment {
        starts_at: (w.clock.now() + Duration::days(5)).to_rfc3339(),
        ..Default::default()
    };
    services::appointments::reschedule(&w.s, &w.owner, appointment.id, later)
        .await
        .expect("moved");
    let sid = w.sim.sent_to(ANN)[0].sid.clone();
    let said = if arrived { "delivered" } else { "undelivered" };
    w.status(&m, &sid, said, None).await.expect("heard");
    assert!(kinds(&w).await.is_empty(), "nobody calls about a time that is gone");
    w.text(ANN, "Y").await;
    w.work().await;
    let seen = w.see_appointment(&appointment).await;
    assert_eq!(
        seen.status.as_str(),
        "scheduled",
        "nobody has been asked about the new time yet"
    );
    assert!(
        seen.reminders.iter().any(|r| r.kind == "48h" && r.status == "planned"),
        "{seen:?}"
    );
}

/// Said to have failed, sent again; then the network says that the first one arrived.
#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn what_turns_out_to_have_arrived_is_not_sent_a_third_time(
    #[case] backend: Backend,
    #[values("refused", "busy", "undelivered", "unclear")] second: &str,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    let m = stays_unclear(&w, FaultKind::ErrorAfter).await;
    w.sim.clear_faults();
    delivery::settle(&w.s, &w.owner, say(&m, false)).await.expect("said");
    let first = w.sim.sent_to(ANN)[0].sid.clone();
    let ids = MessageIds { ids: vec![m.id] };
    outbox::retry(&w.s, &w.owner, ids).await.expect("again");
    let fault = match second {
        "refused" => Some(Fault::new(FaultKind::Refuse).code(30005)),
        "busy" => Some(Fault::new(FaultKind::RateLimit)),
        "unclear" => Some(Fault::new(FaultKind::ErrorBefore)),
        _ => None,
    };
    fault.into_iter().for_each(|fault| w.sim.set_fault(fault));
    sending::send_due(&w.s).await.expect("tried");
    let m = w.last_message(&ann).await;
    if second == "undelivered" {
        let sid = m.provider_sid.clone().expect("taken");
        w.status(&m, &sid, "undelivered", Some(30003)).await.expect("heard");
    }
    let about = delivery::About {
        message_id: Some(m.id),
        attempt: Some(1),
    };
    delivery::status_changed(&w.s, about, &w.status_form(&first, "delivered", None))
        .await
        .expect("heard");
    let seen = w.last_message(&ann).await;
    assert_eq!((seen.status.as_str(), seen.retry_at, seen.error), ("delivered", None, None));
    assert!(w.open_tasks().await.is_empty(), "there is nothing to do");
    let calls = w.sim.creates_to(ANN).len();
    w.clock.advance(Duration::days(1));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    assert_eq!(w.sim.creates_to(ANN).len(), calls, "and nothing is sent any more");
}

/// The same news, while the second try is in the air and then not taken.
#[rstest]
#[tokio::test]
async fn what_arrived_while_the_next_try_was_in_the_air_is_not_tried_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    sending::send_due(&w.s).await.expect("sent");
    let m = w.last_message(&ann).await;
    let first = m.provider_sid.clone().expect("taken");
    w.status(&m, &first, "undelivered", Some(30003)).await.expect("heard");
    w.clock.advance(Duration::minutes(12));
    jobs::tick(&w.s).await.expect("ticks");
    w.sim.set_fault(Fault::new(FaultKind::TimeoutBefore).ms(600));
    let news = async {
        let patience = std::time::Duration::from_secs(180);
        let second = w.sim.wait_for(|sim| sim.creates().count() == 2, patience);
        second.await.expect("the second try is in the air");
        let form = w.status_form(&first, "delivered", None);
        delivery::status_changed(&w.s, Some(m.id), &form).await.expect("heard");
    };
    let (tried, ()) = tokio::join!(sending::send_due(&w.s), news);
    tried.expect("tried");
    assert_eq!(w.last_message(&ann).await.status, "delivered");
    assert!(w.open_tasks().await.is_empty());
    w.clock.advance(Duration::days(1));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    assert_eq!(w.sim.creates_to(ANN).len(), 2);
}
