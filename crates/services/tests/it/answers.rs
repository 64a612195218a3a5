//! What customers answer to a reminder, and which appointment it is about.

use chrono::Duration;
use contract::{
    appointments::{Act, AppointmentView, CreateAppointment, MoveAppointment, Status},
    contacts::{ContactView, CreateContact},
    tasks::TaskView,
};
use domain::consent::State;
use rstest::rstest;
use services::{Actor, appointments, contacts, jobs, outbox, queue::Job, receiving, reconcile, reminders, sending, tasks};
use testkit::{Backend, Fault, FaultKind, NUMBER, SHARED, World};

use crate::reminders::states;

const ANN: &str = "+14155550171";

#[rstest]
#[tokio::test]
async fn y_confirms_and_ends_the_reminders(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    assert_eq!(states(&appointment), [("48h", "sent"), ("24h", "planned")]);
    w.text(ANN, " y. ").await;
    let appointment = w.see_appointment(&appointment).await;
    assert_eq!(appointment.status, Status::Confirmed);
    assert_eq!(states(&appointment), [("48h", "yes"), ("24h", "cancelled")]);
    w.clock.advance(Duration::hours(8));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1, "no more reminders, and no answer to the answer");
    assert!(w.open_tasks().await.is_empty());
    assert_eq!(w.thread(&ann).await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn n_asks_for_another_time_and_makes_a_task(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, appointment) = w.reminded("Ann", ANN).await;
    w.text(ANN, "N").await;
    let seen = w.see_appointment(&appointment).await;
    assert_eq!(
        (seen.status, states(&seen)),
        (Status::RescheduleRequested, vec![("48h", "no"), ("24h", "cancelled")])
    );
    let tasks = w.open_tasks().await;
    assert_eq!(
        (tasks.len(), tasks[0].kind.as_str(), tasks[0].appointment_id),
        (1, "reschedule", Some(appointment.id))
    );
    let later = MoveAppointment {
        starts_at: "2027-01-11T10:00".to_owned(),
        ..Default::default()
    };
    let moved = appointments::reschedule(&w.s, &w.owner, appointment.id, later)
        .await
        .expect("moved");
    assert_eq!(moved.status, Status::Scheduled);
    assert!(w.open_tasks().await.is_empty(), "moving the visit settles the task");
}

#[rstest]
#[tokio::test]
async fn people_may_repeat_themselves_and_change_their_mind(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, appointment) = w.reminded("Ann", ANN).await;
    for (text, status) in [
        ("Y", Status::Confirmed),
        ("yes!", Status::Confirmed),
        ("no", Status::RescheduleRequested),
        ("Y", Status::Confirmed),
    ] {
        w.text(ANN, text).await;
        assert_eq!(w.see_appointment(&appointment).await.status, status, "after {text}");
    }
    assert!(w.open_tasks().await.is_empty(), "the last yes settled the no");
}

#[rstest]
#[tokio::test]
async fn with_two_appointments_pending_the_token_decides(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, first) = w.reminded("Ann", ANN).await;
    let second = w.appointment(&ann, 31).await;
    w.work().await;
    let texts = w.phone_got(ANN);
    assert!(!texts[0].contains("Y101"), "alone it needs no token");
    assert!(texts[1].contains("Y102"), "{}", texts[1]);
    w.text(ANN, "y 102").await;
    assert_eq!(w.see_appointment(&second).await.status, Status::Confirmed);
    assert_eq!(w.see_appointment(&first).await.status, Status::Scheduled);
}

#[rstest]
#[tokio::test]
async fn a_bare_y_to_two_appointments_is_asked_about_once_and_never_guessed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, first) = w.reminded("Ann", ANN).await;
    let second = w.appointment(&ann, 31).await;
    w.work().await;
    w.text(ANN, "Y").await;
    w.work().await;
    let asked = w.phone_got(ANN).pop().expect("a question");
    assert!(asked.contains("Y101") && asked.contains("Y102"), "{asked}");
    w.text(ANN, "Y").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 3, "asked once");
    assert_eq!(w.open_tasks().await[0].kind, "clarify");
    for appointment in [&first, &second] {
        assert_eq!(w.see_appointment(appointment).await.status, Status::Scheduled);
    }
    w.text(ANN, "Y101").await;
    w.text(ANN, "N102").await;
    assert_eq!(w.see_appointment(&first).await.status, Status::Confirmed);
    assert_eq!(w.see_appointment(&second).await.status, Status::RescheduleRequested);
}

