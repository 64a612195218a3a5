//! The demo has a past worth looking at: a year with seasons, counted as its rows say.

use chrono::{Datelike, Duration, NaiveDate};
use contract::reports::{Cell, ReportQuery};
use entity::businesses::business;
use rstest::rstest;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use services::{Actor, Principal, figures::recount, pages::reports, seed};
use testkit::{Backend, World};

async fn demo(w: &World) -> Actor {
    // The demo texts from this world's number.
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE number SET phone = '+15005550077'")
        .await
        .expect("moved");
    assert!(seed::demo(&w.s, w.sim.account_sid()).await.expect("made"));
    let row = business::Entity::find()
        .filter(business::Column::Slug.eq("bright-smile-dental"))
        .one(db)
        .await;
    Actor {
        business_id: row.expect("rows").expect("the demo").id,
        who: Principal::Operator,
    }
}

/// Visits that were kept on each day of the year before today.
async fn kept(w: &World, robin: &Actor) -> Vec<(NaiveDate, i64)> {
    let today = w.clock.now().date_naive();
    let query = ReportQuery {
        from: Some((today - Duration::days(365)).to_string()),
        to: Some(today.to_string()),
        ..ReportQuery::default()
    };
    let (report, partial) = reports::report(&w.s, robin, "no-shows", &query).await.expect("a report");
    assert_eq!(partial, None);
    let row = |row: &Vec<Cell>| match (&row[0], &row[1]) {
        (Cell::Text(day), Cell::Count(n)) => (domain::when::date(day).expect("a day"), *n),
        other => panic!("{other:?}"),
    };
    report.rows.iter().map(row).collect()
}

#[rstest]
#[tokio::test]
async fn it_has_a_year_with_seasons_that_is_counted_as_its_rows_say(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let robin = demo(&w).await;
    let wrong = recount::business(&w.s, robin.business_id, false).await.expect("a recount");
    assert_eq!(wrong, []);
    let kept = kept(&w, &robin).await;
    let of = |months: &[u32]| -> i64 {
        let some = kept.iter().filter(|(day, _)| months.contains(&day.month()));
        some.map(|(_, n)| n).sum::<i64>() / months.len() as i64
    };
    assert!((1..=12).all(|month| of(&[month]) > 20), "every month has visits: {kept:?}");
    assert!(
        of(&[7, 8, 12]) * 4 < of(&[2, 3, 9, 10]) * 3,
        "people are away in summer and at the end of the year"
    );
    let last = ReportQuery {
        to: Some((w.clock.now().date_naive() - Duration::days(1)).to_string()),
        compare: Some("previous".to_owned()),
        ..ReportQuery::default()
    };
    let told = reports::summary(&w.s, &robin, &last).await.expect("figures");
    for (figure, low, high) in [
        (&told.no_show_rate, 0.01, 0.2),
        (&told.confirmation_rate, 0.5, 0.9),
        (&told.delivery_rate, 0.9, 1.0),
    ] {
        let value = figure.value.expect("a figure");
        assert!((low..=high).contains(&value) && figure.denominator > 20, "{figure:?}");
    }
    assert!(
        told.response_time.value.is_some() && told.response_time_open.value.is_some(),
        "{told:?}"
    );
    assert!(!seed::demo(&w.s, w.sim.account_sid()).await.expect("there"), "made once");
}
