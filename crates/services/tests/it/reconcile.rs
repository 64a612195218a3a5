//! Twilio's log against ours: what an outage lost, what callbacks did not tell, what nobody heard of any more.

use chrono::Duration;
use contract::{
    appointments::MoveAppointment,
    contacts::{DecideHold, RecordConsent},
};
use domain::consent::State;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{appointments, contacts, jobs, queue::Job, reconcile, reminders, tasks};
use testkit::{Backend, Fault, FaultKind, NUMBER, World};

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";

#[rstest]
#[tokio::test]
async fn texts_lost_in_an_outage_appear_once_in_the_order_they_were_sent(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("the first sync begins now");
    let ann = w.contact("Ann", ANN).await;
    // Nobody is there to take the webhooks.
    for text in ["First", "Second", "Third"] {
        w.clock.advance(Duration::seconds(20));
        w.sim.inbound(ANN, NUMBER, text).await;
    }
    w.clock.advance(Duration::hours(2));
    let synced = reconcile::sync(&w.s).await.expect("syncs");
    assert_eq!(synced.brought_in, 3);
    let thread = w.thread(&ann).await;
    let bodies: Vec<&str> = thread.iter().map(|m| m.body.as_str()).collect();
    assert_eq!(bodies, ["First", "Second", "Third"]);
    assert!(
        thread[0].created_at < w.clock.now() - Duration::hours(1),
        "shown at their own time"
    );
    let again = reconcile::sync(&w.s).await.expect("syncs");
    assert_eq!((again.brought_in, w.thread(&ann).await.len()), (0, 3), "once");
}

#[rstest]
#[tokio::test]
async fn a_stop_that_was_lost_is_applied_before_anything_else_is_sent(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("begins");
    let ann = w.contact("Ann", ANN).await;
    let ben = w.contact("Ben", BEN).await;
    w.reply(&ann, "Are you coming?").await.expect("queued");
    w.reply(&ben, "Are you coming?").await.expect("queued");
    w.clock.advance(Duration::minutes(1));
    w.sim.inbound(BEN, NUMBER, "On my way").await;
    w.sim.inbound(ANN, NUMBER, "Stop").await;
    w.clock.advance(Duration::minutes(1));
    // What a worker does when it starts.
    reconcile::catch_up(&w.s).await;
    w.work().await;
    assert!(w.phone_got(ANN).iter().all(|text| text != "Are you coming?"));
    assert_eq!(w.phone_got(BEN), ["Are you coming?"]);
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
}

#[rstest]
#[tokio::test]
async fn who_has_agreed_again_since_is_not_opted_out_by_an_old_stop(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("begins");
    let ann = w.contact("Ann", ANN).await;
    w.sim.inbound(ANN, NUMBER, "STOP").await;
    w.clock.advance(Duration::minutes(5));
    w.text(ANN, "START").await;
    reconcile::sync(&w.s).await.expect("syncs");
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedIn);
    assert!(
        w.thread(&ann).await.iter().any(|m| m.body == "STOP"),
        "it is shown all the same"
    );
}

/// The other way round: an opt-in, or a YES to a reminder, that an outage kept from us is older than their STOP.
#[rstest]
#[case::opting_in("START", "scheduled")]
#[case::an_answer("YES", "confirmed")]
#[tokio::test]
async fn who_has_opted_out_since_is_not_opted_in_by_an_old_text(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] old: &str,
    #[case] appointment_then: &str,
) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    reconcile::sync(&w.s).await.expect("begins");
    w.sim.inbound(ANN, NUMBER, old).await;
    w.clock.advance(Duration::minutes(5));
    w.text(ANN, "STOP").await;
    reconcile::sync(&w.s).await.expect("syncs");
    assert!(w.thread(&ann).await.iter().any(|m| m.body == old), "it is shown");
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
    assert_eq!(w.see_appointment(&appointment).await.status.as_str(), appointment_then);
    let before = w.phone_got(ANN).len();
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), before, "nothing goes out after a STOP");
}

