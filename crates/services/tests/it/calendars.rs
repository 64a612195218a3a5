//! Calendars of other systems as the source of visits: read, looked at, started, followed.

mod peer;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    appointments::{AppointmentAction, MoveAppointment, Status},
    calendars::{AddCalendarSource, CalendarEventQuery, CalendarEventView, CalendarSourceView, LinkCalendarEvent},
};
use peer::Peer;
use rstest::rstest;
use services::{appointments, calendars, jobs, queue::Job};
use testkit::{Backend, World};
use uuid::Uuid;

const MAYA: &str = "+14155550171";

fn ics(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// An event so many hours from now, half an hour long.
fn event(w: &World, uid: &str, title: &str, hours: i64) -> String {
    let start = w.clock.now() + Duration::hours(hours);
    let end = start + Duration::minutes(30);
    format!(
        "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{}\r\nDTEND:{}\r\nSUMMARY:{title}\r\nEND:VEVENT\r\n",
        ics(start),
        ics(end)
    )
}

fn calendar(events: &[String]) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{}END:VCALENDAR\r\n",
        events.concat()
    )
}

async fn add(w: &World, url: String) -> CalendarSourceView {
    let cmd = AddCalendarSource {
        url,
        name: "Salon".to_owned(),
        location_id: None,
        staff_label: None,
    };
    calendars::add(&w.s, &w.owner, cmd).await.expect("added")
}

async fn read(w: &World, id: Uuid) -> CalendarSourceView {
    Box::pin(jobs::perform(&w.s, Job::ReadCalendar { source_id: id }))
        .await
        .expect("read");
    calendars::get(&w.s, &w.owner, id).await.expect("there")
}

/// Ten minutes on, read again.
async fn read_later(w: &World, id: Uuid) -> CalendarSourceView {
    w.clock.advance(Duration::minutes(10));
    read(w, id).await
}

async fn start(w: &World, id: Uuid) {
    calendars::start(&w.s, &w.owner, id).await.expect("started");
    read(w, id).await;
}

async fn events(w: &World, id: Uuid) -> Vec<CalendarEventView> {
    let page = calendars::events(&w.s, &w.owner, id, CalendarEventQuery::default()).await;
    page.expect("events").data
}

async fn visits(w: &World) -> Vec<(String, Status, DateTime<Utc>)> {
    let all = appointments::list(&w.s, &w.owner, Default::default()).await.expect("visits");
    all.data
        .into_iter()
        .map(|v| (v.contact_name, v.status, v.starts_at))
        .collect()
}

async fn waits(w: &World, id: Uuid, title: &str) -> CalendarEventView {
    let all = events(w, id).await;
    all.into_iter().find(|e| e.title == title).expect("an event of that title")
}

#[rstest]
#[tokio::test]
async fn nothing_is_booked_before_somebody_has_looked_and_started(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    peer.serve(calendar(&[
        event(&w, "maya", "Maya Lopez (415) 555-0171", 30),
        event(&w, "ann", "Ann", 31),
        event(&w, "lunch", "Lunch", 32),
    ]));
    let salon = add(&w, peer.url()).await;
    assert_eq!(salon.status, "reading");
    let refused = calendars::start(&w.s, &w.owner, salon.id)
        .await
        .expect_err("nothing to look at yet");
    assert_eq!(refused.problem().code, Code::Conflict);

    let salon = read(&w, salon.id).await;
    assert_eq!((salon.status.as_str(), salon.visits, salon.needs_number), ("preview", 2, 1));
    assert_eq!(visits(&w).await, []);
    w.work().await;
    assert_eq!(w.phone_got(MAYA), Vec::<String>::new());

    start(&w, salon.id).await;
    let booked = visits(&w).await;
    assert_eq!(booked.len(), 1, "{booked:?}");
    assert_eq!(booked[0].0, "Maya Lopez");
    w.work().await;
    assert_eq!(w.phone_got(MAYA).len(), 1, "her reminder of 48 hours");
    let maya = w.holder_of(MAYA).await;
    let ledger = services::contacts::consent::export(&w.s, &w.owner, maya.id)
        .await
        .expect("a ledger");
    assert!(ledger[0].evidence.contains("calendar Salon"), "{ledger:?}");
}

