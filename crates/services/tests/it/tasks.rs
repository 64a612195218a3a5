//! Tasks: made by hand, given to somebody, due, done and taken back; and the lists of them.

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    accounts::Role,
    task_form::TaskAbout,
    tasks::{CreateTask, EditTask, TaskQuery, TaskView},
};
use rstest::rstest;
use services::{Actor, Principal, pages, tasks};
use testkit::{Backend, World, member};
use uuid::Uuid;

const ANN: &str = "+14155550101";
const BEN: &str = "+14155550102";

fn account(actor: &Actor) -> Uuid {
    match actor.who {
        Principal::Member { account_id, .. } => account_id,
        _ => panic!("no member"),
    }
}

async fn sam(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await
}

fn code(result: services::Result<impl std::fmt::Debug>) -> Code {
    result.expect_err("refused").problem().code
}

fn to_do(title: &str) -> CreateTask {
    CreateTask {
        title: title.to_owned(),
        ..CreateTask::default()
    }
}

async fn make(w: &World, title: &str, due_at: Option<DateTime<Utc>>, assignee_id: Option<Uuid>) -> TaskView {
    let cmd = CreateTask {
        due_at: due_at.map(|at| at.to_rfc3339()),
        assignee_id,
        ..to_do(title)
    };
    tasks::create(&w.s, &w.owner, cmd).await.expect("a task")
}

async fn titles(w: &World, actor: &Actor, query: TaskQuery) -> Vec<String> {
    let page = tasks::list(&w.s, actor, query).await.expect("tasks");
    page.data.into_iter().map(|task| task.title).collect()
}

fn of(assignee: &str) -> TaskQuery {
    TaskQuery {
        assignee: Some(assignee.to_owned()),
        ..TaskQuery::default()
    }
}

#[rstest]
#[tokio::test]
async fn a_task_is_about_a_visit_or_a_text_and_so_about_their_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let visit = w.appointment(&ann, 50).await;
    let sam = sam(&w).await;
    w.text(ANN, "Is there parking?").await;
    let text = w.last_message(&ann).await;

    let by_visit = CreateTask {
        appointment_id: Some(visit.id),
        ..to_do("Order the crown")
    };
    let task = tasks::create(&w.s, &w.owner, by_visit).await.expect("a task of a visit");
    assert_eq!((task.contact_id, task.contact_name.as_deref()), (Some(ann.id), Some("Ann")));
    assert_eq!((task.kind.as_str(), task.status.as_str()), ("by_hand", "open"));
    let by_text = CreateTask {
        message_id: Some(text.id),
        ..to_do("Send a map")
    };
    let task = tasks::create(&w.s, &w.owner, by_text).await.expect("a task of a text");
    assert_eq!((task.contact_id, task.message_id), (Some(ann.id), Some(text.id)));
    assert_eq!(task.conversation_id, Some(text.conversation_id));

    let about = TaskAbout {
        message_id: Some(text.id),
        ..TaskAbout::default()
    };
    let form = pages::task::blank(&w.s, &w.owner, about).await.expect("a form");
    assert_eq!(form.contact, Some((ann.id, "Ann".to_owned())));
    assert_eq!(form.message, Some((text.id, "Is there parking?".to_owned())));
    let who: Vec<Uuid> = form.members.iter().map(|member| member.account_id).collect();
    assert_eq!(who, [account(&sam)], "Sam can look after it");

    let mixed = CreateTask {
        contact_id: Some(ben.id),
        appointment_id: Some(visit.id),
        ..to_do("Whose?")
    };
    assert_eq!(code(tasks::create(&w.s, &w.owner, mixed).await), Code::Invalid);
    let stranger = w.another_business().await;
    for theirs in [
        CreateTask {
            contact_id: Some(ann.id),
            ..to_do("x")
        },
        CreateTask {
            appointment_id: Some(visit.id),
            ..to_do("x")
        },
        CreateTask {
            message_id: Some(text.id),
            ..to_do("x")
        },
    ] {
        assert_eq!(code(tasks::create(&w.s, &stranger, theirs).await), Code::NotFound);
    }
    assert_eq!(
        code(pages::task::blank(&w.s, &stranger, about).await),
        Code::NotFound,
        "nor is it shown"
    );
    assert_eq!(code(tasks::get(&w.s, &stranger, task.id).await), Code::NotFound);
    assert_eq!(code(tasks::take(&w.s, &stranger, task.id).await), Code::NotFound);
    assert_eq!(code(tasks::set_done(&w.s, &stranger, task.id, true).await), Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_field(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let stranger = w.another_business().await;
    let refused = async |cmd: CreateTask| {
        let problem = tasks::create(&w.s, &w.owner, cmd).await.expect_err("refused").problem();
        (
            problem.code,
            problem.fields.first().map(|f| f.field.clone()).unwrap_or_default(),
        )
    };
    let wrong = |field: &str| (Code::Invalid, field.to_owned());
    assert_eq!(refused(to_do("   ")).await, wrong("title"));
    assert_eq!(refused(to_do(&"x".repeat(201))).await, wrong("title"));
    let long = CreateTask {
        notes: Some("x".repeat(2001)),
        ..to_do("Call")
    };
    assert_eq!(refused(long).await, wrong("notes"));
    let someday = CreateTask {
        due_at: Some("someday".to_owned()),
        ..to_do("Call")
    };
    assert_eq!(refused(someday).await, wrong("due_at"));
    let elsewhere = CreateTask {
        assignee_id: Some(account(&stranger)),
        ..to_do("Call")
    };
    assert_eq!(refused(elsewhere).await, wrong("assignee_id"), "who works elsewhere");
    assert!(w.open_tasks().await.is_empty(), "nothing was stored");
}

#[rstest]
#[tokio::test]
async fn mine_nobodys_overdue_and_of_a_kind_are_lists_of_their_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let now = w.clock.now();
    make(&w, "tomorrow", Some(now + Duration::hours(24)), None).await;
    make(&w, "an hour ago", Some(now - Duration::hours(1)), Some(account(&sam))).await;
    make(&w, "at once", None, None).await;
    make(&w, "a day ago", Some(now - Duration::hours(24)), None).await;

    let all = titles(&w, &w.owner, TaskQuery::default()).await;
    assert_eq!(all, ["a day ago", "an hour ago", "at once", "tomorrow"], "as they come due");
    assert_eq!(titles(&w, &sam, of("me")).await, ["an hour ago"]);
    assert_eq!(titles(&w, &w.owner, of(&account(&sam).to_string())).await, ["an hour ago"]);
    assert_eq!(titles(&w, &w.owner, of("none")).await, ["a day ago", "at once", "tomorrow"]);
    let overdue = TaskQuery {
        overdue: Some(true),
        ..TaskQuery::default()
    };
    assert_eq!(titles(&w, &w.owner, overdue.clone()).await, ["a day ago", "an hour ago"]);
    let mine_overdue = TaskQuery {
        assignee: Some("me".to_owned()),
        ..overdue
    };
    assert_eq!(titles(&w, &sam, mine_overdue).await, ["an hour ago"]);
    let of_kind = |kind: &str| TaskQuery {
        kind: Some(kind.to_owned()),
        ..TaskQuery::default()
    };
    assert_eq!(titles(&w, &w.owner, of_kind("call,by_hand")).await.len(), 4);
    assert!(titles(&w, &w.owner, of_kind("call")).await.is_empty());

    for nonsense in [of("everybody"), of_kind("cal"), of_kind("call,")] {
        assert_eq!(code(tasks::list(&w.s, &w.owner, nonsense).await), Code::Malformed);
    }
    let late = TaskQuery {
        overdue: Some(true),
        ..TaskQuery::default()
    };
    for filter in [late, of("me"), of_kind("call")] {
        let done = TaskQuery {
            status: Some("done".to_owned()),
            ..filter
        };
        assert_eq!(code(tasks::list(&w.s, &w.owner, done).await), Code::Malformed);
    }
}

