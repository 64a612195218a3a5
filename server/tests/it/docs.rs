//! The pages about the API: open to everybody, without anything from elsewhere.

use rstest::rstest;
use testkit::Backend;

use crate::app::TestApp;

async fn page(app: &TestApp, path: &str) -> (reqwest::header::HeaderMap, String) {
    let answer = app.http.get(format!("{}{path}", app.url)).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    let headers = answer.headers().clone();
    (headers, answer.text().await.expect("text"))
}

#[rstest]
#[case("/docs", "OpenAPI")]
#[case("/docs/recipes", "Idempotency-Key")]
#[case("/docs/keys", "showup_[0-9A-Za-z]{36}")]
#[case("/docs/problems", "may_not_send")]
#[case("/docs/changelog", "Version 1")]
#[tokio::test]
async fn each_page_leads_to_all_others_and_runs_nothing(#[case] path: &str, #[case] says: &str) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let (headers, html) = page(&app, path).await;
    assert!(html.contains(says), "{html}");
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    assert!(!html.contains("<script") && !html.contains("style="), "{html}");
    for link in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        // Those of members lead to the door.
        let answer = app.http.get(format!("{}{link}", app.url)).send().await.expect("an answer");
        assert!(
            answer.status().is_success() || answer.status().is_redirection() || link == "/favicon.svg",
            "{link}"
        );
    }
}

/// Swagger UI from the executable: every file that it names is there, and nobody else is asked.
#[tokio::test]
async fn the_reference_comes_whole_and_alone() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let led = app.http.get(format!("{}/docs/api", app.url)).send().await.expect("an answer");
    assert_eq!(
        (led.status().as_u16(), &led.headers()["location"]),
        (308, &"/docs/api/".parse().expect("a value"))
    );
    let (headers, html) = page(&app, "/docs/api/").await;
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(
        policy.contains("script-src 'self';") && policy.contains("connect-src 'self';"),
        "{policy}"
    );
    let mut files = 0;
    for file in html
        .split(['"'])
        .filter(|word| word.ends_with(".js") || word.ends_with(".css") || word.ends_with(".png"))
    {
        assert!(!file.starts_with("http") && !file.starts_with("//"), "{file}");
        let (headers, text) = page(&app, &format!("/docs/api/{}", file.trim_start_matches("./"))).await;
        assert!(
            !text.is_empty() && headers["cache-control"] == "public, max-age=3600",
            "{file}"
        );
        files += 1;
    }
    assert!(files >= 5, "{html}");
    let (_, config) = page(&app, "/docs/api/swagger-initializer.js").await;
    for part in [
        "/api/v1/openapi.json",
        "\"validatorUrl\": \"none\"",
        "\"persistAuthorization\": false",
    ] {
        assert!(config.contains(part), "{part}: {config}");
    }
    let nothing = app
        .http
        .get(format!("{}/docs/api/nothing.js", app.url))
        .send()
        .await
        .expect("an answer");
    assert_eq!(nothing.status().as_u16(), 404);
}