#[rstest]
#[tokio::test]
async fn anything_else_is_corrected_once_then_a_person_reads(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, appointment) = w.reminded("Ann", ANN).await;
    w.text(ANN, "Can I bring my dog? 🐶").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2);
    assert!(w.phone_got(ANN)[1].contains("reply Y to confirm"));
    assert!(w.open_tasks().await.is_empty());
    w.text(ANN, "He is very quiet").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "one correction");
    assert_eq!(w.open_tasks().await.len(), 1);
    w.text(ANN, "Y").await;
    assert_eq!(
        w.see_appointment(&appointment).await.status,
        Status::Confirmed,
        "the answer still counts"
    );
}

#[rstest]
#[tokio::test]
async fn an_answer_that_fits_no_appointment_becomes_work_for_a_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.text("+14155550199", "Y").await;
    assert_eq!(w.open_tasks().await[0].kind, "clarify");
    let (_, appointment) = w.reminded("Ann", ANN).await;
    w.clock.set(appointment.starts_at + Duration::minutes(1));
    w.text(ANN, "Y").await;
    assert_eq!(
        w.see_appointment(&appointment).await.status,
        Status::Scheduled,
        "an answer after the visit confirms nothing"
    );
    assert_eq!(w.open_tasks().await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_reminder_reported_as_undelivered_can_still_be_answered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("accepted");
    w.status(&m, &sid, "undelivered", Some(30008)).await.expect("taken");
    assert_eq!(w.open_tasks().await[0].kind, "call");
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Confirmed);
    assert!(w.open_tasks().await.is_empty(), "nobody needs to call any more");
}

#[rstest]
#[tokio::test]
async fn an_answer_counts_for_fourteen_days(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30 * 24).await;
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("queued");
    w.work().await;
    w.clock.advance(Duration::days(14) + Duration::minutes(1));
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Scheduled);
    assert_eq!(w.open_tasks().await[0].kind, "clarify");
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("asked anew");
    w.work().await;
    w.clock.advance(Duration::days(13));
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Confirmed);
}

/// The reminder left, we could not write that down, and the answer came before we knew.
#[rstest]
#[tokio::test]
async fn an_answer_counts_from_when_the_reminder_left_not_from_when_we_knew(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    reconcile::sweep(&w.s).await.expect("begins");
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    w.sim.set_fault(Fault::new(FaultKind::ResetAfter));
    w.work().await;
    assert_eq!(w.last_message(&ann).await.status, "unknown");
    w.clock.advance(Duration::seconds(40));
    w.sim.inbound(ANN, NUMBER, "Y").await;
    w.clock.advance(Duration::seconds(30));
    jobs::tick(&w.s).await.expect("ticks");
    let id = w.last_message(&ann).await.id;
    jobs::perform(&w.s, Job::Resolve { message_id: id })
        .await
        .expect("found in the log");
    assert!(w.last_message(&ann).await.provider_sid.is_some());
    reconcile::sweep(&w.s).await.expect("sweeps");
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Confirmed);
}

/// A breaker, a limit or the budget holds the text back: the customer does not know of it.
#[rstest]
#[tokio::test]
async fn who_was_not_asked_yet_does_not_answer(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let cut_off = w.process_cut_off().await;
    let ann = w.contact("Ann", ANN).await;
    let appointment = w.appointment(&ann, 30).await;
    reminders::tick(&w.s).await.expect("due");
    sending::send_due(&cut_off).await.expect("nobody there");
    assert_eq!(w.last_message(&ann).await.status, "queued");
    w.text(ANN, "Can I park there?").await;
    w.text(ANN, "Y").await;
    let bodies: Vec<String> = w.thread(&ann).await.into_iter().map(|m| m.body).collect();
    assert!(!bodies.iter().any(|b| b.contains("did not understand")), "{bodies:?}");
    assert_eq!(w.see_appointment(&appointment).await.status.as_str(), "scheduled");
    assert!(w.open_tasks().await.iter().all(|t| t.kind == "clarify"), "a person reads it");
}

fn phone(n: usize) -> String {
    format!("+1415555{:04}", 1000 + n)
}

async fn of_kind(w: &World, kind: &str) -> Vec<TaskView> {
    w.open_tasks().await.into_iter().filter(|t| t.kind == kind).collect()
}

