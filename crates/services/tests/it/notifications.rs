//! Who is told of what, and in which way: in the list, on their devices, by e-mail.

mod missed;
mod places;
mod pushes;
mod service;

use std::collections::BTreeMap;

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    conversations::{AddNote, ConversationAction as Do, ConversationQuery},
    notifications::{Choice, Choices, Kind, Mail},
    tasks::EditTask,
};
use rstest::rstest;
use services::{Actor, conversations, notifications, pages, tasks};
use testkit::{Backend, Fault, FaultKind, World};
use uuid::Uuid;

pub const ANN: &str = "+14155550101";

/// Somebody who works at Bright Dental.
pub async fn person(w: &World, role: Role, name: &str) -> Actor {
    let email = format!("{}@x.test", name.to_lowercase().replace(' ', "."));
    let id = services::accounts::add_member(&w.s, w.owner.business_id, role, name, &email, "a long password")
        .await
        .expect("a member");
    let actor = services::accounts::actor(&w.s, id, w.owner.business_id).await;
    actor.expect("the database answers").expect("a member is an actor")
}

fn id_of(actor: &Actor) -> Uuid {
    match actor.who {
        services::Principal::Member { account_id, .. } => account_id,
        _ => panic!("a person"),
    }
}

/// Kinds of what somebody has not seen, newest first.
pub async fn unread(w: &World, actor: &Actor) -> Vec<Kind> {
    let view = notifications::page(&w.s, actor, None).await.expect("a page");
    view.page
        .data
        .into_iter()
        .filter(|one| !one.read)
        .map(|one| one.kind)
        .collect()
}

pub async fn thread(w: &World) -> Uuid {
    let page = conversations::page(&w.s, &w.owner, ConversationQuery::default()).await;
    page.expect("conversations").data.remove(0).id
}

async fn choose(w: &World, actor: &Actor, kind: Kind, choice: Choice) {
    let new = Choices {
        of: BTreeMap::from([(kind, choice)]),
        ..Choices::default()
    };
    notifications::choose(&w.s, actor, new).await.expect("kept");
}

async fn give_to(w: &World, by: &Actor, id: Uuid, to: &Actor) {
    let account_id = Some(id_of(to));
    conversations::act(&w.s, by, id, Do::Assign { account_id })
        .await
        .expect("given");
}

#[rstest]
#[tokio::test]
async fn a_text_is_told_to_those_whom_it_concerns(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (olga, sam) = (person(&w, Role::Owner, "Olga").await, person(&w, Role::Staff, "Sam").await);
    w.contact("Ann", ANN).await;
    w.text(ANN, "When do you open tomorrow?").await;
    for one in [&olga, &sam] {
        let view = notifications::page(&w.s, one, None).await.expect("a page");
        let told = &view.page.data[0];
        assert_eq!(
            (told.kind, told.title.as_str(), view.unread),
            (Kind::Unassigned, "Ann wrote", 1)
        );
        assert_eq!(
            (told.text.as_str(), &told.href),
            ("When do you open tomorrow?", &format!("/inbox/{}", thread(&w).await))
        );
    }
    let id = thread(&w).await;
    give_to(&w, &olga, id, &sam).await;
    assert_eq!(unread(&w, &sam).await, [Kind::Assigned, Kind::Unassigned]);
    assert_eq!(unread(&w, &olga).await, [Kind::Unassigned], "who does it need not be told");
    w.text(ANN, "And on Sunday?").await;
    assert_eq!(unread(&w, &sam).await[0], Kind::Mine);
    assert_eq!(
        unread(&w, &olga).await,
        [Kind::Unassigned],
        "somebody else's is theirs to answer"
    );
    // Who looks at it has seen it all.
    notifications::look_at(&w.s, &sam, id).await.expect("seen");
    assert_eq!((unread(&w, &sam).await.len(), unread(&w, &olga).await.len()), (0, 1));
}

#[rstest]
#[tokio::test]
async fn what_a_machine_understood_is_told_to_nobody(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = person(&w, Role::Staff, "Sam").await;
    w.reminded("Ann", ANN).await;
    w.text(ANN, "Y").await;
    assert_eq!(unread(&w, &sam).await, []);
    w.text(ANN, "Can I bring my dog?").await;
    assert_eq!(unread(&w, &sam).await, [Kind::Unassigned]);
}

