//! A program asks for reviews: by the same rules.

use chrono::Duration;
use contract::{
    Code,
    reviews::{AskForReview, RequestView, Status},
};
use rstest::rstest;
use services::reviews;
use testkit::{Backend, World};

use super::{ANN, BEN, GOOGLE, after, agreed, asked, kept, platform, requests, says};

async fn ask(w: &World, cmd: AskForReview) -> services::Result<RequestView> {
    reviews::ask(&w.s, &w.owner, cmd).await
}

#[rstest]
#[tokio::test]
async fn whoever_has_a_number_is_asked_at_once_and_a_reference_is_one_request(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let cmd = AskForReview {
        name: Some("Ben Orr".to_owned()),
        phone: Some("(415) 555-0102".to_owned()),
        reference: Some("order-7".to_owned()),
        delay_minutes: Some(0),
        ..AskForReview::default()
    };
    let nowhere = ask(&w, cmd.clone()).await.expect_err("there is no platform").problem();
    assert_eq!(nowhere.code, Code::Conflict);
    platform(&w, "google", GOOGLE).await;
    let first = ask(&w, cmd.clone()).await.expect("taken");
    assert_eq!((first.status, first.phone.as_str()), (Status::Planned, BEN));
    let again = ask(&w, cmd).await.expect("the same");
    assert_eq!(again.id, first.id);
    // Nobody has agreed to anything by being named.
    after(&w, Duration::seconds(2)).await;
    let request = reviews::get(&w.s, &w.owner, first.id).await.expect("there");
    assert_eq!(request.status, Status::Skipped);
    let ben = w.holder_of(BEN).await;
    says(&w, &ben, "sms", "opted_in").await;
    let cmd = AskForReview {
        contact_id: Some(ben.id),
        delay_minutes: Some(0),
        ..AskForReview::default()
    };
    ask(&w, cmd).await.expect("taken");
    after(&w, Duration::seconds(2)).await;
    assert_eq!(asked(&w, BEN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn quiet_hours_and_half_a_year_hold_for_programs_too(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let ann = agreed(&w, "Ann Lee", ANN).await;
    // 20:30: no quiet hours yet, but not the hours for asking either.
    w.clock.advance(Duration::minutes(630));
    let cmd = AskForReview {
        contact_id: Some(ann.id),
        delay_minutes: Some(0),
        ..AskForReview::default()
    };
    ask(&w, cmd.clone()).await.expect("taken");
    after(&w, Duration::minutes(1)).await;
    assert!(asked(&w, ANN).is_empty(), "the day for asking is over");
    after(&w, Duration::hours(13)).await;
    assert_eq!(asked(&w, ANN).len(), 1);
    let second = ask(&w, cmd).await.expect("taken");
    after(&w, Duration::minutes(1)).await;
    let second = reviews::get(&w.s, &w.owner, second.id).await.expect("there");
    assert_eq!(second.status, Status::Skipped);
    assert!(second.reason.is_some_and(|why| why.contains("180 days")));
}

#[rstest]
#[tokio::test]
async fn a_visit_has_one_request_whoever_asks(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let (ann, ben) = (agreed(&w, "Ann Lee", ANN).await, agreed(&w, "Ben Orr", BEN).await);
    let visit = kept(&w, &ann).await;
    let cmd = AskForReview {
        contact_id: Some(ann.id),
        appointment_id: Some(visit.id),
        ..AskForReview::default()
    };
    let known = ask(&w, cmd.clone()).await.expect("known");
    assert_eq!(requests(&w).await.len(), 1);
    assert_eq!(known.source, "visit");
    let anothers = AskForReview {
        contact_id: Some(ben.id),
        ..cmd
    };
    let problem = ask(&w, anothers).await.expect_err("not theirs").problem();
    assert!(problem.for_field("appointment_id").is_some());
}

#[tokio::test]
async fn what_is_asked_must_make_sense() {
    let w = World::new(Backend::Sqlite).await;
    platform(&w, "google", GOOGLE).await;
    let ann = agreed(&w, "Ann Lee", ANN).await;
    let of_ann = || AskForReview {
        contact_id: Some(ann.id),
        ..AskForReview::default()
    };
    let wrong = [
        (AskForReview::default(), "contact_id"),
        (
            AskForReview {
                phone: Some(ANN.to_owned()),
                ..of_ann()
            },
            "contact_id",
        ),
        (
            AskForReview {
                delay_minutes: Some(-1),
                ..of_ann()
            },
            "delay_minutes",
        ),
        (
            AskForReview {
                platform: Some("trustpilot".to_owned()),
                ..of_ann()
            },
            "platform",
        ),
        (
            AskForReview {
                name: Some("X".to_owned()),
                phone: Some("12".to_owned()),
                ..AskForReview::default()
            },
            "phone",
        ),
    ];
    for (cmd, field) in wrong {
        let problem = ask(&w, cmd.clone()).await.expect_err("refused").problem();
        assert!(problem.for_field(field).is_some(), "{cmd:?}: {problem:?}");
    }
    let other = w.another_business().await;
    let theirs = reviews::ask(&w.s, &other, of_ann()).await.expect_err("not theirs").problem();
    assert_eq!(theirs.code, Code::NotFound);
}
