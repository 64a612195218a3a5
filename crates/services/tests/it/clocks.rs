//! Clocks that are changed by law: what is entered from now on, and what was entered before.

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    appointments::{AppointmentView, CreateAppointment, Keep},
    businesses::{SaveLocation, UpdateBusiness},
    contacts::{ContactView, UpdateContact},
};
use domain::zone;
use entity::appointments::{appointment, zone_data};
use rstest::rstest;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use services::{
    appointments::{self, clocks},
    businesses::{self, locations},
    contacts, reminders, tasks,
};
use testkit::{Backend, World};

const ANN: &str = "+14155550171";

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// A business in this zone, a week before the appointments of these tests.
async fn in_zone(backend: Backend, zone: &str) -> (World, ContactView) {
    let w = World::new(backend).await;
    w.clock.set(instant("2026-12-01T18:00:00Z"));
    let cmd = UpdateBusiness {
        name: "Bright Dental".to_owned(),
        contact_line: "(415) 555-0100".to_owned(),
        time_zone: zone.to_owned(),
        country: String::new(),
    };
    businesses::update(&w.s, &w.owner, cmd).await.expect("a zone we know");
    let ann = w.contact("Ann", ANN).await;
    (w, ann)
}

async fn enter(w: &World, contact: &ContactView, starts_at: &str, location: Option<uuid::Uuid>) -> AppointmentView {
    let cmd = CreateAppointment {
        contact_id: contact.id,
        starts_at: starts_at.to_owned(),
        location_id: location,
        ..CreateAppointment::default()
    };
    appointments::create(&w.s, &w.owner, cmd).await.expect("a visit")
}

/// As a version with the rules of March 2025 has stored it: the moment alone.
async fn as_stored_before(w: &World, appointment: &AppointmentView, starts_at: &str) {
    let row = appointment::Entity::find_by_id(appointment.id)
        .one(w.s.db().connection())
        .await;
    let mut row = row.expect("answers").expect("the visit").into_active_model();
    row.starts_at = Set(instant(starts_at));
    row.time_zone = Set(None);
    row.utc_offset = Set(None);
    row.update(w.s.db().connection()).await.expect("stored");
}

async fn clock_tasks(w: &World) -> Vec<contract::tasks::TaskView> {
    let mut all = w.open_tasks().await;
    all.retain(|t| t.kind == "clock_change");
    all
}

#[rstest]
#[case("America/Vancouver", "2026-12-08T22:00:00Z")]
#[case("America/Edmonton", "2026-12-08T21:00:00Z")]
#[case("America/Inuvik", "2026-12-08T21:00:00Z")]
#[case("Africa/Casablanca", "2026-12-08T15:00:00Z")]
#[tokio::test]
async fn an_appointment_is_entered_by_the_clocks_of_2026(#[case] zone: &str, #[case] utc: &str) {
    let (w, ann) = in_zone(Backend::Sqlite, zone).await;
    let appointment = enter(&w, &ann, "2026-12-08T15:00", None).await;
    assert_eq!((appointment.starts_at, appointment.time_zone.as_str()), (instant(utc), zone));
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 0, "nothing to decide");
    assert_eq!(appointment.clock_change, None);
}