#[rstest]
#[tokio::test]
async fn a_whole_name_tells_one_of_two_with_the_same_first_name(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = person(&w, Role::Owner, "Olga Owner").await;
    let (sam, other) = (
        person(&w, Role::Staff, "Sam Staff").await,
        person(&w, Role::Staff, "Sam Stafford").await,
    );
    w.text(ANN, "Call me please").await;
    let id = thread(&w).await;
    let told = async |body: &str| {
        for one in [&sam, &other] {
            notifications::look_at(&w.s, one, id).await.expect("seen");
        }
        let note = AddNote {
            body: body.to_owned(),
            id: None,
        };
        conversations::notes::add(&w.s, &olga, id, note).await.expect("noted");
        (unread(&w, &sam).await.len(), unread(&w, &other).await.len())
    };
    assert_eq!(told("@sam stafford, can you?").await, (0, 1));
    assert_eq!(told("@Sam Staff can you?").await, (1, 0));
    assert_eq!(told("@Sam, can you?").await, (1, 1), "both are meant");
    assert_eq!(told("@Samuel, can you?").await, (0, 0));
}

#[rstest]
#[tokio::test]
async fn a_note_a_task_and_trouble_are_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (olga, sam) = (
        person(&w, Role::Owner, "Olga Owner").await,
        person(&w, Role::Staff, "Sam Staff").await,
    );
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "Call me please").await;
    let id = thread(&w).await;
    for one in [&olga, &sam] {
        notifications::look_at(&w.s, one, id).await.expect("seen");
    }
    let note = AddNote {
        body: "@sam, can you? (ask @olga and nobody@sample.test)".to_owned(),
        id: None,
    };
    conversations::notes::add(&w.s, &olga, id, note).await.expect("noted");
    assert_eq!(unread(&w, &sam).await, [Kind::Mention]);
    assert_eq!(unread(&w, &olga).await, [], "their own");

    w.sim.set_fault(Fault {
        code: Some(20003),
        ..Fault::new(FaultKind::Refuse)
    });
    w.reply(&ann, "I call you at four").await.expect("queued");
    w.work().await;
    assert!(unread(&w, &sam).await.contains(&Kind::Alert), "{:?}", unread(&w, &sam).await);
    let told = notifications::page(&w.s, &sam, None)
        .await
        .expect("a page")
        .page
        .data
        .remove(0);
    assert!(told.title.starts_with("Texts can’t go out just now."), "{told:?}");

    notifications::mark_read(&w.s, &sam, None).await.expect("read");
    assert_eq!(unread(&w, &sam).await, []);
    w.sim.set_fault(Fault {
        code: Some(30006),
        ..Fault::new(FaultKind::Refuse)
    });
    w.clock.advance(Duration::minutes(10));
    w.work().await;
    if let Some(task) = w.open_tasks().await.pop() {
        let given = EditTask {
            assignee_id: Some(Some(id_of(&sam))),
            ..EditTask::default()
        };
        tasks::edit(&w.s, &olga, task.id, given).await.expect("given");
        assert_eq!(unread(&w, &sam).await[0], Kind::Task);
    }
}

#[rstest]
#[tokio::test]
async fn everybody_hears_in_the_ways_they_chose(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (olga, sam) = (person(&w, Role::Owner, "Olga").await, person(&w, Role::Staff, "Sam").await);
    let mail_only = Choice {
        app: false,
        push: false,
        mail: Mail::AtOnce,
    };
    let nothing = Choice {
        mail: Mail::Off,
        ..mail_only
    };
    choose(&w, &sam, Kind::Unassigned, mail_only).await;
    choose(&w, &olga, Kind::Unassigned, nothing).await;
    w.contact("Ann", ANN).await;
    w.text(ANN, "My knee hurts, may I come today?").await;
    assert_eq!((unread(&w, &sam).await.len(), unread(&w, &olga).await.len()), (0, 0));
    w.clock.advance(Duration::seconds(4));
    notifications::tick(&w.s).await.expect("written");
    notifications::tick(&w.s).await.expect("nothing more");
    w.post().await;
    assert_eq!(
        (w.sim.mails_to("sam@x.test").len(), w.sim.mails_to("olga@x.test").len()),
        (1, 0)
    );
    let mail = w.sim.mails_to("sam@x.test").remove(0);
    assert_eq!(mail.subject, "Bright Dental: Ann wrote");
    let text = mail.text.unwrap_or_default();
    assert!(
        text.contains(&format!("http://showup.test/inbox/{}", thread(&w).await)),
        "{text}"
    );
    assert!(!text.contains("knee"), "what a customer wrote stays here: {text}");

    let too_long = Choices {
        digest_minutes: 2_000,
        ..Choices::default()
    };
    let refused = notifications::choose(&w.s, &sam, too_long).await.expect_err("too long");
    assert_eq!(refused.problem().code, Code::Invalid);
    assert_eq!(refused.problem().fields[0].field, "digest_minutes");
}

