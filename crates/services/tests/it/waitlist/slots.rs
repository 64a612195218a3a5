//! What ends an offer, and what staff do with a free time.

use chrono::Duration;
use contract::{
    Code,
    appointments::{AppointmentAction, CreateAppointment},
    tasks::TaskQuery,
    waitlist::{AddEntry, CreateSlot, EntryStatus, OfferStatus, OnDecline, Rules, SlotStatus},
};
use rstest::rstest;
use services::{appointments, tasks, waitlist};
use testkit::{Backend, World};

use super::{ANN, BEN, CLEO, after, cancel, entry, free, last, see, settle, slots_of, statuses, visit, waits};

#[rstest]
#[tokio::test]
async fn who_says_stop_between_queueing_and_sending_gets_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    waits(&w, &ann).await;
    waits(&w, &ben).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    waitlist::tick(&w.s).await.expect("an offer is written");
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Waiting]);
    w.text(ANN, "STOP").await;
    settle(&w).await;
    assert!(w.phone_got(ANN).is_empty());
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Withdrawn, OfferStatus::Sent]);
    assert!(last(&w, BEN).contains("Held for you"), "the next is asked at once");
}

#[rstest]
#[tokio::test]
async fn an_offer_that_cannot_be_sent_moves_on(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    waits(&w, &ann).await;
    waits(&w, &ben).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    waitlist::tick(&w.s).await.expect("an offer is written");
    services::contacts::set_blocked(&w.s, &w.owner, ann.id, true)
        .await
        .expect("blocked");
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    assert_eq!(statuses(&seen), [OfferStatus::Withdrawn, OfferStatus::Sent]);
    assert_eq!(seen.offers[1].contact_id, ben.id);
}

#[rstest]
#[tokio::test]
async fn who_leaves_the_list_is_not_asked_any_more(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let left = waits(&w, &ann).await;
    waits(&w, &ben).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    waitlist::remove(&w.s, &w.owner, left.id).await.expect("off the list");
    waitlist::remove(&w.s, &w.owner, left.id)
        .await
        .expect("once more changes nothing");
    settle(&w).await;
    assert_eq!(entry(&w, left.id).await.status, EntryStatus::Left);
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Withdrawn, OfferStatus::Sent]);
    w.text(ANN, "Y").await;
    settle(&w).await;
    assert!(last(&w, ANN).contains("sorry, that time just went"), "{}", last(&w, ANN));
}

#[rstest]
#[tokio::test]
async fn staff_book_by_hand_and_who_held_it_is_told_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben, cleo) = (
        w.contact("Ann", ANN).await,
        w.contact("Ben", BEN).await,
        w.contact("Cleo", CLEO).await,
    );
    waits(&w, &ann).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    let booked = waitlist::book(&w.s, &w.owner, slot.id, ben.id).await.expect("booked");
    assert_eq!(booked.status, SlotStatus::Taken);
    assert_eq!(visit(&w, &booked).await.contact_id, ben.id);
    // Their yes comes at that moment.
    w.text(ANN, "Y").await;
    settle(&w).await;
    let got = w.phone_got(ANN);
    assert_eq!(got.len(), 2, "{got:?}");
    assert!(got[1].contains("sorry, that time just went"), "{got:?}");
    let again = waitlist::book(&w.s, &w.owner, slot.id, ben.id).await.expect("as it is");
    assert_eq!(again.appointment_id, booked.appointment_id);
    let refused = waitlist::book(&w.s, &w.owner, slot.id, cleo.id)
        .await
        .expect_err("somebody has it")
        .problem();
    assert_eq!(
        (refused.code, refused.conflicts_with),
        (Code::Conflict, booked.appointment_id)
    );
}

#[rstest]
#[tokio::test]
async fn an_ordinary_booking_into_the_time_closes_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    waits(&w, &ann).await;
    let of_ana = CreateSlot {
        staff_label: Some("Ana".to_owned()),
        ..CreateSlot::default()
    };
    let slot = free(&w, 50, of_ana).await;
    settle(&w).await;
    let cmd = CreateAppointment {
        contact_id: ben.id,
        starts_at: (slot.starts_at + Duration::minutes(10)).to_rfc3339(),
        staff_label: Some("Ana".to_owned()),
        minutes: Some(30),
        ..CreateAppointment::default()
    };
    let other = appointments::create(&w.s, &w.owner, cmd).await.expect("booked");
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    assert_eq!((seen.status, seen.appointment_id), (SlotStatus::Taken, Some(other.id)));
    assert_eq!(statuses(&seen), [OfferStatus::Lost]);
    w.text(ANN, "Y").await;
    settle(&w).await;
    assert_eq!(w.phone_got(ANN).len(), 2, "told once");
}

