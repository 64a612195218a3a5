//! How long texts are kept, at its doors: chosen in a form without a script, asked before anything is lost.

use chrono::Duration;
use testkit::Backend;

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550181";
const PAGE: &str = "/settings/retention";

#[rstest::rstest]
#[tokio::test]
async fn what_would_be_lost_is_said_before_it_is(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    app.sign_in().await;
    assert!(page(&app, "/settings").await.contains("href=\"/settings/retention\""));
    let html = page(&app, PAGE).await;
    assert!(
        html.contains("For ever") && html.contains("Consent history") && !html.contains("Saved."),
        "{html}"
    );
    let ann = app.contact("Ann", ANN).await;
    let sent = app.reply(&ann, "See you at ten").await;
    app.a_tick_later().await;
    app.until_status(&sent["id"], "delivered").await;
    app.clock().advance(Duration::days(400));
    app.sign_in().await;
    let save = server_function(&app, PAGE, "update_retention").await;
    assert_eq!(post(&app, &save, &[("keep_days", "365")]).await.status(), 302);
    let html = page(&app, PAGE).await;
    assert!(html.contains("This removes the words of 1 text for good."), "{html}");
    post(&app, &save, &[("keep_days", "365"), ("confirm", "yes")]).await;
    let html = page(&app, PAGE).await;
    assert!(html.contains("Saved.") && html.contains("Last changed by"), "{html}");
    services::jobs::tick(&app.s).await.expect("a tick");
    let message = app.message(&sent["id"]).await;
    assert_eq!(
        (
            message["body"].as_str(),
            message["removed"].as_bool(),
            message["status"].as_str()
        ),
        (Some("Text removed after 1 year"), Some(true), Some("delivered")),
        "{message}"
    );
    let html = page(&app, "/log").await;
    assert!(
        html.contains("Text removed after 1 year") && !html.contains("See you at ten"),
        "{html}"
    );
}