#[rstest]
#[tokio::test]
async fn a_digest_tells_of_what_is_still_unread(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (olga, sam) = (person(&w, Role::Owner, "Olga").await, person(&w, Role::Staff, "Sam").await);
    for one in [&olga, &sam] {
        let digest = Choice {
            mail: Mail::Digest,
            ..Kind::Unassigned.usual()
        };
        choose(&w, one, Kind::Unassigned, digest).await;
    }
    w.contact("Ann", ANN).await;
    w.text(ANN, "Hello?").await;
    w.clock.advance(Duration::minutes(1));
    w.text(ANN, "Is anybody there?").await;
    w.clock.advance(Duration::minutes(13));
    notifications::tick(&w.s).await.expect("looked");
    w.post().await;
    assert_eq!(w.sim.mails().len(), 0, "not before its time");
    notifications::look_at(&w.s, &olga, thread(&w).await).await.expect("seen");
    w.clock.advance(Duration::minutes(2));
    for _ in 0..3 {
        notifications::tick(&w.s).await.expect("looked");
        w.post().await;
    }
    let subjects: Vec<String> = w.sim.mails().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(
        subjects,
        ["Bright Dental: 2 things you have not seen"],
        "one mail, to who has not looked"
    );
}

#[rstest]
#[tokio::test]
async fn nobody_sees_or_changes_what_another_person_or_business_was_told(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let sam = person(&w, Role::Staff, "Sam").await;
    let olga = person(&w, Role::Owner, "Olga").await;
    w.contact("Ann", ANN).await;
    w.text(ANN, "Hello?").await;
    let sams = notifications::page(&w.s, &sam, None)
        .await
        .expect("a page")
        .page
        .data
        .remove(0)
        .id;
    let garage = w.another_business().await;
    for stranger in [&olga, &garage] {
        let read = notifications::mark_read(&w.s, stranger, Some(sams))
            .await
            .expect_err("not theirs");
        assert_eq!(read.problem().code, Code::NotFound);
        let got = notifications::get(&w.s, stranger, sams).await.expect_err("not theirs");
        assert_eq!(got.problem().code, Code::NotFound);
    }
    assert_eq!(notifications::unread(&w.s, &garage).await.expect("counted"), 0);
    assert_eq!(unread(&w, &sam).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_note_that_comes_twice_is_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (olga, sam) = (person(&w, Role::Owner, "Olga").await, person(&w, Role::Staff, "Sam").await);
    w.contact("Ann", ANN).await;
    w.text(ANN, "Hello?").await;
    let id = thread(&w).await;
    let note = || AddNote {
        body: "She is on the bus.".to_owned(),
        id: Some(Uuid::from_u128(7)),
    };
    let first = conversations::notes::add(&w.s, &sam, id, note()).await.expect("noted");
    let again = conversations::notes::add(&w.s, &sam, id, note()).await.expect("the same");
    assert_eq!(first, again);
    assert_eq!(
        pages::thread::thread(&w.s, &olga, id, Default::default())
            .await
            .expect("a thread")
            .notes
            .len(),
        1
    );
    let other = conversations::notes::add(&w.s, &olga, id, note())
        .await
        .expect_err("somebody else's id");
    assert_eq!(other.problem().fields[0].field, "id");
}

#[rstest]
#[tokio::test]
async fn every_page_says_how_much_is_new(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = person(&w, Role::Staff, "Sam").await;
    w.contact("Ann", ANN).await;
    w.text(ANN, "Hello?").await;
    let me = pages::me::me(&w.s, &sam).await.expect("a frame");
    assert_eq!((me.notifications, me.counts.needs_answer), (1, 1));
}