#[rstest]
#[tokio::test]
async fn what_moves_there_moves_here_and_its_reminder_with_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    peer.serve(calendar(&[event(&w, "maya", "Maya (415) 555-0171", 72)]));
    let salon = add(&w, peer.url()).await;
    read(&w, salon.id).await;
    start(&w, salon.id).await;
    let before = visits(&w).await;
    peer.serve(calendar(&[event(&w, "maya", "Maya (415) 555-0171", 96)]));
    read_later(&w, salon.id).await;
    let after = visits(&w).await;
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].2 - before[0].2, Duration::hours(24));
    // Where the first one was due nothing leaves.
    w.clock.advance(Duration::hours(26));
    w.work().await;
    assert_eq!(w.phone_got(MAYA), Vec::<String>::new());
    w.clock.advance(Duration::hours(24));
    w.work().await;
    assert_eq!(w.phone_got(MAYA).len(), 1);
}

#[rstest]
#[tokio::test]
async fn what_is_cancelled_there_is_cancelled_here_and_what_is_missing_only_the_second_time(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    let all: Vec<String> = (0..5)
        .map(|n| event(&w, &format!("e{n}"), &format!("P{n} (415) 555-018{n}"), 72 + n))
        .collect();
    peer.serve(calendar(&all));
    let salon = add(&w, peer.url()).await;
    read(&w, salon.id).await;
    start(&w, salon.id).await;
    let open = async || visits(&w).await.iter().filter(|v| v.1.is_open()).count();
    assert_eq!(open().await, 5);

    let cancelled = all[0].replace("SUMMARY", "STATUS:CANCELLED\r\nSUMMARY");
    peer.serve(calendar(&[
        cancelled,
        all[1].clone(),
        all[2].clone(),
        all[3].clone(),
        all[4].clone(),
    ]));
    read_later(&w, salon.id).await;
    assert_eq!(open().await, 4, "said to be cancelled: at once");

    peer.serve(calendar(&all[2..]));
    read_later(&w, salon.id).await;
    assert_eq!(open().await, 4, "missing once");
    read_later(&w, salon.id).await;
    assert_eq!(open().await, 3, "missing twice");

    peer.serve(calendar(&all[3..]));
    read_later(&w, salon.id).await;
    peer.serve(calendar(&all[2..]));
    read_later(&w, salon.id).await;
    read_later(&w, salon.id).await;
    assert_eq!(open().await, 3, "missing once and back");
}

#[rstest]
#[tokio::test]
async fn a_calendar_that_loses_half_of_its_events_is_not_believed_until_a_person_says_so(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    let all: Vec<String> = (0..4)
        .map(|n| event(&w, &format!("e{n}"), &format!("P{n} (415) 555-018{n}"), 72 + n))
        .collect();
    peer.serve(calendar(&all));
    let salon = add(&w, peer.url()).await;
    read(&w, salon.id).await;
    start(&w, salon.id).await;
    peer.serve(calendar(&[]));
    for _ in 0..3 {
        let salon = read_later(&w, salon.id).await;
        assert_eq!(salon.lost, 4);
    }
    assert!(visits(&w).await.iter().all(|v| v.1.is_open()));
    let tasks = w.open_tasks().await;
    assert_eq!(tasks.iter().filter(|t| t.kind == "calendar").count(), 1, "{tasks:?}");

    let salon = calendars::believe(&w.s, &w.owner, salon.id).await.expect("believed");
    assert_eq!(salon.lost, 0);
    assert!(
        visits(&w).await.iter().all(|v| v.1 == Status::Cancelled),
        "{:?}",
        visits(&w).await
    );
    assert!(w.open_tasks().await.iter().all(|t| t.kind != "calendar"));
}

