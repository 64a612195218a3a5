//! The page that a visit's customer opens by a link, over HTTP and without a script.

use reqwest::{Response, header};
use rstest::rstest;
use serde_json::json;
use testkit::Backend;

use crate::app::TestApp;

const ANN: &str = "+14155550171";

/// A phone's browser: no cookies, no redirects followed.
fn phone() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

/// The path of a visit's page.
async fn link(app: &TestApp, visit: &str) -> String {
    let (status, link) = app.get(&format!("/appointments/{visit}/link")).await;
    assert_eq!(status, 200, "{link}");
    let url = link["url"].as_str().expect("an address");
    let path = url.strip_prefix(&app.url).expect("an address of ours");
    assert!(path.starts_with("/v/"), "{path}");
    path.to_owned()
}

async fn open(app: &TestApp, path: &str) -> (u16, String) {
    let answer = phone().get(format!("{}{path}", app.url)).send().await.expect("an answer");
    guarded(&answer);
    (answer.status().as_u16(), answer.text().await.expect("a page"))
}

/// What goes for every answer here.
fn guarded(answer: &Response) {
    let text = |name: &str| {
        answer
            .headers()
            .get(name)
            .map(|v| v.to_str().expect("text"))
            .unwrap_or_default()
    };
    assert_eq!(text("referrer-policy"), "no-referrer");
    assert!(text("x-robots-tag").contains("noindex"));
    assert!(text("content-security-policy").starts_with("default-src 'none'"));
    assert!(!text("content-security-policy").contains("script-src"));
    assert!(answer.headers().get(header::SET_COOKIE).is_none(), "nobody is followed");
}

async fn press(app: &TestApp, path: &str, form: &[(&str, &str)]) -> u16 {
    let answer = phone()
        .post(format!("{}{path}", app.url))
        .form(form)
        .send()
        .await
        .expect("an answer");
    guarded(&answer);
    answer.status().as_u16()
}

#[rstest]
#[tokio::test]
async fn a_customer_confirms_asks_and_stops(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann <Lee>", ANN).await;
    let visit = app.appointment(&ann, 60).await;
    let path = link(&app, &visit).await;
    let (status, html) = open(&app, &path).await;
    assert_eq!(status, 200);
    assert!(html.len() < 50_000 && !html.contains("<script"), "{} bytes", html.len());
    for part in [
        "<html lang=\"en\" dir=\"ltr\">",
        "name=\"robots\" content=\"noindex",
        "Bright Dental",
        "Wednesday, January 8, 2025 at 10:00 PM EST",
        "<bdi>Ann</bdi>",
        &format!("action=\"{path}/confirm\""),
        ">Confirm</button>",
        ">Ask for another time</button>",
        &format!("href=\"{path}/visit.ics\""),
        "https://calendar.google.com/calendar/render?",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(!html.contains("Lee") && !html.contains("555"), "no more is told than must be");
    assert!(!html.contains("/cancel\""), "the business has not allowed it");

    assert_eq!(press(&app, &format!("{path}/confirm"), &[]).await, 303);
    assert_eq!(app.see_appointment(&visit).await["status"], "confirmed");
    let (_, html) = open(&app, &path).await;
    assert!(html.contains(">Confirmed<") && !html.contains(">Confirm</button>"), "{html}");

    let another = format!("{path}/another-time");
    assert_eq!(press(&app, &another, &[("note", &"x".repeat(400))]).await, 422);
    assert_eq!(
        press(&app, &another, &[("nota", "x")]).await,
        422,
        "a field that is not known"
    );
    assert_eq!(app.see_appointment(&visit).await["status"], "confirmed");
    assert_eq!(press(&app, &another, &[("note", "<b>Fridays</b>")]).await, 303);
    assert_eq!(app.see_appointment(&visit).await["status"], "reschedule_requested");
    let tasks = app.open_tasks().await;
    assert!(
        tasks[0]["title"].as_str().is_some_and(|t| t.contains("<b>Fridays</b>")),
        "{tasks:?}"
    );

    assert_eq!(press(&app, &format!("{path}/cancel"), &[]).await, 403);
    assert_eq!(press(&app, &format!("{path}/stop-texts"), &[]).await, 303);
    assert_eq!(app.consent(&ann).await, "opted_out");
    assert_eq!(press(&app, &format!("{path}/preferences"), &[("language", "es")]).await, 303);
    let (_, html) = open(&app, &path).await;
    assert!(
        html.contains("<html lang=\"es\"") && html.contains("Su cita") && html.contains("miércoles, 8 de enero"),
        "{html}"
    );
}

#[tokio::test]
async fn a_visit_is_taken_into_a_calendar_of_ones_own() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    let visit = app.appointment(&ann, 60).await;
    let path = link(&app, &visit).await;
    let answer = phone()
        .get(format!("{}{path}/visit.ics", app.url))
        .send()
        .await
        .expect("an answer");
    guarded(&answer);
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .expect("text")
            .starts_with("text/calendar")
    );
    let file = answer.text().await.expect("a file");
    assert!(
        file.starts_with("BEGIN:VCALENDAR\r\n") && file.ends_with("END:VCALENDAR\r\n"),
        "{file}"
    );
    assert!(
        file.contains("DTSTART:20250109T030000Z\r\n") && file.contains("METHOD:PUBLISH\r\n"),
        "{file}"
    );
}

