//! The search box over HTTP: by the API, and as a page without JavaScript; the message log as a file.

use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use testkit::Backend;

use crate::{
    app::TestApp,
    live::sign_in,
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";

/// Whose conversations the API finds.
async fn found(app: &TestApp, key: &str, search: &str) -> (u16, Vec<String>) {
    let request = app
        .http
        .get(format!("{}/api/v1/conversations", app.url))
        .query(&[("search", search), ("limit", "10")]);
    let (status, body) = app.api(request, key).await;
    let names = body["data"].as_array().into_iter().flatten();
    (
        status,
        names.map(|row| row["name"].as_str().unwrap_or_default().to_owned()).collect(),
    )
}

async fn texted(app: &TestApp, name: &str, phone: &str, body: &str) -> (String, String) {
    let id = app.contact(name, phone).await;
    let (status, message) = app.post("/messages", json!({ "contact_id": id, "body": body })).await;
    assert_eq!(status, 202, "{message}");
    (id, message["id"].as_str().expect("an id").to_owned())
}

#[rstest]
#[tokio::test]
async fn conversations_are_searched_by_the_api(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    texted(&app, "Ann", ANN, "Parking is behind the house").await;
    texted(&app, "Ben", BEN, "See you on Monday").await;
    let mine = async |search: &str| found(&app, &app.key, search).await;
    assert_eq!(mine("parking").await, (200, vec!["Ann".to_owned()]));
    assert_eq!(mine("ben").await, (200, vec!["Ben".to_owned()]));
    assert_eq!(mine("on:today -parking").await, (200, vec!["Ben".to_owned()]));
    assert_eq!(mine("is:open").await, (200, vec!["Ben".to_owned(), "Ann".to_owned()]));
    assert_eq!(mine("is:closed").await, (200, vec![]));
    assert_eq!(mine("is:strange").await, (200, vec![]), "searched as text");
    assert_eq!(mine("").await.1.len(), 2, "nothing is searched for");
    let (_, all) = app.get("/conversations").await;
    let ann = all["data"][1]["id"].as_str().expect("an id");
    let (status, note) = app
        .post(&format!("/conversations/{ann}/notes"), json!({ "body": "Allergic to latex" }))
        .await;
    assert_eq!(status, 201, "{note}");
    assert_eq!(mine("latex").await, (200, vec!["Ann".to_owned()]));
    assert_eq!(app.post(&format!("/conversations/{ann}/close"), json!({})).await.0, 200);
    assert_eq!(mine("latex").await, (200, vec!["Ann".to_owned()]), "closed ones are found");
    let (_, open) = app.get("/conversations?search=on:today&show=open").await;
    assert_eq!(
        open["data"].as_array().map(Vec::len),
        Some(1),
        "a view leaves what it has: {open}"
    );
    let (status, problem) = app.get("/conversations?search=on:today&show=strange").await;
    assert_eq!((status, problem["code"].as_str()), (400, Some("malformed")), "{problem}");
    let other = app.another_key().await;
    for search in ["latex", "parking", "ben", "is:open", "on:today"] {
        assert_eq!(found(&app, &other, search).await, (200, vec![]), "{search}");
    }
    let (status, problem) = app.get("/conversations?search=parking&limit=1000").await;
    assert_eq!((status, problem["code"].as_str()), (400, Some("malformed")), "{problem}");
    let reader = app.key_with(&["contacts:read"]).await;
    assert_eq!(found(&app, &reader, "parking").await.0, 403);
}

#[tokio::test]
async fn pages_of_conversations_that_were_found_are_whole() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for n in 0..7 {
        texted(&app, &format!("Person {n}"), &format!("+1415555017{n}"), "Parking").await;
    }
    let (mut cursor, mut names) = (String::new(), Vec::new());
    for _ in 0..5 {
        let request = app.http.get(format!("{}/api/v1/conversations", app.url)).query(&[
            ("search", "parking"),
            ("limit", "3"),
            ("cursor", &cursor),
        ]);
        let (_, body) = app.api(request, &app.key).await;
        names.extend(body["data"].as_array().expect("rows").iter().map(|row| row["name"].clone()));
        match &body["next_cursor"] {
            Value::String(next) => cursor.clone_from(next),
            _ => break,
        }
    }
    let expected: Vec<Value> = (0..7).rev().map(|n| format!("Person {n}").into()).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn the_page_finds_people_texts_and_visits_without_javascript() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let (ann, message) = texted(&app, "Ann", ANN, "Parking <b>is</b> behind the house").await;
    let visit = json!({ "contact_id": ann, "starts_at": "2098-01-05T15:00:00Z" });
    assert_eq!(app.post("/appointments", visit).await.0, 422, "too far away");
    let soon = (app.s.now() + chrono::Duration::hours(30)).to_rfc3339();
    let (_, visit) = app
        .post("/appointments", json!({ "contact_id": ann, "starts_at": soon }))
        .await;
    sign_in(&app).await;

    let empty = page(&app, "/search").await;
    assert!(
        empty.contains("customers who wait for an answer") && empty.contains("role=\"search\""),
        "{empty}"
    );

    let html = page(&app, "/search?q=parking+is").await;
    assert!(
        html.contains(&format!("?at={message}&amp;q=parking+is#said-{message}\"")),
        "a hit leads to its text: {html}"
    );
    let marked: Vec<&str> = html
        .split("<mark")
        .skip(1)
        .filter_map(|rest| rest.split('>').nth(1)?.split('<').next())
        .collect();
    assert_eq!(marked, ["Parking", "is"]);
    assert!(!html.contains("<b>is</b>") && html.contains("Searched for"), "{html}");
    assert!(html.contains("href=\"/search?q=is\""), "a term can be taken out: {html}");

    let (_, all) = app.get("/conversations").await;
    let thread = all["data"][0]["id"].as_str().expect("an id");
    let html = page(&app, &format!("/inbox/{thread}?at={message}")).await;
    assert!(
        html.contains(&format!("id=\"said-{message}\"")) && html.contains("data-sought"),
        "the hit stands out in its thread: {html}"
    );
    assert!(!html.contains("Hits of the search"), "nobody came from a search: {html}");
    let html = page(&app, &format!("/inbox/{thread}?at={message}&q=parking")).await;
    assert!(
        html.contains("Hit 1 of 1") && html.contains("href=\"/search?q=parking\""),
        "{html}"
    );
    let missing = page(&app, &format!("/inbox/{thread}?at={thread}")).await;
    assert!(!missing.contains("data-sought") && missing.contains("message"), "{missing}");

    let html = page(&app, "/search?q=ann").await;
    let id = visit["id"].as_str().expect("an id");
    assert!(
        html.contains(&format!("/appointments/{id}\"")) && html.contains("(415) 555-0171"),
        "{html}"
    );

    let html = page(&app, "/search?q=is%3Astrange").await;
    assert!(
        html.contains("was searched for as text") && html.contains("Nothing was found"),
        "{html}"
    );
}

