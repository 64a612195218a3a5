//! The language of a customer at the doors.

use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::TestApp;

async fn patch(app: &TestApp, path: &str, body: Value) -> (u16, Value) {
    let request = app.http.patch(format!("{}/api/v1{path}", app.url)).json(&body);
    app.api(request, &app.key).await
}

#[rstest]
#[tokio::test]
async fn another_system_says_what_a_customer_is_texted_in(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let luz = json!({"name": "Luz", "phone": "+14155550181", "language": "es"});
    let (status, view) = app.post("/contacts", luz).await;
    assert_eq!((status, &view["language"]), (201, &json!("es")), "{view}");
    let path = format!("/contacts/{}", view["id"].as_str().expect("an id"));
    for (given, kept) in [
        (json!("en"), json!("en")),
        (json!("es-MX"), json!("es")),
        (json!(null), json!(null)),
    ] {
        let (status, view) = patch(&app, &path, json!({"language": given})).await;
        assert_eq!((status, &view["language"]), (200, &kept), "{view}");
        let (_, shown) = app.get(&path).await;
        assert_eq!(shown["language"], kept);
    }
    for unknown in ["fr", "pt-BR", "klingon", "e s"] {
        let (status, problem) = patch(&app, &path, json!({"language": unknown})).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!("/language")),
            "{problem}"
        );
        let new = json!({"name": "Ben", "phone": "+14155550182", "language": unknown});
        let (status, problem) = app.post("/contacts", new.clone()).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!("/language")),
            "{problem}"
        );
        let (_, done) = app.post("/contacts/batch", json!({"contacts": [new]})).await;
        assert_eq!(
            (&done["refused"], &done["data"][0]["errors"][0]["pointer"]),
            (&json!(1), &json!("/contacts/0/language")),
            "{done}"
        );
    }
}