#[rstest]
#[tokio::test]
async fn what_is_no_link_shows_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let visit = app.appointment(&ann, 60).await;
    let path = link(&app, &visit).await;
    let last = if path.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &path[..path.len() - 1]);
    for nothing in [forged.as_str(), "/v/x", "/v/0000000000000000000000", &format!("/v/{visit}")] {
        for more in ["", "/visit.ics"] {
            let (status, html) = open(&app, &format!("{nothing}{more}")).await;
            assert_eq!(status, 404, "{nothing}{more}");
            assert!(!html.contains("Bright Dental") && html.contains("Aquí no hay nada"), "{html}");
        }
        assert_eq!(press(&app, &format!("{nothing}/confirm"), &[]).await, 404);
    }
    let (status, new) = app.post(&format!("/appointments/{visit}/link/revoke"), json!({})).await;
    assert_eq!(status, 200, "{new}");
    let (status, html) = open(&app, &path).await;
    assert_eq!(status, 410);
    assert!(!html.contains("Bright Dental"), "{html}");
    assert_eq!(press(&app, &format!("{path}/confirm"), &[]).await, 410);
    let path = link(&app, &visit).await;
    assert_eq!(open(&app, &path).await.0, 200, "the new one opens");
    app.clock().advance(chrono::Duration::hours(60 + 30 * 24));
    assert_eq!(open(&app, &path).await.0, 410);
    assert_eq!(app.see_appointment(&visit).await["status"], "scheduled");

    let other = app.another_key().await;
    let theirs = app.http.get(format!("{}/api/v1/appointments/{visit}/link", app.url));
    assert_eq!(app.api(theirs, &other).await.0, 404);
}

#[tokio::test]
async fn no_other_site_presses_its_buttons() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    let visit = app.appointment(&ann, 60).await;
    let confirm = format!("{}{}/confirm", app.url, link(&app, &visit).await);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "http://127.0.0.1"),
    ] {
        let answer = phone().post(&confirm).header(name, value).send().await.expect("an answer");
        guarded(&answer);
        assert_eq!(answer.status(), 403, "{name}: {value}");
    }
    assert_eq!(app.see_appointment(&visit).await["status"], "scheduled");
    // A browser that tells no address says "null".
    let answer = phone().post(&confirm).header("origin", "null").form(&[("x", "")][..0]);
    assert_eq!(answer.send().await.expect("an answer").status(), 303);
    assert_eq!(app.see_appointment(&visit).await["status"], "confirmed");
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_nobody_else_has() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    let path = link(&app, &app.appointment(&ann, 60).await).await;
    let from = async |who: &str, path: &str| {
        let request = phone()
            .get(format!("{}{path}", app.url))
            .header("x-forwarded-for", format!("10.1.1.1, {who}"));
        request.send().await.expect("an answer")
    };
    let mut refused = None;
    for n in 0..40 {
        let answer = from("203.0.113.9", &format!("/v/{n:022}")).await;
        if answer.status() == 429 {
            refused = Some((n, answer));
            break;
        }
        assert_eq!(answer.status(), 404);
    }
    let (tries, answer) = refused.expect("somebody stops them");
    assert_eq!(tries, 20);
    guarded(&answer);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(
        from("203.0.113.9", &path).await.status(),
        429,
        "not even a good guess opens now"
    );
    assert_eq!(from("203.0.113.10", &path).await.status(), 200);
    app.clock().advance(chrono::Duration::seconds(7));
    assert_eq!(from("203.0.113.9", &path).await.status(), 200);
}
