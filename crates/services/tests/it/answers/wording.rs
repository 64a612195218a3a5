//! Answers in people's own words: with manners, with a but, or to something else that was asked.

use chrono::Duration;
use contract::appointments::Status;
use domain::consent::State;
use rstest::rstest;
use services::tasks;
use testkit::{Backend, World};

use super::{ANN, of_kind};

fn phone(n: usize) -> String {
    format!("+1415555{:04}", 1000 + n)
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