/// Not every opt-out is a keyword in the thread.
#[rstest]
#[case::told_to_staff("", State::OptedOut)]
#[case::in_words_of_their_own("decided", State::OptedOut)]
#[case::in_words_nobody_has_read_yet("open", State::Unknown)]
#[tokio::test]
async fn nor_who_has_refused_in_another_way_since(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] by_text: &str,
    #[case] stands: State,
) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("begins");
    w.text(ANN, "Hello").await;
    let ann = w.holder_of(ANN).await;
    w.sim.inbound(ANN, NUMBER, "START").await;
    w.clock.advance(Duration::minutes(5));
    if !by_text.is_empty() {
        w.text(ANN, "Please take me off your list").await;
    }
    if by_text == "decided" {
        let decision = DecideHold {
            contact_id: ann.id,
            opt_out: true,
        };
        tasks::decide_hold(&w.s, &w.owner, decision).await.expect("decided");
    } else if by_text.is_empty() {
        let refusal = RecordConsent {
            contact_id: ann.id,
            state: State::OptedOut,
            evidence: "On the phone".to_owned(),
        };
        contacts::record_consent(&w.s, &w.owner, refusal).await.expect("recorded");
    }
    reconcile::sync(&w.s).await.expect("syncs");
    assert!(w.thread(&ann).await.iter().any(|m| m.body == "START"), "it is shown");
    let shown = w.see_contact(&ann).await;
    assert_eq!((shown.consent.sms, shown.held_since.is_some()), (stands, by_text == "open"));
}

#[rstest]
#[tokio::test]
async fn a_lost_stop_and_a_later_start_that_were_both_lost_end_with_the_start(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("begins");
    let ann = w.contact("Ann", ANN).await;
    for text in ["STOP", "START"] {
        w.clock.advance(Duration::minutes(2));
        w.sim.inbound(ANN, NUMBER, text).await;
    }
    w.clock.advance(Duration::minutes(2));
    reconcile::sync(&w.s).await.expect("syncs");
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedIn);
}

/// It could not be acted on at once either: while it waits for another try it stays as old as it is.
#[rstest]
#[tokio::test]
async fn an_old_start_that_is_tried_again_is_as_old_as_before(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("begins");
    let ann = w.contact("Ann", ANN).await;
    let lost = w.sim.inbound(ANN, NUMBER, "START").await;
    w.clock.advance(Duration::minutes(5));
    w.text(ANN, "STOP").await;
    let db = w.s.db().connection();
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    db.execute_unprepared(&rename("conversation", "away")).await.expect("broken");
    reconcile::sync(&w.s).await.expect("kept");
    db.execute_unprepared(&rename("away", "conversation")).await.expect("mended");
    w.clock.advance(Duration::minutes(5));
    jobs::perform(&w.s, Job::Receive { provider_sid: lost }).await.expect("works");
    assert!(w.thread(&ann).await.iter().any(|m| m.body == "START"), "it is shown");
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
}

/// Y, lost; then N, heard: the older answer is shown, and a person reads it.
#[rstest]
#[tokio::test]
async fn an_old_answer_does_not_undo_a_newer_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    reconcile::sync(&w.s).await.expect("begins");
    w.clock.advance(Duration::minutes(1));
    w.sim.inbound(ANN, NUMBER, "Y").await;
    w.clock.advance(Duration::minutes(2));
    w.text(ANN, "N").await;
    reconcile::sync(&w.s).await.expect("syncs");
    assert!(w.thread(&ann).await.iter().any(|m| m.body == "Y"), "it is shown");
    assert_eq!(w.see_appointment(&appointment).await.status.as_str(), "reschedule_requested");
    let kinds: Vec<String> = w.open_tasks().await.into_iter().map(|t| t.kind).collect();
    assert!(
        kinds.iter().any(|k| k == "reschedule") && kinds.iter().any(|k| k == "clarify"),
        "{kinds:?}"
    );
}

/// Y to the old time, lost; then the appointment moves and its new time is texted: nobody has agreed to that one.
#[rstest]
#[tokio::test]
async fn an_old_answer_is_not_one_to_what_was_asked_later(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    reconcile::sync(&w.s).await.expect("begins");
    w.clock.advance(Duration::minutes(1));
    w.sim.inbound(ANN, NUMBER, "Y").await;
    w.clock.advance(Duration::minutes(2));
    let cmd = MoveAppointment {
        starts_at: (appointment.starts_at + Duration::hours(1)).to_rfc3339(),
        ..Default::default()
    };
    appointments::reschedule(&w.s, &w.owner, appointment.id, cmd)
        .await
        .expect("moved");
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("asked anew");
    w.work().await;
    reconcile::sync(&w.s).await.expect("syncs");
    assert_eq!(w.see_appointment(&appointment).await.status.as_str(), "scheduled");
    assert_eq!(w.open_tasks().await[0].kind, "clarify");
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&appointment).await.status.as_str(), "confirmed");
    assert_eq!(w.thread(&ann).await.iter().filter(|m| m.body == "Y").count(), 2);
}

