//! Settings of a business: when it reminds, what of that is shown before it is sent, and in what order its places stand.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    appointment_types::{Arrange, SaveAppointmentType},
    appointments::{AppointmentView, CreateAppointment},
    businesses::{SaveLocation, UpdateQuietHours, UpdateReminders},
};
use rstest::rstest;
use services::{
    appointments,
    businesses::{locations, reminding, sending, types},
    jobs, pages, reminders,
};
use testkit::{Backend, World, member};

const ANN: &str = "+14155550171";

async fn remind(w: &World, cadence: &str) -> services::Result<()> {
    let cmd = UpdateReminders {
        cadence: cadence.to_owned(),
    };
    reminding::update(&w.s, &w.owner, cmd).await
}

/// Its reminders and their states, like `24h planned`.
async fn planned(w: &World, visit: &AppointmentView) -> Vec<String> {
    let all = w.see_appointment(visit).await.reminders;
    let mut all: Vec<String> = all.into_iter().map(|r| format!("{} {}", r.kind, r.status)).collect();
    all.sort();
    all
}

#[rstest]
#[tokio::test]
async fn other_reminder_times_count_for_the_visits_that_lie_ahead(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 100).await;
    let own = SaveAppointmentType {
        name: "Cleaning".to_owned(),
        minutes: 45,
        price: None,
        colour: None,
        reminders: true,
        cadence: Some(vec!["72h".to_owned()]),
        recall_months: None,
    };
    let own = types::create(&w.s, &w.owner, own).await.expect("a type");
    let of_type = CreateAppointment {
        contact_id: ann.id,
        starts_at: (w.clock.now() + Duration::hours(200)).to_rfc3339(),
        type_id: Some(own.id),
        ..CreateAppointment::default()
    };
    let of_type = appointments::create(&w.s, &w.owner, of_type).await.expect("booked");
    assert_eq!(planned(&w, &visit).await, ["24h planned", "48h planned"]);

    remind(&w, "24, 2h").await.expect("changed");
    assert_eq!(
        pages::settings::business(&w.s, &w.owner).await.expect("seen").cadence,
        [24, 2]
    );
    jobs::tick(&w.s).await.expect("looked");
    assert_eq!(
        planned(&w, &visit).await,
        ["24h planned", "48h planned"],
        "bookings of this minute end first"
    );
    w.clock.advance(Duration::minutes(2));
    jobs::tick(&w.s).await.expect("looked");
    assert_eq!(planned(&w, &visit).await, ["24h planned", "2h planned", "48h cancelled"]);
    assert_eq!(planned(&w, &of_type).await, ["72h planned"], "its type says otherwise");

    remind(&w, "48 24").await.expect("changed back");
    w.clock.advance(Duration::minutes(2));
    jobs::tick(&w.s).await.expect("looked");
    assert_eq!(
        planned(&w, &visit).await,
        ["24h planned", "2h cancelled", "48h planned"],
        "taken up again"
    );
    jobs::tick(&w.s).await.expect("looked");
    w.clock.advance(Duration::hours(53));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1, "and sent once");
}

#[rstest]
#[tokio::test]
async fn many_visits_are_planned_anew_some_at_a_time(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let mut visits = Vec::new();
    for n in 0..12 {
        let person = w.contact(&format!("Person {n}"), &format!("+141555502{n:02}")).await;
        for day in 0..10 {
            visits.push(w.appointment(&person, 100 + 24 * day + n).await);
        }
    }
    remind(&w, "3").await.expect("changed");
    w.clock.advance(Duration::minutes(2));
    for _ in 0..3 {
        jobs::tick(&w.s).await.expect("looked");
    }
    for visit in &visits {
        assert_eq!(planned(&w, visit).await, ["24h cancelled", "3h planned", "48h cancelled"]);
    }
}

