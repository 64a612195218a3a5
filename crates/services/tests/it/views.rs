//! The views of the inbox, what staff do with a conversation, notes, and two people with one customer.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    conversations::{AddNote, ConversationAction as Do, ConversationQuery, ConversationRow, Draft, DraftKind},
    messages::SendMessage,
};
use rstest::rstest;
use services::{Actor, Principal, conversations, outbox, pages};
use testkit::{Backend, Fault, FaultKind, World, member};
use uuid::Uuid;

const ANN: &str = "+14155550101";
const BEN: &str = "+14155550102";
const CAT: &str = "+14155550103";

async fn show(w: &World, actor: &Actor, view: &str) -> Vec<ConversationRow> {
    let query = ConversationQuery {
        show: Some(view.to_owned()),
        ..ConversationQuery::default()
    };
    conversations::page(&w.s, actor, query).await.expect(view).data
}

async fn names(w: &World, view: &str) -> Vec<String> {
    show(w, &w.owner, view).await.into_iter().map(|row| row.name).collect()
}

async fn of(w: &World, phone: &str) -> ConversationRow {
    let all = conversations::page(&w.s, &w.owner, ConversationQuery::default())
        .await
        .expect("all")
        .data;
    all.into_iter().find(|row| row.phone == phone).expect("their conversation")
}

async fn act(w: &World, actor: &Actor, id: Uuid, action: Do) -> services::Result<ConversationRow> {
    conversations::act(&w.s, actor, id, action).await
}

async fn three_who_wrote(w: &World) {
    for (name, phone) in [("Ann", ANN), ("Ben", BEN), ("Cat", CAT)] {
        w.contact(name, phone).await;
        w.text(phone, "Is there parking?").await;
        w.clock.advance(Duration::minutes(10));
    }
}

fn account(actor: &Actor) -> Uuid {
    match actor.who {
        Principal::Member { account_id, .. } => account_id,
        _ => panic!("no member"),
    }
}

/// A business whose owner has an account: what somebody has seen or typed is remembered of members.
async fn with_an_owner(backend: Backend) -> World {
    let mut w = World::new(backend).await;
    w.owner = member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "long enough word").await;
    w
}

async fn sam(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await
}

fn code(result: services::Result<impl std::fmt::Debug>) -> Code {
    result.expect_err("refused").problem().code
}

#[rstest]
#[tokio::test]
async fn who_waits_longest_is_first_and_each_view_holds_its_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    three_who_wrote(&w).await;
    let sam = sam(&w).await;
    assert_eq!(names(&w, "needs_answer").await, ["Ann", "Ben", "Cat"]);
    assert_eq!(
        names(&w, "unassigned").await,
        ["Cat", "Ben", "Ann"],
        "who wrote last is first"
    );

    let (ann, ben, cat) = (of(&w, ANN).await.id, of(&w, BEN).await.id, of(&w, CAT).await.id);
    act(&w, &w.owner, ann, Do::Close).await.expect("closed");
    act(
        &w,
        &w.owner,
        ben,
        Do::Assign {
            account_id: Some(account(&sam)),
        },
    )
    .await
    .expect("given to Sam");
    let until = w.clock.now() + Duration::hours(3);
    act(&w, &w.owner, cat, Do::Snooze { until }).await.expect("put aside");

    assert_eq!(
        names(&w, "needs_answer").await,
        ["Ben"],
        "closed is answered, snoozed comes back"
    );
    assert_eq!(names(&w, "closed").await, ["Ann"]);
    assert_eq!(names(&w, "snoozed").await, ["Cat"]);
    assert_eq!(names(&w, "open").await, ["Ben"]);
    assert_eq!(names(&w, "unassigned").await, Vec::<String>::new());
    assert_eq!(show(&w, &sam, "mine").await.len(), 1);
    assert_eq!(names(&w, "mine").await, Vec::<String>::new());
    let counts = conversations::counts(&w.s, &sam).await.expect("counts");
    assert_eq!(
        (counts.needs_answer, counts.mine, counts.snoozed, counts.unread),
        (1, 1, 1, 3)
    );

    let query = ConversationQuery {
        show: Some("everything".to_owned()),
        ..ConversationQuery::default()
    };
    assert_eq!(code(conversations::page(&w.s, &w.owner, query).await), Code::Malformed);
}

#[rstest]
#[tokio::test]
async fn a_view_is_read_page_by_page_without_gap_or_repeat(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    three_who_wrote(&w).await;
    for view in ["needs_answer", "unassigned", "unread", "open"] {
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let query = ConversationQuery {
                show: Some(view.to_owned()),
                cursor,
                limit: Some(1),
                ..ConversationQuery::default()
            };
            let page = conversations::page(&w.s, &w.owner, query).await.expect("a page");
            seen.extend(page.data.into_iter().map(|row| row.name));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, names(&w, view).await, "{view}");
        assert_eq!(seen.len(), 3, "{view}");
    }
}

