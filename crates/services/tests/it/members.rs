//! Who works in a business, and who decides that. A business always has an owner.

use contract::{
    Code,
    accounts::{MemberQuery, Role, SignIn},
    conversations::ConversationAction,
    feeds::CreateFeed,
    tasks::{CreateTask, TaskQuery},
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use services::{
    Actor, Principal, accounts,
    accounts::{choosing, members, sessions},
    conversations, feeds, jobs, tasks,
};
use testkit::{Backend, World, member};
use uuid::Uuid;

const PASSWORD: &str = "a long password";

async fn owner(w: &World, email: &str) -> Actor {
    member(&w.s, w.owner.business_id, Role::Owner, email, PASSWORD).await
}

async fn one(w: &World, role: Role, email: &str) -> Actor {
    member(&w.s, w.owner.business_id, role, email, PASSWORD).await
}

fn id(actor: &Actor) -> Uuid {
    match actor.who {
        Principal::Member { account_id, .. } => account_id,
        _ => panic!("a member"),
    }
}

async fn roles(w: &World, actor: &Actor) -> Vec<(String, Role)> {
    let page = members::list(&w.s, actor, MemberQuery::default()).await.expect("a list");
    page.data.into_iter().map(|one| (one.email, one.role)).collect()
}

async fn texts(w: &World, sql: &str) -> Vec<String> {
    let db = w.s.db().connection();
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("rows");
    rows.iter().map(|row| row.try_get_by_index(0).expect("text")).collect()
}

/// The jobs that wait, done.
async fn work_jobs(w: &World) {
    let payloads: Vec<Vec<u8>> = {
        let db = w.s.db().connection();
        let table = if w.s.db().is_postgres() { "apalis.jobs" } else { "Jobs" };
        let sql = format!("SELECT job FROM {table} WHERE status = 'Pending'");
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
            .await
            .expect("jobs");
        rows.iter().map(|row| row.try_get_by_index(0).expect("a payload")).collect()
    };
    for payload in payloads {
        let job = serde_json::from_slice(&payload).expect("a job");
        Box::pin(jobs::perform(&w.s, job)).await.expect("done");
    }
}

#[rstest]
#[tokio::test]
async fn roles_are_changed_by_who_may(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (olga, adam, sam) = (
        owner(&w, "olga@x.test").await,
        one(&w, Role::Admin, "adam@x.test").await,
        one(&w, Role::Staff, "sam@x.test").await,
    );
    let refused = async |actor: &Actor, whom: &Actor, to: Role| {
        let answer = members::change_role(&w.s, actor, id(whom), to).await;
        answer.expect_err("refused").problem().code
    };
    assert_eq!(refused(&sam, &sam, Role::Admin).await, Code::NotAllowed);
    assert_eq!(refused(&adam, &sam, Role::Owner).await, Code::NotAllowed);
    assert_eq!(refused(&adam, &olga, Role::Staff).await, Code::NotAllowed);
    assert_eq!(refused(&olga, &olga, Role::Admin).await, Code::Conflict, "the last owner");
    let elsewhere = w.another_business().await;
    let gus = member(&w.s, elsewhere.business_id, Role::Owner, "gus@x.test", PASSWORD).await;
    assert_eq!(refused(&gus, &sam, Role::Admin).await, Code::NotFound, "another business");
    members::change_role(&w.s, &adam, id(&sam), Role::Admin)
        .await
        .expect("an admin may");
    members::change_role(&w.s, &olga, id(&adam), Role::Owner)
        .await
        .expect("an owner may");
    members::change_role(&w.s, &olga, id(&olga), Role::Staff)
        .await
        .expect("there is another owner");
    assert_eq!(
        refused(&olga, &sam, Role::Staff).await,
        Code::NotAllowed,
        "what they are now counts, not what they were when they came in"
    );
    let names = |email: &str, role| (email.to_owned(), role);
    assert_eq!(
        roles(&w, &sam).await,
        [
            names("olga@x.test", Role::Staff),
            names("adam@x.test", Role::Owner),
            names("sam@x.test", Role::Admin)
        ]
    );
    let audited = texts(&w, "SELECT actor FROM audit_event WHERE action = 'member.role_changed'").await;
    assert_eq!(audited.len(), 3, "{audited:?}");
}

#[rstest]
#[tokio::test]
async fn two_owners_who_demote_each_other_leave_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (olga, otto) = (owner(&w, "olga@x.test").await, owner(&w, "otto@x.test").await);
    let other = w.another_process().await;
    for _ in 0..10 {
        let (a, b) = tokio::join!(
            members::change_role(&w.s, &olga, id(&otto), Role::Staff),
            members::change_role(&other, &otto, id(&olga), Role::Staff),
        );
        assert!(a.is_ok() != b.is_ok(), "exactly one: {a:?} {b:?}");
        let found = roles(&w, &olga).await;
        let owners: Vec<_> = found.iter().filter(|(_, role)| *role == Role::Owner).collect();
        assert_eq!(owners.len(), 1, "{found:?}");
        let (left, demoted) = if a.is_ok() { (&olga, &otto) } else { (&otto, &olga) };
        members::change_role(&w.s, left, id(demoted), Role::Owner)
            .await
            .expect("as before");
        // Both leave at once.
        let (a, b) = tokio::join!(
            members::remove(&w.s, &olga, id(&olga)),
            members::remove(&other, &otto, id(&otto))
        );
        assert!(a.is_ok() != b.is_ok(), "exactly one: {a:?} {b:?}");
        let gone = if a.is_ok() { "olga@x.test" } else { "otto@x.test" };
        accounts::add_member(&w.s, w.owner.business_id, Role::Owner, "", gone, "")
            .await
            .expect("back again, with the account they have");
    }
}

