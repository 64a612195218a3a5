//! Texts that another program has sent by calling an address.

use chrono::Duration;
use contract::{Code, quick_replies::SaveQuickReply, triggers::Trigger};
use rstest::rstest;
use services::{Actor, Permission, Principal, quick_replies, triggers};
use testkit::{Backend, World};
use uuid::Uuid;

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";

fn program(w: &World, scopes: &[Permission]) -> Actor {
    Actor {
        business_id: w.owner.business_id,
        who: Principal::ApiKey {
            id: Uuid::now_v7(),
            name: "CRM".to_owned(),
            scopes: scopes.to_vec(),
        },
    }
}

fn to(phone: &str, reference: Option<&str>) -> Trigger {
    Trigger {
        to: Some(phone.to_owned()),
        reference: reference.map(str::to_owned),
        ..Trigger::default()
    }
}

#[rstest]
#[tokio::test]
async fn the_same_reference_is_one_text_within_a_day(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let crm = program(&w, &[Permission::SendMessages]);
    let ann = w.contact("Ann Lee", ANN).await;
    let fire = async |reference| {
        triggers::fire(&w.s, &crm, "recall", to("(415) 555-0171", reference))
            .await
            .expect("a text")
    };
    let first = fire(Some("deal-7")).await;
    assert_eq!((first.contact_id, first.repeated), (ann.id, false));
    assert!(first.body.contains("it is time for your next visit"), "{}", first.body);
    w.clock.advance(Duration::hours(23));
    let again = fire(Some("deal-7")).await;
    assert_eq!((again.id, again.repeated), (first.id, true));
    assert_ne!(fire(Some("deal-8")).await.id, first.id);
    assert_ne!(
        fire(None).await.id,
        fire(None).await.id,
        "without one each is a text of its own"
    );
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 4);
    w.clock.advance(Duration::hours(1));
    let next_day = fire(Some("deal-7")).await;
    assert_ne!(next_day.id, first.id);
    assert_eq!(fire(Some("deal-7")).await.id, next_day.id);
    // Another business's reference is another one.
    let garage = w.another_business().await;
    let none = triggers::fire(&w.s, &garage, "recall", to(ANN, Some("deal-7")))
        .await
        .expect_err("nobody of theirs");
    assert_eq!(none.problem().code, Code::MayNotSend);
    w.clock.advance(Duration::days(3));
    triggers::prune(&w.s).await.expect("forgotten");
    assert_ne!(fire(Some("deal-7")).await.id, next_day.id);
}

#[rstest]
#[tokio::test]
async fn called_twice_at_once_it_is_one_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let crm = program(&w, &[Permission::SendMessages]);
    w.contact("Ann", ANN).await;
    let other = w.another_process().await;
    let (one, two) = tokio::join!(
        triggers::fire(&w.s, &crm, "missed_call", to(ANN, Some("call-1"))),
        triggers::fire(&other, &crm, "missed_call", to(ANN, Some("call-1"))),
    );
    let (one, two) = (one.expect("a text"), two.expect("the same"));
    assert_eq!((one.id, one.repeated != two.repeated), (two.id, true));
}

#[rstest]
#[tokio::test]
async fn who_has_not_agreed_gets_no_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let crm = program(&w, &[Permission::SendMessages]);
    let refused = async |what: &str, phone: &str| {
        let problem = triggers::fire(&w.s, &crm, what, to(phone, Some("x")))
            .await
            .expect_err("refused")
            .problem();
        (problem.code, problem.fields.first().map(|field| field.field.clone()))
    };
    assert_eq!(
        refused("recall", ANN).await,
        (Code::MayNotSend, None),
        "nobody here has this number"
    );
    w.contact("Ann", ANN).await;
    w.text(ANN, "STOP").await;
    assert_eq!(refused("recall", ANN).await, (Code::MayNotSend, None), "STOP holds");
    w.contact("Ben", BEN).await;
    assert_eq!(refused("recall", "hello").await, (Code::Invalid, Some("to".to_owned())));
    assert_eq!(
        refused("reminder", BEN).await.0,
        Code::NotFound,
        "it asks, and nobody would know what"
    );
    assert_eq!(refused("no such thing", BEN).await.0, Code::NotFound);
    assert_eq!(
        refused("review", BEN).await.0,
        Code::NotFound,
        "who is asked for a review, and when, has rules of its own"
    );
    assert_eq!(refused("cancelled", BEN).await, (Code::Invalid, Some("date".to_owned())));
    let reads = program(&w, &[Permission::ReadMessages, Permission::TriggerByGet]);
    let refused = triggers::fire(&w.s, &reads, "recall", to(BEN, None))
        .await
        .expect_err("it only reads");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    w.work().await;
    assert!(w.phone_got(BEN).is_empty());
    // What was refused took no reference.
    let sent = triggers::fire(&w.s, &crm, "recall", to(BEN, Some("x")))
        .await
        .expect("a text");
    assert!(!sent.repeated);
}

#[rstest]
#[tokio::test]
async fn variables_are_said_by_the_caller_or_known_here(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let crm = program(&w, &[Permission::SendMessages]);
    w.contact("Ann Lee", ANN).await;
    let cmd = Trigger {
        date: Some("Jan 7".to_owned()),
        time: Some("3:00 PM".to_owned()),
        for_name: Some("Tim\nLee".to_owned()),
        ..to(ANN, None)
    };
    let sent = triggers::fire(&w.s, &crm, "cancelled", cmd).await.expect("a text");
    assert!(
        sent.body.contains("Bright Dental") && sent.body.contains("Tim Lee's visit on Jan 7 at 3:00 PM"),
        "{}",
        sent.body
    );
    let own = SaveQuickReply {
        name: "Invoice ready".to_owned(),
        body: "Hi {{ first_name }}, your invoice of {{ date }} is at {{ link }}".to_owned(),
        actions: Default::default(),
    };
    // A quick reply knows no links: staff would have to fill it by hand.
    assert!(quick_replies::save(&w.s, &w.owner, None, own.clone()).await.is_err());
    let own = SaveQuickReply {
        body: "Hi {{ first_name }}, your invoice of {{ date }} is ready.".to_owned(),
        ..own
    };
    quick_replies::save(&w.s, &w.owner, None, own).await.expect("a quick reply");
    let missing = triggers::fire(&w.s, &crm, "invoice ready", to(ANN, None))
        .await
        .expect_err("which invoice");
    assert_eq!(missing.problem().fields[0].field, "date");
    let cmd = Trigger {
        date: Some("May 3".to_owned()),
        ..to(ANN, None)
    };
    let sent = triggers::fire(&w.s, &crm, "INVOICE ready", cmd).await.expect("a text");
    assert_eq!(sent.body, "Hi Ann, your invoice of May 3 is ready.");
}