#[rstest]
#[tokio::test]
async fn nobody_guesses_who_comes_and_what_was_said_once_holds(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    w.contact("Bo Vance", "+14155550160").await;
    w.contact("Kim", "+14155550161").await;
    w.contact("Kim", "+14155550162").await;
    peer.serve(calendar(&[
        event(&w, "bo", "Bo Vance", 72),
        event(&w, "kim", "Kim", 73),
        event(&w, "two", "415 555 0171 or 415 555 0172", 74),
        event(&w, "ann", "Ann - colour", 75),
        event(&w, "stock", "Stocktaking", 76),
    ]));
    let salon = add(&w, peer.url()).await;
    let salon = read(&w, salon.id).await;
    assert_eq!((salon.visits, salon.needs_number), (5, 4), "only Bo is known");
    start(&w, salon.id).await;
    assert_eq!(visits(&w).await.len(), 1);

    let ann = waits(&w, salon.id, "Ann - colour").await;
    let link = |phone: &str| LinkCalendarEvent {
        contact_id: None,
        phone: Some(phone.to_owned()),
        name: None,
    };
    let refused = calendars::link(&w.s, &w.owner, ann.id, link("12"))
        .await
        .expect_err("no number");
    assert_eq!(refused.problem().fields[0].field, "phone");
    calendars::link(&w.s, &w.owner, ann.id, link("(415) 555-0199"))
        .await
        .expect("linked");
    let stock = waits(&w, salon.id, "Stocktaking").await;
    calendars::ignore(&w.s, &w.owner, stock.id, true).await.expect("ignored");
    assert_eq!(visits(&w).await.len(), 2, "hers is booked at once");

    // The next ones of the same words need nobody.
    peer.serve(calendar(&[
        event(&w, "bo", "Bo Vance", 72),
        event(&w, "kim", "Kim", 73),
        event(&w, "ann", "Ann - colour", 75),
        event(&w, "stock", "Stocktaking", 76),
        event(&w, "ann2", "Ann - Colour", 100),
        event(&w, "stock2", "STOCKTAKING", 101),
    ]));
    let salon = read_later(&w, salon.id).await;
    assert_eq!(visits(&w).await.len(), 3);
    assert_eq!(salon.needs_number, 2, "Kim, and the two that are not gone for good yet");

    calendars::restore(&w.s, &w.owner, stock.id).await.expect("asked again");
    assert_eq!(waits(&w, salon.id, "STOCKTAKING").await.state, "needs_number");
}

#[rstest]
#[tokio::test]
async fn its_time_is_kept_there_and_how_it_went_is_said_here(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    peer.serve(calendar(&[event(&w, "maya", "Maya (415) 555-0171", 30)]));
    let salon = add(&w, peer.url()).await;
    read(&w, salon.id).await;
    start(&w, salon.id).await;
    let visit = appointments::list(&w.s, &w.owner, Default::default())
        .await
        .expect("visits")
        .data
        .remove(0);
    let cmd = MoveAppointment {
        starts_at: (w.clock.now() + Duration::hours(50)).to_rfc3339(),
        ..Default::default()
    };
    let refused = appointments::reschedule(&w.s, &w.owner, visit.id, cmd)
        .await
        .expect_err("kept there");
    assert_eq!(refused.problem().code, Code::Conflict);
    w.work().await;
    w.text(MAYA, "N").await;
    let task = w
        .open_tasks()
        .await
        .into_iter()
        .find(|t| t.kind == "reschedule")
        .expect("a task");
    assert!(task.title.contains("in your calendar"), "{}", task.title);
    let confirmed = appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::Confirm)
        .await
        .expect("ours to say");
    assert_eq!(confirmed.status, Status::Confirmed);
    read_later(&w, salon.id).await;
    assert_eq!(
        visits(&w).await[0].1,
        Status::Confirmed,
        "a reading that finds nothing new changes nothing"
    );
}

#[rstest]
#[tokio::test]
async fn a_stop_stands_whatever_a_calendar_says(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    w.text(MAYA, "STOP").await;
    peer.serve(calendar(&[event(&w, "maya", "Maya (415) 555-0171", 30)]));
    let salon = add(&w, peer.url()).await;
    read(&w, salon.id).await;
    start(&w, salon.id).await;
    let before = w.phone_got(MAYA).len();
    w.work().await;
    assert_eq!(w.phone_got(MAYA).len(), before);
    assert_eq!(visits(&w).await.len(), 1, "the visit itself is booked");
}

