//! What needs a person now: each thing in one list, the lists bounded, and gone once it is dealt with.

use chrono::Duration;
use contract::{
    Code,
    appointments::{AppointmentAction, AppointmentQuery, Status},
    conversations::ConversationAction,
    tasks::CreateTask,
    today::Today,
};
use rstest::rstest;
use services::{Actor, Principal, appointments, conversations, outbox, pages, tasks};
use testkit::{Backend, Fault, FaultKind, World};

const ANN: &str = "+14155550101";
const BEN: &str = "+14155550102";

async fn today(w: &World) -> Today {
    pages::today::today(&w.s, &w.owner).await.expect("today")
}

/// How many stand in each list: waiting, failed, reschedule, unanswered, tasks, unmarked, visits.
fn totals(t: &Today) -> [u32; 7] {
    [
        t.waiting.total,
        t.failed.total,
        t.reschedule.total,
        t.unanswered.total,
        t.tasks.total,
        t.unmarked.total,
        t.visits.total,
    ]
}

#[rstest]
#[tokio::test]
async fn who_waits_longest_is_first_and_is_gone_once_answered(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    assert_eq!(totals(&today(&w).await), [0; 7], "an empty day");
    let ann = w.contact("Ann", ANN).await;
    w.contact("Ben", BEN).await;
    w.text(BEN, "Is there parking?").await;
    w.clock.advance(Duration::minutes(10));
    w.text(ANN, "Can I bring my dog?").await;

    let shown = today(&w).await;
    let names: Vec<&str> = shown.waiting.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["Ben", "Ann"], "the longest first");
    assert_eq!(
        totals(&shown),
        [2, 0, 0, 0, 0, 0, 0],
        "a question stands in one list: {shown:?}"
    );

    w.reply(&ann, "Of course.").await.expect("sent");
    let ben = shown.waiting.rows[0].id;
    conversations::act(&w.s, &w.owner, ben, ConversationAction::NoReplyNeeded)
        .await
        .expect("no reply needed");
    assert_eq!(totals(&today(&w).await), [0; 7], "nor is anything left to tick off");
    assert!(w.open_tasks().await.is_empty(), "who was answered has been read");
}

#[rstest]
#[tokio::test]
async fn who_was_asked_and_has_not_answered_is_named_until_they_do(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (_, visit) = w.reminded("Ann", ANN).await;
    let ben = w.contact("Ben", BEN).await;
    w.appointment(&ben, 500).await;

    let shown = today(&w).await;
    assert_eq!(totals(&shown), [0, 0, 0, 1, 0, 0, 0], "Ben was not asked yet: {shown:?}");
    assert_eq!(shown.unanswered.rows[0].id, visit.id);
    let list = |show: &str| AppointmentQuery {
        show: Some(show.to_owned()),
        cursor: None,
    };
    let all = appointments::list(&w.s, &w.owner, list("unanswered"))
        .await
        .expect("the whole list");
    assert_eq!(all.data.len(), 1);

    w.text(ANN, "N").await;
    let shown = today(&w).await;
    assert_eq!(totals(&shown), [0, 0, 1, 0, 0, 0, 0], "now another time is wanted: {shown:?}");
    let wish = &shown.reschedule.rows[0];
    assert_eq!(wish.appointment.as_ref().map(|a| a.id), Some(visit.id));
    appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::Confirm)
        .await
        .expect("they called, and it holds");
    assert_eq!(totals(&today(&w).await), [0; 7]);
}

