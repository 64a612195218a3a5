//! Visits as a calendar and a program read them.

use contract::{
    Code,
    appointments::{AppointmentAction, AppointmentView, CreateAppointment, VisitsQuery},
    calendar::{Calendar, CalendarQuery, CalendarView},
    contacts::ContactView,
};
use rstest::rstest;
use services::appointments::{self, calendar, page};
use testkit::{Backend, World};

const ANN: &str = "+14155550101";
const BEN: &str = "+14155550102";

async fn book(w: &World, who: &ContactView, local: &str, label: &str, minutes: Option<i32>) -> AppointmentView {
    let cmd = CreateAppointment {
        contact_id: who.id,
        starts_at: local.to_owned(),
        staff_label: Some(label.to_owned()),
        minutes,
        ..CreateAppointment::default()
    };
    appointments::create(&w.s, &w.owner, cmd).await.expect("booked")
}

async fn look(w: &World, view: CalendarView, date: &str, staff: Option<&str>) -> Calendar {
    let query = CalendarQuery {
        view,
        date: Some(date.to_owned()),
        staff: staff.map(str::to_owned),
        location_id: None,
    };
    calendar::calendar(&w.s, &w.owner, query).await.expect("a calendar")
}

#[rstest]
#[tokio::test]
async fn a_day_a_week_and_a_month_show_what_is_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let first = book(&w, &ann, "2027-01-06T09:00", "Ana", Some(45)).await;
    book(&w, &ben, "2027-01-06T23:30", "", None).await;
    book(&w, &ben, "2027-01-08T09:00", "Ana", None).await;
    book(&w, &ben, "2027-02-01T09:00", "Bea", None).await;
    let gone = book(&w, &ann, "2027-01-06T11:00", "Ana", None).await;
    appointments::act(&w.s, &w.owner, first.id, AppointmentAction::Confirm)
        .await
        .expect("confirmed");
    appointments::act(&w.s, &w.owner, gone.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");

    let day = look(&w, CalendarView::Day, "2027-01-06", None).await;
    assert_eq!((day.today.as_str(), day.now), ("2027-01-04", 600));
    let seen: Vec<_> = day.visits.iter().map(|v| (v.from, v.until, v.guessed)).collect();
    assert_eq!(
        seen,
        [(540, 585, false), (1410, 1440, true)],
        "what was cancelled leaves room"
    );
    assert_eq!(day.staff, ["Ana", "Bea"]);
    assert_eq!((day.before.as_str(), day.after.as_str()), ("2027-01-05", "2027-01-07"));
    assert_eq!((day.days[0].visits, day.days[0].confirmed), (2, 1));

    let week = look(&w, CalendarView::Week, "2027-01-06", Some("Ana")).await;
    assert_eq!(week.days.len(), 7);
    assert_eq!(week.visits.len(), 2);
    assert!(week.visits.iter().all(|v| v.visit.staff_label == "Ana"));
    let month = look(&w, CalendarView::Month, "2027-01-06", None).await;
    let counts: Vec<_> = month
        .days
        .iter()
        .filter(|d| d.visits > 0)
        .map(|d| (d.date.as_str(), d.visits))
        .collect();
    assert_eq!(counts, [("2027-01-06", 2), ("2027-01-08", 1)]);
    let nonsense = CalendarQuery {
        date: Some("yesterday".to_owned()),
        ..CalendarQuery::default()
    };
    let no = calendar::calendar(&w.s, &w.owner, nonsense).await.expect_err("refused");
    assert_eq!(no.problem().code, Code::Malformed);
    let other = w.another_business().await;
    let theirs = CalendarQuery {
        date: Some("2027-01-06".to_owned()),
        ..CalendarQuery::default()
    };
    assert!(
        calendar::calendar(&w.s, &other, theirs)
            .await
            .expect("a calendar")
            .visits
            .is_empty()
    );
}

#[rstest]
#[tokio::test]
async fn a_list_is_narrowed_and_read_page_by_page(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let first = book(&w, &ann, "2027-01-06T09:00", "Ana", None).await;
    let second = book(&w, &ben, "2027-01-06T10:00", "", None).await;
    let third = book(&w, &ann, "2027-01-08T09:00", "Ana", None).await;
    appointments::act(&w.s, &w.owner, second.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    let ids = async |query: VisitsQuery| {
        let page = page::page(&w.s, &w.owner, query).await.expect("a page");
        page.data.into_iter().map(|v| v.id).collect::<Vec<_>>()
    };
    let some = VisitsQuery::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(ids(some()).await, [first.id, second.id, third.id], "of every status");
    let day = VisitsQuery {
        from: text("2027-01-06"),
        to: text("2027-01-06"),
        ..some()
    };
    assert_eq!(ids(day).await, [first.id, second.id]);
    let moment = VisitsQuery {
        from: text("2027-01-06T14:30:00Z"),
        to: text("2027-01-08T14:00:00Z"),
        ..some()
    };
    assert_eq!(ids(moment).await, [second.id]);
    assert_eq!(
        ids(VisitsQuery {
            status: text("cancelled"),
            ..some()
        })
        .await,
        [second.id]
    );
    assert_eq!(
        ids(VisitsQuery {
            contact_id: Some(ann.id),
            ..some()
        })
        .await,
        [first.id, third.id]
    );
    assert_eq!(
        ids(VisitsQuery {
            staff_label: text("Ana"),
            ..some()
        })
        .await,
        [first.id, third.id]
    );
    assert_eq!(
        ids(VisitsQuery {
            staff_label: text(""),
            ..some()
        })
        .await,
        [second.id]
    );
    let (mut seen, mut cursor) = (Vec::new(), None);
    for _ in 0..3 {
        let query = VisitsQuery {
            limit: Some(1),
            cursor: cursor.clone(),
            ..some()
        };
        let one = page::page(&w.s, &w.owner, query).await.expect("a page");
        seen.extend(one.data.into_iter().map(|v| v.id));
        cursor = one.next_cursor;
    }
    assert_eq!((seen, cursor), (vec![first.id, second.id, third.id], None));
    for wrong in [
        VisitsQuery {
            status: text("maybe"),
            ..some()
        },
        VisitsQuery {
            from: text("soon"),
            ..some()
        },
        VisitsQuery {
            limit: Some(101),
            ..some()
        },
    ] {
        let no = page::page(&w.s, &w.owner, wrong).await.expect_err("refused");
        assert_eq!(no.problem().code, Code::Malformed);
    }
}
