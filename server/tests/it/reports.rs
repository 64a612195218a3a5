//! Reports at every door: as rows, as files, on paper and on a page that needs no script.

use std::process::{Command, Stdio};

use entity::alerts::alert;
use sea_orm::{EntityTrait, Set};
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::TestApp;

/// A business with a visit that was missed, one that was kept and one that nobody has marked, and the day of them.
async fn world(backend: Backend) -> (TestApp, String) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", "4155550101").await;
    let visits = [
        app.appointment(&ann, 30).await,
        app.appointment(&ann, 31).await,
        app.appointment(&ann, 32).await,
    ];
    app.clock().advance(chrono::Duration::hours(33));
    for (visit, act) in [(&visits[0], "no-show"), (&visits[1], "complete")] {
        let (status, told) = app.post(&format!("/appointments/{visit}/{act}"), json!({})).await;
        assert_eq!(status, 200, "{told}");
    }
    app.sign_in().await;
    let seen = app.see_appointment(&visits[0]).await;
    let starts_at = seen["starts_at"].as_str().expect("a start");
    (app, starts_at[..10].to_owned())
}

/// Some days around it: a day of UTC may be another one here.
fn days(day: &str) -> String {
    let day = domain::when::date(day).expect("a day");
    let one = chrono::Duration::days(1);
    format!("from={}&to={}", day - one, day + one)
}

async fn file(app: &TestApp, path: &str) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let answer = app.http.get(format!("{}{path}", app.url)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    (answer.headers().clone(), answer.bytes().await.expect("a body").to_vec())
}

fn sum(rows: &Value, name: &str) -> i64 {
    let rows = rows["data"].as_array().expect("rows");
    rows.iter().map(|row| row[name].as_i64().expect("a count")).sum()
}

#[tokio::test]
async fn another_system_reads_every_figure_and_each_report() {
    let (app, day) = world(Backend::Sqlite).await;
    let (status, told) = app.get(&format!("/reports/summary?{}&compare=previous", days(&day))).await;
    assert_eq!(status, 200, "{told}");
    let rate = &told["no_show_rate"];
    assert_eq!(
        (&rate["value"], &rate["numerator"], &rate["denominator"]),
        (&json!(0.5), &json!(1), &json!(2))
    );
    assert!(
        rate["low"].as_f64() < Some(0.2) && rate["high"].as_f64() > Some(0.8),
        "of two nobody knows much: {rate}"
    );
    assert_eq!(told["unmarked"]["numerator"], 1);
    assert_eq!(told["slots_filled"]["value"], Value::Null, "nothing to divide by");

    for (name, column) in [
        ("delivery", "sent"),
        ("confirmations", "reminded"),
        ("response-times", "replies"),
        ("errors", "count"),
        ("no-shows", "missed"),
        ("cost", "texts"),
        ("waitlist", "freed"),
        ("activity", "received"),
        ("channels", "sent"),
        ("locations", "visits"),
        ("hours", "sent"),
        ("cost-per-visit", "kept"),
        ("reviews", "asked"),
        ("review-reasons", "count"),
    ] {
        let (status, told) = app.get(&format!("/reports/{name}?{}", days(&day))).await;
        assert_eq!(status, 200, "{name}: {told}");
        let rows = told["data"].as_array().expect("rows");
        assert!(rows.iter().all(|row| row[column].is_i64()), "{name}: {told}");
        let csv = app
            .http
            .get(format!("{}/api/v1/reports/{name}.csv?{}", app.url, days(&day)))
            .bearer_auth(&app.key)
            .send()
            .await
            .expect("an answer");
        assert_eq!(csv.status(), 200, "{name}");
        let csv = csv.text().await.expect("a file");
        let head = csv
            .trim_start_matches('\u{feff}')
            .lines()
            .next()
            .expect("headings")
            .to_owned();
        if let Some(row) = rows.first() {
            let mut names: Vec<&String> = row.as_object().expect("an object").keys().collect();
            let mut heads: Vec<&str> = head.split(',').collect();
            names.sort();
            heads.sort_unstable();
            assert_eq!(names, heads, "{name}: the same columns");
        }
    }
    let (_, told) = app.get(&format!("/reports/no-shows?{}", days(&day))).await;
    assert_eq!((sum(&told, "kept"), sum(&told, "missed"), sum(&told, "unmarked")), (1, 1, 1));

    assert_eq!(app.get("/reports/fortunes").await.0, 404);
    assert_eq!(app.get("/reports/fortunes.csv").await.0, 404);
    assert_eq!(app.get("/reports/summary?from=2027-02-30").await.0, 422);
    assert_eq!(app.get("/reports/summary?location_id=1").await.0, 422);
}

