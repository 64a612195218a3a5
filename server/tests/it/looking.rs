//! Looking changes nothing: previews, scanners and browsers that fetch ahead follow every link.
//!
//! Five things may differ after a GET: the log of the API, which is written beside the work, and when an API key was last used, noted once a minute; when a session was last seen, noted each quarter
//! of an hour; what a form posted without a script left for
//! the very next page, which that page takes; and in the audit that somebody took an export away, because who has looked is what it is for.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value;
use testkit::Backend;

use crate::{
    app::{TestApp, sid},
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";

/// Every row of every table, table by table.
pub async fn rows(app: &TestApp) -> Vec<(String, String)> {
    let db = app.s.db().connection();
    let texts = async |sql: String| -> Vec<String> {
        let found = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), sql.clone()))
            .await;
        let found = found.unwrap_or_else(|e| panic!("{sql}: {e}"));
        found
            .iter()
            .map(|row| row.try_get_by_index::<Option<String>>(0).expect("text").unwrap_or_default())
            .collect()
    };
    let sqlite = db.get_database_backend() == DbBackend::Sqlite;
    let tables = if sqlite {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    } else {
        "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' \
         AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
    };
    let mut all = Vec::new();
    for table in texts(tables.to_owned()).await {
        if table.ends_with("api_request") {
            continue;
        }
        let sql = if sqlite {
            let columns = texts(format!(
                "SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}')"
            ))
            .await;
            format!("SELECT {} FROM \"{table}\" ORDER BY 1", columns.join(" || ', ' || "))
        } else {
            format!("SELECT t::text FROM {table} t ORDER BY 1")
        };
        all.push((table, texts(sql).await.join("\n")));
    }
    all
}

/// Tables that hold something else than before, and what.
pub fn changed(before: &[(String, String)], after: &[(String, String)]) -> Vec<(String, String)> {
    let pairs = before.iter().zip(after).filter(|(before, after)| before != after);
    pairs
        .map(|(before, after)| (after.0.clone(), format!("{} -> {}", before.1, after.1)))
        .collect()
}

/// Addresses that the router answers by itself, from its own text, so that none is forgotten.
fn routes_of_our_own() -> Vec<String> {
    let text = include_str!("../../src/router.rs");
    let routes = text.split(".route(\"").skip(1).filter_map(|rest| rest.split_once("\", get("));
    let paths: Vec<String> = routes
        .map(|(path, _)| path.to_owned())
        .filter(|path| !path.contains('"'))
        .collect();
    assert!(paths.iter().any(|path| path == "/live") && paths.len() > 4, "{paths:?}");
    paths
}

