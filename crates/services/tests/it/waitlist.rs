//! The waitlist: a time that comes free is offered, taken once, and everybody else is told kindly.

mod calendar;
mod not_arrived;
mod races;
mod random;
mod slots;
mod thread;
mod times;
mod ways;
mod wordings;

use chrono::{DateTime, Duration};
use contract::{
    appointments::{AppointmentAction, AppointmentView, Status},
    contacts::ContactView,
    waitlist::{AddEntry, CreateSlot, EntryStatus, EntryView, Mode, OfferStatus, SlotStatus, SlotView},
};
use rstest::rstest;
use services::{appointments, waitlist};
use testkit::{Backend, World};
use uuid::Uuid;

const ANN: &str = "+14155550101";
const BEN: &str = "+14155550102";
const CLEO: &str = "+14155550103";

/// Somebody who waits for whatever comes.
async fn waits(w: &World, who: &ContactView) -> EntryView {
    waits_for(w, who, AddEntry::default()).await
}

async fn waits_for(w: &World, who: &ContactView, cmd: AddEntry) -> EntryView {
    let cmd = AddEntry {
        contact_id: who.id,
        ..cmd
    };
    waitlist::add(&w.s, &w.owner, cmd).await.expect("on the list")
}

/// A free half hour, so many hours from now.
async fn free(w: &World, hours: i64, cmd: CreateSlot) -> SlotView {
    let cmd = CreateSlot {
        starts_at: (w.clock.now() + Duration::hours(hours)).to_rfc3339(),
        minutes: 30,
        ..cmd
    };
    waitlist::create(&w.s, &w.owner, cmd).await.expect("a free time")
}

async fn see(w: &World, id: Uuid) -> SlotView {
    waitlist::get_slot(&w.s, &w.owner, id).await.expect("the slot")
}

async fn entry(w: &World, id: Uuid) -> EntryView {
    waitlist::get(&w.s, &w.owner, id).await.expect("the entry")
}

/// What has come so far is done, and what follows from it, and what follows from that.
async fn settle(w: &World) {
    for _ in 0..4 {
        w.work().await;
    }
}

async fn after(w: &World, time: Duration) {
    w.clock.advance(time);
    settle(w).await;
}

fn statuses(slot: &SlotView) -> Vec<OfferStatus> {
    slot.offers.iter().map(|offer| offer.status).collect()
}

async fn visit(w: &World, slot: &SlotView) -> AppointmentView {
    let id = slot.appointment_id.expect("a visit fills it");
    appointments::get(&w.s, &w.owner, id).await.expect("the visit")
}

/// The last text to this phone.
fn last(w: &World, phone: &str) -> String {
    w.phone_got(phone).pop().unwrap_or_default()
}

async fn cancel(w: &World, visit: &AppointmentView) {
    let act = AppointmentAction::Cancel;
    appointments::act(&w.s, &w.owner, visit.id, act).await.expect("cancelled");
}

async fn slots_of(w: &World) -> Vec<SlotView> {
    let board = waitlist::board(&w.s, &w.owner).await.expect("the board");
    [board.open, board.offering, board.taken, board.expired].concat()
}

