//! Many conversations at once, and taking back what was done last.

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    accounts::Role,
    conversations::{BatchState, BatchView, BulkAction, Chosen, ConversationAction as Do, ConversationQuery, ConversationRow},
};
use rstest::rstest;
use services::{
    Actor, accounts, contacts, conversations,
    conversations::batch::{begin, last, undo},
    jobs, tasks,
};
use testkit::{Backend, World, member};
use uuid::Uuid;

const ANN: &str = "+14155550111";
const BOB: &str = "+14155550112";

/// A world whose owner has an account.
async fn world(backend: Backend) -> World {
    let mut w = World::new(backend).await;
    w.owner = member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "long enough word").await;
    w
}

fn code(result: services::Result<impl std::fmt::Debug>) -> Code {
    result.expect_err("refused").problem().code
}

async fn rows(w: &World, actor: &Actor, show: Option<&str>) -> Vec<ConversationRow> {
    let query = ConversationQuery {
        show: show.map(str::to_owned),
        limit: Some(100),
        ..Default::default()
    };
    conversations::page(&w.s, actor, query).await.expect("a page").data
}

async fn ids(w: &World, show: Option<&str>) -> Vec<Uuid> {
    rows(w, &w.owner, show).await.into_iter().map(|row| row.id).collect()
}

async fn does(w: &World, ids: Vec<Uuid>, action: Do) -> BatchView {
    begin(&w.s, &w.owner, Chosen::These(ids), BulkAction::Do(action))
        .await
        .expect("done")
}

fn all_of(show: &str, as_of: DateTime<Utc>) -> Chosen {
    Chosen::View {
        show: Some(show.to_owned()),
        as_of,
    }
}

/// Two who have written something.
async fn two_who_wait(w: &World) {
    w.contact("Ann", ANN).await;
    w.contact("Bob", BOB).await;
    w.text(ANN, "Is there parking?").await;
    w.text(BOB, "Do you take cards?").await;
}

#[rstest]
#[tokio::test]
async fn what_was_done_to_many_is_undone_as_a_whole_and_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    two_who_wait(&w).await;
    let before = rows(&w, &w.owner, None).await;
    let chosen = vec![before[0].id, before[1].id, Uuid::now_v7()];
    let me = conversations_account(&w.owner);
    for action in [
        Do::Close,
        Do::Snooze {
            until: w.clock.now() + Duration::hours(3),
        },
        Do::Assign { account_id: Some(me) },
        Do::NoReplyNeeded,
        Do::MarkRead,
    ] {
        let done = does(&w, chosen.clone(), action).await;
        assert_eq!((done.state, done.done, done.total), (BatchState::Done, 2, 3), "{action:?}");
        assert_eq!(done.not_done.len(), 1, "the third is no conversation");
        assert_ne!(rows(&w, &w.owner, None).await, before, "{action:?}");
        let undone = undo(&w.s, &w.owner, Some(done.id)).await.expect("undone");
        assert_eq!((undone.state, undone.done, undone.not_done.len()), (BatchState::Undone, 2, 0));
        assert_eq!(undone.words(), "2 put back");
        assert_eq!(rows(&w, &w.owner, None).await, before, "{action:?}");
        assert_eq!(code(undo(&w.s, &w.owner, None).await), Code::Conflict, "once");
    }
    let done = does(&w, chosen, Do::Close).await;
    assert_eq!(
        done.words(),
        "2 closed · 1 not (There is no such conversation in this business.)"
    );
}

fn conversations_account(actor: &Actor) -> Uuid {
    match &actor.who {
        services::Principal::Member { account_id, .. } => *account_id,
        other => panic!("{other:?} is no person"),
    }
}

#[rstest]
#[tokio::test]
async fn what_has_changed_since_stays_as_it_is_by_now(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    two_who_wait(&w).await;
    does(&w, ids(&w, None).await, Do::Close).await;
    w.text(BOB, "Hello? Do you take cards?").await;
    let undone = undo(&w.s, &w.owner, None).await.expect("undone");
    assert_eq!(undone.words(), "1 put back · 1 not (changed since)");
    let all = rows(&w, &w.owner, Some("needs_answer")).await;
    assert_eq!(all.len(), 2, "Bob's conversation was opened by his text, Ann's by the undo");
}

