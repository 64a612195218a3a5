//! What narrows the inbox stands in the address, and all of it works without JavaScript.

use serde_json::json;
use testkit::Backend;

use crate::{
    app::TestApp,
    live::sign_in,
    pages::{page, post, server_function},
};

/// People who were texted, and who of them is tagged.
async fn three(app: &TestApp) {
    for (name, phone, tag) in [
        ("Ann", "+14155550171", Some("vip")),
        ("Ben", "+14155550172", None),
        ("Cat", "+14155550173", Some("vip")),
    ] {
        let id = app.contact(name, phone).await;
        let (status, message) = app.post("/messages", json!({ "contact_id": id, "body": "Hello" })).await;
        assert_eq!(status, 202, "{message}");
        if let Some(tag) = tag {
            let request = app
                .http
                .patch(format!("{}/api/v1/contacts/{id}", app.url))
                .json(&json!({ "tags": [tag] }));
            assert_eq!(app.api(request, &app.key).await.0, 200);
        }
    }
}

/// Whose conversations a page lists.
fn listed(html: &str) -> Vec<&str> {
    let boxes = html.split("aria-label=\"Select ").skip(1);
    boxes.filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn an_address_narrows_the_inbox_and_every_link_keeps_it() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    three(&app).await;
    sign_in(&app).await;
    let html = page(&app, "/inbox?show=open&tag=vip&visit=").await;
    assert_eq!(listed(&html), ["Cat", "Ann"]);
    for link in [
        "aria-label=\"Without the filter Tag “vip”\"",
        "href=\"/inbox/filter?show=open&amp;tag=vip\"",
        "href=\"/inbox?show=unread&amp;tag=vip\"",
        "href=\"/inbox?show=open&amp;all=1&amp;tag=vip\"",
        "?show=open&amp;tag=vip\" aria-current=\"false\"",
    ] {
        // A row that is not open says so in one of two ways.
        let found = html.contains(link) || html.contains(link.trim_end_matches(" aria-current=\"false\""));
        assert!(found, "{link} in {html}");
    }
    assert_eq!(listed(&page(&app, "/inbox?tag=nobody").await), [""; 0]);
    let wrong = page(&app, "/inbox?visit=sometime").await;
    assert!(
        wrong.contains("visit is one of any, today, tomorrow, 7d.") && wrong.contains("No filters"),
        "{wrong}"
    );
    let form = page(&app, "/inbox/filter?show=open&tag=vip").await;
    assert!(
        form.contains("action=\"/inbox\"") && form.contains("value=\"vip\"") && form.contains("Save these filters"),
        "{form}"
    );
}

#[tokio::test]
async fn all_of_a_narrowed_view_is_closed_by_a_form() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    three(&app).await;
    sign_in(&app).await;
    let address = "/inbox?show=open&all=1&tag=vip";
    let html = page(&app, address).await;
    assert!(html.contains("All 2 in this view are selected."), "{html}");
    let action = server_function(&app, address, "act_on_many").await;
    let as_of = app.s.now().to_rfc3339();
    let form = [
        ("show", "open"),
        ("filters", "tag=vip"),
        ("as_of", as_of.as_str()),
        ("action", "close"),
        ("back", "/inbox?show=open&tag=vip"),
    ];
    let answer = post(&app, &action, &form).await;
    assert_eq!(answer.headers()["location"], "/inbox?show=open&tag=vip");
    let html = page(&app, "/inbox?show=open").await;
    assert_eq!(listed(&html), ["Ben"]);
    assert!(html.contains("2 closed"), "{html}");
}

#[tokio::test]
async fn filters_are_saved_renamed_and_removed_by_forms() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    three(&app).await;
    sign_in(&app).await;
    let narrowed = "/inbox/filter?show=open&tag=vip";
    let save = server_function(&app, narrowed, "save_filter").await;
    let form = [
        ("name", "Our VIPs"),
        ("show", "open"),
        ("filters", "tag=VIP"),
        ("shared", "true"),
    ];
    let answer = post(&app, &save, &form).await;
    assert_eq!(answer.headers()["location"], "/inbox?show=open&tag=vip");
    let html = page(&app, "/inbox").await;
    assert!(
        html.contains("Saved filters") && html.contains("href=\"/inbox?show=open&amp;tag=vip\"") && html.contains("Our VIPs"),
        "{html}"
    );

    let again = post(&app, &save, &form).await;
    assert_eq!(again.headers()["location"], "/inbox/filter?show=open&tag=VIP");
    let html = page(&app, "/inbox/filter?show=open&tag=VIP").await;
    assert!(
        html.contains("Another saved filter has this name already.") && html.contains("value=\"Our VIPs\""),
        "what was typed stays: {html}"
    );

    let html = page(&app, narrowed).await;
    let id = html
        .split("name=\"id\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("an id");
    let rename = server_function(&app, narrowed, "rename_filter").await;
    post(&app, &rename, &[("id", id), ("name", "Very important")]).await;
    assert!(page(&app, "/inbox").await.contains("Very important"));
    let remove = server_function(&app, narrowed, "remove_filter").await;
    post(&app, &remove, &[("id", id)]).await;
    assert!(!page(&app, "/inbox").await.contains("Very important"));
}
