//! Times by text: a number moves the visit.

use chrono::{DateTime, Duration};
use contract::{
    Code,
    appointments::Status,
    tasks::TaskQuery,
    waitlist::{OfferTimes, SlotStatus, TimesView},
};
use rstest::rstest;
use services::{
    tasks,
    waitlist::{
        self,
        page::{self, Given, Stands},
    },
};
use testkit::{Backend, World};
use uuid::Uuid;

use super::{
    ANN, BEN, after, last, see, settle, slots_of, waits,
    ways::{CLEOS_CHAT, DORAS_MAIL, approved, button, cleo, dora, page_of, prefers, stands, tap},
};
use crate::whatsapp::world;

pub async fn offered(w: &World, visit: Uuid) -> TimesView {
    let starts = ["2027-01-08T15:00", "2027-01-11T10:00", "2027-01-12T09:30"];
    let cmd = OfferTimes {
        starts: starts.map(str::to_owned).to_vec(),
    };
    waitlist::times::offer(&w.s, &w.owner, visit, cmd).await.expect("offered")
}

#[rstest]
#[case("2")]
#[case("The second one please")]
#[case("Monday")]
#[tokio::test]
async fn a_number_or_a_day_moves_the_visit(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend, #[case] answer: &str) {
    let w = World::new(backend).await;
    let ben = w.contact("Ben", BEN).await;
    waits(&w, &ben).await;
    let (_, visit) = w.reminded("Ann", ANN).await;
    w.text(ANN, "N").await;
    let times = offered(&w, visit.id).await;
    settle(&w).await;
    assert_eq!(
        last(&w, ANN),
        "Bright Dental: other times for your visit. Reply 1 Fri Jan 8, 3:00 PM; 2 Mon Jan 11, 10:00 AM; 3 Tue Jan 12, 9:30 AM, or N if none \
         suits. Held until 10:30 AM."
    );
    w.text(ANN, answer).await;
    settle(&w).await;
    let seen = w.see_appointment(&visit).await;
    let at: DateTime<chrono::Utc> = "2027-01-11T15:00:00Z".parse().expect("a moment");
    assert_eq!((seen.starts_at, seen.status), (at, Status::Confirmed));
    assert_eq!(last(&w, ANN), "Bright Dental: you're in: Mon, Jan 11 at 10:00 AM.");
    let mut all = Vec::new();
    for slot in &times.slots {
        all.push(see(&w, slot.id).await.status);
    }
    assert_eq!(all, [SlotStatus::Closed, SlotStatus::Taken, SlotStatus::Closed]);
    let open = tasks::list(&w.s, &w.owner, TaskQuery::default()).await.expect("tasks").data;
    assert!(open.iter().all(|task| task.kind != "reschedule"), "{open:?}");
    // The time that it leaves is for who waits.
    let freed = slots_of(&w).await;
    assert!(freed.iter().any(|slot| slot.starts_at == visit.starts_at), "{freed:?}");
}

#[rstest]
#[tokio::test]
async fn none_of_them_is_for_a_person_and_gives_all_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, visit) = w.reminded("Ann", ANN).await;
    let times = offered(&w, visit.id).await;
    settle(&w).await;
    w.text(ANN, "N").await;
    settle(&w).await;
    for slot in &times.slots {
        assert_eq!(see(&w, slot.id).await.status, SlotStatus::Closed);
    }
    let open = tasks::list(&w.s, &w.owner, TaskQuery::default()).await.expect("tasks").data;
    assert!(open.iter().any(|task| task.title.contains("none of the times")), "{open:?}");
    assert_eq!(w.see_appointment(&visit).await.starts_at, visit.starts_at);
}

#[rstest]
#[tokio::test]
async fn after_half_an_hour_they_are_free_again_and_a_choice_is_late(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (_, visit) = w.reminded("Ann", ANN).await;
    let times = offered(&w, visit.id).await;
    settle(&w).await;
    after(&w, Duration::minutes(30)).await;
    for slot in &times.slots {
        assert_eq!(see(&w, slot.id).await.status, SlotStatus::Expired);
    }
    w.text(ANN, "1").await;
    settle(&w).await;
    assert!(last(&w, ANN).contains("that time is not free any more"), "{}", last(&w, ANN));
    assert_eq!(w.see_appointment(&visit).await.starts_at, visit.starts_at);
}

