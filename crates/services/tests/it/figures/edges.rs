//! Figures at the edges: opening hours, clocks that change, more codes than anybody reads, a recount beside those who read.

use chrono::{DateTime, Duration};
use contract::{
    appointments::{AppointmentAction, CreateAppointment},
    businesses::{OpeningHours, SaveLocation},
    reports::{Cell, ReportQuery},
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{appointments, businesses::locations, pages::reports};
use testkit::{Backend, World};

use super::{ANN, all, differences, made_of, said, sql, summary};

fn moment(text: &str) -> DateTime<chrono::Utc> {
    domain::when::instant(text).expect("a moment")
}

fn place(hours: &str) -> SaveLocation {
    let day = || hours.to_owned();
    SaveLocation {
        name: "Harbour".to_owned(),
        opening_hours: OpeningHours {
            mon: day(),
            tue: day(),
            wed: day(),
            thu: day(),
            fri: day(),
            ..OpeningHours::default()
        },
        ..SaveLocation::default()
    }
}

/// Monday evening to Tuesday morning, by the clocks of New York.
#[rstest]
#[tokio::test]
async fn who_writes_at_closing_time_waits_for_open_hours_alone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let (monday, tuesday) = (moment("2027-01-04T21:50:00Z"), moment("2027-01-05T14:10:00Z"));
    w.clock.set(monday);
    w.text(ANN, "Is there parking?").await;
    w.clock.set(tuesday);
    w.reply(&ann, "Yes.").await.expect("written");
    w.work().await;
    assert_eq!(
        summary(&w).await.response_time_open.value,
        None,
        "nobody has said when it is open"
    );

    let here = locations::save(&w.s, &w.owner, None, place("9:00-17:00"))
        .await
        .expect("a location");
    w.clock.set(monday + Duration::days(1));
    w.text(ANN, "And a bus?").await;
    w.clock.set(tuesday + Duration::days(1));
    let reply = w.reply(&ann, "The 14.").await.expect("written");
    w.work().await;
    let told = summary(&w).await;
    assert_eq!(
        (told.response_time_open.value, told.response_time_open.denominator),
        (Some(1_200.0), 1)
    );
    assert_eq!(told.response_time.value, Some(58_800.0), "sixteen hours by the clock");
    // Other hours from now on, and what was measured stays what it was, whatever happens to the text.
    locations::save(&w.s, &w.owner, Some(here.id), place("8:00-18:00"))
        .await
        .expect("changed");
    said(&w, &reply, "delivered", None).await;
    assert_eq!(summary(&w).await.response_time_open.value, Some(1_200.0));
    assert_eq!(differences(&w, true).await, []);
    let (report, _) = reports::report(&w.s, &w.owner, "response-times", &all(&w))
        .await
        .expect("a report");
    let open = report
        .columns
        .iter()
        .position(|column| column.key == "p90_open")
        .expect("the column");
    let measured: Vec<&Cell> = report
        .rows
        .iter()
        .map(|row| &row[open])
        .filter(|cell| **cell != Cell::Nothing)
        .collect();
    assert_eq!(measured, [&Cell::Number(1_200.0)]);
}

/// On March 14, 2027 New York has 23 hours, on November 7 it has 25.
#[rstest]
#[case("2027-03-11T15:00:00Z", "2027-03-13", "2027-03-15")]
#[case("2027-11-04T15:00:00Z", "2027-11-06", "2027-11-08")]
#[tokio::test]
async fn days_around_a_change_of_the_clocks_hold_what_is_theirs(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] now: &str,
    #[case] first: &str,
    #[case] last: &str,
) {
    let w = World::new(backend).await;
    w.clock.set(moment(now));
    let ann = w.contact("Ann", ANN).await;
    let mut visits = Vec::new();
    let (first, last) = (
        domain::when::date(first).expect("a day"),
        domain::when::date(last).expect("a day"),
    );
    for day in first.iter_days().take_while(|day| *day <= last) {
        for time in ["00:15", "04:00", "23:45"] {
            let cmd = CreateAppointment {
                contact_id: ann.id,
                starts_at: format!("{day}T{time}"),
                ..CreateAppointment::default()
            };
            visits.push(appointments::create(&w.s, &w.owner, cmd).await.expect("a visit"));
        }
    }
    w.clock.advance(Duration::days(6));
    for visit in &visits {
        appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::Complete)
            .await
            .expect("kept");
    }
    let days = ReportQuery {
        from: Some(first.to_string()),
        to: Some(last.to_string()),
        ..ReportQuery::default()
    };
    let (report, _) = reports::report(&w.s, &w.owner, "no-shows", &days).await.expect("a report");
    let kept: Vec<(Cell, Cell)> = report.rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let should: Vec<(Cell, Cell)> = first
        .iter_days()
        .take(3)
        .map(|day| (Cell::Text(day.to_string()), Cell::Count(3)))
        .collect();
    assert_eq!(kept, should);
    let told = reports::summary(&w.s, &w.owner, &days).await.expect("figures");
    assert_eq!(made_of(&told.no_show_rate), (0, 9));
}

#[rstest]
#[tokio::test]
async fn a_hundred_thousand_codes_are_a_hundred_rows_and_a_sentence(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let quarter = w.clock.now().timestamp() / 900;
    let numbers = if w.s.db().is_postgres() {
        "SELECT generate_series(1, 100000) AS n"
    } else {
        "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 100000) SELECT n FROM many"
    };
    sql(
        &w,
        &format!(
            "INSERT INTO counter_quarter (business_id, quarter, what, sort, place, type_id, channel, template, n) \
             SELECT b.id, {quarter}, 'error', CAST(many.n AS text), b.id, b.id, 'sms', 'reply', 1 FROM business b, ({numbers}) AS many"
        ),
    )
    .await;
    let (report, _) = reports::report(&w.s, &w.owner, "errors", &all(&w)).await.expect("a report");
    assert_eq!(report.rows.len(), 100);
    assert_eq!(
        report.notes,
        ["The 100 most frequent are shown; 99900 more texts failed with other codes."]
    );
}

/// Whoever reads meanwhile reads what was there, or what is right.
#[rstest]
#[tokio::test]
async fn a_recount_disturbs_nobody_who_reads(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for n in 0..4 {
        w.reminded("Somebody", &format!("+1415555{:04}", 300 + n)).await;
        w.clock.advance(Duration::days(2));
    }
    let right = summary(&w).await;
    let reading = async {
        for _ in 0..20 {
            assert_eq!(summary(&w).await, right);
        }
    };
    let counting = async {
        for _ in 0..5 {
            assert_eq!(differences(&w, true).await, []);
        }
    };
    futures::join!(reading, counting);
    // And while something is wrong it is one of the two, never something in between.
    w.s.db()
        .connection()
        .execute_unprepared("UPDATE counter_quarter SET n = n + 1 WHERE what = 'reminded'")
        .await
        .expect("broken");
    let wrong = summary(&w).await;
    assert_ne!(wrong, right);
    differences(&w, true).await;
    assert_eq!(summary(&w).await, right);
}