/// In Vancouver, 15:00 was 23:00 in UTC, and is 22:00.
#[rstest]
#[case(Backend::Sqlite, Keep::Entered, "2026-12-08T22:00:00Z", "Tue, Dec 8 at 3:00 PM")]
#[case(Backend::Sqlite, Keep::Moment, "2026-12-08T23:00:00Z", "Tue, Dec 8 at 4:00 PM")]
#[case(Backend::Postgres, Keep::Entered, "2026-12-08T22:00:00Z", "Tue, Dec 8 at 3:00 PM")]
#[case(Backend::Postgres, Keep::Moment, "2026-12-08T23:00:00Z", "Tue, Dec 8 at 4:00 PM")]
#[tokio::test]
async fn what_was_entered_by_old_rules_waits_for_a_person(
    #[case] backend: Backend,
    #[case] keep: Keep,
    #[case] starts_at: &str,
    #[case] text: &str,
) {
    let (w, ann) = in_zone(backend, "America/Vancouver").await;
    let appointment = enter(&w, &ann, "2026-12-08T16:00", None).await;
    as_stored_before(&w, &appointment, "2026-12-08T23:00:00Z").await;
    // One text of it waits in the outbox already.
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("queued");
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 1);

    let seen = w.see_appointment(&appointment).await;
    let change = seen.clock_change.clone().expect("a question");
    assert_eq!(
        (change.time_zone.as_str(), change.entered.as_str(), change.now.as_str()),
        ("America/Vancouver", "2026-12-08T15:00", "2026-12-08T16:00")
    );
    assert_eq!(seen.starts_at, instant("2026-12-08T23:00:00Z"), "nothing is moved");
    let [task] = clock_tasks(&w).await.try_into().expect("one task");
    assert!(
        task.title.contains("entered as Tue, Dec 8 at 3:00 PM") && task.title.contains("begin at Tue, Dec 8 at 4:00 PM"),
        "{}",
        task.title
    );
    let ticked = tasks::set_done(&w.s, &w.owner, task.id, true).await.expect_err("undecided");
    assert_eq!(ticked.problem().code, Code::Conflict);
    let by_hand = reminders::send_now(&w.s, &w.owner, appointment.id)
        .await
        .expect_err("undecided");
    assert_eq!(by_hand.problem().code, Code::Conflict);
    w.clock.set(instant("2026-12-07T12:00:00Z"));
    w.work().await;
    w.clock.set(instant("2026-12-07T20:00:00Z"));
    w.work().await;
    assert!(w.phone_got(ANN).is_empty(), "no doubtful time is told");

    let decided = clocks::decide(&w.s, &w.owner, appointment.id, keep).await.expect("decided");
    assert_eq!((decided.starts_at, decided.clock_change), (instant(starts_at), None));
    assert!(clock_tasks(&w).await.is_empty());
    w.clock.set(instant("2026-12-07T23:30:00Z"));
    w.work().await;
    let got = w.phone_got(ANN);
    assert!(got.len() == 1 && got[0].contains(text), "{got:?}");
    let again = clocks::decide(&w.s, &w.owner, appointment.id, keep)
        .await
        .expect_err("decided");
    assert_eq!(again.problem().code, Code::Conflict);
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 0, "the version was seen");
}

#[rstest]
#[tokio::test]
async fn who_is_not_concerned_is_not_asked(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, ann) = in_zone(backend, "America/Vancouver").await;
    let cancelled = enter(&w, &ann, "2026-12-08T16:00", None).await;
    as_stored_before(&w, &cancelled, "2026-12-08T23:00:00Z").await;
    appointments::act(
        &w.s,
        &w.owner,
        cancelled.id,
        contract::appointments::AppointmentAction::Cancel,
    )
    .await
    .expect("cancelled");
    let past = enter(&w, &ann, "2026-12-02T16:00", None).await;
    as_stored_before(&w, &past, "2026-12-01T17:00:00Z").await;
    let seattle = place(&w, "Seattle", "America/Los_Angeles").await;
    let elsewhere = enter(&w, &ann, "2026-12-09T15:00", Some(seattle)).await;
    as_stored_before(&w, &elsewhere, "2026-12-09T23:00:00Z").await;
    // By the old rules and the new ones alike it is summer then.
    let summer = enter(&w, &ann, "2027-07-08T15:00", None).await;
    as_stored_before(&w, &summer, "2027-07-08T22:00:00Z").await;
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 0);
    assert!(clock_tasks(&w).await.is_empty());
    for appointment in [&elsewhere, &summer] {
        let row = appointment::Entity::find_by_id(appointment.id)
            .one(w.s.db().connection())
            .await;
        let row = row.expect("answers").expect("the visit");
        assert!(
            row.utc_offset.is_some() && row.time_zone.is_some(),
            "its clock is kept from now on"
        );
        assert!(
            w.see_appointment(appointment)
                .await
                .reminders
                .iter()
                .all(|r| r.status == "planned")
        );
    }
}

