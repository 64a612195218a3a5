//! Who comes: each marked visit counts once, and a guess is shown only while it is better than the average.

use chrono::Duration;
use contract::{
    appointments::{AppointmentAction, AppointmentView},
    attendance::{AttendancePage, AttendanceView, Quality},
    contacts::ContactView,
};
use rstest::rstest;
use services::{appointments, attendance};
use testkit::{Backend, World};

const ANN: &str = "+14155550101";

async fn act(w: &World, visit: &AppointmentView, what: AppointmentAction) {
    appointments::act(&w.s, &w.owner, visit.id, what).await.expect("marked");
}

/// A visit that was an hour ahead and was marked an hour after it began.
async fn marked(w: &World, who: &ContactView, came: bool) -> AppointmentView {
    let visit = w.appointment(who, 1).await;
    w.clock.advance(Duration::hours(2));
    let what = if came {
        AppointmentAction::Complete
    } else {
        AppointmentAction::NoShow
    };
    act(w, &visit, what).await;
    visit
}

async fn known(w: &World, visit: &AppointmentView) -> AttendanceView {
    attendance::view(&w.s, &w.owner, visit.id).await.expect("known")
}

async fn quality(w: &World) -> AttendancePage {
    attendance::page(&w.s, &w.owner).await.expect("a page")
}

#[rstest]
#[tokio::test]
async fn a_visit_counts_once_as_it_was_marked_last(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann Lee", ANN).await;
    let next = w.appointment(&ann, 300).await;
    assert_eq!(known(&w, &next).await, AttendanceView::default());
    let visit = marked(&w, &ann, true).await;
    let says = async || known(&w, &next).await.history.expect("something is known");
    assert_eq!(says().await, "came to the last one");
    // It was a slip of the finger.
    act(&w, &visit, AppointmentAction::Reopen).await;
    assert_eq!(known(&w, &next).await.history, None);
    act(&w, &visit, AppointmentAction::NoShow).await;
    assert_eq!(says().await, "missed the last one");
    marked(&w, &ann, true).await;
    assert_eq!(says().await, "missed 1 of the last 2");
    // The first guess had nothing to go by: there was no visit at all before.
    assert_eq!((quality(&w).await.visits, quality(&w).await.missed), (1, 0));
    // Two years later it is forgotten.
    w.clock.advance(Duration::days(761));
    let later = w.appointment(&ann, 1).await;
    assert_eq!(known(&w, &later).await.history, None);
    let other = w.another_business().await;
    attendance::view(&w.s, &other, later.id).await.expect_err("not theirs");
}

#[tokio::test]
async fn where_people_differ_it_is_shown_and_where_they_take_turns_it_is_off() {
    let w = World::new(Backend::Sqlite).await;
    assert_eq!(quality(&w).await.quality, Quality::TooFew);
    let mut people = Vec::new();
    for n in 0..10 {
        people.push(w.contact(&format!("Person {n}"), &format!("+141555501{n:02}")).await);
    }
    // Half of them always come, half never do.
    for _ in 0..6 {
        for (n, who) in people.iter().enumerate() {
            marked(&w, who, n % 2 == 0).await;
        }
    }
    let seen = quality(&w).await;
    assert_eq!((seen.quality, seen.visits), (Quality::Better, 59), "{seen:?}");
    assert!(seen.ours < seen.average);
    let (good, bad) = (w.appointment(&people[0], 30).await, w.appointment(&people[1], 31).await);
    let (good, bad) = (known(&w, &good).await, known(&w, &bad).await);
    assert_eq!(bad.history.as_deref(), Some("missed 6 of the last 6"));
    assert_eq!(good.likely.as_deref(), Some("more likely to come than most"));
    assert_eq!(bad.likely.as_deref(), Some("less likely to come than most"));

    let w = World::new(Backend::Sqlite).await;
    let mut people = Vec::new();
    for n in 0..6 {
        people.push(w.contact(&format!("Person {n}"), &format!("+141555501{n:02}")).await);
    }
    // Whoever missed one comes to the next: what somebody did last says the opposite of what they do.
    for round in 0..10 {
        for (n, who) in people.iter().enumerate() {
            marked(&w, who, (n + round) % 2 == 0).await;
        }
    }
    let seen = quality(&w).await;
    assert_eq!((seen.quality, seen.visits), (Quality::NoBetter, 59), "{seen:?}");
    let next = w.appointment(&people[0], 30).await;
    let next = known(&w, &next).await;
    assert!(next.history.is_some() && next.likely.is_none(), "{next:?}");
}
