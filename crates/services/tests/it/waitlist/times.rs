//! Times by text: a number moves the visit.

use chrono::{DateTime, Duration};
use contract::{
    Code,
    appointments::Status,
    tasks::TaskQuery,
    waitlist::{OfferTimes, SlotStatus, TimesView},
};
use rstest::rstest;
use services::{tasks, waitlist};
use testkit::{Backend, World};
use uuid::Uuid;

use super::{ANN, BEN, after, last, see, settle, slots_of, waits};

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