#[rstest]
#[tokio::test]
async fn the_log_is_a_file_of_any_size_that_is_sent_as_it_is_read(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    texted(&app, "=Ann", ANN, "=HYPERLINK(\"https://evil.example\")").await;
    texted(&app, "Ben", BEN, "See you,\non Monday").await;
    let copies = match backend {
        Backend::Sqlite => "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000) ",
        Backend::Postgres => "WITH numbers (n) AS (SELECT generate_series(1, 10000)) ",
    };
    let id = if matches!(backend, Backend::Sqlite) {
        "randomblob(16)"
    } else {
        "gen_random_uuid()"
    };
    let sql = format!(
        "{copies} INSERT INTO message (id, business_id, conversation_id, contact_id, direction, channel, origin, purpose, status, body,
           segments, ours, theirs, theirs_key, attempts, retries, priority, price_final, lookups, not_before, created_at)
         SELECT {id}, business_id, conversation_id, contact_id, direction, channel, origin, purpose, 'delivered', body,
           segments, ours, theirs, theirs_key, attempts, retries, priority, price_final, lookups, not_before, created_at
         FROM message, numbers"
    );
    app.s.db().connection().execute_unprepared(&sql).await.expect("a history");

    let stranger = app.http.get(format!("{}/log.csv", app.url)).send().await.expect("an answer");
    assert_eq!(stranger.headers()["location"], "/signin?next=%2Flog");
    sign_in(&app).await;
    let mut answer = app.http.get(format!("{}/log.csv", app.url)).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        answer.headers().get("content-length"),
        None,
        "its length is not known when it begins"
    );
    let (mut largest, mut file) = (0, Vec::new());
    while let Some(piece) = answer.chunk().await.expect("it does not break off") {
        largest = largest.max(piece.len());
        file.extend_from_slice(&piece);
    }
    let file = String::from_utf8(file).expect("text");
    assert!(largest < file.len() / 20, "{largest} of {} bytes at once", file.len());
    let mut rows = csv_rows(&file);
    assert_eq!(rows.remove(0)[..3], ["\u{feff}id", "at", "direction"]);
    assert_eq!(rows.len(), 20_002);
    let ids: std::collections::BTreeSet<&String> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(ids.len(), 20_002, "each once");
    let formulas = rows
        .iter()
        .filter(|row| row[5] == "'=Ann" && row[6].starts_with("'=HYPERLINK"));
    assert_eq!(formulas.count(), 10_001);

    let few = app
        .http
        .get(format!("{}/log.csv?show=waiting&q=monday", app.url))
        .send()
        .await;
    let few = csv_rows(&few.expect("an answer").text().await.expect("text"));
    assert_eq!((few.len(), few[1][6].as_str()), (2, "See you,\non Monday"));
    for wrong in ["show=strange", "sort=strange", "cursor=strange", "color=red"] {
        let answer = app
            .http
            .get(format!("{}/log.csv?{wrong}", app.url))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 400, "{wrong}");
    }
}

