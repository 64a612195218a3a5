//! A customer who does not come: what is left of their time is offered, where the business wants that.

use chrono::Duration;
use contract::{
    appointments::{AppointmentAction, AppointmentView, CreateAppointment},
    contacts::ContactView,
    waitlist::{AddEntry, Mode, Rules, SlotStatus},
};
use rstest::rstest;
use services::{appointments, waitlist};
use testkit::{Backend, World};

use super::{ANN, BEN, after, last, see, settle, slots_of, waits_for};

/// In an hour, for so long.
async fn expected(w: &World, who: &ContactView, minutes: i32) -> AppointmentView {
    let cmd = CreateAppointment {
        contact_id: who.id,
        starts_at: (w.clock.now() + Duration::hours(1)).to_rfc3339(),
        minutes: Some(minutes),
        staff_label: Some("Ana".to_owned()),
        ..CreateAppointment::default()
    };
    appointments::create(&w.s, &w.owner, cmd).await.expect("booked")
}

async fn offered_after(w: &World, minutes: i32) {
    let rules = Rules {
        no_show_after: minutes,
        ..Rules::default()
    };
    waitlist::change_rules(&w.s, &w.owner, rules).await.expect("changed");
}

/// Ben waits for whatever comes, however soon.
async fn ben_waits(w: &World) -> ContactView {
    let ben = w.contact("Ben", BEN).await;
    let at_once = AddEntry {
        notice_minutes: Some(0),
        ..AddEntry::default()
    };
    waits_for(w, &ben, at_once).await;
    ben
}

#[rstest]
#[tokio::test]
async fn the_rest_of_a_long_visit_is_offered_until_its_customer_comes_after_all(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    ben_waits(&w).await;
    offered_after(&w, 10).await;
    let long = expected(&w, &ann, 120).await;
    after(&w, Duration::minutes(69)).await;
    assert!(slots_of(&w).await.is_empty(), "not a minute too soon");
    after(&w, Duration::minutes(1)).await;
    let slots = slots_of(&w).await;
    assert_eq!(slots.len(), 1);
    let slot = &slots[0];
    assert_eq!(
        (slot.starts_at - long.starts_at, slot.minutes, slot.mode),
        (Duration::minutes(60), 60, Mode::Race),
        "11:10 and three quarters of an hour, from the next quarter on"
    );
    assert_eq!((slot.source.as_str(), slot.staff_label.as_str()), ("no_show", "Ana"));
    assert_eq!(slot.from_appointment_id, Some(long.id));
    assert!(last(&w, BEN).contains("12:00 PM"), "{}", last(&w, BEN));

    appointments::act(&w.s, &w.owner, long.id, AppointmentAction::Arrive)
        .await
        .expect("arrived");
    settle(&w).await;
    assert_eq!(see(&w, slot.id).await.status, SlotStatus::Closed);
    w.text(BEN, "Y").await;
    settle(&w).await;
    assert!(last(&w, BEN).contains("just went"), "{}", last(&w, BEN));
    after(&w, Duration::minutes(5)).await;
    assert!(slots_of(&w).await.is_empty(), "and it is not offered again");
}

#[rstest]
#[case::by_default(0, 120, false)]
#[case::short(10, 30, false)]
#[case::long(10, 120, true)]
#[tokio::test]
async fn only_where_it_is_wanted_and_enough_is_left(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] rule: i32,
    #[case] minutes: i32,
    #[case] offered: bool,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    ben_waits(&w).await;
    if rule > 0 {
        offered_after(&w, rule).await;
    }
    expected(&w, &ann, minutes).await;
    after(&w, Duration::minutes(75)).await;
    assert_eq!(slots_of(&w).await.len(), usize::from(offered));
    after(&w, Duration::minutes(1)).await;
    assert_eq!(slots_of(&w).await.len(), usize::from(offered), "once");
}

#[rstest]
#[case::is_here(AppointmentAction::Arrive)]
#[case::cancelled(AppointmentAction::Cancel)]
#[tokio::test]
async fn who_is_there_or_was_never_to_come_is_not_late(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] act: AppointmentAction,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    offered_after(&w, 10).await;
    let long = expected(&w, &ann, 120).await;
    appointments::act(&w.s, &w.owner, long.id, act).await.expect("done");
    ben_waits(&w).await;
    after(&w, Duration::minutes(75)).await;
    assert!(slots_of(&w).await.iter().all(|slot| slot.source != "no_show"));
}
