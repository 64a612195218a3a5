//! Stop words that may mean the appointment: they opt out, and somebody calls.

use chrono::Duration;
use contract::{
    appointments::{AppointmentAction, AppointmentView, CreateAppointment, MoveAppointment, Status},
    contacts::{ContactView, CreateContact},
};
use domain::consent::State;
use rstest::rstest;
use services::{Actor, appointments, contacts, outbox, receiving, tasks};
use testkit::{Backend, SHARED, World};

use super::{ANN, of_kind};

#[rstest]
#[case::cancel("Cancel.")]
#[case::end("END")]
#[case::quit("quit")]
#[case::cancelar("Cancelar")]
#[tokio::test]
async fn a_stop_word_that_may_mean_the_appointment_opts_out_and_has_somebody_call(
    #[case] word: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    for _ in 0..3 {
        w.text(ANN, word).await;
        w.clock.advance(Duration::minutes(1));
    }
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
    assert_eq!(
        w.see_appointment(&appointment).await.status,
        Status::Scheduled,
        "nothing is guessed"
    );
    let asked = w.open_tasks().await;
    assert_eq!(
        (asked.len(), asked[0].kind.as_str()),
        (1, "call"),
        "once, not for each repeat"
    );
    assert_eq!(
        (asked[0].appointment_id, asked[0].contact_id),
        (Some(appointment.id), Some(ann.id))
    );
    let plain = format!(
        "They texted {}, which ended all texts to them. Perhaps they meant their visit on Tue, Jan 5 at 4:00 PM: please call and ask.",
        word.to_uppercase()
    );
    assert_eq!(asked[0].title, plain);
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1, "the opt-out is as good as any");
    appointments::act(&w.s, &w.owner, appointment.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    assert!(w.open_tasks().await.is_empty(), "that settles it");
    w.text(ANN, word).await;
    assert!(
        w.open_tasks().await.is_empty(),
        "there is no visit any more that could be meant"
    );
}

#[rstest]
#[tokio::test]
async fn only_a_word_that_may_mean_an_appointment_that_lies_ahead_has_somebody_call(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let stranger = "+14155550199";
    w.text(stranger, "CANCEL").await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    for word in ["STOP", "Unsubscribe", "opt out"] {
        w.text(ANN, word).await;
    }
    assert!(w.open_tasks().await.is_empty());
    // Who has opted out already may still mean the appointment; Twilio's own word for it changes nothing.
    let mut form = w.inbound(ANN, "Cancel");
    form.opt_out_type = Some("STOP".to_owned());
    receiving::receive(&w.s, &form, "").await.expect("taken");
    assert_eq!(of_kind(&w, "call").await.len(), 1);
    let later = MoveAppointment {
        starts_at: "2027-01-11T10:00".to_owned(),
        ..Default::default()
    };
    appointments::reschedule(&w.s, &w.owner, appointment.id, later)
        .await
        .expect("moved");
    assert!(of_kind(&w, "call").await.is_empty(), "moving the visit settles it");
    w.text(ANN, "CANCEL").await;
    assert_eq!(of_kind(&w, "call").await.len(), 1, "the new time is news");
    w.clock.set("2027-01-11T16:00:00Z".parse().expect("a moment"));
    appointments::act(&w.s, &w.owner, appointment.id, AppointmentAction::Complete)
        .await
        .expect("over");
    assert!(of_kind(&w, "call").await.is_empty());
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
}

/// A business writes from the installation's number to a person with an appointment tomorrow.
async fn from_the_shared_number(w: &World, name: &str) -> (Actor, ContactView, AppointmentView) {
    let actor = w.business_without_number(name).await;
    let new = CreateContact {
        name: "Ann".to_owned(),
        phone: ANN.to_owned(),
        ..CreateContact::default()
    };
    let ann = contacts::create(&w.s, &actor, new).await.expect("a contact");
    let new = CreateAppointment {
        contact_id: ann.id,
        starts_at: (w.clock.now() + Duration::hours(30)).to_rfc3339(),
        ..CreateAppointment::default()
    };
    let appointment = appointments::create(&w.s, &actor, new).await.expect("a visit");
    let hello = contract::messages::SendMessage {
        channel: None,
        contact_id: ann.id,
        body: "Hello".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    outbox::send(&w.s, &actor, hello).await.expect("queued");
    (actor, ann, appointment)
}

#[rstest]
#[tokio::test]
async fn a_cancel_to_a_number_of_several_businesses_has_each_of_them_call(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let nails = from_the_shared_number(&w, "Nice Nails").await;
    let hair = from_the_shared_number(&w, "Happy Hair").await;
    w.work().await;
    let mut form = w.inbound(ANN, "CANCEL");
    form.to = SHARED.to_owned();
    receiving::receive(&w.s, &form, "").await.expect("taken");
    for (actor, ann, appointment) in [nails, hair] {
        let ann = contacts::get(&w.s, &actor, ann.id).await.expect("Ann");
        assert_eq!(ann.consent.sms, State::OptedOut);
        let open = tasks::list(&w.s, &actor, Default::default()).await.expect("tasks").data;
        let meant: Vec<_> = open.iter().filter(|t| t.title.starts_with("They texted CANCEL")).collect();
        assert_eq!((meant.len(), meant[0].appointment_id), (1, Some(appointment.id)), "{open:?}");
        assert_eq!(meant[0].contact_id, Some(ann.id));
    }
}