#[tokio::test]
async fn a_file_of_all_reports_and_paper_say_the_same() {
    let (app, day) = world(Backend::Sqlite).await;
    let (headers, csv) = file(&app, &format!("/reports/report.csv?{}", days(&day))).await;
    assert!(headers["content-type"].to_str().expect("words").starts_with("text/csv"));
    let csv = String::from_utf8(csv).expect("UTF-8");
    for heading in [
        "Daily activity",
        "Delivery",
        "No-shows",
        "Cost",
        "Waitlist",
        "Reviews",
        "Not asked for a review",
    ] {
        assert!(csv.contains(heading), "{heading} is missing:\n{csv}");
    }
    let (headers, pdf) = file(&app, &format!("/reports/report.pdf?{}", days(&day))).await;
    assert_eq!(headers["content-type"], "application/pdf");
    let name = headers["content-disposition"].to_str().expect("words");
    assert!(name.contains("showup-") && name.ends_with(".pdf\""), "{name}");
    let text = read("pdftotext", &["-layout", "-", "-"], &pdf);
    for words in [
        "No-show rate",
        "1 of 2",
        "Page 1 of",
        "No-shows",
        "Cancelled late",
        "Cost per kept visit",
    ] {
        assert!(text.contains(words), "{words} can't be marked and searched:\n{text}");
    }
    let about = read("pdfinfo", &["-"], &pdf);
    assert!(about.contains("Title:") && about.contains("report,"), "{about}");
    assert!(!about.contains("Pages:           0"), "{about}");
}

/// What a program of poppler says about a file.
fn read(program: &str, arguments: &[&str], file: &[u8]) -> String {
    use std::io::Write;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{program} is missing (script/setup installs it): {e}"));
    child.stdin.take().expect("a pipe").write_all(file).expect("read");
    String::from_utf8_lossy(&child.wait_with_output().expect("an end").stdout).into_owned()
}

#[tokio::test]
async fn paper_of_a_year_is_no_book() {
    let (app, day) = world(Backend::Sqlite).await;
    let end = domain::when::date(&day).expect("a day");
    let days = format!("from={}&to={end}", end - chrono::Duration::days(365));
    let (_, pdf) = file(&app, &format!("/reports/report.pdf?{days}")).await;
    let text = read("pdftotext", &["-layout", "-", "-"], &pdf);
    let pages = text.split('\u{c}').filter(|page| !page.trim().is_empty()).count();
    assert!((2..=6).contains(&pages), "{pages} pages");
    assert!(text.contains("Its 366 rows are in the CSV of this report."), "{text}");
}

#[tokio::test]
async fn the_page_can_be_read_without_a_script() {
    let (app, day) = world(Backend::Sqlite).await;
    let (_, page) = file(&app, &format!("/reports?{}&compare=previous", days(&day))).await;
    let page = String::from_utf8(page).expect("UTF-8");
    for words in [
        "data-figure=\"no_show_rate\"",
        "1 of 2",
        "Cancelled visits are not in it.",
        "Not reliable: too many visits are not marked.",
        "data-report=\"no-shows\"",
        "class=\"chart-bar\"",
        "The numbers as a table",
        "/reports/no-shows.csv?",
    ] {
        assert!(page.contains(words), "{words} is not on the page");
    }
    let (_, wrong) = file(&app, "/reports?from=2027-02-30").await;
    let wrong = String::from_utf8(wrong).expect("UTF-8");
    assert!(
        wrong.contains("Please give a date like 2027-01-31.") && wrong.contains("data-figure"),
        "it says what is wrong"
    );
}

#[tokio::test]
async fn alerts_are_read_on_their_page_and_by_another_system() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let (_, page) = file(&app, "/alerts").await;
    assert!(String::from_utf8(page).expect("UTF-8").contains("All is as usual"));
    let began = |hours: i64| app.s.now() - chrono::Duration::hours(hours);
    for (kind, hours, ended) in [
        ("undelivered", 30, Some(began(28))),
        ("undelivered", 2, None),
        ("opt_outs", 1, None),
    ] {
        let row = alert::ActiveModel {
            id: Set(uuid::Uuid::now_v7()),
            business_id: Set(app.business_id),
            kind: Set(kind.to_owned()),
            subject: Set(String::new()),
            words: Set(format!("8 of 8 texts, {hours} hours ago")),
            next_step: Set("Look at the errors.".to_owned()),
            began_at: Set(began(hours)),
            seen_at: Set(began(0)),
            look_at: Set(began(-1)),
            told_at: Set(None),
            ended_at: Set(ended),
        };
        alert::Entity::insert(row)
            .exec_without_returning(app.s.db().connection())
            .await
            .expect("kept");
    }
    let (_, page) = file(&app, "/alerts").await;
    let page = String::from_utf8(page).expect("UTF-8");
    assert!(
        page.contains("data-alert=\"opt_outs\"") && page.contains("data-lasts=\"false\""),
        "{page}"
    );
    assert!(page.contains("data-notice=\"undelivered\""), "it is over every page");
    let (status, first) = app.get("/alerts?limit=2").await;
    assert_eq!((status, first["data"].as_array().map(Vec::len)), (200, Some(2)), "{first}");
    assert_eq!(first["data"][0]["kind"], "opt_outs", "the newest first");
    let cursor = first["next_cursor"].as_str().expect("more");
    let (_, rest) = app.get(&format!("/alerts?limit=2&cursor={cursor}")).await;
    assert_eq!(
        (rest["data"].as_array().map(Vec::len), &rest["next_cursor"]),
        (Some(1), &Value::Null)
    );
    assert!(rest["data"][0]["ended_at"].is_string());
    assert_eq!(app.get("/alerts?limit=0").await.0, 400);
    assert_eq!(app.get("/alerts?cursor=x").await.0, 400);
}