#[rstest]
#[tokio::test]
async fn an_answer_with_manners_is_an_answer(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (yes, no) = (Status::Confirmed, Status::RescheduleRequested);
    for (n, (text, becomes)) in [
        ("Yes thank you", yes),
        ("Y thanks", yes),
        ("Yes!! 🙏", yes),
        ("👍👍", yes),
        ("👌", yes),
        ("ok thanks", yes),
        ("Yes I will be there", yes),
        ("Yes\n\nSent from my iPhone", yes),
        ("Yes - Maya", yes),
        ("Sí, muchas gracias", yes),
        ("Y101 thanks", yes),
        ("No sorry", no),
        ("can't make it", no),
        ("No I can't", no),
        ("No puedo, lo siento", no),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, appointment) = w.reminded("Somebody", &phone(n)).await;
        w.text(&phone(n), text).await;
        assert_eq!(w.see_appointment(&appointment).await.status, becomes, "{text}");
        w.work().await;
        assert_eq!(w.phone_got(&phone(n)).len(), 1, "nothing is asked back: {text}");
    }
    assert!(of_kind(&w, "clarify").await.is_empty());
}

#[rstest]
#[tokio::test]
async fn what_only_begins_like_an_answer_decides_nothing_and_asks_a_person_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for (n, text) in [
        "Yes but can I come at 4?",
        "yes?",
        "No problem, see you then",
        "No I will be there",
        "Yes and no",
        "Cancel my appointment please",
    ]
    .into_iter()
    .enumerate()
    {
        let (_, appointment) = w.reminded("Somebody", &phone(n)).await;
        w.text(&phone(n), text).await;
        w.work().await;
        assert_eq!(w.see_appointment(&appointment).await.status, Status::Scheduled, "{text}");
        assert_eq!(of_kind(&w, "clarify").await.len(), n + 1, "{text}");
        assert_eq!(w.phone_got(&phone(n)).len(), 1, "no \"we did not understand\": {text}");
    }
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    w.text(ANN, "Yes thanks, but stop texting me").await;
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Scheduled);
    assert!(
        w.see_contact(&ann).await.held_since.is_some(),
        "staff decide whether it is an opt-out"
    );
}

#[rstest]
#[tokio::test]
async fn a_polite_yes_opts_nobody_in_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "STOP").await;
    for text in ["Yes please", "Yes thank you", "Yes 👍", "yes?", "ok thanks", "Yes - Ann"] {
        w.text(ANN, text).await;
        assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut, "{text}");
    }
    w.text(ANN, "Yes!").await;
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedIn);
}

#[rstest]
#[tokio::test]
async fn an_ok_to_what_staff_wrote_confirms_no_appointment(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    w.clock.advance(Duration::minutes(1));
    w.reply(&ann, "You can park behind the house.").await.expect("queued");
    w.work().await;
    w.clock.advance(Duration::minutes(1));
    w.text(ANN, "Ok thanks 👍").await;
    assert_eq!(w.see_appointment(&appointment).await.status, Status::Scheduled);
    assert_eq!(of_kind(&w, "clarify").await.len(), 1);
    w.text(ANN, "Yes, I will be there").await;
    assert_eq!(
        w.see_appointment(&appointment).await.status,
        Status::Confirmed,
        "this is no answer to parking"
    );
}

#[rstest]
#[tokio::test]
async fn a_yes_to_staffs_question_does_not_confirm_what_was_declined(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    w.text(ANN, "No sorry").await;
    w.clock.advance(Duration::minutes(1));
    w.reply(&ann, "Would Tuesday at 3 suit you?").await.expect("queued");
    w.work().await;
    w.clock.advance(Duration::minutes(1));
    w.text(ANN, "Yes thank you").await;
    assert_eq!(w.see_appointment(&appointment).await.status, Status::RescheduleRequested);
    assert_eq!(
        (of_kind(&w, "reschedule").await.len(), of_kind(&w, "clarify").await.len()),
        (1, 1)
    );
    w.text(ANN, "Y101").await;
    assert_eq!(
        w.see_appointment(&appointment).await.status,
        Status::Confirmed,
        "with its code it is plain"
    );
}

#[rstest]
#[tokio::test]
async fn who_writes_on_while_a_person_is_asked_to_read_adds_no_task(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for _ in 0..20 {
        w.text(ANN, "Y").await;
    }
    let asked = of_kind(&w, "clarify").await;
    assert_eq!(asked.len(), 1);
    tasks::set_done(&w.s, &w.owner, asked[0].id, true).await.expect("done");
    w.text(ANN, "Y").await;
    assert_eq!(of_kind(&w, "clarify").await.len(), 1, "after that it is news");
}

#[rstest]
#[case::cancel("Cancel.")]
#[case::end("END")]
#[case::quit("quit")]
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
    appointments::act(&w.s, &w.owner, appointment.id, Act::Cancel)
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
    appointments::act(&w.s, &w.owner, appointment.id, Act::Complete)
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