/// Not only this once: whenever the rules that a program brings are others than those of the one before.
#[rstest]
#[tokio::test]
async fn every_new_version_of_the_rules_is_compared_with_what_was_entered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (w, ann) = in_zone(backend, "America/New_York").await;
    let appointments = [
        enter(&w, &ann, "2026-12-08T15:00", None).await,
        enter(&w, &ann, "2026-12-09T15:00", None).await,
    ];
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 0);
    // As if the law had still had summer time then.
    let summer = appointment::Entity::update_many()
        .col_expr(appointment::Column::UtcOffset, sea_orm::sea_query::Expr::value(-4 * 3600))
        .filter(appointment::Column::Id.eq(appointments[0].id))
        .exec(w.s.db().connection())
        .await;
    assert_eq!(summer.expect("changed").rows_affected, 1);
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 0, "this version was seen");
    let older =
        w.s.db()
            .connection()
            .execute_unprepared("UPDATE zone_data SET version = '2020a'")
            .await;
    assert_eq!(older.expect("changed").rows_affected(), 1);
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 1);
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 0);
    let seen = zone_data::Entity::find().all(w.s.db().connection()).await.expect("answers");
    assert_eq!(
        seen.iter().map(|row| row.version.as_str()).collect::<Vec<_>>(),
        [zone::VERSION]
    );
    let change = w.see_appointment(&appointments[0]).await.clock_change.expect("a question");
    assert_eq!(
        (change.entered.as_str(), change.now.as_str()),
        ("2026-12-08T16:00", "2026-12-08T15:00")
    );
    // Moving it is a decision, too.
    let cmd = contract::appointments::MoveAppointment {
        starts_at: "2026-12-08T15:00".to_owned(),
        ..Default::default()
    };
    let moved = appointments::reschedule(&w.s, &w.owner, appointments[0].id, cmd)
        .await
        .expect("moved");
    assert_eq!(moved.clock_change, None);
    assert!(clock_tasks(&w).await.is_empty());
    assert!(moved.reminders.iter().any(|r| r.status == "planned"), "{:?}", moved.reminders);
}

async fn place(w: &World, name: &str, zone: &str) -> uuid::Uuid {
    let cmd = SaveLocation {
        name: name.to_owned(),
        time_zone: zone.to_owned(),
        ..SaveLocation::default()
    };
    locations::save(&w.s, &w.owner, None, cmd).await.expect("a location").id
}

async fn lives_in(w: &World, ann: &ContactView, zone: &str) {
    let cmd = UpdateContact {
        id: ann.id,
        name: "Ann".to_owned(),
        phone: ANN.to_owned(),
        email: None,
        time_zone: Some(zone.to_owned()),
        notes: None,
    };
    contacts::update(&w.s, &w.owner, cmd).await.expect("moved");
}

/// An appointment in person begins when the clock there says so, wherever the customer is.
#[rstest]
#[tokio::test]
async fn a_traveller_is_told_the_clock_of_the_place(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, ann) = in_zone(backend, "America/New_York").await;
    lives_in(&w, &ann, "America/Los_Angeles").await;
    let appointment = enter(&w, &ann, "2026-12-08T19:32", None).await;
    reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("queued");
    w.work().await;
    let got = w.phone_got(ANN);
    assert!(got[0].contains("on Tue, Dec 8 at 7:32 PM EST."), "{got:?}");
}