#[rstest]
#[tokio::test]
async fn who_is_removed_is_out_and_what_was_theirs_is_nobodys(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (olga, sam) = (owner(&w, "olga@x.test").await, one(&w, Role::Staff, "sam@x.test").await);
    let ann = w.contact("Ann", "+14155550171").await;
    let ben = w.contact("Ben", "+14155550172").await;
    for (person, close) in [(&ann, false), (&ben, true)] {
        let thread = conversations::open_with(&w.s, &olga, person.id).await.expect("a thread");
        let give = ConversationAction::Assign {
            account_id: Some(id(&sam)),
        };
        conversations::act(&w.s, &olga, thread, give).await.expect("given");
        if close {
            conversations::act(&w.s, &olga, thread, ConversationAction::Close)
                .await
                .expect("closed");
        }
    }
    let task = CreateTask {
        title: "Call back".to_owned(),
        assignee_id: Some(id(&sam)),
        ..CreateTask::default()
    };
    tasks::create(&w.s, &olga, task).await.expect("a task");
    let feed = CreateFeed {
        staff_label_id: String::new(),
        detail: "initials".to_owned(),
    };
    let url = feeds::create(&w.s, &sam, feed).await.expect("an address").url;
    let secret = url
        .rsplit('/')
        .next()
        .and_then(|file| file.strip_suffix(".ics"))
        .expect("a file");
    assert!(feeds::read(&w.s, secret).await.expect("an answer").is_some());

    let refused = members::remove(&w.s, &sam, id(&olga)).await.expect_err("staff").problem();
    assert_eq!(refused.code, Code::NotAllowed);
    members::remove(&w.s, &olga, id(&sam)).await.expect("removed");
    let claim = sessions::Claim {
        account_id: id(&sam),
        business_id: Some(w.owner.business_id),
    };
    assert!(
        sessions::actor(&w.s, claim).await.expect("an answer").is_none(),
        "out with the next request"
    );
    assert!(feeds::read(&w.s, secret).await.expect("an answer").is_none());
    work_jobs(&w).await;
    let left = texts(&w, "SELECT preview FROM conversation WHERE assignee_id IS NOT NULL").await;
    assert_eq!(left.len(), 0);
    let open = tasks::list(&w.s, &olga, TaskQuery::default()).await.expect("tasks").data;
    assert!(open.iter().all(|task| task.assignee_id.is_none()), "{open:?}");

    // Back again, the old address stays shut, and nothing is taken twice.
    accounts::add_member(&w.s, w.owner.business_id, Role::Staff, "", "sam@x.test", "")
        .await
        .expect("back");
    assert!(feeds::read(&w.s, secret).await.expect("an answer").is_none());
    work_jobs(&w).await;
}

