//! Visits that repeat: booked in one go, by the clock on the wall, each with reminders of its own; changed one by one, from one on, or all.

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    appointments::{AppointmentAction, AppointmentView, CreateAppointment, MoveAppointment, Repeat, RepeatUnit, Scope, Status},
    contacts::ContactView,
};
use entity::appointments::appointment;
use rstest::rstest;
use sea_orm::QueryOrder;
use services::appointments::{self, series};
use testkit::{Backend, World};

const ANN: &str = "+14155550101";

fn weekly(times: u32) -> Repeat {
    Repeat {
        every: 1,
        unit: RepeatUnit::Week,
        times: Some(times),
        until: None,
        skip: Vec::new(),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

/// A visit of Ann's by the clock of New York.
fn visit(ann: &ContactView, local: &str) -> CreateAppointment {
    CreateAppointment {
        contact_id: ann.id,
        starts_at: local.to_owned(),
        staff_label: Some("Ana".to_owned()),
        minutes: Some(45),
        ..CreateAppointment::default()
    }
}

async fn book(w: &World, cmd: CreateAppointment) -> AppointmentView {
    appointments::create(&w.s, &w.owner, cmd).await.expect("booked")
}

/// All visits of the business as they are, soonest first.
async fn all(w: &World) -> Vec<AppointmentView> {
    let rows = appointment::Entity::in_business(w.owner.business_id)
        .order_by_asc(appointment::Column::StartsAt)
        .all(w.s.db().connection())
        .await
        .expect("visits");
    let mut shown = Vec::new();
    for row in rows {
        shown.push(appointments::get(&w.s, &w.owner, row.id).await.expect("a visit"));
    }
    shown
}

fn states(all: &[AppointmentView]) -> Vec<Status> {
    all.iter().map(|visit| visit.status).collect()
}

#[rstest]
#[tokio::test]
async fn every_tuesday_at_three_stays_at_three_when_the_clocks_change(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    // New York's clocks go forward on March 14, 2027.
    let first = book(
        &w,
        CreateAppointment {
            repeat: Some(weekly(3)),
            ..visit(&ann, "2027-03-02T15:00")
        },
    )
    .await;
    let visits = all(&w).await;
    let starts: Vec<_> = visits.iter().map(|visit| visit.starts_at).collect();
    assert_eq!(
        starts,
        [
            at("2027-03-02T20:00:00Z"),
            at("2027-03-09T20:00:00Z"),
            at("2027-03-16T19:00:00Z")
        ]
    );
    for (n, visit) in (1..).zip(&visits) {
        assert_eq!((visit.series_id, visit.series_index), (first.series_id, Some(n)));
        assert_eq!(visit.ends_at, Some(visit.starts_at + Duration::minutes(45)));
        let kinds: Vec<&str> = visit.reminders.iter().map(|r| r.kind.as_str()).collect();
        assert_eq!(kinds, ["48h", "24h"], "each has its own");
    }
}

#[rstest]
#[tokio::test]
async fn a_preview_says_what_collides_and_what_is_left_out_and_nothing_is_booked_by_looking(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", "+14155550102").await);
    book(&w, visit(&ben, "2027-01-19T15:30")).await;
    let taken = book(&w, visit(&ann, "2027-01-26T15:00")).await;
    let first = book(&w, visit(&ann, "2027-01-12T15:00")).await;

    let shown = series::preview(&w.s, &w.owner, first.id, weekly(4)).await.expect("a preview");
    let said: Vec<_> = shown.dates.iter().map(|d| (d.date.as_str(), d.collides.as_deref())).collect();
    assert_eq!(
        said,
        [
            ("2027-01-19", Some("Ana has another visit then.")),
            ("2027-01-26", Some("This person has another visit then.")),
            ("2027-02-02", None)
        ]
    );
    assert_eq!(all(&w).await.len(), 3, "looking books nothing");

    let refused = series::repeat(&w.s, &w.owner, first.id, weekly(4))
        .await
        .expect_err("at that time already");
    assert_eq!(refused.problem().conflicts_with, Some(taken.id));
    assert_eq!(all(&w).await.len(), 3, "all or none");
    let mistyped = Repeat {
        skip: vec!["2027-01-27".to_owned()],
        ..weekly(4)
    };
    let refused = series::repeat(&w.s, &w.owner, first.id, mistyped).await;
    let refused = refused.expect_err("a day that is none of them").problem();
    assert!(refused.for_field("repeat.skip").is_some(), "{refused:?}");
    let skip = Repeat {
        skip: vec!["2027-01-26".to_owned()],
        ..weekly(4)
    };
    series::repeat(&w.s, &w.owner, first.id, skip).await.expect("booked");
    assert_eq!(all(&w).await.len(), 5);
    let again = series::repeat(&w.s, &w.owner, first.id, weekly(2))
        .await
        .expect_err("it repeats already");
    assert_eq!(again.problem().code, Code::Conflict);

    let last = book(&w, visit(&ann, "2027-01-31T09:00")).await;
    let monthly = Repeat {
        unit: RepeatUnit::Month,
        ..weekly(3)
    };
    let shown = series::preview(&w.s, &w.owner, last.id, monthly).await.expect("a preview");
    assert_eq!(shown.short_months, ["February 2027", "April 2027"]);
    let stranger = w.another_business().await;
    let theirs = series::preview(&w.s, &stranger, last.id, weekly(2))
        .await
        .expect_err("another business's");
    assert_eq!(theirs.problem().code, Code::NotFound);
    for (field, wrong) in [
        ("repeat.every", Repeat { every: 0, ..weekly(3) }),
        ("repeat.times", weekly(1)),
        ("repeat.times", weekly(53)),
        (
            "repeat.times",
            Repeat {
                until: Some("2027-06-01".to_owned()),
                ..weekly(3)
            },
        ),
        (
            "repeat.until",
            Repeat {
                times: None,
                until: Some("someday".to_owned()),
                ..weekly(3)
            },
        ),
        (
            "repeat.until",
            Repeat {
                times: None,
                until: Some("2027-01-01".to_owned()),
                ..weekly(3)
            },
        ),
        (
            "repeat.until",
            Repeat {
                times: None,
                until: Some("2028-12-01".to_owned()),
                ..weekly(3)
            },
        ),
    ] {
        let problem = series::preview(&w.s, &w.owner, last.id, wrong)
            .await
            .expect_err("refused")
            .problem();
        assert_eq!(problem.fields[0].field, field);
    }
}

#[rstest]
#[tokio::test]
async fn one_it_and_those_after_or_all_are_cancelled_and_nothing_goes_out_for_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    use Status::{Cancelled, Scheduled};
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    book(
        &w,
        CreateAppointment {
            repeat: Some(weekly(5)),
            ..visit(&ann, "2027-01-12T15:00")
        },
    )
    .await;
    let ids: Vec<_> = all(&w).await.iter().map(|visit| visit.id).collect();

    appointments::act(&w.s, &w.owner, ids[1], AppointmentAction::Cancel)
        .await
        .expect("one");
    assert_eq!(
        states(&all(&w).await),
        [Scheduled, Cancelled, Scheduled, Scheduled, Scheduled]
    );
    series::cancel(&w.s, &w.owner, ids[3], Scope::Following)
        .await
        .expect("it and those after");
    assert_eq!(
        states(&all(&w).await),
        [Scheduled, Cancelled, Scheduled, Cancelled, Cancelled]
    );
    series::cancel(&w.s, &w.owner, ids[3], Scope::All).await.expect("all to come");
    assert_eq!(states(&all(&w).await), [Cancelled; 5]);
    for visit in all(&w).await {
        assert!(visit.reminders.iter().all(|r| r.status == "cancelled"), "{visit:?}");
    }
    w.clock.advance(Duration::days(60));
    w.work().await;
    assert!(w.sim.messages().is_empty(), "nothing leaves for a cancelled visit");
    let stranger = w.another_business().await;
    let theirs = series::cancel(&w.s, &stranger, ids[0], Scope::All)
        .await
        .expect_err("another business's");
    assert_eq!(theirs.problem().code, Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn those_after_one_move_by_as_much_on_the_wall_each_into_the_gap_of_the_next(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    book(
        &w,
        CreateAppointment {
            repeat: Some(weekly(4)),
            ..visit(&ann, "2027-03-02T15:00")
        },
    )
    .await;
    let ids: Vec<_> = all(&w).await.iter().map(|visit| visit.id).collect();
    // A week later: onto the times of those that follow.
    let cmd = MoveAppointment {
        starts_at: "2027-03-16T16:00".to_owned(),
        time_zone: None,
        scope: Scope::Following,
        ..MoveAppointment::default()
    };
    appointments::reschedule(&w.s, &w.owner, ids[1], cmd).await.expect("moved");
    let starts: Vec<_> = all(&w).await.iter().map(|visit| visit.starts_at).collect();
    assert_eq!(
        starts,
        [
            at("2027-03-02T20:00:00Z"),
            at("2027-03-16T20:00:00Z"),
            at("2027-03-23T20:00:00Z"),
            at("2027-03-30T20:00:00Z")
        ]
    );
    let back = MoveAppointment {
        starts_at: "2027-03-09T15:00".to_owned(),
        time_zone: None,
        scope: Scope::Following,
        ..MoveAppointment::default()
    };
    appointments::reschedule(&w.s, &w.owner, ids[1], back)
        .await
        .expect("moved back");
    let starts: Vec<_> = all(&w).await.iter().map(|visit| visit.starts_at).collect();
    assert_eq!(
        starts[1..],
        [
            at("2027-03-09T20:00:00Z"),
            at("2027-03-16T19:00:00Z"),
            at("2027-03-23T19:00:00Z")
        ]
    );

    // The first has begun: all means those that are to come.
    w.clock.set(at("2027-03-02T20:30:00Z"));
    let later = MoveAppointment {
        starts_at: "2027-03-09T15:15".to_owned(),
        time_zone: None,
        scope: Scope::All,
        ..MoveAppointment::default()
    };
    appointments::reschedule(&w.s, &w.owner, ids[1], later).await.expect("moved");
    let starts: Vec<_> = all(&w).await.iter().map(|visit| visit.starts_at).collect();
    assert_eq!(starts[0], at("2027-03-02T20:00:00Z"));
    assert_eq!(starts[3], at("2027-03-23T19:15:00Z"));
}

#[rstest]
#[tokio::test]
async fn what_is_over_is_not_cancelled_by_way_of_a_series(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = book(&w, visit(&ann, "2027-01-12T09:00")).await;
    w.clock.advance(visit.starts_at - w.s.now() + Duration::hours(1));
    appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::Complete)
        .await
        .expect("completed");
    for scope in [Scope::All, Scope::Following] {
        let refused = series::cancel(&w.s, &w.owner, visit.id, scope).await;
        assert_eq!(refused.expect_err("it is over").problem().code, Code::Conflict);
    }
    let after = appointments::get(&w.s, &w.owner, visit.id).await.expect("there");
    assert_eq!(after.status, Status::Completed);
}