#[rstest]
#[case::open(TaskQuery::default())]
#[case::nobodys(of("none"))]
#[case::overdue(TaskQuery { overdue: Some(true), ..TaskQuery::default() })]
#[case::of_a_kind(TaskQuery { kind: Some("by_hand".to_owned()), ..TaskQuery::default() })]
#[tokio::test]
async fn a_list_is_read_page_by_page_without_gap_or_repeat(
    #[case] query: TaskQuery,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let late = w.clock.now() - Duration::hours(3);
    for n in 0..7 {
        // Two at each moment: their ids tell them apart.
        make(&w, &format!("task {n}"), Some(late + Duration::minutes(n / 2)), None).await;
    }
    let mut read = Vec::new();
    let mut cursor = None;
    loop {
        let query = TaskQuery {
            limit: Some(2),
            cursor: cursor.take(),
            ..query.clone()
        };
        let page = tasks::list(&w.s, &w.owner, query).await.expect("a page");
        read.extend(page.data.into_iter().map(|task| task.title));
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(read, (0..7).map(|n| format!("task {n}")).collect::<Vec<_>>());
}

#[rstest]
#[tokio::test]
async fn a_task_gets_a_person_a_time_and_notes_and_loses_them_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let task = make(&w, "Call the lab", None, None).await;
    let taken = tasks::take(&w.s, &sam, task.id).await.expect("taken");
    assert_eq!(taken.assignee_id, Some(account(&sam)));
    assert!(taken.assignee_name.is_some(), "and says who");

    let change = EditTask {
        due_at: Some(Some("2099-01-05T15:00".to_owned())),
        notes: Some("Ask for Jo.".to_owned()),
        ..EditTask::default()
    };
    let changed = tasks::edit(&w.s, &w.owner, task.id, change).await.expect("changed");
    assert_eq!(
        (changed.notes.as_str(), changed.assignee_id),
        ("Ask for Jo.", Some(account(&sam)))
    );
    assert!(
        changed.due_at.is_some() && changed.title == "Call the lab",
        "what was not given stays"
    );
    let nobody = EditTask {
        due_at: Some(None),
        assignee_id: Some(None),
        ..EditTask::default()
    };
    let changed = tasks::edit(&w.s, &w.owner, task.id, nobody).await.expect("changed");
    assert_eq!((changed.due_at, changed.assignee_id), (None, None));

    let done = tasks::set_done(&w.s, &sam, task.id, true).await.expect("done");
    assert_eq!(done.status, "done");
    let again = tasks::set_done(&w.s, &w.owner, task.id, true).await.expect("twice is once");
    assert_eq!((again.done_at, again.done_by.clone()), (done.done_at, done.done_by));
    let late = EditTask {
        title: Some("Call".to_owned()),
        ..EditTask::default()
    };
    assert_eq!(
        code(tasks::edit(&w.s, &w.owner, task.id, late).await),
        Code::Conflict,
        "it is done"
    );
    let open = tasks::set_done(&w.s, &w.owner, task.id, false).await.expect("taken back");
    assert_eq!((open.status.as_str(), open.done_at, open.done_by), ("open", None, None));
}
