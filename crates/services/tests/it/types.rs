//! Types of visits, places and staff labels: who may keep them, what a visit takes from them, and what becomes of reminders when a type is
//! reminded of otherwise.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    appointment_types::{AppointmentTypeView, Arrange, EditAppointmentType, SaveAppointmentType, SaveStaffLabel},
    appointments::{AppointmentView, CreateAppointment},
    businesses::{OpeningHours, SaveLocation},
    contacts::ContactView,
};
use rstest::rstest;
use services::{
    appointments,
    businesses::{locations, staff, types},
    jobs,
};
use testkit::{Backend, World, member};

const ANN: &str = "+14155550101";

fn cleaning() -> SaveAppointmentType {
    SaveAppointmentType {
        name: "Cleaning".to_owned(),
        minutes: 45,
        price: Some(80.into()),
        colour: Some("teal".to_owned()),
        reminders: true,
        cadence: None,
        recall_months: Some(6),
    }
}

async fn add(w: &World, cmd: SaveAppointmentType) -> AppointmentTypeView {
    types::create(&w.s, &w.owner, cmd).await.expect("a type")
}

async fn edit(w: &World, kind: &AppointmentTypeView, cmd: EditAppointmentType) -> AppointmentTypeView {
    types::edit(&w.s, &w.owner, kind.id, cmd).await.expect("changed")
}

fn visit(w: &World, contact: &ContactView, hours: i64) -> CreateAppointment {
    CreateAppointment {
        contact_id: contact.id,
        starts_at: (w.clock.now() + Duration::hours(hours)).to_rfc3339(),
        ..CreateAppointment::default()
    }
}

async fn book(w: &World, cmd: CreateAppointment) -> AppointmentView {
    appointments::create(&w.s, &w.owner, cmd).await.expect("a visit")
}

fn field_of(result: services::Result<impl std::fmt::Debug>) -> String {
    let problem = result.expect_err("refused").problem();
    problem.fields.first().map_or(problem.detail.clone(), |f| f.field.clone())
}

/// Its reminders and their states, like `24h planned`.
async fn reminders(w: &World, visit: &AppointmentView) -> Vec<String> {
    let all = w.see_appointment(visit).await.reminders;
    all.into_iter().map(|r| format!("{} {}", r.kind, r.status)).collect()
}

