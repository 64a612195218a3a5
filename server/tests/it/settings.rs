//! Settings, page by page, with nothing but forms.

use testkit::Backend;

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

#[tokio::test]
async fn each_page_is_in_the_list_and_has_the_list_beside_it() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let list = page(&app, "/settings").await;
    let pages: Vec<&str> = server::router::page_paths()
        // What lies beneath one of them is found there.
        .filter(|path| path.starts_with("/settings/") && path.matches('/').count() == 2)
        .collect();
    assert!(pages.len() > 12, "{pages:?}");
    for path in pages {
        assert!(list.contains(&format!("href=\"{path}\"")), "{path} is in the list");
        let html = page(&app, path).await;
        let link = html.split(&format!("href=\"{path}\"")).nth(1).unwrap_or_default();
        assert!(
            link.split('>')
                .next()
                .is_some_and(|tag| tag.contains("aria-current=\"page\"")),
            "{path}: {html}"
        );
        assert!(html.contains("All settings"), "{path} leads back on a phone");
    }
}

#[tokio::test]
async fn quiet_hours_are_a_picture_of_the_day_and_say_what_is_wrong_with_them() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let html = page(&app, "/settings/hours").await;
    assert!(html.contains("no reminders from 21:00 to 08:00."), "{html}");
    assert!(
        html.contains(">TX<") && html.contains("12:00 to 21:00"),
        "states with hours of their own: {html}"
    );
    let save = server_function(&app, "/settings/hours", "update_quiet_hours").await;
    post(&app, &save, &[("quiet_start", "9pm"), ("quiet_end", "07:30")]).await;
    let html = page(&app, "/settings/hours").await;
    assert!(
        html.contains("Please give a time of day like 21:00.") && html.contains("value=\"07:30\""),
        "{html}"
    );
    post(
        &app,
        &save,
        &[("quiet_start", "20:00"), ("quiet_end", "07:30"), ("state_hours", "yes")],
    )
    .await;
    let html = page(&app, "/settings/hours").await;
    assert!(
        html.contains("Saved.") && html.contains("no reminders from 20:00 to 07:30."),
        "{html}"
    );
    assert!(html.contains("Last changed by"), "{html}");
}

#[tokio::test]
async fn reminders_show_what_would_be_sent_and_when() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let html = page(&app, "/settings/reminders").await;
    for part in ["2 days before", "1 day before", "Bright Dental", "value=\"48, 24\""] {
        assert!(html.contains(part), "{part}: {html}");
    }
    let html = page(&app, "/settings/reminders?time=08:00&cadence=24,2").await;
    assert!(
        html.contains("2 hours before") && html.contains("because of quiet hours"),
        "{html}"
    );
    let save = server_function(&app, "/settings/reminders", "update_reminders").await;
    post(&app, &save, &[("cadence", "soon")]).await;
    let html = page(&app, "/settings/reminders").await;
    assert!(
        html.contains("Please give one to five times") && html.contains("value=\"soon\""),
        "{html}"
    );
    post(&app, &save, &[("cadence", "48, 24, 2")]).await;
    let html = page(&app, "/settings/reminders").await;
    assert!(html.contains("planned anew") && html.contains("2 hours before"), "{html}");
}

#[tokio::test]
async fn locations_are_moved_up_and_down_by_their_buttons() {
    const PAGE: &str = "/settings/locations";
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    let save = server_function(&app, PAGE, "save_location").await;
    for name in ["Main Street", "Airport"] {
        post(&app, &save, &[("name", name), ("address", ""), ("number", "")]).await;
    }
    let order = async || {
        let html = page(&app, PAGE).await;
        html.find("Change<span class=\"sr-only\"> Airport")
            .zip(html.find("Change<span class=\"sr-only\"> Main Street"))
            .map(|(a, m)| a < m)
    };
    let html = page(&app, PAGE).await;
    let form = html.split("Move up Airport").next().unwrap_or_default();
    let id = form
        .rsplit("name=\"id\" value=\"")
        .next()
        .and_then(|rest| rest.split('"').next())
        .expect("an id")
        .to_owned();
    let before = order().await;
    let arrange = server_function(&app, PAGE, "arrange_location").await;
    post(&app, &arrange, &[("id", &id), ("what", "up")]).await;
    assert_ne!(order().await, before, "the other one is first now");
}