#[rstest]
#[tokio::test]
async fn one_person_works_in_two_businesses_and_signs_in_where_they_were(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let sam = one(&w, Role::Staff, "sam@x.test").await;
    let garage = w.another_business().await.business_id;
    let again = accounts::add_member(&w.s, w.owner.business_id, Role::Staff, "", "sam@x.test", "").await;
    assert_eq!(again.expect_err("a member already").problem().code, Code::Conflict);
    let joined = accounts::add_member(&w.s, garage, Role::Admin, "Somebody Else", "Sam@X.test", "another password").await;
    assert_eq!(
        joined.expect("a second business"),
        id(&sam),
        "the account they have, its name and its password"
    );
    let sign_in = async || {
        let cmd = SignIn {
            email: "sam@x.test".to_owned(),
            password: PASSWORD.to_owned(),
        };
        match accounts::sign_in(&w.s, cmd, &accounts::Caller::default())
            .await
            .expect("signed in")
        {
            accounts::SignedIn::In(entry) => entry.start.business_id,
            accounts::SignedIn::CodeNeeded(_) => panic!("there is no second factor"),
        }
    };
    assert_eq!(sign_in().await, Some(w.owner.business_id), "the first one");
    choosing::choose(&w.s, id(&sam), garage).await.expect("chosen");
    assert_eq!(sign_in().await, Some(garage), "the last one");
    let stranger = w.business_without_number("Nail Bar").await.business_id;
    let refused = choosing::choose(&w.s, id(&sam), stranger)
        .await
        .expect_err("not theirs")
        .problem();
    assert_eq!(refused.code, Code::NotFound);
    let all = choosing::businesses(&w.s, id(&sam)).await.expect("a list");
    let roles: Vec<Role> = all.iter().map(|one| one.role).collect();
    assert_eq!((all.len(), roles.contains(&Role::Admin)), (2, true));
    members::remove(
        &w.s,
        &Actor {
            business_id: garage,
            who: Principal::Operator,
        },
        id(&sam),
    )
    .await
    .expect("removed");
    assert_eq!(sign_in().await, Some(w.owner.business_id));
    let operator = Actor {
        business_id: w.owner.business_id,
        who: Principal::Operator,
    };
    members::remove(&w.s, &operator, id(&sam)).await.expect("removed");
    assert_eq!(sign_in().await, None, "they belong to none, and may still join one");
}

#[rstest]
#[tokio::test]
async fn a_list_comes_page_by_page_and_a_name_is_ones_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = owner(&w, "olga@x.test").await;
    for n in 0..4 {
        one(&w, Role::Staff, &format!("staff{n}@x.test")).await;
    }
    let (mut cursor, mut found) = (None, Vec::new());
    loop {
        let query = MemberQuery { cursor, limit: Some(2) };
        let page = members::list(&w.s, &olga, query).await.expect("a page");
        found.extend(page.data.into_iter().map(|one| one.email));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 5);
    assert_eq!(found.first().map(String::as_str), Some("olga@x.test"));
    members::rename(&w.s, &olga, "  Olga  Olsen ").await.expect("renamed");
    let listed = members::list(&w.s, &olga, MemberQuery::default()).await.expect("a list").data;
    assert_eq!(listed[0].name, "Olga Olsen");
    let empty = members::rename(&w.s, &olga, "\u{200b} ")
        .await
        .expect_err("nothing to see")
        .problem();
    assert!(empty.for_field("name").is_some());
}