#[rstest]
#[tokio::test]
async fn a_type_is_kept_by_who_may_and_says_how_long_a_visit_takes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let kind = add(&w, cleaning()).await;
    assert_eq!(
        (kind.price.clone(), kind.cadence.clone(), kind.archived),
        (Some(80.into()), None, false)
    );

    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    let refused = types::create(&w.s, &sam, cleaning()).await.expect_err("staff may not");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    assert_eq!(types::list(&w.s, &sam).await.expect("staff see them").len(), 1);
    assert_eq!(
        field_of(types::create(&w.s, &w.owner, cleaning()).await),
        "name",
        "one of a name"
    );
    let wrong = [
        (
            "minutes",
            SaveAppointmentType {
                minutes: 4,
                ..cleaning()
            },
        ),
        (
            "colour",
            SaveAppointmentType {
                colour: Some("mauve".to_owned()),
                ..cleaning()
            },
        ),
        (
            "cadence",
            SaveAppointmentType {
                cadence: Some(vec![]),
                ..cleaning()
            },
        ),
        (
            "cadence",
            SaveAppointmentType {
                cadence: Some(vec!["soon".to_owned()]),
                ..cleaning()
            },
        ),
        (
            "recall_months",
            SaveAppointmentType {
                recall_months: Some(0),
                ..cleaning()
            },
        ),
        (
            "name",
            SaveAppointmentType {
                name: " ".to_owned(),
                ..cleaning()
            },
        ),
    ];
    for (field, cmd) in wrong {
        assert_eq!(field_of(types::create(&w.s, &w.owner, cmd).await), field);
    }

    let ann = w.contact("Ann", ANN).await;
    let shown = book(
        &w,
        CreateAppointment {
            type_id: Some(kind.id),
            ..visit(&w, &ann, 100)
        },
    )
    .await;
    assert_eq!(shown.ends_at, Some(shown.starts_at + Duration::minutes(45)));
    assert_eq!(shown.type_name.as_deref(), Some("Cleaning"));
    let longer = book(
        &w,
        CreateAppointment {
            type_id: Some(kind.id),
            minutes: Some(90),
            ..visit(&w, &ann, 200)
        },
    )
    .await;
    assert_eq!(longer.ends_at, Some(longer.starts_at + Duration::minutes(90)), "as said");
    assert_eq!(book(&w, visit(&w, &ann, 300)).await.ends_at, None, "nobody has said");
    let end = |at: Duration| Some((w.clock.now() + Duration::hours(400) + at).to_rfc3339());
    let backwards = CreateAppointment {
        ends_at: end(Duration::minutes(-5)),
        ..visit(&w, &ann, 400)
    };
    assert_eq!(field_of(appointments::create(&w.s, &w.owner, backwards).await), "ends_at");
    let both = CreateAppointment {
        ends_at: end(Duration::minutes(5)),
        minutes: Some(5),
        ..visit(&w, &ann, 400)
    };
    assert_eq!(field_of(appointments::create(&w.s, &w.owner, both).await), "minutes");

    let moved = contract::appointments::MoveAppointment {
        starts_at: (w.clock.now() + Duration::hours(120)).to_rfc3339(),
        ..Default::default()
    };
    let moved = appointments::reschedule(&w.s, &w.owner, shown.id, moved)
        .await
        .expect("moved");
    assert_eq!(
        moved.ends_at,
        Some(moved.starts_at + Duration::minutes(45)),
        "it takes as long as before"
    );
}

