//! Who waits for an answer of a person, and what moves a conversation.

use contract::conversations::ConversationRow;
use rstest::rstest;
use services::conversations;
use testkit::{Backend, World};

const ANN: &str = "+14155550101";

async fn row(w: &World) -> ConversationRow {
    let mut rows = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("the inbox")
        .data;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[rstest]
#[tokio::test]
async fn a_question_waits_from_its_first_text_until_a_person_answers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let asked_at = w.clock.now();
    w.text(ANN, "Is there parking?").await;
    w.clock.advance(chrono::Duration::minutes(5));
    w.text(ANN, "Hello?").await;
    let seen = row(&w).await;
    assert_eq!(
        (seen.waiting_since, seen.needs_answer),
        (Some(asked_at), true),
        "the first unanswered one counts"
    );
    assert_eq!(seen.last_human_at, Some(w.clock.now()));

    let sam = testkit::member(
        &w.s,
        w.owner.business_id,
        contract::accounts::Role::Staff,
        "sam@x.test",
        "long enough",
    )
    .await;
    conversations::mark_read(&w.s, &sam, seen.id).await.expect("read");
    assert!(row(&w).await.needs_answer, "to have looked is no answer");

    w.clock.advance(chrono::Duration::minutes(1));
    w.reply(&ann, "Yes, behind the house.").await.expect("sent");
    let seen = row(&w).await;
    assert_eq!((seen.waiting_since, seen.needs_answer), (None, false));
    assert_eq!(seen.last_human_at, Some(w.clock.now()));
}

#[rstest]
#[case::yes("Y")]
#[case::stop("STOP")]
#[case::help("HELP")]
#[tokio::test]
async fn what_a_machine_understands_makes_nobody_wait(
    #[case] said: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.reminded("Ann", ANN).await;
    let before = row(&w).await;
    assert_eq!(before.last_human_at, None, "a reminder is no person's word");
    w.text(ANN, said).await;
    let seen = row(&w).await;
    assert!(!seen.needs_answer, "{said}");
    assert_eq!(seen.last_human_at, Some(w.clock.now()));
}

#[rstest]
#[tokio::test]
async fn an_answer_that_a_person_must_read_waits_for_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    services::appointments::act(
        &w.s,
        &w.owner,
        appointment.id,
        contract::appointments::AppointmentAction::Cancel,
    )
    .await
    .expect("cancelled");
    w.text(ANN, "Y").await;
    let seen = row(&w).await;
    assert_eq!(seen.contact_id, ann.id);
    assert!(seen.needs_answer, "no visit waits for that answer, so a person reads it");
}

#[rstest]
#[tokio::test]
async fn whatever_they_write_wakes_what_was_closed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    use sea_orm::ConnectionTrait;

    let w = World::new(backend).await;
    w.text(ANN, "Hello").await;
    let close = "UPDATE conversation SET closed_at = created_at, snoozed_until = created_at";
    w.s.db().connection().execute_unprepared(close).await.expect("closed");
    assert_eq!(row(&w).await.status, "closed");
    w.text(ANN, "One more thing").await;
    assert_eq!(row(&w).await.status, "open");
}
