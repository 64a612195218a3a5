//! Who a conversation is given to by itself when its customer begins to wait, and who gets none.

use contract::{
    Code, PageQuery,
    accounts::Role,
    businesses::UpdateInbox,
    contacts::ContactView,
    conversations::{ConversationAction as Do, ConversationRow},
    messages::SendMessage,
    notifications::Kind,
};
use entity::{accounts::member, live::live_event};
use rstest::rstest;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use services::{Actor, Principal, businesses::rules, conversations, outbox, pages, receiving};
use testkit::{Backend, World};
use uuid::Uuid;

use crate::notifications::{person, unread};

const ANN: &str = "+14155550101";

fn number(n: usize) -> String {
    format!("+1415555{:04}", 200 + n)
}

fn id_of(actor: &Actor) -> Uuid {
    match actor.who {
        Principal::Member { account_id, .. } => account_id,
        _ => panic!("a person"),
    }
}

/// The business gives conversations away by this rule.
async fn by(w: &World, rule: &str) {
    let new = UpdateInbox {
        assign: rule.to_owned(),
        close_after_days: String::new(),
    };
    rules::update(&w.s, &w.owner, new).await.expect("kept");
}

async fn away(w: &World, who: &Actor, away: bool) {
    services::accounts::set_away(&w.s, who, away).await.expect("said");
}

async fn row(w: &World, contact: &ContactView) -> ConversationRow {
    let all = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("the inbox");
    let mut rows = all.data.into_iter();
    rows.find(|row| row.contact_id == contact.id).expect("a conversation")
}

async fn act(w: &World, contact: &ContactView, what: Do) {
    let id = row(w, contact).await.id;
    conversations::act(&w.s, &w.owner, id, what).await.expect("done");
}

async fn reply(w: &World, actor: &Actor, contact: &ContactView) {
    let text = SendMessage {
        channel: None,
        contact_id: contact.id,
        body: "Of course.".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    outbox::send(&w.s, actor, text).await.expect("stored");
}

/// Somebody new writes; who has the conversation then.
async fn asked(w: &World, n: usize) -> Option<Uuid> {
    let contact = w.contact(&format!("Number {n}"), &number(n)).await;
    w.text(&number(n), "Is there parking?").await;
    row(w, &contact).await.assignee
}

#[rstest]
#[tokio::test]
async fn without_a_rule_it_is_nobodys(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    person(&w, Role::Staff, "Sam").await;
    assert_eq!(asked(&w, 1).await, None);
}

#[rstest]
#[tokio::test]
async fn in_turn_everybody_who_is_not_away_gets_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (olga, sam, tim) = (
        person(&w, Role::Owner, "Olga").await,
        person(&w, Role::Staff, "Sam").await,
        person(&w, Role::Staff, "Tim").await,
    );
    by(&w, "round_robin").await;
    let mut got = Vec::new();
    for n in 0..6 {
        got.push(asked(&w, n).await.expect("given to somebody"));
    }
    // The clock stands still, and yet it goes round.
    let all: std::collections::BTreeSet<Uuid> = got[..3].iter().copied().collect();
    assert_eq!(all.len(), 3, "each of them once: {got:?}");
    assert_eq!(got[..3], got[3..], "and again in the same order");
    away(&w, &sam, true).await;
    for n in 6..10 {
        let who = asked(&w, n).await;
        assert!(who == Some(id_of(&olga)) || who == Some(id_of(&tim)), "{who:?}");
    }
    away(&w, &sam, false).await;
    assert_eq!(asked(&w, 10).await, Some(id_of(&sam)), "who had none for longest is next");
    for one in [&olga, &sam, &tim] {
        away(&w, one, true).await;
    }
    assert_eq!(asked(&w, 11).await, None, "there is nobody");
}

#[rstest]
#[tokio::test]
async fn at_the_same_moment_nobody_is_passed_over(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for name in ["Sam", "Tim"] {
        person(&w, Role::Staff, name).await;
    }
    by(&w, "round_robin").await;
    let (one, other) = (w.s.clone(), w.another_process().await);
    let texts: Vec<_> = (0..20).map(|n| (n, w.inbound(&number(n), "Is there parking?"))).collect();
    let calls = texts.iter().map(|(n, form)| {
        let s = if n % 2 == 0 { &one } else { &other };
        async move { receiving::receive(s, form, "").await.expect("taken") }
    });
    futures::future::join_all(calls).await;
    let members = member::Entity::find()
        .filter(member::Column::BusinessId.eq(w.owner.business_id))
        .all(w.s.db().connection())
        .await
        .expect("members");
    let all = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("the inbox")
        .data;
    for member in members {
        let has = all.iter().filter(|row| row.assignee == Some(member.account_id)).count();
        assert_eq!(has, 10, "each has their half");
    }
}

#[rstest]
#[tokio::test]
async fn who_replied_last_gets_it_again_unless_they_are_away(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (sam, tim) = (person(&w, Role::Staff, "Sam").await, person(&w, Role::Staff, "Tim").await);
    by(&w, "last_replied").await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "Is there parking?").await;
    assert_eq!(row(&w, &ann).await.assignee, None, "nobody has replied yet");
    reply(&w, &tim, &ann).await;
    reply(&w, &sam, &ann).await;
    w.text(ANN, "And a lift?").await;
    assert_eq!(row(&w, &ann).await.assignee, Some(id_of(&sam)));
    act(&w, &ann, Do::Assign { account_id: None }).await;
    away(&w, &sam, true).await;
    w.text(ANN, "Hello?").await;
    assert_eq!(row(&w, &ann).await.assignee, None, "he is away");
}