fn routes_of_the_api() -> Vec<String> {
    let document = serde_json::to_value(server::rest::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    // A text is sent by a GET where a key is allowed to by name: `triggers.rs` holds it to that.
    let looks = |path: &str| !path.starts_with("/trigger/");
    let gets = paths
        .iter()
        .filter(|(path, methods)| methods.get("get").is_some() && looks(path));
    gets.map(|(path, _)| format!("/api/v1{path}"))
        .chain(["/api/v1/openapi.json".to_owned()])
        .collect()
}

/// Somebody with an appointment, who wrote and was written to; the ids that addresses are about.
async fn a_days_work(app: &TestApp) -> Vec<String> {
    let ann = app.contact("Ann", ANN).await;
    let appointment = app.appointment(&ann, 48).await;
    let message = app.reply(&ann, "See you on Wednesday").await;
    let message = message["id"].as_str().expect("an id").to_owned();
    app.receives(&sid(1), ANN, "Is there parking?").await;
    let conversation = conversation(app).await["id"].as_str().expect("an id").to_owned();
    let (_, task) = app.post("/tasks", serde_json::json!({"title": "Send a map"})).await;
    let task = task["id"].as_str().expect("an id").to_owned();
    let file = serde_json::json!({"kind": "contacts", "csv": "name,phone\nAnn,4155550171\nBroken,1\n"});
    let (_, import) = app.post("/imports", file).await;
    let import = import["id"].as_str().expect("an id").to_owned();
    let source = serde_json::json!({"url": "https://calendar.invalid/x.ics", "name": "Salon"});
    let (_, source) = app.post("/calendar-sources", source).await;
    let source = source["id"].as_str().expect("an id").to_owned();
    let (_, wish) = app
        .post(
            "/number-requests",
            serde_json::json!({"country": "US", "reason": "The new shop"}),
        )
        .await;
    let wish = wish["id"].as_str().expect("an id").to_owned();
    let twin = app.contact("Anne", "+14155550172").await;
    let (_, entry) = app.post("/waitlist", serde_json::json!({"contact_id": twin})).await;
    let entry = entry["id"].as_str().expect("an id").to_owned();
    let at = (app.s.now() + chrono::Duration::hours(60)).to_rfc3339();
    let slot = serde_json::json!({"starts_at": at, "minutes": 30, "mode": "staff_only"});
    let (_, slot) = app.post("/slots", slot).await;
    let slot = slot["id"].as_str().expect("an id").to_owned();
    let text = serde_json::json!({"kind": "reminder", "channel": "sms", "language": "en", "measure": "confirmed", "usual_percent": 10,
        "worth_percent": 90, "body": "Will you come {{ date }} {{ time }}? Y{{ token }} or N{{ token }}"});
    let (_, test) = app.post("/experiments", text).await;
    let test = test["id"].as_str().expect("an id").to_owned();
    let review = review_request(app, &ann).await;
    let hook = serde_json::json!({"url": "https://hooks.invalid/x", "events": ["*"]});
    let (_, hook) = app.post("/webhook-endpoints", hook).await;
    let hook = hook["id"].as_str().expect("an id").to_owned();
    let (_, told) = app
        .post(&format!("/webhook-endpoints/{hook}/test"), serde_json::json!({}))
        .await;
    let told = told["id"].as_str().expect("an id").to_owned();
    vec![
        ann,
        appointment,
        conversation,
        message,
        task,
        import,
        source,
        wish,
        entry,
        slot,
        test,
        review,
        hook,
        told,
        twin,
    ]
}

async fn conversation(app: &TestApp) -> Value {
    app.all("/conversations").await.remove(0)
}

/// What opens something without signing in.
struct Keys {
    visit: String,
    person: String,
    /// Somebody's place on a waitlist.
    list: String,
    /// A time that somebody was offered.
    offer: String,
    /// A link to where reviews are written, whose page is gone: one that leads on is counted.
    review: String,
    feed: String,
    invitation: String,
    /// As mails about an account hold them.
    reset: String,
    confirm: String,
    undo: String,
    /// The business, for whoever runs the installation.
    business: String,
}

/// The secret after `path` in a mail.
fn mailed(app: &TestApp, path: &str) -> String {
    let mails = app.sim.mails();
    let texts: Vec<String> = mails.into_iter().filter_map(|mail| mail.text).collect();
    let (_, rest) = texts
        .iter()
        .find_map(|text| text.split_once(path))
        .unwrap_or_else(|| panic!("no {path}: {texts:?}"));
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The secrets that addresses for everybody hold.
async fn keys(app: &TestApp, appointment: &str) -> Keys {
    let (_, link) = app.get(&format!("/appointments/{appointment}/link")).await;
    let path = server_function(app, "/settings/calendar", "create_feed").await;
    post(app, &path, &[("staff_label_id", ""), ("detail", "name")]).await;
    let html = page(app, "/settings/calendar").await;
    let feed = html.split("/feeds/").nth(1).and_then(|rest| rest.split('<').next());
    let contact = app.see_appointment(appointment).await["contact_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let (_, preferences) = app.get(&format!("/contacts/{contact}/preferences")).await;
    let person = preferences["url"]
        .as_str()
        .and_then(|url| url.rsplit('/').next())
        .expect("a link")
        .to_owned();
    let visit = link["url"].as_str().and_then(|url| url.rsplit('/').next());
    let path = server_function(app, "/settings/people", "invite_person").await;
    post(app, &path, &[("email", "eve@x.test"), ("role", "staff")]).await;
    let path = server_function(app, "/account", "change_email").await;
    post(app, &path, &[("email", "new@x.test"), ("present", "a long password")]).await;
    // What the form left for the next page is taken.
    page(app, "/account").await;
    services::accounts::passwords::forgot(&app.s, "olga@x.test")
        .await
        .expect("asked");
    look_up(app).await;
    while services::mails::send_some(&app.s).await.expect("mails go out") > 0 {}
    Keys {
        review: review_link(app).await,
        list: crate::waitlist_form::on_the_list(app, "+14155550188").await,
        offer: crate::offer_page::offered(app).await,
        invitation: mailed(app, "/invitations/"),
        reset: mailed(app, "/reset/"),
        confirm: mailed(app, "/account/email/"),
        undo: mailed(app, "/account/undo/"),
        visit: visit.expect("a link").to_owned(),
        person,
        feed: feed.expect("an address").to_owned(),
        business: app.business_id.to_string(),
    }
}

/// Somebody who is to be asked for a review on a page that is gone by now.
async fn review_request(app: &TestApp, contact: &str) -> String {
    let page = serde_json::json!({"kind": "custom", "name": "Reviews", "url": "https://reviews.example/bright-dental"});
    let (_, page) = app.post("/review-platforms", page).await;
    let (status, request) = app.post("/review-requests", serde_json::json!({"contact_id": contact})).await;
    assert_eq!(status, 202, "{request}");
    let url = format!("{}/api/v1/review-platforms/{}", app.url, page["id"].as_str().expect("an id"));
    let gone = app.http.delete(url).bearer_auth(&app.key).send().await.expect("an answer");
    assert_eq!(gone.status(), 204);
    request["id"].as_str().expect("an id").to_owned()
}

/// The short name of a link that leads nowhere any more.
async fn review_link(app: &TestApp) -> String {
    let db = app.s.db().connection();
    let sql = "SELECT code FROM review_request";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let row = row.expect("rows").expect("a request");
    row.try_get_by_index(0).expect("a code")
}

/// Whose the address is whose password was forgotten.
async fn look_up(app: &TestApp) {
    let db = app.s.db().connection();
    let table = if app.s.db().is_postgres() { "apalis.jobs" } else { "Jobs" };
    let sql = format!("SELECT job FROM {table}");
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    for row in rows.expect("jobs") {
        let payload: Vec<u8> = row.try_get_by_index(0).expect("a payload");
        if String::from_utf8_lossy(&payload).contains("forgotten_password") {
            let job = serde_json::from_slice(&payload).expect("a job");
            Box::pin(services::jobs::perform(&app.s, job)).await.expect("done");
        }
    }
}

/// The addresses a route stands for, one for each id.
fn addresses(route: &str, ids: &[String], keys: &Keys) -> Vec<String> {
    if !route.contains('{') {
        return vec![route.to_owned()];
    }
    if route.starts_with("/health/") {
        return vec![route.replace("{nonce}", "0123456789abcdef")];
    }
    if route.starts_with("/api/v1/templates/") {
        let words = [("{kind}", "reminder"), ("{channel}", "sms"), ("{language}", "en")];
        return vec![
            words
                .iter()
                .fold(route.to_owned(), |path, (name, word)| path.replace(name, word)),
        ];
    }
    if route.contains("/reports/") {
        let name = if route.starts_with("/api/") {
            "no-shows"
        } else {
            "no-shows.csv"
        };
        return vec![route.replace("{name}", name)];
    }
    if route.starts_with("/docs/api/") {
        return vec![route.replace("{file}", "swagger-ui.css")];
    }
    if route.starts_with("/platform/") {
        return vec![route.replace("{id}", &keys.business)];
    }
    if route.starts_with("/u/") {
        return vec![route.replace("{token}", &keys.person)];
    }
    if route.starts_with("/r/") {
        return vec![route.replace("{code}", &keys.review)];
    }
    if route.starts_with("/w/") {
        return vec![route.replace("{slug}", "bright-dental")];
    }
    if route.starts_with("/l/") {
        return vec![route.replace("{token}", &keys.list)];
    }
    if route.starts_with("/o/") {
        return vec![route.replace("{token}", &keys.offer)];
    }
    if route.starts_with("/v/") || route.starts_with("/feeds/") {
        return vec![route.replace("{token}", &keys.visit).replace("{file}", &keys.feed)];
    }
    let letters = [
        ("/invitations/", &keys.invitation),
        ("/reset/", &keys.reset),
        ("/account/email/", &keys.confirm),
        ("/account/undo/", &keys.undo),
    ];
    if let Some((path, token)) = letters.into_iter().find(|(path, _)| route.starts_with(path)) {
        return vec![format!("{path}{token}")];
    }
    let (before, after) = (
        route.split('{').next().unwrap_or_default(),
        route.rsplit('}').next().unwrap_or_default(),
    );
    // What merging two would do is asked with the other one.
    let with = match ids.last() {
        Some(twin) if route.starts_with("/api/") && after == "/merge" => format!("?other_id={twin}"),
        _ => String::new(),
    };
    ids.iter().map(|id| format!("{before}{id}{after}{with}")).collect()
}

#[rstest::rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn no_address_changes_anything_by_being_looked_at(#[case] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let ids = a_days_work(&app).await;
    services::accounts::platform::set_admin(&app.s, "olga@x.test", true)
        .await
        .expect("she runs the installation, too");
    app.sign_in().await;
    let keys = keys(&app, &ids[1]).await;
    let nobody = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let mut routes: Vec<String> = server::router::page_paths().map(str::to_owned).collect();
    assert!(routes.iter().any(|path| path.starts_with("/inbox/{")), "{routes:?}");
    routes.extend(routes_of_our_own());
    routes.extend(routes_of_the_api());
    routes.extend(["/favicon.svg", "/pkg/nothing.js", "/no-such-page", "/api/v1/no-such-door"].map(str::to_owned));
    // Filters read, too.
    for more in [
        "/log?show=waiting",
        "/tasks?status=done",
        "/tasks?assignee=me",
        "/tasks?overdue=true",
        "/tasks?kind=call",
        "/contacts?q=ann",
        "/appointments?show=past",
        "/signin?next=%2Finbox",
    ] {
        routes.push(more.to_owned());
    }
    let mut before = rows(&app).await;
    assert!(
        before
            .iter()
            .any(|(table, rows)| table.ends_with("conversation") && !rows.is_empty()),
        "the rows are seen"
    );
    for route in &routes {
        let mut answered = false;
        for address in addresses(route, &ids, &keys) {
            let url = format!("{}{address}", app.url);
            // As the owner and as nobody; a scanner asks for the head alone.
            for request in [
                app.http.get(&url).bearer_auth(&app.key),
                app.http.head(&url).bearer_auth(&app.key),
                nobody.get(&url),
                nobody.head(&url),
            ] {
                let answer = request.send().await.expect("an answer");
                // A link that has ended says so.
                answered |= answer.status().is_success() || answer.status() == reqwest::StatusCode::GONE;
                // The stream does not end.
                if address != "/live" {
                    answer.bytes().await.expect("a body");
                }
            }
            let after = rows(&app).await;
            let noted = |table: &str| address.ends_with(".csv") && table.ends_with("audit_event");
            let other: Vec<_> = changed(&before, &after)
                .into_iter()
                .filter(|(table, _)| !noted(table))
                .collect();
            assert!(other.is_empty(), "looking at {address}: {other:?}");
            before = after;
        }
        assert!(
            answered || !route.contains('{'),
            "{route} is about something that this test does not know yet"
        );
    }
}

#[tokio::test]
async fn what_changes_something_does_not_answer_to_get() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let ids = a_days_work(&app).await;
    app.sign_in().await;
    let Keys { visit, person, list, .. } = keys(&app, &ids[1]).await;
    let before = rows(&app).await;
    let functions: Vec<_> = leptos::server_fn::axum::server_fn_paths().collect();
    assert!(functions.iter().any(|(path, _)| path.contains("/mark_read")), "{functions:?}");
    for (path, method) in functions {
        assert_eq!(method.as_str(), "POST", "{path}");
        let answer = app.http.get(format!("{}{path}", app.url)).send().await.expect("an answer");
        assert!(!answer.status().is_success(), "GET {path}: {}", answer.status());
    }
    let buttons = ["confirm", "another-time", "cancel", "stop-texts", "preferences"].map(|act| format!("/v/{visit}/{act}"));
    let preferences = ["emails", "texts", "offers", "everything", "preferences"].map(|act| format!("/u/{person}/{act}"));
    let lists = ["/w/bright-dental/ask", "/w/bright-dental/change", "/w/bright-dental/code"].map(str::to_owned);
    let leave = ["leave", "stay"].map(|act| format!("/l/{list}/{act}"));
    let hooks = [
        "/webhooks/mail/bounce",
        "/webhooks/twilio/inbound",
        "/webhooks/twilio/status",
        "/twilio/inbound",
        "/twilio/status",
    ];
    let pages = buttons.iter().chain(&preferences).chain(&lists).chain(&leave);
    for path in hooks.map(str::to_owned).iter().chain(pages) {
        let url = format!("{}{path}", app.url);
        for request in [app.http.get(&url), app.http.head(&url)] {
            let answer = request.send().await.expect("an answer");
            assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        }
    }
    assert_eq!(changed(&before, &rows(&app).await), Vec::new());
}

#[tokio::test]
async fn a_thread_is_read_when_somebody_says_so() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    a_days_work(&app).await;
    app.sign_in().await;
    let thread = format!("/inbox/{}", conversation(&app).await["id"].as_str().expect("an id"));
    let html = page(&app, &thread).await;
    assert!(html.contains("data-unread=\"1\"") && html.contains("Mark as read"), "{html}");
    assert_eq!(conversation(&app).await["unread"], 1);

    let path = server_function(&app, &thread, "mark_read").await;
    let id = thread.trim_start_matches("/inbox/");
    assert_eq!(post(&app, &path, &[("id", id)]).await.headers()["location"], thread.as_str());
    assert_eq!(conversation(&app).await["unread"], 0);
    assert!(!page(&app, &thread).await.contains("data-unread=\"1\""));
}
