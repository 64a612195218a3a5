//! Quick replies of a business, and a text with actions in one go: all of it, or nothing.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    contacts::ContactView,
    conversations::{ConversationQuery, ConversationRow},
    quick_replies::{Actions, CarryOut, QuickReplyView, SaveQuickReply},
};
use rstest::rstest;
use services::{Actor, Principal, conversations, quick_replies};
use testkit::{Backend, World, member};
use uuid::Uuid;

const ANN: &str = "+14155550101";

fn new(name: &str, body: &str) -> SaveQuickReply {
    SaveQuickReply {
        name: name.to_owned(),
        body: body.to_owned(),
        actions: Actions::default(),
    }
}

fn closing() -> Actions {
    Actions {
        afterwards: Some("close".to_owned()),
        ..Actions::default()
    }
}

async fn sam(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await
}

async fn save(w: &World, id: Option<Uuid>, cmd: SaveQuickReply) -> services::Result<QuickReplyView> {
    quick_replies::save(&w.s, &w.owner, id, cmd).await
}

async fn names(w: &World, actor: &Actor) -> Vec<String> {
    let all = quick_replies::list(&w.s, actor).await.expect("a list");
    all.all.into_iter().map(|one| one.name).collect()
}

async fn ann_asks(w: &World) -> (ContactView, ConversationRow) {
    let ann = w.contact("Ann Lee", ANN).await;
    w.text(ANN, "Is there parking?").await;
    (ann, row(w).await)
}

async fn row(w: &World) -> ConversationRow {
    let mut all = conversations::page(&w.s, &w.owner, ConversationQuery::default())
        .await
        .expect("all");
    all.data.pop().expect("a conversation")
}

fn carry(body: &str, actions: Actions) -> CarryOut {
    CarryOut {
        body: body.to_owned(),
        correlation_id: Uuid::now_v7(),
        after_message_id: None,
        actions,
    }
}

fn field_of(result: services::Result<impl std::fmt::Debug>) -> String {
    let problem = result.expect_err("refused").problem();
    problem.fields.first().expect("a field").field.clone()
}

