//! The same appointment twice: refused, or, where another system names it, brought up to date.

use chrono::Duration;
use contract::{
    Code, Problem,
    appointments::{AppointmentAction, AppointmentView, CreateAppointment, MoveAppointment},
    contacts::ContactView,
};
use rstest::rstest;
use services::appointments;
use testkit::{Backend, World};

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";

async fn book(w: &World, who: &ContactView, starts_at: &str) -> services::Result<AppointmentView> {
    let cmd = CreateAppointment {
        contact_id: who.id,
        starts_at: starts_at.to_owned(),
        ..CreateAppointment::default()
    };
    appointments::create(&w.s, &w.owner, cmd).await
}

async fn move_to(w: &World, appointment: &AppointmentView, starts_at: &str) -> services::Result<AppointmentView> {
    let cmd = MoveAppointment {
        starts_at: starts_at.to_owned(),
        ..Default::default()
    };
    appointments::reschedule(&w.s, &w.owner, appointment.id, cmd).await
}

fn refusal(result: services::Result<AppointmentView>) -> Problem {
    result.expect_err("refused").problem()
}

#[rstest]
#[tokio::test]
async fn the_second_is_refused_and_names_the_first(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let first = book(&w, &ann, "2027-01-07T15:00").await.expect("booked");
    // In another spelling, in another zone, a few seconds later: texts name minutes.
    for same in [
        "2027-01-07T15:00",
        "2027-01-07T15:00:30",
        "2027-01-07T20:00:00Z",
        "2027-01-07T21:00:00+01:00",
    ] {
        let problem = refusal(book(&w, &ann, same).await);
        assert_eq!(
            (problem.code, problem.conflicts_with),
            (Code::Conflict, Some(first.id)),
            "{same}"
        );
        assert!(
            problem.detail.starts_with("Ann already has an appointment at that time."),
            "{}",
            problem.detail
        );
    }
    book(&w, &ann, "2027-01-07T15:01")
        .await
        .expect("another minute is another visit");
    book(&w, &ben, "2027-01-07T15:00").await.expect("somebody else may come then");
    w.clock.advance(Duration::hours(50));
    w.work().await;
    let texts = w.phone_got(ANN);
    assert_eq!(texts.len(), 1);
    assert!(
        texts[0].contains(": 3:00 PM (Y101), 3:01 PM (Y102)."),
        "each visit there is, once: {texts:?}"
    );
}

#[rstest]
#[tokio::test]
async fn nor_is_one_moved_onto_another_or_brought_back_under_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let first = book(&w, &ann, "2027-01-07T15:00").await.expect("booked");
    let second = book(&w, &ann, "2027-01-07T16:00").await.expect("booked");
    let problem = refusal(move_to(&w, &second, "2027-01-07T15:00").await);
    assert_eq!((problem.code, problem.conflicts_with), (Code::Conflict, Some(first.id)));
    assert_eq!(
        w.see_appointment(&second).await.starts_at,
        second.starts_at,
        "it stays where it was"
    );
    move_to(&w, &first, "2027-01-07T15:00")
        .await
        .expect("onto itself it may move");
    move_to(&w, &first, "2027-01-07T15:00:20")
        .await
        .expect("within its minute, too");

    let act = async |appointment: &AppointmentView, act: AppointmentAction| {
        appointments::act(&w.s, &w.owner, appointment.id, act).await
    };
    act(&first, AppointmentAction::Cancel).await.expect("cancelled");
    let third = book(&w, &ann, "2027-01-07T15:00")
        .await
        .expect("what was cancelled is in nobody's way");
    let problem = refusal(act(&first, AppointmentAction::Reopen).await);
    assert_eq!((problem.code, problem.conflicts_with), (Code::Conflict, Some(third.id)));
    act(&third, AppointmentAction::Cancel).await.expect("cancelled");
    act(&first, AppointmentAction::Reopen).await.expect("now it may come back");
}