#[rstest]
#[tokio::test]
async fn what_is_put_away_is_kept_by_old_visits_and_chosen_by_no_new_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let kind = add(&w, cleaning()).await;
    let place = SaveLocation {
        name: "Harbour".to_owned(),
        opening_hours: OpeningHours {
            mon: "9-12, 13-17".to_owned(),
            ..OpeningHours::default()
        },
        ..SaveLocation::default()
    };
    let place = locations::save(&w.s, &w.owner, None, place).await.expect("a place");
    assert_eq!(
        place.opening_hours.as_ref().map(|h| h.mon.as_str()),
        Some("09:00-12:00, 13:00-17:00")
    );
    let odd = SaveLocation {
        name: "Odd".to_owned(),
        opening_hours: OpeningHours {
            tue: "all day".to_owned(),
            ..OpeningHours::default()
        },
        ..SaveLocation::default()
    };
    assert_eq!(
        field_of(locations::save(&w.s, &w.owner, None, odd).await),
        "opening_hours.tue"
    );
    let full = |hours| CreateAppointment {
        type_id: Some(kind.id),
        location_id: Some(place.id),
        staff_label: Some("Ana".to_owned()),
        ..visit(&w, &ann, hours)
    };
    let old = book(&w, full(100)).await;
    let labels = staff::list(&w.s, &w.owner).await.expect("labels");
    assert_eq!(labels.len(), 1, "a new name is added to the list");

    types::arrange(&w.s, &w.owner, kind.id, Arrange::Archive)
        .await
        .expect("put away");
    assert_eq!(field_of(appointments::create(&w.s, &w.owner, full(200)).await), "type_id");
    types::arrange(&w.s, &w.owner, kind.id, Arrange::Unarchive)
        .await
        .expect("back");
    locations::arrange(&w.s, &w.owner, place.id, Arrange::Archive)
        .await
        .expect("put away");
    assert_eq!(field_of(appointments::create(&w.s, &w.owner, full(200)).await), "location_id");
    locations::arrange(&w.s, &w.owner, place.id, Arrange::Unarchive)
        .await
        .expect("back");
    staff::arrange(&w.s, &w.owner, labels[0].id, Arrange::Archive)
        .await
        .expect("put away");
    assert_eq!(field_of(appointments::create(&w.s, &w.owner, full(200)).await), "staff_label");

    let shown = w.see_appointment(&old).await;
    assert_eq!(
        (shown.type_id, shown.staff_label.as_str(), shown.location.map(|l| l.id)),
        (Some(kind.id), "Ana", Some(place.id)),
        "what was booked stays"
    );
    let stranger = w.another_business().await;
    let theirs = types::edit(&w.s, &stranger, kind.id, EditAppointmentType::default()).await;
    assert_eq!(theirs.expect_err("another business's").problem().code, Code::NotFound);
    let theirs = staff::arrange(&w.s, &stranger, labels[0].id, Arrange::Unarchive).await;
    assert_eq!(theirs.expect_err("another business's").problem().code, Code::NotFound);
    let theirs = locations::arrange(&w.s, &stranger, place.id, Arrange::Archive).await;
    assert_eq!(theirs.expect_err("another business's").problem().code, Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn lists_are_in_the_order_that_somebody_gave_them(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for name in ["Ana", "Ben", "Cy"] {
        let cmd = SaveStaffLabel {
            name: name.to_owned(),
            colour: String::new(),
        };
        staff::save(&w.s, &w.owner, None, cmd).await.expect("a label");
    }
    let names = |all: &[contract::appointment_types::StaffLabelView]| all.iter().map(|l| l.name.clone()).collect::<Vec<_>>();
    let all = staff::list(&w.s, &w.owner).await.expect("labels");
    let (ana, cy) = (all[0].id, all[2].id);
    let all = staff::arrange(&w.s, &w.owner, cy, Arrange::Up).await.expect("moved");
    assert_eq!(names(&all), ["Ana", "Cy", "Ben"]);
    let all = staff::arrange(&w.s, &w.owner, ana, Arrange::Up)
        .await
        .expect("as far as it goes");
    assert_eq!(names(&all), ["Ana", "Cy", "Ben"]);

    let ann = w.contact("Ann", ANN).await;
    let with = |label: &str, hours| CreateAppointment {
        staff_label: Some(label.to_owned()),
        ..visit(&w, &ann, hours)
    };
    let coming = book(&w, with("Ana", 100)).await;
    let cmd = SaveStaffLabel {
        name: "Ana Gomez".to_owned(),
        colour: "blue".to_owned(),
    };
    staff::save(&w.s, &w.owner, Some(ana), cmd).await.expect("renamed");
    assert_eq!(
        w.see_appointment(&coming).await.staff_label,
        "Ana Gomez",
        "visits to come follow"
    );
}

#[rstest]
#[tokio::test]
async fn a_type_decides_when_its_visits_are_reminded_of(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let early = SaveAppointmentType {
        cadence: Some(vec!["2h".to_owned(), "72h".to_owned()]),
        ..cleaning()
    };
    let kind = add(&w, early).await;
    assert_eq!(
        kind.cadence,
        Some(vec!["72h".to_owned(), "2h".to_owned()]),
        "the earliest first"
    );
    let quiet = add(
        &w,
        SaveAppointmentType {
            name: "Walk".to_owned(),
            reminders: false,
            ..cleaning()
        },
    )
    .await;

    let early = book(
        &w,
        CreateAppointment {
            type_id: Some(kind.id),
            ..visit(&w, &ann, 100)
        },
    )
    .await;
    assert_eq!(reminders(&w, &early).await, ["72h planned", "2h planned"]);
    let none = book(
        &w,
        CreateAppointment {
            type_id: Some(quiet.id),
            ..visit(&w, &ann, 101)
        },
    )
    .await;
    assert_eq!(reminders(&w, &none).await, Vec::<String>::new());
    let plain = book(&w, visit(&w, &ann, 102)).await;
    assert_eq!(reminders(&w, &plain).await, ["48h planned", "24h planned"]);
}

#[rstest]
#[tokio::test]
async fn a_changed_type_changes_what_has_not_left_and_nothing_goes_twice(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let kind = add(&w, cleaning()).await;
    let of_type = |hours| CreateAppointment {
        type_id: Some(kind.id),
        ..visit(&w, &ann, hours)
    };
    let near = book(&w, of_type(50)).await;
    let far = book(&w, of_type(500)).await;
    w.clock.advance(Duration::hours(3));
    w.work().await;
    assert_eq!(reminders(&w, &near).await, ["48h sent", "24h planned"]);
    let sent = w.sim.messages().len();

    let cadence = |all: &[&str]| Some(Some(all.iter().map(|s| (*s).to_owned()).collect()));
    edit(
        &w,
        &kind,
        EditAppointmentType {
            cadence: cadence(&["72h", "2h"]),
            ..Default::default()
        },
    )
    .await;
    jobs::tick(&w.s).await.expect("a tick");
    assert_eq!(
        reminders(&w, &near).await,
        ["48h sent", "24h cancelled", "2h planned"],
        "what has left stays, what has passed is not made up for"
    );
    assert_eq!(
        reminders(&w, &far).await,
        ["72h planned", "48h cancelled", "24h cancelled", "2h planned"]
    );

    edit(
        &w,
        &kind,
        EditAppointmentType {
            reminders: Some(false),
            ..Default::default()
        },
    )
    .await;
    jobs::tick(&w.s).await.expect("a tick");
    assert_eq!(
        reminders(&w, &far).await,
        ["72h cancelled", "48h cancelled", "24h cancelled", "2h cancelled"]
    );

    edit(
        &w,
        &kind,
        EditAppointmentType {
            reminders: Some(true),
            cadence: Some(None),
            ..Default::default()
        },
    )
    .await;
    jobs::tick(&w.s).await.expect("a tick");
    jobs::tick(&w.s).await.expect("another one");
    assert_eq!(
        reminders(&w, &near).await,
        ["48h sent", "24h planned", "2h cancelled"],
        "as it was"
    );
    assert_eq!(
        reminders(&w, &far).await,
        ["72h cancelled", "48h planned", "24h planned", "2h cancelled"]
    );
    w.work().await;
    assert_eq!(w.sim.messages().len(), sent, "no text left by any of this");
}

#[rstest]
#[tokio::test]
async fn who_has_answered_is_not_reminded_because_a_type_changed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let kind = add(&w, cleaning()).await;
    let near = book(
        &w,
        CreateAppointment {
            type_id: Some(kind.id),
            ..visit(&w, &ann, 30)
        },
    )
    .await;
    w.work().await;
    w.text(ANN, "Y").await;
    let before = reminders(&w, &near).await;
    let many = Some(Some(vec!["24h".to_owned(), "2h".to_owned()]));
    edit(
        &w,
        &kind,
        EditAppointmentType {
            cadence: many,
            ..Default::default()
        },
    )
    .await;
    jobs::tick(&w.s).await.expect("a tick");
    assert_eq!(reminders(&w, &near).await, before);
}

#[rstest]
#[tokio::test]
async fn many_visits_are_planned_anew_some_at_a_time(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let kind = add(&w, cleaning()).await;
    let mut all = Vec::new();
    for n in 0..60 {
        let who = w.contact("Somebody", &format!("+1415555{:04}", 2000 + n)).await;
        // All at one moment: the batch ends among equals.
        all.push(
            book(
                &w,
                CreateAppointment {
                    type_id: Some(kind.id),
                    ..visit(&w, &who, 100)
                },
            )
            .await,
        );
    }
    edit(
        &w,
        &kind,
        EditAppointmentType {
            reminders: Some(false),
            ..Default::default()
        },
    )
    .await;
    jobs::tick(&w.s).await.expect("a tick");
    for visit in &all {
        assert_eq!(reminders(&w, visit).await, ["48h cancelled", "24h cancelled"]);
    }
}