#[rstest]
#[tokio::test]
async fn a_text_that_did_not_arrive_says_why_and_is_sent_again_with_one_tap(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(30006).count(1));
    w.reply(&ann, "We are open on Monday.").await.expect("stored");
    w.work().await;

    let shown = today(&w).await;
    assert_eq!(totals(&shown), [0, 1, 0, 0, 0, 0, 0], "{shown:?}");
    let trouble = &shown.failed.rows[0];
    assert!(
        trouble.task.title.len() > "A text did not arrive:".len(),
        "{}",
        trouble.task.title
    );
    assert!(trouble.can_be_sent_again());
    let id = trouble.message.as_ref().expect("the text").id;

    let stranger = w.another_business().await;
    let theirs = outbox::retry_one(&w.s, &stranger, id).await.expect_err("not theirs");
    assert_eq!(theirs.problem().code, Code::NotFound);
    outbox::retry_one(&w.s, &w.owner, id).await.expect("sent again");
    assert_eq!(totals(&today(&w).await), [0; 7], "what was to be done is done");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["We are open on Monday."]);
    let twice = outbox::retry_one(&w.s, &w.owner, id).await.expect_err("it went");
    assert_eq!(twice.problem().code, Code::Conflict);
}

#[rstest]
#[tokio::test]
async fn visits_are_marked_with_one_tap_and_asked_about_for_a_week(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 1).await;
    let shown = today(&w).await;
    assert_eq!((shown.visits.total, shown.unmarked.total), (1, 0), "{shown:?}");

    w.clock.advance(Duration::hours(24));
    let shown = today(&w).await;
    assert_eq!((shown.visits.total, shown.unmarked.total), (0, 1), "yesterday's: {shown:?}");
    let marked = appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::NoShow)
        .await
        .expect("marked");
    assert_eq!(marked.status, Status::NoShow);
    assert_eq!(today(&w).await.unmarked.total, 0);
    appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::Reopen)
        .await
        .expect("taken back");
    assert_eq!(today(&w).await.unmarked.total, 1);
    w.clock.advance(Duration::days(8));
    assert_eq!(today(&w).await.unmarked.total, 0, "after a week nobody remembers");
    let query = AppointmentQuery {
        show: Some("unmarked".to_owned()),
        cursor: None,
    };
    let all = appointments::list(&w.s, &w.owner, query).await.expect("the whole list");
    assert_eq!(all.data.len(), 1, "but it can be found");
}

#[rstest]
#[tokio::test]
async fn lists_are_bounded_and_say_how_much_more_there_is(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let now = w.clock.now();
    let add = async |title: String, due_at: chrono::DateTime<chrono::Utc>| {
        let cmd = CreateTask {
            title,
            due_at: Some(due_at.to_rfc3339()),
            ..CreateTask::default()
        };
        tasks::create(&w.s, &w.owner, cmd).await.expect("a task");
    };
    for n in 0..9 {
        add(format!("late {n}"), now - Duration::hours(9 - n)).await;
    }
    add("next week".to_owned(), now + Duration::days(7)).await;
    let shown = today(&w).await;
    assert_eq!((shown.tasks.total, shown.tasks.rows.len()), (9, 6), "next week is not today");
    assert_eq!(shown.tasks.rows[0].title, "late 0");
    assert_eq!(shown.tasks.more(), "and 3 more");

    let stranger = w.another_business().await;
    let theirs = pages::today::today(&w.s, &stranger).await.expect("theirs");
    assert_eq!(totals(&theirs), [0; 7], "one business sees one business");
    let key = Actor {
        business_id: w.owner.business_id,
        who: Principal::ApiKey {
            id: uuid::Uuid::nil(),
            name: "a door".to_owned(),
            scopes: vec![services::Permission::ReadTasks],
        },
    };
    let refused = pages::today::today(&w.s, &key).await.expect_err("no scopes");
    assert_eq!(refused.problem().code, Code::NotAllowed);
}

#[rstest]
#[tokio::test]
async fn the_frame_of_a_page_is_read_with_its_counts(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = testkit::member(
        &w.s,
        w.owner.business_id,
        contract::accounts::Role::Staff,
        "sam@x.test",
        "long enough word",
    )
    .await;
    let cmd = CreateTask {
        title: "Water the plants".to_owned(),
        ..CreateTask::default()
    };
    tasks::create(&w.s, &sam, cmd).await.expect("a task");
    let me = pages::me::me(&w.s, &sam).await.expect("the frame");
    assert_eq!(me.open_tasks, 1);
}
