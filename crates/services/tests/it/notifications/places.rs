//! Who looks after some of the locations hears of those, and of what happens nowhere in particular.

use std::collections::BTreeSet;

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    appointments::CreateAppointment,
    businesses::SaveLocation,
    contacts::ContactView,
    notifications::{Choices, Kind},
};
use rstest::rstest;
use services::{Actor, appointments, businesses::locations, notifications};
use testkit::{Backend, World};
use uuid::Uuid;

use super::{person, unread};

async fn place(w: &World, actor: &Actor, name: &str) -> Uuid {
    let new = SaveLocation {
        name: name.to_owned(),
        ..SaveLocation::default()
    };
    locations::save(&w.s, actor, None, new).await.expect("a location").id
}

async fn visit(w: &World, contact: &ContactView, at: Uuid, hours: i64) {
    let new = CreateAppointment {
        contact_id: contact.id,
        starts_at: (w.clock.now() + Duration::hours(hours)).to_rfc3339(),
        location_id: Some(at),
        ..CreateAppointment::default()
    };
    appointments::create(&w.s, &w.owner, new).await.expect("a visit");
}

fn only(places: &[Uuid], kinds: &[Kind]) -> Choices {
    Choices {
        places: places.iter().copied().collect(),
        narrowed: kinds.iter().copied().collect::<BTreeSet<_>>(),
        ..Choices::default()
    }
}

#[rstest]
#[tokio::test]
async fn a_text_is_told_to_those_of_the_place_where_they_are_seen(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const ANN: &str = "+14155550101";
    const BOB: &str = "+14155550102";
    let w = World::new(backend).await;
    let (sam, tim) = (person(&w, Role::Staff, "Sam").await, person(&w, Role::Staff, "Tim").await);
    let (north, south) = (place(&w, &w.owner, "North").await, place(&w, &w.owner, "South").await);
    notifications::choose(&w.s, &sam, only(&[north], &[Kind::Unassigned]))
        .await
        .expect("kept");
    // Without a tick at the event the places change nothing.
    notifications::choose(&w.s, &tim, only(&[north], &[Kind::Failed]))
        .await
        .expect("kept");
    let ann = w.contact("Ann", ANN).await;
    let bob = w.contact("Bob", BOB).await;
    w.text(BOB, "Do you take dogs?").await;
    assert_eq!(unread(&w, &sam).await.len(), 1, "he has no visit: everybody hears of him");
    visit(&w, &bob, south, 48).await;
    w.text(BOB, "Hello?").await;
    assert_eq!(unread(&w, &sam).await.len(), 1, "he comes to the south");
    assert_eq!(unread(&w, &tim).await.len(), 2);
    visit(&w, &ann, north, 24).await;
    visit(&w, &ann, south, 24 * 30).await;
    w.text(ANN, "Is there parking?").await;
    assert_eq!(unread(&w, &sam).await.len(), 2, "her next visit counts");
    w.clock.advance(Duration::days(2));
    w.text(ANN, "And a lift?").await;
    assert_eq!(unread(&w, &sam).await.len(), 2, "now the one in the south is next");
    w.clock.advance(Duration::days(60));
    w.text(ANN, "I left my coat").await;
    assert_eq!(unread(&w, &sam).await.len(), 2, "she was there last");
}

#[rstest]
#[tokio::test]
async fn another_business_s_location_is_none_to_choose(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = person(&w, Role::Staff, "Sam").await;
    let garage = w.another_business().await;
    let theirs = place(&w, &garage, "Yard").await;
    let refused = notifications::choose(&w.s, &sam, only(&[theirs], &[Kind::Mine]))
        .await
        .expect_err("theirs");
    let refused = refused.problem();
    assert_eq!((refused.code, refused.fields[0].field.as_str()), (Code::Invalid, "places"));
    let ours = place(&w, &w.owner, "North").await;
    notifications::choose(&w.s, &sam, only(&[ours], &[Kind::Mine]))
        .await
        .expect("kept");
    let view = notifications::page(&w.s, &sam, None).await.expect("a page");
    assert_eq!(view.places, [(ours, "North".to_owned())]);
    assert_eq!(view.choices.places, BTreeSet::from([ours]));
}