#[rstest]
#[tokio::test]
async fn what_was_put_aside_comes_back_at_its_time_or_with_the_customer(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    three_who_wrote(&w).await;
    let until = w.clock.now() + Duration::hours(3);
    for phone in [ANN, BEN] {
        act(&w, &w.owner, of(&w, phone).await.id, Do::Snooze { until })
            .await
            .expect("put aside");
    }
    act(&w, &w.owner, of(&w, CAT).await.id, Do::Close).await.expect("closed");

    w.text(ANN, "Hello?").await;
    w.text(CAT, "One more thing").await;
    assert_eq!(names(&w, "snoozed").await, ["Ben"]);
    assert_eq!(of(&w, CAT).await.status, "open");

    w.clock.advance(Duration::hours(2));
    services::jobs::tick(&w.s).await.expect("ticks");
    assert_eq!(names(&w, "snoozed").await, ["Ben"], "not yet");
    w.clock.advance(Duration::hours(2));
    services::jobs::tick(&w.s).await.expect("ticks");
    assert_eq!(names(&w, "snoozed").await, Vec::<String>::new());
    assert!(of(&w, BEN).await.needs_answer, "what they asked still waits");
}

#[rstest]
#[tokio::test]
async fn mornings_full_of_reminders_move_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    let row = of(&w, ANN).await;
    act(&w, &w.owner, row.id, Do::Close).await.expect("closed");
    w.clock.advance(Duration::hours(1));
    w.appointment(&ann, 24).await;
    w.work().await;
    assert_eq!(w.thread(&ann).await.len(), 2, "another reminder went out");
    let row = of(&w, ANN).await;
    assert_eq!((row.status.as_str(), row.unread, row.last_human_at), ("closed", 0, None));
}

#[rstest]
#[tokio::test]
async fn what_one_has_read_is_unread_for_the_other(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = with_an_owner(backend).await;
    three_who_wrote(&w).await;
    let sam = sam(&w).await;
    let ann = of(&w, ANN).await.id;
    conversations::mark_read(&w.s, &w.owner, ann).await.expect("read");
    let unread = |rows: Vec<ConversationRow>| rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
    assert_eq!(unread(show(&w, &w.owner, "unread").await), ["Cat", "Ben"]);
    assert_eq!(unread(show(&w, &sam, "unread").await), ["Cat", "Ben", "Ann"]);

    act(&w, &w.owner, ann, Do::MarkUnread).await.expect("unread again");
    assert_eq!(unread(show(&w, &w.owner, "unread").await), ["Cat", "Ben", "Ann"]);
    act(&w, &w.owner, ann, Do::Assign { account_id: None })
        .await
        .expect("given to nobody");
    act(&w, &w.owner, ann, Do::MarkRead).await.expect("read");
    w.text(ANN, "Hello?").await;
    assert_eq!(
        unread(show(&w, &w.owner, "unread").await),
        ["Ann", "Cat", "Ben"],
        "something new came"
    );
}

#[rstest]
#[tokio::test]
async fn no_reply_needed_can_be_taken_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.contact("Ann", ANN).await;
    let asked_at = w.clock.now();
    w.text(ANN, "Thanks!").await;
    let id = of(&w, ANN).await.id;
    let row = act(&w, &w.owner, id, Do::NoReplyNeeded).await.expect("done");
    assert!(!row.needs_answer);
    let row = act(&w, &w.owner, id, Do::NeedsReply).await.expect("it does after all");
    assert_eq!(row.waiting_since, Some(asked_at));
}