#[rstest]
#[tokio::test]
async fn of_many_at_the_same_moment_one_is_made(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let other = book(&w, &ann, "2027-01-08T15:00").await.expect("booked");
    // Two processes, as two servers on one database; SQLite belongs to one.
    let second = if backend == Backend::Postgres {
        w.another_process().await
    } else {
        w.s.clone()
    };
    let tries = (0..8).map(|n| {
        let (s, owner) = (if n % 2 == 0 { w.s.clone() } else { second.clone() }, w.owner.clone());
        let (contact_id, moved) = (ann.id, other.id);
        tokio::spawn(async move {
            let starts_at = "2027-01-07T15:00".to_owned();
            if n == 7 {
                appointments::reschedule(
                    &s,
                    &owner,
                    moved,
                    MoveAppointment {
                        starts_at,
                        ..Default::default()
                    },
                )
                .await
            } else {
                let cmd = CreateAppointment {
                    contact_id,
                    starts_at,
                    ..CreateAppointment::default()
                };
                appointments::create(&s, &owner, cmd).await
            }
        })
    });
    let done = futures::future::join_all(tries).await;
    let (made, refused): (Vec<_>, Vec<_>) = done.into_iter().map(|r| r.expect("no panic")).partition(Result::is_ok);
    let made: Vec<_> = made.into_iter().filter_map(Result::ok).map(|v| Some(v.id)).collect();
    assert_eq!(made.len(), 1);
    for problem in refused.into_iter().map(refusal) {
        assert_eq!((problem.code, problem.conflicts_with), (Code::Conflict, made[0]));
    }
}

fn named(who: &ContactView, id: &str, starts_at: &str) -> CreateAppointment {
    CreateAppointment {
        contact_id: who.id,
        starts_at: starts_at.to_owned(),
        external_id: Some(id.to_owned()),
        ..CreateAppointment::default()
    }
}

#[rstest]
#[tokio::test]
async fn what_another_system_names_again_is_brought_up_to_date(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let put = async |cmd| appointments::external::put(&w.s, &w.owner, cmd).await;
    let cmd = CreateAppointment {
        notes: Some("Knee".to_owned()),
        ..named(&ann, "A-1", "2027-01-07T15:00")
    };
    let (first, new) = put(cmd).await.expect("booked");
    assert!(new);
    let (again, new) = put(named(&ann, "A-1", "2027-01-07T15:00")).await.expect("known");
    assert!(!new);
    assert_eq!((again.id, again.revision), (first.id, first.revision), "nothing has changed");
    let (moved, new) = put(named(&ann, "A-1", "2027-01-08T09:30")).await.expect("moved");
    assert!(!new && moved.starts_at != first.starts_at);
    assert_eq!(
        (moved.id, moved.notes.as_str()),
        (first.id, "Knee"),
        "what is not given stays"
    );
    let day_before = moved.starts_at - Duration::hours(24);
    let planned = moved.reminders.iter().filter(|r| r.status == "planned");
    assert!(planned.clone().any(|r| r.due_at == day_before), "{:?}", moved.reminders);
    assert!(planned.into_iter().all(|r| r.due_at <= day_before), "{:?}", moved.reminders);

    let theirs = put(named(&ben, "A-1", "2027-01-08T09:30"))
        .await
        .expect_err("Ann's")
        .problem();
    assert_eq!((theirs.code, theirs.conflicts_with), (Code::Conflict, Some(first.id)));
    let nameless = put(named(&ann, " ", "2027-01-09T09:30"))
        .await
        .expect_err("no name")
        .problem();
    assert_eq!(
        (nameless.code, nameless.fields[0].field.as_str()),
        (Code::Invalid, "external_id")
    );
    let (other, new) = put(named(&ben, "B-1", "2027-01-08T09:30")).await.expect("booked");
    assert!(new && other.id != first.id);
}

#[rstest]
#[tokio::test]
async fn the_same_name_from_many_at_once_is_one_visit(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let calls = (0..8).map(|_| appointments::external::put(&w.s, &w.owner, named(&ann, "A-1", "2027-01-07T15:00")));
    let all = futures::future::join_all(calls).await;
    let all: Vec<_> = all.into_iter().map(|one| one.expect("booked or known")).collect();
    assert_eq!(all.iter().filter(|(_, new)| *new).count(), 1);
    assert!(all.iter().all(|(view, _)| view.id == all[0].0.id));
}