#[rstest]
#[tokio::test]
async fn one_thing_is_undone_like_many_and_only_the_last(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    w.text(ANN, "yes but can we make it half past?").await;
    let id = ids(&w, None).await[0];
    let open = async || {
        let all = tasks::list(&w.s, &w.owner, Default::default()).await.expect("tasks").data;
        all.into_iter().filter(|task| task.contact_id == Some(ann.id)).count()
    };
    assert_eq!(open().await, 1);
    conversations::act(&w.s, &w.owner, id, Do::NoReplyNeeded).await.expect("done");
    assert_eq!(open().await, 0);
    let first = last(&w.s, &w.owner).await.expect("answered").expect("something").id;
    conversations::act(&w.s, &w.owner, id, Do::Close).await.expect("done");
    assert_eq!(
        code(undo(&w.s, &w.owner, Some(first)).await),
        Code::Conflict,
        "something newer was done"
    );
    undo(&w.s, &w.owner, None).await.expect("undone");
    assert!(ids(&w, Some("closed")).await.is_empty());

    conversations::act(&w.s, &w.owner, id, Do::NeedsReply).await.expect("done");
    w.text(ANN, "so?").await;
    let asked = open().await;
    assert!(asked > 0);
    conversations::act(&w.s, &w.owner, id, Do::Close).await.expect("done");
    assert_eq!(open().await, 0);
    undo(&w.s, &w.owner, None).await.expect("undone");
    assert_eq!(ids(&w, Some("needs_answer")).await, [id]);
    assert_eq!(open().await, asked, "what the closing settled is open again");

    // Each has their own last thing, and a day later there is none.
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    assert_eq!(code(undo(&w.s, &sam, None).await), Code::Conflict);
    conversations::act(&w.s, &w.owner, id, Do::Close).await.expect("done");
    w.clock.advance(Duration::hours(25));
    assert_eq!(last(&w.s, &w.owner).await.expect("answered"), None);
    assert_eq!(code(undo(&w.s, &w.owner, None).await), Code::Conflict);
}

#[rstest]
#[tokio::test]
async fn tags_are_given_to_many_and_taken_back_from_who_did_not_have_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    two_who_wait(&w).await;
    let all = ids(&w, None).await;
    let tag = |ids: Vec<Uuid>, tag: &str| begin(&w.s, &w.owner, Chosen::These(ids), BulkAction::Tag(tag.to_owned()));
    tag(vec![all[0]], "VIP").await.expect("tagged");
    let done = tag(all.clone(), " vip ").await.expect("tagged");
    assert_eq!(done.words(), "2 tagged “vip”");
    let tags = async || {
        let people = contacts::list(&w.s, &w.owner, Default::default()).await.expect("people").data;
        people.iter().filter(|person| person.tags == ["vip"]).count()
    };
    assert_eq!(tags().await, 2);
    undo(&w.s, &w.owner, None).await.expect("undone");
    assert_eq!(tags().await, 1, "who had it before has it still");
    for none in ["", "a, b"] {
        assert_eq!(code(tag(all.clone(), none).await), Code::Invalid);
    }
}

/// Until they answer is no time that comes: it ends with what they write.
#[rstest]
#[tokio::test]
async fn until_they_answer_ends_when_they_do(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    two_who_wait(&w).await;
    let until = domain::snooze::UNTIL_THEY_ANSWER;
    does(&w, ids(&w, None).await, Do::Snooze { until }).await;
    w.clock.advance(Duration::days(800));
    jobs::tick(&w.s).await.expect("a tick");
    assert_eq!(ids(&w, Some("snoozed")).await.len(), 2);
    w.text(BOB, "Still interested").await;
    assert_eq!(ids(&w, Some("snoozed")).await.len(), 1);
}