#[rstest]
#[tokio::test]
async fn a_time_nobody_takes_ends_half_an_hour_before_with_a_task(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let slot = free(&w, 3, CreateSlot::default()).await;
    after(&w, Duration::minutes(149)).await;
    assert_eq!(see(&w, slot.id).await.status, SlotStatus::Open);
    after(&w, Duration::minutes(1)).await;
    assert_eq!(see(&w, slot.id).await.status, SlotStatus::Expired);
    let open = tasks::list(&w.s, &w.owner, TaskQuery::default()).await.expect("tasks").data;
    let task = open.iter().find(|task| task.kind == "waitlist").expect("a task");
    assert!(task.title.starts_with("Still free: "), "{}", task.title);
    // It can still be given to somebody who calls.
    let ann = w.contact("Ann", ANN).await;
    let booked = waitlist::book(&w.s, &w.owner, slot.id, ann.id).await.expect("booked");
    assert_eq!(booked.status, SlotStatus::Taken);
    let open = tasks::list(&w.s, &w.owner, TaskQuery::default()).await.expect("tasks").data;
    assert!(open.iter().all(|task| task.kind != "waitlist"), "done by that");
}

#[rstest]
#[tokio::test]
async fn by_the_rule_a_declined_visit_is_asked_about_or_offered(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ben = w.contact("Ben", BEN).await;
    waits(&w, &ben).await;
    let (_, asked) = w.reminded("Ann", ANN).await;
    w.text(ANN, "N").await;
    settle(&w).await;
    assert!(slots_of(&w).await.is_empty(), "staff are asked");
    let open = tasks::list(&w.s, &w.owner, TaskQuery::default()).await.expect("tasks").data;
    assert!(
        open.iter()
            .any(|task| task.title.contains("Offer that time to the waitlist?")),
        "{open:?}"
    );
    let slot = waitlist::offer_time_of(&w.s, &w.owner, asked.id).await.expect("offered");
    settle(&w).await;
    assert!(last(&w, BEN).contains("Held for you"));
    let open = tasks::list(&w.s, &w.owner, TaskQuery::default()).await.expect("tasks").data;
    assert!(open.iter().all(|task| task.kind != "waitlist"));
    // They come after all.
    w.text(ANN, "Y").await;
    settle(&w).await;
    let confirm = appointments::act(&w.s, &w.owner, asked.id, AppointmentAction::Confirm).await;
    confirm.expect("confirmed");
    settle(&w).await;
    assert_eq!(see(&w, slot.id).await.status, SlotStatus::Closed);
    assert!(last(&w, BEN).contains("just went"), "{}", last(&w, BEN));
    let at_once = Rules {
        on_decline: OnDecline::AtOnce,
        ..Rules::default()
    };
    waitlist::change_rules(&w.s, &w.owner, at_once).await.expect("changed");
    let (_, _) = w.reminded("Cleo", CLEO).await;
    w.text(CLEO, "N").await;
    settle(&w).await;
    assert_eq!(slots_of(&w).await.len(), 1, "at once");
}

#[rstest]
#[tokio::test]
async fn a_cancellation_that_is_undone_takes_its_time_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    waits(&w, &ben).await;
    let own = w.appointment(&ann, 50).await;
    cancel(&w, &own).await;
    settle(&w).await;
    let slot = slots_of(&w).await.remove(0);
    let undo = appointments::act(&w.s, &w.owner, own.id, AppointmentAction::Reopen).await;
    undo.expect("reopened");
    settle(&w).await;
    assert_eq!(see(&w, slot.id).await.status, SlotStatus::Closed);
    w.text(BEN, "Y").await;
    settle(&w).await;
    assert!(last(&w, BEN).contains("just went"));
}

#[rstest]
#[tokio::test]
async fn nobody_waits_so_nothing_is_opened(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let own = w.appointment(&ann, 50).await;
    cancel(&w, &own).await;
    settle(&w).await;
    assert!(slots_of(&w).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn somebody_is_asked_out_of_turn_or_passed_over(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    waits(&w, &ann).await;
    let other_type = AddEntry {
        minutes: Some(60),
        ..AddEntry::default()
    };
    super::waits_for(&w, &ben, other_type).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    waitlist::add_person(&w.s, &w.owner, slot.id, ben.id).await.expect("asked");
    settle(&w).await;
    assert!(
        last(&w, BEN).contains("First to answer gets it"),
        "it is held for nobody: {}",
        last(&w, BEN)
    );
    let twice = waitlist::add_person(&w.s, &w.owner, slot.id, ben.id)
        .await
        .expect_err("asked already")
        .problem();
    assert_eq!(twice.code, Code::Conflict);
    let seen = see(&w, slot.id).await;
    let seen = waitlist::skip(&w.s, &w.owner, seen.offers[0].id).await.expect("passed over");
    assert_eq!(statuses(&seen), [OfferStatus::Withdrawn, OfferStatus::Sent]);
    w.text(BEN, "Y").await;
    settle(&w).await;
    assert_eq!(see(&w, slot.id).await.status, SlotStatus::Taken);
}
