//! Which countries are texted, at its doors: chosen in a form without a script, and said to a program.

use testkit::Backend;

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

const MIA: &str = "+447700900123";
const PAGE: &str = "/settings/limits";

#[rstest::rstest]
#[tokio::test]
async fn countries_are_chosen_without_a_script_and_hold(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    app.sign_in().await;
    let mia = app.contact("Mia", MIA).await;
    let why = app.refused_reply(&mia).await;
    assert!(
        why.contains("United Kingdom") && why.contains("Settings, under “Texts and limits”"),
        "{why}"
    );
    let html = page(&app, PAGE).await;
    assert!(html.contains("Your own country is United States"), "{html}");
    let save = server_function(&app, PAGE, "update_countries").await;
    let wrong = [("rule", "listed"), ("countries", "US, Fraance")];
    assert_eq!(post(&app, &save, &wrong).await.status(), 302);
    let html = page(&app, PAGE).await;
    assert!(
        html.contains("“Fraance” is no country we know") && html.contains("US, Fraance"),
        "{html}"
    );
    post(&app, &save, &[("rule", "listed"), ("countries", "usa, UK")]).await;
    assert!(page(&app, PAGE).await.contains("Saved."));
    let html = page(&app, PAGE).await;
    assert!(html.contains("United Kingdom, United States"), "{html}");
    app.reply(&mia, "Hello").await;
    let html = page(&app, "/settings/audit").await;
    assert!(html.contains("Countries that are texted changed"), "{html}");
}