#[rstest]
#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    three_who_wrote(&w).await;
    let id = of(&w, ANN).await.id;
    for until in [w.clock.now() - Duration::seconds(1), w.clock.now() + Duration::days(4000)] {
        assert_eq!(code(act(&w, &w.owner, id, Do::Snooze { until }).await), Code::Invalid);
    }
    let stranger = Do::Assign {
        account_id: Some(Uuid::now_v7()),
    };
    assert_eq!(code(act(&w, &w.owner, id, stranger).await), Code::Invalid);
    assert_eq!(of(&w, ANN).await.status, "open");

    let other = w.another_business().await;
    for action in [Do::Close, Do::NoReplyNeeded, Do::MarkRead] {
        assert_eq!(code(act(&w, &other, id, action).await), Code::NotFound, "{action:?}");
    }
    let note = |body: String| conversations::notes::add(&w.s, &w.owner, id, AddNote { body, id: None });
    assert_eq!(code(note("x".repeat(10_001)).await), Code::Invalid);
    assert_eq!(code(note(" \n ".to_owned()).await), Code::Invalid);
    let theirs = conversations::notes::add(
        &w.s,
        &other,
        id,
        AddNote {
            body: "Hi".to_owned(),
            id: None,
        },
    )
    .await;
    assert_eq!(code(theirs), Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn notes_stand_in_the_thread_and_never_leave_the_house(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = with_an_owner(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "Is there parking?").await;
    let id = of(&w, ANN).await.id;
    let sam = sam(&w).await;
    let typed = Draft {
        kind: DraftKind::Note,
        body: "Ask the la".to_owned(),
    };
    conversations::notes::save_draft(&w.s, &sam, id, typed.clone())
        .await
        .expect("kept");
    let thread = pages::thread::thread(&w.s, &sam, id, Default::default())
        .await
        .expect("the thread");
    assert_eq!((thread.draft, thread.members.len()), (Some(typed), 2));

    w.clock.advance(Duration::minutes(1));
    let body = "Ask the landlord first.".to_owned();
    conversations::notes::add(
        &w.s,
        &sam,
        id,
        AddNote {
            body: body.clone(),
            id: None,
        },
    )
    .await
    .expect("noted");
    w.work().await;
    let thread = pages::thread::thread(&w.s, &w.owner, id, Default::default())
        .await
        .expect("the thread");
    assert_eq!(thread.notes.len(), 1);
    assert_eq!((thread.notes[0].body.as_str(), thread.messages.len()), (body.as_str(), 1));
    assert!(w.phone_got(&ann.phone).is_empty(), "the customer got nothing");
    assert!(of(&w, ANN).await.needs_answer, "a note is no answer");
    let thread = pages::thread::thread(&w.s, &sam, id, Default::default())
        .await
        .expect("the thread");
    assert_eq!(thread.draft, None, "what was saved is no draft any more");
}

fn answer(w: &World, contact_id: Uuid, body: &str, after: Option<Uuid>) -> SendMessage {
    _ = w;
    SendMessage {
        channel: None,
        contact_id,
        body: body.to_owned(),
        correlation_id: Some(format!("answer {body}")),
        after_message_id: after,
        send_at: None,
    }
}

#[rstest]
#[tokio::test]
async fn a_reply_that_has_not_seen_the_newest_is_asked_about(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let sam = sam(&w).await;
    w.text(ANN, "Can I come at two?").await;
    let seen = w.last_message(&ann).await.id;
    w.clock.advance(Duration::minutes(1));
    w.text(ANN, "Sorry, at three!").await;

    let late = answer(&w, ann.id, "Two is fine", Some(seen));
    assert_eq!(code(outbox::send(&w.s, &w.owner, late).await), Code::Conflict);
    assert_eq!(w.thread(&ann).await.len(), 2, "nothing was stored");

    let seen = w.last_message(&ann).await.id;
    let mine = answer(&w, ann.id, "Three is fine", Some(seen));
    let first = outbox::send(&w.s, &w.owner, mine.clone()).await.expect("nothing newer");
    let repeat = outbox::send(&w.s, &w.owner, mine).await.expect("a repeat is no news");
    assert_eq!(first.id, repeat.id);
    let more = answer(&w, ann.id, "See you then", Some(seen));
    outbox::send(&w.s, &w.owner, more).await.expect("one's own reply is no news");

    let same_time = answer(&w, ann.id, "Three is taken", Some(seen));
    assert_eq!(
        code(outbox::send(&w.s, &sam, same_time).await),
        Code::Conflict,
        "the colleague was faster"
    );
    let newest = w.last_message(&ann).await.id;
    let id = of(&w, ANN).await.id;
    let note = AddNote {
        body: "Don't answer her, I call.".to_owned(),
        id: None,
    };
    conversations::notes::add(&w.s, &sam, id, note).await.expect("noted");
    let blind = answer(&w, ann.id, "And bring the card", Some(newest));
    assert_eq!(
        code(outbox::send(&w.s, &w.owner, blind).await),
        Code::Conflict,
        "a note is news, too"
    );
    let foreign = answer(&w, ann.id, "Hello", Some(Uuid::now_v7()));
    assert_eq!(code(outbox::send(&w.s, &w.owner, foreign).await), Code::Invalid);
}

#[rstest]
#[tokio::test]
async fn whose_last_text_did_not_arrive_is_among_the_failed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(30006).count(1));
    w.reply(&ann, "Hello").await.expect("stored");
    w.work().await;
    assert_eq!(names(&w, "failed").await, ["Ann"]);
    w.text(ANN, "Hi").await;
    assert_eq!(names(&w, "failed").await, Vec::<String>::new());
}
