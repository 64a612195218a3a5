//! Visits, reminders and questions of two people who are one.

use chrono::Duration;
use entity::appointments::appointment;
use rstest::rstest;
use sea_orm::EntityTrait;
use services::reminders;
use testkit::{Backend, World};
use uuid::Uuid;

use super::{ANN, ANNE, both, merge, preview, refused, undo};

#[rstest]
#[tokio::test]
async fn what_waits_goes_once_to_the_number_it_was_meant_for(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    let visit = w.appointment(&anne, 30).await;
    reminders::tick(&w.s).await.expect("her reminder waits to be sent");
    w.reply(&anne, "Hello Anne").await.expect("waits");
    merge(&w, &ann, &anne).await.expect("merged");
    w.work().await;
    w.work().await;
    assert_eq!(w.phone_got(ANNE).len(), 2, "each once, where it was meant to go");
    assert!(w.phone_got(ANN).is_empty());
    w.text(ANNE, "Y").await;
    let visit = w.see_appointment(&visit).await;
    assert_eq!(
        (visit.contact_id, visit.status.as_str()),
        (ann.id, "confirmed"),
        "her answer still counts"
    );
}

#[rstest]
#[tokio::test]
async fn two_open_questions_with_one_code_have_to_be_answered_first(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    w.clock.advance(Duration::minutes(7));
    let (anne, _) = w.reminded("Anne Weber", ANNE).await;
    let shown = preview(&w, &ann, &anne).await;
    assert!(shown.refused.expect("said before it is tried").contains("code 101"));
    assert!(refused(merge(&w, &ann, &anne).await).contains("code 101"));
    assert_eq!(w.see_contact(&anne).await.id, anne.id, "nothing was done");
    w.clock.advance(Duration::hours(31));
    merge(&w, &ann, &anne).await.expect("one visit is over");
}

#[rstest]
#[tokio::test]
async fn who_was_not_asked_yet_gets_another_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, asked) = w.reminded("Ann", ANN).await;
    let anne = w.contact("Anne Weber", ANNE).await;
    let later = w.appointment(&anne, 300).await;
    merge(&w, &ann, &anne).await.expect("merged");
    let next = w.appointment(&ann, 400).await;
    let code = async |id: Uuid| {
        appointment::Entity::find_by_id(id)
            .one(w.s.db().connection())
            .await
            .expect("read")
            .expect("there")
            .token
    };
    let codes = [code(asked.id).await, code(later.id).await, code(next.id).await];
    assert_eq!(codes, [101, 102, 103]);
    undo(&w, &ann).await.expect("undone");
    assert_eq!(code(later.id).await, 101);
}

#[rstest]
#[tokio::test]
async fn nobody_is_at_two_visits_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    w.appointment(&ann, 60).await;
    w.appointment(&anne, 60).await;
    assert!(refused(merge(&w, &ann, &anne).await).contains("at the same time"));
}

#[rstest]
#[tokio::test]
async fn a_question_asked_at_the_other_number_ends_with_the_undo(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    let visit = w.appointment(&anne, 30).await;
    merge(&w, &ann, &anne).await.expect("merged");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1, "reminded at the first number");
    undo(&w, &ann).await.expect("undone");
    w.text(ANN, "Y").await;
    let visit = w.see_appointment(&visit).await;
    assert_eq!(
        (visit.contact_id, visit.status.as_str()),
        (anne.id, "scheduled"),
        "Ann does not answer for Anne"
    );
}