/// A view is chosen as it was looked at: who writes meanwhile is not closed away unseen.
#[rstest]
#[tokio::test]
async fn all_of_a_view_leaves_what_came_since(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    two_who_wait(&w).await;
    assert_eq!(
        conversations::exact_count(&w.s, &w.owner, Some("needs_answer"))
            .await
            .expect("counted"),
        2
    );
    let close = |as_of| begin(&w.s, &w.owner, all_of("needs_answer", as_of), BulkAction::Do(Do::Close));
    // Ids tell when texts were stored, by the machine's clock.
    let long_ago = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
    let done = close(long_ago).await.expect("done");
    assert_eq!(done.words(), "0 closed · 2 not (has a new message)");
    let as_of = after_this();
    while after_this() <= as_of + Duration::milliseconds(1) {}
    w.text(BOB, "Hello?").await;
    let done = close(as_of).await.expect("done");
    assert_eq!(done.words(), "1 closed · 1 not (has a new message)", "a moment is enough");
    let done = close(DateTime::from_timestamp(4_000_000_000, 0).expect("a time"))
        .await
        .expect("done");
    assert_eq!(done.words(), "1 closed");
    assert_eq!(code(close(long_ago).await), Code::Invalid, "nothing is left to close");
}

/// The millisecond after the last that an id can tell.
fn after_this() -> DateTime<Utc> {
    let (seconds, nanos) = Uuid::now_v7().get_timestamp().expect("it tells").to_unix();
    let now = DateTime::from_timestamp(seconds as i64, nanos).expect("a time");
    now + Duration::milliseconds(1)
}

/// Many are gone on with by a job, which another process can take over, and undone in the same way.
#[rstest]
#[tokio::test]
async fn hundreds_are_done_in_the_background_and_undone_so(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    for n in 0..210 {
        let ann = w.contact(&format!("Number {n}"), &format!("+1415555{n:04}")).await;
        conversations::open_with(&w.s, &w.owner, ann.id).await.expect("a thread");
    }
    let begun = begin(&w.s, &w.owner, all_of("open", w.clock.now()), BulkAction::Do(Do::Close))
        .await
        .expect("begun");
    assert_eq!(
        (begun.state, begun.total, begun.words().as_str()),
        (BatchState::Running, 210, "0 of 210 …")
    );
    assert_eq!(
        code(undo(&w.s, &w.owner, None).await),
        Code::Conflict,
        "it is still being done"
    );
    let job = || services::queue::Job::Batch { batch_id: begun.id };
    let other = w.another_process().await;
    let (here, there) = tokio::join!(jobs::perform(&w.s, job()), jobs::perform(&other, job()));
    here.expect("done");
    there.expect("done");
    let done = last(&w.s, &w.owner).await.expect("answered").expect("something");
    assert_eq!(done.words(), "210 closed");
    let undoing = undo(&w.s, &w.owner, None).await.expect("begun");
    assert_eq!(undoing.state, BatchState::Undoing);
    jobs::perform(&w.s, job()).await.expect("done");
    let undone = last(&w.s, &w.owner).await.expect("answered").expect("something");
    assert_eq!(
        (undone.words().as_str(), ids(&w, Some("closed")).await.len()),
        ("210 put back", 0)
    );
}

#[rstest]
#[tokio::test]
async fn none_too_many_and_strangers_are_refused_and_nothing_is_half_done(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    two_who_wait(&w).await;
    let close = || BulkAction::Do(Do::Close);
    let begin_with = |ids| begin(&w.s, &w.owner, Chosen::These(ids), close());
    assert_eq!(code(begin_with(Vec::new()).await), Code::Invalid);
    let mut many: Vec<Uuid> = (0..10_000).map(|_| Uuid::now_v7()).collect();
    many.extend(ids(&w, None).await);
    assert_eq!(code(begin_with(many).await), Code::Invalid);
    let past = BulkAction::Do(Do::Snooze { until: w.clock.now() });
    let none = begin(&w.s, &w.owner, Chosen::These(ids(&w, None).await), past)
        .await
        .expect("answered");
    assert_eq!((none.done, none.total), (0, 2));
    let other = w.another_business().await;
    let stranger = member(&w.s, other.business_id, Role::Owner, "eve@x.test", "long enough word").await;
    let theirs = begin(&w.s, &stranger, Chosen::These(ids(&w, None).await), close())
        .await
        .expect("answered");
    assert_eq!((theirs.done, theirs.total), (0, 2), "there are no such conversations there");
    assert!(ids(&w, Some("closed")).await.is_empty());
    let nobody = accounts::actor(&w.s, conversations_account(&stranger), w.owner.business_id)
        .await
        .expect("answered");
    assert!(nobody.is_none());
}