/// Rows of cells, as a spreadsheet reads them.
fn csv_rows(file: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = file.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => cell.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(c),
        }
    }
    rows
}

#[tokio::test]
async fn the_log_is_searched_and_turned_around_on_its_page() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    texted(&app, "Ann", ANN, "Parking is behind the house").await;
    texted(&app, "Ben", BEN, "See you on Monday").await;
    sign_in(&app).await;
    let html = page(&app, "/log?q=parking").await;
    assert!(html.contains("Parking is behind") && !html.contains("See you"), "{html}");
    assert!(
        html.contains("/log.csv?q=parking") && html.contains("/log?show=waiting&amp;q=parking"),
        "{html}"
    );
    let html = page(&app, "/log?sort=oldest").await;
    let (ann, ben) = (html.find("Parking is"), html.find("See you"));
    assert!(ann.is_some() && ann < ben, "{html}");
    let html = page(&app, "/log?q=nobody").await;
    assert!(html.contains("Nothing was found"), "{html}");
}

#[tokio::test]
async fn the_log_has_layouts_and_keeps_them_with_everything_else_in_its_address() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    texted(&app, "Ann", ANN, "Parking is behind the house").await;
    sign_in(&app).await;
    let list = page(&app, "/log").await;
    assert!(
        list.contains("href=\"/log?as=table\"") && list.contains("href=\"/log?as=cards\""),
        "{list}"
    );
    let table = page(&app, "/log?as=table&q=parking&show=waiting").await;
    assert!(
        table.contains("aria-sort=\"descending\"") && table.contains("Parking is behind"),
        "{table}"
    );
    assert!(
        table.contains("/log?show=waiting&amp;q=parking&amp;sort=oldest&amp;as=table")
            && table.contains("/log?show=trouble&amp;q=parking&amp;as=table")
            && table.contains("/log.csv?show=waiting&amp;q=parking\""),
        "links keep what was asked: {table}"
    );
    let cards = page(&app, "/log?as=cards").await;
    assert!(cards.contains("Parking is behind") && !cards.contains("<table"), "{cards}");
    let strange = page(&app, "/log?as=strange").await;
    assert!(
        strange.contains("Parking is behind") && !strange.contains("<table"),
        "{strange}"
    );
}

#[tokio::test]
async fn a_test_message_is_sent_from_the_log_without_javascript() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    sign_in(&app).await;
    let send = server_function(&app, "/log?as=table", "send_test_text").await;
    let form = [
        ("phone", "(415) 555-0171"),
        ("correlation_id", "one press"),
        ("back", "/log?as=table"),
    ];
    let answer = post(&app, &send, &form).await;
    assert_eq!(answer.headers()["location"], "/log?as=table");
    let html = page(&app, "/log?as=table").await;
    assert!(
        html.contains("It is on its way") && html.contains("This is a test by"),
        "{html}"
    );
    post(&app, &send, &form).await;
    assert_eq!(
        page(&app, "/log").await.matches("data-message").count(),
        1,
        "pressed twice it is one text"
    );

    let wrong = [("phone", "12"), ("correlation_id", "another"), ("back", "/log")];
    post(&app, &send, &wrong).await;
    let html = page(&app, "/log").await;
    assert!(
        html.contains("value=\"12\"") && html.contains("aria-invalid=\"true\""),
        "{html}"
    );
}
