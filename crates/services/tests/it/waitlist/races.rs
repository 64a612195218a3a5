//! Many at once: one has it, everybody else is told, nothing is done twice.

use chrono::Duration;
use contract::waitlist::{AddEntry, CreateSlot, Mode, OfferStatus, SlotStatus};
use futures::future::join_all;
use rstest::rstest;
use services::{receiving, waitlist};
use testkit::{Backend, World};

use super::{ANN, BEN, CLEO, free, last, see, settle, slots_of, statuses, visit, waits, waits_for};

/// How many answer at once.
const CROWD: usize = 200;

fn phone(n: usize) -> String {
    format!("+1415555{n:04}")
}

fn race() -> CreateSlot {
    CreateSlot {
        mode: Some(Mode::Race),
        group_size: Some(50),
        hold_minutes: Some(1),
        ..CreateSlot::default()
    }
}

#[rstest]
#[tokio::test]
async fn of_two_hundred_who_answer_at_once_one_has_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    services::businesses::sending::update_limits(
        &w.s,
        &w.owner,
        contract::businesses::UpdateLimits {
            hourly_limit: "10000".to_owned(),
            monthly_budget: String::new(),
        },
    )
    .await
    .expect("no limit in the way");
    for n in 0..CROWD {
        let who = w.contact(&format!("Person {n}"), &phone(n)).await;
        waits(&w, &who).await;
    }
    let slot = free(&w, 50, race()).await;
    for _ in 0..CROWD / 50 {
        settle(&w).await;
        w.clock.advance(Duration::minutes(1));
    }
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    assert_eq!(seen.offers.len(), CROWD);
    assert!(
        statuses(&seen).iter().all(|status| *status == OfferStatus::Sent),
        "all were asked"
    );
    let forms: Vec<_> = (0..CROWD).map(|n| w.inbound(&phone(n), "Y")).collect();
    let other = w.another_process().await;
    let answers = forms.iter().enumerate().map(|(n, form)| {
        let s = if n % 2 == 0 { w.s.clone() } else { other.clone() };
        async move { receiving::receive(&s, form, "").await.expect("the text is taken") }
    });
    join_all(answers).await;
    // At their number's pace.
    for _ in 0..6 {
        settle(&w).await;
        w.clock.advance(Duration::minutes(1));
    }
    let seen = see(&w, slot.id).await;
    assert_eq!(seen.status, SlotStatus::Taken);
    let won = statuses(&seen).iter().filter(|status| **status == OfferStatus::Taken).count();
    assert_eq!(won, 1, "one has it");
    let winner = visit(&w, &seen).await.contact_id;
    let mut told = (0, 0);
    for offer in &seen.offers {
        let n: usize = offer
            .contact_name
            .rsplit(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a number");
        let got = w.phone_got(&phone(n));
        assert_eq!(got.len(), 2, "asked and told once: {got:?}");
        if offer.contact_id == winner {
            assert!(got[1].contains("you're in"), "{got:?}");
            told.0 += 1;
        } else {
            assert!(got[1].contains("sorry, that time just went"), "{got:?}");
            told.1 += 1;
        }
    }
    assert_eq!(told, (1, CROWD - 1));
}