#[rstest]
#[tokio::test]
async fn a_location_has_a_clock_of_its_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, ann) = in_zone(backend, "America/New_York").await;
    let wrong = SaveLocation {
        name: "Mars".to_owned(),
        time_zone: "Mars/Olympus".to_owned(),
        ..SaveLocation::default()
    };
    let refused = locations::save(&w.s, &w.owner, None, wrong)
        .await
        .expect_err("no zone")
        .problem();
    assert_eq!(refused.fields[0].field, "time_zone");
    let chicago = place(&w, "Chicago", "America/Chicago").await;
    let there = enter(&w, &ann, "2026-12-08T15:00", Some(chicago)).await;
    assert_eq!(
        (there.starts_at, there.time_zone.as_str()),
        (instant("2026-12-08T21:00:00Z"), "America/Chicago")
    );
    let here = enter(&w, &ann, "2026-12-09T15:00", None).await;
    assert_eq!(here.starts_at, instant("2026-12-09T20:00:00Z"));
    for appointment in [&there, &here] {
        reminders::send_now(&w.s, &w.owner, appointment.id).await.expect("queued");
        w.work().await;
        w.clock.advance(Duration::minutes(2));
    }
    // Who has no zone of their own is taken to be where the appointment is.
    let got = w.phone_got(ANN);
    assert!(got[0].contains("on Tue, Dec 8 at 3:00 PM."), "{got:?}");
    lives_in(&w, &ann, "America/New_York").await;
    w.text(ANN, "Y").await;
    w.work().await;
    let got = w.phone_got(ANN);
    assert!(
        got[2].contains("Tue Dec 8, 3:00 PM CST (Y1") && got[2].contains("Wed Dec 9, 3:00 PM (Y1"),
        "each by its own clock: {got:?}"
    );
    let zones = businesses::zones(&w.s, &w.owner).await.expect("zones");
    assert_eq!(
        zones.iter().map(|z| z.name()).collect::<Vec<_>>(),
        ["America/New_York", "America/Chicago"]
    );
}

/// Who sees the wrong hour may book the right one anew, before somebody decides about the first.
#[rstest]
#[tokio::test]
async fn what_was_entered_is_not_kept_beside_another_appointment_of_that_time(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (w, ann) = in_zone(backend, "America/Vancouver").await;
    let appointment = enter(&w, &ann, "2026-12-08T16:00", None).await;
    as_stored_before(&w, &appointment, "2026-12-08T23:00:00Z").await;
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 1);
    enter(&w, &ann, "2026-12-08T15:00", None).await;
    let twice = clocks::decide(&w.s, &w.owner, appointment.id, Keep::Entered)
        .await
        .expect_err("twice");
    assert_eq!(twice.problem().code, Code::Conflict);
    clocks::decide(&w.s, &w.owner, appointment.id, Keep::Moment)
        .await
        .expect("decided");
}

#[rstest]
#[tokio::test]
async fn an_appointment_that_is_off_asks_no_more_and_asks_again_when_it_is_on_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    use contract::appointments::AppointmentAction;
    let (w, ann) = in_zone(backend, "America/Vancouver").await;
    let appointment = enter(&w, &ann, "2026-12-08T16:00", None).await;
    as_stored_before(&w, &appointment, "2026-12-08T23:00:00Z").await;
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 1);
    for (act, open) in [(AppointmentAction::Cancel, 0), (AppointmentAction::Reopen, 1)] {
        appointments::act(&w.s, &w.owner, appointment.id, act).await.expect("done");
        assert_eq!(clock_tasks(&w).await.len(), open, "{act:?}");
    }
    w.clock.set("2026-12-09T01:00:00Z".parse().expect("a moment"));
    appointments::act(&w.s, &w.owner, appointment.id, AppointmentAction::Complete)
        .await
        .expect("over");
    assert!(clock_tasks(&w).await.is_empty());
}

/// A place that was in no zone of its own gets one, and then the business's old one again: nobody is told another hour unasked.
#[rstest]
#[tokio::test]
async fn a_place_that_gets_another_clock_moves_nobody_unasked(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, ann) = in_zone(backend, "America/New_York").await;
    let harbour = place(&w, "Harbour", "").await;
    let appointment = enter(&w, &ann, "2026-12-08T15:00", Some(harbour)).await;
    let elsewhere = enter(&w, &ann, "2026-12-09T15:00", None).await;
    let save = async |zone: &str| {
        let cmd = contract::businesses::SaveLocation {
            name: "Harbour".to_owned(),
            time_zone: zone.to_owned(),
            ..Default::default()
        };
        services::businesses::locations::save(&w.s, &w.owner, Some(harbour), cmd)
            .await
            .expect("saved");
    };
    save("America/Los_Angeles").await;
    let change = w.see_appointment(&appointment).await.clock_change.expect("a question");
    assert_eq!(
        (change.entered.as_str(), change.now.as_str()),
        ("2026-12-08T15:00", "2026-12-08T12:00")
    );
    assert_eq!(w.see_appointment(&elsewhere).await.clock_change, None);
    assert_eq!(clock_tasks(&w).await.len(), 1);
    save("").await;
    assert_eq!(w.see_appointment(&appointment).await.clock_change, None);
    assert!(clock_tasks(&w).await.is_empty());
    assert!(
        w.see_appointment(&appointment)
            .await
            .reminders
            .iter()
            .any(|r| r.status == "planned"),
        "told again"
    );

    let cmd = UpdateBusiness {
        name: "Bright Dental".to_owned(),
        contact_line: "(415) 555-0100".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        country: String::new(),
    };
    businesses::update(&w.s, &w.owner, cmd).await.expect("moved");
    assert_eq!(clock_tasks(&w).await.len(), 2);
    clocks::decide(&w.s, &w.owner, appointment.id, Keep::Entered)
        .await
        .expect("decided");
    let seen = w.see_appointment(&appointment).await;
    assert_eq!(
        (seen.starts_at, seen.clock_change),
        (instant("2026-12-08T21:00:00Z"), None),
        "three o'clock in Chicago"
    );
}

