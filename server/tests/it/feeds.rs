//! Visits in calendars of staff, over HTTP.

use rstest::rstest;
use testkit::Backend;

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

/// The address that the page shows once, as it comes without a script.
async fn made(app: &TestApp) -> String {
    let path = server_function(app, "/settings/calendar", "create_feed").await;
    let answer = post(app, &path, &[("staff_label_id", ""), ("detail", "initials")]).await;
    assert_eq!(answer.headers()["location"], "/settings/calendar");
    let html = page(app, "/settings/calendar").await;
    let begin = format!("{}/feeds/", app.url);
    let at = html.find(&begin).unwrap_or_else(|| panic!("no address: {html}"));
    let url: String = html[at..].chars().take_while(|c| !matches!(c, '<' | '"' | '&')).collect();
    assert!(!page(app, "/settings/calendar").await.contains(&begin), "it is shown once");
    url
}

#[rstest]
#[tokio::test]
async fn a_calendar_program_reads_and_learns_that_nothing_has_changed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann Lee", "+14155550171").await;
    let visit = app.appointment(&ann, 60).await;
    app.sign_in().await;
    let url = made(&app).await;
    let program = reqwest::Client::builder().build().expect("a client");
    let answer = program
        .get(&url)
        .header("accept-encoding", "identity")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    let text = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(text("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(text("referrer-policy"), "no-referrer");
    assert!(text("x-robots-tag").contains("noindex"));
    let (tag, modified) = (text("etag"), text("last-modified"));
    let calendar = answer.text().await.expect("a calendar");
    assert!(calendar.contains("SUMMARY:AL\r\n") && calendar.contains(&visit), "{calendar}");

    let again = async |name: &str, value: &str| {
        let answer = program.get(&url).header(name, value).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body").len())
    };
    assert_eq!(again("if-none-match", &tag).await, (304, 0));
    assert_eq!(
        again("if-none-match", &format!("\"x\", {}", tag.trim_start_matches("W/"))).await,
        (304, 0)
    );
    assert_eq!(again("if-modified-since", &modified).await, (304, 0));
    assert_eq!(again("if-none-match", "\"x\"").await.0, 200);
    let zipped = program
        .get(&url)
        .header("accept-encoding", "gzip")
        .send()
        .await
        .expect("an answer");
    assert!(zipped.headers().get("content-encoding").is_none_or(|e| e == "gzip"));
    assert_eq!(zipped.text().await.expect("a calendar"), calendar);

    app.clock().advance(chrono::Duration::minutes(1));
    app.post(&format!("/appointments/{visit}/confirm"), serde_json::json!({}))
        .await;
    assert_eq!(again("if-none-match", &tag).await.0, 200);
    assert_eq!(again("if-modified-since", &modified).await.0, 200);

    for wrong in [
        url.replace(".ics", ""),
        url.replace("/feeds/", "/feeds/x"),
        format!("{}/feeds/x.ics", app.url),
    ] {
        assert_eq!(program.get(&wrong).send().await.expect("an answer").status(), 404, "{wrong}");
    }
    let html = page(&app, "/settings/calendar").await;
    let id = html
        .split("name=\"id\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("an id");
    let path = server_function(&app, "/settings/calendar", "revoke_feed").await;
    post(&app, &path, &[("id", id)]).await;
    assert_eq!(program.get(&url).send().await.expect("an answer").status(), 404);
}