#[rstest]
#[tokio::test]
async fn who_is_away_keeps_what_is_theirs_until_it_was_closed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (sam, tim) = (person(&w, Role::Staff, "Sam").await, person(&w, Role::Staff, "Tim").await);
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "Is there parking?").await;
    let sams = Do::Assign {
        account_id: Some(id_of(&sam)),
    };
    act(&w, &ann, sams).await;
    away(&w, &sam, true).await;
    w.text(ANN, "Hello?").await;
    assert_eq!(row(&w, &ann).await.assignee, Some(id_of(&sam)), "old ones stay");
    // Closed, and opened by her: without a rule nobody has it.
    act(&w, &ann, Do::Close).await;
    w.text(ANN, "One more thing").await;
    let seen = row(&w, &ann).await;
    assert_eq!((seen.status.as_str(), seen.assignee), ("open", None));
    assert_eq!(unread(&w, &tim).await[0], Kind::Unassigned, "so everybody hears of it");
    // Here again, it comes back to him.
    away(&w, &sam, false).await;
    act(&w, &ann, sams).await;
    act(&w, &ann, Do::Close).await;
    w.text(ANN, "And a last one").await;
    assert_eq!(row(&w, &ann).await.assignee, Some(id_of(&sam)));
    // With a rule, the rule decides.
    by(&w, "round_robin").await;
    act(&w, &ann, Do::Close).await;
    away(&w, &sam, true).await;
    w.text(ANN, "Really the last").await;
    assert_eq!(row(&w, &ann).await.assignee, Some(id_of(&tim)));
}

#[rstest]
#[tokio::test]
async fn who_does_not_work_here_any_more_has_none(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (sam, tim) = (person(&w, Role::Staff, "Sam").await, person(&w, Role::Staff, "Tim").await);
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "Is there parking?").await;
    let account_id = Some(id_of(&sam));
    act(&w, &ann, Do::Assign { account_id }).await;
    member::Entity::delete_many()
        .filter(member::Column::AccountId.eq(id_of(&sam)))
        .exec(w.s.db().connection())
        .await
        .expect("gone");
    w.text(ANN, "Hello?").await;
    assert_eq!(row(&w, &ann).await.assignee, None);
    assert_eq!(unread(&w, &tim).await[0], Kind::Unassigned);
}

#[rstest]
#[tokio::test]
async fn only_what_asks_for_an_answer_is_given_away(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = person(&w, Role::Staff, "Sam").await;
    by(&w, "round_robin").await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    w.text(ANN, "Y").await;
    assert_eq!(row(&w, &ann).await.assignee, None, "a machine has understood it");
    w.text(ANN, "Yes, but can it be an hour later?").await;
    assert_eq!(row(&w, &ann).await.assignee, Some(id_of(&sam)), "this one a person must read");
    // Another business's people are no choice here.
    let garage = w.another_business().await;
    assert_eq!(
        conversations::page(&w.s, &garage, Default::default())
            .await
            .expect("none")
            .data
            .len(),
        0
    );
}

#[rstest]
#[tokio::test]
async fn it_is_told_and_written_down_as_done_by_the_rule(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = person(&w, Role::Staff, "Sam").await;
    by(&w, "round_robin").await;
    let ann = w.contact("Ann", ANN).await;
    let heard = || live_event::Entity::find().count(w.s.db().connection());
    let before = heard().await.expect("counted");
    w.text(ANN, "Is there parking?").await;
    let mut kinds = unread(&w, &sam).await;
    kinds.sort();
    assert_eq!(kinds, [Kind::Mine, Kind::Assigned], "as if a person had given it to him");
    let page = pages::contact::timeline(&w.s, &w.owner, ann.id, PageQuery::default()).await;
    let page = page.expect("a timeline").data;
    let given = page
        .iter()
        .find(|one| one.event == "conversation.assigned")
        .expect("written down");
    assert_eq!(
        (given.by.as_str(), given.detail.as_deref()),
        ("automatic assignment", Some("To Sam"))
    );
    assert!(heard().await.expect("counted") > before, "streams hear of it");
}

#[rstest]
#[tokio::test]
async fn rules_are_for_those_who_manage_the_business_and_must_make_sense(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let sam = person(&w, Role::Staff, "Sam").await;
    let new = |assign: &str, days: &str| UpdateInbox {
        assign: assign.to_owned(),
        close_after_days: days.to_owned(),
    };
    let refused = rules::update(&w.s, &sam, new("off", "")).await.expect_err("staff");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    let refused = rules::update(&w.s, &w.owner, new("by weight", "366"))
        .await
        .expect_err("nonsense")
        .problem();
    let fields: Vec<&str> = refused.fields.iter().map(|one| one.field.as_str()).collect();
    assert_eq!((refused.code, fields), (Code::Invalid, vec!["assign", "close_after_days"]));
    for days in ["0", "-1", "1.5", "a week"] {
        let refused = rules::update(&w.s, &w.owner, new("off", days))
            .await
            .expect_err(days)
            .problem();
        assert_eq!(refused.fields[0].field, "close_after_days");
    }
    rules::update(&w.s, &w.owner, new("last_replied", " 30 "))
        .await
        .expect("kept");
    let seen = pages::settings::inbox(&w.s, &sam).await.expect("shown");
    assert_eq!((seen.assign.as_str(), seen.close_after_days), ("last_replied", Some(30)));
    away(&w, &sam, true).await;
    assert_eq!(pages::settings::inbox(&w.s, &sam).await.expect("shown").away, ["Sam"]);
    assert!(pages::me::me(&w.s, &sam).await.expect("a frame").away);
    let garage = w.another_business().await;
    let theirs = pages::settings::inbox(&w.s, &garage).await.expect("shown");
    assert_eq!(
        (theirs.assign.as_str(), theirs.away.len()),
        ("off", 0),
        "each business its own"
    );
}