/// A newer table may call a zone otherwise: then the place's clock counts, and where that is another one, a person.
#[rstest]
#[tokio::test]
async fn a_zone_that_nobody_knows_any_more_is_a_question(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, ann) = in_zone(backend, "America/Vancouver").await;
    let appointments = [
        enter(&w, &ann, "2026-12-08T15:00", None).await,
        enter(&w, &ann, "2026-12-09T15:00", None).await,
    ];
    for (appointment, offset) in appointments.iter().zip([-8, -7]) {
        let row = appointment::Entity::find_by_id(appointment.id)
            .one(w.s.db().connection())
            .await;
        let mut row = row.expect("answers").expect("the visit").into_active_model();
        row.time_zone = Set(Some("America/Atlantis".to_owned()));
        row.utc_offset = Set(Some(offset * 3600));
        row.update(w.s.db().connection()).await.expect("stored");
    }
    let by_hand = reminders::send_now(&w.s, &w.owner, appointments[1].id)
        .await
        .expect_err("undecided");
    assert_eq!(by_hand.problem().code, Code::Conflict);
    assert_eq!(clocks::check(&w.s).await.expect("compared"), 1);
    let change = w.see_appointment(&appointments[0]).await.clock_change.expect("a question");
    assert_eq!(change.time_zone, "America/Vancouver");
    assert_eq!(
        w.see_appointment(&appointments[1]).await.clock_change,
        None,
        "the same hour by the clock there"
    );
    reminders::send_now(&w.s, &w.owner, appointments[1].id)
        .await
        .expect("decided");
}

/// The night is that of where they are taken to be: at the appointment's place. In New York it would be half past nine.
#[rstest]
#[tokio::test]
async fn who_has_no_zone_of_their_own_sleeps_where_the_appointment_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (w, ann) = in_zone(backend, "America/New_York").await;
    let west = place(&w, "West", "America/Los_Angeles").await;
    let appointment = enter(&w, &ann, "2026-12-08T06:30", Some(west)).await;
    let due: Vec<_> = appointment.reminders.iter().map(|r| r.due_at).collect();
    assert_eq!(due, [instant("2026-12-06T16:00:00Z"), instant("2026-12-07T16:00:00Z")]);
}

/// A page that was drawn before its place got another clock must not move an appointment by the old one.
#[rstest]
#[tokio::test]
async fn a_time_that_was_read_by_another_clock_moves_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, ann) = in_zone(backend, "America/New_York").await;
    let appointment = enter(&w, &ann, "2026-12-08T15:00", None).await;
    let by = async |zone: &str| {
        let cmd = contract::appointments::MoveAppointment {
            starts_at: "2026-12-09T15:00".to_owned(),
            time_zone: Some(zone.to_owned()),
            ..Default::default()
        };
        appointments::reschedule(&w.s, &w.owner, appointment.id, cmd).await
    };
    let refused = by("Europe/Rome").await.expect_err("another clock").problem();
    assert_eq!(refused.code, Code::Invalid);
    assert_eq!(w.see_appointment(&appointment).await.starts_at, appointment.starts_at);
    by("America/New_York").await.expect("moved");
}