#[rstest]
#[tokio::test]
async fn states_that_no_callback_told_are_taken_from_the_log(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    reconcile::sync(&w.s).await.expect("begins");
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_delay(std::time::Duration::ZERO);
    w.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    w.sim
        .wait_for(
            |state| state.messages().any(|m| m.status == "delivered"),
            std::time::Duration::from_secs(180),
        )
        .await
        .expect("delivered");
    assert_eq!(w.last_message(&ann).await.status, "sending");
    w.clock.advance(Duration::minutes(10));
    let synced = reconcile::sync(&w.s).await.expect("syncs");
    assert_eq!((synced.updated, w.last_message(&ann).await.status.as_str()), (1, "delivered"));
}

#[rstest]
#[tokio::test]
async fn what_twilio_does_not_know_any_more_is_a_persons_to_clear(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    w.sim.clear();
    w.clock.advance(Duration::hours(2));
    reconcile::reconcile(&w.s, w.clock.now() - Duration::hours(3))
        .await
        .expect("syncs");
    let tasks = w.open_tasks().await;
    assert!(tasks[0].title.contains("does not know this text"), "{tasks:?}");
    reconcile::reconcile(&w.s, w.clock.now() - Duration::hours(3))
        .await
        .expect("syncs");
    assert_eq!(w.open_tasks().await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn an_undelivered_text_is_tried_again_when_that_can_help(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let first = w.last_message(&ann).await;
    let sid = first.provider_sid.clone().expect("accepted");
    w.status(&first, &sid, "undelivered", Some(30003)).await.expect("taken");
    let failed = w.last_message(&ann).await;
    assert_eq!(failed.status, "undelivered");
    assert!(failed.status_words.contains("tried again"), "{}", failed.status_words);
    assert_eq!(w.open_tasks().await.len(), 1, "and a person knows");
    w.clock.advance(Duration::minutes(12));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2);
    let second = w.last_message(&ann).await;
    assert_ne!(second.provider_sid, Some(sid.clone()));
    // Late news of the first try is not news of the second.
    w.status(&first, &sid, "failed", Some(30007)).await.expect("kept");
    assert_eq!(w.last_message(&ann).await.status, "sending");
}

#[rstest]
#[tokio::test]
async fn a_text_that_arrived_after_all_is_not_sent_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("accepted");
    w.status(&m, &sid, "undelivered", Some(30003)).await.expect("taken");
    w.status(&m, &sid, "delivered", None).await.expect("taken");
    w.clock.advance(Duration::hours(1));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    assert_eq!(
        (w.phone_got(ANN).len(), w.last_message(&ann).await.status.as_str()),
        (1, "delivered")
    );
}

#[rstest]
#[tokio::test]
async fn a_landline_is_never_tried_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("accepted");
    w.status(&m, &sid, "undelivered", Some(30006)).await.expect("taken");
    w.clock.advance(Duration::days(2));
    jobs::tick(&w.s).await.expect("ticks");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);
}

/// An estimate until Twilio's log has the price; then the month is what Twilio says.
#[rstest]
#[tokio::test]
async fn twilios_own_price_takes_the_place_of_the_estimate(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_delay(std::time::Duration::from_millis(1));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let spent = async || {
        services::pages::settings::sending(&w.s, &w.owner)
            .await
            .expect("sending")
            .spent
    };
    let m = w.last_message(&ann).await;
    assert_eq!(
        (m.cost.as_deref(), m.cost_is_final, spent().await),
        (Some("0.0120"), false, 12_000)
    );
    let arrived = w.sim.wait_for(
        |sim| sim.outbound().any(|m| m.status == "delivered"),
        std::time::Duration::from_secs(180),
    );
    arrived.await.expect("it arrives");
    for _ in 0..2 {
        reconcile::reconcile(&w.s, w.clock.now() - Duration::hours(1))
            .await
            .expect("compared");
        let m = w.last_message(&ann).await;
        assert_eq!(
            (m.cost.as_deref(), m.cost_is_final, spent().await),
            (Some("0.0079"), true, 7_900)
        );
    }
}

/// Nobody need call about a word that no longer ends anything.
#[rstest]
#[tokio::test]
async fn a_cancel_that_a_start_has_overtaken_asks_for_no_call(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    reconcile::sync(&w.s).await.expect("begins");
    w.sim.inbound(ANN, NUMBER, "CANCEL").await;
    w.clock.advance(Duration::minutes(5));
    w.text(ANN, "START").await;
    reconcile::sync(&w.s).await.expect("syncs");
    assert!(w.thread(&ann).await.iter().any(|m| m.body == "CANCEL"), "it is shown");
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedIn);
    assert!(w.open_tasks().await.iter().all(|t| t.kind != "call"));
}