#[rstest]
#[tokio::test]
async fn a_calendar_that_breaks_keeps_its_visits_and_says_why(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    peer.serve(calendar(&[event(&w, "maya", "Maya (415) 555-0171", 72)]));
    let salon = add(&w, peer.url()).await;
    read(&w, salon.id).await;
    start(&w, salon.id).await;
    let faults = [
        (peer::Says::Status(404), "answer 404"),
        (peer::Says::Status(500), "answered 500"),
        (peer::Says::Body("<html>".to_owned()), "not a calendar"),
        (
            peer::Says::Body("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x".to_owned()),
            "breaks off",
        ),
        (peer::Says::Huge, "larger than 5 MB"),
        (peer::Says::Round, "more than three times"),
    ];
    for (says, why) in faults {
        peer.say(says);
        let salon = read_later(&w, salon.id).await;
        assert_eq!(salon.status, "failing");
        assert!(
            salon.problem.as_deref().is_some_and(|p| p.contains(why)),
            "{why}: {:?}",
            salon.problem
        );
        assert!(
            !salon.problem.as_deref().is_some_and(|p| p.contains("secret-word")),
            "no part of the address"
        );
    }
    assert!(visits(&w).await[0].1.is_open());
    w.clock.advance(Duration::hours(1));
    let notices = services::pages::notices::list(&w.s, &w.owner).await.expect("notices");
    assert!(notices.iter().any(|n| n.kind == "calendar_failing"), "{notices:?}");

    peer.serve(calendar(&[event(&w, "maya", "Maya (415) 555-0171", 72)]));
    assert_eq!(read_later(&w, salon.id).await.status, "started");
}

#[rstest]
#[tokio::test]
async fn what_has_not_changed_is_not_sent_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    peer.serve(calendar(&[event(&w, "maya", "Maya (415) 555-0171", 72)]));
    let salon = add(&w, peer.url()).await;
    read(&w, salon.id).await;
    read_later(&w, salon.id).await;
    assert_eq!(peer.whole(), 1, "the second time it answers 304");
    assert_eq!(calendars::get(&w.s, &w.owner, salon.id).await.expect("there").visits, 1);
}

#[rstest]
#[tokio::test]
async fn a_series_that_begins_at_another_hour_moves_its_visits(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    let weekly = |hours| event(&w, "w", "Maya (415) 555-0171", hours).replace("SUMMARY", "RRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY");
    peer.serve(calendar(&[weekly(72)]));
    let salon = add(&w, peer.url()).await;
    read(&w, salon.id).await;
    start(&w, salon.id).await;
    assert_eq!(visits(&w).await.len(), 3);
    peer.serve(calendar(&[weekly(73)]));
    read_later(&w, salon.id).await;
    let now = visits(&w).await;
    assert_eq!(now.len(), 3, "{now:?}");
    assert!(now.iter().all(|v| v.1.is_open()));
}

#[rstest]
#[tokio::test]
async fn who_is_not_of_the_business_sees_and_changes_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    peer.serve(calendar(&[event(&w, "ann", "Ann", 72)]));
    let salon = add(&w, peer.url()).await;
    read(&w, salon.id).await;
    let ann = waits(&w, salon.id, "Ann").await;
    let other = w.another_business().await;
    assert_eq!(calendars::list(&w.s, &other).await.expect("theirs"), []);
    let code = |e: services::Error| e.problem().code;
    assert_eq!(
        calendars::get(&w.s, &other, salon.id).await.map_err(code),
        Err(Code::NotFound)
    );
    assert_eq!(
        calendars::start(&w.s, &other, salon.id).await.map_err(code),
        Err(Code::NotFound)
    );
    assert_eq!(
        calendars::believe(&w.s, &other, salon.id).await.map_err(code),
        Err(Code::NotFound)
    );
    assert_eq!(
        calendars::remove(&w.s, &other, salon.id, true).await.map_err(code),
        Err(Code::NotFound)
    );
    assert_eq!(
        calendars::ignore(&w.s, &other, ann.id, true).await.map_err(code),
        Err(Code::NotFound)
    );
}

#[rstest]
#[case::keep(false)]
#[case::cancel(true)]
#[tokio::test]
async fn a_calendar_that_is_removed_leaves_its_visits_or_takes_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] cancel: bool,
) {
    let w = World::new(backend).await;
    let peer = Peer::start().await;
    peer.serve(calendar(&[event(&w, "maya", "Maya (415) 555-0171", 72)]));
    let salon = add(&w, peer.url()).await;
    read(&w, salon.id).await;
    start(&w, salon.id).await;
    calendars::remove(&w.s, &w.owner, salon.id, cancel).await.expect("removed");
    let visit = appointments::list(&w.s, &w.owner, Default::default())
        .await
        .expect("visits")
        .data
        .remove(0);
    assert_eq!(visit.status == Status::Cancelled, cancel);
    if !cancel {
        let cmd = MoveAppointment {
            starts_at: (w.clock.now() + Duration::hours(50)).to_rfc3339(),
            ..Default::default()
        };
        appointments::reschedule(&w.s, &w.owner, visit.id, cmd)
            .await
            .expect("kept here now");
    }
}