#[rstest]
#[tokio::test]
async fn times_that_make_no_sense_are_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, visit) = w.reminded("Ann", ANN).await;
    for starts in [
        vec!["2027-01-08T15:00"],
        vec!["2027-01-08T15:00", "2027-01-08T15:00"],
        vec!["2026-01-08T15:00", "2027-01-08T15:00"],
    ] {
        let cmd = OfferTimes {
            starts: starts.iter().map(|at| (*at).to_owned()).collect(),
        };
        let refused = waitlist::times::offer(&w.s, &w.owner, visit.id, cmd)
            .await
            .expect_err("refused")
            .problem();
        assert_eq!(refused.code, Code::Invalid, "{starts:?}");
    }
}

async fn two(w: &World, visit: Uuid) -> TimesView {
    let starts = ["2027-01-18T15:00", "2027-01-19T10:00"];
    let cmd = OfferTimes {
        starts: starts.map(str::to_owned).to_vec(),
    };
    waitlist::times::offer(&w.s, &w.owner, visit, cmd).await.expect("offered")
}

#[rstest]
#[tokio::test]
async fn times_are_chosen_by_a_button_on_whatsapp(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let cleo = cleo(&w).await;
    approved(&w, "offer_times").await;
    let theirs = w.appointment(&cleo, 240).await;
    let times = two(&w, theirs.id).await;
    settle(&w).await;
    // There is no third one.
    let third = button(&w, CLEOS_CHAT, 2);
    assert!(third.starts_with("3."));
    tap(&w, CLEOS_CHAT, "3", &third).await;
    // A number before somebody else's secret is a button that is not known.
    let forged = third.replacen("3.", "1.", 1);
    tap(&w, CLEOS_CHAT, "1", &forged).await;
    settle(&w).await;
    assert_eq!(w.see_appointment(&theirs).await.starts_at, theirs.starts_at);
    tap(&w, CLEOS_CHAT, "2", &button(&w, CLEOS_CHAT, 1)).await;
    settle(&w).await;
    let seen = w.see_appointment(&theirs).await;
    assert_eq!((seen.starts_at, seen.status), (times.slots[1].starts_at, Status::Confirmed));
    let told = w.phone_got(CLEOS_CHAT).pop().expect("told there");
    assert!(told.contains("you're in"), "{told}");
}

#[rstest]
#[case::second(Given::Choice(2), Some(1))]
#[case::none_suits(Given::No, None)]
#[case::a_number_that_was_not_offered(Given::Choice(3), None)]
#[tokio::test]
async fn times_are_chosen_on_the_page_of_a_mail(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] given: Given,
    #[case] chosen: Option<usize>,
) {
    let w = World::new(backend).await;
    let dora = dora(&w).await;
    prefers(&w, &dora, "email", None).await;
    let hers = w.appointment(&dora, 240).await;
    let times = two(&w, hers.id).await;
    settle(&w).await;
    let token = page_of(&w, DORAS_MAIL);
    let Stands::Open(open) = stands(&w, &token).await else {
        panic!("it can be answered")
    };
    let numbers: Vec<i32> = open.times.iter().map(|(n, _)| *n).collect();
    assert_eq!(numbers, [1, 2]);
    assert!(page::answer(&w.s, &token, given).await.expect("heard"));
    settle(&w).await;
    let seen = w.see_appointment(&hers).await;
    match chosen {
        Some(at) => {
            assert_eq!((seen.starts_at, seen.status), (times.slots[at].starts_at, Status::Confirmed));
            assert!(matches!(stands(&w, &token).await, Stands::Taken { .. }));
        }
        None => assert_eq!(seen.starts_at, hers.starts_at),
    }
    if given == Given::No {
        assert!(matches!(stands(&w, &token).await, Stands::Declined));
        let tasks = w.open_tasks().await;
        assert!(tasks.iter().any(|task| task.title.contains("none of the times")), "{tasks:?}");
    }
}