#[rstest]
#[tokio::test]
async fn a_yes_at_the_instant_the_hold_ends_is_in_time_or_late_never_both(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    waits(&w, &ann).await;
    waits(&w, &ben).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    w.clock
        .set(see(&w, slot.id).await.offers[0].expires_at.expect("a hold") - Duration::milliseconds(1));
    let form = w.inbound(ANN, "Y");
    let raw = String::new();
    let ticks = async {
        w.clock.advance(Duration::milliseconds(1));
        waitlist::tick(&w.s).await.expect("looked at");
    };
    let (said, ()) = tokio::join!(receiving::receive(&w.s, &form, &raw), ticks);
    said.expect("taken");
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    let got = w.phone_got(ANN);
    assert_eq!(got.len(), 2, "{got:?}");
    match seen.offers[0].status {
        OfferStatus::Taken => {
            assert!(got[1].contains("you're in"));
            assert_eq!(seen.offers.len(), 1, "nobody else was asked");
        }
        OfferStatus::Expired => {
            assert!(got[1].contains("that offer ended"));
            assert_eq!(seen.offers[1].contact_id, ben.id);
            assert_eq!(seen.status, SlotStatus::Offering);
        }
        other => panic!("neither: {other:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn a_hold_ends_by_the_clock_though_nobody_has_looked_since(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    waits(&w, &ann).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    w.clock.set(see(&w, slot.id).await.offers[0].expires_at.expect("a hold"));
    w.text(ANN, "Y").await;
    let seen = see(&w, slot.id).await;
    assert_eq!((seen.offers[0].status, seen.appointment_id), (OfferStatus::Expired, None));
    settle(&w).await;
    assert!(last(&w, ANN).contains("that offer ended"), "{}", last(&w, ANN));
}

#[rstest]
#[tokio::test]
async fn staff_a_yes_and_the_end_of_the_hold_at_one_instant_make_one_visit_and_one_answer(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben, cleo) = (
        w.contact("Ann", ANN).await,
        w.contact("Ben", BEN).await,
        w.contact("Cleo", CLEO).await,
    );
    waits(&w, &ann).await;
    waits(&w, &ben).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    w.clock
        .set(see(&w, slot.id).await.offers[0].expires_at.expect("a hold") - Duration::milliseconds(1));
    let form = w.inbound(ANN, "Y");
    let raw = String::new();
    let ticks = async {
        w.clock.advance(Duration::milliseconds(1));
        waitlist::tick(&w.s).await.expect("looked at");
    };
    let by_hand = waitlist::book(&w.s, &w.owner, slot.id, cleo.id);
    let (said, by_hand, ()) = tokio::join!(receiving::receive(&w.s, &form, &raw), by_hand, ticks);
    said.expect("taken");
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    let (has, told) = (visit(&w, &seen).await.contact_id, w.phone_got(ANN));
    assert_eq!((seen.status, told.len()), (SlotStatus::Taken, 2), "{told:?}");
    let open = seen.offers.iter().filter(|offer| offer.status.is_open()).count();
    assert_eq!(open, 0, "nobody is asked about it any more: {:?}", seen.offers);
    match by_hand {
        Ok(_) => assert!(has == cleo.id && !told[1].contains("you're in"), "{told:?}"),
        Err(_) => assert!(has == ann.id && told[1].contains("you're in"), "{told:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn staff_and_a_yes_at_one_moment_make_one_visit(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    waits(&w, &ann).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    let form = w.inbound(ANN, "Y");
    let raw = String::new();
    let by_hand = waitlist::book(&w.s, &w.owner, slot.id, ben.id);
    let (said, by_hand) = tokio::join!(receiving::receive(&w.s, &form, &raw), by_hand);
    said.expect("taken");
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    let has = visit(&w, &seen).await.contact_id;
    let told = last(&w, ANN);
    assert_eq!(w.phone_got(ANN).len(), 2);
    match by_hand {
        Ok(_) => assert!(has == ben.id && told.contains("just went"), "{told}"),
        Err(_) => assert!(has == ann.id && told.contains("you're in"), "{told}"),
    }
}

#[rstest]
#[tokio::test]
async fn three_are_asked_at_once_and_the_second_yes_is_too_late(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for n in 0..4 {
        let who = w.contact(&format!("Person {n}"), &phone(n)).await;
        waits(&w, &who).await;
    }
    // In six hours: groups of three.
    let slot = free(&w, 6, CreateSlot::default()).await;
    settle(&w).await;
    assert_eq!(see(&w, slot.id).await.offers.len(), 3);
    assert!(last(&w, &phone(0)).contains("First to answer gets it."));
    w.text(&phone(1), "Y").await;
    w.text(&phone(0), "Y").await;
    w.text(&phone(1), "Y").await;
    settle(&w).await;
    assert!(last(&w, &phone(1)).contains("you're in"));
    assert!(last(&w, &phone(0)).contains("just went"));
    assert_eq!(w.phone_got(&phone(1)).len(), 2, "a second yes changes nothing");
    assert_eq!(w.phone_got(&phone(2)).len(), 1, "who did not answer is told nothing");
    assert!(w.phone_got(&phone(3)).is_empty());
}

#[rstest]
#[tokio::test]
async fn a_chain_of_ten_settles_by_itself(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for n in 0..10 {
        let who = w.contact(&format!("Person {n}"), &phone(n)).await;
        let later = w.appointment(&who, 72 + 24 * n as i64).await;
        let earlier = AddEntry {
            instead_of: Some(later.id),
            ..AddEntry::default()
        };
        waits_for(&w, &who, earlier).await;
    }
    free(&w, 50, CreateSlot::default()).await;
    for n in 0..10 {
        settle(&w).await;
        w.text(&phone(n), "Y").await;
    }
    settle(&w).await;
    let all = slots_of(&w).await;
    let taken = all.iter().filter(|slot| slot.status == SlotStatus::Taken).count();
    assert_eq!(taken, 10);
    let chained = all.iter().filter(|slot| slot.chain_of.is_some()).count();
    assert_eq!(chained, 9, "the last one leaves a time that nobody waits for: {all:?}");
}

#[rstest]
#[tokio::test]
async fn what_was_taken_is_told_after_a_crash_and_told_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for n in 0..2 {
        let who = w.contact(&format!("Person {n}"), &phone(n)).await;
        waits(&w, &who).await;
    }
    let slot = free(&w, 6, CreateSlot::default()).await;
    settle(&w).await;
    w.text(&phone(0), "Y").await;
    w.text(&phone(1), "Y").await;
    // The process is gone before anything is texted: another one finds what is to be told, and both do.
    let other = w.another_process().await;
    let (one, two) = tokio::join!(waitlist::tick(&w.s), waitlist::tick(&other));
    one.expect("looked at");
    two.expect("looked at");
    settle(&w).await;
    assert!(last(&w, &phone(0)).contains("you're in"));
    assert!(last(&w, &phone(1)).contains("just went"));
    assert_eq!((w.phone_got(&phone(0)).len(), w.phone_got(&phone(1)).len()), (2, 2));
    assert_eq!(see(&w, slot.id).await.status, SlotStatus::Taken);
}