#[rstest]
#[tokio::test]
async fn odd_times_are_refused_in_words_and_staff_may_not(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for odd in ["", "soon", "0", "337", "1,2,3,4,5,6", "-2"] {
        let refused = remind(&w, odd).await.expect_err("refused").problem();
        let said = refused.for_field("cadence").unwrap_or_default();
        assert!(
            refused.code == Code::Invalid && said.contains("48, 24 and 2"),
            "{odd}: {refused:?}"
        );
    }
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "a long password").await;
    let cmd = UpdateReminders { cadence: "5".to_owned() };
    let refused = reminding::update(&w.s, &sam, cmd).await.expect_err("refused").problem();
    assert_eq!(refused.code, Code::NotAllowed);
    reminders::preview(&w.s, &sam, None, None).await.expect("staff may look");
}

#[rstest]
#[tokio::test]
async fn the_preview_says_what_the_planning_does(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let shown = reminders::preview(&w.s, &w.owner, None, None).await.expect("shown");
    let lines: Vec<_> = shown
        .lines
        .iter()
        .map(|line| (line.before.as_str(), line.why.is_none()))
        .collect();
    assert_eq!(lines, [("2 days before", true), ("1 day before", true)]);
    assert!(
        shown.text.starts_with("Bright Dental") && shown.text.contains("10:00 AM"),
        "{}",
        shown.text
    );
    assert_eq!(shown.segments, 1);
    // At two hours before a visit at eight it is quiet.
    let early = reminders::preview(&w.s, &w.owner, Some("24, 2"), Some("08:00"))
        .await
        .expect("shown");
    let last = early.lines.last().expect("a line");
    assert_eq!(last.before, "2 hours before");
    assert!(last.why.as_deref().is_some_and(|why| why.contains("quiet hours")), "{last:?}");
    let hours = UpdateQuietHours {
        state_hours: false,
        quiet_start: "05:00".to_owned(),
        quiet_end: "05:00".to_owned(),
    };
    sending::update_quiet_hours(&w.s, &w.owner, hours).await.expect("changed");
    let early = reminders::preview(&w.s, &w.owner, Some("24, 2"), Some("08:00"))
        .await
        .expect("shown");
    assert!(early.lines.iter().all(|line| line.why.is_none()), "{early:?}");
    for (cadence, time, field) in [("soon", "10:00", "cadence"), ("24", "noon", "time")] {
        let refused = reminders::preview(&w.s, &w.owner, Some(cadence), Some(time))
            .await
            .expect_err("refused");
        assert!(refused.problem().for_field(field).is_some(), "{field}");
    }
}

#[rstest]
#[tokio::test]
async fn places_stand_in_the_order_that_was_chosen(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let mut ids = Vec::new();
    for name in ["Main Street", "Airport", "Lake"] {
        let cmd = SaveLocation {
            name: name.to_owned(),
            ..SaveLocation::default()
        };
        ids.push(locations::save(&w.s, &w.owner, None, cmd).await.expect("a location").id);
    }
    let names = async || {
        let all = locations::list(&w.s, &w.owner).await.expect("all");
        all.into_iter().map(|place| place.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["Main Street", "Airport", "Lake"], "as they were added");
    locations::arrange(&w.s, &w.owner, ids[2], Arrange::Up).await.expect("moved");
    assert_eq!(names().await, ["Main Street", "Lake", "Airport"]);
    locations::arrange(&w.s, &w.owner, ids[0], Arrange::Down)
        .await
        .expect("moved");
    assert_eq!(names().await, ["Lake", "Main Street", "Airport"]);
    locations::arrange(&w.s, &w.owner, ids[2], Arrange::Up)
        .await
        .expect("it is the first");
    assert_eq!(names().await, ["Lake", "Main Street", "Airport"]);
    let stranger = w.another_business().await;
    let theirs = locations::arrange(&w.s, &stranger, ids[0], Arrange::Up)
        .await
        .expect_err("not theirs");
    assert_eq!(theirs.problem().code, Code::NotFound);
}