#[rstest]
#[tokio::test]
async fn a_cancelled_visit_is_offered_declined_let_pass_and_taken(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let dora = w.contact("Dora", "+14155550104").await;
    let (ann, ben, cleo) = (
        w.contact("Ann", ANN).await,
        w.contact("Ben", BEN).await,
        w.contact("Cleo", CLEO).await,
    );
    let given_up = w.appointment(&dora, 50).await;
    for who in [&ann, &ben, &cleo] {
        waits(&w, who).await;
        w.clock.advance(Duration::minutes(1));
    }
    cancel(&w, &given_up).await;
    settle(&w).await;
    let slot = slots_of(&w).await.remove(0);
    assert_eq!(
        (slot.starts_at, slot.mode, slot.source.as_str()),
        (given_up.starts_at, Mode::OneByOne, "cancelled")
    );
    assert_eq!(
        last(&w, ANN),
        "Bright Dental: a slot opened Wed, Jan 6 at 12:00 PM. Reply Y to take it or N to pass. Held for you until 10:33 AM."
    );
    assert!(w.phone_got(BEN).is_empty(), "one by one");
    w.text(ANN, "N").await;
    settle(&w).await;
    assert!(last(&w, BEN).contains("Held for you until"));
    // Ben says nothing.
    after(&w, Duration::minutes(30)).await;
    assert!(last(&w, CLEO).contains("Held for you until"));
    w.text(CLEO, "Y").await;
    settle(&w).await;
    let slot = see(&w, slot.id).await;
    assert_eq!(
        statuses(&slot),
        [OfferStatus::Declined, OfferStatus::Expired, OfferStatus::Taken]
    );
    assert_eq!(slot.status, SlotStatus::Taken);
    let booked = visit(&w, &slot).await;
    assert_eq!((booked.contact_id, booked.status), (cleo.id, Status::Confirmed));
    assert_eq!(
        (booked.starts_at, booked.source.as_deref()),
        (given_up.starts_at, Some("waitlist"))
    );
    assert_eq!(last(&w, CLEO), "Bright Dental: you're in: Wed, Jan 6 at 12:00 PM.");
    // Late, and told so once.
    w.text(BEN, "Y").await;
    settle(&w).await;
    w.text(BEN, "Y").await;
    settle(&w).await;
    let got = w.phone_got(BEN);
    assert_eq!(got.len(), 2, "{got:?}");
    assert!(
        got[1].contains("that offer ended at 10:33 AM. You keep your place"),
        "{got:?}"
    );
    let board = waitlist::board(&w.s, &w.owner).await.expect("the board");
    let figures = board.figures;
    assert_eq!((figures.slots, figures.offers, figures.answers, figures.filled), (1, 3, 2, 1));
    assert_eq!(figures.seconds_to_fill, 30 * 60);
}

#[rstest]
#[tokio::test]
async fn a_time_goes_to_who_it_fits_in_their_turn(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben, cleo) = (
        w.contact("Ann", ANN).await,
        w.contact("Ben", BEN).await,
        w.contact("Cleo", CLEO).await,
    );
    let mornings = contract::waitlist::Window {
        to: Some("11:00".to_owned()),
        ..Default::default()
    };
    let early = AddEntry {
        windows: vec![mornings],
        ..AddEntry::default()
    };
    waits_for(&w, &ann, early).await;
    waits(&w, &ben).await;
    let urgent = AddEntry {
        priority: Some(contract::waitlist::Priority::Urgent),
        ..AddEntry::default()
    };
    let urgent = waits_for(&w, &cleo, urgent).await;
    // At noon in two days.
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    assert_eq!(seen.offers.len(), 1);
    assert_eq!(seen.offers[0].contact_id, cleo.id, "urgent goes first");
    assert!(
        seen.offers[0].reason.starts_with("urgent, never offered, waits"),
        "{}",
        seen.offers[0].reason
    );
    assert_eq!(entry(&w, urgent.id).await.offers, 1);
    w.text(CLEO, "n").await;
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    assert_eq!(seen.offers[1].contact_id, ben.id);
    w.text(BEN, "n").await;
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    assert_eq!(
        (seen.offers.len(), seen.status),
        (2, SlotStatus::Open),
        "noon is no time for Ann"
    );
    assert!(seen.wait_reason.is_some());
}

#[rstest]
#[tokio::test]
async fn a_visit_moves_and_the_time_it_leaves_is_the_next_to_be_filled(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let later = w.appointment(&ann, 24 * 7).await;
    let earlier = AddEntry {
        instead_of: Some(later.id),
        ..AddEntry::default()
    };
    let earlier = waits_for(&w, &ann, earlier).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    waits(&w, &ben).await;
    w.text(ANN, "Y").await;
    settle(&w).await;
    let slot = see(&w, slot.id).await;
    let moved = visit(&w, &slot).await;
    assert_eq!(
        (moved.id, moved.starts_at, moved.status),
        (later.id, slot.starts_at, Status::Confirmed)
    );
    assert_eq!(
        w.phone_got(ANN)[1],
        "Bright Dental: you're in: Wed, Jan 6 at 12:00 PM. Your visit on Jan 11 is released."
    );
    assert_eq!(w.phone_got(ANN).len(), 2, "nothing else tells of the move");
    assert_eq!(entry(&w, earlier.id).await.status, EntryStatus::Booked);
    let next = slots_of(&w)
        .await
        .into_iter()
        .find(|other| other.id != slot.id)
        .expect("another one");
    assert_eq!((next.starts_at, next.chain_of), (later.starts_at, Some(slot.id)));
    assert!(last(&w, BEN).contains("Mon, Jan 11 at 10:00 AM"), "{}", last(&w, BEN));
    w.text(BEN, "y").await;
    settle(&w).await;
    assert_eq!(see(&w, next.id).await.status, SlotStatus::Taken);
}