#[rstest]
#[tokio::test]
async fn they_are_added_changed_and_deleted_by_who_may(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let parking = save(&w, None, new("parking", "Behind the house, {{ first_name }}."))
        .await
        .expect("saved");
    save(&w, None, new("Directions", "Second door on the left."))
        .await
        .expect("saved");
    assert_eq!(
        names(&w, &sam).await,
        ["Directions", "parking"],
        "by name, whatever its letters"
    );

    let refused = quick_replies::save(&w.s, &sam, None, new("Mine", "x"))
        .await
        .expect_err("staff");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    let refused = quick_replies::delete(&w.s, &sam, parking.id).await.expect_err("staff");
    assert_eq!(refused.problem().code, Code::NotAllowed);

    let changed = save(&w, Some(parking.id), new("Car park", "At the back."))
        .await
        .expect("changed");
    assert_eq!((changed.id, changed.body.as_str()), (parking.id, "At the back."));
    quick_replies::delete(&w.s, &w.owner, parking.id).await.expect("deleted");
    assert_eq!(names(&w, &sam).await, ["Directions"]);
    let gone = quick_replies::delete(&w.s, &w.owner, parking.id).await.expect_err("gone");
    assert_eq!(gone.problem().code, Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn what_makes_no_sense_is_refused_at_its_field(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    save(&w, None, new("Parking", "x")).await.expect("saved");
    assert_eq!(field_of(save(&w, None, new(" ", "x")).await), "name");
    assert_eq!(field_of(save(&w, None, new(&"x".repeat(41), "x")).await), "name");
    assert_eq!(field_of(save(&w, None, new("PARKING", "x")).await), "name", "there is one");
    assert_eq!(field_of(save(&w, None, new("Empty", " ")).await), "body");
    assert_eq!(field_of(save(&w, None, new("Long", &"x".repeat(1601))).await), "body");
    assert_eq!(field_of(save(&w, None, new("Gap", "Hi {{ nickname }}")).await), "body");
    let with = |actions| SaveQuickReply {
        actions,
        ..new("Macro", "x")
    };
    let text = |text: &str| Some(text.to_owned());
    let stranger = Actions {
        assign: text("01a1f907-bfd3-7325-b220-08dca0ab4dcc"),
        ..Actions::default()
    };
    assert_eq!(field_of(save(&w, None, with(stranger)).await), "assign");
    let tag = Actions {
        tag: text("one, two"),
        ..Actions::default()
    };
    assert_eq!(field_of(save(&w, None, with(tag)).await), "tag");
    let task = Actions {
        task: Some("x".repeat(201)),
        ..Actions::default()
    };
    assert_eq!(field_of(save(&w, None, with(task)).await), "task");
    let afterwards = Actions {
        afterwards: text("explode"),
        ..Actions::default()
    };
    assert_eq!(field_of(save(&w, None, with(afterwards)).await), "afterwards");
    assert_eq!(names(&w, &w.owner).await, ["Parking"]);
}

#[rstest]
#[tokio::test]
async fn another_business_has_its_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let parking = save(&w, None, new("Parking", "x")).await.expect("saved");
    let (_, thread) = ann_asks(&w).await;
    let other = w.another_business().await;
    assert!(names(&w, &other).await.is_empty());
    quick_replies::save(&w.s, &other, None, new("Parking", "y"))
        .await
        .expect("the name is free there");
    for refused in [
        quick_replies::save(&w.s, &other, Some(parking.id), new("Mine now", "x"))
            .await
            .map(drop),
        quick_replies::delete(&w.s, &other, parking.id).await,
        quick_replies::carry_out(&w.s, &other, thread.id, carry("Hello", closing()))
            .await
            .map(drop),
    ] {
        assert_eq!(refused.expect_err("another's").problem().code, Code::NotFound);
    }
    assert_eq!(names(&w, &w.owner).await, ["Parking"]);
}

#[rstest]
#[tokio::test]
async fn a_macro_sends_tags_gives_away_makes_a_task_and_closes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (ann, thread) = ann_asks(&w).await;
    let actions = Actions {
        assign: Some("me".to_owned()),
        tag: Some("Parking".to_owned()),
        task: Some("Keep a place free".to_owned()),
        afterwards: Some("close".to_owned()),
    };
    let cmd = carry("Behind the house.", actions);
    let done = quick_replies::carry_out(&w.s, &sam, thread.id, cmd.clone())
        .await
        .expect("done");
    assert_eq!(done.message.expect("a text").body, "Behind the house.");
    let Principal::Member { account_id, .. } = sam.who else {
        panic!("no member")
    };
    assert_eq!(
        (done.conversation.status.as_str(), done.conversation.assignee),
        ("closed", Some(account_id))
    );
    assert_eq!(w.see_contact(&ann).await.tags, ["parking"]);
    assert_eq!(w.open_tasks().await[0].title, "Keep a place free");

    // The answer was lost, and it is said once more; meanwhile somebody has opened it again.
    conversations::act(&w.s, &w.owner, thread.id, contract::conversations::ConversationAction::Reopen)
        .await
        .expect("open");
    let again = quick_replies::carry_out(&w.s, &sam, thread.id, cmd)
        .await
        .expect("done before");
    assert_eq!(again.conversation.status, "open");
    assert_eq!(w.open_tasks().await.len(), 1);
    // Like any reply it can be taken back for some seconds.
    w.clock.advance(chrono::Duration::seconds(6));
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Behind the house."]);
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_done_whole_is_not_begun(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (ann, thread) = ann_asks(&w).await;
    let actions = |afterwards: &str| Actions {
        assign: Some("me".to_owned()),
        tag: Some("parking".to_owned()),
        task: Some("Call".to_owned()),
        afterwards: Some(afterwards.to_owned()),
    };
    let run = async |body: &str, actions| quick_replies::carry_out(&w.s, &sam, thread.id, carry(body, actions)).await;
    assert_eq!(
        field_of(run("See you there.", actions("visit")).await),
        "afterwards",
        "there is no visit"
    );
    assert_eq!(
        field_of(run("On {{ date }}.", actions("close")).await),
        "body",
        "a gap is left"
    );
    assert_eq!(field_of(run("", Actions::default()).await), "body", "nothing to do");
    let before = w.thread(&ann).await[0].id;
    w.text(ANN, "Never mind").await;
    let late = CarryOut {
        after_message_id: Some(before),
        ..carry("Behind the house", actions("close"))
    };
    let stopped = quick_replies::carry_out(&w.s, &sam, thread.id, late)
        .await
        .expect_err("something newer");
    assert_eq!(stopped.problem().code, Code::Conflict);

    let after = row(&w).await;
    assert_eq!(
        (after.status.as_str(), after.assignee, after.needs_answer),
        ("open", None, true)
    );
    assert!(w.see_contact(&ann).await.tags.is_empty());
    assert!(w.open_tasks().await.iter().all(|task| task.title != "Call"));
    assert!(w.thread(&ann).await.iter().all(|m| m.author.is_none()), "nothing was stored");

    w.appointment(&ann, 48).await;
    let done = run("See you there.", actions("after_visit"))
        .await
        .expect("there is a visit now");
    assert_eq!(done.conversation.status, "snoozed");
    let visit = w.clock.now() + Duration::hours(48);
    let until = done.conversation.snoozed_until.expect("a time");
    assert!(
        (until - visit - Duration::hours(1)).abs() < Duration::minutes(1),
        "{until} {visit}"
    );
    // Without a text it is done as well.
    assert_eq!(run("", closing()).await.expect("closed").conversation.status, "closed");
}

#[rstest]
#[tokio::test]
async fn a_reply_with_a_gap_is_not_sent(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (ann, _) = ann_asks(&w).await;
    let text = contract::messages::SendMessage {
        channel: None,
        contact_id: ann.id,
        body: "See you on {{ date }}".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    let refused = services::outbox::send(&w.s, &sam, text).await.expect_err("a gap");
    let problem = refused.problem();
    assert_eq!(problem.fields[0].field, "body");
    assert!(problem.fields[0].message.contains("{{ date }}"), "{problem:?}");
}
