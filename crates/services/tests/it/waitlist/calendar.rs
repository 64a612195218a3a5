//! Free times on the calendar: who is asked stands there, and staff book all the same.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    calendar::{Calendar, CalendarQuery, CalendarView},
    waitlist::{CreateSlot, OfferStatus, SlotStatus},
};
use rstest::rstest;
use services::{Actor, pages, waitlist};
use testkit::{Backend, World, member};

use super::{ANN, BEN, after, free, last, see, settle, statuses, times::offered, visit, waits};

async fn look(w: &World, actor: &Actor, view: CalendarView, date: &str, staff: Option<&str>) -> Calendar {
    let query = CalendarQuery {
        view,
        date: Some(date.to_owned()),
        staff: staff.map(str::to_owned),
        location_id: None,
    };
    pages::calendar::calendar(&w.s, actor, query).await.expect("a calendar")
}

#[rstest]
#[tokio::test]
async fn a_time_that_is_held_stands_there_with_who_is_asked_until_staff_book_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    waits(&w, &ann).await;
    let with_ana = CreateSlot {
        staff_label: Some("Ana".to_owned()),
        ..CreateSlot::default()
    };
    let slot = free(&w, 26, with_ana).await;
    settle(&w).await;

    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    let day = look(&w, &sam, CalendarView::Day, "2027-01-05", None).await;
    let shown: Vec<_> = day.slots.iter().map(|one| (one.date.as_str(), one.from, one.until)).collect();
    assert_eq!(shown, [("2027-01-05", 720, 750)]);
    let held = &day.slots[0].free;
    assert_eq!(
        (held.status, held.offers[0].contact_name.as_str(), held.offers[0].status),
        (SlotStatus::Offering, "Ann", OfferStatus::Sent)
    );
    assert_eq!(held.offers[0].expires_at, Some(w.clock.now() + Duration::minutes(30)));
    assert!(day.staff.contains(&"Ana".to_owned()), "its column is there: {:?}", day.staff);
    assert_eq!(
        look(&w, &sam, CalendarView::Week, "2027-01-07", Some("Ana"))
            .await
            .slots
            .len(),
        1
    );
    for (view, date, staff) in [
        (CalendarView::Week, "2027-01-07", Some("Bea")),
        (CalendarView::Day, "2027-01-06", None),
        (CalendarView::Month, "2027-01-05", None),
    ] {
        assert!(look(&w, &sam, view, date, staff).await.slots.is_empty(), "{view:?} {date}");
    }

    waitlist::book(&w.s, &sam, slot.id, ben.id).await.expect("booked anyway");
    settle(&w).await;
    let day = look(&w, &sam, CalendarView::Day, "2027-01-05", None).await;
    assert_eq!((day.slots.len(), day.visits.len()), (0, 1));
    assert!(last(&w, ANN).contains("sorry, that time just went"), "{}", last(&w, ANN));
    let other = w.another_business().await;
    assert!(
        look(&w, &other, CalendarView::Day, "2027-01-05", None)
            .await
            .visits
            .is_empty()
    );
}

#[rstest]
#[tokio::test]
async fn a_time_that_somebody_chooses_from_is_booked_for_another_and_they_keep_the_rest(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ben = w.contact("Ben", BEN).await;
    let (ann, hers) = w.reminded("Ann", ANN).await;
    w.text(ANN, "N").await;
    let times = offered(&w, hers.id).await;
    settle(&w).await;
    let week = look(&w, &w.owner, CalendarView::Week, "2027-01-08", None).await;
    let held: Vec<_> = week
        .slots
        .iter()
        .map(|one| (one.date.as_str(), one.from, one.free.purpose.as_str()))
        .collect();
    assert_eq!(held, [("2027-01-08", 900, "times")]);

    let own = waitlist::book(&w.s, &w.owner, times.slots[0].id, ann.id)
        .await
        .expect_err("hers already")
        .problem();
    assert_eq!(own.code, Code::Conflict, "{own:?}");
    let taken = waitlist::book(&w.s, &w.owner, times.slots[0].id, ben.id)
        .await
        .expect("booked anyway");
    assert_eq!((taken.status, statuses(&taken)), (SlotStatus::Taken, vec![OfferStatus::Lost]));
    assert_eq!(visit(&w, &taken).await.contact_id, ben.id);

    w.text(ANN, "1").await;
    after(&w, Duration::minutes(1)).await;
    assert!(last(&w, ANN).contains("that time is not free any more"), "{}", last(&w, ANN));
    assert_eq!(w.see_appointment(&hers).await.starts_at, hers.starts_at, "nothing was moved");
    w.text(ANN, "2").await;
    settle(&w).await;
    assert_eq!(w.see_appointment(&hers).await.starts_at, times.slots[1].starts_at);
    assert_eq!(see(&w, times.slots[1].id).await.status, SlotStatus::Taken);
}