#[rstest]
#[tokio::test]
async fn who_lets_two_offers_pass_in_a_row_stands_behind(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let silent = waits(&w, &ann).await;
    for _ in 0..2 {
        let slot = free(&w, 72, CreateSlot::default()).await;
        settle(&w).await;
        after(&w, Duration::minutes(30)).await;
        waitlist::close(&w.s, &w.owner, slot.id).await.expect("closed");
        settle(&w).await;
    }
    assert_eq!(entry(&w, silent.id).await.silences, 2);
    // Ben comes last, and is asked first.
    let ben = w.contact("Ben", BEN).await;
    waits(&w, &ben).await;
    let slot = free(&w, 72, CreateSlot::default()).await;
    settle(&w).await;
    assert_eq!(see(&w, slot.id).await.offers[0].contact_id, ben.id);
    w.text(BEN, "N").await;
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    assert_eq!(seen.offers[1].contact_id, ann.id);
    w.text(ANN, "Y").await;
    assert_eq!(entry(&w, silent.id).await.silences, 0, "who answers does not stand behind");
}

#[rstest]
#[tokio::test]
async fn quiet_hours_make_a_time_wait(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    waits(&w, &ann).await;
    // It is 11 in the evening.
    w.clock.advance(Duration::hours(13));
    let slot = free(&w, 40, CreateSlot::default()).await;
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    assert!(w.phone_got(ANN).is_empty());
    assert_eq!(seen.status, SlotStatus::Open);
    let until = seen.waits_until.expect("until the morning");
    assert!(seen.wait_reason.expect("why").contains("quiet hours"));
    w.clock.set(DateTime::max(until, w.clock.now()));
    settle(&w).await;
    assert!(last(&w, ANN).contains("Held for you"), "{:?}", w.phone_got(ANN));
}

#[rstest]
#[tokio::test]
async fn who_has_waited_long_is_asked_once_and_leaves_in_the_end(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let (stays, goes) = (waits(&w, &ann).await, waits(&w, &ben).await);
    after(&w, Duration::days(55)).await;
    assert!(
        last(&w, ANN).contains("still waiting for a time? Reply Y to stay"),
        "{}",
        last(&w, ANN)
    );
    w.text(ANN, "Y").await;
    after(&w, Duration::days(5)).await;
    assert_eq!(entry(&w, stays.id).await.status, EntryStatus::Waiting);
    assert_eq!(entry(&w, goes.id).await.status, EntryStatus::Expired);
    assert_eq!(w.phone_got(BEN).len(), 1, "asked once");
}

#[rstest]
#[tokio::test]
async fn who_joins_by_the_form_is_known_told_and_on_the_list_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let join = contract::waitlist::Join {
        name: "Ann".to_owned(),
        phone: ANN.to_owned(),
        consent: "Text me when a time opens.".to_owned(),
        ..Default::default()
    };
    let first = waitlist::join(&w.s, w.owner.business_id, join.clone())
        .await
        .expect("on the list");
    assert_eq!(
        (first.source.as_str(), first.consent.as_str()),
        ("form", "Text me when a time opens.")
    );
    let again = waitlist::join(&w.s, w.owner.business_id, join.clone())
        .await
        .expect("as before");
    assert_eq!(again.id, first.id);
    settle(&w).await;
    let got = w.phone_got(ANN);
    let told =
        "You're on Bright Dental's waitlist. We'll text you when a time opens. Reply STOP to opt out. http://showup.test/l/";
    assert!(matches!(got.as_slice(), [one] if one.starts_with(told)), "{got:?}");
    let blank = contract::waitlist::Join {
        consent: " ".to_owned(),
        ..join
    };
    waitlist::join(&w.s, w.owner.business_id, blank)
        .await
        .expect_err("without consent");
    waitlist::leave(&w.s, w.owner.business_id, first.id).await.expect("left");
    assert_eq!(entry(&w, first.id).await.status, EntryStatus::Left);
}
