//! Visits that are over: somebody says how each went, many at once and undone as a whole, or the clock does where the business chose that.
//! And who is there says so.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    appointments::{AppointmentAction, AppointmentView, MarkDay, Status},
};
use rstest::rstest;
use services::{
    appointments::{self, past},
    businesses, jobs, pages,
};
use testkit::{Backend, World, member};

const ANN: &str = "+14155550101";
const BEN: &str = "+14155550102";

async fn act(w: &World, visit: &AppointmentView, what: AppointmentAction) -> services::Result<AppointmentView> {
    appointments::act(&w.s, &w.owner, visit.id, what).await
}

async fn status(w: &World, visit: &AppointmentView) -> Status {
    w.see_appointment(visit).await.status
}

#[rstest]
#[tokio::test]
async fn how_a_visit_went_is_said_once_it_has_begun(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 1).await;
    for what in [AppointmentAction::Complete, AppointmentAction::NoShow] {
        let early = act(&w, &visit, what).await.expect_err("not yet");
        assert_eq!(early.problem().status, 422);
    }
    w.clock.advance(Duration::minutes(61));
    assert_eq!(
        act(&w, &visit, AppointmentAction::NoShow).await.expect("marked").status,
        Status::NoShow
    );
    assert_eq!(
        act(&w, &visit, AppointmentAction::Reopen).await.expect("undone").status,
        Status::Scheduled
    );
    assert_eq!(
        act(&w, &visit, AppointmentAction::Cancel).await.expect("late").status,
        Status::Cancelled
    );
}

#[rstest]
#[tokio::test]
async fn all_of_yesterday_is_marked_with_one_tap_and_taken_back_with_another(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let (one, two, gone) = (
        w.appointment(&ann, 2).await,
        w.appointment(&ben, 3).await,
        w.appointment(&ben, 4).await,
    );
    let today = w.appointment(&ann, 24).await;
    act(&w, &gone, AppointmentAction::Cancel).await.expect("cancelled");
    w.clock.advance(Duration::hours(24));

    let done = past::mark_day(&w.s, &w.owner, MarkDay::Yesterday).await.expect("marked");
    assert_eq!((done.marked, done.more), (2, false));
    assert_eq!(status(&w, &one).await, Status::Completed);
    assert_eq!(status(&w, &gone).await, Status::Cancelled, "it was not kept");
    assert_eq!(status(&w, &today).await, Status::Scheduled, "it is of today");

    // One of them is changed meanwhile: that stays.
    act(&w, &two, AppointmentAction::Reopen).await.expect("reopened");
    act(&w, &two, AppointmentAction::NoShow).await.expect("a no-show after all");
    let stranger = w.another_business().await;
    let theirs = past::undo(&w.s, &stranger, done.batch_id)
        .await
        .expect_err("another business's");
    assert_eq!(theirs.problem().code, Code::NotFound);
    assert_eq!(past::undo(&w.s, &w.owner, done.batch_id).await.expect("undone"), 1);
    assert_eq!(
        (status(&w, &one).await, status(&w, &two).await),
        (Status::Scheduled, Status::NoShow)
    );
    let twice = past::undo(&w.s, &w.owner, done.batch_id).await.expect_err("once");
    assert_eq!(twice.problem().code, Code::NotFound);
    assert_eq!(
        past::mark_day(&w.s, &w.owner, MarkDay::Today)
            .await
            .expect("none is over")
            .marked,
        0
    );
    w.clock.advance(Duration::hours(2));
    assert_eq!(
        past::mark_day(&w.s, &w.owner, MarkDay::Today).await.expect("marked").marked,
        1
    );
    w.work().await;
    assert!(w.sim.messages().len() <= 2, "nobody is texted because of it");
}

#[rstest]
#[tokio::test]
async fn the_clock_marks_only_where_the_business_chose_that(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 1).await;
    w.clock.advance(Duration::hours(30));
    jobs::tick(&w.s).await.expect("a tick");
    assert_eq!(status(&w, &visit).await, Status::Scheduled, "somebody is asked");

    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    let refused = businesses::set_completion(&w.s, &sam, "4").await.expect_err("staff may not");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    let odd = businesses::set_completion(&w.s, &w.owner, "a day")
        .await
        .expect_err("no number");
    assert_eq!(odd.problem().fields[0].field, "complete_after");
    businesses::set_completion(&w.s, &w.owner, "4").await.expect("chosen");
    let fresh = w.appointment(&ann, 1).await;
    w.clock.advance(Duration::hours(2));
    jobs::tick(&w.s).await.expect("a tick");
    assert_eq!(status(&w, &visit).await, Status::Completed);
    assert_eq!(status(&w, &fresh).await, Status::Scheduled, "it is not four hours ago");
    businesses::set_completion(&w.s, &w.owner, "")
        .await
        .expect("somebody is asked again");
    w.clock.advance(Duration::hours(20));
    jobs::tick(&w.s).await.expect("a tick");
    assert_eq!(status(&w, &fresh).await, Status::Scheduled);
}

#[rstest]
#[tokio::test]
async fn who_writes_here_on_the_day_is_there_and_first_on_today(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let first = w.appointment(&ben, 1).await;
    let second = w.appointment(&ann, 2).await;
    w.text(ANN, "Aquí!").await;

    let shown = w.see_appointment(&second).await;
    assert_eq!(shown.arrived_at, Some(w.clock.now()));
    assert_eq!(shown.status, Status::Scheduled);
    let today = pages::today::today(&w.s, &w.owner).await.expect("today");
    let order: Vec<_> = today.visits.rows.iter().map(|visit| visit.id).collect();
    assert_eq!(order, [second.id, first.id], "who is there comes first");
    assert_eq!(today.waiting.total, 0, "nobody has to answer that");
    assert!(w.open_tasks().await.is_empty());

    w.text(ANN, "here").await;
    assert!(w.open_tasks().await.is_empty(), "said twice it is the same");
    let undone = act(&w, &second, AppointmentAction::Reopen)
        .await
        .expect("not there after all");
    assert_eq!(undone.arrived_at, None);
    assert!(
        act(&w, &second, AppointmentAction::Arrive)
            .await
            .expect("seen")
            .arrived_at
            .is_some()
    );
}

#[rstest]
#[tokio::test]
async fn here_that_is_not_plainly_about_one_visit_of_today_is_read_by_a_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let tomorrow = w.appointment(&ann, 26).await;
    let (one, two) = (w.appointment(&ben, 1).await, w.appointment(&ben, 2).await);
    w.text(ANN, "HERE").await;
    w.text(BEN, "HERE").await;
    for visit in [&tomorrow, &one, &two] {
        assert_eq!(w.see_appointment(visit).await.arrived_at, None, "nothing is guessed");
    }
    assert_eq!(w.open_tasks().await.len(), 2);
    let early = act(&w, &tomorrow, AppointmentAction::Arrive).await.expect_err("another day");
    assert_eq!(early.problem().status, 422);
}
